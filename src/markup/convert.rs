//! What can stand between braces in a view.

use std::borrow::Cow;
use std::sync::Arc;

use leptos::prelude::{AnyView, View};

use super::{Ask, Element, Markup, RwSignal, Signal};

/// What can be [`Markup`].
pub trait IntoMarkup: Sized {
    /// As markup.
    fn into_markup(self) -> Markup;

    /// As the next part of an element.
    fn part(self, element: &mut Element) {
        element.child(self.into_markup());
    }
}

impl IntoMarkup for Markup {
    fn into_markup(self) -> Markup {
        self
    }
}

impl IntoMarkup for () {
    fn into_markup(self) -> Markup {
        Markup::Empty
    }
}

impl IntoMarkup for &'static str {
    fn into_markup(self) -> Markup {
        Markup::Text(Cow::Borrowed(self))
    }

    fn part(self, element: &mut Element) {
        element.text(self);
    }
}

impl IntoMarkup for String {
    fn into_markup(self) -> Markup {
        Markup::Text(Cow::Owned(self))
    }
}

impl IntoMarkup for Arc<str> {
    fn into_markup(self) -> Markup {
        Markup::Text(Cow::Owned(self.to_string()))
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl IntoMarkup for $number {
            fn into_markup(self) -> Markup {
                Markup::Text(Cow::Owned(self.to_string()))
            }
        }
    )*};
}
numbers!(u32, u64, usize);

impl IntoMarkup for AnyView {
    fn into_markup(self) -> Markup {
        Markup::Other(Box::new(self))
    }
}

impl<T: IntoMarkup> IntoMarkup for View<T> {
    fn into_markup(self) -> Markup {
        self.into_inner().into_markup()
    }
}

impl<T: IntoMarkup> IntoMarkup for Option<T> {
    fn into_markup(self) -> Markup {
        self.map_or(Markup::Empty, T::into_markup)
    }
}

impl<T: IntoMarkup> IntoMarkup for Vec<T> {
    fn into_markup(self) -> Markup {
        Markup::List(self.into_iter().map(T::into_markup).collect())
    }
}

impl<T: IntoMarkup> FromIterator<T> for Markup {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Markup {
        Markup::List(items.into_iter().map(T::into_markup).collect())
    }
}

impl<T: IntoMarkup, const N: usize> IntoMarkup for [T; N] {
    fn into_markup(self) -> Markup {
        Markup::List(self.into_iter().map(T::into_markup).collect())
    }
}

impl<A: IntoMarkup, B: IntoMarkup> IntoMarkup for (A, B) {
    fn into_markup(self) -> Markup {
        Markup::List(vec![self.0.into_markup(), self.1.into_markup()])
    }
}

impl<A: IntoMarkup, B: IntoMarkup, C: IntoMarkup> IntoMarkup for (A, B, C) {
    fn into_markup(self) -> Markup {
        Markup::List(vec![self.0.into_markup(), self.1.into_markup(), self.2.into_markup()])
    }
}

impl<T: IntoMarkup, F: FnMut() -> T + Send + 'static> IntoMarkup for F {
    fn into_markup(self) -> Markup {
        Markup::Live(Box::new(self))
    }
}

impl<T: IntoMarkup, F: FnMut() -> T + Send> Ask<Markup> for F {
    fn ask(&mut self) -> Markup {
        self().into_markup()
    }
}

macro_rules! signals {
    ($($signal:ident),*) => {$(
        impl<T: IntoMarkup + Clone + Send + Sync + 'static> IntoMarkup for $signal<T> {
            fn into_markup(self) -> Markup {
                (move || self.get()).into_markup()
            }
        }
    )*};
}
signals!(RwSignal, Signal);

//! What views are made of: one type for all of them, where Leptos has one for each shape of view.
//!
//! Leptos compiles every view to types of its own and builds them element by element; an eighth of the page's
//! download was that. Here an element is a text of HTML, cloned from a template that the browser parsed once, and a list of what
//! varies in it (the idea of lit-html). Signals, memos and effects are Leptos's behind handles of our own, compiled once for all types of
//! values; components are Leptos's; `view!` is of `fwit-markup`.
//!
//! May not enter: anything but showing. Called by: page. Calls: nothing of this package.
//! Invariant: markup that is shown again in the same place changes only what differs.
//! Tests: tests/markup.rs, in a real browser.

mod convert;
mod keyed;
mod node_ref;
mod part;
mod row;
mod show;
mod shown;
mod signal;
mod state;
mod template;
mod value;

use std::borrow::Cow;

use leptos::prelude::{AnyView, IntoAny as _, IntoView, View};

pub use convert::IntoMarkup;
pub use fwit_markup::view;
pub use keyed::{For, Keyed};
pub use node_ref::NodeRef;
pub use part::Element;
pub use show::Show;
pub use signal::{RwSignal, Signal, effect, memo, remade};
pub use value::{IntoValue, Value};

/// Something to show.
#[allow(missing_debug_implementations, reason = "holds closures")]
pub enum Markup {
    /// Nothing.
    Empty,
    /// A text.
    Text(Cow<'static, str>),
    /// An element with all that is in it.
    Element(Element),
    /// One after the other.
    List(Vec<Markup>),
    /// Items that keep their elements.
    Keyed(Keyed),
    /// What a closure returns; asked again when a signal in it changes.
    Live(Box<dyn Ask<Markup>>),
    /// A component's or another view of Leptos.
    Other(Box<AnyView>),
}

impl Markup {
    /// A view of Leptos.
    #[must_use]
    pub fn of(view: impl IntoView + 'static) -> Markup {
        let mut view = Some(view);
        let any: &mut dyn std::any::Any = &mut view;
        // A component's view is one of this type already; it need not be wrapped again.
        if let Some(any) = any.downcast_mut::<Option<View<AnyView>>>() {
            return any.take().map_or(Markup::Empty, |v| Markup::Other(Box::new(v.into_inner())));
        }
        view.map_or(Markup::Empty, |v| Markup::Other(Box::new(v.into_any())))
    }
}

/// Tells again what there is. A trait of its own, for `dyn FnMut` is compiled a second time, to be called once.
pub trait Ask<T>: Send {
    /// What there is now.
    fn ask(&mut self) -> T;
}

/// Markup that changes with the signals which its closure reads.
pub fn live<T: IntoMarkup>(of: impl FnMut() -> T + Send + 'static) -> Markup {
    of.into_markup()
}

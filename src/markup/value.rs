//! Values of attributes, classes, styles and properties.

use std::borrow::Cow;
use std::sync::Arc;

use wasm_bindgen::JsValue;

use super::{Ask, Element, RwSignal, Signal};

/// The value of an attribute, a class, a style or a property.
#[allow(missing_debug_implementations, reason = "holds a closure")]
pub enum Value {
    /// The attribute is not there.
    Absent,
    /// A text.
    Text(Cow<'static, str>),
    /// Whether the attribute or class is there; as a property `true` or `false`.
    Flag(bool),
    /// What a closure returns; asked again when a signal in it changes.
    Live(Box<dyn Ask<Value>>),
}

impl Value {
    /// Whether showing one after the other changes nothing.
    #[must_use]
    pub fn is(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Absent, Value::Absent) => true,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Flag(a), Value::Flag(b)) => a == b,
            _ => false,
        }
    }

    /// As an attribute's text; `None` where the attribute is not to be there.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Value::Text(text) => Some(Cow::Borrowed(text)),
            Value::Flag(true) => Some(Cow::Borrowed("")),
            Value::Absent | Value::Flag(false) | Value::Live(_) => None,
        }
    }

    /// As a property's value.
    pub(super) fn js(&self) -> JsValue {
        match self {
            Value::Text(text) => JsValue::from_str(text),
            Value::Flag(flag) => JsValue::from_bool(*flag),
            Value::Absent | Value::Live(_) => JsValue::UNDEFINED,
        }
    }
}

/// What can be a [`Value`].
pub trait IntoValue: Sized {
    /// As a value.
    fn into_value(self) -> Value;

    /// As the next part of an element.
    fn part(self, element: &mut Element) {
        element.value(self.into_value());
    }
}

impl IntoValue for Value {
    fn into_value(self) -> Value {
        self
    }
}

impl IntoValue for &'static str {
    fn into_value(self) -> Value {
        Value::Text(Cow::Borrowed(self))
    }

    fn part(self, element: &mut Element) {
        element.value_text(self);
    }
}

impl IntoValue for String {
    fn into_value(self) -> Value {
        Value::Text(Cow::Owned(self))
    }
}

impl IntoValue for Arc<str> {
    fn into_value(self) -> Value {
        Value::Text(Cow::Owned(self.to_string()))
    }
}

impl IntoValue for bool {
    fn into_value(self) -> Value {
        Value::Flag(self)
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl IntoValue for $number {
            fn into_value(self) -> Value {
                Value::Text(Cow::Owned(self.to_string()))
            }
        }
    )*};
}
numbers!(u8, u32, u64, usize, i32, f64);

impl<V: IntoValue> IntoValue for Option<V> {
    fn into_value(self) -> Value {
        self.map_or(Value::Absent, V::into_value)
    }
}

impl<V: IntoValue, F: FnMut() -> V + Send + 'static> IntoValue for F {
    fn into_value(self) -> Value {
        Value::Live(Box::new(self))
    }
}

impl<V: IntoValue, F: FnMut() -> V + Send> Ask<Value> for F {
    fn ask(&mut self) -> Value {
        self().into_value()
    }
}

macro_rules! signals {
    ($($signal:ident),*) => {$(
        impl<V: IntoValue + Clone + Send + Sync + 'static> IntoValue for $signal<V> {
            fn into_value(self) -> Value {
                (move || self.get()).into_value()
            }
        }
    )*};
}
signals!(RwSignal, Signal);

//! Elements, and the parts of them that vary.

use leptos::ev::{EventDescriptor, Targeted};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;

use super::node_ref::Known;
use super::{Markup, NodeRef, Value};

/// An element: its HTML, and what varies in it, in the order of the marks in the HTML.
///
/// The methods that add a part are compiled once and called from every view: what they take is what views are made of.
#[allow(missing_debug_implementations, reason = "holds closures")]
pub struct Element(pub(super) Box<Inner>);

pub(super) struct Inner {
    pub(super) html: &'static str,
    pub(super) parts: Vec<Part>,
}

/// Something that varies. Where, and under which name, stands in the HTML.
pub(super) enum Part {
    Child(Markup),
    Value(Value),
    Listener(Handler),
    Reference(Known),
}

/// Hears an event.
pub(super) type Handler = SendWrapper<Box<dyn FnMut(web_sys::Event)>>;

impl Element {
    /// An element of one root.
    #[must_use]
    #[inline(never)]
    pub fn new(html: &'static str) -> Element {
        Element(Box::new(Inner { html, parts: Vec::new() }))
    }

    #[inline(never)]
    fn push(&mut self, part: Part) {
        self.0.parts.push(part);
    }

    /// Markup in the place of a mark.
    #[inline(never)]
    pub fn child(&mut self, markup: Markup) {
        self.push(Part::Child(markup));
    }

    /// A text in the place of a mark.
    #[inline(never)]
    pub fn text(&mut self, text: &'static str) {
        self.child(Markup::Text(text.into()));
    }

    /// A value of an attribute, a class, a style or a property.
    #[inline(never)]
    pub fn value(&mut self, value: Value) {
        self.push(Part::Value(value));
    }

    /// A text as such a value.
    #[inline(never)]
    pub fn value_text(&mut self, text: &'static str) {
        self.value(Value::Text(text.into()));
    }

    /// A listener; of the event only the type is looked at here.
    pub fn on<E>(&mut self, _: &E, mut handler: impl FnMut(E::EventType) + 'static)
    where
        E: EventDescriptor,
        E::EventType: JsCast,
    {
        self.listen(Box::new(move |event| handler(event.unchecked_into())));
    }

    /// A listener that knows its target's type.
    pub fn on_target<E, T>(&mut self, _: &E, mut handler: impl FnMut(Targeted<E::EventType, T>) + 'static)
    where
        E: EventDescriptor,
        E::EventType: JsCast,
    {
        self.listen(Box::new(move |event| handler(Targeted::from(event.unchecked_into::<E::EventType>()))));
    }

    #[inline(never)]
    fn listen(&mut self, handler: Box<dyn FnMut(web_sys::Event)>) {
        self.push(Part::Listener(SendWrapper::new(handler)));
    }

    /// Tells a reference its element.
    pub fn refer<T>(&mut self, reference: NodeRef<T>) {
        self.push(Part::Reference(reference.0));
    }

    /// As markup.
    #[must_use]
    pub fn into_markup(self) -> Markup {
        Markup::Element(self)
    }
}

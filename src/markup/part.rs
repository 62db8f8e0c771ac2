//! Elements, and the parts of them that vary.

use leptos::ev::{EventDescriptor, Targeted};
use leptos::tachys::html::element::ElementType;
use leptos::tachys::html::node_ref::NodeRefContainer;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;

use super::{Markup, Value};

/// An element: its HTML and what varies in it.
#[allow(missing_debug_implementations, reason = "holds closures")]
pub struct Element {
    pub(super) html: &'static str,
    pub(super) parts: Vec<Part>,
}

/// Something that varies, and where: the number of the place in the element's HTML.
pub(super) struct Part {
    pub(super) site: usize,
    pub(super) what: What,
}

/// What varies at a place.
pub(super) enum What {
    Child(Markup),
    Put(Kind, &'static str, Value),
    On(&'static str, Handler),
    Refer(Reference),
}

/// Where a value is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An attribute.
    Attribute,
    /// A class, there or not.
    Class,
    /// A style.
    Style,
    /// A property of the DOM's object.
    Property,
}

/// Hears an event.
pub(super) type Handler = SendWrapper<Box<dyn FnMut(web_sys::Event)>>;

/// Is told its element.
pub(super) type Reference = Box<dyn FnOnce(&web_sys::Element) + Send>;

impl Element {
    /// An element of one root, with room for its parts.
    #[must_use]
    pub fn new(html: &'static str, parts: usize) -> Element {
        Element { html, parts: Vec::with_capacity(parts) }
    }

    fn push(&mut self, site: usize, what: What) {
        self.parts.push(Part { site, what });
    }

    /// Markup in the place of a mark.
    pub fn child(&mut self, site: usize, markup: Markup) {
        self.push(site, What::Child(markup));
    }

    /// A value of the element at a place.
    pub fn put(&mut self, site: usize, kind: Kind, name: &'static str, value: Value) {
        self.push(site, What::Put(kind, name, value));
    }

    /// A listener.
    pub fn on<E>(&mut self, site: usize, event: &E, mut handler: impl FnMut(E::EventType) + 'static)
    where
        E: EventDescriptor,
        E::EventType: JsCast,
    {
        self.listen(site, name(event), Box::new(move |event| handler(event.unchecked_into())));
    }

    /// A listener that knows its target's type.
    pub fn on_target<E, T>(
        &mut self,
        site: usize,
        event: &E,
        mut handler: impl FnMut(Targeted<E::EventType, T>) + 'static,
    ) where
        E: EventDescriptor,
        E::EventType: JsCast,
    {
        self.listen(
            site,
            name(event),
            Box::new(move |event| handler(Targeted::from(event.unchecked_into::<E::EventType>()))),
        );
    }

    fn listen(&mut self, site: usize, event: &'static str, handler: Box<dyn FnMut(web_sys::Event)>) {
        self.push(site, What::On(event, SendWrapper::new(handler)));
    }

    /// Tells a reference its element.
    pub fn refer<E: ElementType>(&mut self, site: usize, reference: impl NodeRefContainer<E>) {
        self.push(site, What::Refer(Box::new(move |element| reference.load(element))));
    }

    /// As markup.
    #[must_use]
    pub fn into_markup(self) -> Markup {
        Markup::Element(self)
    }
}

/// The name of an event; those of Leptos's own events are constants.
fn name(event: &impl EventDescriptor) -> &'static str {
    match event.name() {
        std::borrow::Cow::Borrowed(name) => name,
        std::borrow::Cow::Owned(_) => "",
    }
}

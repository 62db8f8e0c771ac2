//! An element that is shown, and the parts of it that vary.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::{Render as _, RenderEffect};
use send_wrapper::SendWrapper;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{HtmlElement, Node};

use super::Value;
use super::part::{Element, Handler, Part};
use super::state::{State, insert_before, remove};
use super::template::{self, Kind, Slot, Template};

/// An element that is shown.
pub(super) struct ShownElement {
    pub(super) html: &'static str,
    template: Rc<Template>,
    pub(super) root: Node,
    sites: Vec<Node>,
    parts: Vec<ShownPart>,
}

enum ShownPart {
    Child(State),
    Value(Value),
    Live(RenderEffect<Value>),
    Listener(Rc<RefCell<Option<Handler>>>, #[allow(dead_code, reason = "undone on drop")] Listener),
    Nothing,
}

/// A listener in the document.
struct Listener {
    target: Node,
    event: Rc<str>,
    closure: Closure<dyn FnMut(web_sys::Event)>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        // A target that has no such listener has nothing to remove.
        let _ = self
            .target
            .remove_event_listener_with_callback(&self.event, self.closure.as_ref().unchecked_ref());
    }
}

impl ShownElement {
    /// `None` where the browser makes no such element of it.
    pub(super) fn build(element: Element) -> Option<ShownElement> {
        let (template, root, sites) = template::copy(element.0.html)?;
        if template.slots.len() != element.0.parts.len() {
            // The browser has put something elsewhere, which `view!` should have refused: better nothing than a mess.
            web_sys::console::error_2(&"a view that is no HTML".into(), &element.0.html.into());
            return None;
        }
        let parts = element.0.parts.into_iter().zip(&template.slots);
        let parts = parts
            .filter_map(|(part, slot)| Some(ShownPart::build(part, slot, sites.get(slot.site)?)))
            .collect();
        Some(ShownElement { html: element.0.html, template, root, sites, parts })
    }

    /// Other values for the same HTML.
    pub(super) fn rebuild(&mut self, parts: Vec<Part>) {
        for ((part, shown), slot) in parts.into_iter().zip(&mut self.parts).zip(&self.template.slots) {
            if let Some(site) = self.sites.get(slot.site) {
                shown.rebuild(part, slot, site);
            }
        }
    }
}

impl ShownPart {
    fn build(part: Part, slot: &Slot, site: &Node) -> ShownPart {
        match part {
            Part::Child(markup) => {
                let mut state = markup.build();
                if insert_before(site, &mut state) {
                    remove(site);
                }
                ShownPart::Child(state)
            }
            Part::Value(value) => put(site, slot, value, None),
            Part::Listener(handler) => listen(site, &slot.name, handler),
            Part::Reference(reference) => {
                reference.set(site.dyn_ref().cloned().map(SendWrapper::new));
                ShownPart::Nothing
            }
        }
    }

    fn rebuild(&mut self, part: Part, slot: &Slot, site: &Node) {
        match (part, &mut *self) {
            (Part::Child(markup), ShownPart::Child(state)) => markup.rebuild(state),
            (Part::Listener(handler), ShownPart::Listener(shown, _)) => {
                shown.replace(Some(handler));
            }
            (Part::Value(value), shown) => {
                let before = match std::mem::replace(shown, ShownPart::Nothing) {
                    ShownPart::Value(before) => Some(before),
                    ShownPart::Live(effect) => effect.take_value(),
                    _ => None,
                };
                *shown = put(site, slot, value, before);
            }
            (part, shown) => *shown = ShownPart::build(part, slot, site),
        }
    }
}

/// Puts a value where it belongs, if it is not `before`; again when it changes.
fn put(site: &Node, slot: &Slot, value: Value, before: Option<Value>) -> ShownPart {
    // Elements of drawings too have all of it that is used here.
    let element: &HtmlElement = site.unchecked_ref();
    let Value::Live(mut ask) = value else {
        write(element, slot.kind, &slot.name, &value, before.as_ref());
        return ShownPart::Value(value);
    };
    let (element, kind, name) = (element.clone(), slot.kind, slot.name.clone());
    ShownPart::Live(RenderEffect::new_with_value(
        move |before: Option<Value>| {
            let mut value = ask.ask();
            while let Value::Live(mut inner) = value {
                value = inner.ask();
            }
            write(&element, kind, &name, &value, before.as_ref());
            value
        },
        before,
    ))
}

fn write(element: &HtmlElement, kind: Kind, name: &str, value: &Value, before: Option<&Value>) {
    // A property is also the user's: what was typed may have to be put right although the signal says what it said.
    let is_shared = kind == Kind::Property && name != "innerHTML";
    if !is_shared && before.is_some_and(|before| before.is(value)) {
        return;
    }
    // None of these can fail: the names are those of the views.
    let _ = match (kind, value.text()) {
        (Kind::Attribute, text) if name == "class" => {
            // Class by class: the element may have others, by `class:name`.
            let (classes, before) = (element.class_list(), before.and_then(Value::text));
            let each = |text: &Option<Cow<'_, str>>, put: &dyn Fn(&str) -> Result<(), JsValue>| {
                text.iter().flat_map(|text| text.split_whitespace()).try_for_each(put)
            };
            each(&before, &|class| classes.remove_1(class))
                .and_then(|()| each(&text, &|class| classes.add_1(class)))
        }
        (Kind::Attribute, Some(text)) => element.set_attribute(name, &text),
        (Kind::Attribute, None) => element.remove_attribute(name),
        (Kind::Class, Some(_)) => element.class_list().add_1(name),
        (Kind::Class, None) => element.class_list().remove_1(name),
        (Kind::Style, text) => element.style().set_property(name, text.as_deref().unwrap_or_default()),
        // What never had a value keeps its own.
        (Kind::Property, _) if matches!((value, before), (Value::Absent, None)) => Ok(()),
        (Kind::Property, _) => js_sys::Reflect::set(element, &name.into(), &value.js()).map(|_| ()),
        (Kind::Child | Kind::Event | Kind::Reference, _) => Ok(()),
    };
}

fn listen(site: &Node, event: &Rc<str>, handler: Handler) -> ShownPart {
    let cell = Rc::new(RefCell::new(Some(handler)));
    let heard = Rc::clone(&cell);
    let closure = Closure::<dyn FnMut(web_sys::Event)>::new(move |event| {
        // Out of its cell while it runs: it may show other markup here, with another handler.
        let Some(mut handler) = heard.take() else { return };
        handler(event);
        heard.borrow_mut().get_or_insert(handler);
    });
    // An element takes any listener.
    let _ = site.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
    ShownPart::Listener(cell, Listener { target: site.clone(), event: event.clone(), closure })
}

//! Markup that is shown: its nodes in the document, and how it becomes other markup.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::{AddAnyAttr, Render, RenderEffect, RenderHtml};
use leptos::tachys::html::attribute::Attribute;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::reactive_graph::RenderEffectState;
use leptos::tachys::view::any_view::AnyViewState;
use leptos::tachys::view::{Mountable, Position, PositionState};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Comment, HtmlElement, Node, Text};

use super::keyed::ShownList;
use super::part::{Element, Handler, Part};
use super::template::{self, Kind, Slot, Template};
use super::{Markup, Value};

/// Markup that is shown.
#[allow(missing_debug_implementations, reason = "holds nodes and closures")]
pub struct State(Shown);

enum Shown {
    /// A comment keeps the place.
    Empty(Node),
    Text(Text, Cow<'static, str>),
    Element(Box<ShownElement>),
    /// Items, and a comment behind them.
    List(Vec<State>, Node),
    Keyed(ShownList),
    /// In its wrapper, which ends at once all effects in it when it is dropped: they read signals that are gone.
    Live(RenderEffectState<State>),
    Other(Box<AnyViewState>),
}

struct ShownElement {
    html: &'static str,
    template: Rc<Template>,
    root: Node,
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

/// Keeps a place.
pub(super) fn mark() -> Node {
    leptos::prelude::document().create_comment("").unchecked_into::<Comment>().into()
}

impl Render for Markup {
    type State = State;

    fn build(self) -> State {
        State(match self {
            Markup::Empty => Shown::Empty(mark()),
            Markup::Text(text) => Shown::Text(leptos::prelude::document().create_text_node(&text), text),
            Markup::Element(element) => match ShownElement::build(element) {
                Some(shown) => Shown::Element(Box::new(shown)),
                // The browser did not parse it: nothing to show.
                None => Shown::Empty(mark()),
            },
            Markup::List(items) => Shown::List(items.into_iter().map(Render::build).collect(), mark()),
            Markup::Keyed(list) => Shown::Keyed(ShownList::build(list)),
            Markup::Live(mut ask) => {
                let effect = RenderEffect::new(move |before: Option<State>| {
                    let markup = ask();
                    match before {
                        Some(mut state) => {
                            markup.rebuild(&mut state);
                            state
                        }
                        None => markup.build(),
                    }
                });
                Shown::Live(effect.into())
            }
            Markup::Other(view) => Shown::Other(Box::new(view.build())),
        })
    }

    fn rebuild(self, state: &mut State) {
        match (self, &mut state.0) {
            (Markup::Empty, Shown::Empty(_)) => {}
            (Markup::Text(text), Shown::Text(node, shown)) => {
                if text != *shown {
                    node.set_data(&text);
                    *shown = text;
                }
            }
            (Markup::Element(element), Shown::Element(shown)) if std::ptr::eq(element.0.html, shown.html) => {
                shown.rebuild(element.0.parts);
            }
            (Markup::List(items), Shown::List(shown, end)) => rebuild_list(items, shown, end),
            (Markup::Keyed(list), Shown::Keyed(shown)) => shown.rebuild(list),
            (Markup::Other(view), Shown::Other(shown)) => view.rebuild(shown),
            (markup, _) => {
                let mut new = markup.build();
                state.insert_before_this(&mut new);
                state.unmount();
                *state = new;
            }
        }
    }
}

fn rebuild_list(items: Vec<Markup>, shown: &mut Vec<State>, end: &Node) {
    shown.drain(items.len().min(shown.len())..).for_each(|mut surplus| surplus.unmount());
    let known = shown.len();
    for (number, item) in items.into_iter().enumerate() {
        match shown.get_mut(number) {
            Some(state) if number < known => item.rebuild(state),
            _ => {
                let mut state = item.build();
                insert_before(end, &mut state);
                shown.push(state);
            }
        }
    }
}

fn parent_of(node: &Node) -> Option<web_sys::Element> {
    // Also a fragment of a template can be a parent; only its methods as a node are used.
    node.parent_node().map(wasm_bindgen::JsCast::unchecked_into)
}

pub(super) fn insert_before(place: &Node, child: &mut dyn Mountable) -> bool {
    let Some(parent) = parent_of(place) else { return false };
    child.mount(&parent, Some(place));
    true
}

pub(super) fn remove(node: &Node) {
    if let Some(parent) = node.parent_node() {
        // It is a child of its parent.
        let _ = parent.remove_child(node);
    }
}

pub(super) fn insert(parent: &web_sys::Element, node: &Node, before: Option<&Node>) {
    // The place is of the same parent, by the rules of `Mountable`.
    let _ = parent.insert_before(node, before);
}

impl Mountable for State {
    fn unmount(&mut self) {
        match &mut self.0 {
            Shown::Empty(node) => remove(node),
            Shown::Text(node, _) => remove(node),
            Shown::Element(shown) => remove(&shown.root),
            Shown::List(items, end) => {
                items.iter_mut().for_each(Mountable::unmount);
                remove(end);
            }
            Shown::Keyed(list) => list.unmount(),
            Shown::Live(effect) => effect.unmount(),
            Shown::Other(state) => state.unmount(),
        }
    }

    fn mount(&mut self, parent: &web_sys::Element, marker: Option<&Node>) {
        match &mut self.0 {
            Shown::Empty(node) => insert(parent, node, marker),
            Shown::Text(node, _) => insert(parent, node, marker),
            Shown::Element(shown) => insert(parent, &shown.root, marker),
            Shown::List(items, end) => {
                items.iter_mut().for_each(|item| item.mount(parent, marker));
                insert(parent, end, marker);
            }
            Shown::Keyed(list) => list.mount(parent, marker),
            Shown::Live(effect) => effect.mount(parent, marker),
            Shown::Other(state) => state.mount(parent, marker),
        }
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        match &self.0 {
            Shown::Empty(node) => insert_before(node, child),
            Shown::Text(node, _) => insert_before(node, child),
            Shown::Element(shown) => insert_before(&shown.root, child),
            Shown::List(items, end) => match items.first() {
                Some(first) => first.insert_before_this(child),
                None => insert_before(end, child),
            },
            Shown::Keyed(list) => list.insert_before_this(child),
            Shown::Live(effect) => effect.insert_before_this(child),
            Shown::Other(state) => state.insert_before_this(child),
        }
    }

    fn elements(&self) -> Vec<web_sys::Element> {
        match &self.0 {
            Shown::Element(shown) => shown.root.dyn_ref().cloned().into_iter().collect(),
            Shown::List(items, _) => items.iter().flat_map(Mountable::elements).collect(),
            Shown::Keyed(list) => list.elements(),
            Shown::Live(effect) => effect.elements(),
            Shown::Other(state) => state.elements(),
            Shown::Empty(_) | Shown::Text(..) => Vec::new(),
        }
    }
}

impl ShownElement {
    fn build(element: Element) -> Option<ShownElement> {
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
    fn rebuild(&mut self, parts: Vec<Part>) {
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
                if let Some(element) = site.dyn_ref() {
                    reference(element);
                }
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
    let Some(element) = site.dyn_ref::<HtmlElement>().or_else(|| Some(site.unchecked_ref())) else {
        return ShownPart::Nothing;
    };
    let Value::Live(mut ask) = value else {
        write(element, slot.kind, &slot.name, &value, before.as_ref());
        return ShownPart::Value(value);
    };
    let (element, kind, name) = (element.clone(), slot.kind, slot.name.clone());
    ShownPart::Live(RenderEffect::new_with_value(
        move |before: Option<Value>| {
            let mut value = ask();
            while let Value::Live(mut inner) = value {
                value = inner();
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

// What Leptos asks of every view besides; none of it happens in a page that no server renders.

impl AddAnyAttr for Markup {
    type Output<SomeNewAttr: Attribute> = Markup;

    fn add_any_attr<NewAttr: Attribute>(self, _: NewAttr) -> Markup {
        self
    }
}

impl RenderHtml for Markup {
    type AsyncOutput = Markup;
    type Owned = Markup;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Markup {
        self
    }

    fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {}

    fn hydrate<const FROM_SERVER: bool>(self, _: &Cursor, _: &PositionState) -> State {
        self.build()
    }

    fn into_owned(self) -> Markup {
        self
    }
}

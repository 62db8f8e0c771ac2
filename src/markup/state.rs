//! Markup that is shown: its nodes in the document, and how it becomes other markup.

use std::borrow::Cow;

use leptos::prelude::{AddAnyAttr, Render, RenderEffect, RenderHtml};
use leptos::tachys::html::attribute::Attribute;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::reactive_graph::RenderEffectState;
use leptos::tachys::view::any_view::AnyViewState;
use leptos::tachys::view::{Mountable, Position, PositionState};
use wasm_bindgen::JsCast as _;
use web_sys::{Node, Text};

use super::Markup;
use super::keyed::{self, Known};
use super::row::Row;
use super::shown::ShownElement;

/// Markup that is shown.
#[allow(missing_debug_implementations, reason = "holds nodes and closures")]
pub struct State(Shown);

enum Shown {
    /// A comment keeps the place.
    Empty(Node),
    Text(Text, Cow<'static, str>),
    Element(Box<ShownElement>),
    List(Row),
    Keyed(Row, Vec<Known>),
    /// In its wrapper, which ends at once all effects in it when it is dropped: they read signals that are gone.
    Live(RenderEffectState<State>),
    Other(Box<AnyViewState>),
}

/// Keeps a place.
pub(super) fn mark() -> Node {
    leptos::prelude::document().create_comment("").into()
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
            Markup::List(items) => Shown::List(Row::new(items.into_iter().map(Render::build).collect())),
            Markup::Keyed(list) => {
                let (row, known) = keyed::build(list);
                Shown::Keyed(row, known)
            }
            Markup::Live(mut ask) => {
                let effect = RenderEffect::new(move |before: Option<State>| {
                    let markup = ask.ask();
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
            (Markup::List(items), Shown::List(row)) => row.rebuild(items),
            (Markup::Keyed(list), Shown::Keyed(row, known)) => keyed::rebuild(list, row, known),
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
            Shown::List(row) | Shown::Keyed(row, _) => row.unmount(),
            Shown::Live(effect) => effect.unmount(),
            Shown::Other(state) => state.unmount(),
        }
    }

    fn mount(&mut self, parent: &web_sys::Element, marker: Option<&Node>) {
        match &mut self.0 {
            Shown::Empty(node) => insert(parent, node, marker),
            Shown::Text(node, _) => insert(parent, node, marker),
            Shown::Element(shown) => insert(parent, &shown.root, marker),
            Shown::List(row) | Shown::Keyed(row, _) => row.mount(parent, marker),
            Shown::Live(effect) => effect.mount(parent, marker),
            Shown::Other(state) => state.mount(parent, marker),
        }
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        match &self.0 {
            Shown::Empty(node) => insert_before(node, child),
            Shown::Text(node, _) => insert_before(node, child),
            Shown::Element(shown) => insert_before(&shown.root, child),
            Shown::List(row) | Shown::Keyed(row, _) => row.insert_before_this(child),
            Shown::Live(effect) => effect.insert_before_this(child),
            Shown::Other(state) => state.insert_before_this(child),
        }
    }

    fn elements(&self) -> Vec<web_sys::Element> {
        match &self.0 {
            Shown::Element(shown) => shown.root.dyn_ref().cloned().into_iter().collect(),
            Shown::List(row) | Shown::Keyed(row, _) => row.elements(),
            Shown::Live(effect) => effect.elements(),
            Shown::Other(state) => state.elements(),
            Shown::Empty(_) | Shown::Text(..) => Vec::new(),
        }
    }
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

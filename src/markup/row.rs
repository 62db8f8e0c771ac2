//! What is shown one after the other.

use leptos::prelude::Render as _;
use leptos::tachys::view::Mountable;
use web_sys::{Element, Node};

use super::Markup;
use super::state::{State, insert, insert_before, mark, remove};

/// Items, with a comment behind them.
pub(super) struct Row {
    pub(super) items: Vec<State>,
    end: Node,
}

impl Row {
    pub(super) fn new(items: Vec<State>) -> Row {
        Row { items, end: mark() }
    }

    /// Other items, place by place; what is more or less comes and goes at the end.
    pub(super) fn rebuild(&mut self, items: Vec<Markup>) {
        self.items.drain(items.len().min(self.items.len())..).for_each(|mut surplus| surplus.unmount());
        let mut items = items.into_iter();
        for (state, item) in self.items.iter_mut().zip(&mut items) {
            item.rebuild(state);
        }
        for item in items {
            let mut state = item.build();
            insert_before(&self.end, &mut state);
            self.items.push(state);
        }
    }

    /// Puts an item where it belongs: before the one that follows it, which stands already.
    pub(super) fn place(&mut self, number: usize) {
        let Some((item, behind)) = self.items.get_mut(number..).and_then(<[State]>::split_first_mut) else {
            return;
        };
        match behind.first() {
            Some(next) => next.insert_before_this(item),
            None => insert_before(&self.end, item),
        };
    }
}

impl Mountable for Row {
    fn unmount(&mut self) {
        self.items.iter_mut().for_each(Mountable::unmount);
        remove(&self.end);
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        self.items.iter_mut().for_each(|item| item.mount(parent, marker));
        insert(parent, &self.end, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        match self.items.first() {
            Some(first) => first.insert_before_this(child),
            None => insert_before(&self.end, child),
        }
    }

    fn elements(&self) -> Vec<Element> {
        self.items.iter().flat_map(Mountable::elements).collect()
    }
}

//! Lists whose items keep their elements while others come and go.

use leptos::prelude::{IntoView, Owner, Render as _, component};
use leptos::tachys::view::Mountable;
use web_sys::{Element, Node};

use super::state::{State, insert, insert_before, mark, remove};
use super::{IntoMarkup, Markup, live};

/// Items by their keys; each is made when its key is new.
#[allow(missing_debug_implementations, reason = "holds closures")]
pub struct Keyed {
    /// What owns the signals of the items.
    owner: Owner,
    items: Vec<Item>,
}

struct Item {
    key: String,
    make: Box<dyn FnOnce() -> Markup + Send>,
}

/// Items that keep their elements as long as their keys are there. As Leptos's, but compiled once for all lists.
#[component]
pub fn For<T, K, M>(
    /// The items, whenever they change.
    each: impl Fn() -> Vec<T> + Send + 'static,
    /// What an item is known by.
    key: impl Fn(&T) -> K + Send + 'static,
    /// What an item shows; asked once.
    children: impl Fn(T) -> M + Clone + Send + 'static,
) -> impl IntoView
where
    T: Send + 'static,
    K: ToString,
    M: IntoMarkup,
{
    // Not the owner of the list's effect, which ends all that it owns whenever the list changes.
    let owner = Owner::current().unwrap_or_default();
    live(move || {
        let item = |item: T| {
            let (key, children) = (key(&item).to_string(), children.clone());
            Item { key, make: Box::new(move || children(item).into_markup()) }
        };
        Markup::Keyed(Keyed { owner: owner.clone(), items: each().into_iter().map(item).collect() })
    })
}

/// A list that is shown, with a comment behind its items.
pub(super) struct ShownList {
    items: Vec<ShownItem>,
    end: Node,
}

/// An item; its state goes before what owns its signals.
struct ShownItem {
    key: String,
    state: State,
    #[allow(dead_code, reason = "ends the item's effects when it is dropped")]
    owner: Owner,
}

impl ShownItem {
    fn build(item: Item, parent: &Owner) -> ShownItem {
        let owner = parent.with(Owner::new);
        let state = owner.with(|| (item.make)().build());
        ShownItem { key: item.key, state, owner }
    }
}

impl ShownList {
    pub(super) fn build(list: Keyed) -> ShownList {
        let items = list.items.into_iter().map(|item| ShownItem::build(item, &list.owner)).collect();
        ShownList { items, end: mark() }
    }

    /// Keeps what it knows, makes what is new, takes away what is gone; moves only what stands before something that it
    /// stood behind.
    pub(super) fn rebuild(&mut self, list: Keyed) {
        let mut known: Vec<_> = self.items.drain(..).map(Some).collect();
        let mut last = None;
        let mut stays = Vec::with_capacity(list.items.len());
        for item in list.items {
            let place = known.iter().position(|k| k.as_ref().is_some_and(|k| k.key == item.key));
            let shown = place.and_then(|place| known.get_mut(place)).and_then(Option::take);
            stays.push(shown.is_some() && place > last);
            last = last.max(place);
            self.items.push(shown.unwrap_or_else(|| ShownItem::build(item, &list.owner)));
        }
        known.into_iter().flatten().for_each(|mut gone| gone.state.unmount());
        // From the end, so that what comes behind stands already.
        let mut behind: Option<&ShownItem> = None;
        for (item, stays) in self.items.iter_mut().zip(stays).rev() {
            if !stays {
                match behind {
                    Some(next) => next.state.insert_before_this(&mut item.state),
                    None => insert_before(&self.end, &mut item.state),
                };
            }
            behind = Some(item);
        }
    }

    pub(super) fn unmount(&mut self) {
        self.items.iter_mut().for_each(|item| item.state.unmount());
        remove(&self.end);
    }

    pub(super) fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        self.items.iter_mut().for_each(|item| item.state.mount(parent, marker));
        insert(parent, &self.end, marker);
    }

    pub(super) fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        match self.items.first() {
            Some(first) => first.state.insert_before_this(child),
            None => insert_before(&self.end, child),
        }
    }

    pub(super) fn elements(&self) -> Vec<Element> {
        self.items.iter().flat_map(|item| item.state.elements()).collect()
    }
}

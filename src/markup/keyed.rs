//! Lists whose items keep their elements while others come and go.

use leptos::prelude::{IntoView, Owner, Render as _, component};
use leptos::tachys::view::Mountable;

use super::row::Row;
use super::state::State;
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

/// What is known of an item that is shown.
pub(super) struct Known {
    key: String,
    #[allow(dead_code, reason = "ends the item's effects when it is dropped")]
    owner: Owner,
}

fn build_item(item: Item, parent: &Owner) -> (State, Known) {
    let owner = parent.with(Owner::new);
    let state = owner.with(|| (item.make)().build());
    (state, Known { key: item.key, owner })
}

/// A list that is shown for the first time.
pub(super) fn build(list: Keyed) -> (Row, Vec<Known>) {
    let (items, known) = list.items.into_iter().map(|item| build_item(item, &list.owner)).unzip();
    (Row::new(items), known)
}

/// Keeps what it knows, makes what is new, takes away what is gone; moves only what stands before something that it
/// stood behind.
pub(super) fn rebuild(list: Keyed, row: &mut Row, known: &mut Vec<Known>) {
    let mut old: Vec<_> = row.items.drain(..).zip(known.drain(..)).map(Some).collect();
    let mut last = None;
    let mut stays = Vec::with_capacity(list.items.len());
    for item in list.items {
        let place = old.iter().position(|o| o.as_ref().is_some_and(|(_, known)| known.key == item.key));
        let shown = place.and_then(|place| old.get_mut(place)).and_then(Option::take);
        stays.push(shown.is_some() && place > last);
        last = last.max(place);
        let (state, item) = shown.unwrap_or_else(|| build_item(item, &list.owner));
        row.items.push(state);
        known.push(item);
    }
    // A tuple drops in order: the state before what owns its signals.
    old.into_iter().flatten().for_each(|mut gone| gone.0.unmount());
    // From the end, so that what comes behind stands already.
    for number in (0..stays.len()).rev().filter(|number| !stays[*number]) {
        row.place(number);
    }
}

//! How the list of runs is shown: its order, and what is chosen, as long as the page is open. What
//! is searched for is in the address.

use leptos::prelude::*;

use fwit_present::library_choice::Choice;
use fwit_present::library_order::Order;

/// The list's state.
#[derive(Clone, Copy)]
pub struct LibraryList {
    /// The order.
    pub order: RwSignal<Order>,
    /// The chosen runs.
    pub choice: RwSignal<Choice>,
    /// How many runs are packed of how many, while an export is under way.
    pub export: RwSignal<Option<[usize; 2]>>,
}

impl LibraryList {
    /// The newest run first, none chosen.
    pub fn new() -> LibraryList {
        LibraryList {
            order: RwSignal::new(Order::default()),
            choice: RwSignal::new(Choice::default()),
            export: RwSignal::new(None),
        }
    }
}

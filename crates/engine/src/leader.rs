//! The one search for the leader that entities share, and what the last one found.

use std::cell::{Cell, RefCell};
use std::task::Waker;

use fwit_quantities::units::Micros;

/// The one search under way, and what the last one found.
#[derive(Debug, Default)]
pub struct LeaderFinder {
    pub(crate) searching: Cell<bool>,
    pub(crate) waiting: RefCell<Vec<Waker>>,
    /// When the last search ended, and what it found.
    pub(crate) last: Cell<Option<(Micros, Option<u16>)>>,
    pub(crate) searches: Cell<u32>,
    /// The node that redirected a request to the leader as last found, since the last search. It
    /// cannot be seen where it redirected to: it is asked again.
    pub(crate) redirected_by: Cell<Option<u16>>,
}

impl LeaderFinder {
    /// How many searches there were.
    #[must_use]
    pub fn searches(&self) -> u32 {
        self.searches.get()
    }

    /// The leader as last found.
    #[must_use]
    pub fn known(&self) -> Option<u16> {
        self.last.get()?.1
    }

    /// The leader as last found is not believed any more: the next one that needs it asks.
    pub(crate) fn doubt(&self, leader: u16) {
        if self.known() == Some(leader) {
            self.last.set(None);
        }
    }
}

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
}

impl LeaderFinder {
    /// How many searches there were.
    #[must_use]
    pub fn searches(&self) -> u32 {
        self.searches.get()
    }
}

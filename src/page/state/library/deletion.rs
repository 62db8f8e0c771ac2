//! What one act deleted.

use crate::browser::store::Taken;
use crate::page::state::Item;

/// Items that may come back.
pub(super) struct Deletion {
    pub number: u32,
    pub ids: Vec<String>,
    pub taken: Vec<Taken>,
    /// Those that the store could not keep.
    pub unkept: Vec<Item>,
}

//! A fault that lasts: what must be undone before a run is over.

use super::slots::Permit;

/// A fault that is to be undone.
#[derive(Debug)]
pub struct OpenFault {
    /// Tells it from others.
    pub number: u64,
    /// Its place in the timeline.
    pub place: usize,
    /// The fault, of the dialect's.
    pub fault: usize,
    /// The node.
    pub node: u16,
    /// The node has done it, as far as that is known.
    pub done: bool,
    /// A connection that is kept free for the way back: a node that stands still holds all others.
    pub kept: Option<Permit>,
}

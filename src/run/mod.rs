//! The saved run: its wire form per version, its upgrades, and the view that a page shows.
//!
//! May not enter: measuring. Called by: worker, page, import, export. Calls: plan, stats.
//! Invariant: every version ever written opens; a file is hostile until it was read whole.
//! Tests: beside the code and in tests/.

pub mod compare;
pub mod rename;
pub mod view;

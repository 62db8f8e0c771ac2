//! fwit: a load tester for replicated clusters that runs in a browser page, and the viewer of its results.

pub mod stats;

pub mod sim;

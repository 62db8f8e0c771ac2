//! What the watchdog knows of the worker's signs.

use leptos::prelude::IntervalHandle;

/// What it knows, on the page's clock.
#[derive(Default)]
pub(super) struct Watchdog {
    /// The last message of the worker.
    pub(super) last_sign_s: f64,
    /// The last look.
    pub(super) last_look_s: f64,
    /// The looks, as long as it watches.
    pub(super) looks: Option<IntervalHandle>,
}

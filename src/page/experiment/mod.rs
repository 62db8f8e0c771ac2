//! Experiments in the page: set-up, progress, result.
//!
//! May not enter: rules of experiments (`experiment` has them), arithmetic, words (`present::experiment`).
//! Called by: frame, state. Calls: experiment, present, engine, runs.
//! Invariant: the base plan is the one in the plan form; what the set-up form holds is in [`Lab`], above the route.
//! Tests: `experiment` and `present::experiment`; the whole in tests/e2e.

mod lab;
mod progress;
mod result;
mod setup;
mod table;

use crate::markup::{live, memo, view};
use leptos::prelude::*;

pub use self::lab::Lab;
use self::progress::UnderWayView;
pub use self::result::ExperimentResult;
use self::setup::SetUp;
use super::engine::Status;
use super::state::use_app;

/// The set-up form, or the experiment under way.
#[component]
pub fn ExperimentView() -> impl IntoView {
    let app = use_app();
    let under_way =
        memo(move || app.engine.status.with(Status::is_busy) && app.engine.experiment.with(Option::is_some));
    live(move || {
        if under_way.get() {
            view! { <UnderWayView /> }
        } else {
            view! { <SetUp /> }
        }
    })
}

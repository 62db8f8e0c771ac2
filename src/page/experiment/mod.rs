//! Experiments in the page: set-up, progress, result.
//!
//! May not enter: rules of experiments (`experiment` has them), arithmetic, words
//! (`present::experiment` has them).
//! Invariant: the base plan is the one in the plan form.
//! Tests: `experiment` and `present::experiment`; the whole in tests/e2e.

mod arms;
mod design;
mod more;
mod progress;
mod result;
mod setup;
mod table;

use leptos::prelude::*;

use self::progress::UnderWayView;
pub use self::result::ExperimentResult;
use self::setup::SetUp;
use super::state::{Engine, Status};

/// The set-up form, or the experiment under way.
#[component]
pub fn ExperimentView() -> impl IntoView {
    let engine = expect_context::<Engine>();
    let under_way = Memo::new(move |_| {
        engine.status.with(Status::is_busy) && engine.experiment.with(Option::is_some)
    });
    move || {
        if under_way.get() {
            view! { <UnderWayView /> }.into_any()
        } else {
            view! { <SetUp /> }.into_any()
        }
    }
}

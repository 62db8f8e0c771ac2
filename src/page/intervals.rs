//! The intervals of a comparison of separate runs: asked of the worker, with progress,
//! given up when the view is left.

use std::sync::Arc;

use leptos::prelude::*;

use super::state::{ComparisonUpdate, Library, PendingComparison};
use crate::protocol::Opened;
use fwit_present::charts::series_measure;
use fwit_report::run::compare::Control;
use fwit_report::run::intervals::RunIntervals;
use fwit_report::run::view::Measure;

/// How far the intervals are.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// Not asked for yet.
    #[default]
    Waiting,
    /// Being made: 0 to 1.
    Working(f64),
    /// Complete.
    Done,
    /// There are none, for this reason.
    Failed(String),
}

/// The intervals of a comparison.
#[derive(Clone, Copy)]
pub struct Intervals {
    /// The intervals so far.
    pub known: RwSignal<Option<Arc<RunIntervals>>>,
    /// How far they are.
    pub state: RwSignal<State>,
    /// A run of the library that serves as control; `None` until it was looked for.
    control: RwSignal<Option<Option<Arc<Opened>>>>,
}

impl Intervals {
    /// Asks for the intervals of these runs, and again when another latency is chosen.
    pub fn new(
        runs: Arc<Vec<Arc<Opened>>>,
        own_control: bool,
        measure: RwSignal<Measure>,
    ) -> Intervals {
        let library = expect_context::<Library>();
        let all = Intervals {
            known: RwSignal::new(None),
            state: RwSignal::new(State::Waiting),
            control: RwSignal::new(own_control.then_some(None)),
        };
        if !own_control {
            let runs = runs.clone();
            // Not cancelled with the view: the store calls back, also when the future is dropped.
            leptos::task::spawn_local(async move {
                let found = library.control(&runs).await;
                all.control.try_set(Some(found));
            });
        }
        // Dropped with the view, which cancels the request.
        let pending = StoredValue::new_local(None::<PendingComparison>);
        let looked_at = Memo::new(move |_| series_measure(measure.get()));
        Effect::new(move |_| {
            let (measure, Some(control)) = (looked_at.get(), all.control.get()) else { return };
            let mut list: Vec<Arc<Opened>> = runs.to_vec();
            list.extend(control);
            pending.update_value(|pending| drop(pending.take()));
            all.state.set(State::Working(0.0));
            let answer =
                library.compare_separate_runs(list, measure, move |update| all.take(update));
            match answer {
                Ok(answer) => pending.set_value(Some(answer)),
                Err(error) => all.state.set(State::Failed(error)),
            }
        });
        all
    }

    fn take(self, update: ComparisonUpdate) {
        match update {
            ComparisonUpdate::Progress(done) => {
                self.state.try_set(State::Working(done));
            }
            ComparisonUpdate::Known(intervals, over) => {
                self.known.try_set(Some(intervals));
                if over {
                    self.state.try_set(State::Done);
                }
            }
            ComparisonUpdate::Failed(error) => {
                self.state.try_set(State::Failed(error));
            }
        }
    }

    /// Returns the control of a comparison: one of its runs, or one of the library.
    pub fn control(self, among: Option<Control>) -> Option<Control> {
        among.or_else(|| self.control.get().flatten().map(|run| of_library(&run)))
    }
}

/// Returns a run of the library as a control.
pub fn of_library(run: &Opened) -> Control {
    Control { run: None, id: run.view.id.clone(), name: run.view.name.clone() }
}

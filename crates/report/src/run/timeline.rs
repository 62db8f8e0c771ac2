//! What was done to the cluster or the load while a run went on, as the file and the view have it.

use fwit_engine::environment::{Clock, Transport};
use fwit_engine::live_run::LiveRun;
pub use fwit_engine::timeline::EventKind;
use fwit_quantities::units::Micros;
use serde::{Deserialize, Serialize};

use super::hist::short;

/// Something that was done or noted while a run went on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimelineEvent {
    /// Since the start, s.
    pub at_s: f64,
    /// Its end, s since the start; of a moment the same as `at_s`.
    pub until_s: f64,
    /// What kind of thing.
    pub kind: EventKind,
    /// What, for people.
    pub words: String,
}

/// What was done so far, up to `to`.
pub(super) fn of<T: Transport, C: Clock>(run: &LiveRun<T, C>, to: Micros) -> Vec<TimelineEvent> {
    let shared = &run.shared;
    let (start, _, _) = shared.windows.get();
    let end = shared.clock.now().min(to);
    let seconds = |at: Micros| short(at.since(start).as_secs());
    let timeline = shared.timeline.borrow();
    let event = |happening: &fwit_engine::timeline::Happening| TimelineEvent {
        at_s: seconds(happening.at),
        until_s: seconds(happening.until.unwrap_or(end).max(happening.at)),
        kind: happening.kind,
        words: happening.words.clone(),
    };
    timeline.list().iter().map(event).collect()
}

/// What the user is asked to do: its place, and the words.
pub(super) fn asked<T: Transport, C: Clock>(run: &LiveRun<T, C>) -> Vec<(u32, String)> {
    let asked = run.shared.asked.borrow();
    (0..).zip(asked.iter()).filter_map(|(place, words)| Some((place, words.clone()?))).collect()
}

//! What to keep in mind of a comparison: which kinds of runs it has, and what may mislead.

use serde::Serialize;

use crate::run::view::{RunView, TimeSources};
use fwit_quantities::units::three_digits;

/// A run's head in a comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Head {
    /// `A`, `B` …, or what the user calls it.
    pub label: String,
    /// The run's id.
    pub id: String,
    /// The run's name.
    pub name: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// Length of the measured window, s.
    pub measured_s: f64,
    /// `wire`, `page clock`, or a mix; `simulated`.
    pub time_source: String,
    /// Whether it ran over a simulated cluster.
    pub simulated: bool,
}

/// Which kinds of runs are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mixture {
    /// Real ones.
    Real,
    /// Simulated ones.
    Simulated,
    /// Both.
    Both,
}

pub(super) fn mixture(heads: &[Head]) -> Mixture {
    match (heads.iter().any(|h| h.simulated), heads.iter().any(|h| !h.simulated)) {
        (false, _) => Mixture::Real,
        (true, false) => Mixture::Simulated,
        (true, true) => Mixture::Both,
    }
}

/// What to keep in mind, a sentence each.
pub(super) fn notes(runs: &[&RunView], heads: &[Head]) -> Vec<String> {
    const HOUR: &str = "These runs were made one after the other, not interleaved: a difference may \
        come from the hour instead of the change. An interval knows the noise within the runs, not \
        what changed between them: two runs of one setting can differ by more than their intervals, \
        so one that excludes no change is a hint, never a proof. An experiment runs both in turn \
        and tells the two apart.";
    const MODEL: &str = "These runs are simulated: the same plan and seed give the same run, so a \
        difference comes from what differs between the plans, or, with another seed, from chance. \
        It says nothing of a real cluster.";
    let of = |simulated: bool| {
        let labels: Vec<&str> =
            heads.iter().filter(|h| h.simulated == simulated).map(|h| h.label.as_str()).collect();
        labels.join(", ")
    };
    let mut notes = match mixture(heads) {
        Mixture::Real => vec![HOUR.to_string()],
        Mixture::Simulated => vec![MODEL.to_string()],
        Mixture::Both => vec![format!(
            "Simulated runs ({}) are compared with real ones ({}): a difference tells how far the \
             model is from the cluster, not what a setting changes. Compare a simulated run with \
             simulated ones, and a real run with real ones.",
            of(true),
            of(false)
        )],
    };
    let heads_real = || heads.iter().filter(|h| !h.simulated);
    if mixture(heads) == Mixture::Both && heads_real().count() > 1 {
        notes.push(format!("{}: {HOUR}", of(false)));
    }
    if two_clocks(runs) {
        let list: Vec<_> =
            heads_real().map(|h| format!("{}: {}", h.label, h.time_source)).collect();
        notes.push(format!(
            "The latencies were not taken by the same clock ({}). So response times are compared, \
             which the page's clock takes for all: they include the wait for slots and the \
             browser's part.",
            list.join("; ")
        ));
    }
    let lengths = heads.iter().map(|h| h.measured_s);
    let (least, most) = lengths.fold((f64::INFINITY, 0.0_f64), |(a, b), s| (a.min(s), b.max(s)));
    if most > 1.1 * least {
        notes.push(format!(
            "The measured windows differ in length ({} s to {} s): the shorter has less to say \
             about high percentiles.",
            three_digits(least),
            three_digits(most)
        ));
    }
    for (run, head) in runs.iter().zip(heads) {
        notes.extend(run.health.signs.iter().map(|sign| format!("{}: {sign}", head.label)));
    }
    notes
}

/// Whether the runs were timed by two clocks.
pub(super) fn two_clocks(runs: &[&RunView]) -> bool {
    TimeSources::are_two_clocks(runs.iter().filter_map(|run| run.time_sources.page_share()))
}

//! What to keep in mind of a comparison: which kinds of runs it has, and what may mislead.

use serde::Serialize;

use crate::run::view::{Carries, Correction, RunView, TimeSources};
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
    /// Whether another tool made it.
    pub foreign: bool,
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
    notes.extend(sources(runs, heads));
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

/// What makes runs of other tools hard to compare, a sentence each.
fn sources(runs: &[&RunView], heads: &[Head]) -> Vec<String> {
    let mut notes = Vec::new();
    let of = |run: &RunView| run.source.as_ref().map(|s| (s.tool.clone(), s.form.clone()));
    if runs.iter().all(|run| run.source.is_none()) {
        return notes;
    }
    let latency = |run: &RunView| match &run.source {
        Some(source) => source.latency.clone(),
        None => "what the cluster took, redirects included; answers only".to_string(),
    };
    let list = |text: &dyn Fn(&RunView) -> String| {
        let one = |(run, head): (&&RunView, &Head)| format!("{}: {}", head.label, text(run));
        runs.iter().zip(heads).map(one).collect::<Vec<_>>().join("; ")
    };
    let differ =
        |text: &dyn Fn(&RunView) -> String| runs.iter().any(|run| text(run) != text(runs[0]));
    if runs.iter().any(|run| of(run) != of(runs[0])) {
        notes.push(
            "These runs were made by different tools, or are of different files of one: what they \
             count and time is not the same, so a difference may be the tools'."
                .to_string(),
        );
    }
    if differ(&latency) {
        notes.push(format!("What a latency is differs. {}.", list(&latency)));
    }
    let corrected = |run: &RunView| match run.source.as_ref().map(|s| s.corrected) {
        Some(Correction::Corrected) => "corrected for coordinated omission".to_string(),
        Some(Correction::Uncorrected) => "not corrected".to_string(),
        Some(Correction::Unknown) => "the file does not say it".to_string(),
        None => "from when each request was sent; response times are from when it was due".into(),
    };
    if differ(&corrected) {
        notes.push(format!(
            "Latencies are not all from the same moment, due or sent ({}): high percentiles can't \
             be compared.",
            list(&corrected)
        ));
    }
    let unit = |run: &RunView| run.source.as_ref().map_or("µs".into(), |s| s.unit.clone());
    if differ(&unit) {
        notes.push(format!(
            "Times are written with different steps ({}): smaller differences are no difference.",
            list(&unit)
        ));
    }
    let hops = |run: &RunView| run.total.redirected > 0;
    if runs.iter().any(|run| run.source.is_some() && hops(run)) {
        notes.push(
            "Some tools count each hop of a redirected request as a request of its own: their \
             rates are higher and their latencies lower by that."
                .to_string(),
        );
    }
    for (run, head) in runs.iter().zip(heads) {
        match run.source.as_ref().map(|s| s.carries) {
            Some(Carries::Means) => notes.push(format!(
                "{}: its file has counts and means only, no percentiles and no spread.",
                head.label
            )),
            Some(Carries::Percentiles) => notes.push(format!(
                "{}: its file has some percentiles, taken by the tool's own rule; there are no \
                 intervals for it.",
                head.label
            )),
            _ => {}
        }
    }
    notes
}

/// Whether the runs were timed by two clocks.
pub(super) fn two_clocks(runs: &[&RunView]) -> bool {
    TimeSources::are_two_clocks(runs.iter().filter_map(|run| run.time_sources.page_share()))
}

//! What the instrument says of itself: signs that the browser, not the cluster, made the numbers.

use super::view::{HealthVerdict, HealthView};
use crate::plan::{Model, Plan};
use crate::stats::recorder::{Recorder, Window};
use crate::units::Micros;

/// Waiting entities above this share of all mean that slots, not the cluster, set the pace.
const WAITING_SHARE: f64 = 0.05;

/// Service times from the page's clock above this share are worth a word.
const PAGE_CLOCK_SHARE: f64 = 0.01;

/// Judges a run up to `now`.
#[must_use]
pub fn judge(plan: &Plan, recorder: &Recorder, now: Micros) -> HealthView {
    let mut health = HealthView::default();
    let (start, from, _) = recorder.windows();
    if now <= from || from < start {
        return health;
    }
    let (effective, waiting) = recorder.concurrency(now);
    let entities = f64::from(plan.load.entities);
    if matches!(plan.load.model, Model::Closed { .. }) && waiting > WAITING_SHARE * entities {
        health.signs.push(format!(
            "{:.0} of {} entities waited for a slot on average: the browser's connections set the pace. The load was {:.1} requests \
             at a time, not {}. Add lanes to the nodes, or take the wait into account.",
            waiting, plan.load.entities, effective, plan.load.entities
        ));
    }
    let sources = recorder.sources();
    // A browser drops a timing entry now and then; a node without the header has none at all.
    if sources.page_clock as f64 > PAGE_CLOCK_SHARE * (sources.page_clock + sources.wire) as f64 {
        health.signs.push(format!(
            "{} of {} service times come from the page's clock, not from the wire: they include what the browser itself costs. \
             Let every node send “Timing-Allow-Origin: *”.",
            sources.page_clock,
            sources.page_clock + sources.wire
        ));
    }
    if let Some(closure) = recorder.closure(plan.load.entities, now)
        && matches!(plan.load.model, Model::Closed { .. })
        && now.since(from) > Micros(5_000_000)
        && !(0.9..=1.1).contains(&closure)
    {
        health.signs.push(format!(
            "Little's law does not close: X (R + Z) / N is {closure:.2} instead of 1. Time was lost somewhere (a clock step, a suspended tab)."
        ));
    }
    health.verdict = match health.signs.len() {
        0 => HealthVerdict::Healthy,
        1 => HealthVerdict::Doubtful,
        _ => HealthVerdict::ClientLimited,
    };
    let (stall, server, redirect) = recorder.wire_histograms();
    let fact = |h: &hdrhistogram::Histogram<u64>| {
        format!("p50 {}, p99 {}", Micros(h.value_at_quantile(0.5)), Micros(h.value_at_quantile(0.99)))
    };
    for (label, histogram) in [
        ("stall in the browser", stall),
        ("time by the nodes' own word (Server-Timing)", server),
        ("cost of redirects", redirect),
    ] {
        if !histogram.is_empty() {
            health.facts.push((label.into(), fact(histogram)));
        }
    }
    let connections: u64 = recorder.nodes().iter().map(|n| n.new_connections).sum();
    health.facts.push(("new connections in the measured window".into(), connections.to_string()));
    let nodes = recorder.nodes().len();
    let redirected: u64 = (0..nodes)
        .flat_map(|n| (0..plan.mix.len()).map(move |op| (n, op)))
        .map(|(n, op)| recorder.tally(Window::Measured, n, op).redirected)
        .sum();
    health.facts.push(("redirected requests".into(), redirected.to_string()));
    health
}

//! A made-up run that tests start from, also those of other crates (feature `sample`).
#![allow(clippy::unwrap_used, reason = "for tests only")]

use fwit_model::plan::{preset, wire};
use fwit_quantities::sample::Outcome;

use super::view::{
    Concurrency, Ended, HealthView, HeatMap, Row, RunView, SubscribersView, Summary, TimeSources,
};

/// A run whose latencies are `factor` times those of the plain one.
#[must_use]
pub fn sample(id: &str, factor: f64) -> RunView {
    let at = |us: f64| (us * factor) as u64;
    let summary = Summary {
        count: 2_000,
        mean_us: 5_000.0 * factor,
        max_us: at(90_000.0),
        at_us: [at(4_000.0), at(8_000.0), at(9_000.0), at(20_000.0), at(50_000.0)],
        ..Summary::default()
    };
    let mut outcomes = [0; 10];
    outcomes[Outcome::Ok.index()] = 2_000;
    let row = Row {
        issued: 2_000,
        outcomes,
        rate_per_s: 100.0 / factor,
        cluster: summary,
        service: summary,
        response: summary,
        ..Row::default()
    };
    let plan = preset("quick").unwrap();
    RunView {
        headlines: Vec::new(),
        id: id.into(),
        name: format!("run {id}"),
        labels: super::labels::Labels::default(),
        plan_json: wire::to_json(&plan),
        started_at: "2026-11-21T10:00:00Z".into(),
        finished_at: "2026-11-21T10:00:22Z".into(),
        ended: Ended::Completed,
        warmup_s: 2.0,
        measured_s: 20.0,
        sticky: true,
        simulated: false,
        ops: vec![("get".into(), fwit_model::dialect::Kind::Read)],
        nodes: Vec::new(),
        environment: Vec::new(),
        time_sources: TimeSources { wire: 2_000, page_clock: 0 },
        by_op: vec![Row { op: Some("get".into()), ..row.clone() }],
        by_node: Vec::new(),
        by_op_node: Vec::new(),
        total: row,
        seconds: Vec::new(),
        op_seconds: Vec::new(),
        cluster_curves: Vec::new(),
        response_curves: Vec::new(),
        histograms: Vec::new(),
        heat: HeatMap::default(),
        entities: Vec::new(),
        latency_groups: Default::default(),
        subscribers: SubscribersView::default(),
        errors: Vec::new(),
        concurrency: Concurrency { entities: 50, effective: 6.0, ..Concurrency::default() },
        health: HealthView::default(),
        thresholds: Vec::new(),
        verification: None,
        leadership: None,
        timeline: Vec::new(),
        episodes: Vec::new(),
        vitals: None,
        source: None,
        warnings: Vec::new(),
    }
}

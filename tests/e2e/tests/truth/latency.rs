//! Distributions: two modes, a heavy tail, and times from the page's own clock.

use std::time::Duration;

use fwit_e2e::server::{Options, Pace};
use fwit_report::run::hist;
use fwit_report::run::view::Measure;
use serde_json::json;

use super::{Told, run_against};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn without_timing_headers_the_slots_alone_keep_service_true() {
    let options = Options { timing_headers: false, ..Options::paced(Pace::Fixed(ms(20))) };
    let (told, _) = run_against(options, 0, json!({}), 0.30);
    assert_eq!(told.view.time_sources.label(), "page clock");
    assert_eq!(told.file.nodes[0].timing_header, Some(false));
    assert!((told.file.concurrency.effective / 6.0 - 1.0).abs() < 0.05, "{:?}", told.file.concurrency);
}

#[test]
fn two_modes_stay_two_modes() {
    let pace = Pace::Bimodal { fast: ms(20), slow: ms(60), slow_share: 0.3 };
    let (told, _) = run_against(Options::paced(pace), 0, json!({}), 0.15);
    told.assert_adds_up(0.15);
    // The valley between the modes, and the mode on each side, as the server and as the page saw them.
    let (cut, records) = (50.0, &told.records);
    let (share, theirs) = (share_above(&told, cut), records.share_above(cut));
    let (fast, slow) = modes(&told, cut);
    let q = |p: f64| records.percentile_ms(p);
    let (true_fast, true_slow) = (q((1.0 - theirs) / 2.0), q(1.0 - theirs / 2.0));
    println!(
        "modes {fast:.1} and {slow:.1} ms, server {true_fast:.1} and {true_slow:.1}; slow {share:.3}, server {theirs:.3}"
    );
    assert!((share - theirs).abs() < 0.03 && (share - 0.3).abs() < 0.06, "{share}, {theirs}");
    for (ours, theirs) in [(fast, true_fast), (slow, true_slow)] {
        assert!((ours / theirs - 1.0).abs() < 0.15, "a mode at {ours} ms, the server's at {theirs} ms");
    }
}

#[test]
fn a_heavy_tail_is_neither_cut_nor_grown() {
    let pace = Pace::HeavyTailed { median: ms(15), sigma: 1.0, most: ms(2_000) };
    let (told, _) = run_against(Options::paced(pace), 0, json!({}), 0.15);
    let (ours, theirs) = (told.service_ms(3), told.records.percentile_ms(0.99));
    assert!((ours / theirs - 1.0).abs() < 0.15, "p99 {ours} ms, the server's {theirs} ms");
}

/// The service histogram of the run, in cells of (ms, count).
fn cells(told: &Told) -> Vec<(f64, u64)> {
    let of_service = told.file.latency.iter().filter(|l| l.measure == Measure::Service);
    let mut cells = Vec::new();
    for entry in of_service {
        let histogram = hist::decode(&entry.hist).unwrap();
        cells.extend(
            histogram.iter_recorded().map(|c| {
                (histogram.median_equivalent(c.value_iterated_to()) as f64 / 1e3, c.count_at_value())
            }),
        );
    }
    cells.sort_by(|a, b| a.0.total_cmp(&b.0));
    cells
}

fn share_above(told: &Told, ms: f64) -> f64 {
    let cells = cells(told);
    let sum = |above: bool| cells.iter().filter(|c| (c.0 > ms) == above).map(|c| c.1).sum::<u64>() as f64;
    sum(true) / (sum(true) + sum(false))
}

/// The middle of what lies below and above a cut.
fn modes(told: &Told, cut: f64) -> (f64, f64) {
    let cells = cells(told);
    let middle = |above: bool| {
        let side: Vec<_> = cells.iter().filter(|c| (c.0 > cut) == above).collect();
        let half = side.iter().map(|c| c.1).sum::<u64>() / 2;
        let mut seen = 0;
        side.iter()
            .find(|c| {
                seen += c.1;
                seen > half
            })
            .map_or(0.0, |c| c.0)
    };
    (middle(false), middle(true))
}

//! Open load: what becomes due is sent and counted, whatever the server does meanwhile.

use std::time::Duration;

use fwit_e2e::server::{Options, Pace, Record};
use fwit_report::run::view::Measure;
use serde_json::json;

use super::{CLOSE, percentile, run_against};

const RATE: f64 = 200.0;
const SECONDS: f64 = 5.0;

/// The server stops for 1.5 of 5 seconds. What the page says of waiting is held against the
/// server's own records: the k-th request was due k gaps after the first, and arrived and was
/// answered when the server says.
#[test]
fn a_server_that_stops_is_seen_by_everybody_who_was_due() {
    let pace = Pace::Stall {
        usual: Duration::from_millis(5),
        after: Duration::from_secs(2),
        length: Duration::from_millis(1_500),
    };
    let load = json!({ "load": { "model": "open", "rate_per_s": RATE, "arrivals": "constant", "entities": 50,
        "think_ms": null, "think_jitter_ms": null, "warmup_s": 0, "duration_s": SECONDS } });
    let (told, _) = run_against(Options::paced(pace), 0, load);
    let total = &told.view.total;
    // No request is issued that was not due; on a busy machine the last few may still wait for a
    // slot when the run ends. What was issued stands in the server's books, less what the end
    // aborted (`run_against`).
    let due = told.file.concurrency.due.unwrap();
    let all = (RATE * SECONDS) as u64;
    assert!((all - 10..=all).contains(&due), "{due} due");
    assert!(total.issued <= due, "{} issued, {due} due", total.issued);
    println!("{due} due, {} issued", total.issued);
    let mut records = told.all.0.clone();
    records.sort_by_key(|r| r.arrived);
    // When the schedule began: by the request that was least late.
    let began = |(k, r): (usize, &Record)| r.arrived.as_secs_f64() - k as f64 / RATE;
    let first = records.iter().enumerate().map(began).fold(f64::INFINITY, f64::min);
    let since_due = |at: Duration, k: usize| 1e3 * (at.as_secs_f64() - first - k as f64 / RATE);
    let truth = |measure: Measure| -> Vec<f64> {
        let times = records.iter().enumerate().map(|(k, r)| match measure {
            Measure::Cluster | Measure::Service => 1e3 * r.took().as_secs_f64(),
            Measure::Wait => since_due(r.arrived, k),
            Measure::Response => since_due(r.answered, k),
        });
        times.collect()
    };
    for measure in Measure::ALL {
        let (ours, theirs) = (total.measure(measure), truth(measure));
        let places = [(1, 0.9), (2, 0.95), (3, 0.99)];
        for (place, p) in places {
            let (ours, theirs) = (ours.at_us[place] as f64 / 1e3, percentile(&theirs, p));
            println!(
                "{}, p{}: {ours:.1} ms, by the server's books {theirs:.1} ms",
                measure.name(),
                100.0 * p
            );
            // 300 of 1,000 became due in the stall and waited for its end; the six at the server
            // are no p99.
            if !matches!(measure, Measure::Cluster | Measure::Service) {
                assert!((ours / theirs - 1.0).abs() < CLOSE, "{ours} ms, not {theirs} ms");
            }
        }
    }
    // Six requests were at the server when it stopped: their service time is the stall's, and no
    // others'.
    let longest = percentile(&truth(Measure::Service), 1.0);
    let ours = total.service.max_us as f64 / 1e3;
    assert!((ours / longest - 1.0).abs() < CLOSE, "at most {ours} ms, not {longest} ms");
}

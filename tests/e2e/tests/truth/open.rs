//! Open load: what becomes due is sent and counted, whatever the server does meanwhile.

use std::time::Duration;

use fwit_e2e::server::{Options, Pace};
use fwit_report::run::view::Measure;
use serde_json::json;

use super::run_against;

#[test]
fn a_server_that_stops_for_two_seconds_is_seen_by_everybody_who_was_due() {
    let pace = Pace::Stall {
        usual: Duration::from_millis(5),
        after: Duration::from_secs(4),
        length: Duration::from_secs(2),
    };
    let load = json!({ "load": { "model": "open", "rate_per_s": 200, "arrivals": "constant", "entities": 50,
        "think_ms": null, "think_jitter_ms": null, "warmup_s": 0, "duration_s": 10 } });
    let (told, server) = run_against(Options::paced(pace), 0, load, 2.0);
    let total = &told.view.total;
    let at = |measure: Measure| total.measure(measure).at_us.map(|us| us as f64 / 1e3);
    println!(
        "response {:?} ms, wait {:?} ms, service {:?} ms",
        at(Measure::Response),
        at(Measure::Wait),
        at(Measure::Service)
    );
    // Every request that was due was issued; of the last few the end of the run may have aborted some.
    let due = told.file.concurrency.due.unwrap();
    assert!((1_990..=2_000).contains(&due), "{due} due");
    assert_eq!(total.issued, due);
    assert!(total.answers() + 10 >= due, "{total:?}");
    let seen = server.records().0.len() as u64;
    assert!((total.answers()..=due).contains(&seen), "{seen} of {due} at the server, {total:?}");
    // Six requests were at the server when it stopped: their service time is the stall. All others waited for
    // a slot: 400 became due in the stall, a fifth of all, so p90 and above are of them.
    assert!(at(Measure::Response)[3] >= 1_500.0);
    assert!(at(Measure::Response)[1] >= 500.0);
    assert!(total.service.max_us >= 1_900_000);
    assert!(at(Measure::Service)[3] < 500.0, "six in two thousand are no p99");
    assert!(at(Measure::Wait)[3] >= 1_500.0);
}

//! Slots, lanes, effective concurrency, HTTP/2.

use std::time::Duration;

use fwit_e2e::Browser;
use fwit_e2e::server::{Options, Pace};
use serde_json::json;

use super::{beside_the_loop, run_against};

fn fixed(ms: u64) -> Options {
    Options::paced(Pace::Fixed(Duration::from_millis(ms)))
}

#[test]
fn one_lane_has_six_slots_and_the_queue_is_not_in_the_service_time() {
    let browser = Browser::shared().unwrap();
    let beside = beside_the_loop(&browser, fixed(40), 0, 6, json!({}));
    let told = &beside.last;
    told.assert_adds_up();
    let concurrency = told.file.concurrency;
    assert!((concurrency.effective / 6.0 - 1.0).abs() < 0.05, "{concurrency:?}");
    assert_eq!(beside.server.peak(), 6);
    // 44 of 50 wait at any time, and none is lost.
    assert!((concurrency.waiting / 44.0 - 1.0).abs() < 0.05, "{concurrency:?}");
    assert!(
        concurrency.littles_law_ratio.is_some_and(|c| (c - 1.0).abs() < 0.02),
        "{concurrency:?}"
    );
    assert_eq!(told.file.nodes[0].protocol, "HTTP/1.1");
    assert!(told.view.time_sources.label().starts_with("wire"), "{:?}", told.view.time_sources);
}

#[test]
fn lanes_lift_the_cap_and_service_stays_the_servers() {
    // Some 160 requests a second: a rate that a slow machine's browser keeps up with as well. Where
    // the processor is the limit, engine and loop are compared at two different loads.
    let think = json!({ "load": { "think_ms": 250, "think_jitter_ms": 100 } });
    let browser = Browser::shared().unwrap();
    let beside = beside_the_loop(&browser, fixed(60), 9, 50, think);
    beside.last.assert_adds_up();
    assert!(beside.server.peak() > 6, "{}", beside.server.peak());
}

#[test]
fn nine_lanes_keep_fifty_requests_under_way() {
    let (told, server) = run_against(fixed(300), 9, json!({}));
    told.assert_adds_up();
    assert!(
        (told.file.concurrency.effective / 50.0 - 1.0).abs() < 0.1,
        "{:?}",
        told.file.concurrency
    );
    told.assert_same_load();
    assert_eq!(server.peak(), 50);
}

#[test]
fn http2_needs_no_lanes() {
    let options = Options { tls: true, ..fixed(300) };
    let (told, server) = run_against(options, 0, json!({ "load": { "warmup_s": 2 } }));
    let node = &told.file.nodes[0];
    assert_eq!((node.protocol.as_str(), node.slots), ("HTTP/2", 100));
    assert!(
        (told.file.concurrency.effective / 50.0 - 1.0).abs() < 0.1,
        "{:?}",
        told.file.concurrency
    );
    told.assert_same_load();
    assert_eq!(server.peak(), 50);
}

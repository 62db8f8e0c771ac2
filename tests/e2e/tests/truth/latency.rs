//! Distributions: two modes, a heavy tail, and times from the page's own clock.

use std::time::Duration;

use fwit_e2e::Browser;
use fwit_e2e::server::{Options, Pace};
use serde_json::json;

use super::{Side, beside_the_loop, percentile};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn without_timing_headers_the_slots_alone_keep_service_true() {
    let options = Options { timing_headers: false, ..Options::paced(Pace::Fixed(ms(40))) };
    let browser = Browser::shared().unwrap();
    let told = beside_the_loop(&browser, options, 0, 6, json!({})).last;
    assert_eq!(told.view.time_sources.label(), "page clock");
    assert_eq!(told.file.nodes[0].timing_header, Some(false));
    assert!(
        (told.file.concurrency.effective / 6.0 - 1.0).abs() < 0.05,
        "{:?}",
        told.file.concurrency
    );
}

#[test]
fn two_modes_stay_two_modes() {
    let pace = Pace::Bimodal { fast: ms(20), slow: ms(60), slow_share: 0.3 };
    let browser = Browser::shared().unwrap();
    let beside = beside_the_loop(&browser, Options::paced(pace), 0, 6, json!({}));
    beside.last.assert_adds_up();
    // The share of slow requests, and the middle of each mode, as the server and as each client saw
    // them.
    let share =
        |values: &[f64]| values.iter().filter(|v| **v > 50.0).count() as f64 / values.len() as f64;
    let side = |side: &Side| {
        let (seen, server) = (share(&side.seen), share(&side.server));
        println!("{seen:.3} are slow, by the server {server:.3}");
        assert!((seen - server).abs() < 0.03 && (server - 0.3).abs() < 0.06, "{seen}, {server}");
        // Half of the fast ones lie below the first, half of the slow ones above the second.
        [
            percentile(&side.seen, (1.0 - seen) / 2.0)
                / percentile(&side.server, (1.0 - server) / 2.0),
            percentile(&side.seen, 1.0 - seen / 2.0) / percentile(&side.server, 1.0 - server / 2.0),
        ]
    };
    let (engine, bare) = (side(&beside.engine), side(&beside.bare));
    for ((engine, bare), middle) in engine.into_iter().zip(bare).zip([0.35, 0.85]) {
        println!("engine {engine:.3} times the server's, loop {bare:.3} times");
        assert!(
            (engine / bare - 1.0).abs() <= beside.allowed(middle),
            "a mode at {engine} times the server's, the loop's at {bare}"
        );
    }
}

#[test]
fn a_heavy_tail_is_neither_cut_nor_grown() {
    let pace = Pace::HeavyTailed { median: ms(25), sigma: 1.0, most: ms(2_000) };
    let browser = Browser::shared().unwrap();
    beside_the_loop(&browser, Options::paced(pace), 0, 6, json!({})).assert_close(0.99);
}

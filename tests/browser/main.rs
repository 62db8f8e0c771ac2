//! What only a real browser can show: fetch, Resource Timing, aborting, the worker's clock.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../../crates/stats/tests/common/draws.rs"]
mod draws;
mod recorder;
#[path = "../../crates/report/tests/common/simulated.rs"]
mod simulated;

use std::collections::BTreeSet;

use futures_util::future::{Either, join_all, select};
use fwit::browser::clock::BrowserClock;
use fwit::browser::transport::FetchTransport;
use fwit_engine::environment::{Call, Clock, NoAnswer, Reply, Transport, Wire};
use fwit_model::dialect::{self, Request};
use fwit_quantities::sample::Protocol;
use fwit_quantities::units::Micros;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::DedicatedWorkerGlobalScope;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

fn clock() -> BrowserClock {
    BrowserClock::new(scope().performance().unwrap())
}

fn transport() -> FetchTransport {
    let insi = dialect::built_in("insi").unwrap();
    FetchTransport::new(scope().performance().unwrap(), &insi, None)
}

/// The server that `cargo xtask test browser` starts.
const SERVER: Option<&str> = option_env!("FWIT_TEST_SERVER");

fn origin() -> &'static str {
    SERVER.expect("FWIT_TEST_SERVER was not set: run these tests with `cargo xtask test browser`")
}

fn get(path: &str) -> Request<'static> {
    Request::get(path.to_string())
}

async fn send(
    transport: &FetchTransport,
    base: &str,
    request: &Request<'_>,
) -> Result<Reply, NoAnswer> {
    let wants_text = |status| status >= 400;
    transport.send(&Call { lane: 0, base, request, wants_text: &wants_text, follow: false }).await
}

#[wasm_bindgen_test]
async fn fifty_identical_urls_at_once_are_timed_one_by_one() {
    let (transport, clock, base) = (transport(), clock(), origin());
    let request = get("/missing?key=the-same");
    let start = clock.now();
    let replies = join_all((0..50).map(|_| send(&transport, base, &request))).await;
    let took = clock.now().since(start);
    let tickets: BTreeSet<u64> = replies
        .into_iter()
        .map(|reply| match reply.unwrap().wire {
            Wire::Later(ticket) => ticket,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(tickets.len(), 50);
    let mut timings = Vec::new();
    let deadline = clock.now() + Micros(10_000_000);
    while timings.len() < 50 && clock.now() < deadline {
        clock.sleep_until(clock.now() + Micros(10_000)).await;
        timings.extend(transport.take_wire());
    }
    assert_eq!(timings.iter().map(|(ticket, _)| *ticket).collect::<BTreeSet<_>>(), tickets);
    for (ticket, timing) in timings {
        let timing = timing.unwrap_or_else(|| panic!("{ticket} has no timing"));
        assert_eq!(timing.protocol, Protocol::Http1);
        assert!(timing.service() > Micros::ZERO && timing.service() <= took);
    }
}

#[wasm_bindgen_test]
async fn answers_are_read_whole_and_errors_have_their_text() {
    let (transport, base) = (transport(), origin());
    let found = send(&transport, base, &get("/found")).await.unwrap();
    assert_eq!(found.status, 200);
    assert!(found.bytes > 100 && found.text.is_none() && found.final_url.is_none());
    let missing = send(&transport, base, &get("/missing")).await.unwrap();
    assert!(missing.status >= 400 && missing.text.is_some());
}

#[wasm_bindgen_test]
async fn a_port_without_a_server_is_no_answer() {
    // Port 9 is refused by the browser itself, 1 by the machine: both are the browser's own words.
    for base in ["http://127.0.0.1:9", "http://127.0.0.1:2"] {
        let error = send(&transport(), base, &get("/")).await.unwrap_err();
        assert!(!error.0.is_empty());
    }
}

#[wasm_bindgen_test]
async fn a_dropped_request_is_aborted_and_its_name_is_free_again() {
    let (transport, clock, base) = (transport(), clock(), origin());
    let request = get("/missing?key=dropped");
    for _ in 0..20 {
        let sending = Box::pin(send(&transport, base, &request));
        // The request is on its way; its future is dropped.
        if let Either::Right((_, sending)) =
            select(sending, Box::pin(clock.sleep_until(Micros::ZERO))).await
        {
            drop(sending);
        }
    }
    let Wire::Later(ticket) = send(&transport, base, &request).await.unwrap().wire else {
        panic!("no ticket")
    };
    let deadline = clock.now() + Micros(10_000_000);
    loop {
        assert!(clock.now() < deadline, "the last request's timing never came");
        if let Some((_, timing)) = transport.take_wire().into_iter().find(|(t, _)| *t == ticket) {
            assert!(timing.is_some());
            break;
        }
        clock.sleep_until(clock.now() + Micros(10_000)).await;
    }
}

#[wasm_bindgen_test]
async fn the_clock_goes_on_and_sleeps_as_long_as_asked() {
    let clock = clock();
    assert!(clock.tick() > Micros::ZERO);
    let start = clock.now();
    clock.sleep_until(start + Micros(30_000)).await;
    // Timers may fire a tick early by the coarse clock, never by a millisecond.
    assert!(clock.now() + Micros(1_000) >= start + Micros(30_000));
}

#[wasm_bindgen_test]
fn random_numbers_are_those_of_every_other_machine() {
    assert_eq!(draws::hash(), draws::EXPECTED);
}

#[wasm_bindgen_test]
fn a_simulated_run_has_the_bytes_it_has_natively() {
    assert_eq!(simulated::hash(), simulated::HASH);
}

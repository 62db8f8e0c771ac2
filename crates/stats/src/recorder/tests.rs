//! Tests of the recorder: nothing is lost, and order does not matter.

use proptest::prelude::*;

use super::*;
use fwit_quantities::sample::Outcome;

fn sample(op: u8, outcome: Outcome, issued: u64, took: u64) -> Sample {
    Sample {
        entity: 0,
        op,
        asked: 0,
        answered: Some(0),
        redirected: false,
        due: Micros(issued.saturating_sub(5)),
        issued: Micros(issued),
        done: Micros(issued + took),
        outcome,
    }
}

fn wire(service: u64) -> WireTiming {
    WireTiming {
        redirect: None,
        connect: Micros(0),
        new_connection: false,
        stall: Micros(3),
        first_byte: Micros(service),
        download: Micros(0),
        server: None,
        protocol: Protocol::Http1,
    }
}

fn recorder() -> Recorder {
    Recorder::new(2, 1, 1, Micros(0), (Micros(1_000_000), Micros(10_000_000)))
}

fn run(recorder: &mut Recorder, s: Sample, late: Option<u64>) {
    recorder.issued(s.op, s.asked, s.issued);
    recorder.ended(s, s.asked, None, late);
}

#[test]
fn a_late_wire_time_replaces_the_pages_clock() {
    let mut r = recorder();
    run(&mut r, sample(0, Outcome::Ok, 2_000_000, 50_000), Some(7));
    run(&mut r, sample(0, Outcome::Ok, 2_000_000, 60_000), Some(8));
    assert_eq!(r.pending(), 2);
    r.wire(7, Some(&wire(20_000)));
    r.settle(Micros(3_000_000));
    assert_eq!((r.pending(), r.sources()), (0, TimeSources { wire: 1, page_clock: 1 }));
    let key = Key { op: 0, node: 0, redirected: false, measure: Measure::Service };
    let of =
        |r: &Recorder| r.histograms().find(|(k, _)| *k == key).map(|(_, h)| h.clone()).unwrap();
    let service = of(&r);
    assert!(service.equivalent(service.min(), 20_000) && service.equivalent(service.max(), 60_000));
    assert_eq!(r.entities()[0].ops[0].mean(), 40_000.0);
    r.wire(7, Some(&wire(1)));
    assert_eq!(of(&r).len(), 2, "a ticket counts once");
}

#[test]
fn a_redirected_answers_timing_that_knows_of_no_redirect_does_not_count() {
    let redirected = Sample { redirected: true, ..sample(0, Outcome::Ok, 2_000_000, 50_000) };
    let mut r = recorder();
    run(&mut r, redirected, Some(7));
    r.wire(7, Some(&wire(100)));
    assert_eq!(r.sources(), TimeSources { wire: 0, page_clock: 1 });
    assert_eq!(r.entities()[0].ops[0].mean(), 50_000.0);
    let node = &r.nodes()[0];
    assert!(
        node.timing_header && node.protocol == Protocol::Http1,
        "of the node asked it tells the truth"
    );
    run(&mut r, redirected, Some(8));
    r.wire(8, Some(&WireTiming { redirect: Some(Micros(30_000)), ..wire(10_000) }));
    assert_eq!(r.sources(), TimeSources { wire: 1, page_clock: 1 });
    assert_eq!(r.entities()[0].ops[0].mean(), 45_000.0);
}

#[test]
fn warm_up_counts_apart_and_makes_no_latency() {
    let mut r = recorder();
    run(&mut r, sample(1, Outcome::Ok, 999_980, 10), None);
    run(&mut r, sample(1, Outcome::NotFound, 1_000_000, 10), None);
    run(&mut r, sample(1, Outcome::Timeout, 1_000_001, 10), None);
    assert_eq!(r.tally(Window::Warmup, 0, 1).issued, 1);
    assert_eq!(r.tally(Window::Measured, 0, 1).issued, 2);
    assert!(r.histograms().all(|(_, h)| h.len() == 1), "errors have no latency");
    assert_eq!(r.entities()[0].errors, 1);
    assert_eq!(r.seconds()[0].ops[1].outcomes[Outcome::Ok.index()], 1);
    assert_eq!(r.seconds()[1].ops[1].outcomes[Outcome::Timeout.index()], 1);
}

#[test]
fn effective_concurrency_is_the_integral() {
    let mut r = recorder();
    run(&mut r, sample(0, Outcome::Ok, 500_000, 1_500_000), None);
    run(&mut r, sample(0, Outcome::Ok, 2_000_000, 2_000_000), None);
    assert_eq!(r.concurrency(Micros(5_000_000)).0, 3.0 / 4.0);
    assert_eq!(r.gauges().0.second(0), 0.5);
}

proptest! {
    /// Whatever ends in whatever way: issued = sum of outcomes, and answers = latencies, in each
    /// window.
    #[test]
    fn nothing_is_lost(requests in proptest::collection::vec((0..2_u8, 0..10_usize, 0..9_000_000_u64, 0..2_000_000_u64, any::<bool>()), 0..200)) {
        let mut r = Recorder::new(2, 2, 9, Micros(0), (Micros(1_000_000), Micros(10_000_000)));
        for (i, (op, outcome, issued, took, late)) in requests.iter().enumerate() {
            let mut sample = sample(*op, Outcome::ALL[*outcome], *issued, *took);
            // Of every entity, at every node, redirected and not.
            (sample.entity, sample.asked, sample.redirected) = (i as u32 % 9, i as u16 % 2, i % 3 == 0);
            run(&mut r, sample, late.then_some(i as u64));
        }
        r.settle(Micros::MAX);
        let mut answers = 0;
        for (op, node) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            for window in [Window::Warmup, Window::Measured] {
                let tally = r.tally(window, node, op);
                prop_assert_eq!(tally.issued, tally.outcomes.iter().sum::<u64>());
                if window == Window::Measured {
                    answers += Outcome::ALL.iter().filter(|o| o.is_answer()).map(|o| tally.outcomes[o.index()]).sum::<u64>();
                }
            }
        }
        for measure in Measure::ALL {
            let of: u64 = r.histograms().filter(|(k, _)| k.measure == measure).map(|(_, h)| h.len()).sum();
            prop_assert_eq!(of, answers, "{:?}", measure);
        }
        let of_entities: u64 = r.entities().iter().flat_map(|e| &e.ops).map(|o| o.count()).sum();
        prop_assert_eq!(of_entities, answers);
        let seconds: u64 = r.seconds().iter().flat_map(|s| &s.ops).map(|o| o.outcomes.iter().map(|c| u64::from(*c)).sum::<u64>()).sum();
        prop_assert_eq!(seconds, requests.len() as u64);
    }

    /// The order in which requests end does not matter.
    #[test]
    fn any_order_gives_the_same(mut requests in proptest::collection::vec((0..2_u8, 0..3_usize, 1_000_000..9_000_000_u64, 0..100_000_u64), 1..60), seed in any::<u64>()) {
        let sum = |requests: &[(u8, usize, u64, u64)]| {
            let mut r = recorder();
            for (op, outcome, issued, took) in requests {
                run(&mut r, sample(*op, Outcome::ALL[*outcome], *issued, *took), None);
            }
            let moments = r.entities()[0].ops[0];
            let histogram = |h: &Histogram<u64>| h.iter_recorded().map(|v| (v.value_iterated_to(), v.count_at_value())).collect::<Vec<_>>();
            let histograms: Vec<_> = r.histograms().map(|(k, h)| (k, histogram(h))).collect();
            (histograms, r.tally(Window::Measured, 0, 0), r.tally(Window::Measured, 0, 1), moments)
        };
        let first = sum(&requests);
        crate::random::Stream::new(seed, "order", 0).shuffle(&mut requests);
        prop_assert_eq!(first, sum(&requests));
    }
}

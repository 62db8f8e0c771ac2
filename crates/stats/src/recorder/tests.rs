//! Tests of the recorder: nothing is lost, and order does not matter.

use proptest::prelude::*;

use super::*;
use fwit_quantities::sample::{Measure, Outcome};

fn sample(op: u8, outcome: Outcome, issued: u64, took: u64) -> Sample {
    Sample {
        entity: 0,
        op,
        asked: 0,
        answered: Some(0),
        redirected: false,
        due: Micros(issued.saturating_sub(5)),
        issued: Micros(issued),
        sent: Micros(issued),
        redirect: Micros::ZERO,
        done: Micros(issued + took),
        outcome,
    }
}

/// 3 µs after it was sent, and of that length.
fn wire(sample: &Sample, service: u64) -> WireTiming {
    let request_start = sample.sent + Micros(3);
    WireTiming {
        request_start,
        response_start: request_start + Micros(service),
        response_end: request_start + Micros(service),
        connect: Micros(1),
        new_connection: false,
        from_cache: false,
        server: Some(Micros(service / 2)),
        protocol: Protocol::Http1,
    }
}

/// A sample that was sent on: so long at the first node, and so long in the second queue.
fn sent_on(sample: Sample, redirect: u64, wait: u64) -> Sample {
    let later = Micros(redirect + wait);
    Sample {
        redirected: true,
        answered: Some(1),
        redirect: Micros(redirect),
        sent: sample.sent + later,
        done: sample.done + later,
        ..sample
    }
}

fn recorder() -> Recorder {
    Recorder::new(2, 2, 1, Micros(0), (Micros(1_000_000), Micros(10_000_000)))
}

fn run(recorder: &mut Recorder, s: Sample, late: Option<u64>) {
    recorder.issued(s.op, s.asked, s.issued);
    let mut at = s.asked;
    if let (true, Some(next)) = (s.redirected, s.answered) {
        recorder.left(s.asked, s.issued + s.redirect);
        recorder.sent_on(next, s.sent);
        at = next;
    }
    recorder.ended(s, Some(at), None, late);
}

#[test]
fn a_late_wire_time_replaces_the_pages_clock() {
    let mut r = recorder();
    let timed = sample(0, Outcome::Ok, 2_000_000, 50_000);
    run(&mut r, timed, Some(7));
    run(&mut r, sample(0, Outcome::Ok, 2_000_000, 60_000), Some(8));
    assert_eq!(r.pending(), 2);
    r.wire(7, Some(&wire(&timed, 20_000)));
    r.settle(Micros(3_000_000));
    assert_eq!((r.pending(), r.sources()), (0, TimeSources { wire: 1, page_clock: 1 }));
    let service = of(&r, false, Measure::Service);
    assert!(service.equivalent(service.min(), 20_000) && service.equivalent(service.max(), 60_000));
    assert_eq!(r.entities()[0].ops[0].mean(), 40_000.0);
    r.wire(7, Some(&wire(&timed, 1)));
    assert_eq!(of(&r, false, Measure::Service).len(), 2, "a ticket counts once");
}

/// The histogram of the first operation at the first node.
fn of(r: &Recorder, redirected: bool, measure: Measure) -> Histogram<u64> {
    let key = Key { op: 0, node: 0, redirected };
    r.histograms().find(|(k, m, _)| (*k, *m) == (key, measure)).map(|(_, _, h)| h.clone()).unwrap()
}

#[test]
fn a_redirected_answers_parts_are_kept_apart_and_sum_up() {
    let mut r = recorder();
    let asked = sample(0, Outcome::Ok, 2_000_000, 50_000);
    let redirected = sent_on(asked, 7_000, 11_000);
    run(&mut r, redirected, Some(7));
    r.wire(7, Some(&wire(&redirected, 40_000)));
    let key = Key { op: 0, node: 0, redirected: true };
    let sums = PartSums {
        answers: 1,
        not_split: 0,
        wait_us: 11_005,
        redirect_us: 7_000,
        browser_us: 3,
        service_us: 40_000,
        page_us: 9_997,
        server_answers: 1,
        server_us: 20_000,
    };
    assert_eq!(r.parts().collect::<Vec<_>>(), [(key, sums)]);
    let value = |measure| of(&r, true, measure).max();
    let near = |measure, us: u64| assert!(value(measure).abs_diff(us) <= us / 1_000, "{measure:?}");
    near(Measure::Service, 40_000);
    near(Measure::Cluster, 47_000);
    near(Measure::Wait, 11_005);
    near(Measure::Response, redirected.response().0);
    assert_eq!(r.entities()[0].ops[0].mean(), 47_000.0);
    // The wire was the second node's, and each node had one hop.
    assert!(!r.nodes()[0].timing_header && r.nodes()[1].timing_header);
    assert_eq!((r.nodes()[0].hops, r.nodes()[1].hops), (1, 1));
    assert_eq!((r.gauges().0.value(), r.nodes()[0].sources.wire), (0, 0));
}

#[test]
fn what_the_cluster_took_is_kept_apart_from_the_first_answer_on_that_cost_more() {
    let mut r = recorder();
    run(&mut r, sample(0, Outcome::Ok, 2_000_000, 50_000), None);
    assert_eq!(of(&r, false, Measure::Cluster), of(&r, false, Measure::Service));
    let looked = Sample { redirect: Micros(2), ..sample(0, Outcome::Ok, 3_000_000, 60_000) };
    run(&mut r, looked, None);
    assert_eq!(of(&r, false, Measure::Cluster).len(), 2);
    assert_eq!(of(&r, false, Measure::Service).len(), 2);
}

#[test]
fn warm_up_counts_apart_and_makes_no_latency() {
    let mut r = recorder();
    run(&mut r, sample(1, Outcome::Ok, 999_980, 10), None);
    run(&mut r, sample(1, Outcome::NotFound, 1_000_000, 10), None);
    run(&mut r, sample(1, Outcome::Timeout, 1_000_001, 10), None);
    assert_eq!(r.tally(Window::Warmup, 0, 1).issued, 1);
    assert_eq!(r.tally(Window::Measured, 0, 1).issued, 2);
    assert!(r.histograms().all(|(_, _, h)| h.len() == 1), "errors have no latency");
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
        let (mut responses, mut due_answers, mut cut) = (0, 0, 0);
        for (i, (op, outcome, issued, took, late)) in requests.iter().enumerate() {
            let mut sample = sample(*op, Outcome::ALL[*outcome], *issued, *took);
            // Of every entity, at every node, redirected and not.
            (sample.entity, sample.asked) = (i as u32 % 9, i as u16 % 2);
            if i % 3 == 0 {
                sample = sent_on(sample, 10, 20);
            }
            run(&mut r, sample, late.then_some(i as u64));
            let due = (1_000_000..10_000_000).contains(&sample.due.0);
            if sample.outcome.is_answer() && due {
                responses += sample.response().0;
                due_answers += 1;
            }
            cut += u64::from(due && matches!(sample.outcome, Outcome::Timeout | Outcome::Aborted));
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
        // Service by issue, wait and response by due time; what was cut off has a bound, and its
        // wait is known.
        for (measure, expected) in [
            (Measure::Service, answers),
            (Measure::Cluster, answers),
            (Measure::Wait, due_answers + cut),
            (Measure::Response, due_answers),
        ] {
            let of: u64 = r.histograms().filter(|(_, m, _)| *m == measure).map(|(_, _, h)| h.len()).sum();
            prop_assert_eq!(of, expected, "{:?}", measure);
        }
        let bounds: u64 = r.censored().filter(|(_, m, _)| *m == Measure::Response).map(|(_, _, h)| h.len()).sum();
        prop_assert_eq!(bounds, cut);
        let mut parts = PartSums::default();
        r.parts().for_each(|(_, p)| parts.merge(&p));
        prop_assert_eq!(parts.answers, due_answers);
        let sum = parts.wait_us + parts.redirect_us + parts.browser_us + parts.service_us + parts.page_us;
        prop_assert_eq!(sum, responses);
        prop_assert_eq!(r.gauges().0.value(), 0);
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
            let histograms: Vec<_> = r.histograms().map(|(k, m, h)| (k, m, histogram(h))).collect();
            (histograms, r.tally(Window::Measured, 0, 0), r.tally(Window::Measured, 0, 1), moments)
        };
        let first = sum(&requests);
        crate::random::Stream::new(seed, "order", 0).shuffle(&mut requests);
        prop_assert_eq!(first, sum(&requests));
    }
}

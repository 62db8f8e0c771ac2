//! How runs end, and what is said of requests that were never answered.

use super::*;
use fwit_report::run::view::HealthVerdict;

/// So many entities that only read, of 24 measured seconds.
fn reads(entities: u32) -> Plan {
    let mut plan = plan();
    plan.mix.iter_mut().for_each(|(op, weight)| *weight = u32::from(op == "get"));
    plan.load.entities = entities;
    plan.load.warmup = Micros::from_secs(2.0);
    plan.load.duration = Micros::from_secs(24.0);
    plan
}

#[test]
fn a_planned_end_lets_requests_finish_and_stop_cuts_them_off() {
    let cluster = Pretend::new(900.0);
    let (file, view) = carry_out(reads(12), &cluster, None);
    assert_eq!((file.ended, view.total.count(Outcome::Aborted)), (Ended::Completed, 0));
    assert!(file.censored.iter().all(|c| c.measure != Measure::Service), "{:?}", file.censored);
    // Answers in the window over its length, whenever they were issued.
    let rate = view.total.completed as f64 / 24.0;
    assert!((view.total.rate_per_s - rate).abs() < 1e-6);
    assert!(view.total.answers().abs_diff(view.total.completed) <= 12);
    let cluster = Pretend::new(900.0);
    let (file, view) = carry_out(reads(12), &cluster, Some(Micros::from_secs(20.0)));
    assert_eq!(file.ended, Ended::Stopped);
    let cut = view.total.count(Outcome::Aborted);
    assert!(cut > 0 && view.total.service.censored.unwrap().count == cut, "{:?}", view.total);
}

/// A hang for the last 8 of 24 s, 20 entities with slots.
#[test]
fn a_hang_at_the_end_is_the_first_sentence_and_in_the_percentiles() {
    let cluster = Pretend::new(20.0);
    cluster.state.stalled.set((Micros::from_secs(18.0), Micros::from_secs(100.0)));
    let mut plan = reads(20);
    // Every node has its slots: more than the entities.
    plan.disable_leader_stickiness = true;
    let (_, view) = carry_out(plan, &cluster, None);
    assert_eq!(view.headlines, ["No answer came in the last 8 s of the measured time."]);
    let (service, response) = (view.total.service, view.total.response);
    for summary in [service, response] {
        assert!(summary.is_max_beyond() && summary.is_beyond(4), "{summary:?}");
        assert!(summary.max_us >= 10_000_000 && summary.at_us[4] >= 10_000_000, "{summary:?}");
        assert!(!summary.is_beyond(0) && summary.censored.unwrap().answers_at_us[4] < 200_000);
    }
    assert_eq!(view.health.signs, Vec::<String>::new(), "the instrument is healthy");
    assert!((view.concurrency.littles_law_ratio.unwrap() - 1.0).abs() < 0.01);
}

#[test]
fn two_in_a_hundred_without_an_answer_are_the_p99() {
    let cluster = Pretend::new(5.0);
    cluster.state.silent_every.set(40);
    let (_, view) = carry_out(reads(12), &cluster, None);
    let service = view.total.service;
    assert!(view.total.error_share() > 0.02, "{}", view.total.error_share());
    assert!(service.is_beyond(3) && service.at_us[3] >= 10_000_000, "{service:?}");
    assert!(service.censored.unwrap().answers_at_us[3] < 6_000);
}

#[test]
fn a_tab_that_is_suspended_breaks_littles_law() {
    let cluster = Pretend::new(20.0);
    cluster.state.away.set((Micros::from_secs(10.0), Micros::from_secs(16.0)));
    let stop = Stop::default();
    let mut plan = reads(12);
    plan.load.model = Model::Closed { think: Micros::ZERO, jitter: Micros::ZERO };
    let run = LiveRun::new(plan, cluster.clone(), cluster.clock.clone(), "r1".into(), None, stop);
    let ended = cluster.clock.run(run.carry_out(|_| ())).unwrap().unwrap();
    let view = fwit_report::run::summary::view(&RunReport::of(&run).file(ended, &About::default()))
        .unwrap();
    let ratio = view.concurrency.littles_law_ratio.unwrap();
    assert!((ratio - 18.0 / 24.0).abs() < 0.03, "{ratio}");
    assert!(view.health.signs.iter().any(|s| s.contains("Little's law does not hold")));
}

/// A run of nothing but 500, 429, resets, empty 200s.
#[test]
fn a_run_in_which_everything_fails_begins_with_that_sentence() {
    for (always, said) in [
        ((500, 10), "“HTTP 500” at n1"),
        ((429, 10), "“HTTP 429” at n1"),
        ((0, 0), "“Failed to fetch” at n1"),
        ((200, 0), "“HTTP 200” at n1"),
    ] {
        let cluster = Pretend::new(5.0);
        cluster.state.always.set(Some(always));
        let mut plan = reads(1);
        plan.cluster.nodes.truncate(1);
        let (_, view) = carry_out(plan, &cluster, None);
        assert_eq!(view.total.answers(), 0);
        let first = view.headlines.first().unwrap();
        assert!(first.starts_with("Every request failed: ") && first.contains(said), "{first}");
    }
}

#[test]
fn a_run_without_a_measured_request_has_no_verdict() {
    let cluster = Pretend::new(5.0);
    let (_, view) = carry_out(reads(12), &cluster, Some(Micros::from_secs(1.0)));
    assert_eq!(view.health.verdict, HealthVerdict::NotJudged);
    assert_eq!(view.headlines, ["No request was measured."]);
}

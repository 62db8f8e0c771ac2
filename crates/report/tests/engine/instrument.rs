//! What the instrument says of itself: healthy runs are called so, disturbances are named with
//! their times.

use std::cell::Cell;

use fwit_engine::instrument::Disturbance;
use fwit_engine::live_run::{LiveRun, Stop};
use fwit_report::run::build::{About, RunReport};
use fwit_report::run::view::{Calibration, HealthVerdict};

use super::*;
use crate::load::on_rough;

fn few() -> Plan {
    let mut plan = plan();
    plan.load.entities = 5;
    plan
}

#[test]
fn a_healthy_run_is_called_so_and_slots_that_set_the_pace_are_named() {
    let (_, view) = carry_out(few(), &Pretend::new(20.0), None);
    assert_eq!(
        (view.health.verdict, view.health.signs.len()),
        (HealthVerdict::Healthy, 0),
        "{:?}",
        view.health
    );
    assert!(view.health.annotations.is_empty() && view.health.hints.is_empty());
    let (_, view) = carry_out(plan(), &Pretend::new(20.0), None);
    assert_eq!(view.health.verdict, HealthVerdict::ClientLimited);
    assert_eq!((view.health.limits.len(), view.health.signs.len()), (1, 0), "{:?}", view.health);
}

#[test]
fn late_timers_are_a_sign_and_one_late_beat_is_not() {
    // Timers of 40 ms: the heartbeat's p99 is late, again and again.
    let (_, view) = on_rough(few(), &Pretend::new(20.0), 40_000, (0, 0));
    assert!(
        view.health.signs.iter().any(|s| s.contains("timers were late")),
        "{:?}",
        view.health.signs
    );
    let (_, view) = on_rough(few(), &Pretend::new(20.0), 1_000, (9_000_000, 9_150_000));
    assert_eq!(view.health.signs, Vec::<String>::new());
    let late = &view.health.annotations;
    assert!(
        late.len() == 1 && late[0].kind == Disturbance::Late && (late[0].at_s - 9.0).abs() < 0.1,
        "{late:?}"
    );
}

#[test]
fn what_the_page_tells_stands_in_the_run_and_a_hidden_tab_is_no_sign() {
    let cluster = Pretend::new(20.0);
    let clock = cluster.clock.clone();
    let run = LiveRun::new(few(), cluster, clock.clone(), "r1".into(), None, Stop::default());
    run.calibration.replace(Some(Calibration {
        requests_per_s: 900.0,
        overhead_p50_us: 900,
        ..Calibration::default()
    }));
    let ticks = Cell::new(0);
    let ended = clock
        .run(run.carry_out(|run| {
            ticks.set(ticks.get() + 1);
            let mut instrument = run.shared.instrument.borrow_mut();
            let s = clock.now().0 / 1_000_000;
            instrument.mark(Disturbance::Hidden, (5..12).contains(&s), clock.now());
            instrument
                .wall_clock(clock.now().0 as i64 + if s < 15 { 0 } else { 5_000_000 }, clock.now());
        }))
        .unwrap()
        .unwrap();
    let health = RunReport::of(&run).file(ended, &About::default()).health;
    let hidden = health.annotations.iter().find(|a| a.kind == Disturbance::Hidden).unwrap();
    assert!((hidden.at_s - 5.0).abs() < 0.3 && (hidden.until_s - 12.0).abs() < 0.3, "{hidden:?}");
    // The clock step is the one sign.
    assert_eq!(
        (health.verdict, health.signs.len()),
        (HealthVerdict::Doubtful, 1),
        "{:?}",
        health.signs
    );
    assert!(health.signs[0].contains("clock"));
}

#[test]
fn a_browser_at_its_ceiling_is_a_sign() {
    let of = |requests_per_s: f64, overhead_p50_us: u64| {
        let cluster = Pretend::new(20.0);
        let run = LiveRun::new(
            few(),
            cluster.clone(),
            cluster.clock.clone(),
            "r1".into(),
            None,
            Stop::default(),
        );
        run.calibration.replace(Some(Calibration {
            requests_per_s,
            overhead_p50_us,
            ..Calibration::default()
        }));
        let ended = cluster.clock.run(run.carry_out(|_| {})).unwrap().unwrap();
        RunReport::of(&run).file(ended, &About::default()).health.signs
    };
    // Five entities at 20 ms and 15 ms of thinking: some 143 a second.
    assert_eq!(of(400.0, 500), Vec::<String>::new());
    assert!(of(200.0, 500)[0].contains("more than half"));
    assert!(of(400.0, 2_500)[0].contains("a good part"));
}

#[test]
fn a_warm_up_that_was_too_short_is_told() {
    let mut long = few();
    (long.load.warmup, long.load.duration) = (Micros::ZERO, Micros(60_000_000));
    let cluster = Pretend::new(5.0);
    // Slow for the first ten seconds: everything waits for the end of the stall.
    cluster.state.stalled.set((Micros(500_000), Micros(10_000_000)));
    let (_, view) = carry_out(long, &cluster, None);
    let hint = &view.health.hints[0];
    let first =
        hint.strip_prefix("The first ").and_then(|h| h.split(' ').next()?.parse::<u32>().ok());
    assert!(first.is_some_and(|s| (10..=25).contains(&s)), "{hint}");
}

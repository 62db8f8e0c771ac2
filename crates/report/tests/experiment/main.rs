//! Whole experiments against a pretend cluster on a virtual clock: minutes in milliseconds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(dead_code, reason = "the pretend cluster is shared with the engine's tests")]

#[path = "../engine/cluster.rs"]
mod cluster;
mod ends;
mod proof;

use std::cell::{Cell, RefCell};

use cluster::Pretend;
use fwit_engine::instrument::{Disturbance, Instrument};
use fwit_engine::live_run::Stop;
use fwit_model::plan::preset;
use fwit_quantities::units::Micros;
use fwit_report::experiment::view::{Progress, VerdictName};
use fwit_report::experiment::wire::ExperimentFile;
use fwit_report::experiment::{
    About, Carried, Event, Experiment, ExperimentEnvironment, analyze, carry_out, extend, finish,
    open, sticky_or_not,
};
use fwit_report::run::view::{Ended, Phase};

fn file() -> ExperimentFile {
    let mut plan = preset("quick").unwrap();
    plan.load.entities = 12;
    plan.subscribers = 0;
    let mut file = sticky_or_not(&plan);
    (file.design.pairs, file.design.period_s, file.design.settle_s) = (8, 4.0, 1.0);
    file.design.extendable = false;
    file
}

fn run(file: &ExperimentFile, cluster: &Pretend, on: &dyn Fn(&Stop, Event<'_>)) -> Carried {
    watched(file, cluster, &|_, _| {}, on)
}

/// As `run`, with what the browser tells the instrument, and the periods that the file has.
fn watched(
    file: &ExperimentFile,
    cluster: &Pretend,
    watch: &dyn Fn(&mut Instrument, Micros),
    on: &dyn Fn(&Stop, Event<'_>),
) -> Carried {
    let experiment = Experiment::from_file(file).unwrap();
    let stop = Stop::default();
    let world = ExperimentEnvironment {
        transport: &|_| cluster.clone(),
        clock: cluster.clock.clone(),
        api_key: None,
        stop: stop.clone(),
        id: "x1".into(),
        calibration: None,
        watch,
        before: file.periods.clone(),
        since_start: Micros::ZERO,
    };
    cluster.clock.run(carry_out(&experiment, world, &|event| on(&stop, event))).unwrap().unwrap()
}

fn with(mut file: ExperimentFile, carried: &Carried) -> ExperimentFile {
    file.periods.clone_from(&carried.periods);
    (file.ended, file.trouble) = (Some(carried.ended), carried.trouble.clone());
    file.id = "x1".into();
    file
}

#[test]
fn an_experiment_runs_its_pairs_in_order_and_the_difference_is_found() {
    let cluster = Pretend::new(1.0);
    let seen = RefCell::new(Vec::<Progress>::new());
    let phases = RefCell::new(Vec::new());
    let carried = run(&file(), &cluster, &|_, event| match event {
        Event::Period(progress) => seen.borrow_mut().push(progress),
        Event::Snapshot(live) => {
            let live = live();
            if phases.borrow().last() != Some(&live.phase) {
                phases.borrow_mut().push(live.phase);
            }
        }
        Event::Kept(_) => {}
    });
    assert_eq!(
        (carried.ended, carried.periods.len(), carried.trouble.as_deref()),
        (Ended::Completed, 16, None)
    );
    let order = Experiment::from_file(&file()).unwrap().order;
    for (pair, arms) in carried.periods.chunks(2).enumerate() {
        assert_eq!(arms.iter().map(|p| p.arm as usize).collect::<Vec<_>>(), order[pair]);
        assert!(
            arms.iter().all(|p| p.pair as usize == pair && p.attempt == 1 && p.invalid.is_none())
        );
        // Common random numbers: both arms have the pair's seed.
        assert_eq!(arms[0].run.plan.seed, arms[1].run.plan.seed);
        assert_ne!(
            arms[0].run.plan.disable_leader_stickiness,
            arms[1].run.plan.disable_leader_stickiness
        );
        assert_eq!(arms[0].leader, [Some("n1".to_string()), Some("n1".to_string())]);
        assert!((arms[0].run.window.measured_s - 3.0).abs() < 1e-6);
    }
    assert_eq!(seen.borrow().len(), 16);
    let last = seen.borrow()[15].clone();
    assert_eq!((last.done, last.planned, last.pairs, last.good), (15, 16, 8, 7));
    assert_eq!(phases.borrow().iter().filter(|p| **p == Phase::Measuring).count(), 16);

    // Redirects cost a millisecond each: writes that are not sticky take 2 ms instead of 1.
    let view = analyze(&with(file(), &carried)).unwrap();
    let primaries = &view.comparisons[0].primaries;
    let write = primaries.iter().find(|m| m.name == "write p99").unwrap();
    assert_eq!((write.verdict, write.pairs, write.improves), (VerdictName::Different, 8, true));
    let headline = &view.comparisons[0].headline;
    assert!(
        headline.starts_with("Sticky is better: ") && headline.contains("write p99 half as long"),
        "{headline}"
    );
    let read = primaries.iter().find(|m| m.name == "read p50").unwrap();
    assert_eq!(read.verdict, VerdictName::NoRelevantDifference);

    // What is stored opens again to the same, byte for byte the second time.
    let experiment = Experiment::from_file(&file()).unwrap();
    let about =
        About { id: "x1".into(), started_at: "2026-01-01T00:00:00Z".into(), ..About::default() };
    let (written, view) = finish(&experiment, carried, about).unwrap();
    let json = serde_json::to_vec(&written).unwrap();
    let (again, seen) = open(&json).unwrap();
    assert!(again == written && serde_json::to_vec(&again).unwrap() == json);
    assert!(seen.comparisons == view.comparisons && again.comparisons == view.comparisons);
    assert_eq!((view.periods.len(), view.pairs_used), (16, 8));
}

#[test]
fn a_leader_change_stays_in_and_is_told() {
    let cluster = Pretend::new(5.0);
    // Another node leads from the middle of the fifth period on.
    let periods = Cell::new(0);
    let carried = run(&file(), &cluster, &|_, event| match event {
        Event::Period(_) => periods.set(periods.get() + 1),
        Event::Snapshot(live) if periods.get() == 5 && live().phase == Phase::Measuring => {
            cluster.state.leader.set(2);
        }
        Event::Snapshot(_) | Event::Kept(_) => {}
    });
    assert_eq!(carried.periods.len(), 16);
    assert!(carried.periods.iter().all(|p| p.invalid.is_none()));
    let view = analyze(&with(file(), &carried)).unwrap();
    assert_eq!(view.pairs_used, 8);
    let told = view.notes.iter().any(|n| n.contains("the leader changed in 1 period"));
    assert!(told, "{:?}", view.notes);
}

/// The page is frozen and its CPU under pressure, from one moment of a period to another.
fn disturbed(instrument: &mut Instrument, now: Micros) {
    for trouble in [Disturbance::Frozen, Disturbance::Pressure] {
        instrument.mark(trouble, true, now);
    }
}

#[test]
fn a_pair_that_the_instrument_spoiled_is_repeated_at_the_end_and_kept() {
    let cluster = Pretend::new(5.0);
    let periods = Cell::new(0);
    let watch = |instrument: &mut Instrument, now: Micros| {
        if periods.get() == 5 {
            disturbed(instrument, now);
        }
    };
    let carried = watched(&file(), &cluster, &watch, &|_, event| {
        if let Event::Period(_) = event {
            periods.set(periods.get() + 1);
        }
    });
    let invalid: Vec<_> = carried.periods.iter().filter(|p| p.invalid.is_some()).collect();
    assert_eq!(invalid.len(), 1);
    let lost = invalid[0].pair;
    let repeat: Vec<_> =
        carried.periods.iter().filter(|p| p.pair == lost && p.attempt == 2).collect();
    assert_eq!(repeat.len(), 2);
    assert_eq!(carried.periods.last().unwrap().pair, lost);
    let view = analyze(&with(file(), &carried)).unwrap();
    let out: Vec<_> = view.periods.iter().filter_map(|p| p.excluded.as_deref()).collect();
    assert!(out[0].contains("stood still"), "{out:?}");
    let headline = &view.comparisons[0].headline;
    assert!(headline.contains("Left out for the browser’s own reasons: "), "{headline}");
    // All periods stand beside those that count.
    assert!(view.comparisons[0].primaries.iter().all(|m| m.all_periods.is_some()));
}

/// An extension goes on from what there is, with its own orders and later times.
#[test]
fn pairs_can_be_added_and_an_experiment_that_was_cut_off_goes_on() {
    let cluster = Pretend::new(1.0);
    let mut file = file();
    file.design.extendable = true;
    let file = Experiment::from_file(&file).unwrap().file;
    let whole = run(&file, &cluster, &|_, _| {});
    let first = with(file, &whole);
    let mut longer = extend(&first, 3).unwrap();
    longer.design.order = Experiment::from_file(&longer).unwrap().file.design.order;
    let claims = RefCell::new(Vec::new());
    let carried = run(&longer, &cluster, &|_, event| {
        if let Event::Period(progress) = event {
            claims.replace(progress.claims);
        }
    });
    assert_eq!((carried.periods.len(), carried.ended), (22, Ended::Completed));
    assert_eq!(carried.periods[..16], whole.periods[..]);
    assert!(carried.periods.windows(2).all(|w| w[0].started_s < w[1].started_s));
    assert!(carried.periods[16..].iter().all(|p| p.pair >= 8 && p.attempt == 1));
    let view = analyze(&with(longer, &carried)).unwrap();
    assert_eq!(view.pairs_used, 11);
    let m = &view.comparisons[0].primaries[4];
    assert!(!m.p_valid && m.e.unwrap() > 100.0 && m.verdict.is_difference(), "{m:?}");
    assert!(view.notes.iter().any(|n| n.starts_with("Pairs were added after a look at 8")));
    // That was safe to say while it was under way.
    assert!(claims.borrow().iter().any(|c| c.metric == m.name && c.verdict.is_difference()));

    // Cut off in the middle of its fourth pair: that pair is carried out again, the others are not.
    let mut cut = first;
    cut.periods.truncate(7);
    let rest = run(&cut, &cluster, &|_, _| {});
    assert_eq!(rest.periods.len(), 7 + 2 * 5);
    assert_eq!((rest.periods[7].pair, rest.periods[7].attempt), (3, 2));
}

#[test]
fn it_can_stop_when_a_metric_is_decided() {
    let cluster = Pretend::new(1.0);
    let mut file = file();
    (file.design.pairs, file.design.extendable) = (40, true);
    file.design.stop_when_decided = Some("write p99".into());
    let carried = run(&file, &cluster, &|_, _| {});
    let pairs = carried.periods.len() / 2;
    assert!((8..20).contains(&pairs) && carried.ended == Ended::Completed, "{pairs}");
    let view = analyze(&with(file, &carried)).unwrap();
    let write = &view.comparisons[0].primaries[4];
    assert!(write.verdict.is_difference() && !write.p_valid, "{write:?}");
}

#[test]
fn stop_keeps_the_pairs_that_are_finished() {
    let cluster = Pretend::new(5.0);
    let periods = Cell::new(0);
    let carried = run(&file(), &cluster, &|stop, event| match event {
        Event::Period(_) => periods.set(periods.get() + 1),
        Event::Snapshot(_) if periods.get() == 6 => stop.stop(),
        Event::Snapshot(_) | Event::Kept(_) => {}
    });
    assert_eq!((carried.ended, carried.periods.len()), (Ended::Stopped, 5));
    let view = analyze(&with(file(), &carried)).unwrap();
    assert_eq!(view.pairs_used, 2);
    assert!(view.comparisons[0].headline.contains("Too few pairs for an answer: 2 count"));
    assert_eq!(view.periods[4].excluded.as_deref(), Some("its pair was not finished"));
}

#[test]
fn it_ends_early_when_too_few_pairs_can_count() {
    let cluster = Pretend::new(5.0);
    // The page is frozen again and again.
    let carried = watched(&file(), &cluster, &disturbed, &|_, _| {});
    assert_eq!(carried.ended, Ended::Stopped);
    assert!(carried.trouble.as_deref().unwrap().contains("fewer than 6"));
    assert!(carried.periods.len() < 16);
    let view = analyze(&with(file(), &carried)).unwrap();
    assert_eq!((view.pairs_used, view.arms[0].run.is_none()), (0, true));
    assert!(view.comparisons[0].headline.contains("No pair counts"));
}

#[test]
fn a_cluster_that_does_not_answer_is_told_at_once() {
    let experiment = Experiment::from_file(&file()).unwrap();
    let dead = Pretend::new(5.0);
    dead.state.dies_at.set(Some(Micros::ZERO));
    let mut one = file();
    one.base.cluster.nodes.truncate(1);
    let one = Experiment::from_file(&one).unwrap();
    assert_eq!(experiment.pairs(), one.pairs());
    let world = ExperimentEnvironment {
        transport: &|_| dead.clone(),
        clock: dead.clock.clone(),
        api_key: None,
        stop: Stop::default(),
        id: "x1".into(),
        calibration: None,
        watch: &|_, _| {},
        before: Vec::new(),
        since_start: Micros::ZERO,
    };
    let error = dead.clock.run(carry_out(&one, world, &|_| {})).unwrap().unwrap_err();
    assert!(error.to_string().contains("None of the plan's nodes answers"));
}

//! A small version of `examples/experiment_power.rs`, and how large an experiment's file is.

#[path = "../common/power.rs"]
mod power;

use fwit_engine::live_run::Stop;
use fwit_engine::sim::arms::transports;
use fwit_engine::sim::clock::VirtualClock;
use fwit_model::plan::wire;
use fwit_quantities::units::Micros;
use fwit_report::experiment::{Experiment, ExperimentEnvironment, carry_out, sticky_or_not};
use power::{Case, Said, one};

fn many(case: Case, seeds: std::ops::Range<u64>) -> Vec<Said> {
    seeds.map(|seed| one(case, seed)).collect()
}

fn claims(said: &[Said]) -> usize {
    said.iter().filter(|s| s.any()).count()
}

const CASE: Case =
    Case { factor: 1.0, drifting: false, sequential: false, pairs: 10, coins: false };

#[test]
fn without_a_difference_almost_none_is_claimed_drift_or_not() {
    let steady = claims(&many(CASE, 1..5));
    let drifting = claims(&many(Case { drifting: true, ..CASE }, 1..5));
    assert!(steady + drifting <= 2, "{steady} steady and {drifting} drifting of 8");
}

#[test]
fn five_percent_are_found_and_the_interval_holds_them() {
    let said = many(Case { factor: 1.05, drifting: true, ..CASE }, 1..7);
    assert!(claims(&said) >= 5, "{} of 6 found", claims(&said));
    let held = said.iter().flat_map(|s| &s.metrics).filter(|m| m.2).count();
    assert!(held >= 25, "the truth lay in {held} of 30 intervals");
}

/// All of one arm, then all of the other: a drift and a difference look the same, and no claim is
/// made of either.
#[test]
fn one_arm_after_the_other_claims_nothing() {
    let said = many(Case { sequential: true, drifting: true, factor: 1.05, ..CASE }, 1..4);
    assert_eq!(claims(&said), 0);
}

#[test]
fn the_same_experiment_comes_out_the_same_and_its_file_stays_small() {
    let plan =
        wire::read(r#"{"cluster":{"dialect":"sim","nodes":[],"sim":{"preset":"three regions"}}}"#)
            .unwrap();
    let mut file = sticky_or_not(&plan);
    (file.design.pairs, file.design.period_s) = (6, 10.0);
    let carried = || {
        let experiment = Experiment::from_file(&file).unwrap();
        let clock = VirtualClock::default();
        let sims: Vec<_> =
            experiment.arms.iter().filter_map(|a| a.plan.cluster.sim.as_ref()).collect();
        let ways = transports(&sims, 1, &clock);
        let world = ExperimentEnvironment {
            transport: &|arm| ways[arm].clone(),
            clock: clock.clone(),
            api_key: None,
            stop: Stop::default(),
            id: "x".into(),
            calibration: None,
            watch: &|_, _| {},
            before: Vec::new(),
            since_start: Micros::ZERO,
        };
        clock.run(carry_out(&experiment, world, &|_| {})).unwrap().unwrap()
    };
    let (first, again) = (carried(), carried());
    assert!(first == again);
    let bytes = serde_json::to_vec(&first.periods).unwrap().len();
    println!("{} periods of 50 entities: {bytes} bytes", first.periods.len());
    assert!(bytes < 200_000 * first.periods.len(), "{bytes} bytes");
}

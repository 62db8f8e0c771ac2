//! Short periods, slow clusters: what happens at a period's edges belongs to no arm.

use super::*;
use fwit_model::plan::{Arrivals, Model};
use fwit_report::experiment::wire::ArmFile;

/// An experiment of two arms, on clusters that take so many milliseconds.
fn arms(plan: &fwit_model::plan::Plan, ms: [f64; 2], seed: u64, warmup_s: f64) -> ExperimentFile {
    let mut file = sticky_or_not(plan);
    let arm = |name: &str| ArmFile { name: name.into(), changes: [].into() };
    file.arms = vec![arm("A"), arm("B")];
    (file.design.pairs, file.design.period_s, file.design.settle_s) = (8, 4.0, warmup_s);
    file.design.extendable = false;
    file.seed = seed;
    let experiment = Experiment::from_file(&file).unwrap();
    let clock = Pretend::new(1.0).clock;
    let clusters = ms.map(|ms| {
        let cluster = Pretend { clock: clock.clone(), ..Pretend::new(ms) };
        cluster.state.unbounded.set(true);
        cluster.state.distance.set(Micros::from_millis(ms));
        cluster
    });
    let world = ExperimentEnvironment {
        transport: &|arm: usize| clusters[arm].clone(),
        clock: clock.clone(),
        api_key: None,
        stop: Stop::default(),
        id: "x1".into(),
        calibration: None,
        watch: &|_, _| {},
        before: Vec::new(),
        since_start: Micros::ZERO,
    };
    let carried = clock.run(carry_out(&experiment, world, &|_| ())).unwrap().unwrap();
    with(file, &carried)
}

fn reads() -> fwit_model::plan::Plan {
    let mut plan = preset("quick").unwrap();
    plan.mix.iter_mut().for_each(|(op, weight)| *weight = u32::from(op == "get"));
    plan.subscribers = 0;
    plan.disable_leader_stickiness = true;
    plan
}

#[test]
fn a_period_of_few_cycles_has_its_true_rate() {
    let mut plan = reads();
    plan.load.entities = 10;
    plan.load.model = Model::Closed { think: Micros::ZERO, jitter: Micros::ZERO };
    let mut held = 0;
    for seed in 0..10 {
        let view = analyze(&arms(&plan, [500.0, 1_500.0], seed, 2.0)).unwrap();
        let all = &view.comparisons[0].primaries;
        let rate = all.iter().find(|m| m.name.contains("throughput")).unwrap();
        let [low, high] = rate.ci95.unwrap();
        held += usize::from(low <= 1.0 / 3.0 && 1.0 / 3.0 <= high);
        let p50 =
            view.comparisons[0].exploratory.iter().chain(all).find(|m| m.name.contains("p50"));
        let ratio = p50.unwrap().ratio;
        assert!((ratio - 3.0).abs() < 0.02, "{ratio}");
    }
    assert!(held >= 8, "{held} of 10");
}

#[test]
fn open_loads_of_one_rate_have_one_throughput() {
    let mut plan = reads();
    plan.load.model = Model::Open { rate_per_s: 100.0, arrivals: Arrivals::Poisson };
    let mut different = 0;
    for seed in 0..100 {
        let view = analyze(&arms(&plan, [50.0, 800.0], seed, 1.0)).unwrap();
        let all = &view.comparisons[0].primaries;
        let rate = all.iter().find(|m| m.name.contains("throughput")).unwrap();
        let small = rate.verdict == VerdictName::SmallerThanMargin;
        different += usize::from(rate.verdict.is_difference() && !small);
    }
    assert!(different <= 1, "{different} of 100");
}

//! Simulated experiments with a known truth: how often a difference is claimed, and whether the
//! interval holds it.
//!
//! Two nodes side by side, closed load without think time. Where there is a difference, all times
//! of the second arm's cluster (service, ways, disk) are longer by the same factor, so that every
//! primary metric's true ratio is known. Both arms' clusters share the hour: the same drift, second
//! by second.

use fwit_engine::environment::Clock;
use fwit_engine::live_run::{LiveRun, Stop};
use fwit_engine::sim::clock::VirtualClock;
use fwit_engine::sim::transport::SimTransport;
use fwit_model::plan::{Delay, Drift, Service, Shape, SimCluster, SimNode, wire};
use fwit_quantities::units::Micros;
use fwit_report::experiment::wire::{ArmFile, ExperimentFile};
use fwit_report::experiment::{
    Experiment, ExperimentEnvironment, PeriodEnvironment, Which, carry_out, carry_out_period,
    compare, sticky_or_not,
};

/// Which simulated experiment.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// How many times slower the second arm is.
    pub factor: f64,
    /// Whether the cluster gets slower by the minute and wavers.
    pub drifting: bool,
    /// All of the first arm, then all of the second, instead of interleaved pairs.
    pub sequential: bool,
    /// Number of pairs.
    pub pairs: u32,
    /// Orders by coins, not balanced.
    pub coins: bool,
}

/// What one experiment said of the five primary metrics.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Name; whether a difference is claimed, as its readers see it; whether the interval holds the
    /// truth.
    pub metrics: Vec<(String, bool, bool)>,
}

impl Said {
    /// Whether any primary metric's difference is claimed.
    pub fn any(&self) -> bool {
        self.metrics.iter().any(|m| m.1)
    }
}

/// A small cluster whose times are all `factor` times those of another.
fn cluster(factor: f64, drifting: bool) -> SimCluster {
    let law = |mean_ms: f64, sigma| Service {
        shape: Shape::Lognormal,
        sigma,
        ..Service::exponential(mean_ms * factor)
    };
    let delay = |mean_ms: f64, jitter_ms: f64| Delay {
        mean_ms: mean_ms * factor,
        jitter_ms: jitter_ms * factor,
    };
    let node = SimNode {
        name: String::new(),
        distance: delay(0.5, 0.2),
        read: law(1.0, 0.5),
        write: law(3.0, 0.5),
        redirect: law(0.2, 0.3),
    };
    SimCluster {
        nodes: vec![node.clone(), node],
        between: delay(0.5, 0.1),
        fsync: law(1.0, 0.4),
        // A period lasts four seconds: in real time of thirty, 2 % a minute and a random walk of 1
        // % a period.
        drift: if drifting {
            Drift { per_minute: 1.12, sigma: 0.006, persistence: 0.995 }
        } else {
            Drift::default()
        },
        ..SimCluster::default()
    }
}

fn experiment(case: Case, seed: u64) -> Experiment {
    let plan = wire::read(
        r#"{"cluster":{"dialect":"sim","nodes":[],"sim":{"preset":"no difference"}},"mix":{"get":2,"set":1},"disable_leader_stickiness":true,
            "load":{"model":"closed","entities":16,"think_ms":0,"think_jitter_ms":0,"duration_s":10,"timeout_ms":10000}}"#,
    )
    .unwrap();
    let mut file = sticky_or_not(&plan);
    file.seed = seed;
    let sim = |factor| serde_json::to_value(cluster(factor, case.drifting)).unwrap();
    let arm = |name: &str, factor| ArmFile {
        name: name.into(),
        changes: [
            ("cluster.sim".to_string(), sim(factor)),
            ("cluster.nodes".to_string(), serde_json::json!([])),
        ]
        .into(),
    };
    file.arms = vec![arm("A", 1.0), arm("B", case.factor)];
    (file.design.pairs, file.design.period_s, file.design.settle_s) = (case.pairs, 4.0, 1.0);
    file.design.extendable = case.coins;
    Experiment::from_file(&file).unwrap()
}

/// Carries one out and says what it claims.
pub fn one(case: Case, seed: u64) -> Said {
    let experiment = experiment(case, seed);
    let clock = VirtualClock::default();
    let sims: Vec<SimTransport> = experiment
        .arms
        .iter()
        .map(|arm| SimTransport::new(arm.plan.cluster.sim.as_ref().unwrap(), seed, clock.clone()))
        .collect();
    // Without a difference both arms meet one cluster; with one, clusters that differ in nothing
    // but their times.
    let of = |arm: usize| if case.factor == 1.0 { sims[0].clone() } else { sims[arm].clone() };
    let stop = Stop::default();
    let mut file: ExperimentFile = experiment.file.clone();
    let mut plan = experiment.period_plan(1, 0).unwrap();
    plan.seed = seed + 1;
    let other = LiveRun::new(plan, sims[1].clone(), clock.clone(), "w".into(), None, stop.clone());
    let all = async {
        // The second cluster has worked before: it draws other service times than the first would.
        other.carry_out(|_| ()).await.unwrap();
        if case.sequential {
            for (arm, pair) in
                (0..2).flat_map(|arm| (0..case.pairs as usize).map(move |pair| (arm, pair)))
            {
                let environment = PeriodEnvironment {
                    transport: of(arm),
                    clock: &clock,
                    api_key: None,
                    stop: &stop,
                    id: "s",
                    since_start: clock.now().since(Micros::ZERO),
                    calibration: None,
                    watch: &|_, _| {},
                };
                let which = Which { pair, attempt: 1, arm };
                let period =
                    carry_out_period(&experiment, which, environment, &|_| ()).await.unwrap();
                file.periods.extend(period);
            }
        } else {
            let world = ExperimentEnvironment {
                transport: &of,
                clock: clock.clone(),
                api_key: None,
                stop: stop.clone(),
                id: "s".into(),
                calibration: None,
                watch: &|_, _| {},
                before: Vec::new(),
                since_start: Micros::ZERO,
            };
            file.periods = carry_out(&experiment, world, &|_| ()).await.unwrap().periods;
        }
    };
    clock.run(all).unwrap();
    assert!(clock.now().as_secs() > 0.0 && file.periods.iter().all(|p| p.invalid.is_none()));
    let compared = compare(&file).unwrap();
    let truth = |name: &str| if name == "throughput" { 1.0 / case.factor } else { case.factor };
    let metrics = compared.comparisons[0].primaries.iter().map(|m| {
        let holds = m.ci95.is_none_or(|[low, high]| (low..=high).contains(&truth(&m.name)));
        (m.name.clone(), m.verdict.is_difference(), holds)
    });
    Said { metrics: metrics.collect() }
}

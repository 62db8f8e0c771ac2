//! An experiment that can be carried out: its arms' plans, the order of its periods, its defaults.

use serde_json::Value;
use std::collections::BTreeMap;

use super::wire::{ArmFile, DesignFile, ExperimentFile, MarginsFile};
use fwit_model::plan::Plan;
use fwit_model::plan::wire::to_file;
use fwit_quantities::units::Micros;
use fwit_stats::design::coin_order;
use fwit_stats::random::Stream;
use fwit_stats::randomization::smallest_p;
use fwit_stats::verdict::{ALPHA, Metric};

/// Fewest pairs that can be carried out: a pilot, which tells how many are needed.
pub const PILOT_PAIRS: u32 = 2;
/// Fewest pairs that give a 95 % interval.
pub const PAIRS_MIN: u32 = 6;
/// Most pairs.
pub const PAIRS_MAX: u32 = 200;
/// Most arms.
pub const ARMS_MAX: usize = 8;
/// How many pairs are repeated at most, in all, because one of their periods did not count: as many
/// as half of the planned ones, and 3 at least. Without pairs enough no difference can be claimed,
/// however large it is.
#[must_use]
pub fn repeats_max(pairs: u32) -> u32 {
    (pairs / 2).max(3)
}
/// Metrics of the primary family.
pub const PRIMARIES: usize = 5;

/// An experiment that can be carried out. Valid by construction.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Its file without results: what a result is stored with.
    pub file: ExperimentFile,
    /// The arms; the first is what the others are compared with.
    pub arms: Vec<Arm>,
    /// Arm numbers in the order of their periods, a list each pair.
    pub order: Vec<Vec<usize>>,
}

/// One arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// Its plan: settle part and rest of a period as warm-up and measured window.
    pub plan: Plan,
}

impl Experiment {
    /// Number of pairs.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.order.len()
    }

    /// Length of a period.
    #[must_use]
    pub fn period(&self) -> Micros {
        Micros::from_secs(self.file.design.period_s)
    }

    /// About how long it takes without repeats: periods, and a second between them for connections
    /// and last events.
    #[must_use]
    pub fn about(&self) -> Micros {
        let periods = (self.pairs() * self.arms.len()) as u64;
        Micros((self.period().0 + 1_000_000).saturating_mul(periods))
    }

    /// The order of a pair's periods at this try: coins are tossed anew for a repeated pair.
    #[must_use]
    pub fn order_of(&self, pair: usize, attempt: u32) -> Vec<usize> {
        if self.file.design.extendable && attempt > 1 {
            return coin_order(self.arms.len(), pair, attempt, self.file.seed);
        }
        self.order.get(pair).cloned().unwrap_or_default()
    }

    /// The seed of both arms of a pair: below 2^53, so that JavaScript keeps it.
    #[must_use]
    pub fn pair_seed(&self, pair: usize) -> u64 {
        Stream::new(self.file.seed, "experiment-pair", pair as u64).bits() >> 11
    }

    /// The plan of one period.
    #[must_use]
    pub fn period_plan(&self, arm: usize, pair: usize) -> Option<Plan> {
        let mut plan = self.arms.get(arm)?.plan.clone();
        plan.seed = self.pair_seed(pair);
        Some(plan)
    }
}

impl MarginsFile {
    /// A metric with its margin of these.
    #[must_use]
    pub fn of(&self, mut metric: Metric, p: Option<f64>) -> Metric {
        metric.margin = match p {
            None => self.throughput,
            Some(p) if p <= 0.5 => self.p50,
            Some(p) if p <= 0.95 => self.p90,
            Some(_) => self.p99,
        };
        metric
    }
}

/// From how many pairs on a difference can be claimed with so many arms: the smallest p that their
/// orders can give, times the number of comparisons, must reach 0.05.
#[must_use]
pub fn claim_pairs(arms: usize) -> u32 {
    let comparisons = arms.saturating_sub(1).max(1) as f64;
    let fails = |n: &u32| comparisons * smallest_p(*n as usize, *n as usize / 2) > ALPHA;
    (PAIRS_MIN..30).rev().find(fails).map_or(PAIRS_MIN, |n| n + 1)
}

/// From how many pairs on a difference can be claimed whatever the coins say, or nearly: with
/// balanced orders [`claim_pairs`]; with coins the orders of so many are balanced enough for a
/// claim in 95 of 100 experiments.
#[must_use]
pub fn pairs_for_claim(arms: usize, coins: bool) -> u32 {
    /// What coins have to allow.
    const ENOUGH: f64 = 0.95;
    let fewest = claim_pairs(arms);
    if !coins {
        return fewest;
    }
    let comparisons = arms.saturating_sub(1).max(1) as f64;
    let allowed = |n: u32| -> f64 {
        let n = n as usize;
        let mut ways = 1.0;
        let mut share = 0.0;
        for ab in 0..=n {
            if comparisons * smallest_p(n, ab) <= ALPHA {
                share += ways / libm::exp2(n as f64);
            }
            ways *= (n - ab) as f64 / (ab + 1) as f64;
        }
        share
    };
    (fewest..60).find(|n| allowed(*n) >= ENOUGH).unwrap_or(60)
}

/// An experiment with the default design on a plan.
#[must_use]
pub fn defaults(plan: &Plan, name: &str, arms: Vec<ArmFile>) -> ExperimentFile {
    let mut base = to_file(plan);
    base.verify = false;
    ExperimentFile {
        format: "fwit-experiment".into(),
        version: super::wire::VERSION,
        id: String::new(),
        name: name.into(),
        labels: crate::run::labels::Labels::default(),
        seed: plan.seed,
        base,
        arms,
        design: DesignFile { extendable: true, ..DesignFile::default() },
        margins: MarginsFile::default(),
        started_at: String::new(),
        finished_at: String::new(),
        ended: None,
        trouble: None,
        environment: BTreeMap::new(),
        calibration: BTreeMap::new(),
        extended: Vec::new(),
        comparisons: Vec::new(),
        periods: Vec::new(),
    }
}

/// “Sticky or not?”: one plan with leader stickiness and without.
#[must_use]
pub fn sticky_or_not(plan: &Plan) -> ExperimentFile {
    let arm = |name: &str, off: bool| ArmFile {
        name: name.into(),
        changes: BTreeMap::from_iter([("disable_leader_stickiness".to_string(), Value::Bool(off))]),
    };
    defaults(plan, "Sticky or not?", vec![arm("not sticky", true), arm("sticky", false)])
}

//! From an experiment's file form to one that can be carried out, or to the list of everything that
//! is wrong with it.

use std::collections::BTreeSet;

use super::apply::apply;
use super::metrics::PRIMARY_NAMES;
use super::model::{ARMS_MAX, Arm, Experiment, PAIRS_MAX, PILOT_PAIRS};
use super::wire::ExperimentFile;
use fwit_model::plan::wire::PlanFile;
use fwit_model::plan::{Plan, Problem, validate};
use fwit_quantities::units::Micros;
use fwit_stats::design::{PairOrder, block_orders, coin_order, pair_orders};

/// Longest name of an experiment or an arm, in characters.
const NAME_MAX: usize = 200;

impl Experiment {
    /// An experiment from its file form; periods and other results in it are left out.
    ///
    /// # Errors
    /// Every problem it has: those of the base plan under `base.`, those of an arm under `arms.N.`.
    pub fn from_file(file: &ExperimentFile) -> Result<Experiment, Vec<Problem>> {
        check(file)
    }

    /// The same experiment, whose plan trusts these origins as well.
    ///
    /// # Errors
    /// Those that are no addresses, as [`Experiment::from_file`].
    pub fn trusting(&self, origins: &[String]) -> Result<Experiment, Vec<Problem>> {
        let mut file = self.file.clone();
        for origin in origins {
            if !file.base.cluster.trusted_origins.contains(origin) {
                file.base.cluster.trusted_origins.push(origin.clone());
            }
        }
        Experiment::from_file(&file)
    }
}

fn check(file: &ExperimentFile) -> Result<Experiment, Vec<Problem>> {
    let mut found = Vec::new();
    let mut add = |field: &str, message: String| found.push(Problem::new(field, message));
    if file.name.chars().count() > NAME_MAX {
        add("name", format!("is longer than {NAME_MAX} characters"));
    }
    let design = &file.design;
    if !(PILOT_PAIRS..=PAIRS_MAX).contains(&design.pairs) {
        let message = format!(
            "{} is out of range: from {PILOT_PAIRS} (a pilot) to {PAIRS_MAX}",
            design.pairs
        );
        add("design.pairs", message);
    }
    if let Some(metric) = &design.stop_when_decided {
        if !PRIMARY_NAMES.contains(&metric.as_str()) {
            let message = format!("“{metric}” is no primary metric: {}", PRIMARY_NAMES.join(", "));
            add("design.stop_when_decided", message);
        } else if !design.extendable {
            let message = "needs orders by coins: set “extendable”";
            add("design.stop_when_decided", message.into());
        }
    }
    if !(2.0..=3_600.0).contains(&design.period_s) {
        add("design.period_s", format!("{} is out of range: from 2 to 3600", design.period_s));
    }
    if !(0.0..=design.period_s - 1.0).contains(&design.settle_s) {
        let message =
            format!("{} is out of range: from 0 to a second less than the period", design.settle_s);
        add("design.settle_s", message);
    }
    let m = &file.margins;
    for (name, value) in
        [("throughput", m.throughput), ("p50", m.p50), ("p90", m.p90), ("p99", m.p99)]
    {
        if !(0.001..=1.0).contains(&value) {
            add(
                &format!("margins.{name}"),
                format!("{value} is out of range: from 0.001 (0.1 %) to 1 (100 %)"),
            );
        }
    }
    let mut names = BTreeSet::new();
    if !(2..=ARMS_MAX).contains(&file.arms.len()) {
        add("arms", format!("there are {}: from 2 to {ARMS_MAX}", file.arms.len()));
    }
    for (i, arm) in file.arms.iter().enumerate() {
        let name = arm.name.trim();
        if name.is_empty() || name.chars().count() > NAME_MAX {
            add(
                &format!("arms.{i}.name"),
                format!("give it a name of up to {NAME_MAX} characters"),
            );
        } else if !names.insert(name) {
            add(&format!("arms.{i}.name"), format!("“{name}” is the name of another arm too"));
        }
    }
    if let Err(problems) = validate(&file.base) {
        found.extend(
            problems.into_iter().map(|p| Problem::new(format!("base.{}", p.field), p.message)),
        );
    }
    // Every arm would repeat what is wrong with the base.
    let arms = if found.iter().any(|p| p.field.starts_with("base.")) {
        None
    } else {
        arms(file, &mut found)
    };
    let order = order(file, &mut found);
    match arms {
        Some(arms) if found.is_empty() => {
            let mut kept = file.clone();
            kept.periods = Vec::new();
            kept.comparisons = Vec::new();
            kept.trouble = None;
            kept.ended = None;
            kept.name = kept.name.trim().to_string();
            kept.design.order =
                order.iter().map(|row| row.iter().map(|a| *a as u32).collect()).collect();
            Ok(Experiment { file: kept, arms, order })
        }
        _ => Err(found),
    }
}

fn arms(file: &ExperimentFile, found: &mut Vec<Problem>) -> Option<Vec<Arm>> {
    let mut list = Vec::with_capacity(file.arms.len());
    for (i, arm) in file.arms.iter().enumerate().take(ARMS_MAX) {
        let mut value =
            fwit_model::json::read(fwit_model::json::write(&file.base).as_bytes()).ok()?;
        let wrong = apply(&mut value, &arm.changes);
        let clean = wrong.is_empty();
        let at = |field: &str| format!("arms.{i}.{field}");
        found.extend(wrong.into_iter().map(|(path, message)| Problem::new(at(&path), message)));
        let plan = match fwit_model::json::read_value::<PlanFile>(&value) {
            Ok(plan) => validate(&plan),
            Err(e) if clean => {
                Err(vec![Problem::new("changes", format!("The changed plan does not fit: {e}."))])
            }
            Err(_) => Err(Vec::new()),
        };
        match plan {
            Ok(plan) if !plan.load.stages.is_empty() => {
                let message = "a period holds its load: take the stages out of the plan";
                found.push(Problem::new(at("load.stages"), message));
            }
            Ok(plan) => {
                list.push(Arm { name: arm.name.trim().to_string(), plan: timed(plan, file) });
            }
            Err(problems) => {
                found.extend(problems.into_iter().map(|p| Problem::new(at(&p.field), p.message)));
            }
        }
    }
    let simulated = |arm: &Arm| arm.plan.cluster.sim.is_some();
    if let Some(i) = list.iter().position(|arm| Some(simulated(arm)) != list.first().map(simulated))
    {
        let message = "arms on a simulated and on a real cluster can't be compared";
        found.push(Problem::new(format!("arms.{i}.cluster"), message));
    }
    (list.len() == file.arms.len()).then_some(list)
}

fn timed(mut plan: Plan, file: &ExperimentFile) -> Plan {
    plan.load.warmup = Micros::from_secs(file.design.settle_s);
    plan.load.duration = Micros::from_secs(file.design.period_s - file.design.settle_s);
    plan.verify = false;
    // Thresholds are for whole runs; a period is judged by its pair.
    plan.thresholds = Vec::new();
    plan
}

fn order(file: &ExperimentFile, found: &mut Vec<Problem>) -> Vec<Vec<usize>> {
    let (arms, pairs) = (file.arms.len().min(ARMS_MAX), file.design.pairs.min(PAIRS_MAX) as usize);
    if file.design.order.is_empty() {
        if file.design.extendable {
            return (0..pairs).map(|pair| coin_order(arms, pair, 1, file.seed)).collect();
        }
        if arms != 2 {
            return block_orders(arms, pairs, file.seed);
        }
        let orders = pair_orders(pairs, file.seed);
        return orders
            .into_iter()
            .map(|o| if o == PairOrder::Ab { vec![0, 1] } else { vec![1, 0] })
            .collect();
    }
    let complete = |row: &Vec<u32>| {
        row.len() == arms && (0..arms).all(|a| row.iter().any(|b| *b as usize == a))
    };
    if file.design.order.len() != pairs || !file.design.order.iter().all(complete) {
        let message =
            format!("must be {pairs} lists that hold every arm's number (from 0) once, or empty");
        found.push(Problem::new("design.order", message));
    }
    file.design.order.iter().map(|row| row.iter().map(|a| *a as usize).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::model::{claim_pairs, pairs_for_claim, sticky_or_not};
    use super::super::wire::ArmFile;
    use super::*;
    use fwit_model::plan::preset;
    use serde_json::json;

    fn file() -> ExperimentFile {
        sticky_or_not(&preset("quick").unwrap())
    }

    fn fields(file: &ExperimentFile) -> Vec<String> {
        Experiment::from_file(file).unwrap_err().into_iter().map(|p| p.field).collect()
    }

    #[test]
    fn the_default_is_ten_pairs_of_thirty_seconds_by_coins_or_balanced() {
        let coins = Experiment::from_file(&file()).unwrap();
        assert_eq!(coins.order, (0..10).map(|i| coins.order_of(i, 1)).collect::<Vec<_>>());
        assert!((0..10).any(|pair| coins.order_of(pair, 2) != coins.order_of(pair, 1)));
        let mut file = file();
        file.design.extendable = false;
        let experiment = Experiment::from_file(&file).unwrap();
        assert_eq!(experiment.order_of(3, 2), experiment.order_of(3, 1));
        assert_eq!((experiment.pairs(), experiment.period()), (10, Micros(30_000_000)));
        assert_eq!(experiment.order.iter().filter(|o| **o == [0, 1]).count(), 5);
        assert_eq!(experiment.order.iter().filter(|o| **o == [1, 0]).count(), 5);
        let plans = [0, 1].map(|arm| experiment.period_plan(arm, 3).unwrap());
        assert_eq!(plans[0].seed, plans[1].seed);
        assert_ne!(plans[0].seed, experiment.period_plan(0, 4).unwrap().seed);
        assert!(plans[0].disable_leader_stickiness && !plans[1].disable_leader_stickiness);
        assert_eq!(plans[0].load.warmup, Micros(5_000_000));
        assert_eq!(plans[0].load.duration, Micros(25_000_000));
        // The order drawn is written down, and a file that has it gives it again.
        let again = Experiment::from_file(&experiment.file).unwrap();
        assert_eq!(again, experiment);
    }

    #[test]
    fn all_problems_come_at_once_each_with_its_field() {
        let mut file = file();
        file.design.pairs = 1;
        file.design.stop_when_decided = Some("speed".into());
        file.design.period_s = 10.0;
        file.design.settle_s = 9.5;
        file.margins.p99 = 0.0;
        file.arms[1].name = "not sticky".into();
        file.arms[1].changes.insert("load.entities".into(), json!(0));
        file.arms[0].changes.insert("load.fly".into(), json!(1));
        file.design.order = vec![vec![0, 0]];
        let told = fields(&file);
        for field in [
            "design.pairs",
            "design.stop_when_decided",
            "design.settle_s",
            "margins.p99",
            "arms.1.name",
            "arms.1.load.entities",
            "arms.0.changes",
            "design.order",
        ] {
            assert!(told.iter().any(|f| f == field), "{field} in {told:?}");
        }
        file.base.load.timeout_ms = -1.0;
        assert!(fields(&file).contains(&"base.load.timeout_ms".to_string()));
    }

    #[test]
    fn three_arms_go_by_a_latin_square() {
        let mut file = file();
        file.arms.push(ArmFile {
            name: "more".into(),
            changes: [("load.entities".to_string(), json!(30))].into(),
        });
        (file.design.pairs, file.design.extendable) = (6, false);
        let experiment = Experiment::from_file(&file).unwrap();
        for place in 0..3 {
            for arm in 0..3 {
                assert_eq!(experiment.order.iter().filter(|row| row[place] == arm).count(), 2);
            }
        }
        assert_eq!(experiment.arms[2].plan.load.entities, 30);
        assert_eq!((claim_pairs(2), claim_pairs(3), claim_pairs(8)), (6, 9, 11));
        assert_eq!((pairs_for_claim(2, false), pairs_for_claim(2, true)), (6, 10));
    }
}

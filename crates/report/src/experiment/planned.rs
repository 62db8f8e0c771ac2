//! How many pairs an experiment needs, beforehand: by the spread of an earlier one on this cluster,
//! such as a pilot of two pairs.

use super::metrics::primaries;
use super::model::{Experiment, pairs_for_claim};
use super::view::ExperimentView;
use fwit_model::plan::wire::{ClusterFile, PlanFile};
use fwit_stats::power::{PLANNED_MARGINS, pairs_needed};
use fwit_stats::randomization::freedom;
use fwit_stats::verdict::ALPHA;

/// Pairs that one metric takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The metric.
    pub metric: String,
    /// The difference that is planned for, as a ratio less 1.
    pub effect: f64,
    /// Pairs in all.
    pub pairs: u64,
    /// Pairs in all, if the spread is as large as its upper 80 % limit.
    pub at_most: u64,
}

/// What an earlier experiment tells of one to come. Small: it is held while a form is edited.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// Its name.
    pub name: String,
    cluster: ClusterFile,
    /// Length of a period, and of its start that is left out, s.
    periods_s: [f64; 2],
    /// Metric, pairs, and standard deviation of their log ratios, of every comparison.
    spreads: Vec<(String, u32, f64)>,
}

impl Earlier {
    /// Of an experiment that is open; `None` where its plan can't be read.
    #[must_use]
    pub fn of(view: &ExperimentView) -> Option<Earlier> {
        let base: PlanFile = fwit_model::json::read(view.plan_json.as_bytes()).ok()?;
        let own = view.comparisons.iter().flat_map(|c| &c.primaries).filter(|m| m.pairs >= 2);
        Some(Earlier {
            name: view.name.clone(),
            cluster: base.cluster,
            periods_s: [view.period_s, view.settle_s],
            spreads: own.map(|m| (m.name.clone(), m.pairs, m.sd)).collect(),
        })
    }

    /// Whether it was on the nodes of this experiment (or the same simulated cluster), with periods
    /// as long as its: those of another length vary otherwise.
    fn fits(&self, experiment: &Experiment) -> bool {
        let (a, b) = (&self.cluster, &experiment.file.base.cluster);
        let design = &experiment.file.design;
        let urls = |cluster: &ClusterFile| {
            let mut urls: Vec<String> = cluster.nodes.iter().map(|n| n.url.clone()).collect();
            urls.sort();
            urls
        };
        self.periods_s == [design.period_s, design.settle_s]
            && a.dialect == b.dialect
            && urls(a) == urls(b)
            && a.sim == b.sim
    }

    /// The pairs that a difference of 1.5 margins takes, metric by metric, by the spread of this
    /// earlier one; nothing where it was on another cluster, with other periods, or where it has
    /// less than two pairs that count.
    #[must_use]
    pub fn planned(&self, experiment: &Experiment) -> Vec<Planned> {
        if !self.fits(experiment) {
            return Vec::new();
        }
        let arms = experiment.arms.len();
        let level = ALPHA / (primaries().len() * arms.saturating_sub(1).max(1)) as f64;
        let fewest = u64::from(pairs_for_claim(arms, experiment.file.design.extendable));
        let mut list: Vec<Planned> = Vec::new();
        for what in primaries() {
            let metric = what.metric(&experiment.file.margins);
            let effect = PLANNED_MARGINS * metric.log_margin();
            let own = self.spreads.iter().filter(|(name, ..)| *name == metric.name);
            let needed = own.filter_map(|(_, pairs, sd)| {
                pairs_needed(*sd, freedom(*pairs as usize), effect, level, fewest).ok()
            });
            // Of several comparisons, the one that takes most.
            list.extend(needed.max_by_key(|n| n.pairs).map(|n| Planned {
                metric: metric.name.clone(),
                effect: libm::expm1(effect),
                pairs: n.pairs,
                at_most: n.at_most,
            }));
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::super::analyze;
    use super::super::compare::tests::experiment;
    use super::super::wire::ExperimentFile;
    use super::*;

    fn planned(earlier: &ExperimentFile, next: &Experiment) -> Vec<Planned> {
        Earlier::of(&analyze(earlier).unwrap()).unwrap().planned(next)
    }

    #[test]
    fn an_earlier_experiment_tells_how_many_pairs_it_takes() {
        let mut earlier = experiment(1.2);
        let next = Experiment::from_file(&experiment(1.0)).unwrap();
        let list = planned(&earlier, &next);
        assert_eq!(list.len(), 5);
        assert!(list.iter().all(|p| p.pairs >= 6 && p.at_most >= p.pairs), "{list:?}");
        assert!((list[1].effect - 0.076).abs() < 0.001, "{list:?}");
        // A pilot of two pairs: the same, and less sure.
        earlier.periods.truncate(4);
        earlier.design.pairs = 2;
        let pilot = planned(&earlier, &next);
        assert_eq!(pilot.len(), 5);
        assert!(pilot.iter().any(|p| p.at_most > p.pairs), "{pilot:?}");
        // Periods of another length vary otherwise, and so does another cluster.
        let mut elsewhere = earlier.clone();
        elsewhere.base.cluster.nodes[0].url = "http://127.0.0.1:9".into();
        assert!(planned(&elsewhere, &next).is_empty());
        earlier.design.period_s = 5.0;
        assert!(planned(&earlier, &next).is_empty());
    }
}

//! How many pairs an experiment needs, beforehand: by the spread of an earlier one on this cluster,
//! such as a pilot of two pairs.

use super::compare::compare;
use super::metrics::primaries;
use super::model::{Experiment, pairs_for_claim};
use super::wire::ExperimentFile;
use crate::run::RunError;
use fwit_stats::power::{PLANNED_MARGINS, pairs_needed};
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

/// Whether both are on the same nodes (or the same simulated cluster).
#[must_use]
pub fn same_cluster(earlier: &ExperimentFile, experiment: &Experiment) -> bool {
    let (a, b) = (&earlier.base.cluster, &experiment.file.base.cluster);
    let urls = |nodes: &[fwit_model::plan::wire::NodeFile]| {
        let mut urls: Vec<String> = nodes.iter().map(|n| n.url.clone()).collect();
        urls.sort();
        urls
    };
    a.dialect == b.dialect && urls(&a.nodes) == urls(&b.nodes) && a.sim == b.sim
}

/// The pairs that a difference of 1.5 margins takes, metric by metric, by the spread of an earlier
/// experiment whose periods were as long; nothing where they were not, or where it has less than
/// two pairs that count.
///
/// # Errors
/// A period of it that can't be read.
pub fn planned(
    earlier: &ExperimentFile,
    experiment: &Experiment,
) -> Result<Vec<Planned>, RunError> {
    let (had, has) = (&earlier.design, &experiment.file.design);
    if (had.period_s, had.settle_s) != (has.period_s, has.settle_s) {
        return Ok(Vec::new());
    }
    let compared = compare(earlier)?;
    let arms = experiment.arms.len();
    let level = ALPHA / (primaries().len() * arms.saturating_sub(1).max(1)) as f64;
    let mut list: Vec<Planned> = Vec::new();
    for what in primaries() {
        let metric = what.metric(&experiment.file.margins);
        let effect = PLANNED_MARGINS * metric.log_margin();
        let fewest = u64::from(pairs_for_claim(arms, has.extendable));
        let own = compared.comparisons.iter().flat_map(|c| &c.primaries);
        let needed = own.filter(|m| m.name == metric.name && m.pairs >= 2).filter_map(|m| {
            let freedom = if m.pairs < 4 { m.pairs - 1 } else { m.pairs - 2 };
            pairs_needed(m.sd, freedom as usize, effect, level, fewest).ok()
        });
        // Of several comparisons, the one that takes most.
        list.extend(needed.max_by_key(|n| n.pairs).map(|n| Planned {
            metric: metric.name.clone(),
            effect: libm::expm1(effect),
            pairs: n.pairs,
            at_most: n.at_most,
        }));
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::super::compare::tests::experiment;
    use super::*;

    #[test]
    fn an_earlier_experiment_tells_how_many_pairs_it_takes() {
        let mut earlier = experiment(1.2);
        let next = Experiment::from_file(&experiment(1.0)).unwrap();
        assert!(same_cluster(&earlier, &next));
        let list = planned(&earlier, &next).unwrap();
        assert_eq!(list.len(), 5);
        assert!(list.iter().all(|p| p.pairs >= 6 && p.at_most >= p.pairs), "{list:?}");
        assert!((list[1].effect - 0.076).abs() < 0.001, "{list:?}");
        // A pilot of two pairs: the same, and less sure.
        earlier.periods.truncate(4);
        earlier.design.pairs = 2;
        let pilot = planned(&earlier, &next).unwrap();
        assert_eq!(pilot.len(), 5);
        assert!(pilot.iter().any(|p| p.at_most > p.pairs), "{pilot:?}");
        // Periods of another length vary otherwise.
        earlier.design.period_s = 5.0;
        assert!(planned(&earlier, &next).unwrap().is_empty());
        earlier.base.cluster.nodes[0].url = "http://127.0.0.1:9".into();
        assert!(!same_cluster(&earlier, &next));
    }
}

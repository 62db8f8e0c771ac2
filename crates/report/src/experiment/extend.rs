//! More pairs for an experiment that is over, and several experiments of one plan as one.

use super::model::PAIRS_MAX;
use super::wire::ExperimentFile;
use fwit_model::plan::Problem;

/// The experiment with `more` pairs to come; those that it has stay. Its verdicts rest on e-values
/// from then on, which hold at any time.
///
/// # Errors
/// Orders that were not tossed by a coin, no pair more, or too many in all.
pub fn extend(file: &ExperimentFile, more: u32) -> Result<ExperimentFile, Problem> {
    let problem = |message: String| Err(Problem::new("design.pairs", message));
    if !file.design.extendable {
        return problem(
            "can't be more: the orders of this experiment were balanced, so pairs that are added \
             after a look can't be judged. Start a new one whose orders are by coins"
                .into(),
        );
    }
    let had = file.design.pairs;
    if more == 0 || had.saturating_add(more) > PAIRS_MAX {
        return problem(format!("{had} and {more} more: from 1 more to {PAIRS_MAX} in all"));
    }
    let mut file = file.clone();
    // The orders of the new pairs are tossed when it is checked.
    file.design.order = Vec::new();
    file.design.pairs = had + more;
    file.extended.push(had);
    (file.ended, file.trouble) = (None, None);
    Ok(file)
}

/// Several experiments of one plan as one, pair after pair in the order of their starts. As pairs
/// that were added after a look, they are judged by e-values.
///
/// # Errors
/// Other arms, plans, designs or margins; balanced orders; no experiment, or too many pairs in all.
pub fn combine(files: &[ExperimentFile]) -> Result<ExperimentFile, Problem> {
    let mut list: Vec<&ExperimentFile> = files.iter().collect();
    list.sort_by(|a, b| a.started_at.cmp(&b.started_at));
    let problem = |field: &str, message: &str| Err(Problem::new(field, message));
    let Some(first) = list.first().copied() else {
        return problem("", "there is no experiment to combine");
    };
    let mut all = first.clone();
    for other in list.into_iter().skip(1) {
        let (a, b) = (&first.design, &other.design);
        if other.base != first.base || other.arms != first.arms {
            return problem(
                "arms",
                "of the experiments are not the same: only experiments of one plan can be combined",
            );
        }
        if (a.period_s, a.settle_s) != (b.period_s, b.settle_s) || other.margins != first.margins {
            return problem(
                "design",
                "of the experiments is not the same: periods and margins must be",
            );
        }
        if !(a.extendable && b.extendable) {
            return problem(
                "design",
                "is balanced in one of them: only orders by coins can be combined",
            );
        }
        let had = all.design.pairs;
        if had.saturating_add(b.pairs) > PAIRS_MAX {
            return problem("design.pairs", &format!("would be more than {PAIRS_MAX} in all"));
        }
        let from = all.periods.last().map_or(0.0, |p| p.started_s + a.period_s);
        all.periods.extend(other.periods.iter().cloned().map(|mut period| {
            period.pair += had;
            period.started_s += from;
            period
        }));
        all.extended.push(had);
        all.design.pairs = had + b.pairs;
        all.design.order.extend(b.order.iter().cloned());
        all.finished_at.clone_from(&other.finished_at);
        all.trouble = all.trouble.or_else(|| other.trouble.clone());
    }
    all.name = format!("{} ({} combined)", first.name, files.len());
    all.id = format!("{}-all{}", first.id, files.len());
    all.labels = crate::run::labels::Labels::default();
    all.comparisons = Vec::new();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::super::compare::tests::experiment;
    use super::super::{Experiment, compare};
    use super::*;

    fn by_coins(factor: f64) -> ExperimentFile {
        let mut file = experiment(factor);
        file.design.extendable = true;
        file.design.order = Vec::new();
        let order = Experiment::from_file(&file).unwrap().file.design.order;
        file.design.order = order;
        file
    }

    #[test]
    fn an_extension_keeps_what_there_is_and_tosses_new_orders() {
        let file = by_coins(1.3);
        let extended = extend(&file, 4).unwrap();
        assert_eq!((extended.design.pairs, &extended.extended[..]), (14, &[10][..]));
        let order = Experiment::from_file(&extended).unwrap().file.design.order;
        assert_eq!(order[..10], file.design.order[..]);
        assert_eq!(order.len(), 14);
        assert_eq!(extended.periods, file.periods);
        // From now on p-values are not valid, and e-values count.
        let m = &compare(&extended).unwrap().comparisons[0].primaries[1];
        assert!(!m.p_valid && m.e.unwrap() > 100.0, "{m:?}");
        assert!(extend(&file, 0).is_err() && extend(&file, 191).is_err());
        let mut balanced = file;
        balanced.design.extendable = false;
        assert!(extend(&balanced, 4).unwrap_err().message.contains("balanced"));
        let m = &compare(&balanced).unwrap().comparisons[0].primaries[1];
        assert!(m.p_valid && m.e.is_none());
    }

    #[test]
    fn experiments_of_one_plan_are_one_with_all_pairs() {
        let (first, mut second) = (by_coins(1.1), by_coins(1.1));
        second.started_at = "2027".into();
        let all = combine(&[second.clone(), first.clone()]).unwrap();
        assert_eq!((all.design.pairs, all.periods.len()), (20, 40));
        assert!(all.periods.windows(2).all(|w| w[0].started_s < w[1].started_s));
        let compared = compare(&all).unwrap();
        assert_eq!(compared.comparisons[0].primaries[0].pairs, 20);
        assert!(Experiment::from_file(&all).is_ok());
        second.margins.p50 = 0.5;
        assert_eq!(combine(&[first.clone(), second.clone()]).unwrap_err().field, "design");
        second.arms[0].name = "other".into();
        assert_eq!(combine(&[first, second]).unwrap_err().field, "arms");
        assert!(combine(&[]).is_err());
    }
}

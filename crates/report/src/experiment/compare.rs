//! The arms compared pair by pair: estimates, intervals, tests, verdicts, the A-A control and the
//! shift function.

use super::answer::{self, Counted};
use super::metrics::{GROUPS, Measured, What, exploratory, measured, primaries};
use super::model::{claim_pairs, pairs_for_claim};
use super::view::{ComparisonView, MetricView, ShiftView, VerdictName};
use super::wire::ExperimentFile;
use crate::run::RunError;
use fwit_quantities::sample::{Measure, TimeSources};
use fwit_stats::design::{PairOrder, control_pairs};
use fwit_stats::error::StatsError;
use fwit_stats::paired::{Interval, log_ratios};
use fwit_stats::randomization::{Comparison, Redraws};
use fwit_stats::shift::shift_function;
use fwit_stats::verdict::{Arms, Basis, Better, Judged, Metric, Verdict, judge_family};

/// The periods' numbers and the pairs that count.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Each arm against the first.
    pub comparisons: Vec<ComparisonView>,
    /// The numbers of every period, in the file's order.
    pub(super) measured: Vec<Measured>,
    /// For each pair that counts, the place of each arm's period in the file.
    pub(super) pairs: Vec<Vec<usize>>,
    /// Primary metrics that could not be compared, and why.
    pub(super) missing: Vec<String>,
    /// By arm, the share of answers timed by the page's clock, where these shares differ: then
    /// latencies are response times, which one clock takes for all arms.
    pub(super) clocks: Option<Vec<f64>>,
}

/// By arm, the share of answers that the page's clock timed; `None` where the arms are alike.
fn clocks(file: &ExperimentFile) -> Option<Vec<f64>> {
    let share = |arm: usize| {
        let own = file.periods.iter().filter(|p| p.arm as usize == arm && p.invalid.is_none());
        let mut sources = TimeSources::default();
        own.for_each(|p| sources.merge(p.run.time_sources));
        sources.page_share().unwrap_or_default()
    };
    let shares: Vec<f64> = (0..file.arms.len()).map(share).collect();
    TimeSources::are_two_clocks(shares.iter().copied()).then_some(shares)
}

/// Compares each arm with the first.
///
/// # Errors
/// A period's histogram that can't be read.
pub fn compare(file: &ExperimentFile) -> Result<Compared, RunError> {
    compared(file, basis(file), false)
}

/// The primary metrics of each comparison as they may be judged at any time, by e-values alone; for
/// an experiment under way.
///
/// # Errors
/// As [`compare`].
pub fn at_any_time(file: &ExperimentFile) -> Result<Vec<ComparisonView>, RunError> {
    Ok(compared(file, Basis { looked: true, ..basis(file) }, true)?.comparisons)
}

/// With `primaries_alone`, control, shift function and further metrics are left out.
fn compared(
    file: &ExperimentFile,
    basis: Basis,
    primaries_alone: bool,
) -> Result<Compared, RunError> {
    let clocks = clocks(file);
    let measure = if clocks.is_some() { Measure::Response } else { Measure::Cluster };
    let measured: Vec<Measured> =
        file.periods.iter().map(|p| measured(&p.run, measure)).collect::<Result<_, _>>()?;
    let pairs = pairs(file);
    let mut out =
        Compared { comparisons: Vec::new(), measured, pairs, missing: Vec::new(), clocks };
    let Some(first) = file.arms.first() else { return Ok(out) };
    for arm in 1..file.arms.len() {
        let arms = Arms { a: &first.name, b: file.arms.get(arm).map_or("", |a| &a.name) };
        let redraws = Redraws::new(&out.orders(file, arm), file.seed);
        // The family: the primary metrics of this comparison.
        let mut family: Vec<Paired> = Vec::new();
        for what in primaries() {
            match out.paired(file, &what, arm, &redraws) {
                Some(paired) => family.push(paired),
                None if out.pairs.is_empty() => {}
                None => {
                    let name = what.metric(&file.margins).name;
                    if !out.missing.contains(&name) {
                        out.missing.push(name);
                    }
                }
            }
        }
        let primaries = views(&redraws, &family, basis, arms).map_err(|e| broken(&e))?;
        let mut more = Vec::new();
        let further = if primaries_alone { Vec::new() } else { exploratory(&out.measured) };
        for what in further {
            // Each on its own.
            let one: Vec<Paired> = out.paired(file, &what, arm, &redraws).into_iter().collect();
            more.extend(views(&redraws, &one, basis, arms).map_err(|e| broken(&e))?);
        }
        let counted = counted(file, &out.pairs, arm);
        let (mut control, mut shift) = (Vec::new(), Vec::new());
        if !primaries_alone {
            control = out.control(file, arm).map_err(|e| broken(&e))?;
            shift = out.shift(file, arm).map_err(|e| broken(&e))?;
        }
        let comparison = ComparisonView {
            a: arms.a.to_string(),
            b: arms.b.to_string(),
            arm: arm as u32,
            headline: answer::headline(&primaries, arms, &counted),
            exploratory: more,
            control,
            shift,
            orders: redraws.orders(),
            excluded: counted.excluded,
            primaries,
        };
        out.comparisons.push(comparison);
    }
    Ok(out)
}

/// What the verdicts of this experiment rest on.
fn basis(file: &ExperimentFile) -> Basis {
    Basis {
        comparisons: file.arms.len().saturating_sub(1),
        coins: file.design.extendable,
        looked: !file.extended.is_empty() || file.design.stop_when_decided.is_some(),
        fewest: u64::from(pairs_for_claim(file.arms.len(), file.design.extendable)),
    }
}

/// The metrics of one comparison, judged together.
fn views(
    redraws: &Redraws,
    family: &[Paired],
    basis: Basis,
    arms: Arms<'_>,
) -> Result<Vec<MetricView>, StatsError> {
    let each: Vec<_> = family.iter().map(|p| (&p.metric, &p.comparison)).collect();
    let judged = judge_family(redraws, &each, basis, arms)?;
    Ok(family.iter().zip(&judged).map(|(p, j)| p.view(j, basis)).collect())
}

/// How many pairs count, and how many periods of the first arm and of this one do not.
fn counted(file: &ExperimentFile, pairs: &[Vec<usize>], arm: usize) -> Counted {
    let of = |arm: usize| {
        let own = || file.periods.iter().filter(|p| p.arm as usize == arm);
        [own().filter(|p| p.invalid.is_some()).count() as u32, own().count() as u32]
    };
    Counted { pairs: pairs.len(), excluded: [of(0), of(arm)], claim: claim_pairs(file.arms.len()) }
}

fn broken(error: &StatsError) -> RunError {
    RunError::Broken { place: "the comparison".into(), what: error.to_string() }
}

/// The pairs of which every arm's period counts, in time order.
fn pairs(file: &ExperimentFile) -> Vec<Vec<usize>> {
    let mut tries: Vec<(u32, u32)> = Vec::new();
    for period in &file.periods {
        if !tries.contains(&(period.pair, period.attempt)) {
            tries.push((period.pair, period.attempt));
        }
    }
    let place = |of: (u32, u32), arm: usize| {
        file.periods
            .iter()
            .position(|p| (p.pair, p.attempt) == of && p.arm as usize == arm && p.invalid.is_none())
    };
    tries
        .into_iter()
        .filter_map(|of| (0..file.arms.len()).map(|arm| place(of, arm)).collect())
        .collect()
}

/// One metric of two arms.
struct Paired {
    what: What,
    metric: Metric,
    a: Vec<f64>,
    b: Vec<f64>,
    comparison: Comparison,
    /// B over A of all periods, those that do not count too; `None` where all count.
    all: Option<f64>,
}

impl Paired {
    /// `None` where a pair lacks the metric.
    fn new(
        file: &ExperimentFile,
        what: &What,
        values: impl Iterator<Item = (Option<f64>, Option<f64>)>,
        redraws: &Redraws,
    ) -> Option<Paired> {
        let (a, b): (Vec<f64>, Vec<f64>) =
            values.map(|(a, b)| Some((a?, b?))).collect::<Option<_>>()?;
        let comparison = redraws.compare(log_ratios(&a, &b).ok()?).ok()?;
        Some(Paired {
            what: what.clone(),
            metric: what.metric(&file.margins),
            a,
            b,
            comparison,
            all: None,
        })
    }

    fn view(&self, judged: &Judged, basis: Basis) -> MetricView {
        let c = &self.comparison;
        MetricView {
            name: self.metric.name.clone(),
            unit: self.what.unit(),
            a: geometric_mean(&self.a),
            b: geometric_mean(&self.b),
            ratio: c.ratio(),
            ci95: judged.interval.map(ratios),
            ci90: c.ci90.filter(|_| !basis.looked).map(ratios),
            p: c.p,
            p_corrected: judged.p,
            p_valid: !basis.looked,
            p_equivalence: Some(judged.p_equivalence),
            e: judged.log_e.map(libm::exp),
            margin: self.metric.margin,
            verdict: match judged.verdict {
                Verdict::Larger => VerdictName::Different,
                Verdict::MarginOpen => VerdictName::DifferentMarginOpen,
                Verdict::Smaller => VerdictName::SmallerThanMargin,
                Verdict::Equivalent => VerdictName::NoRelevantDifference,
                Verdict::Inconclusive => VerdictName::Inconclusive,
            },
            more_pairs: judged.plan.map(|p| p.more.pairs),
            more_pairs_at_most: judged.plan.map(|p| p.more.at_most),
            planned_effect: judged.plan.map(|p| p.effect),
            text: judged.text.clone(),
            pairs: c.log_ratios.len() as u32,
            // A single pair has no spread.
            sd: if c.sd.is_finite() { c.sd } else { 0.0 },
            all_periods: self.all,
            improves: (c.estimate > 0.0) == (self.metric.better == Better::Higher),
            latency: self.metric.better == Better::Lower,
        }
    }
}

/// Geometric mean of values above 0: the ratio of two of them is the mean log ratio's.
fn geometric_mean(values: &[f64]) -> f64 {
    let logs: f64 = values.iter().map(|v| libm::log(*v)).sum();
    libm::exp(logs / values.len().max(1) as f64)
}

/// An interval of log ratios as one of ratios.
fn ratios(i: Interval) -> [f64; 2] {
    [libm::exp(i.low), libm::exp(i.high)]
}

impl Compared {
    fn value(&self, what: &What, period: Option<&usize>) -> Option<f64> {
        what.of(self.measured.get(*period?)?)
    }

    /// Which arm ran first in each pair that counts.
    fn orders(&self, file: &ExperimentFile, arm: usize) -> Vec<PairOrder> {
        let at = |pair: &[usize], arm: usize| Some(file.periods.get(*pair.get(arm)?)?.started_s);
        let order = |pair: &Vec<usize>| {
            if at(pair, 0) < at(pair, arm) { PairOrder::Ab } else { PairOrder::Ba }
        };
        self.pairs.iter().map(order).collect()
    }

    fn paired(
        &self,
        file: &ExperimentFile,
        what: &What,
        arm: usize,
        redraws: &Redraws,
    ) -> Option<Paired> {
        let both =
            |pair: &Vec<usize>| (self.value(what, pair.first()), self.value(what, pair.get(arm)));
        let mut paired = Paired::new(file, what, self.pairs.iter().map(both), redraws)?;
        paired.all = self.of_all_periods(file, what, arm);
        Some(paired)
    }

    /// B over A of all periods of both arms, those that do not count too; `None` where all count.
    fn of_all_periods(&self, file: &ExperimentFile, what: &What, arm: usize) -> Option<f64> {
        file.periods.iter().find(|p| p.invalid.is_some())?;
        let mean = |arm: usize| {
            let own =
                file.periods.iter().zip(&self.measured).filter(|(p, _)| p.arm as usize == arm);
            let values: Vec<f64> = own.filter_map(|(_, measured)| what.of(measured)).collect();
            (!values.is_empty()).then(|| geometric_mean(&values))
        };
        Some(mean(arm)? / mean(0)?)
    }

    /// Neighbouring periods of the same arm against each other, of both arms: there is nothing to
    /// find.
    fn control(&self, file: &ExperimentFile, arm: usize) -> Result<Vec<MetricView>, StatsError> {
        let mut places: Vec<(usize, usize)> = Vec::new();
        for of in [0, arm] {
            let own: Vec<usize> = self.pairs.iter().filter_map(|p| p.get(of).copied()).collect();
            let pairs = control_pairs(own.len()).into_iter();
            places.extend(pairs.filter_map(|(i, j)| Some((*own.get(i)?, *own.get(j)?))));
        }
        let order = |(i, j): &(usize, usize)| if i < j { PairOrder::Ab } else { PairOrder::Ba };
        let redraws = Redraws::new(&places.iter().map(order).collect::<Vec<_>>(), file.seed);
        let mut list = Vec::new();
        for what in primaries() {
            let both =
                |(i, j): &(usize, usize)| (self.value(&what, Some(i)), self.value(&what, Some(j)));
            list.extend(Paired::new(file, &what, places.iter().map(both), &redraws));
        }
        views(&redraws, &list, Basis::PLAIN, Arms { a: "one half", b: "the other half" })
    }

    fn shift(
        &self,
        file: &ExperimentFile,
        arm: usize,
    ) -> Result<Vec<(String, Vec<ShiftView>)>, StatsError> {
        let mut out = Vec::new();
        for (group, name) in GROUPS.iter().enumerate() {
            let of = |place: Option<&usize>| {
                Some(self.measured.get(*place?)?.groups.get(group)?.answers.clone())
            };
            let pairs: Vec<_> =
                self.pairs.iter().filter_map(|p| Some((of(p.first())?, of(p.get(arm))?))).collect();
            let points = shift_function(&pairs, file.seed)?;
            let views: Vec<ShiftView> = points
                .into_iter()
                .map(|p| ShiftView {
                    p: p.p,
                    pairs: p.pairs as u32,
                    ratio: p.estimate.map(libm::exp),
                    ci95: p.ci95.map(ratios),
                    band: p.simultaneous.map(ratios),
                    p_corrected: Some(p.p_adjusted).filter(|p| p.is_finite()),
                })
                .collect();
            if views.iter().any(|v| v.ratio.is_some()) {
                out.push(((*name).to_string(), views));
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::merge::tests::period;
    use super::super::model::sticky_or_not;
    use super::*;
    use fwit_model::plan::preset;

    /// Ten pairs, the second arm `factor` times slower; noise from the periods' own draws.
    pub(in crate::experiment) fn experiment(factor: f64) -> ExperimentFile {
        let mut file = sticky_or_not(&preset("quick").unwrap());
        for pair in 0..10 {
            let order = if pair % 2 == 0 { [0, 1] } else { [1, 0] };
            for (place, arm) in order.into_iter().enumerate() {
                let slower = if arm == 1 { factor } else { 1.0 };
                file.periods.push(period(pair, arm, 2 * pair + place as u32, slower));
            }
        }
        file
    }

    #[test]
    fn a_large_difference_is_claimed_with_its_size_and_equal_throughput_is_equivalent() {
        let compared = compare(&experiment(1.5)).unwrap();
        let c = &compared.comparisons[0];
        let names: Vec<&str> = c.primaries.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, crate::experiment::PRIMARY_NAMES);
        let read = &c.primaries[1];
        assert_eq!((read.verdict, read.pairs, read.improves), (VerdictName::Different, 10, false));
        let [low, high] = read.ci95.unwrap();
        assert!(low < 1.5 && 1.5 < high && (read.ratio - 1.5).abs() < 0.05, "{read:?}");
        assert!(read.p <= read.p_corrected && read.p_corrected < 0.05);
        assert_eq!(c.primaries[0].verdict, VerdictName::NoRelevantDifference);
        assert!(c.headline.starts_with("Sticky is worse: read p50 "), "{}", c.headline);
        assert!(read.text.contains("sticky takes 1.5"), "{}", read.text);
        assert!(read.text.contains("as long as not sticky (95 % interval 1."), "{}", read.text);
        // The same arm against itself shows nothing.
        assert_eq!(c.control.len(), 5);
        assert!(c.control.iter().all(|m| m.verdict != VerdictName::Different), "{:?}", c.control);
        assert_eq!(c.control[1].pairs, 10);
        // Everywhere in the distribution, the shift is the same.
        assert_eq!(c.shift.iter().map(|s| s.0.as_str()).collect::<Vec<_>>(), GROUPS);
        let median = c.shift[0].1.iter().find(|p| p.p == 0.5).unwrap();
        assert!((median.ratio.unwrap() - 1.5).abs() < 0.05 && median.band.is_some());
    }

    #[test]
    fn without_a_difference_none_is_claimed() {
        let compared = compare(&experiment(1.0)).unwrap();
        let c = &compared.comparisons[0];
        assert!(c.primaries.iter().all(|m| m.verdict != VerdictName::Different), "{}", c.headline);
    }

    #[test]
    fn only_whole_pairs_that_count_are_compared() {
        let mut file = experiment(1.5);
        file.periods[4].invalid = Some("the leader changed".into());
        let compared = compare(&file).unwrap();
        assert_eq!((compared.pairs.len(), compared.comparisons[0].primaries[0].pairs), (9, 9));
        for period in &mut file.periods[4..] {
            period.invalid = Some("no".into());
        }
        let few = compare(&file).unwrap();
        let headline = &few.comparisons[0].headline;
        let begin =
            "Too few pairs for an answer: 2 count, and it takes 6. By their spread it takes";
        assert!(headline.starts_with(begin) && headline.contains(". Left out"), "{headline}");
        file.periods.clear();
        assert!(compare(&file).unwrap().comparisons[0].headline.contains("No pair counts"));
    }

    #[test]
    fn swapping_the_arms_turns_every_ratio_round() {
        let mut file = experiment(1.3);
        let straight = compare(&file).unwrap().comparisons.remove(0);
        file.arms.reverse();
        for period in &mut file.periods {
            period.arm = 1 - period.arm;
        }
        let turned = compare(&file).unwrap().comparisons.remove(0);
        for (s, t) in straight.primaries.iter().zip(&turned.primaries) {
            assert!((s.ratio * t.ratio - 1.0).abs() < 1e-9);
            assert_eq!((s.p, s.verdict), (t.p, t.verdict));
        }
    }
}

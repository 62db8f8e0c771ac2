//! The arms compared pair by pair: estimates, intervals, tests, verdicts, the A-A control and the
//! shift function.

use super::metrics::{GROUPS, Measured, What, exploratory, measured, primaries};
use super::model::PAIRS_MIN;
use super::view::{ComparisonView, MetricView, ShiftView, VerdictName};
use super::wire::ExperimentFile;
use crate::run::RunError;
use fwit_quantities::sample::{Measure, TimeSources};
use fwit_stats::design::control_pairs;
use fwit_stats::error::{StatsError, median_sorted, sorted};
use fwit_stats::paired::{self, Comparison, Interval, tost};
use fwit_stats::shift::shift_function;
use fwit_stats::verdict::{Arms, Better, Judged, Metric, Verdict, judge, judge_families, more};

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
    let clocks = clocks(file);
    let measure = if clocks.is_some() { Measure::Response } else { Measure::Cluster };
    let measured: Vec<Measured> =
        file.periods.iter().map(|p| measured(&p.run, measure)).collect::<Result<_, _>>()?;
    let pairs = pairs(file);
    let mut out =
        Compared { comparisons: Vec::new(), measured, pairs, missing: Vec::new(), clocks };
    let Some(first) = file.arms.first() else { return Ok(out) };
    let wanted = primaries();
    // The family: the primary metrics of all comparisons together.
    let mut family: Vec<(usize, Paired)> = Vec::new();
    for arm in 1..file.arms.len() {
        for what in &wanted {
            match out.paired(file, what, arm) {
                Some(paired) => family.push((arm, paired)),
                None if out.pairs.is_empty() => {}
                None => {
                    let name = what.metric(&file.margins).name;
                    if !out.missing.contains(&name) {
                        out.missing.push(name);
                    }
                }
            }
        }
    }
    let names = |arm: usize| Arms { a: &first.name, b: file.arms.get(arm).map_or("", |a| &a.name) };
    let each: Vec<_> =
        family.iter().map(|(arm, p)| (&p.metric, &p.comparison, names(*arm))).collect();
    let judged = judge_families(&each).map_err(|e| broken(&e))?;
    for arm in 1..file.arms.len() {
        let arms = names(arm);
        let own = family.iter().zip(&judged).filter(|((a, _), _)| *a == arm);
        let primaries: Vec<MetricView> = own.map(|((_, p), j)| p.view(j)).collect();
        let more = exploratory(&out.measured).into_iter().filter_map(|what| {
            let paired = out.paired(file, &what, arm)?;
            Some(paired.view(&judge(&paired.metric, &paired.comparison, arms)))
        });
        let comparison = ComparisonView {
            a: arms.a.to_string(),
            b: arms.b.to_string(),
            arm: arm as u32,
            headline: headline(&primaries, out.pairs.len()),
            exploratory: more.collect(),
            control: out.control(file, arm).map_err(|e| broken(&e))?,
            shift: out.shift(file, arm).map_err(|e| broken(&e))?,
            primaries,
        };
        out.comparisons.push(comparison);
    }
    Ok(out)
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
}

impl Paired {
    /// `None` where a pair lacks the metric.
    fn new(
        file: &ExperimentFile,
        what: &What,
        values: impl Iterator<Item = (Option<f64>, Option<f64>)>,
    ) -> Option<Paired> {
        let (a, b): (Vec<f64>, Vec<f64>) =
            values.map(|(a, b)| Some((a?, b?))).collect::<Option<_>>()?;
        let comparison = paired::compare(&a, &b, file.seed).ok()?;
        Some(Paired { what: what.clone(), metric: what.metric(&file.margins), a, b, comparison })
    }

    fn view(&self, judged: &Judged) -> MetricView {
        let c = &self.comparison;
        let (verdict, more_pairs) = match judged.verdict {
            Verdict::Different => (VerdictName::Different, None),
            Verdict::SmallerThanMargin => (VerdictName::SmallerThanMargin, None),
            Verdict::Equivalent => (VerdictName::NoRelevantDifference, None),
            Verdict::Inconclusive { more_pairs } => (VerdictName::Inconclusive, more_pairs),
        };
        MetricView {
            name: self.metric.name.clone(),
            unit: self.what.unit(),
            a: median_sorted(&sorted(&self.a)),
            b: median_sorted(&sorted(&self.b)),
            ratio: c.ratio(),
            ci95: c.ci95.map(ratios),
            ci90: c.ci90.map(ratios),
            p: c.p_flip,
            p_corrected: judged.p,
            p_equivalence: tost(&c.log_ratios, self.metric.log_margin()).ok().map(|t| t.p()),
            margin: self.metric.margin,
            verdict,
            more_pairs,
            text: judged.text.clone(),
            pairs: c.log_ratios.len() as u32,
            improves: (c.estimate > 0.0) == (self.metric.better == Better::Higher),
        }
    }
}

/// An interval of log ratios as one of ratios.
fn ratios(i: Interval) -> [f64; 2] {
    [libm::exp(i.low), libm::exp(i.high)]
}

impl Compared {
    fn value(&self, what: &What, period: Option<&usize>) -> Option<f64> {
        what.of(self.measured.get(*period?)?)
    }

    fn paired(&self, file: &ExperimentFile, what: &What, arm: usize) -> Option<Paired> {
        let both =
            |pair: &Vec<usize>| (self.value(what, pair.first()), self.value(what, pair.get(arm)));
        Paired::new(file, what, self.pairs.iter().map(both))
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
        let mut list = Vec::new();
        for what in primaries() {
            let both =
                |(i, j): &(usize, usize)| (self.value(&what, Some(i)), self.value(&what, Some(j)));
            list.extend(Paired::new(file, &what, places.iter().map(both)));
        }
        let arms = Arms { a: "one half", b: "the other half" };
        let each: Vec<_> = list.iter().map(|p| (&p.metric, &p.comparison, arms)).collect();
        let judged = judge_families(&each)?;
        Ok(list.iter().zip(&judged).map(|(p, j)| p.view(j)).collect())
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

/// The outcome of one comparison in one or two sentences.
fn headline(primaries: &[MetricView], pairs: usize) -> String {
    if primaries.is_empty() {
        return "No pair counts: nothing can be said.".into();
    }
    if pairs < PAIRS_MIN as usize {
        return format!(
            "Only {pairs} {} count: at least {PAIRS_MIN} are needed to say anything.",
            if pairs == 1 { "pair" } else { "pairs" }
        );
    }
    let of = |verdict| primaries.iter().filter(move |m| m.verdict == verdict);
    let join = |list: Vec<&str>| list.join(", ");
    let capital = |text: &str| fwit_quantities::units::capital(text);
    let mut sentences: Vec<String> =
        of(VerdictName::Different).map(|m| format!("{}.", capital(&m.text))).collect();
    let small: Vec<&str> = of(VerdictName::SmallerThanMargin).map(|m| m.name.as_str()).collect();
    let equal: Vec<&str> = of(VerdictName::NoRelevantDifference).map(|m| m.name.as_str()).collect();
    let open: Vec<&str> = of(VerdictName::Inconclusive).map(|m| m.name.as_str()).collect();
    if !small.is_empty() {
        sentences
            .push(format!("A difference exists but is smaller than your margin: {}.", join(small)));
    }
    if !equal.is_empty() {
        sentences.push(format!("No relevant difference: {}.", join(equal)));
    }
    if !open.is_empty() {
        let pairs = of(VerdictName::Inconclusive).filter_map(|m| m.more_pairs).max();
        let needed = pairs.map_or_else(String::new, |n| format!("; about {} needed", more(n)));
        sentences.push(format!("Inconclusive: {}{needed}.", join(open)));
    }
    sentences.join(" ")
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
        assert_eq!(names, ["throughput", "read p50", "read p99", "write p50", "write p99"]);
        let read = &c.primaries[1];
        assert_eq!((read.verdict, read.pairs, read.improves), (VerdictName::Different, 10, false));
        let [low, high] = read.ci95.unwrap();
        assert!(low < 1.5 && 1.5 < high && (read.ratio - 1.5).abs() < 0.05, "{read:?}");
        assert!(read.p <= read.p_corrected && read.p_corrected < 0.05);
        assert_eq!(c.primaries[0].verdict, VerdictName::NoRelevantDifference);
        assert!(
            c.headline.contains("Read p50: sticky is")
                && c.headline.contains("slower than not sticky")
        );
        assert!(c.headline.contains("No relevant difference: throughput."), "{}", c.headline);
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
        assert!(few.comparisons[0].headline.contains("Only 2 pairs count"));
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

//! An experiment in charts and words.

use std::sync::Arc;

use super::charts::Drawn;
use fwit_chart::axis::Axis;
use fwit_chart::figure::ChartError;
use fwit_chart::ink::Ink;
use fwit_chart::interval::{Estimate, IntervalChart};
use fwit_chart::line::{LineChart, Series};
use fwit_chart::number::Quantity;
use fwit_chart::paired::{PairedChart, Period};
use fwit_chart::percentile::{Curve, PercentileChart, trusted};
use fwit_chart::scale::Kind;
use fwit_chart::scene::Shape;
use fwit_quantities::ratio::{ratio_range, ratio_signs};
use fwit_quantities::units::three_digits;
use fwit_report::experiment::view::{
    ComparisonView, ExperimentView, MetricUnit, MetricView, Progress, VerdictName,
};
use fwit_report::experiment::{Experiment, Planned};

/// A value of a metric with its unit.
#[must_use]
pub fn value(unit: MetricUnit, v: f64) -> String {
    quantity(unit).text(v)
}

fn quantity(unit: MetricUnit) -> Quantity {
    match unit {
        MetricUnit::PerSecond => Quantity::PerSecond,
        MetricUnit::Micros => Quantity::Micros,
    }
}

/// A ratio as a change: `+4.2 %`, `2.00 times`.
#[must_use]
pub fn change(ratio: f64) -> String {
    ratio_signs(ratio)
}

/// An interval of ratios as changes; a dash without one.
#[must_use]
pub fn interval(ci: Option<[f64; 2]>) -> String {
    ci.map_or_else(|| "–".into(), |[low, high]| ratio_range(low, high))
}

/// An e-value: `21`, `more than 1,000`; a dash without one.
#[must_use]
pub fn e_value(e: Option<f64>) -> String {
    match e {
        None => "–".into(),
        Some(e) if e >= 1_000.0 => ">1000".into(),
        Some(e) => three_digits(e),
    }
}

/// The sign before a verdict: what its colour says.
#[must_use]
pub fn sign(m: &MetricView) -> &'static str {
    match (m.verdict, m.improves) {
        (VerdictName::Inconclusive, _) => "?",
        (VerdictName::NoRelevantDifference, _) => "=",
        (_, true) => "▲",
        (_, false) => "▼",
    }
}

/// How many pairs it takes, for one metric: `about 12 more pairs would show 7.6 % (30 if the spread
/// is larger than it seems)`.
#[must_use]
pub fn more_pairs(m: &MetricView) -> Option<String> {
    let (more, effect) = (m.more_pairs?, m.planned_effect?);
    let most = m.more_pairs_at_most.filter(|most| *most > more);
    let most =
        most.map_or_else(String::new, |n| format!(" ({n} if the spread is as large as it may be)"));
    Some(format!(
        "{}: about {} would show a difference of {} %{most}",
        m.name,
        fwit_report::experiment::more(more),
        three_digits(effect * 100.0)
    ))
}

/// A p-value.
#[must_use]
pub fn p_value(p: f64) -> String {
    if p < 0.001 { "<0.001".into() } else { format!("{p:.3}") }
}

/// The colour of a verdict: `good`, `bad`, or empty. Its words say the same.
#[must_use]
pub fn tone(m: &MetricView) -> &'static str {
    match (m.verdict, m.improves) {
        (VerdictName::Different | VerdictName::DifferentMarginOpen, true) => "good",
        (VerdictName::Different | VerdictName::DifferentMarginOpen, false) => "bad",
        (VerdictName::Inconclusive, _) => "warn",
        _ => "",
    }
}

/// The verdict in words; a difference says which way it goes.
#[must_use]
pub fn verdict(m: &MetricView) -> String {
    match (m.verdict, m.improves) {
        (VerdictName::Different, true) => "better".into(),
        (VerdictName::Different, false) => "worse".into(),
        (VerdictName::DifferentMarginOpen, true) => "better, margin open".into(),
        (VerdictName::DifferentMarginOpen, false) => "worse, margin open".into(),
        (VerdictName::SmallerThanMargin, true) => "better, by less than the margin".into(),
        (VerdictName::SmallerThanMargin, false) => "worse, by less than the margin".into(),
        (verdict, _) => verdict.words().into(),
    }
}

/// The colour of a verdict in a chart, and its sign.
fn mark(m: &MetricView) -> (Ink, Shape) {
    match tone(m) {
        "good" => (Ink::Good, Shape::Up),
        "bad" => (Ink::Bad, Shape::Down),
        "warn" => (Ink::Warn, Shape::Diamond),
        _ => (Ink::Text, Shape::Square),
    }
}

/// The primary metrics' intervals, and those of the A-A control below them.
///
/// # Errors
/// None of a view that `experiment::analyze` made.
pub fn intervals(c: &ComparisonView) -> Result<Drawn, ChartError> {
    let row = |m: &MetricView, control: bool| {
        let [low, high] = m.ci95?;
        let (ink, shape) = if control { (Ink::Muted, Shape::Circle) } else { mark(m) };
        Some(Estimate {
            label: if control { format!("{}, A-A", m.name) } else { m.name.clone() },
            value: m.ratio - 1.0,
            // The interval holds its estimate.
            interval: [low.min(m.ratio) - 1.0, high.max(m.ratio) - 1.0],
            ink,
            shape,
            note: if control { "the same setting against itself".into() } else { verdict(m) },
        })
    };
    let own = c.primaries.iter().filter_map(|m| row(m, false));
    let rows: Vec<Estimate> = own.chain(c.control.iter().filter_map(|m| row(m, true))).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let title = format!("{} against {}, with 95 % intervals", c.b, c.a);
    let chart =
        IntervalChart::new(&title, Axis::linear("change", Quantity::Change), rows, 0.0, None)?;
    Ok(Some(Arc::new(chart)))
}

/// How B differs at every percentile, with its intervals: see [`bands`].
///
/// # Errors
/// None of a view that `experiment::analyze` made.
pub fn shift(c: &ComparisonView) -> Result<Drawn, ChartError> {
    let Some((_, first)) = c.shift.first() else { return Ok(None) };
    let x: Arc<[f64]> = first.iter().map(|p| p.p).collect();
    let axis =
        Axis { title: "percentile".into(), quantity: Quantity::Rank, kind: Kind::Percentile };
    let title = format!("Shift function: {} against {}, percentile by percentile", c.b, c.a);
    let mut chart =
        LineChart::new(&title, axis, Axis::linear("change", Quantity::Change), x)?.from_zero(true);
    for (i, (name, points)) in c.shift.iter().enumerate() {
        let edge = |side: usize| -> Arc<[f64]> {
            let of = |b: Option<[f64; 2]>| {
                b.and_then(|b| b.get(side).map(|v| v - 1.0)).unwrap_or(f64::NAN)
            };
            let together = hold_together(c);
            points.iter().map(|p| of(if together { p.band } else { p.ci95 })).collect()
        };
        chart = chart.with(Series {
            label: name.clone(),
            ink: Ink::series(i),
            y: points.iter().map(|p| p.ratio.map_or(f64::NAN, |r| r - 1.0)).collect(),
            band: Some([edge(0), edge(1)]),
        })?;
    }
    Ok(Some(Arc::new(chart)))
}

/// Whether every percentile that has an interval has one that holds for all percentiles together:
/// it takes 9 pairs.
fn hold_together(c: &ComparisonView) -> bool {
    let mut points = c.shift.iter().flat_map(|(_, points)| points);
    points.all(|p| p.band.is_some() || p.ci95.is_none())
}

/// What the bands of [`shift`] are.
#[must_use]
pub fn bands(c: &ComparisonView) -> &'static str {
    if hold_together(c) {
        "the bands hold for all percentiles together."
    } else {
        "each band holds for its percentile alone; bands that hold for all together take 9 pairs."
    }
}

/// One primary metric of every period in time order: two arms, pairs joined, what does not count
/// crossed out.
///
/// # Errors
/// Where periods do not follow each other.
pub fn paired(
    view: &ExperimentView,
    c: &ComparisonView,
    metric: usize,
) -> Result<Drawn, ChartError> {
    let Some((name, unit)) = view.metrics.get(metric) else { return Ok(None) };
    let mut periods = Vec::new();
    for p in &view.periods {
        let arm = match p.arm {
            0 => 0,
            a if a == c.arm => 1,
            _ => continue,
        };
        let value = p.values.get(metric).copied().flatten();
        let none = || value.is_none().then(|| "too few answers for it".to_string());
        periods.push(Period {
            arm,
            // A repeat is a pair of its own.
            pair: (p.pair + 1_000 * p.attempt) as usize,
            start: p.started_s,
            value: value.unwrap_or(f64::NAN),
            excluded: p.excluded.clone().or_else(none),
        });
    }
    if periods.iter().all(|p| !p.value.is_finite()) {
        return Ok(None);
    }
    let axis = Axis::linear(name, quantity(*unit));
    let arms = [(c.a.clone(), Ink::series(0)), (c.b.clone(), Ink::series(1))];
    Ok(Some(Arc::new(PairedChart::new(&format!("{name}, period by period"), axis, arms, periods)?)))
}

/// Latency over percentiles: a curve an arm, the centre of its periods' percentiles, with the
/// interval of that centre.
///
/// # Errors
/// None of a view that `experiment::analyze` made.
pub fn curves(view: &ExperimentView, of: &str) -> Result<Drawn, ChartError> {
    let curves: Vec<Curve> = view
        .curves
        .iter()
        .filter(|c| c.of == of)
        .map(|c| {
            let column =
                |i: usize| c.points.iter().filter_map(|p| p.get(i).copied()).collect::<Vec<f64>>();
            Curve {
                label: view.arms.get(c.arm as usize).map_or_else(String::new, |a| a.name.clone()),
                ink: Ink::series(c.arm as usize),
                ranks: column(0),
                values: column(1),
                band: Some([column(2), column(3)])
                    .filter(|b| b.iter().flatten().all(|v| v.is_finite())),
                trusted: trusted(c.count, 10),
            }
        })
        .collect();
    if curves.is_empty() {
        return Ok(None);
    }
    let axis = Axis::log("cluster time", Quantity::Micros);
    Ok(Some(Arc::new(PercentileChart::new(
        &format!("Latency by percentile, centre of the periods, {of}"),
        axis,
        curves,
    )?)))
}

/// An experiment that could start, in one sentence.
#[must_use]
pub fn about(experiment: &Experiment) -> String {
    let design = &experiment.file.design;
    let arms: Vec<&str> = experiment.arms.iter().map(|a| a.name.as_str()).collect();
    let order = match (design.extendable, arms.len()) {
        (true, _) => "an order by coins",
        (false, 2) => "balanced random order",
        (false, _) => "the order of a Latin square",
    };
    format!(
        "{}: {} {} of {} s periods in {order}, {} s of each left out; {}.",
        arms.join(" against "),
        experiment.pairs(),
        if arms.len() == 2 { "pairs" } else { "rounds" },
        design.period_s,
        design.settle_s,
        super::simulated::experiment_takes(experiment)
    )
}

/// How many pairs a metric takes: `7.6 % in read p50 with 12 pairs (20 if …)`.
#[must_use]
pub fn planned(p: &Planned) -> String {
    let most =
        if p.at_most > p.pairs { format!(" (at most {})", p.at_most) } else { String::new() };
    format!("{} % in {} with {} pairs{most}", three_digits(p.effect * 100.0), p.metric, p.pairs)
}

/// What may be claimed of the pairs so far, at any time; nothing before there is a claim.
#[must_use]
pub fn safe(p: &Progress) -> Vec<String> {
    let decided = p.claims.iter().filter(|c| c.verdict != VerdictName::Inconclusive);
    decided.map(|c| fwit_quantities::units::capital(&c.words)).collect()
}

/// What an experiment is doing.
#[must_use]
pub fn progress(p: &Progress, arms: &[String]) -> String {
    let again = if p.attempt > 1 { ", again" } else { "" };
    let mut text = format!(
        "Pair {} of {}{again}: {}; {} {} so far",
        p.pair + 1,
        p.pairs,
        arms.get(p.arm as usize).map_or("", String::as_str),
        p.good,
        if p.good == 1 { "pair counts" } else { "pairs count" }
    );
    if p.dropped > 0 {
        let periods = if p.dropped == 1 { "period does" } else { "periods do" };
        let last = p.last_dropped.as_deref().unwrap_or("not known");
        text.push_str(&format!(". {} {periods} not count; of the last: {last}", p.dropped));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::preset;
    use fwit_report::experiment::sticky_or_not;
    use fwit_report::experiment::view::{ArmView, CurveView, PeriodView, ShiftView};

    fn metric(name: &str, ratio: f64, verdict: VerdictName) -> MetricView {
        MetricView {
            name: name.into(),
            unit: MetricUnit::Micros,
            a: 1_000.0,
            b: 1_000.0 * ratio,
            ratio,
            ci95: Some([ratio * 0.98, ratio * 1.02]),
            ci90: Some([ratio * 0.99, ratio * 1.01]),
            p: 0.01,
            p_corrected: 0.04,
            p_equivalence: None,
            margin: 0.05,
            verdict,
            p_valid: true,
            e: None,
            more_pairs: None,
            more_pairs_at_most: None,
            planned_effect: None,
            text: String::new(),
            pairs: 10,
            sd: 0.02,
            all_periods: None,
            improves: ratio < 1.0,
            latency: true,
        }
    }

    fn view() -> ExperimentView {
        let shift = |p, ratio| ShiftView {
            p,
            pairs: 10,
            ratio: Some(ratio),
            ci95: Some([ratio - 0.1, ratio + 0.1]),
            band: None,
            p_corrected: Some(0.5),
        };
        let period = |pair: u32, arm: u32, value: Option<f64>| PeriodView {
            pair,
            attempt: 1,
            arm,
            started_s: f64::from(2 * pair + arm) * 30.0,
            values: vec![value],
            excluded: None,
            leader: None,
            error_share: 0.0,
            run_id: "r".into(),
        };
        let arm = |name: &str| ArmView { name: name.into(), changes: vec![], run: None };
        ExperimentView {
            id: "x".into(),
            name: "x".into(),
            labels: fwit_report::run::labels::Labels::default(),
            started_at: String::new(),
            finished_at: String::new(),
            ended: None,
            trouble: None,
            lighter: None,
            arms: vec![arm("plain"), arm("sticky")],
            pairs: 10,
            pairs_used: 2,
            claim_from: 6,
            extendable: false,
            period_s: 30.0,
            settle_s: 5.0,
            metrics: vec![("read p50".into(), MetricUnit::Micros)],
            comparisons: vec![ComparisonView {
                a: "plain".into(),
                b: "sticky".into(),
                arm: 1,
                headline: String::new(),
                primaries: vec![metric("read p50", 0.9, VerdictName::Different)],
                exploratory: vec![],
                control: vec![metric("read p50", 1.0, VerdictName::Inconclusive)],
                orders: [1, 1],
                excluded: [[0, 2], [0, 1]],
                shift: vec![(
                    "reads".into(),
                    vec![shift(0.1, 0.9), shift(0.5, 0.95), shift(0.99, 1.0)],
                )],
            }],
            periods: vec![period(0, 0, Some(10.0)), period(0, 1, Some(9.0)), period(1, 0, None)],
            drift: vec![],
            curves: vec![CurveView {
                arm: 1,
                of: "reads".into(),
                count: 5_000,
                points: vec![[0.0, 1.0, 0.9, 1.1], [0.5, 2.0, 1.9, 2.1]],
            }],
            notes: vec![],
            environment: vec![],
            calibration: vec![],
            plan_json: String::new(),
        }
    }

    #[test]
    fn every_chart_can_be_drawn_and_says_what_it_shows() {
        let view = view();
        let c = &view.comparisons[0];
        let said = |d: Drawn| d.unwrap().sentence();
        let intervals = said(intervals(c).unwrap());
        assert!(intervals.contains("read p50") && intervals.contains("A-A"), "{intervals}");
        assert!(said(shift(c).unwrap()).contains("Shift function"));
        assert!(said(paired(&view, c, 0).unwrap()).contains("sticky below plain in 1 of 1 pairs"));
        assert!(said(curves(&view, "reads").unwrap()).contains("sticky"));
        assert!(
            curves(&view, "writes").unwrap().is_none() && paired(&view, c, 7).unwrap().is_none()
        );
    }

    #[test]
    fn a_caption_says_that_bands_hold_together_only_where_all_do() {
        let mut c = view().comparisons[0].clone();
        let points = |c: &mut ComparisonView, band: Option<[f64; 2]>| {
            c.shift[0].1.iter_mut().for_each(|p| {
                p.ci95 = Some([0.9, 1.1]);
                p.band = band;
            });
        };
        points(&mut c, Some([0.8, 1.2]));
        assert!(bands(&c).contains("for all percentiles together"), "{}", bands(&c));
        // With 7 pairs there is an interval at each percentile, and none for all.
        points(&mut c, None);
        assert!(bands(&c).starts_with("each band holds for its percentile alone"), "{}", bands(&c));
        points(&mut c, Some([0.8, 1.2]));
        c.shift[0].1[2].band = None;
        assert!(bands(&c).starts_with("each band holds"), "one kind of band a chart");
    }

    #[test]
    fn figures_read_as_changes() {
        let m = metric("read p50", 0.9, VerdictName::Different);
        assert_eq!((change(1.042).as_str(), change(2.0).as_str()), ("+4.2 %", "2.00 times"));
        assert_eq!(interval(None), "–");
        assert_eq!((verdict(&m).as_str(), sign(&m)), ("better", "▲"));
        let worse = metric("throughput", 1.1, VerdictName::Different);
        assert_eq!((verdict(&worse).as_str(), sign(&worse)), ("worse", "▼"));
        assert_eq!((e_value(None).as_str(), e_value(Some(21.0)).as_str()), ("–", "21.0"));
        assert_eq!(more_pairs(&m), None);
        let planned = MetricView {
            more_pairs: Some(4),
            more_pairs_at_most: Some(9),
            planned_effect: Some(0.076),
            ..m.clone()
        };
        let told = more_pairs(&planned).unwrap();
        assert!(
            told.starts_with("read p50: about 4 more pairs would show a difference of 7.60 %"),
            "{told}"
        );
        assert_ne!(mark(&m).1, mark(&worse).1, "not by colour only");
        assert_eq!((tone(&m), p_value(0.0001).as_str()), ("good", "<0.001"));
        let experiment = Experiment::from_file(&sticky_or_not(&preset("quick").unwrap())).unwrap();
        let about = about(&experiment);
        assert!(about.contains("not sticky against sticky: 10 pairs of 30 s"), "{about}");
        assert!(about.contains("about 10 min 20 s"), "{about}");
    }
}

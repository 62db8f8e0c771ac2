//! A run's seconds as charts over time: throughput, latency, concurrency, Little's law.

use std::sync::Arc;

use fwit_chart::axis::Axis;
use fwit_chart::figure::ChartError;
use fwit_chart::ink::Ink;
use fwit_chart::line::LineChart;
use fwit_chart::number::Quantity;
use fwit_chart::region::{self, Region, RegionKind, Stretch};
use fwit_report::run::view::{
    Annotation, LeaderSpan, Leadership, Measure, RunView, Second, TimelineEvent,
};

use crate::drawn::{Drawn, drawn};
use crate::sentence;

/// What of a run's time is marked: its warm-up, what disturbed the instrument, what was done to the
/// cluster, and who led.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks<'a> {
    /// Length of the warm-up, s.
    pub warmup_s: f64,
    /// Troubles of the instrument.
    pub annotations: &'a [Annotation],
    /// Faults, notes, changes of the load.
    pub timeline: &'a [TimelineEvent],
    /// Who led when.
    pub leadership: Option<&'a Leadership>,
    /// The run is another tool's: it has one latency.
    pub foreign: bool,
}

impl<'a> Marks<'a> {
    /// Those of a run.
    #[must_use]
    pub fn of(run: &'a RunView) -> Marks<'a> {
        Marks {
            warmup_s: run.warmup_s,
            annotations: &run.health.annotations,
            timeline: &run.timeline,
            leadership: run.leadership.as_ref(),
            foreign: run.source.is_some(),
        }
    }

    /// As a chart has them.
    #[must_use]
    pub fn drawn(&self) -> region::Marks {
        let region =
            |from: f64, to: f64, label: &str, kind| Region { from, to, label: label.into(), kind };
        let mut regions = Vec::new();
        if self.warmup_s > 0.0 {
            regions.push(region(0.0, self.warmup_s, "warm-up", RegionKind::Excluded));
        }
        for a in self.annotations.iter().filter(|a| sentence::is_marked(a)) {
            let until = a.until_s.max(a.at_s + MARK_MIN);
            regions.push(region(a.at_s, until, &a.words, RegionKind::Excluded));
        }
        for event in self.timeline {
            let until = event.until_s.max(event.at_s + MARK_MIN);
            regions.push(region(event.at_s, until, &event.words, RegionKind::Event));
        }
        region::Marks { regions, lane: ("leader".into(), self.lane()) }
    }

    /// Who led when. One colour a node, whatever the order in which they led.
    fn lane(&self) -> Vec<Stretch> {
        let spans = self.leadership.map_or(&[][..], |l| &l.spans);
        let mut names: Vec<&String> = spans.iter().filter_map(|s| s.node.as_ref()).collect();
        names.sort_unstable();
        names.dedup();
        let ink = |name: &String| names.iter().position(|n| *n == name).map(Ink::series);
        let stretch = |span: &LeaderSpan| Stretch {
            from: span.from_s,
            to: span.until_s,
            label: span.node.clone().unwrap_or_else(|| "no leader".into()),
            ink: span.node.as_ref().and_then(ink),
        };
        spans.iter().map(stretch).collect()
    }
}

/// Marked stretches are at least that long, s, so that a moment is seen.
const MARK_MIN: f64 = 0.2;

/// A chart over the seconds of a run, with its marks.
pub(crate) fn over_time(
    title: &str,
    y: Axis,
    seconds: &[Second],
    marks: Marks,
) -> Result<LineChart, ChartError> {
    let x: Arc<[f64]> = seconds.iter().map(|s| f64::from(s.t_s)).collect();
    let chart = LineChart::new(title, Axis::linear("time", Quantity::Elapsed), y, x)?;
    Ok(chart.from_zero(true).with_marks(marks.drawn()))
}

/// The seconds of a run that it lasted whole: the last, cut one would look like a fall.
#[must_use]
pub fn whole(run: &RunView) -> &[Second] {
    let end = run.warmup_s + run.measured_s + 0.05;
    let n = run.seconds.partition_point(|s| f64::from(s.t_s) + 1.0 <= end);
    run.seconds.get(..n).unwrap_or_default()
}

/// Answers and, where there are any, errors a second.
///
/// # Errors
/// Where the seconds do not rise.
pub fn throughput(seconds: &[Second], marks: Marks) -> Result<Drawn, ChartError> {
    if seconds.is_empty() {
        return Ok(None);
    }
    let axis = Axis::linear("answers", Quantity::PerSecond);
    let mut chart = over_time("Throughput", axis, seconds, marks)?
        .with_values("answers", seconds.iter().map(|s| Some(f64::from(s.answers))))?;
    // Stages of an open load are rates; those of a closed one are entities.
    if seconds.iter().any(|s| s.target.is_some())
        && seconds.iter().all(|s| s.littles_law_ratio.is_none())
    {
        chart = chart.with_values("due", seconds.iter().map(|s| s.target.map(f64::from)))?;
    }
    if seconds.iter().any(|s| s.errors > 0) {
        chart = chart.with_values("errors", seconds.iter().map(|s| Some(f64::from(s.errors))))?;
    }
    Ok(drawn(chart))
}

pub(crate) fn of_measure(second: &Second, measure: Measure) -> Option<[u32; 2]> {
    match measure {
        // Seconds hold no service times and waits of their own.
        Measure::Cluster | Measure::Service => second.cluster_us,
        Measure::Wait | Measure::Response => second.response_us,
    }
}

/// The latency that series over time can show in place of this one.
#[must_use]
pub fn series_measure(measure: Measure) -> Measure {
    match measure {
        Measure::Cluster | Measure::Service => Measure::Cluster,
        Measure::Wait | Measure::Response => Measure::Response,
    }
}

/// A chart's title with its latency; a run of another tool has one alone.
pub(super) fn named(what: &str, foreign: bool, measure: Measure) -> String {
    if foreign { what.into() } else { format!("{what} ({})", series_measure(measure).name()) }
}

/// p50 and p99 a second.
///
/// # Errors
/// Where the seconds do not rise.
pub fn latency(seconds: &[Second], marks: Marks, measure: Measure) -> Result<Drawn, ChartError> {
    if seconds.iter().all(|s| of_measure(s, measure).is_none()) {
        return Ok(None);
    }
    let title = named("Latency over time", marks.foreign, measure);
    let at =
        |i: usize| seconds.iter().map(move |s| of_measure(s, measure).map(|l| f64::from(l[i])));
    let chart = over_time(&title, Axis::linear("latency", Quantity::Micros), seconds, marks)?
        .with_values("p50", at(0))?
        .with_values("p99", at(1))?;
    Ok(drawn(chart))
}

/// Requests in flight and waiting for a slot, averaged a second.
///
/// # Errors
/// Where the seconds do not rise.
pub fn concurrency(seconds: &[Second], marks: Marks) -> Result<Drawn, ChartError> {
    if seconds.is_empty() {
        return Ok(None);
    }
    if marks.foreign {
        let axis = Axis::linear("users", Quantity::Plain);
        let users = seconds.iter().map(|s| Some(f64::from(s.in_flight)));
        return Ok(drawn(over_time("Users", axis, seconds, marks)?.with_values("users", users)?));
    }
    let axis = Axis::linear("requests", Quantity::Plain);
    let mut chart = over_time("In flight and waiting", axis, seconds, marks)?
        .with_values("in flight", seconds.iter().map(|s| Some(f64::from(s.in_flight))))?
        .with_values("waiting for a slot", seconds.iter().map(|s| Some(f64::from(s.waiting))))?;
    if seconds.iter().any(|s| s.target.is_some() && s.littles_law_ratio.is_some()) {
        chart = chart
            .with_values("wanted by the plan", seconds.iter().map(|s| s.target.map(f64::from)))?;
    }
    Ok(drawn(chart))
}

/// Little's law over the five seconds that end with each.
///
/// # Errors
/// Where the seconds do not rise.
pub fn littles_law_ratio(seconds: &[Second], marks: Marks) -> Result<Drawn, ChartError> {
    if seconds.iter().all(|s| s.littles_law_ratio.is_none()) {
        return Ok(None);
    }
    let axis = Axis::linear("recorded ÷ counted", Quantity::Plain);
    let chart = over_time("Little's law: 1 where nothing was lost", axis, seconds, marks)?
        .with_values(
            "Little's law ratio",
            seconds.iter().map(|s| s.littles_law_ratio.map(f64::from)),
        )?;
    Ok(drawn(chart))
}

/// p50 a second, a line an operation.
///
/// # Errors
/// Where an operation's seconds are not in step with the run's.
pub fn by_operation(run: &RunView, measure: Measure) -> Result<Drawn, ChartError> {
    if run.op_seconds.iter().flat_map(|o| &o.seconds).all(|s| of_measure(s, measure).is_none()) {
        return Ok(None);
    }
    let title = named("p50 by operation", run.source.is_some(), measure);
    let axis = Axis::linear("latency", Quantity::Micros);
    let seconds = whole(run);
    let mut chart = over_time(&title, axis, seconds, Marks::of(run))?;
    for op in &run.op_seconds {
        let values = op
            .seconds
            .iter()
            .take(seconds.len())
            .map(|s| of_measure(s, measure).map(|l| f64::from(l[0])));
        chart = chart.with_values(&op.op, values)?;
    }
    Ok(drawn(chart))
}

//! From a run's view to charts: which series, on which axes, with what marked as not counting.
//!
//! Where a run has nothing to draw, there is no chart; what does not fit gives the chart's own
//! error.

pub use crate::drawn::Drawn;
use crate::drawn::drawn;
pub use crate::over_time::{
    Marks, by_operation, concurrency, latency, littles_law_ratio, series_measure, throughput, whole,
};
use crate::over_time::{named, of_measure};
use crate::shift::band;
use fwit_chart::axis::Axis;
use fwit_chart::figure::ChartError;
use fwit_chart::heatmap::{Grid, Heatmap};
use fwit_chart::histogram::{Height, Histogram, Spread};
use fwit_chart::ink::Ink;
use fwit_chart::line::LineChart;
use fwit_chart::number::Quantity;
use fwit_chart::percentile::{Curve, PercentileChart, trusted};
use fwit_chart::strip::{Entity, Group, Strip, StripChart};
use fwit_report::run::intervals::RunIntervals;
use fwit_report::run::latency_groups::LatencyGroup;
use fwit_report::run::select::Selected;
use fwit_report::run::view::{self, Measure, RunView, Second};

/// Samples that must lie above a percentile for it to be drawn in full.
const SUPPORT: u64 = 10;

/// What the curves of a run are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// One each operation, and one of all.
    Operation,
    /// One each node asked.
    Node,
}

fn curve(label: &str, ink: Ink, of: &view::Curve) -> Curve {
    let (mut ranks, mut values) = (Vec::new(), Vec::<f64>::new());
    // The largest value stands at rank 1, which the axis cannot reach: half a sample before it.
    let last = 1.0 - 0.5 / (of.count.max(1) as f64);
    for (rank, value) in &of.points {
        let rank = rank.clamp(0.0, last);
        if ranks.last().is_none_or(|before| *before < rank) {
            ranks.push(rank);
            values.push(*value as f64);
        } else if let Some(highest) = values.last_mut() {
            *highest = highest.max(*value as f64);
        }
    }
    Curve {
        label: label.into(),
        ink,
        ranks,
        values,
        band: None,
        trusted: trusted(of.count, SUPPORT),
    }
}

fn curves_of(run: &RunView, measure: Measure) -> &[view::Curve] {
    if measure == Measure::Cluster { &run.cluster_curves } else { &run.response_curves }
}

/// Latency over percentiles.
///
/// # Errors
/// Where a curve's points do not rise.
pub fn percentiles(run: &RunView, measure: Measure, by: By) -> Result<Drawn, ChartError> {
    let wanted = curves_of(run, measure).iter().filter(|c| match by {
        By::Operation => c.node.is_none(),
        By::Node => c.op.is_none() && c.node.is_some(),
    });
    let title = named("Latency by percentile", run.source.is_some(), measure);
    percentile_chart(&title, wanted.filter(|c| c.count > 0).enumerate())
}

/// Latency over percentiles, of a part of a run.
///
/// # Errors
/// As [`percentiles`].
pub fn selected_percentiles(
    selected: &Selected,
    run: &RunView,
    measure: Measure,
) -> Result<Drawn, ChartError> {
    // Each operation has the colour that it has in the run's own chart.
    let own = curves_of(run, measure).iter().filter(|c| c.node.is_none() && c.count > 0);
    let places: Vec<_> = own.map(|c| c.op.as_deref()).collect();
    let place = |op: Option<&str>| places.iter().position(|own| *own == op).unwrap_or_default();
    let curves = match measure {
        Measure::Cluster => &selected.cluster_curves,
        _ => &selected.response_curves,
    };
    // One operation alone is all there is.
    let one = curves.len() == 2;
    let wanted = curves.iter().filter(|c| !one || c.op.is_some());
    let title = named("Latency by percentile, of the selection", run.source.is_some(), measure);
    percentile_chart(&title, wanted.map(|c| (place(c.op.as_deref()), c)))
}

fn percentile_chart<'a>(
    title: &str,
    wanted: impl Iterator<Item = (usize, &'a view::Curve)>,
) -> Result<Drawn, ChartError> {
    let curves: Vec<Curve> = wanted
        .map(|(i, c)| {
            let label = c.op.as_deref().or(c.node.as_deref()).unwrap_or("all");
            curve(label, if label == "all" { Ink::Text } else { Ink::series(i) }, c)
        })
        .collect();
    if curves.is_empty() {
        return Ok(None);
    }
    Ok(drawn(PercentileChart::new(title, Axis::log("latency", Quantity::Micros), curves)?))
}

/// What the times of a run are called.
fn time_name(run: &RunView) -> &'static str {
    if run.source.is_some() { "latency" } else { "cluster time" }
}

/// Latency by time as counts in colour.
///
/// # Errors
/// Where the counts do not fit the grid.
pub fn heat(run: &RunView) -> Result<Drawn, ChartError> {
    let heat = &run.heat;
    let bins = heat.edges_us.len().saturating_sub(1);
    let (Some(&lowest), Some(&next)) = (heat.edges_us.first(), heat.edges_us.get(1)) else {
        return Ok(None);
    };
    if heat.counts.iter().all(|c| *c == 0) {
        return Ok(None);
    }
    let step = f64::from(heat.column_s.max(1));
    let grid = Grid {
        start: 0.0,
        step,
        columns: heat.counts.len() / bins,
        lowest,
        ratio: next / lowest,
        bins,
    };
    let (x, y) =
        (Axis::linear("time", Quantity::Elapsed), Axis::log(time_name(run), Quantity::Micros));
    let chart = Heatmap::new("Latency by time", x, y, grid, heat.counts.clone())?;
    Ok(drawn(chart.with_marks(Marks::of(run).drawn())))
}

/// How the times that the cluster took are spread, of all operations or one.
///
/// # Errors
/// Where bins do not rise.
pub fn spread(run: &RunView, op: Option<&str>) -> Result<Drawn, ChartError> {
    let Some(h) = run.histograms.iter().find(|h| h.op.as_deref() == op) else { return Ok(None) };
    if h.counts.iter().all(|c| *c == 0) {
        return Ok(None);
    }
    let label = op.unwrap_or("all operations").to_string();
    let spreads = vec![Spread { label, ink: Ink::series(0), counts: h.counts.clone() }];
    let axis = Axis::log(time_name(run), Quantity::Micros);
    let title = match run.source {
        Some(_) => "How latencies are spread",
        None => "How cluster times are spread",
    };
    Ok(drawn(Histogram::new(title, axis, h.edges_us.clone(), spreads, Height::Count)?))
}

/// One dot an entity and operation at its mean, with the sign of its camp; where there is one camp,
/// of the node it chose.
///
/// # Errors
/// None of a view that `run::summary` made.
pub fn latency_groups(run: &RunView) -> Result<Drawn, ChartError> {
    let latency_groups = &run.latency_groups;
    let (labels, of): (Vec<String>, Vec<usize>) = if latency_groups.found() {
        let alone = latency_groups.groups.len();
        let label = |c: &LatencyGroup| {
            if c.place.is_empty() { c.name.clone() } else { format!("{}: {}", c.name, c.place) }
        };
        let mut labels: Vec<String> = latency_groups.groups.iter().map(label).collect();
        let of = |i: usize| {
            latency_groups
                .of_entity
                .get(i)
                .copied()
                .flatten()
                .map_or(alone, |c| (c as usize).min(alone))
        };
        let of: Vec<usize> = (0..run.entities.len()).map(of).collect();
        if of.contains(&alone) {
            labels.push("in no camp".into());
        }
        (labels, of)
    } else {
        let mut homes: Vec<&String> = run.nodes.iter().map(|n| &n.name).collect();
        for entity in &run.entities {
            if !homes.contains(&&entity.home) {
                homes.push(&entity.home);
            }
        }
        homes.retain(|home| run.entities.iter().any(|e| e.home == **home));
        let of =
            |e: &view::EntityView| homes.iter().position(|h| **h == e.home).unwrap_or_default();
        (
            homes
                .iter()
                .map(|home| match home.as_str() {
                    "" => "node not known".to_string(),
                    home => format!("home {home}"),
                })
                .collect(),
            run.entities.iter().map(of).collect(),
        )
    };
    let group = |(i, label)| Group { label, ink: Ink::series(i) };
    let groups: Vec<Group> = labels.into_iter().enumerate().map(group).collect();
    let entity = |(e, group): (&view::EntityView, usize)| {
        let node = e.latched.as_ref().unwrap_or(&e.home);
        Entity {
            label: if node.is_empty() { e.name.clone() } else { format!("{} on {node}", e.name) },
            group,
        }
    };
    let entities = run.entities.iter().zip(of).map(entity).collect();
    let strips: Vec<Strip> = run
        .ops
        .iter()
        .enumerate()
        .map(|(i, (op, _))| Strip {
            label: op.clone(),
            means: run
                .entities
                .iter()
                .map(|e| e.ops.get(i).filter(|o| o.count > 0).map_or(f64::NAN, |o| o.mean_us))
                .collect(),
        })
        .filter(|s| s.means.iter().any(|m| m.is_finite()))
        .collect();
    if strips.is_empty() {
        return Ok(None);
    }
    let axis = Axis::log("mean", Quantity::Micros);
    let title = if latency_groups.found() {
        "Entities’ means, by camp"
    } else {
        "Entities’ means, by the node they chose"
    };
    Ok(drawn(StripChart::new(title, axis, groups, entities, strips)?))
}

/// The curves of several runs, over all operations or one, with their bands where they are known.
///
/// # Errors
/// Where a curve's points do not rise.
pub fn compared_percentiles(
    runs: &[&RunView],
    labels: &[String],
    measure: Measure,
    op: Option<&str>,
    intervals: Option<&RunIntervals>,
) -> Result<Drawn, ChartError> {
    let intervals = intervals.filter(|c| c.measure == series_measure(measure));
    let spreads = intervals.and_then(|c| c.scope(op));
    let curves: Vec<Curve> = runs
        .iter()
        .zip(labels)
        .enumerate()
        .filter_map(|(i, (run, label))| {
            let of = curves_of(run, measure)
                .iter()
                .find(|c| c.node.is_none() && c.op.as_deref() == op)?;
            let mut curve = (of.count > 0).then(|| curve(label, Ink::series(i), of))?;
            let spread = spreads.and_then(|s| s.runs.get(i)).and_then(Option::as_ref);
            curve.band = spread.map(|run| band(&curve.ranks, &curve.values, run));
            Some(curve)
        })
        .collect();
    if curves.is_empty() {
        return Ok(None);
    }
    let foreign = runs.iter().any(|run| run.source.is_some());
    let title = named("Latency by percentile", foreign, measure);
    Ok(drawn(PercentileChart::new(&title, Axis::log("latency", Quantity::Micros), curves)?))
}

/// What is compared over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Answers a second.
    Throughput,
    /// p50 or p99 (0 or 1) of a latency.
    Latency(usize, Measure),
}

/// One series of several runs over the seconds since each one's measured window began.
///
/// # Errors
/// None of views that `run::summary` made.
pub fn compared_series(
    runs: &[&RunView],
    labels: &[String],
    over: Over,
) -> Result<Drawn, ChartError> {
    let value = |s: &Second| match over {
        Over::Throughput => Some(f64::from(s.answers)),
        Over::Latency(i, measure) => {
            of_measure(s, measure).and_then(|l| l.get(i).map(|v| f64::from(*v)))
        }
    };
    let measured = |run: &RunView| -> Vec<Option<f64>> {
        whole(run).iter().filter(|s| f64::from(s.t_s) >= run.warmup_s).map(value).collect()
    };
    let series: Vec<Vec<Option<f64>>> = runs.iter().map(|run| measured(run)).collect();
    let length = series.iter().map(Vec::len).max().unwrap_or_default();
    if length == 0 {
        return Ok(None);
    }
    let (title, axis) = match over {
        Over::Throughput => {
            ("Throughput".to_string(), Axis::linear("answers", Quantity::PerSecond))
        }
        Over::Latency(i, measure) => {
            let name = if i == 0 { "p50" } else { "p99" };
            let foreign = runs.iter().any(|run| run.source.is_some());
            let title = named(&format!("{name} over time"), foreign, measure);
            (title, Axis::linear("latency", Quantity::Micros))
        }
    };
    let x = (0..length).map(|i| i as f64).collect();
    let time = Axis::linear("time measured", Quantity::Elapsed);
    let mut chart = LineChart::new(&title, time, axis, x)?.from_zero(true);
    for (values, label) in series.into_iter().zip(labels) {
        let missing = length - values.len();
        chart = chart
            .with_values(label, values.into_iter().chain(std::iter::repeat_n(None, missing)))?;
    }
    Ok(drawn(chart))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::sample::sample;
    use fwit_report::run::view::{EntityOp, EntityView, HeatMap, LogHistogram};

    fn filled(id: &str) -> RunView {
        let mut run = sample(id, 1.0);
        run.seconds = (0..30)
            .map(|t_s| Second {
                t_s,
                answers: 100 + t_s,
                cluster_us: Some([t_s + 1, t_s + 9]),
                ..Second::default()
            })
            .collect();
        let points = vec![(0.0, 100), (0.5, 200), (0.9, 400), (1.0, 900), (1.0, 950)];
        let of = |op: Option<&str>, node: Option<&str>| view::Curve {
            op: op.map(Into::into),
            node: node.map(Into::into),
            count: 1_000,
            points: points.clone(),
        };
        run.cluster_curves = vec![of(None, None), of(Some("get"), None), of(None, Some("n1"))];
        run.entities = ["n1", "n2"]
            .map(|home| EntityView {
                name: format!("of {home}"),
                home: home.into(),
                ops: vec![EntityOp { count: 3, mean_us: 5.0, sd_us: 1.0 }],
                ..EntityView::default()
            })
            .to_vec();
        run.heat = HeatMap { column_s: 1, edges_us: vec![1.0, 2.0, 4.0], counts: vec![1, 0, 2, 3] };
        run.histograms =
            vec![LogHistogram { op: None, edges_us: vec![1.0, 2.0, 4.0], counts: vec![5, 6] }];
        run
    }

    #[test]
    fn a_run_without_data_has_no_charts_and_no_errors() {
        let run = sample("a", 1.0);
        assert!(throughput(&run.seconds, Marks::of(&run)).unwrap().is_none());
        assert!(latency(&run.seconds, Marks::of(&run), Measure::Cluster).unwrap().is_none());
        assert!(by_operation(&run, Measure::Cluster).unwrap().is_none());
        assert!(percentiles(&run, Measure::Cluster, By::Operation).unwrap().is_none());
        assert!(heat(&run).unwrap().is_none() && spread(&run, None).unwrap().is_none());
        assert!(latency_groups(&run).unwrap().is_none());
    }

    #[test]
    fn each_chart_names_its_series() {
        let run = filled("a");
        let legend =
            |d: Drawn| d.unwrap().legend().into_iter().map(|e| e.label).collect::<Vec<_>>();
        assert_eq!(legend(throughput(&run.seconds, Marks::of(&run)).unwrap())[..1], ["answers"]);
        assert_eq!(
            legend(latency(&run.seconds, Marks::of(&run), Measure::Cluster).unwrap())[..2],
            ["p50", "p99"]
        );
        assert_eq!(
            legend(percentiles(&run, Measure::Cluster, By::Operation).unwrap())[..2],
            ["all", "get"]
        );
        assert_eq!(legend(percentiles(&run, Measure::Cluster, By::Node).unwrap())[..1], ["n1"]);
        assert_eq!(legend(latency_groups(&run).unwrap())[..2], ["home n1", "home n2"]);
        assert!(heat(&run).unwrap().is_some() && spread(&run, None).unwrap().is_some());
    }

    #[test]
    fn the_largest_value_stays_on_the_curve() {
        let run = filled("a");
        let c = curve("all", Ink::Text, &run.cluster_curves[0]);
        assert_eq!(c.values.last(), Some(&950.0));
        assert!(c.ranks.last().is_some_and(|r| *r < 1.0 && *r > 0.999));
        assert!(c.ranks.windows(2).all(|w| w[0] < w[1]));
    }

    #[test]
    fn runs_of_different_length_are_laid_over_each_other() {
        let (a, mut b) = (filled("a"), filled("b"));
        b.seconds.truncate(12);
        let labels = ["A".to_string(), "B".to_string()];
        let chart = compared_series(&[&a, &b], &labels, Over::Throughput).unwrap().unwrap();
        // 2 s of warm-up and 20 s measured: what came in the drain after them is not drawn.
        assert_eq!(chart.table().len, 20);
        assert_eq!((whole(&a).len(), whole(&b).len()), (22, 12));
        assert!(
            compared_percentiles(&[&a, &b], &labels, Measure::Cluster, Some("get"), None)
                .unwrap()
                .is_some()
        );
        assert!(
            compared_percentiles(&[&a, &b], &labels, Measure::Cluster, Some("set"), None)
                .unwrap()
                .is_none()
        );
    }
}

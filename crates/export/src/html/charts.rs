//! The report's charts: those of the page, as SVG in the report's colours.

use fwit_chart::figure::{Chart, ChartError};
use fwit_chart::scene::{Size, rough_width};
use fwit_chart::viewport::Viewport;
use fwit_chart::{sign, svg};
use fwit_present::charts::{self, By, Drawn, Marks, whole};
use fwit_present::vitals;
use fwit_quantities::sample::Measure;
use fwit_report::run::view::RunView;

use super::text::{Section, esc, folded, hint, section};
use crate::error::ExportError;

/// Width of a chart that shares its row, and of one that does not, px.
const HALF: f64 = 640.0;
const WHOLE: f64 = 1_280.0;

/// Writes charts, and counts them: each picture has a number of its own.
struct Charts {
    out: String,
    count: usize,
    /// What the numbers begin with.
    prefix: &'static str,
}

impl Charts {
    fn new(prefix: &'static str) -> Charts {
        Charts { out: String::new(), count: 0, prefix }
    }

    /// Adds a chart where the run has one.
    fn add(
        &mut self,
        title: &'static str,
        width: f64,
        height: f64,
        drawn: Result<Drawn, ChartError>,
    ) -> Result<(), ExportError> {
        let drawn = drawn.map_err(|source| ExportError::Chart { title, source })?;
        if let Some(chart) = drawn {
            self.count += 1;
            let id = format!("{}{}", self.prefix, self.count);
            let more =
                title.split_once(", by ").map_or_else(String::new, |(_, by)| format!(", by {by}"));
            self.out += &figure(&*chart, &more, &id, Size::new(width, height));
        }
        Ok(())
    }

    fn half(
        &mut self,
        title: &'static str,
        drawn: Result<Drawn, ChartError>,
    ) -> Result<(), ExportError> {
        self.add(title, HALF, 260.0, drawn)
    }

    /// All of them, side by side where there is room.
    fn html(self) -> String {
        if self.out.is_empty() {
            return self.out;
        }
        format!("<div class=\"charts\">\n{}</div>\n", self.out)
    }
}

/// A chart with its title, `more` behind it, and its legend. What a reader would take from it is
/// told to those who cannot see it.
fn figure(chart: &dyn Chart, more: &str, id: &str, size: Size) -> String {
    let scene = chart.draw(&Viewport::default(), size, &rough_width).scene;
    let key = |entry: fwit_chart::figure::Entry| {
        format!("<li>{} {}</li>\n", sign::svg(entry.sign, entry.ink), esc(&entry.label))
    };
    let legend: String = chart.legend().into_iter().map(key).collect();
    let legend =
        if legend.is_empty() { legend } else { format!("<ul class=\"legend\">\n{legend}</ul>\n") };
    format!(
        "<figure{}>
<figcaption>{title}</figcaption>
<div class=\"scroll\" tabindex=\"0\" \
         role=\"region\" aria-label=\"{title}\">
{}</div>
{legend}</figure>
",
        if size.width > HALF { " class=\"wide\"" } else { "" },
        svg::inline(&scene, id, &chart.sentence()),
        title = esc(&format!("{}{more}", chart.title())),
    )
}

/// The percentile curves and the histograms.
pub(super) fn distribution(run: &RunView) -> Result<Option<Section>, ExportError> {
    let own = run.source.is_none();
    let mut all = Charts::new("d");
    all.add(
        "Latency by percentile",
        HALF,
        320.0,
        charts::percentiles(run, Measure::Cluster, By::Operation),
    )?;
    all.add("Histogram", HALF, 320.0, charts::spread(run, None))?;
    if own || run.nodes.len() > 1 {
        let drawn = charts::percentiles(run, Measure::Cluster, By::Node);
        all.add("Latency by percentile, by node", HALF, 320.0, drawn)?;
    }
    if own {
        let drawn = charts::percentiles(run, Measure::Response, By::Operation);
        all.add("Response by percentile", HALF, 320.0, drawn)?;
    }
    let mut each = Charts::new("o");
    let ops: Vec<&str> = run.histograms.iter().filter_map(|h| h.op.as_deref()).collect();
    let mut folds = String::new();
    if ops.len() > 1 {
        for op in ops {
            let before = each.out.len();
            each.add("Histogram of an operation", HALF, 220.0, charts::spread(run, Some(op)))?;
            // The legend names the operation; where a chart has none, its place must.
            if !each.out.get(before..).unwrap_or_default().contains("class=\"legend\"") {
                each.out.insert_str(before, &format!("<p class=\"of\">{}</p>\n", esc(op)));
            }
        }
        folds = folded("Histograms by operation", &each.html());
    }
    let body = all.html();
    let body = if body.is_empty() { body } else { body + &folds };
    Ok(section("distribution", "Distribution", &body))
}

/// What happened when.
pub(super) fn over_time(run: &RunView) -> Result<Option<Section>, ExportError> {
    let own = run.source.is_none();
    let (seconds, marks) = (whole(run), Marks::of(run));
    let mut all = Charts::new("t");
    if !run.seconds.is_empty() {
        all.half("Throughput", charts::throughput(seconds, marks))?;
        all.half("Latency over time", charts::latency(seconds, marks, Measure::Cluster))?;
        all.add("Latency by time", WHOLE, 300.0, charts::heat(run))?;
        all.half("p50 by operation", charts::by_operation(run, Measure::Cluster))?;
        if own {
            let drawn = charts::latency(seconds, marks, Measure::Response);
            all.half("Response over time", drawn)?;
        }
        if own || run.seconds.iter().any(|s| s.in_flight > 0.0) {
            all.half("In flight and waiting", charts::concurrency(seconds, marks))?;
        }
        if own {
            all.half("Little's law", charts::littles_law_ratio(seconds, marks))?;
        }
        for vital in run.vitals.as_ref().map(vitals::known).unwrap_or_default() {
            let drawn = vitals::chart(run.vitals.as_ref(), marks, vital);
            all.add("Vitals", HALF, 200.0, drawn)?;
        }
    }
    Ok(section("time", "Over time", &all.html()))
}

/// The strip of the entities' means.
pub(super) fn entities(run: &RunView) -> Result<Option<Section>, ExportError> {
    let mut all = Charts::new("e");
    all.add("Entities", WHOLE, 480.0, charts::latency_groups(run))?;
    let chart = all.html();
    if chart.is_empty() {
        return Ok(None);
    }
    let words = if run.latency_groups.found() {
        "A dot is one entity’s mean for an operation, with the colour and the shape of its camp."
    } else {
        "A dot is one entity’s mean for an operation. Two groups of dots in one row would be two \
         camps: see which node each chose."
    };
    Ok(section("entities", "Entities", &(hint(words) + &chart)))
}

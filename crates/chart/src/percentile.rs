//! Latency over percentile rank, on the axis of HdrHistogram: each further nine takes the same
//! length.

use super::axis::{self, Axis};
use super::decimate;
use super::figure::{
    Chart, ChartError, Entry, Figure, Reading, Readout, Sign, Table, check_length, check_rising,
    step_through,
};
use super::ink::{Fill, Ink};
use super::number::Quantity;
use super::scale::{Frame, Kind, Scale};
use super::scene::{Dash, Item, Measure, Point, Scene, Shape, Size, Stroke};
use super::viewport::{Cursor, Navigate, Step, Viewport};

/// One curve: values at rising ranks.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Its name.
    pub label: String,
    /// Its colour.
    pub ink: Ink,
    /// Ranks, rising, 0 to below 1.
    pub ranks: Vec<f64>,
    /// The value at each rank, in the unit of the axis.
    pub values: Vec<f64>,
    /// Lower and upper end of an interval at each rank; NaN where there is none.
    pub band: Option<[Vec<f64>; 2]>,
    /// The last rank with enough samples above it; what lies beyond is drawn grey. See [`trusted`].
    pub trusted: f64,
}

/// The last rank that has at least `support` samples at or above it among `n`.
pub fn trusted(n: u64, support: u64) -> f64 {
    if n == 0 { 0.0 } else { (1.0 - support as f64 / n as f64).max(0.0) }
}

/// A chart of latency over percentile rank.
#[derive(Clone, Debug)]
pub struct PercentileChart {
    title: String,
    x_axis: Axis,
    y_axis: Axis,
    curves: Vec<Curve>,
    /// All ranks of all curves: what the cursor steps through.
    ranks: Vec<f64>,
}

/// Ranks that the table and the sentence quote.
const QUOTED: [f64; 8] = [0.0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999];

impl PercentileChart {
    /// A chart of these curves; `y_axis` may be linear or logarithmic.
    ///
    /// # Errors
    /// When ranks do not rise or leave 0..1, or a list has not one value for each rank.
    pub fn new(title: &str, y_axis: Axis, curves: Vec<Curve>) -> Result<Self, ChartError> {
        for c in &curves {
            check_rising(&c.label, &c.ranks)?;
            check_length(&c.label, c.values.len(), c.ranks.len())?;
            for edge in c.band.iter().flatten() {
                check_length(&format!("{} (band)", c.label), edge.len(), c.ranks.len())?;
            }
            for end in c.ranks.first().iter().chain(c.ranks.last().iter()) {
                if !(0.0..1.0).contains(*end) {
                    let (what, needed) = (format!("{} (rank)", c.label), "from 0 to below 1");
                    return Err(ChartError::Value { what, needed, value: **end });
                }
            }
        }
        let mut ranks: Vec<f64> = curves.iter().flat_map(|c| c.ranks.iter().copied()).collect();
        ranks.sort_by(f64::total_cmp);
        ranks.dedup();
        let x_axis = Axis {
            title: "percentile".to_owned(),
            quantity: Quantity::Rank,
            kind: Kind::Percentile,
        };
        Ok(Self { title: title.to_owned(), x_axis, y_axis, curves, ranks })
    }

    fn shown<'a>(&'a self, view: &'a Viewport) -> impl Iterator<Item = (usize, &'a Curve)> {
        self.curves.iter().enumerate().filter(|(i, _)| view.shows(*i))
    }

    fn y_domain(&self, view: &Viewport, x: [f64; 2], height: f64) -> [f64; 2] {
        let log = self.y_axis.kind == Kind::Log;
        let mut d: Option<[f64; 2]> = None;
        for (_, c) in self.shown(view) {
            for y in std::iter::once(&c.values).chain(c.band.iter().flatten()) {
                if let Some([a, b]) = decimate::extent(&c.ranks, y, x, log) {
                    d = Some(d.map_or([a, b], |[lo, hi]| [lo.min(a), hi.max(b)]));
                }
            }
        }
        let [lo, hi] = d.unwrap_or(if log { [1.0, 10.0] } else { [0.0, 1.0] });
        let lo = if log { lo } else { lo.min(0.0) };
        self.y_axis.widened(Scale::new(self.y_axis.kind, [lo, hi], [1.0, 0.0]).domain(), height)
    }

    /// The line of one curve, split where trust ends: carrying part, grey part.
    fn parts(c: &Curve, frame: &Frame) -> [Vec<Point>; 2] {
        let split = c.ranks.partition_point(|p| *p <= c.trusted + 1e-12);
        let (mut solid, mut grey) = (Vec::new(), Vec::new());
        decimate::line(&c.ranks[..split], &c.values[..split], &frame.x, &frame.y, &mut solid);
        let from = split.saturating_sub(1);
        if split < c.ranks.len() {
            decimate::line(&c.ranks[from..], &c.values[from..], &frame.x, &frame.y, &mut grey);
        }
        [solid, grey]
    }
}

/// The value at rank `p`: of the nearest rank at or above it, as a histogram answers.
fn value_at(c: &Curve, p: f64) -> Option<usize> {
    let i = c.ranks.partition_point(|r| *r < p - 1e-12);
    (i < c.ranks.len()).then_some(i)
}

impl Navigate for PercentileChart {
    fn domain(&self) -> [f64; 2] {
        let last = self.ranks.last().copied().unwrap_or(0.99);
        Scale::new(Kind::Percentile, [0.0, last], [0.0, 1.0]).domain()
    }

    fn step(&self, view: &Viewport, frame: &Frame, step: Step) -> Option<Cursor> {
        step_through(&self.ranks, view, frame, step)
    }
}

impl Chart for PercentileChart {
    fn title(&self) -> &str {
        &self.title
    }

    fn sentence(&self) -> String {
        let mut out = format!("{}.", self.title);
        for c in &self.curves {
            let quoted: Vec<String> = [0.5, 0.99, 0.999]
                .into_iter()
                .filter_map(|p| value_at(c, p).map(|i| (p, c.values[i])))
                .map(|(p, v)| {
                    let few = if p > c.trusted { " (few samples)" } else { "" };
                    format!("{} at {}{few}", self.y_axis.quantity.text(v), Quantity::Rank.text(p))
                })
                .collect();
            let values = if quoted.is_empty() { "no values".to_owned() } else { quoted.join(", ") };
            out += &format!(" {}: {values}.", c.label);
        }
        out
    }

    fn legend(&self) -> Vec<Entry> {
        let entry = |(i, c): (usize, &Curve)| Entry {
            label: c.label.clone(),
            ink: c.ink,
            sign: Sign::Line(Dash::of_series(i)),
            series: Some(i),
        };
        let mut out: Vec<Entry> = self.curves.iter().enumerate().map(entry).collect();
        if self.curves.iter().any(|c| c.ranks.last().is_some_and(|p| *p > c.trusted)) {
            let label = "≈ too few samples".to_owned();
            out.push(Entry {
                label,
                ink: Ink::Muted,
                sign: Sign::Line(Dash::Dotted),
                series: None,
            });
        }
        out
    }

    fn draw(&self, view: &Viewport, size: Size, measure: Measure<'_>) -> Figure {
        let x_domain = view.domain(self.domain());
        let y_domain = self.y_domain(view, x_domain, axis::plot_height(size, &self.y_axis));
        let (frame, furniture) =
            axis::xy(size, &self.x_axis, x_domain, &self.y_axis, y_domain, measure);
        let mut data = Vec::new();
        for (_, c) in self.shown(view) {
            if let Some([low, high]) = &c.band {
                let (mut points, mut under) = (Vec::new(), Vec::new());
                decimate::line(&c.ranks, high, &frame.x, &frame.y, &mut points);
                decimate::line(&c.ranks, low, &frame.x, &frame.y, &mut under);
                points.extend(under.iter().rev());
                points.retain(|p| p.is_drawn());
                data.push(Item::Area { points, fill: Fill::faded(c.ink, 0.16) });
            }
        }
        for (i, c) in self.shown(view) {
            let [solid, grey] = Self::parts(c, &frame);
            let stroke = Stroke::px(Ink::Muted, 1.25).dashed(Dash::Dotted);
            data.push(Item::Path { points: grey, stroke });
            data.push(Item::Path {
                points: solid,
                stroke: Stroke::px(c.ink, 2.0).dashed(Dash::of_series(i)),
            });
        }
        let mut scene = Scene::new(size);
        scene.items = furniture;
        scene.items.push(Item::Clip { rect: axis::clip(&frame, view), items: data });
        Figure { scene, frame }
    }

    fn overlay(&self, view: &Viewport, frame: &Frame, size: Size, measure: Measure<'_>) -> Scene {
        let mut scene = Scene::new(size);
        axis::selection(view, frame, &mut scene.items);
        let at = self.readout(view, frame).at;
        axis::crosshair(view, frame, &at, size, measure, &mut scene.items);
        let Some(cursor) = view.cursor else { return scene };
        for (n, c) in self.shown(view) {
            let Some(i) = value_at(c, cursor.x) else { continue };
            let p = frame.at(cursor.x, c.values[i]);
            if p.is_drawn() && frame.plot.contains(p) {
                let ink = if c.ranks[i] > c.trusted { Ink::Muted } else { c.ink };
                let (points, fill, shape) = (vec![p], Fill::solid(ink), Shape::of_series(n));
                scene.items.push(Item::Markers { points, shape, radius: 4.5, fill, hollow: false });
            }
        }
        scene
    }

    fn readout(&self, view: &Viewport, _: &Frame) -> Readout {
        let Some(p) = view.cursor.map(|c| c.x) else { return Readout::default() };
        let q = self.y_axis.quantity;
        let values = self
            .shown(view)
            .map(|(n, c)| {
                let value = value_at(c, p).map_or("–".to_owned(), |i| {
                    // The sign that the tables give an uncertain figure: short, for the legend.
                    let few = if c.ranks[i] > c.trusted { "≈" } else { "" };
                    match &c.band {
                        Some([l, h]) if l[i].is_finite() && h[i].is_finite() => {
                            format!(
                                "{few}{} ({} to {})",
                                q.text(c.values[i]),
                                q.text(l[i]),
                                q.text(h[i])
                            )
                        }
                        _ => format!("{few}{}", q.text(c.values[i])),
                    }
                });
                Reading { series: Some(n), label: c.label.clone(), value }
            })
            .collect();
        // As many digits as the place on the axis is worth: a nine more each decade.
        let digits = (-(1.0 - p).log10()).max(0.0).floor() as usize + 1;
        let rounded = (p * 10f64.powi(digits as i32 + 2)).round() / 10f64.powi(digits as i32 + 2);
        Readout { at: Quantity::Rank.text(rounded.min(p.max(0.999_999))), values }
    }

    fn table(&self) -> Table<'_> {
        let mut headers = vec!["percentile".to_owned()];
        headers
            .extend(self.curves.iter().map(|c| format!("{} ({})", self.y_axis.header(), c.label)));
        let [_, last] = self.domain();
        let rows: Vec<f64> = QUOTED.into_iter().filter(|p| *p <= last + 1e-9).collect();
        Table::new(headers, rows.len(), move |i| {
            let mut row = vec![Quantity::Rank.text(rows[i])];
            row.extend(self.curves.iter().map(|c| match value_at(c, rows[i]) {
                Some(at) if rows[i] > c.trusted => {
                    format!("{} (few samples)", self.y_axis.quantity.text(c.values[at]))
                }
                Some(at) => self.y_axis.quantity.text(c.values[at]),
                None => "–".to_owned(),
            }));
            row
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::rough_width;
    use super::*;

    fn curve(label: &str, n: u64) -> Curve {
        let ranks: Vec<f64> = (0..40).map(|i| 1.0 - 10f64.powf(-f64::from(i) / 10.0)).collect();
        let values = ranks.iter().map(|p| 1000.0 / (1.0 - p).sqrt()).collect();
        Curve {
            label: label.into(),
            ink: Ink::series(0),
            ranks,
            values,
            band: None,
            trusted: trusted(n, 10),
        }
    }

    fn chart(n: u64) -> PercentileChart {
        PercentileChart::new(
            "Latency of get",
            Axis::log("latency", Quantity::Micros),
            vec![curve("A", n)],
        )
        .unwrap()
    }

    #[test]
    fn trust_ends_where_ten_samples_are_left() {
        assert_eq!(trusted(1000, 10), 0.99);
        assert_eq!((trusted(0, 10), trusted(5, 10)), (0.0, 0.0));
    }

    #[test]
    fn the_part_with_too_few_samples_is_grey_and_said() {
        let c = chart(1000);
        let f = c.draw(&Viewport::default(), Size::new(500.0, 300.0), &rough_width);
        let [solid, grey] = PercentileChart::parts(&c.curves[0], &f.frame);
        let limit = f.frame.x.px(0.99);
        assert!(solid.iter().all(|p| p.x <= limit + 1e-6) && solid.len() > 10);
        assert!(
            grey.len() > 10 && (grey[0].x - limit).abs() < 1e-6,
            "the grey part starts where the other ends"
        );
        assert!(c.sentence().contains("99.9% (few samples)"));
        assert_eq!(c.legend().len(), 2);
        assert!(chart(10_000_000).legend().len() == 1);
    }

    #[test]
    fn the_value_at_a_rank_is_that_of_the_next_rank() {
        let c = curve("A", 1000);
        assert_eq!(value_at(&c, 0.0), Some(0));
        assert_eq!(value_at(&c, 0.5), Some(4));
        assert_eq!(value_at(&c, 0.99999), None);
    }

    #[test]
    fn ranks_out_of_order_or_of_range_are_refused() {
        let y = || Axis::log("latency", Quantity::Micros);
        let mut c = curve("A", 10);
        c.ranks[3] = 0.0;
        assert!(matches!(
            PercentileChart::new("", y(), vec![c]),
            Err(ChartError::Unsorted { index: 3, .. })
        ));
        let mut c = curve("A", 10);
        c.ranks[39] = 1.0;
        assert!(matches!(PercentileChart::new("", y(), vec![c]), Err(ChartError::Value { .. })));
    }

    #[test]
    fn no_curves_is_an_empty_chart() {
        let c =
            PercentileChart::new("", Axis::log("latency", Quantity::Micros), Vec::new()).unwrap();
        let f = c.draw(&Viewport::default(), Size::new(300.0, 200.0), &rough_width);
        assert!(c.step(&Viewport::default(), &f.frame, Step::On).is_none());
    }
}

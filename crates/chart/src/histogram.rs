//! How values are spread: log bins as bars or step outlines, several laid over each other, modes
//! marked.

use super::axis::{self, Axis};
use super::figure::{
    Chart, ChartError, Entry, Figure, Reading, Readout, Sign, Table, check_length, check_rising,
    step_through,
};
use super::ink::{Fill, Ink};
use super::number::Quantity;
use super::scale::{Frame, Kind, Scale};
use super::scene::{
    Anchor, Baseline, Dash, Item, Measure, Point, Rect, Scene, Size, Stroke, TextSize,
};
use super::viewport::{Cursor, Navigate, Step, Viewport};

/// One spread of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Its name.
    pub label: String,
    /// Its colour.
    pub ink: Ink,
    /// How many values in each bin.
    pub counts: Vec<u64>,
}

/// A marked value: a mode, the middle of a camp.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Where, in the unit of the x axis.
    pub at: f64,
    /// What it is.
    pub label: String,
    /// Its colour.
    pub ink: Ink,
}

/// What the height of a bar means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Height {
    /// How many.
    Count,
    /// Which part of its spread: for spreads of different numbers.
    Share,
}

/// A chart of spreads over common bins.
#[derive(Clone, Debug)]
pub struct Histogram {
    title: String,
    x_axis: Axis,
    y_axis: Axis,
    edges: Vec<f64>,
    middles: Vec<f64>,
    spreads: Vec<Spread>,
    marks: Vec<Mark>,
    height: Height,
}

impl Histogram {
    /// A chart of spreads over the bins between `edges` (one more than bins), rising; above zero on
    /// a log axis.
    ///
    /// # Errors
    /// When edges do not rise, are not above zero on a log axis, or a spread has not one count for
    /// each bin.
    pub fn new(
        title: &str,
        axis: Axis,
        edges: Vec<f64>,
        spreads: Vec<Spread>,
        height: Height,
    ) -> Result<Self, ChartError> {
        check_rising("bin edges", &edges)?;
        if let (Kind::Log, Some(&value)) = (axis.kind, edges.first().filter(|e| **e <= 0.0)) {
            let needed = "above zero on a logarithmic axis";
            return Err(ChartError::Value { what: "first bin edge".into(), needed, value });
        }
        for s in &spreads {
            check_length(&s.label, s.counts.len(), edges.len().saturating_sub(1))?;
        }
        let middle = |w: &[f64]| match axis.kind {
            Kind::Log => (w[0] * w[1]).sqrt(),
            _ => f64::midpoint(w[0], w[1]),
        };
        let middles = edges.windows(2).map(middle).collect();
        let y_axis = match height {
            Height::Count => Axis::linear("requests per bin", Quantity::Count),
            Height::Share => Axis::linear("share of requests", Quantity::Share),
        };
        let (title, marks) = (title.to_owned(), Vec::new());
        Ok(Self { title, x_axis: axis, y_axis, edges, middles, spreads, marks, height })
    }

    /// Marks a value.
    #[must_use]
    pub fn with_mark(mut self, mark: Mark) -> Self {
        self.marks.push(mark);
        self
    }

    fn value(&self, s: &Spread, bin: usize) -> f64 {
        let total: u64 = s.counts.iter().sum();
        match self.height {
            Height::Count => s.counts[bin] as f64,
            Height::Share if total == 0 => 0.0,
            Height::Share => s.counts[bin] as f64 / total as f64,
        }
    }

    fn values(&self, s: &Spread) -> Vec<f64> {
        let total: u64 = s.counts.iter().sum();
        let unit = if self.height == Height::Share { total.max(1) as f64 } else { 1.0 };
        s.counts.iter().map(|c| *c as f64 / unit).collect()
    }

    fn shown<'a>(&'a self, view: &'a Viewport) -> impl Iterator<Item = (usize, &'a Spread)> {
        self.spreads.iter().enumerate().filter(|(i, _)| view.shows(*i))
    }

    /// Bins that the domain touches.
    fn bins(&self, [lo, hi]: [f64; 2]) -> std::ops::Range<usize> {
        let bins = self.middles.len();
        let from = self.edges.partition_point(|e| *e <= lo).saturating_sub(1).min(bins);
        let to = self.edges.partition_point(|e| *e < hi).min(bins);
        from..to.max(from)
    }

    fn mark_items(&self, frame: &Frame, measure: Measure<'_>) -> Vec<Item> {
        let mut items = Vec::new();
        let plot = frame.plot;
        let mut rows: Vec<f64> = Vec::new(); // right end of the last label of each row
        let mut marks: Vec<&Mark> = self.marks.iter().filter(|m| frame.x.contains(m.at)).collect();
        marks.sort_by(|a, b| a.at.total_cmp(&b.at));
        for m in marks {
            let x = frame.x.px(m.at);
            let ends = vec![[Point::new(x, plot.y), Point::new(x, plot.bottom())]];
            let stroke = Stroke::px(m.ink, 1.0).dashed(Dash::Dashed);
            items.push(Item::Segments { ends, stroke });
            let text = axis::shortened(&m.label, TextSize::Small, plot.w, measure);
            let w = measure(&text, TextSize::Small);
            let left = (x + 4.0).min(plot.right() - w).max(plot.x);
            let row = rows.iter().position(|end| *end + 6.0 <= left).unwrap_or(rows.len());
            if row == rows.len() {
                rows.push(0.0);
            }
            rows[row] = left + w;
            let y = plot.y + 2.0 + 14.0 * row as f64;
            if y + 12.0 <= plot.bottom() && !text.is_empty() {
                let ground = Rect::new(left - 2.0, y - 1.0, w + 4.0, 14.0);
                items.push(Item::Rects {
                    rects: vec![ground],
                    fill: Fill::faded(Ink::Surface, 0.8),
                });
                items.push(axis::text(
                    Point::new(left, y),
                    text,
                    Anchor::Start,
                    Baseline::Top,
                    m.ink,
                ));
            }
        }
        items
    }
}

impl Navigate for Histogram {
    fn domain(&self) -> [f64; 2] {
        // Empty bins at both ends are not shown.
        let any = |i: &usize| self.spreads.iter().any(|s| s.counts[*i] > 0);
        let n = self.middles.len();
        let (first, last) = ((0..n).find(any), (0..n).rfind(any));
        let d = match (first, last) {
            (Some(a), Some(b)) => [self.edges[a], self.edges[b + 1]],
            _ => [1.0, 10.0],
        };
        Scale::new(self.x_axis.kind, d, [0.0, 1.0]).domain()
    }

    fn step(&self, view: &Viewport, frame: &Frame, step: Step) -> Option<Cursor> {
        step_through(&self.middles, view, frame, step)
    }
}

impl Chart for Histogram {
    fn title(&self) -> &str {
        &self.title
    }

    fn sentence(&self) -> String {
        let q = self.x_axis.quantity;
        let mut out = format!("{}.", self.title);
        for s in &self.spreads {
            let total: u64 = s.counts.iter().sum();
            let mode = (0..s.counts.len()).max_by_key(|i| s.counts[*i]).filter(|_| total > 0);
            out += &match mode {
                Some(i) => format!(
                    " {}: {} values, most between {} and {}.",
                    s.label,
                    Quantity::Count.text(total as f64),
                    q.text(self.edges[i]),
                    q.text(self.edges[i + 1])
                ),
                None => format!(" {}: no values.", s.label),
            };
        }
        for m in &self.marks {
            out += &format!(" {} at {}.", m.label, q.text(m.at));
        }
        out
    }

    fn legend(&self) -> Vec<Entry> {
        let entry = |(i, s): (usize, &Spread)| {
            let sign =
                if self.spreads.len() > 1 { Sign::Line(Dash::of_series(i)) } else { Sign::Patch };
            Entry { label: s.label.clone(), ink: s.ink, sign, series: Some(i) }
        };
        self.spreads.iter().enumerate().map(entry).collect()
    }

    fn draw(&self, view: &Viewport, size: Size, measure: Measure<'_>) -> Figure {
        let x_domain = view.domain(self.domain());
        let bins = self.bins(x_domain);
        let tables: Vec<(usize, &Spread, Vec<f64>)> =
            self.shown(view).map(|(i, s)| (i, s, self.values(s))).collect();
        let most = tables.iter().flat_map(|t| &t.2[bins.clone()]).copied().fold(0.0, f64::max);
        let most = if most > 0.0 { most } else { 1.0 };
        let y_domain = self.y_axis.widened([0.0, most], axis::plot_height(size, &self.y_axis));
        let (frame, furniture) =
            axis::xy(size, &self.x_axis, x_domain, &self.y_axis, y_domain, measure);
        let alone = self.spreads.len() == 1;
        let mut data = Vec::new();
        for (i, s, values) in &tables {
            let base = frame.y.px(0.0);
            let mut outline = Vec::with_capacity(bins.len() * 2 + 2);
            outline.push(Point::new(
                frame.x.px(self.edges.get(bins.start).copied().unwrap_or(1.0)),
                base,
            ));
            let mut bars = Vec::with_capacity(bins.len());
            for b in bins.clone() {
                let (x0, x1) = (frame.x.px(self.edges[b]), frame.x.px(self.edges[b + 1]));
                let y = frame.y.px(values[b]);
                outline.extend([Point::new(x0, y), Point::new(x1, y)]);
                let gap = if x1 - x0 > 5.0 { 1.0 } else { 0.0 };
                bars.push(Rect::between(x0, y, x1 - gap, base));
            }
            outline.push(Point::new(outline.last().map_or(0.0, |p| p.x), base));
            if alone {
                data.push(Item::Rects { rects: bars, fill: Fill::faded(s.ink, 0.85) });
            } else {
                data.push(Item::Area { points: outline.clone(), fill: Fill::faded(s.ink, 0.16) });
                let stroke = Stroke::px(s.ink, 1.5).dashed(Dash::of_series(*i));
                data.push(Item::Path { points: outline, stroke });
            }
        }
        data.extend(self.mark_items(&frame, measure));
        let mut scene = Scene::new(size);
        scene.items = furniture;
        scene.items.push(Item::Clip { rect: frame.plot, items: data });
        Figure { scene, frame }
    }

    fn readout(&self, view: &Viewport, _: &Frame) -> Readout {
        let (Some(c), Some(last)) = (view.cursor, self.middles.len().checked_sub(1)) else {
            return Readout::default();
        };
        let i = self.edges.partition_point(|e| *e <= c.x).saturating_sub(1).min(last);
        let q = self.x_axis.quantity;
        let values = self
            .shown(view)
            .map(|(n, s)| {
                let count = Quantity::Count.text(s.counts[i] as f64);
                let value = match self.height {
                    Height::Count => count,
                    Height::Share => {
                        format!("{} ({count})", Quantity::Share.text(self.value(s, i)))
                    }
                };
                Reading { series: Some(n), label: s.label.clone(), value }
            })
            .collect();
        Readout {
            at: format!("{} to {}", q.text(self.edges[i]), q.text(self.edges[i + 1])),
            values,
        }
    }

    fn table(&self) -> Table<'_> {
        let mut headers = vec![format!("{} from", self.x_axis.header()), "to".to_owned()];
        headers.extend(self.spreads.iter().map(|s| s.label.clone()));
        let q = self.x_axis.quantity;
        let filled: Vec<usize> = (0..self.middles.len())
            .filter(|i| self.spreads.iter().any(|s| s.counts[*i] > 0))
            .collect();
        Table::new(headers, filled.len(), move |row| {
            let i = filled[row];
            let mut out = vec![q.text(self.edges[i]), q.text(self.edges[i + 1])];
            out.extend(self.spreads.iter().map(|s| Quantity::Count.text(s.counts[i] as f64)));
            out
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::rough_width;
    use super::*;

    fn chart(height: Height) -> Histogram {
        let edges = (0..=10).map(|i| 100.0 * 2f64.powi(i)).collect();
        let spread = |n: usize, counts: [u64; 10]| Spread {
            label: ["A", "B"][n].into(),
            ink: Ink::series(n),
            counts: counts.to_vec(),
        };
        let a = spread(0, [0, 0, 5, 20, 5, 0, 0, 0, 0, 0]);
        let b = spread(1, [0, 0, 0, 0, 0, 200, 600, 200, 0, 0]);
        let axis = Axis::log("latency", Quantity::Micros);
        Histogram::new("Latency of get", axis, edges, vec![a, b], height).unwrap()
    }

    #[test]
    fn empty_bins_at_the_ends_are_not_shown() {
        let [lo, hi] = chart(Height::Count).domain();
        assert!((lo - 400.0).abs() < 1e-9 && (hi - 25_600.0).abs() < 1e-9);
    }

    #[test]
    fn shares_compare_spreads_of_different_numbers() {
        let c = chart(Height::Share);
        let view = Viewport { cursor: Some(Cursor { x: 1000.0, y: None }), ..Viewport::default() };
        let f = c.draw(&view, Size::new(400.0, 200.0), &rough_width);
        let r = c.readout(&view, &f.frame);
        assert_eq!((r.at.as_str(), r.of(0)), ("800 µs to 1.60 ms", Some("66.7 % (20)")));
        assert!(f.frame.y.domain()[1] <= 1.0);
    }

    #[test]
    fn labels_of_close_marks_stand_in_rows_of_their_own() {
        let mark = |at| Mark { at, label: "a camp of entities".into(), ink: Ink::Text };
        let c = chart(Height::Count)
            .with_mark(mark(1000.0))
            .with_mark(mark(1100.0))
            .with_mark(mark(20_000.0));
        let f = c.draw(&Viewport::default(), Size::new(500.0, 240.0), &rough_width);
        let labels = f.scene.labels();
        let marks: Vec<_> = labels
            .iter()
            .filter(|l| l.text.contains("camp"))
            .map(|l| axis::rough_bounds(l))
            .collect();
        assert_eq!(marks.len(), 3);
        for (i, a) in marks.iter().enumerate() {
            assert!(a[2] <= 500.0);
            for b in &marks[..i] {
                assert!(a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1]);
            }
        }
    }

    #[test]
    fn wrong_bins_are_refused_and_none_are_drawn() {
        let axis = || Axis::log("latency", Quantity::Micros);
        assert!(Histogram::new("", axis(), vec![0.0, 1.0], vec![], Height::Count).is_err());
        assert!(Histogram::new("", axis(), vec![2.0, 1.0], vec![], Height::Count).is_err());
        let c = Histogram::new("", axis(), vec![], vec![], Height::Count).unwrap();
        let view = Viewport { cursor: Some(Cursor { x: 2.0, y: None }), ..Viewport::default() };
        let f = c.draw(&view, Size::new(300.0, 200.0), &rough_width);
        assert_eq!(c.readout(&view, &f.frame), Readout::default());
    }

    #[test]
    fn a_zoom_scales_the_height_to_what_is_seen() {
        let view = Viewport { x: Some([400.0, 3000.0]), ..Viewport::default() };
        let f = chart(Height::Count).draw(&view, Size::new(400.0, 200.0), &rough_width);
        assert!(f.frame.y.domain()[1] < 100.0);
    }
}

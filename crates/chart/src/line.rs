//! Values over time: several series, bands of confidence, stretches that were disturbed or do not
//! count.

use std::sync::Arc;

use super::axis::{self, Axis};
use super::decimate;
use super::figure::{
    Chart, ChartError, Entry, Figure, Reading, Readout, Sign, Table, check_length, check_rising,
    step_through,
};
use super::ink::{Fill, Ink};
use super::region::Marks;
use super::scale::{Frame, Kind, Scale};
use super::scene::{Dash, Item, Measure, Point, Scene, Shape, Size, Stroke, Weight};
use super::viewport::{Cursor, Navigate, Step, Viewport};

/// More corners than this and lines are one device pixel wide.
const DENSE: usize = 3000;
/// Up to so many points each gets a marker.
const FEW: usize = 60;
/// Pixels between the markers of a longer line.
const MARK_EVERY: f64 = 110.0;

/// One series: a value for each time of the chart, NaN where there is none.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name.
    pub label: String,
    /// Its colour.
    pub ink: Ink,
    /// A value for each time, in the unit of the y axis; NaN is a gap.
    pub y: Arc<[f64]>,
    /// Lower and upper end of an interval around each value, NaN where there is none.
    pub band: Option<[Arc<[f64]>; 2]>,
}

/// A chart of values over time.
#[derive(Clone, Debug)]
pub struct LineChart {
    title: String,
    x_axis: Axis,
    y_axis: Axis,
    x: Arc<[f64]>,
    series: Vec<Series>,
    marks: Marks,
    from_zero: bool,
}

impl LineChart {
    /// A chart over the times `x`, in the unit of `x_axis`.
    ///
    /// # Errors
    /// When `x` does not rise or is not finite.
    pub fn new(title: &str, x_axis: Axis, y_axis: Axis, x: Arc<[f64]>) -> Result<Self, ChartError> {
        check_rising(&x_axis.title, &x)?;
        let (series, marks) = (Vec::new(), Marks::default());
        Ok(Self { title: title.to_owned(), x_axis, y_axis, x, series, marks, from_zero: false })
    }

    /// Adds a series.
    ///
    /// # Errors
    /// When it or its band has not one value for each time.
    pub fn with(mut self, series: Series) -> Result<Self, ChartError> {
        check_length(&series.label, series.y.len(), self.x.len())?;
        for edge in series.band.iter().flatten() {
            check_length(&format!("{} (band)", series.label), edge.len(), self.x.len())?;
        }
        self.series.push(series);
        Ok(self)
    }

    /// Adds a series under the next colour, from values of which some may be missing.
    ///
    /// # Errors
    /// When there is not one value for each time.
    pub fn with_values(
        self,
        label: &str,
        values: impl IntoIterator<Item = Option<f64>>,
    ) -> Result<Self, ChartError> {
        let ink = Ink::series(self.series.len());
        let y = values.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect();
        self.with(Series { label: label.to_owned(), ink, y, band: None })
    }

    /// Marks stretches of time.
    #[must_use]
    pub fn with_marks(mut self, marks: Marks) -> Self {
        self.marks = marks;
        self
    }

    /// Whether a linear y axis starts at zero even where the values do not.
    #[must_use]
    pub fn from_zero(mut self, yes: bool) -> Self {
        self.from_zero = yes;
        self
    }

    fn shown<'a>(&'a self, view: &'a Viewport) -> impl Iterator<Item = (usize, &'a Series)> {
        self.series.iter().enumerate().filter(|(i, _)| view.shows(*i))
    }

    fn y_domain(&self, view: &Viewport, x: [f64; 2], height: f64) -> [f64; 2] {
        let log = self.y_axis.kind == Kind::Log;
        let mut d: Option<[f64; 2]> = None;
        for (_, s) in self.shown(view) {
            for y in std::iter::once(&s.y).chain(s.band.iter().flatten()) {
                if let Some([a, b]) = decimate::extent(&self.x, y, x, log) {
                    d = Some(d.map_or([a, b], |[lo, hi]| [lo.min(a), hi.max(b)]));
                }
            }
        }
        let [mut lo, hi] = d.unwrap_or(if log { [1.0, 10.0] } else { [0.0, 1.0] });
        if self.from_zero && !log {
            lo = lo.min(0.0);
        }
        self.y_axis.widened(Scale::new(self.y_axis.kind, [lo, hi], [1.0, 0.0]).domain(), height)
    }
}

/// A few places along a line, about `every` pixels apart, each on a corner of it.
fn marks(points: &[Point], every: f64, start: f64) -> Vec<Point> {
    let mut next = start;
    let mut out = Vec::new();
    for p in points.iter().filter(|p| p.is_drawn()) {
        if p.x >= next {
            out.push(*p);
            next = p.x + every;
        }
    }
    out
}

/// The outline of the band between two lines, in stretches where both have values.
fn band_outline(x: &[f64], [low, high]: &[Arc<[f64]>; 2], frame: &Frame) -> Vec<Point> {
    let (mut top, mut bottom, mut out) = (Vec::new(), Vec::new(), Vec::new());
    decimate::line(x, high, &frame.x, &frame.y, &mut top);
    decimate::line(x, low, &frame.x, &frame.y, &mut bottom);
    let tops = top.split(|p| !p.is_drawn()).filter(|s| !s.is_empty());
    let bottoms = bottom.split(|p| !p.is_drawn()).filter(|s| !s.is_empty());
    for (t, b) in tops.zip(bottoms) {
        out.extend_from_slice(t);
        out.extend(b.iter().rev());
        out.push(Point::BREAK);
    }
    out
}

impl Navigate for LineChart {
    fn domain(&self) -> [f64; 2] {
        match (self.x.first(), self.x.last()) {
            (Some(a), Some(b)) => Scale::new(self.x_axis.kind, [*a, *b], [0.0, 1.0]).domain(),
            _ => [0.0, 1.0],
        }
    }

    fn step(&self, view: &Viewport, frame: &Frame, step: Step) -> Option<Cursor> {
        step_through(&self.x, view, frame, step)
    }
}

impl Chart for LineChart {
    fn title(&self) -> &str {
        &self.title
    }

    fn sentence(&self) -> String {
        let q = self.x_axis.quantity;
        let [a, b] = self.domain();
        let mut out = format!("{}, from {} to {}.", self.title, q.text(a), q.text(b));
        for s in &self.series {
            let mut v: Vec<f64> = s.y.iter().copied().filter(|v| v.is_finite()).collect();
            if v.is_empty() {
                out += &format!(" {}: no values.", s.label);
                continue;
            }
            let n = v.len();
            v.sort_unstable_by(f64::total_cmp);
            let middle = v[n / 2];
            let (lo, hi) = v.iter().fold((f64::MAX, f64::MIN), |(l, h), x| (l.min(*x), h.max(*x)));
            let text = |v| self.y_axis.quantity.text(v);
            out += &format!(
                " {}: typically {}, between {} and {}.",
                s.label,
                text(middle),
                text(lo),
                text(hi)
            );
        }
        out + &self.marks.words(q)
    }

    fn legend(&self) -> Vec<Entry> {
        let many = self.series.len() > 1;
        let sign = |i| {
            if many {
                Sign::Marked(Dash::Solid, Shape::of_series(i))
            } else {
                Sign::Line(Dash::Solid)
            }
        };
        self.series
            .iter()
            .enumerate()
            .map(|(i, s)| Entry {
                label: s.label.clone(),
                ink: s.ink,
                sign: sign(i),
                series: Some(i),
            })
            .collect()
    }

    fn draw(&self, view: &Viewport, size: Size, measure: Measure<'_>) -> Figure {
        let x_domain = view.domain(self.domain());
        let y_domain = self.y_domain(view, x_domain, axis::plot_height(size, &self.y_axis));
        let (frame, furniture) =
            axis::xy(size, &self.x_axis, x_domain, &self.y_axis, y_domain, measure);
        let mut scene = Scene::new(size);
        let mut over = Vec::new();
        let mut data = self.marks.items(&frame, measure, false, &mut over);
        for (_, s) in self.shown(view) {
            if let Some(band) = &s.band {
                let points = band_outline(&self.x, band, &frame);
                data.push(Item::Area { points, fill: Fill::faded(s.ink, 0.18) });
            }
        }
        let mut lines: Vec<(usize, &Series, Vec<Point>)> = Vec::with_capacity(self.series.len());
        let mut corners = 0;
        for (i, s) in self.shown(view) {
            let mut points = Vec::with_capacity((frame.plot.w as usize * 4).min(s.y.len()) + 2);
            decimate::line(&self.x, &s.y, &frame.x, &frame.y, &mut points);
            corners += points.len();
            lines.push((i, s, points));
        }
        let weight = if corners > DENSE { Weight::Hair } else { Weight::Px(1.5) };
        let many = self.series.len() > 1;
        for (i, s, points) in lines {
            let start = frame.plot.x + 14.0 + MARK_EVERY * (i % 7) as f64 / 7.0;
            let mut marked = if points.len() <= FEW {
                points.iter().copied().filter(|p| p.is_drawn()).collect()
            } else if many {
                marks(&points, MARK_EVERY, start)
            } else {
                Vec::new()
            };
            if points.len() > FEW {
                marked.extend(alone(&points));
            }
            data.push(Item::Path { points, stroke: Stroke { weight, ..Stroke::hair(s.ink) } });
            let (shape, fill) = (Shape::of_series(i), Fill::solid(s.ink));
            data.push(Item::Markers { points: marked, shape, radius: 3.5, fill, hollow: false });
        }
        scene.items = furniture;
        scene.items.push(Item::Clip { rect: axis::clip(&frame, view), items: data });
        scene.items.extend(over);
        Figure { scene, frame }
    }

    fn overlay(&self, view: &Viewport, frame: &Frame, size: Size, measure: Measure<'_>) -> Scene {
        let mut scene = Scene::new(size);
        axis::selection(view, frame, &mut scene.items);
        let Some(i) = view.cursor.and_then(|c| decimate::nearest(&self.x, c.x)) else {
            return scene;
        };
        let snapped =
            Viewport { cursor: Some(Cursor { x: self.x[i], y: None }), ..Viewport::default() };
        let at = self.x_axis.quantity.text(self.x[i]);
        axis::crosshair(&snapped, frame, &at, size, measure, &mut scene.items);
        if frame.x.contains(self.x[i]) {
            for (n, s) in self.shown(view) {
                let p = frame.at(self.x[i], s.y[i]);
                if p.is_drawn() && frame.plot.contains(p) {
                    let (points, fill) = (vec![p], Fill::solid(s.ink));
                    scene.items.push(Item::Markers {
                        points,
                        shape: Shape::of_series(n),
                        radius: 4.5,
                        fill,
                        hollow: false,
                    });
                }
            }
        }
        scene
    }

    fn readout(&self, view: &Viewport, _: &Frame) -> Readout {
        let Some(i) = view.cursor.and_then(|c| decimate::nearest(&self.x, c.x)) else {
            return Readout::default();
        };
        let value = |s: &Series| match &s.band {
            Some([low, high]) if low[i].is_finite() && high[i].is_finite() => {
                let q = self.y_axis.quantity;
                format!("{} ({} to {})", q.text(s.y[i]), q.text(low[i]), q.text(high[i]))
            }
            _ => self.y_axis.quantity.text(s.y[i]),
        };
        let values = self
            .shown(view)
            .map(|(n, s)| Reading { series: Some(n), label: s.label.clone(), value: value(s) })
            .collect();
        Readout { at: self.x_axis.quantity.text(self.x[i]), values }
    }

    fn table(&self) -> Table<'_> {
        let mut headers = vec![self.x_axis.header().to_owned()];
        for s in &self.series {
            headers.push(s.label.clone());
            if s.band.is_some() {
                headers.extend([format!("{}, low", s.label), format!("{}, high", s.label)]);
            }
        }
        let q = self.y_axis.quantity;
        Table::new(headers, self.x.len(), move |i| {
            let mut row = vec![self.x_axis.quantity.text(self.x[i])];
            for s in &self.series {
                row.push(q.text(s.y[i]));
                row.extend(s.band.iter().flatten().map(|edge| q.text(edge[i])));
            }
            row
        })
    }
}

/// Values with a gap on both sides: a line would not show them.
fn alone(points: &[Point]) -> Vec<Point> {
    let drawn = |i: Option<usize>| i.and_then(|i| points.get(i)).is_some_and(|p| p.is_drawn());
    (0..points.len())
        .filter(|i| points[*i].is_drawn() && !drawn(i.checked_sub(1)) && !drawn(Some(i + 1)))
        .map(|i| points[i])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::number::Quantity;
    use super::super::scene::rough_width;
    use super::*;

    fn chart(n: usize) -> LineChart {
        let x: Arc<[f64]> = (0..n).map(|i| i as f64).collect();
        let (time, lat) =
            (Axis::linear("time", Quantity::Elapsed), Axis::linear("latency", Quantity::Micros));
        let mut c = LineChart::new("Latency", time, lat, x).unwrap();
        for s in 0..3 {
            let y = (0..n)
                .map(|i| (i % 10 != 9).then_some(1000.0 * (s + 1) as f64 + (i % 7) as f64 * 50.0));
            c = c.with_values(["get", "set", "delete"][s], y).unwrap();
        }
        c
    }

    fn size() -> Size {
        Size::new(600.0, 300.0)
    }

    #[test]
    fn a_legend_with_room_for_values_does_not_move() {
        let c = chart(100);
        let frame = c.draw(&Viewport::default(), size(), &rough_width).frame;
        assert_eq!(super::super::figure::value_room(&c, &frame), "1.00 ms".len());
    }

    #[test]
    fn series_that_do_not_match_the_times_are_refused() {
        let e = chart(10).with_values("bump", [Some(1.0)]).unwrap_err();
        assert_eq!(e, ChartError::Length { what: "bump".into(), found: 1, expected: 10 });
    }

    #[test]
    fn gaps_are_gaps_in_the_line() {
        let f = chart(20).draw(&Viewport::default(), size(), &rough_width);
        let Some(Item::Clip { items, .. }) =
            f.scene.items.iter().find(|i| matches!(i, Item::Clip { .. }))
        else {
            panic!("no data");
        };
        let paths: Vec<_> = items
            .iter()
            .filter_map(|i| if let Item::Path { points, .. } = i { Some(points) } else { None })
            .collect();
        assert_eq!(paths.len(), 3);
        assert_eq!(paths[0].iter().filter(|p| !p.is_drawn()).count(), 2);
    }

    #[test]
    fn a_hidden_series_is_not_drawn_read_or_scaled_for() {
        let mut view = Viewport { cursor: Some(Cursor { x: 3.2, y: None }), ..Viewport::default() };
        let c = chart(20);
        let all = c.draw(&view, size(), &rough_width);
        view.hidden = [1, 2].into();
        let one = c.draw(&view, size(), &rough_width);
        assert!(one.frame.y.domain()[1] < all.frame.y.domain()[1] / 2.0);
        let r = c.readout(&view, &one.frame);
        assert_eq!((r.at.as_str(), r.values.len(), r.of(0)), ("3 s", 1, Some("1.15 ms")));
    }

    #[test]
    fn no_data_is_an_empty_chart_not_a_panic() {
        let c = chart(0);
        let f = c.draw(&Viewport::default(), size(), &rough_width);
        let view = Viewport { cursor: Some(Cursor { x: 0.5, y: None }), ..Viewport::default() };
        assert_eq!(c.readout(&view, &f.frame), Readout::default());
        assert!(c.step(&view, &f.frame, Step::On).is_none());
        assert!(c.sentence().contains("get: no values"));
        assert_eq!(c.table().len, 0);
    }

    #[test]
    fn many_points_are_few_corners_and_hair_lines() {
        let f = chart(100_000).draw(&Viewport::default(), size(), &rough_width);
        for item in &f.scene.items {
            if let Item::Clip { items, .. } = item {
                for i in items {
                    if let Item::Path { points, stroke } = i {
                        assert!(points.len() < 600 * 10 && stroke.weight == Weight::Hair);
                    }
                }
            }
        }
    }

    #[test]
    fn the_table_has_a_row_for_each_time_and_a_cell_for_each_header() {
        let c = chart(30);
        let t = c.table();
        assert_eq!((t.len, t.headers.len()), (30, 4));
        assert!(t.rows(0, 30).all(|r| r.len() == 4));
        assert_eq!(t.rows(9, 1).next().unwrap(), ["9 s", "–", "–", "–"]);
    }
}

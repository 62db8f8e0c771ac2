//! Estimates with their intervals, one row each, against a line of no effect and margins that count
//! as equal.

use super::axis::{self, Axis};
use super::figure::{Chart, ChartError, Entry, Figure, Reading, Readout, Sign, Table};
use super::ink::{Fill, Ink};
use super::scale::{Frame, Scale};
use super::scene::{
    Anchor, Baseline, Dash, Item, Measure, Point, Rect, Scene, Shape, Size, Stroke, TextSize,
};
use super::viewport::{Cursor, Navigate, Step, Viewport};

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// What was estimated.
    pub label: String,
    /// The estimate, in the unit of the axis.
    pub value: f64,
    /// Lower and upper end of its interval.
    pub interval: [f64; 2],
    /// Its colour: that of its verdict.
    pub ink: Ink,
    /// Its sign: that of its verdict, so that the colour alone says nothing.
    pub shape: Shape,
    /// Its verdict in words, or empty.
    pub note: String,
}

/// A forest plot.
#[derive(Clone, Debug)]
pub struct IntervalChart {
    title: String,
    axis: Axis,
    rows: Vec<Estimate>,
    reference: f64,
    margins: Option<[f64; 2]>,
}

impl IntervalChart {
    /// A chart of estimates against `reference`. Values between `margins` count as equal to it.
    ///
    /// # Errors
    /// When an interval is not finite, upside down, or does not hold its estimate.
    pub fn new(
        title: &str,
        axis: Axis,
        rows: Vec<Estimate>,
        reference: f64,
        margins: Option<[f64; 2]>,
    ) -> Result<Self, ChartError> {
        for r in &rows {
            let [lo, hi] = r.interval;
            if !(lo.is_finite() && hi.is_finite() && lo <= r.value && r.value <= hi) {
                let needed = "inside a finite interval";
                return Err(ChartError::Value { what: r.label.clone(), needed, value: r.value });
            }
        }
        let ends = margins.into_iter().flatten().chain([reference]);
        if let Some(value) = ends.into_iter().find(|v| !v.is_finite()) {
            return Err(ChartError::Value {
                what: "reference or margin".into(),
                needed: "finite",
                value,
            });
        }
        Ok(Self { title: title.to_owned(), axis, rows, reference, margins })
    }

    fn text(&self, r: &Estimate) -> String {
        let q = self.axis.quantity;
        format!("{} ({} to {})", q.text(r.value), q.text(r.interval[0]), q.text(r.interval[1]))
    }

    fn row_at(&self, view: &Viewport) -> Option<usize> {
        let y = view.cursor?.y?;
        Some((y.floor().max(0.0) as usize).min(self.rows.len().checked_sub(1)?))
    }
}

impl Navigate for IntervalChart {
    fn domain(&self) -> [f64; 2] {
        let ends = self.rows.iter().flat_map(|r| r.interval).chain([self.reference]);
        let ends = ends.chain(self.margins.into_iter().flatten());
        let (lo, hi) =
            ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let s = Scale::new(self.axis.kind, [lo, hi], [0.0, 1.0]);
        [s.value(-0.06), s.value(1.06)]
    }

    fn step(&self, view: &Viewport, frame: &Frame, step: Step) -> Option<Cursor> {
        let last = self.rows.len().checked_sub(1)?;
        let i = match (step, self.row_at(view)) {
            (Step::First, _) | (Step::On | Step::Down, None) => 0,
            (Step::Last, _) | (Step::Back | Step::Up, None) => last,
            (Step::Back | Step::Up, Some(i)) => i.saturating_sub(1),
            (Step::On | Step::Down, Some(i)) => (i + 1).min(last),
        };
        Some(Cursor { x: self.rows[i].value, y: Some(i as f64 + axis::row_middle(frame).0) })
    }
}

impl Chart for IntervalChart {
    fn title(&self) -> &str {
        &self.title
    }

    fn sentence(&self) -> String {
        let mut out = format!("{}.", self.title);
        if let Some([lo, hi]) = self.margins {
            let q = self.axis.quantity;
            out += &format!(" Between {} and {} counts as equal.", q.text(lo), q.text(hi));
        }
        for r in &self.rows {
            let note = if r.note.is_empty() { String::new() } else { format!(", {}", r.note) };
            out += &format!(" {}: {}{note}.", r.label, self.text(r));
        }
        out
    }

    fn legend(&self) -> Vec<Entry> {
        let margin = self.margins.map(|_| Entry {
            label: "counts as equal".to_owned(),
            ink: Ink::Band,
            sign: Sign::Patch,
            series: None,
        });
        let line = Entry {
            label: "no difference".to_owned(),
            ink: Ink::Text,
            sign: Sign::Line(Dash::Dashed),
            series: None,
        };
        let mut verdicts: Vec<Entry> = Vec::new();
        for r in self.rows.iter().filter(|r| !r.note.is_empty()) {
            if verdicts.iter().all(|entry| entry.label != r.note) {
                let sign = Sign::Marker(r.shape);
                verdicts.push(Entry { label: r.note.clone(), ink: r.ink, sign, series: None });
            }
        }
        margin.into_iter().chain([line]).chain(verdicts).collect()
    }

    fn draw(&self, view: &Viewport, size: Size, measure: Measure<'_>) -> Figure {
        let names: Vec<&str> = self.rows.iter().map(|r| r.label.as_str()).collect();
        let texts: Vec<String> = self.rows.iter().map(|r| self.text(r)).collect();
        let widest = texts.iter().map(|t| measure(t, TextSize::Small)).fold(0.0, f64::max);
        let beside = size.width >= 480.0 && widest + 16.0 <= size.width * 0.4;
        let right = if beside { widest + 12.0 } else { 0.0 };
        let rows = axis::rows(
            size,
            &self.axis,
            view.domain(self.domain()),
            &names,
            right,
            beside,
            measure,
        );
        let (frame, plot) = (rows.frame, rows.frame.plot);
        let mut data = Vec::new();
        if let Some([lo, hi]) = self.margins {
            let rect = Rect::between(frame.x.px(lo), plot.y, frame.x.px(hi), plot.bottom());
            data.push(Item::Rects { rects: vec![rect], fill: Fill::faded(Ink::Band, 0.35) });
        }
        let x = frame.x.px(self.reference);
        let ends = vec![[Point::new(x, plot.y), Point::new(x, plot.bottom())]];
        data.push(Item::Segments { ends, stroke: Stroke::px(Ink::Text, 1.0).dashed(Dash::Dashed) });
        let mut over = Vec::new();
        for (i, r) in self.rows.iter().enumerate() {
            let y = frame.y.px(i as f64 + rows.middle);
            let [a, b] = r.interval.map(|v| frame.x.px(v));
            let cap = 4.0;
            let up = |x: f64| [Point::new(x, y - cap), Point::new(x, y + cap)];
            let ends = vec![[Point::new(a, y), Point::new(b, y)], up(a), up(b)];
            data.push(Item::Segments { ends, stroke: Stroke::px(r.ink, 2.0) });
            let points = vec![frame.at(r.value, i as f64 + rows.middle)];
            let fill = Fill::solid(r.ink);
            data.push(Item::Markers { points, shape: r.shape, radius: 4.5, fill, hollow: false });
            let name = measure(&r.label, TextSize::Normal);
            let fits = rows.stacked && name + measure(&texts[i], TextSize::Small) + 16.0 <= plot.w;
            let at = if beside {
                Some((Point::new(size.width - 4.0, y), Baseline::Middle))
            } else {
                fits.then(|| (Point::new(plot.right(), frame.y.px(i as f64) + 3.0), Baseline::Top))
            };
            if let Some((at, baseline)) = at {
                if !beside {
                    let w = measure(&texts[i], TextSize::Small) + 6.0;
                    let ground = Rect::new(at.x - w, at.y - 1.0, w + 2.0, 13.0);
                    over.push(Item::Rects {
                        rects: vec![ground],
                        fill: Fill::faded(Ink::Surface, 0.85),
                    });
                }
                over.push(axis::text(at, texts[i].clone(), Anchor::End, baseline, Ink::Text));
            }
        }
        let mut scene = Scene::new(size);
        scene.items = rows.items;
        scene.items.push(Item::Clip { rect: axis::clip(&frame, view), items: data });
        scene.items.extend(over);
        Figure { scene, frame }
    }

    fn overlay(&self, view: &Viewport, frame: &Frame, size: Size, measure: Measure<'_>) -> Scene {
        let mut scene = Scene::new(size);
        axis::selection(view, frame, &mut scene.items);
        if let Some(i) = self.row_at(view) {
            let plot = frame.plot;
            let (top, bottom) = (frame.y.px(i as f64), frame.y.px(i as f64 + 1.0));
            let rects = vec![Rect::between(plot.x, top, plot.right(), bottom)];
            scene.items.push(Item::Rects { rects, fill: Fill::faded(Ink::Accent, 0.1) });
        }
        if let Some(c) = view.cursor {
            axis::crosshair(
                view,
                frame,
                &self.axis.quantity.text(c.x),
                size,
                measure,
                &mut scene.items,
            );
        }
        scene
    }

    fn readout(&self, view: &Viewport, _: &Frame) -> Readout {
        let Some(i) = self.row_at(view) else { return Readout::default() };
        let r = &self.rows[i];
        let mut values =
            vec![Reading { series: None, label: "estimate".to_owned(), value: self.text(r) }];
        if !r.note.is_empty() {
            values.push(Reading {
                series: None,
                label: "verdict".to_owned(),
                value: r.note.clone(),
            });
        }
        Readout { at: r.label.clone(), values }
    }

    fn table(&self) -> Table<'_> {
        let headers = ["", "estimate", "low", "high", "verdict"].map(str::to_owned).to_vec();
        let q = self.axis.quantity;
        Table::new(headers, self.rows.len(), move |i| {
            let r = &self.rows[i];
            let [lo, hi] = r.interval;
            vec![r.label.clone(), q.text(r.value), q.text(lo), q.text(hi), r.note.clone()]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::number::Quantity;
    use super::super::scene::rough_width;
    use super::*;

    fn row(label: &str, value: f64, interval: [f64; 2]) -> Estimate {
        Estimate {
            label: label.into(),
            value,
            interval,
            ink: Ink::Good,
            shape: Shape::Up,
            note: "faster".into(),
        }
    }

    fn chart() -> IntervalChart {
        let rows = vec![row("get", -0.4, [-0.45, -0.35]), row("set", 0.02, [-0.01, 0.05])];
        let axis = Axis::linear("change of the median", Quantity::Change);
        IntervalChart::new("Sticky against not", axis, rows, 0.0, Some([-0.05, 0.05])).unwrap()
    }

    #[test]
    fn the_axis_shows_reference_margins_and_all_intervals() {
        let [lo, hi] = chart().domain();
        assert!(lo < -0.45 && hi > 0.05);
    }

    #[test]
    fn an_estimate_outside_its_interval_is_refused() {
        for bad in [[0.1, 0.2], [f64::NAN, 1.0], [0.0, f64::INFINITY]] {
            let axis = Axis::linear("", Quantity::Change);
            assert!(
                IntervalChart::new("", axis, vec![row("get", 0.0, bad)], 0.0, None).is_err(),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn wide_pictures_write_the_numbers_beside_the_rows() {
        let wide = chart().draw(&Viewport::default(), Size::new(900.0, 200.0), &rough_width);
        assert!(wide.scene.labels().iter().any(|l| l.text.contains("to") && l.text.contains('(')));
        for w in [900.0, 400.0, 320.0] {
            let f = chart().draw(&Viewport::default(), Size::new(w, 220.0), &rough_width);
            for l in f.scene.labels() {
                let [a, _, b, _] = axis::rough_bounds(l);
                assert!(a >= -0.01 && b <= w + 0.01, "{} at {w}", l.text);
            }
        }
    }

    #[test]
    fn every_sign_is_explained_once() {
        let legend = chart().legend();
        let signs: Vec<_> = legend.iter().filter(|e| e.sign == Sign::Marker(Shape::Up)).collect();
        assert_eq!(signs.len(), 1, "{legend:?}");
        assert_eq!(signs[0].label, "faster");
    }

    #[test]
    fn arrows_go_from_row_to_row() {
        let c = chart();
        let mut view = Viewport::default();
        let frame = c.draw(&view, Size::new(900.0, 200.0), &rough_width).frame;
        view.cursor = c.step(&view, &frame, Step::Down);
        assert_eq!(c.readout(&view, &frame).at, "get");
        view.cursor = c.step(&view, &frame, Step::Down);
        let spoken = c.readout(&view, &frame).spoken();
        assert_eq!(spoken, "set: estimate +2.00 % (\u{2212}1.00 % to +5.00 %), verdict faster");
    }
}

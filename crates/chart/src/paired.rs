//! Periods of an experiment in time order: two arms in turn, pairs joined, periods that do not
//! count crossed out.

use super::axis::{self, Axis};
use super::figure::{
    Chart, ChartError, Entry, Figure, Reading, Readout, Sign, Table, check_rising, step_through,
};
use super::ink::{Fill, Ink};
use super::number::Quantity;
use super::scale::{Frame, Kind, Scale};
use super::scene::{Dash, Item, Measure, Point, Scene, Shape, Size, Stroke};
use super::viewport::{Cursor, Navigate, Step, Viewport};

/// One period of one arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Period {
    /// Its arm, 0 or 1.
    pub arm: usize,
    /// The number of the pair it belongs to.
    pub pair: usize,
    /// Its start, in seconds from the experiment's.
    pub start: f64,
    /// What was measured, in the unit of the axis.
    pub value: f64,
    /// Why it does not count; none if it does.
    pub excluded: Option<String>,
}

/// A chart of paired periods.
#[derive(Clone, Debug)]
pub struct PairedChart {
    title: String,
    x_axis: Axis,
    y_axis: Axis,
    arms: [(String, Ink); 2],
    periods: Vec<Period>,
    starts: Vec<f64>,
}

impl PairedChart {
    /// A chart of periods in the order of their start.
    ///
    /// # Errors
    /// When starts do not rise, an arm is neither 0 nor 1, or a value is not finite.
    pub fn new(
        title: &str,
        y_axis: Axis,
        arms: [(String, Ink); 2],
        periods: Vec<Period>,
    ) -> Result<Self, ChartError> {
        let starts: Vec<f64> = periods.iter().map(|p| p.start).collect();
        check_rising("start of the periods", &starts)?;
        for (i, p) in periods.iter().enumerate() {
            if p.arm > 1 {
                let what = format!("arm of period {}", i + 1);
                return Err(ChartError::Value { what, needed: "0 or 1", value: p.arm as f64 });
            }
            if !p.value.is_finite() && p.excluded.is_none() {
                let what = format!("value of period {}", i + 1);
                return Err(ChartError::Value { what, needed: "finite", value: p.value });
            }
        }
        let x_axis = Axis::linear("time since the experiment began", Quantity::Elapsed);
        Ok(Self { title: title.to_owned(), x_axis, y_axis, arms, periods, starts })
    }

    fn shown<'a>(&'a self, view: &'a Viewport) -> impl Iterator<Item = &'a Period> {
        self.periods.iter().filter(|p| view.shows(p.arm))
    }

    /// The other period of the same pair, if both count.
    fn partner(&self, i: usize) -> Option<&Period> {
        let p = &self.periods[i];
        self.periods.iter().find(|o| {
            o.pair == p.pair && o.arm != p.arm && o.excluded.is_none() && p.excluded.is_none()
        })
    }
}

impl Navigate for PairedChart {
    fn domain(&self) -> [f64; 2] {
        let (first, last) = (
            self.starts.first().copied().unwrap_or(0.0),
            self.starts.last().copied().unwrap_or(1.0),
        );
        let pad = ((last - first) * 0.04).max(0.5);
        [first - pad, last + pad]
    }

    fn step(&self, view: &Viewport, frame: &Frame, step: Step) -> Option<Cursor> {
        step_through(&self.starts, view, frame, step)
    }
}

impl Chart for PairedChart {
    fn title(&self) -> &str {
        &self.title
    }

    fn sentence(&self) -> String {
        let complete = (0..self.periods.len())
            .filter(|i| self.periods[*i].arm == 0 && self.partner(*i).is_some());
        let (mut pairs, mut lower) = (0, 0);
        for i in complete {
            pairs += 1;
            lower += usize::from(self.partner(i).is_some_and(|b| b.value < self.periods[i].value));
        }
        let out = self.periods.iter().filter(|p| p.excluded.is_some()).count();
        let (a, b) = (&self.arms[0].0, &self.arms[1].0);
        let left_out = match out {
            0 => String::new(),
            1 => " One period does not count.".to_owned(),
            n => format!(" {n} periods do not count."),
        };
        format!("{}: {b} below {a} in {lower} of {pairs} pairs.{left_out}", self.title)
    }

    fn legend(&self) -> Vec<Entry> {
        let mut out: Vec<Entry> = self
            .arms
            .iter()
            .enumerate()
            .map(|(i, (label, ink))| Entry {
                label: label.clone(),
                ink: *ink,
                sign: Sign::Marked(Dash::of_series(i), Shape::of_series(i)),
                series: Some(i),
            })
            .collect();
        if self.periods.iter().any(|p| p.excluded.is_some()) {
            let label = "does not count".to_owned();
            out.push(Entry {
                label,
                ink: Ink::Bad,
                sign: Sign::Marker(Shape::Cross),
                series: None,
            });
        }
        out
    }

    fn draw(&self, view: &Viewport, size: Size, measure: Measure<'_>) -> Figure {
        let log = self.y_axis.kind == Kind::Log;
        let values =
            self.shown(view).map(|p| p.value).filter(|v| v.is_finite() && (!log || *v > 0.0));
        let (lo, hi) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let (lo, hi) = if lo <= hi { (lo, hi) } else { (1.0, 10.0) };
        let raw = Scale::new(self.y_axis.kind, [lo, hi], [1.0, 0.0]).domain();
        let y_domain = self.y_axis.widened(raw, axis::plot_height(size, &self.y_axis));
        let x_domain = view.domain(self.domain());
        let (frame, furniture) =
            axis::xy(size, &self.x_axis, x_domain, &self.y_axis, y_domain, measure);
        let place = |p: &Period| {
            if log && p.value <= 0.0 { Point::BREAK } else { frame.at(p.start, p.value) }
        };
        let mut data = Vec::new();
        if view.hidden.is_empty() {
            let joins = (0..self.periods.len())
                .filter(|i| self.periods[*i].arm == 0)
                .filter_map(|i| self.partner(i).map(|b| [place(&self.periods[i]), place(b)]))
                .collect();
            data.push(Item::Segments {
                ends: joins,
                stroke: Stroke::px(Ink::Muted, 1.0).faded(0.55),
            });
        }
        for (arm, (_, ink)) in self.arms.iter().enumerate() {
            let of_arm = || self.shown(view).filter(move |p| p.arm == arm);
            let counted: Vec<Point> =
                of_arm().filter(|p| p.excluded.is_none()).map(place).collect();
            let stroke = Stroke::px(*ink, 2.0).dashed(Dash::of_series(arm));
            data.push(Item::Path { points: counted.clone(), stroke });
            let (shape, fill) = (Shape::of_series(arm), Fill::solid(*ink));
            data.push(Item::Markers { points: counted, shape, radius: 4.5, fill, hollow: false });
            let out: Vec<Point> = of_arm().filter(|p| p.excluded.is_some()).map(place).collect();
            data.push(Item::Markers {
                points: out.clone(),
                shape,
                radius: 4.5,
                fill,
                hollow: true,
            });
            let (shape, fill) = (Shape::Cross, Fill::solid(Ink::Bad));
            data.push(Item::Markers { points: out, shape, radius: 6.0, fill, hollow: false });
        }
        let mut scene = Scene::new(size);
        scene.items = furniture;
        scene.items.push(Item::Clip { rect: axis::clip(&frame, view), items: data });
        Figure { scene, frame }
    }

    fn readout(&self, view: &Viewport, _: &Frame) -> Readout {
        let Some(i) = view.cursor.and_then(|c| super::decimate::nearest(&self.starts, c.x)) else {
            return Readout::default();
        };
        let (p, q) = (&self.periods[i], self.y_axis.quantity);
        let value = match &p.excluded {
            Some(why) => format!("{}, does not count: {why}", q.text(p.value)),
            None => q.text(p.value),
        };
        let mut values =
            vec![Reading { series: Some(p.arm), label: self.arms[p.arm].0.clone(), value }];
        if let Some(o) = self.partner(i) {
            let label = self.arms[o.arm].0.clone();
            values.push(Reading { series: Some(o.arm), label, value: q.text(o.value) });
        }
        Readout {
            at: format!("pair {} at {}", p.pair + 1, Quantity::Elapsed.text(p.start)),
            values,
        }
    }

    fn table(&self) -> Table<'_> {
        let headers =
            ["start", "pair", "arm", self.y_axis.header(), "counts"].map(str::to_owned).to_vec();
        Table::new(headers, self.periods.len(), |i| {
            let p = &self.periods[i];
            vec![
                Quantity::Elapsed.text(p.start),
                (p.pair + 1).to_string(),
                self.arms[p.arm].0.clone(),
                self.y_axis.quantity.text(p.value),
                p.excluded.clone().map_or("yes".to_owned(), |why| format!("no: {why}")),
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::rough_width;
    use super::*;

    fn period(i: usize, value: f64) -> Period {
        Period { arm: i % 2, pair: i / 2, start: i as f64 * 30.0, value, excluded: None }
    }

    fn arms() -> [(String, Ink); 2] {
        [("off".into(), Ink::series(0)), ("sticky".into(), Ink::series(1))]
    }

    fn chart() -> PairedChart {
        let mut periods: Vec<_> = [10e3, 5e3, 11e3, 6e3, 9e3, 12e3]
            .into_iter()
            .enumerate()
            .map(|(i, v)| period(i, v))
            .collect();
        periods[3].excluded = Some("an election".into());
        PairedChart::new("Median", Axis::linear("median", Quantity::Micros), arms(), periods)
            .unwrap()
    }

    #[test]
    fn a_period_that_does_not_count_is_in_no_line_and_no_pair() {
        let c = chart();
        assert!(
            c.sentence().contains("sticky below off in 1 of 2 pairs. One period does not count.")
        );
        let f = c.draw(&Viewport::default(), Size::new(600.0, 300.0), &rough_width);
        let Some(Item::Clip { items, .. }) = f.scene.items.last() else { panic!("no data") };
        let lines: Vec<usize> = items
            .iter()
            .filter_map(
                |i| if let Item::Path { points, .. } = i { Some(points.len()) } else { None },
            )
            .collect();
        assert_eq!(lines, [3, 2]);
        let crosses = items
            .iter()
            .filter(|i| matches!(i, Item::Markers { shape: Shape::Cross, points, .. } if !points.is_empty()));
        assert_eq!(crosses.count(), 1);
    }

    #[test]
    fn the_cursor_reads_the_pair_or_why_there_is_none() {
        let c = chart();
        let read = |x| {
            let view = Viewport { cursor: Some(Cursor { x, y: None }), ..Viewport::default() };
            let f = c.draw(&view, Size::new(600.0, 300.0), &rough_width).frame;
            c.readout(&view, &f).spoken()
        };
        assert_eq!(read(31.0), "pair 1 at 30 s: sticky 5.00 ms, off 10.0 ms");
        assert_eq!(read(91.0), "pair 2 at 1:30: sticky 6.00 ms, does not count: an election");
    }

    #[test]
    fn periods_out_of_order_or_of_a_third_arm_are_refused() {
        let y = || Axis::linear("", Quantity::Micros);
        let mut p = vec![period(0, 1.0), period(1, 1.0)];
        p[1].arm = 2;
        assert!(PairedChart::new("", y(), arms(), p.clone()).is_err());
        p[1].arm = 1;
        p[1].start = 0.0;
        assert!(PairedChart::new("", y(), arms(), p).is_err());
        assert!(PairedChart::new("", y(), arms(), Vec::new()).is_ok());
    }
}

//! How many requests took how long, over time: counts as colour, latency upwards on a log axis.

use super::axis::{self, Axis};
use super::figure::{Chart, ChartError, Entry, Figure, Reading, Readout, Table, check_length};
use super::ink::{Fill, Ink};
use super::number::Quantity;
use super::region::Marks;
use super::scale::{Frame, Kind, Scale};
use super::scene::{
    Anchor, Baseline, Item, Measure, Point, Raster, Rect, Scene, Size, Stroke, TextSize,
};
use super::viewport::{Cursor, Navigate, Step, Viewport};

/// The grid of a heatmap: columns of equal time, bins of equal ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Start of the first column, in the unit of the x axis.
    pub start: f64,
    /// Length of a column.
    pub step: f64,
    /// Number of columns.
    pub columns: usize,
    /// Lower end of the lowest bin, above zero, in the unit of the y axis.
    pub lowest: f64,
    /// Upper end of a bin by its lower end, above 1.
    pub ratio: f64,
    /// Number of bins.
    pub bins: usize,
}

impl Grid {
    /// Lower end of a bin.
    fn edge(&self, bin: usize) -> f64 {
        self.lowest * self.ratio.powf(bin as f64)
    }

    fn time(&self, column: usize) -> f64 {
        self.start + self.step * column as f64
    }
}

/// A chart of counts by time and latency.
#[derive(Clone, Debug)]
pub struct Heatmap {
    title: String,
    x_axis: Axis,
    y_axis: Axis,
    grid: Grid,
    counts: Vec<u32>,
    most: u32,
    used: Option<[usize; 2]>,
    marks: Marks,
}

impl Heatmap {
    /// A chart of `counts`, column by column, each from the lowest bin up.
    ///
    /// # Errors
    /// When there is not one count for each cell, or the grid is not above zero.
    pub fn new(
        title: &str,
        x: Axis,
        y: Axis,
        grid: Grid,
        counts: Vec<u32>,
    ) -> Result<Self, ChartError> {
        check_length("counts", counts.len(), grid.columns.saturating_mul(grid.bins))?;
        let positive = [
            ("column length", grid.step),
            ("lowest bin", grid.lowest),
            ("bin ratio", grid.ratio - 1.0),
        ];
        for (what, value) in positive {
            if !(value > 0.0 && value.is_finite()) {
                return Err(ChartError::Value {
                    what: what.into(),
                    needed: "above zero and finite",
                    value,
                });
            }
        }
        if !grid.start.is_finite() {
            return Err(ChartError::Value {
                what: "start".into(),
                needed: "finite",
                value: grid.start,
            });
        }
        let most = counts.iter().copied().max().unwrap_or(0);
        let mut used: Option<[usize; 2]> = None;
        for column in counts.chunks_exact(grid.bins.max(1)) {
            let first = column.iter().position(|c| *c > 0);
            let last = column.iter().rposition(|c| *c > 0);
            if let (Some(a), Some(b)) = (first, last) {
                used = Some(used.map_or([a, b], |[x, y]| [x.min(a), y.max(b)]));
            }
        }
        let y_axis = Axis { kind: Kind::Log, ..y };
        let (title, marks) = (title.to_owned(), Marks::default());
        Ok(Self { title, x_axis: x, y_axis, grid, counts, most, used, marks })
    }

    /// Marks stretches of time.
    #[must_use]
    pub fn with_marks(mut self, marks: Marks) -> Self {
        self.marks = marks;
        self
    }

    fn column(&self, i: usize) -> &[u32] {
        self.counts.get(i * self.grid.bins..(i + 1) * self.grid.bins).unwrap_or_default()
    }

    /// Level of each count: its logarithm, so that one request among thousands still shows.
    fn levels(&self) -> impl Fn(u32) -> u8 + use<> {
        let most = libm::log1p(f64::from(self.most)).max(f64::MIN_POSITIVE);
        let level = move |c: u32| {
            if c == 0 {
                0
            } else {
                1 + (254.0 * libm::log1p(f64::from(c)) / most).round().min(254.0) as u8
            }
        };
        let table: Vec<u8> = (0..=self.most.min(4095)).map(level).collect();
        move |c| table.get(c as usize).copied().unwrap_or_else(|| level(c))
    }

    /// The raster of the columns `from..to`, at most `width` wide; columns that share a pixel show
    /// their greatest.
    fn raster(&self, from: usize, to: usize, width: usize) -> Raster {
        let [low, high] = self.used.unwrap_or([0, 0]);
        let (columns, bins) = (to - from, high + 1 - low);
        let width = columns.min(width.max(1));
        let mut levels = vec![0u8; width * bins];
        let level = self.levels();
        for i in 0..columns {
            let x = i * width / columns;
            for (row, count) in self.column(from + i)[low..=high].iter().enumerate() {
                let cell = &mut levels[(bins - 1 - row) * width + x];
                *cell = (*cell).max(level(*count));
            }
        }
        Raster { width, height: bins, levels }
    }

    /// Column and, where the cursor has a height, bin under it.
    fn cell(&self, cursor: Cursor) -> Option<(usize, Option<usize>)> {
        let g = &self.grid;
        if g.columns == 0 || g.bins == 0 || cursor.x.is_nan() {
            return None;
        }
        let column =
            (((cursor.x - g.start) / g.step + 1e-9).floor().max(0.0) as usize).min(g.columns - 1);
        let bin = cursor.y.map(|y| {
            let b = (libm::log(y / g.lowest) / libm::log(g.ratio) + 1e-9).floor().max(0.0) as usize;
            b.min(g.bins - 1)
        });
        Some((column, bin))
    }

    fn bin_text(&self, bin: usize) -> String {
        let q = self.y_axis.quantity;
        format!("{} to {}", q.text(self.grid.edge(bin)), q.text(self.grid.edge(bin + 1)))
    }

    /// The scale of colours, on the right above the plot.
    fn key(&self, size: Size, measure: Measure<'_>, items: &mut Vec<Item>) {
        if self.most == 0 || size.width < 260.0 {
            return;
        }
        let most = Quantity::Count.text(f64::from(self.most));
        let right = size.width - 14.0;
        let w = measure(&most, TextSize::Small);
        let put = |x, s: &str| {
            axis::text(Point::new(x, 3.0), s.to_owned(), Anchor::End, Baseline::Top, Ink::Muted)
        };
        items.push(put(right, &most));
        let rect = Rect::new(right - w - 6.0 - 80.0, 4.0, 80.0, 9.0);
        let levels: Vec<u8> = (1..=80u32).map(|i| (i * 255 / 80).max(1) as u8).collect();
        items.push(Item::Image { rect, raster: Raster { width: 80, height: 1, levels } });
        items.push(put(rect.x - 6.0, if size.width < 420.0 { "1" } else { "requests: 1" }));
    }
}

impl Navigate for Heatmap {
    fn domain(&self) -> [f64; 2] {
        let g = &self.grid;
        Scale::new(self.x_axis.kind, [g.start, g.time(g.columns)], [0.0, 1.0]).domain()
    }

    fn step(&self, view: &Viewport, frame: &Frame, step: Step) -> Option<Cursor> {
        let (g, [low, high]) = (&self.grid, self.used?);
        let [from, to] = frame.x.domain();
        let first = self.cell(Cursor { x: from, y: None })?.0;
        let last = self.cell(Cursor { x: to - g.step * 1e-6, y: None })?.0;
        let at = view.cursor.and_then(|c| self.cell(c));
        let (column, bin) = at.unwrap_or((first, None));
        let fullest = |c: usize| (low..=high).max_by_key(|b| self.column(c)[*b]).unwrap_or(low);
        let column = match step {
            Step::First => first,
            Step::Last => last,
            Step::Back if at.is_some() => column.saturating_sub(1),
            Step::On if at.is_some() => (column + 1).min(g.columns - 1),
            _ => column,
        };
        let bin = match (step, bin) {
            (Step::Up, Some(b)) => (b + 1).min(high),
            (Step::Down, Some(b)) => b.saturating_sub(1).max(low),
            (_, Some(b)) => b,
            (_, None) => fullest(column),
        };
        let y = g.lowest * g.ratio.powf(bin as f64 + 0.5);
        Some(Cursor { x: g.time(column) + g.step / 2.0, y: Some(y) })
    }
}

impl Chart for Heatmap {
    fn title(&self) -> &str {
        &self.title
    }

    fn sentence(&self) -> String {
        let [a, b] = self.domain().map(|v| self.x_axis.quantity.text(v));
        let Some([low, high]) = self.used else { return format!("{}: no requests.", self.title) };
        let total: u64 = self.counts.iter().map(|c| u64::from(*c)).sum();
        let per_bin = |bin: usize| {
            self.counts.iter().skip(bin).step_by(self.grid.bins).map(|c| u64::from(*c)).sum::<u64>()
        };
        let mode = (low..=high).max_by_key(|b| per_bin(*b)).unwrap_or(low);
        let q = self.y_axis.quantity;
        format!(
            "{}, from {a} to {b}: {} requests between {} and {}, most of them at {}.{}",
            self.title,
            Quantity::Count.text(total as f64),
            q.text(self.grid.edge(low)),
            q.text(self.grid.edge(high + 1)),
            self.bin_text(mode),
            self.marks.words(self.x_axis.quantity),
        )
    }

    fn legend(&self) -> Vec<Entry> {
        Vec::new()
    }

    fn draw(&self, view: &Viewport, size: Size, measure: Measure<'_>) -> Figure {
        let g = &self.grid;
        let [low, high] = self.used.unwrap_or([0, g.bins.saturating_sub(1)]);
        let y_domain = [g.edge(low), g.edge(high + 1)];
        let (frame, furniture) = axis::xy(
            size,
            &self.x_axis,
            view.domain(self.domain()),
            &self.y_axis,
            y_domain,
            measure,
        );
        let mut scene = Scene::new(size);
        scene.items = furniture;
        self.key(size, measure, &mut scene.items);
        let [from, to] = frame.x.domain();
        let from = (((from - g.start) / g.step).floor().max(0.0) as usize).min(g.columns);
        let to = (((to - g.start) / g.step).ceil().max(0.0) as usize).min(g.columns);
        if self.used.is_some() && from < to {
            let [top, bottom] = [g.edge(high + 1), g.edge(low)].map(|v| frame.y.px(v));
            let rect = Rect::between(frame.x.px(g.time(from)), top, frame.x.px(g.time(to)), bottom);
            let raster = self.raster(from, to, frame.plot.w.round() as usize);
            scene
                .items
                .push(Item::Clip { rect: frame.plot, items: vec![Item::Image { rect, raster }] });
        }
        let mut over = Vec::new();
        let items = self.marks.items(&frame, measure, true, &mut over);
        scene.items.push(Item::Clip { rect: frame.plot, items });
        scene.items.extend(over);
        Figure { scene, frame }
    }

    fn overlay(&self, view: &Viewport, frame: &Frame, size: Size, measure: Measure<'_>) -> Scene {
        let mut scene = Scene::new(size);
        axis::selection(view, frame, &mut scene.items);
        let Some((column, bin)) = view.cursor.and_then(|c| self.cell(c)) else { return scene };
        let at = self.x_axis.quantity.text(self.grid.time(column));
        axis::crosshair(view, frame, &at, size, measure, &mut scene.items);
        if let Some(bin) = bin {
            let (x, y) = (&frame.x, &frame.y);
            let rect = Rect::between(
                x.px(self.grid.time(column)),
                y.px(self.grid.edge(bin + 1)),
                x.px(self.grid.time(column + 1)),
                y.px(self.grid.edge(bin)),
            );
            scene
                .items
                .push(Item::Rects { rects: vec![rect], fill: Fill::faded(Ink::Accent, 0.5) });
            let py = y.px(self.grid.edge(bin) * self.grid.ratio.sqrt());
            let ends = vec![[Point::new(frame.plot.x, py), Point::new(frame.plot.right(), py)]];
            let stroke = Stroke::hair(Ink::Accent);
            scene.items.push(Item::Clip {
                rect: frame.plot,
                items: vec![Item::Segments { ends, stroke }],
            });
        }
        scene
    }

    fn readout(&self, view: &Viewport, _: &Frame) -> Readout {
        let Some((column, bin)) = view.cursor.and_then(|c| self.cell(c)) else {
            return Readout::default();
        };
        let count = |v: u64| Quantity::Count.text(v as f64);
        let total: u64 = self.column(column).iter().map(|c| u64::from(*c)).sum();
        let mut values = Vec::new();
        if let Some(b) = bin {
            let value = count(u64::from(self.column(column)[b]));
            values.push(Reading { series: None, label: self.bin_text(b), value });
        }
        values.push(Reading { series: None, label: "all".to_owned(), value: count(total) });
        Readout { at: self.x_axis.quantity.text(self.grid.time(column)), values }
    }

    fn table(&self) -> Table<'_> {
        let headers = [self.x_axis.header(), "requests", "least", "most common", "greatest"];
        let q = self.y_axis.quantity;
        Table::new(headers.map(str::to_owned).to_vec(), self.grid.columns, move |i| {
            let column = self.column(i);
            let total: u64 = column.iter().map(|c| u64::from(*c)).sum();
            let first = column.iter().position(|c| *c > 0);
            let last = column.iter().rposition(|c| *c > 0);
            let mode = (0..column.len()).max_by_key(|b| column[*b]).filter(|_| total > 0);
            let text = |v: Option<f64>| v.map_or("–".to_owned(), |v| q.text(v));
            vec![
                self.x_axis.quantity.text(self.grid.time(i)),
                Quantity::Count.text(total as f64),
                text(first.map(|b| self.grid.edge(b))),
                mode.map_or("–".to_owned(), |b| self.bin_text(b)),
                text(last.map(|b| self.grid.edge(b + 1))),
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::rough_width;
    use super::*;

    fn map(columns: usize, bins: usize, f: impl Fn(usize, usize) -> u32) -> Heatmap {
        let grid = Grid { start: 0.0, step: 1.0, columns, lowest: 100.0, ratio: 1.2, bins };
        let counts = (0..columns)
            .flat_map(|c| (0..bins).map(move |b| (c, b)))
            .map(|(c, b)| f(c, b))
            .collect();
        let (x, y) =
            (Axis::linear("time", Quantity::Elapsed), Axis::log("latency", Quantity::Micros));
        Heatmap::new("Latency", x, y, grid, counts).unwrap()
    }

    #[test]
    fn cells_without_requests_are_empty_and_more_requests_are_a_higher_level() {
        let m = map(4, 3, |c, b| if b == 1 { 10u32.pow(c as u32) } else { 0 });
        let r = m.raster(0, 4, 100);
        assert_eq!((r.width, r.height), (4, 1), "unused bins are cropped");
        assert!(r.levels.windows(2).all(|w| w[0] < w[1]) && r.levels[0] >= 1 && r.levels[3] == 255);
    }

    #[test]
    fn the_highest_bin_is_the_top_row() {
        let m = map(1, 3, |_, b| b as u32 + 1);
        let r = m.raster(0, 1, 1);
        assert!(r.levels[0] > r.levels[1] && r.levels[1] > r.levels[2]);
    }

    #[test]
    fn columns_that_share_a_pixel_show_their_greatest() {
        let m = map(1000, 2, |c, b| u32::from(b == 0) + if c == 777 { 500 } else { 0 });
        let r = m.raster(0, 1000, 50);
        assert_eq!((r.width, r.levels[50 + 777 * 50 / 1000]), (50, 255));
        assert_eq!(r.levels.iter().filter(|l| **l == 255).count(), 2);
    }

    #[test]
    fn the_cursor_reads_the_cell_below_it_and_arrows_move_by_cells() {
        let m = map(10, 5, |c, b| (c * 10 + b) as u32);
        let mut view =
            Viewport { cursor: Some(Cursor { x: 3.5, y: Some(125.0) }), ..Viewport::default() };
        let frame = m.draw(&view, Size::new(400.0, 200.0), &rough_width).frame;
        let r = m.readout(&view, &frame);
        assert_eq!(
            (r.at.as_str(), r.values[0].value.as_str(), r.values[1].value.as_str()),
            ("3 s", "31", "160")
        );
        view.cursor = m.step(&view, &frame, Step::On);
        assert_eq!(m.readout(&view, &frame).values[0].value, "41");
        view.cursor = m.step(&view, &frame, Step::Up);
        assert_eq!(m.readout(&view, &frame).values[0].value, "42");
    }

    #[test]
    fn a_wrong_grid_is_refused_and_an_empty_one_is_drawn() {
        let (x, y) = (Axis::linear("", Quantity::Elapsed), Axis::log("", Quantity::Micros));
        let grid = Grid { start: 0.0, step: 1.0, columns: 2, lowest: 0.0, ratio: 1.2, bins: 2 };
        assert!(Heatmap::new("", x.clone(), y.clone(), grid, vec![0; 4]).is_err());
        assert!(Heatmap::new("", x, y, Grid { lowest: 1.0, ..grid }, vec![0; 3]).is_err());
        for m in [map(0, 0, |_, _| 0), map(5, 5, |_, _| 0)] {
            let view =
                Viewport { cursor: Some(Cursor { x: 1.0, y: Some(1.0) }), ..Viewport::default() };
            let f = m.draw(&view, Size::new(300.0, 200.0), &rough_width);
            m.overlay(&view, &f.frame, Size::new(300.0, 200.0), &rough_width);
            assert!(m.step(&view, &f.frame, Step::On).is_none());
            assert!(m.sentence().contains("no requests"));
            assert_eq!(m.table().rows(0, 99).count(), m.grid.columns);
        }
    }
}

//! Axes around a plot: margins that hold the labels, grid, ticks, titles with units; cursor and
//! selection.

use super::ink::{Fill, Ink};
use super::number::Quantity;
use super::scale::{Frame, Kind, Scale};
use super::scene::{
    Anchor, Baseline, Item, Label, Measure, Point, Rect, Size, Stroke, TextSize, rough_width,
};
use super::ticks::{self, Along, Ticks};
use super::viewport::Viewport;

/// What an axis shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What the numbers are of: `latency`, `requests`.
    pub title: String,
    /// What they are and their unit.
    pub quantity: Quantity,
    /// How they are spread.
    pub kind: Kind,
}

impl Axis {
    /// A linear axis.
    pub fn linear(title: &str, quantity: Quantity) -> Self {
        Self { title: title.to_owned(), quantity, kind: Kind::Linear }
    }

    /// A logarithmic axis.
    pub fn log(title: &str, quantity: Quantity) -> Self {
        Self { title: title.to_owned(), quantity, kind: Kind::Log }
    }

    /// The title with the unit: `latency, ms`.
    fn heading(&self, unit: &str) -> String {
        match (self.title.is_empty(), unit.is_empty()) {
            (_, true) => self.title.clone(),
            (true, false) => unit.to_owned(),
            (false, false) => format!("{}, {unit}", self.title),
        }
    }

    /// The title for a table's header, with the unit its values carry.
    pub fn header(&self) -> &str {
        &self.title
    }

    /// A value domain for the data's extremes: whole steps, about as many as the height has room
    /// for.
    pub fn widened(&self, domain: [f64; 2], height: f64) -> [f64; 2] {
        match self.kind {
            Kind::Linear => ticks::widened(self.quantity, domain, (height / 45.0).clamp(2.0, 8.0)),
            Kind::Log => ticks::widened_log(domain),
            Kind::Percentile => domain,
        }
    }
}

const TOP: f64 = 22.0;
const TOP_BARE: f64 = 10.0;
const BOTTOM: f64 = 40.0;
const RIGHT: f64 = 14.0;
const TICK: f64 = 4.0;
/// Left edge of a plot whose row names stand above the rows; a plot with names beside it begins
/// further right.
const STACKED_LEFT: f64 = 8.0;

/// One line of text as an item.
pub fn text(at: Point, text: String, anchor: Anchor, baseline: Baseline, ink: Ink) -> Item {
    Item::Text(Label { at, text, anchor, baseline, size: TextSize::Small, ink })
}

/// The text, cut with an ellipsis where it is wider than `room` pixels.
pub fn shortened(text: &str, size: TextSize, room: f64, measure: Measure<'_>) -> String {
    if measure(text, size) <= room {
        return text.to_owned();
    }
    // No letter is narrower than a pixel: of a hostile name, no more is ever measured.
    let mut chars: Vec<char> = text.chars().take(room.max(0.0) as usize + 1).collect();
    while chars.pop().is_some() {
        let cut: String = chars.iter().collect::<String>().trim_end().to_owned() + "…";
        if measure(&cut, size) <= room {
            return if chars.is_empty() { String::new() } else { cut };
        }
    }
    String::new()
}

/// Height of the plot that [`xy`] makes in a picture of this size; for choosing a value domain.
pub fn plot_height(size: Size, y: &Axis) -> f64 {
    let top = if y.title.is_empty() { TOP_BARE } else { TOP };
    (size.height - top - BOTTOM).max(1.0)
}

/// A frame with a value axis on the left and one below, and the items of both (grid, ticks, labels,
/// titles).
pub fn xy(
    size: Size,
    x: &Axis,
    x_domain: [f64; 2],
    y: &Axis,
    y_domain: [f64; 2],
    measure: Measure<'_>,
) -> (Frame, Vec<Item>) {
    let top = if y.title.is_empty() { TOP_BARE } else { TOP };
    let bottom = top + plot_height(size, y);
    let sy = Scale::new(y.kind, y_domain, [bottom, top]);
    let yt = ticks::fit(&sy, y.quantity, Along::Height([top - 8.0, bottom + 8.0]), measure);
    let left = (yt.widest + TICK + 6.0).min(size.width * 0.5).ceil();
    let plot = Rect::new(left, top, (size.width - left - RIGHT).max(1.0), bottom - top);
    let sx = Scale::new(x.kind, x_domain, [plot.x, plot.right()]);
    let frame = Frame { plot, x: sx, y: sy };
    let mut items = Vec::new();
    upright(&frame, y, &yt, size, measure, &mut items);
    level(&frame, x, size, measure, &mut items);
    (frame, items)
}

/// The axis below the plot: grid lines up through it, ticks, labels, title.
pub fn level(frame: &Frame, axis: &Axis, size: Size, measure: Measure<'_>, items: &mut Vec<Item>) {
    let plot = frame.plot;
    let ticks = ticks::fit(&frame.x, axis.quantity, Along::Width([0.0, size.width]), measure);
    let (top, bottom) = (plot.y, plot.bottom());
    let up = |px: f64, a: f64, b: f64| [Point::new(px, a), Point::new(px, b)];
    grid(items, ticks.major.iter().map(|t| up(t.px, top, bottom)).collect());
    let mut marks: Vec<_> = ticks.major.iter().map(|t| up(t.px, bottom, bottom + TICK)).collect();
    marks.extend(ticks.minor.iter().map(|px| up(*px, bottom, bottom + 2.0)));
    marks.push([Point::new(plot.x, bottom), Point::new(plot.right(), bottom)]);
    items.push(Item::Segments { ends: marks, stroke: Stroke::hair(Ink::Axis) });
    for t in &ticks.major {
        let at = Point::new(t.label_px, bottom + TICK + 3.0);
        items.push(text(at, t.label.clone(), Anchor::Middle, Baseline::Top, Ink::Muted));
    }
    let title = shortened(&axis.heading(ticks.unit), TextSize::Small, size.width, measure);
    if !title.is_empty() && size.height > BOTTOM {
        let half = measure(&title, TextSize::Small) / 2.0;
        let x = (plot.x + plot.w / 2.0).min(size.width - half).max(half);
        let at = Point::new(x, bottom + TICK + 19.0);
        items.push(text(at, title, Anchor::Middle, Baseline::Top, Ink::Muted));
    }
}

fn upright(
    frame: &Frame,
    axis: &Axis,
    ticks: &Ticks,
    size: Size,
    measure: Measure<'_>,
    items: &mut Vec<Item>,
) {
    let plot = frame.plot;
    let across = |px: f64, a: f64, b: f64| [Point::new(a, px), Point::new(b, px)];
    grid(items, ticks.major.iter().map(|t| across(t.px, plot.x, plot.right())).collect());
    let mut marks: Vec<_> =
        ticks.major.iter().map(|t| across(t.px, plot.x - TICK, plot.x)).collect();
    marks.extend(ticks.minor.iter().map(|px| across(*px, plot.x - 2.0, plot.x)));
    marks.push([Point::new(plot.x, plot.y), Point::new(plot.x, plot.bottom())]);
    items.push(Item::Segments { ends: marks, stroke: Stroke::hair(Ink::Axis) });
    for t in &ticks.major {
        let at = Point::new(plot.x - TICK - 3.0, t.label_px);
        items.push(text(at, t.label.clone(), Anchor::End, Baseline::Middle, Ink::Muted));
    }
    let title = shortened(&axis.heading(ticks.unit), TextSize::Small, size.width - 2.0, measure);
    if !title.is_empty() {
        items.push(text(Point::new(1.0, 2.0), title, Anchor::Start, Baseline::Top, Ink::Muted));
    }
}

fn grid(items: &mut Vec<Item>, ends: Vec<[Point; 2]>) {
    if !ends.is_empty() {
        items.push(Item::Segments { ends, stroke: Stroke::hair(Ink::Grid) });
    }
}

/// A frame of named rows above one value axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Where the data is; `y` counts rows downwards, row `i` reaches from `i` to `i + 1`.
    pub frame: Frame,
    /// Axis, grid, names.
    pub items: Vec<Item>,
    /// Where in a row its data goes: 0.5, or lower where the name stands above it.
    pub middle: f64,
    /// Height left for the data of a row, in pixels.
    pub room: f64,
    /// Whether names stand above their rows.
    pub stacked: bool,
}

/// Where in a row of such a frame its data goes (0 top, 1 bottom), and how many pixels of height it
/// has.
pub fn row_middle(frame: &Frame) -> (f64, f64) {
    let pitch = (frame.plot.h / frame.y.domain()[1].max(1.0)).max(1.0);
    let over = if frame.plot.x <= STACKED_LEFT { 15.0f64.min(pitch * 0.6) } else { 0.0 };
    (0.5 + over / pitch / 2.0, (pitch - over).max(1.0))
}

/// Rows with their names: beside the plot where there is room and `beside` allows it, otherwise
/// above each row. `right` is room kept free on the right-hand side.
pub fn rows(
    size: Size,
    x: &Axis,
    x_domain: [f64; 2],
    names: &[&str],
    right: f64,
    beside: bool,
    measure: Measure<'_>,
) -> Rows {
    let widest = names.iter().map(|n| measure(n, TextSize::Normal)).fold(0.0, f64::max);
    let stacked = !beside || widest + 16.0 > size.width * 0.3;
    let left = if stacked { STACKED_LEFT } else { (widest + 14.0).ceil() };
    let bottom = (size.height - BOTTOM).max(TOP_BARE + 1.0);
    let plot =
        Rect::new(left, TOP_BARE, (size.width - left - RIGHT - right).max(1.0), bottom - TOP_BARE);
    let n = names.len().max(1) as f64;
    let frame = Frame {
        plot,
        x: Scale::new(x.kind, x_domain, [plot.x, plot.right()]),
        y: Scale::new(Kind::Linear, [0.0, n], [plot.y, plot.bottom()]),
    };
    let pitch = plot.h / n;
    let (middle, room) = row_middle(&frame);
    let mut items = Vec::new();
    level(&frame, x, size, measure, &mut items);
    let lines = (1..names.len())
        .map(|i| frame.y.px(i as f64))
        .map(|y| {
            [Point::new(if stacked { plot.x } else { 0.0 }, y), Point::new(plot.right() + right, y)]
        })
        .collect();
    grid(&mut items, lines);
    for (i, name) in names.iter().enumerate() {
        let room = if stacked { plot.w } else { left - 10.0 };
        let y = frame.y.px(i as f64) + if stacked { 2.0 } else { pitch / 2.0 };
        let at = Point::new(if stacked { plot.x + 2.0 } else { left - 8.0 }, y);
        let (anchor, baseline) =
            if stacked { (Anchor::Start, Baseline::Top) } else { (Anchor::End, Baseline::Middle) };
        let text = shortened(name, TextSize::Normal, room, measure);
        items.push(Item::Text(Label {
            at,
            text,
            anchor,
            baseline,
            size: TextSize::Normal,
            ink: Ink::Text,
        }));
    }
    Rows { frame, items, middle, room, stacked }
}

/// What a chart's data may cover: the plot, and as much around it as a marker on its edge needs;
/// sideways only where nothing lies beyond the edge.
pub fn clip(frame: &Frame, view: &Viewport) -> Rect {
    let (plot, over) = (frame.plot, 6.0);
    let side = if view.x.is_some() { 0.0 } else { over };
    Rect::new(plot.x - side, plot.y - over, plot.w + 2.0 * side, plot.h + 2.0 * over)
}

/// The selection as a band over the plot.
pub fn selection(view: &Viewport, frame: &Frame, items: &mut Vec<Item>) {
    let Some(s) = view.selection else { return };
    let [a, b] = s.span().map(|v| frame.x.px(v).clamp(frame.plot.x, frame.plot.right()));
    let plot = frame.plot;
    let rect = Rect::between(a, plot.y, b, plot.bottom());
    items.push(Item::Rects { rects: vec![rect], fill: Fill::faded(Ink::Accent, 0.18) });
    let edge = |x| [Point::new(x, plot.y), Point::new(x, plot.bottom())];
    items.push(Item::Segments { ends: vec![edge(a), edge(b)], stroke: Stroke::hair(Ink::Accent) });
}

/// An upright line at the cursor and, on the axis below it, where that is.
pub fn crosshair(
    view: &Viewport,
    frame: &Frame,
    at: &str,
    size: Size,
    measure: Measure<'_>,
    items: &mut Vec<Item>,
) {
    let Some(c) = view.cursor else { return };
    if !frame.x.contains(c.x) {
        return;
    }
    let (plot, x) = (frame.plot, frame.x.px(c.x));
    let ends = vec![[Point::new(x, plot.y), Point::new(x, plot.bottom())]];
    items.push(Item::Segments { ends, stroke: Stroke::hair(Ink::Accent) });
    chip(Point::new(x, plot.bottom() + 2.0), at, size, measure, items);
}

/// A small sign with text, its top middle at `at`, moved to stay inside the picture.
pub fn chip(at: Point, label: &str, size: Size, measure: Measure<'_>, items: &mut Vec<Item>) {
    let label = shortened(label, TextSize::Small, size.width - 8.0, measure);
    if label.is_empty() {
        return;
    }
    let w = measure(&label, TextSize::Small) + 8.0;
    let x = (at.x - w / 2.0).min(size.width - w).max(0.0);
    let rect = Rect::new(x, at.y, w, 17.0);
    items.push(Item::Rects { rects: vec![rect], fill: Fill::solid(Ink::Accent) });
    let middle = Point::new(x + w / 2.0, at.y + 8.5);
    items.push(text(middle, label, Anchor::Middle, Baseline::Middle, Ink::Surface));
}

/// Bounds of a label in pixels: left, top, right, bottom, by the rough width; for tests of all
/// charts.
pub fn rough_bounds(l: &Label) -> [f64; 4] {
    let w = rough_width(&l.text, l.size);
    let x = match l.anchor {
        Anchor::Start => l.at.x,
        Anchor::Middle => l.at.x - w / 2.0,
        Anchor::End => l.at.x - w,
    };
    let h = l.size.px();
    let y = match l.baseline {
        Baseline::Top => l.at.y,
        Baseline::Middle => l.at.y - h / 2.0,
        Baseline::Bottom => l.at.y - h,
    };
    [x, y, x + w, y + h]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stay_in_the_picture_at_any_size() {
        let x = Axis::linear("time since start", Quantity::Elapsed);
        let y = Axis::log("latency of a request", Quantity::Micros);
        for (w, h) in [(1280.0, 400.0), (400.0, 240.0), (120.0, 100.0), (1.0, 1.0)] {
            let size = Size::new(w, h);
            let (frame, items) = xy(size, &x, [0.0, 600.0], &y, [100.0, 2e6], &rough_width);
            assert!(frame.plot.w >= 1.0 && frame.plot.h >= 1.0);
            if w < 200.0 {
                continue;
            }
            for item in &items {
                if let Item::Text(l) = item {
                    let [a, t, b, u] = rough_bounds(l);
                    assert!(
                        a >= -0.01 && b <= w + 0.01 && t >= -0.01 && u <= h,
                        "{} at {w}: {a} {b}",
                        l.text
                    );
                }
            }
        }
    }

    #[test]
    fn a_narrow_screen_puts_names_above_their_rows() {
        let x = Axis::log("latency", Quantity::Micros);
        let names = ["get", "blob delete of a long name"];
        let wide = rows(Size::new(900.0, 300.0), &x, [1.0, 10.0], &names, 0.0, true, &rough_width);
        let narrow =
            rows(Size::new(300.0, 300.0), &x, [1.0, 10.0], &names, 0.0, true, &rough_width);
        assert!(wide.middle == 0.5 && narrow.middle > 0.5 && narrow.frame.plot.x < 20.0);
    }

    #[test]
    fn a_text_is_cut_to_its_room() {
        let cut = shortened("latency of a request", TextSize::Small, 60.0, &rough_width);
        assert!(cut.ends_with('…') && rough_width(&cut, TextSize::Small) <= 60.0);
        assert_eq!(shortened("latency", TextSize::Small, 1.0, &rough_width), "");
        let measured = std::cell::Cell::new(0);
        let counting = |text: &str, size| {
            measured.set(measured.get() + text.len());
            rough_width(text, size)
        };
        let long = shortened(&"i".repeat(100_000), TextSize::Small, 60.0, &counting);
        assert!(long.ends_with('…') && measured.get() < 110_000, "{}", measured.get());
    }

    #[test]
    fn headings_carry_the_unit() {
        assert_eq!(Axis::linear("latency", Quantity::Micros).heading("ms"), "latency, ms");
        assert_eq!(Axis::linear("", Quantity::Micros).heading("ms"), "ms");
    }
}

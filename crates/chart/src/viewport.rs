//! What the reader has done to a chart: zoom, cursor, selection, series switched off; and how input
//! changes it.
//!
//! A pure reducer: input and the frame on screen in, the next view out. Everything is kept in
//! values, not pixels, so that a view outlives a resize and several charts can share one cursor.

use super::scale::Frame;
use super::scene::Point;

/// Where the reader looks, in values of the chart's axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cursor {
    /// Along the width.
    pub x: f64,
    /// Along the height; none where the cursor came from another chart or stands for a whole
    /// column.
    pub y: Option<f64>,
}

/// A stretch of the x axis from where it was begun to where it is now, in values; not ordered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Selection {
    /// Where it was begun.
    pub anchor: f64,
    /// Where it is now.
    pub head: f64,
}

impl Selection {
    /// Its ends, the smaller first.
    pub fn span(self) -> [f64; 2] {
        [self.anchor.min(self.head), self.anchor.max(self.head)]
    }
}

/// What the reader has done to a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Viewport {
    /// The part of the x axis shown; none shows all.
    pub x: Option<[f64; 2]>,
    /// Series switched off: their numbers, rising.
    pub hidden: Vec<usize>,
    /// Where the reader looks.
    pub cursor: Option<Cursor>,
    /// The stretch marked by a drag or by Shift and arrows.
    pub selection: Option<Selection>,
    /// Whether a drag is under way.
    pub dragging: bool,
}

impl Viewport {
    /// Whether the n-th series is shown.
    pub fn shows(&self, n: usize) -> bool {
        !self.hidden.contains(&n)
    }

    /// The part of `full` that is shown.
    pub fn domain(&self, full: [f64; 2]) -> [f64; 2] {
        self.x.unwrap_or(full)
    }

    /// Whether the other view asks for another picture of the data, not only for another overlay.
    pub fn redraws(&self, other: &Self) -> bool {
        self.x != other.x || self.hidden != other.hidden
    }
}

/// A key that a chart understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Cursor one value back.
    Left,
    /// Cursor one value on.
    Right,
    /// Cursor one row or value up.
    Up,
    /// Cursor one row or value down.
    Down,
    /// Cursor to the first value shown.
    Home,
    /// Cursor to the last value shown.
    End,
    /// Zoom in, on the selection if there is one.
    Plus,
    /// Zoom out.
    Minus,
    /// Zoom in on the selection.
    Enter,
    /// Drop the selection; without one, show all.
    Escape,
}

impl Key {
    /// The key of a DOM `KeyboardEvent.key`; none if charts do not use it.
    pub fn parse(key: &str) -> Option<Self> {
        Some(match key {
            "ArrowLeft" => Self::Left,
            "ArrowRight" => Self::Right,
            "ArrowUp" => Self::Up,
            "ArrowDown" => Self::Down,
            "Home" => Self::Home,
            "End" => Self::End,
            "+" | "=" => Self::Plus,
            "-" | "_" => Self::Minus,
            "Enter" => Self::Enter,
            "Escape" => Self::Escape,
            _ => return None,
        })
    }
}

/// One thing the reader did. Points are CSS pixels from the picture's top left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// The pointer is here.
    Move(Point),
    /// The main button went down here.
    Down(Point),
    /// The main button went up here.
    Up(Point),
    /// The pointer left, or the browser took it away.
    Leave,
    /// A double click: show all.
    DoubleClick,
    /// A key, with whether Shift was held.
    Key(Key, bool),
    /// Switch the n-th series on or off.
    Toggle(usize),
    /// Show the n-th series alone; again: show all. The second number is how many there are.
    Solo(usize, usize),
    /// Show this part of the x axis, or all.
    Zoom(Option<[f64; 2]>),
    /// A cursor set by another chart.
    Cursor(Option<f64>),
}

/// Where a key moves the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// One back.
    Back,
    /// One on.
    On,
    /// One up.
    Up,
    /// One down.
    Down,
    /// To the first that is shown.
    First,
    /// To the last that is shown.
    Last,
}

/// What a chart knows about moving through its values.
pub trait Navigate {
    /// All of the x axis.
    fn domain(&self) -> [f64; 2];

    /// The next place of the cursor, from the one in the view or, if there is none, from the first
    /// shown; `None` when there is nothing to step through.
    fn step(&self, view: &Viewport, frame: &Frame, step: Step) -> Option<Cursor>;
}

/// A drag shorter than this many pixels is a click.
const CLICK: f64 = 4.0;
/// The least part of the whole axis (in pixels of it) that zoom shows.
const DEEPEST: f64 = 1e-5;

/// The view after an input. `frame` is the frame on screen.
pub fn reduce<C: Navigate + ?Sized>(
    view: &Viewport,
    input: Input,
    frame: &Frame,
    chart: &C,
) -> Viewport {
    let mut next = view.clone();
    match input {
        Input::Move(p) => {
            next.cursor = cursor_at(frame, p, view.dragging);
            if let (true, Some(s)) = (view.dragging, &mut next.selection) {
                s.head = frame.x.value_inside(p.x);
            }
        }
        Input::Down(p) if frame.plot.contains(p) => {
            let v = frame.x.value_inside(p.x);
            next.dragging = true;
            next.selection = Some(Selection { anchor: v, head: v });
            next.cursor = cursor_at(frame, p, false);
        }
        Input::Down(_) => {}
        Input::Up(p) => {
            if let (true, Some(s)) = (view.dragging, view.selection) {
                let s = Selection { head: frame.x.value_inside(p.x), ..s };
                if (frame.x.px(s.anchor) - frame.x.px(s.head)).abs() >= CLICK {
                    next.x = clipped(chart, frame, s.span());
                }
                next.selection = None;
            }
            next.dragging = false;
        }
        Input::Leave => {
            next.cursor = None;
            if view.dragging {
                next.selection = None;
            }
            next.dragging = false;
        }
        Input::DoubleClick => {
            next.x = None;
            next.selection = None;
            next.dragging = false;
        }
        Input::Key(key, shift) => press(&mut next, key, shift, frame, chart),
        Input::Toggle(n) => match next.hidden.binary_search(&n) {
            Ok(place) => {
                next.hidden.remove(place);
            }
            Err(place) => next.hidden.insert(place, n),
        },
        Input::Solo(n, count) => {
            let others: Vec<usize> = (0..count).filter(|i| *i != n).collect();
            next.hidden = if view.hidden == others { Vec::new() } else { others };
        }
        Input::Zoom(x) => next.x = x.and_then(|span| clipped(chart, frame, span)),
        Input::Cursor(x) => next.cursor = x.map(|x| Cursor { x, y: None }),
    }
    next
}

fn cursor_at(frame: &Frame, p: Point, held: bool) -> Option<Cursor> {
    (held || frame.plot.contains(p))
        .then(|| Cursor { x: frame.x.value_inside(p.x), y: Some(frame.y.value_inside(p.y)) })
}

fn press<C: Navigate + ?Sized>(
    view: &mut Viewport,
    key: Key,
    shift: bool,
    frame: &Frame,
    chart: &C,
) {
    let step = match key {
        Key::Left => Step::Back,
        Key::Right => Step::On,
        Key::Up => Step::Up,
        Key::Down => Step::Down,
        Key::Home => Step::First,
        Key::End => Step::Last,
        Key::Plus | Key::Enter => {
            match view.selection.take() {
                Some(s) => view.x = clipped(chart, frame, s.span()),
                None if key == Key::Plus => zoom(view, 0.5, frame, chart),
                None => {}
            }
            return;
        }
        Key::Minus => return zoom(view, 2.0, frame, chart),
        Key::Escape => {
            if view.selection.take().is_none() {
                view.x = None;
                view.cursor = None;
            }
            view.dragging = false;
            return;
        }
    };
    let Some(to) = chart.step(view, frame, step) else { return };
    let from = view.cursor.map_or(to.x, |c| c.x);
    view.selection =
        shift.then(|| Selection { anchor: view.selection.map_or(from, |s| s.anchor), head: to.x });
    view.cursor = Some(to);
    follow(view, to.x, frame, chart);
}

/// Moves a zoomed stretch along so that the cursor stays in sight.
fn follow<C: Navigate + ?Sized>(view: &mut Viewport, x: f64, frame: &Frame, chart: &C) {
    let Some([lo, hi]) = view.x else { return };
    let (a, b, p) = (frame.x.px(lo), frame.x.px(hi), frame.x.px(x));
    let shift = if p < a {
        p - a
    } else if p > b {
        p - b
    } else {
        return;
    };
    view.x = clipped(chart, frame, [frame.x.value(a + shift), frame.x.value(b + shift)]);
}

/// Zooms about the cursor, or the middle, by a factor of the length shown.
fn zoom<C: Navigate + ?Sized>(view: &mut Viewport, factor: f64, frame: &Frame, chart: &C) {
    let [a, b] = frame.x.range();
    let middle =
        view.cursor.map_or(f64::midpoint(a, b), |c| frame.x.px(c.x).clamp(a.min(b), a.max(b)));
    let ends = [middle - (middle - a) * factor, middle + (b - middle) * factor];
    view.x = clipped(chart, frame, ends.map(|p| frame.x.value(p)));
}

/// The stretch inside the chart's own domain; none if that is all of it. A stretch too small is not
/// taken.
fn clipped<C: Navigate + ?Sized>(chart: &C, frame: &Frame, [lo, hi]: [f64; 2]) -> Option<[f64; 2]> {
    let full = chart.domain();
    let (lo, hi) = (lo.max(full[0]), hi.min(full[1]));
    let px = |v: f64| frame.x.px(v);
    let (whole, part) = ((px(full[1]) - px(full[0])).abs(), (px(hi) - px(lo)).abs());
    if !part.is_finite() || hi <= lo || part < whole * DEEPEST {
        return (frame.x.domain() != full).then_some(frame.x.domain());
    }
    (part < whole * (1.0 - 1e-9)).then_some([lo, hi])
}

#[cfg(test)]
mod tests {
    use super::super::scale::{Kind, Scale};
    use super::super::scene::Rect;
    use super::*;

    struct Whole;

    impl Navigate for Whole {
        fn domain(&self) -> [f64; 2] {
            [0.0, 100.0]
        }

        fn step(&self, view: &Viewport, _: &Frame, step: Step) -> Option<Cursor> {
            let x = view.cursor.map_or(-1.0, |c| c.x);
            let x = match step {
                Step::Back => x - 1.0,
                Step::First => 0.0,
                Step::Last => 100.0,
                _ => x + 1.0,
            };
            Some(Cursor { x: x.clamp(0.0, 100.0), y: None })
        }
    }

    fn frame(view: &Viewport) -> Frame {
        Frame {
            plot: Rect::new(50.0, 0.0, 200.0, 100.0),
            x: Scale::new(Kind::Linear, view.domain([0.0, 100.0]), [50.0, 250.0]),
            y: Scale::new(Kind::Linear, [0.0, 1.0], [100.0, 0.0]),
        }
    }

    fn after(inputs: &[Input]) -> Viewport {
        inputs.iter().fold(Viewport::default(), |v, i| reduce(&v, *i, &frame(&v), &Whole))
    }

    const fn at(x: f64) -> Point {
        Point::new(x, 50.0)
    }

    #[test]
    fn a_drag_zooms_and_a_double_click_shows_all() {
        let drag = [Input::Down(at(100.0)), Input::Move(at(140.0)), Input::Up(at(150.0))];
        let v = after(&drag);
        assert_eq!((v.x, v.selection, v.dragging), (Some([25.0, 50.0]), None, false));
        let back = [&drag[..], &[Input::DoubleClick]].concat();
        assert_eq!(after(&back).x, None);
        let reverse = [Input::Down(at(150.0)), Input::Up(at(100.0))];
        assert_eq!(after(&reverse).x, Some([25.0, 50.0]));
    }

    #[test]
    fn a_click_and_a_drag_from_outside_change_no_zoom() {
        assert_eq!(after(&[Input::Down(at(100.0)), Input::Up(at(102.0))]).x, None);
        assert_eq!(after(&[Input::Down(at(10.0)), Input::Up(at(150.0))]), Viewport::default());
    }

    #[test]
    fn a_drag_beyond_the_plot_ends_at_its_edge() {
        let v = after(&[Input::Down(at(150.0)), Input::Move(at(900.0)), Input::Up(at(900.0))]);
        assert_eq!(v.x, Some([50.0, 100.0]));
    }

    #[test]
    fn arrows_move_and_shift_selects_and_enter_zooms() {
        let key = |k, s| Input::Key(k, s);
        let v = after(&[key(Key::Right, false), key(Key::Right, true), key(Key::Right, true)]);
        assert_eq!(v.selection.map(Selection::span), Some([0.0, 2.0]));
        let v = after(&[key(Key::Right, false), key(Key::Right, true), key(Key::Enter, false)]);
        assert_eq!((v.x, v.selection), (Some([0.0, 1.0]), None));
        let v = after(&[key(Key::Right, false), key(Key::Right, true), key(Key::Right, false)]);
        assert_eq!(v.selection, None);
    }

    #[test]
    fn escape_drops_the_selection_first_and_then_the_zoom() {
        let mut v = Viewport { x: Some([10.0, 20.0]), ..Viewport::default() };
        v.selection = Some(Selection { anchor: 11.0, head: 12.0 });
        let v = reduce(&v, Input::Key(Key::Escape, false), &frame(&v), &Whole);
        assert_eq!((v.x, v.selection), (Some([10.0, 20.0]), None));
        let v = reduce(&v, Input::Key(Key::Escape, false), &frame(&v), &Whole);
        assert_eq!(v.x, None);
    }

    #[test]
    fn plus_and_minus_undo_each_other_and_never_leave_the_data() {
        let plus = Input::Key(Key::Plus, false);
        let minus = Input::Key(Key::Minus, false);
        assert_eq!(after(&[plus]).x, Some([25.0, 75.0]));
        assert_eq!(after(&[plus, minus]).x, None);
        assert_eq!(after(&[minus]).x, None);
        let deep = after(&[plus; 60]);
        let [lo, hi] = deep.x.unwrap();
        assert!(hi > lo && hi - lo < 0.01 && lo > 49.0 && hi < 51.0, "{lo} {hi}");
    }

    #[test]
    fn the_view_follows_a_cursor_out_of_sight() {
        let mut v = Viewport { x: Some([10.0, 20.0]), ..Viewport::default() };
        v.cursor = Some(Cursor { x: 20.0, y: None });
        let v = reduce(&v, Input::Key(Key::Right, false), &frame(&v), &Whole);
        let [lo, hi] = v.x.unwrap();
        assert!((lo - 11.0).abs() < 1e-9 && (hi - 21.0).abs() < 1e-9);
    }

    #[test]
    fn series_toggle_and_stand_alone() {
        assert!(!after(&[Input::Toggle(2)]).shows(2));
        assert!(after(&[Input::Toggle(2), Input::Toggle(2)]).shows(2));
        let v = after(&[Input::Solo(1, 3)]);
        assert!(!v.shows(0) && v.shows(1) && !v.shows(2));
        assert!(after(&[Input::Solo(1, 3), Input::Solo(1, 3)]).hidden.is_empty());
    }

    #[test]
    fn only_zoom_and_toggles_redraw_the_data() {
        let v = Viewport::default();
        assert!(!v.redraws(&after(&[Input::Move(at(100.0))])));
        assert!(v.redraws(&after(&[Input::Toggle(0)])));
    }

    #[test]
    fn leaving_drops_the_cursor_and_an_unfinished_drag() {
        let v = after(&[Input::Down(at(100.0)), Input::Move(at(140.0)), Input::Leave]);
        assert_eq!(v, Viewport::default());
    }
}

//! The picture as data: what a painter draws, in CSS pixels, with colours as names.

use super::ink::{Fill, Ink};

/// A place in the picture: CSS pixels from its top left corner. A non-finite coordinate in a list
/// of points ends one stretch of a line and starts the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Pixels to the right.
    pub x: f64,
    /// Pixels down.
    pub y: f64,
}

impl Point {
    /// Between two stretches of one line.
    pub const BREAK: Self = Self { x: f64::NAN, y: f64::NAN };

    /// The point at `x`, `y`.
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// Whether this point can be drawn; a break cannot.
    pub fn is_drawn(self) -> bool {
        self.x.is_finite() && self.y.is_finite()
    }
}

/// An upright rectangle in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width, not negative.
    pub w: f64,
    /// Height, not negative.
    pub h: f64,
}

impl Rect {
    /// The rectangle with this corner and size; a negative size becomes none.
    pub fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Self { x, y, w: w.max(0.0), h: h.max(0.0) }
    }

    /// The rectangle between two corners, in any order.
    pub fn between(x0: f64, y0: f64, x1: f64, y1: f64) -> Self {
        Self::new(x0.min(x1), y0.min(y1), (x1 - x0).abs(), (y1 - y0).abs())
    }

    /// Right edge.
    pub fn right(self) -> f64 {
        self.x + self.w
    }

    /// Bottom edge.
    pub fn bottom(self) -> f64 {
        self.y + self.h
    }

    /// Whether the point lies in it, edges included.
    pub fn contains(self, p: Point) -> bool {
        p.x >= self.x && p.x <= self.right() && p.y >= self.y && p.y <= self.bottom()
    }
}

/// Width and height of a picture, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Size {
    /// A size of at least one pixel each way, whatever is asked.
    pub fn new(width: f64, height: f64) -> Self {
        let sane = |v: f64| if v.is_finite() { v.clamp(1.0, 32_768.0) } else { 1.0 };
        Self { width: sane(width), height: sane(height) }
    }
}

/// How thick a line is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weight {
    /// One device pixel: the only width that software rasters draw fast. For dense lines.
    Hair,
    /// So many CSS pixels. For curves of few points.
    Px(f64),
}

/// The pattern of a line, so that lines differ without colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dash {
    /// Unbroken.
    #[default]
    Solid,
    /// Long strokes.
    Dashed,
    /// Dots.
    Dotted,
    /// Stroke and dot in turn.
    DashDot,
}

impl Dash {
    /// Lengths of stroke and gap in CSS pixels; empty when solid.
    pub const fn pattern(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Dashed => &[7.0, 4.0],
            Self::Dotted => &[2.0, 3.0],
            Self::DashDot => &[8.0, 3.0, 2.0, 3.0],
        }
    }

    /// The dash of the n-th series, counted from 0: four in turn.
    pub const fn of_series(n: usize) -> Self {
        match n % 4 {
            0 => Self::Solid,
            1 => Self::Dashed,
            2 => Self::DashDot,
            _ => Self::Dotted,
        }
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub ink: Ink,
    /// Its thickness.
    pub weight: Weight,
    /// Its pattern.
    pub dash: Dash,
    /// Its opacity, 0 to 1.
    pub alpha: f64,
}

impl Stroke {
    /// A solid line of one device pixel.
    pub const fn hair(ink: Ink) -> Self {
        Self { ink, weight: Weight::Hair, dash: Dash::Solid, alpha: 1.0 }
    }

    /// A solid line of `width` CSS pixels.
    pub const fn px(ink: Ink, width: f64) -> Self {
        Self { ink, weight: Weight::Px(width), dash: Dash::Solid, alpha: 1.0 }
    }

    /// The same line in another pattern.
    pub const fn dashed(self, dash: Dash) -> Self {
        Self { dash, ..self }
    }

    /// The same line at another opacity.
    pub const fn faded(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }
}

/// The outline of a marker, so that series and groups differ without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A disc.
    Circle,
    /// A square.
    Square,
    /// A square on its corner.
    Diamond,
    /// A triangle, tip up.
    Up,
    /// A triangle, tip down.
    Down,
    /// An upright cross of two bars.
    Plus,
    /// A slanted cross of two bars: also the sign for "left out".
    Cross,
}

impl Shape {
    /// The marker of the n-th series or group, counted from 0: six in turn. `Cross` is kept for
    /// "left out".
    pub const fn of_series(n: usize) -> Self {
        match n % 6 {
            0 => Self::Circle,
            1 => Self::Square,
            2 => Self::Up,
            3 => Self::Diamond,
            4 => Self::Down,
            _ => Self::Plus,
        }
    }

    /// Corners of the outline about the origin for radius `r`; the disc has none, the crosses give
    /// two bars end to end, to be stroked, not filled.
    pub fn corners(self, r: f64) -> ([(f64, f64); 4], usize) {
        let s = r * 0.886; // squares and discs of one size have one area
        match self {
            Self::Circle => ([(0.0, 0.0); 4], 0),
            Self::Square => ([(-s, -s), (s, -s), (s, s), (-s, s)], 4),
            Self::Diamond => {
                ([(0.0, -1.25 * r), (1.25 * r, 0.0), (0.0, 1.25 * r), (-1.25 * r, 0.0)], 4)
            }
            Self::Up => {
                ([(0.0, -1.3 * r), (1.16 * r, 0.8 * r), (-1.16 * r, 0.8 * r), (0.0, 0.0)], 3)
            }
            Self::Down => {
                ([(0.0, 1.3 * r), (1.16 * r, -0.8 * r), (-1.16 * r, -0.8 * r), (0.0, 0.0)], 3)
            }
            Self::Plus => ([(-1.2 * r, 0.0), (1.2 * r, 0.0), (0.0, -1.2 * r), (0.0, 1.2 * r)], 4),
            Self::Cross => ([(-r, -r), (r, r), (-r, r), (r, -r)], 4),
        }
    }

    /// Whether the shape is bars to be stroked rather than an outline to be filled.
    pub const fn is_bars(self) -> bool {
        matches!(self, Self::Plus | Self::Cross)
    }
}

/// Size class of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextSize {
    /// Tick labels.
    Small,
    /// Axis titles and row names.
    Normal,
}

impl TextSize {
    /// Font size in CSS pixels.
    pub const fn px(self) -> f64 {
        match self {
            Self::Small => 11.0,
            Self::Normal => 12.0,
        }
    }
}

/// Which end of the text its place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The place is the text's start.
    Start,
    /// The place is the text's middle.
    Middle,
    /// The place is the text's end.
    End,
}

/// Which height of the text its place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// The place is the top of the letters.
    Top,
    /// The place is half way up.
    Middle,
    /// The place is the line the letters stand on.
    Bottom,
}

/// One line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Where it stands.
    pub at: Point,
    /// What it says.
    pub text: String,
    /// Which end of it `at` is.
    pub anchor: Anchor,
    /// Which height of it `at` is.
    pub baseline: Baseline,
    /// How large it is.
    pub size: TextSize,
    /// Its colour.
    pub ink: Ink,
}

/// A small picture of one level per cell; a painter colours it by the ramp of its palette.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    /// Cells per row.
    pub width: usize,
    /// Number of rows, the first on top.
    pub height: usize,
    /// `width * height` levels row by row; 0 is empty (transparent), 1 to 255 is the ramp.
    pub levels: Vec<u8>,
}

/// One thing to draw.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A line through points, in stretches where it breaks.
    Path {
        /// Its corners.
        points: Vec<Point>,
        /// How it is drawn.
        stroke: Stroke,
    },
    /// Lines of their own, two points each, set on whole device pixels when upright or level.
    Segments {
        /// Ends of the lines, in pairs.
        ends: Vec<[Point; 2]>,
        /// How they are drawn.
        stroke: Stroke,
    },
    /// A filled outline, in stretches where it breaks.
    Area {
        /// Its corners.
        points: Vec<Point>,
        /// How it is filled.
        fill: Fill,
    },
    /// Filled rectangles.
    Rects {
        /// Where.
        rects: Vec<Rect>,
        /// How they are filled.
        fill: Fill,
    },
    /// Rectangles with slanted lines: a stretch that does not count.
    Hatch {
        /// Where.
        rects: Vec<Rect>,
        /// Colour of the slanted lines.
        ink: Ink,
    },
    /// A raster spread over a rectangle without smoothing.
    Image {
        /// Where.
        rect: Rect,
        /// What.
        raster: Raster,
    },
    /// A line of text.
    Text(Label),
    /// Markers of one look.
    Markers {
        /// Middle of each.
        points: Vec<Point>,
        /// Their outline.
        shape: Shape,
        /// Their radius in CSS pixels.
        radius: f64,
        /// Their filling; bars are stroked in its colour.
        fill: Fill,
        /// Whether only the outline is drawn, on the ground of the page.
        hollow: bool,
    },
    /// Items of which nothing shows outside a rectangle.
    Clip {
        /// What stays visible.
        rect: Rect,
        /// What is drawn.
        items: Vec<Item>,
    },
}

/// A finished picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Width in CSS pixels.
    pub width: f64,
    /// Height in CSS pixels.
    pub height: f64,
    /// What to draw, the undermost first.
    pub items: Vec<Item>,
}

impl Scene {
    /// An empty picture.
    pub fn new(size: Size) -> Self {
        Self { width: size.width, height: size.height, items: Vec::new() }
    }

    /// All texts, those in clip groups included, in drawing order.
    pub fn labels(&self) -> Vec<&Label> {
        fn walk<'a>(items: &'a [Item], out: &mut Vec<&'a Label>) {
            for item in items {
                match item {
                    Item::Text(label) => out.push(label),
                    Item::Clip { items, .. } => walk(items, out),
                    _ => {}
                }
            }
        }
        let mut out = Vec::new();
        walk(&self.items, &mut out);
        out
    }
}

/// Gives the width of a text in CSS pixels in the painter's font.
pub type Measure<'a> = &'a dyn Fn(&str, TextSize) -> f64;

/// A width for text where no font is at hand (native export, tests): that of a wide sans-serif, so
/// that what fits by it fits in most fonts.
pub fn rough_width(text: &str, size: TextSize) -> f64 {
    let em: f64 = text
        .chars()
        .map(|c| match c {
            'i' | 'l' | 'j' | '.' | ',' | ':' | '|' | '\'' => 0.3,
            ' ' | 't' | 'f' | 'r' | '(' | ')' | '[' | ']' | '/' => 0.38,
            'm' | 'w' | 'M' | 'W' | '%' => 0.92,
            c if c.is_uppercase() => 0.7,
            _ => 0.6,
        })
        .sum();
    em * size.px()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_never_have_a_negative_size() {
        assert_eq!(Rect::new(5.0, 5.0, -3.0, 2.0).w, 0.0);
        let r = Rect::between(10.0, 8.0, 2.0, 4.0);
        assert_eq!((r.x, r.y, r.w, r.h), (2.0, 4.0, 8.0, 4.0));
        assert!(r.contains(Point::new(10.0, 8.0)) && !r.contains(Point::BREAK));
    }

    #[test]
    fn a_size_is_sane_whatever_is_asked() {
        for odd in [f64::NAN, f64::INFINITY, -3.0, 0.0] {
            let s = Size::new(odd, odd);
            assert_eq!((s.width, s.height), (1.0, 1.0));
        }
    }

    #[test]
    fn neighbouring_series_differ_by_dash_and_by_shape() {
        for n in 0..24 {
            assert_ne!(Dash::of_series(n), Dash::of_series(n + 1));
            assert_ne!(Shape::of_series(n), Shape::of_series(n + 1));
            assert_ne!(Shape::of_series(n), Shape::Cross);
        }
    }

    #[test]
    fn labels_are_found_inside_clip_groups() {
        let label = Label {
            at: Point::new(0.0, 0.0),
            text: "a".into(),
            anchor: Anchor::Start,
            baseline: Baseline::Top,
            size: TextSize::Small,
            ink: Ink::Text,
        };
        let mut scene = Scene::new(Size::new(10.0, 10.0));
        scene.items.push(Item::Clip {
            rect: Rect::new(0.0, 0.0, 1.0, 1.0),
            items: vec![Item::Text(label.clone())],
        });
        scene.items.push(Item::Text(label));
        assert_eq!(scene.labels().len(), 2);
    }
}

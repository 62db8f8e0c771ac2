//! What every chart gives: a picture, its overlay, a sentence, a legend, values at the cursor, and
//! a table.

use super::axis;
use super::ink::Ink;
use super::scale::Frame;
use super::scene::{Dash, Measure, Scene, Shape, Size};
use super::viewport::{Cursor, Navigate, Step, Viewport};

/// Why a chart cannot be made of the data given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChartError {
    /// Two lists that belong together differ in length.
    #[error("“{what}” has {found} values where {expected} are needed: give one value for each")]
    Length {
        /// Which list.
        what: String,
        /// How long it is.
        found: usize,
        /// How long it must be.
        expected: usize,
    },
    /// Values that must rise do not.
    #[error("“{what}” must rise, but value {index} ({value}) does not: sort them and drop repeats")]
    Unsorted {
        /// Which list.
        what: String,
        /// Place of the first wrong value, from 0.
        index: usize,
        /// That value.
        value: f64,
    },
    /// A value that a chart cannot place.
    #[error("“{what}” must be {needed}, but is {value}")]
    Value {
        /// Which value.
        what: String,
        /// What it must be.
        needed: &'static str,
        /// What it is.
        value: f64,
    },
}

/// Errs unless all values are finite and each is above the one before.
pub fn check_rising(what: &str, values: &[f64]) -> Result<(), ChartError> {
    let mut last = f64::NEG_INFINITY;
    for (index, &value) in values.iter().enumerate() {
        if !value.is_finite() || value <= last {
            return Err(ChartError::Unsorted { what: what.to_owned(), index, value });
        }
        last = value;
    }
    Ok(())
}

/// Errs unless both numbers of values are equal.
pub fn check_length(what: &str, found: usize, expected: usize) -> Result<(), ChartError> {
    if found == expected {
        return Ok(());
    }
    Err(ChartError::Length { what: what.to_owned(), found, expected })
}

/// A picture of data and where in it the data is.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What to draw.
    pub scene: Scene,
    /// Where the values are.
    pub frame: Frame,
}

/// The sign of a series in a legend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sign {
    /// A line.
    Line(Dash),
    /// A line with markers.
    Marked(Dash, Shape),
    /// A marker.
    Marker(Shape),
    /// A patch of colour.
    Patch,
    /// Slanted lines.
    Hatch,
}

/// One entry of a legend.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name.
    pub label: String,
    /// Its colour.
    pub ink: Ink,
    /// Its sign.
    pub sign: Sign,
    /// The series that it switches on and off; none if it only explains.
    pub series: Option<usize>,
}

/// A value at the cursor.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The series it belongs to; none if to the whole place.
    pub series: Option<usize>,
    /// What it is of.
    pub label: String,
    /// The value with its unit.
    pub value: String,
}

/// All values at the cursor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readout {
    /// Where the cursor is, in words.
    pub at: String,
    /// Values there.
    pub values: Vec<Reading>,
}

impl Readout {
    /// As one sentence, for a live region; empty when there is no cursor.
    pub fn spoken(&self) -> String {
        if self.values.is_empty() {
            return self.at.clone();
        }
        let values: Vec<String> =
            self.values.iter().map(|v| format!("{} {}", v.label, v.value)).collect();
        format!("{}: {}", self.at, values.join(", "))
    }

    /// The value of a series.
    pub fn of(&self, series: usize) -> Option<&str> {
        self.values.iter().find(|v| v.series == Some(series)).map(|v| v.value.as_str())
    }
}

/// How many characters the values of the series need at most, as far as some places of the frame
/// tell: a legend that keeps so much room free does not move when the cursor comes.
#[must_use]
pub fn value_room(chart: &dyn Chart, frame: &Frame) -> usize {
    const PLACES: u32 = 24;
    let [left, right] = frame.x.range();
    let longest = |i: u32| {
        let px = left + (right - left) * f64::from(i) / f64::from(PLACES);
        let cursor = Some(Cursor { x: frame.x.value(px), y: None });
        let readout = chart.readout(&Viewport { cursor, ..Viewport::default() }, frame);
        let of_series = readout.values.iter().filter(|v| v.series.is_some());
        of_series.map(|v| v.value.chars().count()).max().unwrap_or(0)
    };
    (0..=PLACES).map(longest).max().unwrap_or(0)
}

/// The data of a chart as a table, made row by row as its reader pages.
pub struct Table<'a> {
    /// Names of the columns, units included.
    pub headers: Vec<String>,
    /// How many rows there are.
    pub len: usize,
    row: Box<dyn Fn(usize) -> Vec<String> + 'a>,
}

impl std::fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("headers", &self.headers)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl<'a> Table<'a> {
    /// A table of `len` rows that `row` makes; `row` is asked for `0..len` only.
    pub fn new(headers: Vec<String>, len: usize, row: impl Fn(usize) -> Vec<String> + 'a) -> Self {
        Self { headers, len, row: Box::new(row) }
    }

    /// The rows from `start`, at most `count`, each as long as the headers.
    pub fn rows(&self, start: usize, count: usize) -> impl Iterator<Item = Vec<String>> + '_ {
        let from = start.min(self.len);
        (from..from.saturating_add(count).min(self.len)).map(|i| (self.row)(i))
    }
}

/// A chart: data with its meaning, drawn by pure functions.
pub trait Chart: Navigate + Send + Sync {
    /// What it shows, in a few words.
    fn title(&self) -> &str;

    /// What a reader would take from the picture, in a sentence or two.
    fn sentence(&self) -> String;

    /// Its legend; empty where the picture names everything itself.
    fn legend(&self) -> Vec<Entry>;

    /// The picture of the data.
    fn draw(&self, view: &Viewport, size: Size, measure: Measure<'_>) -> Figure;

    /// The values at the view's cursor; empty without one.
    fn readout(&self, view: &Viewport, frame: &Frame) -> Readout;

    /// What lies over the data: cursor, values at it, selection. `frame` is that of the picture
    /// below.
    fn overlay(&self, view: &Viewport, frame: &Frame, size: Size, measure: Measure<'_>) -> Scene {
        let mut scene = Scene::new(size);
        axis::selection(view, frame, &mut scene.items);
        axis::crosshair(
            view,
            frame,
            &self.readout(view, frame).at,
            size,
            measure,
            &mut scene.items,
        );
        scene
    }

    /// The data as a table.
    fn table(&self) -> Table<'_>;
}

/// The next of the rising places `x` from the cursor, among those that the frame shows when jumping
/// to an end.
pub fn step_through(x: &[f64], view: &Viewport, frame: &Frame, step: Step) -> Option<Cursor> {
    let [lo, hi] = frame.x.domain();
    let last = x.len().checked_sub(1)?;
    let shown_first = x.partition_point(|v| *v < lo).min(last);
    let shown_last = x.partition_point(|v| *v <= hi).saturating_sub(1).max(shown_first);
    let at = view.cursor.and_then(|c| super::decimate::nearest(x, c.x));
    let i = match (step, at) {
        (Step::First, _) | (Step::On | Step::Up | Step::Down, None) => shown_first,
        (Step::Last, _) | (Step::Back, None) => shown_last,
        (Step::Back, Some(i)) => i.saturating_sub(1),
        (Step::On, Some(i)) => (i + 1).min(last),
        (Step::Up | Step::Down, Some(i)) => i,
    };
    Some(Cursor { x: x[i], y: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readout_is_spoken_as_one_sentence() {
        let reading = |series, label: &str, value: &str| Reading {
            series: Some(series),
            label: label.into(),
            value: value.into(),
        };
        let r = Readout {
            at: "12 s".into(),
            values: vec![reading(0, "get", "3 ms"), reading(4, "set", "5 ms")],
        };
        assert_eq!(r.spoken(), "12 s: get 3 ms, set 5 ms");
        assert_eq!((r.of(4), r.of(1)), (Some("5 ms"), None));
        assert_eq!(Readout::default().spoken(), "");
    }

    #[test]
    fn a_table_is_asked_only_for_rows_it_has() {
        let t = Table::new(vec!["n".into()], 5, |i| {
            assert!(i < 5);
            vec![i.to_string()]
        });
        assert_eq!(t.rows(3, 10).count(), 2);
        assert_eq!(t.rows(9, usize::MAX).count(), 0);
        assert_eq!(t.rows(0, usize::MAX).count(), 5);
    }

    #[test]
    fn errors_say_what_is_wrong_and_where() {
        let e = check_rising("time", &[0.0, 1.0, 1.0]).unwrap_err();
        assert_eq!(
            e.to_string(),
            "“time” must rise, but value 2 (1) does not: sort them and drop repeats"
        );
        assert!(check_rising("time", &[0.0, f64::NAN]).is_err());
        assert!(check_length("get", 3, 4).unwrap_err().to_string().contains("3 values where 4"));
    }
}

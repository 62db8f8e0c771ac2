//! Quantities with their units: the newtypes that public signatures use instead of bare numbers.
//!
//! May not enter: clocks, formatting for one particular view.
//! Invariant: durations and instants inside the program are whole microseconds; milliseconds exist
//! only in text for people, in plan files and in JavaScript timers.
//! Tests: beside the code.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// A duration, or an instant counted from the start of a clock, in microseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Micros(pub u64);

impl Micros {
    /// No time at all.
    pub const ZERO: Micros = Micros(0);
    /// The far end of every clock.
    pub const MAX: Micros = Micros(u64::MAX);

    /// From milliseconds, as plans and JavaScript timers have them. Negative and not-a-number give
    /// zero.
    #[must_use]
    pub fn from_millis(ms: f64) -> Micros {
        // `as` saturates: NaN and negative values become 0, infinity becomes the maximum.
        Micros(whole(ms * 1_000.0))
    }

    /// From seconds. Negative and not-a-number give zero.
    #[must_use]
    pub fn from_secs(s: f64) -> Micros {
        Micros(whole(s * 1_000_000.0))
    }

    /// In milliseconds.
    #[must_use]
    pub fn as_millis(self) -> f64 {
        self.0 as f64 / 1_000.0
    }

    /// In seconds.
    #[must_use]
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1_000_000.0
    }

    /// The time from `earlier` to this instant, or zero where `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Micros) -> Micros {
        Micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Micros {
    type Output = Micros;
    fn add(self, other: Micros) -> Micros {
        Micros(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Micros {
    fn add_assign(&mut self, other: Micros) {
        *self = *self + other;
    }
}

impl Sub for Micros {
    type Output = Micros;
    /// Saturates at zero: two readings of a coarse clock may come out of order by a tick.
    fn sub(self, other: Micros) -> Micros {
        self.since(other)
    }
}

/// Rounded, halves up. wasm has no instruction for it, and `f64::round` is a call.
fn whole(value: f64) -> u64 {
    let below = value as u64;
    below.saturating_add(u64::from(value - below as f64 >= 0.5))
}

/// Appends a whole number: `write!` takes several times as long, which shows where it is done a
/// million times.
pub fn push_number(out: &mut String, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.push_str(str::from_utf8(&digits[at..]).unwrap_or_default());
}

/// Three significant digits in the unit a reader expects: `870 µs`, `12.3 ms`, `1.25 s`, `2 min 5
/// s`.
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = self.0 as f64;
        if self.0 < 1_000 {
            write!(f, "{} µs", self.0)
        } else if us < 999_500.0 {
            write!(f, "{} ms", three_digits(us / 1e3))
        } else if us < 59_950_000.0 {
            write!(f, "{} s", three_digits(us / 1e6))
        } else {
            let whole = (us / 1e6).round() as u64;
            let (hours, minutes, seconds) = (whole / 3_600, whole / 60 % 60, whole % 60);
            match (hours, minutes, seconds) {
                (0, m, 0) => write!(f, "{m} min"),
                (0, m, s) => write!(f, "{m} min {s} s"),
                (h, 0, _) => write!(f, "{h} h"),
                (h, m, _) => write!(f, "{h} h {m} min"),
            }
        }
    }
}

/// A number with three significant digits and no trailing zeros beyond them: `1.25`, `12.3`, `123`,
/// `1 234` (a thin space groups thousands).
#[must_use]
pub fn three_digits(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        "–".to_string()
    } else if size >= 99.95 {
        grouped(value.round() as i64)
    } else if size >= 9.995 {
        format!("{value:.1}")
    } else if size == 0.0 {
        "0".to_string()
    } else {
        format!("{value:.2}")
    }
}

/// A whole number with a thin space between groups of three digits: `12 345`.
#[must_use]
pub fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        out.push('−');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push('\u{2009}');
        }
        out.push(digit);
    }
    out
}

/// The text with its first letter in upper case.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A finite number as people write it: `1.5`, `+3`, `-.5`, `2e3`; `None` for anything else.
#[must_use]
pub fn decimal(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_write_them() {
        for (us, text) in [
            (0, "0 µs"),
            (870, "870 µs"),
            (1_000, "1.00 ms"),
            (12_345, "12.3 ms"),
            (999_400, "999 ms"),
            (999_600, "1.00 s"),
            (59_940_000, "59.9 s"),
            (60_000_000, "1 min"),
            (125_000_000, "2 min 5 s"),
            (3_600_000_000, "1 h"),
            (3_720_000_000, "1 h 2 min"),
        ] {
            assert_eq!(Micros(us).to_string(), text);
        }
    }

    #[test]
    fn conversions_never_wrap() {
        assert_eq!(Micros::from_millis(-1.0), Micros::ZERO);
        for us in
            [0.0, 0.499_999_999_999_999_94, 0.5, 1.5, 2.499, 4_503_599_627_370_497.5, 9.1e18, -0.5]
        {
            assert_eq!(Micros::from_millis(us / 1e3).0, (us / 1e3 * 1e3).round() as u64);
        }
        let mut text = "k-".to_string();
        [0, 7, 10, u64::MAX].into_iter().for_each(|n| push_number(&mut text, n));
        assert_eq!(text, format!("k-0710{}", u64::MAX));
        assert_eq!(Micros::from_millis(f64::NAN), Micros::ZERO);
        assert_eq!(Micros::from_secs(f64::INFINITY), Micros::MAX);
        assert_eq!(Micros(3) - Micros(5), Micros::ZERO);
        assert_eq!(Micros::MAX + Micros(1), Micros::MAX);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(1_234), "1234");
        assert_eq!(grouped(12_345), "12\u{2009}345");
        assert_eq!(grouped(-1_234_567), "−1\u{2009}234\u{2009}567");
        assert_eq!(three_digits(0.0), "0");
        assert_eq!(three_digits(99.96), "100");
        assert_eq!(three_digits(f64::NAN), "–");
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, number) in [
            ("1.5", 1.5),
            (" 12 ", 12.0),
            ("+3", 3.0),
            ("-.5", -0.5),
            ("007", 7.0),
            ("0", 0.0),
            ("5.", 5.0),
            ("2e3", 2000.0),
            ("0.25", 0.25),
        ] {
            assert_eq!(decimal(text), Some(number), "{text}");
        }
        for text in [
            "", ".", "-", "e5", "1.5.2", "1,5", "many", "inf", "nan", "1e999", "--1", "0x10",
            "1 2", "1..", "\"1\"",
        ] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}

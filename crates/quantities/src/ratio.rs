//! Changes in words: how a value stands to another one, so that it reads the same both ways.
//!
//! May not enter: what is better, intervals' making, sentences.
//! Invariant: words turn round. Where b is "2.00 times" a, a is "half" of b; up to half as much
//! again, percent is what people expect. Shares have no ratios, but differences in points.
//! Tests: beside the code.

use crate::units::{grouped, three_digits};

/// From this ratio on (and below one over it) a change is told as a factor, not in percent.
const FACTOR_FROM: f64 = 1.5;

/// The words for a kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// "12.3 % *slower*".
    more: &'static str,
    /// "11.0 % *faster*".
    less: &'static str,
    /// "2.00 times *as long*", "half *as long*".
    times: &'static str,
}

impl Kind {
    /// Throughput, concurrency: higher, lower, as high.
    pub const HEIGHT: Kind = Kind { more: "higher", less: "lower", times: "as high" };
    /// Latencies: slower, faster, as long.
    pub const LATENCY: Kind = Kind { more: "slower", less: "faster", times: "as long" };
}

/// Whether a ratio is told as a factor.
fn is_factor(ratio: f64) -> bool {
    ratio >= FACTOR_FROM || ratio * FACTOR_FROM <= 1.0
}

/// A ratio, b / a, as words on b: `12.3 % slower`, `2.00 times as long`, `half as long`, `21 times
/// as long`, `1/21 as long`, `the same`. `–` where there is no ratio.
#[must_use]
pub fn ratio_words(ratio: f64, kind: Kind) -> String {
    if !ratio.is_finite() || ratio < 0.0 {
        return "–".into();
    }
    if ratio == 0.0 {
        return "down to 0".into();
    }
    if !is_factor(ratio) {
        let size = three_digits((ratio - 1.0).abs() * 100.0);
        let word = if ratio > 1.0 { kind.more } else { kind.less };
        return if is_zero(&size) { "the same".into() } else { format!("{size} % {word}") };
    }
    let part = match times(1.0 / ratio).as_str() {
        "2.00" => "half".into(),
        "3.00" => "a third".into(),
        "4.00" => "a quarter".into(),
        _ if ratio < 0.0995 => factor(ratio),
        _ => format!("{} times", factor(ratio)),
    };
    format!("{part} {}", kind.times)
}

/// A ratio in few signs, where no word fits: `+12 %`, `−3.1 %`, `0 %`, `2.00 times`, `1/21`.
#[must_use]
pub fn ratio_signs(ratio: f64) -> String {
    if !ratio.is_finite() || ratio < 0.0 {
        return "–".into();
    }
    if !is_factor(ratio) {
        return percent(ratio);
    }
    let times = if (0.0..0.0995).contains(&ratio) { "" } else { " times" };
    factor(ratio) + times
}

/// An interval of ratios: `+10 % to +14 %`; where an end is a factor, both are: `0.90 to 1.80
/// times`.
#[must_use]
pub fn ratio_range(low: f64, high: f64) -> String {
    if is_factor(low) || is_factor(high) {
        format!("{} to {} times", factor(low), factor(high))
    } else {
        format!("{} to {}", percent(low), percent(high))
    }
}

/// The difference of two shares (0 to 1) in percentage points: `+2.10 points`, `the same`.
#[must_use]
pub fn points_words(difference: f64) -> String {
    let (points, sign) = (difference.abs() * 100.0, if difference < 0.0 { "−" } else { "+" });
    if points == 0.0 {
        "the same".into()
    } else if points < 0.01 {
        format!("{sign}0.01 points at most")
    } else {
        format!("{sign}{} points", three_digits(points))
    }
}

fn percent(ratio: f64) -> String {
    let percent = (ratio - 1.0) * 100.0;
    let digits = usize::from(percent.abs() < 9.95);
    let size = format!("{:.digits$}", percent.abs());
    if is_zero(&size) {
        return "0 %".into();
    }
    format!("{}{size} %", if percent < 0.0 { "−" } else { "+" })
}

/// A factor from 1 on: `2.00`, `21`.
fn times(factor: f64) -> String {
    if factor < 9.995 { format!("{factor:.2}") } else { grouped(factor.round() as i64) }
}

/// Any factor: `2.00`, `0.45`, `1/21`.
fn factor(ratio: f64) -> String {
    if ratio <= 0.0 {
        "0".into()
    } else if ratio < 0.0995 {
        format!("1/{}", times(1.0 / ratio))
    } else {
        times(ratio)
    }
}

fn is_zero(number: &str) -> bool {
    number.bytes().all(|b| matches!(b, b'0' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_read_as_people_say_them() {
        for (ratio, words) in [
            (1.123, "12.3 % slower"),
            (0.89, "11.0 % faster"),
            (1.00001, "the same"),
            (1.49, "49.0 % slower"),
            (1.5, "1.50 times as long"),
            (2.0, "2.00 times as long"),
            (21.0, "21 times as long"),
            (2_500_000.0, "2\u{2009}500\u{2009}000 times as long"),
            (0.5, "half as long"),
            (0.3334, "a third as long"),
            (0.25, "a quarter as long"),
            (0.4, "0.40 times as long"),
            (1.0 / 21.0, "1/21 as long"),
            (0.0, "down to 0"),
            (f64::NAN, "–"),
            (f64::INFINITY, "–"),
        ] {
            assert_eq!(ratio_words(ratio, Kind::LATENCY), words, "{ratio}");
        }
        assert_eq!(ratio_words(1.2, Kind::HEIGHT), "20.0 % higher");
        assert_eq!(ratio_words(0.5, Kind::HEIGHT), "half as high");
    }

    /// The ratio that words tell.
    fn told(words: &str) -> f64 {
        let number = |text: &str| text.replace('\u{2009}', "").parse::<f64>().unwrap();
        let (first, rest) = words.split_once(' ').unwrap();
        match (first, rest) {
            ("the", _) => 1.0,
            ("half", _) => 0.5,
            ("a", rest) if rest.starts_with("third") => 1.0 / 3.0,
            ("a", _) => 0.25,
            (n, "% slower") => 1.0 + number(n) / 100.0,
            (n, "% faster") => 1.0 - number(n) / 100.0,
            (n, _) => n.strip_prefix("1/").map_or_else(|| number(n), |n| 1.0 / number(n)),
        }
    }

    #[test]
    fn words_turn_round() {
        for i in -4_000..=4_000 {
            let ratio = (f64::from(i) / 1_000.0).exp();
            let (there, back) =
                (ratio_words(ratio, Kind::LATENCY), ratio_words(1.0 / ratio, Kind::LATENCY));
            assert!((told(&there) * told(&back) - 1.0).abs() < 0.06, "{there}, {back}");
            let factors = [&there, &back].map(|w| !w.contains('%') && w.as_str() != "the same");
            assert_eq!(factors[0], factors[1], "{there}, {back}");
        }
    }

    #[test]
    fn intervals_are_told_in_one_way() {
        assert_eq!(ratio_range(1.1, 1.14), "+10 % to +14 %");
        assert_eq!(ratio_range(0.969, 1.0), "−3.1 % to 0 %");
        assert_eq!(ratio_range(0.9, 1.8), "0.90 to 1.80 times");
        assert_eq!(ratio_range(0.0, 0.05), "0 to 1/20 times");
        assert_eq!(
            [1.12, 2.0, 0.45, 1.0 / 21.0, f64::NAN].map(ratio_signs),
            ["+12 %", "2.00 times", "0.45 times", "1/21", "–"]
        );
    }

    #[test]
    fn shares_are_told_in_points() {
        assert_eq!(
            [0.021, -0.5, 0.0, 0.000_01].map(points_words),
            ["+2.10 points", "−50.0 points", "the same", "+0.01 points at most"]
        );
    }
}

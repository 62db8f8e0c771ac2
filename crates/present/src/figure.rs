//! Figures of tables and tiles: latencies, rates, counts, shares, spans of time.

use fwit_quantities::units::{grouped, three_digits};
use fwit_report::run::compare::percentile_name;
use fwit_report::run::view::{PERCENTILES, Shown, Summary, shown};

/// A latency in milliseconds, three significant digits, without its unit (that stands in the
/// heading).
#[must_use]
pub fn ms(us: f64) -> String {
    let ms = us / 1_000.0;
    if us > 0.0 && ms < 0.005 { "<0.01".into() } else { three_digits(ms) }
}

/// A count.
#[must_use]
pub fn count(n: u64) -> String {
    grouped(i64::try_from(n).unwrap_or(i64::MAX))
}

/// A share (0 to 1) in percent.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if !percent.is_finite() {
        "–".into()
    } else if percent > 0.0 && percent < 0.005 {
        "<0.01\u{202f}%".into()
    } else {
        format!("{}\u{202f}%", three_digits(percent))
    }
}

/// A span as a clock shows it: `0:07`, `9:59`, `1:02:03`.
#[must_use]
pub fn clock(us: u64) -> String {
    let s = us.div_ceil(1_000_000);
    let (h, m, s) = (s / 3_600, s / 60 % 60, s % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// Bytes, in the unit a reader expects.
#[must_use]
pub fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{} kB", three_digits(n as f64 / 1e3)),
        1_000_000..1_000_000_000 => format!("{} MB", three_digits(n as f64 / 1e6)),
        _ => format!("{} GB", three_digits(n as f64 / 1e9)),
    }
}

/// One cell of a table: its text, how it may be shown, and why not in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The text; a dash where it may not be shown.
    pub text: String,
    /// Whether it may.
    pub shown: Shown,
    /// Why it is greyed or hidden.
    pub why: Option<String>,
}

impl Cell {
    /// A cell that may always be shown.
    #[must_use]
    pub fn plain(text: String) -> Cell {
        Cell { text, shown: Shown::Full, why: None }
    }
}

/// The cell of percentile number `i` of [`PERCENTILES`], in milliseconds.
#[must_use]
pub fn percentile_cell(summary: &Summary, i: usize) -> Cell {
    let (Some(&p), Some(&value)) = (PERCENTILES.get(i), summary.at_us.get(i)) else {
        return Cell::plain("–".into());
    };
    let name = percentile_name(p);
    if !summary.has(i) {
        let why = Some(format!("The file does not hold {name}."));
        return Cell { text: "–".into(), shown: Shown::Hidden, why };
    }
    let how = shown(p, summary.samples());
    let needed = (10.0 / (1.0 - p)).round() as u64;
    let answers = if summary.samples() == 1 {
        "1 answer".to_string()
    } else {
        format!("{} answers", count(summary.samples()))
    };
    let why = match how {
        Shown::Full => None,
        Shown::Greyed => Some(format!(
            "A hint only: {name} of {answers} rests on fewer than ten of them. It is certain from \
             {} on.",
            count(needed)
        )),
        Shown::Hidden => Some(format!(
            "{answers}: too few for {name}, which needs {} to say anything.",
            count(needed)
        )),
    };
    let given_up = summary.censored.filter(|_| how != Shown::Hidden && summary.is_beyond(i));
    let why = match given_up {
        Some(censored) => Some(format!(
            "{name} falls among the {} requests that were given up without an answer: it is longer \
             than this. Of answers alone it is {} ms.",
            count(censored.count),
            censored.answers_at_us.get(i).map_or_else(|| "–".into(), |us| ms(*us as f64)),
        )),
        None => why,
    };
    let text = match how {
        Shown::Hidden => "–".into(),
        _ => bound(given_up.is_some(), value),
    };
    Cell { text, shown: how, why }
}

/// Mean and maximum, in milliseconds; a dash without samples.
#[must_use]
pub fn mean_and_max(summary: &Summary) -> (String, String) {
    let mean =
        if summary.count == 0 || !summary.has_mean() { "–".into() } else { ms(summary.mean_us) };
    let max = if summary.samples() == 0 || !summary.has_max() {
        "–".into()
    } else {
        bound(summary.is_max_beyond(), summary.max_us)
    };
    (mean, max)
}

/// Milliseconds, with a sign where only a lower bound is known.
fn bound(beyond: bool, us: u64) -> String {
    format!("{}{}", if beyond { "> " } else { "" }, ms(us as f64))
}

/// The percentiles of answers alone, in a sentence: where some requests were given up without an
/// answer, they are not those of the table.
#[must_use]
pub fn answers_alone(summary: &Summary) -> Option<String> {
    let censored = summary.censored?;
    let at = |i: usize, p: f64| {
        let us = censored.answers_at_us.get(i)?;
        let known = shown(p, summary.count) != Shown::Hidden;
        known.then(|| format!("{} {} ms", percentile_name(p), ms(*us as f64)))
    };
    let list: Vec<_> = PERCENTILES.iter().enumerate().filter_map(|(i, p)| at(i, *p)).collect();
    let given_up = count(censored.count);
    let are = if censored.count == 1 { "request was" } else { "requests were" };
    let alone = if list.is_empty() {
        String::new()
    } else {
        format!(" Of answers alone: {}.", list.join(", "))
    };
    Some(format!(
        "{given_up} {are} given up without an answer (timeout, Stop, or no slot until the end). \
         The percentiles take it that the answers would have come later than that.{alone}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(ms(12_345.0), "12.3");
        assert_eq!(ms(3.0), "<0.01");
        assert_eq!(ms(0.0), "0");
        assert_eq!(percent(0.000_01), "<0.01\u{202f}%");
        assert_eq!(percent(0.1234), "12.3\u{202f}%");
        assert_eq!(percent(f64::NAN), "–");
        assert_eq!(clock(599_000_001), "10:00");
        assert_eq!(clock(3_723_000_000), "1:02:03");
        assert_eq!(bytes(1_234), "1.23 kB");
        assert_eq!(PERCENTILES.map(percentile_name), ["p50", "p90", "p95", "p99", "p99.9"]);
    }

    #[test]
    fn percentiles_of_few_samples_say_why_they_are_not_shown() {
        let at = |count| Summary {
            count,
            at_us: [1_000, 2_000, 3_000, 4_000, 5_000],
            ..Summary::default()
        };
        let full = percentile_cell(&at(1_000), 3);
        assert_eq!((full.text.as_str(), full.why), ("4.00", None));
        let greyed = percentile_cell(&at(500), 3);
        assert_eq!(greyed.text, "4.00");
        assert!(greyed.why.unwrap().contains("1000"));
        let hidden = percentile_cell(&at(10), 4);
        assert_eq!((hidden.text.as_str(), hidden.shown), ("–", Shown::Hidden));
        assert_eq!(percentile_cell(&at(10), 9).text, "–");
    }
}

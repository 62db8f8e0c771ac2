//! Reads HdrHistogram's percentile text (`.hgrm`), with columns or as CSV, several in one file.
//! Spec: <https://hdrhistogram.github.io/HdrHistogram/>, `outputPercentileDistribution`. Made with:
//! hdrhistogram 0.10.8 of PyPI (`output_percentile_distribution`) and hdr-histogram-js 3.0.1 of npm
//! (`outputPercentileDistribution`).
//!
//! Reads: value, percentile, total count; mean and maximum of the footer. Ignores: the fourth
//! column, which follows from the second, the deviation and the numbers of buckets, because a run
//! has none.
//! Clock: none; the unit is not in the file, see [`unit_of`]. What a latency is, it does not say.
//! Loses: values between two rows (they are spread evenly), failures, time, addresses.

use fwit_model::dialect::Kind;
use fwit_quantities::sample::Outcome;
use fwit_report::run::source::{Carries, Correction};

use super::skipped::Skipped;
use super::{Importer, RUNS_ENOUGH};
use crate::draft::{About, Draft, Place};
use crate::error::ImportError;
use crate::input::Input;
use crate::units::{LONGEST_US, micros};

/// The importer.
pub const TEXT: Importer = Importer { tool: "HdrHistogram", form: "percentiles", recognizes, read };

const FORM: &str = "HdrHistogram percentiles";
const HEADER: [&str; 4] = ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"];
/// Rows that are kept: real files have some hundred.
const ROWS_MAX: usize = 100_000;
/// Counts above are none.
const COUNT_MAX: u64 = 1 << 53;
/// What was counted between two rows is spread over so many values.
const SPREAD: u64 = 16;
/// Ten minutes, ms: a longest latency above is in a smaller unit.
const LONG_MS: f64 = 600_000.0;

fn recognizes(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    !is_wrk(head) && text.lines().take(60).any(is_header)
}

/// Whether it is what wrk printed, which may have such a table in it.
pub(super) fn is_wrk(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines();
    let begins = |line: &str| title(line).is_some();
    lines.any(begins) && lines.next().is_some_and(|next| connections(next).is_some())
}

/// The address in `Running 30s test @ http://…`.
pub(super) fn title(line: &str) -> Option<&str> {
    let (time, url) = line.trim().strip_prefix("Running ")?.split_once(" test @ ")?;
    (!time.contains(' ')).then_some(url.trim())
}

/// Threads and connections in `12 threads and 400 connections`.
pub(super) fn connections(line: &str) -> Option<(u32, u32)> {
    let (threads, rest) = line.trim().split_once(" threads and ")?;
    Some((threads.parse().ok()?, rest.strip_suffix(" connections")?.parse().ok()?))
}

/// Whether a line is the one above the columns.
pub(super) fn is_header(line: &str) -> bool {
    cells(line).eq(HEADER)
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| c.is_whitespace() || c == ',';
    line.split(between).map(|cell| cell.trim_matches('"')).filter(|cell| !cell.is_empty())
}

/// One block of percentiles, in its own unit.
#[derive(Debug, Default)]
pub(super) struct Spectrum {
    /// Values and how many were counted up to each since the one before.
    rows: Vec<(f64, u64)>,
    total: u64,
    /// Whether its last row was there.
    whole: bool,
    whole_numbers: bool,
    mean: Option<f64>,
    max: Option<f64>,
    footer_total: Option<f64>,
    skipped: Skipped,
}

impl Spectrum {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Requests that were counted.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Takes a row or a line of the footer. `false`: it is neither.
    pub(super) fn line(&mut self, line: &str, number: u64) -> bool {
        if let Some(footer) = line.trim().strip_prefix("#[") {
            self.footer(footer.trim_end_matches(']'));
            return true;
        }
        let mut cells = cells(line);
        let mut number_of = || cells.next().map(str::parse::<f64>);
        let (Some(Ok(value)), Some(Ok(percentile))) = (number_of(), number_of()) else {
            return false;
        };
        let total = cells.next().and_then(|text| text.parse().ok()).filter(|n| *n <= COUNT_MAX);
        // The last row of all may lack its fourth column; any other would be cut off in its third.
        let complete = cells.next().is_some() || percentile >= 1.0;
        let last = self.rows.last().map_or(0.0, |row| row.0);
        match total {
            Some(total)
                if complete
                    && value.is_finite()
                    && value >= last
                    && (0.0..=1.0).contains(&percentile)
                    && total >= self.total
                    && self.rows.len() < ROWS_MAX =>
            {
                self.whole_numbers =
                    value.fract() == 0.0 && (self.whole_numbers || self.rows.is_empty());
                self.rows.push((value, total - self.total));
                self.total = total;
                self.whole = percentile >= 1.0;
            }
            _ => self.skipped.line(number),
        }
        true
    }

    fn footer(&mut self, text: &str) {
        for part in text.split(',') {
            let Some((name, value)) = part.split_once('=') else { continue };
            let value = value.trim().parse().ok().filter(|v: &f64| v.is_finite() && *v >= 0.0);
            match name.trim() {
                "Mean" => self.mean = value,
                "Max" => self.max = value,
                "Total count" | "TotalCount" => self.footer_total = value,
                _ => {}
            }
        }
    }

    /// Its latencies, in a unit of so many µs.
    pub(super) fn fill(&self, draft: &mut Draft, place: Place, unit_us: f64) {
        let (mut beyond, mut before) = (0, None);
        for (value, n) in &self.rows {
            // Evenly from the row before to this one; the last of them has this row's value.
            let from = before.replace(*value).unwrap_or(*value);
            let parts = SPREAD.min(*n);
            for i in 0..parts {
                let share = n / parts + u64::from(i < n % parts);
                let at = from + (value - from) * ((i + 1) as f64 / parts as f64);
                match micros(at, unit_us) {
                    Some(us) => draft.latency(place, us, share),
                    None => beyond += share,
                }
            }
        }
        if beyond > 0 {
            draft.warn(format!("{beyond} latencies are longer than a week: they were left out."));
        }
        let mean = self.mean.map(|mean| mean * unit_us).filter(|us| *us <= LONGEST_US);
        draft.exact(place, mean, self.max.and_then(|max| micros(max, unit_us)));
        self.skipped.tell(draft, "it is no row of percentiles, or it does not rise");
        if !self.whole {
            draft.warn("It is cut off before its last percentile: the slowest are missing.");
        } else if self.footer_total.is_some_and(|total| (total - self.total as f64).abs() > 0.5) {
            draft.warn("Its rows and its footer differ in how many were counted.");
        }
    }
}

/// The unit of a block: its name, how many µs it has, and why. `said`: what a text beside it says.
fn unit_of(spectrum: &Spectrum, said: Option<Unit>) -> (Unit, String) {
    let largest = spectrum.rows.last().map_or(0.0, |row| row.0);
    if let Some(unit) = said {
        return (unit, format!("Values were taken as {}, as a text in the file says.", unit.0));
    }
    let smaller = match largest {
        _ if !spectrum.whole_numbers || largest <= LONG_MS => None,
        _ if largest <= LONG_MS * 1e3 => Some(MICROSECONDS),
        _ => Some(NANOSECONDS),
    };
    if let Some(unit) = smaller {
        let why = "otherwise one would be longer than ten minutes";
        return (unit, format!("The file does not say its unit: {} was assumed, {why}.", unit.0));
    }
    let why = if spectrum.whole_numbers { ", though all values are whole" } else { "" };
    (MILLISECONDS, format!("The file does not say its unit: ms was assumed{why}."))
}

/// A unit's name, and its µs.
type Unit = (&'static str, f64);
const SECONDS: Unit = ("s", 1e6);
const MILLISECONDS: Unit = ("ms", 1e3);
const MICROSECONDS: Unit = ("µs", 1.0);
const NANOSECONDS: Unit = ("ns", 1e-3);

/// A unit that a line of prose names.
fn named(line: &str) -> Option<Unit> {
    line.split(|c: char| !c.is_alphanumeric()).find_map(|word| match word.to_lowercase().as_str() {
        "sec" | "seconds" => Some(SECONDS),
        "ms" | "msec" | "millis" | "milliseconds" => Some(MILLISECONDS),
        "us" | "µs" | "μs" | "usec" | "micros" | "microseconds" => Some(MICROSECONDS),
        "ns" | "nsec" | "nanos" | "nanoseconds" => Some(NANOSECONDS),
        _ => None,
    })
}

fn read(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let mut drafts = Vec::new();
    let (mut spectrum, mut said) = (None::<Spectrum>, None);
    loop {
        let number = input.line_number() + 1;
        let Some(line) = input.line()? else { break };
        if is_header(&line) {
            let before = spectrum.replace(Spectrum::default());
            drafts.extend(before.and_then(|block| draft(&block, said)));
            if drafts.len() >= RUNS_ENOUGH {
                return Ok(drafts);
            }
        } else if !spectrum.as_mut().is_some_and(|block| block.line(&line, number)) {
            said = named(&line).or(said);
        }
    }
    drafts.extend(spectrum.and_then(|block| draft(&block, said)));
    if drafts.is_empty() {
        return Err(ImportError::empty(FORM, "it has no row of percentiles"));
    }
    Ok(drafts)
}

fn draft(spectrum: &Spectrum, said: Option<Unit>) -> Option<Draft> {
    if spectrum.is_empty() {
        return None;
    }
    let (unit, why) = unit_of(spectrum, said);
    let mut draft = Draft::new(About {
        tool: "HdrHistogram",
        form: "percentiles",
        unit: unit.0,
        carries: Carries::Histogram,
        corrected: Correction::Unknown,
        latency: "not said by the file; all values that were recorded",
    });
    let place = draft.place("request", Kind::Read, "");
    draft.count(place, Outcome::Ok, spectrum.total());
    draft.warn(why);
    draft.warn("The file does not tell failed requests from others: all count as done.");
    draft.warn("The file does not say how long it took: there is no rate.");
    draft.warn("Values between two of its percentiles are not known: they are spread evenly.");
    spectrum.fill(&mut draft, place, unit.1);
    Some(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Draft> {
        assert!(recognizes(text.as_bytes()));
        read(&mut Input::new("x", text.as_bytes()).unwrap()).unwrap()
    }

    fn table(rows: &[(f64, f64, u64)]) -> String {
        let mut text = HEADER.join(" ") + "\n\n";
        for (value, p, total) in rows {
            text += &format!("{value:12.3} {p:.12} {total:10} {:14.2}\n", 1.0 / (1.0 - p));
        }
        text
    }

    #[test]
    fn a_unit_is_taken_from_a_text_or_from_what_can_not_be() {
        let small = table(&[(1.9, 0.0, 1), (9.8, 0.5, 5), (90.0, 1.0, 10)]);
        let whole = table(&[(1900.0, 0.0, 1), (9800.0, 0.5, 5), (900_000.0, 1.0, 10)]);
        let large = table(&[(1e6, 0.0, 1), (9e6, 0.5, 5), (9e8, 1.0, 10)]);
        for (text, unit) in [
            (small.clone(), "ms"),
            (format!("# latency (us)\n{small}"), "µs"),
            (format!("Latency in nanoseconds:\n{small}"), "ns"),
            (whole, "µs"),
            (large, "ns"),
        ] {
            let drafts = of(&text);
            assert_eq!(drafts[0].about.unit, unit);
            assert!(drafts[0].warnings().iter().any(|w| w.contains(unit)));
        }
    }

    #[test]
    fn rows_that_fall_or_are_cut_off_are_left_out() {
        let mut text = table(&[(1.9, 0.0, 1), (-5.0, 0.2, 3), (9.8, 0.5, 5), (9.9, 0.6, 4)]);
        text += "       90.1 0.75000000 1";
        let draft = of(&text).remove(0);
        let said = draft.warnings().join("\n");
        assert!(said.contains("3 lines were left out, the first of them line 4"), "{said}");
        assert!(said.contains("cut off"), "{said}");
        let run = draft.finish("x").unwrap();
        assert_eq!((run.totals["request"].issued, run.latency[0].count), (5, 5));
    }

    #[test]
    fn several_in_a_file_are_several_runs() {
        let one = table(&[(1.9, 0.0, 1), (9.8, 1.0, 5)]);
        assert_eq!(of(&format!("{one}\n{one}{one}")).len(), 3);
    }
}

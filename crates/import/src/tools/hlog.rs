//! Reads HdrHistogram's interval logs (`.hlog`): histograms V0, V1 and V2, with tags or without.
//! Spec: <https://hdrhistogram.github.io/HdrHistogram/>, `HistogramLogWriter` and
//! `HistogramLogReader`. Made with: hdrhistogram 0.10.8 of PyPI (`HistogramLogWriter`) and
//! hdr-histogram-js 3.0.1 of npm (`HistogramLogWriter`, tags).
//!
//! Reads: start time, base time, tag (an operation), start, length, histogram; the maximum tells
//! the unit. Ignores: other comments, because they have no form.
//! Clock: seconds since 1970, since the base time, or since the start time where they are a year
//! before it. The second column of format 1.01 is called an end, but is a length. The unit of
//! values is not in the file, see [`unit_of`]. What a latency is, it does not say.
//! Loses: failures, addresses; the second within an interval that is longer than one.

use std::collections::BTreeMap;

use fwit_model::dialect::Kind;
use fwit_quantities::sample::Outcome;
use fwit_report::run::source::{Carries, Correction};

use super::Importer;
use super::hdr::{self, Bucket};
use super::skipped::Skipped;
use crate::draft::{About, Draft, Place};
use crate::error::ImportError;
use crate::input::Input;
use crate::units::{LONGEST_US, micros, unix_s};

/// The importer.
pub const LOG: Importer = Importer { tool: "HdrHistogram", form: "log", recognizes, read };

const FORM: &str = "HdrHistogram log";
const YEAR_S: f64 = 365.0 * 86_400.0;
/// An interval is shared out over so many seconds at most.
const SPREAD_MAX: f64 = 60.0;
/// Runs of one log: each may have many large histograms.
const RUNS_MAX: usize = 20;
/// Counts above are none.
const COUNT_MAX: u64 = 1 << 53;

fn recognizes(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let log = |line: &str| {
        line.starts_with("#[Histogram log format version")
            || line.starts_with("\"StartTimestamp\",\"")
            || interval(line).is_some_and(|i| i.histogram.starts_with("HIST"))
    };
    text.lines().take(60).any(log)
}

/// A line of the log.
struct Interval<'l> {
    tag: &'l str,
    start_s: f64,
    length_s: f64,
    max: f64,
    histogram: &'l str,
}

fn interval(line: &str) -> Option<Interval<'_>> {
    let (tag, rest) = match line.strip_prefix("Tag=") {
        Some(tagged) => tagged.split_once(',')?,
        None => ("", line),
    };
    let mut cells = rest.splitn(4, ',').map(str::trim);
    let mut number = || cells.next()?.parse().ok().filter(|n: &f64| n.is_finite());
    let (start_s, length_s, max) = (number()?, number()?, number()?);
    Some(Interval { tag, start_s, length_s, max, histogram: cells.next()? })
}

/// A time in a comment: `#[StartTime: 1441812279.474 (seconds since epoch), …]`.
fn time(line: &str, name: &str) -> Option<f64> {
    let rest = line.strip_prefix("#[")?.strip_prefix(name)?.trim_start_matches([':', ' ']);
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    rest.get(..end)?.parse().ok().filter(|s| unix_s(*s).is_some())
}

/// The unit of the values: its name, its µs, and what to say of it. The column with the largest
/// value is in ms unless it was asked for otherwise, so it tells the unit of what it was made of.
fn unit_of(head: &[u8]) -> (&'static str, f64, String) {
    let text = String::from_utf8_lossy(head);
    let mut largest = (0.0, 0);
    for line in text.lines().filter(|line| !line.starts_with('#')).take(200) {
        let Some(line) = interval(line).filter(|i| i.max > largest.0) else { continue };
        if let Some(bucket) = hdr::decode(line.histogram).ok().and_then(|b| b.last().copied()) {
            largest = (line.max, bucket.high);
        }
    }
    let (column, value) = largest;
    if value == 0 {
        return ("ns", 1e-3, "The file does not say its unit: ns was assumed.".into());
    }
    // Some writers cut the column off to whole numbers.
    let (unit, us, column) = match (value as f64 / column).log10() {
        digits if digits < 1.5 => ("ms", 1e3, "ms, as its column of largest values"),
        digits if digits < 4.5 => ("µs", 1.0, "µs, with its column of largest values in ms"),
        digits if digits < 7.5 => ("ns", 1e-3, "ns, with its column of largest values in ms"),
        _ => ("ns", 1e-3, "ns, with its column of largest values in s"),
    };
    (unit, us, format!("The file does not say its unit: {column}, was assumed."))
}

/// What one operation's intervals come to.
#[derive(Default)]
struct Sums {
    sum_us: f64,
    count: u64,
    max_us: u64,
}

/// One run of a log, as far as it was read.
struct Run {
    draft: Draft,
    unit_us: f64,
    sums: BTreeMap<Place, Sums>,
    count: u64,
    span_us: Option<(i64, i64)>,
    skipped: Skipped,
}

impl Run {
    fn new(unit: &(&'static str, f64, String)) -> Run {
        let mut draft = Draft::new(About {
            tool: "HdrHistogram",
            form: "log",
            unit: unit.0,
            carries: Carries::Histogram,
            corrected: Correction::Unknown,
            latency: "not said by the file; all values that were recorded",
        });
        draft.warn(unit.2.clone());
        draft.warn("The file does not tell failed requests from others: all count as done.");
        Run {
            draft,
            unit_us: unit.1,
            sums: BTreeMap::new(),
            count: 0,
            span_us: None,
            skipped: Skipped::default(),
        }
    }

    /// An interval that began so many µs since 1970.
    fn interval(&mut self, tag: &str, began_us: i64, length_s: f64, buckets: &[Bucket]) {
        let ended_us = began_us.saturating_add((length_s * 1e6) as i64);
        let span = self.span_us.get_or_insert((began_us, ended_us));
        *span = (span.0.min(began_us), span.1.max(ended_us));
        self.draft.spans(began_us, ended_us);
        let op = (if tag.is_empty() { "request" } else { tag }, kind(tag));
        let place = self.draft.place(op.0, op.1, "");
        let seconds = length_s.round().max(1.0);
        if seconds > SPREAD_MAX {
            self.draft.warn(
                "Intervals longer than a minute are not in the charts over time, only in the sums.",
            );
        }
        let parts = if seconds > SPREAD_MAX { 0 } else { seconds as u64 };
        // The middle of each part: starts that waver around a full second stay in their own.
        let part_us = |i: u64| {
            let at = length_s * 1e6 * (i as f64 + 0.5) / parts as f64;
            began_us.saturating_add(at as i64)
        };
        let mut first = 0;
        let mut answers = vec![0; parts as usize];
        for bucket in buckets {
            let Some(high) = micros(bucket.high as f64, self.unit_us) else {
                self.draft.warn("Values longer than a week were left out.");
                continue;
            };
            let n = bucket.count;
            self.draft.count(place, Outcome::Ok, n);
            self.draft.latency(place, high, n);
            let sums = self.sums.entry(place).or_default();
            sums.sum_us += (bucket.low as f64 + bucket.high as f64) / 2.0 * self.unit_us * n as f64;
            sums.count += n;
            sums.max_us = sums.max_us.max(high);
            // Shared out evenly; what is left goes around.
            for i in 0..parts.min(n) {
                let at = (first + i) % parts;
                let share = n / parts + u64::from(i < n % parts);
                if let Some(sum) = answers.get_mut(at as usize) {
                    *sum += share;
                }
                let small = u32::try_from(share).unwrap_or(u32::MAX);
                self.draft.second_latency(part_us(at), op, high, small);
            }
            first = if parts == 0 { 0 } else { (first + n % parts) % parts };
        }
        for (i, n) in (0..).zip(answers) {
            self.draft.second_sums(part_us(i), op, n, 0, None);
        }
    }

    fn finish(mut self) -> Option<Draft> {
        let (began_us, ended_us) = self.span_us?;
        self.draft.duration_s = Some(ended_us.saturating_sub(began_us) as f64 / 1e6);
        for (place, sums) in self.sums {
            // Means as the library has them: from the middle of each bucket.
            let mean = sums.sum_us / sums.count as f64;
            let mean = (sums.count > 0 && mean <= LONGEST_US).then_some(mean);
            self.draft.exact(place, mean, Some(sums.max_us));
        }
        self.skipped.tell(&mut self.draft, "it is no interval, or its histogram is damaged");
        Some(self.draft)
    }
}

/// Whether what a tag names reads or writes.
fn kind(tag: &str) -> Kind {
    let tag = tag.to_ascii_lowercase();
    let writes = ["set", "put", "post", "patch", "write", "insert", "update", "delete"];
    if writes.iter().any(|w| tag.contains(w)) { Kind::Write } else { Kind::Read }
}

fn read(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let unit = unit_of(input.head());
    let mut drafts = Vec::new();
    let mut run = Run::new(&unit);
    let (mut start_s, mut base_s) = (None, None);
    let (mut broken, mut last_broken) = (None, false);
    loop {
        let number = input.line_number() + 1;
        let Some(line) = input.line()? else { break };
        if let Some(time) = time(&line, "StartTime") {
            if run.span_us.is_some() && start_s != Some(time) {
                // The log was begun anew in the same file.
                drafts.extend(std::mem::replace(&mut run, Run::new(&unit)).finish());
                base_s = None;
                if drafts.len() >= RUNS_MAX {
                    break;
                }
            }
            start_s = Some(time);
            continue;
        }
        if line.starts_with('#') {
            base_s = time(&line, "BaseTime").or(base_s);
            continue;
        }
        if line.trim().is_empty() || line.starts_with('"') {
            continue;
        }
        let found = interval(&line).ok_or("it is no interval".to_string());
        let found = found.and_then(|i| hdr::decode(i.histogram).map(|buckets| (i, buckets)));
        let placed = found.and_then(|(i, buckets)| {
            let start = *start_s.get_or_insert(i.start_s);
            let early = i.start_s < start - YEAR_S;
            let base = *base_s.get_or_insert(if early { start } else { 0.0 });
            let began = unix_s(i.start_s + base).ok_or("its time can't be")?;
            if !(0.0..=YEAR_S).contains(&i.length_s) {
                return Err("its length can't be".to_string());
            }
            let counted = buckets.iter().fold(run.count, |n, b| n.saturating_add(b.count));
            run.count = Some(counted).filter(|n| *n <= COUNT_MAX).ok_or("its counts can't be")?;
            run.interval(i.tag, began, i.length_s, &buckets);
            Ok(())
        });
        last_broken = placed.is_err();
        if let Err(what) = placed {
            run.skipped.line(number);
            broken.get_or_insert((number, what));
        }
    }
    if last_broken && run.span_us.is_some() {
        run.draft.warn("It ends within an interval: it may be cut off.");
    }
    drafts.extend(run.finish());
    match (drafts.is_empty(), broken) {
        (true, Some((line, what))) => Err(ImportError::at_line(FORM, line, what)),
        (true, None) => Err(ImportError::empty(FORM, "it has no interval")),
        (false, _) => Ok(drafts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_in_comments() {
        let line = "#[StartTime: 1441812279.474 (seconds since epoch), Wed Sep 09]";
        assert_eq!(time(line, "StartTime"), Some(1_441_812_279.474));
        assert_eq!(time(line, "BaseTime"), None);
        assert_eq!(time("#[BaseTime: 0.000 (seconds since epoch)]", "BaseTime"), Some(0.0));
        assert_eq!(time("#[StartTime: soon]", "StartTime"), None);
    }

    #[test]
    fn a_line_has_a_tag_or_none() {
        let line = interval("Tag=A b,0.5,1.0,2.769,HISTx").unwrap();
        assert_eq!(
            (line.tag, line.start_s, line.length_s, line.histogram),
            ("A b", 0.5, 1.0, "HISTx")
        );
        assert!(interval("0.5,1.0,NaN,HISTx").is_none());
        assert!(interval("Tag=A").is_none());
    }

    /// A log that was begun anew, with times since its start, an interval of three seconds, and
    /// one that is damaged.
    #[test]
    fn a_log_begun_anew_is_another_run() {
        let one = format!("0.0,3.0,0.0,{}\n", ten_values());
        let text = format!(
            "#[StartTime: 1441812279.5 (seconds since epoch), x]\n{one}3.0,3.0,0.0,HIST\n\
             #[StartTime: 1441812400.5 (seconds since epoch), x]\n{one}"
        );
        let drafts = read(&mut Input::new("x", text.as_bytes()).unwrap()).unwrap();
        assert_eq!(drafts.len(), 2);
        let said = drafts[0].warnings().join("\n");
        assert!(said.contains("Line 3 was left out"), "{said}");
        let run = drafts.into_iter().next().unwrap().finish("x").unwrap();
        assert_eq!(run.started_at, "2015-09-09T15:24:39.500Z");
        assert_eq!(run.totals["request"].issued, 10);
        let answers: Vec<u32> =
            run.series.seconds.iter().map(|s| s.ops["request"].answers).collect();
        assert_eq!(answers, [4, 3, 3]);
    }

    /// Ten values: 1 to 5 ms, twice each.
    fn ten_values() -> String {
        use base64::Engine as _;
        use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
        let mut h = hdrhistogram::Histogram::<u64>::new(3).unwrap();
        (1..=5).for_each(|ms| h.record_n(ms * 1_000_000, 2).unwrap());
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(&h, &mut bytes).unwrap();
        base64::engine::general_purpose::STANDARD.encode(bytes)
    }
}

//! Reads JMeter's results (JTL) as CSV, with or without a header, and what CSV and XML share. Spec:
//! <https://jmeter.apache.org/usermanual/listeners.html>. Made with:
//! `jmeter -n -t plan.jmx -l FILE`, version 2.13 (Debian).
//!
//! Reads: timeStamp, elapsed, label, responseCode, responseMessage, threadName, success,
//! failureMessage, allThreads, URL. Ignores: Latency, Connect, IdleTime, bytes, because a run of
//! fwit has no place for parts of a request.
//! Clock: timeStamp is taken as the start of a sample, wall clock, ms: the jmeter.properties that
//! JMeter ships say so (`sampleresult.timestamp.start=true`). Where threads overlap themselves
//! under that reading, a warning says that it may be the end. Latency is elapsed, from just before
//! sending (connecting included) to the last byte.
//! Counts: as in JMeter's own summary a row that a transaction controller made is not a request
//! (2.13 counted those, newer ones do not). A file of such rows alone gives the transactions.
//! Loses: the method, unless the label begins with it; redirects that JMeter followed.

use std::collections::HashMap;
use std::io::BufRead;

use fwit_quantities::sample::Outcome;
use fwit_report::run::source::{Carries, Correction};

use super::{Importer, RUNS_MAX, kind_by_name};
use crate::draft::{About, Draft, ENTITIES_MAX, Sample, failure_of};
use crate::error::ImportError;
use crate::input::Input;
use crate::rows::{Rows, Skipped, short};
use crate::units::{from_ms, rfc3339};

/// The CSV.
pub const CSV: Importer = Importer {
    tool: "JMeter",
    form: "CSV",
    recognizes: |head| first_row(head).is_some(),
    read: read_csv,
};
/// What JMeter up to 2.13 writes by default, without a header.
const OLD: [&str; 12] = [
    "timeStamp",
    "elapsed",
    "label",
    "responseCode",
    "responseMessage",
    "threadName",
    "dataType",
    "success",
    "bytes",
    "grpThreads",
    "allThreads",
    "Latency",
];
/// What JMeter since 5.0 writes by default.
const NEW: [&str; 17] = [
    "timeStamp",
    "elapsed",
    "label",
    "responseCode",
    "responseMessage",
    "threadName",
    "dataType",
    "success",
    "failureMessage",
    "bytes",
    "sentBytes",
    "grpThreads",
    "allThreads",
    "URL",
    "Latency",
    "IdleTime",
    "Connect",
];

/// Of a file's beginning: what parts its columns, and whether they have names.
fn first_row(head: &[u8]) -> Option<(u8, bool)> {
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line).ok()?.trim_end();
    for delimiter in [',', ';', '\t', '|'] {
        let mut names = line.split(delimiter).map(|name| name.trim_matches('"'));
        if names.clone().any(|n| n == "timeStamp") && names.any(|n| n == "elapsed") {
            return Some((delimiter as u8, true));
        }
    }
    let mut rows = Rows::new(head, b',');
    if !rows.advance().ok()? {
        return None;
    }
    let digits = |at: usize| {
        let text = rows.text(Some(at));
        if text.bytes().all(|b| b.is_ascii_digit()) { text.len() } else { 0 }
    };
    let success = rows.text(Some(7));
    let plain = digits(0) == 13 && digits(1) > 0 && (success == "true" || success == "false");
    plain.then_some((b',', false))
}

/// One row or element.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) started: String,
    pub(super) elapsed: String,
    pub(super) label: String,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) thread: String,
    pub(super) success: String,
    pub(super) failure: String,
    pub(super) url: String,
    pub(super) threads: String,
    pub(super) redirected: bool,
}

/// A run: its requests, and what transaction controllers made of them.
pub(super) struct Run {
    pub(super) requests: Draft,
    transactions: Draft,
    left_out: u64,
    impossible: Skipped,
    /// What `impossible` counts.
    unit: &'static str,
    /// When each thread's last sample ended, and how many began before that.
    ends: HashMap<String, i64>,
    overlaps: u64,
    dated: bool,
}

impl Run {
    pub(super) fn new(form: &'static str) -> Run {
        let about = About {
            tool: "JMeter",
            form,
            unit: "ms",
            carries: Carries::Samples,
            corrected: Correction::Uncorrected,
            latency: "elapsed: from just before sending, connecting included, to the last byte of \
                      the answer; failed requests too",
        };
        Run {
            requests: Draft::new(about.clone()),
            transactions: Draft::new(about),
            left_out: 0,
            impossible: Skipped::default(),
            unit: if form == "XML" { "sample" } else { "line" },
            ends: HashMap::new(),
            overlaps: 0,
            dated: false,
        }
    }

    /// Adds a sample. `line`: where it is, for people.
    pub(super) fn add(&mut self, row: &Row, line: u64) {
        let (began_us, dated) = moment(&row.started);
        let latency_us = row.elapsed.parse::<f64>().ok().and_then(from_ms);
        let success = match row.success.as_str() {
            text if text.eq_ignore_ascii_case("true") => Some(true),
            text if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        };
        let (Some(began), Some(latency), Some(success)) = (began_us, latency_us, success) else {
            self.impossible.skip(line);
            return;
        };
        self.dated |= dated;
        let transaction = row.message.starts_with("Number of samples in transaction");
        let draft = if transaction { &mut self.transactions } else { &mut self.requests };
        self.left_out += u64::from(transaction);
        let status = row.code.parse::<u16>().ok().filter(|s| (100..1000).contains(s));
        let status = status.unwrap_or_default();
        let said = match row.failure.trim() {
            "" => row.message.trim_start_matches("Non HTTP response message: "),
            failure => failure,
        };
        let outcome = match (success, status) {
            (true, 404) => Outcome::NotFound,
            (true, _) => Outcome::Ok,
            (false, 0) => failure_of(0, &format!("{} {}", row.code, row.message)),
            (false, status) => failure_of(status, ""),
        };
        if let Ok(threads) = row.threads.parse::<u32>() {
            draft.entities_planned = draft.entities_planned.max(Some(threads));
        }
        draft.sample(&Sample {
            op: &row.label,
            kind: kind_by_name(&row.label),
            url: if row.url.contains("://") { &row.url } else { "" },
            began_us: Some(began),
            latency_us: Some(latency),
            outcome,
            redirected: row.redirected || (300..400).contains(&status),
            entity: Some(row.thread.as_str()).filter(|name| !name.is_empty()),
            status,
            error: said,
        });
        if let Ok(threads) = row.threads.parse::<f64>() {
            draft.users(began.saturating_add_unsigned(latency), threads);
        }
        if !transaction {
            self.follow(&row.thread, began, began.saturating_add_unsigned(latency));
        }
    }

    /// A thread does one thing after another.
    fn follow(&mut self, thread: &str, began: i64, ended: i64) {
        if let Some(last) = self.ends.get_mut(thread) {
            // The clock has whole milliseconds.
            self.overlaps += u64::from(began < last.saturating_sub(2_000));
            *last = ended;
        } else if self.ends.len() < ENTITIES_MAX {
            self.ends.insert(thread.to_string(), ended);
        }
    }

    fn finish(mut self) -> Option<Draft> {
        let only_transactions = self.requests.is_empty() && !self.transactions.is_empty();
        let mut draft = if only_transactions { self.transactions } else { self.requests };
        if draft.is_empty() {
            return None;
        }
        if only_transactions {
            draft.warn("It has transactions only: each stands for several requests.");
        } else if self.left_out > 0 {
            draft.warn(format!(
                "Rows of transaction controllers are no requests and were left out: {}.",
                self.left_out
            ));
        }
        self.impossible.tell(&mut draft, "Samples without a possible time or result", self.unit);
        // Clocks that are set make some.
        if self.overlaps > 2 && self.overlaps * 10 > timed(&draft) {
            draft.warn(
                "Its times may be the ends of samples (a thread's next begins before its last has \
                 ended): they were taken as starts, so that charts over time are off by a latency.",
            );
        }
        if self.dated {
            draft.warn("Its times do not say their zone: they were taken as UTC.");
        }
        self.ends.clear();
        Some(draft)
    }
}

fn timed(draft: &Draft) -> u64 {
    draft.cells.values().fold(0, |sum: u64, cell| sum.saturating_add(cell.latencies.len()))
}

/// A time in ms since 1970, or written as a date, in µs since 1970; and whether it was a date.
fn moment(text: &str) -> (Option<i64>, bool) {
    if let Ok(ms) = text.parse::<i64>() {
        return ((0..7_300_000_000_000).contains(&ms).then(|| ms * 1_000), false);
    }
    let date = text.replace('/', "-").replacen(' ', "T", 1).replace(',', ".");
    (rfc3339(&format!("{date}Z")).or_else(|| rfc3339(&date)), true)
}

/// The runs that have samples.
pub(super) fn finish(form: &str, runs: Vec<Run>) -> Result<Vec<Draft>, ImportError> {
    let drafts: Vec<Draft> = runs.into_iter().filter_map(Run::finish).collect();
    if drafts.is_empty() {
        return Err(ImportError::empty(form, "no sample in it has a time and a result"));
    }
    Ok(drafts)
}

/// Begins another run; `false` where there are too many. A run without samples is none.
pub(super) fn next(runs: &mut Vec<Run>, form: &'static str) -> bool {
    let empty = |run: &Run| run.requests.is_empty() && run.transactions.is_empty();
    if runs.last().is_some_and(empty) {
        runs.pop();
    }
    if runs.len() < RUNS_MAX {
        runs.push(Run::new(form));
        return true;
    }
    if let Some(run) = runs.last_mut() {
        run.requests
            .warn(format!("The file has more than {RUNS_MAX} runs: the rest was left out."));
    }
    false
}

fn read_csv(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    const FORM: &str = "JMeter CSV";
    let Some((delimiter, named)) = first_row(input.head()) else {
        return Err(ImportError::at_line(FORM, 1, "these are not JMeter's columns"));
    };
    let mut rows = Rows::new(input.reader(), delimiter);
    let mut runs = vec![Run::new("CSV")];
    let mut columns: Option<Vec<String>> = None;
    let (mut narrow, mut last) = (Skipped::default(), 1);
    let mut row = Row::default();
    while rows.advance()? {
        last = rows.line();
        if named && rows.text(Some(0)).parse::<i64>().is_err() {
            let names = rows.names();
            let header =
                names.iter().any(|n| n == "timeStamp") && names.iter().any(|n| n == "elapsed");
            if header && columns.is_some() && !next(&mut runs, "CSV") {
                break;
            }
            if header {
                columns = Some(names);
                continue;
            }
        }
        let columns = columns.get_or_insert_with(|| {
            let plain = if rows.columns() == NEW.len() { &NEW[..] } else { &OLD[..] };
            let known = if rows.columns() == plain.len() { plain.len() } else { 8 };
            plain.iter().take(known).map(ToString::to_string).collect()
        });
        if rows.columns() < columns.len() {
            narrow.skip(last);
            continue;
        }
        row.take(columns, &rows);
        if let Some(run) = runs.last_mut() {
            run.add(&row, last);
        }
    }
    if let Some(run) = runs.last_mut() {
        if narrow.cut_off(last) || rows.too_long {
            run.requests.warn("The file is cut off in its last row: the run may be longer.");
        }
        narrow.tell(&mut run.requests, "Rows with too few columns", "line");
    }
    finish(FORM, runs)
}

impl Row {
    /// The columns that are read of a row.
    fn take<R: BufRead>(&mut self, columns: &[String], rows: &Rows<R>) {
        let text = |name: &str| {
            let at = columns.iter().position(|column| column == name);
            at.map(|at| short(&rows.text(Some(at))).to_string()).unwrap_or_default()
        };
        *self = Row {
            started: text("timeStamp"),
            elapsed: text("elapsed"),
            label: text("label"),
            code: text("responseCode"),
            message: text("responseMessage"),
            thread: text("threadName"),
            success: text("success"),
            failure: text("failureMessage"),
            url: text("URL"),
            threads: text("allThreads"),
            redirected: false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: &str) -> Vec<Draft> {
        read_csv(&mut Input::new("x", text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn dates_are_taken_as_utc() {
        let us = 1_795_814_721_500_000;
        for text in ["1795814721500", "2026/11/27 21:25:21.500", "2026-11-27T21:25:21,500"] {
            assert_eq!(moment(text).0, Some(us), "{text}");
        }
        assert_eq!((moment("").0, moment("-5").0, moment("soon").0), (None, None, None));
    }

    #[test]
    fn another_header_is_another_run() {
        let run = "timeStamp;elapsed;label;success\n1795814721500;5;GET a;true\n";
        assert_eq!(csv(&run.repeat(3)).len(), 3);
    }

    #[test]
    fn times_that_are_ends_are_told() {
        let mut ends = "timeStamp,elapsed,label,threadName,success\n".to_string();
        let mut starts = ends.clone();
        let mut at = 1_795_814_721_500_u64;
        for took in [20, 300, 20, 300, 20, 300, 20, 300] {
            starts += &format!("{at},{took},GET a,T 1,true\n");
            at += took;
            ends += &format!("{at},{took},GET a,T 1,true\n");
        }
        let told =
            |text: &str| csv(text)[0].warnings().iter().any(|w| w.contains("may be the ends"));
        assert!(told(&ends));
        assert!(!told(&starts));
    }
}

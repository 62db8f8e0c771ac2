//! Reads Locust's `_stats.csv` and `_stats_history.csv`; `_failures.csv` and `_exceptions.csv` are
//! refused with a hint. Spec: <https://docs.locust.io/en/stable/retrieving-stats.html>,
//! `locust/stats.py`. Made with: `locust -f get.py --headless -u 10 -r 5 -t 8s --host URL --csv run
//! --csv-full-history`, version 2.47.0.
//!
//! Reads: method, name, requests, failures, mean, maximum, percentiles; of the history the seconds,
//! users, the totals of which the differences are the requests of a second, and percentiles.
//! Ignores: rates, which are means of ten seconds, minimum and sizes, because a run has none.
//! Clock: seconds since 1970 at which a row was written. Latency is measured from send to the end
//! of the answer, failed requests too; ms. Percentiles in the history are those of the last ten
//! seconds with `--csv-full-history` only, otherwise those of the whole run so far.
//! Loses: why requests failed, addresses, percentiles by second of the short history.

use std::collections::BTreeMap;

use fwit_model::dialect::Kind;
use fwit_report::run::source::{Carries, Correction};

use super::locust::{COUNT_MAX, LATENCY, counted, op_name};
use super::locust_history::{ALL, Figures, History};
use super::skipped::Skipped;
use super::{Importer, csv_error};
use crate::draft::{About, Draft, OPS_MAX, kind_of};
use crate::error::ImportError;
use crate::input::Input;
use crate::units::{from_ms, unix_s};

/// The importer of totals.
pub const STATS: Importer =
    Importer { tool: "Locust", form: "stats CSV", recognizes: is_stats, read: read_stats };
/// The importer of what changed second by second.
pub const HISTORY: Importer =
    Importer { tool: "Locust", form: "history CSV", recognizes: is_history, read: read_history };
/// What says that these are not enough.
pub const FAILURES: Importer =
    Importer { tool: "Locust", form: "failures CSV", recognizes: is_failures, read: refuse };

/// Names that are kept apart while reading.
const NAMES_MAX: usize = 5_000;

/// The first line, without the quotes that old versions have around each name.
fn first_line(head: &[u8]) -> String {
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line).trim().replace('"', "")
}

fn is_stats(head: &[u8]) -> bool {
    let line = first_line(head);
    ["Type,Name,", "Method,Name,"].iter().any(|start| line.starts_with(start))
        && has(&line, "Request Count", "# requests")
        && has(&line, "Failure Count", "# failures")
}

fn has(line: &str, name: &str, old: &str) -> bool {
    line.split(',').any(|column| column == name || column == old)
}

fn is_history(head: &[u8]) -> bool {
    let line = first_line(head);
    line.starts_with("Timestamp,User Count,Type,Name,") && line.contains("Total Request Count")
}

fn is_failures(head: &[u8]) -> bool {
    let line = first_line(head);
    line.starts_with("Method,Name,Error,Occurrences")
        || line.starts_with("Count,Message,Traceback,Nodes")
}

fn refuse(_: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    Err(ImportError::Refused(
        "This file of Locust lists failures or exceptions only, without requests and times. Open \
         the file beside it whose name ends in _stats.csv or _stats_history.csv."
            .into(),
    ))
}

/// Where the columns are.
struct Columns {
    timestamp: Option<usize>,
    users: Option<usize>,
    method: usize,
    name: usize,
    requests: usize,
    failures: usize,
    median: Option<usize>,
    mean: Option<usize>,
    max: Option<usize>,
    rate: Option<usize>,
    /// Percentiles, 0 to 1.
    percentiles: Vec<(f64, usize)>,
    width: usize,
}

impl Columns {
    fn new(header: &csv::StringRecord, form: &str) -> Result<Columns, ImportError> {
        let column = |names: &[&str]| header.iter().position(|own| names.contains(&own.trim()));
        let needed = |names: &[&str]| {
            let what = format!("there is no column “{}”", names.first().unwrap_or(&""));
            column(names).ok_or_else(|| ImportError::at_line(form, 1, what))
        };
        let percent = |(at, name): (usize, &str)| {
            let p: f64 = name.trim().strip_suffix('%')?.parse().ok()?;
            (0.0..=100.0).contains(&p).then_some((p / 100.0, at))
        };
        let mut percentiles: Vec<(f64, usize)> =
            header.iter().enumerate().filter_map(percent).take(100).collect();
        percentiles.sort_by(|a, b| a.0.total_cmp(&b.0));
        percentiles.dedup_by(|a, b| a.0 == b.0);
        Ok(Columns {
            timestamp: column(&["Timestamp"]),
            users: column(&["User Count"]),
            method: needed(&["Type", "Method"])?,
            name: needed(&["Name"])?,
            requests: needed(&["Total Request Count", "Request Count", "# requests"])?,
            failures: needed(&["Total Failure Count", "Failure Count", "# failures"])?,
            median: column(&[
                "Total Median Response Time",
                "Median Response Time",
                "Median response time",
            ]),
            mean: column(&[
                "Total Average Response Time",
                "Average Response Time",
                "Average response time",
            ]),
            max: column(&["Total Max Response Time", "Max Response Time", "Max response time"]),
            rate: column(&["Requests/s"]),
            percentiles,
            width: header.len(),
        })
    }

    fn number(row: &csv::StringRecord, at: Option<usize>) -> Option<f64> {
        row.get(at?)?.trim().parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0)
    }

    fn count(row: &csv::StringRecord, at: usize) -> Option<u64> {
        row.get(at)?.trim().parse().ok().filter(|n| *n <= COUNT_MAX)
    }

    /// Name and kind of a row; `None`: it is that of all.
    fn op(&self, row: &csv::StringRecord) -> Option<(String, Kind)> {
        let cell = |at| row.get(at).unwrap_or_default().trim();
        let (method, name) = (cell(self.method), cell(self.name));
        let all = matches!(name, ALL | "Total") && matches!(method, "" | "None");
        (!all).then(|| (op_name(method, name), kind_of(method)))
    }

    fn figures(&self, row: &csv::StringRecord) -> Option<Figures> {
        Some(Figures {
            requests: Columns::count(row, self.requests)?,
            failures: Columns::count(row, self.failures)?,
            mean_us: Columns::number(row, self.mean).and_then(from_ms).map(|us| us as f64),
            max_us: Columns::number(row, self.max).and_then(from_ms),
            median_us: Columns::number(row, self.median).and_then(from_ms),
            percentiles: self.percentiles(row),
        })
    }

    /// The percentiles of a row, as long as they rise.
    fn percentiles(&self, row: &csv::StringRecord) -> Vec<(f64, u64)> {
        let mut list: Vec<(f64, u64)> = Vec::new();
        for (p, at) in &self.percentiles {
            let us = Columns::number(row, Some(*at)).and_then(from_ms);
            if let Some(us) = us.filter(|us| list.last().is_none_or(|last| last.1 <= *us)) {
                list.push((*p, us));
            }
        }
        list
    }
}

/// Rows of a CSV file, and what becomes of those that are none.
fn rows(
    input: &mut Input<'_>,
    form: &str,
    skipped: &mut Skipped,
    mut each: impl FnMut(&Columns, &csv::StringRecord) -> bool,
) -> Result<bool, ImportError> {
    let mut csv = csv::ReaderBuilder::new().flexible(true).from_reader(input.reader());
    let header = csv.headers().map_err(|e| csv_error(form, &e))?.clone();
    let columns = Columns::new(&header, form)?;
    let mut row = csv::StringRecord::new();
    let mut short = false;
    loop {
        match csv.read_record(&mut row) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
                skipped.line(error.position().map_or(1, csv::Position::line));
                continue;
            }
            Err(error) => return Err(csv_error(form, &error)),
        }
        short = row.len() < columns.width;
        if short || !each(&columns, &row) {
            skipped.line(row.position().map_or(1, csv::Position::line));
        }
    }
    Ok(short)
}

fn about(form: &'static str) -> Draft {
    let mut draft = Draft::new(About {
        tool: "Locust",
        form,
        unit: "ms, two digits from 100 ms on",
        carries: Carries::Percentiles,
        corrected: Correction::Uncorrected,
        latency: LATENCY,
    });
    draft.warn("It has percentiles only: Locust's --json-file has the latencies themselves.");
    draft
}

const NO_ROW: &str = "it lacks columns, or its counts can't be";

/// Counts and percentiles of names and of all.
fn fill(draft: &mut Draft, by_op: Vec<(String, Kind, Figures)>, all: Option<Figures>) {
    let sum = by_op.iter().fold(0_u64, |sum, (_, _, f)| sum.saturating_add(f.requests));
    match &all {
        Some(all) if !by_op.is_empty() && sum != all.requests => draft.warn(format!(
            "Its names have {sum} requests together, its row “{ALL}” has {}.",
            all.requests
        )),
        None => draft.warn(format!("It has no row “{ALL}”: it may be cut off.")),
        Some(_) => {}
    }
    if let (Some(all), true) = (&all, by_op.is_empty()) {
        let place = draft.place(ALL, Kind::Read, "");
        counted(draft, place, all.requests, all.failures);
        draft.given.push(all.clone().given(Some(ALL.into())));
    }
    for (i, (op, kind, figures)) in by_op.into_iter().enumerate() {
        let place = draft.place(&op, kind, "");
        counted(draft, place, figures.requests, figures.failures);
        // Those beyond are one: percentiles can't be added.
        if i < OPS_MAX {
            draft.given.push(figures.given(Some(op)));
        }
    }
    draft.given.extend(all.map(|all| all.given(None)));
}

fn read_stats(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let mut draft = about("stats CSV");
    let (mut by_op, mut all) = (Vec::new(), None);
    let mut skipped = Skipped::default();
    let mut rate = None;
    let mut many = false;
    let short = rows(input, "Locust stats CSV", &mut skipped, |columns, row| {
        let Some(figures) = columns.figures(row) else { return false };
        match columns.op(row) {
            None => {
                rate = Columns::number(row, columns.rate).filter(|rate| *rate > 0.0);
                all = Some(figures);
            }
            Some(_) if by_op.len() >= NAMES_MAX => many = true,
            Some((op, kind)) => by_op.push((op, kind, figures)),
        }
        true
    })?;
    if many {
        draft.warn(format!("It has more than {NAMES_MAX} names: the rest were left out."));
    }
    skipped.tell(&mut draft, NO_ROW);
    if short {
        draft.warn("It ends within a row: it is cut off.");
    }
    draft.duration_s = rate.zip(all.as_ref()).map(|(rate, all)| all.requests as f64 / rate);
    draft.warn("It does not say when the run was; how long it took follows from its rate.");
    fill(&mut draft, by_op, all);
    Ok(vec![draft])
}

/// The history of a name, as far as it was read.
struct Name {
    kind: Kind,
    figures: Figures,
}

fn read_history(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let mut draft = about("history CSV");
    let mut skipped = Skipped::default();
    let mut names = BTreeMap::<String, Name>::new();
    let mut all = None::<Figures>;
    let mut seconds = History::default();
    let short = rows(input, "Locust history CSV", &mut skipped, |columns, row| {
        let at = Columns::number(row, columns.timestamp).and_then(unix_s);
        let (Some(at), Some(figures)) = (at, columns.figures(row)) else { return false };
        let users = Columns::number(row, columns.users);
        match columns.op(row) {
            None => {
                let before = all.replace(figures.clone()).unwrap_or_default();
                seconds.all(&mut draft, at, users, (&before, &figures));
            }
            Some((op, _)) if names.len() >= NAMES_MAX && !names.contains_key(&op) => {
                draft.warn("It has too many names: the rest were left out.");
            }
            Some((op, kind)) => {
                seconds.full = true;
                let name =
                    names.entry(op.clone()).or_insert(Name { kind, figures: Figures::default() });
                let before = std::mem::replace(&mut name.figures, figures);
                seconds.name(&mut draft, at, (&op, kind), (&before, &name.figures));
            }
        }
        true
    })?;
    skipped.tell(&mut draft, NO_ROW);
    if short {
        draft.warn("It ends within a row: it is cut off.");
    }
    let full = seconds.full;
    seconds.finish(&mut draft);
    let last = |mut figures: Figures| {
        if full {
            // Its percentiles are those of the last ten seconds.
            figures.percentiles = figures.median_us.map(|us| (0.5, us)).into_iter().collect();
        }
        figures
    };
    let by_op = names.into_iter().map(|(op, name)| (op, name.kind, last(name.figures))).collect();
    if full {
        draft.warn(
            "Percentiles by second are those of the ten seconds before; of the whole run it has \
             the median only.",
        );
    } else {
        draft.warn(
            "It was written without --csv-full-history: it has no single names, and no \
             percentiles by second.",
        );
    }
    fill(&mut draft, by_op, all.map(last));
    Ok(vec![draft])
}

#[cfg(test)]
#[path = "locust_csv_tests.rs"]
mod tests;

//! Reads k6's real-time outputs: `--out json=FILE` and `--out csv=FILE`. Spec:
//! <https://grafana.com/docs/k6/latest/results-output/real-time/json/> and `…/csv/`. Made with:
//! `k6 run --out json=points.json --out csv=points.csv script.js`, version 1.1.0 (PyPI).
//!
//! Reads: the points of `http_req_duration` (one a request) with their tags, of `vus`, `vus_max`
//! and `dropped_iterations`; thresholds as they are declared. Ignores: the parts of a request
//! (blocked, connecting, sending, waiting, receiving), data sent and received, checks, custom
//! metrics, because a run of fwit has no place for them; `http_reqs` and `http_req_failed`, because
//! they repeat what the tags `status` and `expected_response` of the duration say.
//! Clock: a point's time is the end of its request; wall clock, ns in JSON, whole seconds in CSV
//! unless its time format was set. Latency is measured from the sending of the request, without
//! waiting for a connection.
//! Loses: what became of thresholds (the file has their text only); gRPC and WebSocket requests.

use std::borrow::Cow;
use std::collections::HashSet;

use fwit_quantities::sample::Outcome;
use fwit_report::run::source::{Carries, Correction};
use fwit_report::run::view::ThresholdResult;
use serde::Deserialize;

use super::{Importer, RUNS_ENOUGH};
use crate::draft::{About, Draft, Sample, failure_of, kind_of, outcome_of};
use crate::error::ImportError;
use crate::input::Input;
use crate::rows::{Rows, Skipped, short};
use crate::units::{from_ms, rfc3339};

/// The JSON lines.
pub const JSON: Importer =
    Importer { tool: "k6", form: "JSON lines", recognizes: |head| is_lines(head), read: read_json };
/// The CSV.
pub const CSV: Importer = Importer {
    tool: "k6",
    form: "CSV",
    recognizes: |head| head.starts_with(HEADER),
    read: read_csv,
};

const HEADER: &[u8] = b"metric_name,timestamp,metric_value";
/// Names of metrics that are remembered, to see where the next run begins.
const NAMES_MAX: usize = 1_000;

/// Whether the first line is a metric's declaration or point.
pub(super) fn is_lines(head: &[u8]) -> bool {
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let has = |what: &[u8]| line.windows(what.len()).any(|w| w == what);
    line.starts_with(b"{")
        && has(b"\"metric\":\"")
        && has(b"\"data\":{")
        && (has(b"\"type\":\"Point\"") || has(b"\"type\":\"Metric\""))
}

fn draft(form: &'static str) -> Draft {
    Draft::new(About {
        tool: "k6",
        form,
        unit: "ms",
        carries: Carries::Samples,
        corrected: Correction::Uncorrected,
        latency: "http_req_duration: sending, waiting and receiving, without connecting; failed \
                  requests too, 0 where none was sent",
    })
}

/// A point of the metric that is one a request.
#[derive(Debug, Default)]
struct Point<'a> {
    method: &'a str,
    name: &'a str,
    url: &'a str,
    status: &'a str,
    error: &'a str,
    expected: &'a str,
    vu: &'a str,
    ended_us: Option<i64>,
    ms: f64,
}

/// Adds a request; `false` where its numbers can't be.
fn add(draft: &mut Draft, point: &Point<'_>) -> bool {
    let (Some(latency_us), Some(ended_us)) = (from_ms(point.ms), point.ended_us) else {
        return false;
    };
    let status = point.status.parse().unwrap_or_default();
    let redirected = (300..400).contains(&status);
    let outcome = match (point.expected, outcome_of(status)) {
        ("true", _) if status == 404 => Outcome::NotFound,
        ("true", _) => Outcome::Ok,
        ("false", _) => failure_of(status, point.error),
        (_, Outcome::Network) => failure_of(status, point.error),
        (_, other) => other,
    };
    let name = short(if point.name.is_empty() { point.url } else { point.name });
    let vu = (!point.vu.is_empty() && point.vu != "0").then(|| format!("VU {}", short(point.vu)));
    draft.sample(&Sample {
        op: &operation(short(point.method), name),
        kind: kind_of(point.method),
        // It repeats the name where the script gave one.
        url: if point.url.contains("://") { point.url } else { "" },
        began_us: Some(ended_us.saturating_sub_unsigned(latency_us)),
        latency_us: Some(latency_us),
        outcome,
        redirected,
        entity: vu.as_deref(),
        status,
        error: point.error,
    });
    if redirected {
        draft.warn(
            "k6 counts each hop of a redirect as a request of its own: so many answers were \
             redirects.",
        );
    }
    true
}

/// `GET /kv`: of a name that is an address its path alone.
fn operation<'a>(method: &str, name: &'a str) -> Cow<'a, str> {
    let path = match name.find("://").and_then(|at| name.get(at + 3..)) {
        None => name,
        Some(rest) => {
            let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
            path.split(['?', '#']).next().unwrap_or(path)
        }
    };
    let path = if path.is_empty() { "/" } else { path };
    if method.is_empty() { Cow::Borrowed(path) } else { Cow::Owned(format!("{method} {path}")) }
}

/// What is not of one request: users, iterations that were not begun, other protocols.
fn other(draft: &mut Draft, metric: &str, ended_us: Option<i64>, value: f64, dropped: &mut f64) {
    match metric {
        "vus" => {
            if let Some(at) = ended_us {
                draft.users(at, value);
            }
        }
        "vus_max" if (0.0..=1e9).contains(&value) => {
            draft.entities_planned = draft.entities_planned.max(Some(value as u32));
        }
        "dropped_iterations" if (0.0..=1e15).contains(&value) => *dropped += value,
        "grpc_req_duration" | "ws_session_duration" => {
            draft.warn(format!("Only HTTP requests are read: points of {metric} were left out."));
        }
        _ => {}
    }
}

/// Says that k6 did not begin all iterations that it should have.
pub(super) fn dropped(draft: &mut Draft, iterations: f64) {
    if iterations >= 1.0 {
        draft.warn(format!(
            "k6 dropped {iterations:.0} iterations: it did not keep the rate that it was asked for."
        ));
    }
}

/// What a reader knows of the run that it is in.
struct Runs {
    done: Vec<Draft>,
    now: Draft,
    dropped: f64,
    form: &'static str,
}

impl Runs {
    fn new(form: &'static str) -> Runs {
        Runs { done: Vec::new(), now: draft(form), dropped: 0.0, form }
    }

    /// The next run begins; `false` where there are too many.
    fn next(&mut self) -> bool {
        self.end_one();
        self.done.len() < RUNS_ENOUGH
    }

    fn end_one(&mut self) {
        dropped(&mut self.now, self.dropped);
        self.dropped = 0.0;
        let one = std::mem::replace(&mut self.now, draft(self.form));
        if !one.is_empty() {
            self.done.push(one);
        }
    }

    fn end(mut self, form: &str) -> Result<Vec<Draft>, ImportError> {
        self.end_one();
        if self.done.is_empty() {
            return Err(ImportError::empty(form, "it has no points of “http_req_duration”"));
        }
        Ok(self.done)
    }
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, default)]
    time: Cow<'a, str>,
    value: Option<f64>,
    #[serde(borrow, default)]
    tags: Option<Tags<'a>>,
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
    thresholds: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tags<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    error: Cow<'a, str>,
    #[serde(borrow)]
    expected_response: Cow<'a, str>,
    #[serde(borrow)]
    vu: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    #[serde(borrow)]
    vu: Cow<'a, str>,
}

fn read_json(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let mut runs = Runs::new("JSON lines");
    let mut declared = HashSet::new();
    let (mut broken, mut impossible) = (Skipped::default(), Skipped::default());
    let mut number = 0;
    while let Some(text) = input.line()? {
        number += 1;
        if text.trim().is_empty() {
            continue;
        }
        let Ok(line) = serde_json::from_str::<Line<'_>>(&text) else {
            broken.skip(number);
            continue;
        };
        if line.kind == "Metric" {
            if declared.contains(&*line.metric) {
                // k6 declares each once a run.
                declared.clear();
                if !runs.next() {
                    break;
                }
            }
            if declared.len() < NAMES_MAX {
                declared.insert(line.metric.to_string());
            }
            let expressions = line.data.thresholds.unwrap_or_default();
            runs.now.thresholds.extend(expressions.iter().take(20).map(|expression| {
                ThresholdResult {
                    text: crate::error::clip(&format!("{} {expression}", line.metric)),
                    value: None,
                    words: "this file does not say".into(),
                    pass: None,
                    stopped: false,
                }
            }));
            continue;
        }
        let (ended_us, value) = (rfc3339(&line.data.time), line.data.value.unwrap_or(f64::NAN));
        if line.metric != "http_req_duration" {
            other(&mut runs.now, &line.metric, ended_us, value, &mut runs.dropped);
            continue;
        }
        let tags = line.data.tags.unwrap_or_default();
        let vu = line.data.metadata.map(|m| m.vu).filter(|vu| !vu.is_empty());
        let point = Point {
            method: &tags.method,
            name: &tags.name,
            url: &tags.url,
            status: &tags.status,
            error: &tags.error,
            expected: &tags.expected_response,
            vu: vu.as_deref().unwrap_or(&tags.vu),
            ended_us,
            ms: value,
        };
        if !add(&mut runs.now, &point) {
            impossible.skip(number);
        }
    }
    if broken.cut_off(number) {
        runs.now.warn("The file is cut off in its last line: the run may be longer.");
    }
    broken.tell(&mut runs.now, "Lines that are not k6's JSON", "line");
    impossible.tell(&mut runs.now, "Requests without a possible time", "line");
    runs.end("k6 JSON lines")
}

fn read_csv(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    const FORM: &str = "k6 CSV";
    let mut rows = Rows::new(input.reader(), b',');
    let mut runs = Runs::new("CSV");
    if !rows.advance()? {
        return Err(ImportError::at_line(FORM, 1, "there is no first row"));
    }
    let mut header = rows.names();
    let mut columns = Columns::new(&header);
    let (mut narrow, mut impossible) = (Skipped::default(), Skipped::default());
    let mut last = 1;
    while rows.advance()? {
        last = rows.line();
        let metric = rows.text(Some(0));
        if metric == "metric_name" {
            header = rows.names();
            columns = Columns::new(&header);
            if !runs.next() {
                break;
            }
            continue;
        }
        if rows.columns() < header.len() {
            narrow.skip(last);
            continue;
        }
        let (time, value) = (rows.text(Some(1)), rows.text(Some(2)));
        let (ended_us, whole) = moment(&time);
        let value = value.parse().unwrap_or(f64::NAN);
        if metric != "http_req_duration" {
            other(&mut runs.now, &metric, ended_us, value, &mut runs.dropped);
            continue;
        }
        let [method, name, url, status, error, expected, vu, extra, metadata] =
            columns.at.map(|at| rows.text(at));
        let tagged = [&metadata, &extra].into_iter().flat_map(|list| list.split('&'));
        let tagged = tagged.filter_map(|pair| pair.strip_prefix("vu=")).next();
        let point = Point {
            method: &method,
            name: &name,
            url: &url,
            status: &status,
            error: &error,
            expected: &expected,
            vu: tagged.unwrap_or(&vu),
            ended_us,
            ms: value,
        };
        if !add(&mut runs.now, &point) {
            impossible.skip(last);
        } else if whole {
            runs.now.warn(
                "Its times are whole seconds: the run's length and rate are only so exact, and \
                 k6's own differ.",
            );
        }
    }
    if narrow.cut_off(last) || rows.too_long {
        runs.now.warn("The file is cut off in its last row: the run may be longer.");
    }
    narrow.tell(&mut runs.now, "Rows with too few columns", "line");
    impossible.tell(&mut runs.now, "Requests without a possible time", "line");
    runs.end(FORM)
}

/// Where the columns are that are read.
struct Columns {
    at: [Option<usize>; 9],
}

impl Columns {
    fn new(header: &[String]) -> Columns {
        let names = [
            "method",
            "name",
            "url",
            "status",
            "error",
            "expected_response",
            "vu",
            "extra_tags",
            "metadata",
        ];
        Columns { at: names.map(|name| header.iter().position(|column| column == name)) }
    }
}

/// A moment in µs since 1970, and whether it is a whole second: `timeFormat` may be seconds,
/// milli-, micro-, nanoseconds since 1970, or RFC 3339.
fn moment(text: &str) -> (Option<i64>, bool) {
    let Ok(number) = text.parse::<i64>() else {
        return (rfc3339(text), false);
    };
    match number {
        ..0 => (None, false),
        0..100_000_000_000 => (Some(number * 1_000_000), true),
        100_000_000_000..100_000_000_000_000 => (Some(number * 1_000), false),
        100_000_000_000_000..100_000_000_000_000_000 => (Some(number), false),
        _ => (Some(number / 1_000), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_apart_by_their_size() {
        let us = 1_795_814_721_000_000;
        assert_eq!(moment("1795814721"), (Some(us), true));
        assert_eq!(moment("1795814721000"), (Some(us), false));
        assert_eq!(moment("1795814721000000"), (Some(us), false));
        assert_eq!(moment("1795814721000000000"), (Some(us), false));
        assert_eq!(moment("2026-11-27T21:25:21Z"), (Some(us), false));
        assert_eq!((moment("-1").0, moment("soon").0), (None, None));
    }

    #[test]
    fn an_address_becomes_its_path() {
        assert_eq!(operation("GET", "http://u:p@h:1/kv/a?token=x#y"), "GET /kv/a");
        assert_eq!(operation("GET", "http://h:1"), "GET /");
        assert_eq!(operation("POST", "set a key"), "POST set a key");
        assert_eq!(operation("", ""), "/");
    }

    #[test]
    fn a_second_declaration_is_the_next_run() {
        let run = "{\"type\":\"Metric\",\"metric\":\"http_req_duration\",\"data\":{}}\n\
                   {\"type\":\"Point\",\"metric\":\"http_req_duration\",\"data\":{\"time\":\
                   \"2026-11-27T21:25:21Z\",\"value\":5,\"tags\":{\"status\":\"200\"}}}\n";
        let text = run.repeat(3) + "{\"type\":\"Poi";
        let drafts = read_json(&mut Input::new("x", text.as_bytes()).unwrap()).unwrap();
        assert_eq!(drafts.len(), 3);
        assert!(drafts.last().unwrap().warnings().iter().any(|w| w.contains("cut off")));
    }
}

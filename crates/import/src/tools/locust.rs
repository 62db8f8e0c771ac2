//! Reads Locust's `--json-file` (and what `--json` prints). Spec:
//! <https://docs.locust.io/en/stable/retrieving-stats.html>, `locust/stats.py`. Made with:
//! `locust -f get.py --headless -u 10 -r 5 -t 8s --host URL --json-file run`, version 2.47.0.
//!
//! Reads: names, methods, counts, failures, the response times with how many took each, their sum
//! and maximum, requests and failures by second, first and last time. Ignores: the minimum and
//! sizes, because a run has none.
//! Clock: seconds since 1970 at which requests ended. Latency is measured from send to the end of
//! the answer, failed requests too; ms, rounded to two digits from 100 ms on.
//! Loses: why requests failed, latencies by second, addresses, users.

use std::collections::BTreeMap;

use fwit_model::dialect::Kind;
use fwit_quantities::sample::Outcome;
use fwit_report::run::source::{Carries, Correction};
use serde::Deserialize;
use serde_json::Value;

use super::Importer;
use crate::draft::{About, Draft, Place, failure_of, kind_of};
use crate::error::ImportError;
use crate::input::Input;
use crate::units::{LONGEST_US, from_ms, unix_s};

/// The importer.
pub const JSON: Importer = Importer { tool: "Locust", form: "JSON", recognizes, read };

/// What a latency of Locust is.
pub(super) const LATENCY: &str = "from the start of a request to the end of its answer, ms rounded to two \
                                  digits from 100 ms on; failed requests too";
/// What to say where a file does not tell why requests failed.
pub(super) const WHY: &str =
    "The file does not say why requests failed: they count as network errors.";
/// Counts above are none.
pub(super) const COUNT_MAX: u64 = 1 << 39;

const FORM: &str = "Locust JSON";
/// Entries that are read: the rest are left out.
const ENTRIES_MAX: usize = 10_000;

fn recognizes(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let named = ["\"num_requests\"", "\"num_failures\"", "\"total_response_time\""];
    text.trim_start().starts_with('[') && named.iter().all(|name| text.contains(name))
}

/// What was asked under one name.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    name: String,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    start_time: Value,
    #[serde(default)]
    last_request_timestamp: Value,
    #[serde(default)]
    num_requests: Value,
    #[serde(default)]
    num_none_requests: Value,
    #[serde(default)]
    num_failures: Value,
    #[serde(default)]
    total_response_time: Value,
    #[serde(default)]
    max_response_time: Value,
    #[serde(default)]
    response_times: BTreeMap<String, Value>,
    #[serde(default)]
    num_reqs_per_sec: BTreeMap<String, Value>,
    #[serde(default)]
    num_fail_per_sec: BTreeMap<String, Value>,
}

fn count(value: &Value) -> Option<u64> {
    value.as_u64().filter(|n| *n <= COUNT_MAX)
}

/// A request's name as Locust's tables have it: `GET /kv`.
pub(super) fn op_name(method: &str, name: &str) -> String {
    crate::error::clip(format!("{} {}", method.trim(), name.trim()).trim())
}

/// Counts requests of a name, of which some failed.
pub(super) fn counted(draft: &mut Draft, place: Place, requests: u64, failures: u64) {
    draft.count(place, Outcome::Ok, requests.saturating_sub(failures));
    if failures > 0 {
        let outcome = failure_of(0, "");
        draft.count(place, outcome, failures);
        draft.errors(place, outcome, "failed, says Locust", failures, None);
        draft.warn(WHY);
    }
}

fn read(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let text = input.text()?;
    let entries: Vec<Entry> = serde_json::from_str(&text).map_err(|error| {
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or(&what).to_string();
        let place = format!("line {}, column {}", error.line(), error.column());
        ImportError::broken(FORM, place, what)
    })?;
    let mut draft = Draft::new(About {
        tool: "Locust",
        form: "JSON",
        unit: "ms, two digits from 100 ms on",
        carries: Carries::Histogram,
        corrected: Correction::Uncorrected,
        latency: LATENCY,
    });
    if entries.len() > ENTRIES_MAX {
        draft.warn(format!("It has more than {ENTRIES_MAX} names: the first of them were read."));
    }
    let entries = entries.get(..ENTRIES_MAX).unwrap_or(&entries);
    let moment = |value: &Value| value.as_f64().and_then(unix_s).filter(|us| *us > 0);
    let began = entries.iter().filter_map(|e| moment(&e.start_time)).min();
    let ended = entries.iter().filter_map(|e| moment(&e.last_request_timestamp)).max();
    let span = began.zip(ended).filter(|(began, ended)| began <= ended);
    if let Some((began, ended)) = span {
        // Its seconds are full ones.
        draft.spans(began - began.rem_euclid(1_000_000), ended);
        draft.started_us = Some(began);
        draft.duration_s = Some((ended - began) as f64 / 1e6);
    }
    let mut means = BTreeMap::<Place, (f64, u64)>::new();
    for entry in entries {
        one(&mut draft, entry, span, &mut means);
    }
    for (place, (mean_us, max_us)) in means {
        draft.exact(place, Some(mean_us), Some(max_us));
    }
    Ok(vec![draft])
}

fn one(
    draft: &mut Draft,
    entry: &Entry,
    span: Option<(i64, i64)>,
    means: &mut BTreeMap<Place, (f64, u64)>,
) {
    let method = entry.method.as_deref().unwrap_or_default();
    let (name, kind) = (op_name(method, &entry.name), kind_of(method));
    let counts = count(&entry.num_requests).zip(count(&entry.num_failures));
    let Some((requests, failures)) = counts else {
        draft.warn(format!("“{name}” was left out: its counts can't be."));
        return;
    };
    let place = draft.place(&name, kind, "");
    counted(draft, place, requests, failures);
    let mut timed = 0_u64;
    for (ms, n) in &entry.response_times {
        let us = ms.parse().ok().and_then(from_ms);
        let (Some(us), Some(n)) = (us, count(n)) else {
            draft.warn("Response times that can't be were left out.");
            continue;
        };
        draft.latency(place, us, n);
        timed = n.saturating_add(timed);
    }
    let untimed = count(&entry.num_none_requests).unwrap_or_default();
    if timed.saturating_add(untimed) != requests {
        draft.warn(format!("“{name}” has {requests} requests, but {timed} response times."));
    }
    let sum_us = entry.total_response_time.as_f64().map(|ms| ms * 1e3);
    let max_us = entry.max_response_time.as_f64().and_then(from_ms);
    let mean_us = sum_us.map(|sum| sum / timed as f64).filter(|us| (0.0..=LONGEST_US).contains(us));
    // Of several names that are one operation, the rounded times are taken.
    let alone = draft.timed(place) == timed;
    match (mean_us, max_us) {
        (Some(mean), Some(max)) if alone => drop(means.insert(place, (mean, max))),
        _ => drop(means.remove(&place)),
    }
    seconds(draft, (&name, kind), entry, span);
}

/// Requests by second; those outside the run's time can't be its own.
fn seconds(draft: &mut Draft, op: (&str, Kind), entry: &Entry, span: Option<(i64, i64)>) {
    let within = |at: &i64| span.is_none_or(|(from, to)| from - 1_000_000 < *at && *at <= to);
    let at = |second: &str| second.parse().ok().and_then(unix_s).filter(within);
    for (second, n) in &entry.num_reqs_per_sec {
        let failed = entry.num_fail_per_sec.get(second).and_then(count).unwrap_or_default();
        let (Some(at), Some(n)) = (at(second), count(n)) else {
            draft.warn("Seconds that can't be were left out.");
            continue;
        };
        draft.second_sums(at, op, n.saturating_sub(failed), failed, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<Draft>, ImportError> {
        assert!(recognizes(text.as_bytes()));
        read(&mut Input::new("x", text.as_bytes()).unwrap())
    }

    #[test]
    fn numbers_that_can_not_be_are_left_out() {
        let text = r#"[{"name": "/a", "method": "GET", "num_requests": 3, "num_failures": 0,
            "total_response_time": -5, "response_times": {"7": 2, "-1": 1, "NaN": 1, "8": -4},
            "start_time": 1795814788.3, "last_request_timestamp": 1795814789.2,
            "num_reqs_per_sec": {"1795814788": 3, "x": 1, "1": 1}}, {"name": "/b", "num_requests": -1,
            "num_failures": 0, "total_response_time": 1}]"#;
        let draft = of(text).unwrap().remove(0);
        let said = draft.warnings().join("\n");
        for part in [
            "3 times",
            "“/b” was left out",
            "but 2 response times",
            "Seconds that can't be were left out. (2 times)",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let run = draft.finish("x").unwrap();
        assert_eq!((run.totals["GET /a"].issued, run.latency[0].mean_us), (3, 7000.0));
    }

    #[test]
    fn a_file_that_is_cut_off_is_broken_at_a_place() {
        let text = "[\n{\"num_requests\": 1, \"num_failures\": 0, \"total_response_time\": 1";
        let Err(ImportError::Broken { place, .. }) = of(text) else { panic!("not broken") };
        assert!(place.starts_with("line 2, column"), "{place}");
    }
}

//! Reads k6's end-of-test summary in its three shapes: the data of `handleSummary()`, the file of
//! `--summary-export`, and the machine-readable summary of newer versions. Spec:
//! <https://grafana.com/docs/k6/latest/results-output/end-of-test/custom-summary/>. Made with:
//! `JSON.stringify(data)` in `handleSummary` and `k6 run --summary-export FILE`, version 1.1.0
//! (PyPI); the machine-readable one by hand.
//!
//! Reads: `http_reqs`, `http_req_duration`, `http_req_failed`, each with its submetrics `{name:…}`,
//! `vus_max`, `dropped_iterations`, `checks`, the run's length, and all thresholds. Ignores:
//! `setup_data`, because it may hold passwords; other metrics, groups and options, because a run of
//! fwit has no place for them.
//! Clock: times are ms, whatever unit the printed summary had. Latency is measured from the sending
//! of the request.
//! Traps: in `http_req_failed` `passes` (or `matches`) are the failed requests; in a file of
//! `--summary-export` a threshold that is `true` was crossed.
//! Loses: percentiles that `summaryTrendStats` did not name, seconds, why requests failed, and when
//! the run was (but for the machine-readable shape).

use std::collections::BTreeMap;

use fwit_report::run::source::{Carries, Correction, GivenFile};
use fwit_report::run::view::ThresholdResult;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Importer, k6_points, kind_by_name};
use crate::draft::{About, Draft, failure_of};
use crate::error::ImportError;
use crate::input::Input;
use crate::units::{from_ms, rfc3339};

/// The importer.
pub const SUMMARY: Importer = Importer { tool: "k6", form: "summary", recognizes, read };

const FORM: &str = "k6 summary";
/// Largest summary, bytes: one of thousands of metrics has 2 MB.
const SUMMARY_MAX: usize = 32 * 1024 * 1024;
/// Counts above can't be told apart as the numbers of a script.
const COUNT_MAX: f64 = 9_007_199_254_740_992.0;
/// Thresholds that are kept.
const THRESHOLDS_MAX: usize = 200;

fn recognizes(head: &[u8]) -> bool {
    let has = |what: &str| head.windows(what.len()).any(|w| w == what.as_bytes());
    head.trim_ascii_start().starts_with(b"{")
        && !k6_points::is_lines(head.trim_ascii_start())
        && (has("\"testRunDurationMs\"")
            || has("\"k6Version\"")
            || (has("\"root_group\"") && has("\"groups\""))
            || (has("\"metrics\"") && has("\"http_req_duration\"")))
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    metrics: Option<BTreeMap<String, Value>>,
    state: Option<State>,
    results: Option<Results>,
    config: Option<Config>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct State {
    #[serde(rename = "testRunDurationMs")]
    duration_ms: Option<f64>,
}

#[derive(Deserialize)]
struct Results {
    metrics: Option<Vec<Value>>,
    checks: Option<Checks>,
}

#[derive(Deserialize)]
struct Checks {
    metrics: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct Config {
    duration: Option<f64>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "generatedAt")]
    generated_at: Option<String>,
    #[serde(rename = "k6Version")]
    version: Option<String>,
}

/// A metric, whatever the shape of the file.
struct Metric {
    values: BTreeMap<String, f64>,
    /// Expression, and whether it held.
    thresholds: Vec<(String, Option<bool>)>,
}

impl Metric {
    fn new(value: &Value) -> Metric {
        let none = Map::new();
        let all = value.as_object().unwrap_or(&none);
        let values = all.get("values").and_then(Value::as_object).unwrap_or(all);
        let numbers = values.iter().filter_map(|(name, v)| Some((name.clone(), v.as_f64()?)));
        let thresholds = all.get("thresholds").and_then(Value::as_object).unwrap_or(&none);
        let held = |v: &Value| match v {
            // The older shape says whether it was crossed.
            Value::Bool(crossed) => Some(!crossed),
            other => other.get("ok").and_then(Value::as_bool),
        };
        Metric {
            values: numbers.collect(),
            thresholds: thresholds.iter().map(|(e, v)| (e.clone(), held(v))).collect(),
        }
    }

    fn get(&self, names: &[&str]) -> Option<f64> {
        names.iter().find_map(|name| self.values.get(*name)).copied()
    }

    /// A count that can be one.
    fn count(&self, names: &[&str]) -> Option<u64> {
        let n = self.get(names)?;
        (0.0..=COUNT_MAX).contains(&n).then_some(n as u64)
    }
}

type Metrics = BTreeMap<String, Metric>;

fn read(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let text = input.text()?;
    if text.len() > SUMMARY_MAX {
        let what = format!("a k6 summary of more than {} MB", SUMMARY_MAX / 1024 / 1024);
        return Err(ImportError::TooLarge(what));
    }
    let document: Document = serde_json::from_str(&text).map_err(|e| {
        let place = format!("line {}, column {}", e.line(), e.column());
        ImportError::broken(FORM, place, e.to_string())
    })?;
    let mut metrics: Metrics = BTreeMap::new();
    for (name, value) in document.metrics.iter().flatten() {
        metrics.insert(name.clone(), Metric::new(value));
    }
    let mut checks = Vec::new();
    if let Some(results) = document.results {
        checks = results.checks.and_then(|c| c.metrics).unwrap_or_default();
        for value in results.metrics.unwrap_or_default() {
            if let Some(name) = value.get("name").and_then(Value::as_str) {
                metrics.insert(name.to_string(), Metric::new(&value));
            }
        }
    }
    let Some(total) = metrics.get("http_reqs").and_then(|m| m.count(&["count"])) else {
        return Err(ImportError::empty(FORM, "it has no “http_reqs”; only HTTP requests are read"));
    };
    let mut draft = Draft::new(About {
        tool: "k6",
        form: "summary",
        unit: "ms",
        carries: Carries::Percentiles,
        corrected: Correction::Uncorrected,
        latency: "http_req_duration: sending, waiting and receiving, without connecting; failed \
                  requests too, 0 where none was sent",
    });
    draft.duration_s = duration_s(document.state, document.config, &metrics);
    if let Some(metadata) = document.metadata {
        draft.version = metadata.version;
        let end = metadata.generated_at.as_deref().and_then(rfc3339);
        let length_us = (draft.duration_s.unwrap_or_default().clamp(0.0, 1e9) * 1e6) as i64;
        draft.started_us = end.map(|end| end.saturating_sub(length_us));
    }
    let users = metrics.get("vus_max").and_then(|m| m.get(&["max", "value"]));
    draft.entities_planned = users.filter(|n| (0.0..=1e9).contains(n)).map(|n| n as u32);
    requests(&mut draft, &metrics, total);
    thresholds(&mut draft, &metrics);
    checks_fact(&mut draft, &metrics, &checks);
    let dropped = metrics.get("dropped_iterations").and_then(|m| m.get(&["count"]));
    k6_points::dropped(&mut draft, dropped.filter(|n| *n < COUNT_MAX).unwrap_or_default());
    Ok(vec![draft])
}

/// How long it took, s: by the file, or by the count and the rate of requests.
fn duration_s(state: Option<State>, config: Option<Config>, metrics: &Metrics) -> Option<f64> {
    let told = state.and_then(|s| s.duration_ms).map(|ms| ms / 1e3);
    let told = told.or_else(|| config.and_then(|c| c.duration));
    let by_rate = || {
        let requests = metrics.get("http_reqs")?;
        let rate = requests.get(&["rate"]).filter(|rate| *rate > 0.0)?;
        Some(requests.get(&["count"])? / rate)
    };
    told.filter(|s| s.is_finite() && *s > 0.0).or_else(by_rate)
}

/// Counts and latencies: of all, and of the names of which k6 has submetrics.
fn requests(draft: &mut Draft, metrics: &Metrics, total: u64) {
    let of = |name: &str, tag: &str| {
        metrics.get(&format!("{name}{tag}")).or_else(|| {
            // Spaces are k6's, too.
            metrics.get(&format!("{name}{}", tag.replace(':', ": ")))
        })
    };
    let failed_of = |tag: &str, count: u64| -> Option<u64> {
        let metric = of("http_req_failed", tag)?;
        let share = || metric.get(&["rate", "value"]).map(|share| share * count as f64);
        let known = metric.count(&["passes", "matches"]);
        let by_share =
            || share().filter(|n| (0.0..=COUNT_MAX).contains(n)).map(|n| n.round() as u64);
        known.or_else(by_share).map(|n| n.min(count))
    };
    let failed = failed_of("", total);
    if failed.is_none() {
        draft.warn("It does not say how many requests failed: none is counted as failed.");
    }
    let (mut rest, mut rest_failed) = (total, failed.unwrap_or_default().min(total));
    let mut named = false;
    let submetrics = metrics
        .range("http_reqs{".to_string()..)
        .take_while(|(name, _)| name.starts_with("http_reqs{"));
    for (name, metric) in submetrics.take(crate::draft::OPS_MAX) {
        let tag = name.trim_start_matches("http_reqs");
        let (Some(op), Some(count)) = (name_of(tag), metric.count(&["count"])) else { continue };
        let none_failed = (failed == Some(0)).then_some(0);
        let Some(bad) = failed_of(tag, count).or(none_failed) else { continue };
        let left = rest.checked_sub(count).zip(rest_failed.checked_sub(bad));
        let Some((after, after_failed)) = left.filter(|(all, bad)| bad <= all && count > 0) else {
            continue;
        };
        (rest, rest_failed) = (after, after_failed);
        named = true;
        add(draft, &op, count, bad);
        if let Some(trend) = of("http_req_duration", tag) {
            let given = given(draft, trend, Some(op), count);
            draft.given.push(given);
        }
    }
    if rest > 0 {
        add(draft, if named { "other requests" } else { "request" }, rest, rest_failed);
    }
    let Some(trend) = metrics.get("http_req_duration") else {
        draft.warn("It has no “http_req_duration”: latencies are not known.");
        return;
    };
    let whole = given(draft, trend, None, total);
    if !named {
        draft.given.push(GivenFile { op: Some("request".into()), ..whole.clone() });
    }
    draft.given.push(whole);
    if failed.is_some_and(|n| n > 0) {
        draft.warn(
            "It does not say why requests failed (refused, timed out, a bad status): all failures \
             stand as network errors.",
        );
    }
    draft.warn("k6 counts each hop of a redirect as a request of its own.");
}

fn add(draft: &mut Draft, op: &str, count: u64, failed: u64) {
    let place = draft.place(op, kind_by_name(op), "");
    draft.count(place, fwit_quantities::sample::Outcome::Ok, count.saturating_sub(failed));
    if failed > 0 {
        let why = failure_of(0, "");
        draft.count(place, why, failed);
        draft.errors(place, why, "failed; k6's summary does not say why", failed, None);
    }
}

/// `get` of `{name:get}`; `None` of a tag that is another, or of several.
fn name_of(tag: &str) -> Option<String> {
    let inner = tag.strip_prefix('{')?.strip_suffix('}')?.trim();
    let name = inner.strip_prefix("name:")?.trim().trim_matches('"');
    let one = !name.is_empty() && !name.contains(',') && !name.contains("://");
    one.then(|| crate::error::clip(name))
}

/// A trend's values. What does not rise is left out.
fn given(draft: &mut Draft, trend: &Metric, op: Option<String>, requests: u64) -> GivenFile {
    let mut points: Vec<(f64, u64)> = Vec::new();
    for (name, ms) in &trend.values {
        let p = match name.as_str() {
            "min" => Some(0.0),
            "med" => Some(0.5),
            other => percentile(other),
        };
        if let (Some(p), Some(us)) = (p, from_ms(*ms)) {
            points.push((p, us));
        }
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    points.dedup_by(|a, b| (a.0 - b.0).abs() < 1e-9);
    let mut rising: Vec<(f64, u64)> = Vec::with_capacity(points.len());
    for point in points {
        if rising.last().is_some_and(|last| point.1 < last.1) {
            draft.warn("Percentiles that are below smaller ones were left out.");
        } else {
            rising.push(point);
        }
    }
    rising.truncate(1_000);
    let max_us = trend.get(&["max"]).and_then(from_ms);
    GivenFile {
        op,
        node: None,
        count: trend.count(&["count"]).unwrap_or(requests),
        mean_us: trend.get(&["avg"]).filter(|ms| from_ms(*ms).is_some()).map(|ms| ms * 1e3),
        max_us: max_us.filter(|max| rising.last().is_none_or(|last| last.1 <= *max)),
        percentiles: rising,
    }
}

/// 0.999 of `p(99.9)`.
fn percentile(name: &str) -> Option<f64> {
    let p: f64 = name.strip_prefix("p(")?.strip_suffix(')')?.trim().parse().ok()?;
    (0.0..=100.0).contains(&p).then_some(p / 100.0)
}

fn thresholds(draft: &mut Draft, metrics: &Metrics) {
    for (name, metric) in metrics {
        for (expression, pass) in &metric.thresholds {
            if draft.thresholds.len() >= THRESHOLDS_MAX {
                draft.warn(format!("It has more than {THRESHOLDS_MAX} thresholds."));
                return;
            }
            let value = value_of(metric, expression);
            let time = metric.values.contains_key("avg");
            let words = match (value, *pass) {
                (Some((_, ms)), _) if time => format!("{ms:.2} ms"),
                (Some(("rate", share)), _) if !metric.values.contains_key("count") => {
                    format!("{:.2} %", share * 100.0)
                }
                (Some(("rate", rate)), _) => format!("{rate:.1}/s"),
                (Some((_, n)), _) => format!("{n}"),
                (None, Some(true)) => "held".to_string(),
                (None, Some(false)) => "crossed".to_string(),
                (None, None) => "this file does not say".to_string(),
            };
            draft.thresholds.push(ThresholdResult {
                text: crate::error::clip(&format!("{name} {expression}")),
                value: value.map(|(_, value)| value),
                words,
                pass: *pass,
                stopped: false,
            });
        }
    }
}

/// The value that an expression (`p(95)<500`) is about, and which it is.
fn value_of<'a>(metric: &Metric, expression: &'a str) -> Option<(&'a str, f64)> {
    let name = expression.split(['<', '>', '=', '!']).next()?.trim();
    let value = match name {
        // The older shape has a rate's value by this name.
        "rate" => metric.get(&["rate", "value"]),
        _ => metric.get(&[name]),
    };
    value.filter(|v| v.is_finite()).map(|v| (name, v))
}

fn checks_fact(draft: &mut Draft, metrics: &Metrics, machine: &[Value]) {
    let count = |name: &str| {
        let of_name = machine.iter().find(|m| m.get("name").and_then(Value::as_str) == Some(name));
        Metric::new(of_name?).count(&["count", "matches"])
    };
    let listed = metrics.get("checks").and_then(|checks| {
        let good = checks.count(&["passes"])?;
        Some((good, good.saturating_add(checks.count(&["fails"])?)))
    });
    let machine = || Some((count("checks_succeeded")?, count("checks_total")?));
    if let Some((good, all)) = listed.or_else(machine) {
        draft.facts.push(("checks".into(), format!("{good} of {all} succeeded")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Draft {
        read(&mut Input::new("x", text.as_bytes()).unwrap()).unwrap().remove(0)
    }

    #[test]
    fn true_means_crossed_in_the_older_shape_alone() {
        let text = |value: &str| {
            format!(
                r#"{{"metrics":{{"http_reqs":{{"count":2,"rate":1}},"http_req_duration":{{"avg":1,
                "p(95)":9,"thresholds":{{"p(95)<5":{value}}}}}}}}}"#
            )
        };
        for (value, pass) in
            [("true", false), ("false", true), (r#"{"ok":true}"#, true), (r#"{"ok":false}"#, false)]
        {
            let draft = one(&text(value));
            let found = &draft.thresholds[0];
            assert_eq!((found.pass, found.value), (Some(pass), Some(9.0)), "{value}");
        }
    }

    #[test]
    fn setup_data_goes_nowhere() {
        let text = r#"{"setup_data":{"token":"hush"},"options":{"hush":1},"metrics":{"http_reqs":
            {"count":2,"rate":1},"http_req_failed":{"value":0.5}}}"#;
        let run = one(text).finish("x").unwrap();
        assert!(!fwit_model::json::write(&run).contains("hush"));
        assert_eq!(run.window.measured_s, 2.0);
    }
}

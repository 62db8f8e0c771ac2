//! Reads Artillery's report (`artillery run --output FILE`). Spec:
//! <https://www.artillery.io/docs/reference/reported-metrics>. Made with:
//! `artillery run --output report.json test.yml`, version 2.0.21.
//!
//! Reads: aggregate and intermediate: counters of requests, statuses and errors, of all and by
//! endpoint; summaries of response times. Ignores: other engines' and own metrics, session lengths,
//! because a run of fwit has no place for them.
//! Clock: wall clock of the first and the last metric, ms; periods of ten seconds.
//! Loses: methods and addresses, what single seconds of a period were like.

use std::collections::BTreeMap;

use fwit_model::dialect::Kind;
use fwit_report::run::source::{Carries, Correction};
use serde::Deserialize;
use serde_json::Value;

use super::Importer;
use super::figures::{self, ENTRIES_MAX, Given};
use crate::draft::{About, Draft, outcome_of};
use crate::error::ImportError;
use crate::input::Input;

/// The importer.
pub const REPORT: Importer = Importer { tool: "Artillery", form: "report", recognizes, read };

const FORM: &str = "Artillery report";
const ENDPOINT: &str = "plugins.metrics-by-endpoint.";
const TIMES: &str = "plugins.metrics-by-endpoint.response_time.";
/// A period that says nothing of its length, ms.
const PERIOD_MS: i64 = 10_000;

fn recognizes(head: &[u8]) -> bool {
    let own = ["\"aggregate\"", "\"counters\"", "\"firstCounterAt\""];
    figures::has_all(head, &own)
        || figures::has_all(head, &["\"aggregate\"", "\"counters\"", "\"vusers.created\""])
}

#[derive(Deserialize)]
struct File {
    aggregate: Period,
    #[serde(default)]
    intermediate: Vec<Period>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Period {
    counters: BTreeMap<String, Value>,
    summaries: BTreeMap<String, Times>,
    histograms: BTreeMap<String, Times>,
    #[serde(rename = "firstMetricAt")]
    first: Value,
    #[serde(rename = "lastMetricAt")]
    last: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Times {
    min: Value,
    max: Value,
    count: Value,
    mean: Value,
    median: Value,
    p50: Value,
    p75: Value,
    p90: Value,
    p95: Value,
    p99: Value,
    p999: Value,
}

/// How an endpoint's requests, or all, ended: by status, and by what went wrong.
#[derive(Default)]
struct Ends {
    codes: BTreeMap<u16, u64>,
    errors: BTreeMap<String, u64>,
}

impl Period {
    fn count(&self, name: &str) -> u64 {
        self.counters.get(name).and_then(figures::count).unwrap_or_default()
    }

    fn times(&self, name: &str) -> Option<&Times> {
        self.summaries.get(name).or_else(|| self.histograms.get(name))
    }

    /// Counters `BEFORE…codes.200` and `BEFORE…errors.ECONNREFUSED`, by what stands between.
    fn ends(&self, before: &str) -> BTreeMap<&str, Ends> {
        let mut all: BTreeMap<&str, Ends> = BTreeMap::new();
        for (name, n) in &self.counters {
            let Some(rest) = name.strip_prefix(before) else { continue };
            let Some(n) = figures::count(n).filter(|n| *n > 0) else { continue };
            if let Some((endpoint, code)) = rest.rsplit_once("codes.") {
                if let Ok(code) = code.parse::<u16>() {
                    *all.entry(endpoint).or_default().codes.entry(code).or_default() += n;
                }
            } else if let Some((endpoint, text)) = rest.split_once("errors.") {
                let text = crate::error::clip(text);
                *all.entry(endpoint).or_default().errors.entry(text).or_default() += n;
            }
        }
        all
    }
}

fn read(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let file: File = figures::document(FORM, &input.text()?)?;
    let mut draft = Draft::new(About {
        tool: "Artillery",
        form: "report",
        unit: "ms",
        carries: Carries::Percentiles,
        corrected: Correction::Uncorrected,
        latency: "from sending a request to the first byte of its answer; answers of any status, \
                  each hop of a redirect by itself",
    });
    let all = &file.aggregate;
    if all.count("http.requests") == 0 && all.count("http.responses") == 0 {
        return Err(ImportError::empty(FORM, "it counts no HTTP requests"));
    }
    let whole = ms(&all.first).zip(ms(&all.last)).filter(|(first, last)| first <= last);
    if let Some((first, last)) = whole {
        draft.spans(first * 1_000, last * 1_000);
        draft.duration_s = Some(((last - first) as f64 / 1e3).max(0.001));
    }
    counts(&mut draft, all);
    if let Some(times) = all.times("http.response_time") {
        times.given().all(&mut draft);
    }
    let created = all.count("vusers.created");
    draft.facts.push(("virtual users".into(), created.to_string()));
    periods(&mut draft, &file.intermediate, whole);
    draft.warn("Artillery does not say methods: all its requests count as reads.");
    Ok(vec![draft])
}

/// Wall-clock ms of this century and the next.
fn ms(value: &Value) -> Option<i64> {
    figures::number(value).filter(|ms| (0.0..7.3e12).contains(ms)).map(|ms| ms as i64)
}

/// Counts by endpoint, and what belongs to none.
fn counts(draft: &mut Draft, all: &Period) {
    let mut rest = all.ends("").remove("http.").unwrap_or_default();
    rest.errors = all.ends("").remove("").unwrap_or_default().errors;
    let answered = rest.codes.values().sum::<u64>();
    // Requests without an answer; there may be fewer than errors, which scenarios have too.
    let requests = all.count("http.requests").max(answered);
    let mut open = requests - answered;
    for (endpoint, ends) in all.ends(ENDPOINT).iter().take(ENTRIES_MAX) {
        let name = endpoint.strip_suffix('.').unwrap_or(endpoint);
        let place = draft.place(name, Kind::Read, "");
        for (code, n) in &ends.codes {
            let left = rest.codes.entry(*code).or_default();
            let n = (*n).min(*left);
            *left -= n;
            figures::status_count(draft, place, *code, n);
        }
        for (text, n) in &ends.errors {
            let left = rest.errors.entry(text.clone()).or_default();
            let n = (*n).min(*left).min(open);
            (*left, open) = (*left - n, open - n);
            figures::failures(draft, place, text, n);
        }
        if let Some(times) = all.times(&format!("{TIMES}{name}")) {
            times.given().op(draft, place);
        }
    }
    rest.codes.retain(|_, n| *n > 0);
    rest.errors.retain(|_, n| *n > 0);
    if rest.codes.is_empty() && open == 0 && rest.errors.is_empty() {
        return;
    }
    let hops = open == 0 && rest.codes.keys().all(|code| (300..400).contains(code));
    let name = if hops { "redirects" } else { "other requests" };
    let place = draft.place(name, Kind::Read, "");
    for (code, n) in &rest.codes {
        figures::status_count(draft, place, *code, *n);
    }
    let mut scenarios = 0_u64;
    for (text, n) in &rest.errors {
        let of_requests = (*n).min(open);
        open -= of_requests;
        scenarios = scenarios.saturating_add(*n - of_requests);
        figures::failures(draft, place, text, of_requests);
    }
    figures::failures(draft, place, "no answer", open);
    if scenarios > 0 {
        draft.warn(format!(
            "Artillery counts {scenarios} errors of scenarios that are no request without an \
             answer: they are left out."
        ));
    }
}

impl Times {
    fn given(&self) -> Given {
        let half = if self.p50.is_null() { &self.median } else { &self.p50 };
        let list = [
            (0.0, &self.min),
            (50.0, half),
            (75.0, &self.p75),
            (90.0, &self.p90),
            (95.0, &self.p95),
            (99.0, &self.p99),
            (99.9, &self.p999),
        ];
        let one = |(p, value)| Some((p, figures::time(value, 1e3)?));
        Given {
            count: figures::count(&self.count).unwrap_or_default(),
            mean_us: figures::exact(&self.mean, 1e3),
            max_us: figures::time(&self.max, 1e3),
            percent: list.into_iter().filter_map(one).collect(),
            ..Given::default()
        }
    }
}

/// Seconds of the periods: what a period counts is spread over the seconds in which it has metrics.
fn periods(draft: &mut Draft, periods: &[Period], whole: Option<(i64, i64)>) {
    if periods.is_empty() {
        return;
    }
    let op = ("all requests", Kind::Read);
    for period in periods {
        let (Some(first), Some(last)) = (ms(&period.first), ms(&period.last)) else {
            draft.warn("Periods without a time were left out.");
            continue;
        };
        if whole.is_some_and(|(from, to)| first < from || last > to || first > last) {
            draft.warn("Periods outside of the run were left out.");
            continue;
        }
        let seconds = (last.min(first + 6 * PERIOD_MS) - first).max(0) / 1_000 + 1;
        let mut sums = [0_u64; 2];
        let ends = period.ends("").remove("http.").unwrap_or_default();
        for (code, n) in ends.codes {
            let at = usize::from(outcome_of(code).is_error());
            sums[at] = sums[at].saturating_add(n);
        }
        let missing = period.count("http.requests").saturating_sub(sums[0] + sums[1]);
        sums[1] += missing;
        let times = period.times("http.response_time");
        let half = times.and_then(|t| figures::time(&t.median, 1e3));
        let high = times.and_then(|t| figures::time(&t.p99, 1e3));
        for i in 0..seconds {
            let began_us = (first + i * 1_000) * 1_000;
            let part = |sum: u64| {
                let upto = |i: i64| i128::from(sum) * i128::from(i) / i128::from(seconds);
                u64::try_from(upto(i + 1) - upto(i)).unwrap_or_default()
            };
            draft.second_sums(began_us, op, part(sums[0]), part(sums[1]), None);
            if let (Some(half), Some(high)) = (half, high) {
                draft.second_percentiles(began_us, half, high.max(half));
            }
        }
    }
    draft.warn("Artillery tells periods of ten seconds: within one, charts over time are flat.");
}

//! Reads vegeta's report as JSON (`vegeta report --type json`). Spec:
//! <https://github.com/tsenart/vegeta>, `lib/metrics.go`. Made with: by hand (vegeta 12).
//!
//! Reads: latencies, buckets, duration, wait, requests, status codes, errors, earliest.
//! Ignores: bytes, because a run of fwit has none; rate, because it follows from the rest.
//! Clock: wall clock of the first request, and durations in nanoseconds. A run lasts from the first
//! request to the last answer, so that its rate is what vegeta calls throughput.
//! Loses: addresses, seconds, how often each error came.

use std::collections::BTreeMap;

use fwit_model::dialect::Kind;
use fwit_report::run::source::Carries;
use serde::Deserialize;
use serde_json::Value;

use super::Importer;
use super::figures::{self, ENTRIES_MAX, Given};
use crate::draft::Draft;
use crate::error::{ImportError, clip};
use crate::input::Input;
use crate::units::rfc3339;

/// The importer.
pub const REPORT: Importer = Importer { tool: "vegeta", form: "report", recognizes, read };

fn recognizes(head: &[u8]) -> bool {
    let own = ["\"latencies\"", "\"bytes_in\"", "\"bytes_out\"", "\"status_codes\""];
    figures::has_all(head, &own)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    latencies: BTreeMap<String, Value>,
    buckets: Option<BTreeMap<String, Value>>,
    earliest: Value,
    duration: Value,
    wait: Value,
    requests: Value,
    status_codes: BTreeMap<String, Value>,
    errors: Option<Vec<Value>>,
}

fn read(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let file: File = figures::document("vegeta report", &input.text()?)?;
    let mut draft = Draft::new(super::vegeta::about("report", Carries::Percentiles));
    let attack_s = figures::length(&file.duration, 1e-9);
    let wait_s = figures::length(&file.wait, 1e-9).unwrap_or_default();
    draft.duration_s = attack_s.map(|s| s + wait_s).or((wait_s > 0.0).then_some(wait_s));
    draft.started_us = file.earliest.as_str().and_then(rfc3339).filter(|us| *us > 0);
    let place = draft.place("request", Kind::Read, "");
    figures::statuses(&mut draft, place, &file.status_codes);
    let counted: u64 =
        file.status_codes.values().take(ENTRIES_MAX).filter_map(figures::count).sum();
    let requests = figures::count(&file.requests).unwrap_or(counted);
    if requests != counted {
        draft.warn("The statuses do not add up to the requests.");
    }
    let errors = file.errors.unwrap_or_default();
    let texts: Vec<String> = errors
        .iter()
        .filter_map(Value::as_str)
        .take(3)
        .map(|e| clip(super::vegeta::reason(e)))
        .collect();
    if !texts.is_empty() {
        draft.warn(format!(
            "The report says what went wrong, not how often: {} texts, the first are “{}”.",
            errors.len(),
            texts.join("”, “")
        ));
    }
    let of = |key: &str| file.latencies.get(key);
    let named = |(key, value): (&String, &Value)| {
        let p = key.strip_suffix("th")?.parse().ok()?;
        Some((p, figures::time(value, 1e-3)?))
    };
    let lowest = of("min").and_then(|v| figures::time(v, 1e-3)).map(|us| (0.0, us));
    let given = Given {
        count: requests,
        mean_us: of("mean").and_then(|v| figures::exact(v, 1e-3)),
        max_us: of("max").and_then(|v| figures::time(v, 1e-3)),
        percent: lowest.into_iter().chain(file.latencies.iter().filter_map(named)).collect(),
        more: edges(file.buckets.as_ref()),
    };
    given.only(&mut draft, place);
    draft.warn("vegeta's report does not say which addresses were asked.");
    Ok(vec![draft])
}

/// Where its buckets meet, so many percent were faster.
fn edges(buckets: Option<&BTreeMap<String, Value>>) -> Vec<(f64, u64)> {
    let one = |(key, n): (&String, &Value)| {
        let edge = figures::time(&Value::String(key.clone()), 1e-3)?;
        Some((edge, figures::count(n)?))
    };
    let some = buckets.into_iter().flatten().take(ENTRIES_MAX);
    let mut list: Vec<(u64, u64)> = some.filter_map(one).collect();
    list.sort_unstable();
    let all: u64 = list.iter().map(|(_, n)| n).sum();
    let mut below = 0;
    let mut points = Vec::new();
    for (edge, n) in list {
        if below > 0 && below < all {
            points.push((below as f64 / all as f64 * 100.0, edge));
        }
        below += n;
    }
    points
}

//! Reads Fortio's result file (`fortio load -json FILE`) and Nighthawk's `fortio` output. Spec:
//! <https://github.com/fortio/fortio>, `periodic/periodic.go` and `stats/stats.go`;
//! <https://github.com/envoyproxy/nighthawk>, `source/client/output_formatter_impl.cc`. Made with:
//! by hand.
//!
//! Reads: labels, start, durations, rates, threads, version, RetCodes, URL, DurationHistogram
//! (count, average, largest, percentiles, edges of its buckets). Ignores: ErrorsDurationHistogram,
//! because it is of a part of the same requests; credentials, payload and headers, because they are
//! secrets.
//! Clock: wall clock at the start, latencies in seconds. Fortio has its duration in nanoseconds,
//! Nighthawk in either.
//! Loses: what single seconds were like; which text a failure had.

use std::collections::BTreeMap;

use fwit_model::dialect::Kind;
use fwit_report::run::source::{Carries, Correction};
use serde::Deserialize;
use serde_json::Value;

use super::Importer;
use super::figures::{self, ENTRIES_MAX, Given};
use crate::draft::{About, Draft, Place};
use crate::error::{ImportError, clip};
use crate::input::Input;
use crate::units::{go_duration, rfc3339};

/// The importer. Nighthawk's file says by its counts, which are texts, whose it is.
pub const JSON: Importer = Importer { tool: "Fortio", form: "JSON", recognizes, read };

/// A duration above is of nanoseconds, below of seconds: 12 days of seconds, 1 ms of nanoseconds.
const NS_FROM: f64 = 1e6;

fn recognizes(head: &[u8]) -> bool {
    figures::has_all(head, &["\"DurationHistogram\"", "\"ActualQPS\"", "\"ActualDuration\""])
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct File {
    run_type: Value,
    labels: Value,
    start_time: Value,
    #[serde(rename = "RequestedQPS")]
    requested_qps: Value,
    requested_duration: Value,
    #[serde(rename = "ActualQPS")]
    actual_qps: Value,
    actual_duration: Value,
    num_threads: Value,
    version: Value,
    duration_histogram: Option<Histogram>,
    ret_codes: Option<BTreeMap<String, Value>>,
    #[serde(rename = "URL")]
    url: Value,
    destination: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Histogram {
    count: Value,
    min: Value,
    max: Value,
    avg: Value,
    data: Option<Vec<Bucket>>,
    percentiles: Option<Vec<Percentile>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Bucket {
    end: Value,
    percent: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Percentile {
    percentile: Value,
    value: Value,
}

fn read(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let file: File = figures::document("Fortio JSON", &input.text()?)?;
    let histogram = file.duration_histogram.unwrap_or_default();
    let nighthawk = histogram.count.is_string();
    let mut draft = Draft::new(About {
        tool: if nighthawk { "Nighthawk" } else { "Fortio" },
        form: if nighthawk { "Fortio JSON" } else { "JSON" },
        unit: "s",
        carries: Carries::Percentiles,
        corrected: if nighthawk { Correction::Unknown } else { Correction::Uncorrected },
        latency: "from sending a request to the end of its answer; all requests, failed ones too",
    });
    let text = |value: &Value| value.as_str().map(clip).filter(|text| !text.is_empty());
    draft.version = text(&file.version);
    draft.name = text(&file.labels).unwrap_or_default();
    draft.started_us = file.start_time.as_str().and_then(rfc3339).filter(|us| *us > 0);
    let unit = match figures::number(&file.actual_duration) {
        Some(n) if n < NS_FROM => 1.0,
        _ => 1e-9,
    };
    let asked_s = || go_duration(file.requested_duration.as_str()?).map(|us| us / 1e6);
    draft.duration_s = figures::length(&file.actual_duration, unit).or_else(asked_s);
    let threads = figures::count(&file.num_threads).filter(|n| *n <= 1_000_000);
    draft.entities_planned = threads.and_then(|n| u32::try_from(n).ok());
    // “max” is no rate.
    draft.offered_per_s = figures::rate(&file.requested_qps);
    for (label, value) in [("kind of run", &file.run_type), ("rate asked for", &file.requested_qps)]
    {
        draft.facts.extend(text(value).map(|text| (label.to_string(), text)));
    }
    let url = file.url.as_str().or_else(|| file.destination.as_str()).unwrap_or_default();
    let place = draft.place(figures::path(url), Kind::Read, url);
    let timed = figures::count(&histogram.count).unwrap_or_default();
    let codes = file.ret_codes.unwrap_or_default();
    let counted = answers(&mut draft, place, &codes, timed);
    if counted != timed {
        draft.warn(format!("It counts {counted} answers by their status and {timed} latencies."));
    }
    if let (Some(rate), Some(s)) = (figures::rate(&file.actual_qps), draft.duration_s)
        && (rate * s / counted.max(timed).max(1) as f64 - 1.0).abs() > 0.05
    {
        draft.warn("Its rate, its duration and its requests do not belong together.");
    }
    latency(&mut draft, place, &histogram, timed, nighthawk);
    Ok(vec![draft])
}

/// Counts statuses of HTTP, of gRPC (“SERVING”) and connections that failed (-1).
fn answers(draft: &mut Draft, place: Place, codes: &BTreeMap<String, Value>, timed: u64) -> u64 {
    let mut all = 0_u64;
    for (code, n) in codes.iter().take(ENTRIES_MAX) {
        let Some(n) = figures::count(n) else {
            draft.warn("Statuses without a count were left out.");
            continue;
        };
        all = all.saturating_add(n);
        match code.parse::<i64>() {
            Ok(status @ 1..1_000) => {
                figures::status_count(draft, place, u16::try_from(status).unwrap_or_default(), n);
            }
            Ok(_) => figures::failures(draft, place, "connection failed", n),
            Err(_) if matches!(code.as_str(), "SERVING" | "OK") => {
                figures::status_count(draft, place, 200, n);
            }
            Err(_) => figures::failures(draft, place, code, n),
        }
    }
    if codes.is_empty() && timed > 0 {
        draft.warn("It does not say how requests ended: all count as done.");
        figures::status_count(draft, place, 200, timed);
        return timed;
    }
    all
}

fn latency(draft: &mut Draft, place: Place, histogram: &Histogram, timed: u64, nighthawk: bool) {
    let lowest = figures::time(&histogram.min, 1e6).map(|us| (0.0, us));
    let told = histogram.percentiles.iter().flatten().take(ENTRIES_MAX);
    // Nighthawk's are shares of 1.
    let scale = if nighthawk { 100.0 } else { 1.0 };
    let told = told.filter_map(|p| {
        Some((figures::number(&p.percentile)? * scale, figures::time(&p.value, 1e6)?))
    });
    let mut more: Vec<(f64, u64)> = Vec::new();
    for bucket in histogram.data.iter().flatten().take(ENTRIES_MAX) {
        let point = figures::number(&bucket.percent).zip(figures::time(&bucket.end, 1e6));
        // What is without requests says nothing more.
        let Some((percent, us)) = point else { continue };
        if more.last().is_none_or(|(_, last)| *last < us) {
            more.push((percent, us));
        }
    }
    let given = Given {
        count: timed,
        mean_us: figures::exact(&histogram.avg, 1e6),
        max_us: figures::time(&histogram.max, 1e6).or_else(|| more.last().map(|(_, us)| *us)),
        percent: lowest.into_iter().chain(told).collect(),
        more,
    };
    given.only(draft, place);
}

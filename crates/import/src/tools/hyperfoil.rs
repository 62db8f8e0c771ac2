//! Reads Hyperfoil's `all.json`. Spec: `JsonWriter` of <https://github.com/Hyperfoil/Hyperfoil>,
//! schemas `run-schema/v2.0` and `v3.0`. Made with: `hyperfoil export -f json RUN`, 0.24 (by hand).
//!
//! Reads: of each phase and metric its counts, its histogram, its seconds, and failed SLAs.
//! Ignores: agents, because they are parts of the same; connections, sessions; the linear
//! histogram, because it ends at p95.
//! Clock: wall clock, ms since 1970; times of requests are ns.
//! Loses: the order of requests, their addresses; phases that are a warm-up.

use std::collections::{BTreeMap, BTreeSet};

use fwit_model::dialect::Kind;
use fwit_quantities::sample::Outcome;
use fwit_report::run::source::{Carries, Correction};
use fwit_report::run::view::ThresholdResult;
use serde::Deserialize;

use super::Importer;
use crate::draft::{About, Draft, Place};
use crate::error::{ImportError, clip};
use crate::input::Input;
use crate::units::from_ns;

/// The importer.
pub const ALL_JSON: Importer = Importer { tool: "Hyperfoil", form: "all.json", recognizes, read };

const FORM: &str = "Hyperfoil all.json";
/// Parts of a step of the histogram.
const SLICES: u64 = 20;
/// More requests than a run has.
const COUNT_MAX: i64 = 1_000_000_000_000;

fn recognizes(head: &[u8]) -> bool {
    let schema = b"hyperfoil.io/run-schema/";
    let object = head.trim_ascii_start().first() == Some(&b'{');
    object && head.windows(schema.len()).any(|w| w == schema)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    info: Info,
    version: Option<String>,
    failures: Vec<Failure>,
    stats: Vec<Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Info {
    benchmark: String,
    cancelled: bool,
}

/// An SLA that was not met.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Failure {
    phase: Option<String>,
    metric: Option<String>,
    message: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Entry {
    phase: String,
    metric: String,
    is_warmup: bool,
    total: Total,
    histogram: Histogram,
    series: Vec<Summary>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Total {
    start: i64,
    end: i64,
    summary: Summary,
    max_sessions: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Histogram {
    percentiles: Vec<Bucket>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Bucket {
    from: f64,
    to: f64,
    percentile: f64,
    count: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Summary {
    start_time: i64,
    mean_response_time: f64,
    percentile_response_time: BTreeMap<String, f64>,
    request_count: i64,
    response_count: i64,
    invalid: i64,
    #[serde(alias = "connectFailureCount")]
    connection_errors: i64,
    #[serde(alias = "timeouts")]
    request_timeouts: i64,
    #[serde(alias = "resetCount")]
    internal_errors: i64,
    /// Statuses, of old.
    #[serde(flatten)]
    statuses: Statuses,
    extensions: Extensions,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Extensions {
    http: Statuses,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Statuses {
    status_4xx: i64,
    status_5xx: i64,
}

/// Requests, by how they ended.
#[derive(Debug, Default)]
struct Counts {
    ok: u64,
    rejected: u64,
    unavailable: u64,
    network: u64,
    timeout: u64,
    aborted: u64,
}

impl Counts {
    fn errors(&self) -> u64 {
        self.rejected + self.unavailable + self.network + self.timeout
    }
}

impl Summary {
    /// `None` where a count can't be one.
    fn counts(&self) -> Option<Counts> {
        let n = |n: i64| (0..=COUNT_MAX).contains(&n).then_some(n as u64);
        let (requests, responses) = (n(self.request_count)?, n(self.response_count)?);
        let status = |of: fn(&Statuses) -> i64| {
            n(of(&self.statuses))?.checked_add(n(of(&self.extensions.http))?)
        };
        // A response is invalid by its status, or by a check of its text.
        let unavailable = status(|s| s.status_5xx)?.min(responses);
        let rejected = status(|s| s.status_4xx)?.min(responses - unavailable);
        let invalid = n(self.invalid)?.clamp(rejected + unavailable, responses);
        let rejected = invalid - unavailable;
        let network = n(self.connection_errors)?.checked_add(n(self.internal_errors)?)?;
        let timeout = n(self.request_timeouts)?;
        let ended = responses + network + timeout;
        Some(Counts {
            ok: responses - invalid,
            rejected,
            unavailable,
            network,
            timeout,
            aborted: requests.saturating_sub(ended),
        })
    }

    fn percentile(&self, name: &str) -> Option<u64> {
        self.percentile_response_time.get(name).and_then(|ns| from_ns(*ns))
    }
}

/// A time, ms since 1970, as µs.
fn time(ms: i64) -> Option<i64> {
    (1..7_300_000_000_000).contains(&ms).then(|| ms * 1_000)
}

fn read(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let text = input.text()?;
    let file: File = serde_json::from_str(&text).map_err(|e| {
        let place = format!("line {}, column {}", e.line(), e.column());
        ImportError::broken(FORM, place, e.to_string())
    })?;
    let mut draft = Draft::new(About {
        tool: "Hyperfoil",
        form: "all.json",
        unit: "ns",
        carries: Carries::Histogram,
        corrected: Correction::Uncorrected,
        latency: "from the sending of a request to the end of its answer, the wait for a \
                  connection not included; answered requests only",
    });
    draft.version = file.version;
    if !file.info.benchmark.is_empty() {
        draft.name = format!("Hyperfoil: {}", file.info.benchmark);
    }
    if file.info.cancelled {
        draft.warn("It was cancelled before its planned end.");
    }
    let (warm, measured): (Vec<_>, Vec<_>) = file.stats.iter().partition(|e| e.is_warmup);
    if !warm.is_empty() {
        draft.warn("Phases that are a warm-up were left out.");
    }
    let phases: BTreeSet<&str> = measured.iter().map(|e| e.phase.as_str()).collect();
    for entry in &measured {
        let op = match phases.len() {
            0 | 1 => entry.metric.clone(),
            _ => format!("{}: {}", entry.phase, entry.metric),
        };
        one(&mut draft, entry, &op, measured.len() == 1);
    }
    let starts = measured.iter().filter_map(|e| time(e.total.start));
    let ends = measured.iter().filter_map(|e| time(e.total.end));
    if let (Some(start), Some(end)) = (starts.min(), ends.max()) {
        draft.started_us = Some(start);
        draft.duration_s = Some((end - start) as f64 / 1e6);
    }
    let sessions = measured.iter().map(|e| e.total.max_sessions).max();
    draft.entities_planned = sessions.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    for failure in file.failures.iter().take(100) {
        let of: Vec<&str> =
            [&failure.phase, &failure.metric].into_iter().flatten().map(String::as_str).collect();
        draft.thresholds.push(ThresholdResult {
            text: clip(&format!("SLA of {}", of.join(", "))),
            value: None,
            words: clip(failure.message.as_deref().unwrap_or("not met")),
            pass: Some(false),
            stopped: false,
        });
    }
    Ok(vec![draft])
}

fn one(draft: &mut Draft, entry: &Entry, op: &str, alone: bool) {
    let summary = &entry.total.summary;
    let Some(counts) = summary.counts() else {
        draft.warn("Metrics whose counts can't be right were left out.");
        return;
    };
    let place = draft.place(op, Kind::Read, "");
    draft.count(place, Outcome::Ok, counts.ok);
    draft.count(place, Outcome::Aborted, counts.aborted);
    for (outcome, text, n) in [
        (Outcome::Rejected, "4xx, or invalid by a check", counts.rejected),
        (Outcome::Unavailable, "5xx", counts.unavailable),
        (Outcome::Network, "connection or internal error", counts.network),
        (Outcome::Timeout, "timeout", counts.timeout),
    ] {
        if n > 0 {
            draft.count(place, outcome, n);
            draft.errors(place, outcome, text, n, None);
        }
    }
    latencies(draft, place, entry);
    for second in &entry.series {
        let (Some(at), Some(counts)) = (time(second.start_time), second.counts()) else {
            draft.warn("Seconds without a time or with impossible counts were left out.");
            continue;
        };
        draft.second_sums(at, (op, Kind::Read), counts.ok, counts.errors(), None);
        if let (true, Some(p50), Some(p99)) =
            (alone, second.percentile("50.0"), second.percentile("99.0"))
        {
            draft.second_percentiles(at, p50, p99);
        }
    }
}

/// The requests of each step of the histogram: one at its upper end, the rest evenly below, as far
/// down as the mean says. So the mean and percentiles at ends of steps are as told.
fn latencies(draft: &mut Draft, place: Place, entry: &Entry) {
    let mut steps = Vec::new();
    for bucket in entry.histogram.percentiles.iter().filter(|b| b.count != 0) {
        let count = (1..=COUNT_MAX).contains(&bucket.count).then_some(bucket.count as u64);
        let (Some(to), Some(from), Some(count)) = (from_ns(bucket.to), from_ns(bucket.from), count)
        else {
            draft.warn("Steps of a histogram that can't be right were left out.");
            continue;
        };
        // The first is of one value: it is from 0.
        let width = if bucket.percentile > 0.0 { to.saturating_sub(from) } else { 0 };
        steps.push((to, width, count));
    }
    let sum = |of: fn(&(u64, u64, u64)) -> f64| steps.iter().map(of).sum::<f64>();
    let timed = sum(|(_, _, count)| *count as f64);
    let upper = sum(|(to, _, count)| *to as f64 * *count as f64);
    let most = sum(|(_, width, count)| *width as f64 * (*count - 1) as f64 / 2.0);
    let told = Some(entry.total.summary.mean_response_time).filter(|ns| *ns > 0.0);
    let told = told.and_then(from_ns).map(|us| us as f64 * timed);
    let deep = match told {
        Some(told) if most > 0.0 => ((upper - told) / most).clamp(0.0, 1.0),
        _ => 1.0,
    };
    let before = draft.cell(place).sum_us;
    for (to, width, count) in steps {
        let rest = count - 1;
        let slices = rest.min(SLICES);
        draft.latency(place, to, 1);
        for slice in 0..slices {
            let share = rest / slices + u64::from(slice < rest % slices);
            let down = width as f64 * deep * (slice as f64 + 0.5) / slices as f64;
            draft.latency(place, to.saturating_sub(down as u64), share);
        }
    }
    if let Some(told) = told {
        draft.cell(place).sum_us = before + told;
    }
}

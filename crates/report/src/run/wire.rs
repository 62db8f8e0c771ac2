//! The run's file form, version 2. Described in docs/format.md; frozen: a change of meaning is a
//! new version with an upgrade step, in a file of its own (`upgrade`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::labels::Labels;
use super::source::{GivenFile, Source};
use super::view::{
    Ended, ErrorGroup, HealthView, Leadership, Measure, SubscribersView, ThresholdResult,
    TimeSources, TimelineEvent, Verification, Vitals,
};
use fwit_model::dialect::Kind;
use fwit_model::plan::wire::PlanFile;
use fwit_quantities::sample::Outcome;
use fwit_stats::recorder::PartSums;

/// The newest version of the run's file form.
pub const VERSION: u32 = 2;

/// A run as its file has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunFile {
    /// Always `fwit-run`.
    pub format: String,
    /// Version of the form.
    pub version: u32,
    pub id: String,
    pub name: String,
    /// What the user says of it; left out where that is nothing.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    pub plan: PlanFile,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: String,
    pub ended: Ended,
    /// Lengths that were really run.
    pub window: WindowFile,
    /// What browser and machine: label to text.
    pub environment: BTreeMap<String, String>,
    pub time_sources: TimeSources,
    pub operations: Vec<OperationFile>,
    pub nodes: Vec<NodeFile>,
    /// Operation to counts, of the measured window.
    pub totals: BTreeMap<String, CountsFile>,
    /// Operation to counts, of the warm-up.
    pub warmup_totals: BTreeMap<String, CountsFile>,
    /// The measured window's counts by operation and node asked.
    pub counts: Vec<NodeCountsFile>,
    pub latency: Vec<LatencyFile>,
    /// Latencies of another tool that has no distribution of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<GivenFile>,
    /// Times of which a lower bound is known only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub censored: Vec<CensoredFile>,
    /// Where the response times of the measured window's answers went. Empty in files of version 1:
    /// there it was not split.
    #[serde(default)]
    pub parts: Vec<PartsFile>,
    pub series: SeriesFile,
    pub entities: Vec<EntityFile>,
    pub subscribers: SubscribersView,
    pub errors: Vec<ErrorGroup>,
    pub concurrency: ConcurrencyFile,
    pub health: HealthView,
    /// What became of the plan's thresholds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<ThresholdResult>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// Who led when; none in files of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leadership: Option<Leadership>,
    /// Faults, notes, changes of the load; none in files of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<TimelineEvent>,
    /// The nodes' vitals; none in files of before, and where they told none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vitals: Option<Vitals>,
    /// Which tool's file it was made of, where it is not fwit's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowFile {
    pub warmup_s: f64,
    pub measured_s: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationFile {
    pub name: String,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeFile {
    pub name: String,
    pub url: String,
    pub lanes: Vec<String>,
    /// Whether it said it leads, when last asked.
    pub leads: Option<bool>,
    /// `HTTP/1.1`, `HTTP/2`, `HTTP/3`, `unknown`.
    pub protocol: String,
    pub timing_header: Option<bool>,
    pub in_flight: f64,
    pub slots: u32,
    pub new_connections: u64,
    /// Hops that reached it in the measured window: requests, and those sent on to it.
    #[serde(default)]
    pub hops: u64,
    /// Requests for its status (who leads?) in the whole run. They are no load.
    #[serde(default)]
    pub status_requests: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discovered: bool,
}

/// `issued` is the sum of the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountsFile {
    pub issued: u64,
    pub ok: u64,
    pub not_found: u64,
    pub conflict: u64,
    pub not_leader: u64,
    pub rate_limited: u64,
    pub rejected: u64,
    pub unavailable: u64,
    pub network: u64,
    pub timeout: u64,
    pub aborted: u64,
}

impl CountsFile {
    /// From counts in the order of `Outcome::ALL`.
    #[must_use]
    pub fn new(issued: u64, c: [u64; 10]) -> CountsFile {
        CountsFile {
            issued,
            ok: c[0],
            not_found: c[1],
            conflict: c[2],
            not_leader: c[3],
            rate_limited: c[4],
            rejected: c[5],
            unavailable: c[6],
            network: c[7],
            timeout: c[8],
            aborted: c[9],
        }
    }

    /// In the order of `Outcome::ALL`.
    #[must_use]
    pub fn outcomes(&self) -> [u64; 10] {
        [
            self.ok,
            self.not_found,
            self.conflict,
            self.not_leader,
            self.rate_limited,
            self.rejected,
            self.unavailable,
            self.network,
            self.timeout,
            self.aborted,
        ]
    }

    /// Whether nothing was lost and nothing invented.
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        self.outcomes().iter().fold(0_u64, |a, b| a.saturating_add(*b)) == self.issued
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeCountsFile {
    pub op: String,
    pub node: String,
    pub redirected: u64,
    /// CORS preflights of these requests' hops, by the browser's rules.
    #[serde(default)]
    pub preflights: u64,
    /// Answers that came in the measured window, whenever they were issued. Files that do not say
    /// it count the answers that were issued in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<u64>,
    #[serde(flatten)]
    pub counts: CountsFile,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatencyFile {
    pub op: String,
    /// The node asked.
    pub node: String,
    pub redirected: bool,
    pub measure: Measure,
    pub count: u64,
    pub mean_us: f64,
    pub max_us: u64,
    /// HdrHistogram V2, deflate, base64; microseconds.
    pub hist: String,
}

impl NodeCountsFile {
    /// Answers of the measured window that make its rate.
    #[must_use]
    pub fn completed(&self) -> u64 {
        let answers = || {
            let all = Outcome::ALL.into_iter().zip(self.counts.outcomes());
            all.filter(|(o, _)| o.is_answer()).fold(0_u64, |sum, (_, n)| sum.saturating_add(n))
        };
        self.completed.unwrap_or_else(answers)
    }
}

/// Latencies that were given up: timeouts, what Stop cut off, what never got a slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CensoredFile {
    pub op: String,
    /// The node asked.
    pub node: String,
    pub redirected: bool,
    pub measure: Measure,
    pub count: u64,
    /// Lower bounds: HdrHistogram V2, deflate, base64; microseconds.
    pub hist: String,
}

/// Sums over some answers, in microseconds. The five parts sum up to their response times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartsFile {
    pub op: String,
    /// The node asked.
    pub node: String,
    pub redirected: bool,
    #[serde(flatten)]
    pub sums: PartSums,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesFile {
    /// Always 1.
    pub interval_s: u32,
    pub seconds: Vec<SecondFile>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecondFile {
    /// Since the start, warm-up included.
    pub t_s: u32,
    pub in_flight: f32,
    pub waiting: f32,
    /// Little's law over the five seconds that end with this one.
    #[serde(rename = "closure", default, skip_serializing_if = "Option::is_none")]
    pub littles_law_ratio: Option<f32>,
    /// With stages: entities or arrivals a second that the plan wanted in the middle of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f32>,
    /// p50 and p99 of the second, µs, where another tool gave them and no distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_us: Option<[u32; 2]>,
    /// Operations that ended a request in it.
    pub ops: BTreeMap<String, SecondOpFile>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondOpFile {
    /// Answers.
    pub answers: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub errors: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub aborted: u32,
    /// Sparse histogram of what the cluster took: see docs/format.md, "Sparse histograms". Version
    /// 1 called it `service`.
    #[serde(default, alias = "service", skip_serializing_if = "Vec::is_empty")]
    pub cluster: Vec<u32>,
    /// Sparse histogram of response times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response: Vec<u32>,
}

fn is_none_of_them(n: &u64) -> bool {
    *n == 0
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntityFile {
    pub name: String,
    pub home: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latched: Option<String>,
    pub errors: u64,
    /// Operations it got answers of.
    pub ops: BTreeMap<String, EntityOpFile>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntityOpFile {
    pub count: u64,
    /// What the cluster took: redirects and service.
    pub mean_us: f64,
    pub sd_us: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConcurrencyFile {
    pub entities: u32,
    pub effective: f64,
    pub waiting: f64,
    #[serde(rename = "closure")]
    pub littles_law_ratio: Option<f64>,
    /// Open model: arrivals that were due in the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<u64>,
    /// Open model: arrivals that were dropped in the whole run, because as many waited as may.
    #[serde(default, skip_serializing_if = "is_none_of_them")]
    pub dropped: u64,
    /// Open model: arrivals a second that were due in the measured window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered_per_s: Option<f64>,
}

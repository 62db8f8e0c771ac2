//! Where a run comes from that fwit did not make: another tool's file, and what that can tell.

use serde::{Deserialize, Serialize};

use super::percentiles::{Given, PERCENTILES, Summary};
use super::view::Curve;

/// What the plan of a run of another tool names as its protocol.
pub const IMPORTED: &str = "imported";

/// Another tool's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// `k6`, `Locust` …
    pub tool: String,
    /// Its version, where the file says it.
    pub version: Option<String>,
    /// Which of its files: `summary`, `JSON lines` …
    pub form: String,
    /// The file's name.
    pub file: String,
    /// In what the file has its times: `ms`, `µs`, `s` …
    pub unit: String,
    /// How finely it tells latencies.
    pub carries: Carries,
    /// Whether latencies were corrected for coordinated omission.
    pub corrected: Correction,
    /// What the tool calls a latency: from when to when, and of which requests.
    pub latency: String,
    /// What was skipped or is doubtful, a sentence each.
    pub warnings: Vec<String>,
}

/// How finely a file tells latencies. Each can do what those after it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carries {
    /// Each request's.
    Samples,
    /// How many by value.
    Histogram,
    /// Some percentiles.
    Percentiles,
    /// Counts and means.
    Means,
}

/// Whether a tool corrected its latencies for coordinated omission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// They are from when each request was due.
    Corrected,
    /// They are from when each was sent: those that had to wait for a slow one look fast.
    Uncorrected,
    /// The file does not say it.
    Unknown,
}

/// Latencies of which a file has no distribution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GivenFile {
    /// The operation, null for all.
    pub op: Option<String>,
    /// The node asked, null for all.
    pub node: Option<String>,
    /// Requests that they are of.
    pub count: u64,
    /// Mean, µs; null where the file has none.
    pub mean_us: Option<f64>,
    /// Largest, µs; null where the file has none.
    pub max_us: Option<u64>,
    /// Percentile (0 to 1) and value in µs, both rising.
    pub percentiles: Vec<(f64, u64)>,
}

impl GivenFile {
    /// The value at a percentile that the file has.
    #[must_use]
    pub fn at(&self, p: f64) -> Option<u64> {
        self.percentiles.iter().find(|(own, _)| (own - p).abs() < 1e-9).map(|(_, us)| *us)
    }
}

/// The figures of a table.
#[must_use]
pub fn summary(given: &GivenFile) -> Summary {
    let at = PERCENTILES.map(|p| given.at(p));
    Summary {
        count: given.count,
        mean_us: given.mean_us.unwrap_or_default(),
        max_us: given.max_us.unwrap_or_default(),
        at_us: at.map(Option::unwrap_or_default),
        censored: None,
        given: Some(Given {
            mean: given.mean_us.is_some(),
            max: given.max_us.is_some(),
            at: at.map(|us| us.is_some()),
        }),
    }
}

/// The percentiles as a curve. It ends with the last that is given: a line from there to the
/// largest would be made up.
#[must_use]
pub fn curve(given: &GivenFile) -> Curve {
    let inner = given.percentiles.iter().filter(|(p, _)| *p < 1.0);
    let points: Vec<(f64, u64)> = inner.copied().collect();
    // A curve of fewer points is none.
    let count = if points.len() < 3 { 0 } else { given.count };
    Curve { op: given.op.clone(), node: given.node.clone(), count, points }
}

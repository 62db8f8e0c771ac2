//! Intervals of separate runs and of their ratios, as they travel from worker to page. Latencies in
//! microseconds.

use serde::{Deserialize, Serialize};

use fwit_quantities::sample::Measure;

/// The percentiles of which intervals are made.
pub const RANKS: [f64; 12] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999];

/// The level of every interval here.
pub const LEVEL: f64 = 0.95;

/// A number with its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The number itself.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// One run's part of a scope.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunSpread {
    /// Answers in the seconds looked at.
    pub count: u64,
    /// Answers a second; `None` where its seconds say too little.
    pub rate: Option<Spread>,
    /// Latency at each of [`RANKS`]; `None` there too, and where too few answers lie above.
    pub at: Vec<Option<Spread>>,
}

/// A run over the first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RatioSpread {
    /// Of the rates; `None` where one of both has none.
    pub rate: Option<Spread>,
    /// Of the latencies at each of [`RANKS`]; `None` where one of both has none.
    pub at: Vec<Option<Spread>>,
}

/// All operations, or one, over all runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scope {
    /// The operation, `None` for all.
    pub op: Option<String>,
    /// A part a run; `None` where it has too little.
    pub runs: Vec<Option<RunSpread>>,
    /// A ratio a run to the first; `None` for the first, and where one of both has too little.
    pub ratios: Vec<Option<RatioSpread>>,
}

/// Separate runs with the intervals that one run's seconds give.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunIntervals {
    /// The latency looked at; a wait has no series, its place takes the response.
    pub measure: Measure,
    /// Seconds of each run that were looked at.
    pub seconds: Vec<u32>,
    /// All operations first, then one by one.
    pub scopes: Vec<Scope>,
    /// Why a run has no intervals, a sentence each.
    pub problems: Vec<String>,
}

impl RunIntervals {
    /// The scope of an operation, or of all.
    #[must_use]
    pub fn scope(&self, op: Option<&str>) -> Option<&Scope> {
        self.scopes.iter().find(|s| s.op.as_deref() == op)
    }
}

/// The place of a percentile in [`RANKS`].
#[must_use]
pub fn rank_place(p: f64) -> Option<usize> {
    RANKS.iter().position(|r| (r - p).abs() < 1e-9)
}

//! The instrument's verdict on its own run, the annotations of its time, and the thresholds: what a
//! page shows of them.
//!
//! Invariant: plain data that travels between worker and page and stands in the run file as it is.

use serde::{Deserialize, Serialize};

pub use fwit_engine::instrument::{Calibration, Disturbance};

/// Whether the numbers are the cluster's, in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HealthVerdict {
    /// No sign against them.
    #[default]
    Healthy,
    /// One sign: read it before the numbers.
    Doubtful,
    /// Two signs or more, or less concurrency than the plan asks for: the browser made the numbers.
    ClientLimited,
    /// Nothing was measured that could be judged.
    NotJudged,
}

impl HealthVerdict {
    /// As files and thresholds write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            HealthVerdict::Healthy => "healthy",
            HealthVerdict::Doubtful => "doubtful",
            HealthVerdict::ClientLimited => "client-limited",
            HealthVerdict::NotJudged => "not judged",
        }
    }
}

/// What the instrument says of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HealthView {
    /// In one word.
    #[serde(default)]
    pub verdict: HealthVerdict,
    /// Sentences on what made the numbers doubtful; empty is healthy.
    pub signs: Vec<String>,
    /// Those of the signs that are the instrument's own (time stood still, late timers, CPU
    /// pressure): nothing that the cluster does brings them about.
    #[serde(default)]
    pub instrument: Vec<String>,
    /// Sentences on how the load was less than the plan asks for: facts of the load, and no sign
    /// against its times.
    #[serde(default)]
    pub limits: Vec<String>,
    /// Named figures for people: label and text.
    pub facts: Vec<(String, String)>,
    /// What happened when.
    #[serde(default)]
    pub annotations: Vec<Annotation>,
    /// What could be better next time; no sign against the numbers.
    #[serde(default)]
    pub hints: Vec<String>,
    /// How fast this browser is, where that was measured.
    #[serde(default)]
    pub calibration: Option<Calibration>,
}

/// A span of the run in which something disturbed the instrument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Annotation {
    /// Since the start of the run, s.
    pub at_s: f64,
    /// Its end, s; the same for a moment.
    pub until_s: f64,
    /// What.
    pub kind: Disturbance,
    /// For people.
    pub words: String,
}

/// What became of one threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdResult {
    /// As the plan has it.
    pub text: String,
    /// The value: ms, share (0 to 1), answers a second, or 0, 1, 2 for the verdicts. `None` without
    /// enough samples.
    pub value: Option<f64>,
    /// The value for people.
    pub words: String,
    /// Whether it held; `None` without a value.
    pub pass: Option<bool>,
    /// It ended the run.
    #[serde(default)]
    pub stopped: bool,
}

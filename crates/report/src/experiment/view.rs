//! What a page shows of an experiment: verdicts, table rows, intervals, periods in time order. It
//! is computed in a worker.
//!
//! May not enter: statistics, drawing.
//! Invariant: plain data that travels between worker and page; latencies in microseconds, ratios as
//! B over A.
//! Tests: beside `analyze`, which makes it.

use serde::{Deserialize, Serialize};

use crate::run::view::{Ended, RunView};

/// Where an experiment is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Number of the pair under way, from 0.
    pub pair: u32,
    /// Pairs planned.
    pub pairs: u32,
    /// Which try of the pair this is, from 1.
    pub attempt: u32,
    /// Number of the arm under way, from 0.
    pub arm: u32,
    /// Periods over.
    pub done: u32,
    /// Periods in all, repeats so far included.
    pub planned: u32,
    /// Pairs that count so far.
    pub good: u32,
    /// Periods so far that do not count.
    pub dropped: u32,
    /// Why the last of them does not.
    pub last_dropped: Option<String>,
    /// Since the start, at the begin of this period, µs.
    pub elapsed_us: u64,
    /// About how long from there to the end, µs.
    pub left_us: u64,
}

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricUnit {
    /// Answers a second.
    PerSecond,
    /// Microseconds.
    Micros,
}

/// One of the four fixed verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictName {
    /// B differs from A by more than the margin.
    Different,
    /// A difference is there, and it is smaller than the margin.
    SmallerThanMargin,
    /// Equivalent within the margin.
    NoRelevantDifference,
    /// The pairs do not tell yet.
    Inconclusive,
}

impl VerdictName {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            VerdictName::Different => "different",
            VerdictName::SmallerThanMargin => "smaller than the margin",
            VerdictName::NoRelevantDifference => "no relevant difference",
            VerdictName::Inconclusive => "inconclusive",
        }
    }
}

/// One metric of two arms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricView {
    /// Its name: `throughput`, `read p50`.
    pub name: String,
    /// What it counts.
    pub unit: MetricUnit,
    /// Median over A's periods.
    pub a: f64,
    /// Median over B's periods.
    pub b: f64,
    /// Hodges-Lehmann estimate of B over A.
    pub ratio: f64,
    /// Its 95 % interval; null below 6 pairs.
    pub ci95: Option<[f64; 2]>,
    /// Its 90 % interval, which decides equivalence.
    pub ci90: Option<[f64; 2]>,
    /// Two-sided p of the sign-flip test.
    pub p: f64,
    /// That p, corrected over the primary metrics (Holm); the same where there is no correction.
    pub p_corrected: f64,
    /// p of equivalence (two one-sided t-tests); null where the pairs do not vary.
    pub p_equivalence: Option<f64>,
    /// Smallest ratio that matters, less 1.
    pub margin: f64,
    /// The verdict.
    pub verdict: VerdictName,
    /// About how many more pairs it takes, where it is inconclusive and the pairs tell that.
    pub more_pairs: Option<u64>,
    /// The verdict as a sentence, without a full stop.
    pub text: String,
    /// Pairs it rests on.
    pub pairs: u32,
    /// Whether B is better, by its estimate.
    pub improves: bool,
}

/// B against A at one percentile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShiftView {
    /// The percentile as a share.
    pub p: f64,
    /// Pairs with enough answers.
    pub pairs: u32,
    /// Estimate of the ratio.
    pub ratio: Option<f64>,
    /// 95 % interval at this percentile alone.
    pub ci95: Option<[f64; 2]>,
    /// Interval that covers all percentiles together.
    pub band: Option<[f64; 2]>,
    /// Sign-flip p, corrected over the percentiles (Hochberg); null where no pair counts.
    pub p_corrected: Option<f64>,
}

/// One arm against the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparisonView {
    /// The reference's name.
    pub a: String,
    /// The other's name.
    pub b: String,
    /// Number of the other arm.
    pub arm: u32,
    /// The outcome in one or two sentences.
    pub headline: String,
    /// The primary metrics, corrected together.
    pub primaries: Vec<MetricView>,
    /// Further metrics, uncorrected: exploratory.
    pub exploratory: Vec<MetricView>,
    /// The A-A control: each arm's neighbouring periods against each other, through the same
    /// analysis.
    pub control: Vec<MetricView>,
    /// The shift function of reads, writes and all operations.
    pub shift: Vec<(String, Vec<ShiftView>)>,
}

/// Drift of the first arm's periods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftView {
    /// The metric.
    pub name: String,
    /// Mann-Kendall p.
    pub p: f64,
    /// Whether it drifts (|z| > 1.96).
    pub drifts: bool,
    /// Theil-Sen slope over the median, a minute.
    pub per_minute: f64,
}

/// One period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeriodView {
    /// Number of its pair, from 0.
    pub pair: u32,
    /// Which try of the pair.
    pub attempt: u32,
    /// Number of its arm.
    pub arm: u32,
    /// Since the experiment's start, s.
    pub started_s: f64,
    /// The primary metrics' values, in their order.
    pub values: Vec<Option<f64>>,
    /// Why it does not count.
    pub excluded: Option<String>,
    /// Who led at its end.
    pub leader: Option<String>,
    /// Requests that failed, as a share.
    pub error_share: f64,
    /// The run's id.
    pub run_id: String,
}

/// A latency curve of one arm: at each percentile the centre (Hodges-Lehmann, on the logarithm) of
/// that percentile of the periods that count, and the interval of that centre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurveView {
    /// Number of the arm.
    pub arm: u32,
    /// `reads`, `writes`, `all operations`.
    pub of: String,
    /// Answers under it.
    pub count: u64,
    /// Percentile (0 to 1), value, low and high end of the 95 % interval, µs; the ends are NaN
    /// below 6 periods.
    pub points: Vec<[f64; 4]>,
}

/// One arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmView {
    /// Its name.
    pub name: String,
    /// What it changes: path and value, as text.
    pub changes: Vec<(String, String)>,
    /// All its periods that count, as one run; entities of each pair stand for themselves.
    pub run: Option<RunView>,
}

/// An experiment, ready to be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExperimentView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// RFC 3339, UTC; empty where it was not carried out.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: String,
    /// How it ended; `None` where it was not carried out.
    pub ended: Option<Ended>,
    /// Why it ended before its time.
    pub trouble: Option<String>,
    /// The arms.
    pub arms: Vec<ArmView>,
    /// Pairs planned.
    pub pairs: u32,
    /// Pairs that count.
    pub pairs_used: u32,
    /// Pairs from which on a difference can be claimed.
    pub claim_from: u32,
    /// Length of a period, s.
    pub period_s: f64,
    /// Its start that is left out, s.
    pub settle_s: f64,
    /// Names and units of the primary metrics, as in [`PeriodView::values`].
    pub metrics: Vec<(String, MetricUnit)>,
    /// Each arm against the first.
    pub comparisons: Vec<ComparisonView>,
    /// All periods, in time order.
    pub periods: Vec<PeriodView>,
    /// Drift of the first arm.
    pub drift: Vec<DriftView>,
    /// Percentile curves.
    pub curves: Vec<CurveView>,
    /// What to keep in mind, a sentence each.
    pub notes: Vec<String>,
    /// Browser and machine: label and text.
    pub environment: Vec<(String, String)>,
    /// What a calibration before the start found.
    pub calibration: Vec<(String, String)>,
    /// The base plan, as JSON text.
    pub plan_json: String,
}

impl ExperimentView {
    /// Whether it ran over simulated clusters: nothing was sent.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        let says = ("cluster".to_string(), "simulated".to_string());
        let runs = || self.arms.iter().filter_map(|arm| arm.run.as_ref());
        runs().any(|run| run.simulated) || self.environment.contains(&says)
    }
}

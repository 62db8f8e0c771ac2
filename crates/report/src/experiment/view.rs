//! What a page shows of an experiment: verdicts, table rows, intervals, periods in time order. It
//! is computed in a worker.
//!
//! May not enter: statistics, drawing.
//! Invariant: plain data that travels between worker and page; latencies in microseconds, ratios as
//! B over A.
//! Tests: beside `analyze`, which makes it.

use serde::{Deserialize, Serialize};

use crate::run::labels::Labels;
use crate::run::view::{Ended, RunView};

/// What may be claimed of a metric while the experiment is under way, by its e-value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafeClaim {
    /// The metric.
    pub metric: String,
    /// Number of the arm that is compared with the first.
    pub arm: u32,
    /// The verdict by e-values.
    pub verdict: VerdictName,
    /// The verdict as a sentence, without a full stop.
    pub words: String,
}

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
    /// What may be claimed of the pairs so far at any time, metric by metric; empty where orders
    /// are balanced.
    pub claims: Vec<SafeClaim>,
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

/// One of the five fixed verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictName {
    /// B differs from A by more than the margin.
    Different,
    /// A difference is there; whether it is larger than the margin is open.
    DifferentMarginOpen,
    /// A difference is there, and it is smaller than the margin.
    SmallerThanMargin,
    /// Equivalent within the margin.
    NoRelevantDifference,
    /// The pairs do not tell yet.
    Inconclusive,
}

impl VerdictName {
    /// Whether it claims a difference, of whatever size.
    #[must_use]
    pub fn is_difference(self) -> bool {
        !matches!(self, VerdictName::NoRelevantDifference | VerdictName::Inconclusive)
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            VerdictName::Different => "different",
            VerdictName::DifferentMarginOpen => "different, margin open",
            VerdictName::SmallerThanMargin => "different, smaller than the margin",
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
    /// Geometric mean over A's periods.
    pub a: f64,
    /// Geometric mean over B's periods.
    pub b: f64,
    /// B over A: the mean log ratio of the pairs whose A ran first and of those whose B did.
    pub ratio: f64,
    /// Its 95 % interval; null below 6 pairs. Where pairs were added after a look, the interval
    /// that holds at all times.
    pub ci95: Option<[f64; 2]>,
    /// Its 90 % interval.
    pub ci90: Option<[f64; 2]>,
    /// Two-sided p of the randomization test.
    pub p: f64,
    /// That p, corrected over the primary metrics (Westfall and Young) and the comparisons; the
    /// same where there is no correction.
    pub p_corrected: f64,
    /// Whether the p-values hold: not where pairs were added after a look.
    #[serde(default = "yes")]
    pub p_valid: bool,
    /// p of equivalence, corrected likewise.
    pub p_equivalence: Option<f64>,
    /// The largest e-value so far: valid at any time. Null where orders were balanced.
    #[serde(default)]
    pub e: Option<f64>,
    /// Smallest ratio that matters, less 1.
    pub margin: f64,
    /// The verdict.
    pub verdict: VerdictName,
    /// About how many more pairs would show a difference of `planned_effect`; null where the pairs
    /// do not tell that.
    pub more_pairs: Option<u64>,
    /// The same, if the spread is as large as its upper 80 % limit.
    #[serde(default)]
    pub more_pairs_at_most: Option<u64>,
    /// The difference that `more_pairs` is for, as a ratio less 1.
    #[serde(default)]
    pub planned_effect: Option<f64>,
    /// The verdict as a sentence, without a full stop.
    pub text: String,
    /// Pairs it rests on.
    pub pairs: u32,
    /// Standard deviation of the pairs' log ratios, drift taken out.
    #[serde(default)]
    pub sd: f64,
    /// B over A of all periods, those that do not count too; null where all count.
    #[serde(default)]
    pub all_periods: Option<f64>,
    /// Whether B is better, by its estimate.
    pub improves: bool,
    /// Whether it is a latency: less is better.
    #[serde(default)]
    pub latency: bool,
}

fn yes() -> bool {
    true
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
    /// The answer in one sentence, and what to mind of it.
    pub headline: String,
    /// How many pairs that count had A first, and how many B.
    #[serde(default)]
    pub orders: [u32; 2],
    /// Of A and of B, periods that do not count, and all.
    #[serde(default)]
    pub excluded: [[u32; 2]; 2],
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
    /// What the user says of it.
    pub labels: Labels,
    /// RFC 3339, UTC; empty where it was not carried out.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: String,
    /// How it ended; `None` where it was not carried out.
    pub ended: Option<Ended>,
    /// Why it ended before its time.
    pub trouble: Option<String>,
    /// Where periods do not count: the set-up with half the load, as JSON text, and that load in
    /// words.
    pub lighter: Option<(String, String)>,
    /// The arms.
    pub arms: Vec<ArmView>,
    /// Pairs planned.
    pub pairs: u32,
    /// Pairs that count.
    pub pairs_used: u32,
    /// Pairs from which on a difference can be claimed.
    pub claim_from: u32,
    /// Orders were tossed by coins: pairs may be added.
    pub extendable: bool,
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

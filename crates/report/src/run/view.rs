//! What a page shows of a run: tables, curves and series, computed once, off the main thread.
//!
//! May not enter: histograms (they stay in the run file), drawing.
//! Invariant: plain data that travels between worker and page; every latency is in microseconds.
//! Tests: beside `run::summary`, which makes it.

use serde::{Deserialize, Serialize};

pub use super::episodes::{Episode, Recovery, Stretch};
pub use super::labels::Labels;
pub use super::latency_groups::view::LatencyGroupsView;
pub use super::leadership::{Election, Gap, LeaderSpan, Leadership};
pub use super::percentiles::{Censored, Given, PERCENTILES, Shown, Summary, shown};
pub use super::source::{Carries, Correction, Source};
pub use super::timeline::{EventKind, TimelineEvent};
pub use super::verdict::{
    Annotation, Calibration, Disturbance, HealthVerdict, HealthView, ThresholdResult,
};
pub use super::verification::{
    Counters, FindingView, ReadsView, Unchecked, Verification, Violation,
};
pub use super::vitals::{NodeVitals, Vitals};
pub use fwit_engine::live_run::{Ended, Phase};
pub use fwit_model::dialect::Kind;
use fwit_quantities::sample::Outcome;
pub use fwit_quantities::sample::{Measure, TimeSources};
pub use fwit_stats::errors::ErrorSample;
use fwit_stats::recorder::PartSums;

/// One row of a table: an operation, a node, both, or all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The operation, where the row is of one.
    pub op: Option<String>,
    /// The node asked, where the row is of one.
    pub node: Option<String>,
    /// Requests issued in the measured window.
    pub issued: u64,
    /// How they ended, in the order of [`Outcome::ALL`].
    pub outcomes: [u64; 10],
    /// Of them, how many went through a redirect.
    pub redirected: u64,
    /// CORS preflights that the browser made for them: requests that the nodes served too.
    pub preflights: u64,
    /// Answers that came in the measured window, whenever they were issued.
    pub completed: u64,
    /// Those a second.
    pub rate_per_s: f64,
    /// What the cluster took for answers: redirects and service.
    pub cluster: Summary,
    /// Service time of answers: their last hop.
    pub service: Summary,
    /// Wait of answers.
    pub wait: Summary,
    /// Response time of answers.
    pub response: Summary,
    /// Where the response times went. `None` where the file does not say: not split.
    pub parts: Option<PartsView>,
    /// The percentiles of each of [`Measure::ALL`] between two samples, for comparisons, µs;
    /// `None` live and without samples.
    #[serde(default)]
    pub between_us: [Option<[f64; 5]>; 4],
}

impl Row {
    /// Requests that ended in this way.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome.index()]
    }

    /// Requests that were answered (ok, not found, conflict).
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.sum(Outcome::is_answer)
    }

    /// Requests that failed.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.sum(Outcome::is_error)
    }

    /// The share of failed requests among those that ended by themselves.
    #[must_use]
    pub fn error_share(&self) -> f64 {
        let ended = self.answers() + self.errors();
        if ended == 0 { 0.0 } else { self.errors() as f64 / ended as f64 }
    }

    /// The latency of that kind.
    #[must_use]
    pub fn measure(&self, measure: Measure) -> &Summary {
        match measure {
            Measure::Cluster => &self.cluster,
            Measure::Service => &self.service,
            Measure::Wait => &self.wait,
            Measure::Response => &self.response,
        }
    }

    /// Percentile number `i` as it is compared: interpolated where that is known, µs.
    #[must_use]
    pub fn compared_us(&self, measure: Measure, i: usize) -> Option<f64> {
        let place = Measure::ALL.iter().position(|m| *m == measure)?;
        match self.between_us.get(place)? {
            Some(between) => between.get(i).copied(),
            None if !self.measure(measure).has(i) => None,
            None => self.measure(measure).at_us.get(i).map(|us| *us as f64),
        }
    }

    fn sum(&self, of: fn(Outcome) -> bool) -> u64 {
        Outcome::ALL.into_iter().filter(|o| of(*o)).map(|o| self.count(o)).sum()
    }
}

/// Where the response times of some answers went: means in µs, in order of time. Their sum is the
/// mean response time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PartsView {
    /// Answers.
    pub answers: u64,
    /// Answers timed by the page's clock: their service has the browser's and the page's part in
    /// it.
    pub not_split: u64,
    /// Waiting for slots.
    pub wait_us: f64,
    /// Hops that did not answer, and looking for the leader.
    pub redirect_us: f64,
    /// Handed to the browser to request start: its queue, a connection, a preflight.
    pub browser_us: f64,
    /// Request start to last byte.
    pub service_us: f64,
    /// Last byte to our code.
    pub page_us: f64,
    /// Of the service: what the nodes say that they took. `None` where not all of them say it.
    pub server_us: Option<f64>,
}

impl PartsView {
    /// From sums over answers, `None` without any.
    #[must_use]
    pub fn of(sums: &PartSums) -> Option<PartsView> {
        let mean = |sum: u64| super::hist::short(sum as f64 / sums.answers as f64);
        (sums.answers > 0).then(|| PartsView {
            answers: sums.answers,
            not_split: sums.not_split,
            wait_us: mean(sums.wait_us),
            redirect_us: mean(sums.redirect_us),
            browser_us: mean(sums.browser_us),
            service_us: mean(sums.service_us),
            page_us: mean(sums.page_us),
            server_us: (sums.server_answers == sums.answers).then(|| mean(sums.server_us)),
        })
    }

    /// Mean response time, µs: their sum.
    #[must_use]
    pub fn response_us(&self) -> f64 {
        self.wait_us + self.redirect_us + self.browser_us + self.service_us + self.page_us
    }
}

/// One second of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Whole seconds since the start of the run, warm-up included.
    pub t_s: u32,
    /// Answers that came in it.
    pub answers: u32,
    /// Failures that came in it.
    pub errors: u32,
    /// Requests in flight, averaged over the second.
    pub in_flight: f32,
    /// Entities (or arrivals) waiting for a slot, averaged over the second.
    pub waiting: f32,
    /// What the cluster took, µs: p50, p99. `None` without answers.
    pub cluster_us: Option<[u32; 2]>,
    /// Response time, µs: p50, p99.
    pub response_us: Option<[u32; 2]>,
    /// Little's law over the five seconds that end with this one; `None` before the run is over.
    pub littles_law_ratio: Option<f32>,
    /// Entities or arrivals a second that the plan wants in the middle of it, where that changes.
    pub target: Option<f32>,
}

/// One operation's seconds, in step with the run's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OpSeries {
    /// The operation.
    pub op: String,
    /// Its seconds, as many as the run has.
    pub seconds: Vec<Second>,
}

/// A latency curve over percentiles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The operation, `None` for all.
    pub op: Option<String>,
    /// The node asked, `None` for all.
    pub node: Option<String>,
    /// Samples under it.
    pub count: u64,
    /// `(percentile 0..1, value µs)`, both rising.
    pub points: Vec<(f64, u64)>,
}

/// One latency's histogram in bins of equal width on a log axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogHistogram {
    /// The operation, `None` for all.
    pub op: Option<String>,
    /// Lower edge of each bin, µs, and one more for the end of the last.
    pub edges_us: Vec<f64>,
    /// Samples a bin.
    pub counts: Vec<u64>,
}

/// Latency by time, for a heat map: a column a second (or more, on long runs), rows on a log axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeatMap {
    /// Seconds a column.
    pub column_s: u32,
    /// Edges of the rows, µs, rising; one more than rows.
    pub edges_us: Vec<f64>,
    /// `counts[column * rows + row]`.
    pub counts: Vec<u32>,
}

/// One entity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EntityView {
    /// Its name: `entity-12`.
    pub name: String,
    /// The node it picked at random when it was created.
    pub home: String,
    /// The node it sticks to at the end, where it does.
    pub latched: Option<String>,
    /// A line an operation, in the order of [`RunView::ops`].
    pub ops: Vec<EntityOp>,
    /// Its failed requests.
    pub errors: u64,
}

/// One entity's share of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EntityOp {
    /// Answers.
    pub count: u64,
    /// Mean of what the cluster took for the answers, µs; 0 without answers.
    pub mean_us: f64,
    /// Standard deviation, µs; 0 below two answers.
    pub sd_us: f64,
}

/// Errors of one class, operation, node and text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorGroup {
    /// How the requests ended.
    pub outcome: Outcome,
    /// The operation.
    pub op: String,
    /// The node asked.
    pub node: String,
    /// What the node or the browser said, shortened.
    pub text: String,
    /// How many.
    pub count: u64,
    /// First, µs since the start of the run.
    pub first_us: u64,
    /// Last, µs since the start of the run.
    pub last_us: u64,
    /// A few of them.
    pub samples: Vec<ErrorSample>,
}

/// One node of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeView {
    /// Its name.
    pub name: String,
    /// Its URL.
    pub url: String,
    /// Its lanes' URLs, the ones requests went to.
    pub lanes: Vec<String>,
    /// Whether it led when last asked.
    pub leads: Option<bool>,
    /// HTTP version seen.
    pub protocol: String,
    /// Whether it sends `Timing-Allow-Origin`; `None` without an answer from it.
    pub timing_header: Option<bool>,
    /// Requests in flight to it, averaged over the measured window.
    pub in_flight: f64,
    /// Slots in front of it.
    pub slots: u32,
    /// Hops that reached it in the measured window: requests, and those sent on to it.
    pub hops: u64,
    /// Requests for its status in the whole run.
    pub status_requests: u64,
    /// The plan didn't name it: the leader redirected to it.
    pub discovered: bool,
}

/// What subscribers received.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SubscribersView {
    /// A line a subscriber.
    pub list: Vec<SubscriberView>,
    /// Events whose publishing was answered with success.
    pub published: u64,
    /// Publish to receipt, µs, over all subscribers.
    pub delivery: Summary,
}

/// What one subscriber received.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SubscriberView {
    /// The node it listens at.
    pub node: String,
    /// Events received, each counted once.
    pub received: u64,
    /// Received again.
    pub duplicates: u64,
    /// Received after a later one of the same publisher.
    pub reordered: u64,
    /// Acknowledged to their publisher since the subscriber began to listen, and not received.
    pub lost: u64,
    /// Of them: published while its stream was broken.
    #[serde(default)]
    pub missed: u64,
    /// How long its stream was broken, s.
    #[serde(default)]
    pub down_s: f64,
    /// Connections lost before the end.
    pub disconnects: u32,
    /// The last thing that went wrong, for people.
    pub trouble: Option<String>,
}

/// How many requests were really under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Concurrency {
    /// The plan's entities.
    pub entities: u32,
    /// Requests in flight, averaged over the measured window.
    pub effective: f64,
    /// Waiting for a slot, averaged over the measured window.
    pub waiting: f64,
    /// Little's law: what requests are recorded to have spent in the system over the integral of
    /// how many were in it; 1 where nothing was lost. `None` before the run is over.
    pub littles_law_ratio: Option<f64>,
    /// Open model: arrivals a second that were due in the measured window.
    pub offered_per_s: Option<f64>,
}

/// One run, ready to be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What the user says of it.
    pub labels: Labels,
    /// Its plan, as JSON text.
    pub plan_json: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: String,
    /// How it ended.
    pub ended: Ended,
    /// Length of the warm-up, s.
    pub warmup_s: f64,
    /// Length of the measured window that was really run, s.
    pub measured_s: f64,
    /// Whether leader stickiness was on.
    pub sticky: bool,
    /// Whether it ran over a simulated cluster: nothing was sent.
    pub simulated: bool,
    /// Operations of the dialect with a weight, and their kind.
    pub ops: Vec<(String, Kind)>,
    /// The nodes.
    pub nodes: Vec<NodeView>,
    /// Browser and machine: label and text.
    pub environment: Vec<(String, String)>,
    /// Where service times were read.
    pub time_sources: TimeSources,
    /// All operations and nodes.
    pub total: Row,
    /// A row an operation.
    pub by_op: Vec<Row>,
    /// A row a node asked.
    pub by_node: Vec<Row>,
    /// A row an operation and node.
    pub by_op_node: Vec<Row>,
    /// Second by second, warm-up included.
    pub seconds: Vec<Second>,
    /// Second by second and operation.
    pub op_seconds: Vec<OpSeries>,
    /// Curves of what the cluster took: all, each operation, each node.
    pub cluster_curves: Vec<Curve>,
    /// Response time curves: all, each operation, each node.
    pub response_curves: Vec<Curve>,
    /// Histograms of what the cluster took: all, each operation.
    pub histograms: Vec<LogHistogram>,
    /// What the cluster took, by second.
    pub heat: HeatMap,
    /// What is to be read before all numbers: a sentence each.
    pub headlines: Vec<String>,
    /// The entities.
    pub entities: Vec<EntityView>,
    /// Their camps, and those of the requests.
    pub latency_groups: LatencyGroupsView,
    /// The subscribers.
    pub subscribers: SubscribersView,
    /// Errors, most frequent first.
    pub errors: Vec<ErrorGroup>,
    /// How many requests were really under way.
    pub concurrency: Concurrency,
    /// What the instrument says of itself.
    pub health: HealthView,
    /// What became of the plan's thresholds.
    pub thresholds: Vec<ThresholdResult>,
    /// What the checks found, where the plan asked for them.
    pub verification: Option<Verification>,
    /// Who led when, where that is known.
    pub leadership: Option<Leadership>,
    /// Faults, notes, changes of the load.
    pub timeline: Vec<TimelineEvent>,
    /// What happened, elections too, with the numbers before, during and after.
    pub episodes: Vec<Episode>,
    /// The nodes' vitals, where they told any.
    pub vitals: Option<Vitals>,
    /// Which tool's file it was made of, where it is not fwit's own.
    pub source: Option<Source>,
    /// What could not be read or shown, for people.
    pub warnings: Vec<String>,
}

/// The snapshot of a running test: what is known so far. Sent about once a second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// Where the run is.
    pub phase: Phase,
    /// Since the start of the warm-up, µs.
    pub elapsed_us: u64,
    /// Warm-up and measured window, µs.
    pub total_us: u64,
    /// All operations in the measured window so far (in the warm-up: of the warm-up).
    pub total: Row,
    /// A row an operation.
    pub by_op: Vec<Row>,
    /// The seconds that were completed since the last snapshot.
    pub seconds: Vec<Second>,
    /// Errors so far, most frequent first, at most 20 groups.
    pub errors: Vec<ErrorGroup>,
    /// Requests in flight now.
    pub in_flight: u32,
    /// Waiting for a slot now.
    pub waiting: u32,
    /// Averages of the measured window so far.
    pub concurrency: Concurrency,
    /// Where service times are read.
    pub time_sources: TimeSources,
    /// Entities that stick to a node, by node name; those whose own node leads are among them.
    pub latched: Vec<(String, u32)>,
    /// Events received by all subscribers.
    pub events_received: u64,
    /// What is to be read before all numbers: a sentence each.
    pub headlines: Vec<String>,
    /// What the instrument says of itself.
    pub health: HealthView,
    /// The plan's thresholds, over the measured window so far.
    pub thresholds: Vec<ThresholdResult>,
    /// Who led when, so far.
    pub leadership: Option<Leadership>,
    /// Faults, notes, changes of the load so far.
    pub timeline: Vec<TimelineEvent>,
    /// What the user is asked to do: its place and the words; what was done is none any more.
    pub asked: Vec<(u32, String)>,
    /// Entities, or requests a second, that plan or user want now.
    pub wanted: f64,
}

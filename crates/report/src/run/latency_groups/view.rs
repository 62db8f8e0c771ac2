//! What a page shows of a run's camps. Plain data that travels between worker and page; latencies
//! in microseconds.

use serde::{Deserialize, Serialize};

/// The camps of one run, ready to be shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencyGroupsView {
    /// The finding in a sentence: how many camps of entities, and who is in them.
    pub headline: String,
    /// What else a reader should know, most important first.
    pub sentences: Vec<String>,
    /// The operations whose means part the entities: `reads`, `writes`, `other operations`; `None`
    /// where the entities are one camp.
    pub by: Option<String>,
    /// The operations, in the order of [`LatencyGroup::ops`].
    pub ops: Vec<String>,
    /// Camps of entities, fastest first; a single one where there are none, none without entities.
    #[serde(rename = "camps")]
    pub groups: Vec<LatencyGroup>,
    /// The camp of each entity, in the run's order; `None` where it is in none.
    pub of_entity: Vec<Option<u32>>,
    /// What the tests on entities' means said: reads, writes, other operations.
    pub evidence: Vec<Evidence>,
    /// What the requests of each operation said.
    pub requests: Vec<Requests>,
    /// Pearson's correlation of the entities' read and write means.
    pub correlation: Option<f64>,
    /// Spearman's, of their ranks.
    pub rank_correlation: Option<f64>,
}

impl LatencyGroupsView {
    /// Whether entities fall into two camps or more.
    #[must_use]
    pub fn found(&self) -> bool {
        self.by.is_some()
    }
}

/// One camp of entities.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencyGroup {
    /// `leader group`, `group on n2, n3`, `group 1`.
    pub name: String,
    /// Where its entities are: `n2, n3 (followers)`; empty where nothing is known.
    pub place: String,
    /// Its entities.
    pub entities: Vec<String>,
    /// The nodes they talk to and how many of them, most first.
    pub nodes: Vec<(String, u32)>,
    /// `leader` or `follower`, where all its nodes are of one role.
    pub role: Option<String>,
    /// Each operation's answers and mean; `None` without answers.
    pub ops: Vec<Option<GroupMean>>,
    /// Mean of the reads, every camp with the same mix.
    pub read_us: Option<f64>,
    /// Mean of the writes, every camp with the same mix.
    pub write_us: Option<f64>,
}

/// A mean over a camp.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupMean {
    /// Answers.
    pub count: u64,
    /// Mean service time, µs.
    pub mean_us: f64,
}

/// The tests on the entities' means of one kind of operations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// `reads`, `writes`, `other operations`.
    pub of: String,
    /// Entities with a mean.
    pub entities: u32,
    /// Camps found; 1 is none.
    #[serde(rename = "camps")]
    pub groups: u32,
    /// Cochran's Q; `None` where spreads are unknown.
    pub q: Option<f64>,
    /// Its p-value.
    pub p: Option<f64>,
    /// Share of the means' variation that is not sampling noise.
    pub i_squared: Option<f64>,
    /// How much of the variation two groups explain, 0 to 1.
    pub fit2: f64,
    /// How much three groups explain.
    pub fit3: f64,
    /// p of the dip test; `None` below 4 entities.
    pub dip_p: Option<f64>,
    /// The same for a reader.
    pub words: String,
}

/// The requests of one operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Requests {
    /// The operation.
    pub op: String,
    /// Answers.
    pub count: u64,
    /// The two groups of its histogram, where it has two.
    pub hills: Option<Hills>,
    /// Known labels, the one that explains most first.
    pub labels: Vec<Label>,
    /// The same for a reader.
    pub words: String,
}

/// Two groups in a histogram of requests.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hills {
    /// Where they part, µs.
    pub cut_us: f64,
    /// Share of the answers below the cut.
    pub below: f64,
    /// Median of each group, µs.
    pub medians_us: [f64; 2],
    /// p of the dip test that confirmed it; `None` where the smaller group is too small for that
    /// test.
    pub dip_p: Option<f64>,
}

/// What a known label explains.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// `node`, `role`, `redirect`.
    pub name: String,
    /// Share of the variation of ln latency that it explains.
    pub eta_squared: f64,
    /// Its groups, fastest first.
    pub groups: Vec<LabelGroup>,
}

impl Label {
    /// Whether it explains camps: half of the variation or more, and two groups of 5 % and more
    /// that are 1.25 times apart.
    #[must_use]
    pub fn explains(&self) -> bool {
        let all: u64 = self.groups.iter().map(|g| g.count).sum();
        let large =
            || self.groups.iter().filter(|g| g.count.saturating_mul(20) >= all).map(|g| g.p50_us);
        let (low, high) = large().fold((f64::INFINITY, 0.0_f64), |(a, b), v| (a.min(v), b.max(v)));
        self.eta_squared >= fwit_stats::latency_groups::labels::EXPLAINS
            && high >= 1.25 * low
            && low > 0.0
    }
}

/// One group of a label.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LabelGroup {
    /// `n2`, `leader`, `redirected`.
    pub name: String,
    /// Answers.
    pub count: u64,
    /// Median, µs.
    pub p50_us: f64,
    /// 99th percentile, µs.
    pub p99_us: f64,
}

//! Whether the cluster kept its word: keys and counters read back after the load, reads checked
//! under load, as the file and the view have it.

use fwit_engine::environment::{Clock, Transport};
use fwit_engine::live_run::LiveRun;
pub use fwit_engine::verify::{Unchecked, Violation};
use serde::{Deserialize, Serialize};

use super::counted::thousands;

/// What the checks of a run found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// Keys that are as the acknowledged writes leave them.
    pub present: u64,
    /// Keys of them that were so only at a second look, a second or two later.
    #[serde(default)]
    pub late: u64,
    /// Keys that are absent although an acknowledged write is their last.
    pub missing: u64,
    /// Keys that hold what an acknowledged write or delete had replaced.
    #[serde(default)]
    pub outdated: u64,
    /// Keys that hold a value that this run did not write.
    #[serde(default)]
    pub foreign: u64,
    /// Keys that could not be checked.
    pub unchecked: u64,
    /// Why not; together `unchecked`.
    #[serde(default)]
    pub reasons: Vec<Unchecked>,
    /// Some of the missing.
    pub examples: Vec<String>,
    /// The counters; none in files of before.
    #[serde(default)]
    pub counters: Counters,
    /// Reads under load.
    #[serde(default)]
    pub reads: Vec<ReadsView>,
    /// What is wrong, the first of each kind.
    #[serde(default)]
    pub findings: Vec<FindingView>,
}

/// The counters that a run incremented, read before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Counters that rose by what was acknowledged, or by as much more as was sent without an
    /// answer.
    pub right: u64,
    /// Counters that rose by less.
    pub low: u64,
    /// Counters that rose by more.
    pub high: u64,
    /// Acknowledged increments that are missing.
    pub lost: u64,
    /// Increments beyond all that were sent.
    pub extra: u64,
    /// Counters that could not be checked, and why.
    pub unchecked: Vec<Unchecked>,
}

/// Reads under load of an operation that a node answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadsView {
    /// The operation.
    pub op: String,
    /// The node that answered.
    pub node: String,
    /// Reads of keys that this run had written, that could be judged.
    pub checked: u64,
    /// Of them: found what had been replaced before the read began.
    pub stale: u64,
    /// Of them: found a value that this run did not write.
    pub foreign: u64,
    /// Found a value that was not remembered any more.
    pub unjudged: u64,
    /// How stale, on average, at least, µs; 0 where none is.
    pub stale_mean_us: f64,
    /// How stale at most, at least, µs.
    pub stale_max_us: u64,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingView {
    /// What.
    pub what: Violation,
    /// The key.
    pub key: String,
    /// The operation that found it.
    pub op: String,
    /// The node that answered.
    pub node: String,
    /// The entity that asked; null for the read-back after the load.
    pub entity: Option<u32>,
    /// When the read began, µs since the start of the run.
    pub at_us: u64,
    /// Of a stale read: how long the value had been replaced, at least, µs.
    pub stale_us: Option<u64>,
    /// What was found, for people.
    pub words: String,
}

impl Verification {
    /// What a run's checks found; `None` where the plan asks for none, or they are not done.
    #[must_use]
    pub fn of<T: Transport, C: Clock>(run: &LiveRun<T, C>) -> Option<Verification> {
        let read_back = run.read_back.borrow();
        let found = read_back.as_ref()?;
        let history = run.shared.history.borrow();
        let topology = run.shared.topology.borrow();
        let operations = run.shared.dialect.operations();
        let op_name = |op: u8| {
            operations.get(usize::from(op)).map_or_else(|| format!("#{op}"), |o| o.name.clone())
        };
        let node_name = |node: u16| {
            let entry = topology.nodes.get(usize::from(node));
            entry.map_or_else(|| format!("#{node}"), |n| n.name.clone())
        };
        let findings = history.findings.list();
        let mut examples: Vec<String> = findings
            .iter()
            .filter(|f| f.violation == Violation::Missing)
            .map(|f| f.key.clone())
            .collect();
        examples.sort_unstable();
        let mean = |sum: u64, count: u64| if count == 0 { 0.0 } else { sum as f64 / count as f64 };
        Some(Verification {
            present: found.present,
            late: found.late,
            missing: found.missing,
            outdated: found.outdated,
            foreign: found.foreign,
            unchecked: found.unchecked.iter().map(|u| u.count).sum(),
            reasons: found.unchecked.clone(),
            examples,
            counters: Counters {
                right: found.counters_right,
                low: found.counters_low,
                high: found.counters_high,
                lost: found.increments_lost,
                extra: found.increments_extra,
                unchecked: found.counters_unchecked.clone(),
            },
            reads: history
                .reads()
                .map(|((op, node), r)| ReadsView {
                    op: op_name(op),
                    node: node_name(node),
                    checked: r.checked,
                    stale: r.stale,
                    foreign: r.foreign,
                    unjudged: r.unjudged,
                    stale_mean_us: super::hist::short(mean(r.stale_sum_us, r.stale)),
                    stale_max_us: r.stale_max_us,
                })
                .collect(),
            findings: findings
                .iter()
                .map(|f| FindingView {
                    what: f.violation,
                    key: f.key.clone(),
                    op: op_name(f.op),
                    node: node_name(f.node),
                    entity: f.entity,
                    at_us: f.at_us,
                    stale_us: f.stale_us,
                    words: f.words.clone(),
                })
                .collect(),
        })
    }

    /// Reads under load that found what had been replaced.
    #[must_use]
    pub fn stale(&self) -> u64 {
        self.reads.iter().map(|r| r.stale).sum()
    }

    /// Keys and increments whose acknowledged writes are gone.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.missing.saturating_add(self.outdated).saturating_add(self.counters.lost)
    }

    /// What is to be read before all numbers.
    #[must_use]
    pub fn headline(&self) -> Option<String> {
        let count = |n: u64, one: &str, many: &str| {
            (n > 0).then(|| format!("{} {}", thousands(n), if n == 1 { one } else { many }))
        };
        let parts = [
            count(self.missing, "key is absent", "keys are absent"),
            count(self.outdated, "key holds an older value", "keys hold an older value"),
            count(self.counters.lost, "increment is missing", "increments are missing"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| format!("Acknowledged writes were lost: {}.", parts.join(", ")))
    }
}

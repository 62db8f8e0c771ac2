//! What the checks of a run's promises found: reads under load, and the read-back after it.

use serde::{Deserialize, Serialize};

/// Findings of a kind that are kept.
const KEPT_MAX: usize = 20;

/// What can be wrong with a key, a counter or a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Violation {
    /// An acknowledged write is not there: the key is absent.
    Missing,
    /// The key holds what an acknowledged write or delete had replaced.
    Outdated,
    /// The key holds a value that this run did not write.
    Foreign,
    /// A counter is lower than its acknowledged increments make it.
    CounterLow,
    /// A counter is higher than all increments that were sent make it.
    CounterHigh,
    /// A read under load found what had been replaced before the read began.
    StaleRead,
    /// A read under load found a value that this run did not write, after this run had.
    ForeignRead,
}

/// One of them, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub violation: Violation,
    /// The key.
    pub key: String,
    /// Index of the operation that found it.
    pub op: u8,
    /// The node that answered.
    pub node: u16,
    /// The entity that asked; none for the read-back.
    pub entity: Option<u32>,
    /// When the read began, µs since the start of the load.
    pub at_us: u64,
    /// Of a stale read: how long before that the value had been replaced, at least, µs.
    pub stale_us: Option<u64>,
    /// What was found, and what should have been, for people.
    pub words: String,
}

/// The findings that are kept: the first of each kind.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    /// Keeps it, where there are few of its kind.
    pub fn add(&mut self, finding: Finding) {
        if self.list.iter().filter(|f| f.violation == finding.violation).count() < KEPT_MAX {
            self.list.push(finding);
        }
    }

    /// All that are kept.
    #[must_use]
    pub fn list(&self) -> &[Finding] {
        &self.list
    }
}

/// Reads under load of one operation, answered by one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Judged.
    pub checked: u64,
    /// Of them: found what had been replaced before the read began.
    pub stale: u64,
    /// Of them: found a value that this run did not write, on a key that it had written.
    pub foreign: u64,
    /// How stale, summed, µs.
    pub stale_sum_us: u64,
    /// How stale at most, µs.
    pub stale_max_us: u64,
    /// Found a value that is not remembered any more.
    pub unjudged: u64,
}

/// Keys or counters that could not be checked, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unchecked {
    /// Why, for people.
    pub why: String,
    /// How many.
    pub count: u64,
}

/// What the read-back after the load found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadBack {
    /// Keys that are as the acknowledged writes leave them.
    pub present: u64,
    /// Keys of them that were so only at a second look, a second or two later.
    pub late: u64,
    /// Keys that are absent although an acknowledged write is their last.
    pub missing: u64,
    /// Keys that hold what was replaced.
    pub outdated: u64,
    /// Keys that hold a value that this run did not write.
    pub foreign: u64,
    /// Keys that could not be checked.
    pub unchecked: Vec<Unchecked>,
    /// Counters that are as they must be.
    pub counters_right: u64,
    /// Counters that are too low.
    pub counters_low: u64,
    /// Counters that are too high.
    pub counters_high: u64,
    /// Acknowledged increments that are missing, in all counters.
    pub increments_lost: u64,
    /// Increments beyond all that were sent, in all counters.
    pub increments_extra: u64,
    /// Counters that could not be checked.
    pub counters_unchecked: Vec<Unchecked>,
}

/// Counts one more that could not be checked.
pub(crate) fn unchecked(list: &mut Vec<Unchecked>, why: &str, count: u64) {
    if count == 0 {
        return;
    }
    match list.iter_mut().find(|u| u.why == why) {
        Some(place) => place.count += count,
        None => list.push(Unchecked { why: why.to_string(), count }),
    }
}

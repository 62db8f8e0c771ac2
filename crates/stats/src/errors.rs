//! Failed requests, grouped by class, operation, node and what was said. Bounded, whatever happens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use fwit_quantities::sample::Outcome;

/// Most groups; further kinds of text are counted in one group an outcome, operation and node.
const GROUPS_MAX: usize = 400;
/// Samples kept a group: the first ones.
const SAMPLES_MAX: usize = 5;
/// Characters of text kept.
const TEXT_MAX: usize = 240;

/// What a group has in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErrorKey {
    /// How the requests ended.
    pub outcome: Outcome,
    /// Operation.
    pub op: u8,
    /// Node asked.
    pub node: u16,
    /// What the node or the browser said.
    pub text: String,
}

/// A group's counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorTally {
    /// How many.
    pub count: u64,
    /// First, µs since the start of the run.
    pub first_us: u64,
    /// Last, µs since the start of the run.
    pub last_us: u64,
    /// A few of them.
    pub samples: Vec<ErrorSample>,
}

/// One failed request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorSample {
    /// When, µs since the start of the run.
    pub at_us: u64,
    /// Whose.
    pub entity: u32,
    /// HTTP status, 0 without one.
    pub status: u16,
    /// Issued to failed, µs.
    pub took_us: u64,
}

/// All groups.
#[derive(Clone, Debug, Default)]
pub struct ErrorBook {
    groups: BTreeMap<ErrorKey, ErrorTally>,
}

impl ErrorBook {
    /// Counts a failed request.
    pub fn add(&mut self, mut key: ErrorKey, sample: ErrorSample) {
        key.text = shorten(&key.text);
        if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(&key) {
            key.text = "(more kinds of errors)".into();
        }
        let at = sample.at_us;
        let group = self.groups.entry(key).or_insert_with(|| ErrorTally {
            count: 0,
            first_us: at,
            last_us: at,
            samples: Vec::new(),
        });
        group.count += 1;
        group.first_us = group.first_us.min(at);
        group.last_us = group.last_us.max(at);
        if group.samples.len() < SAMPLES_MAX {
            group.samples.push(sample);
        }
    }

    /// The groups, most frequent first.
    #[must_use]
    pub fn sorted(&self) -> Vec<(&ErrorKey, &ErrorTally)> {
        let mut list: Vec<_> = self.groups.iter().collect();
        list.sort_by(|a, b| b.1.count.cmp(&a.1.count).then(a.0.cmp(b.0)));
        list
    }
}

/// The first line, without control characters, cut at a character's edge.
fn shorten(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let clean: String = line.chars().filter(|c| !c.is_control()).take(TEXT_MAX + 1).collect();
    if clean.chars().count() > TEXT_MAX {
        clean.chars().take(TEXT_MAX - 1).chain(['…']).collect()
    } else {
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(book: &mut ErrorBook, text: &str, at_us: u64) {
        let key = ErrorKey { outcome: Outcome::Network, op: 0, node: 0, text: text.into() };
        book.add(key, ErrorSample { at_us, entity: 1, status: 0, took_us: 5 });
    }

    #[test]
    fn groups_count_and_keep_a_few() {
        let mut book = ErrorBook::default();
        (0..20).for_each(|i| add(&mut book, "refused", 100 - i));
        add(&mut book, "reset\nsecond line", 7);
        let sorted = book.sorted();
        assert_eq!((sorted[0].1.count, sorted[0].1.first_us, sorted[0].1.last_us), (20, 81, 100));
        assert_eq!(sorted[0].1.samples.len(), SAMPLES_MAX);
        assert_eq!(sorted[1].0.text, "reset");
    }

    #[test]
    fn memory_is_bounded() {
        let mut book = ErrorBook::default();
        (0..5_000).for_each(|i| add(&mut book, &format!("{i} {}", "é".repeat(1_000)), i));
        assert!(book.groups.len() <= GROUPS_MAX + 1);
        assert_eq!(book.groups.values().map(|g| g.count).sum::<u64>(), 5_000);
        assert!(book.groups.keys().all(|k| k.text.chars().count() <= TEXT_MAX));
    }
}

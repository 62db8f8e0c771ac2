//! What a run wrote, key by key, and what its reads found: for the checks under load and after it.
//!
//! Values are remembered by a hash of 64 bits. All that is remembered has a bound.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use fwit_model::dialect::{KeyUse, Kind, Operation, Pool};
use fwit_quantities::sample::Outcome;
use fwit_quantities::units::Micros;

use super::choice::pool_of;
use super::register::{Found, Judgement, Register};
use super::verify::{Finding, Findings, Reads, Violation};

/// Most keys that are remembered and read back.
const KEYS_MAX: usize = 100_000;
/// Most writes that are remembered, of all keys: about 32 MB.
const WRITES_MAX: usize = 1_000_000;

/// The hash that stands for a value.
#[must_use]
pub fn hash(value: &str) -> u64 {
    // Its keys are fixed: the same in each run.
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// What a read found; `None` where it was not answered.
#[must_use]
pub fn found(outcome: Outcome, value: Option<&str>) -> Option<Found> {
    match (outcome, value) {
        (Outcome::Ok, Some(value)) => Some(Found::Value(hash(value))),
        (Outcome::Ok, None) => Some(Found::Present),
        (Outcome::NotFound, _) => Some(Found::Absent),
        _ => None,
    }
}

/// What a run wrote and read.
#[derive(Debug, Default)]
pub struct History {
    pub(crate) on: bool,
    values: BTreeMap<String, Register>,
    blobs: BTreeMap<String, Register>,
    counters: BTreeMap<String, Counter>,
    /// Writes remembered, and the number of the next one.
    remembered: usize,
    next: u64,
    /// Acknowledged writes to keys beyond [`KEYS_MAX`].
    pub(crate) beyond: u64,
    reads: BTreeMap<(u8, u16), Reads>,
    /// What was found.
    pub findings: Findings,
}

/// A counter: what it was before the load, and what this run did to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// Its value before the load, where it could be read.
    pub before: Option<i64>,
    /// Acknowledged increments.
    pub acknowledged: u64,
    /// Increments whose end is not known.
    pub open: u64,
}

/// A write that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun(u64);

/// A read, for a finding.
#[derive(Clone, Copy, Debug)]
pub struct Read<'a> {
    /// Index of its operation.
    pub op: u8,
    /// The node that answered.
    pub node: u16,
    /// The entity.
    pub entity: u32,
    /// The key.
    pub key: &'a str,
    /// When it began, and that since the start of the load, µs.
    pub began: Micros,
    /// Since the start of the load, µs.
    pub at_us: u64,
}

impl History {
    /// Remembers only where it will be checked.
    #[must_use]
    pub fn new(on: bool) -> History {
        History { on, ..History::default() }
    }

    /// Whether reads are checked.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on
    }

    fn pool(&mut self, pool: Pool) -> Option<&mut BTreeMap<String, Register>> {
        match pool {
            Pool::None => None,
            Pool::Values => Some(&mut self.values),
            Pool::Blobs => Some(&mut self.blobs),
        }
    }

    /// An operation that writes is issued. `None` where it is not remembered.
    pub fn begin(
        &mut self,
        operation: &Operation,
        key: &str,
        value: &str,
        at: Micros,
    ) -> Option<Begun> {
        if !self.on || operation.kind != Kind::Write {
            return None;
        }
        let number = self.next;
        if operation.key == KeyUse::Counter {
            self.counters.entry(key.to_string()).or_default().open += 1;
            return Some(Begun(number));
        }
        let pool = pool_of(operation.key)?;
        let deletes = matches!(operation.key, KeyUse::Forget(_));
        let value = (!deletes).then(|| hash(value));
        self.next += 1;
        let room = self.values.len() + self.blobs.len() < KEYS_MAX;
        let full = self.remembered >= WRITES_MAX;
        let registers = self.pool(pool)?;
        let register = match registers.get_mut(key) {
            Some(register) => register,
            None if room => registers.entry(key.to_string()).or_default(),
            None => return None,
        };
        let forgotten = if full { register.forget(at, usize::MAX) } else { 0 };
        let more = register.begin(number, value, at);
        self.remembered = (self.remembered - forgotten).saturating_add_signed(more);
        Some(Begun(number))
    }

    /// An operation that writes ended. One that was not answered may take effect later.
    pub fn ended(
        &mut self,
        operation: &Operation,
        key: &str,
        begun: Option<Begun>,
        outcome: Outcome,
        at: Micros,
    ) {
        if !self.on || operation.kind != Kind::Write {
            return;
        }
        // A delete that finds nothing leaves nothing there: also where a browser sent it twice.
        let gone = outcome == Outcome::NotFound && matches!(operation.key, KeyUse::Forget(_));
        let done = outcome == Outcome::Ok || gone;
        let open = matches!(
            outcome,
            Outcome::Unavailable | Outcome::Network | Outcome::Timeout | Outcome::Aborted
        );
        if operation.key == KeyUse::Counter {
            if let Some(counter) = self.counters.get_mut(key).filter(|_| !open) {
                counter.open = counter.open.saturating_sub(1);
                counter.acknowledged += u64::from(done);
            }
            return;
        }
        let pool = pool_of(operation.key).unwrap_or(Pool::None);
        let Some(Begun(number)) = begun else {
            self.beyond += u64::from(done && pool != Pool::None);
            return;
        };
        let Some(register) = self.pool(pool).and_then(|registers| registers.get_mut(key)) else {
            return;
        };
        if done {
            register.acknowledged(number, at);
        } else if !open {
            self.remembered -= register.refused(number);
        }
    }

    /// A read under load was answered.
    pub fn read(&mut self, operation: &Operation, read: Read<'_>, found: Found) {
        let (KeyUse::Any(pool) | KeyUse::Known(pool)) = operation.key else { return };
        if !self.on || operation.kind != Kind::Read {
            return;
        }
        let register = self.pool(pool).and_then(|registers| registers.get(read.key));
        // Of a key that this run has not written nothing is known.
        let Some(register) = register.filter(|register| register.is_known()) else { return };
        let judgement = register.judge(found, read.began);
        let tally = self.reads.entry((read.op, read.node)).or_default();
        tally.checked += u64::from(judgement != Judgement::Forgotten);
        let (violation, stale_us, words) = match judgement {
            Judgement::Fine => return,
            Judgement::Forgotten => {
                tally.unjudged += 1;
                return;
            }
            Judgement::Stale(by) => {
                tally.stale += 1;
                tally.stale_sum_us += by.0;
                tally.stale_max_us = tally.stale_max_us.max(by.0);
                let found = if found == Found::Absent { "nothing" } else { "an older value" };
                let words = format!("found {found}, replaced at least {by} before the read began");
                (Violation::StaleRead, Some(by.0), words)
            }
            Judgement::Foreign => {
                tally.foreign += 1;
                (Violation::ForeignRead, None, "found a value that this run did not write".into())
            }
        };
        self.findings.add(Finding {
            violation,
            key: read.key.to_string(),
            op: read.op,
            node: read.node,
            entity: Some(read.entity),
            at_us: read.at_us,
            stale_us,
            words,
        });
    }

    /// Reads under load, by operation and node.
    pub fn reads(&self) -> impl Iterator<Item = ((u8, u16), Reads)> {
        self.reads.iter().map(|(key, reads)| (*key, *reads))
    }

    /// The keys to read back: those with an acknowledged write or delete.
    pub(crate) fn keys(&self) -> Vec<(Pool, String)> {
        let of = |pool, registers: &BTreeMap<String, Register>| -> Vec<(Pool, String)> {
            let known = registers.iter().filter(|(_, register)| register.is_known());
            known.map(|(key, _)| (pool, key.clone())).collect()
        };
        let mut keys = of(Pool::Values, &self.values);
        keys.extend(of(Pool::Blobs, &self.blobs));
        keys
    }

    /// Whether a key may be as it was found after the load.
    pub(crate) fn judge(&self, pool: Pool, key: &str, found: Found) -> Judgement {
        let registers = if pool == Pool::Blobs { &self.blobs } else { &self.values };
        registers.get(key).map_or(Judgement::Fine, |r| r.judge(found, Micros(u64::MAX)))
    }

    /// A counter's value before the load.
    pub(crate) fn counter_before(&mut self, key: &str, value: i64) {
        self.counters.entry(key.to_string()).or_default().before = Some(value);
    }

    /// The counters that this run incremented.
    pub(crate) fn counters(&self) -> Vec<(String, Counter)> {
        let used = self.counters.iter().filter(|(_, c)| c.acknowledged + c.open > 0);
        used.map(|(key, counter)| (key.clone(), *counter)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::dialect::built_in;

    struct Story {
        history: History,
        insi: std::sync::Arc<fwit_model::dialect::Dialect>,
        at: u64,
    }

    impl Story {
        fn new() -> Story {
            Story { history: History::new(true), insi: built_in("insi").unwrap(), at: 0 }
        }

        fn op(&self, name: &str) -> Operation {
            self.insi.operations().iter().find(|o| o.name == name).unwrap().clone()
        }

        fn write(&mut self, name: &str, key: &str, value: &str, outcome: Outcome) {
            let op = self.op(name);
            let begun = self.history.begin(&op, key, value, Micros(self.at));
            self.history.ended(&op, key, begun, outcome, Micros(self.at + 5));
            self.at += 10;
        }

        fn read(&mut self, key: &str, found: Found) {
            let op = self.op("get");
            let (began, at_us) = (Micros(self.at), self.at);
            let read = Read { op: 1, node: 2, entity: 3, key, began, at_us };
            self.history.read(&op, read, found);
            self.at += 10;
        }

        fn judged(&self, key: &str, found: Found) -> Judgement {
            self.history.judge(Pool::Values, key, found)
        }
    }

    #[test]
    fn reads_are_counted_by_what_they_found() {
        let mut s = Story::new();
        s.read("k", Found::Absent);
        s.write("set", "k", "one", Outcome::Ok);
        s.write("set", "k", "two", Outcome::Ok);
        s.read("k", Found::Value(hash("two")));
        s.read("k", Found::Value(hash("one")));
        s.read("k", Found::Value(hash("another's")));
        s.read("other", Found::Absent);
        let reads = Reads {
            checked: 3,
            stale: 1,
            foreign: 1,
            stale_sum_us: 15,
            stale_max_us: 15,
            unjudged: 0,
        };
        assert_eq!(s.history.reads().collect::<Vec<_>>(), [((1, 2), reads)]);
        let found: Vec<_> =
            s.history.findings.list().iter().map(|f| (f.violation, f.at_us)).collect();
        assert_eq!(found, [(Violation::StaleRead, 40), (Violation::ForeignRead, 50)]);
    }

    #[test]
    fn what_was_refused_was_not_written_and_what_broke_off_may_have_been() {
        let mut s = Story::new();
        s.write("set", "k", "one", Outcome::Ok);
        s.write("set", "k", "two", Outcome::RateLimited);
        assert_eq!(s.judged("k", Found::Value(hash("one"))), Judgement::Fine);
        // A browser may have sent it twice, and the second time was refused.
        assert_eq!(s.judged("k", Found::Value(hash("two"))), Judgement::Fine);
        s.write("delete", "k", "", Outcome::Timeout);
        assert_eq!(s.judged("k", Found::Absent), Judgement::Fine);
        assert_eq!(s.history.remembered, 2);
        assert_eq!(s.history.keys(), [(Pool::Values, "k".to_string())]);
    }

    #[test]
    fn counters_add_up() {
        let mut s = Story::new();
        s.history.counter_before("c", 7);
        for outcome in [Outcome::Ok, Outcome::Ok, Outcome::Network, Outcome::Rejected] {
            s.write("bump", "c", "", outcome);
        }
        let counter = Counter { before: Some(7), acknowledged: 2, open: 1 };
        assert_eq!(s.history.counters(), [("c".to_string(), counter)]);
    }

    #[test]
    fn what_is_not_checked_is_not_remembered() {
        let mut s = Story { history: History::new(false), ..Story::new() };
        s.write("set", "k", "one", Outcome::Ok);
        s.read("k", Found::Absent);
        assert!(s.history.keys().is_empty() && s.history.reads().next().is_none());
        let mut s = Story::new();
        s.write("cache_set", "k", "one", Outcome::Ok);
        assert!(s.history.keys().is_empty() && s.history.beyond == 0);
    }
}

//! What an entity does next, on which key, with which value. A plan and a seed give the same
//! choices; each purpose has a stream of its own, so that what the cluster answers moves none of
//! the others.

use std::collections::HashMap;

use fwit_model::dialect::{Choice, KeyUse, Operation, Pool};
use fwit_model::plan::{Keys, Model, Plan};
use fwit_quantities::units::{Micros, push_number};
use fwit_stats::random::Stream;

/// Counters that the entities of a plan share, at most.
pub const COUNTERS: u32 = 100;
const COUNTER: &str = "stress-counter-";

/// The name of a counter.
#[must_use]
pub fn counter_name(number: u32) -> String {
    format!("{COUNTER}{number}")
}

/// One entity's dice and memory.
#[derive(Debug)]
pub struct Chooser {
    entity: u32,
    run: String,
    keys: Keys,
    /// Running sums of the weights.
    weights: Vec<u32>,
    ops: Stream,
    picks: Stream,
    values: Stream,
    thinks: Stream,
    think: Micros,
    jitter: Micros,
    values_known: Known,
    blobs_known: Known,
    fresh: u32,
    published: u64,
}

/// Keys an entity wrote and may ask for, the oldest leaving first.
#[derive(Debug, Default)]
struct Known {
    keys: Vec<u32>,
    /// The version of each key as last seen, where the dialect has versions.
    versions: HashMap<u32, String>,
    /// Where the next one goes once the pool is full.
    oldest: usize,
}

/// What to do: filled by [`Chooser::pick`] and [`Chooser::choose`], reused from request to request.
#[derive(Debug, Default)]
pub struct Chosen {
    /// Index of the operation.
    pub op: usize,
    /// The key's text.
    pub key: String,
    /// The value's text.
    pub value: String,
    /// The version that is remembered of the key: `0` where none is.
    pub version: String,
    /// Sequence number of the event, where it is one.
    pub event: Option<u64>,
    key_number: u32,
}

impl Chosen {
    /// As a dialect takes it.
    #[must_use]
    pub fn choice(&self) -> Choice<'_> {
        Choice { key: &self.key, value: &self.value, version: &self.version }
    }
}

impl Chooser {
    /// The dice of entity number `entity` of a run.
    #[must_use]
    pub fn new(plan: &Plan, entity: u32, run: &str) -> Chooser {
        let stream = |label| Stream::new(plan.seed, label, u64::from(entity));
        let (think, jitter) = match plan.load.model {
            Model::Closed { think, jitter } => (think, jitter),
            Model::Open { .. } => (Micros::ZERO, Micros::ZERO),
        };
        let sums = plan.mix.iter().scan(0_u32, |sum, (_, weight)| {
            *sum = sum.saturating_add(*weight);
            Some(*sum)
        });
        Chooser {
            entity,
            run: run.to_string(),
            keys: plan.keys,
            weights: sums.collect(),
            ops: stream("operation"),
            picks: stream("key"),
            values: stream("value"),
            thinks: stream("think"),
            think,
            jitter,
            values_known: Known::default(),
            blobs_known: Known::default(),
            fresh: 0,
            published: 0,
        }
    }

    /// A think time: the least, and up to the jitter more.
    pub fn think(&mut self) -> Micros {
        let spread = (self.thinks.unit() * self.jitter.0 as f64) as u64;
        self.think + Micros(spread)
    }

    /// When the entity's first request is due after the start: at a random phase of a cycle (its
    /// think time and the round trip, as far as that is known), so that entities do not march in
    /// step: in a short window they would end one request more or less all together.
    pub fn first(&mut self, round_trip: Micros) -> Micros {
        Micros((self.thinks.unit() * (self.think + self.jitter + round_trip).0 as f64) as u64)
    }

    /// The next operation's index: known when the request is due.
    pub fn pick(&mut self, operations: &[Operation]) -> usize {
        let total = self.weights.last().copied().unwrap_or_default();
        let roll = self.ops.below(total);
        self.weights.partition_point(|sum| *sum <= roll).min(operations.len().saturating_sub(1))
    }

    /// What the picked operation is done with, when it is sent. `now` goes into events, so that
    /// their delivery can be timed.
    pub fn choose(&mut self, operations: &[Operation], topic: &str, now: Micros, out: &mut Chosen) {
        out.event = None;
        out.key.clear();
        out.value.clear();
        out.version.clear();
        // One draw for the key whatever the operation, so that pools don't move later draws.
        let pick = self.picks.bits();
        let any = (pick % u64::from(self.keys.space)) as u32;
        let operation = operations.get(out.op);
        let use_of_key = operation.map_or(KeyUse::Counter, |o| o.key);
        let mut forgotten = None;
        out.key_number = match use_of_key {
            KeyUse::Known(pool) => self.pool(pool).and_then(|p| p.pick(pick)).unwrap_or(any),
            KeyUse::Forget(pool) => {
                let taken = self.pool(pool).and_then(|p| p.forget(pick));
                taken.map_or(any, |(key, version)| {
                    forgotten = version;
                    key
                })
            }
            KeyUse::Fresh(_) => {
                self.fresh += 1;
                self.fresh
            }
            KeyUse::Any(_) | KeyUse::Counter | KeyUse::Topic => any,
        };
        let number = u64::from(out.key_number);
        let mut named = |pieces: &[&str], number| {
            pieces.iter().for_each(|piece| out.key.push_str(piece));
            push_number(&mut out.key, number);
        };
        match use_of_key {
            KeyUse::Any(_)
            | KeyUse::Known(Pool::Values | Pool::None)
            | KeyUse::Forget(Pool::Values | Pool::None) => named(&["stress-key-"], number),
            KeyUse::Fresh(_) | KeyUse::Known(Pool::Blobs) | KeyUse::Forget(Pool::Blobs) => {
                named(&["stress-blob-", &self.run, "-"], u64::from(self.entity));
                out.key.push('-');
                push_number(&mut out.key, number);
            }
            KeyUse::Counter => named(&[COUNTER], number % u64::from(COUNTERS)),
            KeyUse::Topic => out.key.push_str(topic),
        }
        match use_of_key {
            KeyUse::Topic => {
                self.published += 1;
                out.event = Some(self.published);
                out.value.push_str("{\"run\":\"");
                out.value.push_str(&self.run);
                let numbers = [
                    ("\",\"publisher\":", u64::from(self.entity)),
                    (",\"seq\":", self.published),
                    (",\"sent_us\":", now.0),
                ];
                for (name, number) in numbers {
                    out.value.push_str(name);
                    push_number(&mut out.value, number);
                }
                out.value.push('}');
            }
            _ if operation.is_some_and(|o| o.takes_value) => self.fill(&mut out.value),
            _ => {}
        }
        if operation.is_some_and(|o| o.has_version) {
            let known = pool_of(use_of_key).and_then(|pool| self.pool(pool));
            let version = known.and_then(|known| known.versions.get(&out.key_number).cloned());
            let version = version.or(forgotten);
            out.version.push_str(version.as_deref().unwrap_or("0"));
        }
    }

    /// The operation succeeded: what it wrote is remembered, and the version that the answer
    /// gives of the key.
    pub fn succeeded(
        &mut self,
        operations: &[Operation],
        chosen: &Chosen,
        version: Option<String>,
    ) {
        let cap = self.keys.known as usize;
        let Some(key) = operations.get(chosen.op).map(|o| o.key) else { return };
        let Some(pool) = pool_of(key).and_then(|pool| self.pool(pool)) else { return };
        if matches!(key, KeyUse::Any(_) | KeyUse::Fresh(_)) {
            pool.remember(chosen.key_number, cap);
        }
        // Of a key that is not remembered nobody asks for the version.
        if let Some(version) = version.filter(|_| pool.keys.contains(&chosen.key_number)) {
            pool.versions.insert(chosen.key_number, version);
        }
    }

    /// Another writer was there first: what was known of the key's version is wrong.
    pub fn lost(&mut self, operations: &[Operation], chosen: &Chosen) {
        let key = operations.get(chosen.op).filter(|o| o.sends_version).map(|o| o.key);
        if let Some(pool) = key.and_then(pool_of).and_then(|pool| self.pool(pool)) {
            pool.versions.remove(&chosen.key_number);
        }
    }

    fn pool(&mut self, pool: Pool) -> Option<&mut Known> {
        match pool {
            Pool::None => None,
            Pool::Values => Some(&mut self.values_known),
            Pool::Blobs => Some(&mut self.blobs_known),
        }
    }

    /// Letters and digits that never repeat themselves: a value equal to the stored one may cost
    /// nothing.
    fn fill(&mut self, out: &mut String) {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-x";
        let mut left = self.keys.value_bytes as usize;
        while left > 0 {
            let mut bits = self.values.bits();
            let letters: [u8; 10] = std::array::from_fn(|_| {
                let letter = LETTERS[(bits & 63) as usize];
                bits >>= 6;
                letter
            });
            let wanted = left.min(10);
            out.push_str(str::from_utf8(&letters[..wanted]).unwrap_or_default());
            left -= wanted;
        }
    }
}

/// Where a key that is used so is remembered; none of counters and topics.
pub(crate) fn pool_of(key: KeyUse) -> Option<Pool> {
    match key {
        KeyUse::Any(pool) | KeyUse::Known(pool) | KeyUse::Forget(pool) | KeyUse::Fresh(pool) => {
            Some(pool)
        }
        KeyUse::Counter | KeyUse::Topic => None,
    }
}

impl Known {
    fn pick(&self, random: u64) -> Option<u32> {
        let at = (random >> 32).checked_rem(self.keys.len() as u64)?;
        self.keys.get(at as usize).copied()
    }

    /// A key that leaves, and its version.
    fn forget(&mut self, random: u64) -> Option<(u32, Option<String>)> {
        let at = (random >> 32).checked_rem(self.keys.len() as u64)? as usize;
        self.oldest = 0;
        let key = self.keys.swap_remove(at);
        let version = self.versions.get(&key).cloned();
        self.drop_version(key);
        Some((key, version))
    }

    /// Forgets the version of a key that left, unless it is there once more.
    fn drop_version(&mut self, key: u32) {
        if !self.versions.is_empty() && !self.keys.contains(&key) {
            self.versions.remove(&key);
        }
    }

    fn remember(&mut self, key: u32, cap: usize) {
        if self.keys.len() < cap {
            self.keys.push(key);
        } else if let Some(place) = self.keys.get_mut(self.oldest) {
            let left = std::mem::replace(place, key);
            self.drop_version(left);
            self.oldest = (self.oldest + 1) % cap.max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::dialect::built_in;
    use fwit_model::plan::preset;

    fn chooser(seed: u64, entity: u32) -> Chooser {
        let mut plan = preset("quick").unwrap();
        plan.seed = seed;
        Chooser::new(&plan, entity, "run1")
    }

    fn story(mut c: Chooser, answered: bool) -> Vec<(usize, String)> {
        let insi = built_in("insi").unwrap();
        let ops = insi.operations();
        let mut chosen = Chosen::default();
        (0..300)
            .map(|_| {
                chosen.op = c.pick(ops);
                c.choose(ops, "topic", Micros(5), &mut chosen);
                if answered {
                    c.succeeded(ops, &chosen, None);
                }
                (chosen.op, format!("{} {} {}", chosen.key, chosen.value, c.think().0))
            })
            .collect()
    }

    #[test]
    fn a_seed_tells_the_whole_story() {
        assert_eq!(story(chooser(1, 0), true), story(chooser(1, 0), true));
        assert_ne!(story(chooser(1, 0), true), story(chooser(1, 1), true));
        assert_ne!(story(chooser(1, 0), true), story(chooser(2, 0), true));
        // What the cluster answers moves neither operations nor values.
        let ops = |s: Vec<(usize, String)>| s.into_iter().map(|x| x.0).collect::<Vec<_>>();
        assert_eq!(ops(story(chooser(1, 0), true)), ops(story(chooser(1, 0), false)));
    }

    #[test]
    fn all_nine_operations_come_evenly() {
        let mut counts = [0; 9];
        for entity in 0..100 {
            for (op, _) in story(chooser(1, entity), true) {
                counts[op] += 1;
            }
        }
        // 30,000 draws: a ninth each, within five standard deviations.
        assert!(counts.iter().all(|c| (3_333_i32 - *c).abs() < 275), "{counts:?}");
    }

    #[test]
    fn gets_ask_for_what_was_written_and_deletes_forget_it() {
        let insi = built_in("insi").unwrap();
        let ops = insi.operations();
        let mut c = chooser(1, 0);
        let mut written = Vec::new();
        let mut chosen = Chosen::default();
        for _ in 0..2_000 {
            let empty = c.values_known.keys.is_empty();
            chosen.op = c.pick(ops);
            c.choose(ops, "t", Micros(0), &mut chosen);
            match ops[chosen.op].name.as_str() {
                "set" => written.push(chosen.key.clone()),
                "get" | "delete" if !empty => {
                    assert!(written.contains(&chosen.key), "{}", chosen.key);
                }
                "blob_set" => {
                    assert!(
                        chosen.key.starts_with("stress-blob-run1-0-") && chosen.value.len() == 18
                    );
                }
                "publish" => assert_eq!(chosen.key, "t"),
                _ => {}
            }
            c.succeeded(ops, &chosen, None);
            assert!(c.values_known.keys.len() <= 100 && c.blobs_known.keys.len() <= 100);
        }
    }

    #[test]
    fn versions_are_remembered_until_another_writer_was_first() {
        let etcd = built_in("etcd").unwrap();
        let ops = etcd.operations();
        let op = |name: &str| ops.iter().position(|o| o.name == name).unwrap();
        let mut c = chooser(1, 0);
        let mut chosen = Chosen { op: op("put"), ..Chosen::default() };
        c.choose(ops, "t", Micros(0), &mut chosen);
        c.succeeded(ops, &chosen, Some("7".into()));
        let written = chosen.key.clone();
        chosen.op = op("compare_and_put");
        c.choose(ops, "t", Micros(0), &mut chosen);
        assert_eq!((&chosen.key, chosen.version.as_str()), (&written, "7"));
        assert!(!chosen.value.is_empty());
        c.succeeded(ops, &chosen, Some("9".into()));
        c.choose(ops, "t", Micros(0), &mut chosen);
        assert_eq!(chosen.version, "9");
        c.lost(ops, &chosen);
        c.choose(ops, "t", Micros(0), &mut chosen);
        assert_eq!(chosen.version, "0");
        // A delete carries no value and no version, and forgets both.
        chosen.op = op("delete");
        c.choose(ops, "t", Micros(0), &mut chosen);
        assert_eq!((chosen.value.as_str(), chosen.version.as_str()), ("", ""));
        assert!(c.values_known.keys.is_empty() && c.values_known.versions.is_empty());
    }

    #[test]
    fn events_name_run_publisher_and_number() {
        let insi = built_in("insi").unwrap();
        let ops = insi.operations();
        let mut c = chooser(1, 3);
        let mut chosen = Chosen::default();
        let mut seqs = Vec::new();
        while seqs.len() < 3 {
            chosen.op = c.pick(ops);
            c.choose(ops, "t", Micros(42), &mut chosen);
            if let Some(seq) = chosen.event {
                let data: serde_json::Value = serde_json::from_str(&chosen.value).unwrap();
                assert_eq!(
                    data,
                    serde_json::json!({ "run": "run1", "publisher": 3, "seq": seq, "sent_us": 42 })
                );
                seqs.push(seq);
            }
        }
        assert_eq!(seqs, [1, 2, 3]);
    }
}

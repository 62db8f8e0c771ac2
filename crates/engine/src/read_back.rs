//! The check after the load: reads every key that the run wrote, and every counter, at the leader,
//! through the same slots as the load. Counters are read before the load as well.

use std::future::Future;
use std::pin::pin;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream;

use super::choice::{COUNTERS, counter_name};
use super::environment::{Call, Clock, Transport, within};
use super::history::{Counter, found};
use super::register::{Found, Judgement};
use super::shared::Shared;
use super::verify::{Finding, ReadBack, Violation, unchecked};
use fwit_model::dialect::{Choice, KeyUse, Kind, Operation, Pool};
use fwit_quantities::sample::Outcome;
use fwit_quantities::units::Micros;

/// Reads under way at a time; the slots bound them too.
const AT_A_TIME: usize = 64;
/// How often, and how far apart, a leader is looked for.
const LEADER_TRIES: u32 = 20;
const LEADER_PAUSE: Micros = Micros(250_000);
/// What was found wrong is looked at so often again, so far apart: a node may learn of the last
/// writes a moment late.
const LOOKS_AGAIN: u32 = 2;
const LOOK_PAUSE: Micros = Micros(1_000_000);
/// How long the whole check may take.
const PATIENCE: Micros = Micros(120_000_000);

const NO_ANSWER: &str = "no answer from the leader";
const NO_LEADER: &str = "no leader was found";
const CUT_SHORT: &str = "the check was cut short";
const TOO_MANY: &str = "writes to more keys than are remembered (100,000)";
const FORGOTTEN: &str = "the value is not remembered any more";
const NO_READ: &str = "the protocol has no operation that reads them";
const NOT_BEFORE: &str = "not read before the load";
const NO_NUMBER: &str = "what stands there is no whole number";

/// What is read back.
enum Item {
    Key(Pool, String),
    Counter(String, Counter),
}

impl<T: Transport, C: Clock> Shared<T, C> {
    /// Reads the counters as they are before the load, where they will be checked.
    pub async fn read_counters(&self) {
        let counts = |(op, (_, weight)): (&Operation, &(String, u32))| {
            *weight > 0 && op.kind == Kind::Write && op.key == KeyUse::Counter
        };
        let wanted = self.history.borrow().is_on()
            && self.dialect.operations().iter().zip(&self.plan.mix).any(counts);
        let leader = if self.dialect.finds_leader() { self.leader.known() } else { Some(0) };
        let (true, Some(leader)) = (wanted, leader) else { return };
        let number = self.plan.keys.space.min(COUNTERS);
        let reads = stream::iter(0..number).map(|number| async move {
            let key = counter_name(number);
            (self.look(leader, Pool::Values, &key).await, key)
        });
        let mut reads = pin!(reads.buffer_unordered(AT_A_TIME));
        while let Some((found, key)) = reads.next().await {
            if let Some(value) = found.and_then(|(found, text)| count_in(found, text)) {
                self.history.borrow_mut().counter_before(&key, value);
            }
        }
    }

    /// Reads back what the run wrote, until `cut` at the latest. `None` where the plan does not ask
    /// for it.
    pub async fn verify(&self, cut: impl Future<Output = ()>) -> Option<ReadBack> {
        if !self.history.borrow().is_on() {
            return None;
        }
        let mut result = ReadBack::default();
        let mut items = Vec::new();
        {
            let history = self.history.borrow();
            unchecked(&mut result.unchecked, TOO_MANY, history.beyond);
            for (pool, key) in history.keys() {
                if self.reader(pool).is_some() {
                    items.push(Item::Key(pool, key));
                } else {
                    unchecked(&mut result.unchecked, NO_READ, 1);
                }
            }
            for (key, counter) in history.counters() {
                if self.reader(Pool::Values).is_none() {
                    unchecked(&mut result.counters_unchecked, NO_READ, 1);
                } else if counter.before.is_none() {
                    unchecked(&mut result.counters_unchecked, NOT_BEFORE, 1);
                } else {
                    items.push(Item::Counter(key, counter));
                }
            }
        }
        let (patience, cut) =
            (pin!(self.clock.sleep_until(self.clock.now() + PATIENCE)), pin!(cut));
        let mut end = select(patience, cut);
        let leader = match select(pin!(self.leader_to_ask()), &mut end).await {
            Either::Left((leader, _)) => leader,
            Either::Right(_) => None,
        };
        let mut left = items.len();
        let keys = items.iter().filter(|item| matches!(item, Item::Key(..))).count();
        let Some(leader) = leader else {
            unchecked(&mut result.unchecked, NO_LEADER, keys as u64);
            unchecked(&mut result.counters_unchecked, NO_LEADER, (left - keys) as u64);
            return Some(result);
        };
        let (mut keys, mut counters) = (keys, left - keys);
        let reads = stream::iter(items).map(|item| async move {
            let (pool, key) = match &item {
                Item::Key(pool, key) => (*pool, key),
                Item::Counter(key, _) => (Pool::Values, key),
            };
            (self.look_well(leader, pool, key, &item).await, item)
        });
        let mut reads = pin!(reads.buffer_unordered(AT_A_TIME));
        while left > 0
            && let Either::Left((Some(((found, late), item)), _)) =
                select(reads.next(), &mut end).await
        {
            left -= 1;
            match item {
                Item::Key(pool, key) => {
                    keys -= 1;
                    let found = found.map(|(found, _)| found);
                    self.key_was(&mut result, leader, pool, key, found);
                    result.late += u64::from(late);
                }
                Item::Counter(key, counter) => {
                    counters -= 1;
                    self.counter_was(&mut result, leader, key, counter, found);
                }
            }
        }
        unchecked(&mut result.unchecked, CUT_SHORT, keys as u64);
        unchecked(&mut result.counters_unchecked, CUT_SHORT, counters as u64);
        Some(result)
    }

    /// Another node may not have heard of the last writes: without a leader nothing can be said.
    /// Where the dialect knows no leader, any node answers for all.
    async fn leader_to_ask(&self) -> Option<u16> {
        if !self.dialect.finds_leader() {
            return Some(0);
        }
        for _ in 0..LEADER_TRIES {
            if let Some(leader) = self.find_leader(self.clock.now()).await {
                return Some(leader);
            }
            self.clock.sleep_until(self.clock.now() + LEADER_PAUSE).await;
        }
        None
    }

    fn key_was(
        &self,
        result: &mut ReadBack,
        node: u16,
        pool: Pool,
        key: String,
        found: Option<Found>,
    ) {
        let Some(found) = found else {
            return unchecked(&mut result.unchecked, NO_ANSWER, 1);
        };
        let judgement = self.history.borrow().judge(pool, &key, found);
        let (count, violation, words) = match (judgement, found) {
            (Judgement::Fine, _) => {
                result.present += 1;
                return;
            }
            (Judgement::Forgotten, _) => return unchecked(&mut result.unchecked, FORGOTTEN, 1),
            (Judgement::Stale(_), Found::Absent) => (
                &mut result.missing,
                Violation::Missing,
                "absent, although its writing was acknowledged",
            ),
            (Judgement::Stale(_), _) => (
                &mut result.outdated,
                Violation::Outdated,
                "holds what an acknowledged write or delete had replaced",
            ),
            (Judgement::Foreign, _) => (
                &mut result.foreign,
                Violation::Foreign,
                "holds a value that this run did not write",
            ),
        };
        *count += 1;
        self.found(violation, node, pool, key, words.to_string());
    }

    fn counter_was(
        &self,
        result: &mut ReadBack,
        node: u16,
        key: String,
        counter: Counter,
        found: Option<(Found, Option<String>)>,
    ) {
        let list = &mut result.counters_unchecked;
        let Some((found, text)) = found else { return unchecked(list, NO_ANSWER, 1) };
        let (Some(before), Some(now)) = (counter.before, count_in(found, text)) else {
            return unchecked(list, NO_NUMBER, 1);
        };
        let rose = now.saturating_sub(before);
        let least = i64::try_from(counter.acknowledged).unwrap_or(i64::MAX);
        let most = least.saturating_add(i64::try_from(counter.open).unwrap_or(i64::MAX));
        let violation = if rose < least {
            result.counters_low += 1;
            result.increments_lost += least.abs_diff(rose);
            Violation::CounterLow
        } else if rose > most {
            result.counters_high += 1;
            result.increments_extra += rose.abs_diff(most);
            Violation::CounterHigh
        } else {
            result.counters_right += 1;
            return;
        };
        let open = if counter.open > 0 {
            format!(", {} more were sent without an answer", counter.open)
        } else {
            String::new()
        };
        let words =
            format!("rose by {rose}; {} increments were acknowledged{open}", counter.acknowledged);
        self.found(violation, node, Pool::Values, key, words);
    }

    fn found(&self, violation: Violation, node: u16, pool: Pool, key: String, words: String) {
        let (start, _, _) = self.windows.get();
        let op = self.reader(pool).unwrap_or_default() as u8;
        let at_us = self.clock.now().since(start).0;
        let finding =
            Finding { violation, key, op, node, entity: None, at_us, stale_us: None, words };
        self.history.borrow_mut().findings.add(finding);
    }

    /// Looks at an item, and once or twice more where it is not as it must be. Says whether it was
    /// right only then.
    async fn look_well(
        &self,
        node: u16,
        pool: Pool,
        key: &str,
        item: &Item,
    ) -> (Option<(Found, Option<String>)>, bool) {
        for turn in 0.. {
            let found = self.look(node, pool, key).await;
            let wrong = match (item, &found) {
                (_, None) => false,
                (Item::Key(..), Some((found, _))) => {
                    let judgement = self.history.borrow().judge(pool, key, *found);
                    !matches!(judgement, Judgement::Fine | Judgement::Forgotten)
                }
                (Item::Counter(_, counter), Some((found, text))) => count_in(*found, text.clone())
                    .zip(counter.before)
                    .is_some_and(|(now, before)| {
                        now.saturating_sub(before)
                            < i64::try_from(counter.acknowledged).unwrap_or(i64::MAX)
                    }),
            };
            if !wrong || turn == LOOKS_AGAIN {
                return (found, turn > 0 && !wrong);
            }
            self.clock.sleep_until(self.clock.now() + LOOK_PAUSE).await;
        }
        (None, false)
    }

    /// The operation that reads the keys of a pool.
    fn reader(&self, pool: Pool) -> Option<usize> {
        let reads = |o: &Operation| o.kind == Kind::Read && o.key == KeyUse::Known(pool);
        self.dialect.operations().iter().position(reads)
    }

    /// What stands at a key, and its text where the dialect tells it. `None` without an answer.
    async fn look(&self, node: u16, pool: Pool, key: &str) -> Option<(Found, Option<String>)> {
        let op = self.reader(pool)?;
        let (lane, base) = self.topology.borrow().first_lane(node)?;
        let request = self.dialect.request(op, &Choice { key, ..Choice::default() });
        let _permit = self.slots.acquire_onward(lane).await;
        let wants_text = |status| self.dialect.wants_text(op, status) || self.dialect.has_value(op);
        let call =
            Call { lane, base: &base, request: &request, wants_text: &wants_text, follow: false };
        let reply =
            within(&self.clock, self.plan.load.timeout, self.transport.send(&call)).await?.ok()?;
        let outcome = reply.outcome(&self.dialect, op);
        let text = reply.text.as_deref().filter(|_| outcome == Outcome::Ok);
        let value = text.and_then(|text| self.dialect.value(op, text));
        Some((found(outcome, value.as_deref())?, value))
    }
}

/// The number that stands at a counter; 0 where it is not there yet.
fn count_in(found: Found, text: Option<String>) -> Option<i64> {
    if found == Found::Absent { Some(0) } else { text?.trim().parse().ok() }
}

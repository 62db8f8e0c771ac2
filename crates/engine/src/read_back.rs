//! The check after the load: reads back every key whose writing was acknowledged. The leader is
//! asked, through the same slots as the load.

use std::future::Future;
use std::pin::pin;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream;

use super::environment::{Call, Clock, Transport, within};
use super::shared::Shared;
use super::verify::Verification;
use fwit_model::dialect::{Answer, Choice, KeyUse, Kind, Pool};
use fwit_quantities::sample::Outcome;
use fwit_quantities::units::Micros;

/// Names of missing keys that are kept.
const EXAMPLES_MAX: usize = 20;
/// Reads under way at a time; the slots bound them too.
const AT_A_TIME: usize = 64;
/// How often, and how far apart, a leader is looked for.
const LEADER_TRIES: u32 = 20;
const LEADER_PAUSE: Micros = Micros(250_000);
/// How long the whole check may take.
const PATIENCE: Micros = Micros(120_000_000);

impl<T: Transport, C: Clock> Shared<T, C> {
    /// Reads back every acknowledged key, until `cut` at the latest. `None` where the plan does not
    /// ask for it.
    pub async fn verify(&self, cut: impl Future<Output = ()>) -> Option<Verification> {
        let (keys, beyond) = {
            let acknowledged = self.acknowledged.borrow();
            if !acknowledged.on {
                return None;
            }
            (acknowledged.to_check(), acknowledged.beyond)
        };
        // Another node may not have heard of the last writes: without a leader nothing can be said.
        // Where the dialect knows no leader, any node answers for all.
        let leaderless = !self.dialect.finds_leader();
        let mut leader = leaderless.then_some(0);
        for _ in 0..LEADER_TRIES {
            if leader.is_some() {
                break;
            }
            leader = self.find_leader(self.clock.now()).await;
            if leader.is_some() {
                break;
            }
            self.clock.sleep_until(self.clock.now() + LEADER_PAUSE).await;
        }
        let Some(leader) = leader else {
            let unchecked = beyond + keys.len() as u64;
            return Some(Verification { unchecked, ..Verification::default() });
        };
        let mut result = Verification { unchecked: beyond, ..Verification::default() };
        let mut left = keys.len() as u64;
        let reads = stream::iter(keys)
            .map(|(pool, key)| async move { (self.is_there(leader, pool, &key).await, key) });
        let mut reads = pin!(reads.buffer_unordered(AT_A_TIME));
        let (patience, cut) =
            (pin!(self.clock.sleep_until(self.clock.now() + PATIENCE)), pin!(cut));
        let mut end = select(patience, cut);
        while let Either::Left((Some((there, key)), _)) = select(reads.next(), &mut end).await {
            left -= 1;
            match there {
                Some(true) => result.present += 1,
                Some(false) => {
                    result.missing += 1;
                    if result.examples.len() < EXAMPLES_MAX {
                        result.examples.push(key);
                    }
                }
                None => result.unchecked += 1,
            }
        }
        result.unchecked += left;
        result.examples.sort_by(Ord::cmp);
        Some(result)
    }

    async fn is_there(&self, node: u16, pool: Pool, key: &str) -> Option<bool> {
        let reads = |o: &fwit_model::dialect::Operation| {
            o.kind == Kind::Read && o.key == KeyUse::Known(pool)
        };
        let op = self.dialect.operations().iter().position(reads)?;
        let (lane, base) = self.topology.borrow().first_lane(node)?;
        let request = self.dialect.request(op, &Choice { key, ..Choice::default() });
        let _permit = self.slots.acquire_onward(lane).await;
        let call = Call {
            lane,
            base: &base,
            request: &request,
            wants_text: &|status| self.dialect.wants_text(op, status),
            follow: false,
        };
        let reply =
            within(&self.clock, self.plan.load.timeout, self.transport.send(&call)).await?.ok()?;
        let answer =
            Answer { status: reply.status, bytes: reply.bytes, text: reply.text.as_deref() };
        match self.dialect.judge(op, &answer) {
            Outcome::Ok => Some(true),
            Outcome::NotFound => Some(false),
            _ => None,
        }
    }
}

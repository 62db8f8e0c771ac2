//! One entity's life: choose an operation, wait for a slot, send, record, think, again.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};

use super::choice::{Chooser, Chosen};
use super::environment::{Call, Clock, NoAnswer, Reply, Transport, Wire};
use super::shared::Shared;
use super::slots::Permit;
use fwit_model::dialect::{Answer, Choice, KeyUse, Request};
use fwit_quantities::sample::{Outcome, Sample};
use fwit_quantities::units::Micros;
use fwit_stats::errors::ErrorKey;
use fwit_stats::random::Stream;

/// Most hops to a leader, by redirects and resubmissions.
const REDIRECTS_MAX: u32 = 5;
/// Longest pause that a node's `Retry-After` is granted.
const RETRY_AFTER_MAX: Micros = Micros(60_000_000);
/// Pause after a search for the leader that found none: an election is under way.
const NO_LEADER_PAUSE: Micros = Micros(250_000);

/// One entity.
#[derive(Debug)]
pub struct Client<T, C> {
    shared: Rc<Shared<T, C>>,
    /// Its number.
    pub entity: u32,
    /// The node it picked at random when it was created, and keeps.
    pub home: u16,
    /// The node it sticks to.
    pub latch: Cell<Option<u16>>,
    /// When its latch (or its node) failed, while no leader has been found since.
    lost: Cell<Option<Micros>>,
    /// No request before this instant (`Retry-After`).
    not_before: Cell<Micros>,
    chooser: RefCell<Chooser>,
    /// What the last request was made from: its texts are used again.
    spare: RefCell<Chosen>,
    /// The lane it uses at each node.
    lanes: RefCell<Vec<Option<usize>>>,
}

/// A request under way. If it is dropped before it ended (the run was stopped), it ends as aborted:
/// that is how every issued request is counted exactly once.
struct InFlightRequest<'a, T: Transport, C: Clock> {
    client: &'a Client<T, C>,
    sample: Sample,
    /// Where its last hop went.
    at: u16,
    open: bool,
}

impl<T: Transport, C: Clock> InFlightRequest<'_, T, C> {
    fn end(&mut self, outcome: Outcome, wire: Wire) {
        self.open = false;
        self.sample.outcome = outcome;
        self.sample.done = self.client.shared.clock.now();
        let (known, late) = match wire {
            Wire::Known(timing) => (Some(timing), None),
            Wire::Later(ticket) => (None, Some(ticket)),
            Wire::Absent => (None, None),
        };
        self.client.shared.recorder.borrow_mut().ended(self.sample, self.at, known, late);
    }
}

impl<T: Transport, C: Clock> Drop for InFlightRequest<'_, T, C> {
    fn drop(&mut self) {
        if self.open {
            self.end(Outcome::Aborted, Wire::Absent);
        }
    }
}

/// Counts an entity as waiting while it lives.
struct WaitGuard<'a, T: Transport, C: Clock>(&'a Shared<T, C>);

impl<'a, T: Transport, C: Clock> WaitGuard<'a, T, C> {
    fn new(shared: &'a Shared<T, C>) -> Self {
        shared.recorder.borrow_mut().wait_begins(shared.clock.now());
        WaitGuard(shared)
    }
}

impl<T: Transport, C: Clock> Drop for WaitGuard<'_, T, C> {
    fn drop(&mut self) {
        self.0.recorder.borrow_mut().wait_ends(self.0.clock.now());
    }
}

/// Counts an entity as taking part while it lives.
struct ActiveGuard<'a, T: Transport, C: Clock>(&'a Shared<T, C>);

impl<'a, T: Transport, C: Clock> ActiveGuard<'a, T, C> {
    fn new(shared: &'a Shared<T, C>) -> Self {
        shared.recorder.borrow_mut().joins(shared.clock.now());
        ActiveGuard(shared)
    }
}

impl<T: Transport, C: Clock> Drop for ActiveGuard<'_, T, C> {
    fn drop(&mut self) {
        self.0.recorder.borrow_mut().leaves(self.0.clock.now());
    }
}

/// How one request went, as far as the entity's next steps need it.
struct Ended {
    outcome: Outcome,
    /// The node that the last hop was sent to.
    at: u16,
    /// The node that answered after redirects.
    answered: Option<u16>,
}

impl<T: Transport, C: Clock> Client<T, C> {
    /// Entity number `entity`, at a node picked by the plan's seed.
    #[must_use]
    pub fn new(shared: Rc<Shared<T, C>>, entity: u32) -> Client<T, C> {
        let nodes = shared.plan.cluster.nodes.len() as u32;
        let home =
            Stream::new(shared.plan.seed, "home", u64::from(entity)).below(nodes.max(1)) as u16;
        Client {
            entity,
            home,
            latch: Cell::new(None),
            lost: Cell::new(None),
            not_before: Cell::new(Micros::ZERO),
            chooser: RefCell::new(Chooser::new(&shared.plan, entity, &shared.run_id)),
            spare: RefCell::default(),
            lanes: RefCell::new(Vec::new()),
            shared,
        }
    }

    /// The closed loop: request, think, again. The caller drops it at the end of the run.
    pub async fn live(&self) {
        let shared = &*self.shared;
        shared.parking.wanted(self.entity).await;
        let mut part = ActiveGuard::new(shared);
        let first = self.chooser.borrow_mut().first();
        let mut freed = shared.clock.now();
        shared.clock.sleep_until(freed + first).await;
        loop {
            // The search for a leader that was lost is time a user of the cluster would have
            // waited.
            let due = shared.clock.now();
            self.find_leader_if_lost().await;
            self.perform(due).await;
            let done = shared.clock.now();
            shared.recorder.borrow_mut().cycle(done.since(freed), done);
            freed = done;
            if !shared.parking.wants(self.entity) {
                drop(part);
                shared.parking.wanted(self.entity).await;
                part = ActiveGuard::new(shared);
                freed = shared.clock.now();
            }
            let think = self.chooser.borrow_mut().think();
            shared.clock.sleep_until((freed + think).max(self.not_before.get())).await;
        }
    }

    /// Where it sends next.
    fn target(&self) -> u16 {
        self.latch.get().unwrap_or(self.home)
    }

    /// One request, due at `due`.
    pub async fn perform(&self, due: Micros) {
        let shared = &*self.shared;
        let mut node = self.target();
        let Some(mut permit) = self.slot(node, true).await else { return };

        let operations = shared.dialect.operations();
        let mut chosen = self.spare.take();
        self.chooser.borrow_mut().choose(
            operations,
            &shared.topic,
            shared.clock.now(),
            &mut chosen,
        );
        let request =
            shared.dialect.request(chosen.op, &Choice { key: &chosen.key, value: &chosen.value });
        if let KeyUse::Forget(pool) = operations[chosen.op].key {
            shared.acknowledged.borrow_mut().deleting(pool, &chosen.key);
        }
        let issued = shared.clock.now();
        shared.recorder.borrow_mut().issued(chosen.op as u8, node, issued);
        if let Some(seq) = chosen.event {
            shared.ledger.borrow_mut().published(self.entity, seq);
        }
        let mut flight = InFlightRequest {
            client: self,
            sample: Sample {
                entity: self.entity,
                op: chosen.op as u8,
                asked: node,
                answered: None,
                redirected: false,
                due,
                issued,
                done: issued,
                outcome: Outcome::Aborted,
            },
            at: node,
            open: true,
        };
        let deadline = issued + shared.plan.load.timeout;
        for hop in 0.. {
            let reply = self.send(&permit, chosen.op, &request, deadline).await;
            let mut ended = self.judge(&mut flight, chosen.op, &request.path, node, &reply);
            // The leader could not be reached by a redirect: ask for it and submit again, as one
            // request.
            if ended.outcome == Outcome::NotLeader && hop < REDIRECTS_MAX {
                let leader = shared.find_leader(shared.clock.now()).await;
                if let Some(leader) = leader.filter(|l| *l != node && shared.clock.now() < deadline)
                {
                    drop(permit);
                    shared.recorder.borrow_mut().moved(node, leader, shared.clock.now());
                    (node, flight.at, flight.sample.redirected) = (leader, leader, true);
                    ended.answered = Some(leader);
                    let Some(next) = self.slot(leader, false).await else { return };
                    permit = next;
                    continue;
                }
            }
            let resubmitted = hop > 0;
            if resubmitted && ended.outcome.is_answer() {
                ended.answered = Some(node);
            }
            self.settle(&mut flight, &chosen, &reply, &ended, resubmitted);
            break;
        }
        self.spare.replace(chosen);
        drop(permit);
    }

    /// Waits for a slot of the entity's lane at a node.
    async fn slot(&self, node: u16, counted: bool) -> Option<Permit> {
        let lane = self.lane(node)?;
        let place = self.shared.slots.acquire(lane);
        // A wait of no length adds nothing.
        let mark = (counted && !place.is_granted()).then(|| WaitGuard::new(&self.shared));
        let permit = place.await;
        drop(mark);
        Some(permit)
    }

    fn lane(&self, node: u16) -> Option<usize> {
        let mut lanes = self.lanes.borrow_mut();
        let place = usize::from(node);
        if lanes.len() <= place {
            lanes.resize(place + 1, None);
        }
        if lanes[place].is_none() {
            lanes[place] = self.shared.topology.borrow_mut().take_lane(node);
        }
        lanes[place]
    }

    /// Sends, and waits for the answer until the deadline. `Ok(None)` is the timeout.
    async fn send(
        &self,
        permit: &Permit,
        op: usize,
        request: &Request,
        deadline: Micros,
    ) -> Result<Option<Reply>, NoAnswer> {
        let shared = &*self.shared;
        let base = shared.topology.borrow().lanes[permit.lane()].base.clone();
        let wants_text = |status| shared.dialect.wants_text(op, status);
        let call = Call { lane: permit.lane(), base: &base, request, wants_text: &wants_text };
        match select(pin!(shared.transport.send(&call)), pin!(shared.clock.sleep_until(deadline)))
            .await
        {
            Either::Left((reply, _)) => reply.map(Some),
            Either::Right(_) => Ok(None),
        }
    }

    /// How the request ended, and where it was answered.
    fn judge(
        &self,
        flight: &mut InFlightRequest<T, C>,
        op: usize,
        path: &str,
        at: u16,
        reply: &Result<Option<Reply>, NoAnswer>,
    ) -> Ended {
        let reply = match reply {
            Ok(Some(reply)) => reply,
            Ok(None) => return Ended { outcome: Outcome::Timeout, at, answered: None },
            Err(_) => return Ended { outcome: Outcome::Network, at, answered: None },
        };
        let redirected = reply.final_url.is_some();
        flight.sample.redirected |= redirected;
        let answer = Answer {
            status: reply.status,
            bytes: reply.bytes,
            text: reply.text.as_deref(),
            redirected,
        };
        let outcome = self.shared.dialect.judge(op, &answer);
        let answered = match &reply.final_url {
            Some(url) => self.shared.node_at(url, path, reply.served_by.as_deref()),
            None => Some(at),
        };
        Ended { outcome, at, answered }
    }

    /// Books the end of a request and draws the entity's conclusions.
    fn settle(
        &self,
        flight: &mut InFlightRequest<T, C>,
        chosen: &Chosen,
        reply: &Result<Option<Reply>, NoAnswer>,
        ended: &Ended,
        resubmitted: bool,
    ) {
        let shared = &*self.shared;
        let outcome = ended.outcome;
        flight.sample.answered = ended.answered;
        // The wire saw the last hop only; the page's clock saw all of them.
        let wire = match reply {
            Ok(Some(reply)) if !resubmitted => reply.wire,
            _ => Wire::Absent,
        };
        flight.end(outcome, wire);
        if outcome.is_error() {
            let status = reply.as_ref().ok().and_then(Option::as_ref).map_or(0, |r| r.status);
            let key = ErrorKey {
                outcome,
                op: chosen.op as u8,
                node: flight.sample.asked,
                text: words(reply),
            };
            shared.note_error(key, self.entity, status, flight.sample.issued);
        }
        if outcome == Outcome::Ok {
            let operations = shared.dialect.operations();
            self.chooser.borrow_mut().succeeded(operations, chosen);
            if let KeyUse::Any(pool) | KeyUse::Fresh(pool) = operations[chosen.op].key {
                shared.acknowledged.borrow_mut().written(pool, &chosen.key);
            }
            if let Some(seq) = chosen.event {
                shared.ledger.borrow_mut().acknowledged(self.entity, seq, flight.sample.issued);
            }
        }
        if let Ok(Some(Reply { retry_after: Some(pause), .. })) = reply {
            let now = shared.clock.now();
            self.not_before.set(now + (*pause).min(RETRY_AFTER_MAX));
        }
        if shared.plan.disable_leader_stickiness {
            return;
        }
        match outcome {
            Outcome::NotLeader | Outcome::Unavailable | Outcome::Network | Outcome::Timeout
                // Many may fail by the same broken node; one that has moved on meanwhile stays
                // there.
                if self.target() == ended.at => {
                    self.latch.set(None);
                    self.lost.set(Some(shared.clock.now()));
                }
            _ if flight.sample.redirected && ended.answered.is_some_and(|n| n != self.target()) => {
                self.latch.set(ended.answered);
            }
            _ => {}
        }
    }

    /// After a failure a sticky entity looks for the leader before it goes on.
    pub async fn find_leader_if_lost(&self) {
        let shared = &*self.shared;
        let Some(since) = self.lost.get() else { return };
        if let Some(leader) = shared.find_leader(since).await {
            self.latch.set(Some(leader));
            self.lost.set(None);
        } else {
            self.lost.set(Some(shared.clock.now()));
            shared.clock.sleep_until(shared.clock.now() + NO_LEADER_PAUSE).await;
        }
    }
}

/// A failure in the words of who reported it.
fn words(reply: &Result<Option<Reply>, NoAnswer>) -> String {
    match reply {
        Err(NoAnswer(words)) => words.clone(),
        Ok(None) => "no answer within the timeout".into(),
        Ok(Some(reply)) => {
            let text = reply.text.as_deref().unwrap_or_default().trim();
            let line = text.lines().next().unwrap_or_default();
            if line.is_empty() {
                format!("HTTP {}", reply.status)
            } else {
                format!("HTTP {}: {line}", reply.status)
            }
        }
    }
}

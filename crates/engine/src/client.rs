//! One entity's life: choose an operation, wait for a slot, send, record, think, again.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};

use super::choice::{Chooser, Chosen};
use super::environment::{Call, Clock, NoAnswer, Reply, Transport, Wire, failure_words};
use super::guards::{ActiveGuard, WaitGuard};
use super::shared::Shared;
use super::slots::Permit;
use fwit_model::dialect::{Kind, Operation, Request};
use fwit_quantities::sample::{Outcome, Sample};
use fwit_quantities::units::Micros;
use fwit_stats::errors::ErrorKey;
use fwit_stats::random::Stream;

/// Most further hops of a request, to where a redirect or a refusal sent it on.
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

/// A request from when it is due. If it is dropped before it ended (the run was stopped), it ends
/// as aborted: that is how every issued request is counted exactly once. One that never got a slot
/// was never issued: only how long it waited is known.
struct OpenRequest<'a, T: Transport, C: Clock> {
    client: &'a Client<T, C>,
    sample: Sample,
    /// The node where its last hop is in flight, if one is.
    at: Option<u16>,
    issued: bool,
    open: bool,
}

impl<T: Transport, C: Clock> OpenRequest<'_, T, C> {
    /// Its hop ended at the node without an answer.
    fn leave(&mut self) {
        if let Some(node) = self.at.take() {
            let shared = &self.client.shared;
            shared.recorder.borrow_mut().left(node, shared.clock.now());
        }
    }

    /// It got its slot and is handed to the network.
    fn issue(&mut self) {
        let shared = &self.client.shared;
        let now = shared.clock.now();
        (self.sample.issued, self.sample.sent, self.at) = (now, now, Some(self.sample.asked));
        self.issued = true;
        shared.recorder.borrow_mut().issued(self.sample.op, self.sample.asked, now);
    }

    /// Its next hop is handed to the network; `redirect` is how long the hop before took, and
    /// finding out where to go on.
    fn send_on(&mut self, node: u16, redirect: Micros) {
        let shared = &self.client.shared;
        let now = shared.clock.now();
        self.at = Some(node);
        self.sample.redirected = true;
        self.sample.redirect += redirect;
        self.sample.sent = now;
        shared.recorder.borrow_mut().sent_on(node, now);
    }

    fn end(&mut self, outcome: Outcome, wire: Wire) {
        self.open = false;
        self.sample.outcome = outcome;
        self.sample.done = self.client.shared.clock.now();
        let (known, late) = match wire {
            Wire::Known(timing) => (Some(timing), None),
            Wire::Later(ticket) => (None, Some(ticket)),
            Wire::Absent => (None, None),
        };
        let mut recorder = self.client.shared.recorder.borrow_mut();
        recorder.leaves_system(self.sample.done);
        recorder.ended(self.sample, self.at, known, late);
    }

    /// It never got a slot.
    fn give_up(&mut self) {
        self.open = false;
        self.sample.done = self.client.shared.clock.now();
        let mut recorder = self.client.shared.recorder.borrow_mut();
        recorder.leaves_system(self.sample.done);
        recorder.never_issued(&self.sample);
    }
}

impl<T: Transport, C: Clock> Drop for OpenRequest<'_, T, C> {
    fn drop(&mut self) {
        match (self.open, self.issued) {
            (false, _) => {}
            (true, true) => self.end(Outcome::Aborted, Wire::Absent),
            (true, false) => self.give_up(),
        }
    }
}

/// How one hop went, as far as the entity's next steps need it.
struct Ended {
    outcome: Outcome,
    /// The node that it was sent to.
    at: u16,
    /// Why there is no answer, where the reply does not say.
    why: Option<String>,
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

    /// The closed loop: request, think, again, until the slots are closed or it is dropped.
    pub async fn live(&self) {
        let shared = &*self.shared;
        shared.parking.wanted(self.entity).await;
        let mut part = ActiveGuard::new(shared);
        let round_trip = shared.round_trip.get().min(shared.plan.load.warmup);
        let first = self.chooser.borrow_mut().first(round_trip);
        shared.clock.sleep_until(shared.clock.now() + first).await;
        loop {
            self.perform(shared.clock.now()).await;
            if shared.slots.is_closed() {
                return;
            }
            let mut freed = shared.clock.now();
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
        let operations = shared.dialect.operations();
        let op = self.chooser.borrow_mut().pick(operations);
        shared.recorder.borrow_mut().enters_system(due, shared.clock.now());
        let mut flight = OpenRequest {
            client: self,
            sample: Sample {
                entity: self.entity,
                op: op as u8,
                asked: self.target(),
                answered: None,
                redirected: false,
                due,
                issued: due,
                sent: due,
                redirect: Micros::ZERO,
                done: due,
                outcome: Outcome::Aborted,
            },
            at: None,
            issued: false,
            open: true,
        };
        // The search for a leader that was lost is time that a user of the cluster would have
        // waited.
        if let Some(lost) = self.lost.get() {
            let looking = shared.clock.now();
            self.find_lost_leader(lost).await;
            flight.sample.redirect = shared.clock.now().since(looking);
        }
        let mut node = self.target();
        flight.sample.asked = node;
        let Some(mut permit) = self.slot(node, false).await else { return };

        let mut chosen = self.spare.take();
        chosen.op = op;
        self.chooser.borrow_mut().choose(
            operations,
            &shared.topic,
            shared.clock.now(),
            &mut chosen,
        );
        let request = shared.dialect.request(chosen.op, &chosen.choice());
        flight.issue();
        let issued = flight.sample.issued;
        let (operation, key) = (&operations[chosen.op], &chosen.key);
        if operation.kind != Kind::Read && issued >= shared.windows.get().1 {
            shared.roles.borrow_mut().write_issued(flight.sample.asked);
        }
        let begun = shared.history.borrow_mut().begin(operation, key, &chosen.value, issued);
        if let Some(seq) = chosen.event {
            shared.ledger.borrow_mut().published(self.entity, seq);
        }
        let mut deadline = issued + shared.plan.load.timeout;
        let mut hop = 0;
        let (reply, ended, permit) = loop {
            let reply = self.send(&permit, chosen.op, &request, deadline).await;
            if matches!(&reply, Ok(Some(reply)) if reply.preflight) {
                let op = chosen.op as u8;
                shared.recorder.borrow_mut().preflight(op, flight.sample.asked, issued);
            }
            let mut ended = self.judge(chosen.op, node, &reply);
            if ended.outcome != Outcome::NotLeader {
                break (reply, ended, Some(permit));
            }
            // The node is done with it: its slot is another's while this one looks where to go on.
            flight.leave();
            drop(permit);
            match self.next_hop(node, hop, &flight.sample, &reply).await {
                Ok(leader) if shared.clock.now() < deadline => node = leader,
                Ok(_) => {
                    ended.outcome = Outcome::Timeout;
                    ended.why = Some("the leader was not found within the timeout".into());
                    break (reply, ended, None);
                }
                Err(why) => {
                    ended.why = why;
                    break (reply, ended, None);
                }
            }
            let queued = shared.clock.now();
            let redirect = queued.since(flight.sample.sent);
            let Some(next) = self.slot(node, true).await else { return };
            permit = next;
            // The plan's timeout is for the cluster, not for our own queue.
            deadline += shared.clock.now().since(queued);
            flight.send_on(node, redirect);
            hop += 1;
        };
        self.settle(&mut flight, &chosen, &reply, &ended);
        let answer = reply.as_ref().ok().and_then(Option::as_ref);
        shared.remember(&flight.sample, &chosen, begun, answer, (ended.outcome, ended.at));
        self.spare.replace(chosen);
        drop(permit);
    }

    /// Where a request goes on that a node redirected, or refused because it does not lead.
    ///
    /// # Errors
    /// Nowhere: why, where the node's answer does not say.
    async fn next_hop(
        &self,
        node: u16,
        hop: u32,
        sample: &Sample,
        reply: &Result<Option<Reply>, NoAnswer>,
    ) -> Result<u16, Option<String>> {
        let shared = &*self.shared;
        let redirected = matches!(reply, Ok(Some(reply)) if reply.redirect);
        let name = shared.name_of(node);
        if hop >= REDIRECTS_MAX {
            return Err(Some(format!("sent on {REDIRECTS_MAX} times, and then again by {name}")));
        }
        if let Some(leader) = self.hinted(node, reply) {
            return Ok(leader);
        }
        if !shared.dialect.finds_leader() {
            return Err(redirected.then(|| {
                format!(
                    "{name} redirects to where this browser can't see, and its protocol names no \
                     leader"
                )
            }));
        }
        match shared.leader_beside(node, hop == 0, sample.sent).await {
            Some(leader) if leader != node => Ok(leader),
            Some(_) if redirected => {
                Err(Some(format!("{name} redirects, although it says that it leads")))
            }
            None => Err(shared.stranger_leads(sample.issued).or_else(|| {
                redirected.then(|| {
                    format!(
                        "{name} redirects to where this browser can't see, and no node of the plan \
                         says that it leads"
                    )
                })
            })),
            Some(_) => Err(None),
        }
    }

    /// The leader that a node names where it refuses.
    fn hinted(&self, node: u16, reply: &Result<Option<Reply>, NoAnswer>) -> Option<u16> {
        let Ok(Some(reply)) = reply else { return None };
        let shared = &*self.shared;
        let named = reply.leader.clone().or_else(|| reply.hint.clone());
        let hint = named.or_else(|| shared.dialect.hint(reply.text.as_deref()))?;
        shared.node_named(&hint, node).filter(|leader| *leader != node)
    }

    /// Waits for a slot of the entity's lane at a node, for a new request or for a further hop of
    /// one. `None` once no new request is to be issued.
    async fn slot(&self, node: u16, onward: bool) -> Option<Permit> {
        let lane = self.lane(node)?;
        let slots = &self.shared.slots;
        let place = if onward { slots.acquire_onward(lane) } else { slots.acquire(lane) };
        // A wait of no length adds nothing.
        let mark = (!place.is_granted()).then(|| WaitGuard::new(&self.shared));
        let permit = place.await;
        drop(mark);
        permit
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
        request: &Request<'_>,
        deadline: Micros,
    ) -> Result<Option<Reply>, NoAnswer> {
        let shared = &*self.shared;
        let base = shared.topology.borrow().lanes[permit.lane()].base.clone();
        let checks = shared.history.borrow().is_on() && shared.dialect.has_value(op);
        let wants_text = |status| checks || shared.dialect.wants_text(op, status);
        let call = Call {
            lane: permit.lane(),
            base: &base,
            request,
            wants_text: &wants_text,
            follow: false,
        };
        match select(pin!(shared.transport.send(&call)), pin!(shared.clock.sleep_until(deadline)))
            .await
        {
            Either::Left((reply, _)) => reply.map(Some),
            Either::Right(_) => Ok(None),
        }
    }

    /// How a hop ended.
    fn judge(&self, op: usize, at: u16, reply: &Result<Option<Reply>, NoAnswer>) -> Ended {
        let outcome = match reply {
            Ok(Some(reply)) => reply.outcome(&self.shared.dialect, op),
            Ok(None) => Outcome::Timeout,
            Err(_) => Outcome::Network,
        };
        Ended { outcome, at, why: None }
    }

    /// Books the end of a request and draws the entity's conclusions.
    fn settle(
        &self,
        flight: &mut OpenRequest<T, C>,
        chosen: &Chosen,
        reply: &Result<Option<Reply>, NoAnswer>,
        ended: &Ended,
    ) {
        let shared = &*self.shared;
        let outcome = ended.outcome;
        let answer = reply.as_ref().ok().and_then(Option::as_ref);
        flight.sample.answered = answer.map(|_| ended.at);
        if answer.is_some() {
            let now = shared.clock.now();
            let took = now.since(flight.sample.issued);
            shared.roles.borrow_mut().heard(ended.at, took, now);
        }
        flight.end(outcome, answer.map_or(Wire::Absent, |reply| reply.wire));
        if outcome.is_error() {
            let status = answer.map_or(0, |reply| reply.status);
            let key = ErrorKey {
                outcome,
                op: chosen.op as u8,
                node: flight.sample.asked,
                text: ended.why.clone().unwrap_or_else(|| failure_words(reply)),
            };
            shared.note_error(key, self.entity, status, flight.sample.issued);
        }
        if outcome == Outcome::Ok {
            let operations = shared.dialect.operations();
            if operations[chosen.op].kind != Kind::Read {
                shared.roles.borrow_mut().write_acknowledged(flight.sample.done);
            }
            let version =
                shared.dialect.version(chosen.op, answer.and_then(|reply| reply.text.as_deref()));
            self.chooser.borrow_mut().succeeded(operations, chosen, version);
            if let Some(seq) = chosen.event {
                shared.ledger.borrow_mut().acknowledged(self.entity, seq, flight.sample.issued);
            }
        }
        if outcome == Outcome::Conflict {
            self.chooser.borrow_mut().lost(shared.dialect.operations(), chosen);
        }
        if let Ok(Some(Reply { retry_after: Some(pause), .. })) = reply {
            let now = shared.clock.now();
            self.not_before.set(now + (*pause).min(RETRY_AFTER_MAX));
        }
        // A leader that was only remembered may have gone: the next one that is redirected asks.
        if flight.sample.redirected
            && matches!(outcome, Outcome::Unavailable | Outcome::Network | Outcome::Timeout)
        {
            shared.leader.doubt(ended.at);
        }
        // A node that carries out writes is as good as the leader, whoever leads.
        let writes = |o: &Operation| o.kind != Kind::Read;
        if outcome.is_answer() && shared.dialect.operations().get(chosen.op).is_some_and(writes) {
            self.lost.set(None);
        }
        if shared.plan.disable_leader_stickiness || !shared.dialect.finds_leader() {
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
            _ if flight.sample.redirected && answer.is_some() && ended.at != self.target() => {
                self.latch.set(Some(ended.at));
            }
            _ => {}
        }
    }

    /// After a failure a sticky entity looks for the leader before it goes on.
    async fn find_lost_leader(&self, since: Micros) {
        let shared = &*self.shared;
        if let Some(leader) = shared.find_leader(since).await {
            self.latch.set(Some(leader));
            self.lost.set(None);
        } else {
            self.lost.set(Some(shared.clock.now()));
            shared.clock.sleep_until(shared.clock.now() + NO_LEADER_PAUSE).await;
        }
    }
}

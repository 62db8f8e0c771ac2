//! A pretend cluster on the virtual clock: three nodes, redirects, a leader that may die.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use fwit_engine::environment::{
    Call, Clock, EventStream, NoAnswer, Reply, Room, StreamItem, Transport, Wire,
};
use fwit_engine::sim::clock::VirtualClock;
use fwit_model::dialect::{self, Method};
use fwit_model::plan::BaseUrl;
use fwit_quantities::sample::{Protocol, WireTiming};
use fwit_quantities::units::Micros;

#[path = "store.rs"]
pub mod store;

use store::Kept;

/// What the pretend cluster does, and what it saw.
#[derive(Clone)]
pub struct Pretend {
    pub clock: VirtualClock,
    pub state: Rc<State>,
}

#[derive(Default)]
pub struct State {
    pub leader: Cell<usize>,
    /// The old leader dies at this instant; node 2 leads a second later.
    pub dies_at: Cell<Option<Micros>>,
    /// Service time of every request.
    pub service: Cell<Micros>,
    /// Answers are held back between these instants.
    pub stalled: Cell<(Micros, Micros)>,
    /// The page does not run between these instants: answers lie there meanwhile.
    pub away: Cell<(Micros, Micros)>,
    /// When paused nodes were told to go on.
    pub resumed: RefCell<Vec<Micros>>,
    /// Every n-th request has no answer; 0 for none.
    pub silent_every: Cell<u64>,
    pub asked: Cell<u64>,
    /// How every request is answered instead: status and length, or a reset without a status.
    pub always: Cell<Option<(u16, u64)>>,
    /// No browser limits how many requests are under way.
    pub unbounded: Cell<bool>,
    /// How long a status takes.
    pub distance: Cell<Micros>,
    /// No node's status says who leads.
    pub mute: Cell<bool>,
    /// Every node redirects writes, the leader too: a loop.
    pub loops: Cell<bool>,
    /// Every node redirects writes and says that the next node leads.
    pub blames_next: Cell<bool>,
    /// No time from the wire.
    pub no_timing: Cell<bool>,
    /// Wire times come only when asked for later.
    pub late: RefCell<Vec<(u64, Option<WireTiming>)>>,
    pub next_ticket: Cell<u64>,
    /// Base path of every node; elsewhere there is nothing.
    pub base_path: Cell<&'static str>,
    /// A leader elsewhere: its base URL, from when on it leads, and the name it goes by.
    pub elsewhere: RefCell<Option<(String, Micros, &'static str)>>,
    /// Bases that anything was sent to, and how often.
    pub bases: RefCell<BTreeMap<String, u64>>,
    /// URLs of event streams.
    pub streams: RefCell<BTreeSet<String>>,
    /// Client requests that arrived, by path, and those answered.
    pub arrived: RefCell<BTreeMap<String, u64>>,
    pub redirects: Cell<u64>,
    pub in_flight: RefCell<BTreeMap<usize, u32>>,
    pub most_in_flight: Cell<u32>,
    pub events: RefCell<Vec<String>>,
    /// Every n-th event is lost on its way to subscribers; 0 for none.
    pub lose_every: Cell<usize>,
    pub limited_once: Cell<bool>,
    /// A follower refuses and names the leader in a header, as fwit-gateway makes of a redirect.
    pub names_leader: Cell<bool>,
    /// Questions for the role.
    pub pings: Cell<u64>,
    /// Every n-th read finds nothing; 0 for none.
    pub forgets: Cell<u64>,
    pub reads: Cell<u64>,
    /// Nodes that stand still.
    pub paused: RefCell<BTreeSet<usize>>,
    /// Keys, values and counters, where they are kept.
    pub kept: RefCell<Option<Kept>>,
}

impl Pretend {
    pub fn new(service_ms: f64) -> Pretend {
        let state =
            State { service: Cell::new(Micros::from_millis(service_ms)), ..State::default() };
        Pretend { clock: VirtualClock::default(), state: Rc::new(state) }
    }

    /// Base URL and name of the leader elsewhere, once it leads.
    fn elsewhere(&self) -> Option<(String, &'static str)> {
        let elsewhere = self.state.elsewhere.borrow();
        let (base, from, name) = elsewhere.as_ref()?;
        (self.clock.now() >= *from).then(|| (base.clone(), *name))
    }

    fn leader(&self) -> Option<usize> {
        if self.elsewhere().is_some() {
            return None;
        }
        match self.state.dies_at.get() {
            Some(at) if self.clock.now() >= at + Micros(1_000_000) => Some(2),
            Some(at) if self.clock.now() >= at => None,
            _ => Some(self.state.leader.get()),
        }
    }

    fn alive(&self, node: usize) -> bool {
        !(node == self.state.leader.get()
            && self.state.dies_at.get().is_some_and(|at| self.clock.now() >= at))
    }

    async fn work(&self) {
        let until = self.clock.now() + self.state.service.get();
        let (from, to) = self.state.stalled.get();
        let until = if until >= from && until < to { to + self.state.service.get() } else { until };
        self.clock.sleep_until(until).await;
    }
}

struct InFlight<'a>(&'a State, usize);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if let Some(n) = self.0.in_flight.borrow_mut().get_mut(&self.1) {
            *n -= 1;
        }
    }
}

/// The node at a base URL, and its base path.
fn node_of(base: &str) -> (usize, &str) {
    let end = base.rsplit(':').next().unwrap_or_default();
    let (port, path) = end.split_at(end.find('/').unwrap_or(end.len()));
    (port.parse::<usize>().map_or(0, |p| p - 7101), path)
}

impl Transport for Pretend {
    type Events = Stream;

    async fn send(&self, call: &Call<'_>) -> Result<Reply, NoAnswer> {
        let state = &*self.state;
        *state.bases.borrow_mut().entry(call.base.into()).or_default() += 1;
        let elsewhere = self.elsewhere();
        let leads_elsewhere = elsewhere.as_ref().is_some_and(|(base, _)| base == call.base);
        let (node, base_path) = node_of(call.base);
        if !self.alive(node) {
            self.clock.sleep_until(self.clock.now() + Micros(300)).await;
            return Err(NoAnswer("Failed to fetch".into()));
        }
        if !leads_elsewhere && base_path != state.base_path.get() {
            return Ok(Reply { status: 404, bytes: 10, ..Reply::default() });
        }
        if let Some(fault) = call.request.path.strip_prefix("/fault/") {
            let mut paused = state.paused.borrow_mut();
            match fault {
                "pause" => drop(paused.insert(node)),
                "resume" => {
                    paused.remove(&node);
                    state.resumed.borrow_mut().push(self.clock.now());
                }
                "step-down" => state.leader.set((node + 1) % 3),
                _ => return Ok(Reply { status: 404, text: Some("no".into()), ..Reply::default() }),
            }
            return Ok(Reply { status: 200, ..Reply::default() });
        }
        if call.request.path == "/metrics" {
            return Ok(Reply { status: 404, ..Reply::default() });
        }
        while state.paused.borrow().contains(&node) {
            self.clock.sleep_until(self.clock.now() + Micros(5_000)).await;
        }
        if call.request.path.ends_with("/ping") {
            state.pings.set(state.pings.get() + 1);
            let leads = leads_elsewhere || self.leader() == Some(node);
            self.clock.sleep_until(self.clock.now() + state.distance.get()).await;
            let role = if leads { "leader" } else { "follower" };
            let text = match &elsewhere {
                _ if state.blames_next.get() => {
                    let next = 7101 + (node + 1) % 3;
                    format!(
                        r#"{{"status":"ok","role":"follower","leader_url":"http://127.0.0.1:{next}"}}"#
                    )
                }
                _ if state.mute.get() => r#"{"status":"ok"}"#.to_string(),
                Some((base, _)) if !leads => {
                    format!(r#"{{"status":"ok","role":"{role}","leader_url":"{base}"}}"#)
                }
                _ => format!(r#"{{"status":"ok","node":"n{}","role":"{role}"}}"#, node + 1),
            };
            return Ok(Reply {
                status: 200,
                bytes: text.len() as u64,
                text: Some(text),
                ..Reply::default()
            });
        }
        *state.in_flight.borrow_mut().entry(call.lane).or_default() += 1;
        let guard = InFlight(state, call.lane);
        let now = state.in_flight.borrow()[&call.lane];
        state.most_in_flight.set(state.most_in_flight.get().max(now));
        *state
            .arrived
            .borrow_mut()
            .entry(call.request.path.split('?').next().unwrap_or_default().into())
            .or_default() += 1;

        let issued = self.clock.now();
        let mut reply = Reply { status: 200, bytes: 10, ..Reply::default() };
        let write = call.request.method == Method::Post;
        let leads = self.leader() == Some(node) && !state.loops.get() && !state.blames_next.get();
        if write && !leads_elsewhere && !leads {
            self.clock.sleep_until(issued + Micros(1_000)).await;
            let (leader, name) = match (self.elsewhere(), self.leader()) {
                (Some((base, name)), _) => (base, Some(name.to_string())),
                (None, Some(n)) => (format!("http://127.0.0.1:{}{base_path}", 7101 + n), None),
                (None, None) => {
                    let text = Some("no current leader".into());
                    return Ok(Reply { status: 503, text, ..reply });
                }
            };
            state.redirects.set(state.redirects.get() + 1);
            if state.names_leader.get() {
                return Ok(Reply { status: 503, leader: Some(leader), ..reply });
            }
            if !call.follow {
                return Ok(Reply { status: 0, redirect: true, ..Reply::default() });
            }
            let path = &call.request.path;
            (reply.final_url, reply.served_by) = (Some(format!("{leader}{path}")), name);
        }
        state.asked.set(state.asked.get() + 1);
        let silent = state.silent_every.get();
        if silent > 0 && state.asked.get().is_multiple_of(silent) {
            std::future::pending::<()>().await;
        }
        self.work().await;
        match state.always.get() {
            Some((0, _)) => return Err(NoAnswer("Failed to fetch".into())),
            Some((status, bytes)) => return Ok(Reply { status, bytes, ..reply }),
            None => {}
        }
        if !self.alive(node) {
            return Err(NoAnswer("Failed to fetch".into()));
        }
        if !write {
            state.reads.set(state.reads.get() + 1);
            if state.forgets.get() > 0 && state.reads.get().is_multiple_of(state.forgets.get()) {
                return Ok(Reply { status: 404, text: Some("404 page not found".into()), ..reply });
            }
        }
        if let Some(kept) = state.kept.borrow_mut().as_mut()
            && let Some((status, text)) = kept.answer(call.request, self.clock.now())
        {
            (reply.status, reply.bytes) = (status, text.len() as u64);
            reply.text = (call.wants_text)(status).then_some(text);
        }
        if call.request.path.ends_with("/events") && !state.limited_once.replace(true) {
            let pause = Some(Micros(2_000_000));
            return Ok(Reply {
                status: 429,
                retry_after: pause,
                text: Some("Too Many Requests".into()),
                ..reply
            });
        }
        if call.request.path.ends_with("/events") {
            let body = call.request.body.split_once("\"data\":").map_or("null}", |b| b.1);
            state.events.borrow_mut().push(format!(r#"{{"topic":"t","data":{body}"#));
        }
        drop(guard);
        let now = self.clock.now();
        let (from, to) = state.away.get();
        if now >= from && now < to {
            self.clock.sleep_until(to).await;
        }
        let timing = WireTiming {
            request_start: issued,
            response_start: now,
            response_end: now,
            connect: Micros::ZERO,
            new_connection: false,
            from_cache: false,
            server: None,
            protocol: Protocol::Http1,
        };
        let ticket = state.next_ticket.get();
        state.next_ticket.set(ticket + 1);
        reply.wire = match (state.no_timing.get(), ticket % 2) {
            (true, _) => Wire::Absent,
            (_, 0) => Wire::Known(timing),
            _ => {
                state.late.borrow_mut().push((ticket, Some(timing)));
                Wire::Later(ticket)
            }
        };
        Ok(reply)
    }

    fn room(&self) -> Room {
        if self.state.unbounded.get() { Room::UNBOUNDED } else { Room::BROWSER }
    }

    fn take_wire(&self) -> Vec<(u64, Option<WireTiming>)> {
        self.state.late.take()
    }

    fn subscribe(&self, base: &BaseUrl, stream: &dialect::Stream) -> Stream {
        self.state.streams.borrow_mut().insert(format!("{}{}", base.websocket(), stream.path));
        Stream { cluster: self.clone(), open: false, next: 0 }
    }
}

pub struct Stream {
    cluster: Pretend,
    open: bool,
    next: usize,
}

impl EventStream for Stream {
    async fn next(&mut self) -> Result<StreamItem, NoAnswer> {
        let clock = self.cluster.clock.clone();
        if !std::mem::replace(&mut self.open, true) {
            return Ok(StreamItem::Open);
        }
        loop {
            let event = self.cluster.state.events.borrow().get(self.next).cloned();
            if let Some(event) = event {
                self.next += 1;
                let lose = self.cluster.state.lose_every.get();
                if lose == 0 || !self.next.is_multiple_of(lose) {
                    return Ok(StreamItem::Message(event, clock.now()));
                }
            } else {
                clock.sleep_until(clock.now() + Micros(5_000)).await;
            }
        }
    }
}

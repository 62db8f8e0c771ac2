//! The transport to a simulated cluster, in place of the browser's.
//!
//! One client has one connection to each node, with many requests at a time on it, as HTTP/2 has
//! them. Connections are set up at first use and after a crash, in one round trip. Slots set no
//! limit here, as there is no browser in between, unless the plan asks for one.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use super::ask::{self, Ask, between};
use super::clock::VirtualClock;
use super::cluster::{Body, Cluster, Fate, NO_LEADER};
use super::fan::Inbox;
use crate::environment::{
    Call, Clock, EventStream, NoAnswer, Reply, Room, StreamItem, Transport, Wire,
};
use fwit_model::dialect::Stream;
use fwit_model::plan::{BaseUrl, SimCluster, sim_index, sim_url};
use fwit_quantities::sample::{Protocol, WireTiming};
use fwit_quantities::units::Micros;

/// Most hops of one request.
const HOPS_MAX: usize = 5;

/// A simulated cluster and the way to it. Clones share the cluster: several runs, one after the
/// other or at once, meet the same queues, leader, drift and keys.
#[derive(Clone, Debug)]
pub struct SimTransport {
    clock: VirtualClock,
    inner: Rc<RefCell<Inner>>,
}

#[derive(Debug)]
struct Inner {
    cluster: Cluster,
    /// Of each node: since when its connection is open, or will be.
    connections: Vec<Option<Micros>>,
}

/// A hop's connection.
#[derive(Clone, Copy)]
struct Connected {
    /// When the request can go.
    at: Micros,
    connect: Micros,
    new: bool,
}

impl SimTransport {
    /// A cluster that starts now, on this clock: its outages and its drift count from the clock's
    /// zero. Everything random in it follows from the seed.
    #[must_use]
    pub fn new(sim: &SimCluster, seed: u64, clock: VirtualClock) -> SimTransport {
        let cluster = Cluster::new(sim, seed);
        let connections = vec![None; cluster.len()];
        SimTransport { clock, inner: Rc::new(RefCell::new(Inner { cluster, connections })) }
    }

    /// The clock that its time passes on.
    #[must_use]
    pub fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// Who leads now.
    #[must_use]
    pub fn leader(&self) -> Option<usize> {
        self.inner.borrow().cluster.timeline.leader(self.clock.now())
    }

    /// Whether both lead to the same cluster.
    #[must_use]
    pub fn is_same(&self, other: &SimTransport) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }

    fn is_up(&self, node: usize) -> bool {
        self.inner.borrow().cluster.timeline.is_up(node, self.clock.now())
    }

    /// Many requests at a time on a connection, unless the plan limits them.
    fn protocol(&self) -> Protocol {
        match self.inner.borrow().cluster.connections() {
            Some(_) => Protocol::Http1,
            None => Protocol::Http2,
        }
    }

    fn way(&self, node: usize) -> Micros {
        self.inner.borrow_mut().cluster.way(node)
    }

    async fn until(&self, at: Micros) {
        self.clock.sleep_until(at).await;
    }

    /// The connection to a node, set up where there is none.
    fn connect(&self, node: usize) -> Connected {
        let now = self.clock.now();
        let mut inner = self.inner.borrow_mut();
        let open = inner.connections.get(node).copied().flatten();
        // A crash ends it.
        let open = open.filter(|at| inner.cluster.timeline.goes_after(node, (*at).min(now)) > now);
        if let Some(at) = open {
            return Connected { at: at.max(now), connect: Micros::ZERO, new: false };
        }
        let takes = inner.cluster.way(node) + inner.cluster.way(node);
        if let Some(place) = inner.connections.get_mut(node) {
            *place = Some(now + takes);
        }
        Connected { at: now + takes, connect: takes, new: true }
    }

    /// A node that is gone refuses after a round trip.
    async fn refused(&self, node: usize) -> NoAnswer {
        if let Some(place) = self.inner.borrow_mut().connections.get_mut(node) {
            *place = None;
        }
        let back = self.way(node);
        self.until(self.clock.now() + back).await;
        NoAnswer("Failed to fetch".into())
    }

    fn arrive(&self, node: usize, ask: Ask, operation: usize, text: &str, hop: bool) -> Fate {
        self.inner.borrow_mut().cluster.arrive(node, ask, operation, text, self.clock.now(), hop)
    }

    /// A node asks the leader itself: what became of that.
    async fn forward(
        &self,
        node: usize,
        to: usize,
        ask: Ask,
        operation: usize,
        text: &str,
    ) -> Fate {
        let there = self.inner.borrow_mut().cluster.link(node, to);
        self.until(self.clock.now() + there).await;
        let fate = if self.is_up(to) {
            self.arrive(to, ask, operation, text, true)
        } else {
            Fate::Dies { at: self.clock.now() }
        };
        let back = self.inner.borrow_mut().cluster.link(to, node);
        let failed = Body::Text("Failed to forward request to leader");
        match fate {
            Fate::Answer { at, status, body } => Fate::Answer { at: at + back, status, body },
            // The leader has changed meanwhile.
            Fate::Redirect { at, .. } | Fate::Forward { at, .. } => {
                Fate::Answer { at: at + back, status: 503, body: Body::Text(NO_LEADER) }
            }
            Fate::Dies { at } => Fate::Answer { at: at + back, status: 502, body: failed },
        }
    }

    fn reply(&self, call: &Call<'_>, node: usize, first: usize, status: u16, body: Body) -> Reply {
        let mut reply = Reply { status, ..Reply::default() };
        let text = match body {
            Body::Bytes(n) => {
                reply.bytes = u64::from(n);
                None
            }
            Body::Text(text) => Some(text.to_string()),
            Body::Limited(wait) => {
                reply.retry_after = Some(wait);
                Some("Too Many Requests".to_string())
            }
            Body::Role => Some(self.role(node)),
        };
        if let Some(text) = text {
            reply.bytes = text.len() as u64;
            reply.text = (call.wants_text)(status).then_some(text);
        }
        if node != first {
            reply.final_url = Some(format!("{}{}", sim_url(node), call.request.path));
            reply.served_by = Some(self.inner.borrow().cluster.name(node).to_string());
        }
        reply
    }

    fn role(&self, node: usize) -> String {
        let leader = self.leader();
        let role = if leader == Some(node) { "leader" } else { "follower" };
        let url = leader.map(|l| format!(",\"leader_url\":\"{}\"", sim_url(l))).unwrap_or_default();
        format!("{{\"status\":\"ok\",\"role\":\"{role}\"{url}}}")
    }
}

impl Transport for SimTransport {
    type Events = SimEvents;

    async fn send(&self, call: &Call<'_>) -> Result<Reply, NoAnswer> {
        let first = sim_index(call.base).filter(|i| *i < self.inner.borrow().connections.len());
        let Some(first) = first else {
            return Err(NoAnswer("there is no such simulated node".into()));
        };
        let (ask, operation) = ask::read(call.request);
        let text = &*call.request.body;
        let mut node = first;
        for _ in 0..HOPS_MAX {
            let link = self.connect(node);
            let there = self.way(node);
            self.until(link.at + there).await;
            let arrived = self.clock.now();
            if !self.is_up(node) {
                return Err(self.refused(node).await);
            }
            let mut fate = self.arrive(node, ask, operation, text, false);
            if let Fate::Forward { at, to } = fate {
                self.until(at).await;
                fate = self.forward(node, to, ask, operation, text).await;
            }
            let back = self.way(node);
            match fate {
                Fate::Answer { at, status, body } => {
                    let mut reply = self.reply(call, node, first, status, body);
                    self.until(at + back).await;
                    let now = self.clock.now();
                    reply.wire = Wire::Known(WireTiming {
                        request_start: link.at,
                        response_start: now,
                        response_end: now,
                        connect: link.connect,
                        new_connection: link.new,
                        from_cache: false,
                        server: Some(at.since(arrived)),
                        protocol: self.protocol(),
                    });
                    return Ok(reply);
                }
                Fate::Redirect { at, to } => {
                    self.until(at + back).await;
                    if !call.follow {
                        return Ok(Reply { redirect: true, ..Reply::default() });
                    }
                    node = to;
                }
                Fate::Dies { at } | Fate::Forward { at, .. } => {
                    self.until(at).await;
                    return Err(self.refused(node).await);
                }
            }
        }
        Err(NoAnswer("too many redirects".into()))
    }

    fn take_wire(&self) -> Vec<(u64, Option<WireTiming>)> {
        Vec::new()
    }

    fn subscribe(&self, base: &BaseUrl, stream: &Stream) -> SimEvents {
        let node = sim_index(&base.to_string()).unwrap_or(usize::MAX);
        let inbox = Rc::new(Inbox::new(node, between(&stream.path, "topic=", b'&')));
        SimEvents { way: self.clone(), node, inbox, since: None }
    }

    fn room(&self) -> Room {
        let lane = self.inner.borrow().cluster.connections();
        lane.map_or(Room::UNBOUNDED, |lane| Room { lane, ..Room::UNBOUNDED })
    }
}

/// An event stream of a simulated node.
#[derive(Debug)]
pub struct SimEvents {
    way: SimTransport,
    node: usize,
    inbox: Rc<Inbox>,
    since: Option<Micros>,
}

impl Drop for SimEvents {
    fn drop(&mut self) {
        self.way.inner.borrow_mut().cluster.fan.close(&self.inbox);
    }
}

impl EventStream for SimEvents {
    async fn next(&mut self) -> Result<StreamItem, NoAnswer> {
        let clock = &self.way.clock;
        let Some(since) = self.since else {
            // A connection, then the switch of protocols.
            let takes = (0..4).map(|_| self.way.way(self.node)).fold(Micros::ZERO, |a, b| a + b);
            clock.sleep_until(clock.now() + takes).await;
            if !self.way.is_up(self.node) {
                return Err(NoAnswer("the event stream was refused".into()));
            }
            self.since = Some(clock.now());
            self.way.inner.borrow_mut().cluster.fan.open(&self.inbox);
            return Ok(StreamItem::Open);
        };
        let breaks = self.way.inner.borrow().cluster.timeline.goes_after(self.node, since);
        loop {
            let next = match self.inbox.take(clock.now()) {
                Ok((at, text)) => return Ok(StreamItem::Message(text.to_string(), at)),
                Err(_) if clock.now() >= breaks => {
                    return Err(NoAnswer("the event stream broke off".into()));
                }
                Err(next) => next,
            };
            // Until the next event comes or the node goes; or until one is sent that comes earlier.
            let mut sleep = pin!(clock.sleep_until(next.map_or(breaks, |at| at.min(breaks))));
            let mut looked = false;
            poll_fn(|cx| {
                if std::mem::replace(&mut looked, true) {
                    return Poll::Ready(());
                }
                self.inbox.wake(cx.waker());
                sleep.as_mut().poll(cx)
            })
            .await;
        }
    }
}

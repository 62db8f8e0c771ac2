//! Finding the leader: by the status of a node that redirected, which knows it, or of all nodes at
//! once. One search serves all entities that wait for it.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, Waker};

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;

use super::environment::{Call, Clock, Transport, Wire, next_or_never, within};
use super::leader::LeaderFinder;
use super::shared::Shared;
use fwit_model::dialect::NodeStatus;
use fwit_quantities::units::Micros;

/// How long nodes may still take to say who they are once the first one has, or three times as long
/// as that one took.
const GRACE: Micros = Micros(1_000_000);
/// How often all nodes are asked for their role while a run lasts, or five times as long as the
/// farthest takes: at most a fifth of one of its slots. And how long one may take.
pub const POLL: Micros = Micros(1_000_000);
const POLL_PATIENCE: Micros = Micros(2_000_000);
/// How often a leader that requests are redirected to is asked for again.
const REFRESH: Micros = Micros(1_000_000);

/// Ends a search even when the searcher is dropped in mid-search.
struct Search<'a> {
    finder: &'a LeaderFinder,
}

impl Drop for Search<'_> {
    fn drop(&mut self) {
        self.finder.searching.set(false);
        self.finder.waiting.take().into_iter().for_each(Waker::wake);
    }
}

impl<T: Transport, C: Clock> Shared<T, C> {
    /// Where a request goes on that `from` redirected or refused because it does not lead. The
    /// leader as last found where that may be true; else it is searched, by what was found since
    /// the hop was `sent` or is found now. `None` where no node leads.
    pub async fn leader_beside(&self, from: u16, first_hop: bool, sent: Micros) -> Option<u16> {
        if first_hop && let Some(known) = self.leader.known().filter(|known| *known != from) {
            self.leader.redirected_by.set(Some(from));
            return Some(known);
        }
        self.search(sent, Some(from)).await
    }

    /// The node that leads, as found after `since`. `None` where no node says that it leads.
    pub async fn find_leader(&self, since: Micros) -> Option<u16> {
        self.search(since, None).await
    }

    /// Keeps the leader up to date while requests are redirected to it: nobody sees where to.
    /// Never ends.
    pub async fn refresh_leader(&self) {
        loop {
            self.clock.sleep_until(self.clock.now() + REFRESH).await;
            if let Some(node) = self.leader.redirected_by.take() {
                self.search(self.clock.now(), Some(node)).await;
            }
        }
    }

    /// Asks all nodes for their role, again and again, so that it is known who led when. Never
    /// ends.
    pub async fn watch_roles(&self) {
        if !self.dialect.finds_leader() {
            return;
        }
        let ask = |node| async move {
            let sent = self.clock.now();
            let answered = within(&self.clock, POLL_PATIENCE, self.ask(node)).await;
            // Perhaps it waits for a slot only, because the node is busy.
            let lately = self.roles.borrow().heard_lately(node, self.clock.now());
            if answered.is_none() && !lately {
                self.silent(node);
            }
            (node, answered.flatten().map(|_| self.clock.now().since(sent)))
        };
        // The least that each node took: one answer that came late is no sign of distance.
        let mut least: BTreeMap<u16, Micros> = BTreeMap::new();
        let mut asked = FuturesUnordered::new();
        let mut busy = BTreeSet::new();
        loop {
            self.roles.borrow_mut().polls += 1;
            // A node that is silent holds up no other.
            let nodes = self.topology.borrow().nodes.len() as u16;
            for node in (0..nodes).filter(|node| busy.insert(*node)).collect::<Vec<_>>() {
                asked.push(ask(node));
            }
            let farthest = least.values().max().map_or(0, |us| us.0.min(POLL.0));
            let pause = POLL.max(Micros(5 * farthest));
            let mut next = pin!(self.clock.sleep_until(self.clock.now() + pause));
            while let Either::Left(((node, took), _)) =
                select(pin!(next_or_never(&mut asked)), next.as_mut()).await
            {
                busy.remove(&node);
                if let Some(took) = took {
                    let known = least.entry(node).or_insert(took);
                    *known = took.min(*known);
                }
            }
        }
    }

    /// A node's status did not come.
    fn silent(&self, node: u16) {
        self.roles.borrow_mut().told(node, None, None, self.clock.now());
    }

    /// Searches, or waits for the search under way. A node that redirected is asked first.
    async fn search(&self, since: Micros, redirected: Option<u16>) -> Option<u16> {
        let finder = &self.leader;
        loop {
            if let Some((at, found)) = finder.last.get()
                && at >= since
            {
                return found;
            }
            if !finder.searching.replace(true) {
                let search = Search { finder };
                finder.searches.set(finder.searches.get() + 1);
                self.trust.borrow_mut().begin_search();
                let mut found = None;
                if let Some(node) = redirected {
                    found = self.leader_of(node).await;
                }
                if found.is_none() {
                    found = self.ask_all(true).await;
                }
                // Where a status names a stranger, a redirect leads to it too.
                let stranger = self.trust.borrow().saw_stranger();
                if let (None, Some(node), false) = (found, redirected, stranger) {
                    found = self.learn(node).await;
                }
                finder.last.set(Some((self.clock.now(), found)));
                self.trust.borrow_mut().end_search();
                drop(search);
                return found;
            }
            let mut registered = false;
            poll_fn(|cx| {
                if registered {
                    return Poll::Ready(());
                }
                registered = true;
                finder.waiting.borrow_mut().push(cx.waker().clone());
                Poll::Pending
            })
            .await;
        }
    }

    /// The leader that a node's status names, where the run knows that node.
    async fn leader_of(&self, node: u16) -> Option<u16> {
        let asked = within(&self.clock, self.plan.load.timeout, self.ask(node)).await;
        let status = asked.flatten()?;
        if status.leads == Some(true) {
            return Some(node);
        }
        self.topology.borrow().named_by(&status).filter(|leader| *leader != node)
    }

    /// The leader that a node redirects to, by a request that harms nothing and follows.
    async fn learn(&self, node: u16) -> Option<u16> {
        let request = self.dialect.learning()?;
        let (lane, base) = self.topology.borrow().first_lane(node)?;
        let _permit = self.slots.acquire_first(lane).await;
        self.recorder.borrow_mut().status_request(node);
        let call =
            Call { lane, base: &base, request: &request, wants_text: &|_| false, follow: true };
        let sent = self.transport.send(&call);
        let reply = within(&self.clock, self.plan.load.timeout, sent).await?.ok()?;
        let served_by = reply.served_by.as_deref();
        let leader = self.node_at(&reply.final_url?, &request.path, served_by, node)?;
        Some(leader).filter(|leader| *leader != node)
    }

    /// Asks every node for its status and remembers the answers. Returns the node that says it
    /// leads; with `hurry` at once, without waiting for the rest. Where none says so, a leader that
    /// a status names elsewhere. Waits for the plan's timeout, and not for silent nodes once others
    /// have answered.
    pub async fn ask_all(&self, hurry: bool) -> Option<u16> {
        let nodes = self.topology.borrow().nodes.len() as u16;
        let mut asked: FuturesUnordered<_> =
            (0..nodes).map(|node| async move { (node, self.ask(node).await) }).collect();
        let (mut leader, mut elsewhere, mut hosts) = (None, Vec::new(), Vec::new());
        let start = self.clock.now();
        let mut patience = self.plan.load.timeout;
        loop {
            let limit = self.clock.sleep_until(start + patience);
            let (node, status) = match select(asked.next(), pin!(limit)).await {
                Either::Left((Some(answer), _)) => answer,
                Either::Left((None, _)) | Either::Right(_) => break,
            };
            let leads = status.as_ref().and_then(|s| s.leads);
            if let Some(place) = self.leads.borrow_mut().get_mut(usize::from(node)) {
                *place = leads;
            }
            let Some(status) = status else { continue };
            let took = self.clock.now().since(start);
            patience = patience.min(took + GRACE.max(Micros(3 * took.0)));
            if leads == Some(true) {
                leader = leader.or(Some(node));
                if hurry {
                    break;
                }
            }
            elsewhere.extend(status.leader_url.map(|url| (url, node)));
            hosts.extend(status.leader_host);
        }
        // Of an address on another port only the host is of use, where one node has it.
        let by_host = |host: &String| self.topology.borrow().only_at(host);
        leader = leader.or_else(|| hosts.iter().find_map(by_host));
        leader.or_else(|| elsewhere.iter().find_map(|(url, from)| self.node_named(url, *from)))
    }

    /// Asks one node for its status, in a slot, before the requests that wait there: they may wait
    /// for what it says.
    pub async fn ask(&self, node: u16) -> Option<NodeStatus> {
        let (lane, base) = self.topology.borrow().first_lane(node)?;
        let permit = self.slots.acquire_first(lane).await;
        self.recorder.borrow_mut().status_request(node);
        let request = self.dialect.status_request();
        let call =
            Call { lane, base: &base, request: &request, wants_text: &|_| true, follow: false };
        let sent = self.clock.now();
        let Ok(reply) = self.transport.send(&call).await else {
            self.silent(node);
            return None;
        };
        drop(permit);
        self.round_trip.set(self.round_trip.get().max(self.clock.now().since(sent)));
        self.answered.set(true);
        match reply.wire {
            Wire::Later(ticket) => {
                self.status_tickets.borrow_mut().insert(ticket, node);
            }
            Wire::Known(timing) => self.recorder.borrow_mut().connection(node, &timing),
            Wire::Absent => {}
        }
        let status = reply.text.as_deref().and_then(|text| self.dialect.read_status(text));
        let leader = status.as_ref().and_then(|status| match status.leads {
            Some(leads) => leads.then_some(node),
            None => self.topology.borrow().named_by(status),
        });
        let term = status.as_ref().and_then(|status| status.term);
        self.roles.borrow_mut().told(node, leader, term, self.clock.now());
        status
    }
}

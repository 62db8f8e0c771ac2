//! Finding the leader when a latch failed: all nodes are asked at once, by one entity for all of
//! them.

use std::future::poll_fn;
use std::task::{Poll, Waker};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::environment::{Call, Clock, Transport, within};
use super::leader::LeaderFinder;
use super::shared::Shared;
use fwit_model::dialect::{NodeStatus, Request};
use fwit_quantities::units::Micros;

/// How long a node may take to say who it is.
const PATIENCE: Micros = Micros(1_000_000);

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
    /// The node that leads, as found after `since`. `None` where no node says that it leads.
    pub async fn find_leader(&self, since: Micros) -> Option<u16> {
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
                let found = self.ask_all(true).await;
                finder.last.set(Some((self.clock.now(), found)));
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

    /// Asks every node for its status and remembers the answers. Returns the node that says it
    /// leads; with `hurry` at once, without waiting for the rest.
    pub async fn ask_all(&self, hurry: bool) -> Option<u16> {
        let nodes = self.topology.borrow().nodes.len() as u16;
        let mut asked: FuturesUnordered<_> =
            (0..nodes).map(|node| async move { (node, self.ask(node).await) }).collect();
        let mut leader = None;
        while let Some((node, status)) = asked.next().await {
            let leads = status.and_then(|s| s.leads);
            if let Some(place) = self.leads.borrow_mut().get_mut(usize::from(node)) {
                *place = leads;
            }
            if leads == Some(true) {
                leader = leader.or(Some(node));
                if hurry {
                    break;
                }
            }
        }
        leader
    }

    /// Asks one node for its status.
    pub async fn ask(&self, node: u16) -> Option<NodeStatus> {
        let (lane, base) = self.topology.borrow().first_lane(node)?;
        let request = Request::get(self.dialect.status_path());
        let call = Call { lane, base: &base, request: &request, wants_text: &|_| true };
        let reply = within(&self.clock, PATIENCE, self.transport.send(&call)).await?.ok()?;
        self.dialect.read_status(reply.text.as_deref()?)
    }
}

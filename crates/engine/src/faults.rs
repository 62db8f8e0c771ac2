//! Faults: what a plan or the user does to the cluster while a run goes on, and undoes again.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::environment::{Call, Clock, Transport, within};
use super::shared::Shared;
use super::timeline::{EventKind, OpenFault};
use fwit_model::dialect::Request;
use fwit_model::plan::chaos::{Action, Chaos, Place, When};
use fwit_quantities::units::Micros;
use fwit_stats::random::Stream;

/// How long the request of a fault may take.
const PATIENCE: Micros = Micros(10_000_000);
/// How long the end of a run waits for its faults to be undone.
const UNDO_PATIENCE: Micros = Micros(3_000_000);
/// Longest words of a refusal that are shown, characters.
const WORDS_MAX: usize = 80;

/// Why a fault was not caused, or not undone.
#[derive(Debug, thiserror::Error)]
enum Failed {
    /// It is no node of the plan.
    #[error("it is no node of the plan")]
    Stranger,
    /// No answer came, and why.
    #[error("no answer came ({0})")]
    Silent(String),
    /// The node refused: status, and what it said.
    #[error("refused with HTTP {0}{colon}{1}", colon = if _1.is_empty() { "" } else { ": " })]
    Refused(u16, String),
}

impl<T: Transport, C: Clock> Shared<T, C> {
    /// Does what the plan says happens meanwhile, each in its time.
    pub async fn cause_faults(&self) {
        let mut lines: FuturesUnordered<_> =
            (0..).zip(&self.plan.chaos).map(|(i, line)| self.cause(i, line)).collect();
        while lines.next().await.is_some() {}
    }

    async fn cause(&self, number: u64, line: &Chaos) {
        let (start, _, _) = self.windows.get();
        let mut random = Stream::new(self.plan.seed, "chaos", number);
        match line.when {
            When::At(at) => {
                self.clock.sleep_until(start + at).await;
                self.carry_out(&line.action, &mut random).await;
            }
            When::Every(every, probability) => {
                for turn in 1.. {
                    let due = start + Micros(every.0.saturating_mul(turn));
                    self.clock.sleep_until(due).await;
                    if random.unit() < probability {
                        self.carry_out(&line.action, &mut random).await;
                    }
                }
            }
        }
    }

    /// Chance for what is done by hand.
    pub(crate) fn by_hand(&self) -> Stream {
        Stream::new(self.plan.seed, "by hand", self.clock.now().0)
    }

    /// Does one thing, and undoes it in its time.
    pub(crate) async fn carry_out(&self, action: &Action, random: &mut Stream) {
        match action {
            Action::Say(words) => self.asked.borrow_mut().push(Some(words.clone())),
            Action::RemoveEntity(lasts) => {
                let words = format!("an entity removed{}", for_words(*lasts));
                let now = self.clock.now();
                self.removed.set(self.removed.get() + 1);
                self.want_entities();
                let Some(lasts) = lasts else { return self.note(EventKind::Fault, &words) };
                let place = self.timeline.borrow_mut().begin(EventKind::Fault, &words, now);
                self.clock.sleep_until(now + *lasts).await;
                self.removed.set(self.removed.get().saturating_sub(1));
                self.want_entities();
                self.timeline.borrow_mut().end(place, self.clock.now(), None);
            }
            Action::Fault { fault, at, lasts } => self.fault(*fault, *at, *lasts, random).await,
        }
    }

    async fn fault(&self, fault: usize, at: Place, lasts: Option<Micros>, random: &mut Stream) {
        let Some(of_dialect) = self.dialect.faults().get(fault) else { return };
        let name = &of_dialect.name;
        let Some(node) = self.node_meant(at, random).await else {
            let no = if at == Place::Follower { "no follower" } else { "no leader" };
            return self.note(EventKind::Fault, &format!("{name}: {no} was found"));
        };
        let words = format!("{name} {}{}", self.name_of(node), for_words(lasts));
        let place = self.timeline.borrow_mut().begin(EventKind::Fault, &words, self.clock.now());
        let end = |more: Option<&str>| {
            self.timeline.borrow_mut().end(place, self.clock.now(), more);
        };
        let target = match of_dialect.needs_target() {
            true => match self.id_of_another(node).await {
                Some(id) => id,
                None => return end(Some("no other node tells its id")),
            },
            false => String::new(),
        };
        let Some(request) = self.dialect.fault_request(fault, &target) else { return end(None) };
        let undone = of_dialect.has_undo();
        // A node that is paused holds all connections to an address: one is kept for the way back.
        let own = match self.topology.borrow().first_lane(node) {
            Some((lane, base)) if self.own_url(node).as_deref() == Some(&*base) => Some(lane),
            _ => None,
        };
        let kept = match own.filter(|_| undone) {
            Some(lane) => Some(self.slots.acquire_first(lane).await),
            None => None,
        };
        let open = OpenFault { place, fault, node };
        if undone {
            self.open_faults.borrow_mut().push(open);
        }
        let failed = match self.send_fault(node, &request).await {
            Err(Failed::Silent(_)) if of_dialect.unanswered => None,
            other => other.err(),
        };
        if let Some(why) = failed.map(|why| why.to_string()) {
            self.open_faults.borrow_mut().retain(|other| *other != open);
            return end(Some(&why));
        }
        match lasts {
            Some(lasts) => {
                self.clock.sleep_until(self.clock.now() + lasts).await;
                self.undo(open).await;
            }
            // It lasts until the load ends.
            None if undone => {}
            None => end(None),
        }
        drop(kept);
    }

    /// Undoes a fault, where that was not done yet.
    async fn undo(&self, open: OpenFault) {
        let before = self.open_faults.borrow().len();
        self.open_faults.borrow_mut().retain(|other| *other != open);
        let still = self.open_faults.borrow().len() < before;
        let (true, Some(request)) = (still, self.dialect.undo_request(open.fault)) else { return };
        let failed = self.send_fault(open.node, &request).await.err();
        let more = failed.map(|why| format!("could not be undone, {why}"));
        self.timeline.borrow_mut().end(open.place, self.clock.now(), more.as_deref());
    }

    /// Undoes all faults that last, at the end of the load.
    pub(crate) async fn undo_faults(&self) {
        let open = self.open_faults.borrow().clone();
        let mut undoing: FuturesUnordered<_> = open.into_iter().map(|f| self.undo(f)).collect();
        let all = async { while undoing.next().await.is_some() {} };
        within(&self.clock, UNDO_PATIENCE, all).await;
    }

    /// Sends the request of a fault to a node's own address.
    ///
    /// # Errors
    /// What the node said, or that it said nothing.
    async fn send_fault(&self, node: u16, request: &Request<'_>) -> Result<(), Failed> {
        let Some((lane, _)) = self.topology.borrow().first_lane(node) else {
            return Err(Failed::Stranger);
        };
        let Some(base) = self.own_url(node) else { return Err(Failed::Stranger) };
        let call = Call { lane, base: &base, request, wants_text: &|_| true, follow: false };
        match within(&self.clock, PATIENCE, self.transport.send(&call)).await {
            None => Err(Failed::Silent("in time".into())),
            Some(Err(no)) => Err(Failed::Silent(no.0)),
            Some(Ok(reply)) if (200..300).contains(&reply.status) => Ok(()),
            Some(Ok(reply)) => {
                let text = reply.text.unwrap_or_default();
                let text: String = text.trim().chars().take(WORDS_MAX).collect();
                Err(Failed::Refused(reply.status, text))
            }
        }
    }

    /// A node's own URL, if it is one of the plan.
    fn own_url(&self, node: u16) -> Option<String> {
        Some(self.plan.cluster.nodes.get(usize::from(node))?.url.to_string())
    }

    /// The node that is meant now.
    async fn node_meant(&self, at: Place, random: &mut Stream) -> Option<u16> {
        let nodes = self.plan.cluster.nodes.len() as u16;
        let leader = match at {
            Place::Node(node) => return Some(node),
            Place::Any => return (nodes > 0).then(|| random.below(u32::from(nodes)) as u16),
            Place::Leader | Place::Follower => match self.roles.borrow().leader() {
                Some(leader) => Some(leader),
                None => self.leader.known(),
            },
        };
        if at == Place::Leader {
            return leader;
        }
        let followers: Vec<u16> = (0..nodes).filter(|node| Some(*node) != leader).collect();
        let place = random.below(followers.len().max(1) as u32) as usize;
        followers.get(place).copied()
    }

    /// The id of another node than this one.
    async fn id_of_another(&self, node: u16) -> Option<String> {
        let others = (0..self.plan.cluster.nodes.len() as u16).filter(|other| *other != node);
        for other in others {
            let status = within(&self.clock, PATIENCE, self.ask(other)).await.flatten();
            if let Some(id) = status.and_then(|status| status.id) {
                return Some(id);
            }
        }
        None
    }

    /// The user did what was asked.
    pub(crate) fn was_done(&self, place: usize) {
        let words = self.asked.borrow_mut().get_mut(place).and_then(Option::take);
        if let Some(words) = words {
            self.note(EventKind::Fault, &words);
        }
    }
}

fn for_words(lasts: Option<Micros>) -> String {
    lasts.map(|lasts| format!(" for {lasts}")).unwrap_or_default()
}

//! Faults: what a plan or the user does to the cluster while a run goes on, and undoes again.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::environment::{Call, Clock, Transport, within};
use super::open_fault::OpenFault;
use super::shared::Shared;
use super::timeline::EventKind;
use fwit_model::dialect::Request;
use fwit_model::plan::chaos::{Action, Chaos, Place, When};
use fwit_quantities::units::Micros;
use fwit_stats::random::Stream;

/// How long the request of a fault may take.
const PATIENCE: Micros = Micros(10_000_000);
/// How long the end of a run waits for its faults to be undone.
const UNDO_PATIENCE: Micros = Micros(3_000_000);
/// How often, and how far apart, a fault is tried to be undone while the load goes on.
const UNDO_TRIES: u32 = 3;
const UNDO_PAUSE: Micros = Micros(1_000_000);
/// Things that the user may be asked to do at a time.
const ASKED_MAX: usize = 20;
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
        // The load is over: nothing more is done to the cluster.
        if self.slots.is_closed() {
            return;
        }
        match action {
            Action::Say(words) => self.ask_user(words),
            Action::RemoveEntity(lasts) => {
                let words = format!("an entity removed{}", for_words(*lasts));
                let now = self.clock.now();
                // There is nobody to remove where all are gone.
                let most = self.wanted().round() as u32;
                self.removed.set((self.removed.get() + 1).min(most));
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
        let Some(node) = self.node_meant(at, random) else {
            return self.note(EventKind::Fault, &format!("{name}: no leader is known"));
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
            Some(lane) => self.slots.acquire_first(lane).await,
            None => None,
        };
        let number = self.next_fault.get();
        self.next_fault.set(number + 1);
        if undone {
            let open = OpenFault { number, place, fault, node, done: false, kept };
            self.open_faults.borrow_mut().push(open);
        }
        match self.send_fault(node, &request).await {
            Ok(()) => {}
            Err(Failed::Silent(_)) if of_dialect.unanswered => {}
            // What was not answered may have been done: it is undone all the same.
            Err(why @ Failed::Silent(_)) if undone => {
                self.timeline.borrow_mut().remark(place, &why.to_string());
            }
            Err(why) => {
                self.open_faults.borrow_mut().retain(|open| open.number != number);
                return end(Some(&why.to_string()));
            }
        }
        let done = |open: &mut OpenFault| open.done |= open.number == number;
        self.open_faults.borrow_mut().iter_mut().for_each(done);
        let Some(lasts) = lasts else {
            // What can be undone lasts until the load ends.
            if !undone {
                end(None);
            }
            return;
        };
        self.clock.sleep_until(self.clock.now() + lasts).await;
        for _ in 0..UNDO_TRIES {
            if self.undo(number).await {
                return;
            }
            self.clock.sleep_until(self.clock.now() + UNDO_PAUSE).await;
        }
    }

    /// Undoes a fault; whether it is undone. It stays open until a node said so.
    async fn undo(&self, number: u64) -> bool {
        let found = |open: &&OpenFault| open.number == number;
        let open = self.open_faults.borrow().iter().find(found).map(|o| (o.place, o.fault, o.node));
        let Some((place, fault, node)) = open else { return true };
        // The same was done to the node once more, and lasts still: its end undoes both.
        let same =
            |o: &OpenFault| o.done && o.number != number && (o.fault, o.node) == (fault, node);
        if self.open_faults.borrow().iter().any(same) {
            self.open_faults.borrow_mut().retain(|open| open.number != number);
            self.timeline.borrow_mut().end(place, self.clock.now(), None);
            return true;
        }
        let Some(request) = self.dialect.undo_request(fault) else { return true };
        if self.send_fault(node, &request).await.is_err() {
            return false;
        }
        self.open_faults.borrow_mut().retain(|open| open.number != number);
        self.timeline.borrow_mut().end(place, self.clock.now(), None);
        true
    }

    /// Undoes all faults that last, at the end of the load. The `last` time, what can't be undone
    /// is told.
    pub(crate) async fn undo_faults(&self, last: bool) {
        let open: Vec<u64> = self.open_faults.borrow().iter().map(|open| open.number).collect();
        let mut undoing: FuturesUnordered<_> = open.into_iter().map(|n| self.undo(n)).collect();
        let all = async { while undoing.next().await.is_some() {} };
        within(&self.clock, UNDO_PATIENCE, all).await;
        if last {
            for open in self.open_faults.take() {
                let more = "could not be undone";
                self.timeline.borrow_mut().end(open.place, self.clock.now(), Some(more));
            }
        }
    }

    /// Asks the user to do something, once at a time.
    fn ask_user(&self, words: &str) {
        let mut asked = self.asked.borrow_mut();
        let open = asked.iter().flatten();
        let (count, same) =
            open.fold((0, false), |(n, same), other| (n + 1, same || other == words));
        if !same && count < ASKED_MAX {
            asked.push(Some(words.to_string()));
        }
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

    /// The node that is meant now. `None` where it takes a leader and none is known.
    fn node_meant(&self, at: Place, random: &mut Stream) -> Option<u16> {
        let nodes = self.plan.cluster.nodes.len() as u16;
        let leader = || self.roles.borrow().leader().or_else(|| self.leader.known());
        match at {
            Place::Node(node) => Some(node),
            Place::Any => (nodes > 0).then(|| random.below(u32::from(nodes)) as u16),
            Place::Leader => leader(),
            Place::Follower => {
                let leader = leader()?;
                let followers: Vec<u16> = (0..nodes).filter(|node| *node != leader).collect();
                let place = random.below(followers.len().max(1) as u32) as usize;
                followers.get(place).copied()
            }
        }
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

//! A subscriber: listens to the run's events at one node, and listens again when its stream breaks.

use std::rc::Rc;

use super::environment::{Clock, EventStream, StreamItem, Transport};
use super::shared::Shared;
use fwit_model::dialect::{Position, StreamKind};
use fwit_quantities::units::Micros;

/// Pause before a broken stream is opened again.
const REOPEN_PAUSE: Micros = Micros(500_000);
/// How far apart the requests of a long poll are at least, whose answers have nothing new: a node
/// that does not hold them back must not be hammered.
const IDLE_PAUSE: Micros = Micros(1_000_000);

/// Listens until it is dropped. Subscribers are spread over the nodes in turn. The caller drops it
/// at the end.
pub async fn listen<T: Transport, C: Clock>(
    shared: Rc<Shared<T, C>>,
    subscriber: usize,
    api_key: Option<String>,
) {
    let Some(stream) = shared.dialect.stream(&shared.topic, api_key.as_deref()) else { return };
    // It carries the key: the plan's own nodes only, never one that was found.
    let nodes = &shared.plan.cluster.nodes;
    let place = subscriber % nodes.len().max(1);
    let Some(node) = nodes.get(place) else { return };
    let lanes = shared.topology.borrow().nodes.get(place).map(|n| n.lanes.clone());
    let lane = lanes.filter(|_| shared.dialect.stream_takes_a_connection());
    let lane = lane.and_then(|l| l.get(subscriber / nodes.len() % l.len().max(1)).copied());
    let mut position = None;
    loop {
        // A stream that is no WebSocket takes one of the lane's connections as long as it lasts.
        let mut url = node.url.clone();
        let mut permit = None;
        if let Some(lane) = lane {
            permit = Some(shared.slots.acquire_first(lane).await);
            url.clone_from(&shared.topology.borrow().lanes[lane].url);
        }
        let polls = stream.kind == StreamKind::Poll;
        let mut heard = Heard { shared: &shared, subscriber, polls, position, new: false };
        let why = loop {
            let after = heard
                .position
                .as_ref()
                .and_then(|p| shared.dialect.stream_after(&shared.topic, api_key.as_deref(), p));
            let asked = shared.clock.now();
            let events = shared.transport.subscribe(&url, after.as_ref().unwrap_or(&stream));
            match heard.until_it_ends(asked, events).await {
                Ended::Broke(why) => break why,
                Ended::Answered if std::mem::take(&mut heard.new) => {}
                Ended::Answered => shared.clock.sleep_until(asked + IDLE_PAUSE).await,
            }
        };
        position = heard.position;
        drop(permit);
        shared.ledger.borrow_mut().broke(subscriber, why, shared.clock.now());
        shared.clock.sleep_until(shared.clock.now() + REOPEN_PAUSE).await;
    }
}

/// How an open stream ended.
enum Ended {
    /// It broke, and why.
    Broke(String),
    /// A long poll was answered.
    Answered,
}

/// What a subscriber heard.
struct Heard<'a, T: Transport, C: Clock> {
    shared: &'a Shared<T, C>,
    subscriber: usize,
    /// Its stream is a long poll.
    polls: bool,
    /// How far it heard its stream, where listening can go on from there.
    position: Option<Position>,
    /// Whether there was an event, or another position.
    new: bool,
}

impl<T: Transport, C: Clock> Heard<'_, T, C> {
    async fn until_it_ends(&mut self, asked: Micros, mut events: T::Events) -> Ended {
        let shared = self.shared;
        loop {
            match events.next().await {
                Ok(StreamItem::Open) => {
                    let now = shared.clock.now();
                    // A poll listens from when it was asked: its answer comes when there is news.
                    let up = if self.polls { asked } else { now };
                    shared.ledger.borrow_mut().opened(self.subscriber, up, now);
                }
                Ok(StreamItem::Message(text, at)) => {
                    let position = shared.dialect.position(self.position.clone(), &text);
                    self.is_at(position);
                    self.receive(&text, at);
                }
                Ok(StreamItem::Position(text)) if shared.dialect.position_is_beside() => {
                    self.is_at(Position::new(&text).or(self.position.clone()));
                }
                Ok(StreamItem::Position(_)) => {}
                Ok(StreamItem::Answered) => return Ended::Answered,
                Err(why) => return Ended::Broke(why.0),
            }
        }
    }

    fn is_at(&mut self, position: Option<Position>) {
        self.new |= position != self.position;
        self.position = position;
    }

    fn receive(&mut self, text: &str, at: Micros) {
        let shared = self.shared;
        for event in shared.dialect.events(text).iter().filter(|e| e.run == shared.run_id) {
            let sent = Micros(event.sent_us);
            let mut ledger = shared.ledger.borrow_mut();
            // One that came before is nothing new: a node that repeats it does not hold back.
            self.new |= ledger.received(self.subscriber, event.publisher, event.seq, sent, at);
        }
    }
}

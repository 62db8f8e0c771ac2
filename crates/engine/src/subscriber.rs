//! A subscriber: listens to the run's events at one node, and listens again when its stream breaks.

use std::rc::Rc;

use super::environment::{Clock, EventStream, StreamItem, Transport};
use super::shared::Shared;
use fwit_quantities::units::Micros;

/// Pause before a broken stream is opened again.
const REOPEN_PAUSE: Micros = Micros(500_000);

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
        let after = position
            .and_then(|p| shared.dialect.stream_after(&shared.topic, api_key.as_deref(), p));
        let mut events = shared.transport.subscribe(&url, after.as_ref().unwrap_or(&stream));
        let why = loop {
            match events.next().await {
                Ok(StreamItem::Open) => {
                    shared.ledger.borrow_mut().opened(subscriber, shared.clock.now());
                }
                Ok(StreamItem::Message(text, at)) => {
                    position = shared.dialect.position(position, &text);
                    receive(&shared, subscriber, &text, at);
                }
                Err(why) => break why.0,
            }
        };
        drop(events);
        drop(permit);
        shared.ledger.borrow_mut().broke(subscriber, why, shared.clock.now());
        shared.clock.sleep_until(shared.clock.now() + REOPEN_PAUSE).await;
    }
}

fn receive<T: Transport, C: Clock>(
    shared: &Shared<T, C>,
    subscriber: usize,
    text: &str,
    at: Micros,
) {
    for event in shared.dialect.events(text).iter().filter(|e| e.run == shared.run_id) {
        let sent = Micros(event.sent_us);
        shared.ledger.borrow_mut().received(subscriber, event.publisher, event.seq, sent, at);
    }
}

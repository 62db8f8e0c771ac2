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
    let path = shared.dialect.subscribe_path(&shared.topic, api_key.as_deref());
    // Its URL holds the key: the plan's own nodes only, never one that was found.
    let nodes = &shared.plan.cluster.nodes;
    let Some(node) = nodes.get(subscriber % nodes.len().max(1)) else { return };
    let url = format!("{}{path}", node.url.websocket());
    loop {
        let mut stream = shared.transport.subscribe(&url);
        let why = loop {
            match stream.next().await {
                Ok(StreamItem::Open) => {
                    shared.ledger.borrow_mut().opened(subscriber, shared.clock.now());
                }
                Ok(StreamItem::Message(text, at)) => receive(&shared, subscriber, &text, at),
                Err(why) => break why.0,
            }
        };
        drop(stream);
        shared.ledger.borrow_mut().broke(subscriber, why);
        shared.clock.sleep_until(shared.clock.now() + REOPEN_PAUSE).await;
    }
}

fn receive<T: Transport, C: Clock>(
    shared: &Shared<T, C>,
    subscriber: usize,
    text: &str,
    at: Micros,
) {
    let Some(event) = shared.dialect.event(text) else { return };
    if event.run == shared.run_id {
        let sent = Micros(event.sent_us);
        shared.ledger.borrow_mut().received(subscriber, event.publisher, event.seq, sent, at);
    }
}

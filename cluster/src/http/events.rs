//! `/db/api/v1/events` and `/db/api/v1/events/subscribe`.
//!
//! An event is an entry of the log, so every node dispatches the same events in the same order.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{
    CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade,
    rejection::WebSocketUpgradeRejection,
};
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::texts::SCOPE;
use super::{VALUE_BYTES, answer, leading};
use crate::node::Node;
use crate::raft::machine::Event;
use crate::raft::state::Command;

/// As insi: the server pings, and takes no long messages.
const PING: Duration = Duration::from_secs(54);
const CLIENT_MESSAGE: usize = 512;

#[derive(Deserialize)]
struct Publication<'a> {
    #[serde(default)]
    topic: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Publishes an event; the only route whose method is looked at.
pub async fn publish(State(node): State<Node>, method: Method, bytes: Bytes) -> Response {
    if method != Method::POST {
        return answer::text(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed");
    }
    let publication: Publication = match serde_json::from_slice(&bytes) {
        Ok(publication) => publication,
        Err(error) => return answer::bad(format!("Invalid JSON payload for events: {error}")),
    };
    if publication.topic.is_empty() {
        return answer::bad("Missing topic in events request payload");
    }
    let data = publication.data.map_or("null", RawValue::get);
    if publication.topic.len() > VALUE_BYTES || data.len() > VALUE_BYTES {
        return answer::bad("Value is too large");
    }
    let command = Command::Publish { topic: publication.topic.into(), data: data.into() };
    match node.submitter.submit(command).await {
        Ok(_) => answer::empty(StatusCode::OK),
        Err(error) => answer::not_acknowledged(&error),
    }
}

/// `?topic=`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Topic {
    topic: String,
}

/// Opens a stream of a topic's events: of those from now on. A node that has just come up applies
/// old entries again, and those that it missed, so it takes no subscriber until it has.
pub async fn subscribe(
    State(node): State<Node>,
    Query(query): Query<Topic>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if query.topic.is_empty() {
        return answer::bad("Missing topic");
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(error) => {
            return answer::text(error.status(), format!("Not a WebSocket handshake: {error}"));
        }
    };
    if let Some(refusal) = leading::refuse_subscriber(&node) {
        return refusal;
    }
    // Subscribed before the handshake is answered: events that are published after it arrive.
    let events = node.events.subscribe();
    upgrade.max_message_size(CLIENT_MESSAGE).on_upgrade(move |socket| async move {
        node.metrics.subscribers.inc();
        stream(&node, socket, events, &query.topic).await;
        node.metrics.subscribers.dec();
    })
}

async fn stream(node: &Node, mut socket: WebSocket, mut events: Receiver<Event>, topic: &str) {
    let mut ping = tokio::time::interval_at(tokio::time::Instant::now() + PING, PING);
    let mut leader = node.leader.clone();
    let stopped = async move { leader.wait_for(|view| view.stopped).await.map(drop) };
    tokio::pin!(stopped);
    loop {
        let message = tokio::select! {
            event = events.recv() => match event {
                Ok(event) if &*event.topic == topic => Message::Text(text_of(&event)),
                Ok(_) => continue,
                Err(RecvError::Lagged(missed)) => {
                    return close(socket, 1013, format!("too slow: {missed} events missed")).await;
                }
                Err(RecvError::Closed) => return,
            },
            // No event would ever come.
            _ = &mut stopped => {
                return close(socket, 1011, "this node's consensus has stopped".to_owned()).await;
            }
            _ = ping.tick() => Message::Ping(Bytes::new()),
            heard = socket.recv() => match heard {
                // What clients say is not looked at; pongs are answered by the library.
                Some(Ok(_)) => continue,
                _ => return,
            },
        };
        node.peers.gate.open().await;
        let is_event = matches!(message, Message::Text(_));
        if socket.send(message).await.is_err() {
            return;
        }
        if is_event {
            node.metrics.events_sent.inc();
        }
    }
}

async fn close(mut socket: WebSocket, code: u16, reason: String) {
    // Whoever is gone already needs no reason.
    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
}

fn text_of(event: &Event) -> Utf8Bytes {
    let topic = serde_json::Value::from(format!("{SCOPE}:{}", event.topic));
    let at = event.at.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true);
    format!(r#"{{"topic":{topic},"data":{},"emitted_at":"{at}"}}"#, event.data).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_json_with_nanoseconds() {
        let at = "2026-11-21T00:14:00.5Z".parse().unwrap();
        let event = Event { topic: "a\"b".into(), data: "{\"n\":1}".into(), at };
        let text = text_of(&event);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["topic"], "fwit:a\"b");
        assert_eq!(value["data"]["n"], 1);
        assert_eq!(value["emitted_at"], "2026-11-21T00:14:00.500000000Z");
    }
}

//! `/ping`, `/db/api/v1/ping`, `/db/api/v1/limits` and `/metrics`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::answer;
use crate::node::Node;

/// Who this node is, how it is, and whom it takes for the leader: `leader` is the leader's peer
/// address, as in insi; the fields from `leader_url` on are ours. Both are empty while no leader is
/// known or its process is gone.
pub async fn ping(State(node): State<Node>) -> Response {
    let view = *node.leader.borrow();
    let leader = view.reachable();
    let status = match node.why_stopped() {
        Some(why) => format!("stopped: {why}"),
        None if view.leading && !view.followed => "no majority".to_owned(),
        None => "ok".to_owned(),
    };
    let body = json!({
        "entity": "root",
        "leader": leader.map_or_else(String::new, |id| node.peers.address(id).to_string()),
        "node-badge-id": format!("00000000-0000-4000-8000-{:012}", node.id),
        "status": status,
        "uptime": format!("{:.2}s", node.started.elapsed().as_secs_f64()),
        "leader_url": leader.map_or_else(String::new, |id| node.flags.url(id)),
        "leader_node": leader.map_or_else(String::new, |id| format!("n{id}")),
        "role": view.role(),
        "node": node.name,
        "term": view.term,
        "caught_up": node.is_caught_up(),
    });
    answer::json(StatusCode::OK, &body)
}

/// What is stored and what may be. Bytes are not limited; 0 for a rate means no limit.
pub async fn limits(State(node): State<Node>) -> Response {
    let usage = node.machine.state().usage();
    let body = json!({
        "usage": {
            "bytes_on_disk": usage.bytes_on_disk,
            "bytes_in_memory": usage.bytes_in_memory,
            "events_emitted": usage.events_emitted,
            "subscribers": node.metrics.subscribers.get(),
        },
        "max_limits": {
            "bytes_on_disk": 0,
            "bytes_in_memory": 0,
            "events_emitted": 0,
            "subscribers": 0,
            "rate_per_second_data_limit": node.flags.rate,
            "rate_per_second_event_limit": node.flags.event_rate,
        },
    });
    answer::json(StatusCode::OK, &body)
}

/// Prometheus text (OpenMetrics 1.0).
pub async fn metrics(State(node): State<Node>) -> Response {
    let applied = node.raft.metrics().borrow().last_applied.map_or(0, |id| id.index);
    match node.metrics.text(*node.leader.borrow(), applied) {
        Ok(text) => {
            ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
                .into_response()
        }
        Err(error) => answer::text(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("metrics do not encode: {error}"),
        ),
    }
}

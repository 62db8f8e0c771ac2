//! `/fault/{pause,resume,step-down,crash}`: only with `--faults`, only by POST, and from pages only
//! of `--page-origin`.

use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::header::{HeaderValue, ORIGIN};
use axum::http::{Method, StatusCode};
use axum::response::Response;

use super::answer;
use crate::node::Node;

/// How long leadership may take to move before `step-down` is answered 504.
const MOVE: Duration = Duration::from_secs(5);

/// Whether an origin is the one that was allowed.
#[must_use]
pub fn is_page(node: &Node, origin: &HeaderValue) -> bool {
    node.flags.page_origin.as_deref().is_some_and(|page| page.as_bytes() == origin.as_bytes())
}

/// An answer before any fault, where there is one.
#[must_use]
pub fn refuse(node: &Node, request: &Request) -> Option<Response> {
    if !node.flags.faults {
        return Some(answer::text(StatusCode::NOT_FOUND, "This node was started without --faults"));
    }
    if request.headers().get(ORIGIN).is_some_and(|origin| !is_page(node, origin)) {
        node.metrics.reject("origin");
        return Some(answer::text(
            StatusCode::FORBIDDEN,
            "Pages of this origin may not use /fault",
        ));
    }
    if request.method() == Method::OPTIONS {
        return Some(answer::preflight(request.headers()));
    }
    (request.method() != Method::POST)
        .then(|| answer::text(StatusCode::METHOD_NOT_ALLOWED, "Use POST"))
}

/// Carries out a fault.
pub async fn fault(State(node): State<Node>, Path(what): Path<String>) -> Response {
    match what.as_str() {
        "pause" => {
            node.pause(true);
            answer::empty(StatusCode::OK)
        }
        "resume" => {
            node.pause(false);
            answer::empty(StatusCode::OK)
        }
        "step-down" => step_down(&node).await,
        "crash" => std::process::abort(),
        _ => answer::text(StatusCode::NOT_FOUND, "Faults are pause, resume, step-down and crash"),
    }
}

async fn step_down(node: &Node) -> Response {
    if !node.leads() {
        return answer::text(StatusCode::CONFLICT, "This node does not lead");
    }
    if node.flags.nodes == 1 {
        return answer::text(StatusCode::CONFLICT, "There is no other node to lead");
    }
    match tokio::time::timeout(MOVE, node.hand_over()).await {
        Ok(()) => answer::empty(StatusCode::OK),
        Err(_) => {
            let message =
                format!("Leadership did not move within {} s; this node leads on", MOVE.as_secs());
            answer::text(StatusCode::GATEWAY_TIMEOUT, message)
        }
    }
}

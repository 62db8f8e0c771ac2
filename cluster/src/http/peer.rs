//! The peer port: who may speak there, and Raft's side of it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{answer, cors};
use crate::node::Node;
use crate::raft::network::{APPEND, ELECT, READ_INDEX, SNAPSHOT, VOTE};

/// Largest message of Raft: a full read of the log, or a piece of a snapshot, with room.
const MESSAGE_BYTES: usize = 64 << 20;

/// Raft's routes.
pub fn routes(node: &Node) -> Router {
    Router::new()
        .route(APPEND, post(append))
        .route(VOTE, post(vote))
        .route(SNAPSHOT, post(snapshot))
        .route(ELECT, post(elect))
        .route(READ_INDEX, get(read_index))
        .layer(DefaultBodyLimit::max(MESSAGE_BYTES))
        .with_state(node.clone())
}

/// Holds everything while the node is paused, and lets in only who belongs to the cluster. Pages of
/// any site can send requests to this port, and all that they say would be carried out.
pub async fn admit(State(node): State<Node>, request: Request, next: Next) -> Response {
    node.peers.gate.open().await;
    let response = match refuse(&node, request.headers()) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    node.peers.gate.open().await;
    response
}

fn refuse(node: &Node, headers: &HeaderMap) -> Option<Response> {
    if !cors::may_call(cors::host_name(cors::host(headers)), &[]) {
        node.metrics.reject("host");
        let message = "The peer port is called by a loopback address only";
        return Some(answer::text(StatusCode::MISDIRECTED_REQUEST, message));
    }
    if !node.secret.is_in(headers) {
        node.metrics.reject("secret");
        let message = "The peer port is for the nodes of this cluster only";
        return Some(answer::text(StatusCode::FORBIDDEN, message));
    }
    None
}

async fn append(State(node): State<Node>, body: Bytes) -> Response {
    reply(&body, |message| node.raft.append_entries(message)).await
}

async fn vote(State(node): State<Node>, body: Bytes) -> Response {
    reply(&body, |message| node.raft.vote(message)).await
}

async fn snapshot(State(node): State<Node>, body: Bytes) -> Response {
    reply(&body, |message| node.raft.install_snapshot(message)).await
}

async fn reply<M: DeserializeOwned, T: Serialize, F: Future<Output = T>>(
    body: &[u8],
    take: impl FnOnce(M) -> F,
) -> Response {
    match postcard::from_bytes(body) {
        Ok(message) => match postcard::to_stdvec(&take(message).await) {
            Ok(bytes) => bytes.into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        },
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

async fn elect(State(node): State<Node>) -> Response {
    if node.leads() {
        return StatusCode::OK.into_response();
    }
    match node.raft.trigger().elect().await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn read_index(State(node): State<Node>) -> Response {
    match node.raft.get_read_log_id().await {
        Ok((read, _)) => read.map_or(0, |id| id.index).to_string().into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

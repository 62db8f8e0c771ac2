//! Where a data request is carried out: here, at the leader by redirect, or at the leader by
//! forwarding.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, HOST, HeaderName, LOCATION, RANGE,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::route::Kind;
use super::{BODY_BYTES, answer, cors};
use crate::flags::{Reads, Writes};
use crate::node::Node;
use crate::raft::NodeId;

/// Where a request goes.
#[derive(Debug)]
pub enum Way {
    /// Carried out by this node.
    Here,
    /// Answered without being carried out.
    Answer(Box<Response>),
    /// Passed to the leader.
    Forward(NodeId),
}

const NOSNIFF: HeaderName = HeaderName::from_static("x-content-type-options");
const ALREADY: HeaderName = HeaderName::from_static("x-blob-already-exists");
const TOMBSTONE: HeaderName = HeaderName::from_static("x-blob-tombstone-exists");
const FORWARDED_BY: HeaderName = HeaderName::from_static("x-forwarded-by");

/// Decides where a request of `kind` goes.
#[must_use]
pub fn way(node: &Node, kind: Kind, request: &Request) -> Way {
    let reads_here = kind == Kind::Read && node.flags.reads == Reads::Local;
    if reads_here || node.leads() {
        return Way::Here;
    }
    let view = *node.leader.borrow();
    let Some(leader) = view.leader.filter(|_| !view.leading) else {
        return Way::Answer(Box::new(no_leader(node)));
    };
    if !view.alive {
        node.metrics.reject("leader_dead");
        return Way::Answer(Box::new(unreachable()));
    }
    if kind == Kind::Read || node.flags.writes == Writes::Forward {
        return Way::Forward(leader);
    }
    Way::Answer(Box::new(redirect(node, leader, request)))
}

/// 307 to the leader, by the name that the client used: the page's names for a node are its
/// connection pools.
fn redirect(node: &Node, leader: NodeId, request: &Request) -> Response {
    let host =
        request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let location =
        format!("http://{}:{}{path}", cors::host_name(host), node.flags.public_port(leader));
    match HeaderValue::try_from(location) {
        Ok(location) => {
            ([(LOCATION, location)], answer::empty(StatusCode::TEMPORARY_REDIRECT)).into_response()
        }
        Err(_) => answer::bad("The path cannot be put into a Location header"),
    }
}

/// 503: no node leads.
#[must_use]
pub fn no_leader(node: &Node) -> Response {
    node.metrics.reject("no_leader");
    let message = "Failed to determine cluster leader for forwarding: no current leader";
    answer::text(StatusCode::SERVICE_UNAVAILABLE, message)
}

/// 503: this node has just come up and does not hold yet what was acknowledged before.
#[must_use]
pub fn catching_up(node: &Node) -> Response {
    node.metrics.reject("catching_up");
    answer::text(
        StatusCode::SERVICE_UNAVAILABLE,
        "This node is catching up with the cluster; try again",
    )
}

fn unreachable() -> Response {
    answer::text(StatusCode::BAD_GATEWAY, "Failed to forward request to leader")
}

/// Passes a request to the leader's peer port and its answer back. Not repeated: it may have been
/// carried out.
pub async fn forward(node: &Node, leader: NodeId, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_BYTES).await else {
        return answer::text(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large");
    };
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let url = format!("http://{}{path}", node.peers.address(leader));
    let mut call = node.peers.client.request(parts.method, url).body(body);
    for name in [CONTENT_TYPE, RANGE] {
        if let Some(value) = parts.headers.get(&name) {
            call = call.header(name, value);
        }
    }
    let answered = async {
        node.timer.wait(node.peers.hop).await;
        let answer = call.send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await?;
        node.timer.wait(node.peers.hop).await;
        Ok::<_, reqwest::Error>((status, headers, body))
    };
    let mut view = node.leader.clone();
    let moved = view.wait_for(|view| view.leader != Some(leader) || !view.alive);
    let (status, headers, body) = tokio::select! {
        answered = answered => match answered {
            Ok(answered) => answered,
            Err(_) => return unreachable(),
        },
        _ = moved => return unreachable(),
    };
    let mut response = (status, Body::from(body)).into_response();
    for name in
        [CONTENT_TYPE, ACCEPT_RANGES, CONTENT_RANGE, cors::SERVED_BY, NOSNIFF, ALREADY, TOMBSTONE]
    {
        if let Some(value) = headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response.headers_mut().insert(FORWARDED_BY, node.name_header.clone());
    response
}

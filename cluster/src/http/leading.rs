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
use crate::raft::leader::View;

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

/// What the leadership, as this node knows it, allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// This node carries the request out.
    Here,
    /// That node may: never this one.
    Leader(NodeId),
    /// This node's consensus has stopped.
    Stopped,
    /// This node leads, but no majority follows.
    NoMajority,
    /// No leader is known, or it is just giving its leadership away.
    NoLeader,
    /// The leader's process is gone.
    LeaderGone,
}

fn choose(view: View, hands_over: bool, kind: Kind, reads: Reads) -> Choice {
    if view.stopped {
        return Choice::Stopped;
    }
    if kind == Kind::Read && (reads == Reads::Local || view.leading && !hands_over) {
        return Choice::Here;
    }
    match view.leader {
        None => Choice::NoLeader,
        Some(_) if view.leading && hands_over => Choice::NoLeader,
        Some(_) if view.leading && !view.followed => Choice::NoMajority,
        Some(_) if view.leading => Choice::Here,
        Some(_) if !view.alive => Choice::LeaderGone,
        Some(leader) => Choice::Leader(leader),
    }
}

fn chosen(node: &Node, kind: Kind, reads: Reads) -> Choice {
    choose(*node.leader.borrow(), node.hands_over(), kind, reads)
}

/// Decides where a request of `kind` goes.
#[must_use]
pub fn way(node: &Node, kind: Kind, request: &Request) -> Way {
    let refusal = match chosen(node, kind, node.flags.reads) {
        Choice::Here if kind == Kind::Read && !node.is_caught_up() => catching_up(node),
        Choice::Here => return Way::Here,
        Choice::Leader(id) if kind == Kind::Read || node.flags.writes == Writes::Forward => {
            return Way::Forward(id);
        }
        Choice::Leader(id) => redirect(node, id, request),
        Choice::Stopped => stopped(node),
        Choice::NoMajority => no_majority(node),
        Choice::NoLeader => no_leader(node),
        Choice::LeaderGone => {
            node.metrics.reject("leader_dead");
            unreachable()
        }
    };
    Way::Answer(Box::new(refusal))
}

/// The answer to a request that another node forwarded and that is not carried out here; it is
/// forwarded no further.
#[must_use]
pub fn refuse_forwarded(node: &Node, kind: Kind) -> Option<Response> {
    match chosen(node, kind, Reads::Forward) {
        Choice::Here => None,
        Choice::Stopped => Some(stopped(node)),
        Choice::NoMajority => Some(no_majority(node)),
        Choice::Leader(_) | Choice::NoLeader | Choice::LeaderGone => Some(no_leader(node)),
    }
}

/// The answer to a subscriber who would get what is old, or nothing ever.
#[must_use]
pub fn refuse_subscriber(node: &Node) -> Option<Response> {
    if node.leader.borrow().stopped {
        return Some(stopped(node));
    }
    (!node.is_caught_up()).then(|| catching_up(node))
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
fn no_leader(node: &Node) -> Response {
    node.metrics.reject("no_leader");
    let message = "Failed to determine cluster leader for forwarding: no current leader";
    answer::text(StatusCode::SERVICE_UNAVAILABLE, message)
}

/// 503: this node leads, but cannot store anything at a majority.
fn no_majority(node: &Node) -> Response {
    node.metrics.reject("no_majority");
    answer::text(
        StatusCode::SERVICE_UNAVAILABLE,
        "This node leads, but no majority of the nodes answers it; nothing was carried out",
    )
}

/// 503: this node will carry nothing out any more, and does not know who would.
fn stopped(node: &Node) -> Response {
    node.metrics.reject("stopped");
    let why = node.why_stopped().unwrap_or_default();
    answer::text(
        StatusCode::SERVICE_UNAVAILABLE,
        format!("This node's consensus has stopped ({why}); mend the cause and start it again"),
    )
}

/// 503: this node has just come up and does not hold yet what was acknowledged before.
fn catching_up(node: &Node) -> Response {
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

#[cfg(test)]
mod tests {
    use super::*;

    const ME: NodeId = 1;

    fn leading() -> View {
        View { leader: Some(ME), alive: true, leading: true, followed: true, ..View::default() }
    }

    fn following() -> View {
        View { leader: Some(2), alive: true, ..View::default() }
    }

    #[test]
    fn writes_go_to_the_leader_or_are_refused_with_the_reason() {
        let write = |view| choose(view, false, Kind::Write, Reads::Local);
        assert_eq!(write(leading()), Choice::Here);
        assert_eq!(write(View { followed: false, ..leading() }), Choice::NoMajority);
        assert_eq!(choose(leading(), true, Kind::Write, Reads::Local), Choice::NoLeader);
        assert_eq!(write(following()), Choice::Leader(2));
        assert_eq!(write(View { alive: false, ..following() }), Choice::LeaderGone);
        assert_eq!(write(View::default()), Choice::NoLeader);
        assert_eq!(write(View { stopped: true, ..View::default() }), Choice::Stopped);
    }

    #[test]
    fn reads_are_answered_here_unless_they_are_to_be_forwarded() {
        let read = |view, reads| choose(view, false, Kind::Read, reads);
        for view in [leading(), following(), View { followed: false, ..leading() }] {
            assert_eq!(read(view, Reads::Local), Choice::Here, "{view:?}");
        }
        assert_eq!(read(leading(), Reads::Forward), Choice::Here);
        assert_eq!(read(View { followed: false, ..leading() }, Reads::Forward), Choice::Here);
        assert_eq!(read(following(), Reads::Forward), Choice::Leader(2));
        let stopped = View { stopped: true, ..View::default() };
        assert_eq!(read(stopped, Reads::Local), Choice::Stopped, "it would be stale for ever");
    }

    #[test]
    fn no_state_sends_a_request_back_to_its_node() {
        let both = [false, true];
        for (hands_over, followed, stopped) in
            both.iter().flat_map(|a| both.iter().flat_map(move |b| both.map(|c| (*a, *b, c))))
        {
            let view = View { followed, stopped, ..leading() };
            for kind in [Kind::Read, Kind::Write, Kind::Event] {
                for reads in [Reads::Local, Reads::Forward] {
                    let choice = choose(view, hands_over, kind, reads);
                    assert!(!matches!(choice, Choice::Leader(_)), "{view:?} {kind:?}: {choice:?}");
                }
            }
        }
    }
}

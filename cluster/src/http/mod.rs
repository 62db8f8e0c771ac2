//! The node's two ports: the public one speaks insi's protocol, the peer one Raft and forwarded
//! requests.
//!
//! May not enter: consensus itself (`raft`), the command line (`flags` is only read). Invariant:
//! every answer of the public port carries its CORS and timing headers, whatever it says. Tests:
//! beside the code; over real sockets in `cluster/tests`.

pub mod answer;
pub mod blobs;
pub mod cache;
pub mod cors;
pub mod edge;
pub mod events;
pub mod fault;
pub mod leading;
pub mod peer;
pub mod route;
pub mod status;
pub mod texts;
pub mod values;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::any;

use crate::node::Node;

/// Largest body: 1 MiB of value, every byte of it escaped, and room for the rest.
pub const BODY_BYTES: usize = 8 << 20;
/// Largest key, value or blob, in bytes.
pub const VALUE_BYTES: usize = 1 << 20;

/// The routes that carry data, without anything around them: both ports serve these. As in insi the
/// method is not looked at, but for `events`.
fn data(node: &Node) -> Router {
    let at = |path: &str| format!("/db/api/v1/{path}");
    Router::new()
        .route(&at("set"), any(values::set))
        .route(&at("get"), any(values::get))
        .route(&at("delete"), any(values::delete))
        .route(&at("setnx"), any(values::setnx))
        .route(&at("cas"), any(values::cas))
        .route(&at("bump"), any(values::bump))
        .route(&at("iterate/prefix"), any(values::iterate))
        .route(&at("cache/set"), any(cache::set))
        .route(&at("cache/get"), any(cache::get))
        .route(&at("cache/delete"), any(cache::delete))
        .route(&at("cache/setnx"), any(cache::setnx))
        .route(&at("cache/cas"), any(cache::cas))
        .route(&at("cache/iterate/prefix"), any(cache::iterate))
        .route(&at("blob/set"), any(blobs::set))
        .route(&at("blob/get"), any(blobs::get))
        .route(&at("blob/delete"), any(blobs::delete))
        .route(&at("blob/iterate/prefix"), any(blobs::iterate))
        .route(&at("events"), any(events::publish))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(node.clone())
}

/// The public port.
pub fn public(node: &Node) -> Router {
    let own = Router::new()
        .route("/db/api/v1/events/subscribe", any(events::subscribe))
        .route("/db/api/v1/ping", any(status::ping))
        .route("/ping", any(status::ping))
        .route("/db/api/v1/limits", any(status::limits))
        .route("/metrics", any(status::metrics))
        .route("/fault/{what}", any(fault::fault))
        .with_state(node.clone());
    data(node)
        .merge(own)
        .fallback(answer::not_found)
        .layer(middleware::from_fn_with_state(node.clone(), edge::public))
}

/// The peer port: for nodes of this cluster only. No CORS, no key.
pub fn peers(node: &Node) -> Router {
    let forwarded = data(node).layer(middleware::from_fn_with_state(node.clone(), edge::forwarded));
    peer::routes(node)
        .merge(forwarded)
        .layer(middleware::from_fn_with_state(node.clone(), peer::admit))
}

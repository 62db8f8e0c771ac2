//! What every request of the public port passes: pause, host, preflight, key, limits, leader,
//! queue; and what every answer gets: CORS, timing, a count.

use std::time::Instant;

use axum::extract::{Query, Request, State};
use axum::http::header::{AUTHORIZATION, HOST, HeaderValue, ORIGIN, RETRY_AFTER};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use serde::Deserialize;

use super::leading::{self, Way};
use super::route::{Kind, Route};
use super::{BODY_BYTES, answer, cors, fault};
use crate::metrics::Via;
use crate::node::Node;

/// The outermost layer of the public port.
pub async fn public(State(node): State<Node>, request: Request, next: Next) -> Response {
    let route = Route::of(request.uri().path());
    let method = method_name(request.method());
    let origin = request.headers().get(ORIGIN).cloned();
    node.metrics.start(route, Via::client);
    let travels = !matches!(route, Route::Fault | Route::Metrics);
    if route != Route::Fault {
        node.peers.gate.open().await;
    }
    if travels {
        node.timer.wait(node.client_half).await;
    }
    let began = Instant::now();
    let mut response = admit(&node, route, request, next).await;
    let took = began.elapsed();
    if route != Route::Fault {
        // A pause that fell into the work holds the answer too.
        node.peers.gate.open().await;
        cors::open(response.headers_mut());
    } else if let Some(origin) = origin.filter(|origin| fault::is_page(&node, origin)) {
        cors::open_to(response.headers_mut(), &origin);
    }
    cors::timed(response.headers_mut(), &node.name_header, took);
    node.metrics.answer(route, method, response.status().as_u16(), Via::client, took);
    if travels {
        node.timer.wait(node.client_half).await;
    }
    response
}

/// The layer around data routes on the peer port: requests that other nodes forwarded.
pub async fn forwarded(State(node): State<Node>, request: Request, next: Next) -> Response {
    let route = Route::of(request.uri().path());
    let method = method_name(request.method());
    node.metrics.start(route, Via::peer);
    let began = Instant::now();
    let mut response = if node.leads() {
        serve(&node, route, request, next).await
    } else {
        leading::no_leader(&node)
    };
    let took = began.elapsed();
    cors::timed(response.headers_mut(), &node.name_header, took);
    node.metrics.answer(route, method, response.status().as_u16(), Via::peer, took);
    response
}

async fn admit(node: &Node, route: Route, request: Request, next: Next) -> Response {
    let early = refuse(node, route, &request);
    let request = match early {
        None => request,
        Some(answer) => {
            // The body is read although it is not used, so that the connection can go on.
            let _ = axum::body::to_bytes(request.into_body(), BODY_BYTES).await;
            return answer;
        }
    };
    let Route::Data(_, kind) = route else { return next.run(request).await };
    match leading::way(node, kind, &request) {
        Way::Here if kind == Kind::Read && !node.is_caught_up() => leading::catching_up(node),
        Way::Here => serve(node, route, request, next).await,
        Way::Answer(answer) => {
            let _ = axum::body::to_bytes(request.into_body(), BODY_BYTES).await;
            if answer.status() == StatusCode::TEMPORARY_REDIRECT {
                node.timer.wait(node.redirect).await;
            }
            *answer
        }
        Way::Forward(leader) => leading::forward(node, leader, request).await,
    }
}

/// Waits for the node's server, is served by it, then does the work.
async fn serve(node: &Node, route: Route, request: Request, next: Next) -> Response {
    if let Route::Data(_, kind) = route {
        let service = if kind == Kind::Read { node.read } else { node.write };
        if let Some(departs) = node.server.turn(Instant::now(), service) {
            node.timer.wait_until(departs).await;
        }
    }
    next.run(request).await
}

/// An answer that needs no work, where there is one.
fn refuse(node: &Node, route: Route, request: &Request) -> Option<Response> {
    let headers = request.headers();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    if !cors::may_call(cors::host_name(host), &node.flags.allow_host) {
        node.metrics.reject("host");
        let message = format!(
            "{host:?} is not a name of this node; use localhost, or start it with --allow-host"
        );
        return Some(answer::text(StatusCode::MISDIRECTED_REQUEST, message));
    }
    if route == Route::Fault {
        return fault::refuse(node, request);
    }
    if request.method() == Method::OPTIONS {
        return Some(answer::preflight(headers));
    }
    if !matches!(route, Route::Metrics | Route::Other)
        && !has_key(node, route, headers, request.uri())
    {
        node.metrics.reject("unauthorized");
        return Some(unauthorized(route));
    }
    let Route::Data(_, kind) = route else { return None };
    let limit = if kind == Kind::Event { &node.event_limit } else { &node.data_limit };
    let wait = limit.as_ref()?.check().err()?.wait_time_from(DefaultClock::default().now());
    node.metrics.reject("ratelimited");
    let seconds = HeaderValue::from(wait.as_secs_f64().ceil().max(1.0) as u64);
    let refusal = answer::text(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
    Some(([(RETRY_AFTER, seconds)], refusal).into_response())
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct KeyInQuery {
    key: String,
    token: String,
}

fn has_key(node: &Node, route: Route, headers: &HeaderMap, uri: &Uri) -> bool {
    let Some(key) = node.flags.api_key.as_deref() else { return true };
    if let Some(given) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        return given.strip_prefix("Bearer ").unwrap_or(given) == key;
    }
    if route != Route::Subscribe {
        return false;
    }
    // Browsers cannot set headers on a WebSocket. Encoded or raw: base64 keys hold `+`, which
    // decoding makes a blank.
    let decoded = Query::<KeyInQuery>::try_from_uri(uri).map(|query| query.0).unwrap_or_default();
    let raw = |name: &str| {
        uri.query()
            .unwrap_or("")
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .any(|pair| pair == (name, key))
    };
    decoded.key == key || decoded.token == key || raw("key") || raw("token")
}

fn unauthorized(route: Route) -> Response {
    match route {
        Route::Ping => answer::json(
            StatusCode::UNAUTHORIZED,
            &serde_json::json!({
                "error_type": "AUTHENTICATION_FAILED",
                "message": "Authentication failed. Invalid or missing API key."
            }),
        ),
        Route::Subscribe => answer::text(StatusCode::UNAUTHORIZED, "Invalid or missing token"),
        _ => answer::text(StatusCode::UNAUTHORIZED, "Unauthorized"),
    }
}

/// The method as a label: what is no method of HTTP must not make new time series.
fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

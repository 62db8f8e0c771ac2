//! What every request of the public port passes: pause, host, preflight, key, limits, leader,
//! queue; and what every answer gets: CORS, timing, a count.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::header::{AUTHORIZATION, HeaderValue, ORIGIN, RETRY_AFTER};
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
use crate::secret;

/// How long the body of a request may take to come.
const BODY: Duration = Duration::from_secs(30);

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
    let refusal = match route {
        Route::Data(_, kind) => leading::refuse_forwarded(&node, kind),
        _ => None,
    };
    let mut response = match refusal {
        Some(refusal) => refusal,
        None => serve(&node, route, request, next).await,
    };
    let took = began.elapsed();
    cors::timed(response.headers_mut(), &node.name_header, took);
    node.metrics.answer(route, method, response.status().as_u16(), Via::peer, took);
    response
}

async fn admit(node: &Node, route: Route, request: Request, next: Next) -> Response {
    let early = refuse(node, route, &request);
    // The body is read even if it is not used, so that the connection can go on.
    let request = match (early, whole(request, BODY).await) {
        (None, Ok(request)) => request,
        (Some(answer), _) | (None, Err(answer)) => return answer,
    };
    let Route::Data(_, kind) = route else { return next.run(request).await };
    match leading::way(node, kind, &request) {
        Way::Here => serve(node, route, request, next).await,
        Way::Answer(answer) => {
            if answer.status() == StatusCode::TEMPORARY_REDIRECT {
                node.timer.wait(node.redirect).await;
            }
            *answer
        }
        Way::Forward(leader) => leading::forward(node, leader, request).await,
    }
}

/// A request with its whole body, or the answer to one that is too large or too slow.
async fn whole(request: Request, within: Duration) -> Result<Request, Response> {
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(within, axum::body::to_bytes(body, BODY_BYTES)).await {
        Ok(Ok(bytes)) => Ok(Request::from_parts(parts, Body::from(bytes))),
        Ok(Err(_)) => {
            Err(answer::text(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large, or broke off"))
        }
        Err(_) => {
            let message = format!("The body did not come within {} s", within.as_secs());
            Err(answer::text(StatusCode::REQUEST_TIMEOUT, message))
        }
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
    let host = cors::host(headers);
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
    let is = |given: &str| secret::same(given.as_bytes(), key.as_bytes());
    if let Some(given) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        return is(given.strip_prefix("Bearer ").unwrap_or(given));
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
            .any(|(field, given)| field == name && is(given))
    };
    is(&decoded.key) || is(&decoded.token) || raw("key") || raw("token")
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

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use futures_util::{StreamExt, stream};

    use super::*;

    type Piece = Result<Bytes, std::io::Error>;

    #[tokio::test]
    async fn a_body_comes_whole_or_is_refused() {
        let read = async |body: Body, within| {
            let reading = whole(Request::new(body), within);
            tokio::time::timeout(BODY, reading).await.expect("it comes to an end")
        };
        let first = || stream::once(async { Piece::Ok(Bytes::from_static(b"ab")) });

        let whole = read(Body::from_stream(first()), BODY).await.unwrap();
        let bytes = axum::body::to_bytes(whole.into_body(), BODY_BYTES).await.unwrap();
        assert_eq!(bytes, "ab");

        let stalled = first().chain(stream::pending());
        let slow = read(Body::from_stream(stalled), Duration::from_millis(1)).await.unwrap_err();
        assert_eq!(slow.status(), StatusCode::REQUEST_TIMEOUT);
        // A piece now and then does not help.
        let trickle = stream::repeat(()).then(|()| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Piece::Ok(Bytes::from_static(b"a"))
        });
        let within = Duration::from_millis(50);
        let slow = read(Body::from_stream(trickle), within).await.unwrap_err();
        assert_eq!(slow.status(), StatusCode::REQUEST_TIMEOUT);

        let large = read(Body::from(vec![0; BODY_BYTES + 1]), BODY).await.unwrap_err();
        assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let broken = first().chain(stream::once(async { Err(std::io::Error::other("gone")) }));
        assert!(read(Body::from_stream(broken), BODY).await.is_err());
    }
}

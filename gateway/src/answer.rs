//! What every answer gets, and the gateway's own answers.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};

/// Which node leads, on an answer that stands for a redirect.
pub const LEADER: HeaderName = HeaderName::from_static("fwit-leader");

/// The code of such an answer. Not 421, which would say it best: a browser sends a request once
/// more when it is answered so (the Fetch standard asks for it).
pub const NOT_LEADER: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

const TIMING: HeaderName = HeaderName::from_static("server-timing");
const TIMING_ALLOWED: HeaderName = HeaderName::from_static("timing-allow-origin");
const PRIVATE_ASKED: HeaderName = HeaderName::from_static("access-control-request-private-network");
const PRIVATE_ALLOWED: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// The star stands for all others; a browser that does not know it reads the first three.
const EXPOSED: HeaderValue = HeaderValue::from_static("Fwit-Leader, Retry-After, Server-Timing, *");
/// Chromium's cap, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
const METHODS: HeaderValue =
    HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

/// What a node says to browsers that is the gateway's to say, or would reach beyond this node:
/// cookies and what is said about a host hold for all ports of 127.0.0.1.
const NOT_FROM_UPSTREAM: [HeaderName; 12] = [
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
    PRIVATE_ALLOWED,
    TIMING_ALLOWED,
    header::SET_COOKIE,
    header::ALT_SVC,
    header::STRICT_TRANSPORT_SECURITY,
    HeaderName::from_static("clear-site-data"),
];

/// Removes from a node's answer what the gateway says in its place.
pub fn clean(headers: &mut HeaderMap) {
    for name in NOT_FROM_UPSTREAM {
        headers.remove(name);
    }
}

/// An answer of one line.
#[must_use]
pub fn text(status: StatusCode, text: &str) -> Response<Body> {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut response = Response::new(Body::from(line + "\n"));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// The answer to a preflight that asked with these headers.
#[must_use]
pub fn preflight(asked: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if asked.contains_key(PRIVATE_ASKED) {
        headers.insert(PRIVATE_ALLOWED, HeaderValue::from_static("true"));
    }
    response
}

/// Adds what every answer has: who may read it and its times, and how long the node took.
pub fn finish(headers: &mut HeaderMap, reader: Option<HeaderValue>, upstream: Duration) {
    if let Some(origin) = reader {
        headers.insert(TIMING_ALLOWED, origin.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    // Digits and a dot are always a header value.
    if let Ok(value) =
        HeaderValue::try_from(format!("upstream;dur={:.3}", upstream.as_secs_f64() * 1000.0))
    {
        headers.append(TIMING, value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_milliseconds_with_three_decimals_beside_those_of_the_node() {
        let mut headers = HeaderMap::new();
        headers.insert(TIMING, HeaderValue::from_static("db;dur=1"));
        finish(&mut headers, None, Duration::from_micros(12_345));
        let all: Vec<&HeaderValue> = headers.get_all(TIMING).iter().collect();
        assert_eq!(all, ["db;dur=1", "upstream;dur=12.345"]);
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    }

    #[test]
    fn own_answers_are_one_line() {
        let answer = text(StatusCode::BAD_GATEWAY, "a\r\n b:\n c");
        let size = axum::body::HttpBody::size_hint(answer.body()).exact();
        assert_eq!(size, Some("a b: c\n".len() as u64));
    }
}

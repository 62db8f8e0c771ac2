//! What a page of any origin may ask of a node and read of its answers, and by which names it may
//! call it.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};

const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Location, Retry-After, X-Served-By, X-Forwarded-By, X-Blob-Already-Exists, \
     X-Blob-Tombstone-Exists, X-Time-Until-Next-Tombstone-Cycle, Server-Timing, Content-Range, \
     Access-Control-Max-Age",
);
const ANY: HeaderValue = HeaderValue::from_static("*");
const METHODS: HeaderValue =
    HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
const HEADERS: HeaderValue = HeaderValue::from_static("Authorization, Content-Type, Range");
/// Chromium's cap, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
const YES: HeaderValue = HeaderValue::from_static("true");

const PRIVATE_ASKED: HeaderName = HeaderName::from_static("access-control-request-private-network");
const PRIVATE_ALLOWED: HeaderName = HeaderName::from_static("access-control-allow-private-network");
const TIMING_ALLOWED: HeaderName = HeaderName::from_static("timing-allow-origin");
const TIMING: HeaderName = HeaderName::from_static("server-timing");
/// Which node carried the request out.
pub const SERVED_BY: HeaderName = HeaderName::from_static("x-served-by");

/// Lets every origin read an answer.
pub fn open(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    // Not for the browser, but for a page that tells how many preflights there will be.
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    headers.insert(TIMING_ALLOWED, ANY);
}

/// Lets one origin read an answer.
pub fn open_to(headers: &mut HeaderMap, origin: &HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
}

/// Says which node answered and how long that took in the node.
pub fn timed(headers: &mut HeaderMap, node: &HeaderValue, took: Duration) {
    if !headers.contains_key(SERVED_BY) {
        headers.insert(SERVED_BY, node.clone());
    }
    // Digits and a dot are always a header value.
    if let Ok(value) =
        HeaderValue::try_from(format!("handler;dur={:.3}", took.as_secs_f64() * 1000.0))
    {
        headers.insert(TIMING, value);
    }
}

/// The answer to a preflight, from the `asked` headers.
pub fn preflight(asked: &HeaderMap, headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if asked.contains_key(PRIVATE_ASKED) {
        headers.insert(PRIVATE_ALLOWED, YES);
    }
}

/// The `Host` header as it was sent; empty when there is none.
#[must_use]
pub fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("")
}

/// The host name of a `Host` header, without its port; an IPv6 address keeps its brackets.
#[must_use]
pub fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() => name,
        _ => host,
    }
}

/// Whether a name means this machine whatever a DNS server says (RFC 6761, 6.3), or was allowed by
/// flag. A page of another site that points its own name at 127.0.0.1 (DNS rebinding) sends that
/// name, and is refused.
#[must_use]
pub fn may_call(name: &str, allowed: &[String]) -> bool {
    let lower = name.to_ascii_lowercase();
    let lower = lower.strip_suffix('.').unwrap_or(&lower);
    let bare = lower.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    lower == "localhost"
        || lower.ends_with(".localhost")
        || lower.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || bare.is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback()))
        || allowed.iter().any(|name| name.eq_ignore_ascii_case(lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_lose_their_port() {
        assert_eq!(host_name("localhost:7101"), "localhost");
        assert_eq!(host_name("[::1]:7101"), "[::1]");
        assert_eq!(host_name("[::1]"), "[::1]");
        assert_eq!(host_name("127.0.0.1"), "127.0.0.1");
    }

    #[test]
    fn only_loopback_and_allowed_names_may_call() {
        let allowed = ["demo.test".to_owned()];
        for name in [
            "localhost",
            "L3.localhost",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "demo.test",
            "localhost.",
        ] {
            assert!(may_call(name, &allowed), "{name}");
        }
        for name in [
            "",
            "evil.test",
            "localhost.evil.test",
            "xlocalhost",
            "10.0.0.1",
            "[::2]",
            "127.0.0.1.evil.test",
        ] {
            assert!(!may_call(name, &allowed), "{name}");
        }
    }
}

//! Redirects of a node, as the address of the node that leads. A page's `fetch` follows a redirect
//! without showing it, and away from the gateway: so it becomes an answer that the page can read.

use axum::http::{HeaderMap, StatusCode, header};
use url::Url;

/// Where an answer sends the request.
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// To a node of the gateway, by its place in the list.
    Node(usize),
    /// Elsewhere: the origin.
    Origin(String),
}

/// The `Location` of an answer that is a redirect.
#[must_use]
pub fn location(status: StatusCode, headers: &HeaderMap) -> Option<&header::HeaderValue> {
    let redirects = status.is_redirection() && status != StatusCode::NOT_MODIFIED;
    headers.get(header::LOCATION).filter(|_| redirects)
}

/// Where a `Location` points, seen from the URL that was asked. `None` where that is no address
/// of HTTP.
#[must_use]
pub fn target<'a>(
    nodes: impl Iterator<Item = &'a Url>,
    asked: &str,
    location: &str,
) -> Option<Target> {
    let there = Url::parse(asked).ok()?.join(location).ok()?;
    if !matches!(there.scheme(), "http" | "https") {
        return None;
    }
    let same = nodes.enumerate().filter(|(_, node)| is_under(node, &there));
    let node = same.max_by_key(|(_, node)| base(node).len());
    Some(node.map_or_else(
        || Target::Origin(there.origin().ascii_serialization()),
        |(index, _)| Target::Node(index),
    ))
}

/// A node's base path, without a slash at its end.
#[must_use]
pub fn base(node: &Url) -> &str {
    node.path().trim_end_matches('/')
}

fn is_under(node: &Url, there: &Url) -> bool {
    let rest = there.path().strip_prefix(base(node));
    node.origin() == there.origin() && rest.is_some_and(|r| r.is_empty() || r.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(location: &str) -> Option<Target> {
        let nodes = ["http://a:1/", "https://b/x", "https://b/x/y/", "http://[::1]:7/"];
        let nodes: Vec<Url> = nodes.iter().map(|n| Url::parse(n).unwrap()).collect();
        target(nodes.iter(), "https://b/x/db/set?a=1", location)
    }

    #[test]
    fn a_location_is_a_node_or_an_origin() {
        for (location, node) in [
            ("http://a:1/db/set", 0),
            ("http://A:1", 0),
            ("https://b:443/x/db/set?q", 1),
            ("https://b/x", 1),
            ("/x/other", 1),
            ("other", 1),
            ("https://b/x/y/z", 2),
            ("//b/x/y", 2),
            ("http://[0:0::1]:7/", 3),
        ] {
            assert_eq!(to(location), Some(Target::Node(node)), "{location}");
        }
        for (location, origin) in [
            ("https://b/xy", "https://b"),
            ("/", "https://b"),
            ("http://b/x", "http://b"),
            ("https://user:pw@c:9/x?key=1", "https://c:9"),
        ] {
            assert_eq!(to(location), Some(Target::Origin(origin.to_owned())), "{location}");
        }
        for location in ["javascript:1", "http://", "ftp://a:1/"] {
            assert_eq!(to(location), None, "{location}");
        }
    }

    #[test]
    fn only_a_redirect_has_a_location_that_counts() {
        let mut headers = HeaderMap::new();
        assert_eq!(location(StatusCode::FOUND, &headers), None);
        headers.insert(header::LOCATION, header::HeaderValue::from_static("/"));
        for code in [301, 302, 303, 307, 308] {
            assert!(location(StatusCode::from_u16(code).unwrap(), &headers).is_some(), "{code}");
        }
        for code in [200, 201, 304, 503] {
            assert!(location(StatusCode::from_u16(code).unwrap(), &headers).is_none(), "{code}");
        }
    }
}

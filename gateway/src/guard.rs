//! Who may use the gateway. It holds the key, so a request that it carries is a request of someone
//! who has the key.
//!
//! A request must call the gateway by a name of this machine (else a foreign page could make a name
//! of its own point here: DNS rebinding), and must come from a page that is allowed: browsers write
//! a page's origin into every request whose answer a script can read, and into every POST. A
//! request without an origin needs the token, and must not come from a page.

use std::net::IpAddr;

use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{Method, StatusCode};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request goes no further.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The answer's code.
    pub status: StatusCode,
    /// The answer's text.
    pub text: String,
}

/// Who may use the gateway.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    /// Origins of pages, as browsers write them.
    pub origins: Vec<String>,
    /// The port of the page that the gateway serves.
    pub page_port: Option<u16>,
    /// Names beside those of loopback.
    pub hosts: Vec<String>,
    /// What every path must begin with, where there is a token: `/` and the token.
    pub token: Option<String>,
}

impl Guard {
    /// The origin of the page that asks, where it may use the gateway: it may read the answer.
    #[must_use]
    pub fn reader(&self, headers: &HeaderMap, local: IpAddr) -> Option<HeaderValue> {
        let mut given = headers.get_all(header::ORIGIN).iter();
        let (origin, None) = (given.next()?, given.next()) else { return None };
        self.is_page(origin.to_str().ok()?, local).then(|| origin.clone())
    }

    /// What of a request goes to the node: its path and query, without the token.
    ///
    /// # Errors
    /// Why it goes no further.
    pub fn admit(&self, head: &Parts, local: IpAddr) -> Result<PathAndQuery, Refusal> {
        self.host(head, local)?;
        let headers = &head.headers;
        let by_page = headers.contains_key(header::ORIGIN);
        if by_page && self.reader(headers, local).is_none() {
            let origin = headers.get(header::ORIGIN).and_then(|o| o.to_str().ok()).unwrap_or("");
            return Err(forbidden(format!(
                "pages of {origin:?} may not use this gateway; if they should, start it with \
                 --allow-origin"
            )));
        }
        let path = head.uri.path_and_query().filter(|path| path.as_str().starts_with('/'));
        let path = match (path, &head.method) {
            (Some(path), _) => path.clone(),
            (None, &Method::OPTIONS) => PathAndQuery::from_static("/"),
            (None, _) => {
                return Err(Refusal {
                    status: StatusCode::BAD_REQUEST,
                    text: "the request has no path".to_owned(),
                });
            }
        };
        let Some(token) = &self.token else {
            return if by_page {
                Ok(path)
            } else {
                Err(forbidden(
                    "the request names no page (Origin); programs such as curl may use the gateway \
                 when it is started with --token",
                ))
            };
        };
        let Some(path) = without(token, &path) else {
            return Err(forbidden("the token at the beginning of the path is missing or wrong"));
        };
        let site = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
        if !by_page && site.is_some_and(|site| site != b"none") {
            return Err(forbidden("a page asks without saying which (Origin)"));
        }
        Ok(path)
    }

    fn is_page(&self, origin: &str, local: IpAddr) -> bool {
        let served = self.page_port.is_some_and(|port| {
            ["127.0.0.1", "localhost", "[::1]"].iter().any(|host| origin == web_origin(host, port))
                || (!local.is_loopback() && origin == web_origin(&bracketed(local), port))
        });
        served || self.origins.iter().any(|allowed| allowed == origin)
    }

    /// Whether the request calls this machine by a name of its own: DNS can't give those to others.
    fn host(&self, head: &Parts, local: IpAddr) -> Result<(), Refusal> {
        let mut given = head.headers.get_all(header::HOST).iter();
        let host = given.next().and_then(|host| host.to_str().ok()).unwrap_or("");
        // A request line with a whole URL counts as well as the header.
        let of_uri = head.uri.authority().map(|authority| authority.as_str());
        let good = given.next().is_none()
            && self.is_name(host_name(host), local)
            && of_uri.is_none_or(|name| self.is_name(host_name(name), local));
        if good {
            return Ok(());
        }
        Err(Refusal {
            status: StatusCode::MISDIRECTED_REQUEST,
            text: format!(
                "{host:?} is not a name of this gateway; use 127.0.0.1, or start it with \
                 --allow-host"
            ),
        })
    }

    fn is_name(&self, name: &str, local: IpAddr) -> bool {
        let lower = name.to_ascii_lowercase();
        let lower = lower.strip_suffix('.').unwrap_or(&lower);
        let bare = lower.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(lower);
        let address: Option<IpAddr> = bare.parse().ok();
        address.is_some_and(|ip| ip == local || (ip.is_loopback() && local.is_loopback()))
            || (local.is_loopback() && (lower == "localhost" || lower.ends_with(".localhost")))
            || self.hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(lower))
    }
}

/// The host name of a `Host` header, without its port; an IPv6 address keeps its brackets.
#[must_use]
pub fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() => name,
        _ => host,
    }
}

/// The origin of a page of a host and port, as browsers write it.
#[must_use]
pub fn web_origin(host: &str, port: u16) -> String {
    if port == 80 { format!("http://{host}") } else { format!("http://{host}:{port}") }
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}

fn forbidden(text: impl Into<String>) -> Refusal {
    Refusal { status: StatusCode::FORBIDDEN, text: text.into() }
}

/// The path behind the token, where it begins with that.
fn without(token: &str, path: &PathAndQuery) -> Option<PathAndQuery> {
    let (given, rest) = path.as_str().split_at_checked(token.len())?;
    // Takes as long whatever is wrong.
    let differs = given.bytes().zip(token.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    if differs != 0 {
        return None;
    }
    match rest.bytes().next() {
        Some(b'/') => rest.parse().ok(),
        None | Some(b'?') => format!("/{rest}").parse().ok(),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use std::net::Ipv4Addr;

    const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const LAN: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 5));

    /// The path that goes to the node, or the code of the refusal.
    fn ask(
        guard: &Guard,
        local: IpAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<String, u16> {
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let admitted = guard.admit(&head, local);
        admitted.map(|path| path.to_string()).map_err(|refusal| refusal.status.as_u16())
    }

    fn with_page() -> Guard {
        let origins = vec!["https://fwit.example".to_owned()];
        Guard { origins, page_port: Some(7200), hosts: vec!["box.lan".to_owned()], token: None }
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        let of = |local, host: &str| {
            ask(&with_page(), local, "/a", &[("host", host), ("origin", "https://fwit.example")])
        };
        for host in [
            "127.0.0.1:7201",
            "127.0.0.9",
            "localhost:1",
            "LOCALHOST.",
            "l3.localhost:7201",
            "[::1]:7201",
            "Box.lan",
        ] {
            assert_eq!(of(LOCAL, host), Ok("/a".to_owned()), "{host}");
        }
        for host in [
            "",
            "evil.test",
            "evil.test:7201",
            "localhost.evil.test",
            "xlocalhost",
            "127.0.0.1.evil.test",
            "10.0.0.5",
            "[::2]",
            "0.0.0.0",
        ] {
            assert_eq!(of(LOCAL, host), Err(421), "{host}");
        }
        assert_eq!(of(LAN, "10.0.0.5:7201"), Ok("/a".to_owned()));
        assert_eq!(of(LAN, "10.0.0.6"), Err(421));
        assert_eq!(of(LAN, "localhost"), Err(421));
        let origin = ("origin", "https://fwit.example");
        let both = [("host", "127.0.0.1"), ("host", "evil.test"), origin];
        assert_eq!(ask(&with_page(), LOCAL, "/a", &both), Err(421));
        let whole = |url: &str| ask(&with_page(), LOCAL, url, &[("host", "127.0.0.1"), origin]);
        assert_eq!(whole("http://evil.test/a"), Err(421));
        assert_eq!(whole("http://127.0.0.1/a?b"), Ok("/a?b".to_owned()));
    }

    #[test]
    fn only_pages_that_are_allowed_may_use_it() {
        let of = |local, host: &str, origin: &str| {
            ask(&with_page(), local, "/a?b", &[("host", host), ("origin", origin)])
        };
        for origin in [
            "https://fwit.example",
            "http://127.0.0.1:7200",
            "http://localhost:7200",
            "http://[::1]:7200",
        ] {
            assert_eq!(of(LOCAL, "localhost", origin), Ok("/a?b".to_owned()), "{origin}");
        }
        for origin in [
            "",
            "null",
            "http://evil.test",
            "http://fwit.example",
            "https://fwit.example:444",
            "http://127.0.0.1:7201",
            "http://127.0.0.1:72001",
            "http://127.0.0.1",
            "http://evil.test:7200",
            "http://10.0.0.5:7200",
            "http://127.0.0.2:7200",
            "https://fwit.example.evil.test",
        ] {
            assert_eq!(of(LOCAL, "localhost", origin), Err(403), "{origin}");
        }
        assert_eq!(of(LAN, "10.0.0.5", "http://10.0.0.5:7200"), Ok("/a?b".to_owned()));
        assert_eq!(of(LAN, "10.0.0.5", "http://10.0.0.6:7200"), Err(403));
        let two =
            [("host", "localhost"), ("origin", "https://fwit.example"), ("origin", "http://evil")];
        assert_eq!(ask(&with_page(), LOCAL, "/a", &two), Err(403));
        let unserved = Guard { page_port: None, ..with_page() };
        let page = [("host", "localhost"), ("origin", "http://127.0.0.1:7200")];
        assert_eq!(ask(&unserved, LOCAL, "/a", &page), Err(403));
    }

    #[test]
    fn without_an_origin_the_token_is_needed() {
        let host = ("host", "localhost");
        for site in ["none", "same-origin", "same-site", "cross-site"] {
            assert_eq!(ask(&with_page(), LOCAL, "/a", &[host, ("sec-fetch-site", site)]), Err(403));
        }
        assert_eq!(ask(&with_page(), LOCAL, "/a", &[host]), Err(403));

        let guard = Guard { token: Some("/abc".to_owned()), ..with_page() };
        let of = |path: &str, headers: &[(&str, &str)]| {
            ask(&guard, LOCAL, path, &[&[host], headers].concat())
        };
        for (path, goes) in [
            ("/abc/a?b=/x", "/a?b=/x"),
            ("/abc", "/"),
            ("/abc/", "/"),
            ("/abc?x", "/?x"),
            ("/abc//a", "//a"),
        ] {
            assert_eq!(of(path, &[]), Ok(goes.to_owned()), "{path}");
        }
        for path in ["/", "/a", "/ab", "/abcd/a", "/abd/a", "/x/abc/a", "/%61bc/a", "/?/abc/"] {
            assert_eq!(of(path, &[]), Err(403), "{path}");
            assert_eq!(of(path, &[("origin", "https://fwit.example")]), Err(403), "{path}");
        }
        assert_eq!(of("/abc/a", &[("sec-fetch-site", "none")]), Ok("/a".to_owned()));
        for site in ["same-origin", "same-site", "cross-site", "Cross-Site", "", "x"] {
            assert_eq!(of("/abc/a", &[("sec-fetch-site", site)]), Err(403), "{site}");
        }
        assert_eq!(of("/abc/a", &[("origin", "https://evil.test")]), Err(403));
        let page = [("origin", "https://fwit.example"), ("sec-fetch-site", "cross-site")];
        assert_eq!(of("/abc/a", &page), Ok("/a".to_owned()));
    }
}

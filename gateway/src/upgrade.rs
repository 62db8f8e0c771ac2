//! WebSockets: once the node has agreed, bytes pass both ways as they come.

use axum::http::HeaderMap;
use axum::http::Response;
use axum::http::header::{CONNECTION, HeaderName, HeaderValue, UPGRADE};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

/// Headers that concern one connection only, not the request.
const HOP: [HeaderName; 8] = [
    CONNECTION,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-authorization"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("te"),
    HeaderName::from_static("trailer"),
    HeaderName::from_static("transfer-encoding"),
];

/// Whether a request asks for a WebSocket.
#[must_use]
pub fn is_asked(headers: &HeaderMap) -> bool {
    let websocket = headers.get(UPGRADE).map(HeaderValue::as_bytes);
    named(headers).any(|name| name == UPGRADE)
        && websocket.is_some_and(|kind| kind.eq_ignore_ascii_case(b"websocket"))
}

/// Removes the headers that concern one connection only; those of an upgrade stay where it goes on.
pub fn strip(headers: &mut HeaderMap, upgrades: bool) {
    let named: Vec<HeaderName> = named(headers).collect();
    for name in named.iter().chain(&HOP) {
        headers.remove(name);
    }
    if upgrades {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    }
}

/// Passes bytes between the page and the node until one of them closes.
pub fn join(page: OnUpgrade, response: &mut Response<Incoming>) {
    let node = hyper::upgrade::on(response);
    tokio::spawn(async move {
        if let Ok((page, node)) = tokio::try_join!(page, node) {
            let (mut page, mut node) = (TokioIo::new(page), TokioIo::new(node));
            // Whichever side breaks off: the other is closed with it.
            let _ = tokio::io::copy_bidirectional(&mut page, &mut node).await;
        }
    });
}

/// The headers that `Connection` names.
fn named(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    let lists = headers.get_all(CONNECTION).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).filter_map(|name| name.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn what_concerns_one_connection_stays_there() {
        let mut all = headers(&[
            ("connection", "close, X-One"),
            ("x-one", "1"),
            ("x-two", "2"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
        ]);
        assert!(!is_asked(&all));
        strip(&mut all, false);
        assert_eq!(all, headers(&[("x-two", "2")]));
    }

    #[test]
    fn a_websocket_is_asked_for_with_two_headers() {
        let mut all = headers(&[("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")]);
        assert!(is_asked(&all));
        assert!(!is_asked(&headers(&[("upgrade", "websocket")])));
        assert!(!is_asked(&headers(&[("connection", "upgrade"), ("upgrade", "h2c")])));
        strip(&mut all, true);
        assert_eq!(all, headers(&[("connection", "upgrade"), ("upgrade", "websocket")]));
    }
}

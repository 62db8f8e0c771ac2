//! What a dialect and its users speak in: operations' kinds, keys, requests, answers.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Whether an operation reads or writes: what comparisons group by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Changes nothing; a follower may answer it.
    Read,
    /// Goes through the leader.
    Write,
    /// Sends an event; goes through the leader.
    Publish,
}

/// Which key an operation is done on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// Any key of the space; remembered in the pool once it is there.
    Any(Pool),
    /// A key of the pool, any key of the space where the pool is empty.
    Known(Pool),
    /// As `Known`, and taken out of the pool.
    Forget(Pool),
    /// A key that was never used in this run; remembered in the pool once it is there.
    Fresh(Pool),
    /// A counter's key.
    Counter,
    /// The run's events topic.
    Topic,
}

/// What an entity remembers having written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// Nothing is remembered.
    None,
    /// Values.
    Values,
    /// Blobs.
    Blobs,
}

/// An HTTP method. `src/browser/fetch.js` lists them in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
    Patch,
    Head,
}

impl Method {
    /// All methods.
    pub const ALL: [Method; 6] =
        [Method::Get, Method::Post, Method::Put, Method::Delete, Method::Patch, Method::Head];

    /// As HTTP writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Patch => "PATCH",
            Method::Head => "HEAD",
        }
    }

    /// Whether its requests have a body.
    #[must_use]
    pub fn has_body(self) -> bool {
        !matches!(self, Method::Get | Method::Head)
    }
}

/// The headers of a request, as far as the dialect says them. A body without a content type here is
/// sent as `text/plain;charset=UTF-8`, as a browser does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderSet {
    /// Tells a dialect's sets apart; the empty one is 0.
    pub index: u16,
    /// Names and values.
    pub list: Vec<(String, String)>,
    /// Whether a browser sends them to another origin without asking for leave (Fetch standard:
    /// CORS-safelisted request headers).
    pub simple: bool,
}

static NO_HEADERS: LazyLock<HeaderSet> =
    LazyLock::new(|| HeaderSet { index: 0, list: Vec::new(), simple: true });

impl HeaderSet {
    /// Number `index` of a dialect's sets.
    #[must_use]
    pub fn new(index: u16, list: Vec<(String, String)>) -> HeaderSet {
        let safe = |(name, value): &(String, String)| match name.to_ascii_lowercase().as_str() {
            "accept" | "accept-language" | "content-language" => true,
            "content-type" => {
                let kind = value.split(';').next().unwrap_or_default().trim();
                let kinds =
                    ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"];
                kinds.contains(&kind)
            }
            _ => false,
        };
        let simple = list.iter().all(safe);
        HeaderSet { index, list, simple }
    }
}

/// A request without its node: what an operation becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Method.
    pub method: Method,
    /// Path and query, from the node's base URL on.
    pub path: Cow<'a, str>,
    /// Body text, empty for none.
    pub body: Cow<'a, str>,
    /// Its headers.
    pub headers: &'a HeaderSet,
}

impl<'a> Request<'a> {
    /// A GET of a path: no body, no header of its own.
    #[must_use]
    pub fn get(path: impl Into<Cow<'a, str>>) -> Request<'a> {
        let body = Cow::Borrowed("");
        Request { method: Method::Get, path: path.into(), body, headers: &NO_HEADERS }
    }

    /// Whether a browser sends it to another origin without asking for leave first (a CORS
    /// preflight), as long as it has no header of its own (Fetch standard).
    #[must_use]
    pub fn is_simple(&self) -> bool {
        matches!(self.method, Method::Get | Method::Post | Method::Head) && self.headers.simple
    }
}

/// What an operation is done with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice<'a> {
    /// The key, the counter or the topic.
    pub key: &'a str,
    /// The value; for events its JSON text.
    pub value: &'a str,
    /// The version that is known of the key.
    pub version: &'a str,
}

/// An answer as far as a dialect needs it.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// HTTP status.
    pub status: u16,
    /// Bytes of the body.
    pub bytes: u64,
    /// The body's text, where [`super::Dialect::wants_text`] asked for it.
    pub text: Option<&'a str>,
}

/// What an event of a run carries: `{"run": …, "publisher": …, "seq": …, "sent_us": …}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Published {
    /// The run's id.
    pub run: String,
    /// The entity that sent it.
    pub publisher: u32,
    /// Its number among that entity's events, from 1 on.
    pub seq: u64,
    /// When it was sent, on the run's clock.
    pub sent_us: u64,
}

/// What a node says of itself and its leader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeStatus {
    /// Its own name.
    pub name: Option<String>,
    /// Whether it leads; `None` where it does not say.
    pub leads: Option<bool>,
    /// The leader's URL, where it gives one.
    pub leader_url: Option<String>,
    /// An address of the leader on another port, where it gives one: only its host is of use.
    pub leader_host: Option<String>,
    /// Its term, where it tells one.
    pub term: Option<u64>,
    /// Its id, as faults want it, where it tells one.
    pub id: Option<String>,
}

/// What carries events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// A WebSocket, a message an event.
    Websocket,
    /// A body of JSON values one after another (ndjson).
    Json,
    /// Server-sent events.
    Sse,
    /// A request whose answer is held back until there is something new, again and again (long
    /// polling); each answer is one message.
    Poll,
}

/// How the events of a topic are listened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// What carries them.
    pub kind: StreamKind,
    /// Path and query, from the node's base URL on.
    pub path: String,
    /// Headers of all requests; a WebSocket sends none.
    pub headers: HeaderSet,
    /// A WebSocket's first message, or the body of a POST; empty for none.
    pub send: String,
    /// The header of an answer that tells the stream's position, for [`StreamKind::Poll`]; empty
    /// for none.
    pub position_header: String,
    /// What the header `Last-Event-ID` says; empty for no such header.
    pub last_event_id: String,
}

/// A set of HTTP statuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusSet([u64; 10]);

impl StatusSet {
    /// Puts in a status below 640.
    pub fn insert(&mut self, status: u16) {
        if let Some(word) = self.0.get_mut(usize::from(status / 64)) {
            *word |= 1 << (status % 64);
        }
    }

    /// Whether it is in.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.0.get(usize::from(status / 64)).is_some_and(|word| word & (1 << (status % 64)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_need_no_leave_are_known() {
        let with = |name: &str, value: &str| HeaderSet::new(1, vec![(name.into(), value.into())]);
        let simple = |method, headers: &HeaderSet| {
            Request { method, headers, ..Request::get("/") }.is_simple()
        };
        assert!(Request::get("/").is_simple());
        assert!(simple(Method::Post, &with("Content-Type", "text/plain; charset=UTF-8")));
        assert!(simple(Method::Head, &with("accept", "a/b")));
        for headers in [with("content-type", "application/json"), with("X-A", "b")] {
            assert!(!simple(Method::Post, &headers), "{headers:?}");
        }
        for method in [Method::Put, Method::Delete, Method::Patch] {
            assert!(!simple(method, &HeaderSet::new(0, Vec::new())));
        }
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let mut set = StatusSet::default();
        for status in [200, 599, 9_999] {
            set.insert(status);
        }
        assert_eq!([200, 201, 599, 9_999].map(|s| set.contains(s)), [true, false, true, false]);
    }
}

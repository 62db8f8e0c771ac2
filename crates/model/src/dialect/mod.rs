//! Dialects: how operations become requests of one system's protocol, and how its answers are
//! judged.
//!
//! May not enter: time, randomness, sending. A dialect is a pure table.
//! Invariant: one file a system, one line in [`of`].
//! Tests: beside each dialect; against the real cluster in tests/e2e.

mod insi;

use std::borrow::Cow;

use fwit_quantities::sample::Outcome;

/// A protocol that fwit speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DialectId {
    /// InsulaLabs' insi, and the local cluster that comes with fwit.
    Insi,
    /// The simulated cluster, which answers as insi does.
    Sim,
}

impl DialectId {
    /// All dialects.
    pub const ALL: [DialectId; 2] = [DialectId::Insi, DialectId::Sim];

    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DialectId::Insi => "insi",
            DialectId::Sim => "sim",
        }
    }

    /// From the name in files.
    #[must_use]
    pub fn from_name(name: &str) -> Option<DialectId> {
        DialectId::ALL.into_iter().find(|d| d.name() == name)
    }
}

/// Whether an operation reads or writes: what comparisons group by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// Nothing is remembered.
    None,
    /// Values.
    Values,
    /// Blobs.
    Blobs,
}

/// One operation of a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Name in plans, files and tables.
    pub name: &'static str,
    /// Read, write or publish.
    pub kind: Kind,
    /// Which key it is done on.
    pub key: KeyUse,
}

/// An HTTP method. `src/browser/fetch.js` lists them in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    /// As HTTP writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }
}

/// A request without its node: what an operation becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Path and query, from the node's base URL on.
    pub path: Cow<'static, str>,
    /// Body text, empty for none.
    pub body: String,
    /// Content type of the body. The types used here need no CORS preflight.
    pub content_type: &'static str,
}

impl Request {
    /// A GET of a path: no body, no header of its own.
    #[must_use]
    pub fn get(path: impl Into<Cow<'static, str>>) -> Request {
        Request { method: Method::Get, path: path.into(), body: String::new(), content_type: "" }
    }

    /// Whether a browser sends it to another origin without asking for leave first (a CORS
    /// preflight), as long as it has no header of its own (Fetch standard).
    #[must_use]
    pub fn is_simple(&self) -> bool {
        let kind = self.content_type.split(';').next().unwrap_or_default().trim();
        let kinds = ["", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded"];
        matches!(self.method, Method::Get | Method::Post) && kinds.contains(&kind)
    }
}

/// What an operation is done with.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// The key, the counter or the topic.
    pub key: &'a str,
    /// The value; for events its JSON text.
    pub value: &'a str,
}

/// An answer as far as a dialect needs it.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// HTTP status.
    pub status: u16,
    /// Bytes of the body.
    pub bytes: u64,
    /// The body's text, where [`Dialect::wants_text`] asked for it.
    pub text: Option<&'a str>,
}

/// What an event of a run carries: `{"run": …, "publisher": …, "seq": …, "sent_us": …}`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Published<'a> {
    /// The run's id.
    #[serde(borrow)]
    pub run: Cow<'a, str>,
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
}

/// One system's protocol.
pub trait Dialect: std::fmt::Debug {
    /// Its operations; an operation's index in this table is its number everywhere.
    fn operations(&self) -> &'static [Operation];

    /// The request of an operation.
    fn request(&self, op: usize, choice: &Choice) -> Request;

    /// Whether the body's text is needed to judge an answer of this status.
    fn wants_text(&self, op: usize, status: u16) -> bool;

    /// How a request ended, from its answer.
    fn judge(&self, op: usize, answer: &Answer) -> Outcome;

    /// A request that changes nothing and that followers redirect to the leader: where a redirect
    /// is followed, its answer's URL names the leader. Sent without the API key, where the nodes'
    /// statuses do not say who leads. `None` where there is no such request.
    fn learning(&self) -> Option<Request>;

    /// Path of the request that asks a node for its role and the leader.
    fn status_path(&self) -> &'static str;

    /// Reads the answer to [`Dialect::status_path`]; `None` where it is not this system's.
    fn read_status(&self, text: &str) -> Option<NodeStatus>;

    /// Name of a query parameter that nodes ignore, where there is one: it tells apart URLs of
    /// requests under way at the same time, so that the browser's cache does not queue them.
    fn ignored_parameter(&self) -> Option<&'static str>;

    /// Name and value of the header that carries the API key.
    fn auth_header(&self, key: &str) -> (&'static str, String);

    /// Path and query of the WebSocket that delivers the events of a topic.
    fn subscribe_path(&self, topic: &str, key: Option<&str>) -> String;

    /// The event in a message of that WebSocket; `None` where it is not one of fwit's.
    fn event<'a>(&self, message: &'a str) -> Option<Published<'a>>;
}

/// The dialect of that name.
#[must_use]
pub fn of(id: DialectId) -> &'static dyn Dialect {
    match id {
        DialectId::Insi | DialectId::Sim => &insi::Insi,
    }
}

/// Percent-encodes a query value (RFC 3986: all but the unreserved characters).
#[must_use]
pub fn encode_query(text: &str) -> Cow<'_, str> {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if plain(byte) {
            out.push(byte as char);
        } else {
            out.push('%');
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
    }
    Cow::Owned(out)
}

/// The outcome that a status means in plain HTTP, for what a dialect does not judge itself.
#[must_use]
pub fn plain_outcome(status: u16) -> Outcome {
    match status {
        200..=299 => Outcome::Ok,
        404 => Outcome::NotFound,
        409 | 412 => Outcome::Conflict,
        421 => Outcome::NotLeader,
        429 => Outcome::RateLimited,
        400..=499 => Outcome::Rejected,
        500.. => Outcome::Unavailable,
        // An unfollowed redirect or an informational status: no node did the work.
        _ => Outcome::NotLeader,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_operations_are_distinct() {
        for id in DialectId::ALL {
            let mut names: Vec<_> = of(id).operations().iter().map(|o| o.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), of(id).operations().len());
            assert_eq!(DialectId::from_name(id.name()), Some(id));
        }
    }

    #[test]
    fn query_values_are_encoded() {
        assert_eq!(encode_query("a-b_c.d~é &"), "a-b_c.d~%C3%A9%20%26");
    }

    #[test]
    fn statuses_of_plain_http() {
        for (status, outcome) in [
            (200, Outcome::Ok),
            (202, Outcome::Ok),
            (307, Outcome::NotLeader),
            (401, Outcome::Rejected),
            (404, Outcome::NotFound),
            (409, Outcome::Conflict),
            (429, Outcome::RateLimited),
            (502, Outcome::Unavailable),
        ] {
            assert_eq!(plain_outcome(status), outcome);
        }
    }
}

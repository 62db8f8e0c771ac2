//! What the engine needs of the world around it: the traits `Clock` and `Transport`. The browser
//! and the simulation each implement both.

use std::future::Future;
use std::pin::pin;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use fwit_model::dialect::{Answer, Dialect, Request, Stream};
use fwit_model::plan::BaseUrl;
use fwit_quantities::sample::{Outcome, WireTiming};
use fwit_quantities::units::Micros;

/// What tells the time, and lets it pass.
pub trait Clock {
    /// Now, from the clock's own start. Never goes back.
    fn now(&self) -> Micros;

    /// Resolves at that instant or soon after.
    fn sleep_until(&self, at: Micros) -> impl Future<Output = ()>;
}

/// One request to one lane.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations, reason = "holds a closure")]
pub struct Call<'a> {
    /// Index of the lane.
    pub lane: usize,
    /// The lane's base URL.
    pub base: &'a str,
    /// What to send.
    pub request: &'a Request<'a>,
    /// Whether the answer's text is wanted, by status.
    pub wants_text: &'a dyn Fn(u16) -> bool,
    /// Whether redirects are followed inside the transport; the API key is left out then. Load is
    /// never sent so: each of its hops takes a slot, is timed, and counts.
    pub follow: bool,
}

/// Longest body that is read, bytes: sixteen times the largest value that a plan may write.
pub const BODY_MAX: u64 = 16 * 1024 * 1024;

/// An answer, read to its last byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status; 0 for a redirect that was not followed.
    pub status: u16,
    /// The node redirected, and the transport did not follow. A browser tells no more of it: not
    /// even where to.
    pub redirect: bool,
    /// Bytes of the body.
    pub bytes: u64,
    /// The body's text, where it was wanted.
    pub text: Option<String>,
    /// The body was given up: it is longer than [`BODY_MAX`].
    pub too_long: bool,
    /// The URL of the leader, where fwit-gateway says that the node redirects there: the node does
    /// not lead.
    pub leader: Option<String>,
    /// What stands in the header in which the dialect's nodes name the leader.
    pub hint: Option<String>,
    /// `Retry-After`, where the answer has it and the page may read it.
    pub retry_after: Option<Micros>,
    /// The URL that answered, where a redirect was followed.
    pub final_url: Option<String>,
    /// The name of the node that answered a redirected request (`X-Served-By`), where it says so.
    pub served_by: Option<String>,
    /// How long the node lets the browser keep leave (`Access-Control-Max-Age`), where the text was
    /// wanted and the page may read it.
    pub max_age: Option<Micros>,
    /// The browser asked the node for leave first (CORS): one request more.
    pub preflight: bool,
    /// Times from the wire.
    pub wire: Wire,
}

impl Reply {
    /// How an operation's request ended with this answer.
    #[must_use]
    pub fn outcome(&self, dialect: &Dialect, op: usize) -> Outcome {
        if self.redirect || self.leader.is_some() {
            return Outcome::NotLeader;
        }
        if self.too_long {
            return Outcome::Rejected;
        }
        let text = self.text.as_deref();
        dialect.judge(op, &Answer { status: self.status, bytes: self.bytes, text })
    }
}

/// The next of these that ends; never, while there are none.
pub(crate) async fn next_or_never<F: Future>(list: &mut FuturesUnordered<F>) -> F::Output {
    match list.next().await {
        Some(ended) => ended,
        None => std::future::pending().await,
    }
}

/// Times from the wire: there, on their way, or not to be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// There.
    Known(WireTiming),
    /// They will come from [`Transport::take_wire`] under this ticket.
    Later(u64),
    /// The node does not send `Timing-Allow-Origin`.
    #[default]
    Absent,
}

/// Why there is no answer, in the words of the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAnswer(pub String);

/// One message of an event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamItem {
    /// The stream is open.
    Open,
    /// A text message, and when it came.
    Message(String, Micros),
    /// The stream's position after the messages so far, where it tells that beside them.
    Position(String),
    /// An answer of a long poll is complete: it is asked for again. The next call ends the stream.
    Answered,
}

/// What carries requests and event streams.
pub trait Transport {
    /// An event stream.
    type Events: EventStream;

    /// Sends a request and reads the answer to its last byte. Dropping the future aborts the
    /// request.
    ///
    /// # Errors
    /// No readable answer: refused, broken off, blocked.
    fn send(&self, call: &Call) -> impl Future<Output = Result<Reply, NoAnswer>>;

    /// Times that came from the wire since the last time, by ticket; `None` where they turned out
    /// not to be had.
    fn take_wire(&self) -> Vec<(u64, Option<WireTiming>)>;

    /// Opens an event stream at a node's base URL. Dropping it closes it.
    fn subscribe(&self, base: &BaseUrl, stream: &Stream) -> Self::Events;

    /// How many requests it carries at a time.
    fn room(&self) -> Room {
        Room::BROWSER
    }
}

/// How many requests a transport carries at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// On a lane whose protocol is not known yet.
    pub lane: u32,
    /// Over all lanes.
    pub total: u32,
}

impl Room {
    /// A browser opens six HTTP/1.1 connections an origin. Chromium opens at most 256 sockets, and
    /// rejects fetches outright at about 1,500 outstanding.
    pub const BROWSER: Room = Room { lane: 6, total: 256 };
    /// No browser stands between: what an entity asks for is under way at once.
    pub const UNBOUNDED: Room = Room { lane: 1_000_000, total: 1_000_000 };
}

/// An open event stream.
pub trait EventStream {
    /// The next thing that happens.
    ///
    /// # Errors
    /// The stream ended; further calls are not allowed.
    fn next(&mut self) -> impl Future<Output = Result<StreamItem, NoAnswer>>;
}

/// A future's output, or `None` where it takes longer than `patience`.
pub async fn within<C: Clock, F: Future>(
    clock: &C,
    patience: Micros,
    future: F,
) -> Option<F::Output> {
    match select(pin!(future), pin!(clock.sleep_until(clock.now() + patience))).await {
        Either::Left((out, _)) => Some(out),
        Either::Right(_) => None,
    }
}

/// A failure in the words of who reported it.
#[must_use]
pub fn failure_words(reply: &Result<Option<Reply>, NoAnswer>) -> String {
    match reply {
        Err(NoAnswer(words)) => words.clone(),
        Ok(Some(reply)) if reply.redirect => "a redirect".into(),
        Ok(Some(reply)) if reply.too_long => {
            format!("HTTP {}: a body longer than {} MiB", reply.status, BODY_MAX / 1024 / 1024)
        }
        Ok(None) => "no answer within the timeout".into(),
        Ok(Some(reply)) => {
            let text = reply.text.as_deref().unwrap_or_default().trim();
            let line = text.lines().next().unwrap_or_default();
            if line.is_empty() {
                format!("HTTP {}", reply.status)
            } else {
                format!("HTTP {}: {line}", reply.status)
            }
        }
    }
}

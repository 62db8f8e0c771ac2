//! Dialects: how operations become requests of one system's protocol, and how its answers are
//! judged. A dialect is data (docs/dialects.md); this is its interpreter.
//!
//! May not enter: time, randomness, sending.
//! Invariant: a [`Dialect`] is compiled once; a request fills templates and parses nothing.
//! Tests: beside the code; each built-in dialect against its own system in tests/e2e.

mod answers;
mod built_in;
mod compile;
mod events;
mod faults;
pub mod file;
mod headers;
pub mod import;
mod listen;
pub mod split;
mod template;
mod vitals;
mod words;

use std::fmt;

use fwit_quantities::sample::Outcome;

use answers::{Body, Condition, Extract, Rule};
pub use built_in::{BUILT_IN, built_in};
pub use compile::{compile, read};
use events::Events;
pub use events::Position;
pub use faults::Fault;
use file::{AuthFile, DialectFile};
pub use template::encode_query;
use template::{Filling, Template};
pub use vitals::VITALS;
pub use words::{
    Answer, Choice, HeaderSet, KeyUse, Kind, Method, NodeStatus, Pool, Published, Request,
    StatusSet, Stream, StreamKind,
};

/// The dialect of a plan that brings its own, in files.
pub const CUSTOM: &str = "custom";
/// The dialect of the simulated cluster, in files. It answers as insi does.
pub const SIMULATED: &str = "sim";

/// One system's protocol, ready for use.
pub struct Dialect {
    name: String,
    file: DialectFile,
    operations: Vec<Operation>,
    hint: Option<Extract>,
    leader: Leader,
    events: Option<Events>,
    faults: Vec<Fault>,
    vitals: Option<RequestTemplate>,
}

/// One operation of a dialect.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Name in plans, files and tables.
    pub name: String,
    /// Read, write or publish.
    pub kind: Kind,
    /// Which key it is done on.
    pub key: KeyUse,
    /// Whether its request carries a value.
    pub takes_value: bool,
    /// Whether its request or its answer carries the key's version.
    pub has_version: bool,
    /// Whether its request carries it.
    pub sends_version: bool,
    request: RequestTemplate,
    rules: Vec<Rule>,
    /// Statuses whose answers are judged by their text.
    texts: StatusSet,
    value: Option<Extract>,
    version: Option<Extract>,
}

#[derive(Clone, Debug)]
struct RequestTemplate {
    method: Method,
    path: Template,
    body: Template,
    headers: HeaderSet,
}

#[derive(Clone, Debug)]
struct Leader {
    request: RequestTemplate,
    recognized: Option<Condition>,
    name: Option<Extract>,
    leads: Option<Condition>,
    url: Option<Extract>,
    host: Option<Extract>,
    term: Option<Extract>,
    id: Option<Extract>,
    redirected: Option<RequestTemplate>,
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Dialect").field(&self.name).finish()
    }
}

impl PartialEq for Dialect {
    fn eq(&self, other: &Self) -> bool {
        // All else follows from these.
        self.name == other.name && self.file == other.file
    }
}

impl Eq for Dialect {}

impl RequestTemplate {
    fn fill(&self, filling: &Filling) -> Request<'_> {
        Request {
            method: self.method,
            path: self.path.fill(filling),
            body: self.body.fill(filling),
            headers: &self.headers,
        }
    }
}

impl Dialect {
    /// Its name in plans: of a built-in one its own, else [`CUSTOM`].
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that it was compiled from.
    #[must_use]
    pub fn file(&self) -> &DialectFile {
        &self.file
    }

    /// Its operations; an operation's index in this table is its number everywhere.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The request of an operation. Of one that is not there the status request, which harms
    /// nothing.
    #[must_use]
    pub fn request(&self, op: usize, choice: &Choice) -> Request<'_> {
        let Some(operation) = self.operations.get(op) else { return self.status_request() };
        operation.request.fill(&Filling {
            key: choice.key,
            value: choice.value,
            version: choice.version,
            ..Filling::default()
        })
    }

    /// Whether the body's text is needed to judge an answer of this status.
    #[must_use]
    pub fn wants_text(&self, op: usize, status: u16) -> bool {
        status >= 400 || self.operations.get(op).is_some_and(|o| o.texts.contains(status))
    }

    /// How a request ended, from its answer: by the operation's rules, then the dialect's, then by
    /// what the status means in plain HTTP.
    #[must_use]
    pub fn judge(&self, op: usize, answer: &Answer) -> Outcome {
        let mut body = Body::new(answer.bytes, answer.text);
        let rules = self.operations.get(op).map(|o| o.rules.as_slice()).unwrap_or_default();
        rules
            .iter()
            .find_map(|rule| rule.judge(answer.status, &mut body))
            .unwrap_or_else(|| plain_outcome(answer.status))
    }

    /// Whether a successful answer of the operation tells the value.
    #[must_use]
    pub fn has_value(&self, op: usize) -> bool {
        self.operations.get(op).is_some_and(|o| o.value.is_some())
    }

    /// The value in a successful answer, where the operation has one.
    #[must_use]
    pub fn value(&self, op: usize, text: &str) -> Option<String> {
        let value = self.operations.get(op)?.value.as_ref()?;
        value.text(&mut Body::new(text.len() as u64, Some(text)))
    }

    /// The key's version in a successful answer, where the operation has one.
    #[must_use]
    pub fn version(&self, op: usize, text: Option<&str>) -> Option<String> {
        let version = self.operations.get(op)?.version.as_ref()?;
        version.text(&mut Body::new(0, Some(text?)))
    }

    /// The leader that an answer of the class `not_leader` names in its text: a URL, or host and
    /// port.
    #[must_use]
    pub fn hint(&self, text: Option<&str>) -> Option<String> {
        self.hint.as_ref()?.text(&mut Body::new(0, Some(text?)))
    }

    /// The header in which such an answer names the leader.
    #[must_use]
    pub fn hint_header(&self) -> Option<&str> {
        self.file.hint.as_ref()?.header.as_deref()
    }

    /// Whether its nodes say who leads. Where they don't, nobody searches for a leader.
    #[must_use]
    pub fn finds_leader(&self) -> bool {
        let leader = &self.leader;
        leader.leads.is_some() || leader.url.is_some() || leader.host.is_some()
    }

    /// A request that changes nothing and that followers redirect to the leader: where a redirect
    /// is followed, its answer's URL names the leader. Sent without the API key, where the nodes'
    /// statuses do not say who leads. `None` where there is no such request.
    #[must_use]
    pub fn learning(&self) -> Option<Request<'_>> {
        Some(self.leader.redirected.as_ref()?.fill(&Filling::default()))
    }

    /// The request that asks a node for its role and the leader.
    #[must_use]
    pub fn status_request(&self) -> Request<'_> {
        self.leader.request.fill(&Filling::default())
    }

    /// Reads the answer to [`Dialect::status_request`]; `None` where it is not this system's.
    #[must_use]
    pub fn read_status(&self, text: &str) -> Option<NodeStatus> {
        let leader = &self.leader;
        let body = &mut Body::new(text.len() as u64, Some(text));
        match &leader.recognized {
            Some(recognized) if !recognized.holds(body) => return None,
            None if self.finds_leader() && body.json().is_none() => return None,
            _ => {}
        }
        let mut word = |extract: &Option<Extract>| {
            let text = extract.as_ref()?.text(body)?;
            // A whole body may be a text in quotes.
            Some(text.trim().trim_matches('"').to_string()).filter(|text| !text.is_empty())
        };
        let (name, leader_url, leader_host) =
            (word(&leader.name), word(&leader.url), word(&leader.host));
        let term = word(&leader.term).and_then(|term| term.parse().ok());
        let id = word(&leader.id);
        let leads = leader.leads.as_ref().and_then(|leads| leads.told(body));
        Some(NodeStatus { name, leads, leader_url, leader_host, term, id })
    }

    /// The request for a node's vitals, where nodes tell them.
    #[must_use]
    pub fn vitals_request(&self) -> Option<Request<'_>> {
        Some(self.vitals.as_ref()?.fill(&Filling::default()))
    }

    /// The names of their metrics, in the order of [`VITALS`].
    #[must_use]
    pub fn vital_names(&self) -> Option<[&str; VITALS.len()]> {
        Some(self.file.vitals.as_ref()?.names())
    }

    /// What can be done to a node.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The request that causes a fault; `target` is the id of another node. `None` where there is
    /// no such fault.
    #[must_use]
    pub fn fault_request(&self, fault: usize, target: &str) -> Option<Request<'_>> {
        Some(self.faults.get(fault)?.request.fill(&Filling { target, ..Filling::default() }))
    }

    /// The request that undoes a fault, where that is possible.
    #[must_use]
    pub fn undo_request(&self, fault: usize) -> Option<Request<'_>> {
        Some(self.faults.get(fault)?.undo.as_ref()?.fill(&Filling::default()))
    }

    /// Name of a query parameter that nodes ignore, where there is one: it tells apart URLs of
    /// requests under way at the same time, so that the browser's cache does not queue them.
    #[must_use]
    pub fn spare_parameter(&self) -> Option<&str> {
        self.file.spare_parameter.as_deref()
    }

    /// Name and value of the header that carries the API key; `None` where the protocol has none.
    #[must_use]
    pub fn auth_header(&self, key: &str) -> Option<(&str, String)> {
        let AuthFile { header, prefix, basic } = self.file.auth.as_ref()?;
        let value = if *basic {
            let credentials = Template::parse("Basic ${api_key|base64}", template::Encoder::Raw);
            credentials.ok()?.fill(&Filling { api_key: key, ..Filling::default() }).into_owned()
        } else {
            format!("{prefix}{key}")
        };
        Some((header, value))
    }

    /// Whether a listener takes one of the browser's few connections to an origin: WebSockets do
    /// not.
    #[must_use]
    pub fn stream_takes_a_connection(&self) -> bool {
        self.events.as_ref().is_some_and(|events| events.kind != StreamKind::Websocket)
    }

    /// Whether events can be listened to.
    #[must_use]
    pub fn has_events(&self) -> bool {
        self.events.is_some()
    }

    /// The position up to which an event stream was received with this message, where listening can
    /// go on from there. Of whole numbers the highest counts, but for long polling: there a node
    /// may begin anew, and what it said last counts.
    #[must_use]
    pub fn position(&self, before: Option<Position>, message: &str) -> Option<Position> {
        match &self.events {
            Some(events) => events.position(before, message),
            None => before,
        }
    }

    /// Whether an event stream tells positions beside its messages, and nowhere else.
    #[must_use]
    pub fn position_is_beside(&self) -> bool {
        self.events.as_ref().is_some_and(Events::told_beside)
    }

    /// How the events of a topic are listened to after a position.
    #[must_use]
    pub fn stream_after(&self, topic: &str, key: Option<&str>, at: &Position) -> Option<Stream> {
        Some(self.events.as_ref()?.stream_after(topic, key, at))
    }

    /// How the events of a topic are listened to.
    #[must_use]
    pub fn stream(&self, topic: &str, key: Option<&str>) -> Option<Stream> {
        Some(self.events.as_ref()?.stream(topic, key))
    }

    /// The events of fwit in a message of that stream.
    #[must_use]
    pub fn events(&self, message: &str) -> Vec<Published> {
        self.events.as_ref().map(|events| events.published(message)).unwrap_or_default()
    }
}

/// The outcome that a status means in plain HTTP, for what no rule judges.
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

//! The file form of a dialect, version 1: JSON, described in docs/dialects.md.
//!
//! Unknown fields are refused, so that a misspelt one is not lost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::{Kind, Method, Pool, StreamKind};

/// The newest version of the form.
pub const VERSION: u32 = 1;

/// A dialect as its file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DialectFile {
    /// Always `fwit-dialect`.
    #[serde(default = "format_name")]
    pub format: String,
    /// Version of the form.
    #[serde(default = "version")]
    pub version: u32,
    /// Its name for people.
    pub title: String,
    /// What it was tried with; empty for one that was not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tested: String,
    /// What its users should know: how to start the nodes, what they do not send.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// Headers of every request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<AuthFile>,
    /// A query parameter that the nodes ignore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spare_parameter: Option<String>,
    pub operations: Vec<OperationFile>,
    /// Rules of all operations, after their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<RuleFile>,
    /// Where an answer of the class `not_leader` names the leader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<HintFile>,
    /// How the leader is found; left out where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<LeaderFile>,
    /// How events are listened to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<EventsFile>,
    /// Where nodes tell their vitals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vitals: Option<VitalsFile>,
    /// What can be done to a node, so that one sees what the cluster then does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultFile>,
}

/// A Prometheus end point, and the names of its metrics; left out are those of Prometheus's own
/// process collector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VitalsFile {
    /// Path and query.
    pub path: String,
    /// A counter of CPU seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<String>,
    /// A gauge of resident bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<String>,
    /// A gauge of threads or goroutines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<String>,
    /// A gauge of open files, sockets among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_files: Option<String>,
}

/// A fault that can be caused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultFile {
    pub name: String,
    /// It is asked of the leader, whoever that is.
    #[serde(default, skip_serializing_if = "is_false")]
    pub at_leader: bool,
    /// A node that does it gives no answer.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unanswered: bool,
    /// Sent to the node. `${target}` is the id of another one.
    pub request: RequestFile,
    /// Undoes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<RequestFile>,
}

/// How the API key is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthFile {
    /// Name of the header.
    pub header: String,
    /// Stands before the key: `Bearer `.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// The key is `user:password`, sent as HTTP Basic.
    #[serde(default, skip_serializing_if = "is_false")]
    pub basic: bool,
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationFile {
    pub name: String,
    pub kind: Kind,
    pub key: KeyFile,
    /// What is remembered of its keys.
    #[serde(default = "values", skip_serializing_if = "is_values")]
    pub pool: Pool,
    pub request: RequestFile,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<RuleFile>,
    /// Where a successful answer has the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<ExtractFile>,
    /// Where a successful answer has the key's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_at: Option<String>,
}

/// Which key an operation is done on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyFile {
    Any,
    Known,
    Forget,
    Fresh,
    Counter,
    Topic,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestFile {
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// A text, or JSON that is sent as its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Content type of the body.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// A rule: answers that it fits are of its class. The first that fits counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// `200`, `2xx`, `500-503`, several with commas; left out for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// What the body must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<ConditionFile>,
    /// The class: `ok`, `not_found`, `conflict`, …
    pub class: String,
}

/// A condition on a body: on its whole text, or on what a pointer finds in its JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConditionFile {
    /// A JSON pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// There, and not null; or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is: Option<Value>,
    /// A pointer to what must be the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_with: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// The body has no byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty: Option<bool>,
}

/// Where something stands in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtractFile {
    /// A JSON pointer; empty for the body's whole text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pointer: String,
    /// How it is written there.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub decode: Decode,
}

/// How a text is written in an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decode {
    /// As it is; JSON that is no string, as JSON text.
    #[default]
    Plain,
    Base64,
}

/// Where an answer names the leader: one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HintFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
}

/// How a node says who leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaderFile {
    /// The question.
    pub request: RequestFile,
    /// Holds for answers of this system, and for no others'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recognized: Option<ConditionFile>,
    /// A pointer to the node's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_at: Option<String>,
    /// Holds where the node itself leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leads: Option<ConditionFile>,
    /// A pointer to the leader's URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_at: Option<String>,
    /// A pointer to an address of the leader with another port: its host tells the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_at: Option<String>,
    /// A pointer to the node's id, as faults want it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_at: Option<String>,
    /// A pointer to the node's term: a whole number, or a text of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term_at: Option<String>,
    /// A request that followers redirect to the leader, and that changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirected: Option<RequestFile>,
}

/// How events are listened to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsFile {
    pub stream: StreamKind,
    /// Path and query; `${key}` is the topic.
    pub path: String,
    /// Added to the path where there is an API key, which a WebSocket can't send in a header.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path_with_key: String,
    /// `websocket`: the first message; else the body of a POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<Value>,
    /// Where a message has the event's JSON. `*` in the pointer stands for all items of a list.
    pub event: ExtractFile,
    /// How a listener that was cut off gets what it missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<ResumeFile>,
}

/// How a listener goes on from where it was. `${position}` is the last position seen, `${version}`
/// the one after it, where positions are whole numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResumeFile {
    /// A pointer to the positions of the events in a message; left out where the stream tells them
    /// beside its messages: server-sent events by their `id`, long polling by `position_header`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position_at: Option<String>,
    /// `poll`: the header of an answer that tells the position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position_header: Option<String>,
    /// A pointer to the position at which the first message, that has no events, finds the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins_at: Option<String>,
    /// Sent instead of `send`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<Value>,
    /// Asked for instead of `path`. Server-sent events without it are asked for with the header
    /// `Last-Event-ID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

pub(super) fn format_name() -> String {
    "fwit-dialect".into()
}
fn version() -> u32 {
    VERSION
}
fn values() -> Pool {
    Pool::Values
}
#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_values(pool: &Pool) -> bool {
    *pool == Pool::Values
}
#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_plain(decode: &Decode) -> bool {
    *decode == Decode::Plain
}
#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

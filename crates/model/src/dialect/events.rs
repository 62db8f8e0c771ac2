//! Events of a dialect: how they are listened to, and how a listener goes on from where it was.

use super::answers::{Body, Extract};
use super::template::{Filling, Template};
use super::words::{HeaderSet, Published, Stream, StreamKind};

/// How events are listened to.
#[derive(Clone, Debug)]
pub(super) struct Events {
    pub(super) kind: StreamKind,
    pub(super) headers: HeaderSet,
    pub(super) path: Template,
    pub(super) path_with_key: Template,
    pub(super) send: Template,
    pub(super) event: Extract,
    pub(super) resume: Option<Resume>,
}

/// Where a listener goes on.
#[derive(Clone, Debug)]
pub(super) struct Resume {
    /// None where the stream tells positions beside its messages.
    pub(super) position: Option<Extract>,
    pub(super) header: String,
    pub(super) begins: Option<Extract>,
    pub(super) send: Option<Template>,
    pub(super) path: Option<Template>,
}

/// How far an event stream was received: a whole number, or any text that a node gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position(String);

impl Position {
    /// Reads one. None where it is empty, or can stand in no header.
    #[must_use]
    pub fn new(text: &str) -> Option<Position> {
        let fits = |c: char| !c.is_control() && u32::from(c) <= 0xff;
        (!text.is_empty() && text.chars().all(fits)).then(|| Position(text.to_string()))
    }

    fn number(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// The one after it, of whole numbers.
    fn next(&self) -> String {
        self.number().map(|n| n.saturating_add(1).to_string()).unwrap_or_default()
    }
}

impl Events {
    /// The position up to which an event stream was received with this message, where listening can
    /// go on from there. Of whole numbers the highest counts, but for long polling: there a node
    /// may begin anew, and what it said last counts.
    pub(super) fn position(&self, before: Option<Position>, message: &str) -> Option<Position> {
        let Some(resume) = &self.resume else { return before };
        let Some(position) = &resume.position else { return before };
        let body = &mut Body::new(message.len() as u64, Some(message));
        let told: Vec<Position> =
            position.texts(body).iter().filter_map(|text| Position::new(text)).collect();
        let begins = |body: &mut Body| Position::new(&resume.begins.as_ref()?.text(body)?);
        let newest = |a: Position, b: Position| match (a.number(), b.number()) {
            (Some(old), Some(new)) if new < old => a,
            _ => b,
        };
        let last = told.into_iter().reduce(newest);
        match (before, last) {
            (Some(before), Some(last)) if self.kind != StreamKind::Poll => {
                Some(newest(before, last))
            }
            (_, Some(last)) => Some(last),
            (Some(before), None) => Some(before),
            (None, None) => begins(body),
        }
    }

    /// Whether the stream itself tells positions, beside its messages.
    pub(super) fn told_beside(&self) -> bool {
        self.resume.as_ref().is_some_and(|resume| resume.position.is_none())
    }

    /// How the events of a topic are listened to after a position.
    pub(super) fn stream_after(&self, topic: &str, key: Option<&str>, at: &Position) -> Stream {
        let mut stream = self.stream(topic, key);
        let Some(resume) = self.resume.as_ref() else { return stream };
        let next = at.next();
        let filling = Filling {
            key: topic,
            version: &next,
            position: &at.0,
            api_key: key.unwrap_or_default(),
            ..Filling::default()
        };
        if let Some(path) = &resume.path {
            stream.path = self.with_key(path, &filling, key);
        } else if self.kind == StreamKind::Sse {
            stream.last_event_id.clone_from(&at.0);
        }
        if let Some(send) = &resume.send {
            stream.send = send.fill(&filling).into_owned();
        }
        stream
    }

    /// How the events of a topic are listened to.
    pub(super) fn stream(&self, topic: &str, key: Option<&str>) -> Stream {
        let filling =
            Filling { key: topic, api_key: key.unwrap_or_default(), ..Filling::default() };
        Stream {
            kind: self.kind,
            path: self.with_key(&self.path, &filling, key),
            headers: self.headers.clone(),
            send: self.send.fill(&filling).into_owned(),
            position_header: self.resume.as_ref().map(|r| r.header.clone()).unwrap_or_default(),
            last_event_id: String::new(),
        }
    }

    /// The events of fwit in a message of that stream.
    pub(super) fn published(&self, message: &str) -> Vec<Published> {
        let texts = self.event.texts(&mut Body::new(message.len() as u64, Some(message)));
        texts.iter().filter_map(|text| crate::json::read(text.as_bytes()).ok()).collect()
    }

    fn with_key(&self, path: &Template, filling: &Filling, key: Option<&str>) -> String {
        let mut path = path.fill(filling).into_owned();
        if key.is_some() {
            path.push_str(&self.path_with_key.fill(filling));
        }
        path
    }
}

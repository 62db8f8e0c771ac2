//! From a dialect's file to how its events are listened to.

use super::answers::{Extract, Pointer};
use super::compile::Compiler;
use super::events::{Events, Resume};
use super::file::{Decode, EventsFile, ExtractFile, ResumeFile};
use super::template::{Encoder, Template, Variable};
use super::words::StreamKind;

impl Compiler {
    /// Compiles how events are listened to.
    pub(super) fn events(&mut self, file: &EventsFile) -> Option<Events> {
        let path = self.path("events.path", &file.path);
        let with_key = Template::parse(&file.path_with_key, Encoder::Url);
        let path_with_key = self.take("events.path_with_key", with_key);
        let (send, _) = self.body("events.send", file.send.as_ref());
        if file.stream == StreamKind::Sse && file.send.is_some() {
            self.add("events.send", "server-sent events are asked for by GET: leave it out");
        }
        let pointer = self.take("events.event.pointer", Pointer::parse(&file.event.pointer));
        let headers = self.common_headers();
        let resume = file.resume.as_ref().map(|resume| self.resume(file, resume));
        Some(Events {
            resume,
            kind: file.stream,
            headers,
            path: path?,
            path_with_key: path_with_key?,
            send: send?,
            event: pointer.and_then(|_| Extract::compile(&file.event).ok())?,
        })
    }

    fn resume(&mut self, file: &EventsFile, resume: &ResumeFile) -> Resume {
        let kind = file.stream;
        let poll = kind == StreamKind::Poll;
        if resume.send.is_some() && file.send.is_none() {
            self.add("events.resume.send", "is sent instead of “send”: write that too");
        }
        if resume.send.is_none() && resume.path.is_none() && kind != StreamKind::Sse {
            let text = "needs a “path” or a “send” that says where to go on";
            self.add("events.resume", text);
        }
        match (&resume.position_at, &resume.position_header) {
            (None, None) if kind != StreamKind::Sse => {
                let more = if poll { " or “position_header”" } else { "" };
                let text = format!("needs “position_at”{more}: where an event's position stands");
                self.add("events.resume", text);
            }
            (Some(_), Some(_)) => {
                self.add(
                    "events.resume.position_header",
                    "stands beside “position_at”: choose one",
                );
            }
            (None, Some(_)) if !poll => {
                let text = "is of a “poll” only: other streams send no headers with each event";
                self.add("events.resume.position_header", text);
            }
            _ => {}
        }
        let header = resume.position_header.clone().unwrap_or_default();
        if resume.position_header.is_some() {
            self.check_header("events.resume.position_header", &header, "");
        }
        // As with events, `*` stands for all items of a list.
        let position = resume.position_at.as_ref().and_then(|at| {
            let extract = ExtractFile { pointer: at.clone(), decode: Decode::Plain };
            self.take("events.resume.position_at", Extract::compile(&extract))
        });
        let begins = self.at_pointer("events.resume.begins_at", resume.begins_at.as_ref());
        let send = resume.send.as_ref();
        let send = send.and_then(|send| self.body("events.resume.send", Some(send)).0);
        let path = resume.path.as_ref();
        let path = path.and_then(|path| self.path("events.resume.path", path));
        Resume { position, header, begins, send, path }
    }

    /// `${position}` stands where a listener goes on only.
    pub(super) fn check_position(&mut self, at: &str, template: &Template) {
        if template.uses(Variable::Position) && !at.starts_with("events.resume.") {
            self.add(at, "${position} stands in “resume” of events only");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Dialect, Position, read};
    use serde_json::{Value, json};

    fn dialect(events: &Value) -> Result<Dialect, Vec<String>> {
        let file = json!({
            "title": "x",
            "operations": [{ "name": "say", "kind": "publish", "key": "topic",
                "request": { "method": "POST", "path": "/say/${key}", "body": "${value}" } }],
            "events": events,
        });
        read("custom", &file.to_string()).map_err(|list| {
            list.into_iter().map(|(field, text)| format!("{field}: {text}")).collect()
        })
    }

    fn at(text: &str) -> Position {
        Position::new(text).unwrap()
    }

    #[test]
    fn server_sent_events_go_on_after_their_last_id() {
        let events = json!({ "stream": "sse", "path": "/hear/${key}", "event": { "pointer": "" },
            "resume": {} });
        let dialect = dialect(&events).unwrap();
        // The stream tells positions by itself: a message has none.
        assert_eq!(dialect.position(Some(at("7-1")), "{\"id\":9}"), Some(at("7-1")));
        let after = dialect.stream_after("t", None, &at("7-1")).unwrap();
        assert_eq!((after.path.as_str(), after.last_event_id.as_str()), ("/hear/t", "7-1"));
        assert_eq!(dialect.stream("t", None).unwrap().last_event_id, "");
        assert!(Position::new("").is_none() && Position::new("a\nb").is_none());
    }

    #[test]
    fn a_poll_goes_on_where_the_last_answer_was() {
        let events = json!({ "stream": "poll", "path": "/hear/${key}", "path_with_key": "&k=${api_key}",
            "event": { "pointer": "/items/*" },
            "resume": { "position_at": "/index",
                "path": "/hear/${key}?index=${position}&from=${version}" } });
        let dialect = dialect(&events).unwrap();
        let told = |before: Option<&str>, message| dialect.position(before.map(at), message);
        assert_eq!(told(None, r#"{"index": 12, "items": []}"#), Some(at("12")));
        // A node that began anew is followed.
        assert_eq!(told(Some("12"), r#"{"index": 3}"#), Some(at("3")));
        assert_eq!(told(Some("12"), "no JSON"), Some(at("12")));
        let after = dialect.stream_after("t", Some("s3"), &at("12")).unwrap();
        assert_eq!(after.path, "/hear/t?index=12&from=13&k=s3");
        assert!(after.send.is_empty() && after.last_event_id.is_empty());
    }

    #[test]
    fn a_header_may_tell_the_position() {
        let events = json!({ "stream": "poll", "path": "/v1/kv/${key}", "event": { "pointer": "/0" },
            "resume": { "position_header": "X-Consul-Index", "path": "/v1/kv/${key}?index=${position}" } });
        let dialect = dialect(&events).unwrap();
        assert_eq!(dialect.stream("t", None).unwrap().position_header, "X-Consul-Index");
        assert_eq!(dialect.stream_after("t", None, &at("5")).unwrap().path, "/v1/kv/t?index=5");
    }

    #[test]
    fn what_can_not_go_on_is_named() {
        let with = |kind: &str, resume: Value| {
            let events = json!({ "stream": kind, "path": "/hear?at=${key}",
                "event": { "pointer": "" }, "resume": resume });
            dialect(&events).unwrap_err().join("; ")
        };
        for (kind, resume, expected) in [
            ("poll", json!({ "position_at": "/i" }), "needs a “path” or a “send”"),
            ("poll", json!({ "path": "/a" }), "needs “position_at” or “position_header”"),
            ("json", json!({ "path": "/a" }), "needs “position_at”: where"),
            ("json", json!({ "position_at": "/i", "send": "x" }), "is sent instead of “send”"),
            ("sse", json!({ "position_header": "X-I" }), "is of a “poll” only"),
            (
                "poll",
                json!({ "position_at": "/i", "position_header": "X-I", "path": "/a" }),
                "choose one",
            ),
            ("poll", json!({ "position_header": "X I", "path": "/a" }), "is no name of a header"),
        ] {
            let found = with(kind, resume);
            assert!(found.contains(expected), "{expected}: {found}");
        }
        let events = json!({ "stream": "poll", "path": "/a?at=${position}",
            "event": { "pointer": "" } });
        let found = dialect(&events).unwrap_err().join("; ");
        assert!(found.contains("events.path: ${position} stands in “resume”"), "{found}");
    }
}

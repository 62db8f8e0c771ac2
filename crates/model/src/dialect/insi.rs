//! insi's public HTTP protocol (and the local cluster's), as far as a load test needs it.
//!
//! Bodies are JSON sent as `text/plain`: the nodes do not look at the type, and the browser then
//! needs no CORS preflight. A `get` is answered with a JSON body; a 200 with an empty body is
//! insi's rate limiter failing, not an answer.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    Answer, Choice, Dialect, KeyUse, Kind, Method, NodeStatus, Operation, Pool, Published, Request,
    encode_query, plain_outcome,
};
use fwit_quantities::sample::Outcome;

#[derive(Debug)]
pub(super) struct Insi;

const BASE: &str = "/db/api/v1";
const TEXT: &str = "text/plain;charset=UTF-8";
/// Separates the parts of a blob upload. Keys and values are letters, digits and `-`, so it can't
/// occur in them.
const BOUNDARY: &str = "----fwit-boundary-7MA4YWxkTrZu0gW";
const MULTIPART: &str = "multipart/form-data; boundary=----fwit-boundary-7MA4YWxkTrZu0gW";

const SET: usize = 0;
const GET: usize = 1;
const DELETE: usize = 2;
const CACHE_SET: usize = 3;
const PUBLISH: usize = 4;
const BUMP: usize = 5;
const BLOB_SET: usize = 6;
const BLOB_GET: usize = 7;
const BLOB_DELETE: usize = 8;

static OPERATIONS: [Operation; 9] = [
    Operation { name: "set", kind: Kind::Write, key: KeyUse::Any(Pool::Values) },
    Operation { name: "get", kind: Kind::Read, key: KeyUse::Known(Pool::Values) },
    Operation { name: "delete", kind: Kind::Write, key: KeyUse::Forget(Pool::Values) },
    Operation { name: "cache_set", kind: Kind::Write, key: KeyUse::Any(Pool::None) },
    Operation { name: "publish", kind: Kind::Publish, key: KeyUse::Topic },
    Operation { name: "bump", kind: Kind::Write, key: KeyUse::Counter },
    Operation { name: "blob_set", kind: Kind::Write, key: KeyUse::Fresh(Pool::Blobs) },
    Operation { name: "blob_get", kind: Kind::Read, key: KeyUse::Known(Pool::Blobs) },
    Operation { name: "blob_delete", kind: Kind::Write, key: KeyUse::Forget(Pool::Blobs) },
];

impl Dialect for Insi {
    fn operations(&self) -> &'static [Operation] {
        &OPERATIONS
    }

    fn request(&self, op: usize, choice: &Choice) -> Request {
        let (key, value) = (choice.key, choice.value);
        let post = |path: &'static str, body: String| Request {
            method: Method::Post,
            path: Cow::Borrowed(path),
            body,
            content_type: TEXT,
        };
        // Every request makes its texts anew: they are put together piece by piece, without a tree
        // of JSON.
        let get = |path: &str| Request::get([path, "?key=", &encode_query(key)].concat());
        match op {
            SET => post("/db/api/v1/set", object(&[("key", key), ("value", value)])),
            GET => get("/db/api/v1/get"),
            DELETE => post("/db/api/v1/delete", object(&[("key", key)])),
            CACHE_SET => post("/db/api/v1/cache/set", object(&[("key", key), ("value", value)])),
            // The event's data is JSON already.
            PUBLISH => {
                let topic = object(&[("topic", key)]);
                let open = topic.strip_suffix('}').unwrap_or_default();
                post("/db/api/v1/events", [open, ",\"data\":", value, "}"].concat())
            }
            BUMP => post("/db/api/v1/bump", object(&[("key", key), ("value", "1")])),
            BLOB_SET => Request {
                content_type: MULTIPART,
                ..post("/db/api/v1/blob/set", multipart(key, value))
            },
            BLOB_GET => get("/db/api/v1/blob/get"),
            BLOB_DELETE => post("/db/api/v1/blob/delete", object(&[("key", key)])),
            // Unreachable through the table; asks the node for its role, which harms nothing.
            _ => Request::get(self.status_path()),
        }
    }

    fn wants_text(&self, _op: usize, status: u16) -> bool {
        status >= 400
    }

    fn judge(&self, op: usize, answer: &Answer) -> Outcome {
        match answer.status {
            200 if op == GET && answer.bytes == 0 => Outcome::RateLimited,
            400 if op == BLOB_SET
                && answer.text.is_some_and(|t| t.starts_with("Blob already exists")) =>
            {
                Outcome::Conflict
            }
            status => plain_outcome(status),
        }
    }

    fn learning(&self) -> Option<Request> {
        // Followers redirect it to the leader, where there is no such key.
        let body = object(&[("key", "fwit-who-leads")]);
        Some(Request {
            method: Method::Post,
            path: Cow::Borrowed("/db/api/v1/delete"),
            body,
            content_type: TEXT,
        })
    }

    fn status_path(&self) -> &'static str {
        "/db/api/v1/ping"
    }

    fn read_status(&self, text: &str) -> Option<NodeStatus> {
        let ping: Value = crate::json::read(text.as_bytes()).ok()?;
        let word = |name: &str| ping.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
        word("status")?;
        Some(NodeStatus {
            name: word("node").map(ToString::to_string),
            leads: word("role").map(|role| role == "leader"),
            leader_url: word("leader_url").map(ToString::to_string),
        })
    }

    fn ignored_parameter(&self) -> Option<&'static str> {
        Some("fwit")
    }

    fn auth_header(&self, key: &str) -> (&'static str, String) {
        ("Authorization", format!("Bearer {key}"))
    }

    fn subscribe_path(&self, topic: &str, key: Option<&str>) -> String {
        let key = key.map(|k| format!("&key={}", encode_query(k))).unwrap_or_default();
        format!("{BASE}/events/subscribe?topic={}{key}", encode_query(topic))
    }

    fn event<'a>(&self, message: &'a str) -> Option<Published<'a>> {
        #[derive(serde::Deserialize)]
        struct Message<'a> {
            #[serde(borrow)]
            data: Published<'a>,
        }
        let message: Message<'a> = crate::json::read(message.as_bytes()).ok()?;
        Some(message.data)
    }
}

/// A JSON object of strings.
fn object(fields: &[(&str, &str)]) -> String {
    let length: usize = fields.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
    let mut out = String::with_capacity(length);
    for (i, (name, value)) in fields.iter().enumerate() {
        out.push_str(if i == 0 { "{\"" } else { ",\"" });
        out.push_str(name);
        out.push_str("\":");
        if value.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\') {
            out.push('"');
            out.push_str(value);
            out.push('"');
        } else {
            out.push_str(&crate::json::write(&Value::from(*value)));
        }
    }
    out.push('}');
    out
}

fn multipart(key: &str, value: &str) -> String {
    [
        "--",
        BOUNDARY,
        "\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n",
        key,
        "\r\n--",
        BOUNDARY,
        "\r\nContent-Disposition: form-data; name=\"blob\"; filename=\"blob\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n",
        value,
        "\r\n--",
        BOUNDARY,
        "--\r\n",
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(op: usize) -> Request {
        Insi.request(op, &Choice { key: "k-1", value: "\"v\"" })
    }

    #[test]
    fn requests_are_insis() {
        assert_eq!(request(GET).path, "/db/api/v1/get?key=k-1");
        assert_eq!(request(SET).body, r#"{"key":"k-1","value":"\"v\""}"#);
        assert_eq!(request(PUBLISH).body, r#"{"topic":"k-1","data":"v"}"#);
        assert_eq!(request(BUMP).body, r#"{"key":"k-1","value":"1"}"#);
        let blob = request(BLOB_SET);
        assert!(
            blob.content_type.ends_with(BOUNDARY)
                && blob.body.contains("name=\"key\"\r\n\r\nk-1\r\n")
        );
        for (op, operation) in OPERATIONS.iter().enumerate() {
            assert_eq!(request(op).method == Method::Get, operation.kind == Kind::Read);
        }
    }

    #[test]
    fn answers_are_judged() {
        let judge = |op, status, bytes, text| Insi.judge(op, &Answer { status, bytes, text });
        assert_eq!(judge(SET, 200, 0, None), Outcome::Ok);
        assert_eq!(judge(GET, 200, 0, None), Outcome::RateLimited);
        assert_eq!(judge(GET, 200, 13, None), Outcome::Ok);
        assert_eq!(judge(GET, 404, 19, Some("404 page not found")), Outcome::NotFound);
        assert_eq!(judge(BLOB_SET, 400, 19, Some("Blob already exists")), Outcome::Conflict);
        assert_eq!(judge(BLOB_SET, 400, 3, Some("bad")), Outcome::Rejected);
        assert_eq!(judge(SET, 401, 0, None), Outcome::Rejected);
        assert_eq!(judge(BLOB_DELETE, 202, 0, None), Outcome::Ok);
        assert_eq!(judge(SET, 503, 0, None), Outcome::Unavailable);
    }

    #[test]
    fn a_nodes_status_is_read() {
        let text = r#"{"status":"ok","node":"n2","role":"follower","leader":"127.0.0.1:12222","leader_url":"http://127.0.0.1:7101"}"#;
        let status = Insi.read_status(text).unwrap();
        assert_eq!(status.leads, Some(false));
        assert_eq!(status.leader_url.as_deref(), Some("http://127.0.0.1:7101"));
        // A real insi node gives no role and no URL.
        assert_eq!(
            Insi.read_status(r#"{"status":"ok","leader":"a:1"}"#),
            Some(NodeStatus::default())
        );
        assert_eq!(Insi.read_status("404 page not found"), None);
        assert_eq!(Insi.read_status(r#"{"x":1}"#), None);
    }

    #[test]
    fn events_carry_their_data() {
        let data = r#"{"run":"r","publisher":2,"seq":3,"sent_us":4}"#;
        let message =
            format!(r#"{{"topic":"s:t","data":{data},"emitted_at":"2026-11-21T00:00:00Z"}}"#);
        let event = Published { run: "r".into(), publisher: 2, seq: 3, sent_us: 4 };
        assert_eq!(Insi.event(&message), Some(event));
        for other in [
            "{",
            r#"{"data":{"seq":3}}"#,
            r#"{"data":{"run":"r","publisher":-1,"seq":3,"sent_us":4}}"#,
        ] {
            assert_eq!(Insi.event(other), None);
        }
        assert_eq!(
            Insi.subscribe_path("t", Some("a+b")),
            "/db/api/v1/events/subscribe?topic=t&key=a%2Bb"
        );
    }
}

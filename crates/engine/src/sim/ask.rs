//! Reads what a request to the simulated cluster asks for, from its path and body in insi's
//! protocol.

use super::store;
use fwit_model::dialect::Request;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The node's role.
    Ping,
    /// Nothing that there is.
    Unknown,
    /// A read of a key.
    Read(u64),
    /// A write.
    Write(Change),
}

/// What a write changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A key gets a value of so many bytes; with `fresh` only where there is none.
    Set { name: u64, bytes: u32, fresh: bool },
    /// A key goes.
    Delete(u64),
    /// Nothing that anybody reads (counters, the cache).
    Nothing,
    /// An event is sent to subscribers.
    Publish,
}

/// Operations by their names in plans; [`read`] gives their places.
const NAMES: [&str; 9] =
    ["set", "get", "delete", "cache_set", "publish", "bump", "blob_set", "blob_get", "blob_delete"];

/// Number of operations that [`read`] tells apart.
pub const OPERATIONS: usize = NAMES.len();

/// Name in plans of an operation that [`read`] gave.
#[must_use]
pub fn operation(index: usize) -> &'static str {
    NAMES.get(index).copied().unwrap_or_default()
}

/// What a request asks for, and the number of its operation.
#[must_use]
pub fn read(request: &Request) -> (Ask, usize) {
    let path = request.path.strip_prefix("/db/api/v1/").unwrap_or_default();
    let (path, query) = path.split_at(path.bytes().position(|b| b == b'?').unwrap_or(path.len()));
    let body = &*request.body;
    // What is sent beside key and value is the same for all values: what is left is the value.
    let set = |kind, key: &str, fresh| Change::Set {
        name: store::name(kind, key),
        bytes: body.len().saturating_sub(key.len()).min(u32::MAX as usize) as u32,
        fresh,
    };
    let json_key = || between(body, "{\"key\":\"", b'"');
    let asked_key = || between(query, "?key=", b'&');
    match path {
        "set" => (Ask::Write(set("value", json_key(), false)), 0),
        "get" => (Ask::Read(store::name("value", asked_key())), 1),
        "delete" => (Ask::Write(Change::Delete(store::name("value", json_key()))), 2),
        "cache/set" => (Ask::Write(Change::Nothing), 3),
        "events" => (Ask::Write(Change::Publish), 4),
        "bump" => (Ask::Write(Change::Nothing), 5),
        "blob/set" => {
            (Ask::Write(set("blob", between(body, "name=\"key\"\r\n\r\n", b'\r'), true)), 6)
        }
        "blob/get" => (Ask::Read(store::name("blob", asked_key())), 7),
        "blob/delete" => (Ask::Write(Change::Delete(store::name("blob", json_key()))), 8),
        "ping" => (Ask::Ping, 0),
        _ => (Ask::Unknown, 0),
    }
}

/// The text after `start` and before `end`, an ASCII letter (or to the end of the text).
pub fn between<'a>(text: &'a str, start: &str, end: u8) -> &'a str {
    // Nearly always at the very start, where nothing has to be searched.
    let rest = text.strip_prefix(start).or_else(|| text.split_once(start).map(|(_, rest)| rest));
    let rest = rest.unwrap_or_default();
    let length = rest.bytes().position(|b| b == end);
    length.and_then(|length| rest.get(..length)).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::dialect::{Choice, Kind, SIMULATED, built_in};

    #[test]
    fn every_operation_of_the_dialect_is_understood() {
        let dialect = built_in(SIMULATED).unwrap();
        let choice = Choice { key: "stress-key-7", value: "\"some value\"", version: "" };
        for (op, operation) in dialect.operations().iter().enumerate() {
            let (ask, number) = read(&dialect.request(op, &choice));
            assert_eq!((number, super::operation(number)), (op, operation.name.as_str()));
            assert_eq!(matches!(ask, Ask::Read(_)), operation.kind == Kind::Read);
            assert_eq!(ask == Ask::Write(Change::Publish), operation.kind == Kind::Publish);
        }
        assert_eq!(read(&dialect.status_request()).0, Ask::Ping);
        assert_eq!(read(&Request::get("/elsewhere")).0, Ask::Unknown);
    }

    #[test]
    fn what_was_set_is_what_is_read_and_deleted() {
        let dialect = built_in(SIMULATED).unwrap();
        let ask =
            |op| read(&dialect.request(op, &Choice { key: "k-1", value: "v", version: "" })).0;
        for (set, get, delete) in [(0, 1, 2), (6, 7, 8)] {
            let (Ask::Write(Change::Set { name, fresh, .. }), Ask::Read(read)) =
                (ask(set), ask(get))
            else {
                panic!("{:?}", (ask(set), ask(get)));
            };
            assert_eq!((name, fresh), (read, set == 6));
            assert_eq!(ask(delete), Ask::Write(Change::Delete(name)));
        }
        assert_ne!(ask(1), ask(7));
    }
}

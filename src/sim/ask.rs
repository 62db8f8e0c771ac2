//! What a request to the simulated cluster asks for, read from its path and body as insi's protocol has them.

use super::store;
use crate::dialect::Request;

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

/// Operations by path, with their names in plans.
const PATHS: [(&str, &str); 9] = [
    ("set", "set"),
    ("get", "get"),
    ("delete", "delete"),
    ("cache/set", "cache_set"),
    ("events", "publish"),
    ("bump", "bump"),
    ("blob/set", "blob_set"),
    ("blob/get", "blob_get"),
    ("blob/delete", "blob_delete"),
];

/// Number of operations that [`read`] tells apart.
pub const OPERATIONS: usize = PATHS.len();

/// Name in plans of an operation that [`read`] gave.
#[must_use]
pub fn operation(index: usize) -> &'static str {
    PATHS.get(index).map_or("", |(_, name)| name)
}

/// What a request asks for, and the number of its operation.
#[must_use]
pub fn read(request: &Request) -> (Ask, usize) {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let path = path.strip_prefix("/db/api/v1/").unwrap_or_default();
    if path == "ping" {
        return (Ask::Ping, 0);
    }
    let Some(operation) = PATHS.iter().position(|(p, _)| *p == path) else { return (Ask::Unknown, 0) };
    let body = request.body.as_str();
    // What is sent beside key and value is the same for all values: what is left is the value.
    let set = |kind, key: &str, fresh| Change::Set {
        name: store::name(kind, key),
        bytes: body.len().saturating_sub(key.len()).min(u32::MAX as usize) as u32,
        fresh,
    };
    let json_key = || between(body, "{\"key\":\"", '"');
    let ask = match path {
        "set" => Ask::Write(set("value", json_key(), false)),
        "get" => Ask::Read(store::name("value", between(query, "key=", '&'))),
        "delete" => Ask::Write(Change::Delete(store::name("value", json_key()))),
        "blob/set" => Ask::Write(set("blob", between(body, "name=\"key\"\r\n\r\n", '\r'), true)),
        "blob/get" => Ask::Read(store::name("blob", between(query, "key=", '&'))),
        "blob/delete" => Ask::Write(Change::Delete(store::name("blob", json_key()))),
        "events" => Ask::Write(Change::Publish),
        _ => Ask::Write(Change::Nothing),
    };
    (ask, operation)
}

/// The text after `start` and before `end` (or to the end of the text).
pub fn between<'a>(text: &'a str, start: &str, end: char) -> &'a str {
    // Nearly always at the very start, where nothing has to be searched.
    let rest = text.strip_prefix(start).or_else(|| text.split_once(start).map(|(_, rest)| rest));
    rest.and_then(|rest| rest.split(end).next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{self, Choice, DialectId, Kind};

    #[test]
    fn every_operation_of_the_dialect_is_understood() {
        let dialect = dialect::of(DialectId::Sim);
        let choice = Choice { key: "stress-key-7", value: "\"some value\"" };
        for (op, operation) in dialect.operations().iter().enumerate() {
            let (ask, number) = read(&dialect.request(op, &choice));
            assert_eq!((number, super::operation(number)), (op, operation.name));
            assert_eq!(matches!(ask, Ask::Read(_)), operation.kind == Kind::Read);
            assert_eq!(ask == Ask::Write(Change::Publish), operation.kind == Kind::Publish);
        }
        assert_eq!(read(&Request::get(dialect.status_path())).0, Ask::Ping);
        assert_eq!(read(&Request::get("/elsewhere")).0, Ask::Unknown);
    }

    #[test]
    fn what_was_set_is_what_is_read_and_deleted() {
        let dialect = dialect::of(DialectId::Sim);
        let ask = |op| read(&dialect.request(op, &Choice { key: "k-1", value: "v" })).0;
        for (set, get, delete) in [(0, 1, 2), (6, 7, 8)] {
            let (Ask::Write(Change::Set { name, fresh, .. }), Ask::Read(read)) = (ask(set), ask(get)) else {
                panic!("{:?}", (ask(set), ask(get)));
            };
            assert_eq!((name, fresh), (read, set == 6));
            assert_eq!(ask(delete), Ask::Write(Change::Delete(name)));
        }
        assert_ne!(ask(1), ask(7));
    }
}

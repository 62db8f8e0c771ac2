//! What the value and the cache routes have in common: bodies, queries and the writes they make.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{VALUE_BYTES, answer};
use crate::node::Node;
use crate::raft::state::{Command, Outcome, Space};

/// How an unscoped key of insi is seen in conflict texts and event topics: `<scope>:<key>`.
pub const SCOPE: &str = "fwit";

/// The fields that bodies of writes have; as in Go, a field that is not there is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Body {
    /// The key.
    pub key: String,
    /// The value, or the step of a bump.
    pub value: String,
    /// What a cas expects.
    pub old_value: String,
    /// What a cas sets.
    pub new_value: String,
}

/// Reads the body of `route`, whatever its content type says, and checks its sizes.
pub fn body(route: &str, bytes: &[u8]) -> Result<Body, Box<Response>> {
    let body: Body = serde_json::from_slice(bytes)
        .map_err(|e| Box::new(answer::bad(format!("Invalid JSON payload for {route}: {e}"))))?;
    if body.key.is_empty() {
        return Err(Box::new(answer::bad(format!("Missing key in {route} request payload"))));
    }
    if body.key.len() > VALUE_BYTES {
        return Err(Box::new(answer::bad("Key is too large")));
    }
    if [&body.value, &body.old_value, &body.new_value].iter().any(|value| value.len() > VALUE_BYTES)
    {
        return Err(Box::new(answer::bad("Value is too large")));
    }
    Ok(body)
}

/// `?key=`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeyQuery {
    /// The key.
    pub key: String,
}

/// `?prefix=&offset=&limit=`; numbers as text, so that what is wrong with them can be said.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PrefixQuery {
    prefix: String,
    offset: String,
    limit: String,
}

/// A page of keys.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// What the keys start with; a `*` at its end is dropped.
    pub prefix: String,
    /// Keys to leave out first.
    pub offset: usize,
    /// Keys at most.
    pub limit: usize,
}

const LIMIT: usize = 100;
const LIMIT_MAX: usize = 1000;

impl PrefixQuery {
    /// The page, where both numbers must be there.
    pub fn strict(self) -> Result<Page, Box<Response>> {
        let offset: i64 =
            self.offset.parse().map_err(|_| Box::new(answer::bad("Invalid offset parameter")))?;
        let limit: i64 =
            self.limit.parse().map_err(|_| Box::new(answer::bad("Invalid limit parameter")))?;
        Ok(page(self.prefix, offset, limit))
    }

    /// The page, where what is not a number counts as left out.
    #[must_use]
    pub fn lenient(self) -> Page {
        page(self.prefix, self.offset.parse().unwrap_or(0), self.limit.parse().unwrap_or(0))
    }
}

fn page(mut prefix: String, offset: i64, limit: i64) -> Page {
    if prefix.ends_with('*') {
        prefix.pop();
    }
    let limit =
        usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(LIMIT).min(LIMIT_MAX);
    Page { prefix, offset: usize::try_from(offset).unwrap_or(0), limit }
}

#[derive(Serialize)]
struct Data<'a> {
    data: &'a str,
}

/// `{"data":"v"}`.
#[must_use]
pub fn found(value: &str) -> Response {
    answer::json(StatusCode::OK, &Data { data: value })
}

/// `{"data":[…]}`, or `{"data":null}` for none when `null` is wanted.
#[must_use]
pub fn listed(keys: &[Arc<str>], null: bool) -> Response {
    let data =
        if keys.is_empty() && null { serde_json::Value::Null } else { serde_json::json!(keys) };
    answer::json(StatusCode::OK, &serde_json::json!({ "data": data }))
}

/// Writes a command of a text space and answers.
pub async fn write(node: &Node, key: &str, command: Command) -> Response {
    match node.submitter.submit(command).await {
        Ok(Outcome::Done) => answer::empty(StatusCode::OK),
        Ok(Outcome::Exists) => {
            answer::text(StatusCode::CONFLICT, format!("key '{SCOPE}:{key}' already exists"))
        }
        Ok(Outcome::Changed) => answer::text(StatusCode::CONFLICT, "conflict: value has changed"),
        Ok(Outcome::Missing) => answer::text(StatusCode::PRECONDITION_FAILED, "key does not exist"),
        Ok(Outcome::NotAnInteger) => {
            answer::bad("The existing value is not a valid integer, cannot bump.")
        }
        Err(error) => answer::not_acknowledged(&error),
    }
}

/// `set` of either space.
pub async fn set(node: &Node, space: Space, bytes: &[u8]) -> Response {
    match body("set", bytes) {
        Ok(Body { key, value, .. }) => {
            let command = Command::Set { space, key: key.as_str().into(), value: value.into() };
            write(node, &key, command).await
        }
        Err(answer) => *answer,
    }
}

/// `delete` of either space.
pub async fn delete(node: &Node, space: Space, bytes: &[u8]) -> Response {
    match body("delete", bytes) {
        Ok(Body { key, .. }) => {
            write(node, &key, Command::Delete { space, key: key.as_str().into() }).await
        }
        Err(answer) => *answer,
    }
}

/// `setnx` of either space.
pub async fn setnx(node: &Node, space: Space, bytes: &[u8]) -> Response {
    match body("setnx", bytes) {
        Ok(Body { key, value, .. }) => {
            let command = Command::SetNx { space, key: key.as_str().into(), value: value.into() };
            write(node, &key, command).await
        }
        Err(answer) => *answer,
    }
}

/// `cas` of either space.
pub async fn cas(node: &Node, space: Space, bytes: &[u8]) -> Response {
    match body("cas", bytes) {
        Ok(Body { key, old_value, new_value, .. }) => {
            let (old, new) = (old_value.into(), new_value.into());
            write(node, &key, Command::Cas { space, key: key.as_str().into(), old, new }).await
        }
        Err(answer) => *answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_defaults_and_bounds() {
        let page = |offset, limit| page("p*".to_owned(), offset, limit);
        assert_eq!(page(-1, 0), Page { prefix: "p".to_owned(), offset: 0, limit: LIMIT });
        assert_eq!(page(2, 5000).limit, LIMIT_MAX);
    }

    #[test]
    fn bodies_say_what_is_wrong() {
        assert!(body("set", br#"{"key":"k"}"#).is_ok());
        for bad in [&b"{"[..], b"[]", br#"{"value":"v"}"#, br#"{"key":5}"#] {
            assert_eq!(body("set", bad).unwrap_err().status(), StatusCode::BAD_REQUEST);
        }
    }
}

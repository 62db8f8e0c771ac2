//! `/db/api/v1/{set,get,delete,setnx,cas,bump,iterate/prefix}`.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::Response;

use super::answer;
use super::texts::{self, Body, KeyQuery, PrefixQuery};
use crate::node::Node;
use crate::raft::state::{Command, Space};

/// Sets a key.
pub async fn set(State(node): State<Node>, bytes: Bytes) -> Response {
    texts::set(&node, Space::Values, &bytes).await
}

/// Removes a key.
pub async fn delete(State(node): State<Node>, bytes: Bytes) -> Response {
    texts::delete(&node, Space::Values, &bytes).await
}

/// Sets a key that is not there.
pub async fn setnx(State(node): State<Node>, bytes: Bytes) -> Response {
    texts::setnx(&node, Space::Values, &bytes).await
}

/// Replaces one value by another.
pub async fn cas(State(node): State<Node>, bytes: Bytes) -> Response {
    texts::cas(&node, Space::Values, &bytes).await
}

/// Reads a key. As in insi an empty value is answered 404.
pub async fn get(State(node): State<Node>, Query(query): Query<KeyQuery>) -> Response {
    if query.key.is_empty() {
        return answer::bad("Missing key parameter");
    }
    match node.machine.with_state(|state| state.get(Space::Values, &query.key)) {
        Some(value) if !value.is_empty() => texts::found(&value),
        _ => answer::absent(),
    }
}

/// Adds to a number.
pub async fn bump(State(node): State<Node>, bytes: Bytes) -> Response {
    match texts::body("bump", &bytes) {
        Ok(Body { key, value, .. }) => match value.parse() {
            Ok(by) => {
                texts::write(&node, &key, Command::Bump { key: key.as_str().into(), by }).await
            }
            Err(_) => answer::bad("The value to bump by must be a valid integer."),
        },
        Err(answer) => *answer,
    }
}

/// Lists keys; offset and limit must be given.
pub async fn iterate(State(node): State<Node>, Query(query): Query<PrefixQuery>) -> Response {
    match query.strict() {
        Ok(page) => {
            let keys = node
                .machine
                .with_state(|s| s.keys(Space::Values, &page.prefix, page.offset, page.limit));
            texts::listed(&keys, true)
        }
        Err(answer) => *answer,
    }
}

//! `/db/api/v1/cache/{set,get,delete,setnx,cas,iterate/prefix}`: replicated as values are.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::answer;
use super::texts::{self, KeyQuery, PrefixQuery};
use crate::node::Node;
use crate::raft::state::Space;

/// Sets a key.
pub async fn set(State(node): State<Node>, bytes: Bytes) -> Response {
    texts::set(&node, Space::Cache, &bytes).await
}

/// Removes a key.
pub async fn delete(State(node): State<Node>, bytes: Bytes) -> Response {
    texts::delete(&node, Space::Cache, &bytes).await
}

/// Sets a key that is not there.
pub async fn setnx(State(node): State<Node>, bytes: Bytes) -> Response {
    texts::setnx(&node, Space::Cache, &bytes).await
}

/// Replaces one value by another.
pub async fn cas(State(node): State<Node>, bytes: Bytes) -> Response {
    texts::cas(&node, Space::Cache, &bytes).await
}

/// Reads a key; here an empty value is a value.
pub async fn get(State(node): State<Node>, Query(query): Query<KeyQuery>) -> Response {
    if query.key.is_empty() {
        return answer::bad("Missing key parameter");
    }
    match node.machine.with_state(|state| state.get(Space::Cache, &query.key)) {
        Some(value) => texts::found(&value),
        None => answer::absent(),
    }
}

/// Lists keys: a bare array, `null` for none.
pub async fn iterate(State(node): State<Node>, Query(query): Query<PrefixQuery>) -> Response {
    let page = query.lenient();
    let keys =
        node.machine.with_state(|s| s.keys(Space::Cache, &page.prefix, page.offset, page.limit));
    answer::json(StatusCode::OK, &(!keys.is_empty()).then_some(keys))
}

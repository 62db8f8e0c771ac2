//! `/db/api/v1/blob/{set,get,delete,iterate/prefix}`.
//!
//! Other than in insi a deleted blob is gone at once and its key may be set again: there are no
//! tombstones.

use axum::body::{Body, Bytes};
use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, Query, State};
use axum::http::header::{ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::texts::{self, KeyQuery, PrefixQuery};
use super::{VALUE_BYTES, answer};
use crate::node::Node;
use crate::raft::state::{Command, Outcome};

const ALREADY: &str = "x-blob-already-exists";
const TOMBSTONE: &str = "x-blob-tombstone-exists";

/// Stores the multipart file `blob` under the field `key`.
pub async fn set(
    State(node): State<Node>,
    form: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Response {
    let form = match form {
        Ok(form) => form,
        Err(error) => return answer::bad(format!("Invalid multipart form: {error}")),
    };
    let (key, blob) = match parts(form).await {
        Ok(parts) => parts,
        Err(error) => {
            return answer::text(error.status(), format!("Invalid multipart form: {error}"));
        }
    };
    let key = match key {
        Some(key) if !key.is_empty() => key,
        _ => return answer::bad("Missing key in form"),
    };
    let Some(blob) = blob else { return answer::bad("Missing blob in form") };
    if key.len() > VALUE_BYTES {
        return answer::bad("Key is too large");
    }
    if blob.len() > VALUE_BYTES {
        return answer::bad("Value is too large");
    }
    match node.submitter.submit(Command::BlobSet { key: key.into(), blob }).await {
        Ok(Outcome::Exists) => {
            ([(ALREADY, "true")], answer::bad("Blob already exists")).into_response()
        }
        Ok(_) => ([(ALREADY, "false"), (TOMBSTONE, "false")], answer::empty(StatusCode::OK))
            .into_response(),
        Err(error) => answer::not_acknowledged(&error),
    }
}

async fn parts(mut form: Multipart) -> Result<(Option<String>, Option<Bytes>), MultipartError> {
    let (mut key, mut blob) = (None, None);
    while let Some(field) = form.next_field().await? {
        match field.name() {
            Some("key") => key = Some(field.text().await?),
            Some("blob") => blob = Some(field.bytes().await?),
            _ => {}
        }
    }
    Ok((key, blob))
}

/// The raw bytes; one range of them where asked for.
pub async fn get(
    State(node): State<Node>,
    Query(query): Query<KeyQuery>,
    headers: HeaderMap,
) -> Response {
    if query.key.is_empty() {
        return answer::bad("Missing key parameter");
    }
    let Some(blob) = node.machine.with_state(|state| state.blob(&query.key)) else {
        return answer::absent();
    };
    let common = [(CONTENT_TYPE, "application/octet-stream"), (ACCEPT_RANGES, "bytes")];
    let length = blob.len();
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    match range.and_then(|range| one_range(range, length)) {
        None => (common, Body::from(blob)).into_response(),
        Some(Some((first, last))) => {
            let part = blob.slice(first..=last);
            let range = [(CONTENT_RANGE, format!("bytes {first}-{last}/{length}"))];
            (StatusCode::PARTIAL_CONTENT, common, range, Body::from(part)).into_response()
        }
        Some(None) => {
            let range = [(CONTENT_RANGE, format!("bytes */{length}"))];
            let refusal =
                answer::text(StatusCode::RANGE_NOT_SATISFIABLE, "invalid range: failed to overlap");
            (range, refusal).into_response()
        }
    }
}

/// The one range of a `Range` header (RFC 9110, 14.2): none to send everything, `Some(None)` if it
/// cannot be met.
fn one_range(text: &str, length: usize) -> Option<Option<(usize, usize)>> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let end = length.checked_sub(1);
    let range = match (first, last) {
        ("", suffix) => {
            let count: usize = suffix.parse().ok()?;
            end.filter(|_| count > 0).map(|end| (length.saturating_sub(count), end))
        }
        (first, "") => {
            let first: usize = first.parse().ok()?;
            end.filter(|end| first <= *end).map(|end| (first, end))
        }
        (first, last) => {
            let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
            if last < first {
                return None;
            }
            end.filter(|end| first <= *end).map(|end| (first, last.min(end)))
        }
    };
    Some(range)
}

/// Removes a blob.
pub async fn delete(State(node): State<Node>, bytes: Bytes) -> Response {
    let key = match texts::body("delete", &bytes) {
        Ok(body) => body.key,
        Err(answer) => return *answer,
    };
    match node.submitter.submit(Command::BlobDelete { key: key.into() }).await {
        Ok(Outcome::Missing) => answer::absent(),
        Ok(_) => answer::empty(StatusCode::ACCEPTED),
        Err(error) => answer::not_acknowledged(&error),
    }
}

/// Lists keys: `{"data":[…]}`, also when there are none.
pub async fn iterate(State(node): State<Node>, Query(query): Query<PrefixQuery>) -> Response {
    let page = query.lenient();
    let keys =
        node.machine.with_state(|state| state.blob_keys(&page.prefix, page.offset, page.limit));
    texts::listed(&keys, false)
}

#[cfg(test)]
mod tests {
    use super::one_range;

    #[test]
    fn ranges() {
        assert_eq!(one_range("bytes=2-4", 10), Some(Some((2, 4))));
        assert_eq!(one_range("bytes=2-", 10), Some(Some((2, 9))));
        assert_eq!(one_range("bytes=-3", 10), Some(Some((7, 9))));
        assert_eq!(one_range("bytes=5-99", 10), Some(Some((5, 9))));
        assert_eq!(one_range("bytes=10-", 10), Some(None));
        assert_eq!(one_range("bytes=0-0", 0), Some(None));
        assert_eq!(one_range("bytes=1-2,4-5", 10), None);
        assert_eq!(one_range("lines=1-2", 10), None);
    }
}

//! Answers in insi's forms: empty, one line of text, JSON with a line end.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::cors;
use crate::raft::batch::SubmitError;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const SNIFF: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));

/// A line of text; every error but `ping`'s 401 is one.
pub fn text(code: StatusCode, message: impl Into<String>) -> Response {
    let mut line: String = message.into();
    line.push('\n');
    (code, [(CONTENT_TYPE, TEXT), SNIFF], line).into_response()
}

/// 400 with a line of text.
pub fn bad(message: impl Into<String>) -> Response {
    text(StatusCode::BAD_REQUEST, message)
}

/// JSON and a line end.
pub fn json(code: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(mut body) => {
            body.push('\n');
            (code, [(CONTENT_TYPE, JSON)], body).into_response()
        }
        Err(error) => {
            text(StatusCode::INTERNAL_SERVER_ERROR, format!("the answer does not encode: {error}"))
        }
    }
}

/// An empty answer.
#[must_use]
pub fn empty(code: StatusCode) -> Response {
    (code, Body::empty()).into_response()
}

/// 204 with what a page may ask, from the headers of a preflight.
pub fn preflight(asked: &HeaderMap) -> Response {
    let mut response = empty(StatusCode::NO_CONTENT);
    cors::preflight(asked, response.headers_mut());
    response
}

/// 404, as Go's own handler words it.
pub async fn not_found() -> Response {
    absent()
}

/// 404 for a key that is not there.
#[must_use]
pub fn absent() -> Response {
    text(StatusCode::NOT_FOUND, "404 page not found")
}

/// The answer to a write that was not acknowledged.
#[must_use]
pub fn not_acknowledged(error: &SubmitError) -> Response {
    match error {
        SubmitError::NotLeader => text(
            StatusCode::SERVICE_UNAVAILABLE,
            "Failed to determine cluster leader for forwarding: leadership has moved; the write \
             may still be applied",
        ),
        SubmitError::TimedOut | SubmitError::Stopped(_) => {
            text(StatusCode::INTERNAL_SERVER_ERROR, format!("Internal Server Error: {error}"))
        }
    }
}

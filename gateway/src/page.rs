//! Serves the built page on a port of its own.

use std::path::Path;

use axum::Router;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use axum::routing::get;
use tower_http::services::ServeDir;

/// Headers of every answer, the same as in Trunk.toml. Isolation (the Cross-Origin lines) gives the
/// page's clock steps of 5 microseconds instead of 100.
const HEADERS: [(&str, &str); 5] = [
    ("Cache-Control", "no-cache"),
    ("Timing-Allow-Origin", "*"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "credentialless"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
];

/// The files of a folder, and `/null`: a small answer against which the page calibrates itself.
pub fn router(folder: &Path) -> Router {
    let null = async || "null\n";
    Router::new()
        .route("/null", get(null).post(null))
        .fallback_service(ServeDir::new(folder))
        .layer(axum::middleware::map_response(with_headers))
}

async fn with_headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        // Both are plain ASCII: this does not fail.
        if let Ok(name) = HeaderName::try_from(name) {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_are_those_of_trunk() {
        let settings = include_str!("../../Trunk.toml");
        let (_, headers) = settings.split_once("[serve.headers]\n").unwrap();
        let lines: Vec<&str> = headers.lines().take_while(|line| line.starts_with('"')).collect();
        let ours = HEADERS.map(|(name, value)| format!("\"{name}\" = \"{value}\""));
        assert_eq!(lines, ours);
    }
}

//! `page`: serves a built page on loopback, for the demo and for tests.

use std::path::Path;

use axum::Router;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use axum::routing::get;
use tower_http::services::ServeDir;

use crate::flags::PageFlags;
use crate::listen;

/// Headers of every answer, the same as in Trunk.toml. Isolation (the Cross-Origin lines) gives the
/// page's clock steps of 5 microseconds instead of 100.
const HEADERS: [(&str, &str); 5] = [
    ("Cache-Control", "no-cache"),
    ("Timing-Allow-Origin", "*"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "credentialless"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
];

/// Serves a folder until it is told to stop. Prints `page: ORIGIN` when it listens.
///
/// # Errors
/// When the folder has no page, or the port is taken.
pub async fn run(flags: PageFlags) -> anyhow::Result<()> {
    anyhow::ensure!(
        flags.folder.join("index.html").is_file(),
        "{} has no index.html: build the page first (`trunk build --release`)",
        flags.folder.display()
    );
    let listeners = listen::both(flags.port).await?;
    for listener in &listeners {
        if let address @ std::net::SocketAddr::V4(_) = listener.local_addr()? {
            println!("page: http://{address}");
        }
    }
    for listener in listeners {
        tokio::spawn(listen::serve(listener, router(&flags.folder)));
    }
    listen::stopped(flags.exit_on_stdin_eof).await
}

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

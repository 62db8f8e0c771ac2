//! A static host on loopback that sends every file gzipped, as hosts of pages do.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime;

/// Files by path, with their type, gzipped.
type Files = HashMap<String, (&'static str, Bytes)>;

/// Serves a folder for the rest of this program's life, `index.html` replaced by another text if
/// there is one, and gives its URL.
///
/// # Errors
/// When the folder cannot be read, or no port is free.
pub(crate) fn serve(folder: &Path, index: Option<&[u8]>) -> Result<String> {
    let mut files = Files::new();
    read(folder, "/", &mut files).with_context(|| format!("cannot read {}", folder.display()))?;
    if let Some(text) = index {
        files.insert("/index.html".to_owned(), ("text/html", gzipped(text)?));
    }
    let start = files.get("/index.html").cloned();
    files.insert(
        "/".to_owned(),
        start.with_context(|| format!("{} has no index.html", folder.display()))?,
    );
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    let url = format!("http://{}/", listener.local_addr()?);
    let files = Arc::new(files);
    std::thread::spawn(move || runtime.block_on(answer_all(listener, files)));
    Ok(url)
}

async fn answer_all(listener: TcpListener, files: Arc<Files>) {
    loop {
        // A connection that broke before it was taken is the browser's business.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let files = files.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let answer = answer(&files, request.uri().path());
                async move { Ok::<_, Infallible>(answer) }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn answer(files: &Files, path: &str) -> Response<Full<Bytes>> {
    let Some((kind, bytes)) = files.get(path) else {
        let mut missing = Response::new(Full::default());
        *missing.status_mut() = StatusCode::NOT_FOUND;
        return missing;
    };
    let mut found = Response::new(Full::new(bytes.clone()));
    found.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    found.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    found
}

fn read(folder: &Path, prefix: &str, files: &mut Files) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            read(&path, &format!("{prefix}{name}/"), files)?;
        } else {
            let kind = match path.extension().and_then(|end| end.to_str()) {
                Some("html") => "text/html",
                Some("js") => "text/javascript",
                Some("css") => "text/css",
                Some("wasm") => "application/wasm",
                Some("png") => "image/png",
                Some("woff2") => "font/woff2",
                _ => "application/octet-stream",
            };
            files.insert(format!("{prefix}{name}"), (kind, gzipped(&fs::read(&path)?)?));
        }
    }
    Ok(())
}

fn gzipped(bytes: &[u8]) -> Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.into())
}

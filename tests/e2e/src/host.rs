//! A static host on loopback: a folder below a path, with a header of one's choice. It answers its
//! path without the slash with the page, as some hosts do, and can be away for a while.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::{Context as _, Result};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::oneshot;

/// What a host serves, and how.
#[derive(Debug, Clone)]
pub struct Site {
    /// The folder.
    pub folder: PathBuf,
    /// The path before its files, such as `/a/fwit`; without a slash at its end.
    pub path: &'static str,
    /// The `Content-Security-Policy` that it sends with everything.
    pub policy: Option<&'static str>,
    /// Answers of its own beside the folder, by path: what a cluster at the same origin is to the
    /// browser. With timing headers.
    pub answers: BTreeMap<String, (&'static str, &'static str)>,
}

/// The host, until it is dropped.
#[derive(Debug)]
pub struct Host {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Host {
    /// Serves on a free port, or on the one of a host that is away; all connections end when this
    /// is dropped.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn serve(site: Site, port: u16) -> Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = runtime.block_on(bound).context("the port is taken")?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let books = asked.clone();
        // Connections are tasks of this runtime, and end with it.
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = answer_all(listener, Arc::new(site), books) => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(Self { address, asked, stop: Some(stop), thread: Some(thread) })
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `http://127.0.0.1:PORT` and a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The paths that it was asked for until now, in their order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn answer_all(listener: TcpListener, site: Arc<Site>, asked: Arc<Mutex<Vec<String>>>) {
    loop {
        // A connection that broke before it was taken is the browser's business.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (site, asked) = (site.clone(), asked.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let path = request.uri().path().to_owned();
                asked.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
                let answer = answer(&site, &path);
                async move { Ok::<_, Infallible>(answer) }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn answer(site: &Site, path: &str) -> Response<Full<Bytes>> {
    let (found, kind) = match site.answers.get(path) {
        Some((kind, text)) => (Some(Bytes::from_static(text.as_bytes())), *kind),
        None => file(site, path),
    };
    let missing = found.is_none();
    let mut answer = Response::new(Full::new(found.unwrap_or_default()));
    if missing {
        *answer.status_mut() = StatusCode::NOT_FOUND;
    }
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(HeaderName::from_static("timing-allow-origin"), HeaderValue::from_static("*"));
    if let Some(policy) = site.policy {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    answer
}

/// The file at a path, and its type.
fn file(site: &Site, path: &str) -> (Option<Bytes>, &'static str) {
    let inside = match path.strip_prefix(site.path) {
        Some("" | "/") => Path::new("index.html"),
        Some(inside) if !inside.contains("..") => Path::new(inside.trim_start_matches('/')),
        _ => return (None, "text/plain"),
    };
    let kind = match inside.extension().and_then(|end| end.to_str()) {
        Some("html") => "text/html",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("md") => "text/markdown",
        _ => "application/octet-stream",
    };
    (std::fs::read(site.folder.join(inside)).ok().map(Bytes::from), kind)
}

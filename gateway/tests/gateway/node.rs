//! A node behind the gateway: writes down what reaches it, and answers as the path says.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use futures_util::{StreamExt, stream};
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

/// A request that reached the node.
#[derive(Clone, Debug)]
pub struct Seen {
    pub line: String,
    pub version: Version,
    pub headers: HeaderMap,
}

#[derive(Clone)]
struct Book {
    seen: Arc<Mutex<Vec<Seen>>>,
    pieces: Arc<Mutex<Option<mpsc::Receiver<&'static str>>>>,
    given_up: mpsc::Sender<()>,
}

pub struct Node {
    /// Its address.
    pub url: String,
    /// Pieces of the answer to `/pieces`.
    pub pieces: mpsc::Sender<&'static str>,
    /// A word for each request to `/never` whose client went away.
    pub given_up: mpsc::Receiver<()>,
    /// How many connections were opened.
    pub connections: Arc<AtomicUsize>,
    book: Book,
    task: tokio::task::JoinHandle<()>,
}

impl Node {
    /// Starts one that speaks plain HTTP.
    pub async fn start() -> Self {
        Self::with(None).await
    }

    /// Starts one that speaks TLS.
    pub async fn with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let (pieces, receiver) = mpsc::channel(8);
        let (sender, given_up) = mpsc::channel(8);
        let book = Book {
            seen: Arc::default(),
            pieces: Arc::new(Mutex::new(Some(receiver))),
            given_up: sender,
        };
        let connections = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(listen(listener, routes(&book), tls, connections.clone()));
        Self { url, pieces, given_up, connections, book, task }
    }

    pub fn address(&self) -> SocketAddr {
        self.url.split_once("://").unwrap().1.parse().unwrap()
    }

    /// All requests that reached it.
    pub fn seen(&self) -> Vec<Seen> {
        self.book.seen.lock().unwrap().clone()
    }

    /// The only request that reached it since the last call.
    pub fn only(&self) -> Seen {
        let mut seen = std::mem::take(&mut *self.book.seen.lock().unwrap());
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(
    listener: TcpListener,
    routes: Router,
    tls: Option<TlsAcceptor>,
    connections: Arc<AtomicUsize>,
) {
    let mut open = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.fetch_add(1, Ordering::Relaxed);
        let (service, tls) = (TowerToHyperService::new(routes.clone()), tls.clone());
        open.spawn(async move {
            let one = http1::Builder::new();
            let Some(tls) = tls else {
                let _ = one.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
                return;
            };
            let Ok(stream) = tls.accept(stream).await else { return };
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                let two = http2::Builder::new(TokioExecutor::new());
                let _ = two.serve_connection(TokioIo::new(stream), service).await;
            } else {
                let _ = one.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
            }
        });
    }
}

fn routes(book: &Book) -> Router {
    Router::new()
        .route("/own", any(own))
        .route("/slow", any(slow))
        .route("/never", any(never))
        .route("/pieces", any(pieces))
        .route("/back", any(async |body: Body| body))
        .route("/size", any(async |body: Bytes| body.len().to_string()))
        .route(
            "/socket",
            any(async |upgrade: WebSocketUpgrade| upgrade.protocols(["chat"]).on_upgrade(echo)),
        )
        .route("/redirect/{code}", any(redirect))
        .route("/key", any(key))
        .fallback(told)
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(book.clone(), write_down))
        .with_state(book.clone())
}

async fn write_down(State(book): State<Book>, request: Request, next: Next) -> Response {
    let seen = Seen {
        line: format!(
            "{} {}",
            request.method(),
            request.uri().path_and_query().map_or("", |path| path.as_str())
        ),
        version: request.version(),
        headers: request.headers().clone(),
    };
    book.seen.lock().unwrap().push(seen);
    next.run(request).await
}

/// What was asked, and the body.
async fn told(request: Request) -> Response {
    let line = format!("{} {}\n", request.method(), request.uri());
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
    [line.as_bytes(), &body].concat().into_response()
}

/// Says everything to browsers that a node should leave to the gateway.
async fn own() -> Response {
    let headers = [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "X-Own"),
        ("timing-allow-origin", "*"),
        ("server-timing", "db;dur=2"),
        ("vary", "Accept-Encoding"),
        ("cache-control", "max-age=5"),
        ("set-cookie", "a=b"),
        ("clear-site-data", "\"*\""),
        ("x-own", "1"),
    ];
    let headers = headers
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    (HeaderMap::from_iter(headers), "own").into_response()
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(30)).await;
    "slow"
}

struct GivenUp(mpsc::Sender<()>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        let _ = self.0.try_send(());
    }
}

async fn never(State(book): State<Book>) -> Response {
    let _guard = GivenUp(book.given_up);
    std::future::pending().await
}

async fn pieces(State(book): State<Book>) -> Response {
    let receiver = book.pieces.lock().unwrap().take().unwrap();
    let body = stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|piece| (Ok::<_, std::io::Error>(Bytes::from(piece)), receiver))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}

/// Sends back what comes; `close` closes with a code and a reason.
async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.next().await {
        if matches!(&message, Message::Text(text) if text.as_str() == "close") {
            let frame = CloseFrame { code: 4321, reason: "enough".into() };
            let _ = socket.send(Message::Close(Some(frame))).await;
        } else if matches!(message, Message::Text(_) | Message::Binary(_)) {
            let _ = socket.send(message).await;
        }
    }
}

/// Redirects to what the header `to` says.
async fn redirect(
    axum::extract::Path(code): axum::extract::Path<u16>,
    headers: HeaderMap,
) -> Response {
    let mut answer =
        (StatusCode::from_u16(code).unwrap(), "go there".repeat(5_000)).into_response();
    if let Some(to) = headers.get("to") {
        answer.headers_mut().insert(header::LOCATION, to.clone());
    }
    answer
}

/// Gives the key away in its headers.
async fn key(headers: HeaderMap) -> Response {
    let given: HashMap<&str, &HeaderValue> =
        headers.iter().map(|(name, value)| (name.as_str(), value)).collect();
    let mut answer = "given".into_response();
    for name in ["authorization", "x-api-key"] {
        if let Some(value) = given.get(name) {
            let name = HeaderName::try_from(format!("x-given-{name}")).unwrap();
            answer.headers_mut().insert(name, (*value).clone());
        }
    }
    answer
}

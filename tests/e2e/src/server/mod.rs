//! A server whose times are known to a fraction of a millisecond: what the page's numbers are held
//! against.
//!
//! It answers whatever a load asks in insi's protocol, after exactly as long as its [`Pace`] says,
//! and keeps a [`Record`] of each such request. Asking for the node's role is no load: answered at
//! once, not recorded. HTTP/1.1, or with a certificate of its own HTTP/2 over TLS. One thread
//! serves, one rings the alarms.

mod alarm;
mod pace;
mod record;
mod tls;

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use alarm::Alarm;
pub use pace::Pace;
use pace::Pacer;
pub use record::{Record, Records};

const ANY: HeaderValue = HeaderValue::from_static("*");
const STATUS: &str = r#"{"status":"ok","node":"n1","role":"leader"}"#;
const VALUE: &str = r#"{"data":"ABCDEFGHIJKLMNOPQR"}"#;

/// What the server is like.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long it takes.
    pub pace: Pace,
    /// Whether it sends `Timing-Allow-Origin` and `Server-Timing`.
    pub timing_headers: bool,
    /// HTTP/2 over TLS instead of HTTP/1.1.
    pub tls: bool,
}

impl Options {
    /// HTTP/1.1 with timing headers.
    #[must_use]
    pub fn paced(pace: Pace) -> Self {
        Self { pace, timing_headers: true, tls: false }
    }
}

/// A running server; stops when dropped.
#[derive(Debug)]
pub struct Server {
    port: u16,
    state: Arc<State>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct State {
    options: Options,
    alarm: Alarm,
    started: Instant,
    books: Mutex<Books>,
    connections: AtomicUsize,
}

#[derive(Debug)]
struct Books {
    pacer: Pacer,
    first: Option<Instant>,
    records: Vec<Record>,
    in_flight: usize,
    peak: usize,
}

impl Server {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When there is none, or no certificate can be made.
    pub fn start(options: Options) -> Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let port = listener.local_addr()?.port();
        let tls =
            options.tls.then(tls::acceptor).transpose().context("no certificate for the server")?;
        let books = Books {
            pacer: Pacer::new(options.pace),
            first: None,
            records: Vec::new(),
            in_flight: 0,
            peak: 0,
        };
        let state = Arc::new(State {
            options,
            alarm: Alarm::start(),
            started: Instant::now(),
            books: Mutex::new(books),
            connections: AtomicUsize::new(0),
        });
        let (stop, mut stopped) = watch::channel(false);
        let of_thread = state.clone();
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = listen(of_thread, listener, tls) => {}
                    _ = stopped.changed() => {}
                }
            });
        });
        Ok(Self { port, state, stop, thread: Some(thread) })
    }

    /// Its URL by a host name that means this machine, such as `127.0.0.1` or `l1.localhost`.
    #[must_use]
    pub fn url(&self, host: &str) -> String {
        let scheme = if self.state.options.tls { "https" } else { "http" };
        format!("{scheme}://{host}:{}", self.port)
    }

    /// The requests that were answered since the start or the last [`Server::reset`].
    #[must_use]
    pub fn records(&self) -> Records {
        Records(self.state.books().records.clone())
    }

    /// Most requests at the same time.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.state.books().peak
    }

    /// Connections that are open now.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// Forgets all requests; the next one is the first.
    pub fn reset(&self) {
        let mut books = self.state.books();
        (books.first, books.peak) = (None, 0);
        books.records.clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // It has nothing left to say.
            let _ = thread.join();
        }
    }
}

async fn listen(state: Arc<State>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    loop {
        // A connection that broke before it was taken is no reason to stop.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (state, tls) = (state.clone(), tls.clone());
        tokio::spawn(async move {
            state.connections.fetch_add(1, Ordering::Relaxed);
            // A connection that breaks is the browser's own business: it shows in its numbers.
            let _ = connection(&state, stream, tls).await;
            state.connections.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

async fn connection(
    state: &Arc<State>,
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        None => serve(state, stream, false).await,
        Some(tls) => serve(state, tls.accept(stream).await?, true).await,
    }
}

async fn serve<S>(state: &Arc<State>, stream: S, multiplexed: bool) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let state = state.clone();
    let service = service_fn(move |request| {
        let state = state.clone();
        async move { Ok::<_, Infallible>(state.answer(request).await) }
    });
    let stream = TokioIo::new(stream);
    let served = if multiplexed {
        http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await
    } else {
        http1::Builder::new().serve_connection(stream, service).await
    };
    served.map_err(io::Error::other)
}

impl State {
    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let arrived = Instant::now();
        if request.method() == Method::OPTIONS {
            return self.response(204, "", None);
        }
        if request.uri().path().ends_with("/ping") {
            return self.response(200, STATUS, None);
        }
        let at = {
            let mut books = self.books();
            let first = *books.first.get_or_insert(arrived);
            books.in_flight += 1;
            books.peak = books.peak.max(books.in_flight);
            arrived + books.pacer.next(arrived - first)
        };
        // Whatever happens to the connection meanwhile, the record is complete.
        let mut open = Open { state: self, arrived, answered: None };
        self.alarm.wait_until(at).await;
        let answered = Instant::now();
        open.answered = Some(answered);
        self.response(200, VALUE, Some(answered - arrived))
    }

    fn response(&self, status: u16, text: &'static str, took: Option<Duration>) -> Response<Body> {
        let mut response = Response::new(Body::from(Bytes::from_static(text.as_bytes())));
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        let headers: &mut HeaderMap = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("Authorization"),
        );
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
        if self.options.timing_headers {
            headers.insert(HeaderName::from_static("timing-allow-origin"), ANY);
            let value = took.map(|took| format!("handler;dur={:.3}", took.as_secs_f64() * 1e3));
            if let Some(value) = value.and_then(|v| HeaderValue::try_from(v).ok()) {
                headers.insert(HeaderName::from_static("server-timing"), value);
            }
        }
        response
    }
}

type Body = http_body_util::Full<Bytes>;

/// A request that is being answered. One that is dropped before (its connection broke) leaves no
/// record.
struct Open<'a> {
    state: &'a State,
    arrived: Instant,
    answered: Option<Instant>,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut books = self.state.books();
        books.in_flight -= 1;
        if let Some(answered) = self.answered {
            let since = |at: Instant| at - self.state.started;
            books.records.push(Record { arrived: since(self.arrived), answered: since(answered) });
        }
    }
}

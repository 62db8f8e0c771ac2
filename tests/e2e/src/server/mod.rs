//! A server whose times are known to a fraction of a millisecond: what the page's numbers are held
//! against.
//!
//! It answers whatever a load asks in insi's protocol, after exactly as long as its [`Pace`] says,
//! and keeps a [`Record`] of each such request. Asking for the node's role is no load: answered at
//! once, not recorded. Its [`Manner`] may change while it runs: it redirects, names a leader, says
//! how long leave is kept. HTTP/1.1, or with a certificate of its own HTTP/2 over TLS. One thread
//! serves, one rings the alarms.

mod alarm;
mod pace;
mod record;
mod tls;

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response};
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Frame, Incoming};
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

/// How it answers, besides its pace.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Whether its status says that it leads; `None` says nothing.
    pub leads: Option<bool>,
    /// The leader's URL in its status.
    pub leader_url: Option<String>,
    /// What it does with load.
    pub redirect: Redirect,
    /// Whether it does so with its status too.
    pub redirects_status: bool,
    /// `Access-Control-Max-Age`, seconds; `None` leaves it out.
    pub max_age: Option<u32>,
    /// What it sends as `Cache-Control` with answers, where it does.
    pub cache_control: Option<&'static str>,
    /// The path before the API's: anything else is not found.
    pub base_path: &'static str,
    /// How much later its status is answered.
    pub status_delay: Duration,
    /// What it does to harm the page.
    pub hostile: Hostile,
}

/// What a hostile server answers to load, after its pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hostile {
    /// Nothing hostile.
    No,
    /// 500 with what it was sent as `Authorization`, plainly, in base64 and percent-encoded.
    QuotesKey,
    /// 200 with a body that does not end.
    Endless,
}

/// Where load is redirected to (307), after the server's pace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redirect {
    /// Nowhere: it is answered.
    No,
    /// This base URL, with the request's path.
    To(String),
    /// The same, without CORS headers on the redirect.
    ToWithoutCors(String),
    /// A redirect that does not say where to.
    Nowhere,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            leads: Some(true),
            leader_url: None,
            redirect: Redirect::No,
            redirects_status: false,
            max_age: Some(7_200),
            cache_control: None,
            base_path: "",
            status_delay: Duration::ZERO,
            hostile: Hostile::No,
        }
    }
}

/// What the server counted beside the load.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Paths of CORS preflights, queries included, in their order, and when each came.
    pub preflights: Vec<(String, Duration)>,
    /// Requests of any kind with an `Authorization` header.
    pub with_key: usize,
    /// Requests for its status.
    pub status: usize,
    /// Requests of any kind but preflights.
    pub requests: usize,
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
    manner: Mutex<Manner>,
    counts: Mutex<Counts>,
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
            manner: Mutex::default(),
            counts: Mutex::default(),
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

    /// Changes how it answers.
    pub fn change(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut lock(&self.state.manner));
    }

    /// What it counted beside the load since the start or the last [`Server::reset`].
    #[must_use]
    pub fn counts(&self) -> Counts {
        lock(&self.state.counts).clone()
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
        *lock(&self.state.counts) = Counts::default();
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
    fn books(&self) -> MutexGuard<'_, Books> {
        lock(&self.books)
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let arrived = Instant::now();
        let path = request.uri().path_and_query().map_or("", |p| p.as_str()).to_string();
        let manner = lock(&self.manner).clone();
        if request.method() == Method::OPTIONS {
            lock(&self.counts).preflights.push((path, arrived - self.started));
            return self.response(204, "", None, &manner);
        }
        let is_status = request.uri().path().ends_with("/ping");
        let key = request.headers().get(header::AUTHORIZATION).cloned();
        {
            let mut counts = lock(&self.counts);
            counts.requests += 1;
            counts.with_key += usize::from(request.headers().contains_key(header::AUTHORIZATION));
            counts.status += usize::from(is_status);
        }
        let Some(path) = path.strip_prefix(manner.base_path).filter(|p| p.starts_with("/db/"))
        else {
            return self.response(404, "404 page not found", None, &manner);
        };
        if is_status && manner.redirects_status {
            return self.redirect(path, None, &manner);
        }
        if is_status {
            if manner.status_delay > Duration::ZERO {
                self.alarm.wait_until(arrived + manner.status_delay).await;
            }
            return self.response(200, &manner.status(), None, &manner);
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
        match manner.hostile {
            Hostile::No => self.redirect(path, Some(answered - arrived), &manner),
            Hostile::QuotesKey => self.response(500, &quoted(key.as_ref()), None, &manner),
            Hostile::Endless => {
                let mut response = self.response(200, "", None, &manner);
                *response.body_mut() = Body::Right(Endless);
                response
            }
        }
    }

    /// The answer to load, wherever it is redirected to.
    fn redirect(&self, path: &str, took: Option<Duration>, manner: &Manner) -> Response<Body> {
        let (target, cors) = match &manner.redirect {
            Redirect::No => return self.response(200, VALUE, took, manner),
            Redirect::To(base) => (Some(base), true),
            Redirect::ToWithoutCors(base) => (Some(base), false),
            Redirect::Nowhere => (None, true),
        };
        let mut response = self.response(307, "", took, manner);
        let headers = response.headers_mut();
        if let Some(to) = target.and_then(|b| HeaderValue::try_from(format!("{b}{path}")).ok()) {
            headers.insert(header::LOCATION, to);
        }
        if !cors {
            headers.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        }
        response
    }

    fn response(
        &self,
        status: u16,
        text: &str,
        took: Option<Duration>,
        manner: &Manner,
    ) -> Response<Body> {
        let body = Full::from(Bytes::copy_from_slice(text.as_bytes()));
        let mut response = Response::new(Body::Left(body));
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        let headers: &mut HeaderMap = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("Authorization"),
        );
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("Access-Control-Max-Age"),
        );
        if let Some(value) = manner.cache_control {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
        }
        if let Some(seconds) = manner.max_age {
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(seconds));
        }
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

impl Manner {
    /// Its status, as insi's ping has it.
    fn status(&self) -> String {
        let mut status = serde_json::json!({ "status": "ok", "node": "n1" });
        if let Some(leads) = self.leads {
            status["role"] = (if leads { "leader" } else { "follower" }).into();
        }
        if let Some(url) = &self.leader_url {
            status["leader_url"] = url.as_str().into();
        }
        status.to_string()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Body = Either<Full<Bytes>, Endless>;

/// A body that does not end: as fast as it is read.
#[derive(Debug)]
struct Endless;

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        static PIECE: [u8; 65_536] = [b'x'; 65_536];
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&PIECE)))))
    }
}

/// An `Authorization` header in all forms in which an error page may quote it.
fn quoted(key: Option<&HeaderValue>) -> String {
    let key = key.and_then(|key| key.to_str().ok()).unwrap_or("no key");
    let encoded = |text: &str| BASE64.encode(text);
    let percent: String = key
        .bytes()
        .map(|b| match b {
            b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
            b => format!("%{b:02x}"),
        })
        .collect();
    format!("bad key: {key} {} {} {percent}", encoded(key), encoded(&format!("user:{key}")))
}

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

//! Requests through the browser's `fetch`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Headers, Performance};

use super::body_events::BodyEvents;
use super::event_stream::{BrowserEvents, SocketEvents};
use super::exchange::{Exchange, Sent};
use super::resource_timing::ResourceTimings;
use fwit_engine::environment::{Call, NoAnswer, Reply, Transport, Wire};
use fwit_engine::preflights::{MAX_AGE_DEFAULT, PreflightCache};
use fwit_model::dialect::{Dialect, HeaderSet, Method, Stream, StreamKind};
use fwit_model::plan::BaseUrl;
use fwit_model::secret::Redactor;
use fwit_quantities::sample::WireTiming;
use fwit_quantities::units::{Micros, decimal};

/// The browser's network. Clones share its requests and timings.
#[derive(Clone, Debug)]
pub struct FetchTransport {
    inner: Rc<Inner>,
}

#[derive(Debug)]
struct Inner {
    exchange: Exchange,
    performance: Performance,
    timings: Option<ResourceTimings>,
    /// The door that keeps the API key out of texts.
    redactor: Redactor,
    /// Name and value of the header that carries the API key.
    auth: Option<(String, String)>,
    /// A query parameter that the nodes ignore: tells URLs apart that are the same otherwise.
    parameter: Option<String>,
    /// The dialect's sets of headers, with the key and without, made once.
    headers: RefCell<HashMap<(u16, bool), Headers>>,
    /// Base URLs as the browser writes them.
    bases: RefCell<HashMap<String, String>>,
    leave: RefCell<Leave>,
    /// The page's own origin: no leave is asked for there.
    origin: String,
}

/// What the browser may send without asking for leave first.
#[derive(Debug, Default)]
struct Leave {
    cache: PreflightCache,
    /// How long a base URL's answers let it be kept.
    max_ages: HashMap<String, Micros>,
}

impl FetchTransport {
    /// Makes a transport over the worker's `fetch`, for a dialect's requests with this API key.
    #[must_use]
    pub fn new(
        performance: Performance,
        dialect: &Dialect,
        api_key: Option<&str>,
    ) -> FetchTransport {
        let redactor = Redactor::new(api_key);
        let auth = api_key.and_then(|key| dialect.auth_header(key));
        let auth = auth.map(|(name, value)| (name.to_string(), value));
        let parameter = dialect.spare_parameter().map(ToString::to_string);
        let timings = ResourceTimings::watch(&performance).ok();
        let (headers, bases) = (RefCell::default(), RefCell::default());
        let leave = RefCell::default();
        let location = js_sys::Reflect::get(&js_sys::global(), &"origin".into());
        let origin = location.ok().and_then(|o| o.as_string()).unwrap_or_default();
        let exchange = Exchange::new(dialect.hint_header());
        FetchTransport {
            inner: Rc::new(Inner {
                exchange,
                performance,
                timings,
                redactor,
                auth,
                parameter,
                headers,
                bases,
                leave,
                origin,
            }),
        }
    }
}

impl Inner {
    /// Returns the whole URL. Its base is written as the browser writes it, so that timing entries
    /// are found by name.
    fn url(&self, base: &str, path: &str) -> String {
        let mut bases = self.bases.borrow_mut();
        if !bases.contains_key(base) {
            let written = web_sys::Url::new(base).map_or_else(|_| base.to_string(), |u| u.href());
            bases.insert(base.to_string(), written.trim_end_matches('/').to_string());
        }
        let written = bases.get(base).map_or(base, String::as_str);
        let mut url = String::with_capacity(written.len() + path.len() + 4);
        url.push_str(written);
        url.push_str(path);
        url
    }

    /// Returns whether the browser asks a node for leave before it sends a request that is not
    /// simple. It is not told: the model of its cache says so.
    fn asks_for_leave(&self, base: &str, url: &str, now_ms: f64, keeps: bool) -> bool {
        let own = base.strip_prefix(self.origin.as_str());
        if own.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return false;
        }
        let Leave { cache, max_ages } = &mut *self.leave.borrow_mut();
        let max_age = max_ages.get(base).copied().unwrap_or(MAX_AGE_DEFAULT);
        !keeps || cache.asks(url, Micros::from_millis(now_ms), max_age)
    }

    /// Returns the headers that the browser does not send by itself. It sends the type of a text
    /// body.
    fn headers(&self, set: &HeaderSet, with_key: bool) -> Result<Option<Headers>, NoAnswer> {
        let auth = self.auth.as_ref().filter(|_| with_key);
        if set.list.is_empty() && auth.is_none() {
            return Ok(None);
        }
        let mut cache = self.headers.borrow_mut();
        if let Some(headers) = cache.get(&(set.index, with_key)) {
            return Ok(Some(headers.clone()));
        }
        let headers = Headers::new().map_err(|e| failure(&e))?;
        for (name, value) in &set.list {
            headers.set(name, value).map_err(|e| failure(&e))?;
        }
        if let Some((name, value)) = auth {
            // The browser's message may quote the key, so it is not shown.
            let refused = |_| {
                NoAnswer(
                    "the API key can't be sent as a header: it holds a character that headers \
                     can't"
                        .into(),
                )
            };
            headers.set(name, value).map_err(refused)?;
        }
        cache.insert((set.index, with_key), headers.clone());
        Ok(Some(headers))
    }
}

impl Transport for FetchTransport {
    type Events = BrowserEvents;

    async fn send(&self, call: &Call<'_>) -> Result<Reply, NoAnswer> {
        let inner = &*self.inner;
        let headers = inner.headers(call.request.headers, !call.follow)?;
        let url = inner.url(call.base, &call.request.path);
        // Leave for a request that is not simple is kept in the default mode only. A GET needs a
        // URL of its own there, or it would wait for the others' answers.
        let get = call.request.method == Method::Get;
        let apart = inner.parameter.as_deref().filter(|_| get && headers.is_some());
        let keeps = !get || apart.is_some();
        let now = inner.performance.now();
        let issue = inner.timings.as_ref().map(|t| t.issue(url.clone(), apart, now));
        let sent = Sent {
            url: issue.as_ref().map_or(url.as_str(), |i| i.name.as_str()),
            // `fetch.js` has the methods in the same order.
            method: call.request.method as u8,
            headers: headers.as_ref(),
            body: &call.request.body,
            text_from: text_from(call),
            follow: call.follow,
            keeps,
        };
        let has_key = inner.auth.is_some() && !call.follow;
        let preflight = (has_key || !call.request.is_simple())
            && inner.asks_for_leave(call.base, sent.url, now, keeps);
        let answer = inner.exchange.send(&sent).await;
        if answer.redirect {
            let wire = issue.map_or(Wire::Absent, |i| Wire::Later(i.ticket));
            return Ok(Reply { redirect: true, preflight, wire, ..Reply::default() });
        }
        let max_age = answer.max_age.and_then(|s| decimal(&s)).map(Micros::from_secs);
        if let Some(max_age) = max_age {
            inner.leave.borrow_mut().max_ages.insert(call.base.to_string(), max_age);
        }
        if answer.status == 0 {
            let why = answer.text.unwrap_or_else(|| "the browser gave no reason".into());
            return Err(NoAnswer(inner.redactor.cleaned(why)));
        }
        let clean = |text: String| inner.redactor.cleaned(text);
        let seconds = answer.retry_after.and_then(|s| decimal(&s));
        Ok(Reply {
            status: answer.status,
            redirect: false,
            bytes: answer.text.as_ref().map_or(answer.bytes, |text| text.len() as u64),
            text: answer.text.filter(|_| (call.wants_text)(answer.status)).map(clean),
            too_long: answer.too_long,
            leader: answer.leader.map(clean),
            hint: answer.hint.map(clean),
            retry_after: seconds.map(Micros::from_secs),
            final_url: answer.final_url.map(clean),
            served_by: answer.served_by.map(clean),
            max_age,
            preflight,
            wire: issue.map_or(Wire::Absent, |i| Wire::Later(i.ticket)),
        })
    }

    fn take_wire(&self) -> Vec<(u64, Option<WireTiming>)> {
        self.inner.timings.as_ref().map(ResourceTimings::take).unwrap_or_default()
    }

    fn subscribe(&self, base: &BaseUrl, stream: &Stream) -> BrowserEvents {
        let inner = &self.inner;
        let (performance, redactor) = (inner.performance.clone(), inner.redactor.clone());
        if stream.kind == StreamKind::Websocket {
            let url = format!("{}{}", base.websocket(), stream.path);
            let socket = SocketEvents::open(&url, &stream.send, performance, redactor);
            return BrowserEvents::Socket(socket);
        }
        let url = inner.url(&base.to_string(), &stream.path);
        let headers = inner.headers(&stream.headers, true);
        BrowserEvents::Body(BodyEvents::open(&url, headers, stream, performance, redactor))
    }
}

/// Returns the least status of an answer that is read as text: the hundred of the first status
/// whose text the call wants.
fn text_from(call: &Call<'_>) -> u16 {
    let hundreds = [(200, 206), (300, 308), (400, 431), (500, 511)];
    let wanted = hundreds.iter().find(|(from, to)| (*from..=*to).any(call.wants_text));
    wanted.map_or(600, |(from, _)| *from)
}

/// Returns the browser's message for a failed fetch. It tells no more, to keep from the page what
/// it may not know.
fn failure(error: &JsValue) -> NoAnswer {
    let message = error.dyn_ref::<js_sys::Error>().map(|e| String::from(e.message()));
    NoAnswer(message.unwrap_or_else(|| "the browser gave no reason".into()))
}

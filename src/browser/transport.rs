//! Requests through the browser's `fetch`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use js_sys::{ArrayBuffer, JsString};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, DedicatedWorkerGlobalScope, Headers, Performance, RequestCache, RequestCredentials,
    RequestInit, RequestMode, Response,
};

use super::event_stream::SocketEvents;
use super::resource_timing::ResourceTimings;
use crate::entity::world::{Call, NoAnswer, Reply, Transport, Wire};
use crate::sample::WireTiming;
use crate::units::{Micros, decimal};

/// The browser's network. Clones share its connections and the book of its timings.
#[derive(Clone, Debug)]
pub struct FetchTransport {
    inner: Rc<Inner>,
}

#[derive(Debug)]
struct Inner {
    scope: DedicatedWorkerGlobalScope,
    performance: Performance,
    timings: Option<ResourceTimings>,
    /// Name and value of the header that carries the API key.
    auth: Option<(&'static str, String)>,
    /// Header lists by content type, made once.
    headers: RefCell<HashMap<&'static str, Headers>>,
    /// Base URLs as the browser writes them.
    bases: RefCell<HashMap<String, String>>,
}

impl FetchTransport {
    /// Over the worker's `fetch`.
    #[must_use]
    pub fn new(
        scope: DedicatedWorkerGlobalScope,
        performance: Performance,
        auth: Option<(&'static str, String)>,
    ) -> FetchTransport {
        let timings = ResourceTimings::watch(&performance).ok();
        let (headers, bases) = (RefCell::default(), RefCell::default());
        FetchTransport { inner: Rc::new(Inner { scope, performance, timings, auth, headers, bases }) }
    }
}

impl Inner {
    /// The whole URL, its base written as the browser writes it, so that timing entries are found by name.
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

    /// Headers beyond those the browser sends by itself. A text body has its type without a header.
    fn headers(&self, content_type: &'static str) -> Result<Option<Headers>, NoAnswer> {
        let own = if content_type.starts_with("text/plain") { "" } else { content_type };
        if own.is_empty() && self.auth.is_none() {
            return Ok(None);
        }
        let mut cache = self.headers.borrow_mut();
        if let Some(headers) = cache.get(own) {
            return Ok(Some(headers.clone()));
        }
        let headers = Headers::new().map_err(|e| failure(&e))?;
        if !own.is_empty() {
            headers.set("Content-Type", own).map_err(|e| failure(&e))?;
        }
        if let Some((name, value)) = &self.auth {
            // The browser's own words may quote the key.
            let refused = |_| {
                NoAnswer(
                    "the API key can't be sent as a header: it holds a character that headers can't".into(),
                )
            };
            headers.set(name, value).map_err(refused)?;
        }
        cache.insert(own, headers.clone());
        Ok(Some(headers))
    }
}

/// Aborts a request that is dropped before it ended.
struct AbortOnDrop(Option<AbortController>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

impl Transport for FetchTransport {
    type Events = SocketEvents;

    async fn send(&self, call: &Call<'_>) -> Result<Reply, NoAnswer> {
        let inner = &*self.inner;
        let controller = AbortController::new().map_err(|e| failure(&e))?;
        let init = RequestInit::new();
        init.set_method(call.request.method.name());
        init.set_cache(RequestCache::NoStore);
        init.set_credentials(RequestCredentials::Omit);
        init.set_mode(RequestMode::Cors);
        init.set_signal(Some(&controller.signal()));
        if let Some(headers) = inner.headers(call.request.content_type)? {
            init.set_headers(&headers);
        }
        if !call.request.body.is_empty() {
            init.set_body(&JsString::from(call.request.body.as_str()));
        }
        let url = inner.url(call.base, &call.request.path);
        let issue = inner.timings.as_ref().map(|t| t.issue(url.clone(), inner.performance.now()));
        let name = issue.as_ref().map_or(url.as_str(), |i| i.name.as_str());
        let promise = inner.scope.fetch_with_str_and_init(name, &init);
        let mut abort = AbortOnDrop(Some(controller));
        let answer = self.receive(promise, call).await;
        abort.0 = None;
        let mut reply = answer?;
        reply.wire = issue.map_or(Wire::Absent, |i| Wire::Later(i.ticket));
        Ok(reply)
    }

    fn take_wire(&self) -> Vec<(u64, Option<WireTiming>)> {
        self.inner.timings.as_ref().map(ResourceTimings::take).unwrap_or_default()
    }

    fn subscribe(&self, url: &str) -> SocketEvents {
        SocketEvents::open(url, self.inner.performance.clone())
    }
}

impl FetchTransport {
    async fn receive(&self, promise: js_sys::Promise, call: &Call<'_>) -> Result<Reply, NoAnswer> {
        let response = JsFuture::from(promise).await.map_err(|e| failure(&e))?;
        let response: Response = response.unchecked_into();
        let status = response.status();
        let mut reply = Reply { status, ..Reply::default() };
        if (call.wants_text)(status) {
            let text = response.text().map_err(|e| failure(&e))?;
            let text = JsFuture::from(text).await.map_err(|e| failure(&e))?.as_string().unwrap_or_default();
            reply.bytes = text.len() as u64;
            reply.text = Some(text);
        } else {
            // Read to the last byte, and never copied: nobody looks at it.
            let body = response.array_buffer().map_err(|e| failure(&e))?;
            let body = JsFuture::from(body).await.map_err(|e| failure(&e))?;
            reply.bytes = u64::from(body.unchecked_ref::<ArrayBuffer>().byte_length());
        }
        if response.redirected() {
            reply.final_url = Some(response.url());
            reply.served_by = response.headers().get("X-Served-By").ok().flatten();
        }
        if matches!(status, 429 | 503) {
            let header = response.headers().get("Retry-After").ok().flatten();
            reply.retry_after = header.and_then(|s| decimal(&s)).map(Micros::from_secs);
        }
        Ok(reply)
    }
}

/// The browser's words for a failed fetch: it gives no more, so as not to tell a page what it may not know.
fn failure(error: &JsValue) -> NoAnswer {
    let message = error.dyn_ref::<js_sys::Error>().map(|e| String::from(e.message()));
    NoAnswer(message.unwrap_or_else(|| "the browser gave no reason".into()))
}

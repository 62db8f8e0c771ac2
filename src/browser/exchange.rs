//! Requests under way: each has a slot, from the call that sends it to the call that brings its
//! answer. The JavaScript half of this is `fetch.js`.
//!
//! May not enter: what a request means.
//! Invariant: one request at a time uses a slot; a late answer to an earlier one is ignored,
//! because its generation is not the slot's.
//! Tests: tests/browser.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use wasm_bindgen::prelude::*;
use web_sys::Headers;

#[wasm_bindgen(module = "/src/browser/fetch.js")]
extern "C" {
    #[derive(Debug)]
    type Sender;
    #[wasm_bindgen(constructor)]
    fn new(done: &JsValue, hint_header: Option<&str>) -> Sender;
    #[allow(clippy::too_many_arguments, reason = "one call to JavaScript instead of nine")]
    #[wasm_bindgen(method)]
    fn send(
        this: &Sender,
        slot: u32,
        generation: u32,
        url: &JsValue,
        method: u8,
        headers: Option<&Headers>,
        body: Option<&str>,
        text_from: u16,
        follow: bool,
        keeps: bool,
    );
    #[wasm_bindgen(method)]
    fn abort(this: &Sender, slot: u32);
    #[wasm_bindgen(method)]
    fn close(this: &Sender);
}

#[wasm_bindgen]
extern "C" {
    /// What only some answers have.
    type Extra;
    #[wasm_bindgen(method, getter)]
    fn text(this: &Extra) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn redirect(this: &Extra) -> Option<bool>;
    #[wasm_bindgen(method, getter, js_name = tooLong)]
    fn too_long(this: &Extra) -> Option<bool>;
    #[wasm_bindgen(method, getter)]
    fn url(this: &Extra) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = servedBy)]
    fn served_by(this: &Extra) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn leader(this: &Extra) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn hint(this: &Extra) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = maxAge)]
    fn max_age(this: &Extra) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = retryAfter)]
    fn retry_after(this: &Extra) -> Option<String>;
}

type Done = Closure<dyn FnMut(u32, u32, u16, f64, Option<Extra>)>;

/// How a request ended, in the browser's words.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The HTTP status; 0 for a redirect, and when there was no answer: `text` then says why.
    pub(super) status: u16,
    /// A redirect that was not followed.
    pub(super) redirect: bool,
    /// The length of a body that was not read as text.
    pub(super) bytes: u64,
    /// The body was given up: it is longer than a body may be.
    pub(super) too_long: bool,
    pub(super) text: Option<String>,
    /// `Access-Control-Max-Age`, where the answer has it and the page may read it.
    pub(super) max_age: Option<String>,
    /// The final URL and the name of its node, where redirects were followed.
    pub(super) final_url: Option<String>,
    pub(super) served_by: Option<String>,
    /// The leader to which a node redirects, as fwit-gateway says.
    pub(super) leader: Option<String>,
    /// The header in which the dialect's nodes name the leader.
    pub(super) hint: Option<String>,
    /// The header, of answers that may have it.
    pub(super) retry_after: Option<String>,
}

/// What is sent.
pub(super) struct Sent<'a> {
    pub(super) url: &'a str,
    /// An index into the list of `fetch.js`.
    pub(super) method: u8,
    pub(super) headers: Option<&'a Headers>,
    /// Empty for none.
    pub(super) body: &'a str,
    /// The status from which on an answer is read as text.
    pub(super) text_from: u16,
    /// Whether redirects are followed.
    pub(super) follow: bool,
    /// Whether the browser may keep what it is told: leave for such requests, and the answer of a
    /// GET as the node says.
    pub(super) keeps: bool,
}

/// Sends requests.
#[derive(Debug)]
pub(super) struct Exchange {
    sender: Sender,
    _done: Done,
    slots: Rc<RefCell<RequestSlots>>,
    /// URLs as JavaScript strings. Most URLs are used again, and to hand one over to JavaScript
    /// takes longer than to find it here.
    urls: RefCell<HashMap<String, JsValue>>,
}

/// Most URLs kept: a run has a thousand keys, nine operations and a few lanes.
const URLS_MAX: usize = 8_192;
/// Longest URL that is kept, bytes.
const URL_LONG: usize = 300;

#[derive(Debug, Default)]
struct RequestSlots {
    list: Vec<RequestSlot>,
    free: Vec<u32>,
}

#[derive(Debug, Default)]
struct RequestSlot {
    /// Counts the requests of the slot: which of them an answer is for.
    generation: u32,
    waker: Option<Waker>,
    answer: Option<Answer>,
}

impl Exchange {
    /// `hint_header` is where the nodes name the leader.
    pub(super) fn new(hint_header: Option<&str>) -> Exchange {
        let slots = Rc::new(RefCell::new(RequestSlots::default()));
        let inside = slots.clone();
        let done: Done =
            Closure::new(move |slot, generation, status, bytes: f64, extra: Option<Extra>| {
                let mut answer = Answer { status, bytes: bytes as u64, ..Answer::default() };
                if let Some(extra) = extra {
                    answer.redirect = extra.redirect().unwrap_or_default();
                    answer.too_long = extra.too_long().unwrap_or_default();
                    (answer.max_age, answer.leader) = (extra.max_age(), extra.leader());
                    answer.hint = extra.hint();
                    (answer.text, answer.final_url) = (extra.text(), extra.url());
                    (answer.served_by, answer.retry_after) =
                        (extra.served_by(), extra.retry_after());
                }
                let waker = RequestSlots::end(&mut inside.borrow_mut(), slot, generation, answer);
                if let Some(waker) = waker {
                    waker.wake();
                }
            });
        Exchange {
            sender: Sender::new(done.as_ref(), hint_header),
            _done: done,
            slots,
            urls: RefCell::default(),
        }
    }

    /// Sends a request at once. Dropping the returned future aborts it.
    pub(super) fn send(&self, sent: &Sent) -> Sending<'_> {
        let (slot, generation) = self.slots.borrow_mut().take();
        let body = Some(sent.body).filter(|body| !body.is_empty());
        let url = self.url(sent.url);
        self.sender.send(
            slot,
            generation,
            &url,
            sent.method,
            sent.headers,
            body,
            sent.text_from,
            sent.follow,
            sent.keeps,
        );
        Sending { exchange: self, slot, over: false }
    }

    fn url(&self, url: &str) -> JsValue {
        let mut urls = self.urls.borrow_mut();
        if let Some(known) = urls.get(url) {
            return known.clone();
        }
        // A long one holds a value: it does not come again.
        if url.len() > URL_LONG {
            return JsValue::from_str(url);
        }
        if urls.len() >= URLS_MAX {
            urls.clear();
        }
        let new = JsValue::from_str(url);
        urls.insert(url.to_string(), new.clone());
        new
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // Requests that were aborted end after this: they must not call what is gone.
        self.sender.close();
    }
}

impl RequestSlots {
    fn take(&mut self) -> (u32, u32) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.list.push(RequestSlot::default());
            (self.list.len() - 1) as u32
        });
        let Some(entry) = self.list.get_mut(slot as usize) else { return (slot, 0) };
        entry.generation = entry.generation.wrapping_add(1);
        (slot, entry.generation)
    }

    fn end(&mut self, slot: u32, generation: u32, answer: Answer) -> Option<Waker> {
        let entry =
            self.list.get_mut(slot as usize).filter(|entry| entry.generation == generation)?;
        entry.answer = Some(answer);
        entry.waker.take()
    }

    fn give_back(&mut self, slot: u32) {
        if let Some(entry) = self.list.get_mut(slot as usize) {
            // An aborted request may still be answered; its generation is over then.
            entry.generation = entry.generation.wrapping_add(1);
            (entry.waker, entry.answer) = (None, None);
        }
        self.free.push(slot);
    }
}

/// A request under way; resolves to its answer.
#[derive(Debug)]
pub(super) struct Sending<'a> {
    exchange: &'a Exchange,
    slot: u32,
    over: bool,
}

impl Future for Sending<'_> {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        let mut slots = self.exchange.slots.borrow_mut();
        let Some(entry) = slots.list.get_mut(self.slot as usize) else { return Poll::Pending };
        if let Some(answer) = entry.answer.take() {
            drop(slots);
            self.over = true;
            return Poll::Ready(answer);
        }
        match &mut entry.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.exchange.sender.abort(self.slot);
        }
        self.exchange.slots.borrow_mut().give_back(self.slot);
    }
}

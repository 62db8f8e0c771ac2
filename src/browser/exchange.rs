//! Requests under way: each has a place, from the call that sends it to the call that brings its end.
//!
//! May not enter: what a request means. Called by: transport. The JavaScript beside it is `fetch.js`.
//! Invariant: a place is used by one request at a time; what comes late for an earlier one is ignored.
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
    fn new(done: &JsValue) -> Sender;
    #[allow(clippy::too_many_arguments, reason = "one crossing of the border instead of seven")]
    #[wasm_bindgen(method)]
    fn send(
        this: &Sender,
        place: u32,
        turn: u32,
        url: &JsValue,
        method: u8,
        headers: Option<&Headers>,
        body: Option<&str>,
        text_from: u16,
    );
    #[wasm_bindgen(method)]
    fn abort(this: &Sender, place: u32);
}

#[wasm_bindgen]
extern "C" {
    /// What only some answers have.
    type Extra;
    #[wasm_bindgen(method, getter)]
    fn text(this: &Extra) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn url(this: &Extra) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = servedBy)]
    fn served_by(this: &Extra) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = retryAfter)]
    fn retry_after(this: &Extra) -> Option<String>;
}

type Done = Closure<dyn FnMut(u32, u32, u16, f64, Option<Extra>)>;

/// How a request ended, as the browser tells it.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// HTTP status; 0 is no answer, and `text` the browser's words for it.
    pub(super) status: u16,
    /// Bytes of a body that is no text.
    pub(super) bytes: u64,
    pub(super) text: Option<String>,
    /// The final URL and the name of its node, where redirects were followed.
    pub(super) final_url: Option<String>,
    pub(super) served_by: Option<String>,
    /// The header, of answers that may have it.
    pub(super) retry_after: Option<String>,
}

/// What is sent.
pub(super) struct Sent<'a> {
    pub(super) url: &'a str,
    /// A place in the list of `fetch.js`.
    pub(super) method: u8,
    pub(super) headers: Option<&'a Headers>,
    /// Empty for none.
    pub(super) body: &'a str,
    /// The status from which on an answer is read as text.
    pub(super) text_from: u16,
}

/// Sends requests.
#[derive(Debug)]
pub(super) struct Exchange {
    sender: Sender,
    _done: Done,
    places: Rc<RefCell<Places>>,
    /// URLs as the browser's own strings: most come again, and bringing one over the border takes longer than
    /// finding it here.
    urls: RefCell<HashMap<String, JsValue>>,
}

/// URLs kept. A run has a thousand keys, nine operations and a few lanes.
const URLS_MAX: usize = 8_192;

#[derive(Debug, Default)]
struct Places {
    list: Vec<Place>,
    free: Vec<u32>,
}

#[derive(Debug, Default)]
struct Place {
    /// Number of the request that has the place, or had it last.
    turn: u32,
    waker: Option<Waker>,
    answer: Option<Answer>,
}

impl Exchange {
    pub(super) fn new() -> Exchange {
        let places = Rc::new(RefCell::new(Places::default()));
        let inside = places.clone();
        let done: Done = Closure::new(move |place, turn, status, bytes: f64, extra: Option<Extra>| {
            let mut answer = Answer { status, bytes: bytes as u64, ..Answer::default() };
            if let Some(extra) = extra {
                (answer.text, answer.final_url) = (extra.text(), extra.url());
                (answer.served_by, answer.retry_after) = (extra.served_by(), extra.retry_after());
            }
            let waker = Places::end(&mut inside.borrow_mut(), place, turn, answer);
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        Exchange { sender: Sender::new(done.as_ref()), _done: done, places, urls: RefCell::default() }
    }

    /// Sends a request at once. Dropping what it gives aborts it.
    pub(super) fn send(&self, sent: &Sent) -> Sending<'_> {
        let (place, turn) = self.places.borrow_mut().take();
        let body = Some(sent.body).filter(|body| !body.is_empty());
        let url = self.url(sent.url);
        self.sender.send(place, turn, &url, sent.method, sent.headers, body, sent.text_from);
        Sending { exchange: self, place, over: false }
    }

    fn url(&self, url: &str) -> JsValue {
        let mut urls = self.urls.borrow_mut();
        if let Some(known) = urls.get(url) {
            return known.clone();
        }
        if urls.len() >= URLS_MAX {
            urls.clear();
        }
        let new = JsValue::from_str(url);
        urls.insert(url.to_string(), new.clone());
        new
    }
}

impl Places {
    fn take(&mut self) -> (u32, u32) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.list.push(Place::default());
            (self.list.len() - 1) as u32
        });
        let Some(entry) = self.list.get_mut(place as usize) else { return (place, 0) };
        entry.turn = entry.turn.wrapping_add(1);
        (place, entry.turn)
    }

    fn end(&mut self, place: u32, turn: u32, answer: Answer) -> Option<Waker> {
        let entry = self.list.get_mut(place as usize).filter(|entry| entry.turn == turn)?;
        entry.answer = Some(answer);
        entry.waker.take()
    }

    fn give_back(&mut self, place: u32) {
        if let Some(entry) = self.list.get_mut(place as usize) {
            // What an aborted request still says is for nobody.
            entry.turn = entry.turn.wrapping_add(1);
            (entry.waker, entry.answer) = (None, None);
        }
        self.free.push(place);
    }
}

/// A request under way; resolves to its end.
#[derive(Debug)]
pub(super) struct Sending<'a> {
    exchange: &'a Exchange,
    place: u32,
    over: bool,
}

impl Future for Sending<'_> {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        let mut places = self.exchange.places.borrow_mut();
        let Some(entry) = places.list.get_mut(self.place as usize) else { return Poll::Pending };
        if let Some(answer) = entry.answer.take() {
            drop(places);
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
            self.exchange.sender.abort(self.place);
        }
        self.exchange.places.borrow_mut().give_back(self.place);
    }
}

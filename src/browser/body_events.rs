//! Events through the body of an answer that does not end (JSON values one after another, or
//! server-sent events) or ends when there is something new (a long poll), read by `fetch`, which
//! can send a header. The JavaScript half is
//! `body_stream.js`.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use wasm_bindgen::prelude::*;
use web_sys::{Headers, Performance};

use fwit_engine::environment::{EventStream, NoAnswer, StreamItem};
use fwit_model::dialect::split::{Part, Splitter};
use fwit_model::dialect::{Stream, StreamKind};
use fwit_model::secret::Redactor;
use fwit_quantities::units::Micros;

#[wasm_bindgen(module = "/src/browser/body_stream.js")]
extern "C" {
    type BodyStream;
    #[wasm_bindgen(constructor)]
    fn new(
        url: &str,
        post: bool,
        headers: Option<&Headers>,
        body: Option<&str>,
        last_event_id: &str,
        position_header: Option<&str>,
        told: &JsValue,
    ) -> BodyStream;
    #[wasm_bindgen(method)]
    fn close(this: &BodyStream);
}

/// What came and was not taken yet.
#[derive(Default)]
struct Inbox {
    items: VecDeque<Result<StreamItem, NoAnswer>>,
    waker: Option<Waker>,
}

/// Most items that wait: a page that is so far behind has lost the stream.
const WAITING_MAX: usize = 100_000;

/// A body as a stream of events.
#[allow(missing_debug_implementations, reason = "the closure has none")]
pub struct BodyEvents {
    stream: Option<BodyStream>,
    _told: Option<Closure<dyn FnMut(u8, String)>>,
    inbox: Rc<RefCell<Inbox>>,
}

impl BodyEvents {
    /// Opens it. Headers that can't be sent show as an error of the first [`EventStream::next`].
    #[must_use]
    pub fn open(
        url: &str,
        headers: Result<Option<Headers>, NoAnswer>,
        stream: &Stream,
        performance: Performance,
        redactor: Redactor,
    ) -> BodyEvents {
        let inbox = Rc::new(RefCell::new(Inbox::default()));
        let headers = match headers {
            Ok(headers) => headers,
            Err(error) => {
                inbox.borrow_mut().items.push_back(Err(error));
                return BodyEvents { stream: None, _told: None, inbox };
            }
        };
        let (inside, mut splitter) = (inbox.clone(), Splitter::new(stream.kind));
        let poll = stream.kind == StreamKind::Poll;
        let told = Closure::<dyn FnMut(u8, String)>::new(move |kind: u8, text: String| {
            let now = Micros::from_millis(performance.now());
            let mut inbox = inside.borrow_mut();
            match kind {
                0 => inbox.items.push_back(Ok(StreamItem::Open)),
                1 => {
                    let clean = splitter.push(&text).into_iter().map(|part| match part {
                        Part::Message(text) => Ok(StreamItem::Message(redactor.cleaned(text), now)),
                        Part::Position(text) => Ok(StreamItem::Position(text)),
                    });
                    let room = WAITING_MAX.saturating_sub(inbox.items.len());
                    let before = inbox.items.len();
                    inbox.items.extend(clean.take(room + 1));
                    if before <= WAITING_MAX && inbox.items.len() > WAITING_MAX {
                        let why = format!("more than {WAITING_MAX} events wait to be counted");
                        inbox.items.push_back(Err(NoAnswer(why)));
                    }
                }
                3 if poll => match splitter.end() {
                    Ok(message) => {
                        let message = message.map(|text| redactor.cleaned(text));
                        inbox.items.extend(message.map(|m| Ok(StreamItem::Message(m, now))));
                        let position = Some(text).filter(|text| !text.is_empty());
                        inbox.items.extend(position.map(|at| Ok(StreamItem::Position(at))));
                        inbox.items.push_back(Ok(StreamItem::Answered));
                    }
                    Err(why) => inbox.items.push_back(Err(NoAnswer(why))),
                },
                _ => {
                    let closed = kind == 3 || text.is_empty();
                    let why = if closed { "the node closed it".into() } else { text };
                    let why = format!("the event stream ended: {}", redactor.cleaned(why));
                    inbox.items.push_back(Err(NoAnswer(why)));
                }
            }
            if let Some(waker) = inbox.waker.take() {
                waker.wake();
            }
        });
        let body = Some(stream.send.as_str()).filter(|send| !send.is_empty());
        let (headers, post) = (headers.as_ref(), body.is_some());
        let position = poll.then_some(stream.position_header.as_str());
        let (last, told_js) = (stream.last_event_id.as_str(), told.as_ref());
        let js = BodyStream::new(url, post, headers, body, last, position, told_js);
        BodyEvents { stream: Some(js), _told: Some(told), inbox }
    }
}

impl Drop for BodyEvents {
    fn drop(&mut self) {
        if let Some(stream) = &self.stream {
            stream.close();
        }
    }
}

impl EventStream for BodyEvents {
    async fn next(&mut self) -> Result<StreamItem, NoAnswer> {
        let inbox = &self.inbox;
        poll_fn(|cx| {
            let mut inbox = inbox.borrow_mut();
            match inbox.items.pop_front() {
                Some(item) => Poll::Ready(item),
                None => {
                    inbox.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

//! Events through a WebSocket, or through the body of an answer that does not end.

use std::future::poll_fn;
use std::pin::{Pin, pin};

use futures_util::future::{Either, select};
use futures_util::{Sink, SinkExt, StreamExt};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, State, WebSocketError};
use gloo_timers::future::TimeoutFuture;
use web_sys::Performance;

use super::body_events::BodyEvents;
use fwit_engine::environment::{EventStream, NoAnswer, StreamItem};
use fwit_model::secret::Redactor;
use fwit_quantities::units::Micros;

/// How long a node may take to say that it has taken the first message, ms.
const TOLD_WITHIN_MS: u32 = 2_000;

/// A stream of events.
#[allow(missing_debug_implementations, reason = "the socket has none")]
pub enum BrowserEvents {
    /// A WebSocket.
    Socket(SocketEvents),
    /// The body of an answer.
    Body(BodyEvents),
}

impl EventStream for BrowserEvents {
    async fn next(&mut self) -> Result<StreamItem, NoAnswer> {
        match self {
            BrowserEvents::Socket(events) => events.next().await,
            BrowserEvents::Body(events) => events.next().await,
        }
    }
}

/// A WebSocket as a stream of events.
#[allow(missing_debug_implementations, reason = "the socket has none")]
pub struct SocketEvents {
    socket: Result<WebSocket, String>,
    opened: bool,
    /// The first message to send; empty for none.
    send: String,
    /// A message that came while the stream was opened.
    first: Option<String>,
    performance: Performance,
    /// The door that keeps the API key out of texts.
    redactor: Redactor,
}

impl SocketEvents {
    /// Opens it. A URL that the browser refuses shows as an error of the first
    /// [`EventStream::next`].
    #[must_use]
    pub fn open(
        url: &str,
        send: &str,
        performance: Performance,
        redactor: Redactor,
    ) -> SocketEvents {
        // The URL may hold the API key, so it stays out of the text.
        let socket = WebSocket::open(url)
            .map_err(|_| "the browser refused to open the event stream".to_string());
        SocketEvents {
            socket,
            opened: false,
            send: send.to_string(),
            first: None,
            performance,
            redactor,
        }
    }
}

impl EventStream for SocketEvents {
    async fn next(&mut self) -> Result<StreamItem, NoAnswer> {
        let socket = self.socket.as_mut().map_err(|e| NoAnswer(e.clone()))?;
        if !self.opened {
            // A WebSocket can be written to as soon as it is open.
            poll_fn(|cx| Pin::new(&mut *socket).poll_ready(cx))
                .await
                .map_err(|e| closed(&e, &self.redactor))?;
            self.opened = true;
            // A refused connection is ready too: the loop below reads its error.
            if matches!(socket.state(), State::Open) {
                if !self.send.is_empty() {
                    let first = Message::Text(self.send.clone());
                    socket.send(first).await.map_err(|e| closed(&e, &self.redactor))?;
                    // It listens when the node has taken that, and most nodes say so.
                    let told = pin!(socket.next());
                    let patience = pin!(TimeoutFuture::new(TOLD_WITHIN_MS));
                    if let Either::Left((Some(Ok(Message::Text(text))), _)) =
                        select(told, patience).await
                    {
                        self.first = Some(text);
                    }
                }
                return Ok(StreamItem::Open);
            }
        }
        if let Some(text) = self.first.take() {
            let now = Micros::from_millis(self.performance.now());
            return Ok(StreamItem::Message(self.redactor.cleaned(text), now));
        }
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Ok(StreamItem::Message(
                        self.redactor.cleaned(text),
                        Micros::from_millis(self.performance.now()),
                    ));
                }
                Some(Ok(Message::Bytes(_))) => {}
                Some(Err(error)) => return Err(closed(&error, &self.redactor)),
                None => return Err(NoAnswer("the node closed the event stream".into())),
            }
        }
    }
}

fn closed(error: &WebSocketError, redactor: &Redactor) -> NoAnswer {
    NoAnswer(redactor.cleaned(match error {
        WebSocketError::ConnectionClose(close) if !close.reason.is_empty() => {
            format!("the event stream closed: {} (code {})", close.reason, close.code)
        }
        WebSocketError::ConnectionClose(close) => {
            format!("the event stream closed (code {})", close.code)
        }
        _ => "the event stream could not be opened, or broke".into(),
    }))
}

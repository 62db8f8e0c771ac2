//! Tells the other tabs of this page something, by a `BroadcastChannel`.

use wasm_bindgen::JsCast;
use web_sys::{BroadcastChannel, MessageEvent};

use super::listener::Listener;

/// An open channel. Dropping it closes it.
#[derive(Debug)]
pub struct Channel {
    channel: BroadcastChannel,
    _listener: Listener,
}

impl Channel {
    /// Opens the channel of this name. `on_text` is called with what other tabs post. `None` where
    /// the browser has none.
    #[must_use]
    pub fn open(name: &str, on_text: impl Fn(String) + 'static) -> Option<Channel> {
        let channel = BroadcastChannel::new(name).ok()?;
        let listener = Listener::new(&channel, "message", move |event| {
            let message = event.dyn_ref::<MessageEvent>().map(MessageEvent::data);
            if let Some(text) = message.and_then(|data| data.as_string()) {
                on_text(text);
            }
        });
        Some(Channel { channel, _listener: listener })
    }

    /// Posts a text to the other tabs.
    pub fn post(&self, text: &str) {
        // A channel that is closed has nobody to tell.
        let _ = self.channel.post_message(&text.into());
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.close();
    }
}

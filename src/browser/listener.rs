//! An event listener that is removed when its handle is dropped.

use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget};

/// A listener on a target. Dropping it removes it.
pub struct Listener {
    target: EventTarget,
    kind: &'static str,
    callback: Closure<dyn FnMut(Event)>,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Listener {
    /// Listens to events of this kind, such as `load` or `message`.
    #[must_use]
    pub fn new(
        target: &EventTarget,
        kind: &'static str,
        callback: impl FnMut(Event) + 'static,
    ) -> Listener {
        let callback = Closure::<dyn FnMut(Event)>::new(callback);
        // This fails only for a detached target, which has no events.
        let _ = target.add_event_listener_with_callback(kind, callback.as_ref().unchecked_ref());
        Listener { target: target.clone(), kind, callback }
    }

    /// Listens on the window.
    #[must_use]
    pub fn on_window(
        kind: &'static str,
        callback: impl FnMut(Event) + 'static,
    ) -> Option<Listener> {
        web_sys::window().map(|window| Listener::new(&window, kind, callback))
    }

    /// Listens on the document.
    #[must_use]
    pub fn on_document(
        kind: &'static str,
        callback: impl FnMut(Event) + 'static,
    ) -> Option<Listener> {
        let document = web_sys::window().and_then(|window| window.document())?;
        Some(Listener::new(&document, kind, callback))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback(self.kind, callback);
    }
}

//! Work in the next animation frame, once, however often it is asked for.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::prelude::*;

/// Runs its callback in the next animation frame after [`FramePump::request`], at most once a
/// frame. A hidden tab has no frames: a request is kept until the tab is shown again. Dropping it
/// cancels what is pending.
#[derive(Clone)]
pub struct FramePump {
    inner: Rc<Inner>,
}

struct Inner {
    pending: Cell<Option<i32>>,
    callback: RefCell<Option<Closure<dyn FnMut()>>>,
}

impl std::fmt::Debug for FramePump {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FramePump")
            .field("pending", &self.inner.pending.get())
            .finish_non_exhaustive()
    }
}

impl FramePump {
    /// Makes a pump for this callback.
    #[must_use]
    pub fn new(mut callback: impl FnMut() + 'static) -> FramePump {
        let inner = Rc::new(Inner { pending: Cell::new(None), callback: RefCell::new(None) });
        let weak = Rc::downgrade(&inner);
        let closure = Closure::<dyn FnMut()>::new(move || {
            if let Some(inner) = weak.upgrade() {
                inner.pending.set(None);
            }
            callback();
        });
        *inner.callback.borrow_mut() = Some(closure);
        FramePump { inner }
    }

    /// Asks for the next frame, if none is pending.
    pub fn request(&self) {
        if self.inner.pending.get().is_some() {
            return;
        }
        let callback = self.inner.callback.borrow();
        if let (Some(window), Some(callback)) = (web_sys::window(), callback.as_ref()) {
            self.inner
                .pending
                .set(window.request_animation_frame(callback.as_ref().unchecked_ref()).ok());
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let (Some(id), Some(window)) = (self.pending.get(), web_sys::window()) {
            let _ = window.cancel_animation_frame(id);
        }
    }
}

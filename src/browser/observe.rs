//! Observers of the document. Each ends when its handle is dropped.

use wasm_bindgen::prelude::*;
use web_sys::{
    Element, MutationObserver, MutationObserverInit, ResizeObserver, ResizeObserverEntry,
};

/// Tells the size of an element at the start and after each change, until it is dropped.
pub struct Resize {
    observer: ResizeObserver,
    _callback: Closure<dyn FnMut(js_sys::Array)>,
}

impl std::fmt::Debug for Resize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resize").finish_non_exhaustive()
    }
}

impl Resize {
    /// Calls `call` with width and height of the element's content in CSS pixels.
    ///
    /// # Errors
    /// When the browser has no `ResizeObserver`.
    pub fn new(
        element: &Element,
        mut call: impl FnMut(f64, f64) + 'static,
    ) -> Result<Self, JsValue> {
        let callback = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            if let Some(last) = entries.iter().last() {
                let rect = last.unchecked_into::<ResizeObserverEntry>().content_rect();
                call(rect.width(), rect.height());
            }
        });
        let observer = ResizeObserver::new(callback.as_ref().unchecked_ref())?;
        observer.observe(element);
        Ok(Self { observer, _callback: callback })
    }
}

impl Drop for Resize {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Tells when an attribute of an element changes, until it is dropped.
pub struct Attributes {
    observer: MutationObserver,
    _callback: Closure<dyn FnMut()>,
}

impl std::fmt::Debug for Attributes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attributes").finish_non_exhaustive()
    }
}

impl Attributes {
    /// Calls `call` after one of the named attributes of the element has changed.
    ///
    /// # Errors
    /// When the browser refuses to observe it.
    pub fn new(
        element: &Element,
        names: &[&str],
        call: impl FnMut() + 'static,
    ) -> Result<Self, JsValue> {
        let callback = Closure::<dyn FnMut()>::new(call);
        let observer = MutationObserver::new(callback.as_ref().unchecked_ref())?;
        let options = MutationObserverInit::new();
        options.set_attributes(true);
        let filter: js_sys::Array = names.iter().map(|n| JsValue::from_str(n)).collect();
        options.set_attribute_filter(&filter);
        observer.observe_with_options(element, &options)?;
        Ok(Self { observer, _callback: callback })
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

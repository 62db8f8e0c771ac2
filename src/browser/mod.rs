//! The browser behind small typed handles: the single home of web-sys.
//!
//! May not enter: Leptos, statistics, anything that decides what is shown.
//! Called by: page, worker. Calls: protocol, units.
//! Invariant: whatever a handle starts (listener, worker, frame, object URL), dropping the handle ends it.
//! Tests: tests/browser and tests/e2e, in a real browser.

pub mod clipboard;
pub mod document;
pub mod environment;
pub mod files;
pub mod frame;
pub mod listener;
pub mod panic_page;
pub mod prefs;
pub mod store;
pub mod worker_link;

/// A JavaScript value as text for people: an error's message, a string, or its type.
#[must_use]
pub fn describe(value: &wasm_bindgen::JsValue) -> String {
    use wasm_bindgen::JsCast as _;
    if let Some(error) = value.dyn_ref::<js_sys::Error>() {
        return String::from(error.message());
    }
    let message = js_sys::Reflect::get(value, &"message".into()).ok().and_then(|m| m.as_string());
    message.or_else(|| value.as_string()).unwrap_or_else(|| "it gave no reason".into())
}

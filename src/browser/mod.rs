//! The browser, behind small typed handles.
//!
//! May not enter: Leptos, statistics, policy.
//! Invariant: every browser resource is a handle that undoes itself on drop.
//! Tests: tests/browser and tests/e2e, in a real browser.

mod alarms;
pub mod blob;
mod body_events;
pub mod canvas;
pub mod channel;
pub mod clipboard;
pub mod clock;
pub mod document;
pub mod environment;
pub mod event_stream;
mod exchange;
pub mod files;
pub mod frame;
pub mod links;
pub mod listener;
pub mod locks;
pub mod observe;
pub mod page_lifecycle;
pub mod panic_page;
pub mod permissions;
pub mod prefs;
pub mod pressure;
pub mod resource_timing;
pub mod save;
pub mod storage;
pub mod store;
pub mod theme;
pub mod transport;
pub mod worker_link;

/// Returns a JavaScript value as text for people: an error's message, a string, or that it gave no
/// reason.
#[must_use]
pub fn describe(value: &wasm_bindgen::JsValue) -> String {
    use wasm_bindgen::JsCast as _;
    if let Some(error) = value.dyn_ref::<js_sys::Error>() {
        return String::from(error.message());
    }
    let message = js_sys::Reflect::get(value, &"message".into()).ok().and_then(|m| m.as_string());
    message.or_else(|| value.as_string()).unwrap_or_else(|| "it gave no reason".into())
}

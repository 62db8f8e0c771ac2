//! How much room the browser gives the page's data, and whether it keeps them.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{StorageEstimate, StorageManager};

fn manager() -> Option<StorageManager> {
    let navigator = web_sys::window()?.navigator();
    // It is not there on a page that came over http from another machine.
    let there = js_sys::Reflect::has(&navigator, &JsValue::from_str("storage")).unwrap_or(false);
    there.then(|| navigator.storage())
}

async fn answer(promise: Result<js_sys::Promise, JsValue>) -> Option<JsValue> {
    JsFuture::from(promise.ok()?).await.ok()
}

/// Returns how many bytes the page's data take, and how many they may; `None` where the browser
/// does not say.
pub async fn estimate() -> (Option<f64>, Option<f64>) {
    let Some(manager) = manager() else { return (None, None) };
    let Some(estimate) = answer(manager.estimate()).await else { return (None, None) };
    let estimate: StorageEstimate = estimate.unchecked_into();
    (estimate.get_usage(), estimate.get_quota())
}

/// Returns whether the browser keeps the data until the user deletes them; `None` where it does
/// not say.
pub async fn is_persistent() -> Option<bool> {
    answer(manager()?.persisted()).await?.as_bool()
}

/// Asks the browser to keep the data, and returns what it says; `None` where it can't be asked.
pub async fn keep() -> Option<bool> {
    answer(manager()?.persist()).await?.as_bool()
}

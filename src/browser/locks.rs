//! Web Locks: what this browser's tabs are doing. A lock is gone with the tab that held it, however
//! it went.
//!
//! Invariant: without Web Locks (pages that are not secure contexts) nothing is known of other
//! tabs, and nothing fails.
//! Tests: tests/e2e.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(this: &LockManager, name: &str, callback: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn query(this: &LockManager) -> Result<Promise, JsValue>;
}

fn manager() -> Option<LockManager> {
    let navigator = web_sys::window()?.navigator();
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    (!locks.is_undefined()).then(|| locks.unchecked_into())
}

/// A lock that this tab holds. Dropping it gives it back.
#[derive(Debug)]
pub struct Held {
    release: Function,
}

impl Drop for Held {
    fn drop(&mut self) {
        // Resolving a promise does not fail.
        let _ = self.release.call0(&JsValue::NULL);
    }
}

/// Takes a lock, as soon as it is free. `None` where the browser has none.
#[must_use]
pub fn hold(name: &str) -> Option<Held> {
    request(name, None)
}

/// Takes a lock, and returns when it is taken. `None` where the browser has none.
pub async fn wait_for(name: &str) -> Option<Held> {
    let mut tell = None;
    let taken = Promise::new(&mut |resolve, _| tell = Some(resolve));
    let held = request(name, tell)?;
    JsFuture::from(taken).await.ok()?;
    Some(held)
}

fn request(name: &str, tell: Option<Function>) -> Option<Held> {
    let manager = manager()?;
    let mut release = None;
    // The lock is held until this promise is settled.
    let until = Promise::new(&mut |resolve, _| release = Some(resolve));
    let callback = Closure::once_into_js(move |_: JsValue| {
        if let Some(tell) = tell {
            // Resolving a promise does not fail.
            let _ = tell.call0(&JsValue::NULL);
        }
        until
    });
    let _ends_with_the_lock = manager.request(name, &callback).ok()?;
    Some(Held { release: release? })
}

/// Returns the names of all locks that this browser's tabs of this page hold. `None` where the
/// browser does not say.
pub async fn held() -> Option<Vec<String>> {
    let snapshot = JsFuture::from(manager()?.query().ok()?).await.ok()?;
    let list: Array = Reflect::get(&snapshot, &"held".into()).ok()?.dyn_into().ok()?;
    let name = |lock: JsValue| Reflect::get(&lock, &"name".into()).ok()?.as_string();
    Some(list.iter().filter_map(name).collect())
}

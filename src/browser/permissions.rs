//! What the browser says of permissions.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Returns the state of a permission (`granted`, `denied`, `prompt`) by the first of these names
/// that this browser knows; `None` where it knows none.
pub async fn state(names: &[&str]) -> Option<String> {
    for name in names {
        if let Some(state) = query(name).await {
            return Some(state);
        }
    }
    None
}

async fn query(name: &str) -> Option<String> {
    let navigator: JsValue = web_sys::window()?.navigator().into();
    let get = |of: &JsValue, name: &str| js_sys::Reflect::get(of, &name.into()).ok();
    let permissions = get(&navigator, "permissions").filter(|p| !p.is_undefined())?;
    let query: js_sys::Function = get(&permissions, "query")?.dyn_into().ok()?;
    let descriptor = js_sys::Object::new();
    js_sys::Reflect::set(&descriptor, &"name".into(), &name.into()).ok()?;
    // A name that the browser does not know rejects.
    let promise: js_sys::Promise = query.call1(&permissions, &descriptor).ok()?.dyn_into().ok()?;
    let status = JsFuture::from(promise).await.ok()?;
    get(&status, "state")?.as_string()
}

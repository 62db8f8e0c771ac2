//! The clipboard.

use wasm_bindgen_futures::JsFuture;

/// Puts text on the clipboard.
///
/// # Errors
/// When the browser does not allow it: the page is not secure, or not in front.
pub async fn write(text: &str) -> Result<(), String> {
    let refused = || "The browser did not let the page write to the clipboard.".to_string();
    let window = web_sys::window().ok_or_else(refused)?;
    let clipboard =
        js_sys::Reflect::get(&window.navigator(), &"clipboard".into()).unwrap_or_default();
    if clipboard.is_undefined() {
        return Err(
            "This page has no clipboard: it needs https or an address of this machine.".into()
        );
    }
    JsFuture::from(window.navigator().clipboard().write_text(text))
        .await
        .map(drop)
        .map_err(|_| refused())
}

//! The page's document: address, title, theme, focus, attributes that scripts read.

use wasm_bindgen::JsCast;
use web_sys::{Document, HtmlElement, Window};

fn window() -> Option<Window> {
    web_sys::window()
}

fn document() -> Option<Document> {
    window()?.document()
}

fn root() -> Option<HtmlElement> {
    document()?.document_element()?.dyn_into().ok()
}

/// Returns the address from `#` on.
#[must_use]
pub fn hash() -> String {
    window().and_then(|w| w.location().hash().ok()).unwrap_or_default()
}

/// Goes to an address from `#` on; the browser's back button returns.
pub fn go(hash: &str) {
    if let Some(window) = window() {
        let _ = window.location().set_hash(hash);
    }
}

/// Shows an address without a new entry in the browser's history.
pub fn replace(hash: &str) {
    if let Some(history) = window().and_then(|w| w.history().ok()) {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(hash));
    }
}

/// Returns the page's address without what follows `#`, for links to share.
#[must_use]
pub fn address() -> String {
    let href = window().and_then(|w| w.location().href().ok()).unwrap_or_default();
    href.split('#').next().unwrap_or_default().to_string()
}

/// Returns the host of the page's address, with its port; empty for a file.
#[must_use]
pub fn host() -> String {
    window().and_then(|w| w.location().host().ok()).unwrap_or_default()
}

/// Returns the page's own origin, such as `http://127.0.0.1:8080`.
#[must_use]
pub fn origin() -> String {
    window().and_then(|w| w.location().origin().ok()).unwrap_or_default()
}

/// Returns what the page's head says under a name (`<meta name=… content=…>`).
#[must_use]
pub fn meta(name: &str) -> Option<String> {
    let line = document()?.query_selector(&format!("meta[name=\"{name}\"]")).ok()??;
    line.get_attribute("content")
}

/// Returns whether the page is a secure context: over https, or from this machine.
#[must_use]
pub fn is_secure_context() -> bool {
    window().is_some_and(|w| w.is_secure_context())
}

/// Returns whether anything answers at an address, even if the page may not read it.
pub async fn answers(url: &str) -> bool {
    let Some(window) = window() else { return false };
    let init = web_sys::RequestInit::new();
    init.set_mode(web_sys::RequestMode::NoCors);
    init.set_cache(web_sys::RequestCache::NoStore);
    wasm_bindgen_futures::JsFuture::from(window.fetch_with_str_and_init(url, &init)).await.is_ok()
}

/// Sets the tab's title.
pub fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}

/// Sets `data-NAME` on the root element, or removes it.
pub fn set_root_data(name: &str, value: Option<&str>) {
    let Some(root) = root() else { return };
    let name = format!("data-{name}");
    let _ = match value {
        Some(value) => root.set_attribute(&name, value),
        None => root.remove_attribute(&name),
    };
}

/// Puts the focus on the element with this id, and brings it into view.
pub fn focus(id: &str) {
    if let Some(element) = document().and_then(|d| d.get_element_by_id(id)) {
        element.scroll_into_view();
        if let Ok(element) = element.dyn_into::<HtmlElement>() {
            let _ = element.focus();
        }
    }
}

/// Puts the focus on the element with this id where it stands; returns whether it is there.
pub fn focus_here(id: &str) -> bool {
    let element = document().and_then(|d| d.get_element_by_id(id));
    let element = element.and_then(|element| element.dyn_into::<HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}

/// Puts the focus on the element with this id once it is there: within the next frames, or never.
pub fn focus_soon(id: &str) {
    let id = id.to_string();
    wasm_bindgen_futures::spawn_local(async move {
        for _ in 0..FRAMES {
            next_frame().await;
            if focus_here(&id) {
                return;
            }
        }
    });
}

/// So many frames an element may take to be there.
const FRAMES: u32 = 60;

async fn next_frame() {
    let frame = js_sys::Promise::new(&mut |resolve, _| {
        if let Some(window) = window() {
            let _ = window.request_animation_frame(&resolve);
        }
    });
    // A promise of a frame is never rejected.
    let _ = wasm_bindgen_futures::JsFuture::from(frame).await;
}

/// Returns whether the user types into a field now, so that single keys are not commands.
#[must_use]
pub fn is_typing() -> bool {
    let Some(element) = document().and_then(|d| d.active_element()) else { return false };
    match element.tag_name().as_str() {
        "TEXTAREA" | "SELECT" => true,
        "INPUT" => !matches!(
            element.get_attribute("type").as_deref(),
            Some("checkbox" | "button" | "submit" | "file")
        ),
        _ => false,
    }
}

/// Returns whether a native dialog is open.
#[must_use]
pub fn has_dialog() -> bool {
    document().is_some_and(|d| d.query_selector("dialog[open]").ok().flatten().is_some())
}

/// Scrolls to the top of the page.
pub fn scroll_to_top() {
    if let Some(window) = window() {
        window.scroll_to_with_x_and_y(0.0, 0.0);
    }
}

/// Shows the native dialog with this id as a modal one.
pub fn show_dialog(id: &str) {
    let dialog = document().and_then(|d| d.get_element_by_id(id));
    if let Some(dialog) = dialog.and_then(|d| d.dyn_into::<web_sys::HtmlDialogElement>().ok())
        && !dialog.open()
    {
        let _ = dialog.show_modal();
    }
}

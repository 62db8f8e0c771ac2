//! Small settings that survive a reload, in localStorage, and what a tab holds, in sessionStorage.
//! When the browser has none for the page (private mode, blocked cookies), they last as long as the
//! page.

const PREFIX: &str = "fwit.";

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// Returns a setting.
#[must_use]
pub fn get(name: &str) -> Option<String> {
    storage()?.get_item(&format!("{PREFIX}{name}")).ok().flatten()
}

/// Keeps a setting, or forgets it.
pub fn set(name: &str, value: Option<&str>) {
    let Some(storage) = storage() else { return };
    let name = format!("{PREFIX}{name}");
    // When the storage is full or forbidden, only a convenience is lost.
    let _ = match value {
        Some(value) => storage.set_item(&name, value),
        None => storage.remove_item(&name),
    };
}

fn session() -> Option<web_sys::Storage> {
    web_sys::window()?.session_storage().ok().flatten()
}

/// Returns what this tab holds.
#[must_use]
pub fn of_tab(name: &str) -> Option<String> {
    session()?.get_item(&format!("{PREFIX}{name}")).ok().flatten()
}

/// Has this tab hold something over a reload.
pub fn set_of_tab(name: &str, value: &str) {
    if let Some(storage) = session() {
        // As for settings.
        let _ = storage.set_item(&format!("{PREFIX}{name}"), value);
    }
}

//! Small settings that survive a reload, in localStorage. When the browser has none for the page
//! (private mode, blocked cookies), they last as long as the page.

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

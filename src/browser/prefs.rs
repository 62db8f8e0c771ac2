//! Small settings that survive a reload: localStorage, with the product's prefix. Where the browser keeps no
//! storage for the page (private mode, blocked cookies), settings last as long as the page.

const PREFIX: &str = "fwit.";

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// A setting.
#[must_use]
pub fn get(name: &str) -> Option<String> {
    storage()?.get_item(&format!("{PREFIX}{name}")).ok().flatten()
}

/// Keeps a setting, or forgets it.
pub fn set(name: &str, value: Option<&str>) {
    let Some(storage) = storage() else { return };
    let name = format!("{PREFIX}{name}");
    // A full or forbidden storage loses a convenience, nothing of the user's.
    let _ = match value {
        Some(value) => storage.set_item(&name, value),
        None => storage.remove_item(&name),
    };
}

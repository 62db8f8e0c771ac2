//! Files behind addresses.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, RequestCredentials, RequestInit, Response};

/// Fetches a file. No cookies and no key go with the request. The browser keeps what is large on
/// the disk.
///
/// # Errors
/// Why it can't be had, and what to do.
pub async fn fetch_blob(url: &str) -> Result<Blob, String> {
    let window = web_sys::window().ok_or("There is no window.")?;
    let init = RequestInit::new();
    init.set_credentials(RequestCredentials::Omit);
    let answer = JsFuture::from(window.fetch_with_str_and_init(url, &init)).await.map_err(|_| {
        format!(
            "The browser could not fetch it. Is the address right, does its server run, and does \
             it let this page read it (“Access-Control-Allow-Origin: {}”)?",
            super::document::origin()
        )
    })?;
    let answer: Response = answer.dyn_into().map_err(|_| "That is no answer.")?;
    if !answer.ok() {
        return Err(format!("Its server answered {}.", answer.status()));
    }
    let blob = answer.blob().map_err(|error| super::describe(&error))?;
    let blob = JsFuture::from(blob)
        .await
        .map_err(|error| format!("It broke off: {}.", super::describe(&error)))?;
    blob.dyn_into().map_err(|_| "That is no file.".into())
}

//! Files behind addresses.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, RequestCache, RequestCredentials, RequestInit, Response};

/// Fetches a text of at most so many bytes, as it is now: the browser asks whether what it has kept
/// is still true.
///
/// # Errors
/// As [`fetch_blob`], or that it is longer.
pub async fn fetch_text(url: &str, bytes_max: usize) -> Result<String, String> {
    let blob = fetch(url, RequestCache::NoCache).await?;
    if blob.size() > bytes_max as f64 {
        return Err(format!("It is longer than {bytes_max} bytes."));
    }
    let text = JsFuture::from(blob.text()).await.map_err(|error| super::describe(&error))?;
    text.as_string().ok_or_else(|| "That is no text.".into())
}

/// Fetches a file. No cookies and no key go with the request. The browser keeps what is large on
/// the disk.
///
/// # Errors
/// Why it can't be had, and what to do.
pub async fn fetch_blob(url: &str) -> Result<Blob, String> {
    fetch(url, RequestCache::Default).await
}

async fn fetch(url: &str, cache: RequestCache) -> Result<Blob, String> {
    let window = web_sys::window().ok_or("There is no window.")?;
    let init = RequestInit::new();
    init.set_cache(cache);
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

//! Saves files: downloads from memory, whose address is revoked afterwards.

use wasm_bindgen::prelude::*;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, HtmlCanvasElement, Url};

/// An address of data in memory. Dropping it frees the data.
#[derive(Debug)]
pub struct ObjectUrl(String);

impl ObjectUrl {
    /// Makes the address of a blob.
    ///
    /// # Errors
    /// When the browser gives none.
    pub fn new(blob: &Blob) -> Result<Self, JsValue> {
        Url::create_object_url_with_blob(blob).map(Self)
    }

    /// Returns the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Drop for ObjectUrl {
    fn drop(&mut self) {
        let _ = Url::revoke_object_url(&self.0);
    }
}

/// Offers the blob as a download called `name`.
///
/// # Errors
/// When there is no document or the browser refuses.
pub fn save_blob(name: &str, blob: &Blob) -> Result<(), JsValue> {
    let document =
        web_sys::window().and_then(|w| w.document()).ok_or("this thread has no document")?;
    let url = ObjectUrl::new(blob)?;
    let anchor: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    anchor.set_href(url.as_str());
    anchor.set_download(name);
    anchor.click();
    Ok(())
}

/// A file that is made piece by piece; the browser keeps the pieces.
#[derive(Debug, Default)]
pub struct PieceByPiece(js_sys::Array);

impl PieceByPiece {
    /// Adds a piece.
    pub fn push(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.0.push(&js_sys::Uint8Array::from(bytes));
        }
    }

    /// Offers the file as a download called `name`.
    ///
    /// # Errors
    /// As [`save_blob`].
    pub fn save(&self, name: &str, media_type: &str) -> Result<(), JsValue> {
        let options = BlobPropertyBag::new();
        options.set_type(media_type);
        save_blob(name, &Blob::new_with_u8_array_sequence_and_options(&self.0, &options)?)
    }
}

/// Offers text as a download called `name`, of a media type such as `image/svg+xml`.
///
/// # Errors
/// As [`save_blob`].
pub fn save_text(name: &str, text: &str, media_type: &str) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    save_blob(name, &Blob::new_with_str_sequence_and_options(&parts, &options)?)
}

/// Offers what a canvas shows as a PNG called `name`.
///
/// # Errors
/// When the browser can not make the picture. Later errors are not reported.
pub fn save_png(name: &str, canvas: &HtmlCanvasElement) -> Result<(), JsValue> {
    let name = name.to_owned();
    // It is called once; the browser keeps it until then.
    let done = Closure::once_into_js(move |blob: Option<Blob>| {
        if let Some(blob) = blob {
            let _ = save_blob(&name, &blob);
        }
    });
    canvas.to_blob(done.unchecked_ref())
}

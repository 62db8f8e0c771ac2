//! Files that the user picks or drops, and files that the page saves.

use js_sys::Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DataTransfer, File, FileList};

/// A name and a size, and the file itself.
#[derive(Clone, Debug)]
pub struct Picked {
    /// Its name; with the folders it was in, where a folder was dropped.
    pub name: String,
    /// Its size, bytes.
    pub size: u64,
    blob: Blob,
}

impl Picked {
    /// Takes a blob under a name.
    #[must_use]
    pub fn blob(name: &str, blob: Blob) -> Picked {
        Picked { name: name.to_string(), size: blob.size() as u64, blob }
    }

    /// Takes a text under a name.
    #[must_use]
    pub fn text(name: &str, text: &str) -> Option<Picked> {
        let parts = js_sys::Array::of1(&text.into());
        Blob::new_with_str_sequence(&parts).ok().map(|blob| Picked::blob(name, blob))
    }

    /// Returns the files of a file input.
    #[must_use]
    pub fn all(list: Option<FileList>) -> Vec<Picked> {
        let Some(list) = list else { return Vec::new() };
        let hidden = |file: &Picked| file.name.split('/').any(|part| part.starts_with('.'));
        let all = (0..list.length()).filter_map(|i| list.item(i)).map(Picked::from);
        all.filter(|file| !hidden(file)).take(FOLDER_MAX).collect()
    }

    /// Reads the file as a whole: for small ones.
    ///
    /// # Errors
    /// When it is empty or can't be read (it was moved, or access is forbidden).
    pub async fn read(&self) -> Result<Vec<u8>, String> {
        if self.size == 0 {
            return Err("It is empty.".into());
        }
        let buffer = JsFuture::from(self.blob.array_buffer()).await.map_err(|error| {
            format!(
                "The browser could not read it: {}. Was it moved or changed?",
                super::describe(&error)
            )
        })?;
        Ok(js_sys::Uint8Array::new(&buffer).to_vec())
    }

    /// Returns the file itself, for a worker.
    #[must_use]
    pub fn file(&self) -> Blob {
        self.blob.clone()
    }
}

/// Returns what was dropped: files, and those in folders. Call it while the drop is handled: later
/// the browser knows nothing of it any more.
pub fn dropped(transfer: &DataTransfer) -> impl Future<Output = Vec<Picked>> + use<> {
    let entries = entries_of(transfer);
    async move {
        // A folder that can't be read gives what was read of it.
        let list = files_of(&entries, FOLDER_MAX as u32).await;
        list.iter()
            .filter_map(|pair| {
                let pair = pair.dyn_into::<Array>().ok()?;
                let blob = pair.get(1).dyn_into::<Blob>().ok()?;
                Some(Picked::blob(&pair.get(0).as_string()?, blob))
            })
            .collect()
    }
}

/// Most files that are taken of a folder.
pub const FOLDER_MAX: usize = 2_000;

#[wasm_bindgen(module = "/src/browser/folder.js")]
extern "C" {
    #[wasm_bindgen(js_name = entriesOf)]
    fn entries_of(transfer: &DataTransfer) -> Array;
    #[wasm_bindgen(js_name = filesOf)]
    async fn files_of(entries: &Array, most: u32) -> Array;
}

impl From<File> for Picked {
    fn from(file: File) -> Picked {
        // Files of a picked folder have a path.
        let path = js_sys::Reflect::get(&file, &"webkitRelativePath".into()).ok();
        let path = path.and_then(|path| path.as_string()).filter(|path| !path.is_empty());
        Picked::blob(&path.unwrap_or_else(|| file.name()), file.into())
    }
}

/// Saves text as a file, as if the user had clicked a download link.
///
/// # Errors
/// When the browser refuses.
pub fn save(name: &str, mime: &str, text: &str) -> Result<(), String> {
    super::save::save_text(name, text, mime).map_err(|error| {
        format!("The browser could not save “{name}”: {}.", super::describe(&error))
    })
}

//! Files that the user picks or drops, and files that the page saves.

use wasm_bindgen_futures::JsFuture;
use web_sys::{DataTransfer, File, FileList};

/// Largest file that is read, bytes.
pub const FILE_MAX: u64 = 512 * 1024 * 1024;

/// A file's name and size, and the file itself.
#[derive(Clone, Debug)]
pub struct Picked {
    /// Its name, without a path.
    pub name: String,
    /// Its size, bytes.
    pub size: u64,
    file: File,
}

impl Picked {
    /// Returns the files of a file input.
    #[must_use]
    pub fn all(list: Option<FileList>) -> Vec<Picked> {
        let Some(list) = list else { return Vec::new() };
        (0..list.length()).filter_map(|i| list.item(i)).map(Picked::from).collect()
    }

    /// Returns the files of a drop.
    #[must_use]
    pub fn dropped(transfer: Option<DataTransfer>) -> Vec<Picked> {
        Picked::all(transfer.and_then(|t| t.files()))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When it is empty, too large, or can't be read (it was moved, or access is forbidden).
    pub async fn read(&self) -> Result<Vec<u8>, String> {
        if self.size == 0 {
            return Err("It is empty.".into());
        }
        if self.size > FILE_MAX {
            return Err(format!("It is larger than {} MB.", FILE_MAX / (1024 * 1024)));
        }
        let buffer = JsFuture::from(self.file.array_buffer()).await.map_err(|error| {
            format!(
                "The browser could not read it: {}. Was it moved or changed?",
                super::describe(&error)
            )
        })?;
        Ok(js_sys::Uint8Array::new(&buffer).to_vec())
    }

    /// Returns the file itself, for a worker.
    #[must_use]
    pub fn file(&self) -> File {
        self.file.clone()
    }
}

impl From<File> for Picked {
    fn from(file: File) -> Picked {
        Picked { name: file.name(), size: file.size() as u64, file }
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

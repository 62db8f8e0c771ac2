//! The files of items, for an archive: as they are kept now, also where another tab has changed
//! them.

use super::Library;

impl Library {
    /// Returns the text of an item's file.
    ///
    /// # Errors
    /// When it is gone, or the store fails.
    pub async fn file(self, id: &str) -> Result<String, String> {
        let stored = match self.store().await {
            Ok(store) => store.run(id).await.map_err(|error| error.to_string())?,
            Err(_) => None,
        };
        match stored {
            Some(json) => Ok(json),
            None => self.json(id).await,
        }
    }
}

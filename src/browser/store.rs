//! The runs of this browser in IndexedDB: under each id the text of the run's file, and a small
//! card of it.
//!
//! Both are written in one transaction, so that neither is there alone. Inside a transaction only
//! its own requests are awaited, because it would commit otherwise.

use idb::{
    Database, DatabaseEvent as _, Factory, ObjectStoreParams, TransactionMode, TransactionResult,
};
use wasm_bindgen::{JsCast, JsValue};

const NAME: &str = "fwit";
const VERSION: u32 = 1;
const RUNS: &str = "runs";
const CARDS: &str = "cards";

/// What can go wrong with the store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The page has no IndexedDB.
    #[error(
        "This browser keeps no data for the page (private mode, or blocked): runs last until the \
         page closes. Save them as files. ({0})"
    )]
    Unavailable(String),
    /// There is no room left.
    #[error(
        "The browser has no room left for this run: save it as a file, then delete old runs from \
         the library."
    )]
    Full,
    /// Anything else.
    #[error("The browser's store failed: {0}.")]
    Failed(String),
}

impl From<idb::Error> for StoreError {
    fn from(error: idb::Error) -> StoreError {
        let text = error.to_string();
        if text.contains("QuotaExceeded") || text.contains("quota") {
            StoreError::Full
        } else {
            StoreError::Failed(text)
        }
    }
}

/// The open store.
#[derive(Debug)]
pub struct Store {
    database: Database,
}

impl Store {
    /// Opens the store, and makes it when there is none.
    ///
    /// # Errors
    /// When the browser has none for this page.
    pub async fn open() -> Result<Store, StoreError> {
        let unavailable = |error: idb::Error| StoreError::Unavailable(error.to_string());
        let mut request =
            Factory::new().and_then(|f| f.open(NAME, Some(VERSION))).map_err(unavailable)?;
        request.on_upgrade_needed(|event| {
            if let Ok(database) = event.database() {
                for name in [RUNS, CARDS] {
                    // If it can't be made, every later transaction fails and says so.
                    let _ = database.create_object_store(name, ObjectStoreParams::new());
                }
            }
        });
        let mut database = request.await.map_err(unavailable)?;
        // Another tab has a newer fwit: let it upgrade the store.
        database.on_version_change(|event| {
            if let Ok(database) = event.database() {
                database.close();
            }
        });
        Ok(Store { database })
    }

    /// Keeps a run: its file's text and its card.
    ///
    /// # Errors
    /// [`StoreError::Full`] when there is no room.
    pub async fn put(&self, id: &str, run: &str, card: &str) -> Result<(), StoreError> {
        let transaction = self.database.transaction(&[RUNS, CARDS], TransactionMode::ReadWrite)?;
        let key = JsValue::from_str(id);
        let run = transaction.object_store(RUNS)?.put(&JsValue::from_str(run), Some(&key))?;
        let card = transaction.object_store(CARDS)?.put(&JsValue::from_str(card), Some(&key))?;
        run.await?;
        card.await?;
        committed(transaction.await)
    }

    /// Returns the text of a run's file; `None` when there is no such run.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run(&self, id: &str) -> Result<Option<String>, StoreError> {
        let transaction = self.database.transaction(&[RUNS], TransactionMode::ReadOnly)?;
        let value = transaction.object_store(RUNS)?.get(JsValue::from_str(id))?.await?;
        Ok(value.and_then(|v| v.as_string()))
    }

    /// Returns ids and cards of all runs, in no order.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn cards(&self) -> Result<Vec<(String, String)>, StoreError> {
        let transaction = self.database.transaction(&[CARDS], TransactionMode::ReadOnly)?;
        let store = transaction.object_store(CARDS)?;
        let (keys, values) = (store.get_all_keys(None, None)?, store.get_all(None, None)?);
        let (keys, values) = (keys.await?, values.await?);
        let text =
            |v: &JsValue| v.dyn_ref::<js_sys::JsString>().map(String::from).unwrap_or_default();
        Ok(keys.iter().map(text).zip(values.iter().map(text)).collect())
    }

    /// Removes a run.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete(&self, id: &str) -> Result<(), StoreError> {
        let transaction = self.database.transaction(&[RUNS, CARDS], TransactionMode::ReadWrite)?;
        let key = JsValue::from_str(id);
        let run = transaction.object_store(RUNS)?.delete(key.clone())?;
        let card = transaction.object_store(CARDS)?.delete(key)?;
        run.await?;
        card.await?;
        committed(transaction.await)
    }
}

fn committed(result: Result<TransactionResult, idb::Error>) -> Result<(), StoreError> {
    match result? {
        TransactionResult::Committed => Ok(()),
        // Chromium aborts at the commit when the quota is used up.
        TransactionResult::Aborted => Err(StoreError::Full),
    }
}

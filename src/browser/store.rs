//! The runs of this browser in IndexedDB: under each id the text of the run's file, and a small
//! card of it. Beside them what is kept of runs under way: a head each, and parts.
//!
//! What belongs together is written in one transaction, so that nothing is there alone. Inside a
//! transaction only its own requests are awaited, because it would commit otherwise.

use std::cell::Cell;
use std::rc::Rc;

use idb::{
    Database, DatabaseEvent as _, Factory, KeyRange, ObjectStoreParams, TransactionMode,
    TransactionResult,
};
use wasm_bindgen::{JsCast, JsValue};

const NAME: &str = "fwit";
const VERSION: u32 = 2;
const RUNS: &str = "runs";
const CARDS: &str = "cards";
/// Heads of runs under way, by id.
const HEADS: &str = "under_way";
/// Their parts, by id and number: `id/000001`.
const PARTS: &str = "under_way_parts";

/// What can go wrong with the store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The page has no IndexedDB.
    #[error(
        "This browser keeps no data for the page (private mode, or blocked): runs last until the \
         page closes. Save them as files. ({0})"
    )]
    Unavailable(String),
    /// There is a run of this id already.
    #[error("There is another run of this id.")]
    Taken,
    /// Another tab has upgraded the store for a newer fwit.
    #[error(
        "Another tab has a newer fwit, which has changed how runs are kept: reload this page to \
         see them."
    )]
    Newer,
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
        } else if text.contains("ConstraintError") {
            StoreError::Taken
        } else if text.contains("VersionError") {
            StoreError::Newer
        } else {
            StoreError::Failed(text)
        }
    }
}

/// What is kept of a run under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// Its newest head.
    pub head: String,
    /// Its parts, in the order in which they were kept.
    pub parts: Vec<String>,
}

/// What is kept under an id: the text of the run's file, and its card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The file's text.
    pub run: String,
    /// The card.
    pub card: String,
}

/// What was taken out of the store, as the browser has it: it is not copied into the program.
#[derive(Clone, Debug)]
pub struct Taken {
    key: JsValue,
    run: JsValue,
    card: JsValue,
}

/// The open store. Dropping it closes it.
#[derive(Debug)]
pub struct Store {
    database: Database,
    closed: Rc<Cell<bool>>,
}

impl Drop for Store {
    fn drop(&mut self) {
        self.database.close();
    }
}

impl Store {
    /// Opens the store, and makes it when there is none. `blocked` is called when another tab has
    /// an older one open that has to be closed first: this waits until it is.
    ///
    /// # Errors
    /// When the browser has none for this page, or a newer one.
    pub async fn open(blocked: impl FnOnce() + 'static) -> Result<Store, StoreError> {
        let unavailable = |error: idb::Error| match StoreError::from(error) {
            StoreError::Failed(text) => StoreError::Unavailable(text),
            other => other,
        };
        let mut request =
            Factory::new().and_then(|f| f.open(NAME, Some(VERSION))).map_err(unavailable)?;
        request.on_upgrade_needed(|event| {
            if let Ok(database) = event.database() {
                let known = database.store_names();
                let missing = |name: &&str| !known.iter().any(|k| k.as_str() == *name);
                for name in [RUNS, CARDS, HEADS, PARTS].into_iter().filter(missing) {
                    // If it can't be made, every later transaction fails and says so.
                    let _ = database.create_object_store(name, ObjectStoreParams::new());
                }
            }
        });
        request.on_blocked(|_| blocked());
        let mut database = request.await.map_err(unavailable)?;
        let closed = Rc::new(Cell::new(false));
        // Another tab has a newer fwit: let it upgrade the store.
        let close = closed.clone();
        database.on_version_change(move |event| {
            close.set(true);
            if let Ok(database) = event.database() {
                database.close();
            }
        });
        // The browser closes it when the user deletes the page's data.
        let close = closed.clone();
        database.on_close(move |_| close.set(true));
        Ok(Store { database, closed })
    }

    /// Returns whether it was closed for another tab, or by the browser: open it again then.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Changes what is kept under an id, in one transaction: no other tab's change comes between.
    /// Returns what is kept now; `None` where nothing was, or `change` returned nothing.
    ///
    /// # Errors
    /// As [`Store::put`].
    pub async fn edit(
        &self,
        id: &str,
        change: impl FnOnce(&Stored) -> Option<Stored>,
    ) -> Result<Option<Stored>, StoreError> {
        let transaction = self.database.transaction(&[RUNS, CARDS], TransactionMode::ReadWrite)?;
        let key = JsValue::from_str(id);
        let (runs, cards) = (transaction.object_store(RUNS)?, transaction.object_store(CARDS)?);
        let (run, card) = (runs.get(key.clone())?, cards.get(key.clone())?);
        let text = |value: Option<JsValue>| value.and_then(|value| value.as_string());
        let (run, card) = (text(run.await?), text(card.await?));
        let Some(run) = run else { return Ok(None) };
        let before = Stored { run, card: card.unwrap_or_default() };
        let Some(after) = change(&before) else { return Ok(None) };
        if after.run != before.run {
            runs.put(&JsValue::from_str(&after.run), Some(&key))?.await?;
        }
        cards.put(&JsValue::from_str(&after.card), Some(&key))?.await?;
        committed(transaction.await)?;
        Ok(Some(after))
    }

    /// Takes runs out of the store, all or none. What is not there is left out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take(&self, ids: &[&str]) -> Result<Vec<Taken>, StoreError> {
        let transaction = self.database.transaction(&[RUNS, CARDS], TransactionMode::ReadWrite)?;
        let (runs, cards) = (transaction.object_store(RUNS)?, transaction.object_store(CARDS)?);
        let mut taken = Vec::new();
        for id in ids {
            let key = JsValue::from_str(id);
            let (run, card) = (runs.get(key.clone())?, cards.get(key.clone())?);
            let (run, card) = (run.await?, card.await?);
            runs.delete(key.clone())?.await?;
            cards.delete(key.clone())?.await?;
            if let (Some(run), Some(card)) = (run, card) {
                taken.push(Taken { key, run, card });
            }
        }
        committed(transaction.await)?;
        Ok(taken)
    }

    /// Puts back what was taken, all or none. Where something else has the id by now, that stays.
    ///
    /// # Errors
    /// As [`Store::put`].
    pub async fn put_back(&self, taken: &[Taken]) -> Result<(), StoreError> {
        let transaction = self.database.transaction(&[RUNS, CARDS], TransactionMode::ReadWrite)?;
        let (runs, cards) = (transaction.object_store(RUNS)?, transaction.object_store(CARDS)?);
        for Taken { key, run, card } in taken {
            if runs.get(key.clone())?.await?.is_none() {
                runs.put(run, Some(key))?.await?;
                cards.put(card, Some(key))?.await?;
            }
        }
        committed(transaction.await)
    }

    /// Keeps a run: its file's text and its card. A `new` one takes nobody's place.
    ///
    /// # Errors
    /// [`StoreError::Full`] when there is no room, [`StoreError::Taken`] when a new run's id is
    /// another's.
    pub async fn put(&self, id: &str, run: &str, card: &str, new: bool) -> Result<(), StoreError> {
        let transaction = self.database.transaction(&[RUNS, CARDS], TransactionMode::ReadWrite)?;
        let key = JsValue::from_str(id);
        let (runs, run) = (transaction.object_store(RUNS)?, JsValue::from_str(run));
        if new {
            // Awaited at once: where the id is taken, the transaction is over.
            runs.add(&run, Some(&key))?.await?;
        } else {
            runs.put(&run, Some(&key))?.await?;
        }
        let card = transaction.object_store(CARDS)?.put(&JsValue::from_str(card), Some(&key))?;
        card.await?;
        committed(transaction.await)
    }

    /// Keeps what there is of a run under way: its newest head, and one part more.
    ///
    /// # Errors
    /// [`StoreError::Full`] when there is no room.
    pub async fn keep(
        &self,
        id: &str,
        head: &str,
        number: u32,
        part: &str,
    ) -> Result<(), StoreError> {
        let transaction = self.database.transaction(&[HEADS, PARTS], TransactionMode::ReadWrite)?;
        let (key, place) = (JsValue::from_str(id), JsValue::from_str(&format!("{id}/{number:06}")));
        let head = transaction.object_store(HEADS)?.put(&JsValue::from_str(head), Some(&key))?;
        let part = transaction.object_store(PARTS)?.put(&JsValue::from_str(part), Some(&place))?;
        head.await?;
        part.await?;
        committed(transaction.await)
    }

    /// Returns the ids of all runs of which something is kept as under way.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ids_under_way(&self) -> Result<Vec<String>, StoreError> {
        let transaction = self.database.transaction(&[HEADS], TransactionMode::ReadOnly)?;
        let keys = transaction.object_store(HEADS)?.get_all_keys(None, None)?.await?;
        Ok(keys.iter().filter_map(JsValue::as_string).collect())
    }

    /// Returns what is kept of a run under way; `None` when nothing is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn under_way(&self, id: &str) -> Result<Option<UnderWay>, StoreError> {
        let transaction = self.database.transaction(&[HEADS, PARTS], TransactionMode::ReadOnly)?;
        let head = transaction.object_store(HEADS)?.get(JsValue::from_str(id))?;
        let parts = transaction.object_store(PARTS)?.get_all(Some(parts_of(id)?.into()), None)?;
        let (head, parts) = (head.await?, parts.await?);
        let parts = parts.iter().filter_map(JsValue::as_string).collect();
        let head = head.and_then(|head| head.as_string());
        Ok(head.map(|head| UnderWay { head, parts }))
    }

    /// Forgets what is kept of a run under way.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_under_way(&self, id: &str) -> Result<(), StoreError> {
        let transaction = self.database.transaction(&[HEADS, PARTS], TransactionMode::ReadWrite)?;
        let head = transaction.object_store(HEADS)?.delete(JsValue::from_str(id))?;
        let parts = transaction.object_store(PARTS)?.delete(parts_of(id)?)?;
        head.await?;
        parts.await?;
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

/// The keys of all parts of a run.
fn parts_of(id: &str) -> Result<KeyRange, StoreError> {
    // "0" follows "/".
    let (from, to) = (format!("{id}/"), format!("{id}0"));
    Ok(KeyRange::bound(&from.into(), &to.into(), None, Some(true))?)
}

fn committed(result: Result<TransactionResult, idb::Error>) -> Result<(), StoreError> {
    match result? {
        TransactionResult::Committed => Ok(()),
        // Chromium aborts at the commit when the quota is used up.
        TransactionResult::Aborted => Err(StoreError::Full),
    }
}

//! The Raft log and the vote, on disk, in redb.
//!
//! A commit of redb returns after fsync, so what openraft is told to be stored is stored. Group
//! commit is done one level up: one log entry holds a batch of commands (`batch`).

use std::fmt::Debug;
use std::ops::{Bound, RangeBounds};
use std::path::Path;
use std::sync::Arc;

use openraft::storage::{LogFlushed, LogState, RaftLogStorage};
use openraft::{
    AnyError, Entry, LogId, OptionalSend, RaftLogReader, StorageError, StorageIOError, Vote,
};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::{NodeId, TypeConfig};

const ENTRIES: TableDefinition<u64, &[u8]> = TableDefinition::new("entries");
const FACTS: TableDefinition<&str, &[u8]> = TableDefinition::new("facts");
const VOTE: &str = "vote";
const PURGED: &str = "purged";

/// Entries of one read at most this many bytes, so that one replication message stays bounded.
const READ_BYTES: usize = 8 << 20;

type Stored<T> = Result<T, StorageError<NodeId>>;

/// Why the log could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store refused: disk full, file locked by another process, damaged file.
    #[error(transparent)]
    Store(#[from] redb::Error),
    /// A record does not decode.
    #[error("a record of the Raft log does not decode: {0}")]
    Decode(#[from] postcard::Error),
    /// The task that wrote to disk did not finish.
    #[error("the disk writer stopped: {0}")]
    Writer(#[from] tokio::task::JoinError),
}

macro_rules! store_error {
    ($($kind:ident),*) => { $(impl From<redb::$kind> for LogError {
        fn from(error: redb::$kind) -> Self { Self::Store(error.into()) }
    })* };
}
store_error!(DatabaseError, TransactionError, TableError, StorageError, CommitError);

/// The log store of one node; clones share the file.
#[derive(Debug, Clone)]
pub struct LogStore {
    database: Arc<Database>,
}

impl LogStore {
    /// Opens the log at `path`, or makes it.
    ///
    /// # Errors
    /// When the file is held by another process, damaged, or cannot be made.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let database = Database::create(path)?;
        let write = database.begin_write()?;
        write.open_table(ENTRIES)?;
        write.open_table(FACTS)?;
        write.commit()?;
        Ok(Self { database: Arc::new(database) })
    }

    /// Runs `work` in one durable transaction, off the async threads.
    async fn write(
        &self,
        work: impl FnOnce(&redb::WriteTransaction) -> Result<(), LogError> + Send + 'static,
    ) -> Result<(), LogError> {
        let database = self.database.clone();
        tokio::task::spawn_blocking(move || {
            let write = database.begin_write()?;
            work(&write)?;
            write.commit()?;
            Ok(())
        })
        .await?
    }

    fn fact<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<T>, LogError> {
        let table = self.database.begin_read()?.open_table(FACTS)?;
        let Some(bytes) = table.get(name)? else { return Ok(None) };
        Ok(Some(postcard::from_bytes(bytes.value())?))
    }

    fn read(&self, range: (Bound<u64>, Bound<u64>)) -> Result<Vec<Entry<TypeConfig>>, LogError> {
        let table = self.database.begin_read()?.open_table(ENTRIES)?;
        let mut entries = Vec::new();
        for item in table.range::<u64>(range)? {
            let (_, bytes) = item?;
            entries.push(postcard::from_bytes(bytes.value())?);
        }
        Ok(entries)
    }

    fn read_bounded(&self, start: u64, end: u64) -> Result<Vec<Entry<TypeConfig>>, LogError> {
        let table = self.database.begin_read()?.open_table(ENTRIES)?;
        let (mut entries, mut bytes_read) = (Vec::new(), 0);
        for item in table.range(start..end)? {
            let (_, bytes) = item?;
            bytes_read += bytes.value().len();
            if bytes_read > READ_BYTES && !entries.is_empty() {
                break;
            }
            entries.push(postcard::from_bytes(bytes.value())?);
        }
        Ok(entries)
    }

    fn last_entry(&self) -> Result<Option<Entry<TypeConfig>>, LogError> {
        let table = self.database.begin_read()?.open_table(ENTRIES)?;
        let Some((_, bytes)) = table.last()? else { return Ok(None) };
        Ok(Some(postcard::from_bytes(bytes.value())?))
    }
}

impl RaftLogReader<TypeConfig> for LogStore {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> Stored<Vec<Entry<TypeConfig>>> {
        self.read((range.start_bound().cloned(), range.end_bound().cloned()))
            .map_err(|e| StorageIOError::read_logs(AnyError::new(&e)).into())
    }

    async fn limited_get_log_entries(
        &mut self,
        start: u64,
        end: u64,
    ) -> Stored<Vec<Entry<TypeConfig>>> {
        self.read_bounded(start, end)
            .map_err(|e| StorageIOError::read_logs(AnyError::new(&e)).into())
    }
}

impl RaftLogStorage<TypeConfig> for LogStore {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Stored<LogState<TypeConfig>> {
        let fail = |e: LogError| StorageError::from(StorageIOError::read_logs(AnyError::new(&e)));
        let purged: Option<LogId<NodeId>> = self.fact(PURGED).map_err(fail)?;
        let last = self.last_entry().map_err(fail)?.map(|entry| entry.log_id);
        Ok(LogState { last_purged_log_id: purged, last_log_id: last.or(purged) })
    }

    async fn get_log_reader(&mut self) -> Self::LogReader {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote<NodeId>) -> Stored<()> {
        let fail = |e: LogError| StorageError::from(StorageIOError::write_vote(AnyError::new(&e)));
        let bytes = postcard::to_stdvec(vote).map_err(|e| fail(e.into()))?;
        self.write(move |write| {
            write.open_table(FACTS)?.insert(VOTE, bytes.as_slice())?;
            Ok(())
        })
        .await
        .map_err(fail)
    }

    async fn read_vote(&mut self) -> Stored<Option<Vote<NodeId>>> {
        self.fact(VOTE).map_err(|e| StorageIOError::read_vote(AnyError::new(&e)).into())
    }

    async fn append<I>(&mut self, entries: I, callback: LogFlushed<TypeConfig>) -> Stored<()>
    where
        I: IntoIterator<Item = Entry<TypeConfig>> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let fail = |e: LogError| StorageError::from(StorageIOError::write_logs(AnyError::new(&e)));
        let mut records = Vec::new();
        for entry in entries {
            records.push((
                entry.log_id.index,
                postcard::to_stdvec(&entry).map_err(|e| fail(e.into()))?,
            ));
        }
        self.write(move |write| {
            let mut table = write.open_table(ENTRIES)?;
            for (index, bytes) in &records {
                table.insert(index, bytes.as_slice())?;
            }
            Ok(())
        })
        .await
        .map_err(fail)?;
        callback.log_io_completed(Ok(()));
        Ok(())
    }

    async fn truncate(&mut self, log_id: LogId<NodeId>) -> Stored<()> {
        self.write(move |write| {
            write.open_table(ENTRIES)?.retain_in(log_id.index.., |_, _| false)?;
            Ok(())
        })
        .await
        .map_err(|e| StorageIOError::write_logs(AnyError::new(&e)).into())
    }

    async fn purge(&mut self, log_id: LogId<NodeId>) -> Stored<()> {
        let fail = |e: LogError| StorageError::from(StorageIOError::write_logs(AnyError::new(&e)));
        let bytes = postcard::to_stdvec(&log_id).map_err(|e| fail(e.into()))?;
        self.write(move |write| {
            write.open_table(FACTS)?.insert(PURGED, bytes.as_slice())?;
            write.open_table(ENTRIES)?.retain_in(..=log_id.index, |_, _| false)?;
            Ok(())
        })
        .await
        .map_err(fail)
    }
}

#[cfg(test)]
mod tests {
    use openraft::testing::StoreBuilder;

    use super::super::machine::Machine;
    use super::*;

    struct Builder;

    impl StoreBuilder<TypeConfig, LogStore, Machine, tempfile::TempDir> for Builder {
        async fn build(&self) -> Stored<(tempfile::TempDir, LogStore, Machine)> {
            let folder = tempfile::tempdir().unwrap();
            let log = LogStore::open(&folder.path().join("log.redb")).unwrap();
            let (machine, _) = Machine::open(folder.path()).unwrap();
            Ok((folder, log, machine))
        }
    }

    /// openraft's own conformance suite for stores.
    #[test]
    fn the_store_passes_openrafts_suite() {
        openraft::testing::Suite::test_all(Builder).unwrap();
    }
}

//! The state machine: applies committed entries to [`State`], tells subscribers, takes and opens
//! snapshots.
//!
//! The state lives in memory; on disk it is the last snapshot plus the log behind it.

use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use openraft::storage::{RaftStateMachine, Snapshot};
use openraft::{
    AnyError, BasicNode, Entry, EntryPayload, LogId, OptionalSend, RaftSnapshotBuilder,
    SnapshotMeta, StorageError, StorageIOError, StoredMembership,
};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use super::state::{Command, State};
use super::{NodeId, Outcomes, TypeConfig};

/// Events that a slow subscriber may lie behind before it is cut off.
const EVENTS_KEPT: usize = 16_384;
const SNAPSHOT: &str = "snapshot";

type Stored<T> = Result<T, StorageError<NodeId>>;

/// Why a snapshot could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// The file system refused.
    #[error("snapshot {path}: {source}")]
    File { path: PathBuf, source: io::Error },
    /// The bytes are no snapshot of this version.
    #[error("snapshot does not decode: {0}; remove the data folder of this node to start it anew")]
    Decode(#[from] postcard::Error),
    /// The task that wrote it did not finish.
    #[error("the snapshot writer stopped: {0}")]
    Writer(#[from] tokio::task::JoinError),
}

/// An event as subscribers of this node get it.
#[derive(Debug, Clone)]
pub struct Event {
    /// What it was published under.
    pub topic: Arc<str>,
    /// Its data: JSON text.
    pub data: Arc<str>,
    /// When this node dispatched it.
    pub at: chrono::DateTime<chrono::Utc>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Applied {
    last: Option<LogId<NodeId>>,
    membership: StoredMembership<NodeId, BasicNode>,
    state: State,
}

#[derive(Debug, Default)]
struct Held {
    applied: Applied,
    /// Bytes and entries applied since the last snapshot.
    unsaved: Unsaved,
}

/// What was applied since the last snapshot: what a restart has to replay.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unsaved {
    /// Log entries.
    pub entries: u64,
    /// Bytes of their commands, about.
    pub bytes: usize,
}

/// The state machine of one node; clones share the state.
#[derive(Debug, Clone)]
pub struct Machine {
    held: Arc<RwLock<Held>>,
    folder: PathBuf,
    events: broadcast::Sender<Event>,
}

impl Machine {
    /// Opens the last snapshot in `folder`, or starts empty. Also gives the stream of events.
    ///
    /// # Errors
    /// When there is a snapshot that cannot be read or does not decode.
    pub fn open(folder: &Path) -> Result<(Self, broadcast::Sender<Event>), MachineError> {
        let path = folder.join(SNAPSHOT);
        let applied = match std::fs::read(&path) {
            Ok(bytes) => postcard::from_bytes(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Applied::default(),
            Err(source) => return Err(MachineError::File { path, source }),
        };
        let (events, _) = broadcast::channel(EVENTS_KEPT);
        let held = Held { applied, unsaved: Unsaved::default() };
        let machine = Self {
            held: Arc::new(RwLock::new(held)),
            folder: folder.to_path_buf(),
            events: events.clone(),
        };
        Ok((machine, events))
    }

    /// The state as this node has applied it, O(1).
    #[must_use]
    pub fn state(&self) -> State {
        self.read().applied.state.clone()
    }

    /// Reads from the state without copying it. `look` must be short: writes wait for it.
    pub fn with_state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.read().applied.state)
    }

    /// What a snapshot taken now would save from replay.
    #[must_use]
    pub fn unsaved(&self) -> Unsaved {
        self.read().unsaved
    }

    // A poisoned lock means a panic while applying; the state may then be half of a batch and must
    // not be served, but openraft has stopped by then, so nothing is acknowledged from it any more.
    fn read(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn apply_one(&self, held: &mut Held, entry: Entry<TypeConfig>) -> Outcomes {
        held.applied.last = Some(entry.log_id);
        held.unsaved.entries += 1;
        match entry.payload {
            EntryPayload::Blank => Outcomes(Vec::new()),
            EntryPayload::Membership(membership) => {
                held.applied.membership = StoredMembership::new(Some(entry.log_id), membership);
                Outcomes(Vec::new())
            }
            EntryPayload::Normal(batch) => {
                held.unsaved.bytes += batch.0.iter().map(Command::weight).sum::<usize>();
                Outcomes(batch.0.iter().map(|command| self.apply_command(held, command)).collect())
            }
        }
    }

    fn apply_command(&self, held: &mut Held, command: &Command) -> super::state::Outcome {
        if let Command::Publish { topic, data } = command {
            // No subscriber at this node is no error.
            let event = Event { topic: topic.clone(), data: data.clone(), at: chrono::Utc::now() };
            let _ = self.events.send(event);
        }
        held.applied.state.apply(command)
    }

    async fn save(&self, applied: Applied) -> Result<Vec<u8>, MachineError> {
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || {
            let bytes = postcard::to_stdvec(&applied)?;
            write_whole(&folder, &bytes)
                .map_err(|source| MachineError::File { path: folder.join(SNAPSHOT), source })?;
            Ok(bytes)
        })
        .await?
    }
}

/// Writes the snapshot beside the old one, forces it to disk, then takes the old one's place.
fn write_whole(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(SNAPSHOT)).map_err(|e| e.error)?;
    std::fs::File::open(folder)?.sync_all()
}

fn meta_of(applied: &Applied) -> SnapshotMeta<NodeId, BasicNode> {
    let snapshot_id = applied
        .last
        .map_or_else(|| "empty".to_owned(), |id| format!("{}-{}", id.leader_id, id.index));
    SnapshotMeta {
        last_log_id: applied.last,
        last_membership: applied.membership.clone(),
        snapshot_id,
    }
}

fn failed(error: &MachineError) -> StorageError<NodeId> {
    StorageIOError::write_snapshot(None, AnyError::new(error)).into()
}

impl RaftSnapshotBuilder<TypeConfig> for Machine {
    async fn build_snapshot(&mut self) -> Stored<Snapshot<TypeConfig>> {
        let (applied, covered) = {
            let held = self.read();
            (held.applied.clone(), held.unsaved)
        };
        let meta = meta_of(&applied);
        let bytes = self.save(applied).await.map_err(|e| failed(&e))?;
        let mut held = self.write();
        held.unsaved.entries = held.unsaved.entries.saturating_sub(covered.entries);
        held.unsaved.bytes = held.unsaved.bytes.saturating_sub(covered.bytes);
        Ok(Snapshot { meta, snapshot: Box::new(Cursor::new(bytes)) })
    }
}

impl RaftStateMachine<TypeConfig> for Machine {
    type SnapshotBuilder = Self;

    async fn applied_state(
        &mut self,
    ) -> Stored<(Option<LogId<NodeId>>, StoredMembership<NodeId, BasicNode>)> {
        let held = self.read();
        Ok((held.applied.last, held.applied.membership.clone()))
    }

    async fn apply<I>(&mut self, entries: I) -> Stored<Vec<Outcomes>>
    where
        I: IntoIterator<Item = Entry<TypeConfig>> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut held = self.write();
        Ok(entries.into_iter().map(|entry| self.apply_one(&mut held, entry)).collect())
    }

    async fn get_snapshot_builder(&mut self) -> Self::SnapshotBuilder {
        self.clone()
    }

    async fn begin_receiving_snapshot(&mut self) -> Stored<Box<Cursor<Vec<u8>>>> {
        Ok(Box::new(Cursor::new(Vec::new())))
    }

    async fn install_snapshot(
        &mut self,
        meta: &SnapshotMeta<NodeId, BasicNode>,
        snapshot: Box<Cursor<Vec<u8>>>,
    ) -> Stored<()> {
        let mut applied: Applied =
            postcard::from_bytes(snapshot.get_ref()).map_err(|e| failed(&e.into()))?;
        applied.last = meta.last_log_id;
        applied.membership = meta.last_membership.clone();
        self.save(applied.clone()).await.map_err(|e| failed(&e))?;
        *self.write() = Held { applied, unsaved: Unsaved::default() };
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> Stored<Option<Snapshot<TypeConfig>>> {
        let path = self.folder.join(SNAPSHOT);
        let bytes = match tokio::fs::read(&path).await {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed(&MachineError::File { path, source })),
        };
        let applied: Applied = postcard::from_bytes(&bytes).map_err(|e| failed(&e.into()))?;
        Ok(Some(Snapshot { meta: meta_of(&applied), snapshot: Box::new(Cursor::new(bytes)) }))
    }
}

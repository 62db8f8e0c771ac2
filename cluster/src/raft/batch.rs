//! Group commit: commands that arrive while an entry is on its way to disk travel together in the
//! next one.
//!
//! openraft 0.9 waits for the disk after each entry, so one entry a command would mean one fsync a
//! command. With one entry a batch the cost of an fsync is shared by all who wait (Gray and Reuter,
//! Transaction Processing, 1992, 9.4: group commit). Order of arrival is kept.

use std::sync::Arc;
use std::time::Duration;

use openraft::error::ClientWriteError;
use openraft::raft::ClientWriteResponse;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::state::{Command, Outcome};
use super::{Batch, Raft, TypeConfig};

/// Commands of one entry at most.
const BATCH_COMMANDS: usize = 256;
/// Bytes of one entry at most, unless a single command is larger.
const BATCH_BYTES: usize = 1 << 20;
/// Entries on their way at a time: one in the log, one behind it.
const IN_FLIGHT: usize = 2;
/// Commands that may wait; beyond it submitters wait themselves.
const QUEUE: usize = 4096;

/// Why a command was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// This node does not lead (any more). If it did when the write came, the new leader may still
    /// apply it.
    #[error("leadership has moved; the write may still be applied")]
    NotLeader,
    /// It was not committed in time; it may still be.
    #[error("timed out waiting for a majority to store the write; it may still be applied")]
    TimedOut,
    /// The node is stopping, or its storage failed, after it had taken the command.
    #[error("the node's consensus has stopped ({0}); the write may still be applied")]
    Stopped(String),
}

type Reply = oneshot::Sender<Result<Outcome, SubmitError>>;

/// Takes commands and gives their outcomes; clones share the queue.
#[derive(Debug, Clone)]
pub struct Submitter {
    queue: mpsc::Sender<(Command, Reply)>,
    timeout: Duration,
}

impl Submitter {
    /// Starts the task that makes batches for `raft`.
    #[must_use]
    pub fn start(raft: Raft, timeout: Duration) -> Self {
        let (queue, inbox) = mpsc::channel(QUEUE);
        tokio::spawn(run(raft, inbox));
        Self { queue, timeout }
    }

    /// Submits a command and waits until this node has applied it.
    ///
    /// # Errors
    /// See [`SubmitError`]; none of them says that nothing was done.
    pub async fn submit(&self, command: Command) -> Result<Outcome, SubmitError> {
        let (reply, outcome) = oneshot::channel();
        let stopped = || SubmitError::Stopped("the queue is closed".to_owned());
        let wait = async {
            self.queue.send((command, reply)).await.map_err(|_| stopped())?;
            outcome.await.map_err(|_| stopped())?
        };
        tokio::time::timeout(self.timeout, wait).await.map_err(|_| SubmitError::TimedOut)?
    }
}

async fn run(raft: Raft, mut inbox: mpsc::Receiver<(Command, Reply)>) {
    let permits = Arc::new(Semaphore::new(IN_FLIGHT));
    // A command taken from the queue that did not fit the batch before.
    let mut next = None;
    loop {
        let first = match next.take() {
            Some(first) => first,
            None => match inbox.recv().await {
                Some(first) => first,
                None => return,
            },
        };
        // Whoever arrives while this waits joins the batch.
        let Ok(permit) = permits.clone().acquire_owned().await else { return };
        let mut bytes = first.0.weight();
        let (mut commands, mut replies) = (vec![first.0], vec![first.1]);
        while commands.len() < BATCH_COMMANDS {
            let Ok((command, reply)) = inbox.try_recv() else { break };
            bytes += command.weight();
            if bytes > BATCH_BYTES {
                next = Some((command, reply));
                break;
            }
            commands.push(command);
            replies.push(reply);
        }
        // Submitted here, in order; awaited apart.
        let receiver = raft.client_write_ff(Batch(commands)).await;
        tokio::spawn(async move {
            let written = match receiver {
                Ok(receiver) => match receiver.await {
                    Ok(result) => outcomes(result),
                    Err(_) => Err(SubmitError::Stopped("no answer".to_owned())),
                },
                Err(fatal) => Err(SubmitError::Stopped(fatal.to_string())),
            };
            drop(permit);
            for (position, reply) in replies.into_iter().enumerate() {
                let outcome = match &written {
                    Ok(outcomes) => outcomes.get(position).copied().ok_or_else(|| {
                        SubmitError::Stopped(
                            "the state machine gave fewer outcomes than commands".to_owned(),
                        )
                    }),
                    Err(error) => Err(error.clone()),
                };
                // A submitter that gave up is no error.
                let _ = reply.send(outcome);
            }
        });
    }
}

fn outcomes(
    written: Result<ClientWriteResponse<TypeConfig>, ClientWriteFailure>,
) -> Result<Vec<Outcome>, SubmitError> {
    match written {
        Ok(response) => Ok(response.data.0),
        Err(ClientWriteError::ForwardToLeader(_)) => Err(SubmitError::NotLeader),
        Err(error) => Err(SubmitError::Stopped(error.to_string())),
    }
}

type ClientWriteFailure = ClientWriteError<super::NodeId, openraft::BasicNode>;

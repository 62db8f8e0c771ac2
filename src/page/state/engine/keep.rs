//! What is kept of what is under way, and the lock that tells other tabs of it.

use crate::page::state::Item;
use crate::protocol::KeptRun;

/// What there is of what is under way, to be kept until it is over.
pub enum Keep {
    /// Of a run, every five seconds.
    Run(KeptRun),
    /// Of an experiment, after each pair.
    Experiment(Item),
}

/// Returns the name of the lock that a tab holds while it runs a load.
pub fn run_lock(id: &str, name: &str) -> String {
    format!("{RUN_LOCK}{id} {name}")
}

/// Returns the id and the name of a run by its lock; `None` of other locks.
pub fn locked_run(lock: &str) -> Option<(&str, &str)> {
    lock.strip_prefix(RUN_LOCK)?.split_once(' ')
}

/// How the names of such locks begin.
const RUN_LOCK: &str = "fwit-run ";

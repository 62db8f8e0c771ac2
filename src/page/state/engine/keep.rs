//! What is kept of what is under way, and the locks that tell other tabs of it.

use crate::browser::locks::{Held, hold};
use crate::page::state::Item;
use crate::protocol::KeptRun;

/// What there is of what is under way, to be kept until it is over.
pub enum Keep {
    /// Of a run, every five seconds.
    Run(KeptRun),
    /// Of an experiment, after each pair.
    Experiment(Item),
}

/// Before the name of the run that a tab has under way.
const LOAD_LOCK: &str = "fwit-load ";

/// Returns the name of the lock that a tab holds until a run is over and in the library.
pub fn run_lock(id: &str) -> String {
    format!("fwit-run {id}")
}

/// Takes both locks of a run: by its id, for who waits for its end, and by its name, for people.
pub fn lock_run(id: &str, name: &str) -> Vec<Held> {
    let names = [run_lock(id), format!("{LOAD_LOCK}{name}")];
    names.iter().filter_map(|name| hold(name)).collect()
}

/// Returns the name of the run that this lock tells of; `None` of other locks.
pub fn name_of_load(lock: &str) -> Option<&str> {
    lock.strip_prefix(LOAD_LOCK)
}

//! The replicated state and the commands that change it: plain data, no clock, no chance, no I/O.
//!
//! Every node applies the same commands in the same order and so holds the same state.

use std::sync::Arc;

use bytes::Bytes;
use imbl::OrdMap;
use serde::{Deserialize, Serialize};

/// Which of the two text maps a command speaks of. Both are replicated alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Space {
    /// `/db/api/v1/…`: the values proper.
    Values,
    /// `/db/api/v1/cache/…`: a map of its own.
    Cache,
}

/// One write, as it stands in the Raft log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Sets a key, whatever it held.
    Set { space: Space, key: Arc<str>, value: Arc<str> },
    /// Removes a key; an absent key is no error.
    Delete { space: Space, key: Arc<str> },
    /// Sets a key only if it is absent.
    SetNx { space: Space, key: Arc<str>, value: Arc<str> },
    /// Sets a key only if it holds `old`.
    Cas { space: Space, key: Arc<str>, old: Arc<str>, new: Arc<str> },
    /// Adds `by` to the integer a value holds; a missing value counts as 0, the result is floored
    /// at 0.
    Bump { key: Arc<str>, by: i64 },
    /// Stores a blob under a free key.
    BlobSet { key: Arc<str>, blob: Bytes },
    /// Removes a blob.
    BlobDelete { key: Arc<str> },
    /// Tells every node's subscribers; `data` is JSON text. Leaves the state as it is.
    Publish { topic: Arc<str>, data: Arc<str> },
}

impl Command {
    /// Bytes that the command carries, about: what batches and the log are bounded by.
    #[must_use]
    pub fn weight(&self) -> usize {
        32 + match self {
            Self::Set { key, value, .. } | Self::SetNx { key, value, .. } => {
                key.len() + value.len()
            }
            Self::Cas { key, old, new, .. } => key.len() + old.len() + new.len(),
            Self::BlobSet { key, blob } => key.len() + blob.len(),
            Self::Publish { topic, data } => topic.len() + data.len(),
            Self::Delete { key, .. } | Self::Bump { key, .. } | Self::BlobDelete { key } => {
                key.len()
            }
        }
    }
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Done.
    Done,
    /// A `setnx` or a blob set met a key that exists.
    Exists,
    /// A `cas` met another value.
    Changed,
    /// The key does not exist.
    Missing,
    /// A bump met a value that is not an integer.
    NotAnInteger,
}

/// The whole replicated state. Cloning is O(1): the maps share their trees.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    values: OrdMap<Arc<str>, Arc<str>>,
    cache: OrdMap<Arc<str>, Arc<str>>,
    blobs: OrdMap<Arc<str>, Bytes>,
    /// Events published since the cluster was made.
    events: u64,
}

impl State {
    /// Carries out one command. Events are counted here and told elsewhere.
    pub fn apply(&mut self, command: &Command) -> Outcome {
        match command {
            Command::Set { space, key, value } => {
                self.map_mut(*space).insert(key.clone(), value.clone());
                Outcome::Done
            }
            Command::Delete { space, key } => {
                self.map_mut(*space).remove(key);
                Outcome::Done
            }
            Command::SetNx { space, key, value } => {
                let map = self.map_mut(*space);
                if map.contains_key(key) {
                    return Outcome::Exists;
                }
                map.insert(key.clone(), value.clone());
                Outcome::Done
            }
            Command::Cas { space, key, old, new } => {
                let map = self.map_mut(*space);
                match map.get(key) {
                    None => Outcome::Missing,
                    Some(held) if held != old => Outcome::Changed,
                    Some(_) => {
                        map.insert(key.clone(), new.clone());
                        Outcome::Done
                    }
                }
            }
            Command::Bump { key, by } => self.bump(key, *by),
            Command::BlobSet { key, blob } => {
                if self.blobs.contains_key(key) {
                    return Outcome::Exists;
                }
                self.blobs.insert(key.clone(), blob.clone());
                Outcome::Done
            }
            Command::BlobDelete { key } => match self.blobs.remove(key) {
                Some(_) => Outcome::Done,
                None => Outcome::Missing,
            },
            Command::Publish { .. } => {
                self.events += 1;
                Outcome::Done
            }
        }
    }

    /// The text under a key.
    #[must_use]
    pub fn get(&self, space: Space, key: &str) -> Option<Arc<str>> {
        self.map(space).get(key).cloned()
    }

    /// The blob under a key.
    #[must_use]
    pub fn blob(&self, key: &str) -> Option<Bytes> {
        self.blobs.get(key).cloned()
    }

    /// Keys of a text map that start with `prefix`, in order, `limit` of them after the first
    /// `offset`.
    #[must_use]
    pub fn keys(&self, space: Space, prefix: &str, offset: usize, limit: usize) -> Vec<Arc<str>> {
        keys_of(self.map(space), prefix, offset, limit)
    }

    /// Keys of blobs that start with `prefix`, in order, `limit` of them after the first `offset`.
    #[must_use]
    pub fn blob_keys(&self, prefix: &str, offset: usize, limit: usize) -> Vec<Arc<str>> {
        keys_of(&self.blobs, prefix, offset, limit)
    }

    /// What the state holds, in bytes and counts. Walks everything: O(keys).
    #[must_use]
    pub fn usage(&self) -> Usage {
        let text = |map: &OrdMap<Arc<str>, Arc<str>>| {
            map.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>()
        };
        let blobs = self.blobs.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>();
        Usage {
            bytes_on_disk: text(&self.values) + blobs,
            bytes_in_memory: text(&self.cache),
            events_emitted: self.events,
        }
    }

    fn map(&self, space: Space) -> &OrdMap<Arc<str>, Arc<str>> {
        match space {
            Space::Values => &self.values,
            Space::Cache => &self.cache,
        }
    }

    fn map_mut(&mut self, space: Space) -> &mut OrdMap<Arc<str>, Arc<str>> {
        match space {
            Space::Values => &mut self.values,
            Space::Cache => &mut self.cache,
        }
    }

    fn bump(&mut self, key: &Arc<str>, by: i64) -> Outcome {
        let held = match self.values.get(key).map(|text| text.parse::<i64>()) {
            None => 0,
            Some(Ok(number)) => number,
            Some(Err(_)) => return Outcome::NotAnInteger,
        };
        let sum = held.saturating_add(by).max(0);
        self.values.insert(key.clone(), sum.to_string().into());
        Outcome::Done
    }
}

/// What the state holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Keys and contents of values and blobs, in bytes.
    pub bytes_on_disk: usize,
    /// Keys and contents of the cache, in bytes.
    pub bytes_in_memory: usize,
    /// Events published since the cluster was made.
    pub events_emitted: u64,
}

fn keys_of<V: Clone>(
    map: &OrdMap<Arc<str>, V>,
    prefix: &str,
    offset: usize,
    limit: usize,
) -> Vec<Arc<str>> {
    let from: Arc<str> = prefix.into();
    map.range(from..)
        .map(|(key, _)| key)
        .take_while(|key| key.starts_with(prefix))
        .skip(offset)
        .take(limit)
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(key: &str, value: &str) -> Command {
        Command::Set { space: Space::Values, key: key.into(), value: value.into() }
    }

    #[test]
    fn values_and_cache_are_apart() {
        let mut state = State::default();
        state.apply(&set("k", "v"));
        assert_eq!(state.get(Space::Values, "k").as_deref(), Some("v"));
        assert_eq!(state.get(Space::Cache, "k"), None);
    }

    #[test]
    fn cas_tells_missing_from_changed() {
        let mut state = State::default();
        let cas = Command::Cas {
            space: Space::Values,
            key: "k".into(),
            old: "a".into(),
            new: "b".into(),
        };
        assert_eq!(state.apply(&cas), Outcome::Missing);
        state.apply(&set("k", "a"));
        assert_eq!(state.apply(&cas), Outcome::Done);
        assert_eq!(state.apply(&cas), Outcome::Changed);
        assert_eq!(state.get(Space::Values, "k").as_deref(), Some("b"));
    }

    #[test]
    fn bump_floors_at_zero_saturates_and_refuses_text() {
        let mut state = State::default();
        let bump = |by| Command::Bump { key: "n".into(), by };
        assert_eq!(state.apply(&bump(-5)), Outcome::Done);
        assert_eq!(state.get(Space::Values, "n").as_deref(), Some("0"));
        state.apply(&bump(i64::MAX));
        state.apply(&bump(i64::MAX));
        assert_eq!(state.get(Space::Values, "n").as_deref(), Some("9223372036854775807"));
        state.apply(&set("n", "x"));
        assert_eq!(state.apply(&bump(1)), Outcome::NotAnInteger);
    }

    #[test]
    fn a_deleted_blob_may_be_set_again_a_present_one_not() {
        let mut state = State::default();
        let put = Command::BlobSet { key: "b".into(), blob: Bytes::from_static(b"1") };
        assert_eq!(state.apply(&put), Outcome::Done);
        assert_eq!(state.apply(&put), Outcome::Exists);
        assert_eq!(state.apply(&Command::BlobDelete { key: "b".into() }), Outcome::Done);
        assert_eq!(state.apply(&Command::BlobDelete { key: "b".into() }), Outcome::Missing);
        assert_eq!(state.apply(&put), Outcome::Done);
    }

    #[test]
    fn keys_page_within_their_prefix() {
        let mut state = State::default();
        for key in ["a", "p1", "p2", "p3", "q"] {
            state.apply(&set(key, "v"));
        }
        let page: Vec<_> =
            state.keys(Space::Values, "p", 1, 5).iter().map(ToString::to_string).collect();
        assert_eq!(page, ["p2", "p3"]);
    }

    #[test]
    fn a_snapshot_opens_to_the_same_state() {
        let mut state = State::default();
        state.apply(&set("k", "v"));
        state.apply(&Command::BlobSet { key: "b".into(), blob: Bytes::from_static(&[0, 255]) });
        let bytes = postcard::to_stdvec(&state).unwrap();
        assert_eq!(postcard::from_bytes::<State>(&bytes).unwrap(), state);
    }
}

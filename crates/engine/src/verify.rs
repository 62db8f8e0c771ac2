//! Keys whose writing was acknowledged, for the check after the load.
//!
//! A key that an entity tried to delete is left out: whether it should be there depends on the
//! order in which the cluster took the two.

use std::collections::BTreeMap;

use fwit_model::dialect::Pool;
use serde::{Deserialize, Serialize};

/// Most keys that are remembered and read back.
const KEYS_MAX: usize = 100_000;

/// The check after the load: keys whose writing was acknowledged, read back from the leader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Keys that are there.
    pub present: u64,
    /// Keys that are not: acknowledged writes were lost.
    pub missing: u64,
    /// Keys that could not be asked for.
    pub unchecked: u64,
    /// Some of the missing.
    pub examples: Vec<String>,
}

/// Keys whose writing was acknowledged.
#[derive(Debug, Default)]
pub struct Acknowledged {
    pub(crate) on: bool,
    /// Each key, and whether an entity tried to delete it.
    keys: BTreeMap<(bool, String), bool>,
    /// Keys beyond [`KEYS_MAX`].
    pub(crate) beyond: u64,
}

impl Acknowledged {
    /// Remembers keys only where they will be read back.
    #[must_use]
    pub fn new(on: bool) -> Acknowledged {
        Acknowledged { on, ..Acknowledged::default() }
    }

    /// An entity is about to delete a key.
    pub fn deleting(&mut self, pool: Pool, key: &str) {
        if self.on
            && (self.keys.len() < KEYS_MAX
                || self.keys.contains_key(&(pool == Pool::Blobs, key.to_string())))
        {
            self.keys.insert((pool == Pool::Blobs, key.to_string()), true);
        }
    }

    /// A key's writing was acknowledged.
    pub fn written(&mut self, pool: Pool, key: &str) {
        if !self.on || pool == Pool::None {
            return;
        }
        let full = self.keys.len() >= KEYS_MAX;
        let entry = (pool == Pool::Blobs, key.to_string());
        if full && !self.keys.contains_key(&entry) {
            self.beyond += 1;
        } else {
            self.keys.entry(entry).or_insert(false);
        }
    }

    /// The keys to read back.
    pub(crate) fn to_check(&self) -> Vec<(Pool, String)> {
        let kept = self.keys.iter().filter(|(_, deleted)| !**deleted);
        kept.map(|((blob, key), _)| (if *blob { Pool::Blobs } else { Pool::Values }, key.clone()))
            .collect()
    }
}

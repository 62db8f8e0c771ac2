//! What the simulated cluster has stored: which keys are there, since when, and what was there
//! before.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use fwit_quantities::units::Micros;

/// A key and its last two states.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// When the newer state was committed.
    at: Micros,
    /// Bytes of the value; `None` where there is none.
    now: Option<u32>,
    before: Option<u32>,
}

/// The committed keys. A follower sees a state later than the leader, by the way between them.
#[derive(Debug, Default)]
pub struct Store {
    /// By a hash of the key and its kind: a collision of 64 bits would be one wrong answer.
    entries: HashMap<u64, Entry, BuildHasherDefault<Named>>,
}

/// Names are hashes already; only their lower bits are good enough for both ends of a table.
#[derive(Clone, Copy, Debug, Default)]
struct Named(u64);

impl Hasher for Named {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(self.0.rotate_left(8) ^ u64::from(*byte)));
    }

    fn write_u64(&mut self, name: u64) {
        self.0 = name ^ name.rotate_left(32);
    }
}

/// The name of a key within a kind (values, blobs, …): 64-bit FNV-1a.
#[must_use]
pub fn name(kind: &str, key: &str) -> u64 {
    kind.bytes().chain([b'/']).chain(key.bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl Store {
    /// A write was committed: a value of so many bytes, or `None` for a deletion.
    pub fn commit(&mut self, name: u64, value: Option<u32>, at: Micros) {
        let entry = self.entries.entry(name).or_default();
        *entry = Entry { at, now: value, before: entry.now };
    }

    /// Bytes of the value as of an instant.
    #[must_use]
    pub fn read(&self, name: u64, as_of: Micros) -> Option<u32> {
        let entry = self.entries.get(&name)?;
        if as_of >= entry.at { entry.now } else { entry.before }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_holds_from_its_commit_on() {
        let (mut store, key) = (Store::default(), name("value", "k"));
        assert_ne!(key, name("blob", "k"));
        store.commit(key, Some(18), Micros(100));
        assert_eq!((store.read(key, Micros(99)), store.read(key, Micros(100))), (None, Some(18)));
        store.commit(key, None, Micros(200));
        assert_eq!((store.read(key, Micros(150)), store.read(key, Micros(200))), (Some(18), None));
    }
}

//! Which client order ids are open: looked up, never walked, so that the
//! order of the table is not observable.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use crate::exchange::ClientOrderId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key(ClientOrderId);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for chunk in self.0.padded().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            state.write_u64(u64::from_le_bytes(word));
        }
    }
}

/// Mixes words by rotation and multiplication; the ids come from the
/// account's own owner, who gains nothing by making them collide.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

#[derive(Debug, Default)]
pub(crate) struct OpenNames {
    slots: HashMap<Key, u32, BuildHasherDefault<Mixer>>,
}

impl OpenNames {
    pub(crate) fn get(&self, name: ClientOrderId) -> Option<u32> {
        self.slots.get(&Key(name)).copied()
    }

    pub(crate) fn insert(&mut self, name: ClientOrderId, slot: u32) {
        self.slots.insert(Key(name), slot);
    }

    pub(crate) fn remove(&mut self, name: ClientOrderId) {
        self.slots.remove(&Key(name));
    }
}

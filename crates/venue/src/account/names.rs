//! Which client order ids are open: looked up, never walked, so that the
//! order of the table is not observable.
//!
//! The table holds slots only; the names themselves are in the orders. That
//! keeps it small enough to stay in the cache.

use hashbrown::HashTable;

use crate::exchange::{ClientOrderId, Orders};

#[derive(Debug, Default)]
pub(crate) struct OpenNames {
    slots: HashTable<u32>,
}

impl OpenNames {
    pub(crate) fn get(&self, name: &ClientOrderId, orders: &Orders) -> Option<u32> {
        self.find(name, hash_of(name), orders)
    }

    /// The same for somebody who has the hash already.
    pub(crate) fn find(&self, name: &ClientOrderId, hash: u64, orders: &Orders) -> Option<u32> {
        let same = |&slot: &u32| {
            let order = orders.get(slot);
            order.name_hash == hash && order.view.client_id == *name
        };
        self.slots.find(hash, same).copied()
    }

    pub(crate) fn insert(&mut self, slot: u32, orders: &Orders) {
        let hash = |&slot: &u32| orders.get(slot).name_hash;
        self.slots.insert_unique(hash(&slot), slot, hash);
    }

    pub(crate) fn remove(&mut self, slot: u32, orders: &Orders) {
        let hash = orders.get(slot).name_hash;
        if let Ok(entry) = self.slots.find_entry(hash, |&other| other == slot) {
            entry.remove();
        }
    }
}

/// Mixes words by rotation and multiplication; the ids come from the
/// account's own owner, who gains nothing by making them collide.
pub(crate) fn hash_of(name: &ClientOrderId) -> u64 {
    let (words, rest) = name.padded().as_chunks::<8>();
    let mix =
        |mixed: u64, word: u64| (mixed.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    let mixed = words
        .iter()
        .fold(0, |mixed, &word| mix(mixed, u64::from_le_bytes(word)));
    let rest = rest
        .iter()
        .fold(0, |word, &byte| (word << 8) | u64::from(byte));
    let mixed = mix(mixed, rest);
    mixed ^ (mixed >> 32)
}

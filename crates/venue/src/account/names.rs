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
        let same = |&slot: &u32| orders.get(slot).view.client_id == *name;
        self.slots.find(hash(name), same).copied()
    }

    pub(crate) fn insert(&mut self, slot: u32, orders: &Orders) {
        let rehash = |&slot: &u32| hash(&orders.get(slot).view.client_id);
        self.slots.insert_unique(rehash(&slot), slot, rehash);
    }

    pub(crate) fn remove(&mut self, slot: u32, orders: &Orders) {
        let hash = hash(&orders.get(slot).view.client_id);
        if let Ok(entry) = self.slots.find_entry(hash, |&other| other == slot) {
            entry.remove();
        }
    }
}

/// Mixes words by rotation and multiplication; the ids come from the
/// account's own owner, who gains nothing by making them collide.
fn hash(name: &ClientOrderId) -> u64 {
    let mut mixed = 0_u64;
    for chunk in name.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        mixed =
            (mixed.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    mixed ^ (mixed >> 32)
}

//! The open orders of all accounts, in slots that are used again.
//!
//! An order's number carries its slot, so that finding an order by number
//! costs one look: `number = count × 2^17 + slot`, which still grows with
//! every order of a symbol.

use phoenix_domain::{Cash, Decimal, Qty};

use crate::exchange::{AccountId, OrderView};
use crate::matching::Handle;

const SLOT_BITS: u32 = 17;
const SLOTS_MAX: usize = 1 << SLOT_BITS;

#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenOrder {
    pub(crate) view: OrderView,
    pub(crate) account: AccountId,
    /// Hash of the client id.
    pub(crate) name_hash: u64,
    /// Its place in the book; none while it is taking.
    pub(crate) handle: Option<Handle>,
    /// The price that margin assumes, and the worth of what is left at it.
    pub(crate) assumed: Decimal,
    pub(crate) reserved: Cash,
    /// What it counts for among the reduce-only orders of its side.
    pub(crate) reducing: Qty,
    pub(crate) amendments: u32,
    /// Index in its holding's list of open orders.
    pub(crate) listed_at: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Orders {
    slots: Vec<OpenOrder>,
    free: Vec<u32>,
}

impl Orders {
    /// True while another order fits.
    pub(crate) fn has_room(&self) -> bool {
        !self.free.is_empty() || self.slots.len() < SLOTS_MAX
    }

    /// Stores an order under `count` and returns its slot.
    #[inline]
    pub(crate) fn insert(&mut self, count: u64, order: OpenOrder) -> u32 {
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        match self.slots.get_mut(slot as usize) {
            Some(place) => *place = order,
            None => self.slots.push(order),
        }
        let number = (count << SLOT_BITS) | u64::from(slot);
        self.slots[slot as usize].view.order_id = number;
        slot
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        self.slots[slot as usize].view.order_id = 0;
        self.free.push(slot);
    }

    /// The slot of an open order by its number.
    pub(crate) fn find(&self, order_id: u64) -> Option<u32> {
        let slot = (order_id & (SLOTS_MAX as u64 - 1)) as u32;
        let order = self.slots.get(slot as usize)?;
        (order.view.order_id == order_id && order_id != 0).then_some(slot)
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> &OpenOrder {
        &self.slots[slot as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut OpenOrder {
        &mut self.slots[slot as usize]
    }

    /// Slots ever made: the measure of its memory.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }
}

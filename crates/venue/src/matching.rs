//! A price-time priority book of one symbol: orders, queues and levels.
//!
//! Holds who stands where and nothing else: no accounts, fees, time or
//! events. It never crosses: whoever adds has taken what was there first.
//! Slots of dead orders are used again, so its memory follows the largest
//! number of orders that ever rested at once.

mod window;

use phoenix_domain::{Level, Price, Qty, Side};

use window::{Ladder, Queue};

/// Names a resting order until it is gone; then the name is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(u32);

impl Handle {
    /// A name that no order has.
    pub(crate) const NOBODY: Self = Self(NONE);
}

/// A resting order as the book sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    /// Its name here.
    pub handle: Handle,
    /// Among bids (`Buy`) or asks.
    pub side: Side,
    /// Where it stands.
    pub price: Price,
    /// What is left of it.
    pub qty: Qty,
    /// Whatever the caller said when adding it.
    pub owner: u32,
}

impl Resting {
    /// Owners with the highest bit are nobody's account.
    pub(crate) fn is_crowd(&self) -> bool {
        self.owner & CROWD != 0
    }
}

/// The bit that marks an owner as nobody's account.
pub(crate) const CROWD: u32 = 1 << 31;

#[derive(Clone, Copy, Debug)]
struct Node {
    price: i64,
    qty: i64,
    next: u32,
    prev: u32,
    owner: u32,
    side: Side,
}

const NONE: u32 = u32::MAX;

/// The book.
#[derive(Debug)]
pub struct Book {
    ladder: Ladder,
    nodes: Vec<Node>,
    free: u32,
    resting: usize,
}

impl Book {
    /// An empty book that expects prices near `around`.
    #[must_use]
    pub fn new(around: Price) -> Self {
        Self {
            ladder: Ladder::new(around.0),
            nodes: Vec::new(),
            free: NONE,
            resting: 0,
        }
    }

    /// Puts an order at the end of its level's queue.
    ///
    /// # Panics
    /// If it would cross, or on a quantity below one.
    pub fn add(&mut self, side: Side, price: Price, qty: Qty, owner: u32) -> Handle {
        assert!(qty.0 > 0, "an order of {} lots cannot rest", qty.0);
        let node = Node {
            price: price.0,
            qty: qty.0,
            next: NONE,
            prev: NONE,
            owner,
            side,
        };
        let slot = self.take_slot(node);
        let mut queue = self.ladder.open(side, price.0);
        if queue.head == NONE {
            queue.head = slot;
        } else {
            self.nodes[queue.tail as usize].next = slot;
            self.nodes[slot as usize].prev = queue.tail;
        }
        queue.tail = slot;
        queue.qty += qty.0;
        self.ladder.put(side, price.0, queue);
        self.resting += 1;
        Handle(slot)
    }

    /// Takes an order out of its queue.
    pub fn remove(&mut self, handle: Handle) -> Resting {
        let gone = self.get(handle);
        let node = self.nodes[handle.0 as usize];
        let mut queue = self.ladder.get(node.side, node.price);
        if node.prev == NONE {
            queue.head = node.next;
        } else {
            self.nodes[node.prev as usize].next = node.next;
        }
        if node.next == NONE {
            queue.tail = node.prev;
        } else {
            self.nodes[node.next as usize].prev = node.prev;
        }
        queue.qty -= node.qty;
        self.ladder.put(node.side, node.price, queue);
        self.nodes[handle.0 as usize].next = self.free;
        self.nodes[handle.0 as usize].qty = 0;
        self.free = handle.0;
        self.resting -= 1;
        gone
    }

    /// Trades `qty` of an order away; true when nothing is left and the order
    /// is gone.
    ///
    /// # Panics
    /// If it has less.
    pub fn fill(&mut self, handle: Handle, qty: Qty) -> bool {
        let node = &mut self.nodes[handle.0 as usize];
        assert!(
            0 < qty.0 && qty.0 <= node.qty,
            "filling {} of {}",
            qty.0,
            node.qty
        );
        if node.qty == qty.0 {
            self.remove(handle);
            return true;
        }
        node.qty -= qty.0;
        let (side, price) = (node.side, node.price);
        let mut queue = self.ladder.get(side, price);
        queue.qty -= qty.0;
        self.ladder.put(side, price, queue);
        false
    }

    /// The order that trades next on a side: oldest at the best price.
    #[inline]
    #[must_use]
    pub fn first(&self, side: Side) -> Option<Resting> {
        let price = self.ladder.best(side)?;
        Some(self.get(Handle(self.ladder.get(side, price).head)))
    }

    /// The order behind another one in the same level's queue.
    #[must_use]
    pub fn behind(&self, handle: Handle) -> Option<Resting> {
        let next = self.nodes[handle.0 as usize].next;
        (next != NONE).then(|| self.get(Handle(next)))
    }

    /// The oldest order of one level.
    #[must_use]
    pub fn first_at(&self, side: Side, price: Price) -> Option<Resting> {
        let head = self.ladder.own(side, price.0).head;
        (head != NONE).then(|| self.get(Handle(head)))
    }

    /// True while the name belongs to an order at this level.
    pub(crate) fn holds(&self, handle: Handle, side: Side, price: Price) -> bool {
        let node = &self.nodes[handle.0 as usize];
        node.qty > 0 && node.side == side && node.price == price.0
    }

    /// A resting order by name.
    ///
    /// # Panics
    /// On a name that never was given.
    #[inline]
    #[must_use]
    pub fn get(&self, handle: Handle) -> Resting {
        let node = &self.nodes[handle.0 as usize];
        Resting {
            handle,
            side: node.side,
            price: Price(node.price),
            qty: Qty(node.qty),
            owner: node.owner,
        }
    }

    /// Best price and what rests there.
    #[inline]
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Level> {
        let price = self.ladder.best(side)?;
        Some(Level {
            price: Price(price),
            qty: Qty(self.ladder.get(side, price).qty),
        })
    }

    /// What rests at one price.
    #[inline]
    #[must_use]
    pub fn qty_at(&self, side: Side, price: Price) -> Qty {
        Qty(self.ladder.own(side, price.0).qty)
    }

    /// Levels of a side from the best outward.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = Level> {
        let mut next = self.ladder.best(side);
        std::iter::from_fn(move || {
            let price = next?;
            next = self.ladder.next_after(side, price);
            Some(Level {
                price: Price(price),
                qty: Qty(self.ladder.get(side, price).qty),
            })
        })
    }

    /// Orders that rest now.
    #[must_use]
    pub fn resting(&self) -> usize {
        self.resting
    }

    /// Slots ever made: the measure of its memory.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.nodes.len()
    }

    fn take_slot(&mut self, node: Node) -> u32 {
        if self.free == NONE {
            let slot = u32::try_from(self.nodes.len()).expect("fewer than 4 billion orders");
            assert!(slot != NONE, "fewer than 4 billion orders");
            self.nodes.push(node);
            return slot;
        }
        let slot = self.free;
        self.free = self.nodes[slot as usize].next;
        self.nodes[slot as usize] = node;
        slot
    }
}

impl Queue {
    const EMPTY: Self = Self {
        qty: 0,
        head: NONE,
        tail: NONE,
    };
}

#[cfg(test)]
mod tests;

//! The levels of a book: an array of ticks that slides with the best prices,
//! and ordered maps for what is far from them.
//!
//! A price sits in array slot `price mod length`, so sliding moves only the
//! levels that enter or leave. Bids and asks share the array, since they
//! never overlap; a bit per slot finds the next occupied one.

use std::collections::BTreeMap;

use phoenix_domain::Side;

/// The queue of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Queue {
    pub(super) qty: i64,
    pub(super) head: u32,
    pub(super) tail: u32,
}

const LENGTH: i64 = 1 << 14;
const MASK: i64 = LENGTH - 1;
const WORDS: usize = (LENGTH / 64) as usize;
/// A best price nearer than this to an edge makes the window slide.
const MARGIN: i64 = LENGTH / 8;

#[derive(Debug)]
pub(super) struct Ladder {
    base: i64,
    slots: Box<[Queue]>,
    occupied: Box<[u64; WORDS]>,
    far: [BTreeMap<i64, Queue>; 2],
    best: [Option<i64>; 2],
}

impl Ladder {
    pub(super) fn new(around: i64) -> Self {
        Self {
            base: around - LENGTH / 2,
            slots: vec![Queue::EMPTY; LENGTH as usize].into_boxed_slice(),
            occupied: Box::new([0; WORDS]),
            far: [BTreeMap::new(), BTreeMap::new()],
            best: [None, None],
        }
    }

    #[inline]
    pub(super) fn best(&self, side: Side) -> Option<i64> {
        self.best[side.index()]
    }

    /// The queue at a price, empty if there is none. A window slot of the
    /// other side's reads as that side's queue: callers ask for prices on
    /// their own side of the spread.
    #[inline]
    pub(super) fn get(&self, side: Side, price: i64) -> Queue {
        if self.holds(price) {
            return self.slots[slot(price)];
        }
        let far = &self.far[side.index()];
        far.get(&price).copied().unwrap_or(Queue::EMPTY)
    }

    /// The queue at any price: empty beyond the side's best.
    #[inline]
    pub(super) fn own(&self, side: Side, price: i64) -> Queue {
        match self.best[side.index()] {
            Some(best) if !beyond(side, price, best) => self.get(side, price),
            _ => Queue::EMPTY,
        }
    }

    /// The queue at a price that is about to grow; moves the best price and
    /// perhaps the window.
    pub(super) fn open(&mut self, side: Side, price: i64) -> Queue {
        let other = self.best[side.opposite().index()];
        assert!(
            other.is_none_or(|other| beyond(side, other, price)),
            "a book never crosses"
        );
        let improves = self.best[side.index()].is_none_or(|best| beyond(side, price, best));
        if improves {
            self.best[side.index()] = Some(price);
            self.keep_in_view(price);
        }
        self.get(side, price)
    }

    /// Writes a queue back; an empty one ends its level.
    #[inline]
    pub(super) fn put(&mut self, side: Side, price: i64, queue: Queue) {
        let empty = queue.qty == 0;
        if self.holds(price) {
            let at = slot(price);
            self.slots[at] = queue;
            let bit = 1_u64 << (at % 64);
            if empty {
                self.occupied[at / 64] &= !bit;
            } else {
                self.occupied[at / 64] |= bit;
            }
        } else if empty {
            self.far[side.index()].remove(&price);
        } else {
            self.far[side.index()].insert(price, queue);
        }
        if empty && self.best[side.index()] == Some(price) {
            let next = self.next_after(side, price);
            self.best[side.index()] = next;
            if let Some(next) = next {
                self.keep_in_view(next);
            }
        }
    }

    /// The next occupied price of a side, away from the spread.
    pub(super) fn next_after(&self, side: Side, price: i64) -> Option<i64> {
        match side {
            Side::Buy => {
                let near = self.scan_down(price - 1);
                let far = self.far[0].range(..price).next_back();
                near.max(far.map(|(&price, _)| price))
            }
            Side::Sell => {
                let near = self.scan_up(price + 1);
                let far = self.far[1].range(price + 1..).next();
                match (near, far.map(|(&price, _)| price)) {
                    (Some(near), Some(far)) => Some(near.min(far)),
                    (near, far) => near.or(far),
                }
            }
        }
    }

    #[inline]
    fn holds(&self, price: i64) -> bool {
        price >= self.base && price < self.base + LENGTH
    }

    fn scan_down(&self, from: i64) -> Option<i64> {
        let mut price = from.min(self.base + LENGTH - 1);
        while price >= self.base {
            let at = slot(price);
            let word = self.occupied[at / 64] << (63 - at % 64);
            if word != 0 {
                let found = price - i64::from(word.leading_zeros());
                return (found >= self.base).then_some(found);
            }
            price -= (at % 64) as i64 + 1;
        }
        None
    }

    fn scan_up(&self, from: i64) -> Option<i64> {
        let mut price = from.max(self.base);
        let end = self.base + LENGTH;
        while price < end {
            let at = slot(price);
            let word = self.occupied[at / 64] >> (at % 64);
            if word != 0 {
                let found = price + i64::from(word.trailing_zeros());
                return (found < end).then_some(found);
            }
            price += 64 - (at % 64) as i64;
        }
        None
    }

    fn keep_in_view(&mut self, price: i64) {
        let inside = price >= self.base + MARGIN && price < self.base + LENGTH - MARGIN;
        if !inside {
            self.slide(price - LENGTH / 2);
        }
    }

    fn slide(&mut self, base: i64) {
        let (old, old_end, end) = (self.base, self.base + LENGTH, base + LENGTH);
        let leaving = if base > old {
            old..base.min(old_end)
        } else {
            end.max(old)..old_end
        };
        for price in leaving {
            let at = slot(price);
            let bit = 1_u64 << (at % 64);
            if self.occupied[at / 64] & bit != 0 {
                self.occupied[at / 64] &= !bit;
                let side = self.side_of(price);
                self.far[side.index()].insert(price, self.slots[at]);
                self.slots[at] = Queue::EMPTY;
            }
        }
        self.base = base;
        for far in &mut self.far {
            let mut inside = far.split_off(&base);
            far.append(&mut inside.split_off(&end));
            for (price, queue) in inside {
                let at = slot(price);
                self.slots[at] = queue;
                self.occupied[at / 64] |= 1 << (at % 64);
            }
        }
    }

    fn side_of(&self, price: i64) -> Side {
        match self.best[0] {
            Some(bid) if price <= bid => Side::Buy,
            _ => Side::Sell,
        }
    }
}

#[inline]
fn slot(price: i64) -> usize {
    (price & MASK) as usize
}

/// True when `price` is a better one than `other` for `side`.
#[inline]
fn beyond(side: Side, price: i64, other: i64) -> bool {
    match side {
        Side::Buy => price > other,
        Side::Sell => price < other,
    }
}

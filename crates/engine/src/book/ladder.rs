//! One side of a book, keyed so that the smallest key is the best price.
//!
//! A window of [`WINDOW`] ticks is an array with a bit per level; key and
//! place agree modulo its length, so moving the window copies nothing. The
//! window starts a quarter of its length before the best level when it moves;
//! whatever lies beyond its end is in a short sorted list.
//!
//! Invariants: the best level, if any, is inside the window, and no level lies
//! before it; the list is sorted, worst first, and ends beyond the window. It
//! holds [`FAR_MAX`] levels; the worst give way and are counted. Nothing is
//! allocated after construction.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Quantities by key; see the module.
#[derive(Debug)]
pub(super) struct Ladder {
    /// First key of the window.
    start: i64,
    /// Key of the best level; meaningless while `count` is 0.
    best: i64,
    /// Levels inside the window.
    count: usize,
    qty: Box<[i64; WINDOW]>,
    occupied: Box<[u64; WINDOW / 64]>,
    /// (key, quantity) beyond the window, worst first.
    far: Vec<(i64, i64)>,
    dropped: u64,
}

/// Ticks: 1.9 % of a BTC price of 84,000 on either side of the quarter mark,
/// a quarter of a megabyte a side.
const WINDOW: usize = 1 << 15;
/// Where the best level stands in a window just moved.
const LEAD: i64 = WINDOW as i64 / 4;
/// Levels kept beyond the window; a snapshot has 1000.
const FAR_MAX: usize = 4096;

impl Ladder {
    pub(super) fn new() -> Self {
        Self {
            start: 0,
            best: 0,
            count: 0,
            qty: zeroes(),
            occupied: zeroes(),
            far: Vec::with_capacity(FAR_MAX),
            dropped: 0,
        }
    }

    /// Sets what rests at a key; zero removes the level.
    #[inline]
    pub(super) fn set(&mut self, key: i64, qty: i64) {
        let offset = key.wrapping_sub(self.start);
        if self.count > 0 && (0..WINDOW as i64).contains(&offset) {
            self.set_near(key, qty);
        } else {
            self.set_outside(key, qty);
        }
    }

    pub(super) fn best(&self) -> Option<(i64, i64)> {
        (self.count > 0).then(|| (self.best, self.qty[place(self.best)]))
    }

    /// Best first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, i64)> {
        let mut next = (self.count > 0).then_some(self.best);
        let near = core::iter::from_fn(move || {
            let key = next?;
            next = self.next_occupied(key + 1);
            Some((key, self.qty[place(key)]))
        });
        near.chain(self.far.iter().rev().copied())
    }

    pub(super) fn clear(&mut self) {
        self.far.clear();
        while self.count > 0 {
            self.set_near(self.best, 0);
        }
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether a level appears or goes is up to the market: no branch on it.
    #[inline]
    fn set_near(&mut self, key: i64, qty: i64) {
        let place = place(key);
        let word = &mut self.occupied[place / 64];
        let was = *word >> (place % 64) & 1;
        let is = u64::from(qty != 0);
        *word ^= (was ^ is) << (place % 64);
        self.qty[place] = qty;
        self.count = self.count + is as usize - was as usize;
        if key <= self.best {
            self.best_changed(key, is == 1);
        }
    }

    /// The best level, or one before it, was set or removed.
    #[inline]
    fn best_changed(&mut self, key: i64, occupied: bool) {
        if occupied {
            self.best = key;
            return;
        }
        if key == self.best && self.count > 0 {
            self.best = self.next_occupied(key + 1).expect("count is not zero");
        }
        if self.count == 0 || self.best > self.start + 2 * LEAD {
            self.follow();
        }
    }

    #[inline]
    fn insert_near(&mut self, key: i64, qty: i64) {
        let place = place(key);
        let bit = 1 << (place % 64);
        let word = &mut self.occupied[place / 64];
        self.count += usize::from(*word & bit == 0);
        *word |= bit;
        self.qty[place] = qty;
    }

    /// The first occupied key of the window at or after `from`.
    #[inline]
    fn next_occupied(&self, from: i64) -> Option<i64> {
        let end = self.start + WINDOW as i64;
        let mut key = from;
        while key < end {
            let place = place(key);
            // A word may wrap around the end of the window; what lies behind
            // it has a key before `from` and is told by the bound below.
            let word = self.occupied[place / 64] >> (place % 64);
            if word != 0 {
                let found = key + i64::from(word.trailing_zeros());
                return (found < end).then_some(found);
            }
            key += 64 - (place % 64) as i64;
        }
        None
    }

    /// A level outside the window: before it, beyond it, or the very first.
    #[cold]
    fn set_outside(&mut self, key: i64, qty: i64) {
        if self.count == 0 {
            // An empty window means an empty ladder.
            if qty > 0 {
                self.start = key - LEAD;
                self.best = key;
                self.insert_near(key, qty);
            }
            return;
        }
        if key >= self.start {
            self.set_far(key, qty);
        } else if qty > 0 {
            self.lead(key);
            self.insert_near(key, qty);
            self.best = key;
        }
    }

    fn set_far(&mut self, key: i64, qty: i64) {
        match self.far.binary_search_by(|level| key.cmp(&level.0)) {
            Ok(index) if qty == 0 => {
                self.far.remove(index);
            }
            Ok(index) => self.far[index].1 = qty,
            Err(_) if qty == 0 => {}
            Err(0) if self.far.len() == FAR_MAX => self.dropped += 1,
            Err(index) if self.far.len() == FAR_MAX => {
                self.far.copy_within(1..index, 0);
                self.far[index - 1] = (key, qty);
                self.dropped += 1;
            }
            Err(index) => self.far.insert(index, (key, qty)),
        }
    }

    /// Moves the window to a better price; its worst levels go to the list.
    fn lead(&mut self, best: i64) {
        let start = best - LEAD;
        let end = start.saturating_add(WINDOW as i64);
        let mut leaving = 0;
        let mut key = self.next_occupied(end.max(self.best));
        while let Some(found) = key {
            leaving += 1;
            key = self.next_occupied(found + 1);
        }
        let surplus = (self.far.len() + leaving).saturating_sub(FAR_MAX);
        self.dropped += surplus as u64;
        self.far.drain(..surplus.min(self.far.len()));
        let kept = leaving.min(FAR_MAX);
        let old = self.far.len();
        let mut moved = 0;
        let mut key = self.next_occupied(end.max(self.best));
        while let Some(found) = key {
            if moved < kept {
                self.far.push((found, self.qty[place(found)]));
            }
            moved += 1;
            let place = place(found);
            self.occupied[place / 64] &= !(1 << (place % 64));
            self.qty[place] = 0;
            self.count -= 1;
            key = self.next_occupied(found + 1);
        }
        // Pushed best first; the list is worst first.
        self.far[old..].reverse();
        self.start = start;
    }

    /// Moves the window after the best price fell away from its start; levels
    /// of the list that it now reaches come in.
    #[cold]
    fn follow(&mut self) {
        if self.count == 0 {
            let Some(&(key, _)) = self.far.last() else {
                return;
            };
            self.best = key;
        }
        self.start = self.best - LEAD;
        let end = self.start + WINDOW as i64;
        while let Some(&(key, qty)) = self.far.last().filter(|level| level.0 < end) {
            self.far.pop();
            self.insert_near(key, qty);
        }
    }
}

fn zeroes<T: Copy + Default, const N: usize>() -> Box<[T; N]> {
    let zeroes = alloc::vec![T::default(); N].into_boxed_slice();
    let Ok(array) = zeroes.try_into() else {
        unreachable!("made with that length");
    };
    array
}

#[inline]
fn place(key: i64) -> usize {
    (key & (WINDOW as i64 - 1)) as usize
}

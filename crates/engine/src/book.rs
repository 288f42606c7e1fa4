//! The order book of one symbol, in ticks and lots.
//!
//! Two sources feed it: the depth stream, whose continuity is proven before it
//! comes here, and the stream of best prices, which is often a little ahead.
//! [`Book::top`] answers from whichever spoke last, by the exchange's update
//! id; depth answers everything else.
//!
//! Whether the book is old is not known here; that is `freshness`.

mod ladder;

use phoenix_domain::{Level, Price, Qty, Side};

use ladder::Ladder;

/// Bids, asks and the best of both.
#[derive(Debug)]
pub(crate) struct Book {
    sides: [Ladder; 2],
    /// Update id of the last change of depth; `None` while lost.
    depth: Option<u64>,
    /// What the best-price stream said last, if newer than depth.
    ahead: Option<(u64, Top)>,
    /// Levels refused because they cannot be one.
    refused: u64,
}

/// Best bid and best ask of one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Top {
    /// Best bid.
    pub(crate) bid: Level,
    /// Best ask.
    pub(crate) ask: Level,
}

/// Whether prices can be made from the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// No book, or a side of it without a level.
    Empty,
    /// Best bid at or above best ask.
    Crossed(Top),
    /// Best bid below best ask.
    Sound(Top),
}

/// Prices up to here are exact as floats and safe to add.
const PRICE_MAX: i64 = 1 << 52;
/// No level holds more.
const QTY_MAX: i64 = 1 << 52;

impl Book {
    /// An empty, lost book with all its room.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            sides: [Ladder::new(), Ladder::new()],
            depth: None,
            ahead: None,
            refused: 0,
        }
    }

    /// Starts anew from a whole book.
    pub(crate) fn replace(&mut self, book_id: u64, bids: &[Level], asks: &[Level]) {
        self.clear();
        self.change(book_id, bids, asks);
    }

    /// Sets the levels named; a quantity of zero removes one.
    pub(crate) fn change(&mut self, book_id: u64, bids: &[Level], asks: &[Level]) {
        for level in bids {
            self.set(Side::Buy, level);
        }
        for level in asks {
            self.set(Side::Sell, level);
        }
        self.depth = Some(book_id);
        if self.ahead.is_some_and(|(ahead, _)| ahead <= book_id) {
            self.ahead = None;
        }
    }

    /// Takes best prices from their own stream. False if they are no news:
    /// older than what is known, or impossible.
    pub(crate) fn top_changed(&mut self, book_id: u64, bid: Level, ask: Level) -> bool {
        if self.newest().is_some_and(|known| book_id <= known) {
            return false;
        }
        if !is_possible(&bid) || !is_possible(&ask) {
            self.refused += 1;
            return false;
        }
        self.ahead = Some((book_id, Top { bid, ask }));
        true
    }

    /// Forgets everything: the book is lost until the next [`Self::replace`].
    pub(crate) fn clear(&mut self) {
        for side in &mut self.sides {
            side.clear();
        }
        self.depth = None;
        self.ahead = None;
    }

    /// Depth is known.
    #[must_use]
    pub(crate) fn is_whole(&self) -> bool {
        self.depth.is_some()
    }

    /// Whether and how prices can be made from it.
    #[must_use]
    pub(crate) fn shape(&self) -> Shape {
        match self.top() {
            None => Shape::Empty,
            Some(top) if top.bid.price >= top.ask.price => Shape::Crossed(top),
            Some(top) => Shape::Sound(top),
        }
    }

    /// The newest best prices; `None` while the book is lost or one-sided.
    #[must_use]
    pub(crate) fn top(&self) -> Option<Top> {
        self.depth?;
        if let Some((_, top)) = self.ahead {
            return Some(top);
        }
        Some(Top {
            bid: self.best(Side::Buy)?,
            ask: self.best(Side::Sell)?,
        })
    }

    /// Best price and quantity of a side, by depth alone.
    #[must_use]
    pub(crate) fn best(&self, side: Side) -> Option<Level> {
        let (key, qty) = self.sides[side.index()].best()?;
        Some(level(side, key, qty))
    }

    /// Levels of a side by depth, best first.
    pub(crate) fn levels(&self, side: Side) -> impl Iterator<Item = Level> {
        let keys = self.sides[side.index()].iter();
        keys.map(move |(key, qty)| level(side, key, qty))
    }

    /// Update id of the newest statement.
    #[must_use]
    pub(crate) fn book_id(&self) -> u64 {
        self.newest().unwrap_or(0)
    }

    /// Levels dropped because they were impossible or beyond what is kept.
    #[must_use]
    pub(crate) fn dropped(&self) -> u64 {
        self.refused + self.sides.iter().map(Ladder::dropped).sum::<u64>()
    }

    fn newest(&self) -> Option<u64> {
        self.ahead.map(|(book_id, _)| book_id).or(self.depth)
    }

    #[inline]
    fn set(&mut self, side: Side, level: &Level) {
        if is_possible(level) {
            self.sides[side.index()].set(key(side, level.price), level.qty.0);
        } else {
            self.refused += 1;
        }
    }
}

impl Top {
    /// Twice the mid price, exact.
    #[must_use]
    pub(crate) fn mid_half_ticks(&self) -> i64 {
        self.bid.price.0 + self.ask.price.0
    }

    /// Mid price in ticks.
    #[must_use]
    pub(crate) fn mid_ticks(&self) -> f64 {
        self.mid_half_ticks() as f64 / 2.0
    }
}

fn is_possible(level: &Level) -> bool {
    (1..=PRICE_MAX).contains(&level.price.0) && (0..=QTY_MAX).contains(&level.qty.0)
}

/// Both ladders are walked upwards: bids by negated price.
#[inline]
fn key(side: Side, price: Price) -> i64 {
    -price.0 * side.sign()
}

#[inline]
fn level(side: Side, key: i64, qty: i64) -> Level {
    Level {
        price: Price(-key * side.sign()),
        qty: Qty(qty),
    }
}

#[cfg(test)]
mod tests;

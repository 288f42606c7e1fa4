//! Displayed depth of a recording, and where our own orders stand in it.
//!
//! The queue model. An order that joins a level stands behind all that is
//! displayed there. Recorded trades at the level shorten the queue in front
//! of it one for one. Other decreases are cancels by somebody, in front or
//! behind: the share in front follows the cubes of the two lengths (the
//! longer part loses more than its proportion, since it is where most people
//! are). What joins later stands behind.
//!
//! What an aggressive order of ours took stays taken until the recording next
//! speaks of the level.

use std::collections::BTreeMap;

use phoenix_domain::{Level, Price, Qty, Side};

use crate::exchange::VenueNs;
use crate::matching::Handle;

/// An order of ours in a level's queue.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    handle: Handle,
    /// Displayed lots in front of it.
    ahead: i64,
}

/// Our orders at one level.
#[derive(Debug, Default)]
struct Line {
    places: Vec<Place>,
    /// Lots traded since the recording last spoke of the level: they explain
    /// part of the next decrease.
    traded: i64,
}

/// The displayed book.
#[derive(Debug, Default)]
pub(crate) struct Display {
    sides: [BTreeMap<i64, i64>; 2],
    lines: [BTreeMap<i64, Line>; 2],
    /// Update id of the last frame.
    pub(crate) last_id: u64,
    /// When it came.
    pub(crate) at: VenueNs,
}

impl Display {
    pub(crate) fn best(&self, side: Side) -> Option<Level> {
        let levels = &self.sides[side.index()];
        let (&price, &qty) = match side {
            Side::Buy => levels.last_key_value(),
            Side::Sell => levels.first_key_value(),
        }?;
        Some(Level {
            price: Price(price),
            qty: Qty(qty),
        })
    }

    /// Levels from the best outward.
    pub(crate) fn levels(&self, side: Side) -> impl Iterator<Item = Level> {
        let levels = &self.sides[side.index()];
        let (bids, asks) = match side {
            Side::Buy => (Some(levels.iter().rev()), None),
            Side::Sell => (None, Some(levels.iter())),
        };
        let bids = bids.into_iter().flatten();
        let all = bids.chain(asks.into_iter().flatten());
        all.map(|(&price, &qty)| Level {
            price: Price(price),
            qty: Qty(qty),
        })
    }

    /// Forgets all levels, not our places.
    pub(crate) fn clear(&mut self) {
        for side in &mut self.sides {
            side.clear();
        }
    }

    /// The recording says what is at a level now.
    pub(crate) fn set(&mut self, side: Side, level: Level) {
        let (price, new) = (level.price.0, level.qty.0);
        let levels = &mut self.sides[side.index()];
        let old = if new == 0 {
            levels.remove(&price)
        } else {
            levels.insert(price, new)
        };
        let old = old.unwrap_or(0);
        let Some(line) = self.lines[side.index()].get_mut(&price) else {
            return;
        };
        let explained = std::mem::take(&mut line.traded);
        let cancelled = (old - new - explained).max(0);
        let standing = old - explained;
        for place in &mut line.places {
            if cancelled > 0 {
                place.ahead -= share_ahead(place.ahead, standing - place.ahead, cancelled);
            }
            place.ahead = place.ahead.clamp(0, new);
        }
    }

    /// An aggressive order of ours takes from a level.
    pub(crate) fn take(&mut self, side: Side, price: Price, qty: Qty) {
        let levels = &mut self.sides[side.index()];
        if let Some(left) = levels.get_mut(&price.0) {
            *left -= qty.0;
            if *left <= 0 {
                levels.remove(&price.0);
            }
        }
    }

    /// An order of ours joins the end of a level's queue.
    pub(crate) fn join(&mut self, side: Side, price: Price, handle: Handle) {
        let ahead = self.sides[side.index()].get(&price.0).copied().unwrap_or(0);
        let line = self.lines[side.index()].entry(price.0).or_default();
        line.places.push(Place { handle, ahead });
    }

    /// An order of ours has left.
    pub(crate) fn leave(&mut self, side: Side, price: Price, handle: Handle) {
        let lines = &mut self.lines[side.index()];
        let Some(line) = lines.get_mut(&price.0) else {
            return;
        };
        line.places.retain(|place| place.handle != handle);
        if line.places.is_empty() {
            lines.remove(&price.0);
        }
    }

    /// A recorded trade of `qty` hits a level: says how much of it reaches
    /// each of our orders there, oldest first. `remaining` is what an order
    /// still wants.
    pub(crate) fn trade(
        &mut self,
        side: Side,
        price: Price,
        qty: Qty,
        remaining: impl Fn(Handle) -> Qty,
        reached: &mut Vec<(Handle, Qty)>,
    ) {
        let Some(line) = self.lines[side.index()].get_mut(&price.0) else {
            return;
        };
        line.traded += qty.0;
        let mut given = 0;
        for place in &mut line.places {
            let beyond = qty.0 - given - place.ahead;
            place.ahead = (place.ahead - qty.0).max(0);
            let fill = beyond.min(remaining(place.handle).0);
            if fill > 0 {
                given += fill;
                reached.push((place.handle, Qty(fill)));
            }
        }
    }

    /// Lots displayed in front of an order of ours.
    #[cfg(test)]
    fn ahead(&self, side: Side, price: Price, handle: Handle) -> Option<i64> {
        let line = self.lines[side.index()].get(&price.0)?;
        let place = line.places.iter().find(|place| place.handle == handle)?;
        Some(place.ahead)
    }
}

/// How much of a cancelled quantity stood in front.
fn share_ahead(ahead: i64, behind: i64, cancelled: i64) -> i64 {
    let cube = |lots: i64| {
        let lots = lots.max(0) as f64;
        lots * lots * lots
    };
    let (front, back) = (cube(ahead), cube(behind));
    if front + back == 0.0 {
        return 0;
    }
    let share = libm::round(cancelled as f64 * front / (front + back)) as i64;
    // What does not fit behind must have stood in front.
    share.max(cancelled - behind.max(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PRICE: Price = Price(100);

    fn level(qty: i64) -> Level {
        Level {
            price: PRICE,
            qty: Qty(qty),
        }
    }

    fn joined(displayed: i64) -> (Display, Handle) {
        let mut display = Display::default();
        display.set(Side::Buy, level(displayed));
        display.join(Side::Buy, PRICE, Handle::NOBODY);
        (display, Handle::NOBODY)
    }

    fn hit(display: &mut Display, qty: i64, wants: i64) -> Vec<(Handle, Qty)> {
        let mut reached = Vec::new();
        display.trade(Side::Buy, PRICE, Qty(qty), |_| Qty(wants), &mut reached);
        reached
    }

    #[test]
    fn trades_fill_us_only_after_those_in_front() {
        let (mut display, ours) = joined(10);
        assert_eq!(hit(&mut display, 6, 5), []);
        assert_eq!(display.ahead(Side::Buy, PRICE, ours), Some(4));
        assert_eq!(hit(&mut display, 7, 5), [(ours, Qty(3))]);
        assert_eq!(hit(&mut display, 1, 2), [(ours, Qty(1))]);
    }

    #[test]
    fn a_decrease_that_trades_explain_moves_nobody_else() {
        let (mut display, ours) = joined(10);
        hit(&mut display, 4, 5);
        display.set(Side::Buy, level(6));
        assert_eq!(display.ahead(Side::Buy, PRICE, ours), Some(6));
    }

    #[test]
    fn cancels_come_from_where_most_stand() {
        let (mut display, ours) = joined(10);
        display.set(Side::Buy, level(40));
        assert_eq!(display.ahead(Side::Buy, PRICE, ours), Some(10));
        display.set(Side::Buy, level(35));
        assert_eq!(display.ahead(Side::Buy, PRICE, ours), Some(10));
        display.set(Side::Buy, level(3));
        assert_eq!(display.ahead(Side::Buy, PRICE, ours), Some(3));
    }

    proptest! {
        /// Nobody in front is ever more than what is displayed, and never less
        /// than none, whatever the recording says.
        #[test]
        fn a_place_stays_within_its_level(
            steps in prop::collection::vec((any::<bool>(), 0_i64..60), 1..80),
        ) {
            let (mut display, ours) = joined(20);
            for (trade, qty) in steps {
                if trade {
                    hit(&mut display, qty, 1_000);
                } else {
                    display.set(Side::Buy, level(qty));
                    let ahead = display.ahead(Side::Buy, PRICE, ours).expect("still there");
                    prop_assert!((0..=qty).contains(&ahead));
                }
            }
        }
    }
}

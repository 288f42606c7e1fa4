//! What inventory, orders and money allow: the last word before an order is
//! sent.
//!
//! The rule of both sides: the position after everything on one side has
//! filled (unknown outcomes at full size) stays within the worst-case limit.
//! What only reduces can never break it, so it is never blocked. Reduce-only
//! orders are outside the rule: the exchange itself keeps them from adding.

use phoenix_domain::{Cash, FilterBreach, Instrument, Price, Qty, Side};

use crate::quoter::Quote;
use crate::terms::Terms;

/// How far the position may be carried by everything on one side, in lots:
/// the tighter of the symbol's own limit and its share of the desk's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Worst {
    pub(crate) position: Qty,
    pub(crate) limit: Qty,
}

impl Worst {
    /// The symbol's limit, lowered to what the desk's total notional leaves.
    /// True if that is what binds.
    pub(crate) fn of(
        terms: &Terms,
        instrument: &Instrument,
        position: Qty,
        mid: Price,
        room: Cash,
    ) -> (Self, bool) {
        let per_lot = instrument.notional(mid, Qty(1)).0.max(1);
        let by_room = Qty(room.0.max(0) / per_lot);
        let limit = terms.worst_qty.min(by_room);
        let worst = Self { position, limit };
        (worst, by_room < terms.worst_qty)
    }

    /// `more` may be added to what could fill on `side` already.
    pub(crate) fn allows(&self, side: Side, could_fill: Qty, more: Qty) -> bool {
        self.position.0 * side.sign() + could_fill.0 + more.0 <= self.limit.0
    }

    /// How many of the nearest quotes the limit lets stand, `committed` being
    /// what could fill on the side apart from them.
    pub(crate) fn affordable(&self, side: Side, committed: Qty, wanted: &[Quote]) -> usize {
        let mut could_fill = committed;
        let fits = |quote: &&Quote| {
            let fits = self.allows(side, could_fill, quote.qty);
            could_fill += quote.qty;
            fits
        };
        wanted.iter().take_while(fits).count()
    }
}

/// The larger notional that either side could carry the position to.
pub(crate) fn worst_notional(
    instrument: &Instrument,
    position: Qty,
    could_fill: [Qty; 2],
    mid: Price,
) -> Cash {
    let long = (position + could_fill[0]).0.max(0);
    let short = (could_fill[1] - position).0.max(0);
    instrument.notional(mid, Qty(long.max(short)))
}

/// A price that money can be counted at: within the exchange's own filter, and
/// far enough from the end of 64 bits for the position and any sane order.
pub(crate) fn priceable(instrument: &Instrument, price: Price, position: Qty) -> bool {
    let spec = instrument.spec();
    let raw = i128::from(price.0) * i128::from(spec.tick.0);
    let listed = spec.price_max.0 == 0 || raw <= i128::from(spec.price_max.0);
    let lots = i128::from(position.0.abs()).max(i128::from(QTY_SANE));
    let worth = i128::from(price.0) * lots * i128::from(instrument.tick_lot_cash().0);
    listed && worth < i128::from(i64::MAX) / 4
}

/// Lots that must be countable at any price that is quoted from.
const QTY_SANE: i64 = 1_000_000;

/// The mid is too far from the mark price to be believed.
pub(crate) fn outside_band(terms: &Terms, mid: f64, mark: Option<f64>) -> bool {
    mark.is_some_and(|mark| libm::fabs(mid - mark) > terms.price_band * mark)
}

/// Why an order must not be sent: the exchange's filters, our band around the
/// reference price, and the fat-finger limits.
pub(crate) fn refusal(
    terms: &Terms,
    instrument: &Instrument,
    side: Side,
    price: Price,
    qty: Qty,
    reduce_only: bool,
    reference: Price,
) -> Option<FilterBreach> {
    let breach = instrument.breach(side, price, qty, reduce_only, Some(reference));
    if breach.is_some() {
        return breach;
    }
    let band = (reference.0 as f64 * terms.price_band) as i64;
    if (price.0 - reference.0).abs() > band {
        return Some(FilterBreach::OutsideBand);
    }
    let too_large =
        qty > terms.order_qty_max || instrument.notional(price, qty) > terms.order_notional_max;
    (too_large && !reduce_only).then_some(FilterBreach::QtyAboveMax)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::tests::{ethusdc, terms};

    fn quotes(count: usize) -> std::vec::Vec<Quote> {
        let quote = Quote {
            price: Price(250_000),
            qty: Qty(20),
            slack: 0,
            slack_exposed: 0,
        };
        std::vec![quote; count]
    }

    #[test]
    fn layers_are_cut_from_the_far_end_and_reducing_is_free() {
        let worst = |position| Worst {
            position: Qty(position),
            limit: Qty(200),
        };
        assert_eq!(worst(0).affordable(Side::Buy, Qty(0), &quotes(18)), 10);
        assert_eq!(worst(150).affordable(Side::Buy, Qty(0), &quotes(18)), 2);
        assert_eq!(worst(150).affordable(Side::Buy, Qty(20), &quotes(18)), 1);
        assert_eq!(worst(400).affordable(Side::Buy, Qty(0), &quotes(18)), 0);
        assert_eq!(worst(400).affordable(Side::Sell, Qty(0), &quotes(18)), 18);
    }

    #[test]
    fn the_desk_s_room_lowers_the_limit() {
        let mid = Price(250_000);
        let of = |room| Worst::of(&terms(|_| {}), &ethusdc(), Qty(0), mid, Cash(room));
        // 0.001 at 2500 is 2.5
        assert_eq!(of(1_000_000_000_000).0.limit, Qty(200));
        let (worst, binds) = of(25_000_000_000);
        assert_eq!((worst.limit, binds), (Qty(100), true));
        assert_eq!(of(-5).0.limit, Qty(0));
    }

    #[test]
    fn fat_fingers_and_far_prices_are_refused() {
        let (terms, instrument) = (terms(|_| {}), ethusdc());
        let refusal = |price, qty, reduce| {
            let (price, qty) = (Price(price), Qty(qty));
            super::refusal(
                &terms,
                &instrument,
                Side::Buy,
                price,
                qty,
                reduce,
                Price(250_000),
            )
        };
        assert_eq!(refusal(249_900, 20, false), None);
        assert_eq!(refusal(242_000, 20, false), Some(FilterBreach::OutsideBand));
        assert_eq!(
            refusal(249_900, 1_001, false),
            Some(FilterBreach::QtyAboveMax)
        );
        assert_eq!(refusal(249_900, 1_001, true), None);
        assert_eq!(
            refusal(249_900, 1, false),
            Some(FilterBreach::NotionalBelowMin)
        );
    }
}

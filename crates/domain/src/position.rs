//! Position arithmetic in one-way mode, as the exchange does it.

use crate::instrument::Instrument;
use crate::order::Side;
use crate::price::{Cash, Price, Qty};

/// A signed position and what it cost.
///
/// The entry price is `cost / |qty|`; keeping the cost instead keeps every
/// unit: a reduction takes its proportional share of the cost, rounded half
/// away from zero to 1e-8, and the last reduction takes all that is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Long positive, short negative.
    pub qty: Qty,
    /// Sum of price × quantity over what is held; never negative.
    pub cost: Cash,
}

impl Position {
    /// Applies one fill and returns the profit it realised, fees excluded.
    pub fn fill(&mut self, instrument: &Instrument, side: Side, price: Price, qty: Qty) -> Cash {
        let signed = Qty(qty.0 * side.sign());
        let opposes = self.qty.0.signum() * signed.0.signum() < 0;
        if !opposes {
            self.qty += signed;
            self.cost += instrument.notional(price, qty);
            return Cash::ZERO;
        }
        let closed = Qty(qty.0.min(self.qty.0.abs()));
        let cost = self.share_of_cost(closed);
        let proceeds = instrument.notional(price, closed);
        let realised = Cash((proceeds.0 - cost.0) * self.qty.0.signum());
        self.cost -= cost;
        self.qty += Qty(closed.0 * side.sign());
        let opened = qty - closed;
        if !opened.is_zero() {
            // A flip: the rest opens at its own price.
            self.qty = Qty(opened.0 * side.sign());
            self.cost = instrument.notional(price, opened);
        }
        realised
    }

    /// Profit if all of it were closed at `price`, fees excluded.
    #[must_use]
    pub fn unrealised(&self, instrument: &Instrument, price: Price) -> Cash {
        let worth = instrument.notional(price, self.qty.abs());
        Cash((worth.0 - self.cost.0) * self.qty.0.signum())
    }

    /// Average entry price as a float in quote units; 0 when flat.
    #[must_use]
    pub fn entry_f64(&self, instrument: &Instrument) -> f64 {
        if self.qty.is_zero() {
            return 0.0;
        }
        self.cost.to_f64() / (self.qty.0.abs() as f64 * instrument.lot_f64())
    }

    fn share_of_cost(&self, closed: Qty) -> Cash {
        let held = i128::from(self.qty.0.abs());
        let exact = i128::from(self.cost.0) * i128::from(closed.0);
        Cash(i64::try_from((exact + held / 2) / held).expect("a share is at most the cost"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::tests::ethusdc;
    use proptest::prelude::*;

    #[test]
    fn the_exchange_s_own_example() {
        // 0.002 BTC bought at 91739.9, sold at 90853.2: -1.7734 (live, 2024-11-18);
        // the same figures on a grid of 0.01 and 0.001.
        let eth = ethusdc();
        let mut position = Position::default();
        assert_eq!(
            position.fill(&eth, Side::Buy, Price(9_173_990), Qty(2)),
            Cash::ZERO
        );
        let realised = position.fill(&eth, Side::Sell, Price(9_085_320), Qty(2));
        assert_eq!(realised, Cash(-177_340_000));
        assert_eq!(position, Position::default());
    }

    #[test]
    fn a_flip_realises_the_old_and_opens_the_rest() {
        let eth = ethusdc();
        let mut position = Position::default();
        position.fill(&eth, Side::Sell, Price(200_000), Qty(100));
        let realised = position.fill(&eth, Side::Buy, Price(199_000), Qty(150));
        assert_eq!(realised, Cash(100_000_000));
        assert_eq!(position.qty, Qty(50));
        assert!((position.entry_f64(&eth) - 1990.0).abs() < 1e-9);
    }

    proptest! {
        /// Cash in minus cash out equals realised profit once flat.
        #[test]
        fn nothing_is_lost_or_made(
            fills in proptest::collection::vec(
                (any::<bool>(), 1_i64..1_000_000, 1_i64..5_000),
                1..60,
            ),
        ) {
            let eth = ethusdc();
            let mut position = Position::default();
            let (mut realised, mut cash) = (Cash::ZERO, Cash::ZERO);
            for (buy, price, qty) in fills {
                let side = if buy { Side::Buy } else { Side::Sell };
                realised += position.fill(&eth, side, Price(price), Qty(qty));
                cash -= Cash(eth.notional(Price(price), Qty(qty)).0 * side.sign());
            }
            if !position.qty.is_zero() {
                let side = if position.qty.0 > 0 { Side::Sell } else { Side::Buy };
                let qty = position.qty.abs();
                realised += position.fill(&eth, side, Price(500_000), qty);
                cash -= Cash(eth.notional(Price(500_000), qty).0 * side.sign());
            }
            prop_assert_eq!(realised, cash);
            prop_assert_eq!(position, Position::default());
        }
    }
}

//! A symbol's filters in ticks and lots: a quick yes to nearly every order.
//! What it does not say yes to, the instrument itself judges and names.

use phoenix_domain::{Decimal, Instrument, Price, Qty, Side};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    price_min: i64,
    price_max: i64,
    qty_min: i64,
    qty_max: i64,
    /// Ticks times lots.
    notional_min: i64,
    /// Highest price of a buy and lowest of a sell at the present mark.
    band: [i64; 2],
}

impl Bounds {
    pub(crate) fn new(instrument: &Instrument, mark: Decimal) -> Self {
        let spec = instrument.spec();
        let lots = |qty: Decimal| instrument.qty_floor(qty).0;
        let ticks = |price: Decimal| instrument.price_floor(price).0;
        let unbounded = spec.price_max == Decimal::ZERO;
        let per_unit = instrument.tick_lot_cash().0;
        let mut bounds = Self {
            // Rounded to the safe side: what lies between is judged exactly.
            price_min: ticks(spec.price_min).max(0) + 1,
            price_max: if unbounded {
                i64::MAX
            } else {
                ticks(spec.price_max)
            },
            qty_min: lots(spec.qty_min).max(0) + 1,
            qty_max: lots(spec.qty_max),
            notional_min: spec.notional_min.0 / per_unit + 1,
            band: [0, i64::MAX],
        };
        bounds.follow(instrument, mark);
        bounds
    }

    /// Moves the price band to a new mark price.
    pub(crate) fn follow(&mut self, instrument: &Instrument, mark: Decimal) {
        let (spec, one) = (instrument.spec(), i128::from(Decimal::ONE.0));
        let mark = i128::from(instrument.price_floor(mark).0);
        let edge = |ratio: Decimal| i64::try_from(mark * i128::from(ratio.0) / one).unwrap_or(0);
        self.band = [edge(spec.percent_up), edge(spec.percent_down) + 1];
    }

    /// True only for what keeps every filter.
    #[inline]
    pub(crate) fn hold(&self, side: Side, price: Price, qty: Qty, exempt: bool) -> bool {
        let (price, qty) = (price.0, qty.0);
        let banded = match side {
            Side::Buy => price <= self.band[0],
            Side::Sell => price >= self.band[1],
        };
        let notional = || {
            price
                .checked_mul(qty)
                .is_some_and(|worth| worth >= self.notional_min)
        };
        banded
            && (self.price_min..=self.price_max).contains(&price)
            && (self.qty_min..=self.qty_max).contains(&qty)
            && (exempt || notional())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::SymbolSpec;
    use phoenix_domain::SymbolId;
    use proptest::prelude::*;

    proptest! {
        /// The quick yes never lets through what the filters forbid, and says
        /// yes to what lies well inside them.
        #[test]
        fn a_quick_yes_is_a_yes(
            buy in any::<bool>(),
            price in prop_oneof![0_i64..1_000_000, 247_000_i64..274_000, any::<i64>()],
            qty in prop_oneof![-2_i64..40, 0_i64..9_000_000, any::<i64>()],
            exempt in any::<bool>(),
            mark in 1_i64..500_000,
        ) {
            let spec = SymbolSpec::named("ETHUSDC").expect("listed");
            let eth = Instrument::new(SymbolId(0), spec.instrument).expect("an instrument");
            let mark = Price(mark);
            let bounds = Bounds::new(&eth, eth.price_decimal(mark));
            let side = if buy { Side::Buy } else { Side::Sell };
            let (price, qty) = (Price(price), Qty(qty));
            if bounds.hold(side, price, qty, exempt) {
                prop_assert_eq!(eth.breach(side, price, qty, exempt, Some(mark)), None);
            }
            prop_assert!(bounds.hold(side, mark, Qty(2_001), false) || mark.0 < 1_001);
        }
    }
}

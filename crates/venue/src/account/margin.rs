//! Margin arithmetic in integers (facts page, section 10.4): one mark price,
//! what positions and orders need at it, and when it is no longer enough.

use phoenix_domain::{Cash, Decimal, Instrument, Position, Qty};

use crate::account::Holding;
use crate::exchange::PositionSide;
use crate::spec::{Bracket, SymbolSpec};

/// A mark price ready for multiplication: a quantity in lots is worth
/// `mark × factor × lots / divisor`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marked {
    mark: i64,
    factor: i64,
    divisor: i64,
}

impl Marked {
    pub(crate) fn new(instrument: &Instrument, mark: Decimal) -> Self {
        let (one, lot) = (Decimal::ONE.0, instrument.qty_decimal(Qty(1)).0);
        // A lot of 0.001 divides by 1000 instead of 1e8, which keeps nearly
        // every product within 64 bits.
        let whole = one % lot == 0;
        Self {
            mark: mark.0,
            factor: if whole { 1 } else { lot },
            divisor: if whole { one / lot } else { one },
        }
    }

    /// Signed as the quantity is.
    #[inline]
    pub(crate) fn worth(self, qty: Qty) -> Cash {
        let product = i128::from(self.mark) * i128::from(self.factor) * i128::from(qty.0);
        rounded(product, self.divisor)
    }

    #[inline]
    pub(crate) fn unrealised(self, position: &Position) -> Cash {
        if position.qty.is_zero() {
            return Cash::ZERO;
        }
        let worth = self.worth(position.qty.abs());
        Cash((worth.0 - position.cost.0) * position.qty.0.signum())
    }

    /// What a holding has gained and lost and what it needs.
    #[inline]
    pub(crate) fn needs(self, holding: &Holding) -> Needs {
        self.needs_with(holding, holding.open_sides.map(|side| side.reserved))
    }

    /// The same if its open orders were worth this (bids, asks).
    ///
    /// One-way: the larger of what would be held if all bids or all asks
    /// filled, so that a reducing order costs nothing. Hedge: both positions
    /// and everything that opens more.
    #[inline]
    pub(crate) fn needs_with(self, holding: &Holding, [bids, asks]: [Cash; 2]) -> Needs {
        let both = &holding.held[PositionSide::Both.index()].position;
        let notional = self.worth(both.qty);
        let mut own = notional.abs();
        let mut unrealised = self.unrealised(both);
        let mut total = (notional + bids).abs().max((notional - asks).abs());
        if holding.is_hedged() {
            for side in [PositionSide::Long, PositionSide::Short] {
                let position = &holding.held[side.index()].position;
                own += self.worth(position.qty.abs());
                unrealised += self.unrealised(position);
            }
            total = own + bids + asks;
        }
        let leverage = i64::from(holding.leverage.max(1));
        Needs {
            unrealised,
            position: Cash(own.0 / leverage),
            total: Cash(total.0 / leverage),
        }
    }
}

/// Unrealised profit and initial margin of one holding.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Needs {
    pub(crate) unrealised: Cash,
    /// Initial margin of the positions alone.
    pub(crate) position: Cash,
    /// Initial margin of positions and orders.
    pub(crate) total: Cash,
}

/// `price × qty`, to the nearest 1e-8.
pub(crate) fn worth(instrument: &Instrument, price: Decimal, qty: Qty) -> Cash {
    Marked::new(instrument, price).worth(qty)
}

/// A quotient, half away from zero. The 64-bit path is several times faster
/// and nearly always enough.
#[inline]
fn rounded(product: i128, divisor: i64) -> Cash {
    match i64::try_from(product) {
        Ok(small) if small.abs() < i64::MAX - divisor => {
            Cash((small + small.signum() * (divisor / 2)) / divisor)
        }
        _ => {
            let half = if product < 0 {
                -divisor / 2
            } else {
                divisor / 2
            };
            let cash = (product + i128::from(half)) / i128::from(divisor);
            Cash(i64::try_from(cash).expect("notional within 92 billion"))
        }
    }
}

/// The largest notional that may be held at a leverage.
pub(crate) fn bracket_cap(spec: &SymbolSpec, leverage: u32) -> Cash {
    let fitting = |bracket: &&Bracket| bracket.leverage_max >= leverage;
    let bracket = spec.brackets.iter().rfind(fitting);
    Cash(bracket.map_or(0, |bracket| bracket.notional_cap * Decimal::ONE.0))
}

/// Maintenance margin of a notional (a magnitude).
pub(crate) fn maint_margin(spec: &SymbolSpec, notional: Cash) -> Cash {
    if notional.is_zero() {
        return Cash::ZERO;
    }
    let covering = |bracket: &&Bracket| notional.0 <= bracket.notional_cap * Decimal::ONE.0;
    let bracket = spec.brackets.iter().find(covering).or(spec.brackets.last());
    bracket.map_or(Cash::ZERO, |bracket| {
        notional.times(bracket.maint) - Cash(bracket.cum * Decimal::ONE.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::SymbolSpec;
    use phoenix_domain::SymbolId;

    fn cash(text: &str) -> Cash {
        Cash(Decimal::parse(text.as_bytes()).expect("a decimal").0)
    }

    #[test]
    fn maintenance_margin_is_continuous_over_the_brackets() {
        let spec = SymbolSpec::named("ETHUSDC").expect("listed");
        assert_eq!(maint_margin(&spec, cash("50000")), cash("200"));
        assert_eq!(maint_margin(&spec, cash("50001")), cash("200.005"));
        assert_eq!(maint_margin(&spec, cash("1000000")), cash("5700"));
    }

    #[test]
    fn caps_follow_leverage() {
        let spec = SymbolSpec::named("ETHUSDC").expect("listed");
        assert_eq!(bracket_cap(&spec, 125), cash("50000"));
        assert_eq!(bracket_cap(&spec, 20), cash("50000000"));
        assert_eq!(bracket_cap(&spec, 1), cash("800000000"));
        assert_eq!(bracket_cap(&spec, 126), Cash::ZERO);
    }

    #[test]
    fn both_widths_of_rounding_agree() {
        let spec = SymbolSpec::named("ETHUSDC").expect("listed");
        let eth = Instrument::new(SymbolId(0), spec.instrument).expect("an instrument");
        // The order-cost capture of the facts page: 0.473 × 2463.16 × 1.0015.
        let price = Decimal::parse(b"2466.85474").expect("a decimal");
        assert_eq!(worth(&eth, price, Qty(473)), cash("1166.82229202"));
        assert_eq!(worth(&eth, price, Qty(-473)), -cash("1166.82229202"));
        assert_eq!(worth(&eth, price, Qty(473_000_000)), cash("1166822292.02"));
    }
}

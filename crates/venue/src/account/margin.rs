//! Margin arithmetic in integers (Binance's FAQ on margin): one mark price,
//! what positions and orders need at it, and when it is no longer enough.

use phoenix_domain::{Cash, Decimal, Instrument, Position, Qty, Side};

use crate::account::Holding;
use crate::exchange::PositionSide;
use crate::spec::{Bracket, SymbolSpec};

/// A price ready for multiplication: a quantity in lots is worth
/// `price × factor × lots / divisor`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marked {
    price: i64,
    factor: i64,
    divisor: i64,
}

impl Marked {
    pub(crate) fn new(instrument: &Instrument, price: Decimal) -> Self {
        let (one, lot) = (Decimal::ONE.0, instrument.qty_decimal(Qty(1)).0);
        // A lot of 0.001 divides by 1000 instead of 1e8, which keeps nearly
        // every product within 64 bits.
        let whole = one % lot == 0;
        Self {
            price: price.0,
            factor: if whole { 1 } else { lot },
            divisor: if whole { one / lot } else { one },
        }
    }

    /// The same instrument at another price.
    #[inline]
    pub(crate) fn at(self, price: Decimal) -> Self {
        Self {
            price: price.0,
            ..self
        }
    }

    /// Signed as the quantity is.
    #[inline]
    pub(crate) fn worth(self, qty: Qty) -> Cash {
        // The lot of every listed symbol, and nearly every quantity: within 64
        // bits, and a known divisor needs no division.
        if self.divisor == 1_000
            && let Some(product) = self.price.checked_mul(qty.0)
            && let Some(away) = product.checked_add(product.signum() * 500)
        {
            return Cash(away / 1_000);
        }
        self.worth_of_any(qty)
    }

    #[cold]
    fn worth_of_any(self, qty: Qty) -> Cash {
        let product = i128::from(self.price) * i128::from(self.factor) * i128::from(qty.0);
        let half = i128::from(self.divisor / 2) * product.signum();
        let cash = (product + half) / i128::from(self.divisor);
        Cash(i64::try_from(cash).expect("notional within 92 billion"))
    }

    #[inline]
    pub(crate) fn unrealised(self, position: &Position) -> Cash {
        gained(self.worth(position.qty), position)
    }

    /// What a holding has gained and lost and what it needs.
    #[inline]
    pub(crate) fn needs(self, holding: &Holding) -> Needs {
        let both = &holding.held[PositionSide::Both.index()].position;
        let notional = self.worth(both.qty);
        let mut needs = Needs {
            unrealised: gained(notional, both),
            net: notional,
            gross: notional.abs(),
            hedged: holding.is_hedged(),
            open: holding.reserved(),
            leverage: i64::from(holding.leverage.max(1)),
        };
        if needs.hedged {
            for side in [PositionSide::Long, PositionSide::Short] {
                let position = &holding.held[side.index()].position;
                let notional = self.worth(position.qty);
                needs.gross += notional.abs();
                needs.unrealised += gained(notional, position);
            }
        }
        needs
    }
}

/// Unrealised profit of a position that is worth `notional`.
#[inline]
fn gained(notional: Cash, position: &Position) -> Cash {
    Cash(notional.0 - position.cost.0 * position.qty.0.signum())
}

/// Unrealised profit and exposure of one holding; exposure over leverage is
/// initial margin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    pub(crate) unrealised: Cash,
    /// Worth of the positions, signed and as magnitudes.
    net: Cash,
    gross: Cash,
    hedged: bool,
    /// Worth of open bids and asks.
    open: [Cash; 2],
    leverage: i64,
}

impl Needs {
    /// The same with open orders of one side worth so much more.
    #[inline]
    pub(crate) fn with(mut self, side: Side, more: Cash) -> Self {
        self.open[side.index()] += more;
        self
    }

    /// One-way: the larger of what would be held if all bids or all asks
    /// filled, so that a reducing order costs nothing. Hedge: both positions
    /// and everything that opens more.
    #[inline]
    pub(crate) fn exposure(&self) -> Cash {
        let [bids, asks] = self.open;
        if self.hedged {
            return self.gross + bids + asks;
        }
        (self.net + bids).abs().max((self.net - asks).abs())
    }

    /// Initial margin of the positions alone.
    pub(crate) fn position_margin(&self) -> Cash {
        Cash(self.gross.0 / self.leverage)
    }

    /// Initial margin of positions and orders.
    #[inline]
    pub(crate) fn margin(&self) -> Cash {
        Cash(self.exposure().0 / self.leverage)
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
        // The order-cost capture of a live account: 0.473 × 2463.16 × 1.0015.
        let price = Decimal::parse(b"2466.85474").expect("a decimal");
        let marked = Marked::new(&eth, price);
        assert_eq!(marked.worth(Qty(473)), cash("1166.82229202"));
        assert_eq!(marked.worth(Qty(-473)), -cash("1166.82229202"));
        assert_eq!(marked.worth(Qty(473_000_000)), cash("1166822292.02"));
        for lots in [1, 473, -1, -473, 36_000_000, 40_000_000, -40_000_000] {
            assert_eq!(marked.worth(Qty(lots)), marked.worth_of_any(Qty(lots)));
        }
    }
}

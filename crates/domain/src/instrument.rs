//! An instrument and its filters: the only place a raw decimal becomes ticks.

use alloc::string::String;
use core::fmt;

use crate::decimal::Decimal;
use crate::order::Side;
use crate::price::{Cash, Price, Qty, Rate};

/// Index of an instrument in the desk's list; stable for one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub u16);

/// An instrument as the exchange describes it, in decimals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentSpec {
    /// Upper-case symbol, `ETHUSDC`.
    pub symbol: String,
    /// What is traded, `ETH`.
    pub base_asset: String,
    /// What it is priced and margined in, `USDC`.
    pub quote_asset: String,
    /// PRICE_FILTER tickSize.
    pub tick: Decimal,
    /// PRICE_FILTER minPrice; zero disables the bound.
    pub price_min: Decimal,
    /// PRICE_FILTER maxPrice; zero disables the bound.
    pub price_max: Decimal,
    /// LOT_SIZE stepSize.
    pub lot: Decimal,
    /// LOT_SIZE minQty.
    pub qty_min: Decimal,
    /// LOT_SIZE maxQty.
    pub qty_max: Decimal,
    /// MIN_NOTIONAL notional; reduce-only orders are exempt.
    pub notional_min: Decimal,
    /// PERCENT_PRICE multiplierUp: a buy may not be priced above mark × this.
    pub percent_up: Decimal,
    /// PERCENT_PRICE multiplierDown: a sell may not be priced below mark × this.
    pub percent_down: Decimal,
    /// MAX_NUM_ORDERS limit.
    pub orders_max: u32,
    /// Status is TRADING.
    pub trading: bool,
}

/// An instrument whose prices and quantities are whole ticks and lots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Index in the desk's list.
    pub id: SymbolId,
    spec: InstrumentSpec,
    price_scale: Scale,
    qty_scale: Scale,
    tick_lot_cash: i64,
}

/// Why a description is not an instrument Phoenix can trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstrumentError {
    /// tickSize or stepSize is zero or negative.
    NoStep {
        /// `tickSize` or `stepSize`.
        filter: &'static str,
        /// What the exchange sent.
        value: Decimal,
    },
    /// One tick times one lot is not a whole number of 1e-8.
    TooFine {
        /// Price step.
        tick: Decimal,
        /// Quantity step.
        lot: Decimal,
    },
}

impl fmt::Display for InstrumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStep { filter, value } => write!(f, "{filter} is {value}, must be above 0"),
            Self::TooFine { tick, lot } => {
                write!(f, "tick {tick} times lot {lot} is finer than 0.00000001")
            }
        }
    }
}

impl core::error::Error for InstrumentError {}

/// The filter an order would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FilterBreach {
    /// Below PRICE_FILTER minPrice.
    PriceBelowMin,
    /// Above PRICE_FILTER maxPrice.
    PriceAboveMax,
    /// Below LOT_SIZE minQty.
    QtyBelowMin,
    /// Above LOT_SIZE maxQty.
    QtyAboveMax,
    /// Below MIN_NOTIONAL.
    NotionalBelowMin,
    /// Outside PERCENT_PRICE of the mark price.
    OutsideBand,
}

/// A decimal grid: `unit` is one step, `places` the digits needed to print it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scale {
    unit: i64,
    places: u8,
    power_of_ten: bool,
}

impl Scale {
    fn of(step: Decimal) -> Self {
        let mut places = 8;
        let mut rest = step.0;
        while places > 0 && rest % 10 == 0 {
            rest /= 10;
            places -= 1;
        }
        // Steps of ten or more print without a point and divide slowly.
        let power_of_ten = rest == 1 && step.0 <= Decimal::ONE.0;
        Self {
            unit: step.0,
            places,
            power_of_ten,
        }
    }

    /// Whole steps in `text`; `None` if it is no number or off the grid.
    #[inline]
    fn parse(self, text: &[u8]) -> Option<i64> {
        if self.power_of_ten && text.len() <= 18 {
            return self.parse_decimal(text);
        }
        let decimal = Decimal::parse(text).ok()?;
        (decimal.0 % self.unit == 0).then(|| decimal.0 / self.unit)
    }

    /// At most 18 digits cannot overflow.
    #[inline]
    fn parse_decimal(self, text: &[u8]) -> Option<i64> {
        let mut steps: i64 = 0;
        let mut bytes = text.iter();
        let mut whole_seen = false;
        for &byte in bytes.by_ref() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                if byte == b'.' {
                    break;
                }
                return None;
            }
            whole_seen = true;
            steps = steps * 10 + i64::from(digit);
        }
        let mut missing = self.places;
        for &byte in bytes {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 || (missing == 0 && digit != 0) {
                return None;
            }
            whole_seen = true;
            if missing > 0 {
                steps = steps * 10 + i64::from(digit);
                missing -= 1;
            }
        }
        if !whole_seen {
            return None;
        }
        const POWERS: [i64; 9] = [
            1,
            10,
            100,
            1_000,
            10_000,
            100_000,
            1_000_000,
            10_000_000,
            100_000_000,
        ];
        steps.checked_mul(POWERS[usize::from(missing)])
    }
}

impl Instrument {
    /// Checks the description and builds the integer grid.
    ///
    /// # Errors
    /// A step of zero, or steps whose product is finer than 1e-8.
    pub fn new(id: SymbolId, spec: InstrumentSpec) -> Result<Self, InstrumentError> {
        for (filter, value) in [("tickSize", spec.tick), ("stepSize", spec.lot)] {
            if value <= Decimal::ZERO {
                return Err(InstrumentError::NoStep { filter, value });
            }
        }
        let product = i128::from(spec.tick.0) * i128::from(spec.lot.0);
        let whole = product % i128::from(Decimal::ONE.0) == 0;
        let cash = i64::try_from(product / i128::from(Decimal::ONE.0)).ok();
        let Some(tick_lot_cash) = cash.filter(|&cash| whole && cash > 0) else {
            return Err(InstrumentError::TooFine {
                tick: spec.tick,
                lot: spec.lot,
            });
        };
        Ok(Self {
            id,
            price_scale: Scale::of(spec.tick),
            qty_scale: Scale::of(spec.lot),
            tick_lot_cash,
            spec,
        })
    }

    /// The description this was built from.
    #[must_use]
    pub fn spec(&self) -> &InstrumentSpec {
        &self.spec
    }

    /// Upper-case symbol.
    #[must_use]
    pub fn symbol(&self) -> &str {
        &self.spec.symbol
    }

    /// Digits after the point that a price needs.
    #[must_use]
    pub fn price_places(&self) -> u8 {
        self.price_scale.places
    }

    /// Digits after the point that a quantity needs.
    #[must_use]
    pub fn qty_places(&self) -> u8 {
        self.qty_scale.places
    }

    /// Reads a wire price; `None` if it is no number or off the tick grid.
    #[inline]
    #[must_use]
    pub fn parse_price(&self, text: &[u8]) -> Option<Price> {
        self.price_scale.parse(text).map(Price)
    }

    /// Reads a wire quantity; `None` if it is no number or off the lot grid.
    #[inline]
    #[must_use]
    pub fn parse_qty(&self, text: &[u8]) -> Option<Qty> {
        self.qty_scale.parse(text).map(Qty)
    }

    /// The exact decimal of a price.
    #[must_use]
    pub fn price_decimal(&self, price: Price) -> Decimal {
        Decimal(price.0 * self.price_scale.unit)
    }

    /// The exact decimal of a quantity.
    #[must_use]
    pub fn qty_decimal(&self, qty: Qty) -> Decimal {
        Decimal(qty.0 * self.qty_scale.unit)
    }

    /// The nearest tick at or below `decimal`.
    #[must_use]
    pub fn price_floor(&self, decimal: Decimal) -> Price {
        Price(decimal.0.div_euclid(self.price_scale.unit))
    }

    /// The nearest lot at or below `decimal`.
    #[must_use]
    pub fn qty_floor(&self, decimal: Decimal) -> Qty {
        Qty(decimal.0.div_euclid(self.qty_scale.unit))
    }

    /// One tick as a float, for fair price and volatility only.
    #[must_use]
    pub fn tick_f64(&self) -> f64 {
        self.spec.tick.to_f64()
    }

    /// One lot as a float.
    #[must_use]
    pub fn lot_f64(&self) -> f64 {
        self.spec.lot.to_f64()
    }

    /// What one lot at one tick is worth.
    #[must_use]
    pub fn tick_lot_cash(&self) -> Cash {
        Cash(self.tick_lot_cash)
    }

    /// Price times quantity, exact. Signed as the quantity is.
    ///
    /// # Panics
    /// Beyond 92 billion of the quote asset, which no filter lets through.
    #[must_use]
    pub fn notional(&self, price: Price, qty: Qty) -> Cash {
        let cash = i128::from(price.0) * i128::from(qty.0) * i128::from(self.tick_lot_cash);
        Cash(i64::try_from(cash).expect("notional within 92 billion"))
    }

    /// The first filter an order would break, if any. `mark` is the mark price
    /// in ticks for the PERCENT_PRICE band, `None` skips the band.
    #[must_use]
    pub fn breach(
        &self,
        side: Side,
        price: Price,
        qty: Qty,
        reduce_only: bool,
        mark: Option<Price>,
    ) -> Option<FilterBreach> {
        let raw_price = i128::from(price.0) * i128::from(self.price_scale.unit);
        let raw_qty = i128::from(qty.0) * i128::from(self.qty_scale.unit);
        let bound = |limit: Decimal| i128::from(limit.0);
        if price.0 <= 0 || raw_price < bound(self.spec.price_min) {
            return Some(FilterBreach::PriceBelowMin);
        }
        if self.spec.price_max.0 != 0 && raw_price > bound(self.spec.price_max) {
            return Some(FilterBreach::PriceAboveMax);
        }
        if qty.0 <= 0 || raw_qty < bound(self.spec.qty_min) {
            return Some(FilterBreach::QtyBelowMin);
        }
        if raw_qty > bound(self.spec.qty_max) {
            return Some(FilterBreach::QtyAboveMax);
        }
        let cash = i128::from(price.0) * i128::from(qty.0) * i128::from(self.tick_lot_cash);
        if !reduce_only && cash < bound(self.spec.notional_min) {
            return Some(FilterBreach::NotionalBelowMin);
        }
        if let Some(mark) = mark {
            let scaled = i128::from(price.0) * i128::from(Decimal::ONE.0);
            let outside = match side {
                Side::Buy => scaled > i128::from(mark.0) * bound(self.spec.percent_up),
                Side::Sell => scaled < i128::from(mark.0) * bound(self.spec.percent_down),
            };
            if outside {
                return Some(FilterBreach::OutsideBand);
            }
        }
        None
    }

    /// Fee of a fill at `rate`.
    #[must_use]
    pub fn fee(&self, price: Price, qty: Qty, rate: Rate) -> Cash {
        self.notional(price, qty).times(rate)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    pub(crate) fn ethusdc() -> Instrument {
        let decimal = |text: &str| Decimal::parse(text.as_bytes()).expect("a decimal");
        Instrument::new(
            SymbolId(0),
            InstrumentSpec {
                symbol: "ETHUSDC".to_string(),
                base_asset: "ETH".to_string(),
                quote_asset: "USDC".to_string(),
                tick: decimal("0.01"),
                price_min: decimal("0.01"),
                price_max: decimal("100000"),
                lot: decimal("0.001"),
                qty_min: decimal("0.001"),
                qty_max: decimal("8000"),
                notional_min: decimal("20"),
                percent_up: decimal("1.05"),
                percent_down: decimal("0.95"),
                orders_max: 200,
                trading: true,
            },
        )
        .expect("a valid instrument")
    }

    #[test]
    fn text_becomes_ticks_and_lots() {
        let eth = ethusdc();
        assert_eq!(eth.parse_price(b"2610.58"), Some(Price(261_058)));
        assert_eq!(eth.parse_price(b"2610.5800"), Some(Price(261_058)));
        assert_eq!(eth.parse_price(b"2610.585"), None);
        assert_eq!(eth.parse_price(b"2610"), Some(Price(261_000)));
        assert_eq!(eth.parse_qty(b"0.000"), Some(Qty(0)));
        for bad in ["", ".", "1,0", "-1", "1e5", "1.2.3", "99999999999999999999"] {
            assert_eq!(eth.parse_price(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(
            eth.notional(Price(261_058), Qty(1_000)),
            Cash(261_058_000_000)
        );
    }

    #[test]
    fn filters_name_the_breach() {
        let eth = ethusdc();
        let mark = Some(Price(261_000));
        let breach =
            |side, price, qty, reduce| eth.breach(side, Price(price), Qty(qty), reduce, mark);
        assert_eq!(breach(Side::Buy, 261_000, 100, false), None);
        assert_eq!(
            breach(Side::Buy, 261_000, 7, false),
            Some(FilterBreach::NotionalBelowMin)
        );
        assert_eq!(breach(Side::Buy, 261_000, 7, true), None);
        assert_eq!(
            breach(Side::Buy, 261_000, 0, true),
            Some(FilterBreach::QtyBelowMin)
        );
        assert_eq!(
            breach(Side::Buy, 0, 10, true),
            Some(FilterBreach::PriceBelowMin)
        );
        assert_eq!(
            breach(Side::Buy, 274_051, 100, false),
            Some(FilterBreach::OutsideBand)
        );
        assert_eq!(
            breach(Side::Sell, 247_949, 100, false),
            Some(FilterBreach::OutsideBand)
        );
        assert_eq!(breach(Side::Sell, 274_051, 100, false), None);
        assert_eq!(
            breach(Side::Sell, i64::MAX, i64::MAX, false),
            Some(FilterBreach::PriceAboveMax)
        );
    }

    proptest! {
        #[test]
        fn fast_and_exact_readers_agree(units in 0_i64..10_000_000_000, places in 0_usize..9) {
            let text = std::format!("{:.places$}", Decimal(units));
            let exact = Decimal::parse(text.as_bytes()).expect("printed");
            let expected = (exact.0 % 1_000_000 == 0).then_some(Price(exact.0 / 1_000_000));
            prop_assert_eq!(ethusdc().parse_price(text.as_bytes()), expected);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = ethusdc().parse_price(&bytes);
            let _ = ethusdc().parse_qty(&bytes);
        }
    }
}

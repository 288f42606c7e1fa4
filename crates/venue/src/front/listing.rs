//! How a symbol's prices and quantities are printed.

use std::fmt;

use phoenix_domain::{Cash, Decimal, Instrument, Price, Qty, SymbolId};

use crate::exchange::Exchange;

/// What printing a symbol needs, taken from the exchange once.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    /// Its grid.
    pub(crate) instrument: Instrument,
    /// What it is margined in.
    pub(crate) asset: String,
    price_places: u8,
    qty_places: u8,
}

/// A decimal printed with a fixed number of places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Padded(pub(crate) Decimal, pub(crate) u8);

impl fmt::Display for Padded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.*}", usize::from(self.1), self.0)
    }
}

impl Listing {
    /// Every symbol of the exchange, indexed by its id.
    pub(crate) fn all(exchange: &Exchange) -> Vec<Self> {
        (0_u16..)
            .zip(exchange.symbols())
            .map(|(index, spec)| {
                let id = SymbolId(index);
                let asset = usize::from(exchange.margin_asset(id).0);
                Self {
                    instrument: exchange.instrument(id).clone(),
                    asset: exchange.assets().get(asset).cloned().unwrap_or_default(),
                    price_places: spec.price_precision,
                    qty_places: spec.qty_precision,
                }
            })
            .collect()
    }

    /// Upper-case symbol.
    pub(crate) fn symbol(&self) -> &str {
        self.instrument.symbol()
    }

    /// Its index.
    pub(crate) fn id(&self) -> SymbolId {
        self.instrument.id
    }

    /// Places a price may have.
    pub(crate) fn price_places(&self) -> u8 {
        self.price_places
    }

    /// Places a quantity may have.
    pub(crate) fn qty_places(&self) -> u8 {
        self.qty_places
    }

    /// A price padded to the symbol's precision.
    pub(crate) fn price(&self, price: Price) -> Padded {
        Padded(self.instrument.price_decimal(price), self.price_places)
    }

    /// A quantity padded to the symbol's precision.
    pub(crate) fn qty(&self, qty: Qty) -> Padded {
        Padded(self.instrument.qty_decimal(qty), self.qty_places)
    }

    /// A price without trailing zeros.
    pub(crate) fn short_price(&self, price: Price) -> Decimal {
        self.instrument.price_decimal(price)
    }

    /// A quantity without trailing zeros.
    pub(crate) fn short_qty(&self, qty: Qty) -> Decimal {
        self.instrument.qty_decimal(qty)
    }

    /// An average price: the symbol's precision and three places more.
    pub(crate) fn average(&self, price: Decimal) -> Padded {
        if price.0 == 0 {
            return Padded(price, self.price_places);
        }
        Padded(price, (self.price_places + 3).min(8))
    }

    /// Price × quantity with all the places both have.
    pub(crate) fn notional(&self, cash: Cash) -> Padded {
        let places = self.price_places + self.qty_places;
        Padded(Decimal(cash.0), places.min(8))
    }
}

/// Money with the eight places wallets have.
pub(crate) fn cash(amount: Cash) -> Padded {
    Padded(Decimal(amount.0), 8)
}

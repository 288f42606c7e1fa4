//! What every fuzz target needs: a table of instruments that bytes can name.
//!
//! One target per decoder of bytes from outside. Run one with
//! `cargo +nightly fuzz run market_frame` (or on stable with
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run market_frame`).

pub mod exchange;

use phoenix_binance::symbols::SymbolTable;
use phoenix_domain::{Decimal, Instrument, InstrumentSpec, SymbolId};

/// One instrument of the usual steps, one whose prices print one zero too
/// many, and one whose steps are no powers of ten.
#[must_use]
pub fn table() -> SymbolTable {
    let instruments = [
        instrument(0, "ETHUSDC", 1_000_000, 100_000),
        instrument(1, "BTCUSDT", 10_000_000, 100_000),
        instrument(2, "ODDUSDT", 5_000_000, 2_000_000_000),
    ];
    SymbolTable::new(&instruments)
}

fn instrument(id: u16, symbol: &str, tick: i64, lot: i64) -> Instrument {
    let (base_asset, quote_asset) = symbol.split_at(3);
    let spec = InstrumentSpec {
        symbol: symbol.to_owned(),
        base_asset: base_asset.to_owned(),
        quote_asset: quote_asset.to_owned(),
        tick: Decimal(tick),
        price_min: Decimal(tick),
        price_max: Decimal(Decimal::ONE.0 * 1_000_000),
        lot: Decimal(lot),
        qty_min: Decimal(lot),
        qty_max: Decimal(Decimal::ONE.0 * 1_000),
        notional_min: Decimal(Decimal::ONE.0 * 20),
        percent_up: Decimal(105_000_000),
        percent_down: Decimal(95_000_000),
        orders_max: 200,
        trading: true,
    };
    Instrument::new(SymbolId(id), spec).expect("steps above zero")
}

//! The instruments of one run, found by the exchange's names for them.
//!
//! Lookup allocates nothing: names are few and kept sorted. An instrument is
//! replaced, never removed, so a `SymbolId` stays valid for the whole run.

use phoenix_domain::{Instrument, SymbolId};

/// Largest price a frame may carry, in units of the quote asset.
const PRICE_MAX: i64 = 1_000_000_000 * 100_000_000;

/// Largest number of ticks or lots a frame may carry: exact as a float, and a
/// thousand of them still add up within an `i64`.
const STEPS_MAX: i64 = 1 << 53;

/// Instruments by name, and the quote assets they are margined in.
#[derive(Clone, Debug, Default)]
pub struct SymbolTable {
    entries: Vec<Entry>,
    /// Upper-case names, sorted.
    by_name: Vec<(Box<[u8]>, SymbolId)>,
    assets: Vec<String>,
}

/// One instrument with what decoding needs at hand.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) instrument: Instrument,
    pub(crate) grid: Grid,
    lower: String,
    asset: u8,
}

/// What the fast number reader needs to know of an instrument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    pub(crate) price: Steps,
    pub(crate) qty: Steps,
}

/// One decimal grid. `fast_places` is the number of decimals a text has when
/// its digits, point removed, are the number of steps; `None` if the step is
/// no power of ten up to one, which only the general reader can divide by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    pub(crate) fast_places: Option<u8>,
    /// Greatest number of steps accepted.
    pub(crate) max: i64,
}

impl SymbolTable {
    /// Builds the table. Ids are the positions in `instruments`.
    ///
    /// # Panics
    /// If an instrument's id is not its position, or there are more than 255
    /// quote assets: broken by our own start-up code, never by the exchange.
    #[must_use]
    pub fn new(instruments: &[Instrument]) -> Self {
        let mut table = Self::default();
        for (position, instrument) in instruments.iter().enumerate() {
            assert_eq!(usize::from(instrument.id.0), position, "ids are positions");
            let asset = table.asset_index(&instrument.spec().quote_asset);
            let name = instrument.symbol().as_bytes().into();
            table.by_name.push((name, instrument.id));
            table.entries.push(Entry {
                lower: instrument.symbol().to_lowercase(),
                grid: grid(instrument),
                instrument: instrument.clone(),
                asset,
            });
        }
        table.by_name.sort();
        table
    }

    /// Puts a changed instrument in the place of its former self.
    ///
    /// # Panics
    /// If the id is not in the table.
    pub fn replace(&mut self, instrument: Instrument) {
        let entry = &mut self.entries[usize::from(instrument.id.0)];
        entry.grid = grid(&instrument);
        entry.instrument = instrument;
    }

    /// The id of an upper-case symbol as bytes off the wire.
    #[inline]
    #[must_use]
    pub fn find(&self, symbol: &[u8]) -> Option<SymbolId> {
        let found = self
            .by_name
            .binary_search_by(|(name, _)| name.as_ref().cmp(symbol));
        found.ok().map(|place| self.by_name[place].1)
    }

    /// The instrument of an id handed out by this table.
    ///
    /// # Panics
    /// If the id is of another table.
    #[must_use]
    pub fn instrument(&self, id: SymbolId) -> &Instrument {
        &self.entries[usize::from(id.0)].instrument
    }

    /// The lower-case name, as stream names spell it.
    ///
    /// # Panics
    /// If the id is of another table.
    #[must_use]
    pub fn lower(&self, id: SymbolId) -> &str {
        &self.entries[usize::from(id.0)].lower
    }

    /// Index in [`Self::assets`] of the asset an instrument is margined in.
    ///
    /// # Panics
    /// If the id is of another table.
    #[must_use]
    pub fn asset_of(&self, id: SymbolId) -> u8 {
        self.entries[usize::from(id.0)].asset
    }

    /// Index of an asset by name; `None` if no instrument is margined in it.
    #[must_use]
    pub fn find_asset(&self, asset: &str) -> Option<u8> {
        let place = self.assets.iter().position(|known| known == asset)?;
        u8::try_from(place).ok()
    }

    /// The quote assets, in the order of their indexes.
    #[must_use]
    pub fn assets(&self) -> &[String] {
        &self.assets
    }

    /// All instruments in the order of their ids.
    pub fn instruments(&self) -> impl ExactSizeIterator<Item = &Instrument> {
        self.entries.iter().map(|entry| &entry.instrument)
    }

    #[inline]
    pub(crate) fn entry(&self, id: SymbolId) -> &Entry {
        &self.entries[usize::from(id.0)]
    }

    fn asset_index(&mut self, asset: &str) -> u8 {
        let place = self.assets.iter().position(|known| known == asset);
        let place = place.unwrap_or_else(|| {
            self.assets.push(asset.to_owned());
            self.assets.len() - 1
        });
        u8::try_from(place).expect("at most 255 quote assets")
    }
}

fn grid(instrument: &Instrument) -> Grid {
    let spec = instrument.spec();
    let steps = |unit: i64, places: u8, most: i64| Steps {
        fast_places: (unit == 10_i64.pow(8 - u32::from(places))).then_some(places),
        max: (most / unit).min(STEPS_MAX),
    };
    Grid {
        price: steps(spec.tick.0, instrument.price_places(), PRICE_MAX),
        qty: steps(spec.lot.0, instrument.qty_places(), i64::MAX),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use phoenix_domain::{Decimal, InstrumentSpec};

    pub(crate) fn decimal(text: &str) -> Decimal {
        Decimal::parse(text.as_bytes()).expect("a decimal")
    }

    pub(crate) fn spec(symbol: &str, tick: &str) -> InstrumentSpec {
        let (base_asset, quote_asset) = symbol.split_at(symbol.len() - 4);
        InstrumentSpec {
            symbol: symbol.to_owned(),
            base_asset: base_asset.to_owned(),
            quote_asset: quote_asset.to_owned(),
            tick: decimal(tick),
            price_min: decimal(tick),
            price_max: decimal("4529764"),
            lot: decimal("0.001"),
            qty_min: decimal("0.001"),
            qty_max: decimal("8000"),
            notional_min: decimal("20"),
            percent_up: decimal("1.05"),
            percent_down: decimal("0.95"),
            orders_max: 200,
            trading: true,
        }
    }

    /// ETHUSDC, BTCUSDT, ETHUSDT and BTCUSDC with their real steps.
    pub(crate) fn table() -> SymbolTable {
        let symbols = [
            ("ETHUSDC", "0.01"),
            ("BTCUSDT", "0.10"),
            ("ETHUSDT", "0.01"),
            ("BTCUSDC", "0.1"),
        ];
        let instruments: Vec<_> = symbols
            .iter()
            .zip(0..)
            .map(|((symbol, tick), id)| {
                Instrument::new(SymbolId(id), spec(symbol, tick)).expect("valid")
            })
            .collect();
        SymbolTable::new(&instruments)
    }

    #[test]
    fn names_lead_to_instruments_and_assets() {
        let table = table();
        let btc = table.find(b"BTCUSDT").expect("known");
        assert_eq!(table.instrument(btc).symbol(), "BTCUSDT");
        assert_eq!(table.lower(btc), "btcusdt");
        assert_eq!(table.assets(), ["USDC", "USDT"]);
        assert_eq!(table.asset_of(btc), 1);
        assert_eq!(table.find_asset("BNB"), None);
        for unknown in ["", "btcusdt", "BTCUSD", "BTCUSDTT"] {
            assert_eq!(table.find(unknown.as_bytes()), None, "{unknown}");
        }
    }

    #[test]
    fn a_changed_instrument_keeps_its_id() {
        let mut table = table();
        let id = table.find(b"ETHUSDT").expect("known");
        let coarser = Instrument::new(id, spec("ETHUSDT", "0.10")).expect("valid");
        table.replace(coarser);
        assert_eq!(table.instrument(id).price_places(), 1);
        assert_eq!(table.find(b"ETHUSDT"), Some(id));
    }
}

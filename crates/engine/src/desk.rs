//! The account: one maker per symbol, and what holds for all of them.

use alloc::vec::Vec;

use phoenix_domain::{At, Event, Instrument, MonoNs, RunId, SymbolId};

use crate::output::Output;
use crate::settings::{DeskSettings, SymbolSettings};
use crate::view::MakerView;

/// The whole engine: a function of its inputs.
#[derive(Debug)]
pub struct Desk {
    settings: DeskSettings,
    symbols: Vec<(Instrument, SymbolSettings)>,
    run: RunId,
    started_at: At,
}

impl Desk {
    /// A desk that knows nothing yet. `symbols[i]` must have id `i`.
    #[must_use]
    pub fn new(
        settings: DeskSettings,
        symbols: Vec<(Instrument, SymbolSettings)>,
        run: RunId,
        at: At,
    ) -> Self {
        Self {
            settings,
            symbols,
            run,
            started_at: at,
        }
    }

    /// Takes one event in; what follows from it is pushed into `out`.
    pub fn step(&mut self, at: At, event: &Event<'_>, out: &mut Output) {
        let _ = (at, event, out, self.run, self.started_at, &self.settings);
    }

    /// When [`Event::Timer`] is owed, if ever.
    #[must_use]
    pub fn next_deadline(&self) -> Option<MonoNs> {
        None
    }

    /// A hash of all state that decides what happens next.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.symbols.len() as u64
    }

    /// Everything a screen needs to know of one symbol.
    #[must_use]
    pub fn view(&self, symbol: SymbolId, at: At) -> Option<MakerView> {
        let _ = (symbol, at);
        None
    }

    /// The desk's list of assets, which [`phoenix_domain::Balance`] indexes:
    /// quote assets in the order in which the symbols first name them.
    #[must_use]
    pub fn assets(&self) -> Vec<&str> {
        let mut assets: Vec<&str> = Vec::new();
        for (instrument, _) in &self.symbols {
            let asset = instrument.spec().quote_asset.as_str();
            if !assets.contains(&asset) {
                assets.push(asset);
            }
        }
        assets
    }

    /// Every maker has stopped and the exchange's own lists were empty.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        false
    }
}

//! The exchange: order entry, matching, accounts, funding and liquidation
//! behind one deterministic interface.
//!
//! Time is a parameter: every call first brings the exchange to `now`, so
//! that timers, funding, the synthetic crowd and recorded frames that are due
//! happen before what is asked. The same calls with the same seed give the
//! same events. No sockets, no wire format, no clock in here.

mod amending;
mod bounds;
mod ending;
mod entry;
mod event;
mod liquidity;
mod market;
mod order;
mod orders;
mod pricing;
mod queries;
mod reject;
mod settings;
mod terms;
mod trading;
mod upkeep;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use phoenix_domain::{Cash, Instrument, Price, SymbolId};

use crate::account::Account;
use crate::flow::Flow;
use crate::queue::Display;
use crate::recording::Replay;
use crate::spec::SymbolSpec;

pub use event::{
    AccountReason, Amendment, BalanceView, Execution, ExpiryReason, FillView, Income, IncomeKind,
    MarkView, MarketEvent, Outbox, PositionChange, PositionView, PublicTrade, RecordedDepth, Top,
    UserEvent, UserTrade,
};
pub use order::{
    AmendRequest, ClientOrderId, OrderKind, OrderRef, OrderRequest, OrderState, OrderView,
    PositionSide, PriceMatch, StpMode,
};
pub use reject::Reject;
pub use terms::{
    AccountConfig, AccountId, AccountSpec, AssetId, DepthView, ExchangeError, ExchangeSpec,
    FundingRow, Liquidity, MarketSpec, Oversize, SymbolConfig, VenueNs,
};

pub(crate) use orders::Orders;

use market::Market;

/// The exchange.
#[derive(Debug)]
pub struct Exchange {
    now: VenueNs,
    /// The earliest instant at which something happens by itself.
    due: VenueNs,
    next_mark: VenueNs,
    listings: Vec<SymbolSpec>,
    markets: Vec<Market>,
    assets: Vec<String>,
    accounts: Vec<Account>,
    orders: Orders,
    replay: Option<Replay>,
    fuses: BTreeSet<(VenueNs, AccountId, SymbolId)>,
    expiries: BTreeSet<(VenueNs, u64)>,
    oversize: Oversize,
    history_max: usize,
    /// By asset, as the two below.
    fee_pool: Vec<Cash>,
    insurance: Vec<Cash>,
    deposited: Vec<Cash>,
    update_id: u64,
    outbox: Outbox,
}

impl Exchange {
    /// Lists the symbols and gathers their crowds.
    ///
    /// # Errors
    /// A listing that is no instrument, a symbol listed twice, or a recorded
    /// market without a recording of it.
    pub fn new(spec: ExchangeSpec) -> Result<Self, ExchangeError> {
        let mut exchange = Self {
            now: spec.start,
            due: VenueNs(0),
            next_mark: spec.start,
            listings: Vec::new(),
            markets: Vec::new(),
            assets: Vec::new(),
            accounts: Vec::new(),
            orders: Orders::default(),
            replay: None,
            fuses: BTreeSet::new(),
            expiries: BTreeSet::new(),
            oversize: spec.oversize,
            history_max: spec.history_max,
            fee_pool: Vec::new(),
            insurance: Vec::new(),
            deposited: Vec::new(),
            update_id: 9_900_000_000_000,
            outbox: Outbox::default(),
        };
        for market in spec.markets {
            exchange.list(market, spec.seed, spec.recording.is_some())?;
        }
        if let Some(recording) = spec.recording {
            let instruments = exchange
                .markets
                .iter()
                .map(|market| market.instrument.clone());
            exchange.replay = Some(Replay::new(recording, instruments.collect(), spec.start));
        }
        exchange.gather();
        exchange.plan();
        exchange.advance(spec.start);
        exchange.outbox.clear();
        Ok(exchange)
    }

    /// Swaps the events since the last drain into `out`, whose old content is
    /// forgotten and whose room is reused.
    pub fn drain(&mut self, out: &mut Outbox) {
        out.clear();
        std::mem::swap(&mut self.outbox, out);
    }

    fn list(
        &mut self,
        spec: MarketSpec,
        seed: u64,
        has_recording: bool,
    ) -> Result<(), ExchangeError> {
        let name = spec.symbol.instrument.symbol.clone();
        if self.symbol_id(&name).is_some() {
            return Err(ExchangeError::Twice(name));
        }
        let id = SymbolId(self.markets.len() as u16);
        let listing = spec.symbol.instrument.clone();
        let instrument =
            Instrument::new(id, listing).map_err(|error| ExchangeError::Instrument {
                symbol: name.clone(),
                error,
            })?;
        let start = match &spec.liquidity {
            Liquidity::None { price } => instrument.price_floor(*price),
            Liquidity::Synthetic(flow) => flow.start_price(&instrument),
            Liquidity::Recorded if has_recording => Price(0),
            Liquidity::Recorded => return Err(ExchangeError::NoRecording(name)),
        };
        let mut market = Market::new(id, spec.symbol.clone(), instrument, start);
        market.asset = self.asset_id(&spec.symbol.instrument.quote_asset);
        market.pricing.start(self.now);
        match spec.liquidity {
            Liquidity::None { .. } => {}
            Liquidity::Synthetic(flow) => {
                market.flow = Some(Flow::new(flow, &market.instrument, seed, id, self.now));
            }
            Liquidity::Recorded => {
                market.display = Some(Display::default());
                market.trade_id = liquidity::OWN_TRADES;
            }
        }
        self.listings.push(spec.symbol);
        self.markets.push(market);
        Ok(())
    }

    fn asset_id(&mut self, name: &str) -> AssetId {
        let known = self.assets.iter().position(|asset| asset == name);
        let index = known.unwrap_or_else(|| {
            self.assets.push(name.to_owned());
            self.fee_pool.push(Cash::ZERO);
            self.insurance.push(Cash::ZERO);
            self.deposited.push(Cash::ZERO);
            self.assets.len() - 1
        });
        AssetId(index as u8)
    }
}

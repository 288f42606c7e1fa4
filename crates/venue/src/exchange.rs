//! The exchange: order entry, matching, accounts, funding and liquidation
//! behind one deterministic interface.
//!
//! Time is a parameter: every call first brings the exchange to `now`, so
//! that timers, funding, the synthetic crowd and recorded frames that are due
//! happen before what is asked. The same calls with the same seed give the
//! same events. No sockets, no wire format, no clock in here.

mod event;
mod order;
mod reject;

use phoenix_domain::{Cash, Instrument, Level, Rate, SymbolId};

use crate::recording::Recording;
use crate::spec::SymbolSpec;

pub use event::{
    AccountReason, Amendment, BalanceView, Execution, ExpiryReason, FillView, Income, IncomeKind,
    MarkView, MarketEvent, Outbox, PositionView, PublicTrade, RecordedDepth, Top, UserEvent,
    UserTrade,
};
pub use order::{
    AmendRequest, ClientOrderId, OrderKind, OrderRef, OrderRequest, OrderState, OrderView,
    PositionSide, PriceMatch, StpMode,
};
pub use reject::Reject;

/// An instant of the exchange's clock: ns since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VenueNs(pub u64);

impl VenueNs {
    /// Whole ms since the epoch, as every timestamp on the wire.
    #[must_use]
    pub fn ms(self) -> i64 {
        (self.0 / 1_000_000) as i64
    }

    /// The instant of a wire timestamp.
    #[must_use]
    pub fn from_ms(ms: i64) -> Self {
        Self(u64::try_from(ms).unwrap_or(0).saturating_mul(1_000_000))
    }

    /// The instant `ms` later.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000_000)))
    }
}

/// Number of an account, in the order of opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u32);

/// Index of a margin asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetId(pub u8);

/// Where the other side of the trades comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Liquidity {
    /// Nobody but the accounts.
    None,
    /// A seeded crowd.
    Synthetic(crate::flow::FlowSpec),
    /// The recording of [`ExchangeSpec::recording`].
    Recorded,
}

/// What becomes of a reduce-only order larger than what it may reduce.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Oversize {
    /// It shrinks (recorded behaviour, 2026-05).
    #[default]
    Shrink,
    /// It is refused with -2022 (the exchange's FAQ, 2024-01).
    Reject,
}

/// A listed symbol and its liquidity.
#[derive(Clone, Debug)]
pub struct MarketSpec {
    /// The listing.
    pub symbol: SymbolSpec,
    /// The crowd.
    pub liquidity: Liquidity,
}

/// What an exchange is built from.
#[derive(Debug)]
pub struct ExchangeSpec {
    /// Its clock at the start.
    pub start: VenueNs,
    /// Seed of everything random.
    pub seed: u64,
    /// The symbols, in the order of their ids.
    pub markets: Vec<MarketSpec>,
    /// Frames for the markets that are [`Liquidity::Recorded`].
    pub recording: Option<Recording>,
    /// Reduce-only orders that are too large.
    pub oversize: Oversize,
    /// Closed orders, trades and incomes kept per account.
    pub history_max: usize,
}

/// An account to be opened.
#[derive(Clone, Debug, Default)]
pub struct AccountSpec {
    /// Deposits by asset name; an asset nobody lists is ignored.
    pub deposits: Vec<(String, Cash)>,
    /// Maker and taker rates other than the symbols' own.
    pub fees: Option<(Rate, Rate)>,
    /// Accounts of the same group count as one for self-trade prevention.
    pub trade_group: Option<u32>,
}

/// Bids descending and asks ascending at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DepthView {
    /// One of the symbol's own update ids.
    pub last_update_id: u64,
    /// When the book last changed.
    pub at: VenueNs,
    /// Bids, best first.
    pub bids: Vec<Level>,
    /// Asks, best first.
    pub asks: Vec<Level>,
}

/// Settings of an account on a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SymbolConfig {
    /// The symbol.
    pub symbol: SymbolId,
    /// Leverage chosen.
    pub leverage: u32,
    /// Isolated instead of crossed.
    pub isolated: bool,
    /// Largest notional at this leverage.
    pub notional_max: Cash,
    /// Maker rate of the account.
    pub maker_fee: Rate,
    /// Taker rate of the account.
    pub taker_fee: Rate,
}

/// Modes of a whole account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountConfig {
    /// Hedge mode.
    pub dual_side: bool,
    /// Multi-assets margin (kept as a setting, not computed).
    pub multi_assets: bool,
    /// Fees in BNB (kept as a setting, not computed).
    pub fee_burn: bool,
    /// Self-trade group, -1 for none.
    pub trade_group: i64,
}

/// A paid funding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundingRow {
    /// When.
    pub at: VenueNs,
    /// At which rate.
    pub rate: Rate,
    /// At which mark price.
    pub mark: phoenix_domain::Decimal,
}

/// The exchange.
#[derive(Debug)]
pub struct Exchange {
    instruments: Vec<Instrument>,
    symbols: Vec<SymbolSpec>,
}

#[allow(missing_docs, unused_variables)]
impl Exchange {
    pub fn new(spec: ExchangeSpec) -> Result<Self, ExchangeError> {
        unimplemented!()
    }
    pub fn advance(&mut self, now: VenueNs) {
        unimplemented!()
    }
    pub fn next_deadline(&self) -> Option<VenueNs> {
        unimplemented!()
    }
    /// Swaps the events since the last drain into `out`, whose old content is
    /// forgotten and whose room is reused.
    pub fn drain(&mut self, out: &mut Outbox) {
        unimplemented!()
    }

    pub fn open_account(&mut self, now: VenueNs, spec: &AccountSpec) -> AccountId {
        unimplemented!()
    }
    /// Positive in, negative out.
    pub fn transfer(&mut self, now: VenueNs, account: AccountId, asset: AssetId, amount: Cash) {
        unimplemented!()
    }

    pub fn place(
        &mut self,
        now: VenueNs,
        account: AccountId,
        request: &OrderRequest,
    ) -> Result<OrderView, Reject> {
        unimplemented!()
    }
    /// All checks of `place`, nothing done.
    pub fn place_test(
        &mut self,
        now: VenueNs,
        account: AccountId,
        request: &OrderRequest,
    ) -> Result<(), Reject> {
        unimplemented!()
    }
    /// The view returned may be CANCELED: the destructive cases of facts 11.4.
    pub fn amend(
        &mut self,
        now: VenueNs,
        account: AccountId,
        request: &AmendRequest,
    ) -> Result<OrderView, Reject> {
        unimplemented!()
    }
    pub fn cancel(
        &mut self,
        now: VenueNs,
        account: AccountId,
        symbol: SymbolId,
        order: OrderRef,
    ) -> Result<OrderView, Reject> {
        unimplemented!()
    }
    /// How many were cancelled.
    pub fn cancel_all(&mut self, now: VenueNs, account: AccountId, symbol: SymbolId) -> usize {
        unimplemented!()
    }
    /// Arms (or with zero disarms) the symbol's cancel-all fuse.
    pub fn countdown(&mut self, now: VenueNs, account: AccountId, symbol: SymbolId, ms: u64) {
        unimplemented!()
    }
    pub fn set_leverage(
        &mut self,
        now: VenueNs,
        account: AccountId,
        symbol: SymbolId,
        leverage: u32,
    ) -> Result<SymbolConfig, Reject> {
        unimplemented!()
    }
    pub fn set_isolated(
        &mut self,
        now: VenueNs,
        account: AccountId,
        symbol: SymbolId,
        isolated: bool,
    ) -> Result<(), Reject> {
        unimplemented!()
    }
    pub fn set_dual_side(
        &mut self,
        now: VenueNs,
        account: AccountId,
        dual: bool,
    ) -> Result<(), Reject> {
        unimplemented!()
    }
    pub fn set_multi_assets(
        &mut self,
        now: VenueNs,
        account: AccountId,
        on: bool,
    ) -> Result<(), Reject> {
        unimplemented!()
    }
    pub fn set_fee_burn(
        &mut self,
        now: VenueNs,
        account: AccountId,
        on: bool,
    ) -> Result<(), Reject> {
        unimplemented!()
    }

    pub fn now(&self) -> VenueNs {
        unimplemented!()
    }
    /// Ids are indexes.
    pub fn symbols(&self) -> &[SymbolSpec] {
        &self.symbols
    }
    pub fn symbol_id(&self, name: &str) -> Option<SymbolId> {
        unimplemented!()
    }
    /// Panics on an id that is not of this exchange.
    pub fn instrument(&self, symbol: SymbolId) -> &Instrument {
        &self.instruments[usize::from(symbol.0)]
    }
    /// Ids are indexes.
    pub fn assets(&self) -> &[String] {
        unimplemented!()
    }
    pub fn margin_asset(&self, symbol: SymbolId) -> AssetId {
        unimplemented!()
    }
    pub fn is_recorded(&self, symbol: SymbolId) -> bool {
        unimplemented!()
    }
    pub fn depth(&self, symbol: SymbolId, limit: usize) -> DepthView {
        unimplemented!()
    }
    pub fn top(&self, symbol: SymbolId) -> Top {
        unimplemented!()
    }
    pub fn mark(&self, symbol: SymbolId) -> MarkView {
        unimplemented!()
    }
    /// Newest last; the last 1000 are kept.
    pub fn recent_trades(&self, symbol: SymbolId) -> impl DoubleEndedIterator<Item = &PublicTrade> {
        [].iter()
    }
    /// Oldest first.
    pub fn funding_history(
        &self,
        symbol: SymbolId,
    ) -> impl DoubleEndedIterator<Item = &FundingRow> {
        [].iter()
    }
    pub fn open_interest(&self, symbol: SymbolId) -> phoenix_domain::Qty {
        unimplemented!()
    }

    pub fn account_config(&self, account: AccountId) -> AccountConfig {
        unimplemented!()
    }
    pub fn symbol_config(&self, account: AccountId, symbol: SymbolId) -> SymbolConfig {
        unimplemented!()
    }
    pub fn countdown_ms(&self, account: AccountId, symbol: SymbolId) -> Option<u64> {
        unimplemented!()
    }
    /// One per asset, in the order of [`Exchange::assets`].
    pub fn balances(&self, account: AccountId) -> Vec<BalanceView> {
        unimplemented!()
    }
    /// One-way: `[Both]`; hedge: `[Long, Short]`. Flat ones too.
    pub fn positions(&self, account: AccountId, symbol: SymbolId) -> Vec<PositionView> {
        unimplemented!()
    }
    /// Open or closed, within retention; -2013 otherwise.
    pub fn order(
        &self,
        account: AccountId,
        symbol: SymbolId,
        order: OrderRef,
    ) -> Result<OrderView, Reject> {
        unimplemented!()
    }
    /// Oldest first.
    pub fn open_orders(&self, account: AccountId, symbol: Option<SymbolId>) -> Vec<OrderView> {
        unimplemented!()
    }
    /// Open and closed within retention, by order id.
    pub fn all_orders(&self, account: AccountId, symbol: SymbolId) -> Vec<OrderView> {
        unimplemented!()
    }
    /// Oldest first, all symbols.
    pub fn user_trades(&self, account: AccountId) -> impl DoubleEndedIterator<Item = &UserTrade> {
        [].iter()
    }
    /// Oldest first.
    pub fn incomes(&self, account: AccountId) -> impl DoubleEndedIterator<Item = &Income> {
        [].iter()
    }
    /// Oldest first.
    pub fn amendments(&self, account: AccountId) -> impl DoubleEndedIterator<Item = &Amendment> {
        [].iter()
    }
    /// Liquidation orders of the account, oldest first.
    pub fn force_orders(&self, account: AccountId) -> impl DoubleEndedIterator<Item = &OrderView> {
        [].iter()
    }
}

/// Why an exchange cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// A listing that is no instrument.
    #[error("symbol {symbol}: {error}")]
    Instrument {
        /// Which.
        symbol: String,
        /// Why.
        error: phoenix_domain::InstrumentError,
    },
    /// The same symbol twice.
    #[error("symbol {0} is listed twice")]
    Twice(String),
    /// A recorded market without a recording.
    #[error("symbol {0} is to be replayed, but there is no recording")]
    NoRecording(String),
}

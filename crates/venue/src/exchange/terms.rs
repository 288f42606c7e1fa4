//! The exchange's own terms: its clock, its ids, what it is built from and
//! what it shows of books, accounts and settings.

use phoenix_domain::{Cash, Decimal, InstrumentError, Level, Rate, SymbolId};

use crate::flow::FlowSpec;
use crate::recording::Recording;
use crate::spec::SymbolSpec;

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
    None {
        /// Index and mark price until they trade.
        price: Decimal,
    },
    /// A seeded crowd.
    Synthetic(FlowSpec),
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
    pub mark: Decimal,
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
        error: InstrumentError,
    },
    /// The same symbol twice.
    #[error("symbol {0} is listed twice")]
    Twice(String),
    /// A recorded market without a recording.
    #[error("symbol {0} is to be replayed, but there is no recording")]
    NoRecording(String),
}

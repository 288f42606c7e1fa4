//! What the engine says: one value that becomes a log line, a metric and, if
//! severe, an alert. Rendered (in two languages) by the shell, asserted as
//! data by tests.

use crate::decimal::Decimal;
use crate::event::{BookLoss, Origin, PauseReason, StreamKind};
use crate::instrument::{FilterBreach, SymbolId};
use crate::order::{ClientId, Doubt, RefusalReason, Request, Side};
use crate::price::{Cash, Price, Qty};

/// How much attention a note needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Ordinary work.
    Debug,
    /// A change worth a line.
    Info,
    /// Recovered, or watched.
    Warn,
    /// A person must act; the runbook has a heading for it.
    Error,
}

/// One statement of the engine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// The symbol it is about, if any.
    pub symbol: Option<SymbolId>,
    /// What is said.
    pub kind: NoteKind,
}

/// What a note says.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "field names repeat the variant's sentence")]
pub enum NoteKind {
    /// Quotes were decided.
    QuotesMade {
        mid: Decimal,
        reservation: Decimal,
        bids: u16,
        asks: u16,
    },
    /// An order was sent.
    OrderSent {
        client_id: ClientId,
        side: Side,
        price: Price,
        qty: Qty,
    },
    /// An order was asked to move.
    OrderAmended {
        client_id: ClientId,
        price: Price,
        qty: Qty,
    },
    /// An order is gone, cancelled or expired.
    OrderEnded { client_id: ClientId, filled: Qty },
    /// The exchange said no.
    RequestRefused {
        client_id: ClientId,
        request: Request,
        reason: RefusalReason,
        code: i32,
    },
    /// Nobody knows what became of a request.
    OutcomeUnknown {
        client_id: ClientId,
        request: Request,
        doubt: Doubt,
    },
    /// Evidence ended a doubt.
    OutcomeResolved { client_id: ClientId, origin: Origin },
    /// We traded.
    Filled {
        client_id: Option<ClientId>,
        side: Side,
        price: Price,
        qty: Qty,
        maker: bool,
        fee: Cash,
        realised: Cash,
    },
    /// An execution told by the exchange cannot be true and is not believed.
    FillRefused { trade_id: u64 },
    /// The exchange's profit of an execution lies this much above ours.
    ProfitDisputed { trade_id: u64, difference: Cash },
    /// A quote was not sent because it would break a filter.
    QuoteFiltered {
        side: Side,
        price: Price,
        qty: Qty,
        breach: FilterBreach,
    },
    /// Layers were cut so that the worst case stays within the limit.
    LayersCut { side: Side, cut: u16 },
    /// The data quotes are made from is too old.
    PriceStale { stale_ms: u64 },
    /// Fresh again.
    PriceFresh { stale_ms: u64 },
    /// The book is lost.
    BookLost { loss: BookLoss },
    /// The book is whole again.
    BookRestored { book_id: u64 },
    /// Levels that are impossible, or farther than the book keeps, were
    /// dropped; so many so far.
    LevelsDropped { dropped: u64 },
    /// Best bid at or above best ask.
    BookCrossed { bid: Price, ask: Price },
    /// A stream delivers.
    StreamUp { stream: StreamKind },
    /// A stream is gone.
    StreamDown { stream: StreamKind },
    /// Quoting stops for a reason.
    Paused { reason: PauseReason },
    /// One reason is lifted.
    Resumed { reason: PauseReason },
    /// The position is being unwound to hold the best price.
    Pinning { on: bool },
    /// A slice of inventory is given up and re-entered lower or higher.
    Grinding { side: Side, qty: Qty },
    /// Only reducing quotes: inventory near its limit.
    ReduceOnly { on: bool },
    /// Loss beyond the limit; flattening.
    StopLoss { loss: Cash, limit: Cash },
    /// The position is closed.
    Flattened,
    /// Cosmetic requotes wait: cancels near their limit.
    RequotesSlowed { cancels_per_min: u32 },
    /// Our position and the exchange's differ; the exchange's is taken.
    PositionCorrected { ours: Qty, venue: Qty },
    /// The wallet moved by this more than our books explain; zero: no longer.
    WalletDiffers { asset: u8, difference: Cash },
    /// Orders on the account that are not ours.
    ForeignOrders { count: u16 },
    /// An order of an earlier run was found and is cancelled.
    OrphanFound { client_id: ClientId },
    /// A run newer than ours trades on the account.
    SecondWriter { client_id: ClientId },
    /// Account modes Phoenix does not trade in.
    AccountUnfit { hedge_mode: bool, multi_asset: bool },
    /// The exchange changed the filters.
    InstrumentChanged,
    /// Total notional reached its limit; adding quotes are withheld.
    NotionalCapped { notional: Cash, limit: Cash },
}

//! Everything that can happen to the engine. Closed on purpose: what is not
//! here cannot influence a quote.

use crate::decimal::Decimal;
use crate::instrument::{Instrument, SymbolId};
use crate::order::{ClientId, OrderStatus, Outcome, Request, Side, TimeInForce};
use crate::price::{Cash, Price, Qty, Rate};
use crate::time::{MonoNs, VenueMs};

/// One price level of the book; quantity zero means the level is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Where.
    pub price: Price,
    /// How much rests there in all.
    pub qty: Qty,
}

/// Why a book can no longer be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BookLoss {
    /// A frame did not follow the one before it.
    Gap,
    /// The stream's connection ended.
    Disconnected,
    /// A frame that cannot be read.
    Unreadable,
}

/// The streams whose life the engine follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKind {
    /// Book and top of book.
    Public,
    /// Trades and mark price.
    Market,
    /// Our own orders, fills and balances.
    Private,
}

/// Where a statement about an order or a position comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Pushed by the user stream.
    Stream,
    /// The reply to our own request.
    Reply,
    /// A query of this one order or position.
    Query,
    /// A list of all that is open.
    List,
}

/// An order as the exchange says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderReport {
    /// Our name for it; `None` for a foreign order.
    pub client_id: Option<ClientId>,
    /// The exchange's number for it.
    pub venue_id: u64,
    /// Buy or sell.
    pub side: Side,
    /// Limit price; zero for a market order.
    pub price: Price,
    /// Total quantity, filled part included.
    pub qty: Qty,
    /// Filled so far.
    pub filled: Qty,
    /// Where it stands.
    pub status: OrderStatus,
    /// How long it may rest.
    pub time_in_force: TimeInForce,
    /// May only reduce.
    pub reduce_only: bool,
    /// When the exchange last changed it.
    pub venue_ms: VenueMs,
    /// Who says so.
    pub origin: Origin,
}

/// One execution of one of our orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The exchange's number for it, unique within the symbol: the key by
    /// which a fill counts once.
    pub trade_id: u64,
    /// Our name for the order; `None` for a foreign order, which still moves
    /// the position.
    pub client_id: Option<ClientId>,
    /// The exchange's number for the order.
    pub venue_id: u64,
    /// Side of our order.
    pub side: Side,
    /// Execution price.
    pub price: Price,
    /// Executed quantity.
    pub qty: Qty,
    /// We rested.
    pub maker: bool,
    /// Fee charged, and profit realised, by the exchange; `None` while only
    /// the short notice (TRADE_LITE) has come.
    pub charged: Option<(Cash, Cash)>,
    /// When it executed.
    pub venue_ms: VenueMs,
}

/// All orders the exchange holds open on one symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOrders<'a> {
    /// The symbol.
    pub symbol: SymbolId,
    /// Ours and foreign.
    pub orders: &'a [OrderReport],
    /// When the list was asked for: it says nothing about younger orders.
    pub asked_at: MonoNs,
}

/// A position as the exchange says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionReport {
    /// The symbol.
    pub symbol: SymbolId,
    /// Signed quantity.
    pub qty: Qty,
    /// Average entry price; zero when flat.
    pub entry: Decimal,
    /// When it last changed.
    pub venue_ms: VenueMs,
    /// Who says so.
    pub origin: Origin,
    /// When it was asked for (queries) or received (stream).
    pub asked_at: MonoNs,
}

/// A wallet as the exchange says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Index of the quote asset in the desk's list of assets.
    pub asset: u8,
    /// Wallet balance: deposits + realised − fees + funding.
    pub wallet: Cash,
    /// When it changed.
    pub venue_ms: VenueMs,
}

/// What the account looks like as a whole, from a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountSnapshot {
    /// Hedge mode: Phoenix trades one-way only.
    pub hedge_mode: bool,
    /// Multi-asset margin: Phoenix trades single-asset only.
    pub multi_asset: bool,
    /// Trading permitted.
    pub can_trade: bool,
}

/// Who holds the maker still. Reasons stack; each is lifted by its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PauseReason {
    /// A person.
    Operator,
    /// The stop-loss or the daily drawdown.
    StopLoss,
    /// A window of the schedule.
    Schedule,
    /// The exchange: halted symbol, reduce-only account, ban.
    Venue,
    /// The process is stopping.
    Stopping,
}

/// A person's (or the program's own) order to the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorOrder {
    /// Cancel and quote no more; `None` means every symbol.
    Pause(Option<SymbolId>, PauseReason),
    /// Lift one reason.
    Resume(Option<SymbolId>, PauseReason),
    /// Cancel what rests; quoting goes on unless paused.
    CancelAll(Option<SymbolId>),
    /// Cancel, close the position in slices, then stay paused.
    Flatten(Option<SymbolId>),
    /// Cancel everything and stay still: the process is about to end.
    Stop,
}

/// One input of the engine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event<'a> {
    /// A whole new book, consistent with the stream that follows.
    BookReplaced {
        /// The symbol.
        symbol: SymbolId,
        /// Update id of the last change contained.
        book_id: u64,
        /// Engine time of the exchange.
        venue_ms: VenueMs,
        /// Best first.
        bids: &'a [Level],
        /// Best first.
        asks: &'a [Level],
    },
    /// Levels with new absolute quantities; continuity already proven.
    BookChanged {
        /// The symbol.
        symbol: SymbolId,
        /// Update id of the last change contained.
        book_id: u64,
        /// Engine time of the exchange.
        venue_ms: VenueMs,
        /// Changed bids, any order.
        bids: &'a [Level],
        /// Changed asks, any order.
        asks: &'a [Level],
    },
    /// The book is not to be trusted until the next `BookReplaced`.
    BookLost {
        /// The symbol.
        symbol: SymbolId,
        /// What happened.
        loss: BookLoss,
    },
    /// Best bid and ask, from a stream of their own.
    TopChanged {
        /// The symbol.
        symbol: SymbolId,
        /// Update id, of the same family as the book's.
        book_id: u64,
        /// Engine time of the exchange.
        venue_ms: VenueMs,
        /// Best bid.
        bid: Level,
        /// Best ask.
        ask: Level,
    },
    /// Somebody traded.
    TradePrinted {
        /// The symbol.
        symbol: SymbolId,
        /// When it executed.
        venue_ms: VenueMs,
        /// Where.
        price: Price,
        /// How much.
        qty: Qty,
        /// Who crossed the spread.
        aggressor: Side,
    },
    /// Mark price and funding.
    MarkChanged {
        /// The symbol.
        symbol: SymbolId,
        /// When it was sent.
        venue_ms: VenueMs,
        /// Mark price, finer than a tick.
        mark: Decimal,
        /// Predicted funding rate of the running interval.
        funding: Rate,
        /// When it is paid.
        next_funding_ms: VenueMs,
    },
    /// One of the account's orders changed (no fill in this event).
    OrderReported {
        /// The symbol.
        symbol: SymbolId,
        /// The order as it now is.
        report: OrderReport,
    },
    /// One of the account's orders executed.
    Filled {
        /// The symbol.
        symbol: SymbolId,
        /// The execution.
        fill: Fill,
        /// The order after it; `None` from a short notice or a trade list.
        report: Option<OrderReport>,
    },
    /// A request of ours ended.
    Replied {
        /// The symbol.
        symbol: SymbolId,
        /// The order asked about.
        client_id: ClientId,
        /// What was asked.
        request: Request,
        /// What became of it.
        outcome: Outcome,
    },
    /// A cancel-all ended. `done` false means it may not have been carried out.
    AllCancelled {
        /// The symbol.
        symbol: SymbolId,
        /// The exchange confirmed it.
        done: bool,
    },
    /// What is open, by the exchange.
    OpenOrdersListed(OpenOrders<'a>),
    /// A request for a list or a position failed; ask again later.
    LookupFailed {
        /// The symbol.
        symbol: SymbolId,
    },
    /// What is held, by the exchange.
    PositionReported(PositionReport),
    /// What the wallet holds, by the exchange.
    BalanceReported(Balance),
    /// Funding was paid (negative) or received (positive).
    FundingPaid {
        /// The symbol, if the exchange named it.
        symbol: Option<SymbolId>,
        /// Signed as it moved the wallet.
        amount: Cash,
        /// When.
        venue_ms: VenueMs,
    },
    /// The account's modes.
    AccountReported(AccountSnapshot),
    /// A stream has delivered data after (re)connecting.
    StreamUp(StreamKind),
    /// A stream is gone; what it would have said is lost.
    StreamDown(StreamKind),
    /// The exchange changed an instrument's filters or status.
    InstrumentChanged(&'a Instrument),
    /// An order from a person or the schedule.
    Operator(OperatorOrder),
    /// The deadline the engine named has passed.
    Timer,
    /// The inbox is empty: decide quotes now.
    Pulse,
}

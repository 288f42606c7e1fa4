//! What a screen, a metric or a summary may know of one maker: a copy, so
//! that looking never disturbs.

use alloc::vec::Vec;

use phoenix_domain::{Cash, ClientId, PauseReason, Price, Qty, Side, SymbolId};

use crate::mode::Mode;

/// One resting or pending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// Our name for it.
    pub client_id: ClientId,
    /// Buy or sell.
    pub side: Side,
    /// Limit price.
    pub price: Price,
    /// What of it may still fill.
    pub open_qty: Qty,
    /// Nobody knows whether it rests.
    pub unknown: bool,
    /// Since it was sent.
    pub age_ms: u64,
}

/// Mean markout of the fills that are old enough.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MarkoutView {
    /// Fills counted.
    pub count: u64,
    /// Sum of (mid later − fill price) × quantity, signed by side.
    pub cash: Cash,
    /// The same over notional, in basis points.
    pub bp: f64,
}

/// One maker as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct MakerView {
    /// The symbol.
    pub symbol: SymbolId,
    /// What it is doing.
    pub mode: Mode,
    /// Why it holds still, if it does.
    pub pauses: Vec<PauseReason>,
    /// Best bid, if the book has one.
    pub best_bid: Option<Price>,
    /// Best ask, if the book has one.
    pub best_ask: Option<Price>,
    /// Mid price in the quote asset; 0 without a book.
    pub mid: f64,
    /// Reservation price in the quote asset; 0 before the first quotes.
    pub reservation: f64,
    /// Realised volatility over mid.
    pub sigma_ratio: f64,
    /// Signed position.
    pub position: Qty,
    /// Average entry price in the quote asset; 0 when flat.
    pub entry: f64,
    /// Orders that may still fill, by side: bids, asks.
    pub open_orders: [u32; 2],
    /// The same one by one.
    pub orders: Vec<OrderView>,
    /// Orders whose state nobody knows.
    pub unknown_orders: u32,
    /// Fills by side: buys, sells.
    pub fills: [u64; 2],
    /// Traded notional.
    pub volume: Cash,
    /// Profit of what was closed, fees excluded.
    pub realised: Cash,
    /// Profit if the rest were closed at mid, fees excluded.
    pub unrealised: Cash,
    /// Fees paid; negative is received.
    pub fees: Cash,
    /// Funding received; negative is paid.
    pub funding: Cash,
    /// Lowest position so far.
    pub inventory_min: Qty,
    /// Highest position so far.
    pub inventory_max: Qty,
    /// One second after each fill.
    pub markout_1s: MarkoutView,
    /// Ten seconds after each fill.
    pub markout_10s: MarkoutView,
    /// Cancels and amends in the last minute.
    pub cancels_per_min: u32,
    /// Since the last fresh book; `None` before the first.
    pub book_age_ms: Option<u64>,
    /// Latest order round trip, nanoseconds.
    pub round_trip_ns: Option<u64>,
    /// Orders of others on the symbol.
    pub foreign_orders: u32,
    /// Pinning now.
    pub pinned: bool,
    /// Only reducing quotes now.
    pub reduce_only: bool,
}

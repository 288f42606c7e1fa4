//! Orders as a client asks for them and as the exchange shows them.

use std::fmt;

use phoenix_domain::{Cash, Decimal, Instrument, Price, Qty, Side, SymbolId, TimeInForce};

use crate::exchange::VenueNs;
use crate::exchange::event::per_unit;

/// A client order id: 1 to 36 characters of `.A-Z:/a-z0-9_-`, held inline.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientOrderId {
    bytes: [u8; Self::LENGTH_MAX],
    length: u8,
}

impl ClientOrderId {
    /// Longest id the exchange takes.
    pub const LENGTH_MAX: usize = 36;

    /// `None` when the text breaks the exchange's rule (-4015).
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let legal = |byte: &u8| byte.is_ascii_alphanumeric() || b".:/_-".contains(byte);
        let length = text.len();
        if length == 0 || length > Self::LENGTH_MAX || !text.as_bytes().iter().all(legal) {
            return None;
        }
        let mut bytes = [0; Self::LENGTH_MAX];
        bytes[..length].copy_from_slice(text.as_bytes());
        Some(Self {
            bytes,
            length: u8::try_from(length).ok()?,
        })
    }

    /// An id the exchange makes up: `prefix` and a number in base 36.
    #[must_use]
    pub(crate) fn generated(prefix: &str, mut number: u64) -> Self {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let mut bytes = [0; Self::LENGTH_MAX];
        let mut length = prefix.len();
        bytes[..length].copy_from_slice(prefix.as_bytes());
        let from = length;
        loop {
            bytes[length] = DIGITS[(number % 36) as usize];
            number /= 36;
            length += 1;
            if number == 0 {
                break;
            }
        }
        bytes[from..length].reverse();
        Self {
            bytes,
            length: length as u8,
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }

    /// The text, filled up with zeros.
    pub(crate) fn padded(&self) -> &[u8; Self::LENGTH_MAX] {
        &self.bytes
    }
}

impl fmt::Display for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// LIMIT or MARKET: the only types the order routes take since conditional
/// orders moved to a service of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderKind {
    /// With a price.
    Limit,
    /// At whatever is there, within the market bound.
    Market,
    /// The exchange's own closing order (`o` and `ot` = LIQUIDATION).
    Liquidation,
}

/// Which position an order works on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PositionSide {
    /// One-way mode.
    #[default]
    Both,
    /// Hedge mode, the long one.
    Long,
    /// Hedge mode, the short one.
    Short,
}

impl PositionSide {
    /// In the order they are stored.
    pub const ALL: [Self; 3] = [Self::Both, Self::Long, Self::Short];

    pub(crate) fn index(self) -> usize {
        match self {
            Self::Both => 0,
            Self::Long => 1,
            Self::Short => 2,
        }
    }
}

/// What happens when an order meets one of the same account; the taker's mode
/// decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StpMode {
    /// Only on orders the exchange makes itself.
    None,
    /// What is left of the taker expires, the makers stay.
    ExpireTaker,
    /// The own resting orders met expire, the taker goes on.
    #[default]
    ExpireMaker,
    /// Both expire.
    ExpireBoth,
}

/// A price taken from the book instead of from the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PriceMatch {
    /// The client's own price.
    #[default]
    None,
    /// Best opposite price.
    Opponent,
    /// Fifth opposite price.
    Opponent5,
    /// Best price of the own side.
    Queue,
    /// Fifth.
    Queue5,
    /// Tenth.
    Queue10,
    /// Twentieth.
    Queue20,
}

/// A new order, already in ticks and lots (the wire's decimals and precisions
/// are checked by whoever reads them).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderRequest {
    /// The symbol.
    pub symbol: SymbolId,
    /// Buy or sell.
    pub side: Side,
    /// Limit or market.
    pub kind: OrderKind,
    /// How long it may rest; ignored for MARKET.
    pub time_in_force: TimeInForce,
    /// Base quantity.
    pub qty: Qty,
    /// Limit price; ignored for MARKET and with `price_match`.
    pub price: Price,
    /// May only reduce the position (one-way mode only).
    pub reduce_only: bool,
    /// Which position.
    pub position_side: PositionSide,
    /// The client's name for it; `None` has one made up.
    pub client_id: Option<ClientOrderId>,
    /// Self-trade prevention.
    pub stp: StpMode,
    /// Take the price from the book.
    pub price_match: PriceMatch,
    /// For GTD: when it expires, ms since the epoch.
    pub good_till_ms: i64,
}

impl OrderRequest {
    /// A plain limit order in one-way mode.
    #[must_use]
    pub fn limit(symbol: SymbolId, side: Side, price: Price, qty: Qty, tif: TimeInForce) -> Self {
        Self {
            symbol,
            side,
            kind: OrderKind::Limit,
            time_in_force: tif,
            qty,
            price,
            reduce_only: false,
            position_side: PositionSide::Both,
            client_id: None,
            stp: StpMode::ExpireMaker,
            price_match: PriceMatch::None,
            good_till_ms: 0,
        }
    }

    /// A market order in one-way mode.
    #[must_use]
    pub fn market(symbol: SymbolId, side: Side, qty: Qty) -> Self {
        Self {
            kind: OrderKind::Market,
            ..Self::limit(symbol, side, Price::ZERO, qty, TimeInForce::Gtc)
        }
    }
}

/// Names an order of one account on one symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderRef {
    /// By the exchange's number.
    Id(u64),
    /// By the client's name; among several the newest.
    Client(ClientOrderId),
}

/// New terms for a resting order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmendRequest {
    /// The symbol.
    pub symbol: SymbolId,
    /// Which order.
    pub order: OrderRef,
    /// Must be the order's own.
    pub side: Side,
    /// New price; ignored with `price_match`.
    pub price: Price,
    /// New total quantity, filled part included.
    pub qty: Qty,
    /// Take the price from the book.
    pub price_match: PriceMatch,
    /// Echoed in the amendment event and history.
    pub modify_id: Option<i64>,
    /// Claims the order to be reduce-only (-5047 when it is not).
    pub reduce_only: Option<bool>,
}

/// Where an order stands, in the exchange's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderState {
    /// Open, nothing filled.
    New,
    /// Open, partly filled.
    PartiallyFilled,
    /// Done in full.
    Filled,
    /// Cancelled by its owner, an amendment or a countdown.
    Canceled,
    /// Ended by the exchange.
    Expired,
    /// Ended by self-trade prevention.
    ExpiredInMatch,
}

impl OrderState {
    /// True while it can still fill.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self {
            Self::New | Self::PartiallyFilled => true,
            Self::Filled | Self::Canceled | Self::Expired | Self::ExpiredInMatch => false,
        }
    }
}

/// An order as the exchange shows it.
///
/// This is its full state: where the wire's ACK shows an order as `NEW` with
/// nothing filled whatever became of it at once, that is the wire's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// The symbol.
    pub symbol: SymbolId,
    /// The exchange's number, growing per symbol.
    pub order_id: u64,
    /// The client's name.
    pub client_id: ClientOrderId,
    /// Where it stands.
    pub state: OrderState,
    /// Buy or sell.
    pub side: Side,
    /// Limit or market.
    pub kind: OrderKind,
    /// How long it may rest.
    pub time_in_force: TimeInForce,
    /// Limit price, zero for MARKET.
    pub price: Price,
    /// Quantity, as amended or as shrunk to the reducible position.
    pub qty: Qty,
    /// Filled so far.
    pub executed: Qty,
    /// Sum of price × quantity of its fills.
    pub executed_cash: Cash,
    /// May only reduce.
    pub reduce_only: bool,
    /// Which position.
    pub position_side: PositionSide,
    /// Self-trade prevention mode.
    pub stp: StpMode,
    /// Where the price came from.
    pub price_match: PriceMatch,
    /// GTD expiry in ms, 0 otherwise.
    pub good_till_ms: i64,
    /// When it was taken.
    pub created: VenueNs,
    /// When it last changed.
    pub updated: VenueNs,
}

impl OrderView {
    /// What may still fill.
    #[must_use]
    pub fn remaining(&self) -> Qty {
        self.qty - self.executed
    }

    /// Average fill price in 1e-8 of the quote asset, zero when nothing filled.
    #[must_use]
    pub fn average_price(&self, instrument: &Instrument) -> Decimal {
        per_unit(instrument, self.executed_cash, self.executed)
    }
}

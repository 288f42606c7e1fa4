//! Every call Phoenix makes: its route, its price and its kind of safety.
//!
//! Parameters are listed in alphabetical order, because the WebSocket API
//! signs them sorted; one text then serves REST and WebSocket alike.

use phoenix_domain::{ClientId, Instrument, NewOrder, Price, Qty, Side};

use crate::symbols::SymbolTable;

/// Orders per batch call.
pub const BATCH_MAX: usize = 5;

/// Orders per batch cancel.
pub const CANCEL_BATCH_MAX: usize = 10;

/// A call, with what goes into it.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "fields repeat the exchange's parameter names")]
pub enum Call<'a> {
    /// Is anybody there.
    Ping,
    /// The exchange's clock.
    Time,
    /// All instruments and limits.
    ExchangeInfo,
    /// A snapshot of the book; limit one of 5, 10, 20, 50, 100, 500, 1000.
    Depth { symbol: &'a str, limit: u16 },
    /// Mark price and funding.
    PremiumIndex { symbol: Option<&'a str> },
    /// Best bid and ask.
    BookTicker { symbol: &'a str },
    /// One new order.
    Place {
        instrument: &'a Instrument,
        order: &'a NewOrder,
    },
    /// Up to [`BATCH_MAX`] new orders.
    PlaceBatch {
        table: &'a SymbolTable,
        orders: &'a [NewOrder],
    },
    /// New price and total quantity for a resting order.
    Amend(Amendment<'a>),
    /// Up to [`BATCH_MAX`] amendments, carried out in no certain order.
    AmendBatch { amendments: &'a [Amendment<'a>] },
    /// The end of one order.
    Cancel { symbol: &'a str, order: OrderName },
    /// The end of up to [`CANCEL_BATCH_MAX`] orders of ours.
    CancelBatch {
        symbol: &'a str,
        client_ids: &'a [ClientId],
    },
    /// The end of every order on the symbol, foreign ones included.
    CancelAll { symbol: &'a str },
    /// Arms (or with 0 disarms) the exchange's own dead-man switch.
    CountdownCancelAll { symbol: &'a str, countdown_ms: u32 },
    /// Where one order stands.
    QueryOrder { symbol: &'a str, order: OrderName },
    /// All open orders; of every symbol it costs 40 times as much.
    OpenOrders { symbol: Option<&'a str> },
    /// Executions, oldest first.
    UserTrades {
        symbol: &'a str,
        from: TradesFrom,
        limit: u16,
    },
    /// Positions of symbols that have any, or orders.
    PositionRisk { symbol: Option<&'a str> },
    /// Totals, assets and positions.
    Account,
    /// Wallets.
    Balance,
    /// Hedge and multi-asset modes.
    AccountConfig,
    /// Leverage and margin mode.
    SymbolConfig { symbol: Option<&'a str> },
    /// Notional tiers.
    LeverageBracket { symbol: Option<&'a str> },
    /// Fee rates.
    CommissionRate { symbol: &'a str },
    /// Sets the leverage of a symbol.
    SetLeverage { symbol: &'a str, leverage: u16 },
    /// Sets cross or isolated margin of a symbol.
    SetMarginType { symbol: &'a str, crossed: bool },
    /// Sets hedge or one-way mode of the account.
    SetPositionMode { hedge: bool },
    /// Sets multi-asset or single-asset margin of the account.
    SetMultiAssets { on: bool },
    /// The account's own order ceilings.
    RateLimitOrder,
    /// Bans by the exchange's quantitative rules.
    TradingStatus { symbol: Option<&'a str> },
    /// Opens (or extends) the user stream's key.
    ListenKeyCreate,
    /// Extends the user stream's key by an hour.
    ListenKeyRenew,
    /// Ends the user stream's key.
    ListenKeyClose,
}

/// One amendment. The exchange wants side, price and quantity in full.
#[derive(Clone, Copy, Debug)]
pub struct Amendment<'a> {
    /// The instrument.
    pub instrument: &'a Instrument,
    /// Which order.
    pub client_id: ClientId,
    /// Its side, which cannot change.
    pub side: Side,
    /// New limit price.
    pub price: Price,
    /// New total quantity, filled part included.
    pub qty: Qty,
}

/// How an order is pointed at; a foreign one by its number alone.
#[derive(Clone, Copy, Debug)]
pub enum OrderName {
    /// By our own id.
    Ours(ClientId),
    /// By the exchange's number.
    Venue(u64),
}

/// Where a list of executions starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradesFrom {
    /// The newest ones.
    Newest,
    /// From this trade id on.
    Id(u64),
    /// From this instant on, milliseconds since the Unix epoch.
    TimeMs(i64),
}

/// HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the methods of HTTP")]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

/// What a call must carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Nothing.
    Open,
    /// The API key header.
    Key,
    /// The API key header, a timestamp and a signature.
    Signed,
}

/// What a call takes from the request budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Request weight, per address and minute.
    pub weight: u32,
    /// Orders counted in the 10 s window.
    pub orders_10s: u32,
    /// Orders counted in the 1 min window.
    pub orders_1m: u32,
}

/// Route, security and cost of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// HTTP method.
    pub method: Method,
    /// Path from the base URL on.
    pub path: &'static str,
    /// What it must carry.
    pub security: Security,
    /// What it takes from the budget.
    pub cost: Cost,
}

impl Call<'_> {
    /// The facts of the call that do not depend on its parameters' values.
    #[must_use]
    pub fn route(&self) -> Route {
        use Method::{Delete, Get, Post, Put};
        match self {
            Self::Ping => open("/fapi/v1/ping", 1),
            Self::Time => open("/fapi/v1/time", 1),
            Self::ExchangeInfo => open("/fapi/v1/exchangeInfo", 1),
            Self::Depth { limit, .. } => open("/fapi/v1/depth", depth_weight(*limit)),
            Self::PremiumIndex { symbol } => open("/fapi/v1/premiumIndex", one_or(symbol, 10)),
            Self::BookTicker { .. } => open("/fapi/v1/ticker/bookTicker", 2),
            Self::Place { .. } => orders(Post, "/fapi/v1/order", 0, 1),
            Self::PlaceBatch { .. } => orders(Post, "/fapi/v1/batchOrders", 5, 5),
            Self::Amend(_) => orders(Put, "/fapi/v1/order", 0, 1),
            Self::AmendBatch { .. } => orders(Put, "/fapi/v1/batchOrders", 5, 5),
            Self::Cancel { .. } => signed(Delete, "/fapi/v1/order", 1),
            Self::CancelBatch { .. } => signed(Delete, "/fapi/v1/batchOrders", 1),
            Self::CancelAll { .. } => signed(Delete, "/fapi/v1/allOpenOrders", 1),
            Self::CountdownCancelAll { .. } => signed(Post, "/fapi/v1/countdownCancelAll", 10),
            Self::QueryOrder { .. } => signed(Get, "/fapi/v1/order", 1),
            Self::OpenOrders { symbol } => signed(Get, "/fapi/v1/openOrders", one_or(symbol, 40)),
            Self::UserTrades { .. } => signed(Get, "/fapi/v1/userTrades", 5),
            Self::PositionRisk { .. } => signed(Get, "/fapi/v3/positionRisk", 5),
            Self::Account => signed(Get, "/fapi/v3/account", 5),
            Self::Balance => signed(Get, "/fapi/v3/balance", 5),
            Self::AccountConfig => signed(Get, "/fapi/v1/accountConfig", 5),
            Self::SymbolConfig { .. } => signed(Get, "/fapi/v1/symbolConfig", 5),
            Self::LeverageBracket { .. } => signed(Get, "/fapi/v1/leverageBracket", 1),
            Self::CommissionRate { .. } => signed(Get, "/fapi/v1/commissionRate", 20),
            Self::SetLeverage { .. } => signed(Post, "/fapi/v1/leverage", 1),
            Self::SetMarginType { .. } => signed(Post, "/fapi/v1/marginType", 1),
            Self::SetPositionMode { .. } => signed(Post, "/fapi/v1/positionSide/dual", 1),
            Self::SetMultiAssets { .. } => signed(Post, "/fapi/v1/multiAssetsMargin", 1),
            Self::RateLimitOrder => signed(Get, "/fapi/v1/rateLimit/order", 1),
            Self::TradingStatus { symbol } => {
                signed(Get, "/fapi/v1/apiTradingStatus", one_or(symbol, 10))
            }
            Self::ListenKeyCreate => listen_key(Post),
            Self::ListenKeyRenew => listen_key(Put),
            Self::ListenKeyClose => listen_key(Delete),
        }
    }
}

fn open(path: &'static str, weight: u32) -> Route {
    route(Method::Get, path, Security::Open, weight)
}

fn signed(method: Method, path: &'static str, weight: u32) -> Route {
    route(method, path, Security::Signed, weight)
}

fn listen_key(method: Method) -> Route {
    route(method, "/fapi/v1/listenKey", Security::Key, 1)
}

/// A batch counts as five in the short window and as one in the long.
fn orders(method: Method, path: &'static str, weight: u32, orders_10s: u32) -> Route {
    let mut route = route(method, path, Security::Signed, weight);
    route.cost.orders_10s = orders_10s;
    route.cost.orders_1m = 1;
    route
}

fn route(method: Method, path: &'static str, security: Security, weight: u32) -> Route {
    let cost = Cost {
        weight,
        orders_10s: 0,
        orders_1m: 0,
    };
    Route {
        method,
        path,
        security,
        cost,
    }
}

fn one_or(symbol: &Option<&str>, every_symbol: u32) -> u32 {
    if symbol.is_some() { 1 } else { every_symbol }
}

fn depth_weight(limit: u16) -> u32 {
    match limit {
        0..=50 => 2,
        51..=100 => 5,
        101..=500 => 10,
        501.. => 20,
    }
}

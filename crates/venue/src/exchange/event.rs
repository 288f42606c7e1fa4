//! What the exchange says unasked, in the exact order in which it happens:
//! market events for everybody, user events for one account.

use phoenix_domain::{Cash, Decimal, Instrument, Level, Price, Qty, Rate, Side, SymbolId};

use crate::exchange::{AccountId, AssetId, ClientOrderId, OrderView, PositionSide, VenueNs};

/// Events since the last drain. The two families come from different
/// publishers of the exchange; inside each the order is exact.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    /// For the market streams.
    pub market: Vec<MarketEvent>,
    /// For the user streams.
    pub user: Vec<UserEvent>,
}

impl Outbox {
    /// Forgets everything, keeps the room.
    pub fn clear(&mut self) {
        self.market.clear();
        self.user.clear();
    }

    /// Adds a market event, built where it stays: building and then moving it
    /// costs several times as much.
    #[inline]
    pub(crate) fn tell_all(&mut self, event: impl FnOnce() -> MarketEvent) {
        self.market.extend(std::iter::once_with(event));
    }

    /// Adds a user event in the same way.
    #[inline]
    pub(crate) fn tell(&mut self, event: impl FnOnce() -> UserEvent) {
        self.user.extend(std::iter::once_with(event));
    }

    /// True when nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.market.is_empty() && self.user.is_empty()
    }
}

/// The best bid and ask; a side without orders has price and quantity zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Top {
    /// Book update id of the last change of the symbol.
    pub id: u64,
    /// When the matching engine made it.
    pub at: VenueNs,
    /// Best bid.
    pub bid: Level,
    /// Best ask.
    pub ask: Level,
}

/// Mark price, index and funding as the exchange publishes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MarkView {
    /// When it was computed.
    pub at: VenueNs,
    /// Mark price.
    pub mark: Decimal,
    /// 30 s moving average of the mark price (`ap`).
    pub mark_average: Decimal,
    /// Index price.
    pub index: Decimal,
    /// Estimated settle price.
    pub settle: Decimal,
    /// Running estimate of the coming funding rate.
    pub funding: Rate,
    /// Interest rate of one funding interval.
    pub interest: Rate,
    /// When funding is next paid.
    pub next_funding: VenueNs,
}

/// A public trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicTrade {
    /// The symbol.
    pub symbol: SymbolId,
    /// When.
    pub at: VenueNs,
    /// Grows by one per trade and symbol.
    pub trade_id: u64,
    /// At which price.
    pub price: Price,
    /// How much.
    pub qty: Qty,
    /// The buyer rested: a sell aggressor.
    pub buyer_maker: bool,
}

/// A depth frame of a recording, moved to the venue's present time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedDepth {
    /// `E`, ms.
    pub event_ms: i64,
    /// `T`, ms.
    pub engine_ms: i64,
    /// `U`.
    pub first_id: u64,
    /// `u`.
    pub last_id: u64,
    /// `pu`.
    pub previous_id: u64,
    /// Changed bids, absolute quantities.
    pub bids: Vec<Level>,
    /// Changed asks.
    pub asks: Vec<Level>,
}

/// Something every client may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarketEvent {
    /// A level of a synthetic book has a new total; zero means gone.
    BookChanged {
        /// The symbol.
        symbol: SymbolId,
        /// When.
        at: VenueNs,
        /// Update id, unique over all symbols and growing.
        id: u64,
        /// Bids (`Buy`) or asks.
        side: Side,
        /// The level.
        level: Level,
    },
    /// A depth frame of a recording, to be published as it is.
    DepthRecorded {
        /// The symbol.
        symbol: SymbolId,
        /// When it is due.
        at: VenueNs,
        /// Its content.
        frame: Box<RecordedDepth>,
    },
    /// Best bid or ask changed (in a recording: its bookTicker frames).
    TopChanged {
        /// The symbol.
        symbol: SymbolId,
        /// The new top.
        top: Top,
    },
    /// A trade.
    Traded(PublicTrade),
    /// Mark price, once a second.
    Marked {
        /// The symbol.
        symbol: SymbolId,
        /// The figures.
        mark: Box<MarkView>,
    },
    /// Funding was settled.
    FundingSettled {
        /// The symbol.
        symbol: SymbolId,
        /// When.
        at: VenueNs,
        /// At which rate.
        rate: Rate,
        /// At which mark price.
        mark: Decimal,
    },
    /// An account was liquidated by this order (for `forceOrder`).
    Liquidated {
        /// The account's closing order as it ended.
        order: Box<OrderView>,
        /// Last fill.
        last_qty: Qty,
    },
    /// The recording has no more frames for any symbol.
    RecordingEnded {
        /// When.
        at: VenueNs,
    },
}

/// Why an order event is sent (`x`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Execution {
    /// Taken.
    New,
    /// Cancelled.
    Canceled,
    /// Filled by a liquidation.
    Calculated,
    /// Ended by the exchange.
    Expired,
    /// Filled.
    Trade,
    /// Has new terms.
    Amendment,
}

/// Why the exchange ended an order (`er`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ExpiryReason {
    /// 0: it did not.
    #[default]
    None,
    /// 1: self-trade prevention.
    SelfTrade,
    /// 2: what an IOC left.
    IocRemainder,
    /// 3: what an IOC left because self-trade prevention took the other side.
    IocSelfTrade,
    /// 4: reduce-only order knocked out.
    ReduceOnly,
    /// 5: the account is liquidated.
    Liquidation,
    /// 9: what a MARKET order left.
    MarketRemainder,
}

impl ExpiryReason {
    /// The wire's digit.
    #[must_use]
    pub fn digit(self) -> u8 {
        match self {
            Self::None => 0,
            Self::SelfTrade => 1,
            Self::IocRemainder => 2,
            Self::IocSelfTrade => 3,
            Self::ReduceOnly => 4,
            Self::Liquidation => 5,
            Self::MarketRemainder => 9,
        }
    }
}

/// One fill as its owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillView {
    /// Number of the trade.
    pub trade_id: u64,
    /// At which price.
    pub price: Price,
    /// How much.
    pub qty: Qty,
    /// We rested.
    pub maker: bool,
    /// Fee in the margin asset; negative is a rebate.
    pub commission: Cash,
    /// Realised profit, fees excluded.
    pub realised: Cash,
}

/// A position as a fill left it. Prices are derived on demand: most readers
/// never ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionChange {
    /// The symbol.
    pub symbol: SymbolId,
    /// Which one.
    pub position_side: PositionSide,
    /// Signed amount.
    pub qty: Qty,
    /// Sum of entry price × quantity.
    pub cost: Cash,
    /// Paid out minus taken in since it was last flat, fees included.
    pub outlay: Cash,
    /// Realised profit so far, before fees; runs on across positions (`cr`).
    pub realised: Cash,
    /// Unrealised profit at mark.
    pub unrealised: Cash,
    /// Set to isolated margin.
    pub isolated: bool,
}

impl PositionChange {
    /// Average entry price, zero when flat.
    #[must_use]
    pub fn entry(&self, instrument: &Instrument) -> Decimal {
        per_unit(instrument, self.cost, self.qty.abs())
    }

    /// Break-even price, zero when flat.
    #[must_use]
    pub fn break_even(&self, instrument: &Instrument) -> Decimal {
        per_unit(instrument, self.outlay, self.qty)
    }
}

/// `cash / qty`, rounded half away from zero; zero for a quantity of zero.
pub(crate) fn per_unit(instrument: &Instrument, cash: Cash, qty: Qty) -> Decimal {
    let divisor = i128::from(instrument.qty_decimal(qty).0);
    if divisor == 0 {
        return Decimal::ZERO;
    }
    let exact = i128::from(cash.0) * i128::from(Decimal::ONE.0);
    let half = divisor.abs() / 2;
    let away = if exact < 0 {
        exact - half
    } else {
        exact + half
    };
    Decimal(i64::try_from(away / divisor).unwrap_or(i64::MAX))
}

/// A position as the exchange shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionView {
    /// The symbol.
    pub symbol: SymbolId,
    /// Which one.
    pub position_side: PositionSide,
    /// Signed amount.
    pub qty: Qty,
    /// Average entry price, zero when flat.
    pub entry: Decimal,
    /// Break-even price (opening fees included), zero when flat.
    pub break_even: Decimal,
    /// Realised profit so far, before fees; runs on across positions (`cr`).
    pub realised: Cash,
    /// Unrealised profit at mark.
    pub unrealised: Cash,
    /// Set to isolated margin.
    pub isolated: bool,
    /// Mark price used.
    pub mark: Decimal,
    /// Price at which the account would be liquidated, zero when none.
    pub liquidation: Decimal,
    /// Signed notional at mark.
    pub notional: Cash,
    /// Leverage chosen.
    pub leverage: u32,
    /// Initial margin of the position alone.
    pub position_margin: Cash,
    /// Initial margin that open orders add.
    pub order_margin: Cash,
    /// Maintenance margin.
    pub maint_margin: Cash,
    /// Notional of open bids at assumed prices.
    pub bids_notional: Cash,
    /// Notional of open asks at assumed prices.
    pub asks_notional: Cash,
    /// When it last changed.
    pub updated: VenueNs,
}

/// A wallet as the exchange shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceView {
    /// Which asset.
    pub asset: AssetId,
    /// Wallet balance.
    pub wallet: Cash,
    /// Unrealised profit of the positions margined in it.
    pub unrealised: Cash,
    /// Initial margin of positions.
    pub position_margin: Cash,
    /// Initial margin that open orders add.
    pub order_margin: Cash,
    /// Maintenance margin.
    pub maint_margin: Cash,
    /// What new orders may use.
    pub available: Cash,
    /// When it last changed.
    pub updated: VenueNs,
}

/// Why balances changed (`m`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountReason {
    /// A fill.
    Order,
    /// Funding was paid or received.
    FundingFee,
    /// Money came in.
    Deposit,
    /// Money went out.
    Withdraw,
    /// A bankrupt wallet was made good by the insurance fund.
    InsuranceClear,
}

/// Something one account may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserEvent {
    /// TRADE_LITE, ahead of the other two events of a fill.
    TradeLite {
        /// Whose.
        account: AccountId,
        /// When.
        at: VenueNs,
        /// The order after the fill.
        order: OrderView,
        /// The fill.
        fill: FillView,
    },
    /// ACCOUNT_UPDATE.
    AccountUpdate {
        /// Whose.
        account: AccountId,
        /// When.
        at: VenueNs,
        /// Why.
        reason: AccountReason,
        /// The wallet concerned.
        asset: AssetId,
        /// Its balance now.
        wallet: Cash,
        /// Change other than profit and fees (`bc`).
        change: Cash,
        /// The position concerned, if one changed.
        position: Option<PositionChange>,
        /// Symbol of a funding fee.
        symbol: Option<SymbolId>,
    },
    /// ORDER_TRADE_UPDATE.
    OrderUpdate {
        /// Whose.
        account: AccountId,
        /// When.
        at: VenueNs,
        /// The order after the event.
        order: OrderView,
        /// What happened.
        execution: Execution,
        /// The fill, for `Trade` and `Calculated`.
        fill: Option<FillView>,
        /// Why it ended, if the exchange ended it.
        reason: ExpiryReason,
        /// The amendment's id, if the client gave one.
        modify_id: Option<i64>,
        /// Notional of the account's open bids on the symbol (`b`).
        bids_notional: Cash,
        /// Notional of its open asks (`a`).
        asks_notional: Cash,
    },
    /// MARGIN_CALL: margin ratio above 80 %.
    MarginCall {
        /// Whose.
        account: AccountId,
        /// When.
        at: VenueNs,
        /// Wallet balance of the asset concerned.
        wallet: Cash,
        /// The positions at risk.
        positions: Vec<PositionView>,
    },
    /// ACCOUNT_CONFIG_UPDATE: leverage changed.
    LeverageChanged {
        /// Whose.
        account: AccountId,
        /// When.
        at: VenueNs,
        /// Where.
        symbol: SymbolId,
        /// To what.
        leverage: u32,
    },
    /// ACCOUNT_CONFIG_UPDATE: multi-assets mode changed.
    MultiAssetsChanged {
        /// Whose.
        account: AccountId,
        /// When.
        at: VenueNs,
        /// To what.
        on: bool,
    },
}

/// A fill in the account's trade history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserTrade {
    /// The symbol.
    pub symbol: SymbolId,
    /// The order it belongs to.
    pub order_id: u64,
    /// The order's client id (the wire's trade list leaves it out).
    pub client_id: ClientOrderId,
    /// Side of the account's order.
    pub side: Side,
    /// Which position.
    pub position_side: PositionSide,
    /// When.
    pub at: VenueNs,
    /// The rest.
    pub fill: FillView,
}

/// Why money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IncomeKind {
    /// TRANSFER.
    Transfer,
    /// REALIZED_PNL.
    RealisedPnl,
    /// COMMISSION.
    Commission,
    /// FUNDING_FEE.
    FundingFee,
    /// INSURANCE_CLEAR.
    InsuranceClear,
}

/// One line of the income history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Income {
    /// Symbol, if it belongs to one.
    pub symbol: Option<SymbolId>,
    /// Why.
    pub kind: IncomeKind,
    /// Signed amount as credited.
    pub amount: Cash,
    /// In which asset.
    pub asset: AssetId,
    /// When.
    pub at: VenueNs,
    /// Unique per account.
    pub tran_id: u64,
    /// The trade, if one caused it.
    pub trade_id: Option<u64>,
}

/// One line of an order's amendment history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// Number of the amendment.
    pub amendment_id: u64,
    /// The symbol.
    pub symbol: SymbolId,
    /// The order.
    pub order_id: u64,
    /// Its client id.
    pub client_id: ClientOrderId,
    /// When.
    pub at: VenueNs,
    /// Price before and after.
    pub price: (Price, Price),
    /// Quantity before and after.
    pub qty: (Qty, Qty),
    /// How often the order was amended by then.
    pub count: u32,
    /// The client's id for it.
    pub modify_id: Option<i64>,
}

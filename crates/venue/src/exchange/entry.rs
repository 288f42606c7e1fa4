//! New orders: every check the exchange makes before it takes one, in the
//! order parameters, filters, reduce-only, limits, margin, engine.

use phoenix_domain::{Cash, Decimal, FilterBreach, Price, Qty, Side, SymbolId, TimeInForce};

use crate::account::{Account, bracket_cap, hash_of};
use crate::exchange::market::Market;
use crate::exchange::orders::OpenOrder;
use crate::exchange::{
    AccountId, ClientOrderId, Exchange, OrderKind, OrderRequest, OrderState, OrderView, Oversize,
    PositionSide, PriceMatch, Reject, VenueNs,
};

const GOOD_TILL_MS_MAX: i64 = 253_402_300_799_000;
const GOOD_TILL_MS_AHEAD: i64 = 600_000;

/// An order that passed all checks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) request: OrderRequest,
    /// No fill beyond this.
    pub(super) limit: Price,
    /// Margin assumes this price,
    pub(super) assumed: Decimal,
    /// at which the order is worth this.
    pub(super) reserve: Cash,
    /// Of the client id, if there is one.
    pub(super) name_hash: Option<u64>,
}

impl Exchange {
    /// Takes an order and works it as far as it goes at once.
    ///
    /// # Errors
    /// The exchange's own refusal; nothing has changed then, and a refused
    /// post-only or fill-or-kill order leaves no record.
    pub fn place(
        &mut self,
        now: VenueNs,
        account: AccountId,
        request: &OrderRequest,
    ) -> Result<OrderView, Reject> {
        self.advance(now);
        let terms = self.check(account, request)?;
        let slot = self.open(account, &terms);
        Ok(self.work(slot, terms.limit, false))
    }

    /// Makes all checks of [`Exchange::place`] and does nothing.
    ///
    /// # Errors
    /// What `place` would say.
    pub fn place_test(
        &mut self,
        now: VenueNs,
        account: AccountId,
        request: &OrderRequest,
    ) -> Result<(), Reject> {
        self.advance(now);
        self.check(account, request).map(|_| ())
    }

    fn check(&self, id: AccountId, request: &OrderRequest) -> Result<Terms, Reject> {
        let market = self
            .markets
            .get(usize::from(request.symbol.0))
            .ok_or(Reject::BAD_SYMBOL)?;
        let account = &self.accounts[id.0 as usize];
        if !market.spec.instrument.trading {
            return Err(Reject::SYMBOL_CLOSED);
        }
        let mut request = *request;
        check_position_side(account, &request)?;
        request.price = matched_price(market, request.side, request.price_match, request.price)?;
        match request.kind {
            OrderKind::Limit => check_filters(market, &request)?,
            OrderKind::Market | OrderKind::Liquidation => check_market_filters(market, &request)?,
        }
        if request.time_in_force == TimeInForce::Gtd {
            self.check_good_till(request.good_till_ms)?;
        }
        let name = request.client_id.map(|name| (name, hash_of(&name)));
        let is_open = |(name, hash)| account.names.find(&name, hash, &self.orders).is_some();
        if name.is_some_and(is_open) {
            return Err(Reject::DUPLICATE_CLIENT_ID);
        }
        request.qty = self.reducible(account, market, &request)?;
        let open = account.holdings[usize::from(market.id.0)].open.len();
        if open >= market.spec.instrument.orders_max as usize || !self.orders.has_room() {
            return Err(Reject::OPEN_ORDERS);
        }
        let limit = limit_price(market, &request);
        let assumed = assumed_price(market, request.kind, request.side, limit);
        let reserve = market.marked.at(assumed).worth(request.qty);
        check_bracket(account, market, &request, reserve)?;
        self.check_margin(account, market, &request, reserve)?;
        check_engine(market, &request, limit)?;
        Ok(Terms {
            request,
            limit,
            assumed,
            reserve,
            name_hash: name.map(|(_, hash)| hash),
        })
    }

    fn check_good_till(&self, good_till_ms: i64) -> Result<(), Reject> {
        let earliest = self.now.ms() + GOOD_TILL_MS_AHEAD;
        if good_till_ms <= earliest || good_till_ms >= GOOD_TILL_MS_MAX {
            return Err(Reject::GOOD_TILL);
        }
        Ok(())
    }

    /// The quantity that may be placed: less than asked for when a
    /// reduce-only order shrinks to what is left to reduce.
    fn reducible(
        &self,
        account: &Account,
        market: &Market,
        request: &OrderRequest,
    ) -> Result<Qty, Reject> {
        let holding = &account.holdings[usize::from(market.id.0)];
        let position = match request.position_side {
            PositionSide::Both if !request.reduce_only => return Ok(request.qty),
            side => holding.held[side.index()].position.qty,
        };
        let opens = match request.position_side {
            PositionSide::Both => false,
            PositionSide::Long => request.side == Side::Buy,
            PositionSide::Short => request.side == Side::Sell,
        };
        if opens {
            return Ok(request.qty);
        }
        if position.0 * request.side.sign() >= 0 {
            return Err(Reject::REDUCE_ONLY);
        }
        if request.position_side != PositionSide::Both {
            let closable = position.abs();
            return if request.qty > closable {
                Err(Reject::REDUCE_ONLY)
            } else {
                Ok(request.qty)
            };
        }
        let left = position.abs() - holding.open_sides[request.side.index()].reducing;
        if left <= Qty::ZERO {
            return Err(Reject::REDUCE_ONLY_COVERED);
        }
        match self.oversize {
            Oversize::Shrink => Ok(request.qty.min(left)),
            Oversize::Reject if request.qty > left => Err(Reject::REDUCE_ONLY),
            Oversize::Reject => Ok(request.qty),
        }
    }

    /// Refuses what the account cannot pay for. `more_reserved` is what margin
    /// would assume for open orders beyond what it does.
    pub(super) fn check_margin(
        &self,
        account: &Account,
        market: &Market,
        request: &OrderRequest,
        more_reserved: Cash,
    ) -> Result<(), Reject> {
        let holding = &account.holdings[usize::from(market.id.0)];
        if request.position_side != PositionSide::Both && is_closing(request) {
            return Ok(());
        }
        let before = market.marked.needs(holding);
        let after = before.with(request.side, more_reserved);
        if after.exposure() <= before.exposure() {
            return Ok(());
        }
        let more = after.margin() - before.margin();
        // A buy above mark or a sell below it starts with a loss.
        let loss = match request.kind {
            OrderKind::Limit => {
                let price = market.instrument.price_decimal(request.price);
                let over = (price.0 - market.pricing.view.mark.0) * request.side.sign();
                market.marked.at(Decimal(over.max(0))).worth(request.qty)
            }
            OrderKind::Market | OrderKind::Liquidation => Cash::ZERO,
        };
        if self.available(account, market.asset) < more + loss {
            return Err(Reject::MARGIN);
        }
        Ok(())
    }

    /// Wallet and unrealised profit less what positions and orders need.
    pub(super) fn available(&self, account: &Account, asset: crate::exchange::AssetId) -> Cash {
        let mut available = account.wallets[usize::from(asset.0)].balance;
        for (holding, market) in account.holdings.iter().zip(&self.markets) {
            if market.asset == asset && !holding.is_idle() {
                let needs = market.marked.needs(holding);
                available += needs.unrealised - needs.margin();
            }
        }
        available.max(Cash::ZERO)
    }

    /// Enters a checked order into the account's books; it is not in the
    /// matching book yet and has not been announced.
    pub(super) fn open(&mut self, id: AccountId, terms: &Terms) -> u32 {
        let request = &terms.request;
        let market = &mut self.markets[usize::from(request.symbol.0)];
        market.order_count += 1;
        let count = market.order_count;
        let client_id = request
            .client_id
            .unwrap_or_else(|| ClientOrderId::generated("sim", count));
        let view = OrderView {
            symbol: request.symbol,
            order_id: 0,
            client_id,
            state: OrderState::New,
            side: request.side,
            kind: request.kind,
            time_in_force: request.time_in_force,
            price: request.price,
            qty: request.qty,
            executed: Qty::ZERO,
            executed_cash: Cash::ZERO,
            reduce_only: request.reduce_only,
            position_side: request.position_side,
            stp: request.stp,
            price_match: request.price_match,
            good_till_ms: request.good_till_ms,
            created: self.now,
            updated: self.now,
        };
        let account = &mut self.accounts[id.0 as usize];
        let holding = account.holding(request.symbol);
        let order = OpenOrder {
            view,
            account: id,
            name_hash: terms.name_hash.unwrap_or_else(|| hash_of(&client_id)),
            handle: None,
            assumed: terms.assumed,
            reserved: terms.reserve,
            reducing: if request.reduce_only {
                request.qty
            } else {
                Qty::ZERO
            },
            amendments: 0,
            listed_at: holding.open.len() as u32,
        };
        let slot = self.orders.insert(count, order);
        let side = &mut holding.open_sides[request.side.index()];
        side.reserved += order.reserved;
        side.reducing += order.reducing;
        holding.open.push(slot);
        account.names.insert(slot, &self.orders);
        slot
    }
}

fn check_position_side(account: &Account, request: &OrderRequest) -> Result<(), Reject> {
    let hedged = request.position_side != PositionSide::Both;
    if hedged != account.dual_side {
        return Err(Reject::POSITION_SIDE);
    }
    if hedged && request.reduce_only {
        return Err(Reject::HEDGE_REDUCE_ONLY);
    }
    Ok(())
}

/// True for a hedge-mode order that closes its position.
fn is_closing(request: &OrderRequest) -> bool {
    match request.position_side {
        PositionSide::Both => false,
        PositionSide::Long => request.side == Side::Sell,
        PositionSide::Short => request.side == Side::Buy,
    }
}

/// The client's price, or the one its priceMatch finds in the book.
pub(super) fn matched_price(
    market: &Market,
    side: Side,
    price_match: PriceMatch,
    price: Price,
) -> Result<Price, Reject> {
    let (side, n) = match price_match {
        PriceMatch::None => return Ok(price),
        PriceMatch::Opponent => (side.opposite(), 1),
        PriceMatch::Opponent5 => (side.opposite(), 5),
        PriceMatch::Queue => (side, 1),
        PriceMatch::Queue5 => (side, 5),
        PriceMatch::Queue10 => (side, 10),
        PriceMatch::Queue20 => (side, 20),
    };
    market.nth_price(side, n).ok_or(Reject::NO_DEPTH)
}

pub(super) fn check_filters(market: &Market, request: &OrderRequest) -> Result<(), Reject> {
    let instrument = &market.instrument;
    let mark = instrument.price_floor(market.pricing.view.mark);
    let (side, price, qty) = (request.side, request.price, request.qty);
    let exempt = request.reduce_only || is_closing(request);
    if market.bounds.hold(side, price, qty, exempt) {
        return Ok(());
    }
    match instrument.breach(side, price, qty, exempt, Some(mark)) {
        None => Ok(()),
        Some(breach) => Err(refusal(market, request, breach)),
    }
}

fn refusal(market: &Market, request: &OrderRequest, breach: FilterBreach) -> Reject {
    let spec = &market.spec.instrument;
    match breach {
        FilterBreach::PriceBelowMin => Reject::PRICE_LOW,
        FilterBreach::PriceAboveMax => Reject::PRICE_HIGH,
        FilterBreach::QtyBelowMin if request.qty <= Qty::ZERO => Reject::QTY_ZERO,
        FilterBreach::QtyBelowMin => Reject::QTY_LOW,
        FilterBreach::QtyAboveMax => Reject::QTY_HIGH,
        FilterBreach::NotionalBelowMin => notional_refusal(spec.notional_min),
        FilterBreach::OutsideBand => {
            let (code, word, ratio) = match request.side {
                Side::Buy => (-4016, "higher", spec.percent_up),
                Side::Sell => (-4024, "lower", spec.percent_down),
            };
            let bound = banded(market.pricing.view.mark, ratio);
            let places = usize::from(market.spec.price_precision);
            Reject::new(
                code,
                format!("Limit price can't be {word} than {bound:.places$}."),
            )
        }
    }
}

fn notional_refusal(min: Decimal) -> Reject {
    let text = "(unless you choose reduce only)";
    Reject::new(
        -4164,
        format!("Order's notional must be no smaller than {min} {text}."),
    )
}

fn check_market_filters(market: &Market, request: &OrderRequest) -> Result<(), Reject> {
    let (instrument, spec) = (&market.instrument, &market.spec.instrument);
    let qty = instrument.qty_decimal(request.qty.min(Qty(1 << 40)));
    if request.qty <= Qty::ZERO {
        return Err(Reject::QTY_ZERO);
    }
    if qty < spec.qty_min {
        return Err(Reject::QTY_LOW);
    }
    if qty > market.spec.market_qty_max {
        return Err(Reject::QTY_HIGH);
    }
    let exempt = request.reduce_only || is_closing(request);
    if !exempt && market.marked.worth(request.qty).0 < spec.notional_min.0 {
        return Err(notional_refusal(spec.notional_min));
    }
    Ok(())
}

fn banded(mark: Decimal, ratio: Decimal) -> Decimal {
    let product = i128::from(mark.0) * i128::from(ratio.0) / i128::from(Decimal::ONE.0);
    Decimal(i64::try_from(product).unwrap_or(i64::MAX))
}

/// How far an order may trade: its price, or for MARKET the take bound.
fn limit_price(market: &Market, request: &OrderRequest) -> Price {
    if request.kind == OrderKind::Limit {
        return request.price;
    }
    let bound = market.spec.market_take_bound.0 * request.side.sign();
    let edge = banded(market.pricing.view.mark, Decimal(Decimal::ONE.0 + bound));
    market.instrument.price_floor(edge)
}

/// BUY: its price. SELL: the highest of last × 1.0015, mark and its price.
pub(super) fn assumed_price(market: &Market, kind: OrderKind, side: Side, limit: Price) -> Decimal {
    let mark = market.pricing.view.mark;
    let price = match kind {
        OrderKind::Limit => market.instrument.price_decimal(limit),
        OrderKind::Market | OrderKind::Liquidation => market
            .best(side.opposite())
            .map_or(mark, |best| market.instrument.price_decimal(best)),
    };
    match side {
        Side::Buy => price,
        Side::Sell => {
            let last = market
                .last_price
                .map_or(mark, |last| market.instrument.price_decimal(last));
            let raised = last.0 + last.0 / 10_000 * 15 + last.0 % 10_000 * 15 / 10_000;
            price.max(mark).max(Decimal(raised))
        }
    }
}

/// Position and orders of the same direction stay within the bracket.
fn check_bracket(
    account: &Account,
    market: &Market,
    request: &OrderRequest,
    reserve: Cash,
) -> Result<(), Reject> {
    if request.reduce_only || is_closing(request) {
        return Ok(());
    }
    let holding = &account.holdings[usize::from(market.id.0)];
    let held = holding.held[request.position_side.index()].position.qty;
    let ahead = Qty((held.0 * request.side.sign()).max(0));
    let open = holding.open_sides[request.side.index()].reserved;
    let total = market.marked.worth(ahead) + open + reserve;
    if total > bracket_cap(&market.spec, holding.leverage) {
        return Err(Reject::BRACKET);
    }
    Ok(())
}

/// What only the matching engine can refuse.
fn check_engine(market: &Market, request: &OrderRequest, limit: Price) -> Result<(), Reject> {
    if request.kind == OrderKind::Market {
        return check_market_band(market, request.side);
    }
    match request.time_in_force {
        TimeInForce::PostOnly if market.crosses(request.side, limit) => Err(Reject::POST_ONLY),
        TimeInForce::Fok if !market.offers(request.side, limit, request.qty) => Err(Reject::FOK),
        TimeInForce::PostOnly
        | TimeInForce::Fok
        | TimeInForce::Gtc
        | TimeInForce::Ioc
        | TimeInForce::Gtd
        | TimeInForce::Other => Ok(()),
    }
}

fn check_market_band(market: &Market, side: Side) -> Result<(), Reject> {
    let Some(best) = market.best(side.opposite()) else {
        return Ok(());
    };
    let best = market.instrument.price_decimal(best);
    let (mark, spec) = (market.pricing.view.mark, &market.spec.instrument);
    let outside = match side {
        Side::Buy => best > banded(mark, spec.percent_up),
        Side::Sell => best < banded(mark, spec.percent_down),
    };
    if outside {
        Err(Reject::MARKET_BAND)
    } else {
        Ok(())
    }
}

/// The market of a symbol, or the exchange's refusal.
impl Exchange {
    pub(super) fn market(&self, symbol: SymbolId) -> Result<&Market, Reject> {
        self.markets
            .get(usize::from(symbol.0))
            .ok_or(Reject::BAD_SYMBOL)
    }
}

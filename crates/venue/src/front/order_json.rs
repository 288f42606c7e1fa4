//! Orders, trades and their histories as REST and the WebSocket API show
//! them: live key order, live padding.

use phoenix_domain::{Decimal, Side, TimeInForce};

use crate::exchange::{
    Amendment, OrderKind, OrderState, OrderView, PositionSide, PriceMatch, StpMode, UserTrade,
};
use crate::front::json::Json;
use crate::front::listing::{Listing, Padded, cash};

/// Reply to placing, amending or cancelling: no average price, no turnover
/// since 2026-07-15.
pub(crate) fn ack(json: &mut Json, listing: &Listing, order: &OrderView) {
    json.open();
    head(json, listing, order);
    json.decimal("price", listing.price(order.price))
        .decimal("origQty", listing.qty(order.qty))
        .decimal("executedQty", listing.qty(order.executed))
        .decimal("cumQty", listing.qty(order.executed));
    terms(json, listing, order);
    json.number("updateTime", order.updated.ms());
}

/// Row of an order query or list.
pub(crate) fn row(json: &mut Json, listing: &Listing, order: &OrderView) {
    let average = order.average_price(&listing.instrument);
    json.open();
    head(json, listing, order);
    json.decimal("price", listing.price(order.price))
        .decimal("avgPrice", listing.average(average))
        .decimal("origQty", listing.qty(order.qty))
        .decimal("executedQty", listing.qty(order.executed))
        .decimal("cumQuote", listing.notional(order.executed_cash));
    terms(json, listing, order);
    json.number("time", order.created.ms())
        .number("updateTime", order.updated.ms());
}

fn head(json: &mut Json, listing: &Listing, order: &OrderView) {
    json.number("orderId", order.order_id)
        .text("symbol", listing.symbol())
        .text("status", state(order.state))
        .text("clientOrderId", order.client_id.as_str());
}

fn terms(json: &mut Json, listing: &Listing, order: &OrderView) {
    let kind = kind(order.kind);
    json.text("timeInForce", time_in_force(order.time_in_force))
        .text("type", kind)
        .flag("reduceOnly", order.reduce_only)
        .flag("closePosition", false)
        .text("side", side(order.side))
        .text("positionSide", position_side(order.position_side))
        .decimal("stopPrice", listing.price(phoenix_domain::Price::ZERO))
        .text("workingType", "CONTRACT_PRICE")
        .flag("priceProtect", false)
        .text("origType", kind)
        .text("priceMatch", price_match(order.price_match))
        .text("selfTradePreventionMode", stp(order.stp))
        .number("goodTillDate", order.good_till_ms);
}

/// Row of `userTrades`.
pub(crate) fn user_trade(json: &mut Json, listing: &Listing, trade: &UserTrade) {
    let fill = &trade.fill;
    let quote = listing.instrument.notional(fill.price, fill.qty);
    json.open()
        .flag("buyer", trade.side == Side::Buy)
        .decimal("commission", cash(fill.commission))
        .text("commissionAsset", &listing.asset)
        .number("id", fill.trade_id)
        .flag("maker", fill.maker)
        .number("orderId", trade.order_id)
        .decimal("price", listing.price(fill.price))
        .decimal("qty", listing.qty(fill.qty))
        .decimal("quoteQty", listing.notional(quote))
        .decimal("baseQty", 0)
        .text("marginAsset", &listing.asset)
        .decimal("realizedPnl", cash(fill.realised))
        .text("side", side(trade.side))
        .text("positionSide", position_side(trade.position_side))
        .text("symbol", listing.symbol())
        .text("pair", listing.symbol())
        .number("time", trade.at.ms())
        .close();
}

/// Row of `orderAmendment`.
pub(crate) fn amendment(json: &mut Json, listing: &Listing, amendment: &Amendment) {
    json.open()
        .number("amendmentId", amendment.amendment_id)
        .text("symbol", listing.symbol())
        .text("pair", listing.symbol())
        .number("orderId", amendment.order_id)
        .text("clientOrderId", amendment.client_id.as_str())
        .number("time", amendment.at.ms());
    json.key("amendment").open();
    json.key("price").open();
    json.decimal("before", listing.short_price(amendment.price.0))
        .decimal("after", listing.short_price(amendment.price.1))
        .close();
    json.key("origQty").open();
    json.decimal("before", listing.short_qty(amendment.qty.0))
        .decimal("after", listing.short_qty(amendment.qty.1))
        .close();
    json.number("count", amendment.count);
    if let Some(modify_id) = amendment.modify_id {
        json.number("modifyId", modify_id);
    }
    json.close().close();
}

/// Row of `forceOrders`.
pub(crate) fn force_order(json: &mut Json, listing: &Listing, order: &OrderView) {
    let average = order.average_price(&listing.instrument);
    json.open();
    json.number("orderId", order.order_id)
        .text("symbol", listing.symbol())
        .text("pair", listing.symbol())
        .text("status", state(order.state))
        .text("clientOrderId", order.client_id.as_str())
        .decimal("price", listing.price(order.price))
        .decimal("avgPrice", Padded(average, 5))
        .decimal("origQty", listing.qty(order.qty))
        .decimal("executedQty", listing.qty(order.executed))
        .decimal("cumQuote", listing.notional(order.executed_cash))
        .decimal("cumBase", 0)
        .text("timeInForce", "IOC")
        .text("type", "LIMIT")
        .flag("reduceOnly", order.reduce_only)
        .flag("closePosition", false)
        .text("side", side(order.side))
        .text("positionSide", position_side(order.position_side))
        .decimal("stopPrice", Decimal::ZERO)
        .text("workingType", "CONTRACT_PRICE")
        .text("origType", "LIMIT")
        .number("time", order.created.ms())
        .number("updateTime", order.updated.ms())
        .close();
}

pub(crate) fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

pub(crate) fn state(state: OrderState) -> &'static str {
    match state {
        OrderState::New => "NEW",
        OrderState::PartiallyFilled => "PARTIALLY_FILLED",
        OrderState::Filled => "FILLED",
        OrderState::Canceled => "CANCELED",
        OrderState::Expired => "EXPIRED",
        OrderState::ExpiredInMatch => "EXPIRED_IN_MATCH",
    }
}

pub(crate) fn kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Limit => "LIMIT",
        OrderKind::Market => "MARKET",
        OrderKind::Liquidation => "LIQUIDATION",
    }
}

pub(crate) fn time_in_force(tif: TimeInForce) -> &'static str {
    match tif {
        TimeInForce::Gtc | TimeInForce::Other => "GTC",
        TimeInForce::Ioc => "IOC",
        TimeInForce::Fok => "FOK",
        TimeInForce::Gtd => "GTD",
        TimeInForce::PostOnly => "GTX",
    }
}

pub(crate) fn position_side(side: PositionSide) -> &'static str {
    match side {
        PositionSide::Both => "BOTH",
        PositionSide::Long => "LONG",
        PositionSide::Short => "SHORT",
    }
}

pub(crate) fn price_match(price_match: PriceMatch) -> &'static str {
    match price_match {
        PriceMatch::None => "NONE",
        PriceMatch::Opponent => "OPPONENT",
        PriceMatch::Opponent5 => "OPPONENT_5",
        PriceMatch::Queue => "QUEUE",
        PriceMatch::Queue5 => "QUEUE_5",
        PriceMatch::Queue10 => "QUEUE_10",
        PriceMatch::Queue20 => "QUEUE_20",
    }
}

pub(crate) fn stp(stp: StpMode) -> &'static str {
    match stp {
        StpMode::None => "NONE",
        StpMode::ExpireTaker => "EXPIRE_TAKER",
        StpMode::ExpireMaker => "EXPIRE_MAKER",
        StpMode::ExpireBoth => "EXPIRE_BOTH",
    }
}

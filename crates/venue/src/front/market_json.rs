//! Market stream payloads, in the shapes in force since 2026-06-30.

use phoenix_domain::{Level, Price, Qty};

use crate::exchange::{MarkView, OrderView, PublicTrade, Top};
use crate::front::json::Json;
use crate::front::listing::{Listing, Padded};
use crate::front::tape::{Candle, Day, Merged};
use crate::front::topic::Interval;

/// Update ids of a depth frame: first, last, and last of the frame before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) previous: u64,
}

/// `E` (sent) and `T` (happened), ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) sent_ms: i64,
    pub(crate) engine_ms: i64,
}

/// depthUpdate; bids best first, asks best first.
pub(crate) fn depth(
    listing: &Listing,
    times: Times,
    ids: Ids,
    bids: impl Iterator<Item = (Price, Qty)>,
    asks: impl Iterator<Item = (Price, Qty)>,
) -> String {
    let mut json = Json::new();
    json.open()
        .text("e", "depthUpdate")
        .number("E", times.sent_ms)
        .number("T", times.engine_ms)
        .text("s", listing.symbol())
        .text("ps", listing.symbol())
        .number("U", ids.first)
        .number("u", ids.last)
        .number("pu", ids.previous);
    json.key("b");
    levels(&mut json, listing, bids);
    json.key("a");
    levels(&mut json, listing, asks);
    json.number("st", 1).close();
    json.finish()
}

/// `[["price","qty"],…]`
pub(crate) fn levels(
    json: &mut Json,
    listing: &Listing,
    levels: impl Iterator<Item = (Price, Qty)>,
) {
    json.open_list();
    for (price, qty) in levels {
        json.open_list()
            .quoted(listing.price(price))
            .quoted(listing.qty(qty))
            .close_list();
    }
    json.close_list();
}

/// Levels as pairs.
pub(crate) fn pairs(levels: &[Level]) -> impl Iterator<Item = (Price, Qty)> {
    levels.iter().map(|level| (level.price, level.qty))
}

/// bookTicker.
pub(crate) fn book_ticker(listing: &Listing, top: &Top, sent_ms: i64) -> String {
    let mut json = Json::new();
    json.open()
        .text("e", "bookTicker")
        .number("u", top.id)
        .text("s", listing.symbol())
        .text("ps", listing.symbol())
        .decimal("b", listing.price(top.bid.price))
        .decimal("B", listing.qty(top.bid.qty))
        .decimal("a", listing.price(top.ask.price))
        .decimal("A", listing.qty(top.ask.qty))
        .number("T", top.at.ms())
        .number("E", sent_ms)
        .number("st", 1)
        .close();
    json.finish()
}

/// trade.
pub(crate) fn trade(listing: &Listing, trade: &PublicTrade, sent_ms: i64) -> String {
    let mut json = Json::new();
    json.open()
        .text("e", "trade")
        .number("E", sent_ms)
        .number("T", trade.at.ms())
        .text("s", listing.symbol())
        .text("ps", listing.symbol())
        .number("t", trade.trade_id)
        .decimal("p", listing.price(trade.price))
        .decimal("q", listing.qty(trade.qty))
        .text("X", "MARKET")
        .flag("m", trade.buyer_maker)
        .number("st", 1)
        .close();
    json.finish()
}

/// aggTrade.
pub(crate) fn agg_trade(listing: &Listing, merged: &Merged, sent_ms: i64) -> String {
    let mut json = Json::new();
    json.open()
        .text("e", "aggTrade")
        .number("E", sent_ms)
        .number("a", merged.id)
        .text("s", listing.symbol())
        .text("ps", listing.symbol())
        .decimal("p", listing.price(merged.price))
        .decimal("q", listing.qty(merged.qty))
        .decimal("nq", listing.qty(merged.qty))
        .number("f", merged.first_id)
        .number("l", merged.last_id)
        .number("T", merged.at_ms)
        .flag("m", merged.buyer_maker)
        .number("st", 1)
        .close();
    json.finish()
}

/// markPriceUpdate.
pub(crate) fn mark_price(listing: &Listing, mark: &MarkView, sent_ms: i64) -> String {
    let mut json = Json::new();
    json.open()
        .text("e", "markPriceUpdate")
        .number("E", sent_ms)
        .text("s", listing.symbol())
        .text("ps", listing.symbol())
        .decimal("p", Padded(mark.mark, 8))
        .decimal("ap", Padded(mark.mark_average, 8))
        .decimal("P", Padded(mark.settle, 8))
        .decimal("i", Padded(mark.index, 8))
        .decimal("r", format_args!("{:.8}", mark.funding))
        .number("T", mark.next_funding.ms())
        .number("st", 1)
        .close();
    json.finish()
}

/// kline.
pub(crate) fn kline(
    listing: &Listing,
    interval: Interval,
    candle: &Candle,
    closed: bool,
    sent_ms: i64,
) -> String {
    let mut json = Json::new();
    json.open()
        .text("e", "kline")
        .number("E", sent_ms)
        .text("s", listing.symbol())
        .text("ps", listing.symbol());
    json.key("k").open().text("s", listing.symbol());
    candle_row(&mut json, listing, interval, candle, closed);
    json.close().number("st", 1).close();
    json.finish()
}

/// continuous_kline.
pub(crate) fn continuous_kline(
    listing: &Listing,
    interval: Interval,
    candle: &Candle,
    closed: bool,
    sent_ms: i64,
) -> String {
    let mut json = Json::new();
    json.open()
        .text("e", "continuous_kline")
        .number("E", sent_ms)
        .text("ps", listing.symbol())
        .text("ct", "PERPETUAL");
    json.key("k").open();
    candle_row(&mut json, listing, interval, candle, closed);
    json.close().number("st", 1).close();
    json.finish()
}

fn candle_row(
    json: &mut Json,
    listing: &Listing,
    interval: Interval,
    candle: &Candle,
    closed: bool,
) {
    json.number("t", candle.open_ms)
        .number("T", candle.open_ms + interval.ms - 1)
        .text("i", interval.name)
        .number("f", candle.first_id)
        .number("L", candle.last_id)
        .decimal("o", listing.price(candle.open))
        .decimal("c", listing.price(candle.close))
        .decimal("h", listing.price(candle.high))
        .decimal("l", listing.price(candle.low))
        .decimal("v", listing.qty(candle.base))
        .number("n", candle.trades)
        .flag("x", closed)
        .decimal("q", listing.notional(candle.quote))
        .decimal("V", listing.qty(candle.taker_base))
        .decimal("Q", listing.notional(candle.taker_quote))
        .decimal("B", 0);
}

/// 24hrTicker.
pub(crate) fn ticker(listing: &Listing, day: &Day, sent_ms: i64) -> String {
    let candle = &day.candle;
    let change = Price(candle.close.0 - candle.open.0);
    let mut json = Json::new();
    json.open()
        .text("e", "24hrTicker")
        .number("E", sent_ms)
        .text("s", listing.symbol())
        .text("ps", listing.symbol())
        .decimal("p", listing.price(change))
        .decimal("P", change_percent(candle))
        .decimal("w", listing.price(weighted_average(listing, candle)))
        .decimal("c", listing.price(candle.close))
        .decimal("Q", listing.qty(day.last_qty))
        .decimal("o", listing.price(candle.open))
        .decimal("h", listing.price(candle.high))
        .decimal("l", listing.price(candle.low))
        .decimal("v", listing.qty(candle.base))
        .decimal("q", listing.notional(candle.quote))
        .number("O", candle.open_ms)
        .number("C", day.close_ms)
        .number("F", candle.first_id)
        .number("L", candle.last_id)
        .number("n", candle.trades)
        .number("st", 1)
        .close();
    json.finish()
}

/// 24hrMiniTicker.
pub(crate) fn mini_ticker(listing: &Listing, day: &Day, sent_ms: i64) -> String {
    let candle = &day.candle;
    let mut json = Json::new();
    json.open()
        .text("e", "24hrMiniTicker")
        .number("E", sent_ms)
        .text("s", listing.symbol())
        .text("ps", listing.symbol())
        .decimal("c", listing.price(candle.close))
        .decimal("o", listing.price(candle.open))
        .decimal("h", listing.price(candle.high))
        .decimal("l", listing.price(candle.low))
        .decimal("v", listing.qty(candle.base))
        .decimal("q", listing.notional(candle.quote))
        .number("st", 1)
        .close();
    json.finish()
}

/// forceOrder.
pub(crate) fn force_order(
    listing: &Listing,
    order: &OrderView,
    last_qty: Qty,
    sent_ms: i64,
) -> String {
    let mut json = Json::new();
    json.open().text("e", "forceOrder").number("E", sent_ms);
    json.key("o").open();
    json.text("s", listing.symbol())
        .text("S", crate::front::order_json::side(order.side))
        .text("o", "LIMIT")
        .text("f", "IOC")
        .decimal("q", listing.short_qty(order.qty))
        .decimal("p", listing.short_price(order.price))
        .decimal("ap", order.average_price(&listing.instrument))
        .text("X", crate::front::order_json::state(order.state))
        .decimal("l", listing.short_qty(last_qty))
        .decimal("z", listing.short_qty(order.executed))
        .number("T", order.updated.ms())
        .close();
    json.text("ps", listing.symbol()).number("st", 1).close();
    json.finish()
}

/// Change over the day in percent, three places: display only.
pub(crate) fn change_percent(candle: &Candle) -> String {
    if candle.open.0 == 0 {
        return "0.000".to_owned();
    }
    let change = (candle.close.0 - candle.open.0) as f64 / candle.open.0 as f64;
    format!("{:.3}", change * 100.0)
}

/// Volume-weighted average price, to the tick below.
pub(crate) fn weighted_average(listing: &Listing, candle: &Candle) -> Price {
    let worth = i128::from(candle.base.0) * i128::from(listing.instrument.tick_lot_cash().0);
    if worth == 0 {
        return candle.close;
    }
    Price(i64::try_from(i128::from(candle.quote.0) / worth).unwrap_or(candle.close.0))
}

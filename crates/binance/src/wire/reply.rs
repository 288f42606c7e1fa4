//! Replies about orders and executions: REST bodies and WebSocket API frames.
//!
//! A place, amend or cancel reply carries no fill price since 2026-07-15, and
//! none is read from it: what was paid is known from executions alone. Orders
//! of symbols that this run does not trade are left out of lists.

use phoenix_domain::{Cash, ClientId, Fill, OrderReport, Origin, SymbolId, VenueMs};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{DecodeError, Raw, Text, check_worth, parse, shown};
use super::spelling::{status_of, time_in_force_of};
use crate::symbols::{Entry, SymbolTable};

/// Orders or trades in one list; the exchange itself caps at 1000 trades and
/// a few thousand orders.
const LIST_MAX: usize = 20_000;

/// The exchange's own account of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VenueError {
    /// Its number, negative.
    pub code: i32,
    /// Its text, in full (the end of a ban is in it).
    pub message: String,
}

/// Request counters that came with a WebSocket API reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Weight used in the running minute.
    pub weight_1m: Option<u32>,
    /// Orders counted in the running 10 seconds.
    pub orders_10s: Option<u32>,
    /// Orders counted in the running minute.
    pub orders_1m: Option<u32>,
}

/// One frame of the WebSocket API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WsReply<'a> {
    /// The number we gave the request; `None` if the exchange speaks of the
    /// connection itself.
    pub id: Option<u64>,
    /// As an HTTP status.
    pub status: u16,
    /// The result's JSON, for the decoder of the call.
    pub result: Option<&'a [u8]>,
    /// What went wrong.
    pub error: Option<VenueError>,
    /// Counters, if sent.
    pub usage: Usage,
}

/// Reads the error of a body; `None` if it holds none. A success with a code
/// (`200`, as number or text) is no error.
#[must_use]
pub fn error(body: &[u8]) -> Option<VenueError> {
    let wire: ErrorWire<'_> = parse(body).ok()?;
    let code: i32 = wire.code.integer("code").ok()?;
    (code < 0).then(|| VenueError {
        code,
        message: wire.msg.unwrap_or_default().into_owned(),
    })
}

/// Reads one order: the reply to place, amend, cancel or query.
///
/// # Errors
/// A body that is no order, or an order of a symbol that is not ours.
pub fn order(
    body: &[u8],
    table: &SymbolTable,
    origin: Origin,
) -> Result<(SymbolId, OrderReport), DecodeError> {
    let wire: OrderWire<'_> = parse(body)?;
    report(&wire, table, origin)?.ok_or_else(|| DecodeError::Symbol {
        symbol: shown(&wire.symbol),
    })
}

/// Reads a list of orders (all that are open, or a history).
///
/// # Errors
/// A body that is no list of orders; one unreadable order spoils the list,
/// because a list that may lack an order proves nothing.
pub fn orders(
    body: &[u8],
    table: &SymbolTable,
    out: &mut Vec<(SymbolId, OrderReport)>,
) -> Result<(), DecodeError> {
    let list: Vec<OrderWire<'_>> = parse(body)?;
    check_count("orders", list.len())?;
    out.clear();
    for wire in &list {
        out.extend(report(wire, table, Origin::List)?);
    }
    Ok(())
}

/// Reads the items of a batch reply, in the order of the request.
///
/// # Errors
/// A body that is no list. An item that is neither order nor error is an
/// error of its own: that item's outcome is then unknown.
pub fn batch(
    body: &[u8],
    table: &SymbolTable,
) -> Result<Vec<Result<BatchItem, DecodeError>>, DecodeError> {
    let list: Vec<&RawValue> = parse(body)?;
    check_count("batch items", list.len())?;
    let item = |raw: &&RawValue| {
        let bytes = raw.get().as_bytes();
        match error(bytes) {
            Some(error) => Ok(BatchItem::Refused(error)),
            None => order(bytes, table, Origin::Reply).map(|(_, report)| BatchItem::Done(report)),
        }
    };
    Ok(list.iter().map(item).collect())
}

/// One item of a batch reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchItem {
    /// The order as it now is.
    Done(OrderReport),
    /// Why it was not done; judge it as status 400.
    Refused(VenueError),
}

/// Reads executions (`userTrades`), oldest first. They carry no client id:
/// join them through the order's number.
///
/// # Errors
/// A body that is no list of executions.
pub fn trades(
    body: &[u8],
    table: &SymbolTable,
    out: &mut Vec<(SymbolId, Fill)>,
) -> Result<(), DecodeError> {
    let list: Vec<TradeWire<'_>> = parse(body)?;
    check_count("trades", list.len())?;
    out.clear();
    for wire in &list {
        let Some(symbol) = table.find(wire.symbol.as_bytes()) else {
            continue;
        };
        out.push((symbol, fill(wire, table.entry(symbol))?));
    }
    Ok(())
}

/// Reads a frame of the WebSocket API.
///
/// # Errors
/// A frame that is no reply.
pub fn websocket(frame: &[u8]) -> Result<WsReply<'_>, DecodeError> {
    let wire: WsWire<'_> = parse(frame)?;
    let error = match &wire.error {
        Some(error) => Some(VenueError {
            code: error.code.integer("error.code")?,
            message: error.msg.as_deref().unwrap_or_default().to_owned(),
        }),
        None => None,
    };
    Ok(WsReply {
        id: wire.id.and_then(|id| id.integer("id").ok()),
        status: wire.status.integer("status")?,
        result: wire.result.map(|raw| raw.get().as_bytes()),
        error,
        usage: usage(wire.limits.as_deref().unwrap_or_default()),
    })
}

fn usage(rows: &[LimitWire<'_>]) -> Usage {
    let mut usage = Usage::default();
    for row in rows {
        let count = row.count.and_then(|count| count.integer("count").ok());
        match (&*row.limit_type, &*row.interval) {
            ("REQUEST_WEIGHT", "MINUTE") => usage.weight_1m = count,
            ("ORDERS", "SECOND") => usage.orders_10s = count,
            ("ORDERS", "MINUTE") => usage.orders_1m = count,
            _ => {}
        }
    }
    usage
}

fn check_count(what: &'static str, count: usize) -> Result<(), DecodeError> {
    if count > LIST_MAX {
        return Err(DecodeError::TooMany {
            what,
            count,
            max: LIST_MAX,
        });
    }
    Ok(())
}

fn report(
    wire: &OrderWire<'_>,
    table: &SymbolTable,
    origin: Origin,
) -> Result<Option<(SymbolId, OrderReport)>, DecodeError> {
    let Some(symbol) = table.find(wire.symbol.as_bytes()) else {
        return Ok(None);
    };
    let entry = table.entry(symbol);
    let (price, qty) = (
        wire.price.price(entry, "price")?,
        wire.qty.qty(entry, "origQty")?,
    );
    check_worth(entry, price, qty, "origQty")?;
    let report = OrderReport {
        client_id: ClientId::parse(wire.client_id.as_bytes()),
        venue_id: wire.order_id.integer("orderId")?,
        side: wire.side.side("side")?,
        price,
        qty,
        filled: wire.filled.qty(entry, "executedQty")?,
        status: status_of(&wire.status),
        time_in_force: time_in_force_of(&wire.time_in_force),
        reduce_only: match wire.reduce_only {
            Some(raw) => raw.truth("reduceOnly")?,
            None => false,
        },
        venue_ms: match wire.update_time {
            Some(raw) => VenueMs(raw.integer("updateTime")?),
            None => VenueMs(0),
        },
        origin,
    };
    Ok(Some((symbol, report)))
}

fn fill(wire: &TradeWire<'_>, entry: &Entry) -> Result<Fill, DecodeError> {
    let (price, qty) = (
        wire.price.price(entry, "price")?,
        wire.qty.qty(entry, "qty")?,
    );
    check_worth(entry, price, qty, "qty")?;
    let commission = fee_in_quote(entry, wire.commission, &wire.commission_asset)?;
    let realised = Cash(wire.realised.decimal("realizedPnl")?.0);
    Ok(Fill {
        trade_id: wire.id.integer("id")?,
        client_id: None,
        venue_id: wire.order_id.integer("orderId")?,
        side: wire.side.side("side")?,
        price,
        qty,
        maker: wire.maker.truth("maker")?,
        charged: Some((commission, realised)),
        venue_ms: VenueMs(wire.time.integer("time")?),
    })
}

/// A fee, zero if it was taken in another asset than the quote asset (BNB):
/// that asset's wallet is not part of this account's cash.
pub(super) fn fee_in_quote(entry: &Entry, fee: Raw<'_>, asset: &str) -> Result<Cash, DecodeError> {
    if asset != entry.instrument.spec().quote_asset {
        return Ok(Cash::ZERO);
    }
    Ok(Cash(fee.decimal("commission")?.0))
}

#[derive(Deserialize)]
struct ErrorWire<'a> {
    #[serde(borrow)]
    code: Raw<'a>,
    #[serde(borrow)]
    msg: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct OrderWire<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow, rename = "orderId")]
    order_id: Raw<'a>,
    #[serde(borrow, rename = "clientOrderId")]
    client_id: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    price: Raw<'a>,
    #[serde(borrow, rename = "origQty")]
    qty: Raw<'a>,
    #[serde(borrow, rename = "executedQty")]
    filled: Raw<'a>,
    #[serde(borrow, rename = "timeInForce")]
    time_in_force: Text<'a>,
    #[serde(borrow)]
    side: Raw<'a>,
    #[serde(borrow, rename = "reduceOnly")]
    reduce_only: Option<Raw<'a>>,
    #[serde(borrow, rename = "updateTime")]
    update_time: Option<Raw<'a>>,
}

#[derive(Deserialize)]
struct TradeWire<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    id: Raw<'a>,
    #[serde(borrow, rename = "orderId")]
    order_id: Raw<'a>,
    #[serde(borrow)]
    side: Raw<'a>,
    #[serde(borrow)]
    price: Raw<'a>,
    #[serde(borrow)]
    qty: Raw<'a>,
    #[serde(borrow)]
    maker: Raw<'a>,
    #[serde(borrow)]
    commission: Raw<'a>,
    #[serde(borrow, rename = "commissionAsset")]
    commission_asset: Text<'a>,
    #[serde(borrow, rename = "realizedPnl")]
    realised: Raw<'a>,
    #[serde(borrow)]
    time: Raw<'a>,
}

#[derive(Deserialize)]
struct WsWire<'a> {
    #[serde(borrow)]
    id: Option<Raw<'a>>,
    #[serde(borrow)]
    status: Raw<'a>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<ErrorWire<'a>>,
    #[serde(borrow, rename = "rateLimits")]
    limits: Option<Vec<LimitWire<'a>>>,
}

#[derive(Deserialize)]
struct LimitWire<'a> {
    #[serde(borrow, rename = "rateLimitType")]
    limit_type: Text<'a>,
    #[serde(borrow)]
    interval: Text<'a>,
    #[serde(borrow)]
    count: Option<Raw<'a>>,
}

#[cfg(test)]
mod tests;

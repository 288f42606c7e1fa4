//! The user stream: our orders, fills, positions and wallets as they change.
//!
//! One frame may hold several events; they keep the exchange's order. A fill
//! is told twice (`TRADE_LITE` first, then `ORDER_TRADE_UPDATE` with fee and
//! profit); telling the two apart from two fills is the engine's work, by
//! trade id. Legs of hedge mode are left out: Phoenix trades one-way only.

use phoenix_domain::{
    Balance, Cash, ClientId, Event, Fill, MonoNs, OrderReport, Origin, PositionReport, SymbolId,
    VenueMs,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{DecodeError, Raw, Text, check_worth, holding, parse};
use super::market::Ignored;
use super::reply::fee_in_quote;
use super::spelling::{status_of, time_in_force_of};
use crate::symbols::{Entry, SymbolTable};

/// Balances or positions that one frame may carry.
const ITEMS_MAX: usize = 1_000;

/// Reads user-stream frames into a list that it reuses.
#[derive(Debug, Default)]
pub struct AccountDecoder {
    events: Vec<Event<'static>>,
}

/// One frame of the user stream.
#[derive(Clone, Debug, PartialEq)]
pub enum AccountFrame<'a> {
    /// What happened, in order; may be empty if it concerned others only.
    Events {
        /// The events.
        events: &'a [Event<'static>],
        /// When the exchange sent them.
        sent_ms: VenueMs,
    },
    /// The stream's key is no longer valid: nothing more will come.
    ListenKeyExpired,
    /// Margin runs low.
    MarginCall {
        /// When the exchange sent it.
        sent_ms: VenueMs,
    },
    /// Somebody changed leverage or asset mode.
    ConfigChanged {
        /// The symbol whose leverage changed, if it is one of ours.
        symbol: Option<SymbolId>,
        /// Its new leverage.
        leverage: Option<u16>,
        /// The new asset mode.
        multi_asset: Option<bool>,
    },
    /// A conditional order changed; Phoenix has none, so it is foreign.
    ConditionalOrder {
        /// The symbol, if it is one of ours.
        symbol: Option<SymbolId>,
    },
    /// Nothing for us.
    Ignored(Ignored),
}

impl AccountDecoder {
    /// A decoder with an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one text frame, raw or wrapped in `{"stream":…,"data":…}`.
    ///
    /// # Errors
    /// Bytes that are no such frame, or hold a value that cannot be: the
    /// account is then to be asked for by query.
    pub fn decode(
        &mut self,
        table: &SymbolTable,
        received: MonoNs,
        frame: &[u8],
    ) -> Result<AccountFrame<'_>, DecodeError> {
        self.events.clear();
        let outer: Envelope<'_> = parse(frame)?;
        let Some(raw) = outer.data else {
            let kind = outer.kind.as_deref().unwrap_or_default();
            return self.event(table, received, kind, frame);
        };
        let inner: Envelope<'_> = serde_json::from_str(raw.get())?;
        let kind = inner.kind.as_deref().unwrap_or_default();
        self.event(table, received, kind, raw.get().as_bytes())
    }

    fn event(
        &mut self,
        table: &SymbolTable,
        received: MonoNs,
        kind: &str,
        payload: &[u8],
    ) -> Result<AccountFrame<'_>, DecodeError> {
        match kind {
            "ORDER_TRADE_UPDATE" => self.order(table, payload),
            "TRADE_LITE" => self.trade_lite(table, payload),
            "ACCOUNT_UPDATE" => self.account(table, received, payload),
            "ACCOUNT_CONFIG_UPDATE" => config(table, payload),
            "ALGO_UPDATE" => {
                let wire: AlgoWire<'_> = parse(payload)?;
                let symbol = table.find(wire.order.symbol.as_bytes());
                Ok(AccountFrame::ConditionalOrder { symbol })
            }
            "MARGIN_CALL" => {
                let wire: TimeWire<'_> = parse(payload)?;
                let sent_ms = VenueMs(wire.sent_ms.integer("E")?);
                Ok(AccountFrame::MarginCall { sent_ms })
            }
            "listenKeyExpired" => Ok(AccountFrame::ListenKeyExpired),
            _ => Ok(AccountFrame::Ignored(Ignored::Kind)),
        }
    }

    fn order(
        &mut self,
        table: &SymbolTable,
        payload: &[u8],
    ) -> Result<AccountFrame<'_>, DecodeError> {
        let wire: OrderUpdate<'_> = parse(payload)?;
        let order = &wire.order;
        let Some(symbol) = table.find(order.symbol.as_bytes()) else {
            return Ok(AccountFrame::Ignored(Ignored::Symbol));
        };
        let entry = table.entry(symbol);
        let venue_ms = VenueMs(wire.venue_ms.integer("T")?);
        let report = report(order, entry, venue_ms)?;
        let event = match execution(order, entry, &report)? {
            Some(fill) => Event::Filled {
                symbol,
                fill,
                report: Some(report),
            },
            None => Event::OrderReported { symbol, report },
        };
        self.events.push(event);
        self.ready(wire.sent_ms)
    }

    fn trade_lite(
        &mut self,
        table: &SymbolTable,
        payload: &[u8],
    ) -> Result<AccountFrame<'_>, DecodeError> {
        let wire: TradeLite<'_> = parse(payload)?;
        let Some(symbol) = table.find(wire.symbol.as_bytes()) else {
            return Ok(AccountFrame::Ignored(Ignored::Symbol));
        };
        let entry = table.entry(symbol);
        let (price, qty) = (wire.price.price(entry, "L")?, wire.qty.qty(entry, "l")?);
        check_worth(entry, price, qty, "l")?;
        let fill = Fill {
            trade_id: wire.trade_id.integer("t")?,
            client_id: ClientId::parse(wire.client_id.as_bytes()),
            venue_id: wire.order_id.integer("i")?,
            side: wire.side.side("S")?,
            price,
            qty,
            maker: wire.maker.truth("m")?,
            charged: None,
            venue_ms: VenueMs(wire.venue_ms.integer("T")?),
        };
        self.events.push(Event::Filled {
            symbol,
            fill,
            report: None,
        });
        self.ready(wire.sent_ms)
    }

    fn account(
        &mut self,
        table: &SymbolTable,
        received: MonoNs,
        payload: &[u8],
    ) -> Result<AccountFrame<'_>, DecodeError> {
        let wire: AccountUpdate<'_> = parse(payload)?;
        let venue_ms = VenueMs(wire.venue_ms.integer("T")?);
        let change = &wire.change;
        let count = change.balances.len() + change.positions.len();
        if count > ITEMS_MAX {
            return Err(DecodeError::TooMany {
                what: "balances and positions",
                count,
                max: ITEMS_MAX,
            });
        }
        let funding = change.reason == "FUNDING_FEE";
        let paid_for = change.symbol.as_deref().unwrap_or_default();
        for item in &change.balances {
            let Some(asset) = table.find_asset(&item.asset) else {
                continue;
            };
            if funding {
                self.events.push(Event::FundingPaid {
                    symbol: table.find(paid_for.as_bytes()),
                    amount: Cash(item.change.decimal("bc")?.0),
                    venue_ms,
                });
            }
            self.events.push(Event::BalanceReported(Balance {
                asset,
                wallet: Cash(item.wallet.decimal("wb")?.0),
                venue_ms,
            }));
        }
        for item in &change.positions {
            self.events
                .extend(position(item, table, venue_ms, received)?);
        }
        self.ready(wire.sent_ms)
    }

    fn ready(&self, sent_ms: Raw<'_>) -> Result<AccountFrame<'_>, DecodeError> {
        Ok(AccountFrame::Events {
            events: &self.events,
            sent_ms: VenueMs(sent_ms.integer("E")?),
        })
    }
}

fn report(
    order: &OrderWire<'_>,
    entry: &Entry,
    venue_ms: VenueMs,
) -> Result<OrderReport, DecodeError> {
    let (price, qty) = (order.price.price(entry, "p")?, order.qty.qty(entry, "q")?);
    check_worth(entry, price, qty, "q")?;
    Ok(OrderReport {
        client_id: ClientId::parse(order.client_id.as_bytes()),
        venue_id: order.order_id.integer("i")?,
        side: order.side.side("S")?,
        price,
        qty,
        filled: order.filled.qty(entry, "z")?,
        status: status_of(&order.status),
        time_in_force: time_in_force_of(&order.time_in_force),
        reduce_only: order.reduce_only.truth("R")?,
        venue_ms,
        origin: Origin::Stream,
    })
}

/// The execution in an order update, if it tells of one. A liquidation
/// (`CALCULATED`) without a trade id is known from the position alone.
fn execution(
    order: &OrderWire<'_>,
    entry: &Entry,
    report: &OrderReport,
) -> Result<Option<Fill>, DecodeError> {
    let trade_id: u64 = order.trade_id.integer("t")?;
    let qty = order.last_qty.qty(entry, "l")?;
    let executes = order.execution == "TRADE" || order.execution == "CALCULATED";
    if !executes || trade_id == 0 || qty.0 <= 0 {
        return Ok(None);
    }
    let price = order.last_price.price(entry, "L")?;
    check_worth(entry, price, qty, "l")?;
    let fee = match (order.fee, &order.fee_asset) {
        (Some(fee), Some(asset)) => fee_in_quote(entry, fee, asset)?,
        (Some(_) | None, _) => Cash::ZERO,
    };
    let realised = match order.realised {
        Some(raw) => Cash(raw.decimal("rp")?.0),
        None => Cash::ZERO,
    };
    Ok(Some(Fill {
        trade_id,
        client_id: report.client_id,
        venue_id: report.venue_id,
        side: report.side,
        price,
        qty,
        maker: order.maker.truth("m")?,
        charged: Some((fee, realised)),
        venue_ms: report.venue_ms,
    }))
}

fn position(
    item: &PositionWire<'_>,
    table: &SymbolTable,
    venue_ms: VenueMs,
    received: MonoNs,
) -> Result<Option<Event<'static>>, DecodeError> {
    let Some(symbol) = table.find(item.symbol.as_bytes()) else {
        return Ok(None);
    };
    if item.side != "BOTH" {
        return Ok(None);
    }
    let (entry, qty) = holding(table.entry(symbol), (item.entry, "ep"), (item.qty, "pa"))?;
    Ok(Some(Event::PositionReported(PositionReport {
        symbol,
        qty,
        entry,
        venue_ms,
        origin: Origin::Stream,
        asked_at: received,
    })))
}

fn config(table: &SymbolTable, payload: &[u8]) -> Result<AccountFrame<'static>, DecodeError> {
    let wire: ConfigWire<'_> = parse(payload)?;
    let symbol = wire.symbol_config.as_ref();
    let leverage = match symbol {
        Some(config) => Some(config.leverage.integer("ac.l")?),
        None => None,
    };
    let multi_asset = match &wire.account_config {
        Some(config) => Some(config.multi_asset.truth("ai.j")?),
        None => None,
    };
    Ok(AccountFrame::ConfigChanged {
        symbol: symbol.and_then(|config| table.find(config.symbol.as_bytes())),
        leverage,
        multi_asset,
    })
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow, rename = "e")]
    kind: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct TimeWire<'a> {
    #[serde(borrow, rename = "E")]
    sent_ms: Raw<'a>,
}

#[derive(Deserialize)]
struct OrderUpdate<'a> {
    #[serde(borrow, rename = "E")]
    sent_ms: Raw<'a>,
    #[serde(borrow, rename = "T")]
    venue_ms: Raw<'a>,
    #[serde(borrow, rename = "o")]
    order: OrderWire<'a>,
}

#[derive(Deserialize)]
struct OrderWire<'a> {
    #[serde(borrow, rename = "s")]
    symbol: Text<'a>,
    #[serde(borrow, rename = "c")]
    client_id: Text<'a>,
    #[serde(borrow, rename = "S")]
    side: Raw<'a>,
    #[serde(borrow, rename = "f")]
    time_in_force: Text<'a>,
    #[serde(borrow, rename = "q")]
    qty: Raw<'a>,
    #[serde(borrow, rename = "p")]
    price: Raw<'a>,
    #[serde(borrow, rename = "x")]
    execution: Text<'a>,
    #[serde(borrow, rename = "X")]
    status: Text<'a>,
    #[serde(borrow, rename = "i")]
    order_id: Raw<'a>,
    #[serde(borrow, rename = "l")]
    last_qty: Raw<'a>,
    #[serde(borrow, rename = "z")]
    filled: Raw<'a>,
    #[serde(borrow, rename = "L")]
    last_price: Raw<'a>,
    #[serde(borrow, rename = "n")]
    fee: Option<Raw<'a>>,
    #[serde(borrow, rename = "N")]
    fee_asset: Option<Text<'a>>,
    #[serde(borrow, rename = "t")]
    trade_id: Raw<'a>,
    #[serde(borrow, rename = "m")]
    maker: Raw<'a>,
    #[serde(borrow, rename = "R")]
    reduce_only: Raw<'a>,
    #[serde(borrow, rename = "rp")]
    realised: Option<Raw<'a>>,
}

#[derive(Deserialize)]
struct TradeLite<'a> {
    #[serde(borrow, rename = "E")]
    sent_ms: Raw<'a>,
    #[serde(borrow, rename = "T")]
    venue_ms: Raw<'a>,
    #[serde(borrow, rename = "s")]
    symbol: Text<'a>,
    #[serde(borrow, rename = "c")]
    client_id: Text<'a>,
    #[serde(borrow, rename = "S")]
    side: Raw<'a>,
    #[serde(borrow, rename = "L")]
    price: Raw<'a>,
    #[serde(borrow, rename = "l")]
    qty: Raw<'a>,
    #[serde(borrow, rename = "t")]
    trade_id: Raw<'a>,
    #[serde(borrow, rename = "i")]
    order_id: Raw<'a>,
    #[serde(borrow, rename = "m")]
    maker: Raw<'a>,
}

#[derive(Deserialize)]
struct AccountUpdate<'a> {
    #[serde(borrow, rename = "E")]
    sent_ms: Raw<'a>,
    #[serde(borrow, rename = "T")]
    venue_ms: Raw<'a>,
    #[serde(borrow, rename = "a")]
    change: AccountChange<'a>,
}

#[derive(Deserialize)]
struct AccountChange<'a> {
    #[serde(borrow, rename = "m")]
    reason: Text<'a>,
    #[serde(borrow, rename = "S")]
    symbol: Option<Text<'a>>,
    #[serde(borrow, default, rename = "B")]
    balances: Vec<BalanceWire<'a>>,
    #[serde(borrow, default, rename = "P")]
    positions: Vec<PositionWire<'a>>,
}

#[derive(Deserialize)]
struct BalanceWire<'a> {
    #[serde(borrow, rename = "a")]
    asset: Text<'a>,
    #[serde(borrow, rename = "wb")]
    wallet: Raw<'a>,
    #[serde(borrow, rename = "bc")]
    change: Raw<'a>,
}

#[derive(Deserialize)]
struct PositionWire<'a> {
    #[serde(borrow, rename = "s")]
    symbol: Text<'a>,
    #[serde(borrow, rename = "pa")]
    qty: Raw<'a>,
    #[serde(borrow, rename = "ep")]
    entry: Raw<'a>,
    #[serde(borrow, rename = "ps")]
    side: Text<'a>,
}

#[derive(Deserialize)]
struct ConfigWire<'a> {
    #[serde(borrow, rename = "ac")]
    symbol_config: Option<SymbolConfig<'a>>,
    #[serde(borrow, rename = "ai")]
    account_config: Option<AccountConfig<'a>>,
}

#[derive(Deserialize)]
struct SymbolConfig<'a> {
    #[serde(borrow, rename = "s")]
    symbol: Text<'a>,
    #[serde(borrow, rename = "l")]
    leverage: Raw<'a>,
}

#[derive(Deserialize)]
struct AccountConfig<'a> {
    #[serde(borrow, rename = "j")]
    multi_asset: Raw<'a>,
}

#[derive(Deserialize)]
struct AlgoWire<'a> {
    #[serde(borrow, rename = "o")]
    order: AlgoOrder<'a>,
}

#[derive(Deserialize)]
struct AlgoOrder<'a> {
    #[serde(borrow, rename = "s")]
    symbol: Text<'a>,
}

#[cfg(test)]
mod tests;

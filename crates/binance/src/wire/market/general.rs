//! The general reader of market frames: any key order, any spacing, unknown
//! fields, numbers as texts and texts as numbers.

use phoenix_domain::{Decimal, Event, Level, Rate, Side, VenueMs};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Decoded, DepthHead, Ignored, LEVELS_MAX, Levels, MarketFrame};
use crate::symbols::{Entry, SymbolTable};
use crate::wire::json::{DecodeError, Raw, Text, off_grid, parse};

pub(super) fn frame(
    table: &SymbolTable,
    bytes: &[u8],
    levels: &mut Levels,
) -> Result<Decoded, DecodeError> {
    let outer: Envelope<'_> = parse(bytes)?;
    let (kind, st, payload) = match outer.data {
        None => (outer.kind.as_deref(), outer.st, bytes),
        Some(raw) if !raw.get().starts_with('{') => return Ok(ignored(Ignored::Kind)),
        Some(raw) => {
            let inner: Envelope<'_> = serde_json::from_str(raw.get())?;
            return event(
                table,
                inner.kind.as_deref().unwrap_or_default(),
                inner.st,
                raw.get().as_bytes(),
                levels,
            );
        }
    };
    match kind {
        Some(kind) => event(table, kind, st, payload, levels),
        None => control(&outer),
    }
}

pub(super) fn snapshot(
    entry: &Entry,
    body: &[u8],
    levels: &mut Levels,
) -> Result<(u64, VenueMs), DecodeError> {
    let wire: SnapshotWire<'_> = parse(body)?;
    side(entry, "bids", &wire.bids, &mut levels.bids)?;
    side(entry, "asks", &wire.asks, &mut levels.asks)?;
    let book_id = wire.book_id.integer("lastUpdateId")?;
    Ok((book_id, VenueMs(wire.time.integer("T")?)))
}

fn event(
    table: &SymbolTable,
    kind: &str,
    st: Option<Raw<'_>>,
    payload: &[u8],
    levels: &mut Levels,
) -> Result<Decoded, DecodeError> {
    if st.is_some_and(|st| st.text() == "2") {
        return Ok(ignored(Ignored::CoinMargined));
    }
    match kind {
        "depthUpdate" => depth(table, payload, levels),
        "bookTicker" => top(table, payload),
        "aggTrade" | "trade" => trade(table, payload),
        "markPriceUpdate" => mark(table, payload),
        _ => Ok(ignored(Ignored::Kind)),
    }
}

fn depth(table: &SymbolTable, payload: &[u8], levels: &mut Levels) -> Result<Decoded, DecodeError> {
    let wire: DepthWire<'_> = parse(payload)?;
    let Some(symbol) = table.find(wire.symbol.as_bytes()) else {
        return Ok(ignored(Ignored::Symbol));
    };
    let entry = table.entry(symbol);
    side(entry, "b", &wire.bids, &mut levels.bids)?;
    side(entry, "a", &wire.asks, &mut levels.asks)?;
    Ok(Decoded::Depth(DepthHead {
        symbol,
        first_id: wire.first_id.integer("U")?,
        last_id: wire.last_id.integer("u")?,
        prev_id: wire.prev_id.integer("pu")?,
        venue_ms: VenueMs(wire.venue_ms.integer("T")?),
        sent_ms: VenueMs(wire.sent_ms.integer("E")?),
    }))
}

fn top(table: &SymbolTable, payload: &[u8]) -> Result<Decoded, DecodeError> {
    let wire: TopWire<'_> = parse(payload)?;
    let Some(symbol) = table.find(wire.symbol.as_bytes()) else {
        return Ok(ignored(Ignored::Symbol));
    };
    let entry = table.entry(symbol);
    let empty = |price: Raw<'_>| matches!(price.decimal("price"), Ok(Decimal::ZERO));
    if empty(wire.bid) || empty(wire.ask) {
        return Ok(ignored(Ignored::OneSided));
    }
    let event = Event::TopChanged {
        symbol,
        book_id: wire.book_id.integer("u")?,
        venue_ms: VenueMs(wire.venue_ms.integer("T")?),
        bid: level(entry, "b", wire.bid, wire.bid_qty)?,
        ask: level(entry, "a", wire.ask, wire.ask_qty)?,
    };
    ready(event, wire.sent_ms)
}

fn trade(table: &SymbolTable, payload: &[u8]) -> Result<Decoded, DecodeError> {
    let wire: TradeWire<'_> = parse(payload)?;
    let Some(symbol) = table.find(wire.symbol.as_bytes()) else {
        return Ok(ignored(Ignored::Symbol));
    };
    let print = level(table.entry(symbol), "p", wire.price, wire.qty)?;
    let aggressor = if wire.buyer_is_maker.truth("m")? {
        Side::Sell
    } else {
        Side::Buy
    };
    let event = Event::TradePrinted {
        symbol,
        venue_ms: VenueMs(wire.venue_ms.integer("T")?),
        price: print.price,
        qty: print.qty,
        aggressor,
    };
    ready(event, wire.sent_ms)
}

fn mark(table: &SymbolTable, payload: &[u8]) -> Result<Decoded, DecodeError> {
    let wire: MarkWire<'_> = parse(payload)?;
    let Some(symbol) = table.find(wire.symbol.as_bytes()) else {
        return Ok(ignored(Ignored::Symbol));
    };
    let entry = table.entry(symbol);
    let mark = wire.mark.decimal("p")?;
    if mark.0 <= 0 || entry.instrument.price_floor(mark).0 > entry.grid.price.max {
        let problem = "no price a mark can have";
        return Err(off_grid(entry, "p", wire.mark.text(), problem));
    }
    let event = Event::MarkChanged {
        symbol,
        venue_ms: VenueMs(wire.sent_ms.integer("E")?),
        mark,
        funding: funding(wire.funding)?,
        next_funding_ms: VenueMs(wire.next.integer("T")?),
    };
    ready(event, wire.sent_ms)
}

/// Contracts without funding carry an empty rate; no rate is beyond ±100 %.
fn funding(raw: Raw<'_>) -> Result<Rate, DecodeError> {
    if raw.text().is_empty() {
        return Ok(Rate(0));
    }
    let rate = raw.decimal("r")?;
    if rate.0.abs() > Decimal::ONE.0 {
        return Err(raw.error("r", "a rate within 1"));
    }
    Ok(Rate(rate.0))
}

fn ready(event: Event<'static>, sent_ms: Raw<'_>) -> Result<Decoded, DecodeError> {
    let sent_ms = VenueMs(sent_ms.integer("E")?);
    Ok(Decoded::Frame(MarketFrame::Event { event, sent_ms }))
}

fn side(
    entry: &Entry,
    field: &'static str,
    wire: &[(Raw<'_>, Raw<'_>)],
    out: &mut Vec<Level>,
) -> Result<(), DecodeError> {
    if wire.len() > LEVELS_MAX {
        return Err(DecodeError::TooMany {
            what: "levels",
            count: wire.len(),
            max: LEVELS_MAX,
        });
    }
    out.clear();
    for (price, qty) in wire {
        out.push(level(entry, field, *price, *qty)?);
    }
    Ok(())
}

/// A price exactly on the grid, above zero, with a quantity of zero or more.
fn level(
    entry: &Entry,
    field: &'static str,
    price: Raw<'_>,
    qty: Raw<'_>,
) -> Result<Level, DecodeError> {
    let text = price.text();
    let problem = match entry.instrument.parse_price(text.as_bytes()) {
        None => "no whole number of ticks",
        Some(price) if price.0 <= 0 => "not above zero",
        Some(price) if price.0 > entry.grid.price.max => "beyond any limit",
        Some(price) => {
            let qty = qty.qty(entry, field)?;
            return if qty.0 >= 0 {
                Ok(Level { price, qty })
            } else {
                Err(off_grid(entry, field, text, "priced for less than nothing"))
            };
        }
    };
    Err(off_grid(entry, field, text, problem))
}

/// Answers to SUBSCRIBE and the like.
fn control(outer: &Envelope<'_>) -> Result<Decoded, DecodeError> {
    let id: Option<u64> = outer.id.and_then(|id| id.integer("id").ok());
    if let Some(error) = &outer.error {
        return Ok(Decoded::Frame(MarketFrame::Refused {
            id,
            code: error.code.integer("error.code")?,
            message: error.msg.as_deref().unwrap_or_default().to_owned(),
        }));
    }
    if let Some(code) = outer.code {
        return Ok(Decoded::Frame(MarketFrame::Refused {
            id,
            code: code.integer("code")?,
            message: outer.msg.as_deref().unwrap_or_default().to_owned(),
        }));
    }
    match id {
        Some(id) => Ok(Decoded::Frame(MarketFrame::Acknowledged { id })),
        None => Ok(ignored(Ignored::Kind)),
    }
}

fn ignored(why: Ignored) -> Decoded {
    Decoded::Frame(MarketFrame::Ignored(why))
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow, rename = "e")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    st: Option<Raw<'a>>,
    #[serde(borrow)]
    id: Option<Raw<'a>>,
    #[serde(borrow)]
    error: Option<Failure<'a>>,
    #[serde(borrow)]
    code: Option<Raw<'a>>,
    #[serde(borrow)]
    msg: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Failure<'a> {
    #[serde(borrow)]
    code: Raw<'a>,
    #[serde(borrow)]
    msg: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct DepthWire<'a> {
    #[serde(borrow, rename = "E")]
    sent_ms: Raw<'a>,
    #[serde(borrow, rename = "T")]
    venue_ms: Raw<'a>,
    #[serde(borrow, rename = "s")]
    symbol: Text<'a>,
    #[serde(borrow, rename = "U")]
    first_id: Raw<'a>,
    #[serde(borrow, rename = "u")]
    last_id: Raw<'a>,
    #[serde(borrow, rename = "pu")]
    prev_id: Raw<'a>,
    #[serde(borrow, rename = "b")]
    bids: Vec<(Raw<'a>, Raw<'a>)>,
    #[serde(borrow, rename = "a")]
    asks: Vec<(Raw<'a>, Raw<'a>)>,
}

#[derive(Deserialize)]
struct TopWire<'a> {
    #[serde(borrow, rename = "E")]
    sent_ms: Raw<'a>,
    #[serde(borrow, rename = "T")]
    venue_ms: Raw<'a>,
    #[serde(borrow, rename = "s")]
    symbol: Text<'a>,
    #[serde(borrow, rename = "u")]
    book_id: Raw<'a>,
    #[serde(borrow, rename = "b")]
    bid: Raw<'a>,
    #[serde(borrow, rename = "B")]
    bid_qty: Raw<'a>,
    #[serde(borrow, rename = "a")]
    ask: Raw<'a>,
    #[serde(borrow, rename = "A")]
    ask_qty: Raw<'a>,
}

#[derive(Deserialize)]
struct TradeWire<'a> {
    #[serde(borrow, rename = "E")]
    sent_ms: Raw<'a>,
    #[serde(borrow, rename = "T")]
    venue_ms: Raw<'a>,
    #[serde(borrow, rename = "s")]
    symbol: Text<'a>,
    #[serde(borrow, rename = "p")]
    price: Raw<'a>,
    #[serde(borrow, rename = "q")]
    qty: Raw<'a>,
    #[serde(borrow, rename = "m")]
    buyer_is_maker: Raw<'a>,
}

#[derive(Deserialize)]
struct MarkWire<'a> {
    #[serde(borrow, rename = "E")]
    sent_ms: Raw<'a>,
    #[serde(borrow, rename = "s")]
    symbol: Text<'a>,
    #[serde(borrow, rename = "p")]
    mark: Raw<'a>,
    #[serde(borrow, rename = "r")]
    funding: Raw<'a>,
    #[serde(borrow, rename = "T")]
    next: Raw<'a>,
}

#[derive(Deserialize)]
struct SnapshotWire<'a> {
    #[serde(borrow, rename = "lastUpdateId")]
    book_id: Raw<'a>,
    #[serde(borrow, rename = "T")]
    time: Raw<'a>,
    #[serde(borrow)]
    bids: Vec<(Raw<'a>, Raw<'a>)>,
    #[serde(borrow)]
    asks: Vec<(Raw<'a>, Raw<'a>)>,
}

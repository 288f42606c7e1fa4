//! The fast reader of market frames: one pass, no allocation, no copy.
//!
//! It accepts only what the exchange writes today: its own order of keys, the
//! keys that came in 2025 and 2026 or not, no spaces, no escapes, numbers in
//! plain digits. Every byte is checked; anything else is `None`, and the
//! general reader decides. It must never answer what that one would not.

use phoenix_domain::{Event, Level, Price, Qty, Side, SymbolId, VenueMs};

use super::scan::{decimal, eat, number, text};
use super::{DepthFrame, DepthHead, LEVELS_MAX, Levels, MarketFrame};
use crate::symbols::{Entry, Grid, SymbolTable};

/// A frame as it was read: small, because it passes through several hands.
/// The levels of a depth frame are in the scratch space.
#[derive(Clone, Copy, Debug)]
pub(super) enum Quick {
    Depth(DepthHead),
    Top(Top),
    Print(Print),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Top {
    symbol: SymbolId,
    book_id: u64,
    venue_ms: VenueMs,
    sent_ms: VenueMs,
    bid: Level,
    ask: Level,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Print {
    symbol: SymbolId,
    venue_ms: VenueMs,
    sent_ms: VenueMs,
    traded: Level,
    aggressor: Side,
}

impl Quick {
    /// What the rest of the program sees.
    #[inline(always)]
    pub(super) fn into_frame(self, levels: &Levels) -> MarketFrame<'_> {
        match self {
            Self::Depth(head) => MarketFrame::Depth(DepthFrame {
                head,
                bids: &levels.bids,
                asks: &levels.asks,
            }),
            Self::Top(top) => MarketFrame::Event {
                event: Event::TopChanged {
                    symbol: top.symbol,
                    book_id: top.book_id,
                    venue_ms: top.venue_ms,
                    bid: top.bid,
                    ask: top.ask,
                },
                sent_ms: top.sent_ms,
            },
            Self::Print(print) => MarketFrame::Event {
                event: Event::TradePrinted {
                    symbol: print.symbol,
                    venue_ms: print.venue_ms,
                    price: print.traded.price,
                    qty: print.traded.qty,
                    aggressor: print.aggressor,
                },
                sent_ms: print.sent_ms,
            },
        }
    }
}

#[inline(always)]
pub(super) fn frame(table: &SymbolTable, bytes: &[u8], levels: &mut Levels) -> Option<Quick> {
    let mut rest = bytes;
    let wrapped = eat(&mut rest, b"{\"stream\":\"").is_some();
    if wrapped {
        text(&mut rest)?;
        eat(&mut rest, b",\"data\":")?;
    }
    eat(&mut rest, b"{\"e\":\"")?;
    let decoded = match rest.first()? {
        b'b' => top(table, &mut rest)?,
        b'd' => depth(table, &mut rest, levels)?,
        b'a' => aggregate(table, &mut rest)?,
        b't' => trade(table, &mut rest)?,
        _ => return None,
    };
    let end: &[u8] = if wrapped { b"}" } else { b"" };
    (rest == end).then_some(decoded)
}

/// The whole answer to a depth query: last id and engine time.
pub(super) fn snapshot(entry: &Entry, body: &[u8], levels: &mut Levels) -> Option<(u64, VenueMs)> {
    let mut rest = body;
    eat(&mut rest, b"{\"lastUpdateId\":")?;
    let book_id = number(&mut rest)?;
    eat(&mut rest, b",\"E\":")?;
    number(&mut rest)?;
    eat(&mut rest, b",\"T\":")?;
    let venue_ms = millis(&mut rest)?;
    eat(&mut rest, b",\"bids\":")?;
    side(&mut rest, entry.grid, &mut levels.bids)?;
    eat(&mut rest, b",\"asks\":")?;
    side(&mut rest, entry.grid, &mut levels.asks)?;
    (rest == b"}").then_some((book_id, venue_ms))
}

#[inline(always)]
fn top(table: &SymbolTable, rest: &mut &[u8]) -> Option<Quick> {
    eat(rest, b"bookTicker\",\"u\":")?;
    let book_id = number(rest)?;
    let (symbol, grid) = instrument(table, rest)?;
    eat(rest, b",\"b\":\"")?;
    let bid_price = price(rest, grid)?;
    eat(rest, b",\"B\":\"")?;
    let bid_qty = qty(rest, grid)?;
    eat(rest, b",\"a\":\"")?;
    let ask_price = price(rest, grid)?;
    eat(rest, b",\"A\":\"")?;
    let ask_qty = qty(rest, grid)?;
    eat(rest, b",\"T\":")?;
    let venue_ms = millis(rest)?;
    eat(rest, b",\"E\":")?;
    let sent_ms = millis(rest)?;
    end(rest)?;
    Some(Quick::Top(Top {
        symbol,
        book_id,
        venue_ms,
        sent_ms,
        bid: Level {
            price: bid_price,
            qty: bid_qty,
        },
        ask: Level {
            price: ask_price,
            qty: ask_qty,
        },
    }))
}

fn depth(table: &SymbolTable, rest: &mut &[u8], levels: &mut Levels) -> Option<Quick> {
    eat(rest, b"depthUpdate\",\"E\":")?;
    let sent_ms = millis(rest)?;
    eat(rest, b",\"T\":")?;
    let venue_ms = millis(rest)?;
    let (symbol, grid) = instrument(table, rest)?;
    eat(rest, b",\"U\":")?;
    let first_id = number(rest)?;
    eat(rest, b",\"u\":")?;
    let last_id = number(rest)?;
    eat(rest, b",\"pu\":")?;
    let prev_id = number(rest)?;
    eat(rest, b",\"b\":")?;
    side(rest, grid, &mut levels.bids)?;
    eat(rest, b",\"a\":")?;
    side(rest, grid, &mut levels.asks)?;
    end(rest)?;
    Some(Quick::Depth(DepthHead {
        symbol,
        first_id,
        last_id,
        prev_id,
        venue_ms,
        sent_ms,
    }))
}

fn aggregate(table: &SymbolTable, rest: &mut &[u8]) -> Option<Quick> {
    eat(rest, b"aggTrade\",\"E\":")?;
    let sent_ms = millis(rest)?;
    eat(rest, b",\"a\":")?;
    number(rest)?;
    let (symbol, grid) = instrument(table, rest)?;
    let traded = traded(rest, grid)?;
    if eat(rest, b",\"nq\":\"").is_some() {
        text(rest)?;
    }
    eat(rest, b",\"f\":")?;
    number(rest)?;
    eat(rest, b",\"l\":")?;
    number(rest)?;
    eat(rest, b",\"T\":")?;
    let venue_ms = millis(rest)?;
    let aggressor = aggressor(rest)?;
    end(rest)?;
    Some(Quick::Print(Print {
        symbol,
        venue_ms,
        sent_ms,
        traded,
        aggressor,
    }))
}

fn trade(table: &SymbolTable, rest: &mut &[u8]) -> Option<Quick> {
    eat(rest, b"trade\",\"E\":")?;
    let sent_ms = millis(rest)?;
    eat(rest, b",\"T\":")?;
    let venue_ms = millis(rest)?;
    let (symbol, grid) = instrument(table, rest)?;
    eat(rest, b",\"t\":")?;
    number(rest)?;
    let traded = traded(rest, grid)?;
    eat(rest, b",\"X\":\"")?;
    text(rest)?;
    let aggressor = aggressor(rest)?;
    end(rest)?;
    Some(Quick::Print(Print {
        symbol,
        venue_ms,
        sent_ms,
        traded,
        aggressor,
    }))
}

/// The symbol, and the pair that stands beside it since 2026-06-30.
#[inline(always)]
fn instrument(table: &SymbolTable, rest: &mut &[u8]) -> Option<(SymbolId, Grid)> {
    eat(rest, b",\"s\":\"")?;
    let symbol = table.find(text(rest)?)?;
    if eat(rest, b",\"ps\":\"").is_some() {
        text(rest)?;
    }
    Some((symbol, table.entry(symbol).grid))
}

/// The end of a payload: the family, if it is named, must be the
/// USDⓈ-margined one.
#[inline(always)]
fn end(rest: &mut &[u8]) -> Option<()> {
    match eat(rest, b"}") {
        Some(()) => Some(()),
        None => eat(rest, b",\"st\":1}"),
    }
}

#[inline(always)]
fn traded(rest: &mut &[u8], grid: Grid) -> Option<Level> {
    eat(rest, b",\"p\":\"")?;
    let price = price(rest, grid)?;
    eat(rest, b",\"q\":\"")?;
    let qty = qty(rest, grid)?;
    Some(Level { price, qty })
}

/// `"m":true` means that the buyer rested: a seller came.
#[inline(always)]
fn aggressor(rest: &mut &[u8]) -> Option<Side> {
    eat(rest, b",\"m\":")?;
    match eat(rest, b"true") {
        Some(()) => Some(Side::Sell),
        None => eat(rest, b"false").map(|()| Side::Buy),
    }
}

#[inline(always)]
fn millis(rest: &mut &[u8]) -> Option<VenueMs> {
    i64::try_from(number(rest)?).ok().map(VenueMs)
}

#[inline(always)]
fn price(rest: &mut &[u8], grid: Grid) -> Option<Price> {
    let ticks = decimal(rest, grid.price)?;
    (ticks > 0).then_some(Price(ticks))
}

#[inline(always)]
fn qty(rest: &mut &[u8], grid: Grid) -> Option<Qty> {
    decimal(rest, grid.qty).map(Qty)
}

#[inline]
fn side(rest: &mut &[u8], grid: Grid, out: &mut Vec<Level>) -> Option<()> {
    out.clear();
    if eat(rest, b"[]").is_some() {
        return Some(());
    }
    eat(rest, b"[")?;
    loop {
        eat(rest, b"[\"")?;
        let price = price(rest, grid)?;
        eat(rest, b",\"")?;
        let qty = qty(rest, grid)?;
        if out.len() >= LEVELS_MAX {
            return None;
        }
        out.push(Level { price, qty });
        match *rest {
            [b']', b',', tail @ ..] => *rest = tail,
            [b']', b']', tail @ ..] => {
                *rest = tail;
                return Some(());
            }
            _ => return None,
        }
    }
}

//! The fast reader of market frames: one pass, no allocation, no copy.
//!
//! It accepts only what the exchange writes today: no spaces, no escapes,
//! known keys once each (in any order after `"e"`), numbers in plain digits.
//! Every byte is checked; anything else is `None`, and the general reader
//! decides. It must never answer what the general reader would not.

use phoenix_domain::{Event, Level, Price, Qty, Side, SymbolId, VenueMs};

use super::{Decoded, DepthHead, LEVELS_MAX, Levels, MarketFrame};
use crate::symbols::{Entry, Grid, Steps, SymbolTable};

#[inline]
pub(super) fn frame(table: &SymbolTable, bytes: &[u8], levels: &mut Levels) -> Option<Decoded> {
    let mut rest = bytes;
    let wrapped = rest.starts_with(b"{\"stream\":");
    if wrapped {
        eat(&mut rest, b"{\"stream\":")?;
        text(&mut rest)?;
        eat(&mut rest, b",\"data\":")?;
    }
    eat(&mut rest, b"{\"e\":\"")?;
    let decoded = match rest.first()? {
        b'd' => {
            eat(&mut rest, b"depthUpdate\"")?;
            depth(table, &mut rest, levels)?
        }
        b'b' => {
            eat(&mut rest, b"bookTicker\"")?;
            top(table, &mut rest)?
        }
        b'a' => {
            eat(&mut rest, b"aggTrade\"")?;
            trade(table, &mut rest)?
        }
        b't' => {
            eat(&mut rest, b"trade\"")?;
            trade(table, &mut rest)?
        }
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

fn depth(table: &SymbolTable, rest: &mut &[u8], levels: &mut Levels) -> Option<Decoded> {
    let mut seen = Seen::default();
    let mut head = DepthHead {
        symbol: SymbolId(0),
        first_id: 0,
        last_id: 0,
        prev_id: 0,
        venue_ms: VenueMs(0),
        sent_ms: VenueMs(0),
    };
    let mut grid = None;
    while let Some(key) = next_key(rest)? {
        match &key {
            b"E\0" => {
                seen.once(1)?;
                head.sent_ms = millis(rest)?;
            }
            b"T\0" => {
                seen.once(2)?;
                head.venue_ms = millis(rest)?;
            }
            b"s\0" => {
                seen.once(4)?;
                head.symbol = table.find(text(rest)?)?;
                grid = Some(table.entry(head.symbol).grid);
            }
            b"U\0" => {
                seen.once(8)?;
                head.first_id = number(rest)?;
            }
            b"u\0" => {
                seen.once(16)?;
                head.last_id = number(rest)?;
            }
            b"pu" => {
                seen.once(32)?;
                head.prev_id = number(rest)?;
            }
            b"b\0" => {
                seen.once(64)?;
                side(rest, grid?, &mut levels.bids)?;
            }
            b"a\0" => {
                seen.once(128)?;
                side(rest, grid?, &mut levels.asks)?;
            }
            _ => family(&key, rest, &mut seen)?,
        }
    }
    (seen.has(255)).then_some(Decoded::Depth(head))
}

fn top(table: &SymbolTable, rest: &mut &[u8]) -> Option<Decoded> {
    let mut seen = Seen::default();
    let (mut book_id, mut venue_ms, mut sent_ms) = (0, VenueMs(0), VenueMs(0));
    let (mut bid, mut ask) = (Level::default(), Level::default());
    let mut found: Option<(SymbolId, Grid)> = None;
    while let Some(key) = next_key(rest)? {
        match &key {
            b"u\0" => {
                seen.once(1)?;
                book_id = number(rest)?;
            }
            b"s\0" => {
                seen.once(2)?;
                let symbol = table.find(text(rest)?)?;
                found = Some((symbol, table.entry(symbol).grid));
            }
            b"b\0" => {
                seen.once(4)?;
                bid.price = price(rest, found?.1)?;
            }
            b"B\0" => {
                seen.once(8)?;
                bid.qty = qty(rest, found?.1)?;
            }
            b"a\0" => {
                seen.once(16)?;
                ask.price = price(rest, found?.1)?;
            }
            b"A\0" => {
                seen.once(32)?;
                ask.qty = qty(rest, found?.1)?;
            }
            b"T\0" => {
                seen.once(64)?;
                venue_ms = millis(rest)?;
            }
            b"E\0" => {
                seen.once(128)?;
                sent_ms = millis(rest)?;
            }
            _ => family(&key, rest, &mut seen)?,
        }
    }
    let event = Event::TopChanged {
        symbol: found?.0,
        book_id,
        venue_ms,
        bid,
        ask,
    };
    seen.has(255).then_some(ready(event, sent_ms))
}

fn trade(table: &SymbolTable, rest: &mut &[u8]) -> Option<Decoded> {
    let mut seen = Seen::default();
    let (mut venue_ms, mut sent_ms) = (VenueMs(0), VenueMs(0));
    let mut print = Level::default();
    let mut aggressor = Side::Buy;
    let mut found: Option<(SymbolId, Grid)> = None;
    while let Some(key) = next_key(rest)? {
        match &key {
            b"E\0" => {
                seen.once(1)?;
                sent_ms = millis(rest)?;
            }
            b"T\0" => {
                seen.once(2)?;
                venue_ms = millis(rest)?;
            }
            b"s\0" => {
                seen.once(4)?;
                let symbol = table.find(text(rest)?)?;
                found = Some((symbol, table.entry(symbol).grid));
            }
            b"p\0" => {
                seen.once(8)?;
                print.price = price(rest, found?.1)?;
            }
            b"q\0" => {
                seen.once(16)?;
                print.qty = qty(rest, found?.1)?;
            }
            b"m\0" => {
                seen.once(32)?;
                aggressor = maker_side(rest)?.opposite();
            }
            // Trade ids and the trade's kind, which nobody here needs.
            b"a\0" | b"f\0" | b"l\0" | b"t\0" => drop(number(rest)?),
            b"nq" | b"X\0" => drop(text(rest)?),
            _ => family(&key, rest, &mut seen)?,
        }
    }
    let event = Event::TradePrinted {
        symbol: found?.0,
        venue_ms,
        price: print.price,
        qty: print.qty,
        aggressor,
    };
    seen.has(63).then_some(ready(event, sent_ms))
}

/// Keys that every payload may carry since 2026-06-30: the pair, and the
/// family, which must be the USDⓈ-margined one.
fn family(key: &[u8; 2], rest: &mut &[u8], seen: &mut Seen) -> Option<()> {
    match key {
        b"ps" => {
            seen.once(256)?;
            text(rest).map(drop)
        }
        b"st" => {
            seen.once(512)?;
            (number(rest)? == 1).then_some(())
        }
        _ => None,
    }
}

fn ready(event: Event<'static>, sent_ms: VenueMs) -> Decoded {
    Decoded::Frame(MarketFrame::Event { event, sent_ms })
}

/// Which keys have come. A key that comes twice ends the fast path.
#[derive(Clone, Copy, Default)]
struct Seen(u16);

impl Seen {
    #[inline]
    fn once(&mut self, bit: u16) -> Option<()> {
        if self.0 & bit != 0 {
            return None;
        }
        self.0 |= bit;
        Some(())
    }

    fn has(self, bits: u16) -> bool {
        self.0 & bits == bits
    }
}

#[inline]
fn eat(rest: &mut &[u8], literal: &[u8]) -> Option<()> {
    *rest = rest.strip_prefix(literal)?;
    Some(())
}

/// The next key of one or two bytes with its colon, or the end of the object.
#[inline]
fn next_key(rest: &mut &[u8]) -> Option<Option<[u8; 2]>> {
    match *rest {
        [b',', b'"', first, b'"', b':', tail @ ..] => {
            *rest = tail;
            Some(Some([*first, 0]))
        }
        [b',', b'"', first, second, b'"', b':', tail @ ..] => {
            *rest = tail;
            Some(Some([*first, *second]))
        }
        [b'}', tail @ ..] => {
            *rest = tail;
            Some(None)
        }
        _ => None,
    }
}

/// A text of plain ASCII in quotes.
#[inline]
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    eat(rest, b"\"")?;
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    let end = rest.iter().position(|byte| !plain(byte))?;
    let (text, tail) = rest.split_at_checked(end)?;
    *rest = tail.strip_prefix(b"\"")?;
    Some(text)
}

/// A JSON number of 1 to 18 digits.
#[inline]
fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    let mut count = 0;
    for &byte in rest.iter() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value * 10 + u64::from(digit);
        count += 1;
        if count > 18 {
            return None;
        }
    }
    let leading_zero = count > 1 && rest.first() == Some(&b'0');
    if count == 0 || leading_zero {
        return None;
    }
    *rest = rest.get(count..)?;
    Some(value)
}

#[inline]
fn millis(rest: &mut &[u8]) -> Option<VenueMs> {
    i64::try_from(number(rest)?).ok().map(VenueMs)
}

/// `true` means that the buyer rested.
fn maker_side(rest: &mut &[u8]) -> Option<Side> {
    if eat(rest, b"true").is_some() {
        return Some(Side::Buy);
    }
    eat(rest, b"false").map(|()| Side::Sell)
}

#[inline]
fn price(rest: &mut &[u8], grid: Grid) -> Option<Price> {
    eat(rest, b"\"")?;
    let ticks = steps(rest, grid.price)?;
    (ticks > 0).then_some(Price(ticks))
}

#[inline]
fn qty(rest: &mut &[u8], grid: Grid) -> Option<Qty> {
    eat(rest, b"\"")?;
    steps(rest, grid.qty).map(Qty)
}

#[inline]
fn side(rest: &mut &[u8], grid: Grid, out: &mut Vec<Level>) -> Option<()> {
    out.clear();
    eat(rest, b"[")?;
    if let [b']', tail @ ..] = *rest {
        *rest = tail;
        return Some(());
    }
    loop {
        eat(rest, b"[\"")?;
        let ticks = steps(rest, grid.price)?;
        eat(rest, b",\"")?;
        let lots = steps(rest, grid.qty)?;
        if ticks == 0 || out.len() >= LEVELS_MAX {
            return None;
        }
        out.push(Level {
            price: Price(ticks),
            qty: Qty(lots),
        });
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

/// Digits up to and with the closing quote, as steps of the grid.
#[inline]
fn steps(rest: &mut &[u8], grid: Steps) -> Option<i64> {
    let places = usize::from(grid.fast_places?);
    let mut digits: i64 = 0;
    let mut count = 0_usize;
    let mut point = None;
    for &byte in rest.iter() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            digits = digits.wrapping_mul(10).wrapping_add(i64::from(digit));
        } else if byte == b'.' && point.is_none() {
            point = Some(count);
        } else {
            break;
        }
        count += 1;
    }
    // Up to 18 digits cannot have wrapped.
    if rest.get(count) != Some(&b'"') || count > 18 {
        return None;
    }
    let (whole, decimals) = match point {
        Some(at) => (at, count - at - 1),
        None => (count, 0),
    };
    let value = if decimals == places {
        digits
    } else {
        on_grid(digits, decimals, places)?
    };
    if whole == 0 || value > grid.max {
        return None;
    }
    *rest = rest.get(count + 1..)?;
    Some(value)
}

/// Steps of a text whose decimals are not as many as the grid's: the exchange
/// prints BTCUSDT, which steps by 0.1, with two.
fn on_grid(digits: i64, decimals: usize, places: usize) -> Option<i64> {
    let power = |exponent: usize| 10_i64.checked_pow(u32::try_from(exponent).ok()?);
    match decimals.checked_sub(places) {
        Some(1) => (digits % 10 == 0).then_some(digits / 10),
        Some(excess) => {
            let divisor = power(excess)?;
            (digits % divisor == 0).then_some(digits / divisor)
        }
        None => digits.checked_mul(power(places - decimals)?),
    }
}

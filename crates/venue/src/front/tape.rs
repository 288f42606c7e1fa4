//! The public tape of one symbol: trades merged for aggTrade, candles of
//! every length, and the day's summary.

use std::collections::VecDeque;

use phoenix_domain::{Cash, Price, Qty};

use crate::exchange::PublicTrade;
use crate::front::listing::Listing;
use crate::front::topic::Interval;

/// Trades of one taker side at one price are merged for this long.
const MERGE_MS: i64 = 100;
/// Merged trades kept for the REST list.
const MERGED_MAX: usize = 1_000;
/// Candles kept of each length: the longest list a client may ask for.
const CANDLES_MAX: usize = 1_500;
/// Length of the running day.
const DAY_MS: i64 = 86_400_000;

/// Trades of one taker side at one price within 100 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Merged {
    pub(crate) id: u64,
    pub(crate) price: Price,
    pub(crate) qty: Qty,
    pub(crate) first_id: u64,
    pub(crate) last_id: u64,
    /// When the first of them happened.
    pub(crate) at_ms: i64,
    pub(crate) buyer_maker: bool,
}

/// One candle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candle {
    pub(crate) open_ms: i64,
    pub(crate) open: Price,
    pub(crate) high: Price,
    pub(crate) low: Price,
    pub(crate) close: Price,
    pub(crate) base: Qty,
    pub(crate) quote: Cash,
    pub(crate) taker_base: Qty,
    pub(crate) taker_quote: Cash,
    pub(crate) first_id: u64,
    pub(crate) last_id: u64,
    pub(crate) trades: u64,
}

/// Summary of the last 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) candle: Candle,
    pub(crate) last_qty: Qty,
    pub(crate) close_ms: i64,
}

/// The tape.
#[derive(Debug)]
pub(crate) struct Tape {
    pending: Option<Merged>,
    merged: VecDeque<Merged>,
    merged_count: u64,
    candles: Vec<VecDeque<Candle>>,
    last: Option<PublicTrade>,
}

impl Tape {
    pub(crate) fn new() -> Self {
        Self {
            pending: None,
            merged: VecDeque::new(),
            merged_count: 0,
            candles: vec![VecDeque::new(); Interval::ALL.len()],
            last: None,
        }
    }

    /// Takes a trade; returns a merged trade that it completes.
    pub(crate) fn trade(&mut self, listing: &Listing, trade: &PublicTrade) -> Option<Merged> {
        let at_ms = trade.at.ms();
        let quote = listing.instrument.notional(trade.price, trade.qty);
        for (candles, interval) in self.candles.iter_mut().zip(Interval::ALL) {
            add_to_candles(candles, interval, trade, quote);
        }
        self.last = Some(*trade);
        if let Some(pending) = &mut self.pending {
            let same = pending.price == trade.price && pending.buyer_maker == trade.buyer_maker;
            if same && at_ms < pending.at_ms + MERGE_MS {
                pending.qty += trade.qty;
                pending.last_id = trade.trade_id;
                return None;
            }
        }
        let done = self.finish_merged();
        self.merged_count += 1;
        self.pending = Some(Merged {
            id: self.merged_count,
            price: trade.price,
            qty: trade.qty,
            first_id: trade.trade_id,
            last_id: trade.trade_id,
            at_ms,
            buyer_maker: trade.buyer_maker,
        });
        done
    }

    /// Completes the merged trade whose 100 ms are over.
    pub(crate) fn flush(&mut self, now_ms: i64) -> Option<Merged> {
        if self.merge_due_ms()? > now_ms {
            return None;
        }
        self.finish_merged()
    }

    /// When [`Tape::flush`] has something to do.
    pub(crate) fn merge_due_ms(&self) -> Option<i64> {
        self.pending.map(|pending| pending.at_ms + MERGE_MS)
    }

    /// The newest trade.
    pub(crate) fn last(&self) -> Option<&PublicTrade> {
        self.last.as_ref()
    }

    /// Merged trades, oldest first.
    pub(crate) fn merged(&self) -> impl DoubleEndedIterator<Item = &Merged> {
        self.merged.iter()
    }

    /// Candles of one length, oldest first; the last one may be open.
    pub(crate) fn candles(&self, interval: Interval) -> impl DoubleEndedIterator<Item = &Candle> {
        let index = Interval::ALL.iter().position(|known| *known == interval);
        index
            .and_then(|index| self.candles.get(index))
            .into_iter()
            .flatten()
    }

    /// The last 24 hours; `None` before the first trade.
    pub(crate) fn day(&self, now_ms: i64) -> Option<Day> {
        let minutes = self.candles.first()?;
        let mut recent = minutes
            .iter()
            .filter(|candle| candle.open_ms > now_ms - DAY_MS);
        let mut sum = *recent.next().or(minutes.back())?;
        for candle in recent {
            sum.high = sum.high.max(candle.high);
            sum.low = sum.low.min(candle.low);
            sum.close = candle.close;
            sum.base += candle.base;
            sum.quote = Cash(sum.quote.0.saturating_add(candle.quote.0));
            sum.last_id = candle.last_id;
            sum.trades += candle.trades;
        }
        Some(Day {
            candle: sum,
            last_qty: self.last.map_or(Qty::ZERO, |trade| trade.qty),
            close_ms: now_ms,
        })
    }

    fn finish_merged(&mut self) -> Option<Merged> {
        let done = self.pending.take()?;
        if self.merged.len() >= MERGED_MAX {
            self.merged.pop_front();
        }
        self.merged.push_back(done);
        Some(done)
    }
}

fn add_to_candles(
    candles: &mut VecDeque<Candle>,
    interval: Interval,
    trade: &PublicTrade,
    quote: Cash,
) {
    let at_ms = trade.at.ms();
    let open_ms = at_ms - at_ms.rem_euclid(interval.ms);
    let previous = candles.back().copied();
    match previous {
        Some(last) if last.open_ms >= open_ms => {}
        _ => {
            if let Some(last) = previous {
                fill_quiet_time(candles, last, open_ms, interval.ms);
            }
            push_candle(candles, Candle::at(open_ms, trade.price, trade.trade_id));
        }
    }
    let Some(candle) = candles.back_mut() else {
        return;
    };
    candle.high = candle.high.max(trade.price);
    candle.low = candle.low.min(trade.price);
    candle.close = trade.price;
    candle.base += trade.qty;
    candle.quote = Cash(candle.quote.0.saturating_add(quote.0));
    if !trade.buyer_maker {
        candle.taker_base += trade.qty;
        candle.taker_quote = Cash(candle.taker_quote.0.saturating_add(quote.0));
    }
    candle.last_id = trade.trade_id;
    candle.trades += 1;
}

/// Candles without trades stand at the close before them.
fn fill_quiet_time(candles: &mut VecDeque<Candle>, last: Candle, until_ms: i64, length_ms: i64) {
    let kept_ms = length_ms * i64::try_from(CANDLES_MAX).unwrap_or(i64::MAX);
    let mut open_ms = (last.open_ms + length_ms).max(until_ms - kept_ms);
    while open_ms < until_ms {
        push_candle(candles, Candle::at(open_ms, last.close, last.last_id));
        open_ms += length_ms;
    }
}

fn push_candle(candles: &mut VecDeque<Candle>, candle: Candle) {
    if candles.len() >= CANDLES_MAX {
        candles.pop_front();
    }
    candles.push_back(candle);
}

impl Candle {
    pub(crate) fn at(open_ms: i64, price: Price, trade_id: u64) -> Self {
        Self {
            open_ms,
            open: price,
            high: price,
            low: price,
            close: price,
            base: Qty::ZERO,
            quote: Cash::ZERO,
            taker_base: Qty::ZERO,
            taker_quote: Cash::ZERO,
            first_id: trade_id,
            last_id: trade_id,
            trades: 0,
        }
    }
}

//! From exchange events to market frames: depth batches, best prices, trades,
//! marks, candles and tickers, each made only while somebody hears it.
//!
//! Depth frames of every cadence share the exchange's update ids. A batch
//! starts where the frame before it ended, so `pu` chains hold from the first
//! frame of a subscription on.

use std::collections::BTreeMap;

use phoenix_domain::{Level, Price, Qty, Side, SymbolId};

use crate::exchange::{Exchange, MarketEvent, RecordedDepth};
use crate::front::listing::Listing;
use crate::front::market_json::{self as shape, Ids, Times};
use crate::front::sockets::Sockets;
use crate::front::tape::{Merged, Tape};
use crate::front::topic::{Cadence, Feed, Topic};

/// Candles are sent this often while they change.
const KLINE_MS: i64 = 250;
/// Day summaries and the all-symbols book ticker.
const TICKER_MS: i64 = 2_000;
const ALL_BOOK_TICKER_MS: i64 = 5_000;
/// At most one liquidation per symbol in this time.
const FORCE_ORDER_MS: i64 = 1_000;

/// A frame for whoever hears the topic.
pub(crate) type Made = (Topic, String);

/// All market feeds.
#[derive(Debug)]
pub(crate) struct Feeds {
    symbols: Vec<SymbolFeed>,
    /// Topics heard, kept here because every event asks.
    klines: Vec<Topic>,
    day_topics: Vec<Topic>,
    all_books: bool,
    next_kline_ms: i64,
    next_day_ms: i64,
    next_all_books_ms: i64,
}

#[derive(Debug)]
struct SymbolFeed {
    listing: Listing,
    raw: Batch,
    batched: [Batch; 3],
    tape: Tape,
    liquidated_ms: i64,
}

/// Changes of a book since the last frame of one cadence.
#[derive(Debug)]
struct Batch {
    cadence: Cadence,
    /// Changes are wanted as diffs; partial depth needs only the ids.
    diffs: bool,
    partials: Vec<u8>,
    ids: Ids,
    engine_ms: i64,
    due_ms: Option<i64>,
    bids: BTreeMap<Price, Qty>,
    asks: BTreeMap<Price, Qty>,
}

impl Feeds {
    pub(crate) fn new(listings: &[Listing]) -> Self {
        let symbol = |listing: &Listing| SymbolFeed {
            listing: listing.clone(),
            raw: Batch::new(Cadence::Raw),
            batched: Cadence::BATCHED.map(Batch::new),
            tape: Tape::new(),
            liquidated_ms: i64::MIN,
        };
        Self {
            symbols: listings.iter().map(symbol).collect(),
            klines: Vec::new(),
            day_topics: Vec::new(),
            all_books: false,
            next_kline_ms: 0,
            next_day_ms: 0,
            next_all_books_ms: 0,
        }
    }

    /// The tape of a symbol.
    pub(crate) fn tape(&self, symbol: SymbolId) -> Option<&Tape> {
        Some(&self.symbols.get(usize::from(symbol.0))?.tape)
    }

    /// Learns which streams are heard.
    pub(crate) fn listen(&mut self, sockets: &Sockets) {
        for feed in &mut self.symbols {
            for batch in feed.batches_mut() {
                batch.diffs = false;
                batch.partials.clear();
            }
        }
        self.klines.clear();
        self.day_topics.clear();
        self.all_books = false;
        for topic in sockets.topics() {
            match (topic.feed, topic.symbol) {
                (Feed::Depth(cadence), Some(symbol)) => {
                    self.batch(symbol, cadence, |batch| batch.diffs = true);
                }
                (Feed::Partial(levels, cadence), Some(symbol)) => {
                    self.batch(symbol, cadence, |batch| batch.partials.push(levels));
                }
                (Feed::Kline(_) | Feed::ContinuousKline(_), Some(_)) => self.klines.push(topic),
                (Feed::Ticker | Feed::MiniTicker, _) => self.day_topics.push(topic),
                (Feed::BookTicker, None) => self.all_books = true,
                _ => {}
            }
        }
    }

    /// Turns one event into frames.
    pub(crate) fn take(
        &mut self,
        event: &MarketEvent,
        sockets: &Sockets,
        sent_ms: i64,
        out: &mut Vec<Made>,
    ) {
        match event {
            MarketEvent::BookChanged {
                symbol,
                at,
                id,
                side,
                level,
            } => {
                if let Some(feed) = self.symbols.get_mut(usize::from(symbol.0)) {
                    for batch in feed.batches_mut() {
                        batch.change(*id, (at.ms(), sent_ms), *side, *level);
                    }
                }
            }
            MarketEvent::DepthRecorded { symbol, frame, .. } => {
                if let Some(feed) = self.symbols.get_mut(usize::from(symbol.0)) {
                    feed.recorded(*symbol, frame, sent_ms, out);
                }
            }
            MarketEvent::TopChanged { symbol, top } => {
                let topic = Topic::of(Feed::BookTicker, *symbol);
                if let Some(feed) = self.symbols.get(usize::from(symbol.0))
                    && sockets.wants(topic)
                {
                    out.push((topic, shape::book_ticker(&feed.listing, top, sent_ms)));
                }
            }
            MarketEvent::Traded(trade) => {
                let Some(feed) = self.symbols.get_mut(usize::from(trade.symbol.0)) else {
                    return;
                };
                let topic = Topic::of(Feed::Trade, trade.symbol);
                if sockets.wants(topic) {
                    out.push((topic, shape::trade(&feed.listing, trade, sent_ms)));
                }
                if let Some(merged) = feed.tape.trade(&feed.listing, trade) {
                    feed.merged(trade.symbol, &merged, sockets, sent_ms, out);
                }
            }
            MarketEvent::Marked { symbol, mark } => {
                let Some(feed) = self.symbols.get(usize::from(symbol.0)) else {
                    return;
                };
                let third = mark.at.ms().div_euclid(1_000) % 3 == 0;
                for (fast, due) in [(true, true), (false, third)] {
                    let topic = Topic::of(Feed::MarkPrice(fast), *symbol);
                    if due && sockets.wants(topic) {
                        out.push((topic, shape::mark_price(&feed.listing, mark, sent_ms)));
                    }
                }
            }
            MarketEvent::Liquidated { order, last_qty } => {
                let Some(feed) = self.symbols.get_mut(usize::from(order.symbol.0)) else {
                    return;
                };
                if sent_ms < feed.liquidated_ms.saturating_add(FORCE_ORDER_MS) {
                    return;
                }
                feed.liquidated_ms = sent_ms;
                let payload = shape::force_order(&feed.listing, order, *last_qty, sent_ms);
                let one = Topic::of(Feed::ForceOrder, order.symbol);
                out.push((one, payload.clone()));
                out.push((Topic::all(Feed::ForceOrder), payload));
            }
            MarketEvent::FundingSettled { .. } | MarketEvent::RecordingEnded { .. } => {}
        }
    }

    /// The lists of the `!markPrice@arr` streams, after all marks of an
    /// instant have been taken.
    pub(crate) fn all_marks(
        &self,
        exchange: &Exchange,
        sockets: &Sockets,
        at_ms: i64,
        out: &mut Vec<Made>,
    ) {
        let third = at_ms.div_euclid(1_000) % 3 == 0;
        for (fast, due) in [(true, true), (false, third)] {
            let topic = Topic::all(Feed::MarkPrice(fast));
            if due && sockets.wants(topic) {
                let rows = self.symbols.iter().map(|feed| {
                    let mark = exchange.mark(feed.listing.id());
                    shape::mark_price(&feed.listing, &mark, at_ms)
                });
                out.push((topic, list(rows)));
            }
        }
    }

    /// Sends what waits for nothing: the unmerged depth frames.
    pub(crate) fn finish_instant(
        &mut self,
        exchange: &Exchange,
        sent_ms: i64,
        out: &mut Vec<Made>,
    ) {
        for feed in &mut self.symbols {
            let SymbolFeed { raw, listing, .. } = feed;
            if raw.heard_due_ms().is_some() {
                raw.send(listing, exchange, sent_ms, out);
            }
        }
    }

    /// Sends what its time has come for.
    pub(crate) fn tick(
        &mut self,
        exchange: &Exchange,
        sockets: &Sockets,
        now_ms: i64,
        out: &mut Vec<Made>,
    ) {
        for feed in &mut self.symbols {
            let symbol = feed.listing.id();
            if let Some(merged) = feed.tape.flush(now_ms) {
                feed.merged(symbol, &merged, sockets, now_ms, out);
            }
            let SymbolFeed {
                batched, listing, ..
            } = feed;
            for batch in batched {
                if batch.heard_due_ms().is_some_and(|due_ms| due_ms <= now_ms) {
                    batch.send(listing, exchange, now_ms, out);
                }
            }
        }
        if !self.klines.is_empty() && now_ms >= self.next_kline_ms {
            self.next_kline_ms = next_multiple(now_ms, KLINE_MS);
            self.send_klines(now_ms, out);
        }
        if !self.day_topics.is_empty() && now_ms >= self.next_day_ms {
            self.next_day_ms = next_multiple(now_ms, TICKER_MS);
            self.send_days(now_ms, out);
        }
        if self.all_books && now_ms >= self.next_all_books_ms {
            self.next_all_books_ms = next_multiple(now_ms, ALL_BOOK_TICKER_MS);
            for feed in &self.symbols {
                let top = exchange.top(feed.listing.id());
                let payload = shape::book_ticker(&feed.listing, &top, now_ms);
                out.push((Topic::all(Feed::BookTicker), payload));
            }
        }
    }

    /// When [`Feeds::tick`] has something to do.
    pub(crate) fn next_tick_ms(&self) -> Option<i64> {
        let batches = self.symbols.iter().flat_map(|feed| {
            let dues = feed.batched.iter().filter_map(Batch::heard_due_ms);
            dues.chain(feed.tape.merge_due_ms())
        });
        let timed = [
            (!self.klines.is_empty(), self.next_kline_ms),
            (!self.day_topics.is_empty(), self.next_day_ms),
            (self.all_books, self.next_all_books_ms),
        ];
        let timed = timed.into_iter().filter_map(|(on, at)| on.then_some(at));
        batches.chain(timed).min()
    }

    fn batch(&mut self, symbol: SymbolId, cadence: Cadence, change: impl FnOnce(&mut Batch)) {
        let feed = self.symbols.get_mut(usize::from(symbol.0));
        let found = feed.and_then(|feed| feed.batches_mut().find(|batch| batch.cadence == cadence));
        if let Some(batch) = found {
            change(batch);
        }
    }

    fn send_klines(&self, now_ms: i64, out: &mut Vec<Made>) {
        for topic in &self.klines {
            let (Feed::Kline(interval) | Feed::ContinuousKline(interval), Some(symbol)) =
                (topic.feed, topic.symbol)
            else {
                continue;
            };
            let Some(feed) = self.symbols.get(usize::from(symbol.0)) else {
                continue;
            };
            // A candle is sent while open and once more when just closed.
            for candle in feed.tape.candles(interval).rev().take(2) {
                let close_ms = candle.open_ms + interval.ms;
                if now_ms >= close_ms + KLINE_MS {
                    break;
                }
                let closed = now_ms >= close_ms;
                let print = match topic.feed {
                    Feed::ContinuousKline(_) => shape::continuous_kline,
                    _ => shape::kline,
                };
                let payload = print(&feed.listing, interval, candle, closed, now_ms);
                out.push((*topic, payload));
            }
        }
    }

    fn send_days(&self, now_ms: i64, out: &mut Vec<Made>) {
        for topic in &self.day_topics {
            let print = |feed: &SymbolFeed| {
                let day = feed.tape.day(now_ms)?;
                Some(if topic.feed == Feed::Ticker {
                    shape::ticker(&feed.listing, &day, now_ms)
                } else {
                    shape::mini_ticker(&feed.listing, &day, now_ms)
                })
            };
            let payload = match topic.symbol {
                Some(symbol) => self.symbols.get(usize::from(symbol.0)).and_then(print),
                None => Some(list(self.symbols.iter().filter_map(print))),
            };
            if let Some(payload) = payload {
                out.push((*topic, payload));
            }
        }
    }
}

impl SymbolFeed {
    fn batches_mut(&mut self) -> impl Iterator<Item = &mut Batch> {
        std::iter::once(&mut self.raw).chain(&mut self.batched)
    }

    fn merged(
        &self,
        symbol: SymbolId,
        merged: &Merged,
        sockets: &Sockets,
        sent_ms: i64,
        out: &mut Vec<Made>,
    ) {
        let topic = Topic::of(Feed::AggTrade, symbol);
        if sockets.wants(topic) {
            out.push((topic, shape::agg_trade(&self.listing, merged, sent_ms)));
        }
    }

    /// A recorded frame goes out unmerged exactly as it was, and into the
    /// batches of the slower cadences.
    fn recorded(
        &mut self,
        symbol: SymbolId,
        frame: &RecordedDepth,
        sent_ms: i64,
        out: &mut Vec<Made>,
    ) {
        if self.raw.diffs {
            let times = Times {
                sent_ms: frame.event_ms,
                engine_ms: frame.engine_ms,
            };
            let ids = Ids {
                first: frame.first_id,
                last: frame.last_id,
                previous: frame.previous_id,
            };
            let (bids, asks) = (shape::pairs(&frame.bids), shape::pairs(&frame.asks));
            let payload = shape::depth(&self.listing, times, ids, bids, asks);
            out.push((Topic::of(Feed::Depth(Cadence::Raw), symbol), payload));
        }
        for batch in &mut self.batched {
            batch.extend(frame, sent_ms);
        }
    }
}

impl Batch {
    fn new(cadence: Cadence) -> Self {
        Self {
            cadence,
            diffs: false,
            partials: Vec::new(),
            ids: Ids::default(),
            engine_ms: 0,
            due_ms: None,
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
        }
    }

    fn is_heard(&self) -> bool {
        self.diffs || !self.partials.is_empty()
    }

    fn heard_due_ms(&self) -> Option<i64> {
        self.due_ms.filter(|_| self.is_heard())
    }

    fn start_over(&mut self) {
        self.ids.previous = self.ids.last;
        self.due_ms = None;
        self.bids.clear();
        self.asks.clear();
    }

    fn change(&mut self, id: u64, times: (i64, i64), side: Side, level: Level) {
        self.open_at(id, times);
        self.ids.last = id;
        match side {
            Side::Buy => self.bids.insert(level.price, level.qty),
            Side::Sell => self.asks.insert(level.price, level.qty),
        };
    }

    fn extend(&mut self, frame: &RecordedDepth, sent_ms: i64) {
        self.open_at(frame.first_id, (frame.engine_ms, sent_ms));
        self.ids.last = frame.last_id;
        self.bids.extend(shape::pairs(&frame.bids));
        self.asks.extend(shape::pairs(&frame.asks));
    }

    /// Batches run whether heard or not: a subscriber's first frame may then
    /// contain the id of a snapshot older than the subscription. Nobody keeps
    /// time for an unheard one; it ends when the next change finds it over.
    fn open_at(&mut self, id: u64, (engine_ms, now_ms): (i64, i64)) {
        if !self.is_heard() && self.due_ms.is_some_and(|due_ms| due_ms <= now_ms) {
            self.start_over();
        }
        self.engine_ms = engine_ms;
        if self.due_ms.is_none() {
            self.ids.first = id;
            self.due_ms = Some(match self.cadence.ms() {
                0 => now_ms,
                length => next_multiple(now_ms, length),
            });
        }
    }

    fn send(&mut self, listing: &Listing, exchange: &Exchange, now_ms: i64, out: &mut Vec<Made>) {
        let symbol = listing.id();
        let times = Times {
            sent_ms: now_ms,
            engine_ms: self.engine_ms,
        };
        if self.diffs {
            let bids = self.bids.iter().rev().map(|(price, qty)| (*price, *qty));
            let asks = self.asks.iter().map(|(price, qty)| (*price, *qty));
            let payload = shape::depth(listing, times, self.ids, bids, asks);
            out.push((Topic::of(Feed::Depth(self.cadence), symbol), payload));
        }
        for &count in &self.partials {
            let view = exchange.depth(symbol, usize::from(count));
            let (bids, asks) = (shape::pairs(&view.bids), shape::pairs(&view.asks));
            let payload = shape::depth(listing, times, self.ids, bids, asks);
            out.push((
                Topic::of(Feed::Partial(count, self.cadence), symbol),
                payload,
            ));
        }
        self.start_over();
    }
}

fn next_multiple(now_ms: i64, length_ms: i64) -> i64 {
    (now_ms.div_euclid(length_ms) + 1) * length_ms
}

fn list(rows: impl Iterator<Item = String>) -> String {
    let mut text = String::from("[");
    for row in rows {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&row);
    }
    text.push(']');
    text
}

//! One listed symbol as the exchange runs it: its book, its crowd and what
//! everybody may know about it.

use std::collections::VecDeque;

use phoenix_domain::{Cash, Decimal, Instrument, Level, Price, Qty, Side, SymbolId};

use crate::account::{Held, Marked};
use crate::exchange::bounds::Bounds;
use crate::exchange::pricing::Pricing;
use crate::exchange::{
    AssetId, DepthView, FundingRow, MarketEvent, Outbox, PublicTrade, Top, VenueNs,
};
use crate::flow::Flow;
use crate::matching::{Book, CROWD, Resting};
use crate::queue::Display;
use crate::spec::SymbolSpec;

const RECENT_TRADES: usize = 1_000;
const FUNDINGS: usize = 1_000;

/// The counterparty of the accounts: everybody without an account. It has no
/// margin, pays no fees, and keeps its books so that money is conserved.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Crowd {
    pub(crate) held: Held,
    pub(crate) cash: Cash,
}

#[derive(Debug)]
pub(crate) struct Market {
    pub(crate) id: SymbolId,
    pub(crate) spec: SymbolSpec,
    pub(crate) instrument: Instrument,
    /// The filters of `instrument` at the mark price of `pricing`.
    pub(crate) bounds: Bounds,
    pub(crate) asset: AssetId,
    pub(crate) book: Book,
    pub(crate) flow: Option<Flow>,
    /// The displayed depth of a recording, beside our own orders in `book`.
    pub(crate) display: Option<Display>,
    pub(crate) crowd: Crowd,
    pub(crate) pricing: Pricing,
    /// The mark price of `pricing`, ready for margin arithmetic.
    pub(crate) marked: Marked,
    pub(crate) top: Top,
    pub(crate) last_price: Option<Price>,
    pub(crate) trades: VecDeque<PublicTrade>,
    pub(crate) fundings: VecDeque<FundingRow>,
    pub(crate) trade_id: u64,
    pub(crate) order_count: u64,
    /// The level changed last, whose event waits for the next one elsewhere.
    touched: Option<(Side, Price)>,
}

impl Market {
    pub(crate) fn new(
        id: SymbolId,
        spec: SymbolSpec,
        instrument: Instrument,
        start: Price,
    ) -> Self {
        let pricing = Pricing::new(&spec, instrument.price_decimal(start));
        Self {
            id,
            asset: AssetId(0),
            book: Book::new(start),
            flow: None,
            display: None,
            crowd: Crowd::default(),
            marked: Marked::new(&instrument, pricing.view.mark),
            bounds: Bounds::new(&instrument, pricing.view.mark),
            pricing,
            top: Top::default(),
            last_price: None,
            trades: VecDeque::new(),
            fundings: VecDeque::new(),
            trade_id: 700_000_000,
            // The exchange's order numbers are around 10^11 by now.
            order_count: 600_000 + u64::from(id.0) * 77_777,
            touched: None,
            spec,
            instrument,
        }
    }

    /// Best price a taker of the other side would meet, hidden nowhere: the
    /// accounts' and the crowd's orders and the displayed depth.
    pub(crate) fn best(&self, side: Side) -> Option<Price> {
        let resting = self.book.best(side).map(|level| level.price);
        let displayed = self.display.as_ref().and_then(|display| display.best(side));
        match (resting, displayed.map(|level| level.price)) {
            (Some(one), Some(other)) => Some(match side {
                Side::Buy => one.max(other),
                Side::Sell => one.min(other),
            }),
            (one, other) => one.or(other),
        }
    }

    /// True when an order at `price` would trade at once.
    pub(crate) fn crosses(&self, side: Side, price: Price) -> bool {
        self.best(side.opposite())
            .is_some_and(|best| reaches(side, price, best))
    }

    /// True when `qty` could be taken at `limit` or better.
    pub(crate) fn offers(&self, taker: Side, limit: Price, qty: Qty) -> bool {
        let maker = taker.opposite();
        let mut found = Qty::ZERO;
        let displayed = self
            .display
            .iter()
            .flat_map(|display| display.levels(maker));
        for levels in [&mut self.book.levels(maker) as &mut dyn Iterator<Item = Level>]
            .into_iter()
            .chain([&mut { displayed } as &mut dyn Iterator<Item = Level>])
        {
            for level in levels.take_while(|level| reaches(taker, limit, level.price)) {
                found += level.qty;
                if found >= qty {
                    return true;
                }
            }
        }
        false
    }

    /// The n-th best displayed price of a side, counted from one.
    pub(crate) fn nth_price(&self, side: Side, n: usize) -> Option<Price> {
        match &self.display {
            Some(display) => display.levels(side).nth(n - 1),
            None => self.book.levels(side).nth(n - 1),
        }
        .map(|level| level.price)
    }

    /// Notes that a level of the book has changed. Changes of one level in a
    /// row become one event.
    pub(crate) fn touch(&mut self, side: Side, price: Price, out: &mut Published<'_>) {
        if self.touched.is_some_and(|touched| touched != (side, price)) {
            self.flush(out);
        }
        self.touched = Some((side, price));
    }

    /// Publishes the waiting level change.
    pub(crate) fn flush(&mut self, out: &mut Published<'_>) {
        let Some((side, price)) = self.touched.take() else {
            return;
        };
        if self.display.is_some() {
            // The published book is the recording's own: ours are not in it.
            return;
        }
        self.top.id = out.next_id();
        self.top.at = out.at;
        let (symbol, id, at) = (self.id, self.top.id, out.at);
        let qty = self.book.qty_at(side, price);
        out.outbox.tell_all(|| MarketEvent::BookChanged {
            symbol,
            at,
            id,
            side,
            level: Level { price, qty },
        });
    }

    /// Ends a transaction: publishes what waits, and the top if it changed.
    pub(crate) fn settle(&mut self, out: &mut Published<'_>) {
        self.flush(out);
        if self.display.is_some() {
            return;
        }
        let bid = self.book.best(Side::Buy).unwrap_or_default();
        let ask = self.book.best(Side::Sell).unwrap_or_default();
        if bid != self.top.bid || ask != self.top.ask {
            (self.top.bid, self.top.ask) = (bid, ask);
            out.outbox.market.push(MarketEvent::TopChanged {
                symbol: self.id,
                top: self.top,
            });
        }
    }

    /// Follows an order out of the book.
    pub(crate) fn leave(&mut self, gone: Resting) {
        if gone.is_crowd() {
            if let Some(flow) = &mut self.flow {
                flow.forget(gone.owner & !CROWD);
            }
        } else if let Some(display) = &mut self.display {
            display.leave(gone.side, gone.price, gone.handle);
        }
    }

    /// Publishes a trade under the symbol's next number.
    pub(crate) fn print(
        &mut self,
        price: Price,
        qty: Qty,
        taker: Side,
        out: &mut Published<'_>,
    ) -> u64 {
        self.trade_id += 1;
        if self.display.is_some() {
            // A recording publishes its own trades and nothing else.
            return self.trade_id;
        }
        self.record(PublicTrade {
            symbol: self.id,
            at: out.at,
            trade_id: self.trade_id,
            price,
            qty,
            buyer_maker: taker == Side::Sell,
        });
        if let Some(&trade) = self.trades.back() {
            out.outbox.market.push(MarketEvent::Traded(trade));
        }
        self.trade_id
    }

    /// Keeps a trade for those who ask later.
    pub(crate) fn record(&mut self, trade: PublicTrade) {
        self.last_price = Some(trade.price);
        if self.trades.len() >= RECENT_TRADES {
            self.trades.pop_front();
        }
        self.trades.push_back(trade);
    }

    pub(crate) fn record_funding(&mut self, row: FundingRow) {
        if self.fundings.len() >= FUNDINGS {
            self.fundings.pop_front();
        }
        self.fundings.push_back(row);
    }

    pub(crate) fn depth(&self, limit: usize) -> DepthView {
        let side = |side: Side| -> Vec<Level> {
            match &self.display {
                Some(display) => display.levels(side).take(limit).collect(),
                None => self.book.levels(side).take(limit).collect(),
            }
        };
        let (id, at) = match &self.display {
            Some(display) => (display.last_id, display.at),
            None => (self.top.id, self.top.at),
        };
        DepthView {
            last_update_id: id,
            at,
            bids: side(Side::Buy),
            asks: side(Side::Sell),
        }
    }

    /// Makes margin and the price band use the latest mark price.
    pub(crate) fn remark(&mut self) {
        let mark = self.pricing.view.mark;
        self.marked = self.marked.at(mark);
        self.bounds.follow(&self.instrument, mark);
    }

    /// A recorded market's first mark price is the middle of its first book.
    pub(crate) fn seed_mark(&mut self, mid_ticks: f64) {
        if self.pricing.view.mark.0 == 0 {
            let mid = Decimal((mid_ticks * self.instrument.tick_f64() * 1e8) as i64);
            self.pricing.seed(mid);
            self.remark();
        }
    }

    /// Middle of the best prices, in ticks; `None` with an empty side.
    pub(crate) fn mid_ticks(&self) -> Option<f64> {
        let best = |side| match &self.display {
            Some(display) => display.best(side),
            None => self.book.best(side),
        };
        let (bid, ask) = (best(Side::Buy)?, best(Side::Sell)?);
        Some((bid.price.0 + ask.price.0) as f64 / 2.0)
    }
}

/// Where market events go, and the numbering of book updates that all symbols
/// share.
#[derive(Debug)]
pub(crate) struct Published<'a> {
    pub(crate) at: VenueNs,
    pub(crate) outbox: &'a mut Outbox,
    pub(crate) update_id: &'a mut u64,
}

impl Published<'_> {
    /// Ids grow by 1 to 16: on the real exchange most ids a client sees are
    /// not neighbours, and a client that relied on it would break.
    fn next_id(&mut self) -> u64 {
        *self.update_id += 1 + (self.update_id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60);
        *self.update_id
    }
}

/// True when a taker with `limit` accepts `price`.
#[inline]
pub(crate) fn reaches(taker: Side, limit: Price, price: Price) -> bool {
    match taker {
        Side::Buy => limit >= price,
        Side::Sell => limit <= price,
    }
}

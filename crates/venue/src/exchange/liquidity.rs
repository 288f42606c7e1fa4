//! The other side of the accounts' trades at work: what the synthetic crowd
//! decides and what a recording says is carried out here.

use phoenix_domain::{Level, Price, Qty, Side, SymbolId};

use crate::exchange::market::{Published, reaches};
use crate::exchange::trading::{Party, Print};
use crate::exchange::{Exchange, MarketEvent, PublicTrade, RecordedDepth, Top, VenueNs};
use crate::flow::{Act, Sight};
use crate::matching::{CROWD, Handle};
use crate::recording::{Due, Skipped};

/// Our own fills in a recorded market are numbered far above the recording's
/// own trades, which keep their numbers.
pub(super) const OWN_TRADES: u64 = 8_000_000_000_000;

impl Exchange {
    /// What a recording's files held that could not be replayed so far.
    #[must_use]
    pub fn skipped(&self) -> Skipped {
        self.replay
            .as_ref()
            .map(|replay| replay.skipped())
            .unwrap_or_default()
    }

    /// The recording has come to its end; false if there is none.
    #[must_use]
    pub fn recording_over(&self) -> bool {
        let replay = self.replay.as_ref();
        replay.is_some_and(|replay| replay.next_at().is_none())
    }

    /// Builds the opening books of the synthetic markets.
    pub(super) fn gather(&mut self) {
        for index in 0..self.markets.len() {
            let symbol = self.markets[index].id;
            while let Some(act) = self.markets[index]
                .flow
                .as_mut()
                .and_then(|flow| flow.gather())
            {
                self.carry_out(symbol, act);
            }
        }
    }

    pub(super) fn run_liquidity(&mut self, due: VenueNs) {
        for index in 0..self.markets.len() {
            let market = &mut self.markets[index];
            let sight = Sight {
                bid: market.book.first(Side::Buy),
                ask: market.book.first(Side::Sell),
            };
            let symbol = market.id;
            if let Some(flow) = &mut market.flow
                && flow.next_at() <= due
            {
                let act = flow.act(due, sight);
                self.carry_out(symbol, act);
            }
        }
        while self
            .replay
            .as_ref()
            .and_then(|replay| replay.next_at())
            .is_some_and(|at| at <= due)
        {
            let happening = self.replay.as_mut().and_then(|replay| replay.next(due));
            if let Some(happening) = happening {
                self.replay_one(happening);
            }
        }
    }

    fn carry_out(&mut self, symbol: SymbolId, act: Act) {
        match act {
            Act::Take { side, limit, qty } => {
                self.crowd_take(symbol, side, limit, qty);
            }
            Act::Pull(handle) => self.crowd_pull(symbol, handle),
            Act::Place { side, price, qty } => self.crowd_place(symbol, side, price, qty),
        }
    }

    fn crowd_place(&mut self, symbol: SymbolId, side: Side, price: Price, qty: Qty) {
        let mut out = Published {
            at: self.now,
            outbox: &mut self.outbox,
            update_id: &mut self.update_id,
        };
        let market = &mut self.markets[usize::from(symbol.0)];
        let price = match market.book.best(side.opposite()) {
            Some(best) if reaches(side, price, best.price) => Price(best.price.0 - side.sign()),
            _ => price,
        };
        let Some(flow) = &mut market.flow else { return };
        if price <= Price::ZERO {
            return;
        }
        let number = flow.reserve();
        let handle = market.book.add(side, price, qty, CROWD | number);
        flow.placed(number, handle);
        market.touch(side, price, &mut out);
        market.settle(&mut out);
    }

    fn crowd_pull(&mut self, symbol: SymbolId, handle: Handle) {
        let mut out = Published {
            at: self.now,
            outbox: &mut self.outbox,
            update_id: &mut self.update_id,
        };
        let market = &mut self.markets[usize::from(symbol.0)];
        let gone = market.book.remove(handle);
        market.leave(gone);
        market.touch(gone.side, gone.price, &mut out);
        market.settle(&mut out);
    }

    fn replay_one(&mut self, happening: Due) {
        match happening {
            Due::Snapshot(symbol, snapshot) => {
                self.show_anew(symbol, &snapshot);
                self.show_top(symbol);
            }
            Due::Depth(symbol, repair, frame) => {
                if let Some(snapshot) = repair {
                    self.show_anew(symbol, &snapshot);
                }
                self.show(symbol, &frame);
                self.outbox.market.push(MarketEvent::DepthRecorded {
                    symbol,
                    at: self.now,
                    frame: Box::new(frame),
                });
                self.fill_crossed(symbol);
            }
            Due::Top {
                symbol,
                id,
                engine,
                bid,
                ask,
            } => {
                let market = &mut self.markets[usize::from(symbol.0)];
                market.top = Top {
                    id,
                    at: engine,
                    bid,
                    ask,
                };
                let top = market.top;
                self.outbox
                    .market
                    .push(MarketEvent::TopChanged { symbol, top });
            }
            Due::Trade {
                symbol,
                id,
                engine,
                level,
                buyer_maker,
            } => {
                self.replay_trade(symbol, id, engine, level, buyer_maker);
            }
            Due::Ended => {
                let at = self.now;
                self.outbox.market.push(MarketEvent::RecordingEnded { at });
            }
        }
    }

    fn show_anew(&mut self, symbol: SymbolId, snapshot: &RecordedDepth) {
        if let Some(display) = &mut self.markets[usize::from(symbol.0)].display {
            display.clear();
        }
        self.show(symbol, snapshot);
    }

    fn show(&mut self, symbol: SymbolId, frame: &RecordedDepth) {
        let Some(display) = &mut self.markets[usize::from(symbol.0)].display else {
            return;
        };
        for &level in &frame.bids {
            display.set(Side::Buy, level);
        }
        for &level in &frame.asks {
            display.set(Side::Sell, level);
        }
        display.last_id = frame.last_id;
        display.at = VenueNs::from_ms(frame.engine_ms);
    }

    /// Until the recording's first bookTicker the snapshot's top stands.
    fn show_top(&mut self, symbol: SymbolId) {
        let market = &mut self.markets[usize::from(symbol.0)];
        let Some(display) = &market.display else {
            return;
        };
        let [bid, ask] = Side::BOTH.map(|side| display.best(side).unwrap_or_default());
        market.top = Top {
            id: display.last_id,
            at: display.at,
            bid,
            ask,
        };
        if let Some(mid) = market.mid_ticks() {
            market.seed_mark(mid);
        }
    }

    /// A recorded trade prints as it was, then fills those of our orders that
    /// stood better than its price, and those at its price that it reaches.
    fn replay_trade(
        &mut self,
        symbol: SymbolId,
        id: u64,
        engine: VenueNs,
        level: Level,
        buyer_maker: bool,
    ) {
        let trade = PublicTrade {
            symbol,
            at: engine,
            trade_id: id,
            price: level.price,
            qty: level.qty,
            buyer_maker,
        };
        self.markets[usize::from(symbol.0)].record(trade);
        self.outbox.market.push(MarketEvent::Traded(trade));
        let maker = if buyer_maker { Side::Buy } else { Side::Sell };
        let mut left = level.qty;
        while !left.is_zero() {
            let book = &self.markets[usize::from(symbol.0)].book;
            let Some(first) = book.first(maker) else {
                break;
            };
            let through =
                first.price != level.price && reaches(maker.opposite(), level.price, first.price);
            if !through {
                break;
            }
            let qty = left.min(first.qty);
            self.fill_resting(symbol, first.handle, qty);
            left -= qty;
        }
        let market = &mut self.markets[usize::from(symbol.0)];
        let Some(display) = &mut market.display else {
            return;
        };
        let book = &market.book;
        let mut reached = Vec::new();
        let wants = |handle| book.get(handle).qty;
        display.trade(maker, level.price, left, wants, &mut reached);
        for (handle, qty) in reached {
            if self.markets[usize::from(symbol.0)]
                .book
                .holds(handle, maker, level.price)
            {
                self.fill_resting(symbol, handle, qty);
            }
        }
    }

    /// The displayed book has moved over orders of ours: whoever is displayed
    /// there would have traded with us, and now has.
    fn fill_crossed(&mut self, symbol: SymbolId) {
        for maker in Side::BOTH {
            loop {
                let market = &mut self.markets[usize::from(symbol.0)];
                let Some(display) = &mut market.display else {
                    return;
                };
                let (Some(first), Some(level)) =
                    (market.book.first(maker), display.best(maker.opposite()))
                else {
                    break;
                };
                if !reaches(maker, first.price, level.price) {
                    break;
                }
                let qty = first.qty.min(level.qty);
                display.take(maker.opposite(), level.price, qty);
                self.fill_resting(symbol, first.handle, qty);
            }
        }
    }

    /// Fills a resting order of ours against somebody in the recording, at
    /// its own price. Nothing is printed: the recording prints its trades.
    fn fill_resting(&mut self, symbol: SymbolId, handle: Handle, qty: Qty) {
        let market = &mut self.markets[usize::from(symbol.0)];
        let resting = market.book.get(handle);
        if market.book.fill(handle, qty) {
            market.leave(resting);
        }
        market.trade_id += 1;
        let (price, trade_id) = (resting.price, market.trade_id);
        let print = Print {
            symbol,
            trade_id,
            price,
            qty,
        };
        self.book_fill(Party::Order(resting.owner), resting.side, print, true, true);
        self.book_fill(Party::Crowd, resting.side.opposite(), print, false, true);
    }
}

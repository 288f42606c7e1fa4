//! What happens when orders meet: matching, self-trade prevention, and the
//! books and events of every fill.
//!
//! Order of events (as recorded live): a taker's first fill shows
//! TRADE_LITE, NEW, ACCOUNT_UPDATE, TRADE; a maker's TRADE_LITE,
//! ACCOUNT_UPDATE, TRADE.

use phoenix_domain::{Cash, Level, Price, Qty, Side, SymbolId, TimeInForce};

use crate::exchange::market::{Published, reaches};
use crate::exchange::{
    AccountReason, Exchange, Execution, ExpiryReason, FillView, Income, IncomeKind, OrderKind,
    OrderState, OrderView, StpMode, UserEvent, UserTrade,
};
use crate::matching::Resting;

/// What a taker meets next.
#[derive(Clone, Copy, Debug)]
enum Offer {
    /// An order in the book.
    Order(Resting),
    /// Displayed depth of a recording.
    Displayed(Level),
}

/// Who is on one side of a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    Crowd,
    /// The slot of an account's order.
    Order(u32),
}

/// How a sweep of the book ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sweep {
    filled: bool,
    /// Orders of the same owner expired on the way.
    met_own: bool,
    /// An order of the same owner stopped it.
    stopped: bool,
    /// The taker's owner knows of it.
    announced: bool,
}

/// What is to be done after meeting an own order.
enum Meeting {
    Trade,
    GoOn,
    Stop,
}

impl Exchange {
    /// Works an order against the book, then rests or ends what is left.
    /// Returns the order as it is afterwards. `announced`: its owner knows of it.
    pub(super) fn work(&mut self, slot: u32, limit: Price, announced: bool) -> OrderView {
        let view = &self.orders.get(slot).view;
        let (symbol, order_id) = (view.symbol, view.order_id);
        let swept = self.sweep(slot, limit, announced);
        if swept.filled {
            self.settle(symbol);
            // The slot is free again, but nothing has used it since.
            return OrderView {
                order_id,
                ..self.orders.get(slot).view
            };
        }
        if !swept.announced {
            self.announce(slot, Execution::New, None, ExpiryReason::None);
        }
        self.rest_or_end(slot, &swept)
    }

    /// Trades as far as the limit allows.
    pub(super) fn sweep(&mut self, slot: u32, limit: Price, announced: bool) -> Sweep {
        let view = &self.orders.get(slot).view;
        let (symbol, side) = (view.symbol, view.side);
        let mut swept = Sweep {
            announced,
            ..Sweep::default()
        };
        while let Some(offer) = self.offer(symbol, side, limit) {
            if let Offer::Order(resting) = offer
                && !resting.is_crowd()
            {
                match self.meet(slot, resting.owner) {
                    Meeting::Trade => {}
                    Meeting::GoOn => {
                        swept.met_own = true;
                        continue;
                    }
                    Meeting::Stop => {
                        swept.stopped = true;
                        break;
                    }
                }
            }
            let wanted = self.orders.get(slot).view.remaining();
            let taker = Party::Order(slot);
            let qty = self.trade(symbol, side, taker, wanted, offer, swept.announced);
            swept.announced = true;
            if qty == wanted {
                swept.filled = true;
                break;
            }
        }
        swept
    }

    /// The crowd takes over what the book did not: the end of a liquidation.
    pub(super) fn cross_with_crowd(&mut self, slot: u32, price: Price, qty: Qty) {
        let view = self.orders.get(slot).view;
        let market = &mut self.markets[usize::from(view.symbol.0)];
        let mut out = Published {
            at: self.now,
            outbox: &mut self.outbox,
            update_id: &mut self.update_id,
        };
        let trade_id = market.print(price, qty, view.side, &mut out);
        let print = Print {
            symbol: view.symbol,
            trade_id,
            price,
            qty,
        };
        self.book_fill(Party::Order(slot), view.side, print, false, true);
        self.book_fill(Party::Crowd, view.side.opposite(), print, true, true);
    }

    fn rest_or_end(&mut self, slot: u32, swept: &Sweep) -> OrderView {
        let view = &self.orders.get(slot).view;
        let immediate = view.time_in_force == TimeInForce::Ioc;
        let ended = if swept.stopped {
            let reason = if immediate {
                ExpiryReason::IocSelfTrade
            } else {
                ExpiryReason::SelfTrade
            };
            Some((OrderState::ExpiredInMatch, reason))
        } else if view.kind != OrderKind::Limit {
            Some((OrderState::Expired, ExpiryReason::MarketRemainder))
        } else if immediate && swept.met_own {
            Some((OrderState::Expired, ExpiryReason::IocSelfTrade))
        } else if immediate {
            Some((OrderState::Expired, ExpiryReason::IocRemainder))
        } else {
            None
        };
        let view = match ended {
            Some((state, reason)) => self.close(slot, state, Execution::Expired, reason),
            None => self.rest(slot),
        };
        self.settle(view.symbol);
        view
    }

    /// Puts an order into the book behind whoever is there.
    fn rest(&mut self, slot: u32) -> OrderView {
        let view = self.orders.get(slot).view;
        let market = &mut self.markets[usize::from(view.symbol.0)];
        let mut out = Published {
            at: self.now,
            outbox: &mut self.outbox,
            update_id: &mut self.update_id,
        };
        // A level just emptied by this very order is published before the
        // order makes it a level of the other side.
        market.flush(&mut out);
        let handle = market
            .book
            .add(view.side, view.price, view.remaining(), slot);
        if let Some(display) = &mut market.display {
            display.join(view.side, view.price, handle);
        }
        market.touch(view.side, view.price, &mut out);
        self.orders.get_mut(slot).handle = Some(handle);
        if view.time_in_force == TimeInForce::Gtd {
            self.watch_expiry(slot);
        }
        view
    }

    /// The best thing a taker can get at `limit` or better. At one price the
    /// displayed depth was there before our own orders.
    fn offer(&self, symbol: SymbolId, taker: Side, limit: Price) -> Option<Offer> {
        let market = &self.markets[usize::from(symbol.0)];
        let maker = taker.opposite();
        let order = market.book.first(maker);
        let order = order.filter(|order| reaches(taker, limit, order.price));
        let Some(display) = &market.display else {
            return order.map(Offer::Order);
        };
        let level = display.best(maker);
        let level = level.filter(|level| reaches(taker, limit, level.price));
        match (order, level) {
            (Some(order), Some(level)) if !reaches(taker, order.price, level.price) => {
                Some(Offer::Order(order))
            }
            (_, Some(level)) => Some(Offer::Displayed(level)),
            (order, None) => order.map(Offer::Order),
        }
    }

    /// Self-trade prevention: the taker's mode decides; FOK and GTX takers
    /// and the exchange's own orders are not concerned.
    fn meet(&mut self, taker: u32, maker: u32) -> Meeting {
        let (taking, resting) = (self.orders.get(taker), self.orders.get(maker));
        let (one, other) = (taking.account.0 as usize, resting.account.0 as usize);
        let exempt = matches!(
            taking.view.time_in_force,
            TimeInForce::Fok | TimeInForce::PostOnly
        );
        if exempt || !self.accounts[one].is_one_with(&self.accounts[other]) {
            return Meeting::Trade;
        }
        let mode = taking.view.stp;
        match mode {
            StpMode::None => Meeting::Trade,
            StpMode::ExpireTaker => Meeting::Stop,
            StpMode::ExpireMaker | StpMode::ExpireBoth => {
                let (state, why) = (OrderState::ExpiredInMatch, ExpiryReason::SelfTrade);
                self.close(maker, state, Execution::Expired, why);
                if mode == StpMode::ExpireBoth {
                    Meeting::Stop
                } else {
                    Meeting::GoOn
                }
            }
        }
    }

    /// One trade of at most `wanted`; returns how much it was.
    fn trade(
        &mut self,
        symbol: SymbolId,
        taker_side: Side,
        taker: Party,
        wanted: Qty,
        offer: Offer,
        announced: bool,
    ) -> Qty {
        let (price, there, maker) = match offer {
            Offer::Order(order) if !order.is_crowd() => {
                (order.price, order.qty, Party::Order(order.owner))
            }
            Offer::Order(order) => (order.price, order.qty, Party::Crowd),
            Offer::Displayed(level) => (level.price, level.qty, Party::Crowd),
        };
        let qty = wanted.min(there);
        let maker_side = taker_side.opposite();
        let market = &mut self.markets[usize::from(symbol.0)];
        let mut out = Published {
            at: self.now,
            outbox: &mut self.outbox,
            update_id: &mut self.update_id,
        };
        let trade_id = market.print(price, qty, taker_side, &mut out);
        market.touch(maker_side, price, &mut out);
        match offer {
            Offer::Order(order) => {
                let gone = market.book.fill(order.handle, qty);
                if gone {
                    market.leave(order);
                }
            }
            Offer::Displayed(_) => {
                if let Some(display) = &mut market.display {
                    display.take(maker_side, price, qty);
                }
            }
        }
        let print = Print {
            symbol,
            trade_id,
            price,
            qty,
        };
        self.book_fill(maker, maker_side, print, true, true);
        self.book_fill(taker, taker_side, print, false, announced);
        qty
    }

    /// Books one side of a trade.
    pub(super) fn book_fill(
        &mut self,
        party: Party,
        side: Side,
        print: Print,
        maker: bool,
        announced: bool,
    ) {
        match party {
            Party::Order(slot) => self.fill_order(slot, print, maker, announced),
            Party::Crowd => {
                let market = &mut self.markets[usize::from(print.symbol.0)];
                let fee = Cash::ZERO;
                let crowd = &mut market.crowd;
                crowd.cash +=
                    crowd
                        .held
                        .fill(&market.instrument, side, print.price, print.qty, fee);
            }
        }
    }

    fn fill_order(&mut self, slot: u32, print: Print, maker: bool, announced: bool) {
        let fill = self.settle_money(slot, print, maker);
        let order = self.orders.get_mut(slot);
        let view = &mut order.view;
        let instrument = &self.markets[usize::from(print.symbol.0)].instrument;
        view.executed += print.qty;
        view.executed_cash += instrument.notional(print.price, print.qty);
        view.updated = self.now;
        let filled = view.remaining().is_zero();
        view.state = if filled {
            OrderState::Filled
        } else {
            OrderState::PartiallyFilled
        };
        let (account, at) = (order.account, self.now);
        let (position_side, kind) = (view.position_side, view.kind);
        self.reserve(slot);
        let order = &self.orders.get(slot).view;
        self.outbox.tell(|| UserEvent::TradeLite {
            account,
            at,
            order: *order,
            fill,
        });
        if !announced {
            self.announce_late(slot);
        }
        let market = &self.markets[usize::from(print.symbol.0)];
        let book = &self.accounts[account.0 as usize];
        let holding = &book.holdings[usize::from(print.symbol.0)];
        let wallet = book.wallets[usize::from(market.asset.0)].balance;
        self.outbox.tell(|| UserEvent::AccountUpdate {
            account,
            at,
            reason: AccountReason::Order,
            asset: market.asset,
            wallet,
            change: Cash::ZERO,
            position: Some(holding.change(print.symbol, position_side, market.marked)),
            symbol: None,
        });
        let execution = match kind {
            OrderKind::Limit | OrderKind::Market => Execution::Trade,
            OrderKind::Liquidation => Execution::Calculated,
        };
        self.announce(slot, execution, Some(fill), ExpiryReason::None);
        if filled {
            self.retire(slot);
        }
        self.knock_out(account, print.symbol);
    }

    /// Position, wallet, fee and histories of one fill.
    fn settle_money(&mut self, slot: u32, print: Print, maker: bool) -> FillView {
        let order = self.orders.get(slot);
        let view = &order.view;
        let market = &self.markets[usize::from(print.symbol.0)];
        let account = &mut self.accounts[order.account.0 as usize];
        let rate = account.rate(&market.spec, maker);
        let commission = market.instrument.fee(print.price, print.qty, rate);
        let held = &mut account.holdings[usize::from(print.symbol.0)].held;
        let held = &mut held[view.position_side.index()];
        held.updated = self.now;
        let realised = held.fill(
            &market.instrument,
            view.side,
            print.price,
            print.qty,
            commission,
        );
        let wallet = &mut account.wallets[usize::from(market.asset.0)];
        wallet.balance += realised - commission;
        wallet.updated = self.now;
        self.fee_pool[usize::from(market.asset.0)] += commission;
        let fill = FillView {
            trade_id: print.trade_id,
            price: print.price,
            qty: print.qty,
            maker,
            commission,
            realised,
        };
        account.history.trade(UserTrade {
            symbol: print.symbol,
            order_id: view.order_id,
            client_id: view.client_id,
            side: view.side,
            position_side: view.position_side,
            at: self.now,
            fill,
        });
        for (kind, amount) in [
            (IncomeKind::RealisedPnl, realised),
            (IncomeKind::Commission, -commission),
        ] {
            account.history.earn(Income {
                symbol: Some(print.symbol),
                kind,
                amount,
                asset: market.asset,
                at: self.now,
                tran_id: 0,
                trade_id: Some(print.trade_id),
            });
        }
        fill
    }

    /// Brings what margin assumes for an order up to date with what is left
    /// of it.
    pub(super) fn reserve(&mut self, slot: u32) {
        let order = self.orders.get_mut(slot);
        let view = &order.view;
        let market = &self.markets[usize::from(view.symbol.0)];
        let remaining = if view.state.is_open() {
            view.remaining()
        } else {
            Qty::ZERO
        };
        let now_reserved = market.marked.at(order.assumed).worth(remaining);
        let before = order.reserved;
        order.reserved = now_reserved;
        let account = &mut self.accounts[order.account.0 as usize];
        let holding = account.holding(view.symbol);
        let side = &mut holding.open_sides[view.side.index()];
        side.reserved += now_reserved - before;
        if view.reduce_only {
            side.reducing += remaining - order.reducing;
            order.reducing = remaining;
        }
    }

    /// The crowd takes; returns how much it got.
    pub(super) fn crowd_take(
        &mut self,
        symbol: SymbolId,
        side: Side,
        limit: Price,
        qty: Qty,
    ) -> Qty {
        let mut left = qty;
        while !left.is_zero() {
            let market = &self.markets[usize::from(symbol.0)];
            let Some(resting) = market.book.first(side.opposite()) else {
                break;
            };
            if !reaches(side, limit, resting.price) {
                break;
            }
            let offer = Offer::Order(resting);
            left -= self.trade(symbol, side, Party::Crowd, left, offer, true);
        }
        self.settle(symbol);
        qty - left
    }

    /// Ends a transaction on a symbol's book.
    pub(super) fn settle(&mut self, symbol: SymbolId) {
        let mut out = Published {
            at: self.now,
            outbox: &mut self.outbox,
            update_id: &mut self.update_id,
        };
        self.markets[usize::from(symbol.0)].settle(&mut out);
    }
}

/// A trade as both sides book it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print {
    pub(super) symbol: SymbolId,
    pub(super) trade_id: u64,
    pub(super) price: Price,
    pub(super) qty: Qty,
}

//! How orders end other than by filling: cancels, expiries, and reduce-only
//! orders that have nothing left to reduce; and the announcement of it all.

use phoenix_domain::{Cash, Qty, Side, SymbolId};

use crate::exchange::market::Published;
use crate::exchange::{
    AccountId, Exchange, Execution, ExpiryReason, FillView, OrderRef, OrderState, OrderView,
    Reject, UserEvent, VenueNs,
};

impl Exchange {
    /// Cancels one order.
    ///
    /// # Errors
    /// -2011 when it is not open.
    pub fn cancel(
        &mut self,
        now: VenueNs,
        account: AccountId,
        symbol: SymbolId,
        order: OrderRef,
    ) -> Result<OrderView, Reject> {
        self.advance(now);
        self.market(symbol)?;
        let slot = self
            .find_open(account, symbol, order)
            .ok_or(Reject::UNKNOWN_ORDER)?;
        let view = self.cancel_slot(slot);
        self.settle(symbol);
        Ok(view)
    }

    /// Cancels every order of the account on a symbol, oldest first, and says
    /// how many there were.
    pub fn cancel_all(&mut self, now: VenueNs, account: AccountId, symbol: SymbolId) -> usize {
        self.advance(now);
        self.end_all(account, symbol, OrderState::Canceled, ExpiryReason::None)
    }

    /// Arms the symbol's fuse: unless armed anew within `ms`, every order of
    /// the account on it is cancelled. Zero disarms.
    pub fn countdown(&mut self, now: VenueNs, account: AccountId, symbol: SymbolId, ms: u64) {
        self.advance(now);
        let holding = self.accounts[account.0 as usize].holding(symbol);
        if let Some((at, _)) = holding.fuse.take() {
            self.fuses.remove(&(at, account, symbol));
        }
        if ms > 0 {
            let at = self.now.plus_ms(ms);
            holding.fuse = Some((at, ms));
            self.fuses.insert((at, account, symbol));
        }
        self.plan();
    }

    /// The slot of an open order.
    pub(super) fn find_open(
        &self,
        account: AccountId,
        symbol: SymbolId,
        order: OrderRef,
    ) -> Option<u32> {
        let slot = match order {
            OrderRef::Id(id) => self.orders.find(id)?,
            OrderRef::Client(name) => {
                let names = &self.accounts[account.0 as usize].names;
                names.get(&name, &self.orders)?
            }
        };
        let open = self.orders.get(slot);
        (open.account == account && open.view.symbol == symbol).then_some(slot)
    }

    pub(super) fn cancel_slot(&mut self, slot: u32) -> OrderView {
        self.close(
            slot,
            OrderState::Canceled,
            Execution::Canceled,
            ExpiryReason::None,
        )
    }

    /// Ends all orders of an account on a symbol, oldest first.
    pub(super) fn end_all(
        &mut self,
        account: AccountId,
        symbol: SymbolId,
        state: OrderState,
        reason: ExpiryReason,
    ) -> usize {
        let mut slots = self.accounts[account.0 as usize]
            .holding(symbol)
            .open
            .clone();
        slots.sort_unstable_by_key(|&slot| self.orders.get(slot).view.order_id);
        let execution = match reason {
            ExpiryReason::None => Execution::Canceled,
            _ => Execution::Expired,
        };
        for &slot in &slots {
            self.close(slot, state, execution, reason);
        }
        self.settle(symbol);
        slots.len()
    }

    /// Ends an open order: out of the book, out of the account's books,
    /// announced, and kept in the history.
    pub(super) fn close(
        &mut self,
        slot: u32,
        state: OrderState,
        execution: Execution,
        reason: ExpiryReason,
    ) -> OrderView {
        let order = self.orders.get_mut(slot);
        order.view.state = state;
        order.view.updated = self.now;
        let (symbol, side, price) = (order.view.symbol, order.view.side, order.view.price);
        if let Some(handle) = order.handle.take() {
            let market = &mut self.markets[usize::from(symbol.0)];
            let mut out = Published {
                at: self.now,
                outbox: &mut self.outbox,
                update_id: &mut self.update_id,
            };
            market.touch(side, price, &mut out);
            let resting = market.book.remove(handle);
            market.leave(resting);
        }
        self.reserve(slot);
        self.announce(slot, execution, None, reason);
        let view = self.orders.get(slot).view;
        self.retire(slot);
        view
    }

    /// Takes an ended order out of the account's books into its history.
    pub(super) fn retire(&mut self, slot: u32) {
        let order = self.orders.get(slot);
        let account = &mut self.accounts[order.account.0 as usize];
        account.names.remove(slot, &self.orders);
        account.history.close(order.view);
        let listed_at = order.listed_at;
        let open = &mut account.holdings[usize::from(order.view.symbol.0)].open;
        open.swap_remove(listed_at as usize);
        if let Some(&moved) = open.get(listed_at as usize) {
            self.orders.get_mut(moved).listed_at = listed_at;
        }
        self.orders.remove(slot);
    }

    /// The position has moved: reduce-only orders that could now open one
    /// expire, the oldest keep what there is to reduce.
    pub(super) fn knock_out(&mut self, account: AccountId, symbol: SymbolId) {
        for side in Side::BOTH {
            let holding = &self.accounts[account.0 as usize].holdings[usize::from(symbol.0)];
            let position = holding.held[0].position.qty;
            let mut left = Qty((-position.0 * side.sign()).max(0));
            if holding.open_sides[side.index()].reducing <= left {
                continue;
            }
            let mut slots: Vec<u32> = holding.open.clone();
            slots.retain(|&slot| {
                let view = &self.orders.get(slot).view;
                view.reduce_only && view.side == side
            });
            slots.sort_unstable_by_key(|&slot| self.orders.get(slot).view.order_id);
            for slot in slots {
                let order = self.orders.get(slot);
                let remaining = order.view.remaining();
                if remaining <= left {
                    left -= remaining;
                } else if order.handle.is_some() {
                    let (state, why) = (OrderState::Expired, ExpiryReason::ReduceOnly);
                    self.close(slot, state, Execution::Expired, why);
                }
            }
        }
    }

    /// Tells the owner of an order what has happened to it.
    pub(super) fn announce(
        &mut self,
        slot: u32,
        execution: Execution,
        fill: Option<FillView>,
        reason: ExpiryReason,
    ) {
        let order = self.orders.get(slot);
        let account = &self.accounts[order.account.0 as usize];
        let holding = &account.holdings[usize::from(order.view.symbol.0)];
        let [bids, asks] = holding.reserved();
        let at = self.now;
        self.outbox.tell(|| UserEvent::OrderUpdate {
            account: order.account,
            at,
            order: order.view,
            execution,
            fill,
            reason,
            modify_id: None,
            bids_notional: bids,
            asks_notional: asks,
        });
    }

    /// Tells the owner that an order was taken which has filled already: as
    /// it was before.
    pub(super) fn announce_late(&mut self, slot: u32) {
        self.announce(slot, Execution::New, None, ExpiryReason::None);
        if let Some(UserEvent::OrderUpdate { order, .. }) = self.outbox.user.last_mut() {
            order.state = OrderState::New;
            order.executed = Qty::ZERO;
            order.executed_cash = Cash::ZERO;
        }
    }
}

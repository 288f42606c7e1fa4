//! Amendments: new price and total quantity for a resting order, which keeps
//! its number and names and always goes to the end of the queue.

use phoenix_domain::{Decimal, Price, Qty, TimeInForce};

use crate::account::bracket_cap;
use crate::exchange::entry::{assumed_price, check_filters, matched_price};
use crate::exchange::market::{Market, Published};
use crate::exchange::{
    AccountId, AmendRequest, Amendment, Exchange, Execution, ExpiryReason, OrderKind, OrderRequest,
    OrderView, Reject, UserEvent, VenueNs,
};

impl Exchange {
    /// Amends an order. Two amendments destroy it, and the view returned is
    /// CANCELED then: a quantity at or below what has filled already, and a
    /// price at which a post-only order would trade.
    ///
    /// # Errors
    /// The exchange's own refusal; the order is untouched then.
    pub fn amend(
        &mut self,
        now: VenueNs,
        account: AccountId,
        request: &AmendRequest,
    ) -> Result<OrderView, Reject> {
        self.advance(now);
        let market = self.market(request.symbol)?;
        let found = self.find_open(account, request.symbol, request.order);
        let slot = found.ok_or(Reject::NO_SUCH_ORDER)?;
        let view = self.orders.get(slot).view;
        let price = matched_price(market, view.side, request.price_match, request.price)?;
        let terms = self.check_amendment(slot, request, price)?;
        let destroyed = request.qty <= view.executed
            || (view.time_in_force == TimeInForce::PostOnly && market.crosses(view.side, price));
        if destroyed {
            let view = self.cancel_slot(slot);
            self.settle(view.symbol);
            return Ok(view);
        }
        self.requeue(slot, price, request.qty, terms);
        self.note_amendment(slot, &view, request.modify_id);
        Ok(self.work(slot, price, true))
    }

    /// All checks; returns the price that margin assumes from now on.
    fn check_amendment(
        &self,
        slot: u32,
        request: &AmendRequest,
        price: Price,
    ) -> Result<Decimal, Reject> {
        let order = self.orders.get(slot);
        let view = &order.view;
        let market = self.market(view.symbol)?;
        if !market.spec.instrument.trading {
            return Err(Reject::AMEND_HALTED);
        }
        if view.kind != OrderKind::Limit {
            return Err(Reject::AMEND_KIND);
        }
        if request.side != view.side {
            return Err(Reject::AMEND_SIDE);
        }
        if request.reduce_only == Some(true) && !view.reduce_only {
            return Err(Reject::AMEND_REDUCE_ONLY);
        }
        if price == view.price && request.qty == view.qty {
            return Err(Reject::AMEND_SAME);
        }
        if order.amendments >= market.spec.amendments_max {
            return Err(Reject::AMEND_COUNT);
        }
        let asked = as_order(view, price, request.qty);
        check_filters(market, &asked)?;
        self.check_reducible(market, slot, request.qty)?;
        let assumed = assumed_price(market, view.kind, view.side, price);
        let rest = OrderRequest {
            qty: (request.qty - view.executed).max(Qty::ZERO),
            ..asked
        };
        let account = &self.accounts[order.account.0 as usize];
        let holding = &account.holdings[usize::from(view.symbol.0)];
        let side = holding.open_sides[view.side.index()];
        let open = side.reserved - order.reserved;
        let wanted = market.marked.at(assumed).worth(rest.qty);
        let grows = wanted > order.reserved;
        if grows && !view.reduce_only && open + wanted > bracket_cap(&market.spec, holding.leverage)
        {
            return Err(Reject::BRACKET);
        }
        self.check_margin(account, market, &rest, wanted - order.reserved)?;
        Ok(assumed)
    }

    /// A reduce-only order cannot be amended beyond what there is to reduce.
    fn check_reducible(&self, market: &Market, slot: u32, qty: Qty) -> Result<(), Reject> {
        let order = self.orders.get(slot);
        if !order.view.reduce_only {
            return Ok(());
        }
        let account = &self.accounts[order.account.0 as usize];
        let holding = &account.holdings[usize::from(market.id.0)];
        let position = holding.held[0].position.qty;
        let side = &holding.open_sides[order.view.side.index()];
        let left = Qty(-position.0 * order.view.side.sign()) - side.reducing + order.reducing;
        if qty - order.view.executed > left {
            Err(Reject::REDUCE_ONLY)
        } else {
            Ok(())
        }
    }

    /// Takes the order out of the book and gives it its new terms.
    fn requeue(&mut self, slot: u32, price: Price, qty: Qty, assumed: Decimal) {
        let order = self.orders.get_mut(slot);
        let (side, old_price) = (order.view.side, order.view.price);
        order.view.price = price;
        order.view.qty = qty;
        order.view.updated = self.now;
        order.amendments += 1;
        order.assumed = assumed;
        if let Some(handle) = order.handle.take() {
            let market = &mut self.markets[usize::from(order.view.symbol.0)];
            let mut out = Published {
                at: self.now,
                outbox: &mut self.outbox,
                update_id: &mut self.update_id,
            };
            market.touch(side, old_price, &mut out);
            let resting = market.book.remove(handle);
            market.leave(resting);
        }
        self.reserve(slot);
    }

    fn note_amendment(&mut self, slot: u32, before: &OrderView, modify_id: Option<i64>) {
        let order = self.orders.get(slot);
        let (view, id, count) = (order.view, order.account, order.amendments);
        let account = &mut self.accounts[id.0 as usize];
        account.history.amend(Amendment {
            amendment_id: 0,
            symbol: view.symbol,
            order_id: view.order_id,
            client_id: view.client_id,
            at: self.now,
            price: (before.price, view.price),
            qty: (before.qty, view.qty),
            count,
            modify_id,
        });
        let sides = &account.holdings[usize::from(view.symbol.0)].open_sides;
        let [bids, asks] = [sides[0].reserved, sides[1].reserved];
        self.outbox.user.push(UserEvent::OrderUpdate {
            account: id,
            at: self.now,
            order: view,
            execution: Execution::Amendment,
            fill: None,
            reason: ExpiryReason::None,
            modify_id,
            bids_notional: bids,
            asks_notional: asks,
        });
    }
}

fn as_order(view: &OrderView, price: Price, qty: Qty) -> OrderRequest {
    OrderRequest {
        symbol: view.symbol,
        side: view.side,
        kind: view.kind,
        time_in_force: view.time_in_force,
        qty,
        price,
        reduce_only: view.reduce_only,
        position_side: view.position_side,
        client_id: Some(view.client_id),
        stp: view.stp,
        price_match: view.price_match,
        good_till_ms: view.good_till_ms,
    }
}

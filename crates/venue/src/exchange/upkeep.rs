//! What happens by itself as time passes, each at its own instant and in one
//! order: crowd and recording, expiries, fuses, marks, fundings, and
//! liquidations after every mark.

use phoenix_domain::{Cash, Price, Qty, Side, SymbolId, TimeInForce};

use crate::account::maint_margin;
use crate::exchange::entry::Terms;
use crate::exchange::pricing::Sample;
use crate::exchange::{
    AccountId, AccountReason, AssetId, ClientOrderId, Exchange, Execution, ExpiryReason,
    FundingRow, IncomeKind, MarketEvent, OrderKind, OrderRequest, OrderState, StpMode, UserEvent,
    VenueNs,
};

const SECOND_NS: u64 = 1_000_000_000;
/// A margin call goes out at this share of maintenance margin to balance.
const CALL_PERCENT: i64 = 80;

impl Exchange {
    /// Brings the exchange to `now`; a `now` in its past changes nothing.
    pub fn advance(&mut self, now: VenueNs) {
        while self.due <= now {
            let due = self.due;
            self.now = self.now.max(due);
            self.run_liquidity(due);
            self.run_fuses(due);
            self.run_expiries(due);
            if self.next_mark <= due {
                self.run_marks(due);
            }
            self.plan();
        }
        self.now = self.now.max(now);
    }

    /// When something next happens by itself.
    #[must_use]
    pub fn next_deadline(&self) -> Option<VenueNs> {
        (self.due.0 != u64::MAX).then_some(self.due)
    }

    /// Works out the next deadline. Whatever sets one earlier calls this.
    pub(super) fn plan(&mut self) {
        let mut due = self.next_mark;
        for market in &self.markets {
            if let Some(flow) = &market.flow {
                due = due.min(flow.next_at());
            }
        }
        if let Some(at) = self.replay.as_ref().and_then(|replay| replay.next_at()) {
            due = due.min(at);
        }
        if let Some(&(at, ..)) = self.fuses.first() {
            due = due.min(at);
        }
        if let Some(&(at, ..)) = self.expiries.first() {
            due = due.min(at);
        }
        self.due = due;
    }

    fn run_fuses(&mut self, due: VenueNs) {
        while let Some(&(at, account, symbol)) = self.fuses.first()
            && at <= due
        {
            self.fuses.pop_first();
            self.accounts[account.0 as usize].holding(symbol).fuse = None;
            self.end_all(account, symbol, OrderState::Canceled, ExpiryReason::None);
        }
    }

    /// Remembers when a GTD order ends.
    pub(super) fn watch_expiry(&mut self, slot: u32) {
        let view = &self.orders.get(slot).view;
        self.expiries
            .insert((VenueNs::from_ms(view.good_till_ms), view.order_id));
        self.plan();
    }

    fn run_expiries(&mut self, due: VenueNs) {
        while let Some(&(at, order_id)) = self.expiries.first()
            && at <= due
        {
            self.expiries.pop_first();
            let Some(slot) = self.orders.find(order_id) else {
                continue;
            };
            let view = &self.orders.get(slot).view;
            if view.time_in_force == TimeInForce::Gtd {
                let symbol = view.symbol;
                let (state, why) = (OrderState::Expired, ExpiryReason::None);
                self.close(slot, state, Execution::Expired, why);
                self.settle(symbol);
            }
        }
    }

    fn run_marks(&mut self, due: VenueNs) {
        self.next_mark = VenueNs((due.0 / SECOND_NS + 1).saturating_mul(SECOND_NS));
        for index in 0..self.markets.len() {
            self.mark_symbol(index, due);
            if self.markets[index].pricing.view.next_funding <= due {
                self.pay_funding(index, due);
            }
        }
        self.check_margins();
    }

    fn mark_symbol(&mut self, index: usize, due: VenueNs) {
        let market = &mut self.markets[index];
        let tick = market.instrument.tick_f64();
        let mid = market.mid_ticks().map(|mid| mid * tick);
        let feed = market
            .flow
            .as_mut()
            .map(|flow| flow.index_ticks(due) * tick);
        let recorded = self
            .replay
            .as_ref()
            .and_then(|replay| replay.mark(market.id));
        match recorded {
            Some((mark, index, funding)) => market.pricing.replace(due, mark, index, funding),
            None => {
                let impact = market.impact_prices();
                let sample = Sample {
                    index: feed.or(mid).unwrap_or(market.pricing.view.index.to_f64()),
                    mid,
                    impact,
                    last: market.last_price.map(|last| last.0 as f64 * tick),
                };
                market.pricing.sample(due, sample);
            }
        }
        market.remark();
        self.outbox.market.push(MarketEvent::Marked {
            symbol: market.id,
            mark: Box::new(market.pricing.view),
        });
    }

    /// Longs pay shorts at a positive rate; what the accounts pay the crowd
    /// receives.
    fn pay_funding(&mut self, index: usize, due: VenueNs) {
        let market = &mut self.markets[index];
        let (symbol, asset, marked) = (market.id, market.asset, market.marked);
        let (rate, mark) = (market.pricing.view.funding, market.pricing.view.mark);
        let row = FundingRow {
            at: due,
            rate,
            mark,
        };
        market.record_funding(row);
        market.pricing.roll(due);
        for account in 0..self.accounts.len() {
            let held = self.accounts[account].holdings[index].held;
            let paid: Cash = held
                .iter()
                .map(|held| -marked.worth(held.position.qty).times(rate))
                .sum();
            if held.iter().all(|held| held.position.qty.is_zero()) {
                continue;
            }
            let id = AccountId(account as u32);
            self.markets[index].crowd.cash -= paid;
            self.credit(id, asset, paid, IncomeKind::FundingFee, Some(symbol));
            self.tell_balance(id, asset, paid, AccountReason::FundingFee, Some(symbol));
        }
        self.outbox.market.push(MarketEvent::FundingSettled {
            symbol,
            at: due,
            rate,
            mark,
        });
    }

    fn check_margins(&mut self) {
        for account in 0..self.accounts.len() {
            for asset in 0..self.assets.len() {
                let id = AccountId(account as u32);
                let (balance, maint) = self.margin_state(id, AssetId(asset as u8));
                if maint > Cash::ZERO && maint >= balance {
                    self.liquidate(id, AssetId(asset as u8));
                } else {
                    self.call_margin(id, AssetId(asset as u8), balance, maint);
                }
            }
        }
    }

    /// Margin balance and maintenance margin of an account in one asset.
    pub(super) fn margin_state(&self, account: AccountId, asset: AssetId) -> (Cash, Cash) {
        let account = &self.accounts[account.0 as usize];
        let mut balance = account.wallets[usize::from(asset.0)].balance;
        let mut maint = Cash::ZERO;
        for (holding, market) in account.holdings.iter().zip(&self.markets) {
            if market.asset != asset || holding.is_flat() {
                continue;
            }
            balance += market.marked.needs(holding).unrealised;
            for held in &holding.held {
                let notional = market.marked.worth(held.position.qty.abs());
                maint += maint_margin(&market.spec, notional);
            }
        }
        (balance, maint)
    }

    fn call_margin(&mut self, id: AccountId, asset: AssetId, balance: Cash, maint: Cash) {
        let near = maint > Cash::ZERO && maint.0 / CALL_PERCENT * 100 > balance.0;
        let called = &mut self.accounts[id.0 as usize].called[usize::from(asset.0)];
        if near == *called {
            return;
        }
        *called = near;
        if near {
            let mut positions = Vec::new();
            for market in self.markets.iter().filter(|market| market.asset == asset) {
                positions.extend(self.positions(id, market.id));
            }
            positions.retain(|position| !position.qty.is_zero());
            let wallet = self.accounts[id.0 as usize].wallets[usize::from(asset.0)].balance;
            self.outbox.user.push(UserEvent::MarginCall {
                account: id,
                at: self.now,
                wallet,
                positions,
            });
        }
    }

    /// Orders expire, positions are closed at market, what the book does not
    /// take the crowd takes at mark, and the insurance fund makes a negative
    /// wallet good.
    fn liquidate(&mut self, account: AccountId, asset: AssetId) {
        for index in 0..self.markets.len() {
            if self.markets[index].asset != asset {
                continue;
            }
            let symbol = self.markets[index].id;
            self.end_all(
                account,
                symbol,
                OrderState::Expired,
                ExpiryReason::Liquidation,
            );
            for side in crate::exchange::PositionSide::ALL {
                let holding = &self.accounts[account.0 as usize].holdings[index];
                let held = holding.held[side.index()].position.qty;
                if !held.is_zero() {
                    self.close_out(account, symbol, side, held);
                }
            }
        }
        let wallet = self.accounts[account.0 as usize].wallets[usize::from(asset.0)].balance;
        if wallet < Cash::ZERO {
            self.insurance[usize::from(asset.0)] += wallet;
            self.credit(account, asset, -wallet, IncomeKind::InsuranceClear, None);
            let reason = AccountReason::InsuranceClear;
            self.tell_balance(account, asset, -wallet, reason, None);
        }
    }

    fn close_out(
        &mut self,
        account: AccountId,
        symbol: SymbolId,
        position_side: crate::exchange::PositionSide,
        held: Qty,
    ) {
        let side = if held.0 > 0 { Side::Sell } else { Side::Buy };
        let market = &mut self.markets[usize::from(symbol.0)];
        let bound = market.spec.market_take_bound;
        let edge = market.pricing.view.mark.0;
        let away = Cash(edge).times(bound).0 * side.sign();
        let limit = market
            .instrument
            .price_floor(phoenix_domain::Decimal(edge + away));
        let name = ClientOrderId::generated("autoclose-", market.order_count + 1);
        let request = OrderRequest {
            kind: OrderKind::Liquidation,
            client_id: Some(name),
            position_side,
            stp: StpMode::None,
            ..OrderRequest::limit(symbol, side, limit, held.abs(), TimeInForce::Ioc)
        };
        let assumed = market.pricing.view.mark;
        let reserve = market.marked.worth(held.abs());
        let slot = self.open(
            account,
            &Terms {
                request,
                limit,
                assumed,
                reserve,
                name_hash: None,
            },
        );
        let order_id = self.orders.get(slot).view.order_id;
        let mut view = self.sell_off(slot, limit);
        let market = &self.markets[usize::from(symbol.0)];
        let fee = market
            .marked
            .worth(held.abs())
            .times(market.spec.liquidation_fee);
        let asset = market.asset;
        self.insurance[usize::from(asset.0)] += fee;
        self.credit(
            account,
            asset,
            -fee,
            IncomeKind::InsuranceClear,
            Some(symbol),
        );
        view.order_id = order_id;
        self.accounts[account.0 as usize].history.force(view);
        self.outbox.market.push(MarketEvent::Liquidated {
            order: Box::new(view),
            last_qty: view.executed,
        });
    }

    /// The exchange's closing order: the book first, the crowd at mark for
    /// the rest.
    fn sell_off(&mut self, slot: u32, limit: Price) -> crate::exchange::OrderView {
        self.announce(slot, Execution::New, None, ExpiryReason::None);
        let order = *self.orders.get(slot);
        self.sweep(slot, limit, true);
        let left = self.accounts[order.account.0 as usize].holdings
            [usize::from(order.view.symbol.0)]
        .held[order.view.position_side.index()]
        .position
        .qty
        .abs();
        if !left.is_zero() {
            let market = &self.markets[usize::from(order.view.symbol.0)];
            let price = market.instrument.price_floor(market.pricing.view.mark);
            self.cross_with_crowd(slot, price, left);
        }
        self.settle(order.view.symbol);
        self.orders.get(slot).view
    }
}

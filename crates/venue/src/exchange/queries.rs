//! What anybody can ask: markets and accounts as they are now. Asking changes
//! nothing.

use phoenix_domain::{Cash, Decimal, Instrument, Qty, Side, SymbolId};

use crate::account::{Account, Held, is_kept, maint_margin};
use crate::exchange::event::per_unit;
use crate::exchange::market::Market;
use crate::exchange::{
    AccountId, Amendment, AssetId, BalanceView, DepthView, Exchange, FundingRow, Income, MarkView,
    OrderRef, OrderView, PositionSide, PositionView, PublicTrade, Reject, Top, UserTrade, VenueNs,
};
use crate::spec::SymbolSpec;

impl Exchange {
    /// Its clock.
    #[must_use]
    pub fn now(&self) -> VenueNs {
        self.now
    }

    /// All listings; symbol ids are indexes.
    #[must_use]
    pub fn symbols(&self) -> &[SymbolSpec] {
        &self.listings
    }

    /// The id of an upper-case symbol.
    #[must_use]
    pub fn symbol_id(&self, name: &str) -> Option<SymbolId> {
        let named = |spec: &SymbolSpec| spec.instrument.symbol == name;
        self.listings
            .iter()
            .position(named)
            .map(|index| SymbolId(index as u16))
    }

    /// The grid of a symbol.
    ///
    /// # Panics
    /// On an id that is not of this exchange.
    #[must_use]
    pub fn instrument(&self, symbol: SymbolId) -> &Instrument {
        &self.one(symbol).instrument
    }

    /// Margin assets; asset ids are indexes.
    #[must_use]
    pub fn assets(&self) -> &[String] {
        &self.assets
    }

    /// The asset a symbol is margined in.
    #[must_use]
    pub fn margin_asset(&self, symbol: SymbolId) -> AssetId {
        self.one(symbol).asset
    }

    /// True when a symbol's market data come from a recording.
    #[must_use]
    pub fn is_recorded(&self, symbol: SymbolId) -> bool {
        self.one(symbol).display.is_some()
    }

    /// The `limit` best levels of each side.
    #[must_use]
    pub fn depth(&self, symbol: SymbolId, limit: usize) -> DepthView {
        self.one(symbol).depth(limit)
    }

    /// Best bid and ask.
    #[must_use]
    pub fn top(&self, symbol: SymbolId) -> Top {
        self.one(symbol).top
    }

    /// Mark price, index, funding.
    #[must_use]
    pub fn mark(&self, symbol: SymbolId) -> MarkView {
        self.one(symbol).pricing.view
    }

    /// The last trades, newest last.
    pub fn recent_trades(&self, symbol: SymbolId) -> impl DoubleEndedIterator<Item = &PublicTrade> {
        self.one(symbol).trades.iter()
    }

    /// Paid fundings, oldest first.
    pub fn funding_history(
        &self,
        symbol: SymbolId,
    ) -> impl DoubleEndedIterator<Item = &FundingRow> {
        self.one(symbol).fundings.iter()
    }

    /// Sum of all long positions of accounts and crowd.
    #[must_use]
    pub fn open_interest(&self, symbol: SymbolId) -> Qty {
        let held = |account: &Account| account.holdings[usize::from(symbol.0)].held;
        let accounts = self.accounts.iter().flat_map(held);
        let crowd = self.one(symbol).crowd.held;
        let long = |held: Held| held.position.qty.max(Qty::ZERO);
        accounts.chain([crowd]).map(long).sum()
    }

    /// One per asset, in the order of [`Exchange::assets`].
    #[must_use]
    pub fn balances(&self, account: AccountId) -> Vec<BalanceView> {
        let assets = 0..self.assets.len();
        assets
            .map(|asset| self.balance(account, AssetId(asset as u8)))
            .collect()
    }

    /// One wallet and what the positions and orders of its asset need.
    #[must_use]
    pub fn balance(&self, id: AccountId, asset: AssetId) -> BalanceView {
        let account = &self.accounts[id.0 as usize];
        let wallet = account.wallets[usize::from(asset.0)];
        let (margin_balance, maint_margin) = self.margin_state(id, asset);
        let (mut position_margin, mut total) = (Cash::ZERO, Cash::ZERO);
        for (holding, market) in account.holdings.iter().zip(&self.markets) {
            if market.asset == asset {
                let needs = market.marked.needs(holding);
                position_margin += needs.position_margin();
                total += needs.margin();
            }
        }
        BalanceView {
            asset,
            wallet: wallet.balance,
            unrealised: margin_balance - wallet.balance,
            position_margin,
            order_margin: (total - position_margin).max(Cash::ZERO),
            maint_margin,
            available: self.available(account, asset),
            updated: wallet.updated,
        }
    }

    /// One-way mode: `[Both]`; hedge mode: `[Long, Short]`. Flat ones too.
    #[must_use]
    pub fn positions(&self, account: AccountId, symbol: SymbolId) -> Vec<PositionView> {
        let sides: &[PositionSide] = if self.accounts[account.0 as usize].dual_side {
            &[PositionSide::Long, PositionSide::Short]
        } else {
            &[PositionSide::Both]
        };
        sides
            .iter()
            .map(|&side| self.position(account, symbol, side))
            .collect()
    }

    /// One position.
    #[must_use]
    pub fn position(
        &self,
        id: AccountId,
        symbol: SymbolId,
        position_side: PositionSide,
    ) -> PositionView {
        let market = self.one(symbol);
        let holding = &self.accounts[id.0 as usize].holdings[usize::from(symbol.0)];
        let held = &holding.held[position_side.index()];
        let qty = held.position.qty;
        let notional = market.marked.worth(qty);
        let leverage = i64::from(holding.leverage.max(1));
        let needs = market.marked.needs(holding);
        let [bids, asks] = holding.reserved();
        PositionView {
            symbol,
            position_side,
            qty,
            entry: per_unit(&market.instrument, held.position.cost, qty.abs()),
            break_even: per_unit(&market.instrument, held.outlay, qty),
            realised: held.realised,
            unrealised: market.marked.unrealised(&held.position),
            isolated: holding.isolated,
            mark: market.pricing.view.mark,
            liquidation: self.liquidation_price(id, market, held),
            notional,
            leverage: holding.leverage,
            position_margin: Cash(notional.0.abs() / leverage),
            order_margin: (needs.margin() - needs.position_margin()).max(Cash::ZERO),
            maint_margin: maint_margin(&market.spec, notional.abs()),
            bids_notional: bids,
            asks_notional: asks,
            updated: held.updated,
        }
    }

    /// The mark price at which margin balance meets maintenance margin, all
    /// else as it is (Binance's FAQ on margin); zero when there is none.
    fn liquidation_price(&self, id: AccountId, market: &Market, held: &Held) -> Decimal {
        let qty = held.position.qty;
        if qty.is_zero() {
            return Decimal::ZERO;
        }
        let notional = market.marked.worth(qty.abs());
        let maint = maint_margin(&market.spec, notional);
        let (balance, maint_all) = self.margin_state(id, market.asset);
        // What would be left if the price went to zero gains: balance without
        // this position's profit, less the others' maintenance margin.
        let free = balance - market.marked.unrealised(&held.position) - (maint_all - maint);
        let side = qty.0.signum() as f64;
        let size = qty.0.abs() as f64 * market.instrument.lot_f64();
        let one = Decimal::ONE.0;
        let brackets = &market.spec.brackets;
        let covering = |cap: i64| notional.0 <= cap.saturating_mul(one);
        let bracket = brackets.iter().find(|row| covering(row.notional_cap));
        let Some(bracket) = bracket.or(brackets.last()) else {
            return Decimal::ZERO;
        };
        let above = free.to_f64() + bracket.cum as f64 - side * held.position.cost.to_f64();
        let price = above / (size * (bracket.maint.to_f64() - side));
        if price.is_finite() && price > 0.0 {
            Decimal((price * 1e8) as i64)
        } else {
            Decimal::ZERO
        }
    }

    /// An order, open or closed within retention.
    ///
    /// # Errors
    /// -2013 when there is none.
    pub fn order(
        &self,
        account: AccountId,
        symbol: SymbolId,
        order: OrderRef,
    ) -> Result<OrderView, Reject> {
        if let Some(slot) = self.find_open(account, symbol, order) {
            return Ok(self.orders.get(slot).view);
        }
        let history = &self.accounts[account.0 as usize].history;
        history
            .find(symbol, order, self.now)
            .copied()
            .ok_or(Reject::NO_SUCH_ORDER)
    }

    /// Open orders, oldest first.
    #[must_use]
    pub fn open_orders(&self, account: AccountId, symbol: Option<SymbolId>) -> Vec<OrderView> {
        let account = &self.accounts[account.0 as usize];
        let mut orders = Vec::new();
        for (market, holding) in self.markets.iter().zip(&account.holdings) {
            if symbol.is_none_or(|symbol| symbol == market.id) {
                orders.extend(holding.open.iter().map(|&slot| self.orders.get(slot).view));
            }
        }
        orders.sort_unstable_by_key(|order| (order.created, order.order_id));
        orders
    }

    /// Open orders and those closed within retention, by number.
    #[must_use]
    pub fn all_orders(&self, account: AccountId, symbol: SymbolId) -> Vec<OrderView> {
        let closed = self.accounts[account.0 as usize].history.closed.iter();
        let kept = closed.filter(|order| order.symbol == symbol && is_kept(order, self.now));
        let mut orders: Vec<OrderView> = kept.copied().collect();
        orders.extend(self.open_orders(account, Some(symbol)));
        orders.sort_unstable_by_key(|order| order.order_id);
        orders
    }

    /// Fills of the account, oldest first, all symbols.
    pub fn user_trades(&self, account: AccountId) -> impl DoubleEndedIterator<Item = &UserTrade> {
        self.accounts[account.0 as usize].history.trades.iter()
    }

    /// Money lines of the account, oldest first.
    pub fn incomes(&self, account: AccountId) -> impl DoubleEndedIterator<Item = &Income> {
        self.accounts[account.0 as usize].history.incomes.iter()
    }

    /// Amendments of the account's orders, oldest first.
    pub fn amendments(&self, account: AccountId) -> impl DoubleEndedIterator<Item = &Amendment> {
        self.accounts[account.0 as usize].history.amendments.iter()
    }

    /// Liquidation orders of the account, oldest first.
    pub fn force_orders(&self, account: AccountId) -> impl DoubleEndedIterator<Item = &OrderView> {
        self.accounts[account.0 as usize].history.forced.iter()
    }

    /// All money of an asset that is anywhere, less what was deposited, with
    /// positions valued at the last trade: always zero.
    #[must_use]
    pub fn surplus(&self, asset: AssetId) -> Cash {
        let index = usize::from(asset.0);
        let mut sum = self.fee_pool[index] + self.insurance[index] - self.deposited[index];
        sum += self
            .accounts
            .iter()
            .map(|account| account.wallets[index].balance)
            .sum();
        for market in self.markets.iter().filter(|market| market.asset == asset) {
            let price = market.last_price.unwrap_or_default();
            let worth = |held: &Held| held.position.unrealised(&market.instrument, price);
            sum += market.crowd.cash + worth(&market.crowd.held);
            for account in &self.accounts {
                let held = &account.holdings[usize::from(market.id.0)].held;
                sum += held.iter().map(worth).sum();
            }
        }
        sum
    }

    /// Slots of open orders ever made, over all accounts: the measure of its
    /// memory.
    #[must_use]
    pub fn order_slots(&self) -> usize {
        let books: usize = self.markets.iter().map(|market| market.book.slots()).sum();
        self.orders.slots() + books
    }

    fn one(&self, symbol: SymbolId) -> &Market {
        &self.markets[usize::from(symbol.0)]
    }
}

impl Market {
    /// Average prices at which the impact notional could be sold and bought,
    /// in quote units: 200 of the quote asset over the smallest initial margin.
    pub(crate) fn impact_prices(&self) -> Option<(f64, f64)> {
        let leverage = self.spec.brackets.first().map_or(1, |row| row.leverage_max);
        let notional = 200.0 * f64::from(leverage);
        let tick = self.instrument.tick_f64();
        let lot = self.instrument.lot_f64();
        let average = |side: Side| -> Option<f64> {
            let (mut paid, mut bought) = (0.0, 0.0);
            let levels: &mut dyn Iterator<Item = phoenix_domain::Level> = match &self.display {
                Some(display) => &mut display.levels(side),
                None => &mut self.book.levels(side),
            };
            for level in levels {
                let price = level.price.0 as f64 * tick;
                let worth = (level.qty.0 as f64 * lot * price).min(notional - paid);
                paid += worth;
                bought += worth / price;
                if paid >= notional {
                    break;
                }
            }
            (bought > 0.0).then(|| paid / bought)
        };
        Some((average(Side::Buy)?, average(Side::Sell)?))
    }
}

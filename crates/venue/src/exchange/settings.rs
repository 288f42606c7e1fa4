//! Accounts and their settings: opening, transfers, leverage, modes.

use phoenix_domain::{Cash, SymbolId};

use crate::account::{Account, bracket_cap};
use crate::exchange::{
    AccountConfig, AccountId, AccountReason, AccountSpec, AssetId, Exchange, Income, IncomeKind,
    Reject, SymbolConfig, UserEvent, VenueNs,
};

impl Exchange {
    /// Opens an account with its deposits.
    pub fn open_account(&mut self, now: VenueNs, spec: &AccountSpec) -> AccountId {
        self.advance(now);
        let id = AccountId(self.accounts.len() as u32);
        let listings: Vec<_> = self
            .markets
            .iter()
            .map(|market| market.spec.clone())
            .collect();
        let mut account = Account::new(id, &listings, self.assets.len(), self.history_max);
        account.fees = spec.fees;
        account.trade_group = spec.trade_group;
        self.accounts.push(account);
        for (name, amount) in &spec.deposits {
            if let Some(asset) = self.assets.iter().position(|asset| asset == name) {
                self.transfer(now, id, AssetId(asset as u8), *amount);
            }
        }
        id
    }

    /// Moves money in (positive) or out.
    pub fn transfer(&mut self, now: VenueNs, account: AccountId, asset: AssetId, amount: Cash) {
        self.advance(now);
        let reason = if amount < Cash::ZERO {
            AccountReason::Withdraw
        } else {
            AccountReason::Deposit
        };
        self.deposited[usize::from(asset.0)] += amount;
        self.credit(account, asset, amount, IncomeKind::Transfer, None);
        self.tell_balance(account, asset, amount, reason, None);
    }

    /// Chooses the leverage of a symbol.
    ///
    /// # Errors
    /// -4028 beyond the brackets, -2027 when the position is too large for
    /// it, -2028 when margin would not suffice.
    pub fn set_leverage(
        &mut self,
        now: VenueNs,
        account: AccountId,
        symbol: SymbolId,
        leverage: u32,
    ) -> Result<SymbolConfig, Reject> {
        self.advance(now);
        let market = self.market(symbol)?;
        let highest = market
            .spec
            .brackets
            .first()
            .map_or(1, |bracket| bracket.leverage_max);
        if leverage == 0 || leverage > highest {
            return Err(Reject::LEVERAGE);
        }
        let book = &self.accounts[account.0 as usize];
        let mut changed = book.holdings[usize::from(symbol.0)].clone();
        let before = market.marked.needs(&changed);
        changed.leverage = leverage;
        if before.exposure() > bracket_cap(&market.spec, leverage) {
            return Err(Reject::BRACKET);
        }
        let more = market.marked.needs(&changed).margin() - before.margin();
        if more > Cash::ZERO && self.available(book, market.asset) < more {
            return Err(Reject::LEVERAGE_MARGIN);
        }
        self.accounts[account.0 as usize].holding(symbol).leverage = leverage;
        self.outbox.user.push(UserEvent::LeverageChanged {
            account,
            at: self.now,
            symbol,
            leverage,
        });
        Ok(self.symbol_config(account, symbol))
    }

    /// Chooses isolated or crossed margin. Kept as a setting: margin itself
    /// is always computed crossed.
    ///
    /// # Errors
    /// -4046 without a change, -4047 with open orders, -4048 with a position.
    pub fn set_isolated(
        &mut self,
        now: VenueNs,
        account: AccountId,
        symbol: SymbolId,
        isolated: bool,
    ) -> Result<(), Reject> {
        self.advance(now);
        self.market(symbol)?;
        let holding = self.accounts[account.0 as usize].holding(symbol);
        if holding.isolated == isolated {
            return Err(Reject::MARGIN_TYPE_SAME);
        }
        if !holding.open.is_empty() {
            return Err(Reject::MARGIN_TYPE_ORDERS);
        }
        if !holding.is_flat() {
            return Err(Reject::MARGIN_TYPE_POSITION);
        }
        holding.isolated = isolated;
        Ok(())
    }

    /// Chooses hedge or one-way mode for the whole account.
    ///
    /// # Errors
    /// -4059 without a change, -4067 with open orders, -4068 with a position.
    pub fn set_dual_side(
        &mut self,
        now: VenueNs,
        account: AccountId,
        dual: bool,
    ) -> Result<(), Reject> {
        self.advance(now);
        let account = &mut self.accounts[account.0 as usize];
        if account.dual_side == dual {
            return Err(Reject::POSITION_MODE_SAME);
        }
        if account
            .holdings
            .iter()
            .any(|holding| !holding.open.is_empty())
        {
            return Err(Reject::POSITION_MODE_ORDERS);
        }
        if !account.holdings.iter().all(|holding| holding.is_flat()) {
            return Err(Reject::POSITION_MODE_POSITION);
        }
        account.dual_side = dual;
        Ok(())
    }

    /// Chooses multi-assets mode. Kept as a setting: every asset margins only
    /// its own symbols.
    ///
    /// # Errors
    /// -4171 without a change.
    pub fn set_multi_assets(
        &mut self,
        now: VenueNs,
        account: AccountId,
        on: bool,
    ) -> Result<(), Reject> {
        self.advance(now);
        let book = &mut self.accounts[account.0 as usize];
        if book.multi_assets == on {
            return Err(Reject::MULTI_ASSETS_SAME);
        }
        book.multi_assets = on;
        let at = self.now;
        self.outbox
            .user
            .push(UserEvent::MultiAssetsChanged { account, at, on });
        Ok(())
    }

    /// Chooses whether fees are paid in BNB. Kept as a setting: nobody here
    /// holds any.
    ///
    /// # Errors
    /// -4171 without a change.
    pub fn set_fee_burn(
        &mut self,
        now: VenueNs,
        account: AccountId,
        on: bool,
    ) -> Result<(), Reject> {
        self.advance(now);
        let account = &mut self.accounts[account.0 as usize];
        if account.fee_burn == on {
            return Err(Reject::MULTI_ASSETS_SAME);
        }
        account.fee_burn = on;
        Ok(())
    }

    /// Opens or halts trading on a symbol: halted, new orders (-4141) and
    /// amendments (-5024) are refused, cancels go on.
    pub fn set_trading(&mut self, now: VenueNs, symbol: SymbolId, on: bool) {
        self.advance(now);
        if let Some(market) = self.markets.get_mut(usize::from(symbol.0)) {
            market.spec.instrument.trading = on;
        }
    }

    /// Modes of the whole account.
    #[must_use]
    pub fn account_config(&self, account: AccountId) -> AccountConfig {
        let account = &self.accounts[account.0 as usize];
        AccountConfig {
            dual_side: account.dual_side,
            multi_assets: account.multi_assets,
            fee_burn: account.fee_burn,
            trade_group: account.trade_group.map_or(-1, i64::from),
        }
    }

    /// Settings of the account on a symbol.
    #[must_use]
    pub fn symbol_config(&self, account: AccountId, symbol: SymbolId) -> SymbolConfig {
        let account = &self.accounts[account.0 as usize];
        let holding = &account.holdings[usize::from(symbol.0)];
        let spec = &self.markets[usize::from(symbol.0)].spec;
        SymbolConfig {
            symbol,
            leverage: holding.leverage,
            isolated: holding.isolated,
            notional_max: bracket_cap(spec, holding.leverage),
            maker_fee: account.rate(spec, true),
            taker_fee: account.rate(spec, false),
        }
    }

    /// The countdown a symbol's fuse was armed with, if it is.
    #[must_use]
    pub fn countdown_ms(&self, account: AccountId, symbol: SymbolId) -> Option<u64> {
        let account = &self.accounts[account.0 as usize];
        account.holdings[usize::from(symbol.0)]
            .fuse
            .map(|fuse| fuse.1)
    }

    /// Changes a wallet and books the line.
    pub(super) fn credit(
        &mut self,
        account: AccountId,
        asset: AssetId,
        amount: Cash,
        kind: IncomeKind,
        symbol: Option<SymbolId>,
    ) {
        let account = &mut self.accounts[account.0 as usize];
        let wallet = &mut account.wallets[usize::from(asset.0)];
        wallet.balance += amount;
        wallet.updated = self.now;
        account.history.earn(Income {
            symbol,
            kind,
            amount,
            asset,
            at: self.now,
            tran_id: 0,
            trade_id: None,
        });
    }

    pub(super) fn tell_balance(
        &mut self,
        account: AccountId,
        asset: AssetId,
        change: Cash,
        reason: AccountReason,
        symbol: Option<SymbolId>,
    ) {
        let wallet = self.accounts[account.0 as usize].wallets[usize::from(asset.0)].balance;
        self.outbox.user.push(UserEvent::AccountUpdate {
            account,
            at: self.now,
            reason,
            asset,
            wallet,
            change,
            position: None,
            symbol,
        });
    }
}

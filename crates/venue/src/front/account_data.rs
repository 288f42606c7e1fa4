//! What an account holds, earns and pays, and how it is set up.

use phoenix_domain::{Cash, SymbolId};

use crate::exchange::{AccountId, BalanceView, IncomeKind, PositionView};
use crate::front::Front;
use crate::front::fail::Fail;
use crate::front::json::Json;
use crate::front::listing::cash;
use crate::front::listing_json;
use crate::front::order_json as words;
use crate::front::params::Params;

/// Single-asset mode: the totals of an account speak of this asset only.
const TOTALS_ASSET: &str = "USDT";

/// Reply to a setting that took.
pub(crate) const SUCCESS: &str = r#"{"code":200,"msg":"success"}"#;

impl Front {
    /// GET v3/account and, with `full`, v2/account.
    pub(crate) fn account(&self, account: AccountId, full: bool) -> Result<String, Fail> {
        let balances = self.exchange.balances(account);
        let assets = self.exchange.assets();
        let total = assets
            .iter()
            .zip(&balances)
            .find(|(asset, _)| *asset == TOTALS_ASSET)
            .map(|(_, balance)| *balance);
        let mut json = Json::new();
        json.open();
        if full {
            let config = self.exchange.account_config(account);
            json.number("feeTier", 0)
                .flag("feeBurn", config.fee_burn)
                .flag("canTrade", true)
                .flag("canDeposit", true)
                .flag("canWithdraw", true)
                .number("updateTime", 0)
                .flag("multiAssetsMargin", config.multi_assets)
                .number("tradeGroupId", config.trade_group);
        }
        totals(&mut json, total.as_ref());
        json.key("assets").open_list();
        for (asset, balance) in assets.iter().zip(&balances) {
            asset_row(&mut json, asset, balance, full);
        }
        json.close_list();
        json.key("positions").open_list();
        for position in self.positions(account, None, full) {
            if full {
                self.position_row_v2(&mut json, account, &position)?;
            } else {
                self.position_row_v3(&mut json, &position)?;
            }
        }
        json.close_list().close();
        Ok(json.finish())
    }

    /// GET v2/balance and v3/balance.
    pub(crate) fn balance(&self, account: AccountId) -> String {
        let balances = self.exchange.balances(account);
        let mut json = Json::new();
        json.open_list();
        for (asset, balance) in self.exchange.assets().iter().zip(&balances) {
            json.open()
                .text("accountAlias", "SgsR")
                .text("asset", asset)
                .decimal("balance", cash(balance.wallet))
                .decimal("crossWalletBalance", cash(balance.wallet))
                .decimal("crossUnPnl", cash(balance.unrealised))
                .decimal("availableBalance", cash(balance.available))
                .decimal("maxWithdrawAmount", cash(withdrawable(balance)))
                .flag("marginAvailable", true)
                .number("updateTime", balance.updated.ms())
                .close();
        }
        json.close_list();
        json.finish()
    }

    /// GET v3/positionRisk: only symbols with a position or open orders.
    pub(crate) fn position_risk_v3(
        &self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let only = self.maybe_symbol(params)?;
        params.all_read()?;
        let mut json = Json::new();
        json.open_list();
        for position in self.positions(account, only, false) {
            let listing = self.listing(position.symbol)?;
            let initial = sum(position.position_margin, position.order_margin);
            json.open()
                .text("symbol", listing.symbol())
                .text("positionSide", words::position_side(position.position_side))
                .decimal("positionAmt", listing.qty(position.qty))
                .decimal("entryPrice", position.entry)
                .decimal("breakEvenPrice", position.break_even)
                .decimal("markPrice", format_args!("{:.8}", position.mark))
                .decimal("unRealizedProfit", cash(position.unrealised))
                .decimal("liquidationPrice", position.liquidation)
                .decimal("isolatedMargin", 0)
                .decimal("notional", cash(position.notional))
                .text("marginAsset", &listing.asset)
                .decimal("isolatedWallet", 0)
                .decimal("initialMargin", cash(initial))
                .decimal("maintMargin", cash(position.maint_margin))
                .decimal("positionInitialMargin", cash(position.position_margin))
                .decimal("openOrderInitialMargin", cash(position.order_margin))
                .number("adl", 0)
                .decimal("bidNotional", cash(position.bids_notional))
                .decimal("askNotional", cash(position.asks_notional))
                .number("updateTime", position.updated.ms())
                .close();
        }
        json.close_list();
        Ok(json.finish())
    }

    /// GET v2/positionRisk: every symbol.
    pub(crate) fn position_risk_v2(
        &self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let only = self.maybe_symbol(params)?;
        params.all_read()?;
        let mut json = Json::new();
        json.open_list();
        for position in self.positions(account, only, true) {
            let listing = self.listing(position.symbol)?;
            let config = self.exchange.symbol_config(account, position.symbol);
            let margin_type = if position.isolated {
                "isolated"
            } else {
                "cross"
            };
            json.open()
                .text("symbol", listing.symbol())
                .decimal("positionAmt", listing.qty(position.qty))
                .decimal("entryPrice", position.entry)
                .decimal("breakEvenPrice", position.break_even)
                .decimal("markPrice", format_args!("{:.8}", position.mark))
                .decimal("unRealizedProfit", cash(position.unrealised))
                .decimal("liquidationPrice", position.liquidation)
                .decimal("leverage", position.leverage)
                .decimal("maxNotionalValue", whole(config.notional_max))
                .text("marginType", margin_type)
                .decimal("isolatedMargin", cash(Cash::ZERO))
                .text("isAutoAddMargin", "false")
                .text("positionSide", words::position_side(position.position_side))
                .decimal("notional", cash(position.notional))
                .decimal("isolatedWallet", 0)
                .number("updateTime", position.updated.ms())
                .close();
        }
        json.close_list();
        Ok(json.finish())
    }

    fn position_row_v3(&self, json: &mut Json, position: &PositionView) -> Result<(), Fail> {
        let listing = self.listing(position.symbol)?;
        let initial = sum(position.position_margin, position.order_margin);
        json.open()
            .text("symbol", listing.symbol())
            .text("positionSide", words::position_side(position.position_side))
            .decimal("positionAmt", listing.qty(position.qty))
            .decimal("unrealizedProfit", cash(position.unrealised))
            .decimal("isolatedMargin", cash(Cash::ZERO))
            .decimal("notional", cash(position.notional))
            .decimal("isolatedWallet", 0)
            .decimal("initialMargin", cash(initial))
            .decimal("maintMargin", cash(position.maint_margin))
            .number("updateTime", position.updated.ms())
            .close();
        Ok(())
    }

    fn position_row_v2(
        &self,
        json: &mut Json,
        account: AccountId,
        position: &PositionView,
    ) -> Result<(), Fail> {
        let listing = self.listing(position.symbol)?;
        let config = self.exchange.symbol_config(account, position.symbol);
        let initial = sum(position.position_margin, position.order_margin);
        json.open()
            .text("symbol", listing.symbol())
            .decimal("initialMargin", cash(initial))
            .decimal("maintMargin", cash(position.maint_margin))
            .decimal("unrealizedProfit", cash(position.unrealised))
            .decimal("positionInitialMargin", cash(position.position_margin))
            .decimal("openOrderInitialMargin", cash(position.order_margin))
            .decimal("leverage", position.leverage)
            .flag("isolated", position.isolated)
            .decimal("entryPrice", position.entry)
            .decimal("breakEvenPrice", position.break_even)
            .decimal("maxNotional", whole(config.notional_max))
            .decimal("bidNotional", cash(position.bids_notional))
            .decimal("askNotional", cash(position.asks_notional))
            .text("positionSide", words::position_side(position.position_side))
            .decimal("positionAmt", listing.qty(position.qty))
            .decimal("notional", cash(position.notional))
            .decimal("isolatedWallet", 0)
            .number("updateTime", position.updated.ms())
            .close();
        Ok(())
    }

    /// Positions of the account; without `flat_too` only of symbols with a
    /// position or open orders.
    fn positions(
        &self,
        account: AccountId,
        only: Option<SymbolId>,
        flat_too: bool,
    ) -> Vec<PositionView> {
        let mut rows = Vec::new();
        for listing in &self.listings {
            let symbol = listing.id();
            if only.is_some_and(|only| only != symbol) {
                continue;
            }
            for position in self.exchange.positions(account, symbol) {
                let busy = !position.qty.is_zero()
                    || !position.bids_notional.is_zero()
                    || !position.asks_notional.is_zero();
                if flat_too || busy {
                    rows.push(position);
                }
            }
        }
        rows
    }

    /// GET accountConfig.
    pub(crate) fn account_config(&self, account: AccountId) -> String {
        let config = self.exchange.account_config(account);
        let mut json = Json::new();
        json.open()
            .number("feeTier", 0)
            .flag("canTrade", true)
            .flag("canDeposit", true)
            .flag("canWithdraw", true)
            .flag("dualSidePosition", config.dual_side)
            .number("updateTime", 0)
            .flag("multiAssetsMargin", config.multi_assets)
            .number("tradeGroupId", config.trade_group)
            .close();
        json.finish()
    }

    /// GET symbolConfig.
    pub(crate) fn symbol_config(
        &self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let only = self.maybe_symbol(params)?;
        params.all_read()?;
        let mut json = Json::new();
        json.open_list();
        for listing in &self.listings {
            if only.is_some_and(|only| only != listing.id()) {
                continue;
            }
            let config = self.exchange.symbol_config(account, listing.id());
            json.open()
                .text("symbol", listing.symbol())
                .text("marginType", margin_type(config.isolated))
                .flag("isAutoAddMargin", false)
                .number("leverage", config.leverage)
                .decimal("maxNotionalValue", whole(config.notional_max))
                .close();
        }
        json.close_list();
        Ok(json.finish())
    }

    /// GET leverageBracket: always a list, as every client accepts.
    pub(crate) fn leverage_bracket(&self, params: &Params) -> Result<String, Fail> {
        let only = self.maybe_symbol(params)?;
        params.all_read()?;
        let mut json = Json::new();
        json.open_list();
        for (spec, listing) in self.exchange.symbols().iter().zip(&self.listings) {
            if only.is_none_or(|only| only == listing.id()) {
                listing_json::leverage_brackets(&mut json, spec);
            }
        }
        json.close_list();
        Ok(json.finish())
    }

    /// GET commissionRate.
    pub(crate) fn commission_rate(
        &self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let symbol = self.symbol_of(params)?;
        params.all_read()?;
        let config = self.exchange.symbol_config(account, symbol);
        let mut json = Json::new();
        json.open()
            .text("symbol", self.listing(symbol)?.symbol())
            .decimal(
                "makerCommissionRate",
                listing_json::rate(config.maker_fee, 6),
            )
            .decimal(
                "takerCommissionRate",
                listing_json::rate(config.taker_fee, 6),
            )
            .decimal("rpiCommissionRate", "0.000000")
            .close();
        Ok(json.finish())
    }

    /// GET income: newest 100 by default, oldest first.
    pub(crate) fn income(&self, account: AccountId, params: &Params) -> Result<String, Fail> {
        let only = self.maybe_symbol(params)?;
        let kind = params.text("incomeType")?;
        let (from_ms, to_ms) = self.span(params)?;
        let limit = params.limit(100, 1_000)?;
        let page = usize::try_from(params.integer("page")?.unwrap_or(1)).unwrap_or(1);
        params.all_read()?;
        let mut json = Json::new();
        json.open_list();
        let rows = self.exchange.incomes(account).filter(|row| {
            (from_ms..=to_ms).contains(&row.at.ms())
                && only.is_none_or(|only| row.symbol == Some(only))
                && kind.is_none_or(|kind| income_word(row.kind) == kind)
        });
        let rows: Vec<_> = rows.collect();
        let skip = if params.has("startTime") || params.has("page") {
            page.saturating_sub(1).saturating_mul(limit)
        } else {
            rows.len().saturating_sub(limit)
        };
        for row in rows.into_iter().skip(skip).take(limit) {
            let symbol = match row.symbol {
                Some(symbol) => self.listing(symbol)?.symbol(),
                None => "",
            };
            let assets = self.exchange.assets();
            let asset = assets.get(usize::from(row.asset.0));
            let trade_id = row.trade_id.map(|id| id.to_string()).unwrap_or_default();
            json.open()
                .text("symbol", symbol)
                .text("incomeType", income_word(row.kind))
                .decimal("income", cash(row.amount))
                .text("asset", asset.map_or("", String::as_str))
                .text("info", income_word(row.kind))
                .number("time", row.at.ms())
                .number("tranId", row.tran_id)
                .text("tradeId", &trade_id)
                .close();
        }
        json.close_list();
        Ok(json.finish())
    }

    /// GET userTrades.
    pub(crate) fn user_trades(&self, account: AccountId, params: &Params) -> Result<String, Fail> {
        let symbol = self.symbol_of(params)?;
        let order_id = params.integer("orderId")?;
        let from_id = params.integer("fromId")?;
        let (from_ms, to_ms) = self.span(params)?;
        let limit = params.limit(500, 1_000)?;
        params.all_read()?;
        let same = |number: u64, wanted: Option<i64>, least: bool| match wanted {
            None => true,
            Some(wanted) if least => i64::try_from(number).is_ok_and(|number| number >= wanted),
            Some(wanted) => i64::try_from(number) == Ok(wanted),
        };
        let rows = self.exchange.user_trades(account).filter(|row| {
            row.symbol == symbol
                && same(row.order_id, order_id, false)
                && same(row.fill.trade_id, from_id, true)
                && (from_ms..=to_ms).contains(&row.at.ms())
        });
        let rows: Vec<_> = rows.collect();
        let skip = if from_id.is_some() || from_ms > 0 {
            0
        } else {
            rows.len().saturating_sub(limit)
        };
        let listing = self.listing(symbol)?;
        let mut json = Json::new();
        json.open_list();
        for row in rows.into_iter().skip(skip).take(limit) {
            words::user_trade(&mut json, listing, row);
        }
        json.close_list();
        Ok(json.finish())
    }

    /// GET orderAmendment: newest first.
    pub(crate) fn amendments(&self, account: AccountId, params: &Params) -> Result<String, Fail> {
        let symbol = self.symbol_of(params)?;
        let order_id = params.integer("orderId")?;
        let client_id = params.text("origClientOrderId")?;
        let (from_ms, to_ms) = self.span(params)?;
        let limit = params.limit(50, 100)?;
        params.all_read()?;
        let listing = self.listing(symbol)?;
        let mut json = Json::new();
        json.open_list();
        let rows = self.exchange.amendments(account).rev().filter(|row| {
            row.symbol == symbol
                && order_id.is_none_or(|id| i64::try_from(row.order_id) == Ok(id))
                && client_id.is_none_or(|id| row.client_id.as_str() == id)
                && (from_ms..=to_ms).contains(&row.at.ms())
        });
        for row in rows.take(limit) {
            words::amendment(&mut json, listing, row);
        }
        json.close_list();
        Ok(json.finish())
    }

    /// GET forceOrders.
    pub(crate) fn force_orders(&self, account: AccountId, params: &Params) -> Result<String, Fail> {
        let only = self.maybe_symbol(params)?;
        params.text("autoCloseType")?;
        let (from_ms, to_ms) = self.span(params)?;
        let limit = params.limit(50, 100)?;
        params.all_read()?;
        let mut json = Json::new();
        json.open_list();
        let rows = self.exchange.force_orders(account).filter(|order| {
            only.is_none_or(|only| order.symbol == only)
                && (from_ms..=to_ms).contains(&order.created.ms())
        });
        for order in rows.take(limit) {
            words::force_order(&mut json, self.listing(order.symbol)?, order);
        }
        json.close_list();
        Ok(json.finish())
    }
}

fn totals(json: &mut Json, balance: Option<&BalanceView>) {
    let of = |amount: fn(&BalanceView) -> Cash| cash(balance.map_or(Cash::ZERO, amount));
    json.decimal("totalInitialMargin", of(initial_margin))
        .decimal("totalMaintMargin", of(|balance| balance.maint_margin))
        .decimal("totalWalletBalance", of(|balance| balance.wallet))
        .decimal("totalUnrealizedProfit", of(|balance| balance.unrealised))
        .decimal("totalMarginBalance", of(margin_balance))
        .decimal(
            "totalPositionInitialMargin",
            of(|balance| balance.position_margin),
        )
        .decimal(
            "totalOpenOrderInitialMargin",
            of(|balance| balance.order_margin),
        )
        .decimal("totalCrossWalletBalance", of(|balance| balance.wallet))
        .decimal("totalCrossUnPnl", of(|balance| balance.unrealised))
        .decimal("availableBalance", of(|balance| balance.available))
        .decimal("maxWithdrawAmount", of(withdrawable));
}

fn asset_row(json: &mut Json, asset: &str, balance: &BalanceView, full: bool) {
    json.open()
        .text("asset", asset)
        .decimal("walletBalance", cash(balance.wallet))
        .decimal("unrealizedProfit", cash(balance.unrealised))
        .decimal("marginBalance", cash(margin_balance(balance)))
        .decimal("maintMargin", cash(balance.maint_margin))
        .decimal("initialMargin", cash(initial_margin(balance)))
        .decimal("positionInitialMargin", cash(balance.position_margin))
        .decimal("openOrderInitialMargin", cash(balance.order_margin))
        .decimal("crossWalletBalance", cash(balance.wallet))
        .decimal("crossUnPnl", cash(balance.unrealised))
        .decimal("availableBalance", cash(balance.available))
        .decimal("maxWithdrawAmount", cash(withdrawable(balance)));
    if full {
        json.flag("marginAvailable", true);
    }
    json.number("updateTime", balance.updated.ms()).close();
}

fn initial_margin(balance: &BalanceView) -> Cash {
    sum(balance.position_margin, balance.order_margin)
}

fn margin_balance(balance: &BalanceView) -> Cash {
    sum(balance.wallet, balance.unrealised)
}

/// Unrealised profit cannot be withdrawn.
fn withdrawable(balance: &BalanceView) -> Cash {
    balance.available.min(balance.wallet).max(Cash::ZERO)
}

fn sum(one: Cash, other: Cash) -> Cash {
    Cash(one.0.saturating_add(other.0))
}

/// Whole quote units: how notional caps are printed.
fn whole(amount: Cash) -> i64 {
    amount.0 / 100_000_000
}

fn margin_type(isolated: bool) -> &'static str {
    if isolated { "ISOLATED" } else { "CROSSED" }
}

fn income_word(kind: IncomeKind) -> &'static str {
    match kind {
        IncomeKind::Transfer => "TRANSFER",
        IncomeKind::RealisedPnl => "REALIZED_PNL",
        IncomeKind::Commission => "COMMISSION",
        IncomeKind::FundingFee => "FUNDING_FEE",
        IncomeKind::InsuranceClear => "INSURANCE_CLEAR",
    }
}

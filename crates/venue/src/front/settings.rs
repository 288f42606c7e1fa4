//! Leverage, margin and position modes, and the small signed routes.

use crate::exchange::AccountId;
use crate::front::Front;
use crate::front::account_data::SUCCESS;
use crate::front::fail::Fail;
use crate::front::json::Json;
use crate::front::listing_json::rate_limit;
use crate::front::order_entry::ALL_CANCELLED;
use crate::front::params::Params;

impl Front {
    pub(crate) fn set_leverage(
        &mut self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let symbol = self.symbol_of(params)?;
        let leverage = params.need_integer("leverage")?;
        params.all_read()?;
        let leverage = u32::try_from(leverage)
            .map_err(|_| Fail::new(-4028, format!("Leverage {leverage} is not valid")))?;
        let now = self.now();
        let config = self.exchange.set_leverage(now, account, symbol, leverage)?;
        let mut json = Json::new();
        json.open()
            .number("leverage", config.leverage)
            .decimal("maxNotionalValue", config.notional_max.0 / 100_000_000)
            .text("symbol", self.listing(symbol)?.symbol())
            .close();
        Ok(json.finish())
    }

    pub(crate) fn set_margin_type(
        &mut self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let symbol = self.symbol_of(params)?;
        let isolated = match params.need("marginType")? {
            "ISOLATED" => true,
            "CROSSED" => false,
            _ => return Err(Fail::invalid("marginType")),
        };
        params.all_read()?;
        let now = self.now();
        self.exchange.set_isolated(now, account, symbol, isolated)?;
        Ok(SUCCESS.to_owned())
    }

    pub(crate) fn set_dual_side(
        &mut self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let dual = need_flag(params, "dualSidePosition")?;
        let now = self.now();
        self.exchange.set_dual_side(now, account, dual)?;
        Ok(SUCCESS.to_owned())
    }

    pub(crate) fn set_multi_assets(
        &mut self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let on = need_flag(params, "multiAssetsMargin")?;
        let now = self.now();
        self.exchange.set_multi_assets(now, account, on)?;
        Ok(SUCCESS.to_owned())
    }

    pub(crate) fn set_fee_burn(
        &mut self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let on = need_flag(params, "feeBurn")?;
        let now = self.now();
        self.exchange.set_fee_burn(now, account, on)?;
        Ok(SUCCESS.to_owned())
    }

    /// One flag of the account as an object of its own.
    pub(crate) fn account_flag(&self, name: &str, on: bool) -> String {
        let mut json = Json::new();
        json.open().flag(name, on).close();
        json.finish()
    }

    /// The account's own ceilings on orders.
    pub(crate) fn order_rate_limit(&self) -> String {
        let limits = self.meter.limits();
        let mut json = Json::new();
        json.open_list();
        rate_limit(&mut json, "ORDERS", "SECOND", 10, limits.orders_per_10s).close();
        rate_limit(&mut json, "ORDERS", "MINUTE", 1, limits.orders_per_minute).close();
        json.close_list();
        json.finish()
    }

    pub(crate) fn adl_quantile(&self, params: &Params) -> Result<String, Fail> {
        let only = self.maybe_symbol(params)?;
        params.all_read()?;
        let mut json = Json::new();
        json.open_list();
        for listing in &self.listings {
            if only.is_some_and(|only| only != listing.id()) {
                continue;
            }
            json.open().text("symbol", listing.symbol());
            json.key("adlQuantile").open();
            json.number("LONG", 0)
                .number("SHORT", 0)
                .number("BOTH", 0)
                .close();
            json.close();
        }
        json.close_list();
        Ok(json.finish())
    }

    /// No symbol is ever restricted here.
    pub(crate) fn api_trading_status(&self, params: &Params) -> Result<String, Fail> {
        self.maybe_symbol(params)?;
        params.all_read()?;
        let mut json = Json::new();
        json.open();
        json.key("indicators").open().close();
        json.number("updateTime", self.now_ms()).close();
        Ok(json.finish())
    }

    /// What a well-kept trading key may do.
    pub(crate) fn key_permissions(&self) -> String {
        let mut json = Json::new();
        json.open().flag("ipRestrict", true).number("createTime", 0);
        for (name, on) in [
            ("enableReading", true),
            ("enableWithdrawals", false),
            ("enableInternalTransfer", false),
            ("enableMargin", false),
            ("enableFutures", true),
            ("permitsUniversalTransfer", false),
            ("enableVanillaOptions", false),
            ("enableFixApiTrade", false),
            ("enableFixReadOnly", false),
            ("enableSpotAndMarginTrading", false),
            ("enablePortfolioMarginTrading", false),
        ] {
            json.flag(name, on);
        }
        json.close();
        json.finish()
    }

    /// GET positionMargin/history: nobody moves isolated margin by hand here.
    pub(crate) fn margin_history(&self, params: &Params) -> Result<String, Fail> {
        self.symbol_of(params)?;
        Ok("[]".to_owned())
    }

    /// Conditional orders are not simulated: there never are any.
    pub(crate) fn no_algo_orders(&self, params: &Params) -> Result<String, Fail> {
        self.maybe_symbol(params)?;
        Ok("[]".to_owned())
    }

    pub(crate) fn cancel_all_algo_orders(&self, params: &Params) -> Result<String, Fail> {
        self.symbol_of(params)?;
        params.all_read()?;
        Ok(ALL_CANCELLED.to_owned())
    }
}

/// A mandatory `true` or `false` that is the only parameter.
fn need_flag(params: &Params, name: &str) -> Result<bool, Fail> {
    let flag = params.flag(name)?.ok_or_else(|| Fail::mandatory(name))?;
    params.all_read()?;
    Ok(flag)
}

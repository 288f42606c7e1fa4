//! One REST request from path to reply, checked in the exchange's order:
//! route → ban and weight → key → signature → timestamp → order count →
//! parameters → filters, margin and engine.

use crate::exchange::AccountId;
use crate::front::Front;
use crate::front::auth::Stamp;
use crate::front::fail::Fail;
use crate::front::http::{HttpRequest, HttpResponse};
use crate::front::json::Json;
use crate::front::params::Params;
use crate::front::route::{Cost, Endpoint, Route, Security};

/// Who asks, once that is proven.
#[derive(Clone, Copy, Debug)]
struct Caller {
    account: AccountId,
    stamp: Stamp,
}

impl Front {
    /// Carries out one request at the current instant.
    pub(crate) fn rest(&mut self, request: &HttpRequest) -> HttpResponse {
        let route = match Route::find(request.method, &request.path) {
            Ok(route) => route,
            Err(fail) => {
                let method = request.method.as_str();
                tracing::warn!(method, path = request.path, "unknown path");
                return HttpResponse::fail(&fail);
            }
        };
        let mut counted = None;
        let result = self.rest_checked(request, &route, &mut counted);
        let mut response = match result {
            Ok(body) => HttpResponse::ok(body),
            Err(fail) => HttpResponse::fail(&fail),
        };
        let now_ms = self.now_ms();
        if matches!(response.status, 418 | 429) {
            let wait_s = self.meter.retry_after_s(request.peer, now_ms);
            response.headers.push(("retry-after", wait_s.to_string()));
        }
        let pooled = matches!(
            route.endpoint,
            Endpoint::FundingRate | Endpoint::FundingInfo
        );
        if !pooled {
            let used = self.meter.weight_used(request.peer, now_ms);
            let header = ("x-mbx-used-weight-1m", used.to_string());
            response.headers.push(header);
        }
        if let Some(account) = counted {
            let (in_10s, in_minute) = self.meter.orders_used(account, now_ms);
            response.headers.extend([
                ("x-mbx-order-count-10s", in_10s.to_string()),
                ("x-mbx-order-count-1m", in_minute.to_string()),
            ]);
        }
        response
    }

    fn rest_checked(
        &mut self,
        request: &HttpRequest,
        route: &Route,
        counted: &mut Option<u32>,
    ) -> Result<String, Fail> {
        let now_ms = self.now_ms();
        let body = std::str::from_utf8(&request.raw_body)
            .map_err(|_| Fail::new(-1100, "Illegal characters found in a parameter."))?;
        let params = Params::from_form(&request.raw_query, body);
        match params.as_ref().map(|params| route.cost(params)) {
            Ok(Cost::FundingCall) => self.meter.charge_funding(request.peer, now_ms)?,
            Ok(Cost::Weight(weight)) => self.meter.charge(request.peer, weight, now_ms)?,
            Err(_) => self.meter.charge(request.peer, 1, now_ms)?,
        }
        let params = params?;
        match route.security {
            Security::Open => self.open_route(route.endpoint, &params),
            Security::Key => {
                let key = self.keyring.find(request.api_key.as_deref())?;
                let account = key.account;
                self.key_route(account, route.endpoint, &params)
            }
            Security::Signed => {
                let key = self.keyring.find(request.api_key.as_deref())?;
                key.check_rest(&request.raw_query, body)?;
                // Marked as read: it has done its duty.
                params.text("signature")?;
                let account = key.account;
                let stamp = Stamp::check(&params, self.gateway_ms())?;
                let (in_10s, in_minute) = route.orders;
                if in_10s > 0 {
                    *counted = Some(account.0);
                    self.meter
                        .charge_orders(account.0, in_10s, in_minute, now_ms)?;
                }
                self.signed_route(Caller { account, stamp }, route.endpoint, &params)
            }
        }
    }

    fn open_route(&mut self, endpoint: Endpoint, params: &Params) -> Result<String, Fail> {
        match endpoint {
            Endpoint::Ping => Ok("{}".to_owned()),
            Endpoint::Time => Ok(self.time()),
            Endpoint::ExchangeInfo => Ok(self.exchange_info()),
            Endpoint::Depth => self.depth(params),
            Endpoint::BookTicker => self.book_ticker(params),
            Endpoint::PriceTicker | Endpoint::PriceTickerV2 => self.price_ticker(params),
            Endpoint::DayTicker => self.day_ticker(params),
            Endpoint::PremiumIndex => self.premium_index(params),
            Endpoint::FundingRate => self.funding_rate(params),
            Endpoint::FundingInfo => Ok(crate::front::listing_json::funding_terms(&self.exchange)),
            Endpoint::Klines => self.klines(params),
            Endpoint::ContinuousKlines => self.continuous_klines(params),
            Endpoint::AggTrades => self.agg_trades(params),
            Endpoint::Trades => self.trades(params),
            Endpoint::OpenInterest => self.open_interest(params),
            Endpoint::InsuranceBalance => Ok(self.insurance_balance()),
            Endpoint::AdlRisk => self.adl_risk(params),
            _ => unreachable!("the route table lists no other open endpoint"),
        }
    }

    fn key_route(
        &mut self,
        account: AccountId,
        endpoint: Endpoint,
        params: &Params,
    ) -> Result<String, Fail> {
        match endpoint {
            Endpoint::Trades => self.trades(params),
            Endpoint::StartListenKey => Ok(self.start_listen_key(account)),
            Endpoint::ExtendListenKey => self.extend_listen_key(account),
            Endpoint::StopListenKey => {
                self.stop_listen_key(account);
                Ok("{}".to_owned())
            }
            _ => unreachable!("the route table lists no other endpoint with a key"),
        }
    }

    fn signed_route(
        &mut self,
        caller: Caller,
        endpoint: Endpoint,
        params: &Params,
    ) -> Result<String, Fail> {
        let Caller { account, stamp } = caller;
        match endpoint {
            Endpoint::PlaceOrder => self.place(account, params, stamp),
            Endpoint::TestOrder => self.place_test(account, params),
            Endpoint::AmendOrder => self.amend(account, params, stamp),
            Endpoint::CancelOrder => self.cancel(account, params),
            Endpoint::QueryOrder => self.query_order(account, params),
            Endpoint::PlaceBatch => self.place_batch(account, params, stamp),
            Endpoint::AmendBatch => self.amend_batch(account, params, stamp),
            Endpoint::CancelBatch => self.cancel_batch(account, params),
            Endpoint::CancelAll => self.cancel_all(account, params),
            Endpoint::Countdown => self.countdown(account, params),
            Endpoint::OpenOrder => self.open_order(account, params),
            Endpoint::OpenOrders => self.open_orders(account, params),
            Endpoint::AllOrders => self.all_orders(account, params),
            Endpoint::Amendments => self.amendments(account, params),
            Endpoint::UserTrades => self.user_trades(account, params),
            Endpoint::ForceOrders => self.force_orders(account, params),
            Endpoint::SetLeverage => self.set_leverage(account, params),
            Endpoint::SetMarginType => self.set_margin_type(account, params),
            Endpoint::SetDualSide => self.set_dual_side(account, params),
            Endpoint::SetMultiAssets => self.set_multi_assets(account, params),
            Endpoint::SetFeeBurn => self.set_fee_burn(account, params),
            _ => self.account_route(account, endpoint, params),
        }
    }

    fn account_route(
        &mut self,
        account: AccountId,
        endpoint: Endpoint,
        params: &Params,
    ) -> Result<String, Fail> {
        match endpoint {
            Endpoint::PositionRiskV2 => return self.position_risk_v2(account, params),
            Endpoint::PositionRiskV3 => return self.position_risk_v3(account, params),
            Endpoint::SymbolConfig => return self.symbol_config(account, params),
            Endpoint::LeverageBracket => return self.leverage_bracket(params),
            Endpoint::CommissionRate => return self.commission_rate(account, params),
            Endpoint::Income => return self.income(account, params),
            Endpoint::AdlQuantile => return self.adl_quantile(params),
            Endpoint::MarginHistory => return self.margin_history(params),
            Endpoint::ApiTradingStatus => return self.api_trading_status(params),
            Endpoint::OpenAlgoOrders | Endpoint::AllAlgoOrders => {
                return self.no_algo_orders(params);
            }
            Endpoint::CancelAllAlgoOrders => return self.cancel_all_algo_orders(params),
            Endpoint::AlgoOrder => {
                return Err(crate::exchange::Reject::NO_SUCH_ORDER.into());
            }
            Endpoint::CancelAlgoOrder => {
                return Err(crate::exchange::Reject::UNKNOWN_ORDER.into());
            }
            Endpoint::PlaceAlgoOrder => {
                return Err(Fail::new(-2010, "Conditional orders are not simulated."));
            }
            _ => params.all_read()?,
        }
        let config = self.exchange.account_config(account);
        match endpoint {
            Endpoint::AccountV2 => self.account(account, true),
            Endpoint::AccountV3 => self.account(account, false),
            Endpoint::BalanceV2 | Endpoint::BalanceV3 => Ok(self.balance(account)),
            Endpoint::AccountConfig => Ok(self.account_config(account)),
            Endpoint::OrderRateLimit => Ok(self.order_rate_limit()),
            Endpoint::DualSide => Ok(self.account_flag("dualSidePosition", config.dual_side)),
            Endpoint::MultiAssets => {
                Ok(self.account_flag("multiAssetsMargin", config.multi_assets))
            }
            Endpoint::FeeBurn => Ok(self.account_flag("feeBurn", config.fee_burn)),
            Endpoint::KeyPermissions => Ok(self.key_permissions()),
            _ => unreachable!("the route table lists no other signed endpoint"),
        }
    }

    /// POST listenKey and userDataStream.start.
    pub(crate) fn start_listen_key(&mut self, account: AccountId) -> String {
        let now_ms = self.now_ms();
        listen_key(&self.listen_keys.start(account, now_ms))
    }

    /// PUT listenKey and userDataStream.ping.
    pub(crate) fn extend_listen_key(&mut self, account: AccountId) -> Result<String, Fail> {
        let now_ms = self.now_ms();
        let key = self.listen_keys.extend(account, now_ms)?;
        Ok(listen_key(&key))
    }

    /// DELETE listenKey and userDataStream.stop; the stream falls silent.
    pub(crate) fn stop_listen_key(&mut self, account: AccountId) {
        self.listen_keys.stop(account);
    }
}

fn listen_key(key: &str) -> String {
    let mut json = Json::new();
    json.open().text("listenKey", key).close();
    json.finish()
}

//! Paths of the REST interface: what each is, costs and demands.

use crate::front::fail::Fail;
use crate::front::http::Method;
use crate::front::params::Params;

/// What a path does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Ping,
    Time,
    ExchangeInfo,
    Depth,
    BookTicker,
    PriceTicker,
    PriceTickerV2,
    DayTicker,
    PremiumIndex,
    FundingRate,
    FundingInfo,
    Klines,
    ContinuousKlines,
    AggTrades,
    Trades,
    OpenInterest,
    InsuranceBalance,
    AdlRisk,
    PlaceOrder,
    TestOrder,
    AmendOrder,
    CancelOrder,
    QueryOrder,
    PlaceBatch,
    AmendBatch,
    CancelBatch,
    CancelAll,
    Countdown,
    OpenOrder,
    OpenOrders,
    AllOrders,
    Amendments,
    UserTrades,
    ForceOrders,
    OrderRateLimit,
    OpenAlgoOrders,
    AllAlgoOrders,
    AlgoOrder,
    CancelAlgoOrder,
    CancelAllAlgoOrders,
    PlaceAlgoOrder,
    AccountV2,
    AccountV3,
    BalanceV2,
    BalanceV3,
    PositionRiskV2,
    PositionRiskV3,
    AccountConfig,
    SymbolConfig,
    LeverageBracket,
    CommissionRate,
    Income,
    DualSide,
    SetDualSide,
    MultiAssets,
    SetMultiAssets,
    FeeBurn,
    SetFeeBurn,
    SetLeverage,
    SetMarginType,
    AdlQuantile,
    MarginHistory,
    ApiTradingStatus,
    StartListenKey,
    ExtendListenKey,
    StopListenKey,
    KeyPermissions,
}

/// What a caller must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// Nothing.
    Open,
    /// A key.
    Key,
    /// A key, a timestamp and a signature.
    Signed,
}

/// One line of the route table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    /// What it does.
    pub(crate) endpoint: Endpoint,
    /// What it demands.
    pub(crate) security: Security,
    weight: Weight,
    /// What it counts on the 10 s and 1 min order limiters.
    pub(crate) orders: (u32, u32),
}

#[derive(Clone, Copy, Debug)]
enum Weight {
    Fixed(u32),
    /// With `symbol`, without.
    BySymbol(u32, u32),
    DepthLimit,
    KlineLimit,
    /// The funding-history pool.
    FundingPool,
}

/// What a request costs its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// Of the common pool.
    Weight(u32),
    /// One call of the funding-history pool.
    FundingCall,
}

impl Route {
    /// Finds the line for a path; an unknown one is 404.
    pub(crate) fn find(method: Method, path: &str) -> Result<Self, Fail> {
        open_routes(method, path)
            .or_else(|| order_routes(method, path))
            .or_else(|| account_routes(method, path))
            .or_else(|| setting_routes(method, path))
            .ok_or_else(|| {
                let method = method.as_str();
                Fail::new(-5000, format!("Path {path}, Method {method} is invalid"))
            })
    }

    /// What this request costs.
    pub(crate) fn cost(&self, params: &Params) -> Cost {
        let limit = |default: i64| params.integer("limit").ok().flatten().unwrap_or(default);
        Cost::Weight(match self.weight {
            Weight::FundingPool => return Cost::FundingCall,
            Weight::Fixed(weight) => weight,
            Weight::BySymbol(with, without) => {
                if params.has("symbol") {
                    with
                } else {
                    without
                }
            }
            Weight::DepthLimit => depth_weight(limit(500)),
            Weight::KlineLimit => match limit(500) {
                ..100 => 1,
                100..500 => 2,
                500..=1_000 => 5,
                _ => 10,
            },
        })
    }
}

/// Weight of a depth request by its limit.
pub(crate) fn depth_weight(limit: i64) -> u32 {
    match limit {
        ..=50 => 2,
        51..=100 => 5,
        101..=500 => 10,
        _ => 20,
    }
}

fn route(endpoint: Endpoint, security: Security, weight: Weight) -> Option<Route> {
    Some(Route {
        endpoint,
        security,
        weight,
        orders: (0, 0),
    })
}

fn open_routes(method: Method, path: &str) -> Option<Route> {
    use Endpoint as E;
    use Weight::{BySymbol, Fixed};
    if method != Method::Get {
        return None;
    }
    let (endpoint, weight) = match path {
        "/fapi/v1/ping" | "/api/v3/ping" => (E::Ping, Fixed(1)),
        "/fapi/v1/time" | "/api/v3/time" => (E::Time, Fixed(1)),
        "/fapi/v1/exchangeInfo" => (E::ExchangeInfo, Fixed(1)),
        "/fapi/v1/depth" => (E::Depth, Weight::DepthLimit),
        "/fapi/v1/rpiDepth" => (E::Depth, Fixed(20)),
        "/fapi/v1/ticker/bookTicker" => (E::BookTicker, BySymbol(2, 5)),
        "/fapi/v1/ticker/price" => (E::PriceTicker, BySymbol(1, 2)),
        "/fapi/v2/ticker/price" => (E::PriceTickerV2, BySymbol(1, 2)),
        "/fapi/v1/ticker/24hr" => (E::DayTicker, BySymbol(1, 40)),
        "/fapi/v1/premiumIndex" => (E::PremiumIndex, BySymbol(1, 10)),
        "/fapi/v1/fundingRate" => (E::FundingRate, Weight::FundingPool),
        "/fapi/v1/fundingInfo" => (E::FundingInfo, Weight::FundingPool),
        "/fapi/v1/klines" => (E::Klines, Weight::KlineLimit),
        "/fapi/v1/continuousKlines" => (E::ContinuousKlines, Weight::KlineLimit),
        "/fapi/v1/aggTrades" => (E::AggTrades, Fixed(20)),
        "/fapi/v1/trades" => (E::Trades, Fixed(5)),
        "/fapi/v1/openInterest" => (E::OpenInterest, Fixed(1)),
        "/fapi/v1/insuranceBalance" => (E::InsuranceBalance, Fixed(1)),
        "/fapi/v1/symbolAdlRisk" => (E::AdlRisk, Fixed(1)),
        "/fapi/v1/historicalTrades" => return route(E::Trades, Security::Key, Fixed(200)),
        _ => return None,
    };
    route(endpoint, Security::Open, weight)
}

fn order_routes(method: Method, path: &str) -> Option<Route> {
    use Endpoint as E;
    use Method::{Delete, Get, Post, Put};
    use Weight::{BySymbol, Fixed};
    let (endpoint, weight, orders) = match (method, path) {
        (Post, "/fapi/v1/order") => (E::PlaceOrder, Fixed(0), (1, 1)),
        (Post, "/fapi/v1/order/test") => (E::TestOrder, Fixed(0), (1, 1)),
        (Put, "/fapi/v1/order") => (E::AmendOrder, Fixed(0), (1, 1)),
        (Delete, "/fapi/v1/order") => (E::CancelOrder, Fixed(1), (0, 0)),
        (Get, "/fapi/v1/order") => (E::QueryOrder, Fixed(1), (0, 0)),
        (Post, "/fapi/v1/batchOrders") => (E::PlaceBatch, Fixed(5), (5, 1)),
        (Put, "/fapi/v1/batchOrders") => (E::AmendBatch, Fixed(5), (5, 1)),
        (Delete, "/fapi/v1/batchOrders") => (E::CancelBatch, Fixed(1), (0, 0)),
        (Delete, "/fapi/v1/allOpenOrders") => (E::CancelAll, Fixed(1), (0, 0)),
        (Post, "/fapi/v1/countdownCancelAll") => (E::Countdown, Fixed(10), (0, 0)),
        (Get, "/fapi/v1/openOrder") => (E::OpenOrder, Fixed(1), (0, 0)),
        (Get, "/fapi/v1/openOrders") => (E::OpenOrders, BySymbol(1, 40), (0, 0)),
        (Get, "/fapi/v1/allOrders") => (E::AllOrders, Fixed(5), (0, 0)),
        (Get, "/fapi/v1/orderAmendment") => (E::Amendments, Fixed(1), (0, 0)),
        (Get, "/fapi/v1/userTrades") => (E::UserTrades, Fixed(5), (0, 0)),
        (Get, "/fapi/v1/forceOrders") => (E::ForceOrders, BySymbol(20, 50), (0, 0)),
        (Get, "/fapi/v1/rateLimit/order") => (E::OrderRateLimit, Fixed(1), (0, 0)),
        (Get, "/fapi/v1/openAlgoOrders") => (E::OpenAlgoOrders, BySymbol(1, 40), (0, 0)),
        (Get, "/fapi/v1/allAlgoOrders") => (E::AllAlgoOrders, Fixed(5), (0, 0)),
        (Get, "/fapi/v1/algoOrder") => (E::AlgoOrder, Fixed(1), (0, 0)),
        (Post, "/fapi/v1/algoOrder") => (E::PlaceAlgoOrder, Fixed(0), (1, 1)),
        (Delete, "/fapi/v1/algoOrder") => (E::CancelAlgoOrder, Fixed(1), (0, 0)),
        (Delete, "/fapi/v1/algoOpenOrders") => (E::CancelAllAlgoOrders, Fixed(1), (0, 0)),
        _ => return None,
    };
    Some(Route {
        endpoint,
        security: Security::Signed,
        weight,
        orders,
    })
}

fn account_routes(method: Method, path: &str) -> Option<Route> {
    use Endpoint as E;
    use Weight::{BySymbol, Fixed};
    if method != Method::Get {
        return None;
    }
    let (endpoint, weight) = match path {
        "/fapi/v2/account" => (E::AccountV2, Fixed(5)),
        "/fapi/v3/account" => (E::AccountV3, Fixed(5)),
        "/fapi/v2/balance" => (E::BalanceV2, Fixed(5)),
        "/fapi/v3/balance" => (E::BalanceV3, Fixed(5)),
        "/fapi/v2/positionRisk" => (E::PositionRiskV2, Fixed(5)),
        "/fapi/v3/positionRisk" => (E::PositionRiskV3, Fixed(5)),
        "/fapi/v1/accountConfig" => (E::AccountConfig, Fixed(5)),
        "/fapi/v1/symbolConfig" => (E::SymbolConfig, Fixed(5)),
        "/fapi/v1/leverageBracket" => (E::LeverageBracket, Fixed(1)),
        "/fapi/v1/commissionRate" => (E::CommissionRate, Fixed(20)),
        "/fapi/v1/income" => (E::Income, Fixed(30)),
        "/fapi/v1/positionSide/dual" => (E::DualSide, Fixed(30)),
        "/fapi/v1/multiAssetsMargin" => (E::MultiAssets, Fixed(30)),
        "/fapi/v1/feeBurn" => (E::FeeBurn, Fixed(30)),
        "/fapi/v1/adlQuantile" => (E::AdlQuantile, Fixed(5)),
        "/fapi/v1/positionMargin/history" => (E::MarginHistory, Fixed(1)),
        "/fapi/v1/apiTradingStatus" => (E::ApiTradingStatus, BySymbol(1, 10)),
        "/sapi/v1/account/apiRestrictions" => (E::KeyPermissions, Fixed(1)),
        _ => return None,
    };
    route(endpoint, Security::Signed, weight)
}

fn setting_routes(method: Method, path: &str) -> Option<Route> {
    use Endpoint as E;
    use Method::{Delete, Post, Put};
    let (endpoint, security) = match (method, path) {
        (Post, "/fapi/v1/positionSide/dual") => (E::SetDualSide, Security::Signed),
        (Post, "/fapi/v1/multiAssetsMargin") => (E::SetMultiAssets, Security::Signed),
        (Post, "/fapi/v1/feeBurn") => (E::SetFeeBurn, Security::Signed),
        (Post, "/fapi/v1/leverage") => (E::SetLeverage, Security::Signed),
        (Post, "/fapi/v1/marginType") => (E::SetMarginType, Security::Signed),
        (Post, "/fapi/v1/listenKey") => (E::StartListenKey, Security::Key),
        (Put, "/fapi/v1/listenKey") => (E::ExtendListenKey, Security::Key),
        (Delete, "/fapi/v1/listenKey") => (E::StopListenKey, Security::Key),
        _ => return None,
    };
    route(endpoint, security, Weight::Fixed(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_follow_the_parameters() {
        let cost = |path: &str, query: &str| {
            let params = Params::from_form(query, "").expect("parameters");
            Route::find(Method::Get, path).expect(path).cost(&params)
        };
        assert_eq!(cost("/fapi/v1/depth", "symbol=A"), Cost::Weight(10));
        assert_eq!(cost("/fapi/v1/depth", "limit=1000"), Cost::Weight(20));
        assert_eq!(cost("/fapi/v1/klines", "limit=99"), Cost::Weight(1));
        assert_eq!(cost("/fapi/v1/openOrders", ""), Cost::Weight(40));
        assert_eq!(cost("/fapi/v1/openOrders", "symbol=A"), Cost::Weight(1));
        assert_eq!(cost("/fapi/v1/fundingRate", ""), Cost::FundingCall);
    }

    #[test]
    fn an_unknown_path_is_named() {
        let fail = Route::find(Method::Post, "/fapi/v1/depth").expect_err("no such route");
        assert_eq!(fail.status, 404);
        assert_eq!(fail.msg, "Path /fapi/v1/depth, Method POST is invalid");
    }
}

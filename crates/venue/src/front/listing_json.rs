//! exchangeInfo, leverage brackets and other facts about the listing.

use phoenix_domain::Decimal;

use crate::exchange::Exchange;
use crate::front::json::Json;
use crate::front::limits::RateLimits;
use crate::front::listing::{Listing, Padded};
use crate::spec::SymbolSpec;

/// No delivery: the far date every perpetual carries.
const NEVER_MS: i64 = 4_133_404_800_000;

/// `GET /fapi/v1/exchangeInfo`.
pub(crate) fn exchange_info(
    exchange: &Exchange,
    listings: &[Listing],
    limits: &RateLimits,
    now_ms: i64,
) -> String {
    let mut json = Json::new();
    json.open()
        .text("timezone", "UTC")
        .number("serverTime", now_ms)
        .text("futuresType", "U_MARGINED");
    json.key("rateLimits").open_list();
    rate_limit(
        &mut json,
        "REQUEST_WEIGHT",
        "MINUTE",
        1,
        limits.weight_per_minute,
    )
    .close();
    rate_limit(&mut json, "ORDERS", "MINUTE", 1, limits.orders_per_minute).close();
    rate_limit(&mut json, "ORDERS", "SECOND", 10, limits.orders_per_10s).close();
    json.close_list();
    json.key("exchangeFilters").open_list().close_list();
    json.key("assets").open_list();
    for asset in exchange.assets() {
        json.open()
            .text("asset", asset)
            .flag("marginAvailable", true)
            .decimal("autoAssetExchange", "-10000")
            .close();
    }
    json.close_list();
    json.key("symbols").open_list();
    for (spec, listing) in exchange.symbols().iter().zip(listings) {
        symbol(&mut json, spec, listing);
    }
    json.close_list().close();
    json.finish()
}

/// Opens a row of `rateLimits`; the caller may add a count and closes it.
pub(crate) fn rate_limit<'a>(
    json: &'a mut Json,
    kind: &str,
    interval: &str,
    count: u32,
    limit: u32,
) -> &'a mut Json {
    json.open()
        .text("rateLimitType", kind)
        .text("interval", interval)
        .number("intervalNum", count)
        .number("limit", limit)
}

fn symbol(json: &mut Json, spec: &SymbolSpec, listing: &Listing) {
    let instrument = &spec.instrument;
    json.open()
        .text("symbol", &instrument.symbol)
        .text("pair", &instrument.symbol)
        .text("contractType", "PERPETUAL")
        .number("deliveryDate", NEVER_MS)
        .number("onboardDate", spec.onboard_ms)
        .text(
            "status",
            if instrument.trading {
                "TRADING"
            } else {
                "SETTLING"
            },
        )
        .text("maintMarginPercent", "2.5000")
        .text("requiredMarginPercent", "5.0000")
        .text("baseAsset", &instrument.base_asset)
        .text("quoteAsset", &instrument.quote_asset)
        .text("marginAsset", &listing.asset)
        .number("pricePrecision", spec.price_precision)
        .number("quantityPrecision", spec.qty_precision)
        .number("baseAssetPrecision", 8)
        .number("quotePrecision", 8)
        .text("underlyingType", "COIN");
    json.key("underlyingSubType").open_list();
    if instrument.quote_asset == "USDC" {
        json.quote("USDC");
    }
    json.quote("Crypto").close_list();
    json.decimal("triggerProtect", rate(spec.trigger_protect, 4))
        .decimal("liquidationFee", rate(spec.liquidation_fee, 6))
        .decimal("marketTakeBound", rate(spec.market_take_bound, 2))
        .number("maxMoveOrderLimit", spec.amendments_max);
    filters(json, spec);
    json.key("orderTypes").open_list();
    for kind in [
        "LIMIT",
        "MARKET",
        "STOP",
        "STOP_MARKET",
        "TAKE_PROFIT",
        "TAKE_PROFIT_MARKET",
        "TRAILING_STOP_MARKET",
    ] {
        json.quote(kind);
    }
    json.close_list();
    json.key("timeInForce").open_list();
    for word in ["GTC", "IOC", "FOK", "GTX", "GTD"] {
        json.quote(word);
    }
    json.close_list().close();
}

fn filters(json: &mut Json, spec: &SymbolSpec) {
    let instrument = &spec.instrument;
    let places = spec.price_precision;
    json.key("filters").open_list();
    json.open()
        .text("filterType", "PRICE_FILTER")
        .decimal("minPrice", instrument.price_min)
        .decimal("maxPrice", instrument.price_max)
        .decimal("tickSize", Padded(instrument.tick, places))
        .close();
    for (filter, max) in [
        ("LOT_SIZE", instrument.qty_max),
        ("MARKET_LOT_SIZE", spec.market_qty_max),
    ] {
        json.open()
            .text("filterType", filter)
            .decimal("minQty", instrument.qty_min)
            .decimal("maxQty", max)
            .decimal("stepSize", instrument.lot)
            .close();
    }
    json.open()
        .text("filterType", "MAX_NUM_ORDERS")
        .number("limit", instrument.orders_max)
        .close();
    json.open()
        .text("filterType", "MIN_NOTIONAL")
        .decimal("notional", instrument.notional_min)
        .close();
    json.open()
        .text("filterType", "PERCENT_PRICE")
        .decimal("multiplierUp", Padded(instrument.percent_up, 4))
        .decimal("multiplierDown", Padded(instrument.percent_down, 4))
        .decimal("multiplierDecimal", 4)
        .close();
    json.open()
        .text("filterType", "POSITION_RISK_CONTROL")
        .text("positionControlSide", "NONE")
        .close();
    json.close_list();
}

/// One row of `leverageBracket`; figures are numbers here.
pub(crate) fn leverage_brackets(json: &mut Json, spec: &SymbolSpec) {
    json.open()
        .text("symbol", &spec.instrument.symbol)
        .number("notionalCoef", Padded(Decimal::ONE, 2));
    json.key("brackets").open_list();
    for (index, bracket) in spec.brackets.iter().enumerate() {
        json.open()
            .number("bracket", index + 1)
            .number("initialLeverage", bracket.leverage_max)
            .number("notionalCap", bracket.notional_cap)
            .number("notionalFloor", bracket.notional_floor)
            .number("maintMarginRatio", bracket.maint)
            .number("cum", format_args!("{}.0", bracket.cum))
            .close();
    }
    json.close_list().close();
}

/// `GET /fapi/v1/fundingInfo`.
pub(crate) fn funding_terms(exchange: &Exchange) -> String {
    let mut json = Json::new();
    json.open_list();
    for spec in exchange.symbols() {
        let cap = spec.funding_cap;
        json.open()
            .text("symbol", &spec.instrument.symbol)
            .decimal("adjustedFundingRateCap", rate(cap, 5))
            .decimal(
                "adjustedFundingRateFloor",
                format_args!("-{}", rate(cap, 5)),
            )
            .number(
                "fundingIntervalHours",
                (spec.funding_interval_ms / 3_600_000).max(1),
            )
            .flag("disclaimer", true)
            .null("updateTime")
            .close();
    }
    json.close_list();
    json.finish()
}

/// A rate with a fixed number of places.
pub(crate) fn rate(rate: phoenix_domain::Rate, places: u8) -> Padded {
    Padded(Decimal(rate.0), places)
}

//! What an account shows: modes, positions, balances, histories.

use phoenix_domain::{Side, TimeInForce};
use phoenix_venue::front::Method;
use serde_json::{Value, json};

use crate::rig::{KEY, Rig, json as read, names};

/// Long 1 ETH at 2500, as maker.
fn long_one() -> Rig {
    let mut rig = Rig::new();
    let query = "symbol=ETHUSDC&side=BUY&type=LIMIT&timeInForce=GTX&price=2500&quantity=1";
    rig.done(Method::Post, "/fapi/v1/order", query);
    rig.other_places(Side::Sell, 250_000, 1_000, TimeInForce::Ioc);
    rig
}

#[test]
fn a_position_shows_in_every_version() {
    let mut rig = long_one();
    let new = rig.done(Method::Get, "/fapi/v3/positionRisk", "");
    assert_eq!(new.as_array().map(Vec::len), Some(1));
    assert_eq!(
        names(&new[0]),
        [
            "symbol",
            "positionSide",
            "positionAmt",
            "entryPrice",
            "breakEvenPrice",
            "markPrice",
            "unRealizedProfit",
            "liquidationPrice",
            "isolatedMargin",
            "notional",
            "marginAsset",
            "isolatedWallet",
            "initialMargin",
            "maintMargin",
            "positionInitialMargin",
            "openOrderInitialMargin",
            "adl",
            "bidNotional",
            "askNotional",
            "updateTime",
        ]
    );
    assert_eq!(
        (&new[0]["positionAmt"], &new[0]["entryPrice"]),
        (&json!("1.000"), &json!("2500"))
    );
    let old = rig.done(Method::Get, "/fapi/v2/positionRisk", "symbol=ETHUSDC");
    assert_eq!(old[0]["isAutoAddMargin"], "false", "a text here");
    assert_eq!(old[0]["marginType"], "cross");
    let config = rig.done(Method::Get, "/fapi/v1/symbolConfig", "symbol=ETHUSDC");
    assert_eq!(config[0]["isAutoAddMargin"], false, "a bool here");
    assert_eq!(config[0]["marginType"], "CROSSED");
    let account = rig.done(Method::Get, "/fapi/v2/account", "");
    assert_eq!(account["positions"][0]["entryPrice"], "2500");
    let account = rig.done(Method::Get, "/fapi/v3/account", "");
    assert_eq!(
        account["totalWalletBalance"], "0.00000000",
        "totals speak of USDT"
    );
    assert_eq!(account["assets"][0]["walletBalance"], "1000000.00000000");
}

#[test]
fn flat_symbols_are_left_out_of_v3_only() {
    let mut rig = Rig::new();
    assert_eq!(
        rig.done(Method::Get, "/fapi/v3/positionRisk", ""),
        json!([])
    );
    assert_eq!(
        rig.done(Method::Get, "/fapi/v3/account", "")["positions"],
        json!([])
    );
    let all = rig.done(Method::Get, "/fapi/v2/positionRisk", "");
    assert_eq!(all[0]["positionAmt"], "0.000");
}

#[test]
fn trades_and_incomes_are_listed() {
    let mut rig = long_one();
    rig.other_places(Side::Buy, 251_000, 1_000, TimeInForce::Gtc);
    let query = "symbol=ETHUSDC&side=SELL&type=MARKET&quantity=1&reduceOnly=true";
    rig.done(Method::Post, "/fapi/v1/order", query);
    let trades = rig.done(Method::Get, "/fapi/v1/userTrades", "symbol=ETHUSDC");
    assert_eq!(trades.as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&trades[0]["maker"], &trades[0]["commission"]),
        (&json!(true), &json!("0.00000000"))
    );
    assert_eq!(trades[1]["commission"], "1.00400000");
    assert_eq!(trades[1]["realizedPnl"], "10.00000000");
    assert_eq!(trades[1]["quoteQty"], "2510.00000");
    let from = trades[1]["id"].to_string();
    let query = format!("symbol=ETHUSDC&fromId={from}");
    let later = rig.done(Method::Get, "/fapi/v1/userTrades", &query);
    assert_eq!(later.as_array().map(Vec::len), Some(1));
    let incomes = rig.done(Method::Get, "/fapi/v1/income", "incomeType=REALIZED_PNL");
    assert_eq!(incomes.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&incomes[0]["income"], &incomes[0]["asset"]),
        (&json!("10.00000000"), &json!("USDC"))
    );
    let balance = rig.done(Method::Get, "/fapi/v3/balance", "");
    assert_eq!(balance[0]["balance"], "1000008.99600000");
    assert_eq!(balance[0]["accountAlias"], "SgsR");
}

#[test]
fn settings_take_and_say_when_there_is_nothing_to_do() {
    let mut rig = Rig::new();
    let stream = rig.user_stream();
    let set = rig.done(
        Method::Post,
        "/fapi/v1/leverage",
        "symbol=ETHUSDC&leverage=10",
    );
    assert_eq!(
        (&set["leverage"], &set["symbol"]),
        (&json!(10), &json!("ETHUSDC"))
    );
    let told = rig.heard(stream);
    assert_eq!(told[0]["ac"], json!({"s": "ETHUSDC", "l": 10}));
    let same = "symbol=ETHUSDC&marginType=CROSSED";
    assert_eq!(
        rig.refused(Method::Post, "/fapi/v1/marginType", same),
        (400, -4046)
    );
    let same = "dualSidePosition=false";
    assert_eq!(
        rig.refused(Method::Post, "/fapi/v1/positionSide/dual", same),
        (400, -4059)
    );
    let config = rig.done(Method::Get, "/fapi/v1/accountConfig", "");
    assert_eq!(
        (&config["dualSidePosition"], &config["tradeGroupId"]),
        (&json!(false), &json!(-1))
    );
}

#[test]
fn every_route_answers() {
    let mut rig = long_one();
    for path in [
        "ping",
        "time",
        "exchangeInfo",
        "ticker/bookTicker",
        "ticker/price",
        "ticker/24hr",
        "premiumIndex",
        "fundingRate",
        "fundingInfo",
        "depth?symbol=ETHUSDC",
        "klines?symbol=ETHUSDC&interval=1m",
        "aggTrades?symbol=ETHUSDC",
        "trades?symbol=ETHUSDC",
        "openInterest?symbol=ETHUSDC",
        "insuranceBalance",
        "symbolAdlRisk",
    ] {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let reply = rig.http(Method::Get, &format!("/fapi/v1/{path}"), query);
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        read(&reply.body);
    }
    for path in [
        "v1/openOrders",
        "v1/allOrders?symbol=ETHUSDC",
        "v1/orderAmendment?symbol=ETHUSDC",
        "v1/forceOrders",
        "v1/rateLimit/order",
        "v1/openAlgoOrders",
        "v2/account",
        "v3/account",
        "v2/balance",
        "v3/balance",
        "v1/leverageBracket",
        "v1/commissionRate?symbol=ETHUSDC",
        "v1/income",
        "v1/positionSide/dual",
        "v1/multiAssetsMargin",
        "v1/feeBurn",
        "v1/adlQuantile",
        "v1/apiTradingStatus",
    ] {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        rig.done(Method::Get, &format!("/fapi/{path}"), query);
    }
    for path in ["/api/v3/ping", "/api/v3/time"] {
        assert_eq!(rig.http(Method::Get, path, "").status, 200, "{path}");
    }
    let unknown = rig.http(Method::Get, "/fapi/v1/nothing", "");
    assert_eq!(unknown.status, 404);
    assert_eq!(read(&unknown.body)["code"], -5000);
    let with_key = rig.send(
        Method::Get,
        "/fapi/v1/historicalTrades",
        "symbol=ETHUSDC",
        "",
        Some(KEY),
    );
    let rows: Value = read(&with_key.body);
    assert_eq!(rows[0]["isRPITrade"], false);
}

#[test]
fn filters_are_described_as_the_exchange_does() {
    let mut rig = Rig::new();
    let info = rig.http(Method::Get, "/fapi/v1/exchangeInfo", "");
    let info = read(&info.body);
    let symbol = &info["symbols"][0];
    assert_eq!(symbol["symbol"], "ETHUSDC");
    assert_eq!(
        symbol["filters"],
        json!([
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "100000",
             "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "8000", "stepSize": "0.001"},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.001", "maxQty": "700",
             "stepSize": "0.001"},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": "20"},
            {"filterType": "PERCENT_PRICE", "multiplierUp": "1.0500",
             "multiplierDown": "0.9500", "multiplierDecimal": "4"},
            {"filterType": "POSITION_RISK_CONTROL", "positionControlSide": "NONE"},
        ])
    );
    assert_eq!(info["rateLimits"].as_array().map(Vec::len), Some(3));
}

use super::*;
use crate::symbols::tests::{decimal, table};
use crate::wire::{ledger, metadata};
use phoenix_domain::{
    Decimal, Instrument, MonoNs, OrderStatus, Price, Qty, Rate, RunId, Side, TimeInForce,
};
use proptest::prelude::*;

/// A reply to a new order as the exchange sends it since 2026-07-15.
const PLACED: &str = concat!(
    r#"{"orderId":1174076788,"symbol":"BTCUSDC","status":"NEW","clientOrderId":"phx-1-2","#,
    r#""price":"64093.3","origQty":"0.007","executedQty":"0.000","cumQty":"0.000","#,
    r#""timeInForce":"GTX","type":"LIMIT","reduceOnly":false,"closePosition":false,"side":"BUY","#,
    r#""positionSide":"LONG","stopPrice":"0.0","workingType":"CONTRACT_PRICE","#,
    r#""priceProtect":false,"origType":"LIMIT","priceMatch":"QUEUE_20","#,
    r#""selfTradePreventionMode":"EXPIRE_MAKER","goodTillDate":0,"updateTime":1785914526980}"#
);

fn placed() -> OrderReport {
    OrderReport {
        client_id: Some(ClientId {
            run: RunId(1),
            seq: 2,
        }),
        venue_id: 1_174_076_788,
        side: Side::Buy,
        price: Price(640_933),
        qty: Qty(7),
        filled: Qty(0),
        status: OrderStatus::New,
        time_in_force: TimeInForce::PostOnly,
        reduce_only: false,
        venue_ms: VenueMs(1_785_914_526_980),
        origin: Origin::Reply,
    }
}

#[test]
fn an_order_reads_from_old_and_new_replies() {
    let older = PLACED.replace(
        r#""cumQty""#,
        r#""avgPrice":"0.00","cumQuote":"0.0000","cumQty""#,
    );
    for body in [PLACED, &older] {
        let read = order(body.as_bytes(), &table(), Origin::Reply);
        assert_eq!(read, Ok((SymbolId(3), placed())));
    }
    let foreign = PLACED
        .replace("phx-1-2", "web_abc")
        .replace("64093.3", "64093.37");
    let (_, report) = order(foreign.as_bytes(), &table(), Origin::Query).expect("an order");
    assert_eq!(
        (report.client_id, report.price),
        (None, Price(640_933)),
        "between two ticks"
    );
    let unknown = PLACED.replace("BTCUSDC", "DOGEUSDT");
    let refused = order(unknown.as_bytes(), &table(), Origin::Query);
    assert!(matches!(refused, Err(DecodeError::Symbol { .. })));
}

#[test]
fn a_list_leaves_out_strangers_and_refuses_the_unreadable() {
    let stranger = PLACED
        .replace("BTCUSDC", "DOGEUSDT")
        .replace("0.007", "0.00001");
    let mut orders_read = vec![(SymbolId(9), placed())];
    let body = format!("[{PLACED},{stranger}]");
    orders(body.as_bytes(), &table(), &mut orders_read).expect("a list");
    let listed = OrderReport {
        origin: Origin::List,
        ..placed()
    };
    assert_eq!(orders_read, [(SymbolId(3), listed)]);
    let odd = format!("[{}]", PLACED.replace("0.007", "0.0071"));
    let error = orders(odd.as_bytes(), &table(), &mut orders_read).expect_err("off the grid");
    assert!(
        error.to_string().contains("no whole number of lots"),
        "{error}"
    );
}

#[test]
fn batch_items_succeed_and_fail_each_for_itself() {
    let body =
        format!(r#"[{PLACED},{{"code":-2022,"msg":"ReduceOnly Order is rejected."}},{{"odd":1}}]"#);
    let items = batch(body.as_bytes(), &table()).expect("a list");
    let refused = VenueError {
        code: -2022,
        message: "ReduceOnly Order is rejected.".to_owned(),
    };
    assert_eq!(items[0], Ok(BatchItem::Done(placed())));
    assert_eq!(items[1], Ok(BatchItem::Refused(refused)));
    assert!(items[2].is_err());
    assert!(batch(b"{}", &table()).is_err());
}

#[test]
fn only_negative_codes_are_errors() {
    assert_eq!(error(br#"{"code":200,"msg":"success"}"#), None);
    assert_eq!(error(br#"{"code":"200","msg":"success"}"#), None);
    assert_eq!(
        error(br#"{"symbol":"BTCUSDT","countdownTime":"100000"}"#),
        None
    );
    assert_eq!(error(b"<html>"), None);
    let read = error(br#"{"code":"-1121","msg":"Invalid symbol."}"#).expect("an error");
    assert_eq!(
        (read.code, read.message.as_str()),
        (-1121, "Invalid symbol.")
    );
}

#[test]
fn trades_carry_fee_and_profit_but_no_client_id() {
    let body = concat!(
        r#"[{"buyer":false,"commission":"0.07819010","commissionAsset":"USDT","id":698759,"#,
        r#""maker":false,"orderId":25851813,"price":"7819.0","qty":"0.002","quoteQty":"15.638","#,
        r#""baseQty":"0","marginAsset":"USDT","realizedPnl":"-0.91539999","side":"SELL","#,
        r#""positionSide":"SHORT","symbol":"BTCUSDT","pair":"BTCUSDT","time":1569514978020}]"#
    );
    let mut read = Vec::new();
    trades(body.as_bytes(), &table(), &mut read).expect("trades");
    let fill = Fill {
        trade_id: 698_759,
        client_id: None,
        venue_id: 25_851_813,
        side: Side::Sell,
        price: Price(78_190),
        qty: Qty(2),
        maker: false,
        charged: Some((Cash(7_819_010), Cash(-91_539_999))),
        venue_ms: VenueMs(1_569_514_978_020),
    };
    assert_eq!(read, [(SymbolId(1), fill)]);
}

#[test]
fn websocket_replies_in_success_and_failure() {
    let limits = concat!(
        r#""rateLimits":[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"#,
        r#""limit":2400,"count":19},{"rateLimitType":"ORDERS","interval":"SECOND","#,
        r#""intervalNum":10,"limit":300,"count":1},{"rateLimitType":"ORDERS","#,
        r#""interval":"MINUTE","intervalNum":1,"limit":1200,"count":7}]"#
    );
    let usage = Usage {
        weight_1m: Some(19),
        orders_10s: Some(1),
        orders_1m: Some(7),
    };
    let done = format!(r#"{{"id":5,"status":200,"result":{PLACED},{limits}}}"#);
    let reply = websocket(done.as_bytes()).expect("a reply");
    assert_eq!((reply.id, reply.status, reply.usage), (Some(5), 200, usage));
    let result = reply.result.expect("a result");
    assert_eq!(
        order(result, &table(), Origin::Reply),
        Ok((SymbolId(3), placed()))
    );

    let failed = r#"{"id":6,"status":400,"error":{"code":-2011,"msg":"Unknown order sent."}}"#;
    let reply = websocket(failed.as_bytes()).expect("a reply");
    let gone = VenueError {
        code: -2011,
        message: "Unknown order sent.".to_owned(),
    };
    assert_eq!((reply.result, reply.error), (None, Some(gone)));
    assert_eq!(reply.usage, Usage::default());

    let revoked = r#"{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key"}}"#;
    assert_eq!(websocket(revoked.as_bytes()).expect("a reply").id, None);
    assert!(websocket(b"{}").is_err());
}

/// The real ETHUSDC of 2026, a contract that expires, and one beyond reading.
#[test]
fn exchange_info_is_read_leniently() {
    let ethusdc = concat!(
        r#"{"symbol":"ETHUSDC","pair":"ETHUSDC","contractType":"PERPETUAL","#,
        r#""deliveryDate":4133404800000,"onboardDate":1704285300000,"status":"TRADING","#,
        r#""baseAsset":"ETH","quoteAsset":"USDC","marginAsset":"USDC","pricePrecision":2,"#,
        r#""liquidationFee":"0.012500","marketTakeBound":"0.05","maxMoveOrderLimit":10000,"#,
        r#""filters":[{"filterType":"PRICE_FILTER","minPrice":"0.01","maxPrice":"100000","#,
        r#""tickSize":"0.01"},{"filterType":"LOT_SIZE","minQty":"0.001","maxQty":"8000","#,
        r#""stepSize":"0.001"},{"filterType":"MARKET_LOT_SIZE","minQty":"0.001","maxQty":"700","#,
        r#""stepSize":"0.001"},{"filterType":"MAX_NUM_ORDERS","limit":200},"#,
        r#"{"filterType":"MIN_NOTIONAL","notional":"20"},{"filterType":"PERCENT_PRICE","#,
        r#""multiplierUp":"1.0500","multiplierDown":"0.9500","multiplierDecimal":"4"},"#,
        r#"{"filterType":"POSITION_RISK_CONTROL","positionControlSide":"NONE"}],"#,
        r#""orderTypes":["LIMIT","MARKET"],"timeInForce":["GTC","IOC","FOK","GTX","GTD"]}"#
    );
    let quarterly = ethusdc.replace("PERPETUAL", "CURRENT_QUARTER");
    let gridless = ethusdc
        .replace("LOT_SIZE", "OTHER")
        .replace(r#""ETHUSDC""#, r#""NEWUSDC""#);
    let halted = ethusdc.replace("TRADING", "TRADING_HALT");
    let body = format!(
        r#"{{"timezone":"UTC","rateLimits":[{{"rateLimitType":"ORDERS","interval":"SECOND",
            "intervalNum":10,"limit":300}}],"assets":[],
            "symbols":[{ethusdc},{quarterly},{gridless},{halted},7]}}"#
    );
    let info = metadata::exchange_info(body.as_bytes()).expect("readable");
    assert_eq!(info.limits.orders_10s, Some(300));
    assert_eq!(info.limits.weight_1m, None);
    let [eth, halted] = &info.instruments[..] else {
        panic!("{info:?}");
    };
    assert!(eth.trading && !halted.trading);
    assert_eq!((eth.tick, eth.qty_max), (decimal("0.01"), decimal("8000")));
    assert_eq!(
        (eth.notional_min, eth.percent_up),
        (decimal("20"), decimal("1.05"))
    );
    assert_eq!(
        (eth.base_asset.as_str(), eth.quote_asset.as_str()),
        ("ETH", "USDC")
    );
    Instrument::new(SymbolId(0), eth.clone()).expect("tradable");
    let names: Vec<_> = info
        .unreadable
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["NEWUSDC", ""]);
}

#[test]
fn positions_balances_and_settings() {
    let (table, asked) = (table(), MonoNs(3));
    let body = concat!(
        r#"[{"symbol":"ETHUSDC","positionSide":"BOTH","positionAmt":"-0.030","#,
        r#""entryPrice":"2310.385","breakEvenPrice":"2310.385077","markPrice":"2310.41047590","#,
        r#""unRealizedProfit":"0.76427700","liquidationPrice":"0","isolatedMargin":"0","#,
        r#""notional":"12.31427700","marginAsset":"USDC","adl":2,"updateTime":1720736417660},"#,
        r#"{"symbol":"ADAUSDT","positionSide":"BOTH","positionAmt":"30","entryPrice":"0.385","#,
        r#""markPrice":"0.4","unRealizedProfit":"0","liquidationPrice":"0","updateTime":1}]"#
    );
    let read = ledger::positions(body.as_bytes(), &table, Origin::Query, asked).expect("positions");
    let [held] = read[..] else { panic!("{read:?}") };
    assert_eq!(
        (held.report.qty, held.report.entry),
        (Qty(-30), decimal("2310.385"))
    );
    assert_eq!(
        (held.report.asked_at, held.unrealised),
        (asked, Cash(76_427_700))
    );

    let body = concat!(
        r#"[{"accountAlias":"SgsR","asset":"USDC","balance":"122607.35137903","#,
        r#""availableBalance":"23.72469206","updateTime":1617939110373},"#,
        r#"{"asset":"BNB","balance":"1","updateTime":0}]"#
    );
    let read = ledger::balances(body.as_bytes(), &table).expect("balances");
    assert_eq!(read.len(), 1);
    assert_eq!(
        (read[0].asset, read[0].wallet),
        (0, Cash(12_260_735_137_903))
    );

    let body = concat!(
        r#"{"feeTier":0,"canTrade":true,"dualSidePosition":false,"multiAssetsMargin":false,"#,
        r#""updateTime":0,"tradeGroupId":-1}"#
    );
    let account = ledger::account_config(body.as_bytes()).expect("modes");
    assert!(account.can_trade && !account.hedge_mode && !account.multi_asset);

    let body =
        r#"[{"symbol":"BTCUSDT","marginType":"CROSSED","isAutoAddMargin":false,"leverage":21}]"#;
    let modes = ledger::symbol_config(body.as_bytes(), &table).expect("modes");
    assert_eq!((modes[0].leverage, modes[0].crossed), (21, true));

    let body =
        r#"{"symbol":"ETHUSDC","makerCommissionRate":"-0.00004","takerCommissionRate":"0.000400"}"#;
    let fees = ledger::commission_rate(body.as_bytes()).expect("rates");
    assert_eq!((fees.maker, fees.taker), (Rate(-4_000), Rate(40_000)));
}

#[test]
fn tiers_marks_clock_and_key() {
    let tier = concat!(
        r#"{"symbol":"ETHUSDT","notionalCoef":1.50,"brackets":[{"bracket":1,"#,
        r#""initialLeverage":75,"notionalCap":10000,"notionalFloor":0,"#,
        r#""maintMarginRatio":0.0065,"cum":0.0}]}"#
    );
    for body in [tier.to_owned(), format!("[{tier}]")] {
        let read = ledger::brackets(body.as_bytes(), "ETHUSDT").expect("tiers");
        assert_eq!(
            (read[0].notional_cap, read[0].maintenance),
            (decimal("10000"), Rate(650_000))
        );
        assert!(ledger::brackets(body.as_bytes(), "BTCUSDT").is_err());
    }
    let mark = concat!(
        r#"{"symbol":"ETHUSDC","markPrice":"2610.66465506","lastFundingRate":"-0.00000268","#,
        r#""nextFundingTime":1788249600000,"time":1788231600000}"#
    );
    let read = ledger::premiums(mark.as_bytes(), &table()).expect("a mark");
    assert_eq!(
        (read[0].mark, read[0].funding),
        (Decimal(261_066_465_506), Rate(-268))
    );
    let time = ledger::server_time(br#"{"serverTime":1790770782215}"#);
    assert_eq!(time, Ok(VenueMs(1_790_770_782_215)));
    let key = ledger::listen_key(br#"{"listenKey":"pqia91ma"}"#);
    assert_eq!(key.as_deref(), Ok("pqia91ma"));
    let error = ledger::listen_key(br#"{"listenKey":"secret/../x"}"#).expect_err("not a key");
    assert!(!error.to_string().contains("secret"));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        every_decoder(&bytes);
    }

    #[test]
    fn damaged_replies_never_panic(
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = format!("[{PLACED}]").into_bytes();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        every_decoder(&bytes);
        every_decoder(&bytes[1..bytes.len() - 1]);
    }
}

fn every_decoder(bytes: &[u8]) {
    let table = table();
    let _ = error(bytes);
    let _ = order(bytes, &table, Origin::Reply);
    let _ = orders(bytes, &table, &mut Vec::new());
    let _ = batch(bytes, &table);
    let _ = trades(bytes, &table, &mut Vec::new());
    let _ = websocket(bytes);
    let _ = metadata::exchange_info(bytes);
    let _ = metadata::order_limits(bytes);
    let _ = ledger::positions(bytes, &table, Origin::Query, MonoNs(0));
    let _ = ledger::balances(bytes, &table);
    let _ = ledger::account_config(bytes);
    let _ = ledger::symbol_config(bytes, &table);
    let _ = ledger::commission_rate(bytes);
    let _ = ledger::brackets(bytes, "ETHUSDC");
    let _ = ledger::premiums(bytes, &table);
    let _ = ledger::server_time(bytes);
    let _ = ledger::listen_key(bytes);
}

use super::*;
use crate::symbols::tests::{decimal, table};
use phoenix_domain::{OrderStatus, Price, Qty, RunId, Side, TimeInForce};
use proptest::prelude::*;

const AT: MonoNs = MonoNs(42);

fn events(frame: &str) -> Vec<Event<'static>> {
    let (table, mut decoder) = (table(), AccountDecoder::new());
    let wrapped = format!(r#"{{"stream":"listenkey","data":{frame}}}"#);
    let mut seen = Vec::new();
    for frame in [frame, &wrapped] {
        match decoder
            .decode(&table, AT, frame.as_bytes())
            .expect("readable")
        {
            AccountFrame::Events { events, .. } => seen.push(events.to_vec()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen[0], seen[1], "raw and wrapped frames say the same");
    seen.swap_remove(0)
}

/// An order update with the fields that differ between the recorded ones.
fn order_update(head: &str, body: &str, tail: &str) -> String {
    format!(r#"{{"e":"ORDER_TRADE_UPDATE",{head},"o":{{{body},"ap":"0","sp":"0",{tail},"#,)
        + r#""b":"0","a":"0","wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH","cp":false,"pP":false,"#
        + r#""si":0,"ss":0,"V":"EXPIRE_MAKER","pm":"NONE","gtd":0,"er":"0"}}"#
}

#[test]
fn a_resting_order_is_reported() {
    let frame = order_update(
        r#""T":1788231596123,"E":1788231596124"#,
        r#""s":"ETHUSDC","c":"phx-1-2","S":"SELL","o":"LIMIT","f":"GTX","q":"0.473","p":"2463.26""#,
        concat!(
            r#""x":"NEW","X":"NEW","i":81873278124,"l":"0","z":"0","L":"0","n":"0","N":"USDC","#,
            r#""T":1788231596123,"t":0,"m":false,"R":false,"rp":"0""#
        ),
    );
    let report = OrderReport {
        client_id: Some(ClientId {
            run: RunId(1),
            seq: 2,
        }),
        venue_id: 81_873_278_124,
        side: Side::Sell,
        price: Price(246_326),
        qty: Qty(473),
        filled: Qty(0),
        status: OrderStatus::New,
        time_in_force: TimeInForce::PostOnly,
        reduce_only: false,
        venue_ms: VenueMs(1_788_231_596_123),
        origin: Origin::Stream,
    };
    assert_eq!(
        events(&frame),
        [Event::OrderReported {
            symbol: SymbolId(0),
            report
        }]
    );
}

#[test]
fn a_taker_fill_carries_fee_and_profit() {
    let frame = order_update(
        r#""T":1731955175166,"E":1731955175166"#,
        concat!(
            r#""s":"BTCUSDT","c":"android_WrDCjqlzTWlU9FGcNp1Q","S":"SELL","o":"MARKET","#,
            r#""f":"GTC","q":"0.002","p":"0""#
        ),
        concat!(
            r#""x":"TRADE","X":"FILLED","i":482277363667,"l":"0.002","z":"0.002","L":"90853.20","#,
            r#""n":"0.09085320","N":"USDT","T":1731955175166,"t":5612520599,"m":false,"R":true,"#,
            r#""rp":"-1.77340000""#
        ),
    );
    let events = events(&frame);
    let [
        Event::Filled {
            symbol,
            fill,
            report: Some(report),
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(*symbol, SymbolId(1));
    assert_eq!(
        (fill.trade_id, fill.client_id, fill.maker),
        (5_612_520_599, None, false)
    );
    assert_eq!((fill.price, fill.qty), (Price(908_532), Qty(2)));
    assert_eq!(fill.charged, Some((Cash(9_085_320), Cash(-177_340_000))));
    assert_eq!(
        (report.status, report.price),
        (OrderStatus::Filled, Price(0))
    );
}

#[test]
fn a_fee_in_another_asset_is_not_cash() {
    let frame = order_update(
        r#""T":1,"E":1"#,
        r#""s":"BTCUSDT","c":"x","S":"BUY","o":"LIMIT","f":"GTC","q":"0.002","p":"90853.2""#,
        concat!(
            r#""x":"TRADE","X":"FILLED","i":1,"l":"0.002","z":"0.002","L":"90853.20","#,
            r#""n":"0.00014","N":"BNB","T":1,"t":9,"m":true,"R":false,"rp":"0""#
        ),
    );
    let [Event::Filled { fill, .. }] = events(&frame)[..] else {
        panic!("no fill");
    };
    assert_eq!(fill.charged, Some((Cash::ZERO, Cash::ZERO)));
}

#[test]
fn an_amendment_and_a_cancel_are_no_fills() {
    for (execution, status, expected) in [
        ("AMENDMENT", "NEW", OrderStatus::New),
        ("CANCELED", "CANCELED", OrderStatus::Cancelled),
        ("EXPIRED", "EXPIRED_IN_MATCH", OrderStatus::Expired),
        ("CALCULATED", "SOMETHING_NEW", OrderStatus::Other),
    ] {
        let tail = format!(
            r#""x":"{execution}","X":"{status}","i":58846581664,"l":"0","z":"0","L":"0","n":"0","#
        ) + r#""N":"USDC","T":1776789150137,"t":0,"m":false,"R":false,"rp":"0""#;
        let frame = order_update(
            r#""T":1776789150137,"E":1776789150138"#,
            r#""s":"ETHUSDC","c":"web_x","S":"BUY","o":"LIMIT","f":"GTC","q":"0.02","p":"2315.9""#,
            &tail,
        );
        let [Event::OrderReported { report, .. }] = events(&frame)[..] else {
            panic!("{execution} is no report");
        };
        assert_eq!((report.status, report.qty), (expected, Qty(20)));
    }
}

#[test]
fn the_short_notice_of_a_fill() {
    let frame = concat!(
        r#"{"e":"TRADE_LITE","E":1788231624647,"T":1788231624647,"s":"ETHUSDC","q":"0.473","#,
        r#""p":"2463.26","m":true,"c":"phx-1-2","S":"SELL","L":"2463.26","l":"0.473","#,
        r#""t":871685788,"i":81873278124}"#
    );
    let fill = Fill {
        trade_id: 871_685_788,
        client_id: Some(ClientId {
            run: RunId(1),
            seq: 2,
        }),
        venue_id: 81_873_278_124,
        side: Side::Sell,
        price: Price(246_326),
        qty: Qty(473),
        maker: true,
        charged: None,
        venue_ms: VenueMs(1_788_231_624_647),
    };
    assert_eq!(
        events(frame),
        [Event::Filled {
            symbol: SymbolId(0),
            fill,
            report: None
        }]
    );
}

#[test]
fn positions_wallets_and_funding() {
    let fill = concat!(
        r#"{"e":"ACCOUNT_UPDATE","T":1776789210247,"E":1776789210248,"a":{"B":[{"a":"USDC","#,
        r#""wb":"37.87866827","cw":"37.87866827","bc":"0"},{"a":"BNB","wb":"1","cw":"1","bc":"0"}],"#,
        r#""P":[{"s":"ETHUSDC","pa":"-0.02","ep":"2317.3000000001","cr":"-0.28351998","#,
        r#""up":"0.00586175","mt":"cross","iw":"0","ps":"BOTH","ma":"USDC","bep":"2317.3"},"#,
        r#"{"s":"ETHUSDC","pa":"1","ep":"1","cr":"0","up":"0","mt":"cross","iw":"0","ps":"LONG"}],"#,
        r#""m":"ORDER"}}"#
    );
    let venue_ms = VenueMs(1_776_789_210_247);
    assert_eq!(
        events(fill),
        [
            Event::BalanceReported(Balance {
                asset: 0,
                wallet: Cash(3_787_866_827),
                venue_ms
            }),
            Event::PositionReported(PositionReport {
                symbol: SymbolId(0),
                qty: Qty(-20),
                entry: decimal("2317.3"),
                venue_ms,
                origin: Origin::Stream,
                asked_at: AT,
            }),
        ]
    );
    let funding = concat!(
        r#"{"e":"ACCOUNT_UPDATE","T":1776787203246,"E":1776787203246,"a":{"B":[{"a":"USDC","#,
        r#""wb":"38.17806885","cw":"38.17806885","bc":"-0.00085067"}],"P":[],"m":"FUNDING_FEE"}}"#
    );
    let named = funding.replace(r#""m":"FUNDING_FEE""#, r#""m":"FUNDING_FEE","S":"ETHUSDC""#);
    let venue_ms = VenueMs(1_776_787_203_246);
    let wallet = Event::BalanceReported(Balance {
        asset: 0,
        wallet: Cash(3_817_806_885),
        venue_ms,
    });
    for (frame, symbol) in [(funding, None), (named.as_str(), Some(SymbolId(0)))] {
        let paid = Event::FundingPaid {
            symbol,
            amount: Cash(-85_067),
            venue_ms,
        };
        assert_eq!(events(frame), [paid, wallet]);
    }
}

#[test]
fn what_is_not_an_event_of_the_engine_is_named() {
    let (table, mut decoder) = (table(), AccountDecoder::new());
    let cases = [
        (
            r#"{"e":"listenKeyExpired","E":1,"listenKey":"k"}"#,
            AccountFrame::ListenKeyExpired,
        ),
        (
            r#"{"e":"MARGIN_CALL","E":1587727187525,"cw":"3.1","p":[]}"#,
            AccountFrame::MarginCall {
                sent_ms: VenueMs(1_587_727_187_525),
            },
        ),
        (
            r#"{"e":"ACCOUNT_CONFIG_UPDATE","E":1,"T":1,"ac":{"s":"BTCUSDT","l":25}}"#,
            AccountFrame::ConfigChanged {
                symbol: Some(SymbolId(1)),
                leverage: Some(25),
                multi_asset: None,
            },
        ),
        (
            r#"{"e":"ACCOUNT_CONFIG_UPDATE","E":1,"T":1,"ai":{"j":true}}"#,
            AccountFrame::ConfigChanged {
                symbol: None,
                leverage: None,
                multi_asset: Some(true),
            },
        ),
        (
            r#"{"e":"ALGO_UPDATE","T":1,"E":1,"o":{"caid":"Q","aid":2,"s":"BNBUSDT","X":"NEW"}}"#,
            AccountFrame::ConditionalOrder { symbol: None },
        ),
        (
            r#"{"e":"GRID_UPDATE","x":{}}"#,
            AccountFrame::Ignored(Ignored::Kind),
        ),
        (
            r#"{"result":null,"id":1}"#,
            AccountFrame::Ignored(Ignored::Kind),
        ),
    ];
    for (frame, expected) in cases {
        assert_eq!(
            decoder.decode(&table, AT, frame.as_bytes()),
            Ok(expected),
            "{frame}"
        );
    }
}

const LITE: &str = concat!(
    r#"{"e":"TRADE_LITE","E":1,"T":1,"s":"ETHUSDC","q":"1","p":"1","m":true,"c":"phx-1-1","#,
    r#""S":"SELL","L":"9.99","l":"9.5","t":1,"i":1}"#
);

#[test]
fn absurd_fills_are_errors() {
    let (table, mut decoder) = (table(), AccountDecoder::new());
    for (frame, reason) in [
        (
            LITE.replace("9.99", "999999999").replace("9.5", "9000000"),
            "worth more than any",
        ),
        (LITE.replace("9.99", "9999999999"), "beyond any limit"),
        (LITE.replace("SELL", "HOLD"), "not BUY or SELL"),
        (LITE.replace("9.5", "0.0001"), "no whole number of lots"),
        (LITE.replace(r#""t":1"#, r#""t":-1"#), "not an integer"),
        (LITE.replace(r#""m":true"#, r#""m":1"#), "not true or false"),
        (LITE.replace(r#","i":1"#, ""), "missing field"),
        (LITE.replace('}', ""), "unreadable json"),
    ] {
        let error = decoder
            .decode(&table, AT, frame.as_bytes())
            .expect_err(&frame)
            .to_string();
        assert!(error.contains(reason), "{error}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = AccountDecoder::new().decode(&table(), AT, &bytes);
    }

    #[test]
    fn damaged_frames_never_panic(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let mut frame = LITE.as_bytes().to_vec();
        let at = at.index(frame.len());
        frame[at] = byte;
        let _ = AccountDecoder::new().decode(&table(), AT, &frame);
    }
}

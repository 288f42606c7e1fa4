use super::*;
use crate::sign::Verifier;
use crate::symbols::tests::table;
use phoenix_domain::{RunId, Side, SymbolId, TimeInForce};
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::Value;

const STAMP: Stamp = Stamp {
    timestamp_ms: 1_591_702_613_943,
    recv_window_ms: 5_000,
};

const SECRET: &str = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9";

fn credentials() -> Credentials {
    Credentials::new("Key1", &SecretString::from(SECRET)).expect("a key")
}

fn id(seq: u32) -> ClientId {
    ClientId { run: RunId(1), seq }
}

fn order(seq: u32) -> NewOrder {
    NewOrder {
        symbol: SymbolId(0),
        client_id: id(seq),
        side: Side::Buy,
        price: Price(261_058),
        qty: Qty(21_100),
        time_in_force: TimeInForce::PostOnly,
        reduce_only: false,
    }
}

/// The query without its signature, which must be right.
fn rest(call: &Call<'_>) -> String {
    let mut encoder = Encoder::new();
    let query = encoder
        .rest(call, STAMP, Some(&credentials()))
        .expect("encodes");
    let Some((payload, signature)) = query.split_once("&signature=") else {
        return query.to_owned();
    };
    let verifier = Verifier::hmac(SECRET);
    assert!(
        verifier.accepts(&[payload.as_bytes()], signature.as_bytes()),
        "{query}"
    );
    payload.to_owned()
}

/// The parameters of a frame; their signature, if any, must be right.
fn websocket(call: &Call<'_>, auth: WsAuth<'_>) -> (String, Value) {
    let mut encoder = Encoder::new();
    let text = encoder.websocket(7, call, STAMP, auth).expect("encodes");
    let mut frame: Value = serde_json::from_str(text).expect("json");
    assert_eq!(frame["id"], 7);
    let params = frame["params"].as_object_mut().expect("an object");
    if let Some(signature) = params.remove("signature") {
        check_sorted_signature(params, signature.as_str().expect("text"));
    }
    let method = frame["method"].as_str().expect("text").to_owned();
    (method, frame["params"].take())
}

/// As the exchange does it: all parameters but the signature, sorted by name.
fn check_sorted_signature(params: &serde_json::Map<String, Value>, signature: &str) {
    let mut pairs: Vec<String> = params
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name}={text}"),
            other => format!("{name}={other}"),
        })
        .collect();
    pairs.sort();
    let payload = pairs.join("&");
    let verifier = Verifier::hmac(SECRET);
    assert!(
        verifier.accepts(&[payload.as_bytes()], signature.as_bytes()),
        "{payload}"
    );
}

#[test]
fn a_new_order_over_rest() {
    let table = table();
    let instrument = table.instrument(SymbolId(0));
    let quote = order(1);
    assert_eq!(
        rest(&Call::Place {
            instrument,
            order: &quote,
        }),
        "newClientOrderId=phx-1-1&newOrderRespType=ACK&price=2610.58&quantity=21.100\
         &recvWindow=5000&selfTradePreventionMode=EXPIRE_MAKER&side=BUY&symbol=ETHUSDC\
         &timeInForce=GTX&timestamp=1591702613943&type=LIMIT"
    );
    let exit = NewOrder {
        time_in_force: TimeInForce::Ioc,
        reduce_only: true,
        ..order(2)
    };
    let query = rest(&Call::Place {
        instrument,
        order: &exit,
    });
    assert!(
        query.contains("&reduceOnly=true&") && query.contains("timeInForce=IOC"),
        "{query}"
    );
}

#[test]
fn a_new_order_over_the_websocket_api() {
    let table = table();
    let order = order(1);
    let call = Call::Place {
        instrument: table.instrument(SymbolId(0)),
        order: &order,
    };
    let (method, signed) = websocket(&call, WsAuth::Signed(&credentials()));
    let (_, logged_on) = websocket(&call, WsAuth::LoggedOn);
    assert_eq!(method, "order.place");
    assert_eq!(signed["apiKey"], "Key1");
    assert_eq!(logged_on["apiKey"], Value::Null);
    for params in [signed, logged_on] {
        assert_eq!(params["price"], "2610.58");
        assert_eq!(params["timestamp"], STAMP.timestamp_ms);
        assert_eq!(params["recvWindow"], 5_000);
        assert_eq!(params["selfTradePreventionMode"], "EXPIRE_MAKER");
    }
}

#[test]
fn amend_cancel_and_query() {
    let table = table();
    let amendment = Amendment {
        instrument: table.instrument(SymbolId(1)),
        client_id: id(3),
        side: Side::Sell,
        price: Price(680_051),
        qty: Qty(7),
    };
    let query = "origClientOrderId=phx-1-3&price=68005.1&quantity=0.007&recvWindow=5000\
                 &side=SELL&symbol=BTCUSDT&timestamp=1591702613943";
    assert_eq!(rest(&Call::Amend(amendment)), query);
    assert_eq!(
        websocket(&Call::Amend(amendment), WsAuth::LoggedOn).0,
        "order.modify"
    );
    let symbol = "ETHUSDC";
    let cancel = Call::Cancel {
        symbol,
        order: OrderName::Ours(id(9)),
    };
    assert_eq!(
        rest(&cancel),
        "origClientOrderId=phx-1-9&recvWindow=5000&symbol=ETHUSDC&timestamp=1591702613943"
    );
    let by_number = Call::QueryOrder {
        symbol,
        order: OrderName::Venue(81_873_278_124),
    };
    let (method, params) = websocket(&by_number, WsAuth::Signed(&credentials()));
    assert_eq!(method, "order.status");
    assert_eq!(params["orderId"], 81_873_278_124_u64);
}

/// The encoded form is signed, and decodes to the JSON the exchange wants.
#[test]
fn batches_are_percent_encoded_json() {
    let table = table();
    let orders = [
        order(1),
        NewOrder {
            reduce_only: true,
            ..order(2)
        },
    ];
    let query = rest(&Call::PlaceBatch {
        table: &table,
        orders: &orders,
    });
    let text = query.strip_prefix("batchOrders=").expect("first by name");
    let (list, rest_of_query) = text.split_once('&').expect("more parameters");
    assert_eq!(rest_of_query, "recvWindow=5000&timestamp=1591702613943");
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~%".contains(&b);
    assert!(list.bytes().all(plain), "{list}");
    let list: Value = serde_json::from_str(&percent_decode(list)).expect("json");
    assert_eq!(list[0]["newClientOrderId"], "phx-1-1");
    assert_eq!(list[0]["reduceOnly"], Value::Null);
    assert_eq!(list[0]["quantity"], "21.100");
    assert_eq!(list[1]["reduceOnly"], "true");
    assert_eq!(list[1]["timeInForce"], "GTX");

    let amendment = Amendment {
        instrument: table.instrument(SymbolId(0)),
        client_id: id(5),
        side: Side::Buy,
        price: Price(1),
        qty: Qty(1),
    };
    let query = rest(&Call::AmendBatch {
        amendments: &[amendment],
    });
    assert!(percent_decode(&query).starts_with(
        r#"batchOrders=[{"symbol":"ETHUSDC","side":"BUY","quantity":"0.001","price":"0.01""#
    ));
    let cancels = Call::CancelBatch {
        symbol: "ETHUSDC",
        client_ids: &[id(1), id(2)],
    };
    assert!(
        percent_decode(&rest(&cancels))
            .starts_with(r#"origClientOrderIdList=["phx-1-1","phx-1-2"]&recvWindow"#)
    );
}

fn percent_decode(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        let mut hex = || {
            char::from(bytes.next().expect("a digit"))
                .to_digit(16)
                .expect("hex")
        };
        out.push(match byte {
            b'%' => u8::try_from(hex() * 16 + hex()).expect("a byte"),
            other => other,
        });
    }
    String::from_utf8(out).expect("utf-8")
}

/// Every call that takes parameters, with what must come out.
#[test]
fn the_plain_calls() {
    let symbol = "ETHUSDC";
    let signed = "recvWindow=5000&symbol=ETHUSDC&timestamp=1591702613943";
    let bare = "recvWindow=5000&timestamp=1591702613943";
    let with = |first: &str| format!("{first}&{signed}");
    for (call, expected) in [
        (Call::Time, String::new()),
        (Call::ListenKeyCreate, String::new()),
        (
            Call::Depth {
                symbol,
                limit: 1000,
            },
            "limit=1000&symbol=ETHUSDC".to_owned(),
        ),
        (Call::PremiumIndex { symbol: None }, String::new()),
        (Call::CancelAll { symbol }, signed.to_owned()),
        (
            Call::OpenOrders {
                symbol: Some(symbol),
            },
            signed.to_owned(),
        ),
        (Call::OpenOrders { symbol: None }, bare.to_owned()),
        (Call::Balance, bare.to_owned()),
        (
            Call::CountdownCancelAll {
                symbol,
                countdown_ms: 0,
            },
            with("countdownTime=0"),
        ),
        (
            Call::SetLeverage {
                symbol,
                leverage: 5,
            },
            with("leverage=5"),
        ),
        (
            Call::SetMarginType {
                symbol,
                crossed: true,
            },
            with("marginType=CROSSED"),
        ),
        (
            Call::SetPositionMode { hedge: false },
            format!("dualSidePosition=false&{bare}"),
        ),
        (
            Call::UserTrades {
                symbol,
                from: TradesFrom::Id(9),
                limit: 500,
            },
            with("fromId=9&limit=500"),
        ),
        (
            Call::UserTrades {
                symbol,
                from: TradesFrom::TimeMs(8),
                limit: 500,
            },
            "limit=500&recvWindow=5000&startTime=8&symbol=ETHUSDC&timestamp=1591702613943"
                .to_owned(),
        ),
        (
            Call::CommissionRate { symbol: "币USDT" },
            signed.replace("ETHUSDC", "%E5%B8%81USDT"),
        ),
    ] {
        assert_eq!(rest(&call), expected, "{call:?}");
    }
}

#[test]
fn what_cannot_be_sent_is_said() {
    let table = table();
    let mut encoder = Encoder::new();
    let path = "/fapi/v3/balance";
    assert_eq!(
        encoder.rest(&Call::Balance, STAMP, None),
        Err(EncodeError::NoKey { path })
    );
    let all = Call::CancelAll { symbol: "ETHUSDC" };
    let path = "/fapi/v1/allOpenOrders";
    assert_eq!(
        encoder.websocket(1, &all, STAMP, WsAuth::LoggedOn),
        Err(EncodeError::NotOnWebSocket { path })
    );
    for count in [0, BATCH_MAX + 1] {
        let orders = vec![order(1); count];
        let call = Call::PlaceBatch {
            table: &table,
            orders: &orders,
        };
        let refused = encoder.rest(&call, STAMP, Some(&credentials()));
        assert_eq!(
            refused,
            Err(EncodeError::BatchSize {
                count,
                max: BATCH_MAX
            })
        );
    }
    let odd = NewOrder {
        time_in_force: TimeInForce::Other,
        ..order(1)
    };
    let call = Call::Place {
        instrument: table.instrument(SymbolId(0)),
        order: &odd,
    };
    let refused = encoder.websocket(1, &call, STAMP, WsAuth::LoggedOn);
    assert_eq!(refused, Err(EncodeError::TimeInForce));
    assert_eq!(
        encoder.logon(1, STAMP, &credentials()),
        None,
        "hmac keys cannot log on"
    );
}

proptest! {
    /// Any order comes out of the encoder as it went in, both ways, from
    /// buffers that have been used before.
    #[test]
    fn orders_survive_the_wire(
        price in 1_i64..100_000_000,
        qty in 1_i64..100_000_000,
        seq in any::<u32>(),
        symbol in 0_u16..4,
    ) {
        let table = table();
        let instrument = table.instrument(SymbolId(symbol));
        let order = NewOrder {
            symbol: SymbolId(symbol),
            price: Price(price),
            qty: Qty(qty),
            ..order(seq)
        };
        let call = Call::Place { instrument, order: &order };
        let query = rest(&call);
        let (_, params) = websocket(&call, WsAuth::Signed(&credentials()));
        for (name, value) in [
            ("price", instrument.price_decimal(Price(price))),
            ("quantity", instrument.qty_decimal(Qty(qty))),
        ] {
            let (_, from) = query.split_once(&format!("{name}=")).expect(name);
            let text = from.split('&').next().expect("a value");
            prop_assert_eq!(params[name].as_str(), Some(text));
            prop_assert_eq!(phoenix_domain::Decimal::parse(text.as_bytes()), Ok(value));
        }
        let client_id = params["newClientOrderId"].as_str().expect("text");
        prop_assert_eq!(ClientId::parse(client_id.as_bytes()), Some(id(seq)));
    }
}

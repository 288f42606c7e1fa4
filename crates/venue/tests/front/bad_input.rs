//! Whatever arrives, the exchange answers or hangs up; it never panics.

use phoenix_venue::front::Method;
use proptest::prelude::*;

use crate::rig::{KEY, Rig};

/// Values that have hurt parsers before.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        Just("ETHUSDC".to_owned()),
        Just("BUY".to_owned()),
        Just("LIMIT".to_owned()),
        Just("GTC".to_owned()),
        Just("2500".to_owned()),
        Just("[{}]".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("0.00000001".to_owned()),
    ]
}

fn query() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "symbol",
        "side",
        "type",
        "timeInForce",
        "price",
        "quantity",
        "orderId",
        "origClientOrderId",
        "batchOrders",
        "orderIdList",
        "limit",
        "startTime",
        "endTime",
        "fromId",
        "interval",
        "leverage",
        "countdownTime",
        "goodTillDate",
        "recvWindow",
        "page",
    ]);
    prop::collection::vec((name, value()), 0..8).prop_map(|pairs| {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in pairs {
            form.append_pair(name, &value);
        }
        form.finish()
    })
}

fn route() -> impl Strategy<Value = (Method, &'static str)> {
    use Method::{Delete, Get, Post, Put};
    prop::sample::select(vec![
        (Post, "/fapi/v1/order"),
        (Put, "/fapi/v1/order"),
        (Delete, "/fapi/v1/order"),
        (Get, "/fapi/v1/order"),
        (Post, "/fapi/v1/batchOrders"),
        (Put, "/fapi/v1/batchOrders"),
        (Delete, "/fapi/v1/batchOrders"),
        (Post, "/fapi/v1/countdownCancelAll"),
        (Post, "/fapi/v1/leverage"),
        (Get, "/fapi/v1/klines"),
        (Get, "/fapi/v1/depth"),
        (Get, "/fapi/v1/aggTrades"),
        (Get, "/fapi/v1/trades"),
        (Get, "/fapi/v1/fundingRate"),
        (Get, "/fapi/v1/allOrders"),
        (Get, "/fapi/v1/userTrades"),
        (Get, "/fapi/v1/income"),
        (Get, "/fapi/v1/orderAmendment"),
        (Get, "/fapi/v1/forceOrders"),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn signed_requests_of_any_content((method, path) in route(), query in query()) {
        let mut rig = Rig::new();
        let reply = rig.signed(method, path, &query);
        let is_json = serde_json::from_str::<serde_json::Value>(&reply.body).is_ok();
        prop_assert!(is_json);
        prop_assert!((200..500).contains(&reply.status));
    }

    #[test]
    fn unsigned_requests_of_any_bytes(
        path in "(/fapi/v[1-3])?/[a-zA-Z/]{0,20}",
        query in any::<String>(),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut rig = Rig::new();
        let body = String::from_utf8_lossy(&body).into_owned();
        let reply = rig.send(Method::Post, &path, &query, &body, Some(KEY));
        prop_assert!(reply.status >= 400);
    }

    #[test]
    fn frames_of_any_bytes(
        path in prop::sample::select(vec!["/ws", "/public/stream", "/private/ws", "/ws-fapi/v1"]),
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 1..5),
    ) {
        let mut rig = Rig::new();
        let conn = rig.open(path, "");
        for frame in frames {
            rig.front.ws_text(rig.now, conn, &frame);
        }
        rig.advance(1);
        prop_assert!(!rig.out.is_empty());
    }

    #[test]
    fn api_calls_of_any_parameters(
        method in prop::sample::select(vec![
            "order.place", "order.modify", "order.cancel", "order.status", "depth",
            "session.logon", "account.position", "userDataStream.start", "nothing",
        ]),
        symbol in value(),
        other in value(),
        number in any::<f64>(),
    ) {
        let mut rig = Rig::new();
        let conn = rig.open("/ws-fapi/v1", "");
        let params = serde_json::json!({
            "symbol": symbol, "side": other, "quantity": number, "price": other, "limit": number,
        });
        let reply = rig.call(conn, method, &params);
        prop_assert!(reply["status"].as_u64().is_some());
    }
}

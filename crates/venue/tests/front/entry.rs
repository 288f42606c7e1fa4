//! Orders in: replies, refusals, and what the user stream says meanwhile.

use phoenix_domain::{Side, TimeInForce};
use phoenix_venue::front::{FrontSpec, Latency, Method, Outgoing, RateLimits};
use serde_json::{Value, json};

use crate::rig::{KEY, Rig, each, json as read, names};

const ORDER: &str = "/fapi/v1/order";

fn limit(side: &str, price: &str, qty: &str, tif: &str) -> String {
    format!("symbol=ETHUSDC&side={side}&type=LIMIT&timeInForce={tif}&price={price}&quantity={qty}")
}

#[test]
fn a_reply_has_the_live_members_in_the_live_order() {
    let mut rig = Rig::new();
    let query = limit("BUY", "2500.1", "0.05", "GTX") + "&newClientOrderId=phx-1-1";
    let placed = rig.done(Method::Post, ORDER, &query);
    assert_eq!(
        names(&placed),
        [
            "orderId",
            "symbol",
            "status",
            "clientOrderId",
            "price",
            "origQty",
            "executedQty",
            "cumQty",
            "timeInForce",
            "type",
            "reduceOnly",
            "closePosition",
            "side",
            "positionSide",
            "stopPrice",
            "workingType",
            "priceProtect",
            "origType",
            "priceMatch",
            "selfTradePreventionMode",
            "goodTillDate",
            "updateTime",
        ]
    );
    assert_eq!(placed["price"], "2500.10");
    assert_eq!(placed["origQty"], "0.050");
    assert_eq!(placed["selfTradePreventionMode"], "EXPIRE_MAKER");
    let found = rig.done(
        Method::Get,
        ORDER,
        "symbol=ETHUSDC&origClientOrderId=phx-1-1",
    );
    assert_eq!(found["orderId"], placed["orderId"]);
    assert_eq!(
        (&found["avgPrice"], &found["cumQuote"]),
        (&json!("0.00"), &json!("0.00000"))
    );
    let id = &placed["orderId"];
    let query = format!("symbol=ETHUSDC&side=BUY&quantity=0.06&price=2500&orderId={id}&modifyId=7");
    let amended = rig.done(Method::Put, ORDER, &query);
    assert_eq!(amended["orderId"], *id);
    assert_eq!(
        (&amended["origQty"], &amended["modifyId"]),
        (&json!("0.060"), &json!(7))
    );
    let ended = rig.done(
        Method::Delete,
        ORDER,
        &format!("symbol=ETHUSDC&orderId={id}"),
    );
    assert_eq!(ended["status"], "CANCELED");
}

#[test]
fn checks_come_in_the_exchange_s_order() {
    let mut rig = Rig::new();
    let good = limit("BUY", "2500", "0.05", "GTX");
    let code = |reply: phoenix_venue::front::HttpResponse| {
        (reply.status, read(&reply.body)["code"].as_i64())
    };
    let none = rig.send(Method::Post, ORDER, &good, "", None);
    assert_eq!(code(none), (401, Some(-2014)));
    let unknown = rig.send(Method::Post, ORDER, &good, "", Some("nobody"));
    assert_eq!(code(unknown), (401, Some(-2015)));
    let unsigned = rig.send(Method::Post, ORDER, &good, "", Some(KEY));
    assert_eq!(code(unsigned), (400, Some(-1102)));
    let forged = rig.sign(&good) + "0";
    let forged = rig.send(Method::Post, ORDER, &forged, "", Some(KEY));
    assert_eq!(code(forged), (400, Some(-1022)));
    let late = rig.sign(&good);
    rig.advance(5_001);
    let late = rig.send(Method::Post, ORDER, &late, "", Some(KEY));
    assert_eq!(code(late), (400, Some(-1021)));
    for (query, expected) in [
        ("side=BUY".to_owned(), -1102),
        (good.replace("ETHUSDC", "DOGEUSDT"), -1121),
        (good.replace("BUY", "HOLD"), -1117),
        (good.replace("LIMIT", "STOP_MARKET"), -4120),
        (good.replace("LIMIT", "FANCY"), -1116),
        (good.replace("GTX", "GTF"), -1115),
        (good.replace("&timeInForce=GTX", ""), -1102),
        (good.replace("2500", "2500.001"), -1111),
        (good.replace("0.05", "0.0501"), -1111),
        (good.replace("0.05", "0.001"), -4164),
        (good.replace("2500", "200000"), -4002),
        (good.clone() + "&newClientOrderId=a%20b", -4015),
        (good.clone() + "&color=red", -1104),
        (good.clone() + "&stopPrice=1", -1106),
        (good.clone() + "&reduceOnly=true", -2022),
        (limit("BUY", "1", "8001", "GTX"), -4005),
    ] {
        let reply = rig.refused(Method::Post, ORDER, &query);
        assert_eq!(reply, (400, expected), "{query}");
    }
    let open = rig.done(Method::Get, "/fapi/v1/openOrders", "");
    assert_eq!(open, json!([]), "no refused order rests");
}

#[test]
fn a_crossing_post_only_order_leaves_no_trace() {
    let mut rig = Rig::new();
    rig.other_places(Side::Sell, 250_000, 100, TimeInForce::Gtc);
    let stream = rig.user_stream();
    let query = limit("BUY", "2500", "0.05", "GTX") + "&newClientOrderId=cross";
    assert_eq!(rig.refused(Method::Post, ORDER, &query), (400, -5022));
    assert_eq!(rig.heard(stream), Vec::<Value>::new());
    let query = "symbol=ETHUSDC&origClientOrderId=cross";
    assert_eq!(rig.refused(Method::Get, ORDER, query), (400, -2013));
    assert_eq!(
        rig.done(Method::Get, "/fapi/v1/allOrders", "symbol=ETHUSDC"),
        json!([])
    );
}

#[test]
fn events_come_in_the_recorded_order() {
    let mut rig = Rig::new();
    let stream = rig.user_stream();
    rig.done(Method::Post, ORDER, &limit("BUY", "2500", "0.05", "GTX"));
    assert_eq!(each(&rig.heard(stream), "e"), ["ORDER_TRADE_UPDATE"]);
    rig.other_places(Side::Sell, 250_000, 50, TimeInForce::Ioc);
    let maker = rig.heard(stream);
    assert_eq!(
        each(&maker, "e"),
        ["TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
    );
    assert_eq!(maker[0]["q"], "0.050", "short notices pad");
    assert_eq!(maker[2]["o"]["q"], "0.05", "order events trim");
    assert_eq!(
        (&maker[2]["o"]["x"], &maker[2]["o"]["X"]),
        (&json!("TRADE"), &json!("FILLED"))
    );
    assert_eq!(maker[0]["t"], maker[2]["o"]["t"]);
    assert_eq!(maker[1]["a"]["P"][0]["pa"], "0.05");
    rig.other_places(Side::Buy, 249_900, 50, TimeInForce::Gtc);
    let query = "symbol=ETHUSDC&side=SELL&type=MARKET&quantity=0.05&newOrderRespType=RESULT";
    let sold = rig.done(Method::Post, ORDER, query);
    assert_eq!(
        (&sold["status"], &sold["executedQty"]),
        (&json!("FILLED"), &json!("0.050"))
    );
    let taker = rig.heard(stream);
    assert_eq!(
        each(&taker, "e"),
        [
            "TRADE_LITE",
            "ORDER_TRADE_UPDATE",
            "ACCOUNT_UPDATE",
            "ORDER_TRADE_UPDATE"
        ]
    );
    assert_eq!(taker[1]["o"]["x"], "NEW");
    assert_eq!(taker[3]["o"]["rp"], "-0.05");
    for frame in maker.iter().chain(&taker) {
        assert!(frame["E"].as_i64() >= frame["T"].as_i64(), "{frame}");
    }
}

#[test]
fn a_batch_answers_item_by_item() {
    let mut rig = Rig::new();
    let batch = json!([
        {"symbol": "ETHUSDC", "side": "BUY", "type": "LIMIT", "timeInForce": "GTX",
         "price": "2500", "quantity": "0.05"},
        {"symbol": "ETHUSDC", "side": "BUY", "type": "LIMIT", "timeInForce": "GTX",
         "price": "2500", "quantity": "0.05", "reduceOnly": "true"},
        {"symbol": "ETHUSDC", "side": "SELL", "type": "LIMIT", "timeInForce": "GTX",
         "price": 2600, "quantity": 0.05},
    ]);
    let text: String = url::form_urlencoded::byte_serialize(batch.to_string().as_bytes()).collect();
    let reply = rig.signed(
        Method::Post,
        "/fapi/v1/batchOrders",
        &format!("batchOrders={text}"),
    );
    assert_eq!(reply.status, 200);
    let items = read(&reply.body);
    assert_eq!(items[0]["price"], "2500.00");
    assert_eq!(
        items[1],
        json!({"code": -2022, "msg": "ReduceOnly Order is rejected."})
    );
    assert_eq!(items[2]["side"], "SELL");
    let header = |name: &str| {
        let found = reply.headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(header("x-mbx-order-count-10s"), Some("5"));
    assert_eq!(header("x-mbx-order-count-1m"), Some("1"));
    assert_eq!(header("x-mbx-used-weight-1m"), Some("5"));
    let ids = format!("[{},1]", items[0]["orderId"]);
    let ids: String = url::form_urlencoded::byte_serialize(ids.as_bytes()).collect();
    let query = format!("symbol=ETHUSDC&orderIdList={ids}");
    let gone = rig.done(Method::Delete, "/fapi/v1/batchOrders", &query);
    assert_eq!(gone[0]["status"], "CANCELED");
    assert_eq!(
        gone[1],
        json!({"code": -2011, "msg": "Unknown order sent."})
    );
    rig.done(Method::Delete, "/fapi/v1/allOpenOrders", "symbol=ETHUSDC");
    assert_eq!(rig.done(Method::Get, "/fapi/v1/openOrders", ""), json!([]));
}

#[test]
fn a_signature_may_cover_query_and_body() {
    let mut rig = Rig::new();
    let all = rig.sign(&limit("BUY", "2500", "0.05", "GTX"));
    let (query, body) = all.split_once("&price").expect("a price");
    // The payload is query + body without a separator: sign just that.
    let body = format!("price{body}");
    let unsigned = body.split("&signature").next().expect("a body");
    let signature = phoenix_binance::sign::Signer::from_secret(&crate::rig::SECRET.into())
        .expect("a secret")
        .sign(format!("{query}{unsigned}").as_bytes());
    let signature = std::str::from_utf8(signature.as_bytes())
        .expect("hex")
        .to_owned();
    let body = format!("{unsigned}&signature={signature}");
    let reply = rig.send(Method::Post, ORDER, query, &body, Some(KEY));
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[test]
fn a_fuse_that_is_not_rearmed_cancels() {
    let mut rig = Rig::new();
    rig.done(Method::Post, ORDER, &limit("BUY", "2500", "0.05", "GTX"));
    let fuse = "/fapi/v1/countdownCancelAll";
    let armed = rig.done(Method::Post, fuse, "symbol=ETHUSDC&countdownTime=3000");
    assert_eq!(armed, json!({"symbol": "ETHUSDC", "countdownTime": "3000"}));
    rig.advance(2_000);
    rig.done(Method::Post, fuse, "symbol=ETHUSDC&countdownTime=3000");
    rig.advance(2_900);
    let open = rig.done(Method::Get, "/fapi/v1/openOrders", "symbol=ETHUSDC");
    assert_eq!(open.as_array().map(Vec::len), Some(1));
    rig.advance(200);
    assert_eq!(rig.done(Method::Get, "/fapi/v1/openOrders", ""), json!([]));
}

#[test]
fn too_much_is_refused_then_banned() {
    let limits = RateLimits {
        weight_per_minute: 60,
        orders_per_10s: 2,
        refusals_before_ban: 3,
        ..RateLimits::default()
    };
    let spec = FrontSpec {
        limits,
        ..FrontSpec::default()
    };
    let mut rig = Rig::alone(spec);
    for step in 0..2 {
        let price = format!("{}", 2_500 - step);
        rig.done(Method::Post, ORDER, &limit("BUY", &price, "0.05", "GTX"));
    }
    let third = rig.refused(Method::Post, ORDER, &limit("BUY", "2400", "0.05", "GTX"));
    assert_eq!(third, (429, -1015));
    rig.done(Method::Delete, "/fapi/v1/allOpenOrders", "symbol=ETHUSDC");
    assert_eq!(
        rig.http(Method::Get, "/fapi/v1/ticker/24hr", "").status,
        200
    );
    let over = rig.http(Method::Get, "/fapi/v1/ticker/24hr", "");
    assert_eq!(
        (over.status, &read(&over.body)["code"]),
        (429, &json!(-1003))
    );
    assert!(over.headers.iter().any(|(name, _)| *name == "retry-after"));
    rig.http(Method::Get, "/fapi/v1/ping", "");
    let banned = rig.http(Method::Get, "/fapi/v1/ping", "");
    assert_eq!(banned.status, 418);
    rig.advance(120_000);
    assert_eq!(rig.http(Method::Get, "/fapi/v1/ping", "").status, 200);
}

#[test]
fn latency_delays_effect_and_reply() {
    let ms = 1_000_000;
    let spec = FrontSpec {
        latency: Latency {
            request_ns: 30 * ms,
            engine_ns: 20 * ms,
            reply_ns: 10 * ms,
            stream_ns: 5 * ms,
            jitter_ns: 0,
        },
        ..FrontSpec::default()
    };
    let mut rig = Rig::alone(spec);
    let query = rig.sign(&limit("BUY", "2500", "0.05", "GTX"));
    let tight = rig.sign(&(limit("BUY", "2400", "0.05", "GTX") + "&recvWindow=15"));
    for query in [&query, &tight] {
        rig.front.http(
            rig.now,
            phoenix_venue::front::HttpRequest {
                method: Method::Post,
                path: ORDER.to_owned(),
                raw_query: query.clone(),
                api_key: Some(KEY.to_owned()),
                raw_body: vec![],
                peer: crate::rig::PEER,
            },
        );
    }
    let open = |rig: &Rig| {
        rig.front
            .exchange()
            .open_orders(phoenix_venue::exchange::AccountId(0), None)
            .len()
    };
    rig.advance(29);
    assert_eq!(open(&rig), 0);
    rig.advance(1);
    assert_eq!(open(&rig), 1, "the gateway and the engine took one in time");
    assert!(rig.out.is_empty());
    rig.advance(10);
    let bodies: Vec<Value> = rig
        .out
        .drain(..)
        .filter_map(|outgoing| match outgoing {
            Outgoing::Reply { response, .. } => Some(read(&response.body)),
            _ => None,
        })
        .collect();
    assert_eq!(bodies[0]["status"], "NEW");
    assert_eq!(bodies[1]["code"], -5028, "too late for the engine alone");
}

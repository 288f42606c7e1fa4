//! Sockets and their lives: listen keys, the WebSocket API, pings, ends.

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{EncodePublicKey, spki};
use ed25519_dalek::{Signer as _, SigningKey};
use phoenix_venue::exchange::AccountId;
use phoenix_venue::front::{FrontSpec, KeySecret, KeySpec, Method, Outgoing};
use serde_json::{Value, json};

use crate::rig::{KEY, Rig, each};

fn placed(rig: &mut Rig, price: &str) {
    let query =
        format!("symbol=ETHUSDC&side=BUY&type=LIMIT&timeInForce=GTX&price={price}&quantity=0.05");
    rig.done(Method::Post, "/fapi/v1/order", &query);
}

#[test]
fn a_listen_key_dies_unless_extended() {
    let mut rig = Rig::new();
    let stream = rig.user_stream();
    rig.minutes(50);
    let extended = rig.send(Method::Put, "/fapi/v1/listenKey", "", "", Some(KEY));
    assert_eq!(extended.status, 200);
    rig.minutes(50);
    placed(&mut rig, "2500");
    assert_eq!(each(&rig.heard(stream), "e"), ["ORDER_TRADE_UPDATE"]);
    rig.minutes(11);
    assert_eq!(each(&rig.heard(stream), "e"), ["listenKeyExpired"]);
    placed(&mut rig, "2499");
    assert_eq!(
        rig.heard(stream),
        Vec::<Value>::new(),
        "silent, though open"
    );
    let gone = rig.send(Method::Put, "/fapi/v1/listenKey", "", "", Some(KEY));
    assert_eq!(crate::rig::json(&gone.body)["code"], -1125);
}

#[test]
fn a_listen_key_is_heard_in_every_form() {
    let mut rig = Rig::new();
    rig.user_stream();
    let reply = rig.send(Method::Post, "/fapi/v1/listenKey", "", "", Some(KEY));
    let key = crate::rig::json(&reply.body)["listenKey"].clone();
    let key = key.as_str().expect("a key").to_owned();
    let query = rig.open(
        "/private/ws",
        &format!("listenKey={key}&events=ORDER_TRADE_UPDATE"),
    );
    let wrapped = rig.open("/private/stream", &format!("listenKey={key}"));
    let named = rig.open("/private/stream", "");
    rig.say(
        named,
        &json!({"method": "SUBSCRIBE", "params": [key], "id": 3}).to_string(),
    );
    assert_eq!(rig.heard(named), [json!({"result": null, "id": 3})]);
    let unrouted = rig.open(&format!("/ws/{key}"), "");
    placed(&mut rig, "2500");
    assert_eq!(rig.heard(query)[0]["e"], "ORDER_TRADE_UPDATE");
    for conn in [wrapped, named] {
        let frame = rig.heard(conn).remove(0);
        assert_eq!(frame["stream"], key);
        assert_eq!(frame["data"]["o"]["x"], "NEW");
    }
    assert_eq!(rig.heard(unrouted), Vec::<Value>::new());
}

#[test]
fn orders_over_the_websocket_api() {
    let mut rig = Rig::new();
    let conn = rig.open("/ws-fapi/v1", "");
    let order = json!({"symbol": "ETHUSDC", "side": "BUY", "type": "LIMIT",
        "timeInForce": "GTX", "price": "2500", "quantity": "0.05"});
    let reply = rig.call(conn, "order.place", &order);
    assert_eq!((&reply["id"], &reply["status"]), (&json!("q"), &json!(200)));
    assert_eq!(
        reply["rateLimits"],
        json!([
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1,
             "limit": 2400, "count": 5},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10,
             "limit": 300, "count": 1},
            {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1,
             "limit": 1200, "count": 1},
        ])
    );
    let id = reply["result"]["orderId"].clone();
    let change = json!({"symbol": "ETHUSDC", "side": "BUY", "orderId": id,
        "price": "2499", "quantity": "0.06", "modifyId": 5});
    let reply = rig.call(conn, "order.modify", &change);
    assert_eq!(reply["result"]["modifyId"], 5);
    let one = json!({"symbol": "ETHUSDC", "orderId": id});
    let reply = rig.call(conn, "order.status", &one);
    assert_eq!(reply["result"]["price"], "2499.00");
    let reply = rig.call(conn, "order.cancel", &one);
    assert_eq!(reply["result"]["status"], "CANCELED");
    assert_eq!(reply["rateLimits"].as_array().map(Vec::len), Some(1));
    let reply = rig.call(conn, "order.cancel", &one);
    assert_eq!(reply["status"], 400);
    assert_eq!(
        reply["error"],
        json!({"code": -2011, "msg": "Unknown order sent."})
    );
    for (method, params) in [
        ("v2/account.position", json!({})),
        ("account.balance", json!({})),
        ("v2/account.status", json!({})),
        ("ticker.price", json!({"symbol": "ETHUSDC"})),
        ("depth", json!({"symbol": "ETHUSDC", "limit": 5})),
    ] {
        let reply = rig.call(conn, method, &params);
        assert_eq!(reply["status"], 200, "{method}: {reply}");
    }
    let forged = json!({"apiKey": KEY, "timestamp": rig.now_ms(), "signature": "00"});
    let reply = rig.call_as_it_stands(conn, "account.balance", &forged);
    assert_eq!(reply["error"]["code"], -1022);
    let reply = rig.call(conn, "session.logon", &json!({}));
    assert_eq!(
        reply["error"]["code"], -4056,
        "an hmac key opens no session"
    );
}

#[test]
fn a_session_needs_no_signature_per_request() {
    let own = SigningKey::from_bytes(&[9; 32]);
    let pem = public_pem(&own);
    let spec = FrontSpec {
        keys: vec![KeySpec {
            api_key: "edKey".to_owned(),
            secret: KeySecret::Ed25519(pem),
            account: AccountId(0),
        }],
        ..FrontSpec::default()
    };
    let mut rig = Rig::alone(spec);
    let conn = rig.open("/ws-fapi/v1", "returnRateLimits=false");
    let now_ms = rig.now_ms();
    let payload = format!("apiKey=edKey&timestamp={now_ms}");
    let signature = base64(&own.sign(payload.as_bytes()).to_bytes());
    let logon = json!({"apiKey": "edKey", "timestamp": now_ms, "signature": signature});
    let reply = rig.call_as_it_stands(conn, "session.logon", &logon);
    assert_eq!(reply["result"]["authorizedSince"], now_ms);
    assert_eq!(reply["rateLimits"], Value::Null);
    let order = json!({"symbol": "ETHUSDC", "side": "BUY", "type": "LIMIT",
        "timeInForce": "GTX", "price": "2500", "quantity": "0.05", "timestamp": now_ms});
    let reply = rig.call_as_it_stands(conn, "order.place", &order);
    assert_eq!(reply["result"]["status"], "NEW", "{reply}");
    let reply = rig.call_as_it_stands(conn, "session.logout", &json!({}));
    assert_eq!(reply["result"]["apiKey"], Value::Null);
    let reply = rig.call_as_it_stands(conn, "order.place", &order);
    assert_eq!(reply["error"]["code"], -2014);
}

#[test]
fn sockets_are_pinged_and_end_in_time() {
    let mut rig = Rig::new();
    let silent = rig.open("/public/ws", "");
    let alive = rig.open("/public/ws", "");
    let mut closed = Vec::new();
    for minute in 0..24 * 60 + 1 {
        rig.advance(60_000);
        for outgoing in std::mem::take(&mut rig.out) {
            match outgoing {
                Outgoing::Ping { conn, .. } if conn == alive => rig.front.ws_pong(rig.now, conn),
                Outgoing::Close { conn, code, .. } => closed.push((conn, code, minute)),
                _ => {}
            }
        }
    }
    assert_eq!(closed, [(silent, 1008, 9), (alive, 1001, 24 * 60 - 1)]);
}

#[test]
fn flooding_and_nonsense_end_a_stream_socket() {
    let mut rig = Rig::new();
    let closes = |rig: &mut Rig| {
        let out = std::mem::take(&mut rig.out);
        out.iter()
            .filter(|outgoing| matches!(outgoing, Outgoing::Close { .. }))
            .count()
    };
    let conn = rig.open("/public/ws", "");
    for _ in 0..10 {
        rig.say(conn, r#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#);
    }
    assert_eq!(closes(&mut rig), 0);
    rig.say(conn, r#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#);
    assert_eq!(closes(&mut rig), 1);
    let conn = rig.open("/public/ws", "");
    rig.say(conn, "hello");
    let frames = rig.heard(conn);
    assert_eq!(frames[0]["error"]["code"], 3);
    assert_eq!(closes(&mut rig), 1);
}

fn public_pem(key: &SigningKey) -> String {
    let pem: spki::Result<String> = key.verifying_key().to_public_key_pem(LineEnding::LF);
    pem.expect("a pem")
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

//! The server on real sockets: both ways of waiting, frames both ways, and a
//! stop that says goodbye.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use phoenix_domain::{Price, Qty, Side, SymbolId, TimeInForce};
use phoenix_venue::exchange::OrderRequest;
use phoenix_venue::serve::{ServeError, ServeSpec, Server};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

const WITHIN: Duration = Duration::from_secs(10);

fn spec() -> ServeSpec {
    ServeSpec::synthetic(&["ETHUSDC"], 3).expect("a known symbol")
}

/// One GET on a connection of its own.
async fn get(server: &Server, path: &str) -> (String, Value) {
    let mut socket = TcpStream::connect(server.addr()).await.expect("a socket");
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("written");
    let mut reply = String::new();
    socket.read_to_string(&mut reply).await.expect("a reply");
    let (head, body) = reply.split_once("\r\n\r\n").expect("head and body");
    let body = serde_json::from_str(body).expect("json");
    (head.to_ascii_lowercase(), body)
}

/// Serves HTTP and WebSocket, shows what was done inside, says goodbye.
async fn full_life(server: Server) {
    let (head, body) = get(&server, "/fapi/v1/time").await;
    assert!(head.starts_with("http/1.1 200 ok"), "{head}");
    assert!(head.contains("x-mbx-used-weight-1m: 1"), "{head}");
    let skew_ms = server.now().ms() - body["serverTime"].as_i64().expect("a time");
    assert!((0..10_000).contains(&skew_ms), "{skew_ms}");
    let (head, _) = get(&server, "/fapi/v1/nothing").await;
    assert!(head.starts_with("http/1.1 404"), "{head}");

    let url = format!(
        "ws://{}/public/stream?streams=ethusdc@bookTicker",
        server.addr()
    );
    let (mut socket, _) = tokio_tungstenite::connect_async(url)
        .await
        .expect("a stream");
    let account = server.accounts()[0];
    let order_id = server
        .act_inside(move |front, now| {
            let exchange = front.exchange_mut();
            let top = exchange.top(SymbolId(0));
            let inside = Price(top.ask.price.0 - 1);
            let order =
                OrderRequest::limit(SymbolId(0), Side::Buy, inside, Qty(77), TimeInForce::Gtc);
            let placed = exchange.place(now, account, &order).expect("an order");
            (placed.order_id, inside)
        })
        .expect("done inside");
    let seen = server.inspect(|exchange| exchange.all_orders(account, SymbolId(0)).len());
    assert_eq!(seen, 1);
    let said = async {
        loop {
            let frame = socket.next().await.expect("a frame").expect("readable");
            let Message::Text(text) = frame else { continue };
            let frame: Value = serde_json::from_str(&text).expect("json");
            assert_eq!(frame["stream"], "ethusdc@bookTicker");
            let (_, inside) = order_id;
            if frame["data"]["b"] == format!("{}.{:02}", inside.0 / 100, inside.0 % 100) {
                return;
            }
        }
    };
    tokio::time::timeout(WITHIN, said)
        .await
        .expect("our bid is shown");
    let ask = r#"{"method":"LIST_SUBSCRIPTIONS","id":4}"#;
    socket.send(Message::text(ask)).await.expect("sent");

    let stopped = tokio::task::spawn_blocking(move || server.stop());
    let goodbye = async {
        loop {
            if let Message::Close(frame) = socket.next().await.expect("a frame").expect("readable")
            {
                return frame.expect("a reason").code;
            }
        }
    };
    let code = tokio::time::timeout(WITHIN, goodbye)
        .await
        .expect("a goodbye");
    assert_eq!(code, CloseCode::Away);
    let stopped = tokio::time::timeout(WITHIN, stopped).await;
    stopped.expect("stops in time").expect("no panic");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sleeping_server_lives_and_stops() {
    full_life(Server::start(spec()).expect("a server")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_server_lives_and_stops() {
    full_life(Server::start_busy(spec()).expect("a server")).await;
}

#[test]
fn what_cannot_start_says_why() {
    let fast = ServeSpec {
        speed: 0.0,
        ..spec()
    };
    let error = Server::start(fast).expect_err("no speed");
    assert_eq!(
        error.to_string(),
        "speed is 0, must be above 0 and at most 1000"
    );
    let first = Server::start(spec()).expect("a server");
    let second = ServeSpec {
        listen: first.addr(),
        ..spec()
    };
    assert!(matches!(
        Server::start(second),
        Err(ServeError::Listen { .. })
    ));
}

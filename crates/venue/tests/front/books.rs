//! Market streams: a book kept from diffs equals the exchange's own.

use std::collections::BTreeMap;

use phoenix_domain::{Side, TimeInForce};
use phoenix_venue::exchange::VenueNs;
use phoenix_venue::front::{ConnId, Method};
use serde_json::{Value, json};

use crate::rig::{ETH, Rig, each};

/// A book as a client keeps it: price text to quantity text.
#[derive(Default)]
struct Book {
    last_id: u64,
    sides: [BTreeMap<String, String>; 2],
}

impl Book {
    fn load(snapshot: &Value) -> Self {
        let mut book = Self {
            last_id: snapshot["lastUpdateId"].as_u64().expect("an id"),
            ..Self::default()
        };
        book.apply(&snapshot["bids"], &snapshot["asks"]);
        book
    }

    fn apply(&mut self, bids: &Value, asks: &Value) {
        for (side, levels) in self.sides.iter_mut().zip([bids, asks]) {
            for level in levels.as_array().expect("levels") {
                let text = |index: usize| level[index].as_str().expect("text").to_owned();
                if text(1) == "0.000" {
                    side.remove(&text(0));
                } else {
                    side.insert(text(0), text(1));
                }
            }
        }
    }

    /// Follows the exchange's procedure; panics where a client would have to
    /// start over.
    fn follow(&mut self, frames: &[Value]) {
        let mut previous = None;
        for frame in frames {
            let id = |name: &str| frame[name].as_u64().expect("an id");
            if id("u") < self.last_id {
                continue;
            }
            match previous {
                None => assert!(
                    id("U") <= self.last_id && self.last_id <= id("u"),
                    "{} is not in {}..={}",
                    self.last_id,
                    id("U"),
                    id("u")
                ),
                Some(previous) => assert_eq!(id("pu"), previous),
            }
            previous = Some(id("u"));
            self.apply(&frame["b"], &frame["a"]);
        }
        self.last_id = previous.expect("frames");
    }
}

fn snapshot(rig: &mut Rig) -> Value {
    let reply = rig.http(Method::Get, "/fapi/v1/depth", "symbol=ETHUSDC&limit=1000");
    assert_eq!(reply.status, 200);
    crate::rig::json(&reply.body)
}

/// Cuts a book to the levels a snapshot of it shows.
fn shown(book: &Book, count: usize) -> [Vec<(String, String)>; 2] {
    let own = |(price, qty): (&String, &String)| (price.clone(), qty.clone());
    let number = |level: &(String, String)| level.0.parse::<f64>().expect("a price");
    let [bids, asks] = &book.sides;
    let mut bids: Vec<_> = bids.iter().map(own).collect();
    let mut asks: Vec<_> = asks.iter().map(own).collect();
    bids.sort_by(|one, two| number(two).total_cmp(&number(one)));
    asks.sort_by(|one, two| number(one).total_cmp(&number(two)));
    bids.truncate(count);
    asks.truncate(count);
    [bids, asks]
}

#[test]
fn diffs_of_every_cadence_keep_the_book() {
    let mut rig = Rig::crowded();
    let names = ["@depth@0ms", "@depth@100ms", "@depth", "@depth@500ms"];
    let conns: Vec<ConnId> = names
        .iter()
        .map(|name| rig.open(&format!("/public/ws/ethusdc{name}"), ""))
        .collect();
    rig.advance(1_234);
    let first = snapshot(&mut rig);
    rig.advance(8_000 - 1_234);
    // All cadences end a batch here.
    let at = VenueNs::from_ms((rig.now_ms() / 500 + 1) * 500);
    rig.now = at;
    rig.advance(0);
    let last = snapshot(&mut rig);
    let last = Book::load(&last);
    let mut counts = Vec::new();
    for conn in conns {
        let frames = rig.heard(conn);
        let mut book = Book::load(&first);
        book.follow(&frames);
        assert_eq!(shown(&book, 200), shown(&last, 200));
        counts.push(frames.len());
    }
    assert!(counts[0] > 200, "{counts:?}");
    assert!((84..=86).contains(&counts[1]), "{counts:?}");
    assert!((33..=35).contains(&counts[2]), "{counts:?}");
    assert!((16..=18).contains(&counts[3]), "{counts:?}");
}

#[test]
fn best_prices_follow_every_change() {
    let mut rig = Rig::new();
    let conn = rig.open("/public/stream", "streams=ethusdc@bookTicker");
    rig.other_places(Side::Buy, 249_990, 50, TimeInForce::Gtc);
    rig.other_places(Side::Sell, 250_010, 60, TimeInForce::Gtc);
    rig.other_places(Side::Sell, 250_020, 60, TimeInForce::Gtc);
    let frames = rig.heard(conn);
    assert_eq!(
        frames.len(),
        2,
        "a second ask behind the best changes no top"
    );
    assert_eq!(frames[1]["stream"], "ethusdc@bookTicker");
    let top = &frames[1]["data"];
    assert_eq!(
        (&top["b"], &top["B"], &top["a"], &top["A"]),
        (
            &json!("2499.90"),
            &json!("0.050"),
            &json!("2500.10"),
            &json!("0.060")
        )
    );
    let top_id = rig.front.exchange().top(ETH).id;
    assert!(top["u"].as_u64() <= Some(top_id));
}

#[test]
fn trades_are_merged_for_100_ms() {
    let mut rig = Rig::new();
    let conn = rig.open("/market/ws/ethusdc@aggTrade", "");
    let each_trade = rig.open("/public/ws/ethusdc@trade", "");
    for _ in 0..3 {
        rig.done(
            Method::Post,
            "/fapi/v1/order",
            "symbol=ETHUSDC&side=SELL&type=LIMIT&timeInForce=GTC&price=2500&quantity=0.01",
        );
        rig.other_places(Side::Buy, 250_000, 10, TimeInForce::Ioc);
        rig.advance(20);
    }
    assert_eq!(rig.heard(conn), Vec::<Value>::new());
    rig.advance(100);
    let merged = rig.heard(conn);
    assert_eq!(merged.len(), 1);
    assert_eq!(
        (&merged[0]["q"], &merged[0]["m"]),
        (&json!("0.030"), &json!(false))
    );
    let count = merged[0]["l"].as_u64().expect("an id") - merged[0]["f"].as_u64().expect("an id");
    assert_eq!(count, 2);
    assert_eq!(each(&rig.heard(each_trade), "q"), ["0.010"; 3]);
    let listed = rig.http(Method::Get, "/fapi/v1/aggTrades", "symbol=ETHUSDC");
    assert_eq!(crate::rig::json(&listed.body)[0]["nq"], "0.030");
}

#[test]
fn marks_candles_and_tickers_have_their_pace() {
    let mut rig = Rig::crowded();
    let paths = [
        ("markPrice@1s", 10),
        ("markPrice", 3),
        ("kline_1m", 40),
        ("ticker", 5),
        ("miniTicker", 5),
    ];
    let conns = paths.map(|(name, _)| rig.open(&format!("/market/ws/ethusdc@{name}"), ""));
    let all = rig.open("/market/stream", "streams=!markPrice@arr@1s");
    rig.advance(10_000);
    for ((name, expected), conn) in paths.into_iter().zip(conns) {
        let count = rig.heard(conn).len();
        let near = expected - 2..=expected + 2;
        assert!(
            near.contains(&count),
            "{name}: {count}, expected about {expected}"
        );
    }
    let lists = rig.heard(all);
    assert!((9..=11).contains(&lists.len()));
    assert_eq!(lists[0]["data"][0]["s"], "ETHUSDC");
}

#[test]
fn the_wrong_route_acknowledges_and_stays_silent() {
    let mut rig = Rig::crowded();
    let subscribe = r#"{"method":"SUBSCRIBE","params":["ethusdc@depth","nonsense"],"id":1}"#;
    let acknowledged = json!({"result": null, "id": 1});
    for (path, hears) in [("/public/ws", true), ("/market/ws", false), ("/ws", true)] {
        let conn = rig.open(path, "");
        rig.say(conn, subscribe);
        rig.advance(3_000);
        let frames = rig.heard(conn);
        assert_eq!(frames[0], acknowledged, "{path}");
        assert_eq!(frames.len() > 1, hears, "{path}");
    }
    let refused = rig
        .front
        .ws_open(rig.now, "/nowhere/ws", "", crate::rig::PEER);
    assert_eq!(refused.expect_err("no such path").status, 404);
}

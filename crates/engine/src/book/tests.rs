//! The book against a plain sorted map, and against real recordings.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::string::String;

use proptest::prelude::*;

use super::*;

fn level(price: i64, qty: i64) -> Level {
    Level {
        price: Price(price),
        qty: Qty(qty),
    }
}

fn qty_at(book: &Book, side: Side, price: i64) -> i64 {
    let found = book.levels(side).find(|level| level.price == Price(price));
    found.map_or(0, |level| level.qty.0)
}

fn book(bids: &[(i64, i64)], asks: &[(i64, i64)]) -> Book {
    let levels = |side: &[(i64, i64)]| -> Vec<Level> {
        side.iter().map(|&(price, qty)| level(price, qty)).collect()
    };
    let mut book = Book::new();
    book.replace(1, &levels(bids), &levels(asks));
    book
}

#[test]
fn the_newest_statement_gives_the_top() {
    let mut book = book(&[(100, 5)], &[(102, 5)]);
    assert!(book.top_changed(3, level(101, 1), level(102, 2)));
    assert_eq!(book.top().map(|top| top.mid_half_ticks()), Some(203));
    assert!(!book.top_changed(2, level(99, 1), level(102, 2)));
    assert_eq!(book.top().map(|top| top.bid), Some(level(101, 1)));
    book.change(4, &[level(100, 7)], &[]);
    assert_eq!(book.top().map(|top| top.bid), Some(level(100, 7)));
}

#[test]
fn a_lost_book_has_no_top_even_if_best_prices_go_on() {
    let mut book = book(&[(100, 5)], &[(102, 5)]);
    book.clear();
    book.top_changed(9, level(100, 1), level(101, 1));
    assert_eq!(book.shape(), Shape::Empty);
    assert!(!book.is_whole());
}

#[test]
fn one_sided_and_crossed_books_are_told_apart() {
    assert_eq!(book(&[(100, 5)], &[]).shape(), Shape::Empty);
    let crossed = book(&[(100, 5)], &[(100, 1)]);
    assert!(matches!(crossed.shape(), Shape::Crossed(_)));
    assert!(matches!(
        book(&[(99, 5)], &[(100, 1)]).shape(),
        Shape::Sound(_)
    ));
}

#[test]
fn impossible_levels_are_counted_not_taken() {
    let odd = [
        (0, 1),
        (-5, 1),
        (i64::MAX, 1),
        (i64::MIN, 1),
        (100, -1),
        (100, i64::MAX),
    ];
    let book = book(&odd, &odd);
    assert_eq!(book.shape(), Shape::Empty);
    assert_eq!(book.dropped(), 12);
}

#[test]
fn a_far_side_beyond_its_room_loses_its_worst_levels_only() {
    let mut book = book(&[(10_000_000, 1)], &[(10_000_001, 1)]);
    for step in 0..5_000 {
        book.change(2, &[level(9_000_000 - step, 1)], &[]);
    }
    assert_eq!(book.dropped(), 5_000 - 4_096);
    assert_eq!(qty_at(&book, Side::Buy, 9_000_000), 1);
    assert_eq!(qty_at(&book, Side::Buy, 9_000_000 - 4_095), 1);
    assert_eq!(qty_at(&book, Side::Buy, 9_000_000 - 4_096), 0);
}

/// The same book kept in the plainest way.
#[derive(Default)]
struct Model(BTreeMap<i64, i64>);

impl Model {
    fn set(&mut self, price: i64, qty: i64) {
        if qty == 0 {
            self.0.remove(&price);
        } else {
            self.0.insert(price, qty);
        }
    }
}

/// Prices that stay, wander, and jump far beyond a window.
fn changes() -> impl Strategy<Value = Vec<(bool, i64, i64)>> {
    let price = prop_oneof![
        6 => 1_000_000_i64..1_000_200,
        3 => 970_000_i64..1_030_000,
        1 => 1_i64..5_000_000,
    ];
    let qty = prop_oneof![1 => Just(0_i64), 2 => 1_i64..1_000];
    proptest::collection::vec((any::<bool>(), price, qty), 1..400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn agrees_with_a_sorted_map(changes in changes(), wipe in 0_usize..4) {
        let mut book = Book::new();
        let (mut bids, mut asks) = (Model::default(), Model::default());
        for (id, &(buy, price, qty)) in changes.iter().enumerate() {
            let (model, side) = if buy { (&mut bids, Side::Buy) } else { (&mut asks, Side::Sell) };
            model.set(price, qty);
            let changed = [level(price, qty)];
            let (first, second): (&[Level], &[Level]) =
                if buy { (&changed, &[]) } else { (&[], &changed) };
            book.change(id as u64, first, second);
            prop_assert_eq!(qty_at(&book, side, price), qty);
            let best_bid = bids.0.last_key_value().map(|(&p, &q)| level(p, q));
            let best_ask = asks.0.first_key_value().map(|(&p, &q)| level(p, q));
            prop_assert_eq!(book.best(Side::Buy), best_bid);
            prop_assert_eq!(book.best(Side::Sell), best_ask);
        }
        let kept: Vec<Level> = book.levels(Side::Buy).collect();
        let wanted: Vec<Level> = bids.0.iter().rev().map(|(&p, &q)| level(p, q)).collect();
        prop_assert_eq!(kept, wanted);
        let kept: Vec<Level> = book.levels(Side::Sell).collect();
        let wanted: Vec<Level> = asks.0.iter().map(|(&p, &q)| level(p, q)).collect();
        prop_assert_eq!(kept, wanted);
        // Emptied level by level from one end, the other end stays right.
        for (&price, _) in asks.0.iter().take(asks.0.len() / (wipe + 1)) {
            book.change(999, &[], &[level(price, 0)]);
        }
        let left = asks.0.iter().nth(asks.0.len() / (wipe + 1)).map(|(&p, &q)| level(p, q));
        prop_assert_eq!(book.best(Side::Sell), left);
    }
}

/// Reads one recording line by line; `None` if the file is not there.
fn recording(name: &str) -> Option<impl Iterator<Item = serde_json::Value>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder =
        std::env::var_os("PHOENIX_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let Ok(file) = std::fs::File::open(folder.join(name)) else {
        std::eprintln!("skipped: no recording {name} in {}", folder.display());
        return None;
    };
    let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    Some(lines.map_while(Result::ok).filter_map(|line: String| {
        let (_, json) = line.split_once(' ')?;
        serde_json::from_str(json).ok()
    }))
}

fn steps(text: &serde_json::Value, places: u32) -> i64 {
    let number: f64 = text
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("a number");
    (number * 10_f64.powi(places as i32)).round() as i64
}

fn levels(list: &serde_json::Value, places: u32) -> Vec<Level> {
    let pairs = list.as_array().expect("a list of levels");
    let read = |pair: &serde_json::Value| level(steps(&pair[0], places), steps(&pair[1], 3));
    pairs.iter().map(read).collect()
}

/// Rebuilds the book by the exchange's procedure and compares its best prices
/// with the best-price stream's at every id both have spoken of.
fn follow(files: &[&str], places: u32) {
    let mut book = Book::new();
    let mut previous = None;
    let (mut tops, mut last_top) = (0, None);
    for frame in files.iter().filter_map(|name| recording(name)).flatten() {
        if frame.get("lastUpdateId").is_some() {
            let id = frame["lastUpdateId"].as_u64().expect("an id");
            let (bids, asks) = (
                levels(&frame["bids"], places),
                levels(&frame["asks"], places),
            );
            book.replace(id, &bids, &asks);
            continue;
        }
        let event = &frame["data"];
        let id = event["u"].as_u64().unwrap_or(0);
        match event["e"].as_str() {
            Some("depthUpdate") if book.is_whole() && id >= book.depth.expect("whole") => {
                let follows = previous.is_none() || event["pu"].as_u64() == previous;
                assert!(follows, "a gap before {id}");
                previous = Some(id);
                let (bids, asks) = (levels(&event["b"], places), levels(&event["a"], places));
                book.change(id, &bids, &asks);
                assert!(
                    !matches!(book.shape(), Shape::Crossed(_)),
                    "crossed at {id}"
                );
                if let Some((top_id, bid, ask)) = last_top.filter(|top: &(u64, _, _)| top.0 == id) {
                    let best = (book.best(Side::Buy), book.best(Side::Sell));
                    assert_eq!(best, (Some(bid), Some(ask)), "at {top_id}");
                    tops += 1;
                }
            }
            Some("bookTicker") => {
                let bid = level(steps(&event["b"], places), steps(&event["B"], 3));
                let ask = level(steps(&event["a"], places), steps(&event["A"], 3));
                last_top = Some((id, bid, ask));
            }
            _ => {}
        }
    }
    assert!(previous.is_none() || tops > 20, "only {tops} comparisons");
    assert_eq!(book.dropped(), 0);
}

#[test]
fn follows_a_real_eth_recording() {
    follow(&["ethusdt_20240718.gz", "ethusdt_20240719.gz"], 2);
}

#[test]
fn follows_a_real_btc_recording() {
    follow(&["btcusdt_20240718.gz", "btcusdt_20240719.gz"], 1);
}

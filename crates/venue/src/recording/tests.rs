//! Recordings as the exchange replays them: the real ones from end to end
//! (where they are), small ones made here, and damaged ones.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use phoenix_domain::{Cash, Level, Price, Qty, Side, SymbolId, TimeInForce};

use crate::exchange::{
    AccountId, AccountSpec, AssetId, Exchange, ExchangeSpec, Liquidity, MarketEvent, MarketSpec,
    OrderRequest, OrderState, Outbox, Oversize, VenueNs,
};
use crate::recording::{Recording, Skipped};
use crate::spec::SymbolSpec;

const START: VenueNs = VenueNs(1_788_231_600_000_000_000);
const ETH: SymbolId = SymbolId(0);

fn replaying(files: &[PathBuf]) -> Exchange {
    let recording = Recording::open(files).expect("a recording");
    let market = |name: &String| MarketSpec {
        symbol: SymbolSpec::named(name).expect("listed"),
        liquidity: Liquidity::Recorded,
    };
    Exchange::new(ExchangeSpec {
        start: START,
        seed: 0,
        markets: recording.symbols().iter().map(market).collect(),
        recording: Some(recording),
        oversize: Oversize::Shrink,
        history_max: 100_000,
    })
    .expect("an exchange")
}

fn rich(exchange: &mut Exchange) -> AccountId {
    let amount = Cash(100_000_000_000_000);
    let deposits = vec![("USDT".to_owned(), amount), ("USDC".to_owned(), amount)];
    exchange.open_account(
        START,
        &AccountSpec {
            deposits,
            ..AccountSpec::default()
        },
    )
}

/// A file of this test alone.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("phoenix-recording-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(name);
    fs::write(&path, content).expect("written");
    path
}

const HEAD: &str = r#"1000 {"lastUpdateId":100,"E":5000,"T":5000,"bids":[["3400.00","10.000"],["3399.00","5.000"]],"asks":[["3401.00","8.000"],["3402.00","9.000"]]}
1000 {"stream":"ethusdt@bookTicker","data":{"e":"bookTicker","u":100,"s":"ETHUSDT","b":"3400.00","B":"10.000","a":"3401.00","A":"8.000","T":5000,"E":5000}}
"#;

fn depth(ns: u64, ids: (u64, u64, u64), bids: &str, asks: &str) -> String {
    let (first, last, previous) = ids;
    format!(
        r#"{ns} {{"stream":"ethusdt@depth@0ms","data":{{"e":"depthUpdate","E":5001,"T":5001,"s":"ETHUSDT","U":{first},"u":{last},"pu":{previous},"b":[{bids}],"a":[{asks}]}}}}
"#
    )
}

fn trade(ns: u64, id: u64, price: &str, qty: &str, buyer_maker: bool) -> String {
    format!(
        r#"{ns} {{"stream":"ethusdt@trade","data":{{"e":"trade","E":5002,"T":5002,"s":"ETHUSDT","t":{id},"p":"{price}","q":"{qty}","X":"MARKET","m":{buyer_maker}}}}}
"#
    )
}

fn bid(exchange: &mut Exchange, who: AccountId, price: i64, qty: i64) -> u64 {
    let (side, tif) = (Side::Buy, TimeInForce::PostOnly);
    let order = OrderRequest::limit(ETH, side, Price(price), Qty(qty), tif);
    exchange
        .place(START, who, &order)
        .expect("accepted")
        .order_id
}

fn executed(exchange: &Exchange, who: AccountId, id: u64) -> i64 {
    let order = crate::exchange::OrderRef::Id(id);
    exchange.order(who, ETH, order).expect("known").executed.0
}

const SECOND: u64 = 1_000_000_000;

#[test]
fn our_order_waits_for_those_in_front_and_fills_when_traded_through() {
    let mut tape = HEAD.to_owned();
    tape += &trade(SECOND, 1, "3400.00", "6.000", true);
    tape += &depth(2 * SECOND, (101, 110, 100), r#"["3400.00","4.000"]"#, "");
    tape += &trade(3 * SECOND, 2, "3400.00", "5.000", true);
    tape += &trade(4 * SECOND, 3, "3399.00", "3.000", true);
    let mut exchange = replaying(&[file("queue.txt", tape.as_bytes())]);
    let who = rich(&mut exchange);
    let order = bid(&mut exchange, who, 340_000, 3_000);
    let mut filled = Vec::new();
    for second in 1..=4 {
        exchange.advance(START.plus_ms(1_000 * second));
        filled.push(executed(&exchange, who, order));
    }
    // 10 stood in front: 6 trade, then 4 more and one of ours, then the price
    // falls through us.
    assert_eq!(filled, [0, 0, 1_000, 3_000]);
    assert_eq!(exchange.surplus(exchange.margin_asset(ETH)), Cash::ZERO);
}

#[test]
fn a_displayed_book_that_moves_over_our_order_fills_it() {
    let mut tape = HEAD.to_owned();
    let crossing = r#"["3400.00","2.000"],["3401.00","0"]"#;
    tape += &depth(SECOND, (101, 110, 100), r#"["3400.00","0"]"#, crossing);
    let mut exchange = replaying(&[file("crossed.txt", tape.as_bytes())]);
    let who = rich(&mut exchange);
    let order = bid(&mut exchange, who, 340_000, 3_000);
    exchange.advance(START.plus_ms(1_000));
    assert_eq!(executed(&exchange, who, order), 2_000);
}

#[test]
fn what_we_take_stays_taken_until_the_level_is_spoken_of() {
    let mut tape = HEAD.to_owned();
    tape += &depth(SECOND, (101, 110, 100), "", r#"["3401.00","7.000"]"#);
    let mut exchange = replaying(&[file("impact.txt", tape.as_bytes())]);
    let who = rich(&mut exchange);
    let take = OrderRequest::market(ETH, Side::Buy, Qty(6_000));
    let order = exchange.place(START, who, &take).expect("accepted");
    assert_eq!(order.state, OrderState::Filled);
    let asks = |exchange: &Exchange| exchange.depth(ETH, 1).asks;
    let level = |qty| {
        vec![Level {
            price: Price(340_100),
            qty: Qty(qty),
        }]
    };
    assert_eq!(asks(&exchange), level(2_000));
    exchange.advance(START.plus_ms(1_000));
    assert_eq!(asks(&exchange), level(7_000));
}

#[test]
fn frames_come_out_as_recorded_and_end_with_a_word() {
    let mut tape = HEAD.to_owned();
    tape += &depth(SECOND, (101, 110, 100), r#"["3400.00","4.000"]"#, "");
    tape += &depth(2 * SECOND, (115, 120, 113), r#"["3400.00","3.000"]"#, "");
    let mut exchange = replaying(&[file("frames.txt", tape.as_bytes())]);
    exchange.advance(START.plus_ms(5_000));
    let mut out = Outbox::default();
    exchange.drain(&mut out);
    let mut ids = Vec::new();
    let mut ended = false;
    for event in &out.market {
        match event {
            MarketEvent::DepthRecorded { at, frame, .. } => {
                assert!(frame.event_ms <= at.ms(), "sent before it happened");
                ids.push((frame.first_id, frame.last_id, frame.previous_id));
            }
            MarketEvent::RecordingEnded { .. } => ended = true,
            _ => {}
        }
    }
    assert_eq!(ids, [(101, 110, 100), (115, 120, 113)]);
    assert!(ended);
    assert_eq!(
        exchange.skipped(),
        Skipped {
            gaps: 1,
            ..Skipped::default()
        }
    );
    assert_eq!(exchange.depth(ETH, 1).last_update_id, 120);
}

#[test]
fn a_damaged_file_is_replayed_as_far_as_it_goes() {
    let mut tape = HEAD.as_bytes().to_vec();
    tape.extend_from_slice(b"not a frame\n\n5 {\"e\":\"depthUpdate\"}\n\xff\xfe 1\n");
    tape.extend_from_slice(depth(SECOND, (101, 110, 100), r#"["3400.005","4"]"#, "").as_bytes());
    tape.extend_from_slice(b"2000000000 {\"stream\":\"ethusdt@depth");
    let mut exchange = replaying(&[file("damaged.txt", &tape)]);
    exchange.advance(START.plus_ms(5_000));
    let skipped = exchange.skipped();
    assert_eq!(
        (skipped.broken, skipped.truncated, skipped.off_grid),
        (4, 1, 1)
    );
    assert!(Recording::open(&[file("empty.txt", b"")]).is_err());
    assert!(Recording::open(&[file("other.txt", b"hello\nworld\n")]).is_err());
    assert!(Recording::open(&[]).is_err());
}

#[test]
fn compressed_files_read_the_same_and_may_be_cut() {
    let mut tape = HEAD.to_owned();
    for n in 0..500_u64 {
        let ids = (101 + n * 10, 110 + n * 10, 100 + n * 10);
        let qty = format!(r#"["3400.00","{}.000"]"#, n % 9 + 1);
        tape += &depth(SECOND + n * 1_000_000, ids, &qty, "");
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(tape.as_bytes()).expect("written");
    let gzip = gzip.finish().expect("compressed");
    // As a recorder writes it: a compressed frame every so many lines.
    let lines: Vec<&[u8]> = tape
        .as_bytes()
        .split_inclusive(|&byte| byte == b'\n')
        .collect();
    let frames = lines
        .chunks(100)
        .map(|lines| zstd::encode_all(lines.concat().as_slice(), 1));
    let zstd: Vec<u8> = frames
        .flat_map(|frame| frame.expect("compressed"))
        .collect();
    let last_id = |path: PathBuf| {
        let mut exchange = replaying(&[path]);
        exchange.advance(START.plus_ms(10_000));
        (exchange.depth(ETH, 1).last_update_id, exchange.skipped())
    };
    let whole = (5_100, Skipped::default());
    assert_eq!(last_id(file("whole.txt", tape.as_bytes())), whole);
    assert_eq!(last_id(file("whole.gz", &gzip)), whole);
    assert_eq!(last_id(file("whole.zst", &zstd)), whole);
    for (name, bytes) in [("cut.gz", &gzip), ("cut.zst", &zstd)] {
        let (id, skipped) = last_id(file(name, &bytes[..bytes.len() - 9]));
        assert!(id >= 4_000, "{name}: {id}");
        assert!(
            skipped.broken == 0 && skipped.truncated <= 1,
            "{name}: {skipped:?}"
        );
    }
}

#[test]
fn a_snapshot_mends_the_book_where_frames_are_missing() {
    let mut tape = HEAD.to_owned();
    tape += &depth(SECOND, (101, 110, 100), r#"["3400.00","4.000"]"#, "");
    tape += r#"2000000000 {"lastUpdateId":150,"E":5001,"T":5001,"bids":[["3398.00","1.000"]],"asks":[["3399.00","2.000"]]}"#;
    tape += "\n";
    tape += &depth(3 * SECOND, (149, 160, 148), r#"["3397.00","3.000"]"#, "");
    let mut exchange = replaying(&[file("gap.txt", tape.as_bytes())]);
    exchange.advance(START.plus_ms(2_500));
    assert_eq!(exchange.depth(ETH, 9).bids.len(), 2);
    exchange.advance(START.plus_ms(5_000));
    assert_eq!(exchange.skipped().gaps, 1);
    let bids: Vec<_> = exchange
        .depth(ETH, 9)
        .bids
        .iter()
        .map(|level| level.price.0)
        .collect();
    assert_eq!(bids, [339_800, 339_700]);
}

/// The real recordings, if they are beside the repository.
fn real(name: &str) -> Option<Vec<PathBuf>> {
    let named = std::env::var_os("PHOENIX_RECORDINGS").map(PathBuf::from);
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = named.unwrap_or(root);
    let files = ["20240718", "20240719"].map(|day| folder.join(format!("{name}_{day}.gz")));
    if files.iter().all(|file| file.exists()) {
        return Some(files.to_vec());
    }
    eprintln!("skipped: no recordings of {name} in {}", folder.display());
    None
}

/// Quotes around mid every two seconds through both days of both symbols.
#[test]
fn the_real_recordings_run_to_the_end() {
    let (Some(mut files), Some(eth)) = (real("btcusdt"), real("ethusdt")) else {
        return;
    };
    files.extend(eth);
    let mut exchange = replaying(&files);
    let who = rich(&mut exchange);
    let (mut depths, mut tops, mut trades, mut ended) = (0, 0, 0, false);
    let mut out = Outbox::default();
    let mut now = START;
    while !ended {
        now = now.plus_ms(2_000);
        exchange.advance(now);
        for index in 0..exchange.symbols().len() {
            quote(&mut exchange, who, SymbolId(index as u16), now);
        }
        exchange.drain(&mut out);
        for event in &out.market {
            match event {
                MarketEvent::DepthRecorded { .. } => depths += 1,
                MarketEvent::TopChanged { top, .. } => {
                    assert!(top.bid.price < top.ask.price);
                    tops += 1;
                }
                MarketEvent::Traded(_) => trades += 1,
                MarketEvent::RecordingEnded { .. } => ended = true,
                _ => {}
            }
        }
        assert!(
            now < START.plus_ms(600_000),
            "longer than what was recorded"
        );
    }
    // The counts of the recordings' own description, less the depth frames
    // that the snapshots contain already.
    assert_eq!((tops, trades), (99_588, 24_356));
    assert!((17_900..=17_951).contains(&depths), "{depths} depth frames");
    let skipped = exchange.skipped();
    assert_eq!(
        (
            skipped.broken,
            skipped.truncated,
            skipped.gaps,
            skipped.off_grid
        ),
        (0, 0, 0, 0)
    );
    let fills = |side| {
        exchange
            .user_trades(who)
            .filter(|trade| trade.side == side)
            .count()
    };
    assert!(fills(Side::Buy) > 20 && fills(Side::Sell) > 20);
    assert_eq!(exchange.surplus(AssetId(0)), Cash::ZERO);
}

fn quote(exchange: &mut Exchange, who: AccountId, symbol: SymbolId, now: VenueNs) {
    exchange.cancel_all(now, who, symbol);
    let top = exchange.top(symbol);
    let mid = (top.bid.price.0 + top.ask.price.0) / 2;
    for side in Side::BOTH {
        let price = Price(mid - side.sign() * mid / 20_000);
        let order = OrderRequest::limit(symbol, side, price, Qty(20), TimeInForce::PostOnly);
        let _ = exchange.place(now, who, &order);
    }
}

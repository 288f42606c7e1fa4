//! Real recordings decode without an error, the same both ways, and every
//! book in them is proven whole.
//!
//! The recordings lie beside the repository (`PHOENIX_RECORDINGS` names
//! another place); where they are absent the test says so and passes.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use phoenix_binance::depth_sync::DepthSync;
use phoenix_binance::symbols::SymbolTable;
use phoenix_binance::wire::market::{MarketDecoder, MarketFrame};
use phoenix_domain::{Decimal, Event, Instrument, InstrumentSpec, MonoNs, SymbolId};

fn recordings() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("PHOENIX_RECORDINGS").map(PathBuf::from);
    let places = named.into_iter().chain(
        root.ancestors()
            .map(|above| above.join("shared").join("data")),
    );
    places.into_iter().find(|place| place.is_dir())
}

fn table() -> SymbolTable {
    let decimal = |text: &str| Decimal::parse(text.as_bytes()).expect("a decimal");
    let spec = |symbol: &str, tick: &str| InstrumentSpec {
        symbol: symbol.to_owned(),
        base_asset: symbol[..3].to_owned(),
        quote_asset: "USDT".to_owned(),
        tick: decimal(tick),
        price_min: decimal("1"),
        price_max: decimal("4529764"),
        lot: decimal("0.001"),
        qty_min: decimal("0.001"),
        qty_max: decimal("10000"),
        notional_min: decimal("20"),
        percent_up: decimal("1.05"),
        percent_down: decimal("0.95"),
        orders_max: 200,
        trading: true,
    };
    let instrument = |id, symbol, tick| Instrument::new(SymbolId(id), spec(symbol, tick));
    SymbolTable::new(&[
        instrument(0, "BTCUSDT", "0.1").expect("valid"),
        instrument(1, "ETHUSDT", "0.01").expect("valid"),
    ])
}

/// What one pair of files holds: counted by hand from the recordings' notes.
struct Expected {
    files: [&'static str; 2],
    symbol: SymbolId,
    depth: u64,
    other: u64,
}

#[test]
fn every_recorded_frame_reads_the_same_both_ways() {
    let Some(folder) = recordings() else {
        println!("skipped: no recordings beside the repository");
        return;
    };
    for expected in [
        Expected {
            files: ["btcusdt_20240718.gz", "btcusdt_20240719.gz"],
            symbol: SymbolId(0),
            depth: 3_326 + 5_696,
            other: 7_113 + 974 + 45_147 + 9_727,
        },
        Expected {
            files: ["ethusdt_20240718.gz", "ethusdt_20240719.gz"],
            symbol: SymbolId(1),
            depth: 3_273 + 5_656,
            other: 9_089 + 1_640 + 38_239 + 12_015,
        },
    ] {
        check(&folder, &expected);
    }
}

fn check(folder: &Path, expected: &Expected) {
    let table = table();
    let (mut fast, mut general) = (MarketDecoder::new(), MarketDecoder::new());
    let mut sync = DepthSync::new(expected.symbol);
    let (mut depth, mut other, mut book_id, mut losses) = (0, 0, 0, 0);
    let mut watch = |event: Event<'_>| match event {
        Event::BookReplaced { book_id: id, .. } | Event::BookChanged { book_id: id, .. } => {
            book_id = id;
        }
        _ => losses += 1,
    };
    for file in expected.files {
        let file = File::open(folder.join(file)).expect("a recording");
        for line in BufReader::new(MultiGzDecoder::new(file)).split(b'\n') {
            let line = line.expect("readable");
            let json = line
                .splitn(2, |&byte| byte == b' ')
                .nth(1)
                .expect("two columns");
            if json.starts_with(b"{\"lastUpdateId\"") {
                let snapshot = fast
                    .snapshot(&table, expected.symbol, json)
                    .expect("a snapshot");
                assert_eq!((snapshot.bids.len(), snapshot.asks.len()), (1_000, 1_000));
                sync.snapshot(&snapshot, MonoNs(0), &mut watch);
                continue;
            }
            let slow = general.decode_general(&table, json).expect("readable");
            let quick = fast.decode(&table, json).expect("readable");
            assert_eq!(quick, slow);
            match quick {
                MarketFrame::Depth(frame) => {
                    depth += 1;
                    sync.frame(&frame, &mut watch);
                }
                MarketFrame::Event { .. } => other += 1,
                frame => panic!("{frame:?}"),
            }
        }
    }
    assert_eq!((depth, other), (expected.depth, expected.other));
    assert_eq!(
        fast.counts().general,
        0,
        "the fast reader knows every recorded frame"
    );
    assert!(sync.is_whole() && losses == 0);
    assert!(book_id > 0);
}

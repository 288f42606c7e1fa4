//! A recording behind the front: what was recorded is what is published.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use phoenix_domain::Decimal;
use phoenix_venue::exchange::{ExchangeSpec, Liquidity, MarketSpec, Oversize, VenueNs};
use phoenix_venue::front::{FrontSpec, Outgoing};
use phoenix_venue::recording::Recording;
use phoenix_venue::serve::build;
use phoenix_venue::spec::SymbolSpec;
use serde_json::Value;

use crate::rig::{PEER, START_MS, json};

/// A real recording; `None`, said aloud, where there is none.
fn recording() -> Option<PathBuf> {
    let data = std::env::var_os("PHOENIX_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let file = data.unwrap_or(beside).join("ethusdt_20240718.gz");
    if !file.exists() {
        eprintln!("SKIPPED: {} is not there", file.display());
        return None;
    }
    Some(file)
}

/// The first diffs of the file, as recorded.
fn recorded_diffs(file: &Path, count: usize) -> Vec<Value> {
    let file = std::fs::File::open(file).expect("the file");
    let lines = std::io::BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    lines
        .map(|line| line.expect("a line"))
        .filter(|line| line.contains("\"depthUpdate\""))
        .take(count)
        .map(|line| {
            let (_, frame) = line.split_once(' ').expect("a time and a frame");
            json(frame)["data"].clone()
        })
        .collect()
}

/// Prices and quantities of one side, whatever their padding.
fn levels(frame: &Value, side: &str) -> Vec<(Decimal, Decimal)> {
    let number = |text: &Value| {
        let text = text.as_str().expect("text");
        Decimal::parse(text.as_bytes()).expect("a number")
    };
    let mut levels: Vec<_> = frame[side]
        .as_array()
        .expect("levels")
        .iter()
        .map(|level| (number(&level[0]), number(&level[1])))
        .collect();
    levels.sort_unstable();
    levels
}

#[test]
fn recorded_diffs_are_published_as_they_were() {
    let Some(file) = recording() else {
        return;
    };
    let recorded = recorded_diffs(&file, 200);
    let start = VenueNs::from_ms(START_MS);
    let exchange = ExchangeSpec {
        start,
        seed: 1,
        markets: vec![MarketSpec {
            symbol: SymbolSpec::named("ETHUSDT").expect("listed"),
            liquidity: Liquidity::Recorded,
        }],
        recording: Some(Recording::open(&[file]).expect("a recording")),
        oversize: Oversize::Shrink,
        history_max: 100,
    };
    let (mut front, _) = build(exchange, &[], FrontSpec::default()).expect("a front");
    let raw = front.ws_open(start, "/public/ws/ethusdt@depth@0ms", "", PEER);
    let merged = front.ws_open(start, "/public/ws/ethusdt@depth@100ms", "", PEER);
    let (raw, merged) = (raw.expect("a socket"), merged.expect("a socket"));
    let mut out = Vec::new();
    front.poll(start.plus_ms(9_000), &mut out);
    let heard = |wanted| -> Vec<Value> {
        out.iter()
            .filter_map(|outgoing| match outgoing {
                Outgoing::Text { conn, text } if *conn == wanted => Some(json(text)),
                _ => None,
            })
            .collect()
    };
    let published = heard(raw);
    assert!(published.len() > 100, "{} frames", published.len());
    let first = recorded
        .iter()
        .position(|frame| frame["u"] == published[0]["u"])
        .expect("the first published frame is a recorded one");
    for (was, is) in recorded.iter().skip(first).zip(&published) {
        for id in ["U", "u", "pu"] {
            assert_eq!(was[id], is[id]);
        }
        for side in ["b", "a"] {
            assert_eq!(levels(was, side), levels(is, side));
        }
    }
    let slower = heard(merged);
    let (slow, fast) = (slower.len(), published.len());
    assert!(slow > 60 && slow < fast, "{slow} of {fast} frames");
    for pair in slower.windows(2) {
        assert_eq!(pair[1]["pu"], pair[0]["u"]);
    }
}

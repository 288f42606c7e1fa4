//! The maker against the simulated exchange in virtual time: bytes on both
//! sides, no sockets.

use std::path::{Path, PathBuf};

use phoenix_config::Config;
use phoenix_lab::link::{Link, LinkEnd, LinkSpec};
use phoenix_venue::exchange::{ExchangeSpec, Liquidity, MarketSpec, Oversize, VenueNs};
use phoenix_venue::flow::FlowSpec;
use phoenix_venue::front::{FrontSpec, Latency};
use phoenix_venue::recording::Recording;
use phoenix_venue::spec::SymbolSpec;

const START_MS: i64 = 1_788_231_600_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn config(text: &str) -> Config {
    let checked = phoenix_config::check(text, &|_| None);
    let (config, problems) = (checked.config, checked.problems);
    config.unwrap_or_else(|| panic!("{problems:?}"))
}

fn demo_config() -> Config {
    let path = root().join("configs/phoenix_demo.yaml");
    config(&std::fs::read_to_string(path).expect("the demo's configuration"))
}

fn front() -> FrontSpec {
    FrontSpec {
        latency: Latency {
            request_ns: 2_000_000,
            engine_ns: 1_000_000,
            reply_ns: 2_000_000,
            stream_ns: 2_000_000,
            jitter_ns: 1_000_000,
        },
        ..FrontSpec::default()
    }
}

fn synthetic(seed: u64) -> ExchangeSpec {
    let market = |name: &str, price: f64| MarketSpec {
        symbol: SymbolSpec::named(name).expect("a built-in symbol"),
        liquidity: Liquidity::Synthetic(FlowSpec::around(price)),
    };
    ExchangeSpec {
        start: VenueNs::from_ms(START_MS),
        seed,
        markets: vec![market("ETHUSDC", 2_600.0), market("BTCUSDT", 84_000.0)],
        recording: None,
        oversize: Oversize::Shrink,
        history_max: 100_000,
    }
}

fn run(exchange: ExchangeSpec, config: Config, duration_ms: u64) -> LinkEnd {
    let spec = LinkSpec::demo(config, exchange, front()).expect("an exchange");
    let link = Link::start(spec).expect("a start");
    link.run(duration_ms, |_, _| {})
}

/// What must hold however the market went.
fn assert_clean(end: &LinkEnd) {
    assert!(end.stopped, "the maker has proven that nothing rests");
    assert!(end.summary.nothing_rests(), "{:?}", end.summary.resting);
    assert!(end.summary.books_agree(), "{:?}", end.summary.wallets);
    assert_eq!(end.summary.status.counts.unreadable, 0);
    let known: u64 = end
        .summary
        .status
        .makers
        .iter()
        .map(|m| m.view.fills[0] + m.view.fills[1])
        .sum();
    assert_eq!(
        known,
        end.trades.len() as u64,
        "every execution is in the books once"
    );
}

#[test]
fn the_demo_market_fills_both_sides_of_both_symbols() {
    let end = run(synthetic(7), demo_config(), 60_000);
    assert_clean(&end);
    for maker in &end.summary.status.makers {
        let fills = maker.view.fills;
        assert!(
            fills[0] > 0 && fills[1] > 0,
            "{}: {fills:?}",
            maker.instrument.symbol()
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_fills_twice() {
    let first = run(synthetic(11), demo_config(), 20_000);
    let second = run(synthetic(11), demo_config(), 20_000);
    assert!(!first.trades.is_empty());
    assert_eq!(first.trades, second.trades);
    assert_eq!(first.digest, second.digest);
    let other = run(synthetic(12), demo_config(), 20_000);
    assert_ne!(first.trades, other.trades, "the seed is what decides");
}

#[test]
fn a_recording_runs_to_its_end() {
    let data = root().join("../shared/data");
    let files: Vec<PathBuf> = ["ethusdt_20240718.gz", "btcusdt_20240718.gz"]
        .iter()
        .map(|name| data.join(name))
        .collect();
    if !files.iter().all(|file| file.exists()) {
        println!("skipped: no recordings in {}", data.display());
        return;
    }
    let text = std::fs::read_to_string(root().join("configs/phoenix_demo.yaml")).expect("a file");
    let config = config(&text.replace("ETHUSDC", "ETHUSDT"));
    let recording = Recording::open(&files).expect("recordings");
    let markets = recording.symbols().iter().map(|name| MarketSpec {
        symbol: SymbolSpec::named(name).expect("a built-in symbol"),
        liquidity: Liquidity::Recorded,
    });
    let exchange = ExchangeSpec {
        start: VenueNs::from_ms(START_MS),
        seed: 1,
        markets: markets.collect(),
        recording: Some(recording),
        oversize: Oversize::Shrink,
        history_max: 100_000,
    };
    let end = run(exchange, config, 170_000);
    assert_clean(&end);
    assert!(
        !end.trades.is_empty(),
        "the recorded market reached our quotes"
    );
}

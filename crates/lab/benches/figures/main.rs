//! The figures that `make bench` prints: ratios between two ways to do the
//! same work, taken in turn in one process, because the machine's speed
//! drifts and only ratios carry over.

mod feed;
mod ours;
mod plain;

use std::time::{Duration, Instant};

use rust_decimal::Decimal;

use feed::Feed;
use ours::Ours;
use plain::{Plain, Terms};

/// Frames of one round.
const FRAMES: usize = 20_000;
/// Frames that warm both contestants up and are not counted.
const WARM_UP: usize = 2_000;
/// Rounds; the median round is quoted.
const ROUNDS: usize = 7;

const SECRET: &str = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9";

fn main() {
    println!("in process, {ROUNDS} rounds in turn, {FRAMES} frames each, 36 working orders");
    compare("depth frame → signed order", 7.0, Kind::Depth);
    compare("bookTicker → signed order", 5.0, Kind::Ticker);
}

#[derive(Clone, Copy)]
enum Kind {
    Depth,
    Ticker,
}

fn compare(title: &str, wanted: f64, kind: Kind) {
    let mut ratios = Vec::new();
    let mut last = None;
    for round in 0..ROUNDS {
        let feed = Feed::generate(FRAMES, 7 + round as u64);
        let fast = run_ours(&feed, kind);
        let slow = run_plain(&feed, kind);
        ratios.push(slow.p50_ns as f64 / fast.p50_ns as f64);
        last = Some((fast, slow));
    }
    let Some((fast, slow)) = last else { return };
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    println!("\n{title}");
    println!("  phoenix   {fast}");
    println!("  plain way {slow}");
    println!(
        "  plain / phoenix at p50: {median:.1} [{:.1} .. {:.1}], wanted at least {wanted:.0}",
        ratios[0],
        ratios[ratios.len() - 1],
    );
    println!(
        "  p99 / p50 of phoenix: {:.1}, wanted at most 3",
        fast.p99_ns as f64 / fast.p50_ns as f64
    );
}

/// How long the turns took that led to exactly one order.
struct Latency {
    p50_ns: u64,
    p99_ns: u64,
    turns: usize,
}

impl Latency {
    fn of(mut samples: Vec<Duration>) -> Self {
        assert!(!samples.is_empty(), "no frame led to an order");
        samples.sort_unstable();
        let at = |share: f64| samples[((samples.len() - 1) as f64 * share) as usize];
        Self {
            p50_ns: at(0.5).as_nanos() as u64,
            p99_ns: at(0.99).as_nanos() as u64,
            turns: samples.len(),
        }
    }
}

impl std::fmt::Display for Latency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            p50_ns,
            p99_ns,
            turns,
        } = self;
        write!(
            f,
            "p50 {p50_ns:>6} ns   p99 {p99_ns:>6} ns   ({turns} turns with one order)"
        )
    }
}

fn run_ours(feed: &Feed, kind: Kind) -> Latency {
    let mut ours = Ours::new(SECRET, &feed.snapshot);
    let mut samples = Vec::with_capacity(FRAMES);
    for (index, (depth, ticker)) in feed.frames.iter().zip(&feed.tickers).enumerate() {
        let turn = match kind {
            Kind::Depth => ours.frame(depth),
            // The book is kept whole off the clock: quotes need one.
            Kind::Ticker => {
                ours.take(depth);
                ours.frame(ticker)
            }
        };
        if index == WARM_UP {
            assert_eq!(ours.working(), 36, "working orders after the warm-up");
        }
        if index >= WARM_UP && turn.orders == 1 {
            samples.push(turn.took);
        }
    }
    Latency::of(samples)
}

fn run_plain(feed: &Feed, kind: Kind) -> Latency {
    let terms = Terms {
        layers: 18,
        start_offset: Decimal::new(12, 1),
        first_spacing: Decimal::new(3, 1),
        multiplier: Decimal::new(11, 1),
        max_spacing: Decimal::new(3, 0),
        size: Decimal::new(10, 3),
    };
    let mut plain = Plain::new(terms, SECRET, &feed.snapshot);
    let (mut samples, mut out) = (Vec::with_capacity(FRAMES), Vec::new());
    for (index, (depth, ticker)) in feed.frames.iter().zip(&feed.tickers).enumerate() {
        out.clear();
        let begun = Instant::now();
        match kind {
            Kind::Depth => plain.frame(depth, &mut out),
            Kind::Ticker => plain.ticker(ticker, &mut out),
        }
        let took = begun.elapsed();
        if index >= WARM_UP && out.len() == 1 {
            samples.push(took);
        }
    }
    Latency::of(samples)
}

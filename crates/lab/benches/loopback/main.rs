//! Tick to order over loopback: the live maker against the simulated exchange,
//! both on one core, next to a bare TCP echo of the same sizes; then both
//! again with busy polling.
//!
//! The exchange's own clock measures: from the instant its book changes to
//! the instant it has carried out the maker's amendment. Echo and maker are
//! measured in turn, a tick every few milliseconds, because a cold wake-up is
//! what a maker pays.

mod echo;
mod exchange;

use std::time::Duration;

use echo::Echo;
use exchange::Market;

/// Ticks of one round.
const TICKS: usize = 600;
/// Ticks that are not counted.
const WARM_UP: usize = 100;
/// Rounds; the median ratio is quoted.
const ROUNDS: usize = 7;
/// Between two ticks.
pub(crate) const PACE: Duration = Duration::from_millis(5);

fn main() {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let Some(first) = cores.first() else {
        println!("skipped: this system does not pin threads");
        return;
    };
    println!("tick to order over loopback, a tick every {PACE:?}, {ROUNDS} rounds in turn");
    let one = Placement {
        maker: first.id,
        venue: first.id,
        busy: false,
    };
    compare("one core, blocking", 1.6, one);
    match cores.get(1) {
        Some(second) => {
            let two = Placement {
                maker: second.id,
                venue: first.id,
                busy: true,
            };
            compare("busy polling, a core each", 1.5, two);
        }
        None => println!("\nbusy polling skipped: it needs a second core"),
    }
}

/// Which thread runs where, and whether the waiting ones spin.
#[derive(Clone, Copy)]
pub(crate) struct Placement {
    pub(crate) maker: usize,
    pub(crate) venue: usize,
    pub(crate) busy: bool,
}

fn compare(title: &str, wanted: f64, place: Placement) {
    println!("\n{title}");
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let echo = quantiles(Echo::start(place).rounds(WARM_UP + TICKS));
        let maker = quantiles(Market::start(place).ticks(WARM_UP + TICKS));
        println!(
            "  echo p50 {:>6.1} p99 {:>6.1} µs   maker p50 {:>6.1} p99 {:>6.1} µs",
            echo.0, echo.1, maker.0, maker.1
        );
        ratios.push(maker.0 / echo.0);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "  maker / echo at p50: {:.2} [{:.2} .. {:.2}], wanted at most {wanted}",
        ratios[ratios.len() / 2],
        ratios[0],
        ratios[ratios.len() - 1],
    );
}

/// p50 and p99 in µs, the warm-up left out.
fn quantiles(samples_ns: Vec<u64>) -> (f64, f64) {
    let mut counted: Vec<u64> = samples_ns.into_iter().skip(WARM_UP).collect();
    assert!(counted.len() >= TICKS / 2, "{} samples", counted.len());
    counted.sort_unstable();
    let at = |share: f64| counted[((counted.len() - 1) as f64 * share) as usize] as f64 / 1e3;
    (at(0.5), at(0.99))
}

//! The synthetic crowd of one symbol: resting depth on many levels, takers in
//! clusters, quiet and busy spells, trends and jumps. Everything follows from
//! the seed.
//!
//! A hidden fair price moves (`path`); makers of the crowd place and pull
//! orders around it; takers come by chance, and in bursts after each other
//! (a self-exciting rate); whoever quotes on the wrong side of the fair price
//! is pulled or picked off, accounts' orders included. Trading itself is the
//! exchange's work: the crowd only says what it does next.

mod path;

use phoenix_domain::{Instrument, Price, Qty, Side, SymbolId};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::exchange::VenueNs;
use crate::matching::{Handle, Resting};

use path::Path;

/// How one symbol's crowd behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowSpec {
    /// Price at the start, quote units.
    pub price: f64,
    /// Lasting moves: basis points per root second.
    pub drift_bp: f64,
    /// Standard deviation of the moves that come back, basis points.
    pub swing_bp: f64,
    /// How fast they come back: half-life, seconds.
    pub swing_half_life_s: f64,
    /// Jumps per second.
    pub jumps_hz: f64,
    /// Orders placed and pulled per second in normal times.
    pub changes_hz: f64,
    /// Takers per second in normal times, before clustering.
    pub takers_hz: f64,
    /// Resting orders it tends to.
    pub orders: usize,
    /// Median worth of an order, quote units.
    pub order_worth: f64,
}

impl FlowSpec {
    /// A lively major perpetual around `price`: a maker a few basis points
    /// from mid is filled on both sides within seconds.
    #[must_use]
    pub fn around(price: f64) -> Self {
        Self {
            price,
            drift_bp: 0.5,
            swing_bp: 4.5,
            swing_half_life_s: 5.0,
            jumps_hz: 1.0 / 45.0,
            changes_hz: 180.0,
            takers_hz: 3.5,
            orders: 1_400,
            order_worth: 2_500.0,
        }
    }

    /// The crowd of a symbol known by heart, at its price of late.
    #[must_use]
    pub fn named(symbol: &str) -> Option<Self> {
        match symbol {
            "ETHUSDC" | "ETHUSDT" => Some(Self::around(2_610.0)),
            "BTCUSDT" | "BTCUSDC" => Some(Self {
                order_worth: 6_000.0,
                ..Self::around(83_900.0)
            }),
            _ => None,
        }
    }

    pub(crate) fn start_price(&self, instrument: &Instrument) -> Price {
        Price((self.price / instrument.tick_f64()) as i64)
    }
}

/// What the crowd sees before it acts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sight {
    pub(crate) bid: Option<Resting>,
    pub(crate) ask: Option<Resting>,
}

/// What it does next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Act {
    /// Place an order that rests (where it would cross, next to the other
    /// side).
    Place { side: Side, price: Price, qty: Qty },
    /// Pull one of its own.
    Pull(Handle),
    /// Take what is there up to a price.
    Take { side: Side, limit: Price, qty: Qty },
}

#[derive(Clone, Copy, Debug)]
struct Own {
    handle: Handle,
    /// Index in `live`.
    at: u32,
}

/// How much a taker raises the rate of takers, and how fast that fades.
const EXCITE_HZ: f64 = 1.6;
const EXCITE_FADE_PER_S: f64 = 2.6;
const TAKERS_HZ_MAX: f64 = 200.0;
/// How much faster orders change after a surprise, and how fast that fades.
const HURRY_PER_BP: f64 = 4.0;
const HURRY_MAX: f64 = 20.0;
const HURRY_FADE_PER_S: f64 = 9.0;
/// Takers follow the last one's side more often than not.
const FOLLOW: f64 = 0.72;
/// Sizes: a Pareto tail this heavy, cut at this multiple of the median.
const TAIL: f64 = 1.5;
const SIZE_MAX: f64 = 120.0;

#[derive(Debug)]
pub(crate) struct Flow {
    spec: FlowSpec,
    /// Lots that one order's worth is at the start.
    median_lots: f64,
    /// Ticks in one basis point at the start.
    bp_ticks: f64,
    rng: Xoshiro256PlusPlus,
    path: Path,
    excitement_hz: f64,
    hurry: f64,
    last_side: Side,
    next: VenueNs,
    own: Vec<Own>,
    free: Vec<u32>,
    live: Vec<u32>,
}

impl Flow {
    pub(crate) fn new(
        spec: FlowSpec,
        instrument: &Instrument,
        seed: u64,
        symbol: SymbolId,
        now: VenueNs,
    ) -> Self {
        let mixed = seed ^ (u64::from(symbol.0) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let ticks = spec.price / instrument.tick_f64();
        let lots = spec.order_worth / (spec.price * instrument.lot_f64());
        Self {
            median_lots: lots.max(1.0),
            bp_ticks: ticks / 10_000.0,
            rng: Xoshiro256PlusPlus::seed_from_u64(mixed),
            path: Path::new(&spec, ticks, now),
            excitement_hz: 0.0,
            hurry: 0.0,
            last_side: Side::Buy,
            next: now,
            own: Vec::new(),
            free: Vec::new(),
            live: Vec::new(),
            spec,
        }
    }

    /// When it next acts.
    pub(crate) fn next_at(&self) -> VenueNs {
        self.next
    }

    /// The price elsewhere, in ticks.
    pub(crate) fn index_ticks(&mut self, now: VenueNs) -> f64 {
        self.path.advance(now, &mut self.rng);
        self.path.fair_ticks()
    }

    /// One more order of the opening book; `None` when it has enough.
    pub(crate) fn gather(&mut self) -> Option<Act> {
        (self.live.len() < self.spec.orders).then(|| self.place(Sight::default()))
    }

    /// Decides what to do now and when to act again.
    pub(crate) fn act(&mut self, now: VenueNs, sight: Sight) -> Act {
        let elapsed_s = self.path.advance(now, &mut self.rng);
        self.excitement_hz *= libm::exp(-EXCITE_FADE_PER_S * elapsed_s);
        self.hurry *= libm::exp(-HURRY_FADE_PER_S * elapsed_s);
        let surprise_bp = self.path.take_surprise();
        self.excitement_hz += surprise_bp * surprise_bp * 0.2;
        self.hurry = (self.hurry + surprise_bp * HURRY_PER_BP).min(HURRY_MAX);
        let activity = self.path.activity();
        let takers_hz = self.spec.takers_hz * activity + self.excitement_hz.min(TAKERS_HZ_MAX);
        let changes_hz = self.spec.changes_hz * activity * (1.0 + self.hurry);
        let wait_s = self.exponential(1.0 / (takers_hz + changes_hz));
        self.next = VenueNs(now.0 + 1 + (wait_s * 1e9) as u64);
        if let Some(act) = self.correct(sight) {
            return act;
        }
        if self.rng.random::<f64>() * (takers_hz + changes_hz) < takers_hz {
            return self.take(sight);
        }
        let target = self.spec.orders as f64;
        let short = (target - self.live.len() as f64) / target;
        if self.rng.random::<f64>() < 0.5 + short.clamp(-0.4, 0.4) {
            self.place(sight)
        } else {
            self.pull().unwrap_or_else(|| self.place(sight))
        }
    }

    /// Registers an order it just placed; returns the number it goes by.
    pub(crate) fn reserve(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.own.push(Own {
                handle: Handle::NOBODY,
                at: 0,
            });
            (self.own.len() - 1) as u32
        })
    }

    pub(crate) fn placed(&mut self, number: u32, handle: Handle) {
        let at = self.live.len() as u32;
        self.live.push(number);
        self.own[number as usize] = Own { handle, at };
    }

    /// One of its orders is gone.
    pub(crate) fn forget(&mut self, number: u32) {
        let at = self.own[number as usize].at as usize;
        self.live.swap_remove(at);
        if let Some(&moved) = self.live.get(at) {
            self.own[moved as usize].at = at as u32;
        }
        self.free.push(number);
    }

    /// An order on the wrong side of the fair price is pulled if it is the
    /// crowd's, else (and sometimes anyway) taken.
    fn correct(&mut self, sight: Sight) -> Option<Act> {
        let fair = self.path.fair_ticks();
        let edge = 0.5 + 0.05 * self.bp_ticks;
        let ask = sight.ask.filter(|ask| (ask.price.0 as f64) < fair - edge);
        let bid = sight.bid.filter(|bid| (bid.price.0 as f64) > fair + edge);
        let (wrong, side) = match (ask, bid) {
            (Some(ask), _) => (ask, Side::Buy),
            (None, Some(bid)) => (bid, Side::Sell),
            (None, None) => return None,
        };
        if wrong.is_crowd() && self.rng.random::<f64>() < 0.92 {
            return Some(Act::Pull(wrong.handle));
        }
        let qty = self.size(6.0);
        self.last_side = side;
        Some(Act::Take {
            side,
            limit: Price(fair as i64),
            qty,
        })
    }

    fn take(&mut self, sight: Sight) -> Act {
        let follow = self.rng.random::<f64>() < FOLLOW;
        let side = if follow {
            self.last_side
        } else {
            self.last_side.opposite()
        };
        self.last_side = side;
        self.excitement_hz += EXCITE_HZ;
        let best = match side {
            Side::Buy => sight.ask,
            Side::Sell => sight.bid,
        };
        let Some(best) = best else {
            return self.place(sight);
        };
        // Most take what is there; some accept a few basis points.
        let patient = self.rng.random::<f64>() < 0.6;
        let reach_bp = if patient { 0.05 } else { self.exponential(3.0) };
        let reach = (reach_bp.min(15.0) * self.bp_ticks) as i64;
        let limit = Price(best.price.0 + side.sign() * reach);
        let qty = self.size(if patient { 1.0 } else { 25.0 });
        Act::Take { side, limit, qty }
    }

    fn place(&mut self, sight: Sight) -> Act {
        let side = if self.rng.random() {
            Side::Buy
        } else {
            Side::Sell
        };
        let fair = self.path.fair_ticks();
        let pick = self.rng.random::<f64>();
        let best = match side {
            Side::Buy => sight.bid,
            Side::Sell => sight.ask,
        };
        let away_bp = if pick < 0.2 {
            0.0
        } else if pick < 0.45 {
            self.exponential(1.2)
        } else if pick < 0.82 {
            self.exponential(5.0)
        } else {
            // A heavy tail, out to one per cent and more.
            let tail = 8.0 / libm::pow(1.0 - self.rng.random::<f64>(), 0.8);
            tail.min(400.0)
        };
        let away = 0.5 + away_bp * self.bp_ticks;
        let mut price = match side {
            Side::Buy => libm::floor(fair - away),
            Side::Sell => libm::ceil(fair + away),
        } as i64;
        // Joining the best rather than being alone in front of it.
        if pick < 0.15
            && let Some(best) = best
        {
            let joined = Price(best.price.0);
            price = match side {
                Side::Buy => price.min(joined.0),
                Side::Sell => price.max(joined.0),
            };
        }
        let qty = self.size(1.0 + (away_bp / 4.0).min(6.0));
        Act::Place {
            side,
            price: Price(price.max(1)),
            qty,
        }
    }

    fn pull(&mut self) -> Option<Act> {
        if self.live.is_empty() {
            return None;
        }
        let pick = self.rng.random_range(0..self.live.len());
        Some(Act::Pull(self.own[self.live[pick] as usize].handle))
    }

    /// Half the orders below the median times `scale`, a heavy tail above.
    fn size(&mut self, scale: f64) -> Qty {
        let chance = self.rng.random::<f64>();
        let multiple = if chance < 0.5 {
            0.05 + 1.9 * chance
        } else {
            libm::pow(2.0 * (1.0 - chance), -1.0 / TAIL).min(SIZE_MAX)
        };
        Qty(((self.median_lots * scale * multiple) as i64).max(1))
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -libm::log(1.0 - self.rng.random::<f64>()) * mean
    }
}

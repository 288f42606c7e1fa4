//! The hidden fair price: a lasting random walk and a swing that comes back,
//! in spells of different character, with jumps.
//!
//! It moves all the time but is noticed only now and then, by chance: between
//! two notices the crowd agrees on a price and its spread closes, after one it
//! hurries to the new price.

use rand::Rng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::exchange::VenueNs;
use crate::flow::FlowSpec;

/// The character of a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spell {
    Quiet,
    Normal,
    Busy,
    Rising,
    Falling,
}

impl Spell {
    /// Factors on volatility and activity, and drift in basis points a second.
    fn character(self) -> (f64, f64, f64) {
        match self {
            Self::Quiet => (0.45, 0.4, 0.0),
            Self::Normal => (1.0, 1.0, 0.0),
            Self::Busy => (1.7, 2.6, 0.0),
            Self::Rising => (1.1, 1.5, 0.5),
            Self::Falling => (1.1, 1.5, -0.5),
        }
    }

    /// Mean length in seconds.
    fn length_s(self) -> f64 {
        match self {
            Self::Quiet => 12.0,
            Self::Normal => 30.0,
            Self::Busy => 8.0,
            Self::Rising | Self::Falling => 10.0,
        }
    }

    fn next(chance: f64) -> Self {
        match chance {
            c if c < 0.22 => Self::Quiet,
            c if c < 0.62 => Self::Normal,
            c if c < 0.80 => Self::Busy,
            c if c < 0.90 => Self::Rising,
            _ => Self::Falling,
        }
    }
}

/// Mean size of a jump, basis points.
const JUMP_BP: f64 = 5.0;
/// How often it is noticed in normal times.
const NOTICES_HZ: f64 = 5.0;
/// The share of a jump that lasts.
const JUMP_LASTS: f64 = 0.4;
/// The lasting part is kept within this factor of the start, so that a crowd
/// left alone for weeks still quotes prices within the filters.
const RANGE: f64 = 4.0;

#[derive(Debug)]
pub(super) struct Path {
    start_ticks: f64,
    drift_bp: f64,
    swing_bp: f64,
    swing_fade_per_s: f64,
    jumps_hz: f64,
    at: VenueNs,
    spell: Spell,
    spell_left_s: f64,
    /// Lasting move since the start, basis points of log price.
    lasting_bp: f64,
    swing_now_bp: f64,
    /// What was noticed last.
    noticed_bp: f64,
    surprise_bp: f64,
}

impl Path {
    pub(super) fn new(spec: &FlowSpec, start_ticks: f64, now: VenueNs) -> Self {
        Self {
            start_ticks,
            drift_bp: spec.drift_bp,
            swing_bp: spec.swing_bp,
            swing_fade_per_s: core::f64::consts::LN_2 / spec.swing_half_life_s.max(0.001),
            jumps_hz: spec.jumps_hz,
            at: now,
            spell: Spell::Normal,
            spell_left_s: Spell::Normal.length_s(),
            lasting_bp: 0.0,
            swing_now_bp: 0.0,
            noticed_bp: 0.0,
            surprise_bp: 0.0,
        }
    }

    pub(super) fn fair_ticks(&self) -> f64 {
        self.start_ticks * libm::exp(self.noticed_bp / 10_000.0)
    }

    /// Factor on how much happens.
    pub(super) fn activity(&self) -> f64 {
        self.spell.character().1
    }

    /// What was noticed since last asked, basis points.
    pub(super) fn take_surprise(&mut self) -> f64 {
        std::mem::take(&mut self.surprise_bp)
    }

    /// Moves to `now`; returns the seconds that passed.
    pub(super) fn advance(&mut self, now: VenueNs, rng: &mut Xoshiro256PlusPlus) -> f64 {
        let elapsed_s = now.0.saturating_sub(self.at.0) as f64 / 1e9;
        if elapsed_s <= 0.0 {
            return 0.0;
        }
        self.at = now;
        let (wild, busy, trend_bp) = self.spell.character();
        let [one, two] = normal_pair(rng);
        self.lasting_bp += trend_bp * elapsed_s;
        self.lasting_bp += self.drift_bp * wild * elapsed_s.sqrt() * one;
        let kept = libm::exp(-self.swing_fade_per_s * elapsed_s);
        let spread = self.swing_bp * wild * (1.0 - kept * kept).sqrt();
        self.swing_now_bp = self.swing_now_bp * kept + spread * two;
        let mut notices_hz = NOTICES_HZ * busy;
        if rng.random::<f64>() < self.jumps_hz * elapsed_s {
            let sign = if rng.random() { 1.0 } else { -1.0 };
            let jump = -libm::log(1.0 - rng.random::<f64>()) * JUMP_BP * sign;
            self.lasting_bp += jump * JUMP_LASTS;
            self.swing_now_bp += jump * (1.0 - JUMP_LASTS);
            notices_hz = f64::INFINITY;
        }
        let bound = 10_000.0 * libm::log(RANGE);
        self.lasting_bp = self.lasting_bp.clamp(-bound, bound);
        if rng.random::<f64>() < notices_hz * elapsed_s {
            let now_bp = self.lasting_bp + self.swing_now_bp;
            self.surprise_bp += (now_bp - self.noticed_bp).abs();
            self.noticed_bp = now_bp;
        }
        self.spell_left_s -= elapsed_s;
        if self.spell_left_s <= 0.0 {
            self.spell = Spell::next(rng.random());
            self.spell_left_s = -libm::log(1.0 - rng.random::<f64>()) * self.spell.length_s();
        }
        elapsed_s
    }
}

/// Two independent standard normals.
fn normal_pair(rng: &mut Xoshiro256PlusPlus) -> [f64; 2] {
    let radius = (-2.0 * libm::log(1.0 - rng.random::<f64>())).sqrt();
    let angle = core::f64::consts::TAU * rng.random::<f64>();
    [radius * libm::cos(angle), radius * libm::sin(angle)]
}

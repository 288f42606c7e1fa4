//! Realised volatility of the mid over a stated span of time.
//!
//! The mid is sampled on a fixed grid of time, whatever the number of updates
//! between two points, and σ is the root of the summed squared changes over
//! the span: the move of the mid, in price units, that the span realised. It
//! is not annualised. Sums are integers, so that a long run cannot drift.

use phoenix_domain::MonoNs;

/// Samples in one window.
const SAMPLES: usize = 64;

/// The latest window of sampled mids.
#[derive(Clone, Debug)]
pub(crate) struct Volatility {
    step_ns: u64,
    squares: [i64; SAMPLES],
    sum: i64,
    head: usize,
    slot: u64,
    sampled: Option<i64>,
    latest: i64,
    sigma_ticks: f64,
}

/// A change beyond this (in half ticks) is counted as this: keeps the sum of
/// squares in range whatever the venue sends.
const CHANGE_MAX: i64 = 1 << 28;

impl Volatility {
    pub(crate) fn new(window_ms: u32) -> Self {
        Self {
            step_ns: (u64::from(window_ms) * 1_000_000 / SAMPLES as u64).max(1),
            squares: [0; SAMPLES],
            sum: 0,
            head: 0,
            slot: 0,
            sampled: None,
            latest: 0,
            sigma_ticks: 0.0,
        }
    }

    /// Takes the mid in half ticks (best bid + best ask). True if σ changed.
    pub(crate) fn observe(&mut self, now: MonoNs, mid_half_ticks: i64) -> bool {
        let slot = now.0 / self.step_ns;
        let changed = self.sampled.is_some() && slot > self.slot;
        match self.sampled {
            None => self.sampled = Some(mid_half_ticks),
            Some(_) if changed => self.close_slots(slot - self.slot),
            Some(_) => {}
        }
        self.slot = slot.max(self.slot);
        self.latest = mid_half_ticks;
        changed
    }

    /// Root of the summed squared changes over the window, in ticks.
    pub(crate) fn sigma_ticks(&self) -> f64 {
        self.sigma_ticks
    }

    /// Forgets the past: after a loss of data the jump across the hole is not
    /// volatility that the market showed us.
    pub(crate) fn restart(&mut self) {
        self.sampled = None;
    }

    /// The mid that stood at the end of each passed slot is its sample: the
    /// first sees the last known mid, the rest saw nothing move.
    fn close_slots(&mut self, count: u64) {
        let before = self.sampled.unwrap_or(self.latest);
        let change = self
            .latest
            .saturating_sub(before)
            .clamp(-CHANGE_MAX, CHANGE_MAX);
        self.sampled = Some(self.latest);
        self.push(change * change);
        for _ in 0..(count - 1).min(SAMPLES as u64) {
            self.push(0);
        }
        // Half ticks: a quarter of the square is in ticks.
        self.sigma_ticks = libm::sqrt(self.sum as f64 / 4.0);
    }

    fn push(&mut self, square: i64) {
        let oldest = &mut self.squares[self.head];
        self.sum += square - *oldest;
        *oldest = square;
        self.head = (self.head + 1) % SAMPLES;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: u64 = 1_000_000_000;

    /// A window of 64 s: one sample a second.
    fn volatility() -> Volatility {
        Volatility::new(64_000)
    }

    #[test]
    fn the_number_of_updates_does_not_matter() {
        let (mut few, mut many) = (volatility(), volatility());
        for second in 0..200_u64 {
            let mid = 20_000 + 2 * i64::try_from(second % 7).expect("small");
            few.observe(MonoNs(second * STEP), mid);
            for part in 0..50 {
                many.observe(MonoNs(second * STEP + part * 20_000_000), mid);
            }
        }
        assert!(few.sigma_ticks() > 1.0);
        assert_eq!(few.sigma_ticks().to_bits(), many.sigma_ticks().to_bits());
    }

    #[test]
    fn one_jump_counts_for_exactly_one_window() {
        let mut volatility = volatility();
        volatility.observe(MonoNs(0), 20_000);
        volatility.observe(MonoNs(STEP), 20_020);
        for second in 2..=65 {
            volatility.observe(MonoNs(second * STEP), 20_020);
            assert!((volatility.sigma_ticks() - 10.0).abs() < 1e-9, "{second}");
        }
        volatility.observe(MonoNs(66 * STEP), 20_020);
        assert!(volatility.sigma_ticks().abs() < 1e-9);
    }

    #[test]
    fn a_long_silence_empties_the_window() {
        let mut volatility = volatility();
        volatility.observe(MonoNs(0), 20_000);
        volatility.observe(MonoNs(STEP), 30_000);
        volatility.observe(MonoNs(1_000_000 * STEP), 30_000);
        assert!(volatility.sigma_ticks().abs() < 1e-9);
    }

    #[test]
    fn absurd_prices_do_not_overflow() {
        let mut volatility = volatility();
        for second in 0..500 {
            let mid = if second % 2 == 0 { 1 } else { i64::MAX / 4 };
            volatility.observe(MonoNs(second * STEP), mid);
        }
        assert!(volatility.sigma_ticks().is_finite());
    }
}

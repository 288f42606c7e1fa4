//! How often orders were cancelled or amended lately, and whether one more
//! change for looks' sake is wise.
//!
//! A limit per minute is spent by two kinds of change. Cosmetic ones follow
//! the market and can wait: free below half of the limit, then spaced out, and
//! refused within a fifth of it. Protective ones (stale data, risk, pause,
//! stop) draw on that fifth and are never refused, limit or not.

use phoenix_domain::MonoNs;

/// Cancels and amends of the last minute.
#[derive(Debug)]
pub(crate) struct CancelRate {
    /// Counts by slice of time, a ring over the last minute.
    slices: [u32; SLICES],
    /// Number of the slice last written.
    newest: u64,
    total: u32,
    per_min_max: u32,
    cosmetic_at: Option<MonoNs>,
}

const SLICES: usize = 120;
const SLICE_NS: u64 = 60_000_000_000 / SLICES as u64;

impl CancelRate {
    /// None yet; `per_min_max` is the owner's limit.
    #[must_use]
    pub(crate) fn new(per_min_max: u32) -> Self {
        Self {
            slices: [0; SLICES],
            newest: 0,
            total: 0,
            per_min_max,
            cosmetic_at: None,
        }
    }

    /// One more cancel or amend was sent; protective ones ask nobody.
    pub(crate) fn count_protective(&mut self, now: MonoNs) {
        self.turn(now);
        self.slices[self.newest as usize % SLICES] += 1;
        self.total += 1;
    }

    /// A cosmetic one was sent after [`Self::allows_cosmetic`].
    pub(crate) fn count_cosmetic(&mut self, now: MonoNs) {
        self.count_protective(now);
        self.cosmetic_at = Some(now);
    }

    /// One more change for looks' sake may be sent now.
    #[must_use]
    pub(crate) fn allows_cosmetic(&mut self, now: MonoNs) -> bool {
        let cosmetic_max = self.per_min_max - self.per_min_max / 5;
        let spent = self.per_minute(now);
        if spent >= cosmetic_max {
            return false;
        }
        if spent < self.per_min_max / 2 {
            return true;
        }
        // What is left lasts for the minute.
        let wait_ms = 60_000 / u64::from(cosmetic_max - spent);
        self.cosmetic_at
            .is_none_or(|last| now >= last.plus_ms(wait_ms))
    }

    /// Sent in the last minute.
    #[must_use]
    pub(crate) fn per_minute(&mut self, now: MonoNs) -> u32 {
        self.turn(now);
        self.total
    }

    /// The same without forgetting anything: for looking.
    #[must_use]
    pub(crate) fn count_at(&self, now: MonoNs) -> u32 {
        let slice = now.0 / SLICE_NS;
        let first = (slice + 1).saturating_sub(SLICES as u64);
        let kept = (first..=self.newest).map(|number| self.slices[number as usize % SLICES]);
        kept.take(SLICES).sum()
    }

    /// Drops what is older than a minute. A clock that stands still or jumps
    /// back drops nothing.
    fn turn(&mut self, now: MonoNs) {
        let slice = now.0 / SLICE_NS;
        let passed = slice.saturating_sub(self.newest);
        for step in 1..=passed.min(SLICES as u64) {
            let old = &mut self.slices[(self.newest + step) as usize % SLICES];
            self.total -= core::mem::take(old);
        }
        self.newest = self.newest.max(slice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(ms: u64) -> MonoNs {
        MonoNs(0).plus_ms(ms)
    }

    #[test]
    fn cosmetic_changes_slow_down_and_stop_before_protective_ones_do() {
        let mut rate = CancelRate::new(100);
        for _ in 0..50 {
            assert!(rate.allows_cosmetic(ms(1_000)));
            rate.count_cosmetic(ms(1_000));
        }
        assert!(!rate.allows_cosmetic(ms(1_000)), "spaced out above half");
        assert!(rate.allows_cosmetic(ms(3_000)), "30 left for 60 s");
        for _ in 0..30 {
            rate.count_protective(ms(3_000));
        }
        assert!(
            !rate.allows_cosmetic(ms(59_000)),
            "the last fifth is a reserve"
        );
        for _ in 0..100 {
            rate.count_protective(ms(59_000));
        }
        assert_eq!(rate.per_minute(ms(59_000)), 180);
        assert!(!rate.allows_cosmetic(ms(62_000)));
        assert!(rate.allows_cosmetic(ms(120_000)));
    }

    proptest! {
        /// Never fewer than really happened in the last 59.5 s, never more
        /// than in the last 60.
        #[test]
        fn counts_what_happened(gaps in proptest::collection::vec(0_u64..4_000, 1..200)) {
            let mut rate = CancelRate::new(1);
            let mut sent = std::vec::Vec::new();
            let mut now = 0;
            for gap in gaps {
                now += gap;
                rate.count_protective(ms(now));
                sent.push(now);
                let since = |span: u64| {
                    sent.iter().filter(|&&at| at + span > now).count() as u32
                };
                let counted = rate.per_minute(ms(now));
                prop_assert!(counted >= since(59_500));
                prop_assert!(counted <= since(60_000));
            }
        }
    }
}

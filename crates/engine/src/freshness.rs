//! Whether the market data is young enough to stand behind a quote.
//!
//! Two clocks must agree: data counts as fresh when it arrives (host clock)
//! *and* carries a venue time that moved on and is not old. A stream that
//! keeps repeating a frozen state, or delivers seconds late, goes stale just
//! like a silent one.
//!
//! A gap in the book stops new quotes at once but leaves what rests for up to
//! the stale time: a resync usually takes a fraction of it, and pulling the
//! whole grid for each would cost more than it saves. A lost connection pulls
//! at once, because from then on nothing at all is known of the price. A book
//! that is there but gives no usable price (crossed, one-sided, absurd) is
//! treated like a gap.

use phoenix_domain::{At, BookLoss, MonoNs, VenueMs};

/// What the data allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fitness {
    /// Quotes may be made and changed.
    Fit,
    /// No quote is made; what rests may stay for the moment.
    Wait,
    /// Nothing may rest.
    Pull,
}

/// A venue time this far ahead of the clock is a broken frame, not news.
const AHEAD_MS_MAX: i64 = 60_000;

/// The age of one symbol's data.
#[derive(Clone, Debug)]
pub(crate) struct Freshness {
    stale_ms: u64,
    fresh_at: Option<MonoNs>,
    venue_ms: VenueMs,
    lost_at: Option<MonoNs>,
    /// Since when the book gives no usable price (crossed, one-sided, absurd).
    unpriced_at: Option<MonoNs>,
    disconnected: bool,
}

impl Freshness {
    /// Nothing heard yet: the book counts as lost since `at`.
    pub(crate) fn new(stale_ms: u32, at: At) -> Self {
        Self {
            stale_ms: u64::from(stale_ms),
            fresh_at: None,
            venue_ms: VenueMs(i64::MIN),
            lost_at: Some(at.mono),
            unpriced_at: None,
            disconnected: false,
        }
    }

    /// A change of the book or its top arrived.
    pub(crate) fn heard(&mut self, at: At, venue_ms: VenueMs) {
        let lag_ms = at.venue.0.saturating_sub(venue_ms.0);
        let stale_ms = i64::try_from(self.stale_ms).unwrap_or(i64::MAX);
        if lag_ms >= stale_ms || lag_ms < -AHEAD_MS_MAX || venue_ms <= self.venue_ms {
            return;
        }
        self.venue_ms = venue_ms;
        self.fresh_at = Some(at.mono);
    }

    /// A whole new book arrived. The venue may have moved us to a server
    /// whose clock reads less, so its time is taken as it is.
    pub(crate) fn restored(&mut self, at: At, venue_ms: VenueMs) {
        self.venue_ms = VenueMs(i64::MIN);
        self.lost_at = None;
        self.unpriced_at = None;
        self.disconnected = false;
        self.heard(at, venue_ms);
    }

    /// The book is not to be trusted until it is restored.
    pub(crate) fn lost(&mut self, at: At, loss: BookLoss) {
        self.lost_at.get_or_insert(at.mono);
        self.disconnected |= match loss {
            BookLoss::Disconnected => true,
            BookLoss::Gap | BookLoss::Unreadable => false,
        };
    }

    /// The book gives a usable price, or gives none.
    pub(crate) fn priced(&mut self, at: At, usable: bool) {
        if usable {
            self.unpriced_at = None;
        } else {
            self.unpriced_at.get_or_insert(at.mono);
        }
    }

    /// What the data allows now.
    pub(crate) fn fitness(&self, at: At) -> Fitness {
        let Some(fresh_at) = self.fresh_at else {
            return Fitness::Pull;
        };
        let doubtful_since = self.doubtful_since();
        let oldest = doubtful_since.map_or(fresh_at, |since| since.min(fresh_at));
        let too_old = at.mono.ms_since(oldest) >= self.stale_ms;
        match (self.disconnected || too_old, doubtful_since) {
            (true, _) => Fitness::Pull,
            (false, Some(_)) => Fitness::Wait,
            (false, None) => Fitness::Fit,
        }
    }

    /// When the fitness falls to [`Fitness::Pull`] if nothing more is heard.
    pub(crate) fn deadline(&self) -> Option<MonoNs> {
        let fresh_at = self.fresh_at?;
        let oldest = self
            .doubtful_since()
            .map_or(fresh_at, |since| since.min(fresh_at));
        Some(oldest.plus_ms(self.stale_ms))
    }

    /// Since fresh data was last heard.
    pub(crate) fn age_ms(&self, at: At) -> Option<u64> {
        self.fresh_at.map(|fresh| at.mono.ms_since(fresh))
    }

    /// The book has not been lost since it was last restored.
    pub(crate) fn is_whole(&self) -> bool {
        self.lost_at.is_none()
    }

    /// The book is whole but has given no usable price for the stale time.
    pub(crate) fn is_unpriced_too_long(&self, at: At) -> bool {
        let since = self.unpriced_at.filter(|_| self.is_whole());
        since.is_some_and(|since| at.mono.ms_since(since) >= self.stale_ms)
    }

    fn doubtful_since(&self) -> Option<MonoNs> {
        match (self.lost_at, self.unpriced_at) {
            (Some(lost), Some(unpriced)) => Some(lost.min(unpriced)),
            (lost, unpriced) => lost.or(unpriced),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> At {
        At {
            mono: MonoNs(ms * 1_000_000),
            venue: VenueMs(1_000_000 + ms as i64),
        }
    }

    fn venue(ms: i64) -> VenueMs {
        VenueMs(1_000_000 + ms)
    }

    fn fresh() -> Freshness {
        let mut freshness = Freshness::new(3_000, at(0));
        freshness.restored(at(10), venue(5));
        freshness
    }

    #[test]
    fn silence_goes_stale_at_the_limit() {
        let freshness = fresh();
        assert_eq!(freshness.fitness(at(3_009)), Fitness::Fit);
        assert_eq!(freshness.fitness(at(3_010)), Fitness::Pull);
        assert_eq!(freshness.deadline(), Some(MonoNs(3_010_000_000)));
    }

    #[test]
    fn a_frozen_venue_time_is_not_fresh() {
        let mut freshness = fresh();
        for ms in (100..=3_000).step_by(100) {
            freshness.heard(at(ms), venue(5));
        }
        assert_eq!(freshness.fitness(at(3_010)), Fitness::Pull);
    }

    #[test]
    fn late_data_is_not_fresh_and_absurd_time_is_ignored() {
        let mut freshness = fresh();
        freshness.heard(at(3_500), venue(400));
        assert_eq!(freshness.fitness(at(3_500)), Fitness::Pull);
        freshness.heard(at(3_600), VenueMs(i64::MAX));
        assert_eq!(freshness.fitness(at(3_600)), Fitness::Pull);
        freshness.heard(at(3_700), venue(3_690));
        assert_eq!(freshness.fitness(at(3_700)), Fitness::Fit);
    }

    #[test]
    fn a_gap_waits_and_a_lost_connection_pulls() {
        let mut freshness = fresh();
        freshness.lost(at(100), BookLoss::Gap);
        freshness.heard(at(2_000), venue(1_990));
        assert_eq!(freshness.fitness(at(2_000)), Fitness::Wait);
        assert_eq!(freshness.fitness(at(3_100)), Fitness::Pull);
        freshness.restored(at(3_200), venue(3_100));
        assert_eq!(freshness.fitness(at(3_200)), Fitness::Fit);
        freshness.lost(at(3_300), BookLoss::Disconnected);
        assert_eq!(freshness.fitness(at(3_300)), Fitness::Pull);
    }
}

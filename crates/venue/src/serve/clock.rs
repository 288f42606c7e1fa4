//! The exchange's clock: starts where it is told and runs at a fixed speed.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::exchange::VenueNs;

/// A clock that runs `speed` times as fast as the world's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
    start: VenueNs,
    speed: f64,
}

impl Clock {
    pub(crate) fn new(start: VenueNs, speed: f64) -> Self {
        Self {
            origin: Instant::now(),
            start,
            speed,
        }
    }

    /// Its time now.
    pub(crate) fn now(&self) -> VenueNs {
        let elapsed = self.origin.elapsed();
        VenueNs(self.start.0 + scaled(elapsed.as_nanos(), self.speed))
    }

    /// How long the world has to wait for `at`.
    pub(crate) fn until(&self, at: VenueNs) -> Duration {
        let ahead = at.0.saturating_sub(self.now().0);
        Duration::from_nanos(scaled(u128::from(ahead), self.speed.recip()))
    }
}

/// The world's time, for an exchange that starts now.
pub(crate) fn present() -> VenueNs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    VenueNs(since.map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }))
}

/// Exact at speed 1, where a float of a long time would lose ns.
fn scaled(ns: u128, factor: f64) -> u64 {
    let ns = u64::try_from(ns).unwrap_or(u64::MAX);
    if factor == 1.0 {
        return ns;
    }
    (ns as f64 * factor) as u64
}

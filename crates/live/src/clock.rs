//! One clock for everything that trades: monotonic time for ages and
//! deadlines, and an estimate of the exchange's clock.
//!
//! The clock may run faster than the host's (`phoenix demo --speed 10`): the
//! simulated exchange then takes the same factor, and both sides agree on how
//! much time has passed. Deliberately not here: sleeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use phoenix_domain::{At, MonoNs, VenueMs};

/// Shared by cloning; all clones tick as one.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Ticking>);

#[derive(Debug)]
struct Ticking {
    origin: Instant,
    origin_wall_ms: i64,
    speed: f64,
    venue_offset_ms: AtomicI64,
}

impl Clock {
    /// A clock that runs at `speed` times the host's; 1 is real time.
    ///
    /// # Panics
    /// If `speed` is not a positive number.
    #[must_use]
    pub fn at_speed(speed: f64) -> Self {
        assert!(speed.is_finite() && speed > 0.0, "speed {speed}");
        Self(Arc::new(Ticking {
            origin: Instant::now(),
            origin_wall_ms: wall_ms(),
            speed,
            venue_offset_ms: AtomicI64::new(0),
        }))
    }

    /// The instant of one engine step.
    #[must_use]
    pub fn now(&self) -> At {
        let mono = self.mono();
        At {
            mono,
            venue: self.venue_at(mono),
        }
    }

    /// Scaled nanoseconds since the clock was made.
    #[must_use]
    pub fn mono(&self) -> MonoNs {
        let real_ns = u64::try_from(self.0.origin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if self.0.speed == 1.0 {
            return MonoNs(real_ns);
        }
        MonoNs((real_ns as f64 * self.0.speed) as u64)
    }

    /// The exchange's clock, as far as measured.
    #[must_use]
    pub fn venue(&self) -> VenueMs {
        self.venue_at(self.mono())
    }

    /// Adds a newly measured difference (exchange minus our estimate).
    pub fn shift_venue(&self, offset_ms: i64) {
        self.0
            .venue_offset_ms
            .fetch_add(offset_ms, Ordering::Relaxed);
    }

    /// Host time until `deadline`; zero if it has passed.
    #[must_use]
    pub fn real_until(&self, deadline: MonoNs) -> Duration {
        self.real(deadline.since(self.mono()))
    }

    /// Host time that `ms` of this clock take.
    #[must_use]
    pub fn real_ms(&self, ms: u64) -> Duration {
        self.real(ms.saturating_mul(1_000_000))
    }

    /// How many times faster than the host's clock.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.0.speed
    }

    fn real(&self, ns: u64) -> Duration {
        Duration::from_nanos((ns as f64 / self.0.speed) as u64)
    }

    fn venue_at(&self, mono: MonoNs) -> VenueMs {
        let offset_ms = self.0.venue_offset_ms.load(Ordering::Relaxed);
        let passed_ms = i64::try_from(mono.0 / 1_000_000).unwrap_or(i64::MAX);
        VenueMs(self.0.origin_wall_ms + passed_ms + offset_ms)
    }
}

/// The host's wall clock: for file names and run ids, never for ages.
pub(crate) fn wall_ms() -> i64 {
    wall_ns() / 1_000_000
}

/// The same in nanoseconds.
pub(crate) fn wall_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |passed| {
        i64::try_from(passed.as_nanos()).unwrap_or(i64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_measured_offset() {
        let clock = Clock::at_speed(1.0);
        let before = clock.venue();
        clock.clone().shift_venue(-60_000);
        let moved = before.0 - clock.venue().0;
        assert!((55_000..=60_000).contains(&moved), "{moved}");
    }

    #[test]
    fn a_fast_clock_waits_less() {
        let clock = Clock::at_speed(10.0);
        assert_eq!(clock.real_ms(1_000), Duration::from_millis(100));
        let deadline = clock.mono().plus_ms(10_000);
        assert!(clock.real_until(deadline) <= Duration::from_secs(1));
        assert_eq!(clock.real_until(MonoNs(0)), Duration::ZERO);
    }
}

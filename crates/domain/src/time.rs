//! Three clocks that are never added to each other.

/// Nanoseconds of the host's monotonic clock: for ages and deadlines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonoNs(pub u64);

/// Milliseconds since the Unix epoch by the host's wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallMs(pub i64);

/// Milliseconds since the Unix epoch by the exchange's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VenueMs(pub i64);

/// The instant of one engine step, read once by the driver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// For every age and deadline.
    pub mono: MonoNs,
    /// The driver's best estimate of the exchange's clock (host wall clock
    /// plus the measured offset): for days, schedules and event-time lag.
    pub venue: VenueMs,
}

impl MonoNs {
    /// Nanoseconds since `earlier`; zero if the clock reads the same or less.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole milliseconds since `earlier`.
    #[must_use]
    pub fn ms_since(self, earlier: Self) -> u64 {
        self.since(earlier) / 1_000_000
    }

    /// The instant `ms` later.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000_000)))
    }
}

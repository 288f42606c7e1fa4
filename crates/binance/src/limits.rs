//! The request budget: what may be sent now, so that nothing is ever refused
//! for having sent too much, and safety calls always have their share.
//!
//! The exchange counts in fixed windows aligned to its clock: weight per
//! address and minute, orders per account and ten seconds and per minute. Its
//! own counters (response headers) overrule ours, since other programs may
//! share address or account. Time is always a parameter, in the exchange's
//! milliseconds.

use phoenix_domain::VenueMs;

use crate::wire::call::Cost;

const TEN_SECONDS_MS: i64 = 10_000;
const MINUTE_MS: i64 = 60_000;

/// Longest wait that is believed: the exchange's longest ban is three days.
const WAIT_MAX_MS: i64 = 3 * 24 * 3_600_000;

/// Who asks. Ordinary calls leave a share of each limit to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Quoting, and everything that can wait.
    Ordinary,
    /// Cancels, and the queries that prove that nothing rests.
    Safety,
}

/// The answer to "may I".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Send it; it is already counted.
    Go,
    /// Ask again after this many milliseconds.
    Wait(u32),
    /// The exchange has banned this address until then; nothing may be sent.
    Banned(VenueMs),
}

/// The limits in force and the share of them kept for safety.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceilings {
    /// Weight per minute.
    pub weight_1m: u32,
    /// Orders per ten seconds.
    pub orders_10s: u32,
    /// Orders per minute.
    pub orders_1m: u32,
    /// Percent of each that ordinary calls leave free.
    pub reserve_percent: u8,
}

/// What the exchange's headers say it has counted; `None` where absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// `X-MBX-USED-WEIGHT-1M`.
    pub weight_1m: Option<u32>,
    /// `X-MBX-ORDER-COUNT-10S`.
    pub orders_10s: Option<u32>,
    /// `X-MBX-ORDER-COUNT-1M`.
    pub orders_1m: Option<u32>,
}

/// Counters of the running windows, and any ban.
#[derive(Clone, Debug)]
pub struct Budget {
    ceilings: Ceilings,
    weight_1m: Window,
    orders_10s: Window,
    orders_1m: Window,
    quiet_until: VenueMs,
    banned_until: VenueMs,
}

/// What is used of each limit, for the status screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Weight in the running minute.
    pub weight_1m: u32,
    /// Orders in the running ten seconds.
    pub orders_10s: u32,
    /// Orders in the running minute.
    pub orders_1m: u32,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    span_ms: i64,
    index: i64,
    used: u32,
}

impl Default for Ceilings {
    /// The published limits, with a fifth kept for safety.
    fn default() -> Self {
        Self {
            weight_1m: 2_400,
            orders_10s: 300,
            orders_1m: 1_200,
            reserve_percent: 20,
        }
    }
}

impl Budget {
    /// An unused budget.
    #[must_use]
    pub fn new(ceilings: Ceilings) -> Self {
        Self {
            ceilings,
            weight_1m: Window::new(MINUTE_MS),
            orders_10s: Window::new(TEN_SECONDS_MS),
            orders_1m: Window::new(MINUTE_MS),
            quiet_until: VenueMs(i64::MIN),
            banned_until: VenueMs(i64::MIN),
        }
    }

    /// Asks to send a call of `cost`; a `Go` counts it.
    ///
    /// A request to be quiet (429) holds ordinary calls only: cancels are not
    /// counted as orders and must reach the exchange. A ban holds everything,
    /// because every request during a ban prolongs it.
    pub fn permit(&mut self, cost: Cost, share: Share, now: VenueMs) -> Permit {
        if now < self.banned_until {
            return Permit::Banned(self.banned_until);
        }
        let mut wait_ms = match share {
            Share::Ordinary => self.quiet_until.0.saturating_sub(now.0).max(0),
            Share::Safety => 0,
        };
        let reserve = match share {
            Share::Ordinary => self.ceilings.reserve_percent,
            Share::Safety => 0,
        };
        let ceilings = self.ceilings;
        for (window, cost, ceiling) in [
            (&mut self.weight_1m, cost.weight, ceilings.weight_1m),
            (&mut self.orders_10s, cost.orders_10s, ceilings.orders_10s),
            (&mut self.orders_1m, cost.orders_1m, ceilings.orders_1m),
        ] {
            window.roll(now);
            let open = ceiling - share_of(ceiling, reserve);
            if cost > 0 && window.used.saturating_add(cost) > open {
                wait_ms = wait_ms.max(window.ends_in(now));
            }
        }
        if wait_ms > 0 {
            return Permit::Wait(u32::try_from(wait_ms).unwrap_or(u32::MAX));
        }
        self.weight_1m.add(cost.weight);
        self.orders_10s.add(cost.orders_10s);
        self.orders_1m.add(cost.orders_1m);
        Permit::Go
    }

    /// Takes over the exchange's counters from a reply that arrived at `now`.
    /// A counter may lag behind requests still under way, so within a window
    /// the greater figure counts.
    pub fn observe(&mut self, counted: Counted, now: VenueMs) {
        for (window, count) in [
            (&mut self.weight_1m, counted.weight_1m),
            (&mut self.orders_10s, counted.orders_10s),
            (&mut self.orders_1m, counted.orders_1m),
        ] {
            window.roll(now);
            if let Some(count) = count {
                window.used = window.used.max(count);
            }
        }
    }

    /// The exchange answered 429: ordinary calls stay quiet for
    /// `retry_after_ms`, or until the minute ends if it named no time.
    pub fn throttled(&mut self, retry_after_ms: Option<u32>, now: VenueMs) {
        self.weight_1m.roll(now);
        let wait_ms = match retry_after_ms {
            Some(ms) => i64::from(ms).min(WAIT_MAX_MS),
            None => self.weight_1m.ends_in(now),
        };
        self.quiet_until = self.quiet_until.max(VenueMs(now.0.saturating_add(wait_ms)));
    }

    /// The exchange answered 418: nothing is sent until `until`; two minutes,
    /// the shortest ban there is, if it named no instant.
    pub fn banned(&mut self, until: Option<VenueMs>, now: VenueMs) {
        let longest = now.0.saturating_add(WAIT_MAX_MS);
        let until = match until {
            Some(until) => VenueMs(until.0.min(longest)),
            None => VenueMs(now.0.saturating_add(2 * MINUTE_MS)),
        };
        self.banned_until = self.banned_until.max(until);
    }

    /// Other limits are in force from now on.
    pub fn set_ceilings(&mut self, ceilings: Ceilings) {
        self.ceilings = ceilings;
    }

    /// The limits in force.
    #[must_use]
    pub fn ceilings(&self) -> Ceilings {
        self.ceilings
    }

    /// What is used of them at `now`.
    #[must_use]
    pub fn used(&self, now: VenueMs) -> Used {
        Used {
            weight_1m: self.weight_1m.used_at(now),
            orders_10s: self.orders_10s.used_at(now),
            orders_1m: self.orders_1m.used_at(now),
        }
    }
}

impl Window {
    fn new(span_ms: i64) -> Self {
        Self {
            span_ms,
            index: i64::MIN,
            used: 0,
        }
    }

    /// Starts a new window if one has begun. A clock that was set back stays
    /// in the later window: counting too much is the safe side.
    fn roll(&mut self, now: VenueMs) {
        let index = now.0.div_euclid(self.span_ms);
        if index > self.index {
            self.index = index;
            self.used = 0;
        }
    }

    fn used_at(&self, now: VenueMs) -> u32 {
        let later = now.0.div_euclid(self.span_ms) > self.index;
        if later { 0 } else { self.used }
    }

    fn add(&mut self, cost: u32) {
        self.used = self.used.saturating_add(cost);
    }

    /// Milliseconds until the window is over, one at least.
    fn ends_in(&self, now: VenueMs) -> i64 {
        let end = self.index.saturating_add(1).saturating_mul(self.span_ms);
        end.saturating_sub(now.0).max(1)
    }
}

/// Rounded up: a reserve of a small limit is never nothing.
fn share_of(ceiling: u32, percent: u8) -> u32 {
    let percent = u64::from(percent.min(100));
    u32::try_from((u64::from(ceiling) * percent).div_ceil(100)).unwrap_or(ceiling)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: i64 = 1_788_231_600_000;

    fn order() -> Cost {
        Cost {
            weight: 0,
            orders_10s: 1,
            orders_1m: 1,
        }
    }

    fn weight(weight: u32) -> Cost {
        Cost {
            weight,
            ..Cost::default()
        }
    }

    fn at(ms: i64) -> VenueMs {
        VenueMs(START + ms)
    }

    fn small() -> Budget {
        Budget::new(Ceilings {
            weight_1m: 100,
            orders_10s: 10,
            orders_1m: 30,
            reserve_percent: 20,
        })
    }

    #[test]
    fn orders_wait_for_the_window_that_is_full() {
        let mut budget = small();
        for _ in 0..8 {
            assert_eq!(
                budget.permit(order(), Share::Ordinary, at(1_000)),
                Permit::Go
            );
        }
        assert_eq!(
            budget.permit(order(), Share::Ordinary, at(1_000)),
            Permit::Wait(9_000)
        );
        assert_eq!(budget.permit(order(), Share::Safety, at(1_000)), Permit::Go);
        assert_eq!(
            budget.permit(order(), Share::Ordinary, at(10_000)),
            Permit::Go
        );
        assert_eq!(budget.used(at(10_000)).orders_10s, 1);
        assert_eq!(budget.used(at(10_000)).orders_1m, 10);
    }

    #[test]
    fn the_exchange_s_counters_overrule_ours() {
        let mut budget = small();
        let counted = Counted {
            weight_1m: Some(79),
            ..Counted::default()
        };
        budget.observe(counted, at(5));
        assert_eq!(budget.permit(weight(1), Share::Ordinary, at(5)), Permit::Go);
        assert_eq!(
            budget.permit(weight(1), Share::Ordinary, at(5)),
            Permit::Wait(59_995)
        );
        assert_eq!(budget.permit(weight(20), Share::Safety, at(5)), Permit::Go);
        assert_eq!(
            budget.permit(weight(1), Share::Safety, at(5)),
            Permit::Wait(59_995)
        );
        // A counter that lags behind does not give back what is under way.
        budget.observe(counted, at(6));
        assert_eq!(budget.used(at(6)).weight_1m, 100);
        assert_eq!(budget.used(at(60_000)).weight_1m, 0);
    }

    #[test]
    fn a_throttle_leaves_cancels_alone_and_a_ban_does_not() {
        let mut budget = small();
        budget.throttled(Some(3_000), at(0));
        assert_eq!(
            budget.permit(weight(1), Share::Ordinary, at(1_000)),
            Permit::Wait(2_000)
        );
        assert_eq!(
            budget.permit(weight(1), Share::Safety, at(1_000)),
            Permit::Go
        );
        assert_eq!(
            budget.permit(weight(1), Share::Ordinary, at(3_000)),
            Permit::Go
        );
        budget.throttled(None, at(4_000));
        assert_eq!(
            budget.permit(weight(1), Share::Ordinary, at(4_000)),
            Permit::Wait(56_000)
        );
        budget.banned(Some(at(90_000)), at(5_000));
        assert_eq!(
            budget.permit(weight(1), Share::Safety, at(89_999)),
            Permit::Banned(at(90_000))
        );
        assert_eq!(
            budget.permit(weight(1), Share::Safety, at(90_000)),
            Permit::Go
        );
        budget.banned(None, at(100_000));
        assert_eq!(
            budget.permit(weight(1), Share::Safety, at(100_000)),
            Permit::Banned(at(220_000))
        );
        budget.banned(Some(VenueMs(i64::MAX)), at(100_000));
        assert_eq!(
            budget.permit(weight(1), Share::Safety, at(100_000)),
            Permit::Banned(at(100_000 + WAIT_MAX_MS))
        );
    }

    proptest! {
        /// Whatever is asked and whenever, no window is ever overdrawn, and
        /// ordinary calls never touch the reserve.
        #[test]
        fn no_window_is_overdrawn(
            asks in proptest::collection::vec((0_i64..4_000, 0_u32..9, any::<bool>()), 1..200),
        ) {
            let mut budget = small();
            let mut now = 0;
            for (pause, weight, safety) in asks {
                now += pause;
                let share = if safety { Share::Safety } else { Share::Ordinary };
                let cost = Cost { weight, orders_10s: weight.min(5), orders_1m: 1 };
                let permit = budget.permit(cost, share, at(now));
                let used = budget.used(at(now));
                prop_assert!(used.weight_1m <= 100 && used.orders_10s <= 10);
                prop_assert!(used.orders_1m <= 30);
                if permit == Permit::Go && share == Share::Ordinary {
                    prop_assert!(used.weight_1m <= 80 || weight == 0);
                    prop_assert!(used.orders_1m <= 24);
                }
                if let Permit::Wait(ms) = permit {
                    prop_assert!(ms > 0 && i64::from(ms) <= MINUTE_MS);
                }
            }
        }
    }
}

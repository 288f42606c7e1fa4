//! What the mid price did after each fill: the plainest measure of being
//! picked off.
//!
//! A fill is scored by the mid in force one and ten seconds later. The mid in
//! force is the one before the event that first passes that instant, so
//! [`Markouts::advance`] comes before the event changes the book. A fill whose
//! instant passes while there is no mid waits for the next one.
//!
//! Bounded: of more than [`WAITING_MAX`] fills inside a horizon the oldest go
//! unscored and are counted.

use alloc::collections::VecDeque;

use phoenix_domain::{Cash, Instrument, MonoNs, Price, Qty, Side};

/// Markouts of one symbol at both horizons.
#[derive(Debug)]
pub(crate) struct Markouts {
    one_second: Horizon,
    ten_seconds: Horizon,
}

/// Sums at one horizon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MarkoutSum {
    /// Fills scored.
    pub(crate) count: u64,
    /// Sum of (mid later − fill price) × quantity, signed by side: below zero
    /// is what fills cost us.
    pub(crate) cash: Cash,
    /// Notional of those fills.
    pub(crate) notional: Cash,
    /// Fills that were never scored.
    pub(crate) unscored: u64,
}

#[derive(Debug)]
struct Horizon {
    ms: u64,
    waiting: VecDeque<Waiting>,
    sum: MarkoutSum,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    due: MonoNs,
    side: Side,
    price: Price,
    qty: Qty,
}

const WAITING_MAX: usize = 4096;

impl Markouts {
    /// No fills yet.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            one_second: Horizon::new(1_000),
            ten_seconds: Horizon::new(10_000),
        }
    }

    /// Scores what is due by `now`, with the mid in force until now.
    pub(crate) fn advance(
        &mut self,
        now: MonoNs,
        mid_half_ticks: Option<i64>,
        instrument: &Instrument,
    ) {
        if let Some(mid) = mid_half_ticks {
            self.one_second.advance(now, mid, instrument);
            self.ten_seconds.advance(now, mid, instrument);
        }
    }

    /// Starts the clocks of a fill.
    pub(crate) fn filled(&mut self, now: MonoNs, side: Side, price: Price, qty: Qty) {
        self.one_second.filled(now, side, price, qty);
        self.ten_seconds.filled(now, side, price, qty);
    }

    /// One second after.
    #[must_use]
    pub(crate) fn one_second(&self) -> MarkoutSum {
        self.one_second.sum
    }

    /// Ten seconds after.
    #[must_use]
    pub(crate) fn ten_seconds(&self) -> MarkoutSum {
        self.ten_seconds.sum
    }
}

impl MarkoutSum {
    /// Mean per notional traded, in basis points; 0 without fills.
    #[must_use]
    pub(crate) fn bp(&self) -> f64 {
        if self.notional.is_zero() {
            return 0.0;
        }
        self.cash.to_f64() / self.notional.to_f64() * 1e4
    }
}

impl Horizon {
    fn new(ms: u64) -> Self {
        Self {
            ms,
            waiting: VecDeque::with_capacity(WAITING_MAX),
            sum: MarkoutSum::default(),
        }
    }

    fn filled(&mut self, now: MonoNs, side: Side, price: Price, qty: Qty) {
        if self.waiting.len() == WAITING_MAX {
            self.waiting.pop_front();
            self.sum.unscored += 1;
        }
        self.waiting.push_back(Waiting {
            due: now.plus_ms(self.ms),
            side,
            price,
            qty,
        });
    }

    #[inline]
    fn advance(&mut self, now: MonoNs, mid_half_ticks: i64, instrument: &Instrument) {
        while let Some(fill) = self.waiting.front().copied().filter(|fill| fill.due <= now) {
            self.waiting.pop_front();
            self.sum.score(&fill, mid_half_ticks, instrument);
        }
    }
}

impl MarkoutSum {
    fn score(&mut self, fill: &Waiting, mid_half_ticks: i64, instrument: &Instrument) {
        let price = i128::from(fill.price.0);
        let gain = (i128::from(mid_half_ticks) - 2 * price) * i128::from(fill.side.sign());
        let unit = i128::from(instrument.tick_lot_cash().0) * i128::from(fill.qty.0);
        let cash = i64::try_from(gain.saturating_mul(unit) / 2).ok();
        let notional = i64::try_from(price.saturating_mul(unit)).ok();
        let cash = cash.and_then(|cash| self.cash.0.checked_add(cash));
        let notional = notional.and_then(|notional| self.notional.0.checked_add(notional));
        match (cash, notional) {
            (Some(cash), Some(notional)) => {
                self.count += 1;
                (self.cash, self.notional) = (Cash(cash), Cash(notional));
            }
            _ => self.unscored += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::ethusdc;

    fn ms(ms: u64) -> MonoNs {
        MonoNs(0).plus_ms(ms)
    }

    #[test]
    fn a_fill_is_scored_by_the_mid_in_force_at_its_horizon() {
        let eth = ethusdc();
        let mut markouts = Markouts::new();
        // Bought 1 ETH at 2000.00; the mid is 1999.995 a second later.
        markouts.filled(ms(0), Side::Buy, Price(200_000), Qty(1_000));
        markouts.advance(ms(999), Some(400_100), &eth);
        assert_eq!(markouts.one_second().count, 0);
        markouts.advance(ms(1_007), Some(399_999), &eth);
        let sum = markouts.one_second();
        assert_eq!((sum.count, sum.cash), (1, Cash(-500_000)));
        assert!((sum.bp() + 0.025).abs() < 1e-9);
        assert_eq!(markouts.ten_seconds().count, 0);
        markouts.advance(ms(10_000), Some(400_200), &eth);
        assert_eq!(markouts.ten_seconds().cash, Cash(100_000_000));
    }

    #[test]
    fn a_sale_gains_when_the_mid_falls_and_waits_for_a_mid() {
        let eth = ethusdc();
        let mut markouts = Markouts::new();
        markouts.filled(ms(0), Side::Sell, Price(200_000), Qty(500));
        markouts.advance(ms(1_500), None, &eth);
        assert_eq!(markouts.one_second().count, 0);
        markouts.advance(ms(2_000), Some(399_800), &eth);
        assert_eq!(markouts.one_second().cash, Cash(50_000_000));
    }

    #[test]
    fn what_cannot_wait_is_counted() {
        let eth = ethusdc();
        let mut markouts = Markouts::new();
        for _ in 0..WAITING_MAX + 3 {
            markouts.filled(ms(0), Side::Buy, Price(200_000), Qty(1));
        }
        markouts.filled(ms(0), Side::Buy, Price(i64::MAX / 8), Qty(i64::MAX / 8));
        markouts.advance(ms(1_000), Some(400_000), &eth);
        let sum = markouts.one_second();
        assert_eq!((sum.count, sum.unscored), (WAITING_MAX as u64 - 1, 5));
    }
}

//! Index, mark price and funding rate (Binance's FAQs on mark price and funding).
//!
//! Mark = median of P1 (index moved by the running funding), P2 (index plus
//! the 30 s average of mid − index) and the last trade. Floats: prices here
//! are estimates; what comes out is rounded to 1e-8 once.

use std::collections::VecDeque;

use phoenix_domain::{Decimal, Rate};

use crate::exchange::{MarkView, VenueNs};
use crate::spec::SymbolSpec;

const SAMPLES: usize = 30;
const FUNDING_BASE_MS: f64 = 8.0 * 3_600_000.0;
const CLAMP: f64 = 0.0005;

/// What one second's mark price is made of, in quote units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Price elsewhere.
    pub(crate) index: f64,
    /// Middle of the book, if it has two sides.
    pub(crate) mid: Option<f64>,
    /// Bid and ask at which the impact notional could be traded.
    pub(crate) impact: Option<(f64, f64)>,
    /// Last trade.
    pub(crate) last: Option<f64>,
}

#[derive(Debug)]
pub(crate) struct Pricing {
    pub(crate) view: MarkView,
    interval_ms: u64,
    cap: f64,
    /// Per 8 h.
    interest: f64,
    basis: VecDeque<f64>,
    marks: VecDeque<f64>,
    premium_sum: f64,
    premium_weight: f64,
    premium_count: f64,
}

impl Pricing {
    pub(crate) fn new(spec: &SymbolSpec, start: Decimal) -> Self {
        let per_interval = spec.funding_interval_ms as f64 / FUNDING_BASE_MS;
        let interest = spec.interest.to_f64();
        Self {
            view: MarkView {
                mark: start,
                mark_average: start,
                index: start,
                settle: start,
                interest: rate(interest * per_interval),
                funding: rate(interest * per_interval),
                ..MarkView::default()
            },
            interval_ms: spec.funding_interval_ms.max(1),
            cap: spec.funding_cap.to_f64(),
            interest,
            basis: VecDeque::new(),
            marks: VecDeque::new(),
            premium_sum: 0.0,
            premium_weight: 0.0,
            premium_count: 0.0,
        }
    }

    /// Sets the clock: fundings fall on whole multiples of the interval.
    pub(crate) fn start(&mut self, now: VenueNs) {
        self.view.at = now;
        self.view.next_funding = self.next_after(now);
    }

    /// The first price of all.
    pub(crate) fn seed(&mut self, price: Decimal) {
        self.view.mark = price;
        self.view.mark_average = price;
        self.view.index = price;
        self.view.settle = price;
    }

    /// Takes one second's sample.
    pub(crate) fn sample(&mut self, now: VenueNs, sample: Sample) {
        let index = sample.index;
        if !(index.is_finite() && index > 0.0) {
            return;
        }
        push(&mut self.basis, sample.mid.map_or(0.0, |mid| mid - index));
        self.add_premium(sample);
        let left_ms = (self.view.next_funding.0.saturating_sub(now.0) / 1_000_000) as f64;
        let share = left_ms / self.interval_ms as f64;
        let first = index * (1.0 + self.view.funding.to_f64() * share);
        let second = index + mean(&self.basis);
        let mark = median(first, second, sample.last.unwrap_or(second));
        push(&mut self.marks, mark);
        self.view.at = now;
        self.view.mark = decimal(mark);
        self.view.mark_average = decimal(mean(&self.marks));
        self.view.index = decimal(index);
        self.view.settle = decimal(mean(&self.marks));
        self.view.funding = self.estimate();
    }

    /// Takes mark, index and rate as a recording has them.
    pub(crate) fn replace(&mut self, now: VenueNs, mark: Decimal, index: Decimal, funding: Rate) {
        push(&mut self.marks, mark.to_f64());
        self.view.at = now;
        self.view.mark = mark;
        self.view.index = index;
        self.view.funding = funding;
        self.view.mark_average = decimal(mean(&self.marks));
        self.view.settle = self.view.mark_average;
    }

    /// Ends the funding interval.
    pub(crate) fn roll(&mut self, now: VenueNs) {
        self.premium_sum = 0.0;
        self.premium_weight = 0.0;
        self.premium_count = 0.0;
        self.view.next_funding = self.next_after(now);
    }

    fn next_after(&self, now: VenueNs) -> VenueNs {
        let interval = self.interval_ms.saturating_mul(1_000_000);
        VenueNs((now.0 / interval + 1).saturating_mul(interval))
    }

    fn add_premium(&mut self, sample: Sample) {
        let Some((bid, ask)) = sample.impact else {
            return;
        };
        let index = sample.index;
        let premium = ((bid - index).max(0.0) - (index - ask).max(0.0)) / index;
        // Later samples weigh more, the n-th of the interval n times.
        self.premium_count += 1.0;
        self.premium_sum += premium * self.premium_count;
        self.premium_weight += self.premium_count;
    }

    fn estimate(&self) -> Rate {
        let average = if self.premium_weight > 0.0 {
            self.premium_sum / self.premium_weight
        } else {
            0.0
        };
        let per_8h = average + (self.interest - average).clamp(-CLAMP, CLAMP);
        let per_interval = per_8h * self.interval_ms as f64 / FUNDING_BASE_MS;
        rate(per_interval.clamp(-self.cap, self.cap))
    }
}

fn push(list: &mut VecDeque<f64>, value: f64) {
    if list.len() >= SAMPLES {
        list.pop_front();
    }
    list.push_back(value);
}

fn mean(list: &VecDeque<f64>) -> f64 {
    list.iter().sum::<f64>() / list.len().max(1) as f64
}

fn median(a: f64, b: f64, c: f64) -> f64 {
    a.max(b).min(a.max(c)).min(b.max(c))
}

fn decimal(value: f64) -> Decimal {
    Decimal(libm::round(value * 1e8) as i64)
}

fn rate(value: f64) -> Rate {
    Rate(libm::round(value * 1e8) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pricing() -> Pricing {
        let spec = SymbolSpec::named("ETHUSDC").expect("listed");
        let mut pricing = Pricing::new(&spec, Decimal(260_000_000_000));
        pricing.start(VenueNs::from_ms(1_788_231_600_000));
        pricing
    }

    #[test]
    fn funding_falls_on_the_round_hour() {
        // 2026-09-01 03:00 UTC; the next of 00:00, 08:00, 16:00.
        assert_eq!(pricing().view.next_funding.ms(), 1_788_249_600_000);
    }

    #[test]
    fn mark_is_the_median_of_three() {
        let mut pricing = pricing();
        let sample = Sample {
            index: 2_600.0,
            mid: Some(2_601.0),
            impact: None,
            last: Some(2_700.0),
        };
        pricing.sample(VenueNs::from_ms(1_788_231_601_000), sample);
        // P1 = 2600.16 at most, P2 = 2601, last = 2700.
        assert_eq!(pricing.view.mark, Decimal(260_100_000_000));
    }

    #[test]
    fn without_premium_the_rate_is_the_interest() {
        let mut pricing = pricing();
        let sample = Sample {
            index: 2_600.0,
            mid: Some(2_600.0),
            impact: Some((2_599.9, 2_600.1)),
            last: None,
        };
        pricing.sample(VenueNs::from_ms(1_788_231_601_000), sample);
        assert_eq!(pricing.view.funding, Rate(10_000));
    }

    #[test]
    fn a_high_premium_is_cut_to_the_cap() {
        let mut pricing = pricing();
        let sample = Sample {
            index: 2_600.0,
            mid: Some(2_700.0),
            impact: Some((2_699.9, 2_700.1)),
            last: None,
        };
        pricing.sample(VenueNs::from_ms(1_788_231_601_000), sample);
        assert_eq!(pricing.view.funding, Rate(300_000));
    }
}

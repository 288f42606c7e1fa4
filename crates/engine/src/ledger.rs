//! What was traded on one symbol and what it brought: position, profit, fees,
//! funding, volume, extremes.
//!
//! The position follows from fills; the exchange's own statement checks it.
//! Both carry the exchange's time, so a statement is compared with our
//! position as of that time: fills that came later do not disturb it, and a
//! fill still on its way shows as a difference that goes when the fill comes.
//! A difference that a second question confirms is corrected to the
//! exchange's, and the fills it contained are not counted into the position
//! again should they still come.
//!
//! Which fills are news is decided by [`crate::orders`]; whether losses are
//! too large by `risk`.

use alloc::collections::VecDeque;

use phoenix_domain::{
    At, Cash, Fill, Instrument, MonoNs, Origin, Position, PositionReport, Price, Qty, Side, VenueMs,
};

use crate::orders::FillNews;

/// The account of one symbol.
#[derive(Debug)]
pub(crate) struct Ledger {
    position: Position,
    totals: Totals,
    /// The position is known: fills up to this time are in it.
    anchor_ms: Option<VenueMs>,
    /// The last fills, oldest first, to tell the position as of a time past.
    recent: VecDeque<Recent>,
    /// Fills up to this time are no longer in `recent`.
    forgotten_ms: VenueMs,
    heard_at: MonoNs,
    doubt: Option<PositionDoubt>,
    day: Option<Day>,
}

/// Sums since the start of this run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Fills by side: buys, sells.
    pub(crate) fills: [u64; 2],
    /// Traded notional.
    pub(crate) volume: Cash,
    /// Profit of what was closed, fees excluded: the exchange's figure where
    /// it gave one, ours until then.
    pub(crate) realised: Cash,
    /// Fees paid; negative is received.
    pub(crate) fees: Cash,
    /// Funding received; negative is paid.
    pub(crate) funding: Cash,
    /// Lowest position.
    pub(crate) inventory_min: Qty,
    /// Highest position.
    pub(crate) inventory_max: Qty,
}

/// What one fill did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Booked {
    /// Fee now known.
    pub(crate) fee: Cash,
    /// Profit realised by it, as far as known.
    pub(crate) realised: Cash,
    /// What the exchange's figure for it lies above ours, if more than
    /// rounding.
    pub(crate) dispute: Option<Cash>,
    /// It cannot be true, and nothing was counted.
    pub(crate) refused: bool,
}

/// What a statement about the position came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PositionCheck {
    /// First word of it, or the same as ours.
    Agrees,
    /// Older than what is known, or not comparable: ask again.
    Inconclusive,
    /// Different; the next answers decide.
    Differs,
    /// Different for good; the exchange's is now ours.
    Corrected {
        /// What we had.
        ours: Qty,
        /// What the exchange has.
        venue: Qty,
    },
}

#[derive(Clone, Copy, Debug)]
struct Recent {
    trade_id: u64,
    venue_ms: VenueMs,
    side: Side,
    price: Price,
    qty: Qty,
    /// Our figure for its profit, until the exchange's is known.
    uncharged: Option<Cash>,
}

#[derive(Clone, Copy, Debug)]
struct PositionDoubt {
    venue_ms: VenueMs,
    qty: Qty,
    since: MonoNs,
    /// The exchange has been asked about it.
    asked: bool,
}

#[derive(Clone, Copy, Debug)]
struct Day {
    number: i64,
    peak: Cash,
}

const RECENT_MAX: usize = 512;
/// A fill may lag the statement that contains it by this much.
const GRACE_MS: u64 = 2_000;
/// The exchange's entry price is rounded; its profit may differ by this, 1e-8.
const ROUNDING: u64 = 100;
/// Our estimate of the exchange's clock is better than this.
const CLOCK_ERROR_MS: i64 = 1_000;
const DAY_MS: i64 = 86_400_000;
/// No position is larger; keeps every sum far from overflow.
const QTY_RANGE: core::ops::Range<Qty> = Qty(-(1 << 50))..Qty(1 << 50);
/// No fill or position is worth more: a billion.
const CASH_MAX: i128 = 100_000_000_000_000_000;

impl Booked {
    const REFUSED: Self = Self {
        fee: Cash::ZERO,
        realised: Cash::ZERO,
        dispute: None,
        refused: true,
    };
}

impl Ledger {
    /// Flat, and the position not known yet.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            position: Position::default(),
            totals: Totals::default(),
            anchor_ms: None,
            recent: VecDeque::with_capacity(RECENT_MAX + 1),
            forgotten_ms: VenueMs(i64::MIN),
            heard_at: MonoNs(0),
            doubt: None,
            day: None,
        }
    }

    /// Counts what is new of an execution.
    pub(crate) fn filled(
        &mut self,
        at: At,
        instrument: &Instrument,
        fill: &Fill,
        news: FillNews,
    ) -> Booked {
        match news {
            FillNews::Known => Booked::default(),
            FillNews::Charges => self.charged(fill),
            FillNews::Impossible => Booked::REFUSED,
            FillNews::New if self.is_addable(instrument, fill.side, fill.price, fill.qty) => {
                self.traded(at, instrument, fill)
            }
            FillNews::New => Booked::REFUSED,
        }
    }

    /// Counts a funding payment, signed as it moved the wallet.
    pub(crate) fn funded(&mut self, amount: Cash) {
        self.totals.funding = Cash(self.totals.funding.0.saturating_add(amount.0));
    }

    /// Compares the exchange's statement with ours.
    pub(crate) fn position_reported(
        &mut self,
        at: At,
        instrument: &Instrument,
        report: &PositionReport,
    ) -> PositionCheck {
        if !QTY_RANGE.contains(&report.qty) {
            return PositionCheck::Inconclusive;
        }
        let asked = report.origin != Origin::Stream;
        let Some(anchor) = self.anchor_ms else {
            if asked {
                self.adopt(at, instrument, report);
                return PositionCheck::Agrees;
            }
            return PositionCheck::Inconclusive;
        };
        let Some(ours) = self.qty_as_of(anchor, report) else {
            return PositionCheck::Inconclusive;
        };
        if ours == report.qty {
            self.doubt = None;
            if asked {
                self.anchor_at(as_of(at, report));
            }
            return PositionCheck::Agrees;
        }
        let before = self.doubt;
        let since = before.map_or(at.mono, |doubt| doubt.since);
        if asked && report.asked_at >= since.plus_ms(GRACE_MS) {
            self.doubt = None;
            self.adopt(at, instrument, report);
            return PositionCheck::Corrected {
                ours,
                venue: report.qty,
            };
        }
        self.doubt = Some(PositionDoubt {
            venue_ms: report.venue_ms,
            qty: report.qty,
            since,
            asked: before.is_some_and(|doubt| doubt.asked),
        });
        PositionCheck::Differs
    }

    /// True once when a doubt has lasted long enough to ask the exchange.
    pub(crate) fn take_due_doubt(&mut self, now: MonoNs) -> bool {
        let due = self.doubt_due().is_some_and(|due| due <= now);
        if let Some(doubt) = self.doubt.as_mut().filter(|_| due) {
            doubt.asked = true;
        }
        due
    }

    /// When [`Self::take_due_doubt`] will be true.
    #[must_use]
    pub(crate) fn doubt_due(&self) -> Option<MonoNs> {
        let doubt = self.doubt.filter(|doubt| !doubt.asked)?;
        Some(doubt.since.plus_ms(GRACE_MS))
    }

    /// What is held.
    #[must_use]
    pub(crate) fn position(&self) -> &Position {
        &self.position
    }

    /// Sums so far.
    #[must_use]
    pub(crate) fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Profit if all were closed at the mid, fees excluded; `mid` in half
    /// ticks.
    #[must_use]
    pub(crate) fn unrealised(&self, instrument: &Instrument, mid_half_ticks: i64) -> Cash {
        let held = self.position.qty.0;
        let unit = i128::from(instrument.tick_lot_cash().0);
        let worth = i128::from(mid_half_ticks) * i128::from(held.abs()) * unit / 2;
        let profit = (worth - i128::from(self.position.cost.0)) * i128::from(held.signum());
        Cash(profit.clamp(-CASH_MAX, CASH_MAX) as i64)
    }

    /// What has moved the wallet since the start: realised less fees plus
    /// funding.
    #[must_use]
    pub(crate) fn closed(&self) -> Cash {
        let Totals {
            realised,
            fees,
            funding,
            ..
        } = self.totals;
        let closed = i128::from(realised.0) - i128::from(fees.0) + i128::from(funding.0);
        Cash(closed.clamp(-CASH_MAX, CASH_MAX) as i64)
    }

    /// Profit since the start, all in, with what is held valued at the mid.
    #[must_use]
    pub(crate) fn equity(&self, instrument: &Instrument, mid_half_ticks: i64) -> Cash {
        self.closed() + self.unrealised(instrument, mid_half_ticks)
    }

    /// Notes today's equity and returns how far it lies below the highest of
    /// the day (UTC, by the exchange's clock).
    pub(crate) fn drawdown(&mut self, at: At, equity: Cash) -> Cash {
        let number = at.venue.0.div_euclid(DAY_MS);
        let today = self.day.filter(|day| day.number == number);
        let peak = today.map_or(equity, |day| day.peak.max(equity));
        self.day = Some(Day { number, peak });
        peak - equity
    }

    /// Forgets the day's peak: a person has seen the fall and goes on.
    pub(crate) fn restart_day(&mut self) {
        self.day = None;
    }

    fn traded(&mut self, at: At, instrument: &Instrument, fill: &Fill) -> Booked {
        self.heard_at = at.mono;
        let notional = instrument.notional(fill.price, fill.qty);
        self.totals.fills[fill.side.index()] += 1;
        self.totals.volume = Cash(self.totals.volume.0.saturating_add(notional.0));
        let contained = self.anchor_ms.is_some_and(|anchor| fill.venue_ms <= anchor);
        let ours = if contained {
            Cash::ZERO
        } else {
            self.position
                .fill(instrument, fill.side, fill.price, fill.qty)
        };
        self.totals.inventory_min = self.totals.inventory_min.min(self.position.qty);
        self.totals.inventory_max = self.totals.inventory_max.max(self.position.qty);
        self.totals.realised = Cash(self.totals.realised.0.saturating_add(ours.0));
        self.remember(Recent {
            trade_id: fill.trade_id,
            venue_ms: fill.venue_ms,
            side: fill.side,
            price: fill.price,
            qty: fill.qty,
            uncharged: Some(ours),
        });
        self.settle_doubt();
        let charged = self.charged(fill);
        Booked {
            realised: Cash(ours.0.saturating_add(charged.realised.0)),
            ..charged
        }
    }

    /// Takes fee and profit by the exchange, if the execution names them.
    fn charged(&mut self, fill: &Fill) -> Booked {
        let Some((fee, realised)) = fill.charged else {
            return Booked::default();
        };
        let known = self.recent.iter_mut().rev();
        let mut known = known.filter(|recent| recent.trade_id == fill.trade_id);
        let ours = known.next().and_then(|recent| recent.uncharged.take());
        let more = Cash(realised.0.saturating_sub(ours.unwrap_or_default().0));
        self.totals.fees = Cash(self.totals.fees.0.saturating_add(fee.0));
        self.totals.realised = Cash(self.totals.realised.0.saturating_add(more.0));
        let contained = self.anchor_ms.is_some_and(|anchor| fill.venue_ms <= anchor);
        let dispute =
            (!contained && ours.is_some() && more.0.unsigned_abs() > ROUNDING).then_some(more);
        Booked {
            fee,
            realised: more,
            dispute,
            refused: false,
        }
    }

    fn remember(&mut self, recent: Recent) {
        self.recent.push_back(recent);
        if self.recent.len() > RECENT_MAX
            && let Some(oldest) = self.recent.pop_front()
        {
            self.forgotten_ms = self.forgotten_ms.max(oldest.venue_ms);
        }
    }

    /// A fill that was on its way may be the whole difference.
    fn settle_doubt(&mut self) {
        if let Some(doubt) = self.doubt
            && self.position.qty - self.qty_since(doubt.venue_ms) == doubt.qty
        {
            self.doubt = None;
        }
    }

    /// Our position at the time of the statement; `None` if it is older than
    /// what we remember or than what we already took from the exchange.
    fn qty_as_of(&self, anchor: VenueMs, report: &PositionReport) -> Option<Qty> {
        if report.venue_ms.0 <= 0 {
            // A symbol never held has no time; then only silence since the
            // question makes the answer comparable.
            return (self.heard_at < report.asked_at).then_some(self.position.qty);
        }
        let known = report.venue_ms >= anchor && report.venue_ms > self.forgotten_ms;
        known.then(|| self.position.qty - self.qty_since(report.venue_ms))
    }

    fn qty_since(&self, venue_ms: VenueMs) -> Qty {
        let later = self
            .recent
            .iter()
            .filter(|recent| recent.venue_ms > venue_ms);
        later
            .map(|recent| Qty(recent.qty.0 * recent.side.sign()))
            .sum()
    }

    /// Makes the exchange's position ours; later fills are laid on top.
    fn adopt(&mut self, at: At, instrument: &Instrument, report: &PositionReport) {
        let first = self.anchor_ms.is_none();
        let held = i128::from(report.qty.0.abs()) * i128::from(instrument.spec().lot.0);
        let cost = i128::from(report.entry.0).saturating_mul(held);
        let cost = (cost / 100_000_000).clamp(0, CASH_MAX);
        self.position = Position {
            qty: report.qty,
            cost: Cash(cost as i64),
        };
        self.anchor_at(as_of(at, report));
        for index in 0..self.recent.len() {
            let Recent {
                side, price, qty, ..
            } = self.recent[index];
            let later = self.recent[index].venue_ms > report.venue_ms && report.venue_ms.0 > 0;
            if later && self.is_addable(instrument, side, price, qty) {
                let _ = self.position.fill(instrument, side, price, qty);
            }
        }
        let held = self.position.qty;
        if first {
            (self.totals.inventory_min, self.totals.inventory_max) = (held, held);
        }
        self.totals.inventory_min = self.totals.inventory_min.min(held);
        self.totals.inventory_max = self.totals.inventory_max.max(held);
    }

    /// Fills up to then are in the position.
    fn anchor_at(&mut self, venue_ms: VenueMs) {
        self.anchor_ms = self.anchor_ms.max(Some(venue_ms));
    }

    /// Positive, and neither it nor the position with it beyond any account.
    fn is_addable(&self, instrument: &Instrument, side: Side, price: Price, qty: Qty) -> bool {
        let unit = i128::from(instrument.tick_lot_cash().0);
        let worth = i128::from(price.0)
            .saturating_mul(i128::from(qty.0))
            .saturating_mul(unit);
        let held = i128::from(self.position.cost.0);
        let signed = qty.0.saturating_mul(side.sign());
        let after = self.position.qty.0.checked_add(signed);
        price.0 > 0
            && qty.0 > 0
            && worth.saturating_add(held) <= CASH_MAX
            && after.is_some_and(|qty| QTY_RANGE.contains(&Qty(qty)))
    }
}

/// The exchange's time of a statement. A symbol not held is told without one;
/// then it is a little before the question, for what the clock may be off.
fn as_of(at: At, report: &PositionReport) -> VenueMs {
    if report.venue_ms.0 > 0 {
        return report.venue_ms;
    }
    let ago_ms = at.mono.ms_since(report.asked_at).min(DAY_MS as u64) as i64;
    VenueMs(at.venue.0.saturating_sub(ago_ms + CLOCK_ERROR_MS))
}

#[cfg(test)]
pub(crate) mod tests;

//! Looking at a maker from outside: deadlines, the view, the digest, and what
//! the desk adds up.

use alloc::vec::Vec;

use phoenix_domain::{At, Cash, MonoNs, Price, Side};

use super::Maker;
use crate::digest::Digest;
use crate::markouts::MarkoutSum;
use crate::mode::Mode;
use crate::orders::Order;
use crate::risk;
use crate::view::{MakerView, MarkoutView, OrderView};

/// Levels of a side that the digest takes in: those that quotes stand among.
const DIGEST_LEVELS: usize = 20;

impl Maker {
    /// When this maker must be looked at again though nothing is heard. What
    /// was due by the last look was done then, or waits for an event.
    pub(crate) fn deadline(&self, interval_ms: u32) -> Option<MonoNs> {
        if self.mode == Mode::Stopped {
            return None;
        }
        let asking = (self.mode != Mode::Starting).then(|| self.reconcile.next_deadline());
        let pricing = matches!(self.mode, Mode::Quoting | Mode::Paused);
        let dues = [
            asking,
            self.freshness.deadline().filter(|_| pricing),
            self.orders.next_deadline(),
            self.ledger.doubt_due(),
            self.hold_deadline(),
            self.pulse_deadline(interval_ms),
        ];
        let later = |due: &MonoNs| *due > self.looked_at;
        dues.into_iter().flatten().filter(later).min()
    }

    /// Notional that either side could carry the position to, at worst.
    pub(crate) fn worst_notional(&self) -> Cash {
        let mid = self
            .top()
            .map_or(Price(0), |top| self.tick_price(top.mid_ticks()));
        let position = self.ledger.position().qty;
        risk::worst_notional(&self.instrument, position, self.could_fill(), mid)
    }

    /// Profit since the start, what is held valued at the mid; without a mid
    /// at what it cost.
    pub(crate) fn profit(&self) -> Cash {
        match self.top() {
            Some(top) => self.ledger.equity(&self.instrument, top.mid_half_ticks()),
            None => self.ledger.closed(),
        }
    }

    /// What our books say has moved the wallet.
    pub(crate) fn closed(&self) -> Cash {
        self.ledger.closed()
    }

    pub(crate) fn holds(&self) -> bool {
        !self.ledger.position().qty.is_zero()
    }

    pub(crate) fn quote_asset(&self) -> &str {
        &self.instrument.spec().quote_asset
    }

    /// Everything a screen needs to know.
    pub(crate) fn view(&self, at: At) -> MakerView {
        let tick = self.instrument.tick_f64();
        let top = self.top();
        let best = self.book.top();
        let mid = top.map_or(0.0, |top| top.mid_ticks());
        let totals = self.ledger.totals();
        let unrealised = |top: crate::book::Top| {
            self.ledger
                .unrealised(&self.instrument, top.mid_half_ticks())
        };
        MakerView {
            symbol: self.symbol(),
            mode: self.mode,
            pauses: self.pauses.iter().collect(),
            best_bid: best.map(|top| top.bid.price),
            best_ask: best.map(|top| top.ask.price),
            mid: mid * tick,
            reservation: self.reservation * tick,
            sigma_ratio: self.sigma_ratio,
            position: self.ledger.position().qty,
            entry: self.ledger.position().entry_f64(&self.instrument),
            open_orders: Side::BOTH.map(|side| count(self.orders.working_count(side))),
            orders: self.order_views(at),
            unknown_orders: count(self.orders.unknown_count()),
            fills: totals.fills,
            volume: totals.volume,
            realised: totals.realised,
            unrealised: top.map_or(Cash::ZERO, unrealised),
            fees: totals.fees,
            funding: totals.funding,
            inventory_min: totals.inventory_min,
            inventory_max: totals.inventory_max,
            markout_1s: markout(self.markouts.one_second()),
            markout_10s: markout(self.markouts.ten_seconds()),
            cancels_per_min: self.cancel_rate.count_at(at.mono),
            book_age_ms: self.freshness.age_ms(at),
            round_trip_ns: self.orders.round_trip_ns(),
            foreign_orders: u32::from(self.foreign),
            pinned: self.said.pinned,
            reduce_only: self.said.reduce_only,
        }
    }

    fn order_views(&self, at: At) -> Vec<OrderView> {
        let view = |order: &Order| OrderView {
            client_id: order.client_id,
            side: order.side,
            price: order.target_price(),
            open_qty: order.exposure(),
            unknown: order.state.is_unknown(),
            age_ms: at.mono.ms_since(order.placed_at),
        };
        let all = Side::BOTH
            .into_iter()
            .flat_map(|side| self.orders.working(side));
        all.map(view).collect()
    }

    /// Adds what decides this maker's next commands.
    pub(crate) fn digest(&self, digest: &mut Digest) {
        digest.add(self.mode as u64);
        digest.add(u64::from(self.pauses.bits()));
        let position = self.ledger.position();
        digest.add_signed(position.qty.0);
        digest.add_signed(position.cost.0);
        let totals = self.ledger.totals();
        for sum in [totals.realised, totals.fees, totals.funding, totals.volume] {
            digest.add_signed(sum.0);
        }
        digest.add(self.book.book_id());
        if let Some(top) = self.book.top() {
            for number in [
                top.bid.price.0,
                top.bid.qty.0,
                top.ask.price.0,
                top.ask.qty.0,
            ] {
                digest.add_signed(number);
            }
        }
        for side in Side::BOTH {
            for level in self.book.levels(side).take(DIGEST_LEVELS) {
                digest.add_signed(level.price.0);
                digest.add_signed(level.qty.0);
            }
        }
        digest.add(self.volatility.sigma_ticks().to_bits());
        digest.add(self.skew.held().to_bits());
        digest.add(self.quoted_at.map_or(0, |at| at.0));
        for order in Side::BOTH
            .into_iter()
            .flat_map(|side| self.orders.working(side))
        {
            digest.add(u64::from(order.client_id.seq));
            digest.add(order.state as u64);
            digest.add_signed(order.target_price().0);
            digest.add_signed(order.exposure().0);
        }
    }
}

fn markout(sum: MarkoutSum) -> MarkoutView {
    MarkoutView {
        count: sum.count,
        cash: sum.cash,
        bp: sum.bp(),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

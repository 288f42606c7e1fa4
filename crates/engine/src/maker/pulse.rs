//! Deciding quotes, on a pulse: the situation, the wanted grid, what risk
//! leaves of it, the moves that lead there, and the commands.
//!
//! Between two quote intervals only protective changes are made: an order that
//! has come too near to the reservation price does not wait.

use phoenix_domain::{
    Cash, ClientId, Command, Decimal, MonoNs, NewOrder, NoteKind, Price, Qty, Side, TimeInForce,
};

use super::Maker;
use crate::book::Top;
use crate::fair;
use crate::freshness::Fitness;
use crate::mode::Mode;
use crate::orders::State;
use crate::quoter::Situation;
use crate::requote::{Move, View, is_near, is_quote};
use crate::risk::{self, Worst};
use crate::turn::Turn;

/// Even when nothing changed, ages and cool-downs are looked at this often.
const LOOK_MS: u64 = 1_000;

/// What one decision is bound by.
#[derive(Clone, Copy)]
struct Bounds {
    worst: Worst,
    /// Only protective moves.
    protective_only: bool,
    /// What prices are judged against: the mark, else the mid.
    reference: Price,
    /// Our own price nearest to the other side, by side.
    boldest: [Option<Price>; 2],
}

impl Maker {
    /// The inbox is empty: decides quotes if it is time, or if an order is in
    /// danger.
    pub(super) fn pulse(&mut self, turn: &mut Turn<'_>) {
        let Some(top) = self.top() else { return };
        if matches!(self.mode, Mode::Quoting | Mode::Paused) && self.dirty {
            self.watch_losses(turn, top.mid_half_ticks());
        }
        let fit = self.freshness.fitness(turn.at) == Fitness::Fit;
        if self.mode != Mode::Quoting || !fit {
            return;
        }
        let now = turn.at.mono;
        let interval = u64::from(turn.settings.quote_interval_ms);
        let wait_ms = if self.dirty {
            interval
        } else {
            interval.max(LOOK_MS)
        };
        let due = self
            .quoted_at
            .is_none_or(|last| now >= last.plus_ms(wait_ms));
        if due {
            self.quoted_at = Some(now);
            self.decide(turn, top, false);
            self.dirty = false;
        } else if self.dirty && self.in_danger(&top) {
            self.decide(turn, top, true);
        }
    }

    fn in_danger(&mut self, top: &Top) -> bool {
        let reservation = self.reserve(top);
        self.is_endangered(reservation)
    }

    /// A live quote stands nearer to the reservation price than allowed.
    pub(super) fn is_endangered(&self, reservation: f64) -> bool {
        Side::BOTH.into_iter().any(|side| {
            let mut live = self.orders.working(side).filter(|order| is_quote(order));
            let nearest = live.find(|order| order.state == State::Live);
            nearest.is_some_and(|order| is_near(side, reservation, &self.terms, order.price))
        })
    }

    fn reserve(&mut self, top: &Top) -> f64 {
        let ratio = self.skew.ratio(self.ledger.position().qty, &self.terms);
        fair::reservation(top.mid_ticks(), ratio, self.funding, &self.terms)
    }

    fn decide(&mut self, turn: &mut Turn<'_>, top: Top, protective_only: bool) {
        self.reservation = self.reserve(&top);
        let mid = top.mid_ticks();
        let reference = self.tick_price(self.mark.unwrap_or(mid));
        let position = self.ledger.position().qty;
        let mid_price = self.tick_price(mid);
        let (worst, capped) = Worst::of(
            &self.terms,
            &self.instrument,
            position,
            mid_price,
            turn.room,
        );
        self.quotes.clear();
        if !risk::outside_band(&self.terms, mid, self.mark) {
            let situation = self.situation(turn, &top);
            self.grid.rescale(self.sigma_ratio, &self.terms);
            self.grid.quote(&self.terms, &situation, &mut self.quotes);
            self.say_situation(turn, &situation);
            if !protective_only {
                self.grind(turn, &top);
            }
        }
        self.say_capped(turn, capped, mid_price);
        let mut boldest = [None; 2];
        for side in Side::BOTH {
            let (quoted, nearest) = self.survey(side);
            boldest[side.index()] = nearest;
            self.cut(turn, side, &worst, quoted);
            let view = View {
                side,
                now: turn.at.mono,
                reservation: self.reservation,
                wanted: self.quotes.side(side),
            };
            self.requotes[side.index()].plan(&view, &self.terms, &self.orders);
        }
        let bounds = Bounds {
            worst,
            protective_only,
            reference,
            boldest,
        };
        self.carry_out(turn, bounds, mid);
    }

    fn situation(&self, turn: &Turn<'_>, top: &Top) -> Situation {
        let position = self.ledger.position().qty;
        let reduce_only = position.abs() > self.terms.reduce_only_qty;
        let reentry = self.grinding.reentry(turn.at.mono);
        Situation {
            best_bid: top.bid.price,
            best_ask: top.ask.price,
            mid: top.mid_ticks(),
            reservation: self.reservation,
            ratio: self.skew.held(),
            position,
            pinned: position.abs() > self.terms.pinning_qty,
            reduce_only,
            reentry: reentry.filter(|_| !reduce_only),
        }
    }

    /// Gives up a slice of inventory if one is due.
    fn grind(&mut self, turn: &mut Turn<'_>, top: &Top) {
        let now = turn.at.mono;
        let position = self.ledger.position().qty;
        let sigma_ratio = self.sigma_ratio;
        let best = (top.bid.price, top.ask.price);
        let slice = self
            .grinding
            .due(&self.terms, now, position, sigma_ratio, best);
        let Some(slice) = slice.filter(|_| now >= self.held_back_until) else {
            return;
        };
        if let Some(client_id) = self.send_slice(turn, slice) {
            self.grinding.sent(client_id, now, &self.terms);
            let kind = NoteKind::Grinding {
                side: slice.side,
                qty: slice.qty,
            };
            turn.out.note(self.symbol(), kind);
        }
    }

    /// One walk over a side's orders: what its quotes could still fill, and our
    /// own price nearest to the other side.
    fn survey(&self, side: Side) -> (Qty, Option<Price>) {
        let mut quoted = Qty::ZERO;
        let mut boldest: Option<Price> = None;
        for order in self.orders.working(side) {
            if is_quote(order) {
                quoted += order.exposure();
            }
            let price = order.boldest_price();
            if boldest.is_none_or(|own| (price.0 - own.0) * side.sign() > 0) {
                boldest = Some(price);
            }
        }
        (quoted, boldest)
    }

    /// Cuts the far layers that the worst case does not leave room for,
    /// `quoted` being what the quotes that stand could still fill.
    fn cut(&mut self, turn: &mut Turn<'_>, side: Side, worst: &Worst, quoted: Qty) {
        let committed = self.orders.exposure(side) - quoted;
        let wanted = self.quotes.side(side);
        let keep = worst.affordable(side, committed, wanted);
        let cut = wanted.len() - keep;
        self.quotes.cut(side, keep);
        if self.said.cut[side.index()] != cut {
            self.said.cut[side.index()] = cut;
            let cut = u16::try_from(cut).unwrap_or(u16::MAX);
            turn.out
                .note(self.symbol(), NoteKind::LayersCut { side, cut });
        }
    }

    /// Cancels first, then amends, then placements from the nearest outward.
    fn carry_out(&mut self, turn: &mut Turn<'_>, mut bounds: Bounds, mid: f64) {
        let before = turn.out.commands.len();
        for phase in [Phase::Cancel, Phase::Amend, Phase::Place] {
            for side in Side::BOTH {
                for index in 0..self.requotes[side.index()].moves.len() {
                    let next = self.requotes[side.index()].moves[index];
                    if phase == Phase::of(&next) {
                        self.make(turn, &mut bounds, side, next);
                    }
                }
            }
        }
        if turn.out.commands.len() > before {
            let tick = self.instrument.spec().tick.0 as f64;
            let count = |side| u16::try_from(self.quotes.side(side).len()).unwrap_or(u16::MAX);
            let made = NoteKind::QuotesMade {
                mid: Decimal((mid * tick) as i64),
                reservation: Decimal((self.reservation * tick) as i64),
                bids: count(Side::Buy),
                asks: count(Side::Sell),
            };
            turn.out.note(self.symbol(), made);
        }
    }

    fn make(&mut self, turn: &mut Turn<'_>, bounds: &mut Bounds, side: Side, next: Move) {
        let now = turn.at.mono;
        match next {
            Move::Cancel {
                client_id,
                protective,
            } => {
                if protective || self.may_fidget(turn, bounds) {
                    self.cancel(turn, client_id, protective);
                }
            }
            Move::Amend { protective, .. } if !protective && !self.may_fidget(turn, bounds) => {}
            Move::Amend {
                client_id,
                protective,
                ..
            } => {
                let sent = now >= self.held_back_until && self.amend(turn, bounds, side, next);
                if !sent && protective {
                    self.cancel(turn, client_id, true);
                }
            }
            Move::Place { price, qty } => {
                let free = !bounds.protective_only && now >= self.held_back_until;
                let could_fill = self.orders.exposure(side);
                if !free || !bounds.worst.allows(side, could_fill, qty) {
                    return;
                }
                if bounds.is_clear(side, price) && !self.is_filtered(turn, bounds, side, price, qty)
                {
                    self.place(turn, bounds, side, price, qty);
                }
            }
        }
    }

    /// A change for looks' sake may be made now.
    fn may_fidget(&mut self, turn: &mut Turn<'_>, bounds: &Bounds) -> bool {
        let now = turn.at.mono;
        if bounds.protective_only || now < self.held_back_until {
            return false;
        }
        let allowed = self.cancel_rate.allows_cosmetic(now);
        let cancels_per_min = self.cancel_rate.per_minute(now);
        if !allowed && !self.said.slowed {
            self.said.slowed = true;
            let slowed = NoteKind::RequotesSlowed { cancels_per_min };
            turn.out.note(self.symbol(), slowed);
        }
        // Near the limit single changes still pass: that is no recovery yet.
        self.said.slowed &= cancels_per_min >= self.settings.max_cancel_per_min / 2;
        allowed
    }

    fn cancel(&mut self, turn: &mut Turn<'_>, client_id: ClientId, protective: bool) {
        if !self.orders.cancel(turn.at, client_id) {
            return;
        }
        self.count(turn.at.mono, protective);
        turn.out.command(Command::Cancel {
            symbol: self.symbol(),
            client_id,
            protective,
        });
    }

    /// False if the amend cannot be sent.
    fn amend(&mut self, turn: &mut Turn<'_>, bounds: &mut Bounds, side: Side, next: Move) -> bool {
        let Move::Amend {
            client_id,
            price,
            qty,
            open,
            protective,
        } = next
        else {
            return false;
        };
        let Some(order) = self.orders.get(client_id) else {
            return false;
        };
        let more = Qty((open - order.exposure()).0.max(0));
        let could_fill = self.orders.exposure(side);
        let allowed = bounds.worst.allows(side, could_fill, more) || (more.is_zero() && protective);
        if !allowed
            || !bounds.is_clear(side, price)
            || self.is_filtered(turn, bounds, side, price, qty)
            || !self.orders.amend(turn.at, client_id, price, qty)
        {
            return false;
        }
        self.count(turn.at.mono, protective);
        bounds.stands(side, price);
        let symbol = self.symbol();
        turn.out.command(Command::Amend {
            symbol,
            client_id,
            side,
            price,
            qty,
        });
        turn.out.note(
            symbol,
            NoteKind::OrderAmended {
                client_id,
                price,
                qty,
            },
        );
        true
    }

    fn count(&mut self, now: MonoNs, protective: bool) {
        if protective {
            self.cancel_rate.count_protective(now);
        } else {
            self.cancel_rate.count_cosmetic(now);
        }
    }

    fn is_filtered(
        &mut self,
        turn: &mut Turn<'_>,
        bounds: &Bounds,
        side: Side,
        price: Price,
        qty: Qty,
    ) -> bool {
        let (terms, instrument) = (&self.terms, &self.instrument);
        let refusal = risk::refusal(terms, instrument, side, price, qty, false, bounds.reference);
        let Some(breach) = refusal else {
            return false;
        };
        if !self.said.filtered {
            self.said.filtered = true;
            let kind = NoteKind::QuoteFiltered {
                side,
                price,
                qty,
                breach,
            };
            turn.out.note(self.symbol(), kind);
        }
        true
    }

    fn place(
        &mut self,
        turn: &mut Turn<'_>,
        bounds: &mut Bounds,
        side: Side,
        price: Price,
        qty: Qty,
    ) {
        let order = NewOrder {
            symbol: self.symbol(),
            client_id: turn.ids.next(),
            side,
            price,
            qty,
            time_in_force: TimeInForce::PostOnly,
            reduce_only: false,
        };
        if self.send(turn, order).is_some() {
            self.said.filtered = false;
            bounds.stands(side, price);
        }
    }

    /// Remembers and sends an order. `None` if there is no room to remember
    /// it: what cannot be followed is not sent.
    pub(super) fn send(&mut self, turn: &mut Turn<'_>, order: NewOrder) -> Option<ClientId> {
        if !self.orders.place(turn.at, &order) {
            return None;
        }
        turn.out.command(Command::Place(order));
        let sent = NoteKind::OrderSent {
            client_id: order.client_id,
            side: order.side,
            price: order.price,
            qty: order.qty,
        };
        turn.out.note(self.symbol(), sent);
        Some(order.client_id)
    }

    fn say_situation(&mut self, turn: &mut Turn<'_>, situation: &Situation) {
        let symbol = self.symbol();
        let (pinned, reduce_only) = (situation.pinned, situation.reduce_only);
        if self.said.pinned != pinned {
            self.said.pinned = pinned;
            turn.out.note(symbol, NoteKind::Pinning { on: pinned });
        }
        if self.said.reduce_only != reduce_only {
            self.said.reduce_only = reduce_only;
            turn.out
                .note(symbol, NoteKind::ReduceOnly { on: reduce_only });
        }
    }

    fn say_capped(&mut self, turn: &mut Turn<'_>, capped: bool, mid: Price) {
        if self.said.capped == capped {
            return;
        }
        self.said.capped = capped;
        if capped {
            let limit = Cash(turn.settings.total_notional_max.0);
            let own = risk::worst_notional(
                &self.instrument,
                self.ledger.position().qty,
                self.could_fill(),
                mid,
            );
            let notional = limit - turn.room + own;
            let kind = NoteKind::NotionalCapped { notional, limit };
            turn.out.note(self.symbol(), kind);
        }
    }

    /// When quotes should be looked at again without any news.
    pub(super) fn pulse_deadline(&self, interval_ms: u32) -> Option<MonoNs> {
        if self.mode != Mode::Quoting {
            return None;
        }
        let interval = u64::from(interval_ms);
        let wait_ms = if self.dirty {
            interval
        } else {
            interval.max(LOOK_MS)
        };
        self.quoted_at.map(|last| last.plus_ms(wait_ms))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Cancel,
    Amend,
    Place,
}

impl Phase {
    fn of(next: &Move) -> Self {
        match next {
            Move::Cancel { .. } => Self::Cancel,
            Move::Amend { .. } => Self::Amend,
            Move::Place { .. } => Self::Place,
        }
    }
}

impl Bounds {
    /// The price would not meet an order of our own.
    fn is_clear(&self, side: Side, price: Price) -> bool {
        let opposite = self.boldest[side.opposite().index()];
        opposite.is_none_or(|own| (own.0 - price.0) * side.sign() > 0)
    }

    /// An order of ours may rest at this price from now on.
    fn stands(&mut self, side: Side, price: Price) {
        let own = &mut self.boldest[side.index()];
        let bolder = own.is_none_or(|own| (price.0 - own.0) * side.sign() > 0);
        if bolder {
            *own = Some(price);
        }
    }
}

//! Getting out of the way: pulling what rests, closing a position, proving
//! that nothing is left. All of it acts at once, never on a pulse, and none of
//! it asks the cancel budget.

use phoenix_domain::{
    ClientId, Command, MonoNs, NewOrder, NoteKind, PauseReason, Qty, Side, TimeInForce,
};

use super::Maker;
use crate::flatten::{self, Slice};
use crate::freshness::Fitness;
use crate::mode::{Mode, ModeEvent};
use crate::orders::{Order, State};
use crate::requote::may_cancel;
use crate::turn::Turn;

/// An order that is found resting again after a pull is pulled again, but not
/// more often: a refusal that comes at once must not become a storm.
const PULL_AGAIN_MS: u64 = 100;

/// A cancel that was lost on its way is repeated after this long.
const RETRY_UNKNOWN_MS: u64 = 1_000;

impl Maker {
    /// Cancels whatever may rest. The first time in one go, so that it takes
    /// one request; afterwards what turned out to rest all the same.
    pub(super) fn pull(&mut self, turn: &mut Turn<'_>) {
        if self.pull_due(false).is_none_or(|due| turn.at.mono < due) {
            return;
        }
        let first = self.pulled_at.is_none();
        self.pulled_at = Some(turn.at.mono);
        if first && self.flatten.in_flight().is_none() {
            self.cancel_everything(turn);
        } else {
            self.cancel_each(turn, |_| true);
        }
    }

    /// Cancels all of ours in one go.
    pub(super) fn cancel_everything(&mut self, turn: &mut Turn<'_>) {
        for _ in 0..self.pullable().count() {
            self.cancel_rate.count_protective(turn.at.mono);
        }
        self.orders.cancel_all(turn.at);
        self.dirty = true;
        turn.out.command(Command::CancelAll {
            symbol: self.symbol(),
            spare_foreign: self.foreign > 0 || self.shared,
        });
    }

    /// The orders' own ends follow the answer within moments. A placement that
    /// overtook the cancel has none and rests; so does everything if the
    /// cancel was not carried out.
    pub(super) fn all_cancelled(&mut self, turn: &Turn<'_>, done: bool) {
        if done {
            self.orders.all_cancelled(turn.at, true);
            self.sweep_at = Some(turn.at.mono.plus_ms(PULL_AGAIN_MS));
        } else {
            self.orders.all_cancelled(turn.at, false);
        }
    }

    pub(super) fn sweep(&mut self, turn: &Turn<'_>) {
        if self.sweep_at.is_some_and(|due| due <= turn.at.mono) {
            self.sweep_at = None;
            self.orders.all_cancelled(turn.at, false);
        }
    }

    /// Orders of earlier runs have no place in the grid and never will.
    pub(super) fn cancel_orphans(&mut self, turn: &mut Turn<'_>) {
        self.orphaned = self.has_orphans();
        if self.pull_due(true).is_none_or(|due| turn.at.mono < due) {
            return;
        }
        let orphans = || self.pullable().filter(|order| order.orphan);
        for order in orphans() {
            let found = NoteKind::OrphanFound {
                client_id: order.client_id,
            };
            turn.out.note(self.instrument.id, found);
        }
        self.pulled_at = Some(turn.at.mono);
        self.cancel_each(turn, |order| order.orphan);
    }

    fn cancel_each(&mut self, turn: &mut Turn<'_>, which: impl Fn(&Order) -> bool) {
        let mut doomed = core::mem::take(&mut self.doomed);
        doomed.extend(
            self.pullable()
                .filter(|order| which(order))
                .map(|order| order.client_id),
        );
        for client_id in doomed.drain(..) {
            if self.orders.cancel(turn.at, client_id) {
                self.cancel_rate.count_protective(turn.at.mono);
                turn.out.command(Command::Cancel {
                    symbol: self.symbol(),
                    client_id,
                    protective: true,
                });
            }
        }
        self.doomed = doomed;
        self.dirty = true;
    }

    fn has_orphans(&self) -> bool {
        let mut all = Side::BOTH
            .into_iter()
            .flat_map(|side| self.orders.working(side));
        all.any(|order| order.orphan)
    }

    /// When something is to be pulled, if anything is. What may have been
    /// cancelled already is tried again less often than what surely rests.
    fn pull_due(&self, orphans_only: bool) -> Option<MonoNs> {
        let pullable = self
            .pullable()
            .filter(|order| order.orphan || !orphans_only);
        let waits = pullable.map(|order| {
            if order.state.is_unknown() {
                RETRY_UNKNOWN_MS
            } else {
                PULL_AGAIN_MS
            }
        });
        let wait_ms = waits.min()?;
        Some(self.pulled_at.map_or(MonoNs(0), |at| at.plus_ms(wait_ms)))
    }

    fn pullable(&self) -> impl Iterator<Item = &Order> {
        let all = Side::BOTH
            .into_iter()
            .flat_map(|side| self.orders.working(side));
        all.filter(|order| may_cancel(order) && self.is_pullable(order))
    }

    /// The closing slice trades at once or expires, so it is left alone; one
    /// that rests all the same is not.
    fn is_pullable(&self, order: &Order) -> bool {
        order.state == State::Live || self.flatten.in_flight() != Some(order.client_id)
    }

    /// Sends the next closing slice if one is due and nothing else can fill.
    pub(super) fn close_position(&mut self, turn: &mut Turn<'_>) {
        if self.mode != Mode::Paused || !self.flatten.is_closing() {
            return;
        }
        let position = self.ledger.position().qty;
        if self.flatten.finish_if_flat(position) {
            turn.out.note(self.symbol(), NoteKind::Flattened);
            return;
        }
        let fit = self.freshness.fitness(turn.at) == Fitness::Fit;
        let Some(top) = self.top().filter(|_| fit && self.orders.none_working()) else {
            return;
        };
        let (now, best) = (turn.at.mono, (top.bid.price, top.ask.price));
        let Some(slice) = self.flatten.due(&self.terms, now, position, best) else {
            return;
        };
        if now >= self.held_back_until
            && let Some(client_id) = self.send_slice(turn, slice)
        {
            self.flatten.sent(client_id, now, &self.terms);
        }
    }

    /// A reduce-only order that trades at once within its bound or expires.
    pub(super) fn send_slice(&mut self, turn: &mut Turn<'_>, slice: Slice) -> Option<ClientId> {
        let Slice { side, price, qty } = slice;
        let order = NewOrder {
            symbol: self.symbol(),
            client_id: turn.ids.next(),
            side,
            price,
            qty,
            time_in_force: TimeInForce::Ioc,
            reduce_only: true,
        };
        self.send(turn, order)
    }

    /// Looks whether losses order the position closed.
    pub(super) fn watch_losses(&mut self, turn: &mut Turn<'_>, mid_half_ticks: i64) {
        let unrealised = self.ledger.unrealised(&self.instrument, mid_half_ticks);
        let fall = self.ledger.drawdown(turn.at, turn.equity);
        let beyond = flatten::loss_beyond(&self.terms, self.ledger.position(), unrealised)
            .or_else(|| flatten::drawdown_beyond(&self.terms, turn.equity + fall, turn.equity));
        let Some((loss, limit)) = beyond.filter(|_| !self.pauses.has(PauseReason::StopLoss)) else {
            return;
        };
        turn.out
            .note(self.symbol(), NoteKind::StopLoss { loss, limit });
        self.flatten.order(PauseReason::StopLoss, turn.at.mono);
        self.hold(turn, PauseReason::StopLoss);
        self.upkeep(turn);
    }

    /// While stopping: once nothing of ours is known to rest, the exchange is
    /// asked for its list, and only an empty answer ends it.
    pub(super) fn prove_empty(&mut self, turn: &mut Turn<'_>) {
        if self.mode != Mode::Draining {
            return;
        }
        let none = self.orders.none_working();
        match (none, self.proof_asked) {
            (false, _) => self.proof_asked = false,
            (true, false) => {
                self.proof_asked = true;
                self.reconcile.demand_orders(turn.at.mono);
                self.inquire(turn);
            }
            (true, true) if self.reconcile.orders_settled() => {
                self.shift(turn, ModeEvent::ProvenEmpty);
            }
            (true, true) => {}
        }
    }

    /// When a pull, a slice or an inquiry is next worth another look.
    pub(super) fn hold_deadline(&self) -> Option<MonoNs> {
        let quoting = self.mode == Mode::Quoting;
        let again = if quoting && !self.orphaned {
            None
        } else {
            self.pull_due(quoting)
        };
        let slice = self.flatten.deadline();
        [again, slice, self.sweep_at].into_iter().flatten().min()
    }

    /// What everything on a side could still do.
    pub(super) fn could_fill(&self) -> [Qty; 2] {
        Side::BOTH.map(|side| self.orders.exposure(side))
    }
}

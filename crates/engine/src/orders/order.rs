//! One order: what we asked for, what the exchange said, what is left.
//!
//! Invariant: [`Order::exposure`] is never less than what the exchange could
//! still fill plus what it filled and the ledger has not seen yet.

use phoenix_domain::{
    At, ClientId, Fill, MonoNs, NewOrder, OrderReport, Price, Qty, Side, TimeInForce, VenueMs,
};

use super::lifecycle::{State, Step};

/// A price and total quantity asked for and not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amendment {
    /// Asked price.
    pub(crate) price: Price,
    /// Asked total quantity, filled part included.
    pub(crate) qty: Qty,
}

/// One order of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// Our name for it.
    pub(crate) client_id: ClientId,
    /// Buy or sell.
    pub(crate) side: Side,
    /// Limit price last known to hold.
    pub(crate) price: Price,
    /// Total quantity last known to hold, filled part included.
    pub(crate) qty: Qty,
    /// Filled by executions that were told one by one.
    pub(crate) booked: Qty,
    /// Filled by the exchange's own count; at least `booked`.
    pub(crate) reported: Qty,
    /// Asked for, and perhaps in force already.
    pub(crate) amendment: Option<Amendment>,
    /// What we believe.
    pub(crate) state: State,
    /// How long it may rest.
    pub(crate) time_in_force: TimeInForce,
    /// May only reduce the position.
    pub(crate) reduce_only: bool,
    /// Found, not sent by this run: to be cancelled.
    pub(crate) orphan: bool,
    /// When the placement was sent (or the orphan found).
    pub(crate) placed_at: MonoNs,
    /// When its price was last decided.
    pub(crate) priced_at: MonoNs,
    /// When anything but a question was last sent about it.
    requested_at: Option<MonoNs>,
    ended_at: MonoNs,
    reported_ms: VenueMs,
    /// When `reported` last grew.
    counted_at: MonoNs,
    /// Executions up to here are in the position, told or not.
    position_ms: VenueMs,
    asked_at: Option<MonoNs>,
    query_due: MonoNs,
    queries: u8,
    /// The last list that contained it.
    pub(super) listed_in: u32,
}

/// A list says nothing about an order whose last request is younger.
const LIST_AGE_MS: u64 = 1_000;
/// A request without any outcome for this long is asked about: twice what the
/// gateway waits before it calls the outcome unknown.
const ANSWER_MS: u64 = 10_000;
/// First question about a doubt; the stream often tells sooner.
const QUERY_FIRST_MS: u64 = 250;
/// Later questions wait twice as long each, up to this.
const QUERY_EVERY_MS_MAX: u64 = 8_000;
/// No order is larger; keeps every sum of quantities far from overflow.
const QTY_MAX: Qty = Qty(1 << 50);

impl Order {
    pub(super) fn sent(at: At, new: &NewOrder) -> Self {
        Self {
            client_id: new.client_id,
            side: new.side,
            price: new.price,
            qty: new.qty,
            booked: Qty::ZERO,
            reported: Qty::ZERO,
            amendment: None,
            state: State::PendingNew,
            time_in_force: new.time_in_force,
            reduce_only: new.reduce_only,
            orphan: false,
            placed_at: at.mono,
            priced_at: at.mono,
            requested_at: Some(at.mono),
            ended_at: MonoNs(0),
            reported_ms: VenueMs(i64::MIN),
            counted_at: at.mono,
            position_ms: VenueMs(i64::MIN),
            asked_at: None,
            query_due: at.mono.plus_ms(ANSWER_MS),
            queries: 0,
            listed_in: 0,
        }
    }

    /// An order found open that this run did not send. What it filled before
    /// is in the position already.
    pub(super) fn found(at: At, client_id: ClientId, report: &OrderReport) -> Self {
        Self {
            client_id,
            side: report.side,
            price: report.price,
            qty: report.qty,
            booked: report.filled,
            reported: report.filled,
            amendment: None,
            state: State::Live,
            time_in_force: report.time_in_force,
            reduce_only: report.reduce_only,
            orphan: true,
            placed_at: at.mono,
            priced_at: at.mono,
            requested_at: None,
            ended_at: MonoNs(0),
            reported_ms: report.venue_ms,
            counted_at: at.mono,
            position_ms: VenueMs(i64::MIN),
            asked_at: None,
            query_due: at.mono,
            queries: 0,
            listed_in: 0,
        }
    }

    /// What could still change the position because of this order.
    #[must_use]
    pub(crate) fn exposure(&self) -> Qty {
        let left = match self.state {
            State::Ended => self.reported - self.booked,
            State::PendingNew
            | State::UnknownNew
            | State::Live
            | State::PendingAmend
            | State::UnknownAmend
            | State::PendingCancel
            | State::UnknownCancel
            | State::CancelOverNew
            | State::CancelOverAmend
            | State::Missing => self.size().max(self.reported) - self.booked,
        };
        left.max(Qty::ZERO)
    }

    /// Where the order is or is asked to be.
    #[must_use]
    pub(crate) fn target_price(&self) -> Price {
        self.amendment.map_or(self.price, |asked| asked.price)
    }

    /// Total quantity it has or is asked to have, the larger while unsettled.
    #[must_use]
    pub(crate) fn size(&self) -> Qty {
        self.amendment
            .map_or(self.qty, |asked| asked.qty.max(self.qty))
    }

    /// The price nearest to the other side that it may rest at.
    #[must_use]
    pub(crate) fn boldest_price(&self) -> Price {
        match (self.amendment, self.side) {
            (None, _) => self.price,
            (Some(asked), Side::Buy) => self.price.max(asked.price),
            (Some(asked), Side::Sell) => self.price.min(asked.price),
        }
    }

    /// Not ended: it may rest on the exchange.
    #[must_use]
    pub(crate) fn is_working(&self) -> bool {
        self.state != State::Ended
    }

    /// When the next question about it is due, if one is.
    pub(super) fn query_due(&self) -> Option<MonoNs> {
        if !self.state.is_unsettled() {
            return None;
        }
        // One question at a time, so that an answer belongs to its question;
        // one that was never answered is given up after the usual patience.
        Some(match self.asked_at {
            Some(asked) => self.query_due.max(asked.plus_ms(ANSWER_MS)),
            None => self.query_due,
        })
    }

    pub(super) fn ask(&mut self, at: At) {
        self.asked_at = Some(at.mono);
    }

    /// Ends the running question and returns when it was asked.
    pub(super) fn answered(&mut self, at: At) -> Option<MonoNs> {
        let wait = QUERY_FIRST_MS << (2 + self.queries.min(8));
        self.queries = self.queries.saturating_add(1);
        self.query_due = at.mono.plus_ms(wait.min(QUERY_EVERY_MS_MAX));
        self.asked_at.take()
    }

    /// Leaves the stream a second to tell before asking.
    pub(super) fn ask_later(&mut self, at: At) {
        self.ask_in(at, 4 * QUERY_FIRST_MS);
    }

    fn ask_in(&mut self, at: At, ms: u64) {
        self.query_due = at.mono.plus_ms(ms);
        self.queries = 0;
    }

    pub(super) fn amend(&mut self, at: At, asked: Amendment) {
        self.amendment = Some(asked);
        self.priced_at = at.mono;
        self.request(at, Step::AmendSent);
    }

    pub(super) fn request(&mut self, at: At, step: Step) {
        self.requested_at = Some(at.mono);
        self.ask_in(at, ANSWER_MS);
        self.take(at, step);
    }

    /// When the running request was sent; for round-trip times.
    pub(crate) fn requested_at(&self) -> Option<MonoNs> {
        self.requested_at
    }

    /// A question asked at `asked` could not be overtaken by a request of ours.
    pub(super) fn proves(&self, asked: Option<MonoNs>, proof_ms: u64) -> bool {
        let Some(asked) = asked else { return false };
        let quiet = self
            .requested_at
            .is_none_or(|sent| asked >= sent.plus_ms(proof_ms));
        quiet && (self.is_working() || asked > self.ended_at)
    }

    /// An order list asked at `asked` ought to have contained it.
    pub(super) fn belongs_in_list(&self, asked: MonoNs) -> bool {
        self.requested_at
            .is_none_or(|sent| asked >= sent.plus_ms(LIST_AGE_MS))
            && asked > self.placed_at
    }

    /// Takes a statement about the whole order; `asked` tells when the
    /// question was put, `None` for what came unasked.
    pub(super) fn report(
        &mut self,
        at: At,
        report: &OrderReport,
        asked: Option<MonoNs>,
        proof_ms: u64,
    ) {
        let fresh = report.venue_ms >= self.reported_ms;
        let settled = fresh && self.proves(asked, proof_ms);
        let asked_for = fresh
            && self
                .amendment
                .is_some_and(|to| to.price == report.price && to.qty == report.qty);
        let step = match (report.status.is_final(), settled, asked_for) {
            (true, _, _) => Step::Final,
            (false, true, _) => Step::OpenSettled,
            (false, false, true) => Step::OpenAmended,
            (false, false, false) => Step::Open,
        };
        self.take_report(at, report, step);
    }

    /// Takes a statement whose step is known, as the reply to an amend.
    pub(super) fn take_report(&mut self, at: At, report: &OrderReport, step: Step) {
        self.count(at, report.filled);
        if step == Step::Final {
            self.reported_ms = self.reported_ms.max(report.venue_ms);
        } else if report.venue_ms >= self.reported_ms {
            // Two statements of one millisecond may come in either order.
            let tied = report.venue_ms == self.reported_ms && step == Step::Open;
            self.qty = if tied {
                self.qty.max(report.qty)
            } else {
                report.qty
            };
            self.price = report.price;
            self.reported_ms = report.venue_ms;
        }
        self.take(at, step);
    }

    /// The exchange says that what the amend asked for holds already.
    pub(super) fn take_as_asked(&mut self, at: At) {
        if let Some(asked) = self.amendment {
            (self.price, self.qty) = (asked.price, asked.qty);
        }
        self.take(at, Step::OpenAmended);
    }

    /// Counts one execution that was not counted before.
    pub(super) fn book(&mut self, at: At, fill: &Fill) {
        if fill.venue_ms > self.position_ms {
            self.booked = Qty(self.booked.0.saturating_add(fill.qty.0)).min(QTY_MAX);
        }
        self.count(at, self.booked);
        let complete = self.booked >= self.size();
        self.take(at, if complete { Step::Final } else { Step::Open });
    }

    /// The position as of `venue_ms`, asked for at `asked`, was taken over:
    /// what the exchange had counted by then is in it.
    pub(super) fn position_taken(&mut self, asked: MonoNs, venue_ms: VenueMs) {
        if self.counted_at < asked {
            self.booked = self.reported;
            self.position_ms = self.position_ms.max(venue_ms);
        }
    }

    fn count(&mut self, at: At, filled: Qty) {
        if filled > self.reported {
            self.reported = filled;
            self.counted_at = at.mono;
        }
    }

    /// Applies one step of the table and what follows from it.
    pub(super) fn take(&mut self, at: At, step: Step) {
        let was = self.state;
        self.state = was.after(step);
        let settles = match step {
            Step::AmendRefused | Step::OpenAmended | Step::OpenSettled => true,
            Step::AmendSent
            | Step::CancelSent
            | Step::PlaceRefused
            | Step::PlaceUnknown
            | Step::AmendUnknown
            | Step::CancelRefused
            | Step::CancelUnknown
            | Step::NotOpen
            | Step::Open
            | Step::Final
            | Step::Absent => self.state == State::Ended,
        };
        if settles {
            self.amendment = None;
        }
        if self.state.is_unknown() && self.state != was {
            self.ask_in(at, QUERY_FIRST_MS);
        }
        if self.state == State::Ended && was != State::Ended {
            self.ended_at = at.mono;
        }
    }
}

/// An execution of something, by no more than an order may have.
pub(super) fn is_possible(fill: &Fill) -> bool {
    (1..=QTY_MAX.0).contains(&fill.qty.0) && fill.price.0 > 0
}

/// Says something possible about `side`: bad input is not believed.
pub(super) fn is_plausible(report: &OrderReport, side: Side) -> bool {
    let range = Qty::ZERO..=QTY_MAX;
    report.side == side && range.contains(&report.qty) && range.contains(&report.filled)
}

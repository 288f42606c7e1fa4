//! Every order of ours on one symbol, from the moment it is sent until the
//! exchange has told how it ended.
//!
//! Invariants: an order that may rest on the exchange is in the list of its
//! side, in price order, best first; [`Orders::exposure`] is the sum of what
//! those (and ended ones with executions not told yet) can still do to the
//! position; nothing is allocated after construction.
//!
//! What to send is not decided here, only remembered; foreign orders are not
//! kept.

mod fill_log;
mod lifecycle;
mod order;
mod replies;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use phoenix_domain::{
    At, ClientId, Fill, MonoNs, NewOrder, OpenOrders, OrderReport, Outcome, Price, Qty, Request,
    RunId, Side, VenueMs,
};

use fill_log::FillLog;
use lifecycle::Step;

pub(crate) use fill_log::FillNews;
pub(crate) use lifecycle::State;
pub(crate) use order::{Amendment, Order};

/// All orders of one symbol.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug)]
pub(crate) struct Orders {
    proof_ms: u64,
    capacity: usize,
    /// Slots; an order keeps its slot from sending until it is forgotten.
    arena: Vec<Order>,
    /// Working orders by side, best target price first.
    sides: [Vec<u16>; 2],
    /// Ended orders, oldest first: late executions still find them.
    ended: VecDeque<u16>,
    /// `seq` modulo its length → slot last given to such a number.
    by_seq: Vec<u16>,
    exposure: [Qty; 2],
    unsettled: usize,
    fills: FillLog,
    list: u32,
    round_trip_ns: Option<u64>,
}

/// Orders remembered at once: twice what the exchange lets rest on a symbol,
/// and as many that ended lately.
const CAPACITY: usize = 512;
/// Room of the index by number; far more than live at once, so that two
/// remembered orders seldom share a place.
const INDEX: usize = 4096;

/// What a statement changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The order as it now is.
    pub(crate) order: Order,
    /// What was believed before.
    pub(crate) from: State,
}

impl Change {
    /// The order ended just now.
    #[must_use]
    pub(crate) fn ended(&self) -> bool {
        self.from != State::Ended && self.order.state == State::Ended
    }

    /// Evidence ended a doubt just now.
    #[must_use]
    pub(crate) fn resolved(&self) -> bool {
        self.from.is_unknown() && !self.order.state.is_unknown()
    }
}

/// What a list of open orders held besides what we know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// Orders of somebody else.
    pub(crate) foreign: u16,
    /// Orders of an earlier run, or of this one but forgotten: now kept as
    /// orphans, to be cancelled.
    pub(crate) orphans: u16,
    /// An order of a run newer than ours: another maker trades here.
    pub(crate) second_writer: Option<ClientId>,
    /// Orders of ours that the list should have held and did not.
    pub(crate) missing: u16,
    /// Orphans beyond what can be remembered: cancel all of the symbol.
    pub(crate) unkept: u16,
}

impl Orders {
    /// No orders yet. A request not executed `proof_ms` after it was sent never
    /// will be: the receive window plus a margin. Only from then on does "no
    /// such order" or "still as before" prove anything about it.
    #[must_use]
    pub(crate) fn new(proof_ms: u64) -> Self {
        Self::with_room(proof_ms, CAPACITY, INDEX)
    }

    fn with_room(proof_ms: u64, capacity: usize, index: usize) -> Self {
        Self {
            proof_ms,
            capacity,
            arena: Vec::with_capacity(capacity),
            sides: [Vec::with_capacity(capacity), Vec::with_capacity(capacity)],
            ended: VecDeque::with_capacity(capacity),
            by_seq: alloc::vec![u16::MAX; index],
            exposure: [Qty::ZERO; 2],
            unsettled: 0,
            fills: FillLog::new(),
            list: 0,
            round_trip_ns: None,
        }
    }

    /// Remembers an order that is about to be sent. False if there is no room:
    /// then it must not be sent.
    #[must_use]
    pub(crate) fn place(&mut self, at: At, new: &NewOrder) -> bool {
        let order = Order::sent(at, new);
        self.remember(order)
    }

    /// Remembers that an amend is about to be sent. False unless the order is
    /// live with nothing else asked of it: then it must not be sent.
    #[must_use]
    pub(crate) fn amend(&mut self, at: At, id: ClientId, price: Price, qty: Qty) -> bool {
        let live = |order: &Order| order.state == State::Live;
        let Some(slot) = self.find(id).filter(|&slot| live(self.at(slot))) else {
            return false;
        };
        self.change(slot, |order| order.amend(at, Amendment { price, qty }));
        true
    }

    /// Remembers that a cancel is about to be sent. False if the order is
    /// unknown, ended, or being cancelled already.
    #[must_use]
    pub(crate) fn cancel(&mut self, at: At, id: ClientId) -> bool {
        let open = |order: &Order| order.state.may_cancel();
        let Some(slot) = self.find(id).filter(|&slot| open(self.at(slot))) else {
            return false;
        };
        self.change(slot, |order| order.request(at, Step::CancelSent));
        true
    }

    /// Remembers that a cancel of everything is about to be sent.
    pub(crate) fn cancel_all(&mut self, at: At) {
        self.change_each(|order| {
            if order.state.may_cancel() {
                order.request(at, Step::CancelSent);
            }
        });
    }

    /// Takes what became of a cancel of everything. Which orders it ended the
    /// exchange tells one by one, or by a list.
    pub(crate) fn all_cancelled(&mut self, at: At, done: bool) {
        self.change_each(|order| {
            // A placement still on its way may arrive after it.
            if !done || order.state == State::CancelOverNew {
                order.take(at, Step::CancelUnknown);
            }
            if order.state.is_unsettled() {
                order.ask_later(at);
            }
        });
    }

    /// Remembers that a question about the order is about to be sent.
    pub(crate) fn ask(&mut self, at: At, id: ClientId) {
        if let Some(slot) = self.find(id) {
            self.change(slot, |order| order.ask(at));
        }
    }

    /// Takes the end of a request. `None` if the order is not remembered.
    pub(crate) fn replied(
        &mut self,
        at: At,
        id: ClientId,
        request: Request,
        outcome: &Outcome,
    ) -> Option<Change> {
        let slot = self.find(id)?;
        let proof_ms = self.proof_ms;
        if request != Request::Query {
            let sent = self.at(slot).requested_at();
            self.round_trip_ns = sent.map(|sent| at.mono.since(sent)).or(self.round_trip_ns);
        }
        let change = self.change(slot, |order| match request {
            Request::Place => replies::placed(order, at, outcome),
            Request::Amend => replies::amended(order, at, outcome),
            Request::Cancel => replies::cancelled(order, at, outcome),
            Request::Query => replies::queried(order, at, outcome, proof_ms),
        });
        Some(change)
    }

    /// Takes a statement that came unasked. `None` if it is about an order
    /// not remembered, or cannot be true.
    pub(crate) fn reported(&mut self, at: At, report: &OrderReport) -> Option<Change> {
        self.told(at, report, None)
    }

    /// Takes an execution, and the order after it if told.
    pub(crate) fn filled(
        &mut self,
        at: At,
        fill: &Fill,
        report: Option<&OrderReport>,
    ) -> (FillNews, Option<Change>) {
        if !order::is_possible(fill) {
            return (FillNews::Impossible, None);
        }
        let news = self.fills.hear(fill);
        let slot = fill.client_id.and_then(|id| self.find(id));
        let Some(slot) = slot.filter(|&slot| self.at(slot).side == fill.side) else {
            return (news, None);
        };
        let from = self.at(slot).state;
        if news == FillNews::New {
            self.change(slot, |order| order.book(at, fill));
        }
        if let Some(report) = report {
            self.told(at, report, None);
        }
        let order = *self.at(slot);
        (news, Some(Change { order, from }))
    }

    /// Takes the list of all open orders.
    pub(crate) fn listed(&mut self, at: At, list: &OpenOrders<'_>, run: RunId) -> Findings {
        let mut findings = Findings::default();
        self.list = self.list.wrapping_add(1);
        for report in list.orders {
            let Some(id) = report.client_id else {
                findings.foreign = findings.foreign.saturating_add(1);
                continue;
            };
            if let Some(slot) = self.find(id) {
                let mark = self.list;
                self.change(slot, |order| order.listed_in = mark);
                self.told(at, report, Some(list.asked_at));
            } else if id.run > run {
                findings.second_writer = Some(id);
            } else if order::is_plausible(report, report.side)
                && self.remember(Order::found(at, id, report))
            {
                findings.orphans += 1;
                let (slot, mark) = (self.find(id), self.list);
                if let Some(slot) = slot {
                    self.change(slot, |order| order.listed_in = mark);
                }
            } else {
                findings.unkept += 1;
            }
        }
        findings.missing = self.missed(at, list.asked_at);
        findings
    }

    /// The exchange's position as of `venue_ms`, asked for at `asked`, is now
    /// ours: executions counted by then are in it, told one by one or not.
    pub(crate) fn position_taken(&mut self, asked: MonoNs, venue_ms: VenueMs) {
        self.change_each(|order| order.position_taken(asked, venue_ms));
    }

    /// The order of that name, if remembered.
    #[must_use]
    pub(crate) fn get(&self, id: ClientId) -> Option<&Order> {
        self.find(id).map(|slot| self.at(slot))
    }

    /// Orders that may rest on a side, best target price first.
    pub(crate) fn working(&self, side: Side) -> impl DoubleEndedIterator<Item = &Order> + Clone {
        self.sides[side.index()].iter().map(|&slot| self.at(slot))
    }

    /// How many orders may rest on a side.
    #[must_use]
    pub(crate) fn working_count(&self, side: Side) -> usize {
        self.sides[side.index()].len()
    }

    /// What could still be bought or sold without any new order.
    #[must_use]
    pub(crate) fn exposure(&self, side: Side) -> Qty {
        self.exposure[side.index()]
    }

    /// Orders whose fate only the exchange can tell.
    #[must_use]
    pub(crate) fn unknown_count(&self) -> usize {
        if self.unsettled == 0 {
            return 0;
        }
        let unknown = |side| self.working(side).filter(|order| order.state.is_unknown());
        Side::BOTH
            .into_iter()
            .map(|side| unknown(side).count())
            .sum()
    }

    /// Nothing rests, nothing is on its way.
    #[must_use]
    pub(crate) fn none_working(&self) -> bool {
        self.sides.iter().all(Vec::is_empty)
    }

    /// From sending the last answered request to its answer.
    #[must_use]
    pub(crate) fn round_trip_ns(&self) -> Option<u64> {
        self.round_trip_ns
    }

    /// An order that should be asked about now.
    #[must_use]
    pub(crate) fn due_query(&self, at: At) -> Option<ClientId> {
        if self.unsettled == 0 {
            return None;
        }
        self.unsettled_orders()
            .find(|order| order.query_due().is_some_and(|due| due <= at.mono))
            .map(|order| order.client_id)
    }

    /// When the next question is due.
    #[must_use]
    pub(crate) fn next_deadline(&self) -> Option<MonoNs> {
        if self.unsettled == 0 {
            return None;
        }
        self.unsettled_orders()
            .filter_map(|order| order.query_due())
            .min()
    }

    fn unsettled_orders(&self) -> impl Iterator<Item = &Order> {
        let all = Side::BOTH.into_iter().flat_map(|side| self.working(side));
        all.filter(|order| order.state.is_unsettled())
    }

    fn told(&mut self, at: At, report: &OrderReport, asked: Option<MonoNs>) -> Option<Change> {
        let slot = self.find(report.client_id?)?;
        if !order::is_plausible(report, self.at(slot).side) {
            return None;
        }
        let proof_ms = self.proof_ms;
        Some(self.change(slot, |order| order.report(at, report, asked, proof_ms)))
    }

    /// Notes what the list just taken ought to have held; returns how many.
    fn missed(&mut self, at: At, asked: MonoNs) -> u16 {
        let mark = self.list;
        let mut missing = 0;
        self.change_each(|order| {
            let absent = order.is_working() && order.listed_in != mark;
            if absent && order.belongs_in_list(asked) {
                order.take(at, Step::NotOpen);
                missing += u16::from(order.state == State::Missing);
            }
        });
        missing
    }

    fn at(&self, slot: u16) -> &Order {
        &self.arena[usize::from(slot)]
    }

    fn find(&self, id: ClientId) -> Option<u16> {
        let slot = self.by_seq[id.seq as usize % self.by_seq.len()];
        let named = |order: &Order| order.client_id == id;
        if self.arena.get(usize::from(slot)).is_some_and(named) {
            return Some(slot);
        }
        // Another number took its place in the index, or it is a stranger.
        let slot = self.arena.iter().position(named)?;
        u16::try_from(slot).ok()
    }

    /// Puts an order into a slot; false if none is to be had.
    fn remember(&mut self, order: Order) -> bool {
        let Some(slot) = self.take_slot() else {
            return false;
        };
        if usize::from(slot) == self.arena.len() {
            self.arena.push(order);
        } else {
            self.arena[usize::from(slot)] = order;
        }
        let place = order.client_id.seq as usize % self.by_seq.len();
        self.by_seq[place] = slot;
        self.exposure[order.side.index()] += order.exposure();
        self.unsettled += usize::from(order.state.is_unsettled());
        self.enlist(slot);
        true
    }

    fn take_slot(&mut self) -> Option<u16> {
        if self.arena.len() < self.capacity {
            return u16::try_from(self.arena.len()).ok();
        }
        // The oldest ended order gives way, but never one that still owes
        // executions: they would come as strangers and count nowhere.
        let settled = |&slot: &u16| self.at(slot).exposure().is_zero();
        let oldest = self.ended.iter().position(settled)?;
        self.ended.remove(oldest)
    }

    fn change_each(&mut self, mut edit: impl FnMut(&mut Order)) {
        for slot in 0..self.arena.len() {
            self.change(slot as u16, &mut edit);
        }
    }

    /// The one place where a remembered order changes: keeps the sums and the
    /// lists true.
    fn change(&mut self, slot: u16, edit: impl FnOnce(&mut Order)) -> Change {
        let before = self.arena[usize::from(slot)];
        edit(&mut self.arena[usize::from(slot)]);
        let order = self.arena[usize::from(slot)];
        self.exposure[order.side.index()] += order.exposure() - before.exposure();
        self.unsettled += usize::from(order.state.is_unsettled());
        self.unsettled -= usize::from(before.state.is_unsettled());
        let moved = order.target_price() != before.target_price();
        match (before.is_working(), order.is_working()) {
            (true, true) if moved => {
                self.delist(slot, order.side);
                self.enlist(slot);
            }
            (true, false) => {
                self.delist(slot, order.side);
                self.ended.push_back(slot);
            }
            (false, true) => {
                self.ended.retain(|&ended| ended != slot);
                self.enlist(slot);
            }
            (true, true) | (false, false) => {}
        }
        Change {
            order,
            from: before.state,
        }
    }

    fn enlist(&mut self, slot: u16) {
        let (side, price) = (self.at(slot).side, self.at(slot).target_price());
        let arena = &self.arena;
        let list = &mut self.sides[side.index()];
        let behind = |other: &u16| match side {
            Side::Buy => arena[usize::from(*other)].target_price() >= price,
            Side::Sell => arena[usize::from(*other)].target_price() <= price,
        };
        let place = list.partition_point(behind);
        list.insert(place, slot);
    }

    fn delist(&mut self, slot: u16, side: Side) {
        self.sides[side.index()].retain(|&other| other != slot);
    }
}

#[cfg(test)]
mod tests;

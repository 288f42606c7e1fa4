//! What an account can look up about its past, each list bounded: the oldest
//! entry makes room for the newest.

use std::collections::VecDeque;

use phoenix_domain::SymbolId;

use crate::exchange::{Amendment, Income, OrderRef, OrderView, UserTrade, VenueNs};

const DAY_MS: u64 = 86_400_000;

#[derive(Debug)]
pub(crate) struct History {
    max: usize,
    pub(crate) closed: VecDeque<OrderView>,
    pub(crate) trades: VecDeque<UserTrade>,
    pub(crate) incomes: VecDeque<Income>,
    pub(crate) amendments: VecDeque<Amendment>,
    pub(crate) forced: VecDeque<OrderView>,
    next_id: u64,
}

impl History {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max,
            closed: VecDeque::new(),
            trades: VecDeque::new(),
            incomes: VecDeque::new(),
            amendments: VecDeque::new(),
            forced: VecDeque::new(),
            next_id: 9_000_000_000,
        }
    }

    pub(crate) fn close(&mut self, order: OrderView) {
        push(&mut self.closed, order, self.max);
    }

    pub(crate) fn trade(&mut self, trade: UserTrade) {
        push(&mut self.trades, trade, self.max);
    }

    /// Books an amount; an amount of nothing leaves no line.
    pub(crate) fn earn(&mut self, mut income: Income) {
        if income.amount.is_zero() {
            return;
        }
        self.next_id += 1;
        income.tran_id = self.next_id;
        push(&mut self.incomes, income, self.max);
    }

    pub(crate) fn amend(&mut self, mut amendment: Amendment) {
        self.next_id += 1;
        amendment.amendment_id = self.next_id;
        push(&mut self.amendments, amendment, self.max);
    }

    pub(crate) fn force(&mut self, order: OrderView) {
        push(&mut self.forced, order, self.max);
    }

    /// The newest closed order of that name still within retention.
    pub(crate) fn find(
        &self,
        symbol: SymbolId,
        order: OrderRef,
        now: VenueNs,
    ) -> Option<&OrderView> {
        let named = |view: &&OrderView| {
            view.symbol == symbol
                && match order {
                    OrderRef::Id(id) => view.order_id == id,
                    OrderRef::Client(name) => view.client_id == name,
                }
        };
        self.closed
            .iter()
            .rev()
            .find(named)
            .filter(|view| is_kept(view, now))
    }
}

/// An order that ended without a fill is forgotten three days after it was
/// made, any other after ninety.
pub(crate) fn is_kept(view: &OrderView, now: VenueNs) -> bool {
    let days = if view.executed.is_zero() { 3 } else { 90 };
    now < view.created.plus_ms(days * DAY_MS)
}

fn push<T>(list: &mut VecDeque<T>, entry: T, max: usize) {
    if max == 0 {
        return;
    }
    if list.len() >= max {
        list.pop_front();
    }
    list.push_back(entry);
}

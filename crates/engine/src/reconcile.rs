//! When to ask the exchange what is open and what is held, and whether its
//! answers are recent enough to quote on.
//!
//! Every start, every reconnect of the private stream and every doubt demands
//! both answers anew; only an answer to a question asked after the demand
//! meets it. Besides, both are asked at a steady interval while quoting goes on.
//!
//! What the answers mean is read elsewhere: `orders` sorts a list into ours,
//! orphans of an earlier run (to be cancelled), foreign (left alone), a newer
//! run's (a second maker: stop) and missing; `ledger` compares the position.

use phoenix_domain::MonoNs;

/// The questions of one symbol.
#[derive(Debug)]
pub(crate) struct Reconcile {
    orders: Question,
    position: Question,
    /// Between the questions of ordinary days.
    every_ms: u64,
}

/// What to ask now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    /// All open orders of the symbol.
    pub(crate) orders: bool,
    /// The position of the symbol.
    pub(crate) position: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Question {
    /// Only answers to questions asked from here on meet the demand; `None`
    /// once met.
    demanded_at: Option<MonoNs>,
    /// The question running.
    asked_at: Option<MonoNs>,
    /// Not asked before this.
    next_at: MonoNs,
    failures: u32,
}

/// A question without any answer for this long is asked again.
const ANSWER_MS: u64 = 10_000;
/// After a failure, doubled with each more up to 16 times.
const RETRY_MS: u64 = 500;

impl Reconcile {
    /// Nothing known: demands both.
    #[must_use]
    pub(crate) fn new(now: MonoNs, every_ms: u64) -> Self {
        let question = Question {
            demanded_at: Some(now),
            asked_at: None,
            next_at: now,
            failures: 0,
        };
        Self {
            orders: question,
            position: question,
            every_ms,
        }
    }

    /// What was known is no longer enough to quote on.
    pub(crate) fn demand(&mut self, now: MonoNs) {
        self.demand_orders(now);
        self.demand_position(now);
    }

    /// The list of open orders is to be asked for, from now on.
    pub(crate) fn demand_orders(&mut self, now: MonoNs) {
        self.orders.demand(now);
    }

    /// The position is to be asked for, from now on.
    pub(crate) fn demand_position(&mut self, now: MonoNs) {
        self.position.demand(now);
    }

    /// What to ask now; taken as asked.
    pub(crate) fn ask(&mut self, now: MonoNs) -> Due {
        Due {
            orders: self.orders.ask(now),
            position: self.position.ask(now),
        }
    }

    /// A list came that was asked for at `asked`.
    pub(crate) fn orders_listed(&mut self, now: MonoNs, asked: MonoNs) {
        self.orders.answered(now, asked, self.every_ms);
    }

    /// A position came that was asked for at `asked` and could be compared.
    pub(crate) fn position_told(&mut self, now: MonoNs, asked: MonoNs) {
        self.position.answered(now, asked, self.every_ms);
    }

    /// A question failed, or its answer was of no use; which one is not told.
    pub(crate) fn failed(&mut self, now: MonoNs) {
        self.orders.failed(now);
        self.position.failed(now);
    }

    /// The position's answer was of no use.
    pub(crate) fn position_failed(&mut self, now: MonoNs) {
        self.position.failed(now);
    }

    /// Every demand is met.
    #[must_use]
    pub(crate) fn is_settled(&self) -> bool {
        self.orders_settled() && self.position.demanded_at.is_none()
    }

    /// The demand for a list is met.
    #[must_use]
    pub(crate) fn orders_settled(&self) -> bool {
        self.orders.demanded_at.is_none()
    }

    /// When [`Self::ask`] is next worth calling.
    #[must_use]
    pub(crate) fn next_deadline(&self) -> MonoNs {
        self.orders.due_at().min(self.position.due_at())
    }
}

impl Question {
    fn demand(&mut self, now: MonoNs) {
        // An earlier demand not met yet is the weaker one.
        self.demanded_at = Some(now);
        if self.failures == 0 {
            self.next_at = self.next_at.min(now);
        }
        // An answer to a question that runs already would come too early.
        self.asked_at = None;
    }

    fn ask(&mut self, now: MonoNs) -> bool {
        let due = now >= self.due_at();
        if due {
            self.asked_at = Some(now);
        }
        due
    }

    fn due_at(&self) -> MonoNs {
        match self.asked_at {
            Some(asked) => asked.plus_ms(ANSWER_MS),
            None => self.next_at,
        }
    }

    fn answered(&mut self, now: MonoNs, asked: MonoNs, every_ms: u64) {
        if self.demanded_at.is_some_and(|demanded| asked < demanded) {
            return;
        }
        self.demanded_at = None;
        self.asked_at = None;
        self.failures = 0;
        self.next_at = now.plus_ms(every_ms);
    }

    fn failed(&mut self, now: MonoNs) {
        if self.asked_at.take().is_some() {
            self.next_at = now.plus_ms(RETRY_MS << self.failures.min(4));
            self.failures += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Due = Due {
        orders: true,
        position: true,
    };
    const NONE: Due = Due {
        orders: false,
        position: false,
    };

    fn ms(ms: u64) -> MonoNs {
        MonoNs(0).plus_ms(ms)
    }

    fn answer(reconcile: &mut Reconcile, now: u64, asked: u64) {
        reconcile.orders_listed(ms(now), ms(asked));
        reconcile.position_told(ms(now), ms(asked));
    }

    #[test]
    fn a_start_asks_once_and_then_every_thirty_seconds() {
        let mut reconcile = Reconcile::new(ms(0), 30_000);
        assert_eq!(reconcile.ask(ms(0)), BOTH);
        assert_eq!(reconcile.ask(ms(100)), NONE);
        assert!(!reconcile.is_settled());
        answer(&mut reconcile, 200, 0);
        assert!(reconcile.is_settled());
        assert_eq!(reconcile.next_deadline(), ms(30_200));
        assert_eq!(reconcile.ask(ms(30_199)), NONE);
        assert_eq!(reconcile.ask(ms(30_200)), BOTH);
        assert!(reconcile.is_settled(), "a periodic question blocks nothing");
    }

    #[test]
    fn an_answer_from_before_the_demand_does_not_meet_it() {
        let mut reconcile = Reconcile::new(ms(0), 30_000);
        assert_eq!(reconcile.ask(ms(0)), BOTH);
        reconcile.demand(ms(50));
        answer(&mut reconcile, 60, 0);
        assert!(!reconcile.is_settled());
        assert_eq!(reconcile.ask(ms(60)), BOTH);
        answer(&mut reconcile, 90, 60);
        assert!(reconcile.is_settled());
    }

    #[test]
    fn failures_are_retried_ever_more_slowly_and_silence_too() {
        let mut reconcile = Reconcile::new(ms(0), 30_000);
        let mut now = 0;
        for wait in [500, 1_000, 2_000, 4_000, 8_000, 8_000] {
            assert_eq!(reconcile.ask(ms(now)), BOTH);
            reconcile.failed(ms(now));
            assert_eq!(reconcile.ask(ms(now + wait - 1)), NONE);
            now += wait;
        }
        assert_eq!(reconcile.ask(ms(now)), BOTH);
        assert_eq!(reconcile.ask(ms(now + 9_999)), NONE);
        assert_eq!(reconcile.ask(ms(now + 10_000)), BOTH);
        assert!(!reconcile.is_settled());
    }
}

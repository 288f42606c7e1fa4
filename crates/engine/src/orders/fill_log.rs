//! Which executions were heard already, by the exchange's number of the trade.
//!
//! Each execution is told twice, shortly (no fee yet) and in full, and once
//! more after a reconnect; it counts once, and its fee counts once.
//!
//! Bounded: numbers older than the last 1024 count as heard. They can only be
//! old news, and if not, the position check finds them.

use alloc::collections::VecDeque;

use phoenix_domain::Fill;

/// How much of an execution is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FillNews {
    /// All of it.
    New,
    /// Quantity and price are known; fee and realised profit are new.
    Charges,
    /// Nothing.
    Known,
    /// It cannot be true, and is not believed.
    Impossible,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    trade_id: u64,
    charged: bool,
}

#[cfg_attr(test, derive(Clone))]
#[derive(Debug)]
pub(super) struct FillLog {
    /// Ascending by trade number.
    heard: VecDeque<Heard>,
    forgotten_to: Option<u64>,
}

const REMEMBERED: usize = 1024;

impl FillLog {
    pub(super) fn new() -> Self {
        Self {
            heard: VecDeque::with_capacity(REMEMBERED + 1),
            forgotten_to: None,
        }
    }

    /// Remembers the execution and tells what of it is new.
    pub(super) fn hear(&mut self, fill: &Fill) -> FillNews {
        let entry = Heard {
            trade_id: fill.trade_id,
            charged: fill.charged.is_some(),
        };
        let after = |heard: &Heard| heard.trade_id < entry.trade_id;
        let place = self.heard.partition_point(after);
        if let Some(known) = self.heard.get_mut(place)
            && known.trade_id == entry.trade_id
        {
            let news = if entry.charged && !known.charged {
                FillNews::Charges
            } else {
                FillNews::Known
            };
            known.charged |= entry.charged;
            return news;
        }
        if self
            .forgotten_to
            .is_some_and(|oldest| entry.trade_id <= oldest)
        {
            return FillNews::Known;
        }
        self.heard.insert(place, entry);
        if self.heard.len() > REMEMBERED {
            self.forgotten_to = self.heard.pop_front().map(|oldest| oldest.trade_id);
        }
        FillNews::New
    }
}

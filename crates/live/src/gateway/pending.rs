//! Requests that have been sent and not been answered.
//!
//! Ids count up and are never reused, so a late answer can only find its own
//! request or nothing. All requests wait equally long, so that the oldest is
//! always the next to time out.

use std::collections::BTreeMap;

use phoenix_binance::wire::call::TradesFrom;
use phoenix_domain::{ClientId, MonoNs, Request, SymbolId};

/// Requests in flight at most: far above what the request budget allows
/// within their lifetime.
const PENDING_MAX: usize = 4_096;

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Something about one order.
    Order {
        symbol: SymbolId,
        client_id: ClientId,
        request: Request,
    },
    /// New orders in one batch, in order.
    Batch { orders: Vec<(SymbolId, ClientId)> },
    /// The end of every order on a symbol.
    CancelAll { symbol: SymbolId },
    /// The end of several orders of ours, by list.
    CancelBatch {
        symbol: SymbolId,
        orders: Vec<ClientId>,
    },
    /// What is open on a symbol.
    OpenOrders { symbol: SymbolId },
    /// What is held of a symbol.
    Position { symbol: SymbolId },
    /// What has been executed.
    Trades { symbol: SymbolId, from: TradesFrom },
    /// What the wallets hold.
    Balances,
    /// A whole book, for the connection of this number.
    Snapshot { symbol: SymbolId, conn: u64 },
    /// To be logged on to the WebSocket API.
    Logon,
}

/// Which way it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The WebSocket API.
    Entry,
    /// REST.
    Rest,
}

/// One request in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) asked: Asked,
    pub(crate) way: Way,
    pub(crate) path: &'static str,
    pub(crate) sent: MonoNs,
}

/// All requests in flight, oldest first.
#[derive(Debug)]
pub(crate) struct Pending {
    asks: BTreeMap<u64, Ask>,
    last_id: u64,
    timeout_ms: u64,
}

impl Pending {
    pub(crate) fn new(timeout_ms: u64) -> Self {
        Self {
            asks: BTreeMap::new(),
            last_id: 0,
            timeout_ms,
        }
    }

    /// The id for a request about to be written; `None` while too many wait.
    pub(crate) fn reserve(&mut self) -> Option<u64> {
        if self.asks.len() >= PENDING_MAX {
            return None;
        }
        self.last_id += 1;
        Some(self.last_id)
    }

    /// Notes a request as sent.
    pub(crate) fn insert(&mut self, id: u64, ask: Ask) {
        self.asks.insert(id, ask);
    }

    /// Its answer came.
    pub(crate) fn take(&mut self, id: u64) -> Option<Ask> {
        self.asks.remove(&id)
    }

    /// The oldest request that has waited too long.
    pub(crate) fn take_overdue(&mut self, now: MonoNs) -> Option<Ask> {
        let (&id, ask) = self.asks.first_key_value()?;
        if now < ask.sent.plus_ms(self.timeout_ms) {
            return None;
        }
        self.asks.remove(&id)
    }

    /// The oldest request that went this way.
    pub(crate) fn take_by_way(&mut self, way: Way) -> Option<Ask> {
        let found = self.asks.iter().find(|(_, ask)| ask.way == way);
        let id = *found?.0;
        self.asks.remove(&id)
    }

    /// When the oldest request times out.
    pub(crate) fn next_deadline(&self) -> Option<MonoNs> {
        let (_, oldest) = self.asks.first_key_value()?;
        Some(oldest.sent.plus_ms(self.timeout_ms))
    }

    /// A list of executions is under way.
    pub(crate) fn asks_trades(&self) -> bool {
        let trades = |ask: &Ask| matches!(ask.asked, Asked::Trades { .. });
        self.asks.values().any(trades)
    }

    pub(crate) fn len(&self) -> usize {
        self.asks.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(sent_ms: u64, way: Way) -> Ask {
        Ask {
            asked: Asked::Balances,
            way,
            path: "/fapi/v3/balance",
            sent: MonoNs(0).plus_ms(sent_ms),
        }
    }

    #[test]
    fn the_oldest_times_out_first_and_only_once() {
        let mut pending = Pending::new(1_000);
        for sent_ms in [0, 10] {
            let id = pending.reserve().expect("room");
            pending.insert(id, ask(sent_ms, Way::Rest));
        }
        assert_eq!(pending.next_deadline(), Some(MonoNs(0).plus_ms(1_000)));
        assert!(pending.take_overdue(MonoNs(0).plus_ms(999)).is_none());
        assert!(pending.take_overdue(MonoNs(0).plus_ms(1_000)).is_some());
        assert!(pending.take_overdue(MonoNs(0).plus_ms(1_000)).is_none());
        assert!(pending.take(1).is_none(), "a late answer finds nothing");
        assert!(pending.take(2).is_some());
    }

    #[test]
    fn a_lost_connection_takes_only_its_own() {
        let mut pending = Pending::new(1_000);
        for way in [Way::Rest, Way::Entry, Way::Entry] {
            let id = pending.reserve().expect("room");
            pending.insert(id, ask(0, way));
        }
        assert!(pending.take_by_way(Way::Entry).is_some());
        assert!(pending.take_by_way(Way::Entry).is_some());
        assert!(pending.take_by_way(Way::Entry).is_none());
        assert_eq!(pending.len(), 1);
    }

    #[test]
    fn there_is_a_limit() {
        let mut pending = Pending::new(1_000);
        while let Some(id) = pending.reserve() {
            pending.insert(id, ask(0, Way::Rest));
        }
        assert_eq!(pending.len(), PENDING_MAX);
    }
}

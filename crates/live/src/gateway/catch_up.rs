//! Executions that the private stream may not have told are read from the
//! exchange's own list: after every reconnect, after an unreadable frame, and
//! now and then even if nothing seems amiss. The engine counts each trade id
//! once, so that reading one twice does no harm.

use std::sync::Arc;

use phoenix_binance::limits::Share;
use phoenix_binance::wire::call::{Call, TradesFrom};
use phoenix_binance::wire::reply;
use phoenix_domain::{At, Event, MonoNs, SymbolId, VenueMs};

use super::pending::Asked;
use super::{Gateway, Post};
use crate::notes::Said;

/// Executions per answer: the most the exchange gives.
const TRADES_LIMIT: u16 = 1_000;

/// How far before the last sign of life the list begins: events arrive late
/// under load.
const MARGIN_MS: i64 = 10_000;

/// Wait after a failed attempt.
const RETRY_MS: u64 = 1_000;

/// A part of the list that has to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct CatchUp {
    symbol: SymbolId,
    from: TradesFrom,
    not_before: MonoNs,
}

/// What has to be read, and since when.
#[derive(Debug)]
pub(super) struct CatchUps {
    due: Vec<CatchUp>,
    /// Nothing older belongs to this run.
    started: VenueMs,
    /// When the private stream last spoke.
    heard: VenueMs,
    /// The last reading, after which the books are closed, has begun.
    closing: bool,
}

impl CatchUps {
    pub(super) fn new(started: VenueMs) -> Self {
        Self {
            due: Vec::new(),
            started,
            heard: started,
            closing: false,
        }
    }

    pub(super) fn heard(&mut self, now: VenueMs) {
        self.heard = now;
    }

    pub(super) fn next_deadline(&self) -> Option<MonoNs> {
        self.due.iter().map(|due| due.not_before).min()
    }

    /// A part that is still to be read reaches back at least as far.
    fn covers(&self, symbol: SymbolId, since_ms: i64) -> bool {
        self.due.iter().any(|due| {
            due.symbol == symbol
                && match due.from {
                    TradesFrom::TimeMs(from_ms) => from_ms <= since_ms,
                    TradesFrom::Id(_) | TradesFrom::Newest => false,
                }
        })
    }

    fn take_due(&mut self, now: MonoNs) -> Option<CatchUp> {
        let place = self.due.iter().position(|due| due.not_before <= now)?;
        Some(self.due.swap_remove(place))
    }
}

impl Gateway {
    /// Once the desk has stopped, reads what was executed until then: the last
    /// events of the stream may still be on their way.
    pub(super) fn close_books(&mut self, at: At, post: &mut impl Post) {
        if self.desk.is_stopped() && !self.catch_ups.closing {
            self.catch_ups.closing = true;
            self.catch_up(at, post);
        }
    }

    /// The last reading is over.
    pub(super) fn books_are_closed(&self) -> bool {
        let catch_ups = &self.catch_ups;
        catch_ups.closing && catch_ups.due.is_empty() && !self.pending.asks_trades()
    }

    /// Wants every execution since the private stream last spoke.
    pub(super) fn catch_up(&mut self, at: At, post: &mut impl Post) {
        if self.spec.credentials.is_none() {
            return;
        }
        let since = self.catch_ups.heard.0 - MARGIN_MS;
        let since = since.max(self.catch_ups.started.0);
        for place in 0..self.feeds.len() {
            let symbol = SymbolId(u16::try_from(place).unwrap_or(u16::MAX));
            if !self.catch_ups.covers(symbol, since) {
                self.catch_ups.due.push(CatchUp {
                    symbol,
                    from: TradesFrom::TimeMs(since),
                    not_before: at.mono,
                });
            }
        }
        self.ask_due_trades(at, post);
    }

    pub(super) fn ask_due_trades(&mut self, at: At, post: &mut impl Post) {
        while let Some(due) = self.catch_ups.take_due(at.mono) {
            let table = Arc::clone(&self.table);
            let CatchUp { symbol, from, .. } = due;
            let call = Call::UserTrades {
                symbol: table.instrument(symbol).symbol(),
                from,
                limit: TRADES_LIMIT,
            };
            let asked = Asked::Trades { symbol, from };
            self.send_rest(at, &call, asked, Share::Safety, post);
        }
    }

    pub(super) fn trades_failed(&mut self, at: At, symbol: SymbolId, from: TradesFrom) {
        self.catch_ups.due.push(CatchUp {
            symbol,
            from,
            not_before: at.mono.plus_ms(RETRY_MS),
        });
    }

    /// Tells the engine; a full answer is followed by a further question.
    pub(super) fn trades(
        &mut self,
        at: At,
        symbol: SymbolId,
        from: TradesFrom,
        body: &[u8],
        post: &mut impl Post,
    ) {
        let mut fills = std::mem::take(&mut self.fills);
        match reply::trades(body, &self.table, &mut fills) {
            Ok(()) => {
                for (of, fill) in &fills {
                    let event = Event::Filled {
                        symbol: *of,
                        fill: *fill,
                        report: None,
                    };
                    self.step(at, &event, post);
                }
                let newest = fills.iter().map(|(_, fill)| fill.trade_id).max();
                if let Some(newest) = newest
                    && fills.len() >= usize::from(TRADES_LIMIT)
                {
                    self.catch_ups.due.push(CatchUp {
                        symbol,
                        from: TradesFrom::Id(newest + 1),
                        not_before: at.mono,
                    });
                }
            }
            Err(error) => {
                let path = "/fapi/v1/userTrades";
                let reason = error.to_string();
                self.say(Said::ReplyUnreadable { path, reason });
                self.trades_failed(at, symbol, from);
            }
        }
        self.fills = fills;
        self.ask_due_trades(at, post);
    }
}

//! Answers become events: what the exchange said about each request, and
//! what it means that it said nothing.

use phoenix_binance::client::{HttpAnswer, HttpFailure};
use phoenix_binance::limits::Counted;
use phoenix_binance::outcome::{Answer, Meaning, Reaction, Verdict, banned_until, judge};
use phoenix_binance::wire::reply::{BatchItem, Usage, VenueError};
use phoenix_binance::wire::{ledger, reply};
use phoenix_domain::{
    At, Decimal, Doubt, Event, MonoNs, OpenOrders, OrderReport, Origin, Outcome, PositionReport,
    Qty, RefusalReason, Request, StreamKind, SymbolId,
};

use super::pending::{Ask, Asked, Way};
use super::{Gateway, Local, Post};
use crate::lane::LaneKind;
use crate::notes::Said;

/// One answer, whichever way it came.
struct Answered<'a> {
    status: u16,
    error: Option<VenueError>,
    body: &'a [u8],
    retry_after_ms: u32,
}

impl Gateway {
    /// A frame of the WebSocket API.
    pub fn entry_frame(&mut self, at: At, frame: &[u8], post: &mut impl Post) {
        self.take_entry_frame(at, frame, post);
        self.settle(at, post);
    }

    /// The end of a REST call.
    pub fn rest_answer(
        &mut self,
        at: At,
        id: u64,
        result: Result<HttpAnswer, HttpFailure>,
        post: &mut impl Post,
    ) {
        self.take_rest_answer(at, id, result, post);
        self.settle(at, post);
    }

    pub(super) fn take_entry_frame(&mut self, at: At, frame: &[u8], post: &mut impl Post) {
        let reply = match reply::websocket(frame) {
            Ok(reply) => reply,
            Err(error) => {
                let reason = error.to_string();
                let lane = LaneKind::Entry;
                return self.say(Said::FrameUnreadable { lane, reason });
            }
        };
        self.observe(at, reply.usage);
        let Some(ask) = reply.id.and_then(|id| self.pending.take(id)) else {
            // Late, or about the session as a whole: a revoked key.
            if let Some(error) = reply.error {
                let path = "ws-fapi";
                self.judge_refusal(at, path, reply.status, &error);
            }
            return;
        };
        let answered = Answered {
            status: reply.status,
            error: reply.error,
            body: reply.result.unwrap_or_default(),
            retry_after_ms: 0,
        };
        self.answer(at, ask, &answered, post);
    }

    pub(super) fn take_rest_answer(
        &mut self,
        at: At,
        id: u64,
        result: Result<HttpAnswer, HttpFailure>,
        post: &mut impl Post,
    ) {
        let Some(ask) = self.pending.take(id) else {
            return;
        };
        match result {
            Ok(answer) => {
                self.observe(at, answer.usage);
                let answered = Answered {
                    status: answer.status,
                    error: reply::error(&answer.body),
                    body: &answer.body,
                    retry_after_ms: answer.retry_after_s.unwrap_or(0).saturating_mul(1_000),
                };
                self.answer(at, ask, &answered, post);
            }
            Err(HttpFailure::NotSent { reason }) => {
                let path = ask.path;
                self.say(Said::CallFailed { path, reason });
                self.refuse(at, ask.asked, RefusalReason::NotSent, 0);
            }
            Err(HttpFailure::NoAnswer { doubt, reason }) => {
                let path = ask.path;
                self.say(Said::CallFailed { path, reason });
                self.conclude(at, ask.asked, Outcome::Unknown(doubt));
            }
        }
    }

    /// Requests that have waited too long.
    pub(super) fn give_up_overdue(&mut self, at: At) {
        while let Some(ask) = self.pending.take_overdue(at.mono) {
            self.wants.mute |= ask.way == Way::Entry;
            let path = ask.path;
            let reason = "no answer in time".to_owned();
            self.say(Said::CallFailed { path, reason });
            self.conclude(at, ask.asked, Outcome::Unknown(Doubt::Timeout));
        }
    }

    /// The order entry connection is gone, and with it all answers on it.
    pub(super) fn give_up_entry(&mut self, at: At) {
        while let Some(ask) = self.pending.take_by_way(Way::Entry) {
            self.conclude(at, ask.asked, Outcome::Unknown(Doubt::ConnectionLost));
        }
    }

    fn answer(&mut self, at: At, ask: Ask, answered: &Answered<'_>, post: &mut impl Post) {
        let verdict = self.verdict(at, ask.path, answered);
        if verdict.meaning != Meaning::Done {
            let code = answered.error.as_ref().map(|error| error.code);
            let outcome = verdict.outcome(code, answered.retry_after_ms);
            let outcome = outcome.unwrap_or(Outcome::Unknown(Doubt::Unreadable));
            return self.conclude(at, ask.asked, outcome);
        }
        match ask.asked {
            Asked::Order { request, .. } => self.order_answer(at, ask, answered.body, request),
            Asked::Batch { .. } | Asked::CancelBatch { .. } => {
                self.batch_answer(at, ask, answered.body);
            }
            Asked::CancelAll { symbol } => {
                self.local
                    .push_back(Local::AllCancelled { symbol, done: true });
            }
            Asked::OpenOrders { symbol } => {
                self.open_orders(at, &ask, symbol, answered.body, post);
            }
            Asked::Position { symbol } => self.position(at, &ask, symbol, answered.body),
            Asked::Trades { symbol, from } => {
                self.trades(at, symbol, from, answered.body, post);
            }
            Asked::Balances => self.balances(&ask, answered.body),
            Asked::Snapshot { symbol, conn } => {
                self.snapshot(at, symbol, conn, answered.body, post);
            }
            Asked::Logon => self.entry.logged_on = true,
        }
    }

    /// Judges an answer and acts on what concerns the connection as a whole.
    fn verdict(&mut self, at: At, path: &'static str, answered: &Answered<'_>) -> Verdict {
        let empty = VenueError {
            code: 0,
            message: String::new(),
        };
        let error = answered.error.as_ref().unwrap_or(&empty);
        let verdict = judge(&Answer {
            status: answered.status,
            code: answered.error.as_ref().map(|error| error.code),
            message: &error.message,
        });
        match answered.status {
            418 => {
                let until = banned_until(&error.message);
                self.budget.banned(until, at.venue);
                let until = until.unwrap_or(at.venue);
                self.say(Said::Banned { until });
            }
            429 => {
                let wait_ms = Some(answered.retry_after_ms).filter(|&ms| ms > 0);
                self.budget.throttled(wait_ms, at.venue);
            }
            _ => {}
        }
        match verdict.reaction {
            Reaction::ResyncClock => self.wants.clock = true,
            Reaction::RefreshMetadata => self.wants.instruments = true,
            Reaction::RenewListenKey => self.wants.listen_key = true,
            Reaction::Halt if answered.status != 418 => {
                let code = error.code;
                self.say(Said::AccessDenied { path, code });
            }
            _ => {}
        }
        verdict
    }

    fn judge_refusal(&mut self, at: At, path: &'static str, status: u16, error: &VenueError) {
        let answered = Answered {
            status,
            error: Some(error.clone()),
            body: &[],
            retry_after_ms: 0,
        };
        let _ = self.verdict(at, path, &answered);
    }

    /// Tells the engine of an outcome that is no confirmation.
    pub(super) fn conclude(&mut self, at: At, asked: Asked, outcome: Outcome) {
        match asked {
            Asked::Order {
                symbol,
                client_id,
                request,
            } => self.reply_later(symbol, client_id, request, outcome),
            Asked::Batch { orders } => {
                for (symbol, client_id) in orders {
                    self.reply_later(symbol, client_id, Request::Place, outcome);
                }
            }
            Asked::CancelBatch { symbol, orders } => {
                for client_id in orders {
                    self.reply_later(symbol, client_id, Request::Cancel, outcome);
                }
                self.local.push_back(Local::AllCancelled {
                    symbol,
                    done: false,
                });
            }
            Asked::CancelAll { symbol } => self.local.push_back(Local::AllCancelled {
                symbol,
                done: false,
            }),
            Asked::OpenOrders { symbol } | Asked::Position { symbol } => {
                self.local.push_back(Local::LookupFailed { symbol });
            }
            Asked::Snapshot { symbol, conn } => self.snapshot_failed(symbol, conn, at.mono),
            Asked::Trades { symbol, from } => self.trades_failed(at, symbol, from),
            Asked::Balances | Asked::Logon => {}
        }
    }

    fn order_answer(&mut self, at: At, ask: Ask, body: &[u8], request: Request) {
        let Asked::Order {
            symbol, client_id, ..
        } = ask.asked
        else {
            return;
        };
        let origin = match request {
            Request::Query => Origin::Query,
            Request::Place | Request::Amend | Request::Cancel => Origin::Reply,
        };
        let outcome = match reply::order(body, &self.table, origin) {
            Ok((of, report)) if of == symbol && report.client_id == Some(client_id) => {
                if request == Request::Place {
                    self.echo.confirmed(ask.sent, at.mono);
                }
                Outcome::Confirmed(report)
            }
            Ok(_) => self.unreadable(ask.path, "the reply is about another order"),
            Err(error) => self.unreadable(ask.path, &error.to_string()),
        };
        self.reply_later(symbol, client_id, request, outcome);
    }

    fn batch_answer(&mut self, at: At, ask: Ask, body: &[u8]) {
        let (path, sent) = (ask.path, ask.sent);
        let items = match reply::batch(body, &self.table) {
            Ok(items) => items,
            Err(error) => {
                let outcome = self.unreadable(path, &error.to_string());
                return self.conclude(at, ask.asked, outcome);
            }
        };
        let (orders, request, all_of) = match ask.asked {
            Asked::Batch { orders } => (orders, Request::Place, None),
            Asked::CancelBatch { symbol, orders } => {
                let orders = orders.into_iter().map(|id| (symbol, id)).collect();
                (orders, Request::Cancel, Some(symbol))
            }
            _ => return,
        };
        let mut items = items.into_iter();
        for (symbol, client_id) in orders {
            let outcome = match items.next() {
                Some(Ok(BatchItem::Done(report))) if report.client_id == Some(client_id) => {
                    if request == Request::Place {
                        self.echo.confirmed(sent, at.mono);
                    }
                    Outcome::Confirmed(report)
                }
                Some(Ok(BatchItem::Refused(error))) => {
                    let code = Some(error.code);
                    let message = error.message.as_str();
                    let status = 400;
                    let answer = Answer {
                        status,
                        code,
                        message,
                    };
                    let outcome = judge(&answer).outcome(code, 0);
                    outcome.unwrap_or(Outcome::Unknown(Doubt::Unreadable))
                }
                Some(Ok(BatchItem::Done(_))) | None => {
                    self.unreadable(path, "an item of the batch is missing or misplaced")
                }
                Some(Err(error)) => self.unreadable(path, &error.to_string()),
            };
            self.reply_later(symbol, client_id, request, outcome);
        }
        if let Some(symbol) = all_of {
            // Item by item is no proof that nothing is left: the engine lists.
            self.local.push_back(Local::AllCancelled {
                symbol,
                done: false,
            });
        }
    }

    fn open_orders(
        &mut self,
        at: At,
        ask: &Ask,
        symbol: SymbolId,
        body: &[u8],
        post: &mut impl Post,
    ) {
        let mut listed = std::mem::take(&mut self.listed);
        match reply::orders(body, &self.table, &mut listed) {
            Ok(()) => {
                self.reports.clear();
                let of_symbol = listed.iter().filter(|(of, _)| *of == symbol);
                self.reports.extend(of_symbol.map(|(_, report)| *report));
                self.tell_open_orders(at, symbol, ask.sent, post);
            }
            Err(error) => {
                let _ = self.unreadable(ask.path, &error.to_string());
                self.local.push_back(Local::LookupFailed { symbol });
            }
        }
        self.listed = listed;
    }

    /// Gives the engine the list that is in `self.reports`.
    pub(super) fn tell_open_orders(
        &mut self,
        at: At,
        symbol: SymbolId,
        asked_at: MonoNs,
        post: &mut impl Post,
    ) {
        let ours = |report: &&OrderReport| report.client_id.is_some();
        let active = self.reports.iter().filter(ours).count();
        let foreign = self.reports.len() - active;
        self.say(Said::ActiveOrders {
            symbol,
            active,
            foreign,
        });
        let reports = std::mem::take(&mut self.reports);
        let list = OpenOrders {
            symbol,
            orders: &reports,
            asked_at,
        };
        self.step(at, &Event::OpenOrdersListed(list), post);
        self.reports = reports;
    }

    /// A symbol that is not in the list is flat: the exchange names only those
    /// with a position or orders.
    fn position(&mut self, at: At, ask: &Ask, symbol: SymbolId, body: &[u8]) {
        match ledger::positions(body, &self.table, Origin::Query, ask.sent) {
            Ok(held) => {
                let found = held.into_iter().find(|held| held.report.symbol == symbol);
                let report = found.map_or(
                    PositionReport {
                        symbol,
                        qty: Qty::ZERO,
                        entry: Decimal::ZERO,
                        venue_ms: at.venue,
                        origin: Origin::Query,
                        asked_at: ask.sent,
                    },
                    |held| held.report,
                );
                self.local.push_back(Local::Position(report));
            }
            Err(error) => {
                let _ = self.unreadable(ask.path, &error.to_string());
                self.local.push_back(Local::LookupFailed { symbol });
            }
        }
    }

    fn balances(&mut self, ask: &Ask, body: &[u8]) {
        match ledger::balances(body, &self.table) {
            Ok(balances) => {
                let events = balances.into_iter().map(Local::Balance);
                self.local.extend(events);
            }
            Err(error) => {
                let _ = self.unreadable(ask.path, &error.to_string());
            }
        }
    }

    fn unreadable(&mut self, path: &'static str, reason: &str) -> Outcome {
        let reason = reason.to_owned();
        self.say(Said::ReplyUnreadable { path, reason });
        Outcome::Unknown(Doubt::Unreadable)
    }

    fn observe(&mut self, at: At, usage: Usage) {
        let counted = Counted {
            weight_1m: usage.weight_1m,
            orders_10s: usage.orders_10s,
            orders_1m: usage.orders_1m,
        };
        self.budget.observe(counted, at.venue);
    }

    /// The account's stream has a hole: what it said meanwhile is asked for.
    pub(super) fn account_in_doubt(&mut self, at: At, post: &mut impl Post) {
        self.catch_up(at, post);
        self.step(at, &Event::StreamDown(StreamKind::Private), post);
        self.step(at, &Event::StreamUp(StreamKind::Private), post);
    }
}

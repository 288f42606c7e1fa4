//! Commands become requests: encoded, signed, within the budget, on whichever
//! way is open.
//!
//! A placement that cannot go out now is refused on the spot and the engine
//! decides anew; a cancel finds another way (REST) while order entry is down.

use std::sync::Arc;

use phoenix_binance::client::HttpCall;
use phoenix_binance::limits::{Permit, Share};
use phoenix_binance::wire::call::{
    Amendment, BATCH_MAX, CANCEL_BATCH_MAX, Call, Cost, OrderName, Security,
};
use phoenix_binance::wire::request::WsAuth;
use phoenix_config::OrderEntry;
use phoenix_domain::{
    At, ClientId, Command, NewOrder, Outcome, PositionReport, Qty, Refusal, RefusalReason, Request,
    SymbolId,
};

use super::feed::ConnNo;
use super::pending::{Ask, Asked, Way};
use super::{Gateway, Local, Post};
use crate::notes::Said;

/// Levels asked for in a snapshot: the deepest there is.
const SNAPSHOT_LIMIT: u16 = 1_000;

impl Gateway {
    /// Carries out commands in order. Runs of placements over REST travel as
    /// batches.
    pub(super) fn dispatch(&mut self, at: At, commands: &[Command], post: &mut impl Post) {
        let mut rest = commands;
        while let Some((command, tail)) = rest.split_first() {
            rest = tail;
            match command {
                Command::Place(order) => {
                    let more = if self.spec.order_entry == OrderEntry::Rest {
                        run_of_placements(tail)
                    } else {
                        0
                    };
                    if more == 0 {
                        self.place(at, order, post);
                    } else {
                        self.place_batch(at, order, &tail[..more], post);
                        rest = &tail[more..];
                    }
                }
                other => self.carry_out(at, other, post),
            }
        }
    }

    /// Asks for a fresh book of one symbol.
    pub(super) fn ask_snapshot(
        &mut self,
        at: At,
        symbol: SymbolId,
        conn: ConnNo,
        post: &mut impl Post,
    ) {
        let table = Arc::clone(&self.table);
        let name = table.instrument(symbol).symbol();
        let call = Call::Depth {
            symbol: name,
            limit: SNAPSHOT_LIMIT,
        };
        self.send_rest(
            at,
            &call,
            Asked::Snapshot { symbol, conn },
            Share::Ordinary,
            post,
        );
    }

    /// Asks for the wallets.
    pub(super) fn ask_balances(&mut self, at: At, post: &mut impl Post) {
        if self.spec.credentials.is_some() {
            self.send_rest(at, &Call::Balance, Asked::Balances, Share::Ordinary, post);
        }
    }

    fn carry_out(&mut self, at: At, command: &Command, post: &mut impl Post) {
        if self.on_paper(at, command) {
            return;
        }
        let table = Arc::clone(&self.table);
        match *command {
            Command::Place(ref order) => self.place(at, order, post),
            Command::Amend {
                symbol,
                client_id,
                side,
                price,
                qty,
            } => {
                let call = Call::Amend(Amendment {
                    instrument: table.instrument(symbol),
                    client_id,
                    side,
                    price,
                    qty,
                });
                self.send_order(at, &call, symbol, client_id, Request::Amend, post);
            }
            Command::Cancel {
                symbol, client_id, ..
            } => {
                let name = table.instrument(symbol).symbol();
                let order = OrderName::Ours(client_id);
                let call = Call::Cancel {
                    symbol: name,
                    order,
                };
                self.send_order(at, &call, symbol, client_id, Request::Cancel, post);
            }
            Command::Query { symbol, client_id } => {
                let name = table.instrument(symbol).symbol();
                let order = OrderName::Ours(client_id);
                let call = Call::QueryOrder {
                    symbol: name,
                    order,
                };
                self.send_order(at, &call, symbol, client_id, Request::Query, post);
            }
            Command::CancelAll {
                symbol,
                spare_foreign,
            } => self.cancel_all(at, symbol, spare_foreign, post),
            Command::ListOpenOrders { symbol } => {
                let name = table.instrument(symbol).symbol();
                let call = Call::OpenOrders { symbol: Some(name) };
                self.send_rest(at, &call, Asked::OpenOrders { symbol }, Share::Safety, post);
            }
            Command::FetchPosition { symbol } => {
                let name = table.instrument(symbol).symbol();
                let call = Call::PositionRisk { symbol: Some(name) };
                self.send_rest(at, &call, Asked::Position { symbol }, Share::Safety, post);
            }
            Command::ResyncBook { symbol } => self.local.push_back(Local::Resync { symbol }),
        }
    }

    fn place(&mut self, at: At, order: &NewOrder, post: &mut impl Post) {
        if let Some(paper) = &mut self.paper {
            let outcome = paper.place(at, order);
            let price = self
                .table
                .instrument(order.symbol)
                .price_decimal(order.price);
            let what = format!("{} {} {price}", order.client_id, order.side);
            self.say(Said::WouldSend { what });
            self.reply_later(order.symbol, order.client_id, Request::Place, outcome);
            return;
        }
        let table = Arc::clone(&self.table);
        let call = Call::Place {
            instrument: table.instrument(order.symbol),
            order,
        };
        self.send_order(
            at,
            &call,
            order.symbol,
            order.client_id,
            Request::Place,
            post,
        );
    }

    fn place_batch(&mut self, at: At, first: &NewOrder, more: &[Command], post: &mut impl Post) {
        let mut orders = vec![*first];
        orders.extend(more.iter().filter_map(|command| match command {
            Command::Place(order) => Some(*order),
            _ => None,
        }));
        if self.paper.is_some() {
            for order in &orders {
                self.place(at, order, post);
            }
            return;
        }
        let names = orders.iter().map(|o| (o.symbol, o.client_id)).collect();
        let asked = Asked::Batch { orders: names };
        let table = Arc::clone(&self.table);
        let call = Call::PlaceBatch {
            table: &table,
            orders: &orders,
        };
        self.send_rest(at, &call, asked, Share::Ordinary, post);
    }

    /// With foreign orders on the symbol only ours are cancelled, by list.
    fn cancel_all(&mut self, at: At, symbol: SymbolId, spare_foreign: bool, post: &mut impl Post) {
        let table = Arc::clone(&self.table);
        let name = table.instrument(symbol).symbol();
        if !spare_foreign {
            let call = Call::CancelAll { symbol: name };
            self.send_rest(at, &call, Asked::CancelAll { symbol }, Share::Safety, post);
            return;
        }
        let view = self.desk.view(symbol, at);
        let ours: Vec<ClientId> = view
            .map(|view| view.orders.iter().map(|order| order.client_id).collect())
            .unwrap_or_default();
        if ours.is_empty() {
            self.local
                .push_back(Local::AllCancelled { symbol, done: true });
        }
        for client_ids in ours.chunks(CANCEL_BATCH_MAX) {
            let asked = Asked::CancelBatch {
                symbol,
                orders: client_ids.to_vec(),
            };
            let call = Call::CancelBatch {
                symbol: name,
                client_ids,
            };
            self.send_rest(at, &call, asked, Share::Safety, post);
        }
    }

    /// True if a dry run has answered the command itself.
    fn on_paper(&mut self, at: At, command: &Command) -> bool {
        let Some(paper) = &mut self.paper else {
            return false;
        };
        if let Some(outcome) = paper.about(at, command) {
            let (symbol, client_id, request) = match *command {
                Command::Amend {
                    symbol, client_id, ..
                } => (symbol, client_id, Request::Amend),
                Command::Cancel {
                    symbol, client_id, ..
                } => (symbol, client_id, Request::Cancel),
                Command::Query { symbol, client_id } => (symbol, client_id, Request::Query),
                _ => return true,
            };
            self.reply_later(symbol, client_id, request, outcome);
            return true;
        }
        match *command {
            Command::CancelAll { symbol, .. } => {
                let reports = paper.cancel_all(at, symbol).into_iter();
                self.local
                    .extend(reports.map(|report| Local::Reported { symbol, report }));
                self.local
                    .push_back(Local::AllCancelled { symbol, done: true });
                true
            }
            Command::ListOpenOrders { symbol } => {
                self.local.push_back(Local::PaperList { symbol });
                true
            }
            Command::FetchPosition { symbol } if self.spec.credentials.is_none() => {
                self.local.push_back(Local::Position(PositionReport {
                    symbol,
                    qty: Qty::ZERO,
                    entry: phoenix_domain::Decimal::ZERO,
                    venue_ms: at.venue,
                    origin: phoenix_domain::Origin::Query,
                    asked_at: at.mono,
                }));
                true
            }
            _ => false,
        }
    }

    /// Sends a request about one order, over the WebSocket API if that is
    /// configured and open.
    fn send_order(
        &mut self,
        at: At,
        call: &Call<'_>,
        symbol: SymbolId,
        client_id: ClientId,
        request: Request,
        post: &mut impl Post,
    ) {
        let asked = Asked::Order {
            symbol,
            client_id,
            request,
        };
        let share = match request {
            Request::Cancel | Request::Query => Share::Safety,
            Request::Place | Request::Amend => Share::Ordinary,
        };
        if self.spec.order_entry == OrderEntry::Ws {
            if self.entry.open {
                self.send_entry(at, call, asked, share, post);
                return;
            }
            if share == Share::Ordinary {
                self.refuse(at, asked, RefusalReason::NotSent, 0);
                return;
            }
        }
        self.send_rest(at, call, asked, share, post);
    }

    fn send_entry(
        &mut self,
        at: At,
        call: &Call<'_>,
        asked: Asked,
        share: Share,
        post: &mut impl Post,
    ) {
        let route = call.route();
        let Some(id) = self.admit(at, &asked, route.path, route.cost, share) else {
            return;
        };
        let auth = match &self.spec.credentials {
            Some(keys) if !self.entry.logged_on => WsAuth::Signed(keys),
            _ => WsAuth::LoggedOn,
        };
        let stamp = self.spec.stamp(at);
        match self.encoder.websocket(id, call, stamp, auth) {
            Ok(frame) if post.entry(frame) => self.pending.insert(
                id,
                Ask {
                    asked,
                    way: Way::Entry,
                    path: route.path,
                    sent: at.mono,
                },
            ),
            Ok(_) => self.refuse(at, asked, RefusalReason::NotSent, 0),
            Err(error) => self.cannot_encode(at, asked, route.path, &error.to_string()),
        }
    }

    pub(super) fn send_rest(
        &mut self,
        at: At,
        call: &Call<'_>,
        asked: Asked,
        share: Share,
        post: &mut impl Post,
    ) {
        let route = call.route();
        let Some(id) = self.admit(at, &asked, route.path, route.cost, share) else {
            return;
        };
        let keys = self.spec.credentials.as_deref();
        let query = match self.encoder.rest(call, self.spec.stamp(at), keys) {
            Ok(query) => query.to_owned(),
            Err(error) => return self.cannot_encode(at, asked, route.path, &error.to_string()),
        };
        let encoded = HttpCall {
            method: route.method,
            path: route.path,
            query,
            with_key: route.security != Security::Open,
            timeout: self.spec.rest_timeout,
        };
        if !post.rest(id, encoded) {
            return self.refuse(at, asked, RefusalReason::NotSent, 0);
        }
        self.pending.insert(
            id,
            Ask {
                asked,
                way: Way::Rest,
                path: route.path,
                sent: at.mono,
            },
        );
    }

    /// An id if the budget allows the request; otherwise it is refused here.
    fn admit(
        &mut self,
        at: At,
        asked: &Asked,
        path: &'static str,
        cost: Cost,
        share: Share,
    ) -> Option<u64> {
        let wait_ms = match self.budget.permit(cost, share, at.venue) {
            Permit::Go => return self.reserve(at, asked),
            Permit::Wait(wait_ms) => wait_ms,
            Permit::Banned(until) => {
                let wait_ms = u64::try_from(until.0 - at.venue.0).unwrap_or(0);
                u32::try_from(wait_ms).unwrap_or(u32::MAX)
            }
        };
        if self
            .budget_said_at
            .is_none_or(|said| at.mono.ms_since(said) >= 1_000)
        {
            self.budget_said_at = Some(at.mono);
            let wait_ms = wait_ms.into();
            self.say(Said::BudgetSpent { path, wait_ms });
        }
        self.refuse(at, asked.clone(), RefusalReason::RateLimited, wait_ms);
        None
    }

    fn reserve(&mut self, at: At, asked: &Asked) -> Option<u64> {
        let id = self.pending.reserve();
        if id.is_none() {
            let queue = "requests in flight";
            self.say(Said::QueueFull { queue, lost: 1 });
            self.refuse(at, asked.clone(), RefusalReason::NotSent, 0);
        }
        id
    }

    fn cannot_encode(&mut self, at: At, asked: Asked, path: &'static str, reason: &str) {
        let reason = reason.to_owned();
        self.say(Said::CallFailed { path, reason });
        self.refuse(at, asked, RefusalReason::NotSent, 0);
    }

    /// Tells the engine that something was certainly not done.
    pub(super) fn refuse(
        &mut self,
        at: At,
        asked: Asked,
        reason: RefusalReason,
        retry_after_ms: u32,
    ) {
        let outcome = Outcome::Refused(Refusal {
            reason,
            code: 0,
            retry_after_ms,
        });
        self.conclude(at, asked, outcome);
    }
}

/// How many placements follow that fit the same batch.
fn run_of_placements(tail: &[Command]) -> usize {
    let fits = |command: &&Command| matches!(command, Command::Place(_));
    tail.iter().take(BATCH_MAX - 1).take_while(fits).count()
}

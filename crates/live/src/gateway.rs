//! The desk behind the exchange's wire format: frames and answers in, requests
//! out. No sockets, no threads, no clock.
//!
//! Everything that decides lives here and in the engine, so that the live
//! driver (real sockets) and the laboratory (virtual time) run the same bytes.
//! Depth continuity is proven before the engine sees a book; every command
//! ends in an event; what cannot be sent is refused at once.
//! Deliberately not here: connecting (see [`crate::lane`]) and waiting.

mod catch_up;
mod dispatch;
mod feed;
mod paper;
mod pending;
mod replies;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use phoenix_binance::client::HttpCall;
use phoenix_binance::limits::{Budget, Ceilings, Used};
use phoenix_binance::sign::{Credentials, SignatureKind};
use phoenix_binance::symbols::SymbolTable;
use phoenix_binance::wire::account::{AccountDecoder, AccountFrame};
use phoenix_binance::wire::market::MarketDecoder;
use phoenix_binance::wire::request::{Encoder, Stamp};
use phoenix_config::OrderEntry;
use phoenix_domain::{
    At, Balance, ClientId, Event, Fill, Instrument, MonoNs, OperatorOrder, OrderReport, Outcome,
    PositionReport, Request, RunId, StreamKind, SymbolId,
};
use phoenix_engine::{Desk, DeskSettings, MakerView, Output, SymbolSettings};

use crate::lane::LaneKind;
use crate::notes::{Said, Statement};
use catch_up::CatchUps;
use feed::Feed;
use paper::Paper;
use pending::{Ask, Asked, Pending, Way};

pub use feed::ConnNo;

/// Statements kept until the driver takes them.
const STATEMENTS_MAX: usize = 65_536;

/// Wallets and executions are asked for this often, so that a lost event
/// shows.
const BALANCES_INTERVAL_MS: u64 = 60_000;

/// An order that the exchange confirmed must show on the private stream within
/// this time: a stream that stays silent then is deaf, however alive it looks.
const ECHO_MS_MAX: u64 = 5_000;

/// Where requests go. The live driver writes to sockets, the laboratory to a
/// virtual link.
pub trait Post {
    /// Writes one frame to the WebSocket API. False if there is no connection:
    /// then it was certainly not sent.
    fn entry(&mut self, frame: &str) -> bool;

    /// Hands a REST call over; its end comes back under `id`. False if it was
    /// certainly not sent.
    fn rest(&mut self, id: u64, call: HttpCall) -> bool;
}

/// What a gateway is made of.
pub struct GatewaySpec {
    /// What holds for the account.
    pub desk: DeskSettings,
    /// What to trade; ids are positions.
    pub symbols: Vec<(Instrument, SymbolSettings)>,
    /// This run's name.
    pub run: RunId,
    /// Without keys only a dry run is possible.
    pub credentials: Option<Arc<Credentials>>,
    /// How orders travel.
    pub order_entry: OrderEntry,
    /// The exchange refuses signed requests that are older.
    pub recv_window_ms: u32,
    /// A request without answer for this long has an unknown outcome.
    pub order_timeout_ms: u64,
    /// The same for one HTTP exchange, in host time.
    pub rest_timeout: Duration,
    /// The exchange's ceilings.
    pub ceilings: Ceilings,
    /// Everything but sending orders.
    pub dry_run: bool,
}

impl GatewaySpec {
    fn stamp(&self, at: At) -> Stamp {
        Stamp {
            timestamp_ms: at.venue.0,
            recv_window_ms: self.recv_window_ms,
        }
    }
}

/// What only the outside can do, asked for by looking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Measure the exchange's clock.
    pub clock: bool,
    /// Fetch the instruments again.
    pub instruments: bool,
    /// Make a new listen key and connect by it.
    pub listen_key: bool,
    /// The private stream is connected but deaf: connect it anew, in the
    /// other form.
    pub deaf: bool,
    /// The WebSocket API is connected but does not answer: connect it anew.
    pub mute: bool,
}

/// What a frame was about, for the lane that carried it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A book of this symbol.
    Depth(SymbolId),
    /// A mark price of this symbol.
    Mark(SymbolId),
    /// Anything else.
    Other,
}

/// Events that arise inside, told to the engine in turn.
#[derive(Clone, Debug)]
enum Local {
    Reply {
        symbol: SymbolId,
        client_id: ClientId,
        request: Request,
        outcome: Outcome,
    },
    AllCancelled {
        symbol: SymbolId,
        done: bool,
    },
    Reported {
        symbol: SymbolId,
        report: OrderReport,
    },
    LookupFailed {
        symbol: SymbolId,
    },
    Position(PositionReport),
    Balance(Balance),
    PaperList {
        symbol: SymbolId,
    },
    Resync {
        symbol: SymbolId,
    },
}

/// The WebSocket API connection as far as requests care.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    open: bool,
    logged_on: bool,
}

/// Whether the private stream shows what the exchange has confirmed.
#[derive(Clone, Copy, Debug, Default)]
struct Echo {
    heard: Option<MonoNs>,
    owed: Option<MonoNs>,
}

impl Echo {
    fn heard(&mut self, now: MonoNs) {
        self.heard = Some(now);
        self.owed = None;
    }

    /// An order sent then is confirmed now. Its echo may have come first.
    fn confirmed(&mut self, sent: MonoNs, now: MonoNs) {
        if self.heard.is_none_or(|heard| heard < sent) {
            self.owed.get_or_insert(now);
        }
    }

    fn deadline(&self) -> Option<MonoNs> {
        self.owed.map(|owed| owed.plus_ms(ECHO_MS_MAX))
    }
}

/// Counters of one gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames taken in.
    pub frames: u64,
    /// Frames that could not be read.
    pub unreadable: u64,
    /// Requests handed over.
    pub requests: u64,
    /// Statements dropped because nobody took them.
    pub statements_lost: u64,
}

/// The desk with its codec.
pub struct Gateway {
    spec: GatewaySpec,
    desk: Desk,
    out: Output,
    table: Arc<SymbolTable>,
    market: MarketDecoder,
    account: AccountDecoder,
    feeds: Vec<Feed>,
    encoder: Encoder,
    pending: Pending,
    budget: Budget,
    budget_said_at: Option<MonoNs>,
    entry: Entry,
    paper: Option<Paper>,
    local: VecDeque<Local>,
    listed: Vec<(SymbolId, OrderReport)>,
    reports: Vec<OrderReport>,
    statements: Vec<Statement>,
    wants: Wants,
    balances_at: MonoNs,
    echo: Echo,
    catch_ups: CatchUps,
    fills: Vec<(SymbolId, Fill)>,
    counts: Counts,
}

impl Gateway {
    /// A gateway that has heard nothing yet.
    #[must_use]
    pub fn new(mut spec: GatewaySpec, at: At) -> Self {
        let symbols = std::mem::take(&mut spec.symbols);
        let instruments: Vec<Instrument> = symbols.iter().map(|(i, _)| i.clone()).collect();
        let feeds = instruments.iter().map(|i| Feed::new(i.id)).collect();
        Self {
            desk: Desk::new(spec.desk.clone(), symbols, spec.run, at),
            out: Output::new(),
            table: Arc::new(SymbolTable::new(&instruments)),
            market: MarketDecoder::new(),
            account: AccountDecoder::new(),
            feeds,
            encoder: Encoder::new(),
            pending: Pending::new(spec.order_timeout_ms),
            budget: Budget::new(spec.ceilings),
            budget_said_at: None,
            entry: Entry::default(),
            paper: spec.dry_run.then(Paper::default),
            local: VecDeque::new(),
            listed: Vec::new(),
            reports: Vec::new(),
            statements: Vec::new(),
            wants: Wants::default(),
            balances_at: at.mono,
            echo: Echo::default(),
            catch_ups: CatchUps::new(at.venue),
            fills: Vec::new(),
            counts: Counts::default(),
            spec,
        }
    }

    /// A frame of the private stream.
    pub fn private_frame(&mut self, at: At, frame: &[u8], post: &mut impl Post) {
        self.counts.frames += 1;
        let mut account = std::mem::take(&mut self.account);
        let table = Arc::clone(&self.table);
        match account.decode(&table, at.mono, frame) {
            Ok(AccountFrame::Events { events, .. }) => {
                self.echo.heard(at.mono);
                self.catch_ups.heard(at.venue);
                for event in events {
                    self.step(at, event, post);
                }
            }
            Ok(AccountFrame::ListenKeyExpired) => {
                self.wants.listen_key = true;
                self.say(Said::ListenKeyLost);
            }
            Ok(AccountFrame::MarginCall { .. }) => self.say(Said::MarginCall),
            Ok(AccountFrame::ConfigChanged {
                leverage,
                multi_asset,
                ..
            }) => {
                let what = format!("leverage {leverage:?}, multi-asset {multi_asset:?}");
                self.say(Said::AccountChanged { what });
            }
            Ok(AccountFrame::ConditionalOrder { .. } | AccountFrame::Ignored(_)) => {}
            Err(error) => {
                self.unreadable_frame(LaneKind::Private, error.to_string());
                self.account_in_doubt(at, post);
            }
        }
        self.account = account;
        self.settle(at, post);
    }

    /// A stream carries data again.
    pub fn stream_up(&mut self, at: At, stream: StreamKind, post: &mut impl Post) {
        if stream == StreamKind::Private {
            self.echo = Echo::default();
            // Asked for before the engine asks for positions: a position is
            // then compared with books that are complete.
            self.catch_up(at, post);
        }
        self.step(at, &Event::StreamUp(stream), post);
        self.settle(at, post);
    }

    /// A stream is gone; for books see [`Self::public_lost`].
    pub fn stream_down(&mut self, at: At, stream: StreamKind, post: &mut impl Post) {
        if stream == StreamKind::Private {
            self.echo = Echo::default();
        }
        self.step(at, &Event::StreamDown(stream), post);
        self.settle(at, post);
    }

    /// The WebSocket API is connected. With an Ed25519 key the connection logs
    /// on first; until that is answered frames carry their own signature.
    pub fn entry_up(&mut self, at: At, post: &mut impl Post) {
        self.entry = Entry {
            open: true,
            logged_on: false,
        };
        let Some(keys) = self.spec.credentials.clone() else {
            return;
        };
        if keys.signer.kind() != SignatureKind::Ed25519 {
            return;
        }
        let Some(id) = self.pending.reserve() else {
            return;
        };
        let stamp = self.spec.stamp(at);
        if let Some(frame) = self.encoder.logon(id, stamp, &keys)
            && post.entry(frame)
        {
            self.pending.insert(
                id,
                Ask {
                    asked: Asked::Logon,
                    way: Way::Entry,
                    path: "session.logon",
                    sent: at.mono,
                },
            );
        }
    }

    /// The WebSocket API is gone; what it had not answered is in doubt.
    pub fn entry_down(&mut self, at: At, post: &mut impl Post) {
        self.entry = Entry::default();
        self.give_up_entry(at);
        self.settle(at, post);
    }

    /// An order from a person, or from the end of the process.
    pub fn operator(&mut self, at: At, order: OperatorOrder, post: &mut impl Post) {
        self.step(at, &Event::Operator(order), post);
        self.settle(at, post);
    }

    /// The account's modes, as asked at start.
    pub fn account_reported(
        &mut self,
        at: At,
        account: phoenix_domain::AccountSnapshot,
        post: &mut impl Post,
    ) {
        self.step(at, &Event::AccountReported(account), post);
        self.settle(at, post);
    }

    /// What a wallet holds, as asked at start.
    pub fn balance_reported(&mut self, at: At, balance: Balance, post: &mut impl Post) {
        self.step(at, &Event::BalanceReported(balance), post);
        self.settle(at, post);
    }

    /// The exchange describes an instrument; told to the engine if it changed.
    pub fn instrument_described(&mut self, at: At, instrument: Instrument, post: &mut impl Post) {
        if *self.table.instrument(instrument.id) == instrument {
            return;
        }
        Arc::make_mut(&mut self.table).replace(instrument.clone());
        // Levels were read on the old grid: the book starts anew.
        self.resync_book(at, instrument.id, post);
        self.step(at, &Event::InstrumentChanged(&instrument), post);
        self.settle(at, post);
    }

    /// Does what is due by the clock.
    pub fn timer(&mut self, at: At, post: &mut impl Post) {
        self.give_up_overdue(at);
        self.ask_due_snapshots(at, post);
        self.ask_due_trades(at, post);
        if self.echo.deadline().is_some_and(|due| at.mono >= due) {
            self.echo = Echo::default();
            self.wants.deaf = true;
            self.say(Said::PrivateDeaf);
        }
        if at.mono.ms_since(self.balances_at) >= BALANCES_INTERVAL_MS {
            self.balances_at = at.mono;
            self.ask_balances(at, post);
            self.catch_up(at, post);
        }
        if self.desk.next_deadline().is_some_and(|due| at.mono >= due) {
            self.step(at, &Event::Timer, post);
        }
        self.settle(at, post);
    }

    /// Everything that was there has been taken in: decide.
    pub fn pulse(&mut self, at: At, post: &mut impl Post) {
        self.step(at, &Event::Pulse, post);
        self.settle(at, post);
        self.close_books(at, post);
    }

    /// When [`Self::timer`] is owed.
    #[must_use]
    pub fn next_deadline(&self) -> MonoNs {
        let balances = self.balances_at.plus_ms(BALANCES_INTERVAL_MS);
        let due = [
            self.desk.next_deadline(),
            self.pending.next_deadline(),
            self.feeds.iter().filter_map(Feed::retry_at).min(),
            self.echo.deadline(),
            self.catch_ups.next_deadline(),
        ];
        due.into_iter().flatten().fold(balances, MonoNs::min)
    }

    /// What only the outside can do; asking clears it.
    pub fn take_wants(&mut self) -> Wants {
        std::mem::take(&mut self.wants)
    }

    /// Moves what has been said since the last call into `out`.
    pub fn take_statements(&mut self, out: &mut Vec<Statement>) {
        out.append(&mut self.statements);
    }

    /// One maker as it stands.
    #[must_use]
    pub fn view(&self, symbol: SymbolId, at: At) -> Option<MakerView> {
        self.desk.view(symbol, at)
    }

    /// The instruments as they are known now.
    #[must_use]
    pub fn table(&self) -> &SymbolTable {
        &self.table
    }

    /// True once the engine has proven that nothing rests, and every execution
    /// until then is in the books.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.desk.is_stopped() && self.books_are_closed()
    }

    /// Hash of the engine's state.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.desk.digest()
    }

    /// What has been used of the request budget.
    #[must_use]
    pub fn budget_used(&mut self, at: At) -> Used {
        self.budget.used(at.venue)
    }

    /// Requests waiting for their answers.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.pending.len()
    }

    /// Counters since the start.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// One engine step and what follows from it directly.
    fn step(&mut self, at: At, event: &Event<'_>, post: &mut impl Post) {
        self.out.clear();
        self.desk.step(at, event, &mut self.out);
        let room = STATEMENTS_MAX.saturating_sub(self.statements.len());
        let lost = self.out.notes.len().saturating_sub(room);
        self.counts.statements_lost += lost as u64;
        let notes = self.out.notes.iter().take(room);
        self.statements
            .extend(notes.map(|note| Statement::Note(*note)));
        if !self.out.commands.is_empty() {
            let commands = std::mem::take(&mut self.out.commands);
            self.counts.requests += commands.len() as u64;
            self.dispatch(at, &commands, post);
            self.out.commands = commands;
        }
    }

    /// Tells the engine what arose inside, until nothing more does.
    fn settle(&mut self, at: At, post: &mut impl Post) {
        while let Some(local) = self.local.pop_front() {
            let event = match local {
                Local::Reply {
                    symbol,
                    client_id,
                    request,
                    outcome,
                } => Event::Replied {
                    symbol,
                    client_id,
                    request,
                    outcome,
                },
                Local::AllCancelled { symbol, done } => Event::AllCancelled { symbol, done },
                Local::Reported { symbol, report } => Event::OrderReported { symbol, report },
                Local::LookupFailed { symbol } => Event::LookupFailed { symbol },
                Local::Position(report) => Event::PositionReported(report),
                Local::Balance(balance) => Event::BalanceReported(balance),
                Local::Resync { symbol } => {
                    self.resync_book(at, symbol, post);
                    continue;
                }
                Local::PaperList { symbol } => {
                    if let Some(paper) = &self.paper {
                        paper.list(symbol, &mut self.reports);
                    }
                    self.tell_open_orders(at, symbol, at.mono, post);
                    continue;
                }
            };
            self.step(at, &event, post);
        }
    }

    fn reply_later(
        &mut self,
        symbol: SymbolId,
        client_id: ClientId,
        request: Request,
        outcome: Outcome,
    ) {
        self.local.push_back(Local::Reply {
            symbol,
            client_id,
            request,
            outcome,
        });
    }

    fn unreadable_frame(&mut self, lane: LaneKind, reason: String) {
        self.counts.unreadable += 1;
        self.say(Said::FrameUnreadable { lane, reason });
    }

    fn say(&mut self, said: Said) {
        if self.statements.len() < STATEMENTS_MAX {
            self.statements.push(Statement::Said(said));
        } else {
            self.counts.statements_lost += 1;
        }
    }
}

#[cfg(test)]
mod tests;

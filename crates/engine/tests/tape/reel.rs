//! Runs a tape: one line is one event, `at <seconds>s` moves the clock.
//!
//! ```text
//! set total_layers 1
//! at 0.000s start 2499.99 / 2500.01     account heard, flat, book fresh
//! pulse                                  > place #1 buy 2499.00 x0.020 post_only
//! ack                                    answers everything outstanding
//! at 0.500s fill 1 0.010
//! ```
//! The transcript repeats each line and sets commands (`>`) and notes (`!`)
//! under it. The tape's exchange remembers orders only as far as answers need.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use expect_test::Expect;
use phoenix_domain::{
    AccountSnapshot, At, Balance, BookLoss, Cash, ClientId, Command, Doubt, Event, Fill,
    Instrument, InstrumentSpec, Level, MonoNs, Note, NoteKind, OpenOrders, OperatorOrder,
    OrderReport, OrderStatus, Origin, Outcome, PauseReason, PositionReport, Price, Qty, Rate,
    Refusal, RefusalReason, Request, RunId, Side, StreamKind, SymbolId, TimeInForce, VenueMs,
};
use phoenix_engine::{Desk, Output};

use crate::desk_settings::{self, decimal};

const RUN: RunId = RunId(7);
const SYMBOL: SymbolId = SymbolId(0);
const EPOCH_MS: i64 = 1_700_000_000_000;

/// Runs the tape and compares the transcript.
pub(crate) fn check_tape(tape: &str, expected: Expect) {
    let (mut desk, mut symbol) = (desk_settings::desk(), desk_settings::symbol());
    let mut lines = tape
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .peekable();
    while let Some(setting) = lines.peek().and_then(|line| line.strip_prefix("set ")) {
        let (key, value) = setting.split_once(' ').expect("set KEY VALUE");
        desk_settings::set(&mut desk, &mut symbol, key, value);
        lines.next();
    }
    let at = instant(0);
    let instrument = desk_settings::instrument();
    let mut reel = Reel {
        desk: Desk::new(desk, vec![(instrument.clone(), symbol)], RUN, at),
        instrument,
        at,
        orders: BTreeMap::new(),
        outstanding: Vec::new(),
        position: (Qty::ZERO, decimal("0")),
        book_id: 0,
        trade_id: 0,
        out: Output::new(),
        transcript: String::new(),
    };
    for line in lines {
        reel.run(line);
    }
    expected.assert_eq(&reel.transcript);
}

fn instant(ms: u64) -> At {
    At {
        mono: MonoNs(1_000_000_000).plus_ms(ms),
        venue: VenueMs(EPOCH_MS + i64::try_from(ms).expect("a short tape")),
    }
}

struct Held {
    side: Side,
    price: Price,
    qty: Qty,
    filled: Qty,
    time_in_force: TimeInForce,
    reduce_only: bool,
    status: OrderStatus,
}

struct Reel {
    desk: Desk,
    instrument: Instrument,
    at: At,
    orders: BTreeMap<u32, Held>,
    outstanding: Vec<Command>,
    position: (Qty, phoenix_domain::Decimal),
    book_id: u64,
    trade_id: u64,
    out: Output,
    transcript: String,
}

impl Reel {
    fn run(&mut self, line: &str) {
        writeln!(self.transcript, "{line}").expect("a string");
        let mut event = line;
        if let Some(rest) = line.strip_prefix("at ") {
            let (time, rest) = rest.split_once(' ').expect("at TIME EVENT");
            let seconds = time.strip_suffix('s').expect("TIME in s");
            self.at = instant(u64::try_from(decimal(seconds).0 / 100_000).expect("not negative"));
            event = rest;
        }
        let words: Vec<&str> = event
            .split_whitespace()
            .filter(|word| *word != "/")
            .collect();
        self.play(&words);
    }

    fn play(&mut self, words: &[&str]) {
        match *words {
            ["start", bid, ask] => self.start(bid, ask),
            ["pulse"] => self.step(&Event::Pulse),
            ["timer"] => self.step(&Event::Timer),
            ["ack"] => self.ack_all(),
            ["ack", id] => self.ack(seq(id)),
            ["refuse", id, reason] => self.refuse(seq(id), reason),
            ["timeout", id] => self.answer(seq(id), Outcome::Unknown(Doubt::Timeout)),
            ["fill", id, qty] => self.fill(seq(id), qty),
            ["book", bid, ask] => self.book(bid, ask),
            ["top", bid, ask] => self.top(bid, ask),
            ["lost", loss] => self.lost(loss),
            ["mark", mark, funding] => self.mark(mark, funding),
            ["up"] => self.step(&Event::StreamUp(StreamKind::Private)),
            ["down"] => self.step(&Event::StreamDown(StreamKind::Private)),
            ["held", qty, entry] => self.position = (self.qty(qty), decimal(entry)),
            ["foreign", side, price, qty] => self.foreign(side, price, qty),
            ["found", seq, side, price, qty] => self.found_as(seq, side, price, qty),
            ["unfit"] => self.account(true),
            ["fit"] => self.account(false),
            ["filters", tick, trading] => self.filters(tick, trading == "trading"),
            ["list"] => self.list(),
            ["wallet", cash] => self.wallet(cash),
            ["stream_position", qty] => self.stream_position(qty),
            ["pause"] => self.order(OperatorOrder::Pause(None, PauseReason::Operator)),
            ["resume", reason] => self.order(OperatorOrder::Resume(None, pause_reason(reason))),
            ["cancel_all"] => self.order(OperatorOrder::CancelAll(None)),
            ["flatten"] => self.order(OperatorOrder::Flatten(None)),
            ["stop"] => self.order(OperatorOrder::Stop),
            _ => panic!("no tape event {words:?}"),
        }
    }

    /// Everything a maker must learn before it quotes.
    fn start(&mut self, bid: &str, ask: &str) {
        self.wallet("1000");
        self.step(&Event::StreamUp(StreamKind::Private));
        self.ack_all();
        self.book(bid, ask);
    }

    fn step(&mut self, event: &Event<'_>) {
        self.out.clear();
        self.desk.step(self.at, event, &mut self.out);
        for command in core::mem::take(&mut self.out.commands) {
            self.say_command(&command);
            self.remember(&command);
            self.outstanding.push(command);
        }
        for note in core::mem::take(&mut self.out.notes) {
            self.say_note(&note);
        }
    }

    fn order(&mut self, order: OperatorOrder) {
        self.step(&Event::Operator(order));
    }

    fn remember(&mut self, command: &Command) {
        if let Command::Place(new) = command {
            let held = Held {
                side: new.side,
                price: new.price,
                qty: new.qty,
                filled: Qty::ZERO,
                time_in_force: new.time_in_force,
                reduce_only: new.reduce_only,
                status: OrderStatus::New,
            };
            self.orders.insert(new.client_id.seq, held);
        }
    }

    fn ack_all(&mut self) {
        for command in core::mem::take(&mut self.outstanding) {
            self.answer_command(&command);
        }
    }

    fn ack(&mut self, seq: u32) {
        let command = self.take_outstanding(seq);
        self.answer_command(&command);
    }

    fn refuse(&mut self, seq: u32, reason: &str) {
        let (reason, retry_after_ms) = match reason {
            "would_cross" => (RefusalReason::WouldCross, 0),
            "no_such_order" => (RefusalReason::NoSuchOrder, 0),
            "rate_limited" => (RefusalReason::RateLimited, 5_000),
            "halted" => (RefusalReason::SymbolHalted, 0),
            "margin" => (RefusalReason::Margin, 0),
            _ => panic!("no tape refusal {reason:?}"),
        };
        self.answer(
            seq,
            Outcome::Refused(Refusal {
                reason,
                code: -1,
                retry_after_ms,
            }),
        );
    }

    fn answer(&mut self, seq: u32, outcome: Outcome) {
        let command = self.take_outstanding(seq);
        let request = request_of(&command).expect("about one order");
        let client_id = ClientId { run: RUN, seq };
        self.step(&Event::Replied {
            symbol: SYMBOL,
            client_id,
            request,
            outcome,
        });
    }

    fn take_outstanding(&mut self, seq: u32) -> Command {
        let about = |command: &Command| client_id_of(command).is_some_and(|id| id.seq == seq);
        let place = self.outstanding.iter().position(about);
        self.outstanding
            .remove(place.expect("a request of that order is outstanding"))
    }

    fn answer_command(&mut self, command: &Command) {
        match *command {
            Command::Place(new) if new.time_in_force == TimeInForce::Ioc => {
                self.reply(new.client_id, Request::Place, OrderStatus::Expired);
            }
            Command::Place(new) => self.reply(new.client_id, Request::Place, OrderStatus::New),
            Command::Amend {
                client_id,
                price,
                qty,
                ..
            } => {
                let held = self.orders.get_mut(&client_id.seq).expect("placed");
                (held.price, held.qty) = (price, qty);
                self.reply(client_id, Request::Amend, OrderStatus::New);
            }
            Command::Cancel { client_id, .. } => {
                self.reply(client_id, Request::Cancel, OrderStatus::Cancelled);
            }
            Command::Query { client_id, .. } => {
                let status = self.orders[&client_id.seq].status;
                self.reply(client_id, Request::Query, status);
            }
            Command::CancelAll { .. } => self.all_cancelled(),
            Command::ListOpenOrders { .. } => self.list(),
            Command::FetchPosition { .. } => self.position(),
            Command::ResyncBook { .. } => {}
        }
    }

    fn reply(&mut self, client_id: ClientId, request: Request, status: OrderStatus) {
        let held = self.orders.get_mut(&client_id.seq).expect("placed");
        if held.filled == held.qty {
            held.status = OrderStatus::Filled;
        } else {
            held.status = status;
        }
        let outcome = Outcome::Confirmed(self.report(client_id, Origin::Reply));
        self.step(&Event::Replied {
            symbol: SYMBOL,
            client_id,
            request,
            outcome,
        });
    }

    fn report(&self, client_id: ClientId, origin: Origin) -> OrderReport {
        let held = &self.orders[&client_id.seq];
        OrderReport {
            client_id: Some(client_id),
            venue_id: u64::from(client_id.seq),
            side: held.side,
            price: held.price,
            qty: held.qty,
            filled: held.filled,
            status: held.status,
            time_in_force: held.time_in_force,
            reduce_only: held.reduce_only,
            venue_ms: self.at.venue,
            origin,
        }
    }

    fn all_cancelled(&mut self) {
        self.step(&Event::AllCancelled {
            symbol: SYMBOL,
            done: true,
        });
        let open: Vec<u32> = self.orders.keys().copied().collect();
        for seq in open {
            let held = self.orders.get_mut(&seq).expect("listed");
            if held.status == OrderStatus::New {
                held.status = OrderStatus::Cancelled;
                let report = self.report(ClientId { run: RUN, seq }, Origin::Stream);
                self.step(&Event::OrderReported {
                    symbol: SYMBOL,
                    report,
                });
            }
        }
    }

    fn list(&mut self) {
        let open = self
            .orders
            .iter()
            .filter(|(_, held)| held.status == OrderStatus::New);
        let mut orders = Vec::new();
        for (&seq, _) in open {
            let run = run_of(seq);
            let mut report = self.report(ClientId { run, seq }, Origin::List);
            report.client_id = report.client_id.filter(|_| seq < 1_000);
            orders.push(report);
        }
        let asked_at = self.at.mono;
        let list = OpenOrders {
            symbol: SYMBOL,
            orders: &orders,
            asked_at,
        };
        self.step(&Event::OpenOrdersListed(list));
    }

    fn position(&mut self) {
        let (qty, entry) = self.position;
        let report = PositionReport {
            symbol: SYMBOL,
            qty,
            entry,
            venue_ms: self.at.venue,
            origin: Origin::Query,
            asked_at: self.at.mono,
        };
        self.step(&Event::PositionReported(report));
    }

    fn fill(&mut self, seq: u32, qty: &str) {
        let qty = self.qty(qty);
        self.trade_id += 1;
        let held = self.orders.get_mut(&seq).expect("placed");
        held.filled += qty;
        if held.filled == held.qty {
            held.status = OrderStatus::Filled;
        }
        let fill = Fill {
            trade_id: self.trade_id,
            client_id: Some(ClientId { run: RUN, seq }),
            venue_id: u64::from(seq),
            side: held.side,
            price: held.price,
            qty,
            maker: held.time_in_force == TimeInForce::PostOnly,
            charged: None,
            venue_ms: self.at.venue,
        };
        let signed = Qty(qty.0 * held.side.sign());
        self.position.0 += signed;
        let report = Some(self.report(ClientId { run: RUN, seq }, Origin::Stream));
        self.step(&Event::Filled {
            symbol: SYMBOL,
            fill,
            report,
        });
    }

    fn book(&mut self, bid: &str, ask: &str) {
        self.book_id += 1;
        let (bid, ask) = (self.level(bid), self.level(ask));
        self.step(&Event::BookReplaced {
            symbol: SYMBOL,
            book_id: self.book_id,
            venue_ms: self.at.venue,
            bids: &[bid],
            asks: &[ask],
        });
    }

    fn top(&mut self, bid: &str, ask: &str) {
        self.book_id += 1;
        let (bid, ask) = (self.level(bid), self.level(ask));
        self.step(&Event::TopChanged {
            symbol: SYMBOL,
            book_id: self.book_id,
            venue_ms: self.at.venue,
            bid,
            ask,
        });
    }

    fn lost(&mut self, loss: &str) {
        let loss = match loss {
            "gap" => BookLoss::Gap,
            "disconnected" => BookLoss::Disconnected,
            _ => panic!("no tape loss {loss:?}"),
        };
        self.step(&Event::BookLost {
            symbol: SYMBOL,
            loss,
        });
    }

    fn mark(&mut self, mark: &str, funding: &str) {
        self.step(&Event::MarkChanged {
            symbol: SYMBOL,
            venue_ms: self.at.venue,
            mark: decimal(mark),
            funding: Rate(decimal(funding).0),
            next_funding_ms: VenueMs(EPOCH_MS + 1_000_000),
        });
    }

    fn foreign(&mut self, side: &str, price: &str, qty: &str) {
        self.found(1_000, side, price, qty);
    }

    fn found_as(&mut self, seq: &str, side: &str, price: &str, qty: &str) {
        self.found(seq.parse().expect("a number from 900"), side, price, qty);
    }

    fn found(&mut self, seq: u32, side: &str, price: &str, qty: &str) {
        let held = Held {
            side: if side == "buy" { Side::Buy } else { Side::Sell },
            price: self.price(price),
            qty: self.qty(qty),
            filled: Qty::ZERO,
            time_in_force: TimeInForce::PostOnly,
            reduce_only: false,
            status: OrderStatus::New,
        };
        self.orders.insert(seq, held);
    }

    fn wallet(&mut self, cash: &str) {
        let wallet = Cash(decimal(cash).0);
        let venue_ms = self.at.venue;
        self.step(&Event::BalanceReported(Balance {
            asset: 0,
            wallet,
            venue_ms,
        }));
    }

    fn account(&mut self, hedge_mode: bool) {
        self.step(&Event::AccountReported(AccountSnapshot {
            hedge_mode,
            multi_asset: false,
            can_trade: true,
        }));
    }

    fn filters(&mut self, tick: &str, trading: bool) {
        let spec = InstrumentSpec {
            tick: decimal(tick),
            trading,
            ..self.instrument.spec().clone()
        };
        let changed = Instrument::new(SYMBOL, spec).expect("a valid instrument");
        self.step(&Event::InstrumentChanged(&changed));
    }

    /// The account stream's word on the position, right or wrong.
    fn stream_position(&mut self, qty: &str) {
        let report = PositionReport {
            symbol: SYMBOL,
            qty: self.qty(qty),
            entry: decimal("2500"),
            venue_ms: self.at.venue,
            origin: Origin::Stream,
            asked_at: self.at.mono,
        };
        self.step(&Event::PositionReported(report));
    }

    fn level(&self, text: &str) -> Level {
        let (price, qty) = text.split_once('x').unwrap_or((text, "5"));
        Level {
            price: self.price(price),
            qty: self.qty(qty),
        }
    }

    fn price(&self, text: &str) -> Price {
        self.instrument.price_floor(decimal(text))
    }

    fn qty(&self, text: &str) -> Qty {
        self.instrument.qty_floor(decimal(text))
    }

    fn say_command(&mut self, command: &Command) {
        let price = |price| format!("{:.2}", self.instrument.price_decimal(price));
        let qty = |qty| format!("x{:.3}", self.instrument.qty_decimal(qty));
        let line = match *command {
            Command::Place(new) => {
                let kind = match new.time_in_force {
                    TimeInForce::PostOnly => "post_only",
                    TimeInForce::Ioc => "ioc",
                    _ => "other",
                };
                let reduce = if new.reduce_only { " reduce_only" } else { "" };
                let (id, side) = (new.client_id.seq, new.side);
                let (price, qty) = (price(new.price), qty(new.qty));
                format!("place #{id} {side} {price} {qty} {kind}{reduce}")
            }
            Command::Amend {
                client_id,
                price: to,
                qty: total,
                ..
            } => {
                format!("amend #{} to {} {}", client_id.seq, price(to), qty(total))
            }
            Command::Cancel {
                client_id,
                protective,
                ..
            } => {
                let kind = if protective { " protective" } else { "" };
                format!("cancel #{}{kind}", client_id.seq)
            }
            Command::CancelAll {
                spare_foreign: false,
                ..
            } => "cancel all".to_owned(),
            Command::CancelAll {
                spare_foreign: true,
                ..
            } => "cancel all of ours".to_owned(),
            Command::Query { client_id, .. } => format!("query #{}", client_id.seq),
            Command::ListOpenOrders { .. } => "list open orders".to_owned(),
            Command::FetchPosition { .. } => "fetch position".to_owned(),
            Command::ResyncBook { .. } => "resync book".to_owned(),
        };
        writeln!(self.transcript, "    > {line}").expect("a string");
    }

    /// Notes that repeat a command or an event of the tape are left out.
    fn say_note(&mut self, note: &Note) {
        let line = match note.kind {
            NoteKind::QuotesMade { .. }
            | NoteKind::OrderSent { .. }
            | NoteKind::OrderAmended { .. }
            | NoteKind::OrderEnded { .. }
            | NoteKind::Filled { .. }
            | NoteKind::StreamUp { .. }
            | NoteKind::StreamDown { .. }
            | NoteKind::BookRestored { .. } => return,
            ref kind => format!("{kind:?}"),
        };
        writeln!(self.transcript, "    ! {line}").expect("a string");
    }
}

/// Orders found, not sent: from 900 of an earlier run, from 950 of a newer one.
fn run_of(seq: u32) -> RunId {
    match seq {
        0..900 => RUN,
        900..950 => RunId(3),
        950.. => RunId(8),
    }
}

fn seq(text: &str) -> u32 {
    text.parse().expect("an order number")
}

fn pause_reason(text: &str) -> PauseReason {
    match text {
        "operator" => PauseReason::Operator,
        "stop_loss" => PauseReason::StopLoss,
        "venue" => PauseReason::Venue,
        _ => panic!("no tape reason {text:?}"),
    }
}

fn client_id_of(command: &Command) -> Option<ClientId> {
    match *command {
        Command::Place(new) => Some(new.client_id),
        Command::Amend { client_id, .. }
        | Command::Cancel { client_id, .. }
        | Command::Query { client_id, .. } => Some(client_id),
        Command::CancelAll { .. }
        | Command::ListOpenOrders { .. }
        | Command::FetchPosition { .. }
        | Command::ResyncBook { .. } => None,
    }
}

fn request_of(command: &Command) -> Option<Request> {
    match command {
        Command::Place(_) => Some(Request::Place),
        Command::Amend { .. } => Some(Request::Amend),
        Command::Cancel { .. } => Some(Request::Cancel),
        Command::Query { .. } => Some(Request::Query),
        Command::CancelAll { .. }
        | Command::ListOpenOrders { .. }
        | Command::FetchPosition { .. }
        | Command::ResyncBook { .. } => None,
    }
}

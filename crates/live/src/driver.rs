//! The driver thread: the only loop that trades.
//!
//! Reads every stream itself, steps the desk, lets it decide once everything
//! at hand has been taken in, and writes orders before doing anything else.
//! No lock, and no other thread between a frame and its order.

mod conns;

use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::{Events, Poll, Token};
use phoenix_binance::client::HttpCall;
use phoenix_binance::limits::Ceilings;
use phoenix_domain::{AccountSnapshot, At, Balance, Instrument, MonoNs, StreamKind};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::endpoints::{Endpoints, PrivateForm};
use crate::errands::{Errand, Inbox};
use crate::gateway::{ConnNo, Gateway, Post, Topic};
use crate::lane::{LaneChange, LaneKind, LaneWish, Seat};
use crate::notes::{Said, Statement};
use crate::status::{BudgetStatus, LaneStatus, MakerStatus, Quantiles, Status, StatusPublisher};
use crate::wire::{Heard, Wire};

pub(crate) use conns::{Conns, LaneTimes};

/// Frames read from one connection before the others get their turn.
const FRAMES_PER_TURN: usize = 256;

/// Snapshots for the screen, milliseconds of host time.
const STATUS_EVERY: Duration = Duration::from_millis(250);

/// Longest sleep: the loop shows that it lives even when nothing happens.
const SLEEP_MAX: Duration = Duration::from_millis(250);

/// Items taken from the inbox before the streams get their turn.
const INBOX_PER_TURN: usize = 256;

/// Slower orders than this count as this slow.
const LATENCY_NS_MAX: u64 = 10_000_000_000;

/// The waker's token; connections count up from 1.
pub(crate) const WAKER: Token = Token(0);

/// What a driver is made of.
pub(crate) struct DriverSpec {
    pub(crate) gateway: Gateway,
    pub(crate) clock: Clock,
    pub(crate) endpoints: Endpoints,
    pub(crate) poll: Poll,
    pub(crate) inbox: Receiver<Inbox>,
    pub(crate) errands: mpsc::Sender<Errand>,
    pub(crate) scribe: SyncSender<Statement>,
    pub(crate) status: StatusPublisher,
    pub(crate) stopped: watch::Sender<bool>,
    pub(crate) conns: Conns,
    pub(crate) ceilings: Ceilings,
    pub(crate) venue: String,
    pub(crate) dry_run: bool,
    pub(crate) busy_poll: bool,
    /// What start-up learnt of the account; `None` without keys.
    pub(crate) account: Option<(AccountSnapshot, Vec<Balance>)>,
}

/// The last state, for the summary.
#[derive(Debug)]
pub(crate) struct DriverEnd {
    pub(crate) status: Status,
}

/// The thread's state.
pub(crate) struct Driver {
    spec: DriverSpec,
    events: Events,
    started: MonoNs,
    published: Instant,
    latency: Histogram<u64>,
    statements: Vec<Statement>,
    statements_lost: u64,
    private_form: PrivateForm,
    quit: bool,
}

impl Driver {
    pub(crate) fn new(spec: DriverSpec) -> Self {
        let started = spec.clock.mono();
        Self {
            spec,
            events: Events::with_capacity(64),
            started,
            published: Instant::now(),
            latency: Histogram::new_with_bounds(1, LATENCY_NS_MAX, 3)
                .expect("the bounds and three digits are legal"),
            statements: Vec::new(),
            statements_lost: 0,
            private_form: PrivateForm::Path,
            quit: false,
        }
    }

    /// Runs until told to quit.
    pub(crate) fn run(mut self) -> DriverEnd {
        self.begin();
        while !self.quit {
            self.wait();
            let woken = Instant::now();
            self.take_inbox();
            let wrote = self.turn();
            if wrote {
                let ns = u64::try_from(woken.elapsed().as_nanos()).unwrap_or(u64::MAX);
                self.latency.saturating_record(ns);
            }
            self.tend_lanes();
            self.after();
        }
        let at = self.spec.clock.now();
        self.say_all();
        DriverEnd {
            status: self.status(at),
        }
    }

    /// Tells the desk what start-up learnt, and wants every connection.
    fn begin(&mut self) {
        let at = self.spec.clock.now();
        let spec = &mut self.spec;
        let mut post = Outlet::new(&mut spec.conns, &spec.errands);
        if let Some((account, balances)) = spec.account.take() {
            spec.gateway.account_reported(at, account, &mut post);
            for balance in balances {
                spec.gateway.balance_reported(at, balance, &mut post);
            }
        } else {
            // A dry run without keys has no account to listen to: what it
            // would hear is known, because nothing is ever sent.
            spec.gateway.stream_up(at, StreamKind::Private, &mut post);
        }
        let table = spec.gateway.table();
        let lower = |instrument: &Instrument| table.lower(instrument.id).to_owned();
        let names: Vec<String> = table.instruments().map(lower).collect();
        let symbols = || names.iter().map(String::as_str);
        let (endpoints, conns) = (&spec.endpoints, &mut spec.conns);
        conns.want(LaneKind::Public, endpoints.public_url(symbols()));
        conns.want(LaneKind::Market, endpoints.market_url(symbols()));
        if conns.uses_entry() {
            conns.want(LaneKind::Entry, endpoints.ws_api_url.clone());
        }
        if conns.uses_private() {
            self.errand(Errand::ListenKey);
        }
        self.tend_lanes();
    }

    /// Sleeps until something is to be read or due; not at all when polling.
    fn wait(&mut self) {
        if self.spec.busy_poll {
            std::hint::spin_loop();
            return;
        }
        let timeout = if self.spec.conns.any_ready() {
            Duration::ZERO
        } else {
            self.sleep()
        };
        // Interrupted by a signal: the loop looks around and comes back.
        let polled = self.spec.poll.poll(&mut self.events, Some(timeout));
        if polled.is_ok() {
            for event in &self.events {
                if event.token() != WAKER {
                    self.spec.conns.mark_ready(event);
                }
            }
        }
    }

    fn sleep(&self) -> Duration {
        let gateway = self.spec.gateway.next_deadline();
        let lanes = self.spec.conns.next_deadline();
        let due = lanes.map_or(gateway, |lanes| lanes.min(gateway));
        let status = STATUS_EVERY.saturating_sub(self.published.elapsed());
        self.spec.clock.real_until(due).min(status).min(SLEEP_MAX)
    }

    fn take_inbox(&mut self) {
        for _ in 0..INBOX_PER_TURN {
            match self.spec.inbox.try_recv() {
                Ok(item) => self.take(item),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    // Nobody is left who could order a stop.
                    self.quit = true;
                    return;
                }
            }
        }
    }

    fn take(&mut self, item: Inbox) {
        let at = self.spec.clock.now();
        let spec = &mut self.spec;
        match item {
            Inbox::Opened { lane, conn, result } => self.opened(lane, conn, result),
            Inbox::Answer { id, result } => {
                let mut post = Outlet::new(&mut spec.conns, &spec.errands);
                spec.gateway.rest_answer(at, id, result, &mut post);
            }
            Inbox::ListenKey(key) => self.listen_key(at, &key),
            Inbox::Instruments(instruments) => {
                for instrument in instruments {
                    let mut post = Outlet::new(&mut spec.conns, &spec.errands);
                    spec.gateway.instrument_described(at, instrument, &mut post);
                }
            }
            Inbox::Said(said) => self.say(said),
            Inbox::Operator(order) => {
                let mut post = Outlet::new(&mut spec.conns, &spec.errands);
                spec.gateway.operator(at, order, &mut post);
            }
            Inbox::Quit => self.quit = true,
        }
    }

    /// Takes in everything at hand, decides once, writes. True if an order
    /// went out.
    fn turn(&mut self) -> bool {
        for kind in LaneKind::ALL {
            for seat in [Seat::Current, Seat::Next] {
                self.read(kind, seat);
            }
        }
        self.read_retired();
        let at = self.spec.clock.now();
        let spec = &mut self.spec;
        let mut post = Outlet::new(&mut spec.conns, &spec.errands);
        if at.mono >= spec.gateway.next_deadline() {
            spec.gateway.timer(at, &mut post);
        }
        spec.gateway.pulse(at, &mut post);
        let wrote = std::mem::take(spec.conns.entry_written());
        if let Some(error) = spec.conns.flush() {
            self.lost(LaneKind::Entry, Seat::Current, &error.to_string());
        }
        wrote
    }

    fn read(&mut self, kind: LaneKind, seat: Seat) {
        for _ in 0..FRAMES_PER_TURN {
            let Some(open) = self.spec.conns.seat(kind, seat) else {
                return;
            };
            if !open.ready && !self.spec.busy_poll {
                return;
            }
            if !open.ready {
                open.ready = true;
                open.wire.stir(false);
            }
            let conn = open.conn;
            match open.wire.read() {
                Ok(Heard::Text(text)) => self.frame(kind, seat, conn, text.as_bytes()),
                Ok(Heard::Beat) => {
                    let now = self.spec.clock.mono();
                    self.spec.conns.lane(kind).heard_on(seat, now, None);
                }
                Ok(Heard::Nothing) => {
                    open.ready = false;
                    return;
                }
                Err(error) => return self.lost(kind, seat, &error.to_string()),
            }
        }
    }

    fn frame(&mut self, kind: LaneKind, seat: Seat, conn: ConnNo, frame: &[u8]) {
        let at = self.spec.clock.now();
        let symbol = match self.pass_on(at, kind, conn, frame) {
            Topic::Depth(symbol) if kind == LaneKind::Public => Some(symbol),
            Topic::Mark(symbol) if kind == LaneKind::Market => Some(symbol),
            Topic::Depth(_) | Topic::Mark(_) | Topic::Other => None,
        };
        self.spec.conns.lane(kind).heard_on(seat, at.mono, symbol);
        if seat == Seat::Next {
            self.settle(at, kind);
        }
    }

    fn pass_on(&mut self, at: At, kind: LaneKind, conn: ConnNo, frame: &[u8]) -> Topic {
        let spec = &mut self.spec;
        let mut post = Outlet::new(&mut spec.conns, &spec.errands);
        match kind {
            LaneKind::Public | LaneKind::Market => {
                spec.gateway.market_frame(at, kind, conn, frame, &mut post)
            }
            LaneKind::Private => {
                spec.gateway.private_frame(at, frame, &mut post);
                Topic::Other
            }
            LaneKind::Entry => {
                spec.gateway.entry_frame(at, frame, &mut post);
                Topic::Other
            }
        }
    }

    /// What was under way on a replaced connection is still good.
    fn read_retired(&mut self) {
        let at = self.spec.clock.now();
        let mut retired = std::mem::take(self.spec.conns.retired());
        for (kind, open, until) in &mut retired {
            if self.spec.busy_poll {
                open.ready = true;
                open.wire.stir(false);
            }
            while open.ready {
                match open.wire.read() {
                    Ok(Heard::Text(text)) => {
                        self.pass_on(at, *kind, open.conn, text.as_bytes());
                    }
                    Ok(Heard::Beat) => {}
                    Ok(Heard::Nothing) => {
                        open.ready = false;
                        break;
                    }
                    Err(_) => {
                        // Its time is over early; nothing new was sent on it.
                        *until = at.mono;
                        open.ready = false;
                        break;
                    }
                }
            }
        }
        *self.spec.conns.retired() = retired;
    }

    /// A connection was opened, or could not be.
    fn opened(&mut self, kind: LaneKind, conn: ConnNo, result: Result<Box<Wire>, String>) {
        let at = self.spec.clock.now();
        let spec = &mut self.spec;
        let adopted = match result {
            Ok(wire) => {
                if !spec.conns.lane(kind).opened(at.mono, conn, true) {
                    return wire.close();
                }
                let registry = spec.poll.registry();
                let adopted = spec.conns.adopt(registry, kind, conn, *wire);
                if adopted.is_err() {
                    spec.conns.lane(kind).lost(Seat::Next, at.mono);
                }
                adopted.map_err(|error| error.to_string())
            }
            Err(reason) => {
                spec.conns.lane(kind).opened(at.mono, conn, false);
                Err(reason)
            }
        };
        match adopted {
            Ok(()) => self.settle(at, kind),
            Err(reason) => self.say(Said::OpenFailed {
                lane: kind,
                attempt: conn,
                reason,
            }),
        }
    }

    /// Lets a proven successor take over and tells the desk.
    fn settle(&mut self, at: At, kind: LaneKind) {
        let spec = &mut self.spec;
        let change = spec.conns.lane(kind).settle(at.mono);
        if change == LaneChange::None {
            return;
        }
        let replaced = spec.conns.promote(kind, at.mono);
        let attempt = spec.conns.lane_ref(kind).attempts();
        let mut post = Outlet::new(&mut spec.conns, &spec.errands);
        if kind == LaneKind::Entry {
            spec.gateway.entry_up(at, &mut post);
        }
        match change {
            LaneChange::Up => {
                if let Some(stream) = kind.stream() {
                    spec.gateway.stream_up(at, stream, &mut post);
                }
                self.say(Said::LaneUp {
                    lane: kind,
                    attempt,
                });
            }
            LaneChange::RolledOver => {
                if let (LaneKind::Public, Some(conn)) = (kind, replaced) {
                    spec.gateway.public_lost(at, conn, &mut post);
                }
                self.say(Said::RolledOver { lane: kind });
            }
            LaneChange::None | LaneChange::Down => {}
        }
    }

    /// A connection is gone.
    fn lost(&mut self, kind: LaneKind, seat: Seat, reason: &str) {
        let at = self.spec.clock.now();
        let conn = self
            .spec
            .conns
            .seat(kind, seat)
            .take()
            .map(|open| open.conn);
        let change = self.spec.conns.lane(kind).lost(seat, at.mono);
        self.went_down(at, kind, conn, change);
        let reason = reason.to_owned();
        self.say(Said::LaneDown { lane: kind, reason });
    }

    fn went_down(&mut self, at: At, kind: LaneKind, conn: Option<ConnNo>, change: LaneChange) {
        let spec = &mut self.spec;
        let mut post = Outlet::new(&mut spec.conns, &spec.errands);
        if let (LaneKind::Public, Some(conn)) = (kind, conn) {
            spec.gateway.public_lost(at, conn, &mut post);
        }
        if change != LaneChange::Down {
            return;
        }
        match kind.stream() {
            Some(stream) => spec.gateway.stream_down(at, stream, &mut post),
            None => spec.gateway.entry_down(at, &mut post),
        }
    }

    /// The user stream has an address: connect, unless it is the one in use.
    fn listen_key(&mut self, at: At, key: &str) {
        let kind = LaneKind::Private;
        let url = self.spec.endpoints.private_url_as(self.private_form, key);
        if self.spec.conns.url(kind) == Some(&url) && self.spec.conns.lane_ref(kind).is_up() {
            return;
        }
        for seat in [Seat::Current, Seat::Next] {
            if let Some(open) = self.spec.conns.seat(kind, seat).take() {
                open.wire.close();
            }
        }
        let change = self.spec.conns.lane(kind).reset(at.mono);
        self.went_down(at, kind, None, change);
        self.spec.conns.want(kind, url);
    }

    /// Connects, gives up and retires what is due.
    fn tend_lanes(&mut self) {
        let now = self.spec.clock.mono();
        for kind in LaneKind::ALL {
            loop {
                match self.spec.conns.lane(kind).wish(now) {
                    LaneWish::Nothing => break,
                    LaneWish::Open { attempt } => self.open(kind, attempt),
                    LaneWish::Drop { seat, why } => {
                        self.say(Said::LaneGivenUp {
                            lane: kind,
                            end: why,
                        });
                        self.lost(kind, seat, "given up by our side");
                    }
                }
            }
        }
        self.spec.conns.drop_retired(now);
    }

    fn open(&mut self, lane: LaneKind, conn: ConnNo) {
        let url = self.spec.conns.url(lane).unwrap_or_default().to_owned();
        if !self.errand(Errand::Open { lane, conn, url }) {
            let now = self.spec.clock.mono();
            self.spec.conns.lane(lane).opened(now, conn, false);
        }
    }

    fn errand(&mut self, errand: Errand) -> bool {
        let taken = self.spec.errands.try_send(errand).is_ok();
        if !taken {
            let queue = "errands";
            self.say(Said::QueueFull { queue, lost: 1 });
        }
        taken
    }

    /// What can wait until the orders are out.
    fn after(&mut self) {
        let wants = self.spec.gateway.take_wants();
        if wants.clock {
            self.errand(Errand::MeasureClock);
        }
        if wants.instruments {
            self.errand(Errand::FetchInstruments);
        }
        if wants.mute {
            let reason = "requests are not answered";
            self.lost(LaneKind::Entry, Seat::Current, reason);
        }
        if wants.deaf {
            self.private_form = self.private_form.other();
        }
        if wants.listen_key || wants.deaf {
            self.errand(Errand::ListenKey);
        }
        self.say_all();
        if self.published.elapsed() >= STATUS_EVERY {
            self.published = Instant::now();
            let status = self.status(self.spec.clock.now());
            self.spec.status.publish(status);
        }
        let stopped = self.spec.gateway.is_stopped();
        if stopped && !*self.spec.stopped.borrow() {
            self.spec.stopped.send_replace(true);
        }
    }

    fn say(&mut self, said: Said) {
        self.statements.push(Statement::Said(said));
    }

    /// Hands everything said to the scribe; the trade path never waits for a
    /// log.
    fn say_all(&mut self) {
        self.spec.gateway.take_statements(&mut self.statements);
        for statement in self.statements.drain(..) {
            match self.spec.scribe.try_send(statement) {
                Ok(()) => {}
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                    self.statements_lost += 1;
                }
            }
        }
        if self.statements_lost > 0 {
            let lost = self.statements_lost;
            let queue = "log";
            let said = Statement::Said(Said::QueueFull { queue, lost });
            if self.spec.scribe.try_send(said).is_ok() {
                self.statements_lost = 0;
            }
        }
    }

    fn status(&mut self, at: At) -> Status {
        let spec = &mut self.spec;
        let used = spec.gateway.budget_used(at);
        let instruments = spec.gateway.table().instruments();
        let makers = instruments.filter_map(|instrument| {
            let view = spec.gateway.view(instrument.id, at)?;
            Some(MakerStatus {
                instrument: instrument.clone(),
                view,
            })
        });
        let lanes = LaneKind::ALL.map(|kind| {
            let lane = spec.conns.lane_ref(kind);
            LaneStatus {
                kind,
                up: lane.is_up(),
                age_ms: lane.heard().map(|heard| at.mono.ms_since(heard)),
                attempts: lane.attempts(),
            }
        });
        Status {
            uptime_ms: at.mono.ms_since(self.started),
            venue: spec.venue.clone(),
            dry_run: spec.dry_run,
            makers: makers.collect(),
            lanes: lanes.to_vec(),
            budget: BudgetStatus {
                used,
                ceilings: spec.ceilings,
            },
            tick_to_order: Quantiles {
                count: self.latency.len(),
                p50_ns: self.latency.value_at_quantile(0.5),
                p99_ns: self.latency.value_at_quantile(0.99),
                max_ns: self.latency.max(),
            },
            in_flight: spec.gateway.in_flight(),
            counts: spec.gateway.counts(),
        }
    }
}

/// Where the gateway's requests go: the entry connection, or the errands.
struct Outlet<'a> {
    conns: &'a mut Conns,
    errands: &'a mpsc::Sender<Errand>,
}

impl<'a> Outlet<'a> {
    fn new(conns: &'a mut Conns, errands: &'a mpsc::Sender<Errand>) -> Self {
        Self { conns, errands }
    }
}

impl Post for Outlet<'_> {
    fn entry(&mut self, frame: &str) -> bool {
        let Some(wire) = self.conns.entry_wire() else {
            return false;
        };
        let sent = wire.send(frame).is_ok();
        *self.conns.entry_written() |= sent;
        sent
    }

    fn rest(&mut self, id: u64, call: HttpCall) -> bool {
        self.errands.try_send(Errand::Call { id, call }).is_ok()
    }
}

//! One symbol: what is known of it, and what follows from each event.
//!
//! Order of work: an event changes what is known and, where safety asks for
//! it, pulls orders at once; quotes change only on a pulse. [`Maker::upkeep`]
//! is the one place that compares what is known with what may rest.

mod hold;
mod look;
mod market;
mod pulse;

use alloc::vec::Vec;

use phoenix_domain::{
    At, BookLoss, ClientId, Command, Event, Fill, Instrument, MonoNs, NoteKind, OpenOrders,
    OperatorOrder, OrderReport, Origin, Outcome, PauseReason, PositionReport, Price, RefusalReason,
    Request, SymbolId,
};

use crate::book::Book;
use crate::cancel_rate::CancelRate;
use crate::fair::Skew;
use crate::flatten::Flatten;
use crate::freshness::{Fitness, Freshness};
use crate::grinding::Grinding;
use crate::ledger::{Ledger, PositionCheck};
use crate::markouts::Markouts;
use crate::mode::{Mode, ModeEvent, Pauses};
use crate::orders::{Change, FillNews, Orders};
use crate::quoter::{Grid, Quotes};
use crate::reconcile::Reconcile;
use crate::requote::Requote;
use crate::settings::{DeskSettings, SymbolSettings};
use crate::terms::Terms;
use crate::turn::Turn;
use crate::volatility::Volatility;

/// The market maker of one symbol.
#[derive(Debug)]
pub(crate) struct Maker {
    instrument: Instrument,
    settings: SymbolSettings,
    terms: Terms,

    book: Book,
    freshness: Freshness,
    volatility: Volatility,
    /// σ over mid when σ was last sampled.
    sigma_ratio: f64,
    /// Mark price in ticks.
    mark: Option<f64>,
    /// Predicted funding rate.
    funding: f64,
    /// Best prices when the market last moved.
    seen: Option<(Price, Price)>,
    /// The instrument's steps changed: nothing here fits it any more.
    parked: bool,

    mode: Mode,
    pauses: Pauses,
    account_heard: bool,
    reconcile: Reconcile,
    orders: Orders,
    ledger: Ledger,
    markouts: Markouts,
    cancel_rate: CancelRate,
    foreign: u16,
    /// A newer run trades here: its orders are not ours to cancel either.
    shared: bool,
    /// A list held orders of an earlier run, and not all are gone yet.
    orphaned: bool,

    skew: Skew,
    grid: Grid,
    quotes: Quotes,
    requotes: [Requote; 2],
    grinding: Grinding,
    flatten: Flatten,

    reservation: f64,
    /// When quotes were last decided in full.
    quoted_at: Option<MonoNs>,
    /// Something a quote is made from changed since.
    dirty: bool,
    /// The last full look at everything.
    looked_at: MonoNs,
    /// Nothing that costs order count is sent before.
    held_back_until: MonoNs,
    /// When orders were last pulled.
    pulled_at: Option<MonoNs>,
    /// When what outlived a cancel of everything is cancelled by name.
    sweep_at: Option<MonoNs>,
    /// The list that proves a stop was asked for.
    proof_asked: bool,
    /// Scratch: orders about to be cancelled.
    doomed: Vec<ClientId>,
    said: Said,
}

/// What was said already, so that notes mark changes and not states.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    stale: bool,
    crossed: bool,
    pinned: bool,
    reduce_only: bool,
    capped: bool,
    slowed: bool,
    filtered: bool,
    dropped: u64,
    cut: [usize; 2],
}

/// After a refusal that says "not now", unless the exchange names a time.
const HOLD_BACK_MS: u64 = 1_000;

impl Maker {
    pub(crate) fn new(
        instrument: Instrument,
        settings: SymbolSettings,
        desk: &DeskSettings,
        at: At,
    ) -> Self {
        let terms = Terms::of(&instrument, &settings);
        Self {
            book: Book::new(),
            freshness: Freshness::new(settings.price_stale_ms, at),
            volatility: Volatility::new(settings.volatility_window_ms),
            sigma_ratio: 0.0,
            mark: None,
            funding: 0.0,
            seen: None,
            parked: false,
            mode: Mode::Starting,
            pauses: Pauses::default(),
            account_heard: false,
            reconcile: Reconcile::new(at.mono, u64::from(desk.reconcile_interval_ms)),
            orders: Orders::new(u64::from(desk.request_life_ms)),
            ledger: Ledger::new(),
            markouts: Markouts::new(),
            cancel_rate: CancelRate::new(settings.max_cancel_per_min),
            foreign: 0,
            shared: false,
            orphaned: false,
            skew: Skew::default(),
            grid: Grid::new(&terms),
            quotes: Quotes::new(),
            requotes: [Requote::new(), Requote::new()],
            grinding: Grinding::default(),
            flatten: Flatten::default(),
            reservation: 0.0,
            quoted_at: None,
            dirty: false,
            looked_at: at.mono,
            held_back_until: MonoNs(0),
            pulled_at: None,
            sweep_at: None,
            proof_asked: false,
            doomed: Vec::with_capacity(512),
            said: Said::default(),
            instrument,
            settings,
            terms,
        }
    }

    /// Takes one event that concerns this symbol.
    pub(crate) fn take(&mut self, turn: &mut Turn<'_>, event: &Event<'_>) {
        match *event {
            Event::BookReplaced {
                book_id,
                venue_ms,
                bids,
                asks,
                ..
            } => {
                self.book_replaced(turn, book_id, venue_ms, bids, asks);
            }
            Event::BookChanged {
                book_id,
                venue_ms,
                bids,
                asks,
                ..
            } => {
                self.book_changed(turn, book_id, venue_ms, bids, asks);
            }
            Event::TopChanged {
                book_id,
                venue_ms,
                bid,
                ask,
                ..
            } => {
                self.top_changed(turn, book_id, venue_ms, bid, ask);
            }
            Event::BookLost { loss, .. } => self.book_lost(turn, loss),
            // What others trade moves no quote; the book tells the result.
            Event::TradePrinted { .. } => {}
            Event::MarkChanged { mark, funding, .. } => self.mark_changed(mark, funding),
            Event::OrderReported { ref report, .. } => self.reported(turn, report),
            Event::Filled {
                ref fill,
                ref report,
                ..
            } => self.filled(turn, fill, report.as_ref()),
            Event::Replied {
                client_id,
                request,
                ref outcome,
                ..
            } => {
                let change = self.orders.replied(turn.at, client_id, request, outcome);
                self.answered(turn, change, client_id, request, outcome);
            }
            Event::AllCancelled { done, .. } => self.all_cancelled(turn, done),
            Event::OpenOrdersListed(ref list) => self.listed(turn, list),
            Event::LookupFailed { .. } => self.reconcile.failed(turn.at.mono),
            Event::PositionReported(ref report) => self.position_told(turn, report),
            Event::FundingPaid { amount, .. } => self.ledger.funded(amount),
            Event::StreamUp(kind) => self.stream_up(turn, kind),
            Event::StreamDown(kind) => self.stream_down(turn, kind),
            Event::InstrumentChanged(instrument) => self.instrument_changed(turn, instrument),
            Event::Operator(order) => self.ordered(turn, order),
            Event::Pulse => {
                self.upkeep(turn);
                self.pulse(turn);
                return;
            }
            // The desk's own business.
            Event::BalanceReported(_) | Event::AccountReported(_) | Event::Timer => {}
        }
        self.upkeep(turn);
    }

    pub(crate) fn symbol(&self) -> SymbolId {
        self.instrument.id
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// Compares what is known with what may rest and acts on the difference.
    fn upkeep(&mut self, turn: &mut Turn<'_>) {
        self.looked_at = turn.at.mono;
        self.judge(turn);
        self.inquire(turn);
        if self.orphaned {
            self.cancel_orphans(turn);
        }
        self.sweep(turn);
        if self.mode != Mode::Quoting {
            self.pull(turn);
            self.close_position(turn);
            self.prove_empty(turn);
        }
    }

    /// Moves between syncing and quoting by the state of the data.
    fn judge(&mut self, turn: &mut Turn<'_>) {
        let now = turn.at.mono;
        if self.ledger.take_due_doubt(now) {
            self.reconcile.demand_position(now);
        }
        if self.freshness.is_unpriced_too_long(turn.at) {
            // Crossed or one-sided for so long is our copy's fault, or might be.
            let symbol = self.symbol();
            turn.out.command(Command::ResyncBook { symbol });
            self.book_lost(turn, BookLoss::Gap);
        }
        let fitness = self.freshness.fitness(turn.at);
        self.say_freshness(turn, fitness);
        let learnt = self.account_heard && self.reconcile.is_settled();
        match (learnt, fitness) {
            (true, Fitness::Fit) => self.shift(turn, ModeEvent::Synced),
            (true, Fitness::Wait) => {}
            (false, _) | (true, Fitness::Pull) => self.shift(turn, ModeEvent::Doubted),
        }
    }

    fn shift(&mut self, turn: &mut Turn<'_>, event: ModeEvent) {
        let next = self.mode.next(event, self.pauses.any());
        if next != self.mode {
            self.mode = next;
            self.dirty = true;
            self.quoted_at = None;
            self.pulled_at = None;
            self.looked_at = turn.at.mono;
        }
    }

    /// Asks the exchange what is due to be asked.
    fn inquire(&mut self, turn: &mut Turn<'_>) {
        if matches!(self.mode, Mode::Starting | Mode::Stopped) {
            return;
        }
        let (now, symbol) = (turn.at.mono, self.symbol());
        if now >= self.reconcile.next_deadline() {
            let due = self.reconcile.ask(now);
            if due.orders {
                turn.out.command(Command::ListOpenOrders { symbol });
            }
            if due.position {
                turn.out.command(Command::FetchPosition { symbol });
            }
        }
        while let Some(client_id) = self.orders.due_query(turn.at) {
            self.orders.ask(turn.at, client_id);
            turn.out.command(Command::Query { symbol, client_id });
        }
    }

    fn reported(&mut self, turn: &mut Turn<'_>, report: &OrderReport) {
        if report.client_id.is_none() && !report.status.is_final() {
            // The next list counts them; until then one is enough to spare.
            self.foreign = self.foreign.max(1);
        }
        if let Some(change) = self.orders.reported(turn.at, report) {
            self.follow(turn, &change, report.origin);
        }
    }

    fn filled(&mut self, turn: &mut Turn<'_>, fill: &Fill, report: Option<&OrderReport>) {
        let (news, change) = self.orders.filled(turn.at, fill, report);
        let booked = self.ledger.filled(turn.at, &self.instrument, fill, news);
        if news == FillNews::New {
            let now = turn.at.mono;
            self.markouts.filled(now, fill.side, fill.price, fill.qty);
            let id = fill.client_id;
            self.grinding
                .filled(&self.terms, now, id, fill.side, fill.price, fill.qty);
            let filled = NoteKind::Filled {
                client_id: id,
                side: fill.side,
                price: fill.price,
                qty: fill.qty,
                maker: fill.maker,
                fee: booked.fee,
                realised: booked.realised,
            };
            turn.out.note(self.symbol(), filled);
        }
        let trade_id = fill.trade_id;
        if let Some(difference) = booked.dispute {
            let disputed = NoteKind::ProfitDisputed {
                trade_id,
                difference,
            };
            turn.out.note(self.symbol(), disputed);
        }
        if booked.refused {
            turn.out
                .note(self.symbol(), NoteKind::FillRefused { trade_id });
        }
        self.dirty = true;
        if let Some(change) = change {
            self.follow(turn, &change, Origin::Stream);
        }
    }

    /// What the end of a request means beyond the order itself.
    fn answered(
        &mut self,
        turn: &mut Turn<'_>,
        change: Option<Change>,
        client_id: ClientId,
        request: Request,
        outcome: &Outcome,
    ) {
        match *outcome {
            Outcome::Confirmed(_) => {}
            Outcome::Unknown(doubt) => {
                let unknown = NoteKind::OutcomeUnknown {
                    client_id,
                    request,
                    doubt,
                };
                turn.out.note(self.symbol(), unknown);
            }
            Outcome::Refused(refusal) => {
                let refused = NoteKind::RequestRefused {
                    client_id,
                    request,
                    reason: refusal.reason,
                    code: refusal.code,
                };
                turn.out.note(self.symbol(), refused);
                self.heed(turn, refusal.reason, u64::from(refusal.retry_after_ms));
            }
        }
        if let Some(change) = change {
            let origin = match request {
                Request::Query => Origin::Query,
                Request::Place | Request::Amend | Request::Cancel => Origin::Reply,
            };
            self.follow(turn, &change, origin);
        }
    }

    /// What a refusal says about the next requests.
    fn heed(&mut self, turn: &mut Turn<'_>, reason: RefusalReason, retry_after_ms: u64) {
        use RefusalReason as R;
        match reason {
            // About that one order; its own state says the rest.
            R::WouldCross | R::NoSuchOrder | R::DuplicateClientId | R::NothingToAmend => {}
            R::AmendInFlight => {}
            // There is less to reduce than we think.
            R::ReduceOnly => self.reconcile.demand_position(turn.at.mono),
            R::Margin | R::OpenOrderLimit | R::Filter | R::RateLimited | R::Overloaded => {
                self.hold_back(turn.at.mono, retry_after_ms);
            }
            R::Clock | R::NotSent | R::Rejected => self.hold_back(turn.at.mono, retry_after_ms),
            R::ReduceOnlyMode | R::NotAllowed | R::SymbolHalted => {
                self.hold(turn, PauseReason::Venue);
            }
        }
    }

    fn hold_back(&mut self, now: MonoNs, retry_after_ms: u64) {
        let until = now.plus_ms(retry_after_ms.max(HOLD_BACK_MS));
        self.held_back_until = self.held_back_until.max(until);
    }

    /// What a change of an order means beyond the order itself.
    fn follow(&mut self, turn: &mut Turn<'_>, change: &Change, origin: Origin) {
        let order = &change.order;
        let client_id = order.client_id;
        if change.from != order.state {
            self.dirty = true;
        }
        if change.resolved() {
            turn.out.note(
                self.symbol(),
                NoteKind::OutcomeResolved { client_id, origin },
            );
        }
        if change.ended() {
            let filled = order.booked.max(order.reported);
            if filled < order.qty {
                turn.out
                    .note(self.symbol(), NoteKind::OrderEnded { client_id, filled });
            }
            self.flatten.ended(client_id);
            self.grinding.ended(client_id);
        }
    }

    fn listed(&mut self, turn: &mut Turn<'_>, list: &OpenOrders<'_>) {
        let symbol = self.symbol();
        let findings = self.orders.listed(turn.at, list, turn.ids.run);
        if findings.foreign != self.foreign {
            self.foreign = findings.foreign;
            turn.out.note(
                symbol,
                NoteKind::ForeignOrders {
                    count: findings.foreign,
                },
            );
        }
        self.shared = findings.second_writer.is_some();
        if let Some(client_id) = findings.second_writer {
            turn.out.note(symbol, NoteKind::SecondWriter { client_id });
            self.hold(turn, PauseReason::Venue);
        }
        if findings.unkept > 0 {
            self.cancel_everything(turn);
            self.reconcile.demand_orders(turn.at.mono);
        }
        self.orphaned |= findings.orphans > 0;
        self.dirty = true;
        self.reconcile.orders_listed(turn.at.mono, list.asked_at);
    }

    fn position_told(&mut self, turn: &mut Turn<'_>, report: &PositionReport) {
        let now = turn.at.mono;
        let asked = report.origin != Origin::Stream;
        let check = self
            .ledger
            .position_reported(turn.at, &self.instrument, report);
        match check {
            PositionCheck::Inconclusive if asked => self.reconcile.position_failed(now),
            PositionCheck::Inconclusive => {}
            PositionCheck::Differs => {
                if asked {
                    self.reconcile.position_told(now, report.asked_at);
                }
            }
            PositionCheck::Agrees => {
                if asked {
                    self.orders.position_taken(report.asked_at, report.venue_ms);
                    self.reconcile.position_told(now, report.asked_at);
                }
            }
            PositionCheck::Corrected { ours, venue } => {
                self.orders.position_taken(report.asked_at, report.venue_ms);
                self.reconcile.position_told(now, report.asked_at);
                turn.out
                    .note(self.symbol(), NoteKind::PositionCorrected { ours, venue });
            }
        }
        self.dirty = true;
    }

    fn ordered(&mut self, turn: &mut Turn<'_>, order: OperatorOrder) {
        match order {
            OperatorOrder::Pause(_, reason) => self.hold(turn, reason),
            OperatorOrder::Resume(_, reason) => self.release(turn, reason),
            OperatorOrder::CancelAll(_) => self.cancel_everything(turn),
            OperatorOrder::Flatten(_) => {
                self.hold(turn, PauseReason::Operator);
                self.flatten.order(PauseReason::Operator, turn.at.mono);
            }
            OperatorOrder::Stop => {
                self.hold(turn, PauseReason::Stopping);
                self.shift(turn, ModeEvent::StopOrdered);
            }
        }
    }

    /// Adds a reason to hold still.
    pub(crate) fn hold(&mut self, turn: &mut Turn<'_>, reason: PauseReason) {
        if self.pauses.add(reason) {
            turn.out.note(self.symbol(), NoteKind::Paused { reason });
            self.shift(turn, ModeEvent::Held);
        }
    }

    /// Lifts one reason; the last one lets quotes return. After a stop-loss
    /// the day's peak starts anew, or the old one would stop it again at once.
    pub(crate) fn release(&mut self, turn: &mut Turn<'_>, reason: PauseReason) {
        if self.pauses.lift(reason) {
            turn.out.note(self.symbol(), NoteKind::Resumed { reason });
            self.flatten.call_off(reason);
            if reason == PauseReason::StopLoss {
                self.ledger.restart_day();
            }
            if !self.pauses.any() {
                self.shift(turn, ModeEvent::Released);
            }
        }
    }

    fn tick_price(&self, ticks: f64) -> Price {
        Price((ticks + 0.5) as i64)
    }
}

//! What the market's events change: the book, its age, volatility, mark price
//! and filters. No quote is decided here.

use phoenix_domain::{
    At, BookLoss, Decimal, Instrument, Level, NoteKind, PauseReason, Rate, StreamKind, VenueMs,
};

use super::Maker;
use crate::book::{Shape, Top};
use crate::fair;
use crate::freshness::Fitness;
use crate::mode::{Mode, ModeEvent};
use crate::quoter::Grid;
use crate::risk;
use crate::terms::Terms;
use crate::turn::Turn;

/// No funding rate is beyond this; a larger one is a broken frame.
const FUNDING_MAX: f64 = 0.05;

impl Maker {
    pub(super) fn book_replaced(
        &mut self,
        turn: &mut Turn<'_>,
        book_id: u64,
        venue_ms: VenueMs,
        bids: &[Level],
        asks: &[Level],
    ) {
        if !self.freshness.is_whole() {
            turn.out
                .note(self.symbol(), NoteKind::BookRestored { book_id });
            self.volatility.restart();
        }
        self.score_markouts(turn.at);
        self.book.replace(book_id, bids, asks);
        self.say_dropped(turn);
        self.freshness.restored(turn.at, venue_ms);
        self.market_moved(turn);
    }

    pub(super) fn book_changed(
        &mut self,
        turn: &mut Turn<'_>,
        book_id: u64,
        venue_ms: VenueMs,
        bids: &[Level],
        asks: &[Level],
    ) {
        if !self.book.is_whole() {
            return;
        }
        self.score_markouts(turn.at);
        self.book.change(book_id, bids, asks);
        self.say_dropped(turn);
        self.freshness.heard(turn.at, venue_ms);
        self.market_moved(turn);
    }

    pub(super) fn top_changed(
        &mut self,
        turn: &mut Turn<'_>,
        book_id: u64,
        venue_ms: VenueMs,
        bid: Level,
        ask: Level,
    ) {
        self.score_markouts(turn.at);
        if self.book.top_changed(book_id, bid, ask) {
            self.freshness.heard(turn.at, venue_ms);
            self.market_moved(turn);
        }
        if !self.book.is_whole() && self.mode == Mode::Quoting {
            self.guard_blind(turn, (bid.price.0 as f64 + ask.price.0 as f64) / 2.0);
        }
    }

    /// While the book is being fetched anew nothing is moved, so an order that
    /// the best prices come too near to can only be pulled, with all others.
    fn guard_blind(&mut self, turn: &mut Turn<'_>, mid: f64) {
        let ratio = self.skew.held();
        let reservation = fair::reservation(mid, ratio, self.funding, &self.terms);
        if self.is_endangered(reservation) {
            self.cancel_everything(turn);
        }
    }

    /// Says that the book had to drop levels, ever more seldom.
    fn say_dropped(&mut self, turn: &mut Turn<'_>) {
        let dropped = self.book.dropped();
        if dropped > 2 * self.said.dropped {
            self.said.dropped = dropped;
            let note = NoteKind::LevelsDropped { dropped };
            turn.out.note(self.symbol(), note);
        }
    }

    /// Without a book nothing is quoted; whether what rests may stay depends
    /// on how the book was lost. Whoever found the loss fetches a new book.
    pub(super) fn book_lost(&mut self, turn: &mut Turn<'_>, loss: BookLoss) {
        if self.book.is_whole() {
            turn.out.note(self.symbol(), NoteKind::BookLost { loss });
        }
        self.book.clear();
        self.freshness.lost(turn.at, loss);
    }

    pub(super) fn mark_changed(&mut self, mark: Decimal, funding: Rate) {
        if mark > Decimal::ZERO {
            let ticks = mark.to_f64() / self.instrument.tick_f64();
            self.dirty |= self.mark != Some(ticks);
            self.mark = Some(ticks);
        }
        self.funding = funding.to_f64().clamp(-FUNDING_MAX, FUNDING_MAX);
    }

    pub(super) fn stream_up(&mut self, turn: &mut Turn<'_>, kind: StreamKind) {
        match kind {
            StreamKind::Public | StreamKind::Market => {}
            StreamKind::Private => {
                self.account_heard = true;
                self.reconcile.demand(turn.at.mono);
                self.shift(turn, ModeEvent::AccountHeard);
            }
        }
    }

    /// Without the private stream fills go unseen, so nothing may rest.
    /// Without the mark price the mid stands in for it.
    pub(super) fn stream_down(&mut self, turn: &mut Turn<'_>, kind: StreamKind) {
        match kind {
            StreamKind::Public => self.book_lost(turn, BookLoss::Disconnected),
            StreamKind::Market => self.mark = None,
            StreamKind::Private => {
                self.account_heard = false;
                self.reconcile.demand(turn.at.mono);
            }
        }
    }

    /// New filters take effect at once. New steps change the meaning of every
    /// integer here, so the symbol is parked until the process starts anew.
    pub(super) fn instrument_changed(&mut self, turn: &mut Turn<'_>, instrument: &Instrument) {
        if *instrument == self.instrument {
            return;
        }
        turn.out.note(self.symbol(), NoteKind::InstrumentChanged);
        let (old, new) = (self.instrument.spec(), instrument.spec());
        if old.tick != new.tick || old.lot != new.lot {
            self.parked = true;
            self.hold(turn, PauseReason::Venue);
            return;
        }
        self.instrument.clone_from(instrument);
        self.terms = Terms::of(&self.instrument, &self.settings);
        self.grid = Grid::new(&self.terms);
        self.dirty = true;
        if self.instrument.spec().trading && !self.parked {
            self.release(turn, PauseReason::Venue);
        } else {
            self.hold(turn, PauseReason::Venue);
        }
    }

    /// The best prices, if quotes may be made from them.
    pub(super) fn top(&self) -> Option<Top> {
        match self.book.shape() {
            Shape::Sound(top) => {
                let position = self.ledger.position().qty;
                risk::priceable(&self.instrument, top.ask.price, position).then_some(top)
            }
            Shape::Empty | Shape::Crossed(_) => None,
        }
    }

    pub(super) fn say_freshness(&mut self, turn: &mut Turn<'_>, fitness: Fitness) {
        let stale = fitness == Fitness::Pull;
        let Some(stale_ms) = self.freshness.age_ms(turn.at) else {
            return;
        };
        if stale != self.said.stale {
            self.said.stale = stale;
            let kind = if stale {
                NoteKind::PriceStale { stale_ms }
            } else {
                NoteKind::PriceFresh { stale_ms }
            };
            turn.out.note(self.symbol(), kind);
        }
    }

    fn market_moved(&mut self, turn: &mut Turn<'_>) {
        let top = self.top();
        self.freshness.priced(turn.at, top.is_some());
        let Some(top) = top else {
            self.say_crossed(turn);
            return;
        };
        self.said.crossed = false;
        let prices = (top.bid.price, top.ask.price);
        let sigma_changed = self.volatility.observe(turn.at.mono, top.mid_half_ticks());
        if sigma_changed {
            self.sigma_ratio = self.volatility.sigma_ticks() / top.mid_ticks();
        }
        self.dirty |= sigma_changed || self.seen != Some(prices);
        self.seen = Some(prices);
    }

    fn say_crossed(&mut self, turn: &mut Turn<'_>) {
        if let Shape::Crossed(top) = self.book.shape()
            && !self.said.crossed
        {
            self.said.crossed = true;
            let (bid, ask) = (top.bid.price, top.ask.price);
            turn.out
                .note(self.symbol(), NoteKind::BookCrossed { bid, ask });
        }
    }

    /// Before the event changes the book: the mid in force until now scores.
    fn score_markouts(&mut self, at: At) {
        let mid = self.top().map(|top| top.mid_half_ticks());
        self.markouts.advance(at.mono, mid, &self.instrument);
    }
}

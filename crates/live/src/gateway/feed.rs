//! Market frames: books proven whole, everything else straight through.
//!
//! While a connection is being replaced, each symbol follows both: the new one
//! takes over, symbol by symbol, once its book is whole.

use std::sync::Arc;

use phoenix_binance::depth_sync::{DepthSync, Progress};
use phoenix_binance::wire::market::{DepthFrame, MarketFrame, may_change_book};
use phoenix_domain::{At, BookLoss, Event, MonoNs, SymbolId};

use super::{Gateway, Post, Topic};
use crate::lane::LaneKind;
use crate::notes::Said;

/// A connection by the number of its attempt.
pub type ConnNo = u64;

/// The book of one symbol over one connection.
#[derive(Debug)]
struct Line {
    conn: ConnNo,
    sync: DepthSync,
}

/// The book of one symbol, over the connection in use and its successor.
#[derive(Debug)]
pub(super) struct Feed {
    symbol: SymbolId,
    active: Option<Line>,
    spare: Option<Line>,
}

impl Feed {
    pub(super) fn new(symbol: SymbolId) -> Self {
        Self {
            symbol,
            active: None,
            spare: None,
        }
    }

    /// When a snapshot may be asked for.
    pub(super) fn retry_at(&self) -> Option<MonoNs> {
        let lines = [self.active.as_ref(), self.spare.as_ref()];
        let due = lines
            .into_iter()
            .flatten()
            .map(|line| line.sync.next_deadline());
        due.flatten().min()
    }

    /// Takes a frame; true if the connection now carries the symbol.
    fn frame(
        &mut self,
        conn: ConnNo,
        frame: &DepthFrame<'_>,
        emit: impl FnMut(Event<'_>),
    ) -> (bool, Progress) {
        let symbol = self.symbol;
        let new = || Line {
            conn,
            sync: DepthSync::new(symbol),
        };
        let active = self.active.get_or_insert_with(new);
        if active.conn == conn {
            return (true, active.sync.frame(frame, emit));
        }
        if self.spare.as_ref().is_some_and(|spare| spare.conn != conn) {
            self.spare = None;
        }
        let spare = self.spare.get_or_insert_with(new);
        let progress = spare.sync.frame(frame, emit);
        (self.promote(), progress)
    }

    /// Lets the successor take over once its book is whole.
    fn promote(&mut self) -> bool {
        let whole = self
            .spare
            .as_ref()
            .is_some_and(|spare| spare.sync.is_whole());
        if whole {
            self.active = self.spare.take();
        }
        whole
    }

    fn line(&mut self, conn: ConnNo) -> Option<&mut Line> {
        let lines = [self.active.as_mut(), self.spare.as_mut()];
        lines.into_iter().flatten().find(|line| line.conn == conn)
    }
}

impl Gateway {
    /// A frame of the public or the market stream, on connection `conn`.
    pub fn market_frame(
        &mut self,
        at: At,
        lane: LaneKind,
        conn: ConnNo,
        frame: &[u8],
        post: &mut impl Post,
    ) -> Topic {
        self.counts.frames += 1;
        let mut market = std::mem::take(&mut self.market);
        let table = Arc::clone(&self.table);
        let topic = match market.decode(&table, frame) {
            Ok(MarketFrame::Depth(frame)) => self.depth(at, conn, &frame, post),
            Ok(MarketFrame::Event { event, .. }) => {
                self.step(at, &event, post);
                match event {
                    Event::MarkChanged { symbol, .. } => Topic::Mark(symbol),
                    _ => Topic::Other,
                }
            }
            Ok(MarketFrame::Acknowledged { .. } | MarketFrame::Ignored(_)) => Topic::Other,
            Ok(MarketFrame::Refused { code, message, .. }) => {
                self.unreadable_frame(lane, format!("control request refused: {code} {message}"));
                Topic::Other
            }
            Err(error) => {
                self.unreadable_frame(lane, error.to_string());
                if lane == LaneKind::Public && may_change_book(frame) {
                    // It may have been a change of any of the books.
                    self.lose_lines(at, conn, BookLoss::Unreadable, post);
                }
                Topic::Other
            }
        };
        self.market = market;
        self.ask_due_snapshots(at, post);
        self.settle(at, post);
        topic
    }

    /// A connection of the public stream is gone.
    pub fn public_lost(&mut self, at: At, conn: ConnNo, post: &mut impl Post) {
        self.lose_lines(at, conn, BookLoss::Disconnected, post);
        for feed in &mut self.feeds {
            if feed.spare.as_ref().is_some_and(|spare| spare.conn == conn) {
                feed.spare = None;
            }
            if feed
                .active
                .as_ref()
                .is_some_and(|active| active.conn == conn)
            {
                feed.active = feed.spare.take();
            }
        }
        self.settle(at, post);
    }

    fn depth(
        &mut self,
        at: At,
        conn: ConnNo,
        frame: &DepthFrame<'_>,
        post: &mut impl Post,
    ) -> Topic {
        let symbol = frame.head.symbol;
        let mut feeds = std::mem::take(&mut self.feeds);
        let mut carried = false;
        if let Some(feed) = feeds.get_mut(usize::from(symbol.0)) {
            (carried, _) = feed.frame(conn, frame, |event| self.step(at, &event, post));
        }
        self.feeds = feeds;
        if carried {
            Topic::Depth(symbol)
        } else {
            Topic::Other
        }
    }

    /// The answer to a depth query.
    pub(super) fn snapshot(
        &mut self,
        at: At,
        symbol: SymbolId,
        conn: ConnNo,
        body: &[u8],
        post: &mut impl Post,
    ) {
        let mut market = std::mem::take(&mut self.market);
        let mut feeds = std::mem::take(&mut self.feeds);
        let table = Arc::clone(&self.table);
        let feed = feeds.get_mut(usize::from(symbol.0));
        let line = feed.and_then(|feed| feed.line(conn));
        match (line, market.snapshot(&table, symbol, body)) {
            (Some(line), Ok(snapshot)) => {
                let emit = |event: Event<'_>| self.step(at, &event, post);
                let _ = line.sync.snapshot(&snapshot, at.mono, emit);
            }
            (Some(line), Err(error)) => {
                let path = "/fapi/v1/depth";
                let reason = error.to_string();
                self.say(Said::ReplyUnreadable { path, reason });
                line.sync.snapshot_failed(at.mono);
            }
            (None, _) => {}
        }
        if let Some(feed) = feeds.get_mut(usize::from(symbol.0)) {
            feed.promote();
        }
        self.market = market;
        self.feeds = feeds;
    }

    /// A depth query brought nothing.
    pub(super) fn snapshot_failed(&mut self, symbol: SymbolId, conn: ConnNo, now: MonoNs) {
        let feed = self.feeds.get_mut(usize::from(symbol.0));
        if let Some(line) = feed.and_then(|feed| feed.line(conn)) {
            line.sync.snapshot_failed(now);
        }
    }

    /// The engine, or a change of filters, wants a book anew.
    pub(super) fn resync_book(&mut self, at: At, symbol: SymbolId, post: &mut impl Post) {
        let mut feeds = std::mem::take(&mut self.feeds);
        let feed = feeds.get_mut(usize::from(symbol.0));
        if let Some(line) = feed.and_then(|feed| feed.active.as_mut()) {
            let emit = |event: Event<'_>| self.step(at, &event, post);
            line.sync.lose(BookLoss::Gap, emit);
        }
        self.feeds = feeds;
    }

    /// Asks for every snapshot that is wanted and due.
    pub(super) fn ask_due_snapshots(&mut self, at: At, post: &mut impl Post) {
        for place in 0..self.feeds.len() {
            let Some(feed) = self.feeds.get_mut(place) else {
                continue;
            };
            let symbol = feed.symbol;
            let lines = [feed.active.as_mut(), feed.spare.as_mut()];
            let due = lines.map(|line| {
                let line = line?;
                line.sync.snapshot_due(at.mono).then_some(line.conn)
            });
            for conn in due.into_iter().flatten() {
                self.ask_snapshot(at, symbol, conn, post);
            }
        }
    }

    fn lose_lines(&mut self, at: At, conn: ConnNo, loss: BookLoss, post: &mut impl Post) {
        let mut feeds = std::mem::take(&mut self.feeds);
        for feed in &mut feeds {
            if let Some(line) = feed.line(conn) {
                line.sync.lose(loss, |event| self.step(at, &event, post));
            }
        }
        self.feeds = feeds;
    }
}

//! Proof that a book is whole: joins a snapshot to the stream of changes.
//!
//! Frames are kept until a snapshot falls inside one of them (`U ≤ id ≤ u`),
//! and from then on each frame must name its predecessor (`pu`). Anything
//! else loses the book and asks for a new snapshot; no book is ever passed on
//! that might lack a change. Pure: time is a parameter, fetching is the
//! driver's work.
//!
//! One machine follows one connection: two connections cut the stream into
//! frames at different places. For a change of connection, run a second
//! machine until it reports [`Progress::Restored`], then drop the first.

use std::collections::VecDeque;

use phoenix_domain::{BookLoss, Event, Level, MonoNs, SymbolId, VenueMs};

use crate::wire::market::{DepthFrame, DepthHead, DepthSnapshot};

/// Frames kept while a snapshot is awaited; at ten a second, more than a
/// minute. Beyond it the oldest go.
const FRAMES_MAX: usize = 1_024;

/// Levels kept in those frames, both sides together.
const LEVELS_MAX: usize = 400_000;

/// Wait between two snapshots: each costs 20 of 2400 weight.
const RETRY_MS_MIN: u64 = 250;
const RETRY_MS_MAX: u64 = 8_000;

/// Follows the book of one symbol on one connection.
#[derive(Debug)]
pub struct DepthSync {
    symbol: SymbolId,
    state: State,
    kept: VecDeque<Kept>,
    kept_levels: usize,
    fetch: Fetch,
    counts: SyncCounts,
}

/// What one input did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The frame followed and was passed on.
    Applied,
    /// The frame is kept until a snapshot comes.
    Kept,
    /// The frame holds nothing new.
    Repeated,
    /// The book is whole again and was passed on.
    Restored,
    /// The book is lost; a snapshot is wanted.
    Lost,
    /// The snapshot is older than the frames at hand; another is wanted.
    SnapshotStale,
    /// The snapshot is newer than the frames at hand and waits for them.
    SnapshotEarly,
    /// Nobody wanted this snapshot.
    SnapshotUnwanted,
}

/// What has happened so far, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncCounts {
    /// Frames passed on.
    pub applied: u64,
    /// Times the book was lost after having been whole.
    pub lost: u64,
    /// Frames with nothing new.
    pub repeated: u64,
    /// Snapshots too old to use.
    pub stale_snapshots: u64,
    /// Kept frames that were given up because there were too many.
    pub overflowed: u64,
}

#[derive(Debug)]
enum State {
    /// No book. Frames are kept; they follow one another.
    Waiting,
    /// A snapshot that no frame has reached yet.
    Early(Snapshot),
    /// A whole book up to this id.
    Whole(u64),
}

#[derive(Debug)]
struct Snapshot {
    book_id: u64,
    venue_ms: VenueMs,
    bids: Vec<Level>,
    asks: Vec<Level>,
}

#[derive(Debug)]
struct Kept {
    head: DepthHead,
    bids: Vec<Level>,
    asks: Vec<Level>,
}

/// When the next snapshot may be asked for.
#[derive(Debug)]
struct Fetch {
    asked: bool,
    not_before: MonoNs,
    retry_ms: u64,
}

/// How a frame stands to the last id known.
enum Place {
    Old,
    Next,
    Beyond,
}

impl DepthSync {
    /// A machine that has seen nothing.
    #[must_use]
    pub fn new(symbol: SymbolId) -> Self {
        Self {
            symbol,
            state: State::Waiting,
            kept: VecDeque::new(),
            kept_levels: 0,
            fetch: Fetch {
                asked: false,
                not_before: MonoNs(0),
                retry_ms: RETRY_MS_MIN,
            },
            counts: SyncCounts::default(),
        }
    }

    /// Takes a frame of this symbol; `emit` receives what is proven.
    pub fn frame(&mut self, frame: &DepthFrame<'_>, mut emit: impl FnMut(Event<'_>)) -> Progress {
        debug_assert_eq!(frame.head.symbol, self.symbol);
        match &self.state {
            State::Whole(last_id) => match place(&frame.head, *last_id) {
                Place::Next => self.apply(&frame.head, frame.bids, frame.asks, &mut emit),
                Place::Old => self.repeated(),
                Place::Beyond => {
                    self.lose(BookLoss::Gap, emit);
                    self.keep(frame);
                    Progress::Lost
                }
            },
            State::Early(snapshot) => {
                let book_id = snapshot.book_id;
                if self.keep(frame) == Progress::Repeated {
                    return Progress::Repeated;
                }
                self.join(book_id, emit)
            }
            State::Waiting => self.keep(frame),
        }
    }

    /// Takes the answer to a depth query.
    pub fn snapshot(
        &mut self,
        snapshot: &DepthSnapshot<'_>,
        now: MonoNs,
        emit: impl FnMut(Event<'_>),
    ) -> Progress {
        self.fetch.asked = false;
        match &self.state {
            State::Whole(_) => return Progress::SnapshotUnwanted,
            State::Waiting | State::Early(_) => {}
        }
        self.state = State::Early(Snapshot {
            book_id: snapshot.book_id,
            venue_ms: snapshot.venue_ms,
            bids: snapshot.bids.to_vec(),
            asks: snapshot.asks.to_vec(),
        });
        let progress = self.join(snapshot.book_id, emit);
        if progress == Progress::SnapshotStale {
            self.fetch.back_off(now);
        }
        progress
    }

    /// The query for a snapshot failed.
    pub fn snapshot_failed(&mut self, now: MonoNs) {
        self.fetch.asked = false;
        self.fetch.back_off(now);
    }

    /// True once whenever a snapshot is to be fetched: after the first frame,
    /// not while one is under way, and no sooner than the last failure allows.
    pub fn snapshot_due(&mut self, now: MonoNs) -> bool {
        let due = self.wants_snapshot() && now >= self.fetch.not_before;
        self.fetch.asked |= due;
        due
    }

    /// When [`Self::snapshot_due`] is worth asking again.
    #[must_use]
    pub fn next_deadline(&self) -> Option<MonoNs> {
        self.wants_snapshot().then_some(self.fetch.not_before)
    }

    /// The book can no longer be trusted: the connection ended, a frame was
    /// unreadable, or the engine wants it anew.
    pub fn lose(&mut self, loss: BookLoss, mut emit: impl FnMut(Event<'_>)) {
        if let State::Whole(_) = self.state {
            self.counts.lost += 1;
            emit(Event::BookLost {
                symbol: self.symbol,
                loss,
            });
        }
        self.state = State::Waiting;
        self.forget_kept();
    }

    /// The book is whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.state, State::Whole(_))
    }

    /// What has happened so far.
    #[must_use]
    pub fn counts(&self) -> SyncCounts {
        self.counts
    }

    fn wants_snapshot(&self) -> bool {
        let waiting = matches!(self.state, State::Waiting);
        waiting && !self.fetch.asked && !self.kept.is_empty()
    }

    fn apply(
        &mut self,
        head: &DepthHead,
        bids: &[Level],
        asks: &[Level],
        emit: &mut impl FnMut(Event<'_>),
    ) -> Progress {
        self.state = State::Whole(head.last_id);
        self.counts.applied += 1;
        emit(Event::BookChanged {
            symbol: self.symbol,
            book_id: head.last_id,
            venue_ms: head.venue_ms,
            bids,
            asks,
        });
        Progress::Applied
    }

    fn repeated(&mut self) -> Progress {
        self.counts.repeated += 1;
        Progress::Repeated
    }

    /// Keeps a frame if it follows the kept ones; starts anew from it if a
    /// frame is missing in between.
    fn keep(&mut self, frame: &DepthFrame<'_>) -> Progress {
        if let Some(last) = self.kept.back() {
            match place(&frame.head, last.head.last_id) {
                Place::Old => return self.repeated(),
                Place::Next => {}
                Place::Beyond => self.forget_kept(),
            }
        }
        self.kept_levels += frame.bids.len() + frame.asks.len();
        self.kept.push_back(Kept {
            head: frame.head,
            bids: frame.bids.to_vec(),
            asks: frame.asks.to_vec(),
        });
        while self.kept.len() > FRAMES_MAX || self.kept_levels > LEVELS_MAX {
            self.counts.overflowed += 1;
            self.drop_oldest();
        }
        Progress::Kept
    }

    /// Joins the snapshot at hand to the kept frames.
    fn join(&mut self, book_id: u64, mut emit: impl FnMut(Event<'_>)) -> Progress {
        while let Some(oldest) = self.kept.front()
            && oldest.head.last_id < book_id
        {
            self.drop_oldest();
        }
        let Some(first) = self.kept.front() else {
            return Progress::SnapshotEarly;
        };
        // A frame that names the snapshot's id as its predecessor follows it
        // as surely as one that contains it.
        if first.head.first_id > book_id && first.head.prev_id != book_id {
            self.counts.stale_snapshots += 1;
            self.state = State::Waiting;
            return Progress::SnapshotStale;
        }
        let State::Early(snapshot) = std::mem::replace(&mut self.state, State::Whole(book_id))
        else {
            unreachable!("join is called with a snapshot at hand");
        };
        emit(Event::BookReplaced {
            symbol: self.symbol,
            book_id,
            venue_ms: snapshot.venue_ms,
            bids: &snapshot.bids,
            asks: &snapshot.asks,
        });
        while let Some(kept) = self.kept.pop_front() {
            self.apply(&kept.head, &kept.bids, &kept.asks, &mut emit);
        }
        self.kept_levels = 0;
        self.fetch.retry_ms = RETRY_MS_MIN;
        Progress::Restored
    }

    fn drop_oldest(&mut self) {
        if let Some(kept) = self.kept.pop_front() {
            self.kept_levels -= kept.bids.len() + kept.asks.len();
        }
    }

    fn forget_kept(&mut self) {
        self.kept.clear();
        self.kept_levels = 0;
    }
}

impl Fetch {
    fn back_off(&mut self, now: MonoNs) {
        self.not_before = now.plus_ms(self.retry_ms);
        self.retry_ms = (self.retry_ms * 2).min(RETRY_MS_MAX);
    }
}

/// A frame whose own ids contradict each other never follows.
fn place(head: &DepthHead, last_id: u64) -> Place {
    if head.last_id <= last_id {
        Place::Old
    } else if head.prev_id == last_id && head.first_id <= head.last_id {
        Place::Next
    } else {
        Place::Beyond
    }
}

#[cfg(test)]
mod tests;

use super::*;
use phoenix_domain::{Price, Qty};
use proptest::prelude::*;
use std::collections::BTreeMap;

const SYMBOL: SymbolId = SymbolId(0);

/// One frame of a made-up stream: price 1 to 8, a quantity, and its ids.
#[derive(Clone, Debug)]
struct Made {
    head: DepthHead,
    levels: Vec<Level>,
}

fn head(first_id: u64, last_id: u64, prev_id: u64) -> DepthHead {
    DepthHead {
        symbol: SYMBOL,
        first_id,
        last_id,
        prev_id,
        venue_ms: VenueMs(0),
        sent_ms: VenueMs(0),
    }
}

fn level(price: i64, qty: i64) -> Level {
    Level {
        price: Price(price),
        qty: Qty(qty),
    }
}

/// The book that the emitted events add up to.
#[derive(Default, Debug)]
struct Rebuilt {
    levels: BTreeMap<i64, i64>,
    book_id: Option<u64>,
    losses: usize,
}

impl Rebuilt {
    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::BookReplaced { book_id, bids, .. } => {
                self.levels.clear();
                self.book_id = Some(*book_id);
                self.put(bids);
            }
            Event::BookChanged { book_id, bids, .. } => {
                assert!(self.book_id.is_some(), "a change without a book");
                self.book_id = Some(*book_id);
                self.put(bids);
            }
            Event::BookLost { .. } => {
                self.losses += 1;
                self.book_id = None;
            }
            other => panic!("{other:?}"),
        }
    }

    fn put(&mut self, levels: &[Level]) {
        for level in levels {
            if level.qty.is_zero() {
                self.levels.remove(&level.price.0);
            } else {
                self.levels.insert(level.price.0, level.qty.0);
            }
        }
    }
}

struct Bench {
    sync: DepthSync,
    book: Rebuilt,
}

impl Bench {
    fn new() -> Self {
        Self {
            sync: DepthSync::new(SYMBOL),
            book: Rebuilt::default(),
        }
    }

    fn frame(&mut self, head: DepthHead, levels: &[Level]) -> Progress {
        let frame = DepthFrame {
            head,
            bids: levels,
            asks: &[],
        };
        self.sync.frame(&frame, |event| self.book.take(&event))
    }

    fn snapshot(&mut self, book_id: u64, levels: &[Level]) -> Progress {
        let snapshot = DepthSnapshot {
            symbol: SYMBOL,
            book_id,
            venue_ms: VenueMs(0),
            bids: levels,
            asks: &[],
        };
        self.sync
            .snapshot(&snapshot, MonoNs(0), |event| self.book.take(&event))
    }
}

#[test]
fn a_snapshot_inside_a_kept_frame_makes_a_book() {
    let mut bench = Bench::new();
    assert!(!bench.sync.snapshot_due(MonoNs(0)), "nothing has come yet");
    assert_eq!(bench.frame(head(11, 20, 5), &[level(1, 9)]), Progress::Kept);
    assert!(bench.sync.snapshot_due(MonoNs(0)));
    assert!(!bench.sync.snapshot_due(MonoNs(0)), "one at a time");
    assert_eq!(
        bench.frame(head(33, 40, 20), &[level(2, 7)]),
        Progress::Kept
    );
    assert_eq!(
        bench.snapshot(35, &[level(1, 9), level(2, 1)]),
        Progress::Restored
    );
    assert_eq!(bench.book.levels, BTreeMap::from([(1, 9), (2, 7)]));
    assert_eq!(
        bench.frame(head(50, 60, 40), &[level(1, 0)]),
        Progress::Applied
    );
    assert_eq!(bench.book.levels, BTreeMap::from([(2, 7)]));
    assert_eq!(bench.book.book_id, Some(60));
}

#[test]
fn a_gap_loses_the_book_and_keeps_the_frame_that_showed_it() {
    let mut bench = Bench::new();
    bench.frame(head(1, 10, 0), &[]);
    assert_eq!(bench.snapshot(10, &[level(1, 1)]), Progress::Restored);
    assert_eq!(bench.frame(head(1, 10, 0), &[]), Progress::Repeated);
    assert_eq!(
        bench.frame(head(31, 40, 30), &[level(3, 3)]),
        Progress::Lost
    );
    assert_eq!((bench.book.losses, bench.book.book_id), (1, None));
    assert!(bench.sync.snapshot_due(MonoNs(0)));
    assert_eq!(bench.snapshot(38, &[level(3, 2)]), Progress::Restored);
    assert_eq!(bench.book.levels, BTreeMap::from([(3, 3)]));
    assert_eq!(bench.snapshot(39, &[]), Progress::SnapshotUnwanted);
}

#[test]
fn old_and_early_snapshots() {
    let mut bench = Bench::new();
    bench.frame(head(21, 30, 19), &[level(1, 1)]);
    assert_eq!(bench.snapshot(18, &[]), Progress::SnapshotStale);
    assert_eq!(
        bench.sync.next_deadline(),
        Some(MonoNs(0).plus_ms(RETRY_MS_MIN))
    );
    assert!(!bench.sync.snapshot_due(MonoNs(0)), "not at once again");
    assert!(bench.sync.snapshot_due(MonoNs(0).plus_ms(RETRY_MS_MIN)));
    bench.sync.snapshot_failed(MonoNs(0));
    assert_eq!(
        bench.sync.next_deadline(),
        Some(MonoNs(0).plus_ms(2 * RETRY_MS_MIN))
    );
    assert_eq!(
        bench.snapshot(19, &[level(1, 5)]),
        Progress::Restored,
        "pu names it"
    );
    assert_eq!(bench.book.levels, BTreeMap::from([(1, 1)]));

    let mut bench = Bench::new();
    bench.frame(head(21, 30, 19), &[]);
    assert_eq!(bench.snapshot(55, &[level(1, 5)]), Progress::SnapshotEarly);
    assert_eq!(bench.book.book_id, None);
    assert_eq!(bench.frame(head(31, 50, 30), &[]), Progress::SnapshotEarly);
    assert_eq!(
        bench.frame(head(51, 60, 50), &[level(2, 2)]),
        Progress::Restored
    );
    assert_eq!(bench.book.levels, BTreeMap::from([(1, 5), (2, 2)]));
}

#[test]
fn a_lost_connection_is_told_once() {
    let mut bench = Bench::new();
    bench.frame(head(1, 10, 0), &[]);
    bench.snapshot(10, &[]);
    for _ in 0..2 {
        bench
            .sync
            .lose(BookLoss::Disconnected, |event| bench.book.take(&event));
    }
    assert_eq!(bench.book.losses, 1);
    assert!(!bench.sync.is_whole());
    assert_eq!(bench.sync.next_deadline(), None, "no frame, no snapshot");
}

#[test]
fn frames_awaiting_a_snapshot_are_bounded() {
    let mut bench = Bench::new();
    for id in 1..=(FRAMES_MAX as u64 + 10) {
        assert_eq!(bench.frame(head(id, id, id - 1), &[]), Progress::Kept);
    }
    assert_eq!(bench.sync.counts().overflowed, 10);
    assert_eq!(bench.snapshot(5, &[]), Progress::SnapshotStale);
    assert_eq!(bench.snapshot(500, &[]), Progress::Restored);
    assert_eq!(bench.book.book_id, Some(FRAMES_MAX as u64 + 10));
}

/// What the network does to a stream.
#[derive(Clone, Debug)]
enum Act {
    /// Delivers the next frame.
    Deliver,
    /// Loses the next frame.
    Lose,
    /// Delivers the frame this far back again.
    Again(usize),
    /// Delivers the one after the next before the next.
    Swap,
    /// Answers with a snapshot as of this many frames ago, cut inside it.
    Snapshot(usize, bool),
    /// Ends the connection.
    Disconnect,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => Just(Act::Deliver),
        1 => Just(Act::Lose),
        1 => (1_usize..4).prop_map(Act::Again),
        1 => Just(Act::Swap),
        3 => (0_usize..3, any::<bool>()).prop_map(|(lag, inside)| Act::Snapshot(lag, inside)),
        1 => Just(Act::Disconnect),
    ];
    proptest::collection::vec(act, 1..80)
}

/// Frames with gaps between their ids, as one symbol's share of a global
/// counter, each of several single changes.
fn stream() -> impl Strategy<Value = Vec<Made>> {
    let change = (1_i64..9, 0_i64..5);
    let frame = (1_u64..40, proptest::collection::vec(change, 1..4));
    proptest::collection::vec(frame, 90).prop_map(|frames| {
        let mut prev_id = 100;
        let mut made = Vec::new();
        for (gap, changes) in frames {
            let first_id = prev_id + gap;
            let last_id = first_id + changes.len() as u64 - 1;
            let levels = changes
                .iter()
                .map(|&(price, qty)| level(price, qty))
                .collect();
            made.push(Made {
                head: head(first_id, last_id, prev_id),
                levels,
            });
            prev_id = last_id;
        }
        made
    })
}

/// The true book after `count` frames, or inside the last of them.
fn truth(frames: &[Made], count: usize, inside: bool) -> (u64, BTreeMap<i64, i64>) {
    let mut book = Rebuilt::default();
    let Some((last, before)) = frames[..count].split_last() else {
        return (100, BTreeMap::new());
    };
    for frame in before {
        book.put(&frame.levels);
    }
    let kept = if inside { 1 } else { last.levels.len() };
    book.put(&last.levels[..kept]);
    (last.head.first_id + kept as u64 - 1, book.levels)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever is lost, doubled or swapped: a book that counts as whole is
    /// the true book of its id.
    #[test]
    fn no_wrong_book_ever_counts_as_whole(frames in stream(), acts in acts()) {
        let mut bench = Bench::new();
        let mut next = 0;
        for act in acts {
            let mut deliver: Vec<usize> = Vec::new();
            match act {
                Act::Deliver => { deliver.push(next); next += 1; }
                Act::Lose => next += 1,
                Act::Again(back) => deliver.extend(next.checked_sub(back)),
                Act::Swap => { deliver.extend([next + 1, next]); next += 2; }
                Act::Snapshot(lag, inside) => {
                    let (id, book) = truth(&frames, next.saturating_sub(lag).min(90), inside);
                    let levels: Vec<_> = book.iter().map(|(&p, &q)| level(p, q)).collect();
                    bench.snapshot(id, &levels);
                }
                Act::Disconnect => {
                    bench.sync.lose(BookLoss::Disconnected, |event| bench.book.take(&event));
                }
            }
            for place in deliver {
                if let Some(made) = frames.get(place) {
                    bench.frame(made.head, &made.levels);
                }
            }
            prop_assert_eq!(bench.sync.is_whole(), bench.book.book_id.is_some());
            if let Some(id) = bench.book.book_id {
                let count = frames.iter().filter(|made| made.head.last_id <= id).count();
                let whole = frames.get(count).is_none_or(|made| made.head.first_id > id);
                prop_assert!(whole, "a whole book ends with a frame");
                prop_assert_eq!(&bench.book.levels, &truth(&frames, count, false).1);
            }
        }
    }

    /// Once the network heals, a fresh snapshot always restores the book.
    #[test]
    fn a_healed_stream_is_restored(frames in stream(), acts in acts()) {
        let mut bench = Bench::new();
        let mut next = 0;
        for act in acts {
            if let Act::Deliver = act {
                bench.frame(frames[next].head, &frames[next].levels);
            }
            next = (next + 1).min(85);
        }
        for made in &frames[next..next + 2] {
            bench.frame(made.head, &made.levels);
        }
        let (id, book) = truth(&frames, next + 2, true);
        let levels: Vec<_> = book.iter().map(|(&p, &q)| level(p, q)).collect();
        bench.snapshot(id, &levels);
        prop_assert!(bench.sync.is_whole());
        prop_assert_eq!(&bench.book.levels, &truth(&frames, next + 2, false).1);
    }
}

//! The joining of snapshot and stream under any ids: a change is only ever
//! passed on for a book that was passed on before it, and ids never go back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_binance::depth_sync::DepthSync;
use phoenix_binance::wire::market::{DepthFrame, DepthHead, DepthSnapshot};
use phoenix_domain::{BookLoss, Event, MonoNs, SymbolId, VenueMs};

fuzz_target!(|bytes: &[u8]| {
    let symbol = SymbolId(0);
    let mut sync = DepthSync::new(symbol);
    let mut whole: Option<u64> = None;
    for act in bytes.chunks_exact(4) {
        let ids = [act[1], act[2], act[3]].map(u64::from);
        let emit = |event: Event<'_>| match event {
            Event::BookReplaced { book_id, .. } => whole = Some(book_id),
            Event::BookChanged { book_id, .. } => {
                assert!(whole.expect("a book before its change") <= book_id);
                whole = Some(book_id);
            }
            Event::BookLost { .. } => whole = None,
            other => panic!("{other:?}"),
        };
        match act[0] % 8 {
            0 => sync.lose(BookLoss::Disconnected, emit),
            1 | 2 => {
                let snapshot = DepthSnapshot {
                    symbol,
                    book_id: ids[0],
                    venue_ms: VenueMs(0),
                    bids: &[],
                    asks: &[],
                };
                sync.snapshot(&snapshot, MonoNs(0), emit);
            }
            _ => {
                let head = DepthHead {
                    symbol,
                    first_id: ids[0],
                    last_id: ids[1],
                    prev_id: ids[2],
                    venue_ms: VenueMs(0),
                    sent_ms: VenueMs(0),
                };
                let frame = DepthFrame {
                    head,
                    bids: &[],
                    asks: &[],
                };
                sync.frame(&frame, emit);
            }
        }
        assert_eq!(sync.is_whole(), whole.is_some());
    }
});

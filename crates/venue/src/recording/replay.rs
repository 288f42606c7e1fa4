//! A recording on the exchange's clock: frames become due at their local
//! time, moved so that the first one is due at the start, and their numbers
//! become ticks and lots.

use phoenix_domain::{Decimal, Instrument, Level, Price, Qty, Rate, SymbolId};

use crate::exchange::{RecordedDepth, VenueNs};
use crate::recording::frame::{Content, Depth, TextLevel};
use crate::recording::{Recording, Skipped};

/// A recorded happening, due now.
#[derive(Debug, PartialEq)]
pub(crate) enum Due {
    /// A whole book.
    Snapshot(SymbolId, RecordedDepth),
    /// A change of the book, on top of a snapshot where there was a gap.
    Depth(SymbolId, Option<RecordedDepth>, RecordedDepth),
    /// A top of the book with its update id.
    Top {
        symbol: SymbolId,
        id: u64,
        engine: VenueNs,
        bid: Level,
        ask: Level,
    },
    /// A trade.
    Trade {
        symbol: SymbolId,
        id: u64,
        engine: VenueNs,
        level: Level,
        buyer_maker: bool,
    },
    /// The last frame has been replayed.
    Ended,
}

#[derive(Debug, Default)]
struct Track {
    /// Recorded event time minus time on our clock, ms; set by the first
    /// frame that has one.
    ahead_ms: Option<i64>,
    mark: Option<(Decimal, Decimal, Rate)>,
    last_id: u64,
    /// A snapshot that was not needed when it came, and is if a gap follows.
    spare: Option<Depth>,
    /// Single trades are recorded: aggregated ones would count twice.
    single_trades: bool,
}

#[derive(Debug)]
pub(crate) struct Replay {
    recording: Recording,
    instruments: Vec<Instrument>,
    tracks: Vec<Track>,
    start: VenueNs,
    first_ns: u64,
    ended: bool,
    skipped: Skipped,
}

impl Replay {
    pub(crate) fn new(recording: Recording, instruments: Vec<Instrument>, start: VenueNs) -> Self {
        Self {
            first_ns: recording.next_ns().unwrap_or(0),
            tracks: instruments.iter().map(|_| Track::default()).collect(),
            recording,
            instruments,
            start,
            ended: false,
            skipped: Skipped::default(),
        }
    }

    pub(crate) fn skipped(&self) -> Skipped {
        self.skipped
    }

    /// When the next frame is due.
    pub(crate) fn next_at(&self) -> Option<VenueNs> {
        if self.ended {
            return None;
        }
        let ns = self.recording.next_ns().unwrap_or(self.first_ns);
        Some(VenueNs(
            self.start
                .0
                .saturating_add(ns.saturating_sub(self.first_ns)),
        ))
    }

    /// The latest recorded mark price, index and funding rate of a symbol.
    pub(crate) fn mark(&self, symbol: SymbolId) -> Option<(Decimal, Decimal, Rate)> {
        self.tracks.get(usize::from(symbol.0))?.mark
    }

    /// The next frame, which is due at `now`; `None` for one that says
    /// nothing about the book.
    pub(crate) fn next(&mut self, now: VenueNs) -> Option<Due> {
        let Some(frame) = self.recording.next(&mut self.skipped) else {
            self.ended = true;
            return Some(Due::Ended);
        };
        let named = |instrument: &Instrument| instrument.symbol() == frame.symbol;
        let Some(index) = self.instruments.iter().position(named) else {
            self.skipped.foreign += 1;
            return None;
        };
        let symbol = SymbolId(index as u16);
        match frame.content {
            Content::Snapshot(depth) => self.snapshot(symbol, depth, now),
            Content::Depth(depth) => self.depth(symbol, depth, now),
            Content::Top {
                id,
                engine_ms,
                bid,
                ask,
            } => {
                let (bid, ask) = (self.level(symbol, &bid)?, self.level(symbol, &ask)?);
                let engine = self.moved(symbol, engine_ms, now);
                Some(Due::Top {
                    symbol,
                    id,
                    engine,
                    bid,
                    ask,
                })
            }
            Content::Trade {
                id,
                engine_ms,
                level,
                buyer_maker,
                whole,
                ..
            } => {
                let track = &mut self.tracks[index];
                track.single_trades |= !whole;
                if whole && track.single_trades {
                    self.skipped.foreign += 1;
                    return None;
                }
                let level = self.level(symbol, &level)?;
                let engine = self.moved(symbol, engine_ms, now);
                Some(Due::Trade {
                    symbol,
                    id,
                    engine,
                    level,
                    buyer_maker,
                })
            }
            Content::Mark {
                mark,
                index: elsewhere,
                funding,
            } => {
                let read = |text: &str| Decimal::parse(text.as_bytes()).ok();
                let figures = (read(&mark), read(&elsewhere), read(&funding));
                match figures {
                    (Some(mark), Some(elsewhere), Some(funding)) => {
                        self.tracks[index].mark = Some((mark, elsewhere, Rate(funding.0)));
                    }
                    _ => self.skipped.off_grid += 1,
                }
                None
            }
        }
    }

    /// A snapshot starts a book; a later one is kept in case of a gap.
    fn snapshot(&mut self, symbol: SymbolId, depth: Depth, now: VenueNs) -> Option<Due> {
        let track = &mut self.tracks[usize::from(symbol.0)];
        if track.last_id != 0 {
            track.spare = Some(depth);
            return None;
        }
        track.last_id = depth.last_id;
        Some(Due::Snapshot(symbol, self.converted(symbol, &depth, now)))
    }

    fn depth(&mut self, symbol: SymbolId, depth: Depth, now: VenueNs) -> Option<Due> {
        let track = &mut self.tracks[usize::from(symbol.0)];
        if depth.last_id < track.last_id {
            // Older than the snapshot the book started with.
            return None;
        }
        // Right after a snapshot the first frame may reach back beyond it.
        let joins = |id: u64| depth.first_id <= id && id <= depth.last_id;
        let follows = depth.previous_id == track.last_id || joins(track.last_id);
        let mut repair = None;
        if track.last_id != 0 && !follows {
            self.skipped.gaps += 1;
            repair = track.spare.take();
        }
        track.last_id = depth.last_id;
        let repair = repair.map(|snapshot| self.converted(symbol, &snapshot, now));
        let frame = self.converted(symbol, &depth, now);
        Some(Due::Depth(symbol, repair, frame))
    }

    fn converted(&mut self, symbol: SymbolId, depth: &Depth, now: VenueNs) -> RecordedDepth {
        let event_ms = self.moved(symbol, depth.event_ms, now).ms();
        let lag_ms = (depth.event_ms - depth.engine_ms).clamp(0, 10_000);
        let levels = |levels: &[TextLevel], replay: &mut Self| {
            levels
                .iter()
                .filter_map(|level| replay.level(symbol, level))
                .collect()
        };
        RecordedDepth {
            event_ms,
            engine_ms: event_ms - lag_ms,
            first_id: depth.first_id,
            last_id: depth.last_id,
            previous_id: depth.previous_id,
            bids: levels(&depth.bids, self),
            asks: levels(&depth.asks, self),
        }
    }

    fn level(&mut self, symbol: SymbolId, (price, qty): &TextLevel) -> Option<Level> {
        let instrument = &self.instruments[usize::from(symbol.0)];
        let price = instrument.parse_price(price.as_bytes());
        let qty = instrument.parse_qty(qty.as_bytes());
        let level = price.zip(qty).map(|(price, qty)| Level { price, qty });
        let sane = level.filter(|level| level.price > Price::ZERO && level.qty >= Qty::ZERO);
        if sane.is_none() {
            self.skipped.off_grid += 1;
        }
        sane
    }

    /// A recorded time on our clock: never later than now, since nobody sends
    /// a frame before its event.
    fn moved(&mut self, symbol: SymbolId, ms: i64, now: VenueNs) -> VenueNs {
        let track = &mut self.tracks[usize::from(symbol.0)];
        let ahead = *track.ahead_ms.get_or_insert(ms.saturating_sub(now.ms()));
        VenueNs::from_ms(ms.saturating_sub(ahead)).min(now)
    }
}

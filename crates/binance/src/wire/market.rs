//! Market streams: book changes, best prices, trades, mark prices.
//!
//! Two readers give one answer. The fast one knows the frames as the exchange
//! writes them today, verifies every key and every mark of punctuation, and
//! gives up at the first surprise; the general one then decides. Whenever the
//! fast one answers, the general one answers the same (a property test).
//!
//! Continuity of the book is not judged here but in [`crate::depth_sync`].

mod fast;
mod general;
mod scan;

use phoenix_domain::{Event, Level, SymbolId, VenueMs};

use super::json::{DecodeError, check_length};
use crate::symbols::SymbolTable;

/// Levels a side that one frame or snapshot may carry.
pub const LEVELS_MAX: usize = 5_000;

/// Reads market frames into buffers that it reuses.
#[derive(Debug, Default)]
pub struct MarketDecoder {
    levels: Levels,
    counts: MarketCounts,
}

/// What the decoder has seen, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MarketCounts {
    /// Frames that the fast reader read.
    pub fast: u64,
    /// Frames left to the general reader.
    pub general: u64,
    /// Frames that could not be read.
    pub unreadable: u64,
    /// Frames of no interest.
    pub ignored: u64,
}

/// One market frame.
#[derive(Clone, Debug, PartialEq)]
pub enum MarketFrame<'a> {
    /// Changed levels, continuity not yet proven.
    Depth(DepthFrame<'a>),
    /// Best prices, a trade or a mark price: ready for the engine.
    Event {
        /// The event.
        event: Event<'static>,
        /// When the exchange sent it.
        sent_ms: VenueMs,
    },
    /// A subscription or another control request succeeded.
    Acknowledged {
        /// The number we gave the request.
        id: u64,
    },
    /// A control request failed.
    Refused {
        /// The number we gave the request, if the exchange repeats it.
        id: Option<u64>,
        /// The exchange's code.
        code: i32,
        /// The exchange's text.
        message: String,
    },
    /// Nothing for us.
    Ignored(Ignored),
}

/// Why a frame is of no interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// A kind of event that Phoenix does not follow, or does not know.
    Kind,
    /// A symbol that this run does not trade.
    Symbol,
    /// The coin-margined family, which shares the streams since 2026-06-30.
    CoinMargined,
    /// Best prices of a book of which one side is empty: no price to follow.
    /// The depth stream tells of the emptiness.
    OneSided,
}

/// A frame of book changes as the exchange sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthFrame<'a> {
    /// What of it is a plain number.
    pub head: DepthHead,
    /// Changed bids with their absolute quantities.
    pub bids: &'a [Level],
    /// Changed asks with their absolute quantities.
    pub asks: &'a [Level],
}

/// Identity of a frame of book changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthHead {
    /// The symbol.
    pub symbol: SymbolId,
    /// Id of the first change contained.
    pub first_id: u64,
    /// Id of the last change contained.
    pub last_id: u64,
    /// Id of the last change of the frame before this one.
    pub prev_id: u64,
    /// Engine time of the exchange.
    pub venue_ms: VenueMs,
    /// When the exchange sent it.
    pub sent_ms: VenueMs,
}

/// A whole book from a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthSnapshot<'a> {
    /// The symbol asked for (the answer does not name it).
    pub symbol: SymbolId,
    /// Id of the last change contained.
    pub book_id: u64,
    /// Engine time of the exchange.
    pub venue_ms: VenueMs,
    /// Best first.
    pub bids: &'a [Level],
    /// Best first.
    pub asks: &'a [Level],
}

/// False only if the frame is certainly none of book changes: an unreadable
/// one of those costs no book its trust.
#[must_use]
pub fn may_change_book(frame: &[u8]) -> bool {
    let harmless = [
        &br#""e":"bookTicker""#[..],
        br#""e":"aggTrade""#,
        br#""e":"trade""#,
        br#""e":"markPriceUpdate""#,
    ];
    // Only the kind of a frame cut or damaged later can be trusted, and it
    // stands at the front.
    let front = frame.get(..128).unwrap_or(frame);
    let has = |kind: &&[u8]| front.windows(kind.len()).any(|window| window == *kind);
    !harmless.iter().any(has)
}

/// Scratch space for one frame.
#[derive(Debug, Default)]
struct Levels {
    bids: Vec<Level>,
    asks: Vec<Level>,
}

/// A frame whose levels are still in the scratch space.
#[derive(Clone, Debug, PartialEq)]
enum Decoded {
    Depth(DepthHead),
    Frame(MarketFrame<'static>),
}

impl MarketDecoder {
    /// A decoder with empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one text frame, raw or wrapped in `{"stream":…,"data":…}`.
    ///
    /// # Errors
    /// Bytes that are no such frame, or hold a number that cannot be.
    pub fn decode(
        &mut self,
        table: &SymbolTable,
        frame: &[u8],
    ) -> Result<MarketFrame<'_>, DecodeError> {
        if let Some(quick) = fast::frame(table, frame, &mut self.levels) {
            self.counts.fast += 1;
            return Ok(quick.into_frame(&self.levels));
        }
        self.counts.general += 1;
        self.decode_general(table, frame)
    }

    /// The general reader alone: what [`Self::decode`] falls back to.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_general(
        &mut self,
        table: &SymbolTable,
        frame: &[u8],
    ) -> Result<MarketFrame<'_>, DecodeError> {
        let decoded =
            check_length(frame).and_then(|()| general::frame(table, frame, &mut self.levels));
        match decoded {
            Ok(decoded) => Ok(self.borrow(decoded)),
            Err(error) => {
                self.counts.unreadable += 1;
                Err(error)
            }
        }
    }

    /// Reads the answer to a depth query of `symbol`.
    ///
    /// # Errors
    /// Bytes that are no snapshot, or hold a number that cannot be.
    pub fn snapshot(
        &mut self,
        table: &SymbolTable,
        symbol: SymbolId,
        body: &[u8],
    ) -> Result<DepthSnapshot<'_>, DecodeError> {
        check_length(body)?;
        let entry = table.entry(symbol);
        let (book_id, venue_ms) = match fast::snapshot(entry, body, &mut self.levels) {
            Some(head) => head,
            None => general::snapshot(entry, body, &mut self.levels)?,
        };
        Ok(DepthSnapshot {
            symbol,
            book_id,
            venue_ms,
            bids: &self.levels.bids,
            asks: &self.levels.asks,
        })
    }

    /// What has been seen so far.
    #[must_use]
    pub fn counts(&self) -> MarketCounts {
        self.counts
    }

    fn borrow(&mut self, decoded: Decoded) -> MarketFrame<'_> {
        match decoded {
            Decoded::Depth(head) => MarketFrame::Depth(DepthFrame {
                head,
                bids: &self.levels.bids,
                asks: &self.levels.asks,
            }),
            Decoded::Frame(frame) => {
                if let MarketFrame::Ignored(_) = frame {
                    self.counts.ignored += 1;
                }
                frame
            }
        }
    }
}

#[cfg(test)]
mod tests;

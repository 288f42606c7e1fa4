//! Orders as the exchange holds them, and what can become of a request.

use core::fmt;

use crate::event::OrderReport;

/// Which way an order trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Adds to a long position; rests among the bids.
    Buy,
    /// Adds to a short position; rests among the asks.
    Sell,
}

impl Side {
    /// Both, in the order they are walked everywhere.
    pub const BOTH: [Self; 2] = [Self::Buy, Self::Sell];

    /// The other one.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// +1 for a buy, −1 for a sell.
    #[must_use]
    pub fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }

    /// 0 for a buy, 1 for a sell: to index a pair.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Buy => 0,
            Self::Sell => 1,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        })
    }
}

/// How long an order may rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeInForce {
    /// Good till cancelled.
    Gtc,
    /// Fill what is there at once, expire the rest.
    Ioc,
    /// All at once or not at all.
    Fok,
    /// Good till a date (used by others on the account, never by Phoenix).
    Gtd,
    /// Good till crossing: refused instead of taking.
    PostOnly,
    /// A spelling newer than this program.
    Other,
}

/// One start of the maker; part of every client id it sends. Seconds since
/// the Unix epoch at start, so a newer run has a greater id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u32);

/// The name Phoenix gives an order: never random, never reused.
///
/// On the wire `phx-<run>-<seq>` with both numbers in lower-case base 36.
/// Anything on the account that does not read as one is foreign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId {
    /// The run that sent it.
    pub run: RunId,
    /// Counts up from 1 within the run.
    pub seq: u32,
}

impl ClientId {
    /// Longest text of a client id: `phx-` and two base-36 numbers.
    pub const TEXT_MAX: usize = 4 + 7 + 1 + 7;

    /// Reads the wire text; `None` means a foreign order.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let body = text.strip_prefix(b"phx-")?;
        let dash = body.iter().position(|&byte| byte == b'-')?;
        Some(Self {
            run: RunId(base36(&body[..dash])?),
            seq: base36(&body[dash + 1..])?,
        })
    }

    /// Writes the wire text into `out` and returns its length.
    pub fn write(self, out: &mut [u8; Self::TEXT_MAX]) -> usize {
        out[..4].copy_from_slice(b"phx-");
        let mut at = write_base36(self.run.0, out, 4);
        out[at] = b'-';
        at = write_base36(self.seq, out, at + 1);
        at
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; Self::TEXT_MAX];
        let length = self.write(&mut text);
        f.write_str(core::str::from_utf8(&text[..length]).unwrap_or_default())
    }
}

fn base36(text: &[u8]) -> Option<u32> {
    if text.is_empty() || (text.len() > 1 && text[0] == b'0') {
        return None;
    }
    text.iter().try_fold(0_u32, |number, &byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            _ => return None,
        };
        number.checked_mul(36)?.checked_add(u32::from(digit))
    })
}

fn write_base36(mut number: u32, out: &mut [u8; ClientId::TEXT_MAX], start: usize) -> usize {
    let mut digits = [0; 7];
    let mut count = 0;
    loop {
        digits[count] = b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize];
        count += 1;
        number /= 36;
        if number == 0 {
            break;
        }
    }
    for (place, digit) in digits[..count].iter().rev().enumerate() {
        out[start + place] = *digit;
    }
    start + count
}

/// Where an order stands, by the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Rests unfilled.
    New,
    /// Rests with part of it filled.
    PartiallyFilled,
    /// Done: all of it filled.
    Filled,
    /// Done: cancelled.
    Cancelled,
    /// Done: expired (IOC remainder, reduce-only knock-out, self-trade
    /// prevention, liquidation).
    Expired,
    /// A spelling newer than this program: treated as possibly open.
    Other,
}

impl OrderStatus {
    /// True once the order can never fill again.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Filled | Self::Cancelled | Self::Expired => true,
            Self::New | Self::PartiallyFilled | Self::Other => false,
        }
    }
}

/// What was asked of the exchange about one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// A new order.
    Place,
    /// New price and quantity for a resting order.
    Amend,
    /// The end of a resting order.
    Cancel,
    /// Where the order stands.
    Query,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The exchange answered with the order as it now is.
    Confirmed(OrderReport),
    /// The exchange definitely did not do it.
    Refused(Refusal),
    /// It may or may not have been done; only evidence resolves it.
    Unknown(Doubt),
}

/// A definite no, with the exchange's own number for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it means.
    pub reason: RefusalReason,
    /// The exchange's error code, 0 if it gave none.
    pub code: i32,
    /// How long the exchange (or our own budget) says to wait, 0 if nothing.
    pub retry_after_ms: u32,
}

/// Meanings of a refusal, in the maker's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalReason {
    /// A post-only order would have taken.
    WouldCross,
    /// The order asked about is not open (filled, cancelled, or never known).
    NoSuchOrder,
    /// The client id is already open: an earlier attempt landed.
    DuplicateClientId,
    /// Amend asked for what already is.
    NothingToAmend,
    /// Another amend of the order is still in flight.
    AmendInFlight,
    /// Nothing to reduce, or other orders reduce it already.
    ReduceOnly,
    /// Margin or leverage bracket does not allow it.
    Margin,
    /// Too many open orders.
    OpenOrderLimit,
    /// Breaks a filter of the instrument (price, lot, notional, band).
    Filter,
    /// Request weight or order count used up; wait.
    RateLimited,
    /// Venue overload protection; not done.
    Overloaded,
    /// Timestamp outside the window; the clock is to be measured again.
    Clock,
    /// The account or symbol may only reduce.
    ReduceOnlyMode,
    /// Key, permission, ban or account state: nothing will work.
    NotAllowed,
    /// The symbol does not trade now.
    SymbolHalted,
    /// Never sent: the maker's own dispatch refused it.
    NotSent,
    /// Malformed by our own fault, or a code newer than this program.
    Rejected,
}

/// Why an outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// No answer in time.
    Timeout,
    /// The connection ended between request and answer.
    ConnectionLost,
    /// The exchange itself says it does not know (5xx, -1006, -1007 …).
    VenueUnsure,
    /// An answer that cannot be read.
    Unreadable,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    #[test]
    fn foreign_ids_are_not_ours() {
        for foreign in [
            "",
            "web_abc",
            "phx-",
            "phx--1",
            "phx-1-",
            "phx-1-01",
            "phx-A-1",
            "x-phx-1-1",
        ] {
            assert_eq!(ClientId::parse(foreign.as_bytes()), None, "{foreign}");
        }
    }

    proptest! {
        #[test]
        fn client_ids_round_trip(run in any::<u32>(), seq in any::<u32>()) {
            let id = ClientId { run: RunId(run), seq };
            prop_assert!(id.to_string().len() <= 36);
            prop_assert_eq!(ClientId::parse(id.to_string().as_bytes()), Some(id));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = ClientId::parse(&bytes);
        }
    }
}

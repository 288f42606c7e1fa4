//! The life of one stream: connect, prove that data flows, stay fresh, hand
//! over before the exchange ends the connection, start anew when it is lost.
//!
//! A connection counts as up only once every topic it must carry has
//! delivered: a stream asked for on a wrong route is acknowledged and silent.
//! Before a connection reaches its age limit a second one is opened; both are
//! read until the new one has proven itself, so that there is no blind moment.
//! There is no limit to attempts, only to their pace.
//!
//! Pure: the driver carries out what a lane wants and tells it what happened.

use phoenix_domain::{MonoNs, StreamKind, SymbolId};

/// Which connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaneKind {
    /// Books and tops.
    Public,
    /// Trades and mark prices.
    Market,
    /// The account's own events.
    Private,
    /// Orders over the WebSocket API.
    Entry,
}

impl LaneKind {
    /// All of them, in the order they are read.
    pub const ALL: [Self; 4] = [Self::Public, Self::Market, Self::Private, Self::Entry];

    /// Position in [`Self::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Public => 0,
            Self::Market => 1,
            Self::Private => 2,
            Self::Entry => 3,
        }
    }

    /// The engine's word for it; it does not know how orders travel.
    #[must_use]
    pub fn stream(self) -> Option<StreamKind> {
        match self {
            Self::Public => Some(StreamKind::Public),
            Self::Market => Some(StreamKind::Market),
            Self::Private => Some(StreamKind::Private),
            Self::Entry => None,
        }
    }
}

/// Time limits of a lane, milliseconds of the driver's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneLimits {
    /// Every topic must have delivered this long after connecting.
    pub first_data_ms: u64,
    /// A topic silent for this long means a dead connection.
    pub stale_ms: u64,
    /// Nothing at all, not even a ping, for this long means the same.
    pub beat_ms: u64,
    /// A successor is opened at this age; the exchange ends connections at
    /// 24 hours.
    pub rollover_ms: u64,
    /// Wait before the second attempt; doubles with each.
    pub backoff_ms: u64,
    /// Longest wait between attempts.
    pub backoff_ms_max: u64,
}

/// Which of a lane's two connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    /// The one in use.
    Current,
    /// Its successor, not proven yet.
    Next,
}

/// What the driver must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LaneWish {
    /// Nothing.
    Nothing,
    /// Open a connection and report it under this number.
    Open {
        /// Tells a late result from the one awaited.
        attempt: u64,
    },
    /// Close and forget the connection of this seat.
    Drop {
        /// Whose.
        seat: Seat,
        /// Why.
        why: LaneEnd,
    },
}

/// Why a connection was given up by our side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneEnd {
    /// A topic never delivered.
    Silent {
        /// The first topic that is missing.
        symbol: SymbolId,
    },
    /// A topic stopped delivering.
    Stale {
        /// The topic.
        symbol: SymbolId,
        /// Silent for this long.
        age_ms: u64,
    },
    /// Not even pings arrive.
    NoBeat {
        /// Silent for this long.
        age_ms: u64,
    },
    /// Its successor has taken over.
    Succeeded,
}

/// What a change means for everybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LaneChange {
    /// Nothing.
    None,
    /// Data flows where none did.
    Up,
    /// Data has stopped.
    Down,
    /// The successor took over; nothing was lost.
    RolledOver,
}

/// One connection as its lane sees it.
#[derive(Clone, Debug)]
struct Link {
    opened: MonoNs,
    heard: MonoNs,
    /// When each topic last delivered.
    topics: Vec<Option<MonoNs>>,
}

impl Link {
    fn proven(&self) -> bool {
        self.topics.iter().all(Option::is_some)
    }
}

/// The state of one lane.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    limits: LaneLimits,
    /// Topics that must deliver: one per symbol, or none.
    topics: usize,
    current: Option<Link>,
    next: Option<Link>,
    /// Number of the attempt in flight.
    opening: Option<u64>,
    attempts: u64,
    failures: u32,
    retry_at: MonoNs,
    wanted: bool,
    up: bool,
}

impl Lane {
    /// A lane that has not been asked to connect yet.
    #[must_use]
    pub(crate) fn new(limits: LaneLimits, topics: usize) -> Self {
        Self {
            limits,
            topics,
            current: None,
            next: None,
            opening: None,
            attempts: 0,
            failures: 0,
            retry_at: MonoNs(0),
            wanted: false,
            up: false,
        }
    }

    /// Wants a connection from now on.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// True while data flows, or for a lane without topics while connected.
    #[must_use]
    pub(crate) fn is_up(&self) -> bool {
        self.up
    }

    /// When the lane last heard anything.
    #[must_use]
    pub(crate) fn heard(&self) -> Option<MonoNs> {
        self.current.as_ref().map(|link| link.heard)
    }

    /// How often connecting was tried.
    #[must_use]
    pub(crate) fn attempts(&self) -> u64 {
        self.attempts
    }

    /// What has to be done by now; ask again until it is nothing.
    pub(crate) fn wish(&mut self, now: MonoNs) -> LaneWish {
        for seat in [Seat::Current, Seat::Next] {
            if let Some(why) = self.verdict(seat, now) {
                return LaneWish::Drop { seat, why };
            }
        }
        let rollover = self
            .current
            .as_ref()
            .is_some_and(|link| now.ms_since(link.opened) >= self.limits.rollover_ms);
        let needed = self.current.is_none() || rollover;
        let free = self.opening.is_none() && self.next.is_none();
        if self.wanted && needed && free && now >= self.retry_at {
            self.attempts += 1;
            self.opening = Some(self.attempts);
            return LaneWish::Open {
                attempt: self.attempts,
            };
        }
        LaneWish::Nothing
    }

    /// When [`Self::wish`] has to be asked at the latest.
    #[must_use]
    pub(crate) fn next_deadline(&self) -> Option<MonoNs> {
        if !self.wanted {
            return None;
        }
        let links = [self.current.as_ref(), self.next.as_ref()];
        let silent = links
            .into_iter()
            .flatten()
            .map(|link| self.link_deadline(link));
        let free = self.opening.is_none() && self.next.is_none();
        let open = free.then(|| match &self.current {
            None => self.retry_at,
            Some(link) => link
                .opened
                .plus_ms(self.limits.rollover_ms)
                .max(self.retry_at),
        });
        silent.chain(open).min()
    }

    /// The attempt ended. True if its connection is to be kept, as `next`.
    pub(crate) fn opened(&mut self, now: MonoNs, attempt: u64, success: bool) -> bool {
        if self.opening != Some(attempt) {
            return false;
        }
        self.opening = None;
        if !success {
            self.fail(now);
            return false;
        }
        self.next = Some(Link {
            opened: now,
            heard: now,
            topics: vec![None; self.topics],
        });
        true
    }

    /// Something arrived; `topic` names the symbol if the frame is one of
    /// those the lane must carry.
    pub(crate) fn heard_on(&mut self, seat: Seat, now: MonoNs, topic: Option<SymbolId>) {
        let link = match seat {
            Seat::Current => self.current.as_mut(),
            Seat::Next => self.next.as_mut(),
        };
        let Some(link) = link else { return };
        link.heard = now;
        if let Some(slot) = topic.and_then(|id| link.topics.get_mut(usize::from(id.0))) {
            *slot = Some(now);
        }
    }

    /// Lets the successor take over once it has proven itself. The driver
    /// moves the connections when told so.
    pub(crate) fn settle(&mut self, now: MonoNs) -> LaneChange {
        if !self.next.as_ref().is_some_and(Link::proven) {
            return LaneChange::None;
        }
        self.current = self.next.take();
        self.failures = 0;
        self.retry_at = now;
        if self.up {
            LaneChange::RolledOver
        } else {
            self.up = true;
            LaneChange::Up
        }
    }

    /// The connection of a seat is gone, by whoever's doing.
    pub(crate) fn lost(&mut self, seat: Seat, now: MonoNs) -> LaneChange {
        match seat {
            Seat::Next => {
                self.next = None;
                self.fail(now);
                LaneChange::None
            }
            Seat::Current => {
                self.current = None;
                // The first retry is almost at once: it may be just this one
                // connection that broke.
                self.fail(now);
                if std::mem::take(&mut self.up) {
                    LaneChange::Down
                } else {
                    LaneChange::None
                }
            }
        }
    }

    /// Both connections are to be opened anew, because their address changed.
    pub(crate) fn reset(&mut self, now: MonoNs) -> LaneChange {
        self.current = None;
        self.next = None;
        self.opening = None;
        self.failures = 0;
        self.retry_at = now;
        if std::mem::take(&mut self.up) {
            LaneChange::Down
        } else {
            LaneChange::None
        }
    }

    fn fail(&mut self, now: MonoNs) {
        let doubled = self.limits.backoff_ms << self.failures.min(10);
        let wait_ms = doubled.min(self.limits.backoff_ms_max);
        self.failures = self.failures.saturating_add(1);
        self.retry_at = now.plus_ms(wait_ms / 2 + jitter(now, wait_ms / 2));
    }

    fn verdict(&self, seat: Seat, now: MonoNs) -> Option<LaneEnd> {
        let link = match seat {
            Seat::Current => self.current.as_ref(),
            Seat::Next => self.next.as_ref(),
        }?;
        if now.ms_since(link.heard) >= self.limits.beat_ms {
            let age_ms = now.ms_since(link.heard);
            return Some(LaneEnd::NoBeat { age_ms });
        }
        link.topics.iter().zip(0..).find_map(|(topic, id)| {
            let symbol = SymbolId(id);
            match topic {
                None => (now.ms_since(link.opened) >= self.limits.first_data_ms)
                    .then_some(LaneEnd::Silent { symbol }),
                Some(at) => {
                    let age_ms = now.ms_since(*at);
                    (age_ms >= self.limits.stale_ms).then_some(LaneEnd::Stale { symbol, age_ms })
                }
            }
        })
    }

    fn link_deadline(&self, link: &Link) -> MonoNs {
        let beat = link.heard.plus_ms(self.limits.beat_ms);
        let topics = link.topics.iter().map(|topic| match topic {
            None => link.opened.plus_ms(self.limits.first_data_ms),
            Some(at) => at.plus_ms(self.limits.stale_ms),
        });
        topics.min().map_or(beat, |topic| topic.min(beat))
    }
}

/// Spreads reconnects of many instances; not a secret, so a hash of the clock
/// is enough.
fn jitter(now: MonoNs, up_to_ms: u64) -> u64 {
    let mixed = (now.0 ^ (now.0 >> 29)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 33) % (up_to_ms + 1)
}

#[cfg(test)]
mod tests;

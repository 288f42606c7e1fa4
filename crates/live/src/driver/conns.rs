//! The connections of each lane, and their order with the poll.

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use phoenix_domain::MonoNs;

use crate::gateway::ConnNo;
use crate::lane::{Lane, LaneKind, LaneLimits, Seat};
use crate::wire::{Wire, WireError};

/// How long a replaced connection may still deliver what was under way on it.
const RETIRED_MS: u64 = 5_000;

/// Time limits of every lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LaneTimes {
    /// Every topic must have delivered this long after connecting.
    pub(crate) first_data_ms: u64,
    /// A topic silent for this long means a dead connection.
    pub(crate) stale_ms: u64,
    /// Connections are renewed at this age.
    pub(crate) rollover_ms: u64,
}

impl LaneTimes {
    fn limits(self) -> LaneLimits {
        LaneLimits {
            first_data_ms: self.first_data_ms,
            stale_ms: self.stale_ms,
            // The exchange pings every three minutes.
            beat_ms: 600_000,
            rollover_ms: self.rollover_ms,
            backoff_ms: 200,
            backoff_ms_max: 10_000,
        }
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) conn: ConnNo,
    pub(crate) wire: Wire,
    /// There may be something to read.
    pub(crate) ready: bool,
}

/// One lane with its connections.
#[derive(Debug)]
struct LaneConns {
    lane: Lane,
    url: Option<String>,
    current: Option<Open>,
    next: Option<Open>,
}

/// All lanes.
#[derive(Debug)]
pub(crate) struct Conns {
    lanes: [LaneConns; 4],
    retired: Vec<(LaneKind, Open, MonoNs)>,
    uses_entry: bool,
    uses_private: bool,
    entry_written: bool,
}

impl Conns {
    /// Lanes for a run with this many symbols.
    pub(crate) fn new(
        times: LaneTimes,
        symbols: usize,
        uses_entry: bool,
        uses_private: bool,
    ) -> Self {
        let lane = |topics| LaneConns {
            lane: Lane::new(times.limits(), topics),
            url: None,
            current: None,
            next: None,
        };
        Self {
            lanes: [lane(symbols), lane(symbols), lane(0), lane(0)],
            retired: Vec::new(),
            uses_entry,
            uses_private,
            entry_written: false,
        }
    }

    pub(crate) fn uses_entry(&self) -> bool {
        self.uses_entry
    }

    pub(crate) fn uses_private(&self) -> bool {
        self.uses_private
    }

    /// Gives a lane its address and lets it connect.
    pub(crate) fn want(&mut self, kind: LaneKind, url: String) {
        let lane = &mut self.lanes[kind.index()];
        lane.url = Some(url);
        lane.lane.want();
    }

    pub(crate) fn url(&self, kind: LaneKind) -> Option<&str> {
        self.lanes[kind.index()].url.as_deref()
    }

    pub(crate) fn lane(&mut self, kind: LaneKind) -> &mut Lane {
        &mut self.lanes[kind.index()].lane
    }

    pub(crate) fn lane_ref(&self, kind: LaneKind) -> &Lane {
        &self.lanes[kind.index()].lane
    }

    pub(crate) fn seat(&mut self, kind: LaneKind, seat: Seat) -> &mut Option<Open> {
        let lane = &mut self.lanes[kind.index()];
        match seat {
            Seat::Current => &mut lane.current,
            Seat::Next => &mut lane.next,
        }
    }

    /// The connection that orders go out on.
    pub(crate) fn entry_wire(&mut self) -> Option<&mut Wire> {
        let open = self.lanes[LaneKind::Entry.index()].current.as_mut();
        open.map(|open| &mut open.wire)
    }

    /// Set when an order frame was written; the reader resets it.
    pub(crate) fn entry_written(&mut self) -> &mut bool {
        &mut self.entry_written
    }

    /// Takes a fresh connection in as successor.
    pub(crate) fn adopt(
        &mut self,
        registry: &Registry,
        kind: LaneKind,
        conn: ConnNo,
        mut wire: Wire,
    ) -> Result<(), WireError> {
        let fd = wire.fd()?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut SourceFd(&fd), token(kind, conn), interest)?;
        *self.seat(kind, Seat::Next) = Some(Open {
            conn,
            wire,
            // Frames may have come with the handshake.
            ready: true,
        });
        Ok(())
    }

    /// The successor takes the seat; returns the number of the one replaced,
    /// which is read for a little longer where answers may be under way.
    pub(crate) fn promote(&mut self, kind: LaneKind, now: MonoNs) -> Option<ConnNo> {
        let lane = &mut self.lanes[kind.index()];
        let next = lane.next.take();
        let replaced = std::mem::replace(&mut lane.current, next)?;
        let conn = replaced.conn;
        match kind {
            LaneKind::Public | LaneKind::Market => replaced.wire.close(),
            LaneKind::Private | LaneKind::Entry => {
                let until = now.plus_ms(RETIRED_MS);
                self.retired.push((kind, replaced, until));
            }
        }
        Some(conn)
    }

    /// Connections that have been replaced and may still deliver.
    pub(crate) fn retired(&mut self) -> &mut Vec<(LaneKind, Open, MonoNs)> {
        &mut self.retired
    }

    /// Closes replaced connections whose time is over.
    pub(crate) fn drop_retired(&mut self, now: MonoNs) {
        let mut kept = Vec::new();
        for (kind, open, until) in self.retired.drain(..) {
            if now < until {
                kept.push((kind, open, until));
            } else {
                open.wire.close();
            }
        }
        self.retired = kept;
    }

    /// Notes that a connection may be read.
    pub(crate) fn mark_ready(&mut self, event: &Event) {
        let retired = self.retired.iter_mut().map(|(kind, open, _)| (*kind, open));
        let seated = LaneKind::ALL.into_iter().zip(&mut self.lanes);
        let seated = seated.flat_map(|(kind, lane)| {
            let opens = [lane.current.as_mut(), lane.next.as_mut()];
            opens.into_iter().flatten().map(move |open| (kind, open))
        });
        for (kind, open) in seated.chain(retired) {
            if token(kind, open.conn) == event.token() {
                open.ready = true;
                open.wire.stir(event.is_read_closed());
            }
        }
    }

    /// Something is known to be readable already.
    pub(crate) fn any_ready(&self) -> bool {
        let seated = self
            .lanes
            .iter()
            .flat_map(|lane| [&lane.current, &lane.next]);
        seated.flatten().any(|open| open.ready)
    }

    /// Writes what is still unsent; the lanes whose connection broke over it.
    pub(crate) fn flush(&mut self) -> Option<WireError> {
        let wire = self.entry_wire()?;
        wire.flush().err()
    }

    /// When a lane has to be looked after.
    pub(crate) fn next_deadline(&self) -> Option<MonoNs> {
        let lanes = self
            .lanes
            .iter()
            .filter_map(|lane| lane.lane.next_deadline());
        lanes.min()
    }
}

/// Unique over all lanes; 0 is the waker's.
fn token(kind: LaneKind, conn: ConnNo) -> Token {
    let conn = usize::try_from(conn).unwrap_or(usize::MAX / 8);
    Token(conn * 4 + kind.index() + 1)
}

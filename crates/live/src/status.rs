//! What a screen may know: a snapshot a few times a second, and the lines of
//! the log.

use std::sync::Arc;

use phoenix_binance::limits::{Ceilings, Used};
use phoenix_domain::Instrument;
use phoenix_engine::MakerView;
use tokio::sync::{broadcast, watch};

use crate::gateway::Counts;
use crate::lane::LaneKind;
use crate::notes::Line;

/// Lines that a slow reader may fall behind before it misses some.
const LINES_KEPT: usize = 4_096;

/// The whole program at one instant.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Milliseconds of the driver's clock since the start.
    pub uptime_ms: u64,
    /// Which exchange, in words.
    pub venue: String,
    /// No orders are sent.
    pub dry_run: bool,
    /// One per symbol.
    pub makers: Vec<MakerStatus>,
    /// One per connection.
    pub lanes: Vec<LaneStatus>,
    /// The request budget.
    pub budget: BudgetStatus,
    /// From a frame at hand to its order handed to the system.
    pub tick_to_order: Quantiles,
    /// Requests without answer so far.
    pub in_flight: usize,
    /// Counters since the start.
    pub counts: Counts,
}

/// One symbol.
#[derive(Clone, Debug)]
pub struct MakerStatus {
    /// For names and units.
    pub instrument: Instrument,
    /// The maker as it stands.
    pub view: MakerView,
}

/// One connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneStatus {
    /// Which.
    pub kind: LaneKind,
    /// Data flows.
    pub up: bool,
    /// Since anything was heard; `None` if not connected.
    pub age_ms: Option<u64>,
    /// Connections tried since the start.
    pub attempts: u64,
}

/// The request budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetStatus {
    /// Used in the running windows.
    pub used: Used,
    /// The exchange's limits.
    pub ceilings: Ceilings,
}

impl Default for BudgetStatus {
    fn default() -> Self {
        Self {
            used: Used {
                weight_1m: 0,
                orders_10s: 0,
                orders_1m: 0,
            },
            ceilings: Ceilings::default(),
        }
    }
}

/// A distribution in short, nanoseconds of the host's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantiles {
    /// Samples.
    pub count: u64,
    /// Half are below.
    pub p50_ns: u64,
    /// 99 of 100 are below.
    pub p99_ns: u64,
    /// The largest.
    pub max_ns: u64,
}

/// The reader's end.
#[derive(Debug)]
pub struct StatusFeed {
    /// The latest snapshot.
    pub status: watch::Receiver<Arc<Status>>,
    /// Every line of the log; a reader that falls behind misses the oldest.
    pub lines: broadcast::Receiver<Line>,
}

/// The writer's end.
#[derive(Clone, Debug)]
pub struct StatusPublisher {
    status: watch::Sender<Arc<Status>>,
    lines: broadcast::Sender<Line>,
}

impl StatusPublisher {
    /// Both ends.
    #[must_use]
    pub fn new() -> (Self, StatusFeed) {
        let (status, status_end) = watch::channel(Arc::new(Status::default()));
        let (lines, lines_end) = broadcast::channel(LINES_KEPT);
        let feed = StatusFeed {
            status: status_end,
            lines: lines_end,
        };
        (Self { status, lines }, feed)
    }

    /// Replaces the snapshot.
    pub(crate) fn publish(&self, status: Status) {
        self.status.send_replace(Arc::new(status));
    }

    /// Passes a line on; nobody needs to listen.
    pub(crate) fn line(&self, line: Line) {
        let _ = self.lines.send(line);
    }
}

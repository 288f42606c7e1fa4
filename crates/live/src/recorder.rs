//! `phoenix record`: the exchange's own frames, as they came, on disk.
//!
//! One line a frame: `<local receive time in ns> <the exchange's JSON>`. Every
//! file begins with a REST snapshot, and another one follows wherever the
//! stream of book changes has a hole, so that each file can be replayed by
//! itself. Reading never waits for the disk: what cannot be written in time is
//! dropped, counted and said.

mod file;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::time::Duration;

use phoenix_binance::client::{Client, ClientSpec, HttpAnswer, HttpFailure};
use phoenix_binance::depth_sync::{DepthSync, Progress};
use phoenix_binance::symbols::SymbolTable;
use phoenix_binance::wire::call::Call;
use phoenix_binance::wire::market::{MarketDecoder, MarketFrame};
use phoenix_binance::wire::request::{Encoder, Stamp};
use phoenix_config::Lang;
use phoenix_domain::{BookLoss, Instrument, SymbolId};
use tokio::sync::{mpsc, watch};

use crate::clock::{Clock, wall_ns};
use crate::driver::{Conns, LaneTimes, Sockets, WAKER};
use crate::endpoints::Endpoints;
use crate::errands::{ERRANDS_MAX, Errand, INBOX_MAX, Inbox, InboxSender, Rounds, Runner};
use crate::lane::{LaneChange, LaneKind, Seat};
use crate::notes::{Renderer, Said, Statement, log};
use crate::run::RunError;
use crate::wire::Heard;
use file::{Item, Track, write_all};

pub use file::Rotation;

/// Lines on their way to the disk at most.
const QUEUE_MAX: usize = 65_536;

/// Lines of one symbol held back for its snapshot at most.
const HELD_MAX: usize = 65_536;

/// What to record.
#[derive(Clone, Debug)]
pub struct RecordSpec {
    /// Where the exchange is.
    pub endpoints: Endpoints,
    /// Upper-case symbols.
    pub symbols: Vec<String>,
    /// Where the files go.
    pub dir: PathBuf,
    /// When a file is full.
    pub rotation: Rotation,
    /// A stream silent for this long is connected anew.
    pub stale_ms: u64,
    /// Connections are renewed at this age.
    pub rollover_ms: u64,
    /// Language of the log.
    pub lang: Lang,
}

/// What was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordSummary {
    /// Complete files.
    pub files: Vec<PathBuf>,
    /// Lines written.
    pub lines: u64,
    /// Lines dropped because the disk was too slow.
    pub dropped: u64,
}

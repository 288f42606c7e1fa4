//! `phoenix record`: the exchange's own frames, as they came, on disk.
//!
//! One line a frame: `<local receive time in ns> <the exchange's JSON>`. Every
//! file begins with a REST snapshot, and another one follows wherever the
//! stream of book changes has a hole, so that each file can be replayed by
//! itself. Reading never waits for the disk: what cannot be written in time is
//! dropped, counted and said.

mod file;
mod reading;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use phoenix_binance::client::{Client, ClientError, ClientSpec, HttpFailure};
use phoenix_binance::symbols::SymbolTable;
use phoenix_config::Lang;
use phoenix_domain::{Instrument, SymbolId};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::driver::{Conns, LaneTimes, WAKER};
use crate::endpoints::Endpoints;
use crate::errands::{ERRANDS_MAX, INBOX_MAX, Inbox, InboxSender, Rounds, Runner};
use crate::notes::Renderer;
use file::{Track, write_all};
use reading::{Reading, ReadingSpec};

pub use file::Rotation;

/// Lines on their way to the disk at most.
const QUEUE_MAX: usize = 65_536;

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

/// Why a recording did not take place, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The exchange did not answer as it must.
    #[error("start-up: {0}")]
    Exchange(#[from] ClientError),
    /// No HTTP client could be made.
    #[error("{0}")]
    Http(#[from] HttpFailure),
    /// Symbols that the exchange does not list.
    #[error("not listed by the exchange: {}", symbols.join(", "))]
    Unlisted {
        /// All of them.
        symbols: Vec<String>,
    },
    /// The disk, or a socket that cannot be made.
    #[error("{0}")]
    System(#[from] io::Error),
    /// A thread of ours broke.
    #[error("the {thread} thread broke")]
    Broken {
        /// Which.
        thread: &'static str,
    },
}

/// Records until `stop` becomes true (or its sender is gone).
///
/// # Errors
/// See [`RecordError`].
pub async fn record(
    spec: RecordSpec,
    mut stop: watch::Receiver<bool>,
) -> Result<RecordSummary, RecordError> {
    let clock = Clock::at_speed(1.0);
    let client = client(&spec.endpoints, &clock)?;
    let table = Arc::new(SymbolTable::new(
        &instruments(&client, &spec.symbols).await?,
    ));
    let names = table.instruments().map(|i| i.symbol().to_lowercase());
    let names: Vec<String> = names.collect();
    let tracks: Arc<Vec<Track>> = Arc::new(names.iter().map(|_| Track::default()).collect());
    let (items, items_end) = sync_channel(QUEUE_MAX);
    let disk = std::thread::Builder::new().name("disk".into()).spawn({
        let (dir, rotation, tracks) = (spec.dir.clone(), spec.rotation, Arc::clone(&tracks));
        move || write_all(&items_end, &dir, &names, rotation, &tracks)
    })?;
    let poll = mio::Poll::new()?;
    let waker = Arc::new(mio::Waker::new(poll.registry(), WAKER)?);
    let (queue, inbox) = sync_channel(INBOX_MAX);
    let sender = InboxSender::new(queue, waker);
    let (errands, errands_end) = mpsc::channel(ERRANDS_MAX);
    tokio::spawn(runner(client, &clock, &sender, &table).run(errands_end));
    let times = LaneTimes {
        first_data_ms: spec.stale_ms.saturating_mul(2),
        stale_ms: spec.stale_ms,
        rollover_ms: spec.rollover_ms,
    };
    let symbols = tracks.len();
    let reading = Reading::new(ReadingSpec {
        renderer: Renderer::new(spec.lang, table.instruments().cloned().collect()),
        conns: Conns::new(times, symbols, false, false),
        endpoints: spec.endpoints,
        table,
        clock,
        poll,
        inbox,
        errands,
        items,
        tracks: Arc::clone(&tracks),
    });
    let reader = std::thread::Builder::new().name("reader".into());
    let reader = reader.spawn(move || reading.run())?;
    while !reader.is_finished() && !disk.is_finished() {
        let asked = stop.wait_for(|&stop| stop);
        if tokio::time::timeout(Duration::from_millis(100), asked)
            .await
            .is_ok()
        {
            break;
        }
    }
    sender.send(Inbox::Quit);
    let ends = tokio::task::spawn_blocking(move || (reader.join(), disk.join()));
    let Ok((Ok(dropped), disk)) = ends.await else {
        return Err(RecordError::Broken { thread: "reader" });
    };
    let Ok(files) = disk else {
        return Err(RecordError::Broken { thread: "disk" });
    };
    Ok(RecordSummary {
        files: files?,
        lines: tracks.iter().map(|t| t.lines.load(Ordering::Relaxed)).sum(),
        dropped,
    })
}

fn client(endpoints: &Endpoints, clock: &Clock) -> Result<Client, HttpFailure> {
    let spec = ClientSpec {
        base_url: endpoints.rest_url.clone(),
        credentials: None,
        recv_window_ms: 5_000,
        timeout: Duration::from_secs(10),
    };
    let (reads, shifts) = (clock.clone(), clock.clone());
    Client::new(
        spec,
        Arc::new(move || reads.venue()),
        Arc::new(move |sample| shifts.shift_venue(sample.offset_ms)),
    )
}

fn runner(client: Client, clock: &Clock, inbox: &InboxSender, table: &Arc<SymbolTable>) -> Runner {
    let never = Duration::from_secs(365 * 24 * 3_600);
    Runner {
        client,
        clock: clock.clone(),
        inbox: inbox.clone(),
        table: Arc::clone(table),
        rounds: Rounds {
            listen_key: never,
            clock: never,
            instruments: never,
        },
        connect_timeout: Duration::from_secs(5),
        has_account: false,
    }
}

async fn instruments(client: &Client, symbols: &[String]) -> Result<Vec<Instrument>, RecordError> {
    let listed = client.instruments().await?;
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for symbol in symbols {
        let spec = listed.iter().find(|spec| spec.symbol == *symbol).cloned();
        let id = SymbolId(u16::try_from(found.len()).unwrap_or(u16::MAX));
        match spec.and_then(|spec| Instrument::new(id, spec).ok()) {
            Some(instrument) => found.push(instrument),
            None => missing.push(symbol.clone()),
        }
    }
    if missing.is_empty() {
        Ok(found)
    } else {
        Err(RecordError::Unlisted { symbols: missing })
    }
}

//! The recorder's reading thread: sockets in, lines out to the disk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError};
use std::time::Duration;

use mio::{Events, Poll};
use phoenix_binance::client::{HttpAnswer, HttpCall, HttpFailure};
use phoenix_binance::depth_sync::{DepthSync, Progress};
use phoenix_binance::symbols::SymbolTable;
use phoenix_binance::wire::call::Call;
use phoenix_binance::wire::market::{MarketDecoder, MarketFrame};
use phoenix_binance::wire::request::{Encoder, Stamp};
use phoenix_domain::{BookLoss, Event, SymbolId};
use tokio::sync::mpsc;

use super::file::{Item, Track};
use crate::clock::{Clock, wall_ns};
use crate::driver::{Conns, WAKER};
use crate::endpoints::Endpoints;
use crate::errands::{Errand, Inbox};
use crate::gateway::ConnNo;
use crate::lane::{LaneChange, LaneKind, LaneWish, Seat};
use crate::notes::{Renderer, Said, Statement, log};
use crate::wire::{Heard, Wire};

/// Lines of one symbol held back for its snapshot at most.
const HELD_MAX: usize = 65_536;

/// Levels of a snapshot.
const SNAPSHOT_LIMIT: u16 = 1_000;

/// Longest sleep between two looks at what is due.
const SLEEP_MAX: Duration = Duration::from_millis(250);

/// The lanes a recording needs.
const LANES: [LaneKind; 2] = [LaneKind::Public, LaneKind::Market];

/// What the thread is made of.
pub(super) struct ReadingSpec {
    pub(super) renderer: Renderer,
    pub(super) conns: Conns,
    pub(super) endpoints: Endpoints,
    pub(super) table: Arc<SymbolTable>,
    pub(super) clock: Clock,
    pub(super) poll: Poll,
    pub(super) inbox: Receiver<Inbox>,
    pub(super) errands: mpsc::Sender<Errand>,
    pub(super) items: SyncSender<Item>,
    pub(super) tracks: Arc<Vec<Track>>,
}

/// One symbol.
struct Following {
    sync: DepthSync,
    conn: ConnNo,
    /// Lines waiting for the snapshot that their file begins with.
    held: Option<Vec<(i64, Vec<u8>)>>,
}

/// The thread's state.
pub(super) struct Reading {
    spec: ReadingSpec,
    events: Events,
    market: MarketDecoder,
    followed: Vec<Following>,
    asked: BTreeMap<u64, (SymbolId, ConnNo)>,
    last_id: u64,
    last_ns: i64,
    dropped: u64,
    dropped_said: u64,
    quit: bool,
}

impl Reading {
    pub(super) fn new(spec: ReadingSpec) -> Self {
        let followed = spec.table.instruments().map(|instrument| Following {
            sync: DepthSync::new(instrument.id),
            conn: 0,
            held: Some(Vec::new()),
        });
        Self {
            followed: followed.collect(),
            spec,
            events: Events::with_capacity(64),
            market: MarketDecoder::new(),
            asked: BTreeMap::new(),
            last_id: 0,
            last_ns: 0,
            dropped: 0,
            dropped_said: 0,
            quit: false,
        }
    }

    /// Runs until told to quit; returns how many lines were dropped.
    pub(super) fn run(mut self) -> u64 {
        let table = Arc::clone(&self.spec.table);
        let names = || table.instruments().map(|i| table.lower(i.id));
        let public = self.spec.endpoints.public_url(names());
        let market = self.spec.endpoints.market_url(names());
        self.spec.conns.want(LaneKind::Public, public);
        self.spec.conns.want(LaneKind::Market, market);
        while !self.quit {
            self.tend_lanes();
            self.wait();
            self.take_inbox();
            for kind in LANES {
                for seat in [Seat::Current, Seat::Next] {
                    self.read(kind, seat);
                }
            }
            self.begin_full_files();
            self.ask_due_snapshots();
            self.say_dropped();
        }
        self.dropped
    }

    fn wait(&mut self) {
        let timeout = if self.spec.conns.any_ready() {
            Duration::ZERO
        } else {
            SLEEP_MAX
        };
        if self.spec.poll.poll(&mut self.events, Some(timeout)).is_ok() {
            for event in &self.events {
                if event.token() != WAKER {
                    self.spec.conns.mark_ready(event);
                }
            }
        }
    }

    fn take_inbox(&mut self) {
        loop {
            match self.spec.inbox.try_recv() {
                Ok(Inbox::Opened { lane, conn, result }) => self.opened(lane, conn, result),
                Ok(Inbox::Answer { id, result }) => self.snapshot(id, result),
                Ok(Inbox::Said(said)) => self.say(said),
                Ok(Inbox::Quit) | Err(TryRecvError::Disconnected) => {
                    self.quit = true;
                    return;
                }
                Ok(Inbox::ListenKey(_) | Inbox::Instruments(_) | Inbox::Operator(_)) => {}
                Err(TryRecvError::Empty) => return,
            }
        }
    }

    fn read(&mut self, kind: LaneKind, seat: Seat) {
        loop {
            let Some(open) = self.spec.conns.seat(kind, seat) else {
                return;
            };
            if !open.ready {
                return;
            }
            let conn = open.conn;
            match open.wire.read() {
                Ok(Heard::Text(text)) => self.frame(kind, seat, conn, text.as_bytes()),
                Ok(Heard::Beat) => {
                    let now = self.spec.clock.mono();
                    self.spec.conns.lane(kind).heard_on(seat, now, None);
                }
                Ok(Heard::Nothing) => {
                    open.ready = false;
                    return;
                }
                Err(error) => return self.lost(kind, seat, &error.to_string()),
            }
        }
    }

    /// While a connection is being replaced the old one is recorded.
    fn frame(&mut self, kind: LaneKind, seat: Seat, conn: ConnNo, frame: &[u8]) {
        let now = self.spec.clock.mono();
        let Some(symbol) = symbol_of(&self.spec.table, frame) else {
            return;
        };
        let in_use = seat == Seat::Current || self.spec.conns.seat(kind, Seat::Current).is_none();
        let mut topic = None;
        match self.market.decode(&self.spec.table, frame) {
            Ok(MarketFrame::Depth(depth)) => {
                topic = Some(symbol);
                if in_use && let Some(followed) = self.followed.get_mut(usize::from(symbol.0)) {
                    if followed.conn != conn {
                        followed.conn = conn;
                        followed.sync = DepthSync::new(symbol);
                    }
                    let _ = followed.sync.frame(&depth, |_| {});
                }
            }
            Ok(MarketFrame::Event {
                event: Event::MarkChanged { symbol, .. },
                ..
            }) => topic = Some(symbol),
            // Recorded as it came: whoever replays it judges it again.
            Ok(_) => {}
            Err(error) => {
                let reason = error.to_string();
                self.say(Said::FrameUnreadable { lane: kind, reason });
            }
        }
        if in_use {
            let wall_ns = self.stamp();
            self.line(symbol, wall_ns, frame.to_vec());
        }
        self.spec.conns.lane(kind).heard_on(seat, now, topic);
        if seat == Seat::Next {
            self.settle(kind);
        }
    }

    fn line(&mut self, symbol: SymbolId, wall_ns: i64, json: Vec<u8>) {
        let track = usize::from(symbol.0);
        let Some(followed) = self.followed.get_mut(track) else {
            return;
        };
        match &mut followed.held {
            Some(held) if held.len() < HELD_MAX => held.push((wall_ns, json)),
            Some(_) => self.dropped += 1,
            None => self.write(Item::Line {
                track,
                wall_ns,
                json,
            }),
        }
    }

    fn write(&mut self, item: Item) {
        match self.spec.items.try_send(item) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => self.dropped += 1,
            // The disk has failed; the caller sees why.
            Err(TrySendError::Disconnected(_)) => self.quit = true,
        }
    }

    /// Local time as written never goes backward, whatever the host's does.
    fn stamp(&mut self) -> i64 {
        self.last_ns = self.last_ns.max(wall_ns());
        self.last_ns
    }

    fn snapshot(&mut self, id: u64, result: Result<HttpAnswer, HttpFailure>) {
        let Some((symbol, conn)) = self.asked.remove(&id) else {
            return;
        };
        let now = self.spec.clock.mono();
        let wall_ns = self.stamp();
        let track = usize::from(symbol.0);
        let Some(followed) = self.followed.get_mut(track).filter(|f| f.conn == conn) else {
            return;
        };
        let body = match result {
            Ok(answer) if answer.status == 200 => answer.body,
            Ok(answer) => {
                followed.sync.snapshot_failed(now);
                let reason = format!("status {}", answer.status);
                return self.snapshot_refused(reason);
            }
            Err(error) => {
                followed.sync.snapshot_failed(now);
                return self.snapshot_refused(error.to_string());
            }
        };
        match self.market.snapshot(&self.spec.table, symbol, &body) {
            Ok(snapshot) => match followed.sync.snapshot(&snapshot, now, |_| {}) {
                Progress::SnapshotStale | Progress::SnapshotUnwanted => return,
                _ => {}
            },
            Err(error) => {
                followed.sync.snapshot_failed(now);
                return self.snapshot_refused(error.to_string());
            }
        }
        let Some(held) = followed.held.take() else {
            return self.line(symbol, wall_ns, body);
        };
        let wall_ns = held.first().map_or(wall_ns, |(first_ns, _)| *first_ns);
        self.write(Item::Start {
            track,
            wall_ns,
            json: body,
        });
        for (wall_ns, json) in held {
            self.line(symbol, wall_ns, json);
        }
    }

    fn snapshot_refused(&self, reason: String) {
        let path = "/fapi/v1/depth";
        self.say(Said::CallFailed { path, reason });
    }

    /// A full file is followed by one that begins with a snapshot of its own.
    fn begin_full_files(&mut self) {
        for (track, followed) in self.spec.tracks.iter().zip(&mut self.followed) {
            if track.full.swap(false, Ordering::Relaxed) {
                followed.held.get_or_insert_default();
                followed.sync.lose(BookLoss::Gap, |_| {});
            }
        }
    }

    fn ask_due_snapshots(&mut self) {
        let now = self.spec.clock.mono();
        for (place, followed) in self.followed.iter_mut().enumerate() {
            if !followed.sync.snapshot_due(now) {
                continue;
            }
            let symbol = SymbolId(u16::try_from(place).unwrap_or(u16::MAX));
            let call = Call::Depth {
                symbol: self.spec.table.instrument(symbol).symbol(),
                limit: SNAPSHOT_LIMIT,
            };
            let stamp = Stamp {
                timestamp_ms: 0,
                recv_window_ms: 0,
            };
            let mut encoder = Encoder::new();
            let Ok(query) = encoder.rest(&call, stamp, None) else {
                continue;
            };
            self.last_id += 1;
            let id = self.last_id;
            let call = HttpCall {
                method: call.route().method,
                path: call.route().path,
                query: query.to_owned(),
                with_key: false,
                timeout: Duration::from_secs(10),
            };
            if self
                .spec
                .errands
                .try_send(Errand::Call { id, call })
                .is_ok()
            {
                self.asked.insert(id, (symbol, followed.conn));
            } else {
                followed.sync.snapshot_failed(now);
            }
        }
    }

    fn opened(&mut self, kind: LaneKind, conn: ConnNo, result: Result<Box<Wire>, String>) {
        let now = self.spec.clock.mono();
        let lane = self.spec.conns.lane(kind);
        let kept = lane.opened(now, conn, result.is_ok());
        let adopted = match result {
            Ok(wire) if kept => {
                let registry = self.spec.poll.registry();
                let adopted = self.spec.conns.adopt(registry, kind, conn, *wire);
                adopted.map_err(|error| error.to_string())
            }
            Ok(wire) => return wire.close(),
            Err(reason) => Err(reason),
        };
        if let Err(reason) = adopted {
            if kept {
                self.spec.conns.lane(kind).lost(Seat::Next, now);
            }
            let attempt = conn;
            let lane = kind;
            self.say(Said::OpenFailed {
                lane,
                attempt,
                reason,
            });
        }
    }

    fn settle(&mut self, kind: LaneKind) {
        let now = self.spec.clock.mono();
        let change = self.spec.conns.lane(kind).settle(now);
        if change == LaneChange::None {
            return;
        }
        self.spec.conns.promote(kind, now);
        let attempt = self.spec.conns.lane_ref(kind).attempts();
        self.say(match change {
            LaneChange::RolledOver => Said::RolledOver { lane: kind },
            LaneChange::Up | LaneChange::None | LaneChange::Down => Said::LaneUp {
                lane: kind,
                attempt,
            },
        });
    }

    fn lost(&mut self, kind: LaneKind, seat: Seat, reason: &str) {
        let now = self.spec.clock.mono();
        drop(self.spec.conns.seat(kind, seat).take());
        let _ = self.spec.conns.lane(kind).lost(seat, now);
        let reason = reason.to_owned();
        self.say(Said::LaneDown { lane: kind, reason });
    }

    fn tend_lanes(&mut self) {
        let now = self.spec.clock.mono();
        for kind in LANES {
            loop {
                match self.spec.conns.lane(kind).wish(now) {
                    LaneWish::Nothing => break,
                    LaneWish::Open { attempt } => {
                        let url = self.spec.conns.url(kind).unwrap_or_default().to_owned();
                        let errand = Errand::Open {
                            lane: kind,
                            conn: attempt,
                            url,
                        };
                        if self.spec.errands.try_send(errand).is_err() {
                            self.spec.conns.lane(kind).opened(now, attempt, false);
                        }
                    }
                    LaneWish::Drop { seat, why } => {
                        self.say(Said::LaneGivenUp {
                            lane: kind,
                            end: why,
                        });
                        self.lost(kind, seat, "given up by our side");
                    }
                }
            }
        }
    }

    fn say_dropped(&mut self) {
        if self.dropped > self.dropped_said {
            let lost = self.dropped - self.dropped_said;
            self.dropped_said = self.dropped;
            let queue = "recording";
            self.say(Said::QueueFull { queue, lost });
        }
    }

    fn say(&self, said: Said) {
        log(&self.spec.renderer.line(&Statement::Said(said)));
    }
}

/// The symbol in `{"stream":"<symbol>@…`.
fn symbol_of(table: &SymbolTable, frame: &[u8]) -> Option<SymbolId> {
    let rest = frame.strip_prefix(b"{\"stream\":\"")?;
    let end = rest.iter().position(|&byte| byte == b'@')?;
    let name = rest.get(..end)?.to_ascii_uppercase();
    table.find(&name)
}

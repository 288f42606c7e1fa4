//! What would keep the driver waiting is done here: connecting, REST, the
//! listen key, the clock. Results come back through the driver's inbox.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use phoenix_binance::client::{Client, HttpAnswer, HttpCall, HttpFailure};
use phoenix_binance::outcome::Reaction;
use phoenix_binance::symbols::SymbolTable;
use phoenix_domain::{Instrument, OperatorOrder};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::gateway::ConnNo;
use crate::lane::LaneKind;
use crate::notes::Said;
use crate::wire::Wire;

/// Errands waiting at most; beyond it a call counts as not sent.
pub(crate) const ERRANDS_MAX: usize = 1_024;

/// Results waiting at most; whoever brings more waits for the driver.
pub(crate) const INBOX_MAX: usize = 4_096;

/// Something to be done outside the driver.
#[derive(Debug)]
pub(crate) enum Errand {
    Open {
        lane: LaneKind,
        conn: ConnNo,
        url: String,
    },
    Call {
        id: u64,
        call: HttpCall,
    },
    /// A key that is valid now, whether new or extended.
    ListenKey,
    MeasureClock,
    FetchInstruments,
}

/// Something for the driver.
#[derive(Debug)]
pub(crate) enum Inbox {
    Opened {
        lane: LaneKind,
        conn: ConnNo,
        result: Result<Box<Wire>, String>,
    },
    Answer {
        id: u64,
        result: Result<HttpAnswer, HttpFailure>,
    },
    ListenKey(String),
    Instruments(Vec<Instrument>),
    Said(Said),
    Operator(OperatorOrder),
    Quit,
}

/// Puts things into the driver's inbox and wakes it.
#[derive(Clone, Debug)]
pub(crate) struct InboxSender {
    queue: SyncSender<Inbox>,
    waker: Arc<mio::Waker>,
}

impl InboxSender {
    pub(crate) fn new(queue: SyncSender<Inbox>, waker: Arc<mio::Waker>) -> Self {
        Self { queue, waker }
    }

    /// Nothing is lost but at the very end, when the driver is gone.
    pub(crate) fn send(&self, item: Inbox) {
        if self.queue.send(item).is_ok() {
            let woken = self.waker.wake();
            debug_assert!(woken.is_ok(), "the waker lives as long as the driver");
        }
    }
}

/// How often what is done regularly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rounds {
    /// Extends the listen key, host time.
    pub(crate) listen_key: Duration,
    /// Measures the clock, host time.
    pub(crate) clock: Duration,
    /// Fetches the instruments, host time.
    pub(crate) instruments: Duration,
}

/// Runs errands until the driver hangs up.
#[derive(Clone)]
pub(crate) struct Runner {
    pub(crate) client: Client,
    pub(crate) clock: Clock,
    pub(crate) inbox: InboxSender,
    pub(crate) table: Arc<SymbolTable>,
    pub(crate) rounds: Rounds,
    /// Longest time to connect, host time.
    pub(crate) connect_timeout: Duration,
    /// There is an account to listen to.
    pub(crate) has_account: bool,
}

impl Runner {
    pub(crate) async fn run(self, mut errands: mpsc::Receiver<Errand>) {
        let mut key_round = interval(self.rounds.listen_key);
        let mut clock_round = interval(self.rounds.clock);
        let mut instruments_round = interval(self.rounds.instruments);
        loop {
            tokio::select! {
                errand = errands.recv() => match errand {
                    Some(errand) => self.start(errand),
                    None => return,
                },
                _ = key_round.tick() => if self.has_account {
                    self.clone().spawn(|runner| async move { runner.renew_listen_key().await });
                },
                _ = clock_round.tick() => self.start(Errand::MeasureClock),
                _ = instruments_round.tick() => self.start(Errand::FetchInstruments),
            }
        }
    }

    fn start(&self, errand: Errand) {
        let runner = self.clone();
        match errand {
            Errand::Open { lane, conn, url } => {
                tokio::task::spawn_blocking(move || runner.open(lane, conn, &url));
            }
            Errand::Call { id, call } => runner.spawn(move |runner| async move {
                let result = runner.client.transport().exchange(&call).await;
                runner.inbox.send(Inbox::Answer { id, result });
            }),
            Errand::ListenKey => runner.spawn(|runner| async move { runner.new_key().await }),
            Errand::MeasureClock => runner.spawn(|runner| async move {
                if let Err(error) = runner.client.measure_clock().await {
                    runner.failed("/fapi/v1/time", &error.to_string());
                }
            }),
            Errand::FetchInstruments => {
                runner.spawn(|runner| async move { runner.instruments().await });
            }
        }
    }

    fn spawn<F>(self, work: impl FnOnce(Self) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(work(self));
    }

    fn open(&self, lane: LaneKind, conn: ConnNo, url: &str) {
        let wire = Wire::connect(url, self.connect_timeout);
        let result = wire.map(Box::new).map_err(|error| error.to_string());
        self.inbox.send(Inbox::Opened { lane, conn, result });
    }

    async fn renew_listen_key(&self) {
        match self.client.renew_listen_key().await {
            Ok(()) => self.inbox.send(Inbox::Said(Said::ListenKeyRenewed)),
            Err(phoenix_binance::client::ClientError::Refused { verdict, .. })
                if verdict.reaction == Reaction::RenewListenKey =>
            {
                self.inbox.send(Inbox::Said(Said::ListenKeyLost));
                self.new_key().await;
            }
            Err(error) => {
                let reason = error.to_string();
                self.inbox
                    .send(Inbox::Said(Said::ListenKeyFailed { reason }));
            }
        }
    }

    /// Tries until there is a key: without one the account is deaf.
    async fn new_key(&self) {
        let mut wait_ms = 500;
        loop {
            match self.client.create_listen_key().await {
                Ok(key) => return self.inbox.send(Inbox::ListenKey(key)),
                Err(error) => {
                    let reason = error.to_string();
                    self.inbox
                        .send(Inbox::Said(Said::ListenKeyFailed { reason }));
                }
            }
            tokio::time::sleep(self.clock.real_ms(wait_ms)).await;
            wait_ms = (wait_ms * 2).min(30_000);
        }
    }

    async fn instruments(&self) {
        let specs = match self.client.instruments().await {
            Ok(specs) => specs,
            Err(error) => return self.failed("/fapi/v1/exchangeInfo", &error.to_string()),
        };
        let ours = specs.into_iter().filter_map(|spec| {
            let id = self.table.find(spec.symbol.as_bytes())?;
            Instrument::new(id, spec).ok()
        });
        self.inbox.send(Inbox::Instruments(ours.collect()));
    }

    fn failed(&self, path: &'static str, reason: &str) {
        let reason = reason.to_owned();
        self.inbox
            .send(Inbox::Said(Said::CallFailed { path, reason }));
    }
}

/// The first tick is one period from now: start-up has just done all of it.
fn interval(period: Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval_at(tokio::time::Instant::now() + period, period);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval
}

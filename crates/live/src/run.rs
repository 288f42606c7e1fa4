//! One run of the maker, from the first question to the proof that nothing
//! rests.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use phoenix_binance::client::{Client, ClientError, ClientSpec, HttpFailure};
use phoenix_binance::sign::Credentials;
use phoenix_binance::symbols::SymbolTable;
use phoenix_binance::wire::call::{CANCEL_BATCH_MAX, Call};
use phoenix_config::{Config, Lang, OrderEntry};
use phoenix_domain::{Balance, Instrument, OperatorOrder, RunId};
use tokio::sync::{mpsc, watch};

use crate::clock::{Clock, wall_ms};
use crate::driver::{Conns, Driver, DriverEnd, DriverSpec, LaneTimes, WAKER};
use crate::endpoints::Endpoints;
use crate::errands::{ERRANDS_MAX, INBOX_MAX, Inbox, InboxSender, Rounds, Runner};
use crate::gateway::{Gateway, GatewaySpec};
use crate::notes::{Renderer, Said, Statement, log};
use crate::settings::desk_settings;
use crate::start::{Learnt, learn};
use crate::status::StatusPublisher;
use crate::summary::{Summary, WalletCheck, booked};

/// Statements waiting to be written at most.
const SCRIBE_MAX: usize = 65_536;

/// What a run needs.
pub struct Setup {
    /// The checked configuration.
    pub config: Config,
    /// Where the exchange is.
    pub endpoints: Endpoints,
    /// In words, for the screen.
    pub venue: String,
    /// Needed for anything but a dry run.
    pub credentials: Option<Credentials>,
    /// The clock of everything.
    pub clock: Clock,
    /// Language of the log.
    pub lang: Lang,
    /// Everything but sending orders.
    pub dry_run: bool,
    /// How often and how long.
    pub timings: Timings,
    /// Where the state is shown.
    pub status: StatusPublisher,
}

/// Times of a run, milliseconds of its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timings {
    /// The listen key, which lives 60 minutes, is extended this often.
    pub listen_key_ms: u64,
    /// Connections, which live 24 hours, are renewed at this age.
    pub rollover_ms: u64,
    /// Every stream must have delivered this long after connecting.
    pub first_data_ms: u64,
    /// The clock is measured this often.
    pub clock_ms: u64,
    /// The instruments are fetched this often.
    pub instruments_ms: u64,
    /// A stop that has not been proven by then is carried out by hand.
    pub stop_ms: u64,
}

impl Timings {
    /// What Binance's lifetimes ask for.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            listen_key_ms: 30 * 60_000,
            rollover_ms: (23 * 60 + 30) * 60_000,
            first_data_ms: 10_000,
            clock_ms: 10 * 60_000,
            instruments_ms: 10 * 60_000,
            stop_ms: 15_000,
        }
    }
}

/// Why a run did not take place, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Orders cannot be sent without keys.
    #[error("no api keys: set BINANCE_API_KEY and BINANCE_API_SECRET, or keys_file, or --dry-run")]
    NoKeys,
    /// The exchange did not answer as it must.
    #[error("start-up: {0}")]
    Exchange(#[from] ClientError),
    /// Configuration and exchange do not fit together.
    #[error("cannot trade: {}", problems.join("; "))]
    Unfit {
        /// All of them.
        problems: Vec<String>,
    },
    /// The system refused something.
    #[error("{0}")]
    System(#[from] std::io::Error),
    /// No HTTP client could be made.
    #[error("{0}")]
    Http(#[from] HttpFailure),
    /// A thread of ours broke; what rested was cancelled as far as possible.
    #[error("the {thread} thread broke; orders left at the exchange: {resting}")]
    Broken {
        /// Which.
        thread: &'static str,
        /// Orders still listed afterwards, or why that is not known.
        resting: String,
    },
}

/// Trades until `stop` becomes true (or its sender is gone), then cancels
/// everything and proves that nothing rests.
///
/// # Errors
/// See [`RunError`]. A stop that cannot be proven is not an error here: it
/// stands in the summary.
pub async fn run(setup: Setup, mut stop: watch::Receiver<bool>) -> Result<Summary, RunError> {
    if setup.credentials.is_none() && !setup.dry_run {
        return Err(RunError::NoKeys);
    }
    let credentials = setup.credentials.map(Arc::new);
    let client = client(
        &setup.endpoints,
        credentials.clone(),
        &setup.clock,
        &setup.config,
    )?;
    let learnt = learn(&client, &setup.config, credentials.is_some()).await?;
    let before = learnt
        .account
        .as_ref()
        .map(|(_, balances)| balances.clone());
    let desk = Trading {
        client,
        table: Arc::clone(&learnt.table),
        before: before.unwrap_or_default(),
        has_account: credentials.is_some(),
        dry_run: setup.dry_run,
        stop_real: setup.clock.real_ms(setup.timings.stop_ms),
    };
    let parts = Parts {
        config: setup.config,
        endpoints: setup.endpoints,
        venue: setup.venue,
        clock: setup.clock,
        lang: setup.lang,
        timings: setup.timings,
        status: setup.status,
    };
    let running = spawn(&desk, learnt, credentials, parts)?;
    wait_for_stop(&mut stop, &running.driver).await;
    desk.stop(running).await
}

/// What is left of the setup once the exchange has been asked.
struct Parts {
    config: Config,
    endpoints: Endpoints,
    venue: String,
    clock: Clock,
    lang: Lang,
    timings: Timings,
    status: StatusPublisher,
}

/// What outlives the driver.
struct Trading {
    client: Client,
    table: Arc<SymbolTable>,
    before: Vec<Balance>,
    has_account: bool,
    dry_run: bool,
    stop_real: Duration,
}

/// Threads and tasks of a run.
struct Running {
    driver: JoinHandle<DriverEnd>,
    scribe: JoinHandle<()>,
    inbox: InboxSender,
    stopped: watch::Receiver<bool>,
}

fn client(
    endpoints: &Endpoints,
    credentials: Option<Arc<Credentials>>,
    clock: &Clock,
    config: &Config,
) -> Result<Client, HttpFailure> {
    let spec = ClientSpec {
        base_url: endpoints.rest_url.clone(),
        credentials,
        recv_window_ms: u32::try_from(config.recv_window_ms).unwrap_or(5_000),
        timeout: clock.real_ms(config.order_timeout_ms),
    };
    let (reads, shifts) = (clock.clone(), clock.clone());
    Client::new(
        spec,
        Arc::new(move || reads.venue()),
        Arc::new(move |sample| shifts.shift_venue(sample.offset_ms)),
    )
}

fn spawn(
    desk: &Trading,
    learnt: Learnt,
    credentials: Option<Arc<Credentials>>,
    parts: Parts,
) -> Result<Running, RunError> {
    let poll = mio::Poll::new()?;
    let waker = Arc::new(mio::Waker::new(poll.registry(), WAKER)?);
    let (queue, inbox) = sync_channel(INBOX_MAX);
    let sender = InboxSender::new(queue, waker);
    let (errands, errands_end) = mpsc::channel(ERRANDS_MAX);
    let (scribe, scribe_end) = sync_channel(SCRIBE_MAX);
    let (stopped, stopped_end) = watch::channel(false);
    let instruments: Vec<Instrument> = learnt.symbols.iter().map(|(i, _)| i.clone()).collect();
    let clock = &parts.clock;
    let runner = Runner {
        client: desk.client.clone(),
        clock: clock.clone(),
        inbox: sender.clone(),
        table: Arc::clone(&desk.table),
        rounds: Rounds {
            listen_key: clock.real_ms(parts.timings.listen_key_ms),
            clock: clock.real_ms(parts.timings.clock_ms),
            instruments: clock.real_ms(parts.timings.instruments_ms),
        },
        connect_timeout: Duration::from_secs(5),
        has_account: desk.has_account,
    };
    tokio::spawn(runner.run(errands_end));
    let renderer = Renderer::new(parts.lang, instruments);
    let scribe_thread = thread("scribe", {
        let status = parts.status.clone();
        move || write_log(&scribe_end, &renderer, &status)
    })?;
    let started = Said::Started {
        symbols: learnt.symbols.len(),
        dry_run: desk.dry_run,
    };
    let busy = (parts.config.busy_poll, parts.config.pin_core);
    let spec = driver_spec(
        desk,
        learnt,
        credentials,
        parts,
        Ends {
            poll,
            inbox,
            errands,
            scribe,
            stopped,
        },
    );
    sender.send(Inbox::Said(started));
    let driver = thread("driver", move || {
        if let Some(core) = busy.1 {
            core_affinity::set_for_current(core_affinity::CoreId { id: core });
        }
        Driver::new(spec).run()
    })?;
    Ok(Running {
        driver,
        scribe: scribe_thread,
        inbox: sender,
        stopped: stopped_end,
    })
}

/// The driver's ends of its channels.
struct Ends {
    poll: mio::Poll,
    inbox: Receiver<Inbox>,
    errands: mpsc::Sender<crate::errands::Errand>,
    scribe: std::sync::mpsc::SyncSender<Statement>,
    stopped: watch::Sender<bool>,
}

fn driver_spec(
    desk: &Trading,
    learnt: Learnt,
    credentials: Option<Arc<Credentials>>,
    parts: Parts,
    ends: Ends,
) -> DriverSpec {
    let config = &parts.config;
    let symbols = learnt.symbols.len();
    let gateway = GatewaySpec {
        desk: desk_settings(config),
        symbols: learnt.symbols,
        run: RunId(u32::try_from(wall_ms() / 1_000).unwrap_or(u32::MAX)),
        credentials,
        order_entry: config.order_entry,
        recv_window_ms: u32::try_from(config.recv_window_ms).unwrap_or(5_000),
        order_timeout_ms: config.order_timeout_ms,
        rest_timeout: parts.clock.real_ms(config.order_timeout_ms),
        ceilings: learnt.ceilings,
        dry_run: desk.dry_run,
    };
    let times = LaneTimes {
        first_data_ms: parts.timings.first_data_ms,
        stale_ms: config.ws_stale_ms,
        rollover_ms: parts.timings.rollover_ms,
    };
    let uses_entry = config.order_entry == OrderEntry::Ws && !desk.dry_run;
    DriverSpec {
        gateway: Gateway::new(gateway, parts.clock.now()),
        clock: parts.clock.clone(),
        endpoints: parts.endpoints,
        poll: ends.poll,
        inbox: ends.inbox,
        errands: ends.errands,
        scribe: ends.scribe,
        status: parts.status,
        stopped: ends.stopped,
        conns: Conns::new(times, symbols, uses_entry, desk.has_account),
        ceilings: learnt.ceilings,
        venue: parts.venue,
        dry_run: desk.dry_run,
        busy_poll: config.busy_poll,
        account: learnt.account,
    }
}

fn thread<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, RunError> {
    let builder = std::thread::Builder::new().name(name.to_owned());
    Ok(builder.spawn(body)?)
}

/// The scribe: renders and writes until the driver is gone.
fn write_log(statements: &Receiver<Statement>, renderer: &Renderer, status: &StatusPublisher) {
    while let Ok(statement) = statements.recv() {
        let line = renderer.line(&statement);
        log(&line);
        status.line(line);
    }
}

/// Also returns when the driver has died: there is nothing left to wait for.
async fn wait_for_stop(stop: &mut watch::Receiver<bool>, driver: &JoinHandle<DriverEnd>) {
    let mut look = tokio::time::interval(Duration::from_millis(100));
    loop {
        tokio::select! {
            asked = stop.wait_for(|&stop| stop) => {
                // An error means that nobody can ask any more: stop as well.
                let _ = asked;
                return;
            }
            _ = look.tick() => if driver.is_finished() {
                return;
            },
        }
    }
}

impl Trading {
    /// Cancels everything, proves it, ends the threads, adds up.
    async fn stop(self, mut running: Running) -> Result<Summary, RunError> {
        running.inbox.send(Inbox::Said(Said::Stopping));
        running.inbox.send(Inbox::Operator(OperatorOrder::Stop));
        let proven =
            tokio::time::timeout(self.stop_real, running.stopped.wait_for(|&stopped| stopped));
        let proven = matches!(proven.await, Ok(Ok(_)));
        if !proven && !self.dry_run {
            self.cancel_by_hand().await;
        }
        let resting = if self.has_account {
            self.resting().await
        } else {
            Ok(Vec::new())
        };
        let said = match &resting {
            Ok(resting) if resting.iter().all(|(_, count)| *count == 0) => Said::Stopped,
            Ok(resting) => Said::StopUnproven {
                resting: resting.iter().map(|(_, count)| count).sum(),
            },
            Err(_) => Said::StopUnproven { resting: 0 },
        };
        running.inbox.send(Inbox::Said(said));
        running.inbox.send(Inbox::Quit);
        let Running { driver, scribe, .. } = running;
        let end = tokio::task::spawn_blocking(move || {
            let end = driver.join();
            let scribe_end = scribe.join();
            (end, scribe_end)
        });
        let broken = |thread| RunError::Broken {
            thread,
            resting: match &resting {
                Ok(resting) => format!("{resting:?}"),
                Err(error) => error.to_string(),
            },
        };
        let Ok((end, scribe_end)) = end.await else {
            return Err(broken("driver"));
        };
        let end = end.map_err(|_| broken("driver"))?;
        scribe_end.map_err(|_| broken("scribe"))?;
        Ok(self.summary(end, resting.ok()).await)
    }

    async fn summary(&self, end: DriverEnd, resting: Option<Vec<(String, usize)>>) -> Summary {
        let after = if self.has_account {
            self.client.balances(&self.table).await.unwrap_or_default()
        } else {
            Vec::new()
        };
        let checks = after.iter().filter_map(|after| {
            let asset = self.table.assets().get(usize::from(after.asset))?;
            let before = self
                .before
                .iter()
                .find(|before| before.asset == after.asset)?;
            Some(WalletCheck {
                asset: asset.clone(),
                before: before.wallet,
                after: after.wallet,
                booked: booked(&end.status.makers, asset),
            })
        });
        Summary {
            wallets: checks.collect(),
            resting,
            status: end.status,
        }
    }

    /// Orders of ours that the exchange lists.
    async fn resting(&self) -> Result<Vec<(String, usize)>, ClientError> {
        let mut resting = Vec::new();
        for instrument in self.table.instruments() {
            let orders = self.client.open_orders(&self.table, instrument.id).await?;
            let ours = orders
                .iter()
                .filter(|order| order.client_id.is_some())
                .count();
            resting.push((instrument.symbol().to_owned(), ours));
        }
        Ok(resting)
    }

    /// The engine did not prove in time that nothing rests: cancel by list,
    /// sparing orders of others.
    async fn cancel_by_hand(&self) {
        for instrument in self.table.instruments() {
            let symbol = instrument.symbol();
            let listed = self.client.open_orders(&self.table, instrument.id).await;
            let ours: Vec<_> = listed
                .unwrap_or_default()
                .iter()
                .filter_map(|order| order.client_id)
                .collect();
            for client_ids in ours.chunks(CANCEL_BATCH_MAX) {
                let call = Call::CancelBatch { symbol, client_ids };
                if let Err(error) = self.client.call(&call).await {
                    tracing::error!("cancel by hand failed symbol={symbol} error={error}");
                }
            }
        }
    }
}

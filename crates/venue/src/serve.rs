//! The exchange on real sockets: HTTP and WebSocket on one port, a thread of
//! its own, a clock that may run faster than the world's.
//!
//! One lock guards the [`Front`]; all tasks run on the same thread, so it is
//! never waited for except by [`Server::inspect`]. What a client sends is
//! carried out and answered in the task that read it, without a hop.

mod clock;
mod http;
mod mail;
mod socket;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use phoenix_domain::Cash;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot, watch};

use crate::exchange::{
    AccountId, AccountSpec, Exchange, ExchangeError, ExchangeSpec, Liquidity, MarketSpec, Oversize,
    VenueNs,
};
use crate::flow::FlowSpec;
use crate::front::{ConnId, Front, FrontSpec, HttpResponse, KeyError, KeySecret, KeySpec};
use crate::front::{Outgoing, RequestId};
use crate::serve::clock::Clock;
use crate::serve::mail::{Mail, Mailbox};
use crate::spec::SymbolSpec;

/// How long sockets are given to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// Longest sleep when nothing is due.
const IDLE: Duration = Duration::from_millis(100);

/// An account and the keys that trade for it.
#[derive(Clone, Debug)]
pub struct AccountSeat {
    /// Deposits and fees.
    pub account: AccountSpec,
    /// Pairs of key and secret.
    pub keys: Vec<(String, Secret)>,
}

impl AccountSeat {
    /// Key of the account every simulated exchange is started with.
    pub const DEMO_KEY: &'static str =
        "phoenixDemoKey00000000000000000000000000000000000000000000000000";
    /// Its secret. It opens nothing but a simulated account.
    pub const DEMO_SECRET: &'static str =
        "phoenixDemoSecret00000000000000000000000000000000000000000000000";

    /// An account with 100,000 of each asset and the demo key.
    #[must_use]
    pub fn demo() -> Self {
        let funds = Cash(100_000 * 100_000_000);
        let deposits = ["USDT", "USDC"].map(|asset| (asset.to_owned(), funds));
        let secret = Secret(KeySecret::Hmac(Self::DEMO_SECRET.to_owned()));
        Self {
            account: AccountSpec {
                deposits: deposits.into(),
                ..AccountSpec::default()
            },
            keys: vec![(Self::DEMO_KEY.to_owned(), secret)],
        }
    }
}

/// A secret that does not print.
#[derive(Clone)]
pub struct Secret(pub KeySecret);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// What a server is started from.
#[derive(Debug)]
pub struct ServeSpec {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The exchange.
    pub exchange: ExchangeSpec,
    /// Its accounts, opened in this order.
    pub seats: Vec<AccountSeat>,
    /// The protocol; keys of the seats are added.
    pub front: FrontSpec,
    /// How much faster than the world its clock runs.
    pub speed: f64,
    /// CPU to pin the thread to.
    pub core: Option<usize>,
}

/// Closed orders, trades and incomes kept per account unless told otherwise.
const HISTORY_MAX: usize = 100_000;

impl ServeSpec {
    /// Symbols known by heart with their synthetic crowds, the demo account,
    /// a free local port, the present time at its own pace. `None` for a
    /// symbol not known by heart.
    #[must_use]
    pub fn synthetic(symbols: &[&str], seed: u64) -> Option<Self> {
        let mut markets = Vec::with_capacity(symbols.len());
        for name in symbols {
            markets.push(MarketSpec {
                symbol: SymbolSpec::named(name)?,
                liquidity: Liquidity::Synthetic(FlowSpec::named(name)?),
            });
        }
        Some(Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            exchange: ExchangeSpec {
                start: clock::present(),
                seed,
                markets,
                recording: None,
                oversize: Oversize::default(),
                history_max: HISTORY_MAX,
            },
            seats: vec![AccountSeat::demo()],
            front: FrontSpec {
                seed,
                ..FrontSpec::default()
            },
            speed: 1.0,
            core: None,
        })
    }
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A listing that makes no sense.
    #[error("exchange: {0}")]
    Exchange(#[from] ExchangeError),
    /// A key that is none.
    #[error("key: {0}")]
    Key(#[from] KeyError),
    /// A speed that is not a positive number.
    #[error("speed is {0}, must be above 0 and at most 1000")]
    Speed(f64),
    /// The operating system's own words.
    #[error("listen on {addr}: {error}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// What went wrong.
        error: std::io::Error,
    },
}

/// Opens the seats' accounts and puts the protocol in front of the exchange.
/// Returns the accounts in the order of the seats.
///
/// # Errors
/// A listing or a key that makes no sense.
pub fn build(
    exchange: ExchangeSpec,
    seats: &[AccountSeat],
    mut front: FrontSpec,
) -> Result<(Front, Vec<AccountId>), ServeError> {
    let start = exchange.start;
    let mut exchange = Exchange::new(exchange)?;
    let mut accounts = Vec::with_capacity(seats.len());
    for seat in seats {
        let account = exchange.open_account(start, &seat.account);
        accounts.push(account);
        front
            .keys
            .extend(seat.keys.iter().map(|(api_key, secret)| KeySpec {
                api_key: api_key.clone(),
                secret: secret.0.clone(),
                account,
            }));
    }
    Ok((Front::new(front, exchange)?, accounts))
}

/// A running exchange. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    accounts: Vec<AccountId>,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts the exchange and returns once it listens.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub fn start(spec: ServeSpec) -> Result<Self, ServeError> {
        if !(spec.speed > 0.0 && spec.speed <= 1_000.0) {
            return Err(ServeError::Speed(spec.speed));
        }
        let listening = |error| ServeError::Listen {
            addr: spec.listen,
            error,
        };
        let listener = std::net::TcpListener::bind(spec.listen).map_err(listening)?;
        listener.set_nonblocking(true).map_err(listening)?;
        let addr = listener.local_addr().map_err(listening)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(listening)?;
        let clock = Clock::new(spec.exchange.start, spec.speed);
        let (front, accounts) = build(spec.exchange, &spec.seats, spec.front)?;
        let shared = Arc::new(Shared::new(front, clock));
        let (stop, stopped) = watch::channel(false);
        let core = spec.core;
        let inner = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("venue".to_owned())
            .spawn(move || {
                if let Some(core) = core {
                    pin(core);
                }
                runtime.block_on(run(inner, listener, stopped));
                runtime.shutdown_background();
            })
            .map_err(listening)?;
        Ok(Self {
            addr,
            accounts,
            shared,
            stop,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The accounts, in the order of the seats.
    #[must_use]
    pub fn accounts(&self) -> &[AccountId] {
        &self.accounts
    }

    /// Its clock now.
    #[must_use]
    pub fn now(&self) -> VenueNs {
        self.shared.clock.now()
    }

    /// Reads the exchange's own record.
    pub fn inspect<T>(&self, read: impl FnOnce(&Exchange) -> T) -> T {
        read(self.shared.lock().front.exchange())
    }

    /// Acts on the front at the exchange's present time: plays another
    /// account, closes a connection. What comes of it is sent at once.
    pub fn act<T>(&self, act: impl FnOnce(&mut Front, VenueNs) -> T) -> T {
        let mut shell = self.shared.lock();
        let now = self.shared.clock.now();
        let result = act(&mut shell.front, now);
        self.shared.pump(&mut shell);
        result
    }

    /// Closes every connection and ends the thread.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the exchange's thread panicked");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// What all tasks share.
#[derive(Debug)]
struct Shared {
    clock: Clock,
    shell: Mutex<Shell>,
    /// The timer has an earlier deadline to wait for.
    sooner: Notify,
    /// The last socket is gone.
    empty: Notify,
}

/// The front with the ways back to its clients.
#[derive(Debug)]
struct Shell {
    front: Front,
    out: Vec<Outgoing>,
    waiting: BTreeMap<RequestId, oneshot::Sender<HttpResponse>>,
    mail: BTreeMap<ConnId, Mailbox>,
    timer_at: Option<VenueNs>,
}

impl Shared {
    fn new(front: Front, clock: Clock) -> Self {
        Self {
            clock,
            shell: Mutex::new(Shell {
                front,
                out: Vec::new(),
                waiting: BTreeMap::new(),
                mail: BTreeMap::new(),
                timer_at: None,
            }),
            sooner: Notify::new(),
            empty: Notify::new(),
        }
    }

    /// A panic of an inspecting test must not hide what it found.
    fn lock(&self) -> MutexGuard<'_, Shell> {
        self.shell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands out what has arrived by now.
    fn pump(&self, shell: &mut Shell) {
        shell.deliver(self.clock.now());
        let next = shell.front.next_deadline();
        let sooner = match (next, shell.timer_at) {
            (Some(next), Some(timer_at)) => next < timer_at,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if sooner {
            self.sooner.notify_one();
        }
    }
}

impl Shell {
    fn deliver(&mut self, now: VenueNs) {
        self.front.poll(now, &mut self.out);
        let mail = &mut self.mail;
        let mut put = |conn: ConnId, item: Mail| {
            if let Some(mailbox) = mail.get_mut(&conn) {
                mailbox.put(item);
            }
        };
        for outgoing in self.out.drain(..) {
            match outgoing {
                Outgoing::Reply { request, response } => {
                    if let Some(waiting) = self.waiting.remove(&request) {
                        // A client that hung up wants no reply.
                        let _ = waiting.send(response);
                    }
                }
                Outgoing::Text { conn, text } => put(conn, Mail::Text(text)),
                Outgoing::Ping { conn, payload } => put(conn, Mail::Ping(payload)),
                Outgoing::Close { conn, code, reason } => {
                    put(conn, Mail::Close { code, reason });
                }
            }
        }
    }
}

async fn run(
    shared: Arc<Shared>,
    listener: std::net::TcpListener,
    mut stopped: watch::Receiver<bool>,
) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the exchange cannot listen");
            return;
        }
    };
    tokio::select! {
        () = http::listen(listener, Arc::clone(&shared)) => {}
        () = keep_time(&shared) => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    let goodbye = Mail::Close {
        code: 1001,
        reason: "going away",
    };
    for mailbox in shared.lock().mail.values_mut() {
        mailbox.put(goodbye.clone());
    }
    let all_gone = async {
        while !shared.lock().mail.is_empty() {
            shared.empty.notified().await;
        }
    };
    let _ = tokio::time::timeout(GOODBYE, all_gone).await;
}

/// Does what becomes due without anybody asking.
async fn keep_time(shared: &Shared) {
    loop {
        let wait = {
            let mut shell = shared.lock();
            shell.deliver(shared.clock.now());
            shell.timer_at = shell.front.next_deadline();
            shell
                .timer_at
                .map_or(IDLE, |at| shared.clock.until(at).min(IDLE))
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shared.sooner.notified() => {}
        }
    }
}

fn pin(core: usize) {
    let ids = core_affinity::get_core_ids().unwrap_or_default();
    let pinned = ids
        .into_iter()
        .find(|id| id.id == core)
        .is_some_and(core_affinity::set_for_current);
    if !pinned {
        tracing::warn!(core, "cannot pin the exchange's thread");
    }
}

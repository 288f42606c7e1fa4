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
mod spec;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot, watch};

use crate::exchange::{AccountId, Exchange, ExchangeError, VenueNs};
use crate::front::{ConnId, Front, HttpResponse, KeyError, Outgoing, RequestId};
use crate::serve::clock::Clock;
use crate::serve::mail::{Mail, Mailbox};

pub use spec::{AccountSeat, Secret, ServeSpec, build};

/// How long sockets are given to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// Longest wait for the exchange's thread to do as asked.
const INSIDE_WITHIN: Duration = Duration::from_secs(10);
/// Longest sleep when nothing is due.
const IDLE: Duration = Duration::from_millis(100);

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
        Self::start_as(spec, Waiting::Sleeps)
    }

    /// The same with a thread that never sleeps: it burns its core and spares
    /// every wake-up.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub fn start_busy(spec: ServeSpec) -> Result<Self, ServeError> {
        Self::start_as(spec, Waiting::Spins)
    }

    fn start_as(spec: ServeSpec, waiting: Waiting) -> Result<Self, ServeError> {
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
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        if matches!(waiting, Waiting::Spins) {
            // A spinning task is always ready: without this the sockets would
            // be looked at once in 61 turns only.
            runtime.event_interval(1);
        }
        let runtime = runtime.enable_all().build().map_err(listening)?;
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
                runtime.block_on(run(inner, listener, stopped, waiting));
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

    /// As [`Server::act`], but on the exchange's own thread, so that what
    /// comes of it leaves without waking another thread first. `None` if the
    /// thread has ended.
    pub fn act_inside<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Front, VenueNs) -> T + Send + 'static,
    ) -> Option<T> {
        let (done, result) = mpsc::channel();
        self.shared.tasks().push(Box::new(move |front, now| {
            // Whoever asked may have given up waiting.
            let _ = done.send(act(front, now));
        }));
        self.shared.sooner.notify_one();
        result.recv_timeout(INSIDE_WITHIN).ok()
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

/// What the thread does while nothing is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    Sleeps,
    Spins,
}

/// What [`Server::act_inside`] hands over.
type Task = Box<dyn FnOnce(&mut Front, VenueNs) + Send>;

/// What all tasks share.
struct Shared {
    clock: Clock,
    shell: Mutex<Shell>,
    tasks: Mutex<Vec<Task>>,
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

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
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
            tasks: Mutex::new(Vec::new()),
            sooner: Notify::new(),
            empty: Notify::new(),
        }
    }

    /// A panic of an inspecting test must not hide what it found.
    fn lock(&self) -> MutexGuard<'_, Shell> {
        self.shell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what is due and what was handed over; returns when something is
    /// due next.
    fn turn(&self) -> Option<VenueNs> {
        let tasks = std::mem::take(&mut *self.tasks());
        let mut shell = self.lock();
        for task in tasks {
            task(&mut shell.front, self.clock.now());
        }
        shell.deliver(self.clock.now());
        shell.timer_at = shell.front.next_deadline();
        shell.timer_at
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
    waiting: Waiting,
) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the exchange cannot listen");
            return;
        }
    };
    tokio::spawn(http::listen(listener, Arc::clone(&shared)));
    let timekeeper = tokio::spawn(keep_time(Arc::clone(&shared), waiting));
    tokio::select! {
        // An error means that the server itself is gone.
        _ = stopped.wait_for(|stopped| *stopped) => {}
        _ = timekeeper => tracing::error!("the exchange's clock has stopped"),
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
async fn keep_time(shared: Arc<Shared>, waiting: Waiting) {
    loop {
        let due = shared.turn();
        match waiting {
            Waiting::Spins => tokio::task::yield_now().await,
            Waiting::Sleeps => {
                let wait = due.map_or(IDLE, |due| shared.clock.until(due).min(IDLE));
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = shared.sooner.notified() => {}
                }
            }
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

//! One run of the maker with somebody watching: used by `run` and `demo`.

use std::time::{Duration, Instant};

use phoenix_binance::client::ClientError;
use phoenix_config::Lang;
use phoenix_live::{RunError, Setup, StatusFeed, Summary};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::exit::{Code, Failure};
use crate::screen::{Screen, Watcher};

/// The screen is drawn this often.
const FRAME: Duration = Duration::from_millis(250);

/// How long, and how it is shown.
pub(crate) struct Viewing<'a> {
    pub(crate) title: String,
    /// Real time after which the run is stopped.
    pub(crate) duration: Option<Duration>,
    pub(crate) plain: bool,
    pub(crate) lang: Lang,
    /// Asked before each frame: is there nothing left to trade on?
    pub(crate) over: &'a dyn Fn() -> bool,
}

/// Trades until the time is over or somebody asks to stop.
pub(crate) fn trade(
    runtime: &Runtime,
    setup: Setup,
    feed: StatusFeed,
    viewing: Viewing<'_>,
) -> Result<Summary, Failure> {
    let (stop, stopped) = watch::channel(false);
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let mut run = tokio::spawn(phoenix_live::run(setup, stopped));
        let lang = viewing.lang;
        let started = Instant::now();
        let mut screen = Screen::open(viewing.plain);
        let mut watcher = Watcher::new(feed, viewing.title, viewing.duration);
        let mut frames = tokio::time::interval(FRAME);
        loop {
            let asked = tokio::select! {
                ended = &mut run => {
                    screen.show(&watcher.scene(lang), lang);
                    drop(screen);
                    let broken = |error| Failure::new(Code::Broken, error);
                    return ended.map_err(broken)?.map_err(|error| failure(&error, lang));
                }
                () = signals.any() => true,
                _ = frames.tick() => screen.stop_asked(),
            };
            let late = viewing
                .duration
                .is_some_and(|span| started.elapsed() >= span);
            let over = late || (viewing.over)();
            if (asked || over) && !*stop.borrow() {
                watcher.stopping(lang);
                stop.send_replace(true);
            }
            screen.show(&watcher.scene(lang), lang);
        }
    })
}

/// Ctrl-C and what a supervisor sends.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(crate) fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|error| Failure::new(Code::Os, error));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    pub(crate) async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// A runtime for everything that is not the driver thread.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Code::Os, error))
}

/// Keys that the exchange refuses: unknown, not allowed, wrongly signed.
const KEY_CODES: [i32; 4] = [-2014, -2015, -1022, -1002];

fn failure(error: &RunError, lang: Lang) -> Failure {
    let (code, next) = match error {
        RunError::NoKeys => (Code::Permission, ""),
        RunError::Exchange(ClientError::Refused { code, .. }) if KEY_CODES.contains(code) => (
            Code::Permission,
            lang.pick(
                "; check the key, its permissions (futures) and its IP whitelist",
                "；请检查密钥、合约权限与 IP 白名单",
            ),
        ),
        RunError::Exchange(_) => (
            Code::Unavailable,
            lang.pick(
                "; nothing was sent, try again later",
                "；没有发送订单，请稍后重试",
            ),
        ),
        RunError::Unfit { .. } => (Code::Config, lang.pick("; mend the config", "；请修改配置")),
        RunError::System(_) | RunError::Http(_) => (Code::Os, ""),
        RunError::Broken { .. } => (
            Code::Broken,
            lang.pick(
                "; look at the exchange's open orders now",
                "；请立即查看交易所挂单",
            ),
        ),
    };
    Failure::new(code, format!("{error}{next}"))
}

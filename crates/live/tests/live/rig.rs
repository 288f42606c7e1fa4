//! A simulated exchange, a maker on it, and ways to wait for what must happen.

use std::sync::Arc;
use std::time::{Duration, Instant};

use phoenix_binance::sign::Credentials;
use phoenix_config::{Config, Lang, Venue};
use phoenix_domain::{Qty, Side};
use phoenix_live::{
    Clock, Endpoints, RunError, Setup, Status, StatusFeed, StatusPublisher, Summary, Timings, run,
};
use phoenix_venue::exchange::{ExchangeSpec, Liquidity, MarketSpec, Oversize, VenueNs};
use phoenix_venue::flow::FlowSpec;
use phoenix_venue::front::{FrontSpec, Latency, Lifetimes};
use phoenix_venue::serve::{AccountSeat, ServeSpec, Server};
use phoenix_venue::spec::SymbolSpec;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Longest wait for anything that must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// The two symbols every test trades.
pub(crate) const SYMBOLS: [&str; 2] = ["ETHUSDC", "BTCUSDT"];

/// A configuration that fills within seconds.
const CONFIG: &str = "
global:
  rest_url: REST
  ws_url: WS
  total_notional_max: 60000
  quote_interval_ms: 100
  order_entry: ENTRY
symbols:
  - symbol: ETHUSDC
    net_max: 4
    total_layers: 4
    unified_layer_size: 0.1
    grid_start_offset: 0.2
    grid_first_spacing: 0.2
    grid_spacing_multiplier: 1.3
    grid_max_spacing: 5
    min_spread: 0.0001
    inventory_skew_coeff: 0.0008
    pinning_thresh: 0.5
    grinding_thresh: 0.6
    stop_loss_thresh: 0.05
    order_age_ms_max: 30000
    max_cancel_per_min: 1200
  - symbol: BTCUSDT
    net_max: 0.16
    total_layers: 4
    unified_layer_size: 0.004
    grid_start_offset: 6
    grid_first_spacing: 6
    grid_spacing_multiplier: 1.3
    grid_max_spacing: 150
    min_spread: 0.0001
    inventory_skew_coeff: 0.0008
    pinning_thresh: 0.5
    grinding_thresh: 0.6
    stop_loss_thresh: 0.05
    order_age_ms_max: 30000
    max_cancel_per_min: 1200
";

/// How a test differs from the usual.
pub(crate) struct Variant {
    pub(crate) entry: &'static str,
    pub(crate) seat: AccountSeat,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) latency: Latency,
    pub(crate) timings: Timings,
    pub(crate) dry_run: bool,
    pub(crate) speed: f64,
    pub(crate) busy_poll: bool,
}

impl Variant {
    pub(crate) fn usual(entry: &'static str) -> Self {
        Self {
            entry,
            seat: AccountSeat::demo(),
            credentials: Some(keys(AccountSeat::DEMO_KEY, AccountSeat::DEMO_SECRET)),
            lifetimes: Lifetimes::default(),
            latency: Latency::default(),
            timings: Timings::usual(),
            dry_run: false,
            speed: 1.0,
            busy_poll: false,
        }
    }
}

pub(crate) fn keys(key: &str, secret: &str) -> Credentials {
    Credentials::new(key, &secret.to_owned().into()).expect("a well-formed key")
}

/// A running exchange with a running maker.
pub(crate) struct Rig {
    pub(crate) server: Arc<Server>,
    pub(crate) feed: StatusFeed,
    stop: watch::Sender<bool>,
    run: JoinHandle<Result<Summary, RunError>>,
}

impl Rig {
    pub(crate) fn start(variant: Variant) -> Self {
        let server = Arc::new(serve(&variant));
        let mut config = config(&server, variant.entry);
        config.busy_poll = variant.busy_poll;
        let endpoints = endpoints(&config);
        let (status, feed) = StatusPublisher::new();
        let (stop, stopped) = watch::channel(false);
        let setup = Setup {
            config,
            endpoints,
            venue: "simulated".into(),
            credentials: variant.credentials,
            clock: Clock::at_speed(variant.speed),
            lang: Lang::En,
            dry_run: variant.dry_run,
            timings: variant.timings,
            status,
        };
        Self {
            server,
            feed,
            stop,
            run: tokio::spawn(run(setup, stopped)),
        }
    }

    /// Waits until `holds`, or fails with the last state of everything.
    pub(crate) async fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let started = Instant::now();
        let mut looks = tokio::time::interval(Duration::from_millis(2));
        while !holds(self) {
            assert!(
                started.elapsed() < PATIENCE && !self.run.is_finished(),
                "waited in vain until {what}: {:#?}",
                self.status()
            );
            looks.tick().await;
        }
    }

    /// Both sides of both symbols rest at the exchange.
    pub(crate) async fn until_quoting(&self) {
        self.until("both sides rest", |rig| {
            SYMBOLS.into_iter().all(|symbol| {
                Side::BOTH
                    .into_iter()
                    .all(|side| rig.resting(symbol, side) > 0)
            })
        })
        .await;
    }

    /// Fills on both sides of a symbol since the `known` first ones.
    pub(crate) async fn until_filled(&self, known: usize) {
        self.until("both sides are filled", |rig| {
            let sides = rig.fill_sides();
            Side::BOTH.into_iter().all(|side| {
                let new = sides.get(known..).unwrap_or_default();
                new.contains(&side)
            })
        })
        .await;
    }

    pub(crate) fn status(&self) -> Arc<Status> {
        Arc::clone(&self.feed.status.borrow())
    }

    /// Orders of a side that the exchange holds.
    pub(crate) fn resting(&self, symbol: &str, side: Side) -> usize {
        let account = self.server.accounts()[0];
        self.server.inspect(|exchange| {
            let id = exchange.symbol_id(symbol);
            let open = exchange.open_orders(account, id);
            open.iter().filter(|order| order.side == side).count()
        })
    }

    /// Sides of the account's executions, oldest first.
    pub(crate) fn fill_sides(&self) -> Vec<Side> {
        let account = self.server.accounts()[0];
        self.server.inspect(|exchange| {
            let trades = exchange.user_trades(account);
            trades.map(|trade| trade.side).collect()
        })
    }

    /// Stops the maker and checks what must hold after every run.
    pub(crate) async fn stop(self) -> Summary {
        self.stop.send(true).expect("the run listens");
        let account = self.server.accounts()[0];
        let summary = self.run.await.expect("no panic").expect("a summary");
        let left = self
            .server
            .inspect(|exchange| exchange.open_orders(account, None));
        assert!(left.is_empty(), "still resting: {left:?}");
        assert!(summary.nothing_rests(), "{:?}", summary.resting);
        assert!(summary.books_agree(), "{:#?}", summary.wallets);
        for maker in &summary.status.makers {
            let symbol = maker.instrument.symbol();
            let held = self.server.inspect(|exchange| {
                let id = exchange.symbol_id(symbol).expect("listed");
                let positions = exchange.positions(account, id);
                positions.iter().map(|position| position.qty).sum::<Qty>()
            });
            assert_eq!(maker.view.position, held, "{symbol}");
        }
        summary
    }

    pub(crate) async fn failure(self) -> RunError {
        self.run
            .await
            .expect("no panic")
            .expect_err("it cannot start")
    }
}

/// An exchange of its own, as every variant of it.
pub(crate) fn serve(variant: &Variant) -> Server {
    let markets = SYMBOLS.map(|symbol| MarketSpec {
        symbol: SymbolSpec::named(symbol).expect("known by heart"),
        liquidity: Liquidity::Synthetic(FlowSpec::named(symbol).expect("known by heart")),
    });
    Server::start(ServeSpec {
        listen: ([127, 0, 0, 1], 0).into(),
        exchange: ExchangeSpec {
            start: VenueNs::from_ms(1_790_000_000_000),
            seed: 7,
            markets: markets.into(),
            recording: None,
            oversize: Oversize::default(),
            history_max: 100_000,
        },
        seats: vec![variant.seat.clone()],
        front: FrontSpec {
            lifetimes: variant.lifetimes,
            latency: variant.latency,
            seed: 7,
            ..FrontSpec::default()
        },
        speed: variant.speed,
        core: None,
    })
    .expect("a free port")
}

fn config(server: &Server, entry: &str) -> Config {
    let text = CONFIG
        .replace("REST", &format!("http://{}", server.addr()))
        .replace("WS", &format!("ws://{}", server.addr()))
        .replace("ENTRY", entry);
    let checked = phoenix_config::check(&text, &|_| None);
    let problems = checked.problems;
    checked.config.unwrap_or_else(|| panic!("{problems:#?}"))
}

pub(crate) fn endpoints(config: &Config) -> Endpoints {
    match &config.venue {
        Some(venue @ Venue::Custom { .. }) => Endpoints::of(venue),
        other => panic!("not the simulated exchange: {other:?}"),
    }
}

/// Endpoints of a server without a maker.
pub(crate) fn endpoints_of(server: &Server) -> Endpoints {
    endpoints(&config(server, "ws"))
}

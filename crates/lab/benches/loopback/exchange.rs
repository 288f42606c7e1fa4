//! The real thing: the simulated exchange on real sockets, the live maker with
//! real signatures, and a second account whose one order moves the best bid.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use phoenix_binance::sign::Credentials;
use phoenix_config::{Config, Lang};
use phoenix_domain::{Cash, Decimal, Price, Qty, Side, SymbolId, TimeInForce};
use phoenix_live::{Clock, Endpoints, Setup, StatusPublisher, Timings, run};
use phoenix_venue::exchange::{
    AccountId, AccountSpec, ExchangeSpec, Liquidity, MarketSpec, OrderRef, OrderRequest, Oversize,
    VenueNs,
};
use phoenix_venue::front::{FrontSpec, RateLimits};
use phoenix_venue::serve::{AccountSeat, ServeSpec, Server};
use phoenix_venue::spec::SymbolSpec;
use secrecy::SecretString;
use tokio::sync::watch;

use crate::{PACE, Placement};

const ETH: SymbolId = SymbolId(0);
/// Best bid at rest, in ticks of 0.01.
const BID: i64 = 260_000;
/// Longest wait for the maker to quote, and for one amendment.
const PATIENCE: Duration = Duration::from_secs(20);

/// Exchange, maker and crowd.
pub(crate) struct Market {
    server: Server,
    maker: AccountId,
    crowd: AccountId,
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl Market {
    pub(crate) fn start(place: Placement) -> Self {
        let spec = ServeSpec {
            listen: ([127, 0, 0, 1], 0).into(),
            exchange: exchange(),
            seats: vec![AccountSeat::demo(), crowd()],
            front: FrontSpec {
                limits: RateLimits {
                    orders_per_10s: 1_000_000,
                    orders_per_minute: 1_000_000,
                    ..RateLimits::default()
                },
                ..FrontSpec::default()
            },
            speed: 1.0,
            core: Some(place.venue),
        };
        let started = if place.busy {
            Server::start_busy(spec)
        } else {
            Server::start(spec)
        };
        let server = started.expect("an exchange");
        let (maker, crowd) = (server.accounts()[0], server.accounts()[1]);
        for layer in 0..90 {
            for (side, price) in [
                (Side::Buy, BID - layer * 10),
                (Side::Sell, BID + 100 + layer * 10),
            ] {
                put(&server, crowd, side, price);
            }
        }
        let addr = server.addr();
        let (stop, stopped) = watch::channel(false);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            let setup = setup(&addr.to_string(), place);
            runtime.block_on(run(setup, stopped)).expect("a clean run");
        });
        let market = Self {
            server,
            maker,
            crowd,
            stop,
            thread,
        };
        market.until_quoting();
        market
    }

    /// Moves the best bid up and down; ns from each move to the maker's first
    /// amendment, both by the exchange's own clock and record. Nothing looks
    /// at the exchange meanwhile: that would disturb what is measured.
    pub(crate) fn ticks(self, count: usize) -> Vec<u64> {
        let mut moves = Vec::with_capacity(count);
        let mut moved = None;
        for _ in 0..count {
            moves.push(match moved.take() {
                None => {
                    let (at, order) = put(&self.server, self.crowd, Side::Buy, BID + 80);
                    moved = Some(order);
                    at
                }
                Some(order) => take(&self.server, self.crowd, order),
            });
            thread::sleep(PACE);
        }
        let amended: Vec<VenueNs> = self.server.inspect(|exchange| {
            let amendments = exchange.amendments(self.maker);
            amendments.map(|amendment| amendment.at).collect()
        });
        let _ = self.stop.send(true);
        self.thread.join().expect("the maker");
        let answer = |(index, at): (usize, &VenueNs)| {
            let next = moves.get(index + 1);
            let first = amended.iter().find(|amended| *amended > at)?;
            // An amendment after the next move answers that one.
            next.is_none_or(|next| first < next)
                .then_some(first.0 - at.0)
        };
        moves.iter().enumerate().filter_map(answer).collect()
    }

    fn until_quoting(&self) {
        let begun = Instant::now();
        loop {
            let open = |exchange: &phoenix_venue::exchange::Exchange| {
                exchange.open_orders(self.maker, Some(ETH)).len()
            };
            if self.server.inspect(open) == 2 {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "the maker does not quote");
            thread::sleep(PACE);
        }
    }
}

/// Places an order; when, and its number.
fn put(server: &Server, account: AccountId, side: Side, price: i64) -> (VenueNs, u64) {
    let placed = server.act_inside(move |front, now| {
        let request = OrderRequest::limit(ETH, side, Price(price), Qty(1_000), TimeInForce::Gtc);
        let placed = front.exchange_mut().place(now, account, &request);
        (now, placed.expect("the crowd may trade").order_id)
    });
    placed.expect("the exchange runs")
}

/// Takes an order back; when.
fn take(server: &Server, account: AccountId, order: u64) -> VenueNs {
    let taken = server.act_inside(move |front, now| {
        let order = OrderRef::Id(order);
        let gone = front.exchange_mut().cancel(now, account, ETH, order);
        gone.expect("the crowd's own order");
        now
    });
    taken.expect("the exchange runs")
}

fn exchange() -> ExchangeSpec {
    ExchangeSpec {
        start: VenueNs::from_ms(1_788_231_600_000),
        seed: 1,
        markets: vec![MarketSpec {
            symbol: SymbolSpec::named("ETHUSDC").expect("a built-in symbol"),
            liquidity: Liquidity::None {
                price: Decimal(260_050_000_000),
            },
        }],
        recording: None,
        oversize: Oversize::Shrink,
        history_max: 10_000,
    }
}

fn crowd() -> AccountSeat {
    AccountSeat {
        account: AccountSpec {
            deposits: vec![("USDC".to_owned(), Cash(1_000_000_000 * 100_000_000 / 10))],
            ..AccountSpec::default()
        },
        keys: Vec::new(),
    }
}

fn setup(addr: &str, place: Placement) -> Setup {
    let config = config(addr, place);
    let venue = config.venue.clone().expect("the addresses are spelled");
    let secret = SecretString::from(AccountSeat::DEMO_SECRET);
    let credentials = Credentials::new(AccountSeat::DEMO_KEY, &secret).expect("the demo key");
    let (status, _feed) = StatusPublisher::new();
    Setup {
        config,
        endpoints: Endpoints::of(&venue),
        venue: "loopback".to_owned(),
        credentials: Some(credentials),
        clock: Clock::at_speed(1.0),
        lang: Lang::En,
        dry_run: false,
        timings: Timings::usual(),
        status,
    }
}

/// One layer a side that follows every move at once.
fn config(addr: &str, place: Placement) -> Config {
    let text = format!(
        "global:
  rest_url: http://{addr}
  ws_url: ws://{addr}
  total_notional_max: 1000000
  quote_interval_ms: 1
  order_entry: ws
  busy_poll: {busy}
  pin_core: {core}
symbols:
  - symbol: ETHUSDC
    net_max: 10
    total_layers: 1
    unified_layer_size: 0.1
    grid_start_offset: 2
    grid_first_spacing: 0.3
    grid_spacing_multiplier: 1
    grid_max_spacing: 1
    min_spread: 0.0001
    inventory_skew_coeff: 0.001
    pinning_thresh: 0.5
    grinding_thresh: 0.6
    stop_loss_thresh: 0.05
    max_cancel_per_min: 10000
",
        busy = place.busy,
        core = place.maker,
    );
    let checked = phoenix_config::check(&text, &|_| None);
    let problems = checked.problems;
    checked.config.unwrap_or_else(|| panic!("{problems:?}"))
}

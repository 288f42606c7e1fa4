//! The virtual-time driver: the maker's gateway on one side, the exchange's
//! front on the other, nothing but bytes between them.
//!
//! Time jumps from one due moment to the next, so a recording of minutes runs
//! in seconds and the same seed gives the same orders, fills and state, bit
//! for bit. Latency is the front's: it holds requests and frames back.

mod start;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use phoenix_binance::client::{HttpAnswer, HttpCall, HttpFailure};
use phoenix_binance::wire::call::Method as CallMethod;
use phoenix_binance::wire::reply::Usage;
use phoenix_config::Config;
use phoenix_domain::{At, Cash, Doubt, MonoNs, OperatorOrder, StreamKind, VenueMs};
use phoenix_live::{
    ConnNo, Gateway, LaneKind, MakerStatus, Post, Statement, Status, Summary, WalletCheck, booked,
};
use phoenix_venue::exchange::{AccountId, ExchangeSpec, UserTrade, VenueNs};
use phoenix_venue::front::{ConnId, Front, FrontSpec, HttpRequest, Method, Outgoing, RequestId};
use phoenix_venue::recording::Skipped;
use phoenix_venue::serve::{self, AccountSeat, ServeError};
use secrecy::SecretString;

pub use start::{StartError, without_book};

/// Who the maker is to the exchange.
pub(crate) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The driver's own clock starts here: zero would look like "never".
const MONO_START_NS: u64 = 1_000_000_000;

/// Longest virtual time from the order to stop until nothing rests.
const STOP_MS_MAX: u64 = 30_000;

/// The maker decides at the latest this long after its last look.
const LOOK_MS: u64 = 10;

/// What a run is made of.
pub struct LinkSpec {
    /// The maker's configuration; its venue is not used.
    pub config: Config,
    /// The exchange behind its protocol.
    pub front: Front,
    /// The account the maker trades for.
    pub account: AccountId,
    /// Its API key.
    pub api_key: String,
    /// Its HMAC secret.
    pub secret: SecretString,
}

impl LinkSpec {
    /// The demo account on an exchange of its own.
    ///
    /// # Errors
    /// A listing that makes no sense.
    pub fn demo(
        config: Config,
        exchange: ExchangeSpec,
        front: FrontSpec,
    ) -> Result<Self, ServeError> {
        let (front, accounts) = serve::build(exchange, &[AccountSeat::demo()], front)?;
        Ok(Self {
            config,
            front,
            account: accounts.first().copied().unwrap_or_default(),
            api_key: AccountSeat::DEMO_KEY.to_owned(),
            secret: SecretString::from(AccountSeat::DEMO_SECRET),
        })
    }
}

/// What a run has led to.
#[derive(Debug)]
pub struct LinkEnd {
    /// The same summary as a live run's, the exchange's books included.
    pub summary: Summary,
    /// The exchange's own list of the maker's executions.
    pub trades: Vec<UserTrade>,
    /// Hash of the engine's state.
    pub digest: u64,
    /// The maker has proven that nothing rests.
    pub stopped: bool,
    /// What a recording's files held that could not be replayed.
    pub skipped: Skipped,
}

/// Both sides and the wire between them.
pub struct Link {
    gateway: Gateway,
    front: Front,
    account: AccountId,
    api_key: String,
    now: VenueNs,
    begun: VenueNs,
    looked: VenueNs,
    conns: Conns,
    wire: Wire,
    calls: BTreeMap<RequestId, u64>,
    arrived: Vec<Outgoing>,
    said: Vec<Statement>,
    wallets: Vec<(String, Cash)>,
}

/// The maker's connections.
#[derive(Clone, Copy, Debug)]
struct Conns {
    public: ConnId,
    market: ConnId,
    private: ConnId,
    entry: ConnId,
    public_up: bool,
    market_up: bool,
}

/// What the maker has written and the exchange has not been handed yet.
#[derive(Default)]
struct Wire {
    frames: Vec<String>,
    calls: Vec<(u64, HttpCall)>,
}

impl Post for Wire {
    fn entry(&mut self, frame: &str) -> bool {
        self.frames.push(frame.to_owned());
        true
    }

    fn rest(&mut self, id: u64, call: HttpCall) -> bool {
        self.calls.push((id, call));
        true
    }
}

impl Link {
    /// Starts the maker as it starts live: asks for instruments, fees, modes
    /// and balances, opens its streams.
    ///
    /// # Errors
    /// What the maker asks for at start and does not get.
    pub fn start(spec: LinkSpec) -> Result<Self, StartError> {
        start::start(spec)
    }

    /// Runs `duration_ms` of virtual time (less if a recording ends before),
    /// then stops the maker as a person
    /// would and lets it prove that nothing rests. `tell` hears everything the
    /// maker says.
    pub fn run(mut self, duration_ms: u64, mut tell: impl FnMut(At, &Statement)) -> LinkEnd {
        let end = self.begun.plus_ms(duration_ms);
        while self.now < end && !self.front.exchange().recording_over() {
            self.turn(end, &mut tell);
        }
        let at = self.at();
        self.gateway
            .operator(at, OperatorOrder::Stop, &mut self.wire);
        self.hand_over();
        let patience = self.now.plus_ms(STOP_MS_MAX);
        while !self.gateway.is_stopped() && self.now < patience {
            self.turn(patience, &mut tell);
        }
        self.finish()
    }

    /// One step of time: what has arrived is taken in, then the maker decides.
    fn turn(&mut self, end: VenueNs, tell: &mut impl FnMut(At, &Statement)) {
        let look = self.looked.plus_ms(LOOK_MS);
        let front = self.front.next_deadline().unwrap_or(end);
        let next = front.min(self.gateway_due()).min(look).min(end);
        self.now = self.now.max(next);
        let mut arrived = std::mem::take(&mut self.arrived);
        self.front.poll(self.now, &mut arrived);
        let news = !arrived.is_empty();
        for outgoing in arrived.drain(..) {
            self.arrive(outgoing);
        }
        self.arrived = arrived;
        let at = self.at();
        if self.gateway.next_deadline() <= at.mono {
            self.gateway.timer(at, &mut self.wire);
        }
        if news || self.now >= look {
            self.looked = self.now;
            self.gateway.pulse(at, &mut self.wire);
        }
        self.hand_over();
        self.gateway.take_statements(&mut self.said);
        for statement in self.said.drain(..) {
            tell(at, &statement);
        }
    }

    fn arrive(&mut self, outgoing: Outgoing) {
        let at = self.at();
        match outgoing {
            Outgoing::Text { conn, text } => self.frame(at, conn, text.as_bytes()),
            Outgoing::Reply { request, response } => {
                let Some(id) = self.calls.remove(&request) else {
                    return;
                };
                let answer = HttpAnswer {
                    status: response.status,
                    usage: usage(&response.headers),
                    retry_after_s: header(&response.headers, "retry-after"),
                    body: response.body.into_bytes(),
                };
                self.gateway.rest_answer(at, id, Ok(answer), &mut self.wire);
            }
            Outgoing::Ping { conn, .. } => self.front.ws_pong(self.now, conn),
            Outgoing::Close { conn, .. } => self.closed(at, conn),
        }
    }

    fn frame(&mut self, at: At, conn: ConnId, frame: &[u8]) {
        if conn == self.conns.public || conn == self.conns.market {
            let public = conn == self.conns.public;
            let (lane, up, stream) = if public {
                (
                    LaneKind::Public,
                    &mut self.conns.public_up,
                    StreamKind::Public,
                )
            } else {
                (
                    LaneKind::Market,
                    &mut self.conns.market_up,
                    StreamKind::Market,
                )
            };
            let first = !std::mem::replace(up, true);
            let number: ConnNo = conn.0;
            let _ = self
                .gateway
                .market_frame(at, lane, number, frame, &mut self.wire);
            if first {
                self.gateway.stream_up(at, stream, &mut self.wire);
            }
        } else if conn == self.conns.private {
            self.gateway.private_frame(at, frame, &mut self.wire);
        } else if conn == self.conns.entry {
            self.gateway.entry_frame(at, frame, &mut self.wire);
        }
    }

    /// Only faults close a connection here; the maker then learns it as it
    /// would from a socket. Runs are far shorter than a connection's life.
    fn closed(&mut self, at: At, conn: ConnId) {
        if conn == self.conns.public {
            self.gateway.public_lost(at, conn.0, &mut self.wire);
        } else if conn == self.conns.entry {
            self.gateway.entry_down(at, &mut self.wire);
        } else if conn == self.conns.private {
            self.gateway
                .stream_down(at, StreamKind::Private, &mut self.wire);
        } else if conn == self.conns.market {
            self.gateway
                .stream_down(at, StreamKind::Market, &mut self.wire);
        }
    }

    /// Gives the exchange what the maker wrote; its latency starts now.
    fn hand_over(&mut self) {
        for frame in std::mem::take(&mut self.wire.frames) {
            self.front
                .ws_text(self.now, self.conns.entry, frame.as_bytes());
        }
        for (id, call) in std::mem::take(&mut self.wire.calls) {
            let Some(method) = Method::parse(method_name(call.method)) else {
                let failure = HttpFailure::NoAnswer {
                    doubt: Doubt::Unreadable,
                    reason: "no such method".to_owned(),
                };
                let at = self.at();
                self.gateway
                    .rest_answer(at, id, Err(failure), &mut self.wire);
                continue;
            };
            let request = HttpRequest {
                method,
                path: call.path.to_owned(),
                raw_query: call.query,
                api_key: call.with_key.then(|| self.api_key.clone()),
                raw_body: Vec::new(),
                peer: PEER,
            };
            let number = self.front.http(self.now, request);
            self.calls.insert(number, id);
        }
    }

    fn finish(self) -> LinkEnd {
        let at = self.at();
        let exchange = self.front.exchange();
        let instruments = self.gateway.table().instruments();
        let makers: Vec<MakerStatus> = instruments
            .filter_map(|instrument| {
                let view = self.gateway.view(instrument.id, at)?;
                let instrument = instrument.clone();
                Some(MakerStatus { instrument, view })
            })
            .collect();
        let wallets = self.wallets.iter().map(|(asset, before)| WalletCheck {
            asset: asset.clone(),
            before: *before,
            after: self.wallet(asset),
            booked: booked(&makers, asset),
        });
        let resting = makers.iter().map(|maker| {
            let name = maker.instrument.symbol();
            let symbol = exchange.symbol_id(name);
            let count = exchange.open_orders(self.account, symbol).len();
            (name.to_owned(), count)
        });
        let summary = Summary {
            wallets: wallets.collect(),
            resting: Some(resting.collect()),
            status: Status {
                uptime_ms: (self.now.0 - self.begun.0) / 1_000_000,
                venue: "virtual".to_owned(),
                counts: self.gateway.counts(),
                makers,
                ..Status::default()
            },
        };
        LinkEnd {
            summary,
            skipped: exchange.skipped(),
            trades: exchange.user_trades(self.account).cloned().collect(),
            digest: self.gateway.digest(),
            stopped: self.gateway.is_stopped(),
        }
    }

    /// What the exchange says the wallet holds.
    fn wallet(&self, asset: &str) -> Cash {
        let exchange = self.front.exchange();
        let place = exchange.assets().iter().position(|name| name == asset);
        let balances = exchange.balances(self.account);
        let held = place.and_then(|place| balances.get(place));
        held.map_or(Cash::ZERO, |view| view.wallet)
    }

    fn at(&self) -> At {
        at(self.begun, self.now)
    }

    /// The maker's deadline on the exchange's clock.
    fn gateway_due(&self) -> VenueNs {
        let mono = self.gateway.next_deadline();
        VenueNs(self.begun.0 + mono.0.saturating_sub(MONO_START_NS))
    }
}

/// The instant of one engine step; the maker's clock is the exchange's.
pub(crate) fn at(begun: VenueNs, now: VenueNs) -> At {
    At {
        mono: MonoNs(MONO_START_NS + (now.0 - begun.0)),
        venue: VenueMs(now.ms()),
    }
}

fn method_name(method: CallMethod) -> &'static str {
    match method {
        CallMethod::Get => "GET",
        CallMethod::Post => "POST",
        CallMethod::Put => "PUT",
        CallMethod::Delete => "DELETE",
    }
}

fn usage(headers: &[(&'static str, String)]) -> Usage {
    Usage {
        weight_1m: header(headers, "x-mbx-used-weight-1m"),
        orders_10s: header(headers, "x-mbx-order-count-10s"),
        orders_1m: header(headers, "x-mbx-order-count-1m"),
    }
}

fn header(headers: &[(&'static str, String)], name: &str) -> Option<u32> {
    let (_, text) = headers.iter().find(|(known, _)| *known == name)?;
    text.parse().ok()
}

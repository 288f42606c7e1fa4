//! What the maker asks before it trades, asked of the front directly.

use std::sync::Arc;
use std::time::Duration;

use phoenix_binance::limits::Ceilings;
use phoenix_binance::sign::{Credentials, KeyError};
use phoenix_binance::symbols::SymbolTable;
use phoenix_binance::wire::call::Call;
use phoenix_binance::wire::json::DecodeError;
use phoenix_binance::wire::request::{EncodeError, Encoder, Stamp};
use phoenix_binance::wire::{ledger, metadata};
use phoenix_config::{Config, Venue};
use phoenix_domain::{Decimal, Instrument, InstrumentError, Level, RunId, StreamKind, SymbolId};
use phoenix_live::{Endpoints, Gateway, GatewaySpec, desk_settings, symbol_settings};
use phoenix_venue::exchange::{Exchange, VenueNs};
use phoenix_venue::front::{Front, HttpRequest, HttpResponse, Method, Outgoing};

use super::{Conns, Link, LinkSpec, PEER, Wire, at, method_name};

/// Where a URL's path begins, on a host that does not exist.
const BASE: &str = "ws://link";

/// Longest virtual time until every symbol has a book: a recording's files
/// may begin apart.
const OPENING_MS_MAX: u64 = 300_000;

/// Longest virtual time to wait for one answer.
const ANSWER_MS_MAX: u64 = 10_000;

/// What the maker did not get at start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The exchange said no.
    #[error("{path} refused with status {status}: {body}")]
    Refused {
        /// The route.
        path: &'static str,
        /// HTTP status.
        status: u16,
        /// What it said.
        body: String,
    },
    /// The exchange said nothing.
    #[error("{path} not answered within {ANSWER_MS_MAX} ms")]
    Silent {
        /// The route.
        path: &'static str,
    },
    /// A symbol of the configuration that the exchange does not list.
    #[error("symbol {symbol} is not listed by the exchange")]
    Unlisted {
        /// Which.
        symbol: String,
    },
    /// A symbol without prices to start from.
    #[error("symbol {symbol} has no book within {OPENING_MS_MAX} ms")]
    NoBook {
        /// Which.
        symbol: String,
    },
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A request that cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// An answer that cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A listing that is no instrument.
    #[error(transparent)]
    Instrument(#[from] InstrumentError),
}

/// Asks in virtual time.
struct Asking<'a> {
    front: &'a mut Front,
    now: VenueNs,
    credentials: &'a Credentials,
    api_key: &'a str,
    recv_window_ms: u32,
}

impl Asking<'_> {
    fn ask(&mut self, call: &Call<'_>) -> Result<Vec<u8>, StartError> {
        let route = call.route();
        let stamp = Stamp {
            timestamp_ms: self.now.ms(),
            recv_window_ms: self.recv_window_ms,
        };
        let mut encoder = Encoder::new();
        let query = encoder
            .rest(call, stamp, Some(self.credentials))?
            .to_owned();
        let path = route.path;
        let request = HttpRequest {
            method: Method::parse(method_name(route.method)).unwrap_or(Method::Get),
            path: path.to_owned(),
            raw_query: query,
            api_key: Some(self.api_key.to_owned()),
            raw_body: Vec::new(),
            peer: PEER,
        };
        let number = self.front.http(self.now, request);
        let patience = self.now.plus_ms(ANSWER_MS_MAX);
        let mut arrived = Vec::new();
        loop {
            self.front.poll(self.now, &mut arrived);
            let answer = arrived.drain(..).find_map(|outgoing| match outgoing {
                Outgoing::Reply { request, response } if request == number => Some(response),
                Outgoing::Reply { .. }
                | Outgoing::Text { .. }
                | Outgoing::Ping { .. }
                | Outgoing::Close { .. } => None,
            });
            if let Some(HttpResponse { status, body, .. }) = answer {
                return if status == 200 {
                    Ok(body.into_bytes())
                } else {
                    Err(StartError::Refused { path, status, body })
                };
            }
            match self.front.next_deadline() {
                Some(due) if due <= patience => self.now = self.now.max(due),
                Some(_) | None => return Err(StartError::Silent { path }),
            }
        }
    }
}

/// Asks, opens the streams, builds the gateway.
pub(super) fn start(spec: LinkSpec) -> Result<Link, StartError> {
    let LinkSpec {
        config,
        mut front,
        account,
        api_key,
        secret,
    } = spec;
    let credentials = Credentials::new(&api_key, &secret)?;
    open_books(&mut front)?;
    let mut asking = Asking {
        now: front.exchange().now(),
        front: &mut front,
        credentials: &credentials,
        api_key: &api_key,
        recv_window_ms: u32::try_from(config.recv_window_ms).unwrap_or(5_000),
    };
    let symbols = symbols(&mut asking, &config)?;
    let table = SymbolTable::new(
        &symbols
            .iter()
            .map(|(instrument, _)| instrument.clone())
            .collect::<Vec<_>>(),
    );
    let modes = ledger::account_config(&asking.ask(&Call::AccountConfig)?)?;
    let balances = ledger::balances(&asking.ask(&Call::Balance)?, &table)?;
    let listen_key = ledger::listen_key(&asking.ask(&Call::ListenKeyCreate)?)?;
    let begun = asking.now;
    let conns = open(&mut front, begun, &table, &listen_key)?;
    let wallets = balances.iter().filter_map(|balance| {
        let asset = table.assets().get(usize::from(balance.asset))?;
        Some((asset.clone(), balance.wallet))
    });
    let wallets = wallets.collect();
    let gateway = GatewaySpec {
        desk: desk_settings(&config),
        symbols,
        run: RunId(u32::try_from(begun.ms() / 1_000).unwrap_or(u32::MAX)),
        credentials: Some(Arc::new(credentials)),
        order_entry: config.order_entry,
        recv_window_ms: u32::try_from(config.recv_window_ms).unwrap_or(5_000),
        order_timeout_ms: config.order_timeout_ms,
        rest_timeout: Duration::from_secs(2),
        ceilings: Ceilings::default(),
        dry_run: false,
    };
    let mut link = Link {
        gateway: Gateway::new(gateway, at(begun, begun)),
        front,
        account,
        api_key,
        now: begun,
        begun,
        looked: begun,
        conns,
        wire: Wire::default(),
        calls: std::collections::BTreeMap::new(),
        arrived: Vec::new(),
        said: Vec::new(),
        wallets,
    };
    let now = link.at();
    link.gateway.account_reported(now, modes, &mut link.wire);
    for balance in balances {
        link.gateway.balance_reported(now, balance, &mut link.wire);
    }
    link.gateway.entry_up(now, &mut link.wire);
    link.gateway
        .stream_up(now, StreamKind::Private, &mut link.wire);
    link.hand_over();
    Ok(link)
}

/// Lets time pass until every symbol has a book.
fn open_books(front: &mut Front) -> Result<(), StartError> {
    let patience = front.exchange().now().plus_ms(OPENING_MS_MAX);
    let mut arrived = Vec::new();
    while let Some(symbol) = without_book(front.exchange()) {
        match front.next_deadline() {
            Some(due) if due <= patience => {
                front.poll(due.max(front.exchange().now()), &mut arrived);
                arrived.clear();
            }
            Some(_) | None => return Err(StartError::NoBook { symbol }),
        }
    }
    Ok(())
}

/// The first symbol that lacks a bid or an ask.
#[must_use]
pub fn without_book(exchange: &Exchange) -> Option<String> {
    let lacking = exchange.symbols().iter().find(|listed| {
        let id = exchange.symbol_id(&listed.instrument.symbol);
        id.is_none_or(|id| {
            let depth = exchange.depth(id, 5);
            depth.bids.is_empty() || depth.asks.is_empty()
        })
    });
    lacking.map(|listed| listed.instrument.symbol.clone())
}

fn symbols(
    asking: &mut Asking<'_>,
    config: &Config,
) -> Result<Vec<(Instrument, phoenix_engine::SymbolSettings)>, StartError> {
    let listed = metadata::exchange_info(&asking.ask(&Call::ExchangeInfo)?)?;
    let mut symbols = Vec::new();
    for (place, symbol) in config.symbols.iter().enumerate() {
        let name = &symbol.symbol;
        let spec = listed.instruments.iter().find(|spec| spec.symbol == *name);
        let spec = spec.ok_or_else(|| StartError::Unlisted {
            symbol: name.clone(),
        })?;
        let id = SymbolId(u16::try_from(place).unwrap_or(u16::MAX));
        let instrument = Instrument::new(id, spec.clone())?;
        let reference = reference(asking, &instrument)?;
        symbols.push((instrument, symbol_settings(config, symbol, reference)));
    }
    Ok(symbols)
}

/// The best bid now: what "a share of the price" is a share of.
fn reference(asking: &mut Asking<'_>, instrument: &Instrument) -> Result<Decimal, StartError> {
    let exchange = asking.front.exchange();
    let name = instrument.symbol();
    let id = exchange.symbol_id(name);
    let best = id.and_then(|id| {
        let depth = exchange.depth(id, 1);
        depth
            .bids
            .first()
            .map(|Level { price, .. }| exchange.instrument(id).price_decimal(*price))
    });
    best.ok_or_else(|| StartError::NoBook {
        symbol: name.to_owned(),
    })
}

fn open(
    front: &mut Front,
    now: VenueNs,
    table: &SymbolTable,
    listen_key: &str,
) -> Result<Conns, StartError> {
    let endpoints = Endpoints::of(&Venue::Custom {
        rest_url: "http://link".to_owned(),
        ws_url: BASE.to_owned(),
        ws_api_url: format!("{BASE}/ws-fapi/v1"),
    });
    let names: Vec<&str> = table.instruments().map(|i| table.lower(i.id)).collect();
    let urls = [
        endpoints.public_url(names.iter().copied()),
        endpoints.market_url(names.iter().copied()),
        endpoints.private_url(listen_key),
        endpoints.ws_api_url.clone(),
    ];
    let mut opened = Vec::with_capacity(urls.len());
    for url in &urls {
        let rest = url.strip_prefix(BASE).unwrap_or(url);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let conn =
            front
                .ws_open(now, path, query, PEER)
                .map_err(|refusal| StartError::Refused {
                    path: "websocket",
                    status: refusal.status,
                    body: refusal.body,
                })?;
        opened.push(conn);
    }
    let [public, market, private, entry] = opened[..] else {
        unreachable!("four addresses were opened")
    };
    Ok(Conns {
        public,
        market,
        private,
        entry,
        public_up: false,
        market_up: false,
    })
}

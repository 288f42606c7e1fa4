//! What a server is started from: the exchange, its accounts and their keys.

use std::net::SocketAddr;

use phoenix_domain::Cash;

use crate::exchange::{
    AccountId, AccountSpec, Exchange, ExchangeSpec, Liquidity, MarketSpec, Oversize,
};
use crate::flow::FlowSpec;
use crate::front::{Front, FrontSpec, KeySecret, KeySpec};
use crate::serve::{ServeError, clock};
use crate::spec::SymbolSpec;

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

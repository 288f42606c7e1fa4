//! A small simulated exchange, and requests to it that bytes describe.

use std::net::{IpAddr, Ipv4Addr};

use phoenix_binance::sign::Signer;
use phoenix_venue::exchange::{ExchangeSpec, Liquidity, MarketSpec, Oversize, VenueNs};
use phoenix_venue::flow::FlowSpec;
use phoenix_venue::front::{Front, FrontSpec, HttpRequest, Method};
use phoenix_venue::serve::{AccountSeat, build};
use phoenix_venue::spec::SymbolSpec;

/// When the exchange opens.
pub const START_MS: i64 = 1_788_231_600_000;

/// Who asks.
pub const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Two symbols and the demo account.
#[must_use]
pub fn front() -> Front {
    let market = |name: &str, price: f64| MarketSpec {
        symbol: SymbolSpec::named(name).expect("a built-in symbol"),
        liquidity: Liquidity::Synthetic(FlowSpec::around(price)),
    };
    let exchange = ExchangeSpec {
        start: VenueNs::from_ms(START_MS),
        seed: 1,
        markets: vec![market("ETHUSDC", 2_600.0), market("BTCUSDT", 84_000.0)],
        recording: None,
        oversize: Oversize::Shrink,
        history_max: 100,
    };
    let seats = [AccountSeat::demo()];
    build(exchange, &seats, FrontSpec::default())
        .expect("an exchange")
        .0
}

/// A request out of one line, `<letter><path>?<query>`, with the timestamp and
/// the signature that let it in.
#[must_use]
pub fn request(line: &str) -> Option<HttpRequest> {
    let verb = line.chars().next()?;
    let (path, query) = line.get(verb.len_utf8()..)?.split_once('?')?;
    let query = format!("{query}&timestamp={START_MS}");
    let signer = Signer::from_secret(&AccountSeat::DEMO_SECRET.into()).expect("a secret");
    let signature = signer.sign(query.as_bytes());
    let signature = std::str::from_utf8(signature.as_bytes()).expect("hex");
    Some(HttpRequest {
        method: match verb {
            'P' => Method::Post,
            'U' => Method::Put,
            'D' => Method::Delete,
            _ => Method::Get,
        },
        path: path.to_owned(),
        raw_query: format!("{query}&signature={signature}"),
        api_key: Some(AccountSeat::DEMO_KEY.to_owned()),
        raw_body: Vec::new(),
        peer: PEER,
    })
}

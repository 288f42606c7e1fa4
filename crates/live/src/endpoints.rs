//! Where an exchange is reached. The only list of real addresses.

use phoenix_config::Venue;

/// Base addresses of one exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// REST, without path.
    pub rest_url: String,
    /// Streams: `/public`, `/market` and `/private` come below it.
    pub ws_url: String,
    /// The WebSocket API, path included.
    pub ws_api_url: String,
}

/// The two documented ways to ask for the account's events. Whether the first
/// one always delivers is disputed; who hears nothing tries the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrivateForm {
    /// The listen key in the path: every event.
    Path,
    /// The listen key as a parameter, and the events by name.
    Events,
}

impl PrivateForm {
    /// The one to try when this one stays silent.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Path => Self::Events,
            Self::Events => Self::Path,
        }
    }
}

/// Every event that Phoenix reads.
const PRIVATE_EVENTS: &str = "ORDER_TRADE_UPDATE/ACCOUNT_UPDATE/TRADE_LITE/\
    ACCOUNT_CONFIG_UPDATE/MARGIN_CALL/ALGO_UPDATE/listenKeyExpired";

impl Endpoints {
    /// The addresses of a configured venue.
    #[must_use]
    pub fn of(venue: &Venue) -> Self {
        let (rest, ws, ws_api) = match venue {
            Venue::Mainnet => (
                "https://fapi.binance.com",
                "wss://fstream.binance.com",
                "wss://ws-fapi.binance.com/ws-fapi/v1",
            ),
            Venue::Testnet => (
                "https://demo-fapi.binance.com",
                "wss://fstream.binancefuture.com",
                "wss://testnet.binancefuture.com/ws-fapi/v1",
            ),
            Venue::Custom {
                rest_url,
                ws_url,
                ws_api_url,
            } => (rest_url.as_str(), ws_url.as_str(), ws_api_url.as_str()),
        };
        Self {
            rest_url: rest.trim_end_matches('/').to_owned(),
            ws_url: ws.trim_end_matches('/').to_owned(),
            ws_api_url: ws_api.to_owned(),
        }
    }

    /// Books and best prices of the given lower-case symbols.
    #[must_use]
    pub fn public_url<'a>(&self, symbols: impl Iterator<Item = &'a str>) -> String {
        self.streams("public", symbols, &["depth@100ms", "bookTicker"])
    }

    /// Trades and mark prices of the given lower-case symbols.
    #[must_use]
    pub fn market_url<'a>(&self, symbols: impl Iterator<Item = &'a str>) -> String {
        self.streams("market", symbols, &["aggTrade", "markPrice@1s"])
    }

    /// The account's own events. The address holds the listen key: it is not
    /// to be logged.
    #[must_use]
    pub fn private_url(&self, listen_key: &str) -> String {
        self.private_url_as(PrivateForm::Path, listen_key)
    }

    pub(crate) fn private_url_as(&self, form: PrivateForm, listen_key: &str) -> String {
        let base = &self.ws_url;
        match form {
            PrivateForm::Path => format!("{base}/private/ws/{listen_key}"),
            PrivateForm::Events => {
                format!("{base}/private/ws?listenKey={listen_key}&events={PRIVATE_EVENTS}")
            }
        }
    }

    fn streams<'a>(
        &self,
        route: &str,
        symbols: impl Iterator<Item = &'a str>,
        kinds: &[&str],
    ) -> String {
        let names: Vec<String> = symbols
            .flat_map(|symbol| kinds.iter().map(move |kind| format!("{symbol}@{kind}")))
            .collect();
        format!("{}/{route}/stream?streams={}", self.ws_url, names.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stream_goes_by_its_own_route() {
        let endpoints = Endpoints::of(&Venue::Custom {
            rest_url: "http://127.0.0.1:1/".into(),
            ws_url: "ws://127.0.0.1:1/".into(),
            ws_api_url: "ws://127.0.0.1:1/ws-fapi/v1".into(),
        });
        assert_eq!(
            endpoints.public_url(["ethusdc"].into_iter()),
            "ws://127.0.0.1:1/public/stream?streams=ethusdc@depth@100ms/ethusdc@bookTicker"
        );
        assert_eq!(
            endpoints.market_url(["a", "b"].into_iter()),
            "ws://127.0.0.1:1/market/stream?streams=a@aggTrade/a@markPrice@1s/\
             b@aggTrade/b@markPrice@1s"
        );
        let path = endpoints.private_url("k");
        assert_eq!(path, "ws://127.0.0.1:1/private/ws/k");
        let events = endpoints.private_url_as(PrivateForm::Path.other(), "k");
        let start = "ws://127.0.0.1:1/private/ws?listenKey=k&events=ORDER_TRADE_UPDATE/ACCOUNT";
        assert!(events.starts_with(start), "{events}");
        assert_eq!(endpoints.rest_url, "http://127.0.0.1:1");
    }
}

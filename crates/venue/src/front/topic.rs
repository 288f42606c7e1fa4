//! Stream names: `ethusdc@depth@100ms`, `!bookTicker`, and what they mean.

use phoenix_domain::SymbolId;

/// Which of the three routes a socket was opened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Route {
    /// Book and best prices.
    Public,
    /// Trades, mark prices, candles, tickers.
    Market,
    /// The account's own events.
    Private,
    /// The old root paths: they carry what `/public` carries and no more.
    Unrouted,
}

impl Route {
    /// True if the exchange sends such a stream here; elsewhere a
    /// subscription is acknowledged and stays silent.
    pub(crate) fn carries(self, feed: Feed) -> bool {
        match self {
            // Nothing documents `@trade`; clients ask for it on /public.
            Self::Public | Self::Unrouted => feed.is_public() || feed == Feed::Trade,
            Self::Market => !feed.is_public(),
            Self::Private => false,
        }
    }
}

/// How often depth changes are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Cadence {
    /// `@0ms`: every change batch of the matching engine, unmerged.
    Raw,
    /// `@100ms`.
    Ms100,
    /// No suffix (or `@250ms`).
    Ms250,
    /// `@500ms`.
    Ms500,
}

impl Cadence {
    /// Those with a batch of their own.
    pub(crate) const BATCHED: [Self; 3] = [Self::Ms100, Self::Ms250, Self::Ms500];

    /// Milliseconds between two frames; 0 for each change at once.
    pub(crate) fn ms(self) -> i64 {
        match self {
            Self::Raw => 0,
            Self::Ms100 => 100,
            Self::Ms250 => 250,
            Self::Ms500 => 500,
        }
    }

    fn parse(suffix: Option<&str>) -> Option<Self> {
        match suffix {
            None | Some("250ms") => Some(Self::Ms250),
            Some("0ms") => Some(Self::Raw),
            Some("100ms") => Some(Self::Ms100),
            Some("500ms") => Some(Self::Ms500),
            Some(_) => None,
        }
    }
}

/// Lengths of candles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Interval {
    /// The exchange's spelling.
    pub(crate) name: &'static str,
    /// Length; a month counts as 30 days.
    pub(crate) ms: i64,
}

impl Interval {
    /// Every length the exchange serves.
    pub(crate) const ALL: [Self; 15] = [
        Self::minutes("1m", 1),
        Self::minutes("3m", 3),
        Self::minutes("5m", 5),
        Self::minutes("15m", 15),
        Self::minutes("30m", 30),
        Self::minutes("1h", 60),
        Self::minutes("2h", 120),
        Self::minutes("4h", 240),
        Self::minutes("6h", 360),
        Self::minutes("8h", 480),
        Self::minutes("12h", 720),
        Self::minutes("1d", 1_440),
        Self::minutes("3d", 4_320),
        Self::minutes("1w", 10_080),
        Self::minutes("1M", 43_200),
    ];

    const fn minutes(name: &'static str, minutes: i64) -> Self {
        Self {
            name,
            ms: minutes * 60_000,
        }
    }

    /// Reads the exchange's spelling.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.name == name)
    }
}

/// What a stream carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Feed {
    /// Changes of the book.
    Depth(Cadence),
    /// The best 5, 10 or 20 levels, whole.
    Partial(u8, Cadence),
    /// Best bid and ask.
    BookTicker,
    /// Trades merged by taker, price and 100 ms.
    AggTrade,
    /// Each trade.
    Trade,
    /// Mark price, index and funding; `true` every second, else every three.
    MarkPrice(bool),
    /// Candles.
    Kline(Interval),
    /// The same candles asked for by pair and contract type.
    ContinuousKline(Interval),
    /// A day's summary, short.
    MiniTicker,
    /// A day's summary.
    Ticker,
    /// Liquidations.
    ForceOrder,
    /// Listings and brackets.
    ContractInfo,
}

impl Feed {
    fn is_public(self) -> bool {
        match self {
            Self::Depth(_) | Self::Partial(..) | Self::BookTicker => true,
            Self::AggTrade
            | Self::Trade
            | Self::MarkPrice(_)
            | Self::Kline(_)
            | Self::ContinuousKline(_)
            | Self::MiniTicker
            | Self::Ticker
            | Self::ForceOrder
            | Self::ContractInfo => false,
        }
    }
}

/// A stream's subject: one symbol or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Topic {
    /// What it carries.
    pub(crate) feed: Feed,
    /// Of which symbol; `None` for the `!…` streams.
    pub(crate) symbol: Option<SymbolId>,
}

impl Topic {
    /// Of one symbol.
    pub(crate) fn of(feed: Feed, symbol: SymbolId) -> Self {
        Self {
            feed,
            symbol: Some(symbol),
        }
    }

    /// Of all symbols.
    pub(crate) fn all(feed: Feed) -> Self {
        Self { feed, symbol: None }
    }

    /// Reads a stream name; `None` for a name the exchange does not know,
    /// which it acknowledges all the same. `listed` finds an upper-case
    /// symbol; the stream's name has it in lower case.
    pub(crate) fn parse(name: &str, listed: impl Fn(&str) -> Option<SymbolId>) -> Option<Self> {
        if let Some(rest) = name.strip_prefix('!') {
            let feed = match rest {
                "bookTicker" => Feed::BookTicker,
                "markPrice@arr" => Feed::MarkPrice(false),
                "markPrice@arr@1s" => Feed::MarkPrice(true),
                "miniTicker@arr" => Feed::MiniTicker,
                "ticker@arr" => Feed::Ticker,
                "forceOrder@arr" => Feed::ForceOrder,
                "contractInfo" => Feed::ContractInfo,
                _ => return None,
            };
            return Some(Self { feed, symbol: None });
        }
        let (symbol, feed) = name.split_once('@')?;
        if symbol.is_empty() || symbol.chars().any(char::is_uppercase) {
            return None;
        }
        if let Some(pair) = symbol.strip_suffix("_perpetual") {
            let interval = Interval::parse(feed.strip_prefix("continuousKline_")?)?;
            let symbol = listed(&pair.to_uppercase())?;
            return Some(Self::of(Feed::ContinuousKline(interval), symbol));
        }
        Some(Self {
            feed: parse_feed(feed)?,
            symbol: Some(listed(&symbol.to_uppercase())?),
        })
    }
}

fn parse_feed(text: &str) -> Option<Feed> {
    let (name, suffix) = match text.split_once('@') {
        Some((name, suffix)) => (name, Some(suffix)),
        None => (text, None),
    };
    if let Some(levels) = name.strip_prefix("depth") {
        let cadence = Cadence::parse(suffix)?;
        return match levels {
            "" => Some(Feed::Depth(cadence)),
            "5" => Some(Feed::Partial(5, cadence)),
            "10" => Some(Feed::Partial(10, cadence)),
            "20" => Some(Feed::Partial(20, cadence)),
            _ => None,
        };
    }
    match (name, suffix) {
        ("bookTicker", None) => Some(Feed::BookTicker),
        ("aggTrade", None) => Some(Feed::AggTrade),
        ("trade", None) => Some(Feed::Trade),
        ("markPrice", None) => Some(Feed::MarkPrice(false)),
        ("markPrice", Some("1s")) => Some(Feed::MarkPrice(true)),
        ("miniTicker", None) => Some(Feed::MiniTicker),
        ("ticker", None) => Some(Feed::Ticker),
        ("forceOrder", None) => Some(Feed::ForceOrder),
        (_, None) => {
            let interval = name.strip_prefix("kline_")?;
            Interval::parse(interval).map(Feed::Kline)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_mean_what_the_exchange_says() {
        let listed = |symbol: &str| match symbol {
            "ETHUSDC" => Some(SymbolId(0)),
            "BTCUSDT" => Some(SymbolId(1)),
            _ => None,
        };
        let feed = |name: &str| Topic::parse(name, listed).map(|topic| topic.feed);
        assert_eq!(
            feed("ethusdc@depth@100ms"),
            Some(Feed::Depth(Cadence::Ms100))
        );
        assert_eq!(feed("ethusdc@depth"), Some(Feed::Depth(Cadence::Ms250)));
        assert_eq!(
            feed("ethusdc@depth20@500ms"),
            Some(Feed::Partial(20, Cadence::Ms500))
        );
        assert_eq!(feed("btcusdt@markPrice@1s"), Some(Feed::MarkPrice(true)));
        assert_eq!(feed("!markPrice@arr"), Some(Feed::MarkPrice(false)));
        let minute = Interval::parse("1m").expect("an interval");
        assert_eq!(feed("btcusdt@kline_1m"), Some(Feed::Kline(minute)));
        assert_eq!(
            feed("btcusdt_perpetual@continuousKline_1m"),
            Some(Feed::ContinuousKline(minute))
        );
        for unknown in [
            "ETHUSDC@depth",
            "ethusdc",
            "@depth",
            "ethusdc@depth7",
            "ethusdc@kline_1s",
            "dogeusdt@depth",
            "!x",
        ] {
            assert_eq!(feed(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn the_wrong_route_is_silent() {
        assert!(Route::Public.carries(Feed::BookTicker));
        assert!(!Route::Public.carries(Feed::AggTrade));
        assert!(Route::Market.carries(Feed::AggTrade));
        assert!(!Route::Market.carries(Feed::BookTicker));
        assert!(Route::Unrouted.carries(Feed::BookTicker));
        assert!(!Route::Unrouted.carries(Feed::MarkPrice(true)));
        assert!(!Route::Private.carries(Feed::BookTicker));
    }

    proptest! {
        #[test]
        fn arbitrary_names_never_panic(name in any::<String>()) {
            let _ = Topic::parse(&name, |_| Some(SymbolId(0)));
        }
    }
}

//! exchangeInfo: what can be traded, on which grid, within which limits.
//!
//! Read leniently: an instrument that does not parse is left out and named,
//! so that a new kind of contract never stops the old ones from trading.

use phoenix_domain::{Decimal, InstrumentSpec};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{DecodeError, Raw, Text, parse, shown};

/// All of exchangeInfo that Phoenix uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangeInfo {
    /// Perpetual contracts, in the exchange's order.
    pub instruments: Vec<InstrumentSpec>,
    /// What was left out because it could not be read: symbol (if legible)
    /// and reason.
    pub unreadable: Vec<(String, DecodeError)>,
    /// The request limits in force.
    pub limits: RateLimits,
}

/// Request limits; `None` where the exchange names none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Weight per address and minute.
    pub weight_1m: Option<u32>,
    /// Orders per account and 10 seconds.
    pub orders_10s: Option<u32>,
    /// Orders per account and minute.
    pub orders_1m: Option<u32>,
}

/// Reads exchangeInfo.
///
/// # Errors
/// A body without a list of symbols.
pub fn exchange_info(body: &[u8]) -> Result<ExchangeInfo, DecodeError> {
    let wire: ExchangeListingWire<'_> = parse(body)?;
    let mut info = ExchangeInfo {
        limits: limits(wire.limits.as_deref().unwrap_or_default()),
        ..ExchangeInfo::default()
    };
    for raw in &wire.symbols {
        match symbol(raw.get()) {
            Ok(Some(spec)) => info.instruments.push(spec),
            Ok(None) => {}
            Err((symbol, error)) => info.unreadable.push((symbol, error)),
        }
    }
    Ok(info)
}

/// Reads the rows of `rateLimit/order`: the account's own order ceilings.
///
/// # Errors
/// A body that is no list of limits.
pub fn order_limits(body: &[u8]) -> Result<RateLimits, DecodeError> {
    let rows: Vec<LimitWire<'_>> = parse(body)?;
    Ok(limits(&rows))
}

fn limits(rows: &[LimitWire<'_>]) -> RateLimits {
    let mut limits = RateLimits::default();
    for row in rows {
        let most = row.limit.integer("limit").ok();
        let span = row.count.integer::<u32>("intervalNum").ok();
        match (&*row.limit_type, &*row.interval, span) {
            ("REQUEST_WEIGHT", "MINUTE", Some(1)) => limits.weight_1m = most,
            ("ORDERS", "SECOND", Some(10)) => limits.orders_10s = most,
            ("ORDERS", "MINUTE", Some(1)) => limits.orders_1m = most,
            _ => {}
        }
    }
    limits
}

/// One symbol; `None` for contracts that expire.
fn symbol(text: &str) -> Result<Option<InstrumentSpec>, (String, DecodeError)> {
    let wire: SymbolWire<'_> =
        serde_json::from_str(text).map_err(|error| (String::new(), error.into()))?;
    // Contracts of traditional assets trade like any other perpetual.
    if !wire.contract_type.contains("PERPETUAL") {
        return Ok(None);
    }
    let name = shown(&wire.symbol);
    spec(&wire).map(Some).map_err(|error| (name, error))
}

fn spec(wire: &SymbolWire<'_>) -> Result<InstrumentSpec, DecodeError> {
    let plain = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    if wire.symbol.is_empty() || !wire.symbol.chars().all(plain) {
        return Err(DecodeError::Value {
            field: "symbol",
            text: shown(&wire.symbol),
            expected: "letters and digits",
        });
    }
    let price = filter(wire, "PRICE_FILTER")?;
    let lot = filter(wire, "LOT_SIZE")?;
    let percent = wire.filter("PERCENT_PRICE");
    let optional = |raw: Option<Raw<'_>>, field| match raw {
        Some(raw) => raw.decimal(field),
        None => Ok(Decimal::ZERO),
    };
    let band = |raw: Option<Raw<'_>>, open: Decimal, field| match raw {
        Some(raw) => raw.decimal(field),
        None => Ok(open),
    };
    Ok(InstrumentSpec {
        symbol: wire.symbol.clone().into_owned(),
        base_asset: wire.base_asset.clone().into_owned(),
        quote_asset: wire.margin_asset.clone().into_owned(),
        tick: required(price.tick, "tickSize")?,
        price_min: optional(price.price_min, "minPrice")?,
        price_max: optional(price.price_max, "maxPrice")?,
        lot: required(lot.lot, "stepSize")?,
        qty_min: optional(lot.qty_min, "minQty")?,
        qty_max: required(lot.qty_max, "maxQty")?,
        notional_min: match wire.filter("MIN_NOTIONAL") {
            Some(filter) => optional(filter.notional, "notional")?,
            None => Decimal::ZERO,
        },
        percent_up: band(
            percent.and_then(|filter| filter.up),
            Decimal(i64::MAX / 4),
            "multiplierUp",
        )?,
        percent_down: band(
            percent.and_then(|filter| filter.down),
            Decimal::ZERO,
            "multiplierDown",
        )?,
        orders_max: match wire
            .filter("MAX_NUM_ORDERS")
            .and_then(|filter| filter.limit)
        {
            Some(raw) => raw.integer("limit")?,
            None => 200,
        },
        trading: wire.status == "TRADING",
    })
}

fn filter<'w, 'a>(
    wire: &'w SymbolWire<'a>,
    name: &'static str,
) -> Result<&'w FilterWire<'a>, DecodeError> {
    wire.filter(name).ok_or(DecodeError::Json {
        reason: format!("no filter {name}"),
    })
}

fn required(raw: Option<Raw<'_>>, field: &'static str) -> Result<Decimal, DecodeError> {
    match raw {
        Some(raw) => raw.decimal(field),
        None => Err(DecodeError::Json {
            reason: format!("no {field}"),
        }),
    }
}

#[derive(Deserialize)]
struct ExchangeListingWire<'a> {
    #[serde(borrow)]
    symbols: Vec<&'a RawValue>,
    #[serde(borrow, rename = "rateLimits")]
    limits: Option<Vec<LimitWire<'a>>>,
}

#[derive(Deserialize)]
struct LimitWire<'a> {
    #[serde(borrow, rename = "rateLimitType")]
    limit_type: Text<'a>,
    #[serde(borrow)]
    interval: Text<'a>,
    #[serde(borrow, rename = "intervalNum")]
    count: Raw<'a>,
    #[serde(borrow)]
    limit: Raw<'a>,
}

#[derive(Deserialize)]
struct SymbolWire<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow, rename = "contractType")]
    contract_type: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow, rename = "baseAsset")]
    base_asset: Text<'a>,
    #[serde(borrow, rename = "marginAsset")]
    margin_asset: Text<'a>,
    #[serde(borrow)]
    filters: Vec<FilterWire<'a>>,
}

impl<'a> SymbolWire<'a> {
    fn filter(&self, name: &str) -> Option<&FilterWire<'a>> {
        self.filters.iter().find(|filter| filter.kind == name)
    }
}

#[derive(Deserialize)]
struct FilterWire<'a> {
    #[serde(borrow, rename = "filterType")]
    kind: Text<'a>,
    #[serde(borrow, rename = "tickSize")]
    tick: Option<Raw<'a>>,
    #[serde(borrow, rename = "minPrice")]
    price_min: Option<Raw<'a>>,
    #[serde(borrow, rename = "maxPrice")]
    price_max: Option<Raw<'a>>,
    #[serde(borrow, rename = "stepSize")]
    lot: Option<Raw<'a>>,
    #[serde(borrow, rename = "minQty")]
    qty_min: Option<Raw<'a>>,
    #[serde(borrow, rename = "maxQty")]
    qty_max: Option<Raw<'a>>,
    #[serde(borrow)]
    notional: Option<Raw<'a>>,
    #[serde(borrow, rename = "multiplierUp")]
    up: Option<Raw<'a>>,
    #[serde(borrow, rename = "multiplierDown")]
    down: Option<Raw<'a>>,
    #[serde(borrow)]
    limit: Option<Raw<'a>>,
}

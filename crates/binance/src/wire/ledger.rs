//! Replies about the account: positions, wallets, modes, fees, tiers.

use phoenix_domain::{
    AccountSnapshot, Balance, Cash, Decimal, MonoNs, Origin, PositionReport, Rate, SymbolId,
    VenueMs,
};
use serde::Deserialize;

use super::json::{DecodeError, Raw, Text, holding, parse};
use crate::symbols::SymbolTable;

/// A position with what the exchange adds to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldPosition {
    /// What the engine needs.
    pub report: PositionReport,
    /// Mark price.
    pub mark: Decimal,
    /// Unrealised profit at the mark price.
    pub unrealised: Cash,
    /// Where it would be liquidated; zero if nowhere.
    pub liquidation: Decimal,
}

/// Leverage and margin mode of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SymbolMode {
    /// The symbol.
    pub symbol: SymbolId,
    /// Multiplier.
    pub leverage: u16,
    /// Cross margin, not isolated.
    pub crossed: bool,
}

/// Fee rates of the account on a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeRates {
    /// For resting orders; negative is a rebate.
    pub maker: Rate,
    /// For taking orders.
    pub taker: Rate,
}

/// One notional tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bracket {
    /// Upper end of the tier, in the quote asset.
    pub notional_cap: Decimal,
    /// Greatest leverage allowed in it.
    pub leverage_max: u16,
    /// Maintenance margin rate.
    pub maintenance: Rate,
}

/// Mark price and funding of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Premium {
    /// The symbol.
    pub symbol: SymbolId,
    /// Mark price.
    pub mark: Decimal,
    /// Running estimate of the next funding rate.
    pub funding: Rate,
    /// When it is paid.
    pub next_funding_ms: VenueMs,
}

/// Reads `positionRisk` (one-way mode; the legs of hedge mode are left out).
/// Symbols without position and orders are absent: absent means flat.
///
/// # Errors
/// A body that is no list of positions.
pub fn positions(
    body: &[u8],
    table: &SymbolTable,
    origin: Origin,
    asked_at: MonoNs,
) -> Result<Vec<HeldPosition>, DecodeError> {
    let list: Vec<PositionWire<'_>> = parse(body)?;
    let mut held = Vec::new();
    for wire in &list {
        let Some(symbol) = table.find(wire.symbol.as_bytes()) else {
            continue;
        };
        if wire.side != "BOTH" {
            continue;
        }
        let amount = (wire.qty, "positionAmt");
        let (entry, qty) = holding(table.entry(symbol), (wire.entry, "entryPrice"), amount)?;
        held.push(HeldPosition {
            report: PositionReport {
                symbol,
                qty,
                entry,
                venue_ms: VenueMs(wire.update_time.integer("updateTime")?),
                origin,
                asked_at,
            },
            mark: wire.mark.decimal("markPrice")?,
            unrealised: Cash(wire.unrealised.decimal("unRealizedProfit")?.0),
            liquidation: wire.liquidation.decimal("liquidationPrice")?,
        });
    }
    Ok(held)
}

/// Reads the wallets of the table's quote assets from `balance`.
///
/// # Errors
/// A body that is no list of balances.
pub fn balances(body: &[u8], table: &SymbolTable) -> Result<Vec<Balance>, DecodeError> {
    let list: Vec<BalanceWire<'_>> = parse(body)?;
    let mut balances = Vec::new();
    for wire in &list {
        let Some(asset) = table.find_asset(&wire.asset) else {
            continue;
        };
        balances.push(Balance {
            asset,
            wallet: Cash(wire.wallet.decimal("balance")?.0),
            venue_ms: VenueMs(wire.update_time.integer("updateTime")?),
        });
    }
    Ok(balances)
}

/// Reads `accountConfig`.
///
/// # Errors
/// A body without the three switches.
pub fn account_config(body: &[u8]) -> Result<AccountSnapshot, DecodeError> {
    let wire: ConfigWire<'_> = parse(body)?;
    Ok(AccountSnapshot {
        hedge_mode: wire.hedge.truth("dualSidePosition")?,
        multi_asset: wire.multi_asset.truth("multiAssetsMargin")?,
        can_trade: wire.can_trade.truth("canTrade")?,
    })
}

/// Reads `symbolConfig`; symbols that are not ours are left out.
///
/// # Errors
/// A body that is no list of symbol settings.
pub fn symbol_config(body: &[u8], table: &SymbolTable) -> Result<Vec<SymbolMode>, DecodeError> {
    let list: Vec<ModeWire<'_>> = parse(body)?;
    let mut modes = Vec::new();
    for wire in &list {
        if let Some(symbol) = table.find(wire.symbol.as_bytes()) {
            modes.push(SymbolMode {
                symbol,
                leverage: wire.leverage.integer("leverage")?,
                crossed: wire.margin_type.eq_ignore_ascii_case("CROSSED"),
            });
        }
    }
    Ok(modes)
}

/// Reads `commissionRate`.
///
/// # Errors
/// A body without the two rates.
pub fn commission_rate(body: &[u8]) -> Result<FeeRates, DecodeError> {
    let wire: FeesWire<'_> = parse(body)?;
    Ok(FeeRates {
        maker: Rate(wire.maker.decimal("makerCommissionRate")?.0),
        taker: Rate(wire.taker.decimal("takerCommissionRate")?.0),
    })
}

/// Reads the tiers of one symbol from `leverageBracket`, which answers with
/// an object or a list of one.
///
/// # Errors
/// A body without tiers of that symbol.
pub fn brackets(body: &[u8], symbol: &str) -> Result<Vec<Bracket>, DecodeError> {
    let list: Vec<BracketsWire<'_>> = match parse(body) {
        Ok(list) => list,
        Err(_) => vec![parse(body)?],
    };
    let found = list.iter().find(|wire| wire.symbol == symbol);
    let Some(wire) = found else {
        return Err(DecodeError::Json {
            reason: format!("no brackets of {symbol}"),
        });
    };
    let bracket = |tier: &BracketWire<'_>| {
        Ok(Bracket {
            notional_cap: tier.cap.decimal("notionalCap")?,
            leverage_max: tier.leverage.integer("initialLeverage")?,
            maintenance: Rate(tier.maintenance.decimal("maintMarginRatio")?.0),
        })
    };
    wire.brackets.iter().map(bracket).collect()
}

/// Reads `premiumIndex` of one symbol or of all.
///
/// # Errors
/// A body that is neither.
pub fn premiums(body: &[u8], table: &SymbolTable) -> Result<Vec<Premium>, DecodeError> {
    let list: Vec<PremiumWire<'_>> = match parse(body) {
        Ok(list) => list,
        Err(_) => vec![parse(body)?],
    };
    let mut premiums = Vec::new();
    for wire in &list {
        if let Some(symbol) = table.find(wire.symbol.as_bytes()) {
            premiums.push(Premium {
                symbol,
                mark: wire.mark.decimal("markPrice")?,
                funding: Rate(wire.funding.decimal("lastFundingRate")?.0),
                next_funding_ms: VenueMs(wire.next.integer("nextFundingTime")?),
            });
        }
    }
    Ok(premiums)
}

/// Reads the exchange's clock from `time`.
///
/// # Errors
/// A body without it.
pub fn server_time(body: &[u8]) -> Result<VenueMs, DecodeError> {
    let wire: TimeWire<'_> = parse(body)?;
    Ok(VenueMs(wire.time.integer("serverTime")?))
}

/// Reads the user stream's key from `listenKey`.
///
/// # Errors
/// A body without it, or with one that does not fit into a path.
pub fn listen_key(body: &[u8]) -> Result<String, DecodeError> {
    let wire: KeyWire<'_> = parse(body)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if wire.key.is_empty() || !wire.key.bytes().all(plain) {
        // The key opens the account's stream: it is not shown.
        return Err(DecodeError::Value {
            field: "listenKey",
            text: String::new(),
            expected: "letters and digits",
        });
    }
    Ok(wire.key.into_owned())
}

#[derive(Deserialize)]
struct PositionWire<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow, rename = "positionSide")]
    side: Text<'a>,
    #[serde(borrow, rename = "positionAmt")]
    qty: Raw<'a>,
    #[serde(borrow, rename = "entryPrice")]
    entry: Raw<'a>,
    #[serde(borrow, rename = "markPrice")]
    mark: Raw<'a>,
    #[serde(borrow, rename = "unRealizedProfit")]
    unrealised: Raw<'a>,
    #[serde(borrow, rename = "liquidationPrice")]
    liquidation: Raw<'a>,
    #[serde(borrow, rename = "updateTime")]
    update_time: Raw<'a>,
}

#[derive(Deserialize)]
struct BalanceWire<'a> {
    #[serde(borrow)]
    asset: Text<'a>,
    #[serde(borrow, rename = "balance")]
    wallet: Raw<'a>,
    #[serde(borrow, rename = "updateTime")]
    update_time: Raw<'a>,
}

#[derive(Deserialize)]
struct ConfigWire<'a> {
    #[serde(borrow, rename = "dualSidePosition")]
    hedge: Raw<'a>,
    #[serde(borrow, rename = "multiAssetsMargin")]
    multi_asset: Raw<'a>,
    #[serde(borrow, rename = "canTrade")]
    can_trade: Raw<'a>,
}

#[derive(Deserialize)]
struct ModeWire<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    leverage: Raw<'a>,
    #[serde(borrow, rename = "marginType")]
    margin_type: Text<'a>,
}

#[derive(Deserialize)]
struct FeesWire<'a> {
    #[serde(borrow, rename = "makerCommissionRate")]
    maker: Raw<'a>,
    #[serde(borrow, rename = "takerCommissionRate")]
    taker: Raw<'a>,
}

#[derive(Deserialize)]
struct BracketsWire<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    brackets: Vec<BracketWire<'a>>,
}

#[derive(Deserialize)]
struct BracketWire<'a> {
    #[serde(borrow, rename = "notionalCap")]
    cap: Raw<'a>,
    #[serde(borrow, rename = "initialLeverage")]
    leverage: Raw<'a>,
    #[serde(borrow, rename = "maintMarginRatio")]
    maintenance: Raw<'a>,
}

#[derive(Deserialize)]
struct PremiumWire<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow, rename = "markPrice")]
    mark: Raw<'a>,
    #[serde(borrow, rename = "lastFundingRate")]
    funding: Raw<'a>,
    #[serde(borrow, rename = "nextFundingTime")]
    next: Raw<'a>,
}

#[derive(Deserialize)]
struct TimeWire<'a> {
    #[serde(borrow, rename = "serverTime")]
    time: Raw<'a>,
}

#[derive(Deserialize)]
struct KeyWire<'a> {
    #[serde(borrow, rename = "listenKey")]
    key: Text<'a>,
}

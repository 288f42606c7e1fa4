//! The symbols the exchange lists: filters, fees, leverage brackets, funding.
//! Figures from Binance's exchangeInfo and leverage tables.

use phoenix_domain::{Decimal, InstrumentSpec, Rate};

/// One step of the leverage table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bracket {
    /// Largest leverage that may hold this notional.
    pub leverage_max: u32,
    /// Notional from which it applies, whole quote units.
    pub notional_floor: i64,
    /// Notional up to which it applies.
    pub notional_cap: i64,
    /// Maintenance margin rate.
    pub maint: Rate,
    /// Deduction that makes maintenance margin continuous, whole quote units.
    pub cum: i64,
}

/// A listed perpetual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolSpec {
    /// Names, grid and filters.
    pub instrument: InstrumentSpec,
    /// Decimals in which prices are printed.
    pub price_precision: u8,
    /// Decimals in which quantities are printed.
    pub qty_precision: u8,
    /// MARKET_LOT_SIZE maxQty.
    pub market_qty_max: Decimal,
    /// A MARKET order fills no further than this from mark.
    pub market_take_bound: Rate,
    /// triggerProtect of exchangeInfo.
    pub trigger_protect: Rate,
    /// Fee of a liquidation.
    pub liquidation_fee: Rate,
    /// maxMoveOrderLimit: amendments one order may see.
    pub amendments_max: u32,
    /// onboardDate, ms.
    pub onboard_ms: i64,
    /// Default fee of a resting order.
    pub maker_fee: Rate,
    /// Default fee of an aggressive order.
    pub taker_fee: Rate,
    /// Leverage of an account that chose none.
    pub leverage_default: u32,
    /// Leverage table, smallest notional first.
    pub brackets: Vec<Bracket>,
    /// Time between two fundings.
    pub funding_interval_ms: u64,
    /// Funding rate never beyond this, either way.
    pub funding_cap: Rate,
    /// Interest rate per 8 h.
    pub interest: Rate,
}

const HOUR_MS: u64 = 3_600_000;

impl SymbolSpec {
    /// The symbols known by heart.
    pub const NAMES: [&'static str; 4] = ["ETHUSDC", "BTCUSDT", "ETHUSDT", "BTCUSDC"];

    /// A symbol known by heart.
    #[must_use]
    pub fn named(symbol: &str) -> Option<Self> {
        match symbol {
            "ETHUSDC" => Some(ethusdc()),
            "BTCUSDT" => Some(btcusdt()),
            "ETHUSDT" => Some(ethusdt()),
            "BTCUSDC" => Some(btcusdc()),
            _ => None,
        }
    }
}

struct Outline {
    base: &'static str,
    quote: &'static str,
    tick: &'static str,
    price_min: &'static str,
    price_max: &'static str,
    qty_max: &'static str,
    market_qty_max: &'static str,
    notional_min: &'static str,
    onboard_ms: i64,
}

fn listed(outline: &Outline, maker: i64, taker: i64, brackets: Vec<Bracket>) -> SymbolSpec {
    let decimal = |text: &str| Decimal::parse(text.as_bytes()).expect("a decimal of our own");
    SymbolSpec {
        instrument: InstrumentSpec {
            symbol: format!("{}{}", outline.base, outline.quote),
            base_asset: outline.base.to_owned(),
            quote_asset: outline.quote.to_owned(),
            tick: decimal(outline.tick),
            price_min: decimal(outline.price_min),
            price_max: decimal(outline.price_max),
            lot: decimal("0.001"),
            qty_min: decimal("0.001"),
            qty_max: decimal(outline.qty_max),
            notional_min: decimal(outline.notional_min),
            percent_up: decimal("1.05"),
            percent_down: decimal("0.95"),
            orders_max: 200,
            trading: true,
        },
        price_precision: 2,
        qty_precision: 3,
        market_qty_max: decimal(outline.market_qty_max),
        market_take_bound: Rate(5_000_000),
        trigger_protect: Rate(5_000_000),
        liquidation_fee: Rate(1_250_000),
        amendments_max: 10_000,
        onboard_ms: outline.onboard_ms,
        maker_fee: Rate(maker),
        taker_fee: Rate(taker),
        leverage_default: 20,
        brackets,
        funding_interval_ms: 8 * HOUR_MS,
        funding_cap: Rate(300_000),
        interest: Rate(10_000),
    }
}

fn ethusdc() -> SymbolSpec {
    let outline = Outline {
        base: "ETH",
        quote: "USDC",
        tick: "0.01",
        price_min: "0.01",
        price_max: "100000",
        qty_max: "8000",
        market_qty_max: "700",
        notional_min: "20",
        onboard_ms: 1_704_285_300_000,
    };
    listed(&outline, 0, 40_000, eth_brackets())
}

fn ethusdt() -> SymbolSpec {
    let outline = Outline {
        base: "ETH",
        quote: "USDT",
        tick: "0.01",
        price_min: "39.86",
        price_max: "306177",
        qty_max: "10000",
        market_qty_max: "2000",
        notional_min: "20",
        onboard_ms: 1_574_840_700_000,
    };
    listed(&outline, 20_000, 50_000, eth_brackets())
}

fn btcusdt() -> SymbolSpec {
    let outline = Outline {
        base: "BTC",
        quote: "USDT",
        tick: "0.1",
        price_min: "556.8",
        price_max: "4529764",
        qty_max: "1000",
        market_qty_max: "120",
        notional_min: "50",
        onboard_ms: 1_569_398_400_000,
    };
    let table = [
        (150, 300_000, 400_000),
        (100, 800_000, 500_000),
        (75, 3_000_000, 650_000),
        (50, 12_000_000, 1_000_000),
        (25, 70_000_000, 2_000_000),
        (20, 100_000_000, 2_500_000),
        (10, 230_000_000, 5_000_000),
        (5, 480_000_000, 10_000_000),
        (4, 600_000_000, 12_500_000),
        (3, 800_000_000, 15_000_000),
        (2, 1_200_000_000, 25_000_000),
        (1, 1_800_000_000, 50_000_000),
    ];
    listed(&outline, 20_000, 50_000, brackets(&table))
}

fn btcusdc() -> SymbolSpec {
    let outline = Outline {
        base: "BTC",
        quote: "USDC",
        tick: "0.1",
        price_min: "0.1",
        price_max: "1000000",
        qty_max: "1000",
        market_qty_max: "120",
        notional_min: "50",
        onboard_ms: 1_704_285_300_000,
    };
    let table = [
        (125, 50_000, 400_000),
        (100, 500_000, 500_000),
        (50, 10_000_000, 1_000_000),
        (20, 80_000_000, 2_500_000),
        (10, 150_000_000, 5_000_000),
        (5, 300_000_000, 10_000_000),
        (4, 450_000_000, 12_500_000),
        (3, 600_000_000, 15_000_000),
        (2, 800_000_000, 25_000_000),
        (1, 1_000_000_000, 50_000_000),
    ];
    listed(&outline, 0, 40_000, brackets(&table))
}

fn eth_brackets() -> Vec<Bracket> {
    brackets(&[
        (125, 50_000, 400_000),
        (100, 500_000, 500_000),
        (75, 1_000_000, 650_000),
        (50, 5_000_000, 1_000_000),
        (20, 50_000_000, 2_000_000),
        (10, 100_000_000, 5_000_000),
        (5, 150_000_000, 10_000_000),
        (4, 300_000_000, 12_500_000),
        (3, 400_000_000, 15_000_000),
        (2, 500_000_000, 25_000_000),
        (1, 800_000_000, 50_000_000),
    ])
}

/// Floors and deductions follow from caps and rates:
/// cum(k) = cum(k−1) + floor(k) × (rate(k) − rate(k−1)).
fn brackets(table: &[(u32, i64, i64)]) -> Vec<Bracket> {
    let mut rows: Vec<Bracket> = Vec::with_capacity(table.len());
    for &(leverage_max, notional_cap, rate) in table {
        let (floor, cum) = rows.last().map_or((0, 0), |last| {
            let step = last.notional_cap * (rate - last.maint.0) / 100_000_000;
            (last.notional_cap, last.cum + step)
        });
        rows.push(Bracket {
            leverage_max,
            notional_floor: floor,
            notional_cap,
            maint: Rate(rate),
            cum,
        });
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_domain::{Instrument, SymbolId};

    #[test]
    fn every_listed_symbol_is_an_instrument() {
        for name in SymbolSpec::NAMES {
            let spec = SymbolSpec::named(name).expect("listed");
            assert!(
                Instrument::new(SymbolId(0), spec.instrument).is_ok(),
                "{name}"
            );
        }
        assert_eq!(SymbolSpec::named("DOGEUSDT"), None);
    }

    #[test]
    fn deductions_are_the_exchange_s_own() {
        let cums = |name: &str| -> Vec<i64> {
            let spec = SymbolSpec::named(name).expect("listed");
            spec.brackets.iter().map(|bracket| bracket.cum).collect()
        };
        assert_eq!(cums("BTCUSDT")[..4], [0, 300, 1_500, 12_000]);
        assert_eq!(
            cums("ETHUSDC"),
            [
                0,
                50,
                800,
                4_300,
                54_300,
                1_554_300,
                6_554_300,
                10_304_300,
                17_804_300,
                57_804_300,
                182_804_300
            ]
        );
        assert_eq!(*cums("BTCUSDC").last().expect("rows"), 288_402_550);
    }
}

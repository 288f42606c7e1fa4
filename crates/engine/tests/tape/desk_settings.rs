//! The numbers on which the tapes' prices are worked out: ETHUSDC, tick 0.01,
//! lot 0.001, two layers of 0.02 a side, 1.00 from the reservation price and
//! 1.00 apart, worst case 0.2, no skew unless a tape sets one.

use phoenix_domain::{Decimal, Instrument, InstrumentSpec, SymbolId};
use phoenix_engine::{
    DeskSettings, FlattenSettings, GrindingSettings, PinningSettings, SymbolSettings,
};

pub(crate) fn decimal(text: &str) -> Decimal {
    Decimal::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?} {error}"))
}

pub(crate) fn instrument() -> Instrument {
    let spec = InstrumentSpec {
        symbol: "ETHUSDC".to_owned(),
        base_asset: "ETH".to_owned(),
        quote_asset: "USDC".to_owned(),
        tick: decimal("0.01"),
        price_min: decimal("0.01"),
        price_max: decimal("100000"),
        lot: decimal("0.001"),
        qty_min: decimal("0.001"),
        qty_max: decimal("8000"),
        notional_min: decimal("20"),
        percent_up: decimal("1.05"),
        percent_down: decimal("0.95"),
        orders_max: 200,
        trading: true,
    };
    Instrument::new(SymbolId(0), spec).expect("a valid instrument")
}

pub(crate) fn desk() -> DeskSettings {
    DeskSettings {
        quote_interval_ms: 100,
        total_notional_max: decimal("100000"),
        reconcile_interval_ms: 30_000,
        request_life_ms: 6_000,
    }
}

pub(crate) fn symbol() -> SymbolSettings {
    SymbolSettings {
        total_layers: 2,
        unified_layer_size: decimal("0.02"),
        grid_start_offset: decimal("1"),
        grid_first_spacing: decimal("1"),
        grid_spacing_multiplier: 1.5,
        grid_max_spacing: decimal("2"),
        net_max: decimal("0.4"),
        inventory_skew_coeff: 0.0,
        min_spread: 0.0004,
        min_distance: decimal("0.5"),
        volatility_window_ms: 60_000,
        pinning: PinningSettings {
            thresh: 0.6,
            size_factor: 2.3,
            far_distance: 0.0006,
        },
        grinding: GrindingSettings {
            thresh: 0.7,
            calm_sigma_max: 0.01,
            slice: 0.075,
            reentry_distance: 0.00042,
            reentry_size_factor: 2.1,
            cooldown_ms: 60_000,
        },
        worst_case_ratio: 0.5,
        reduce_only_thresh: 0.8,
        stop_loss_thresh: 0.02,
        flatten: FlattenSettings {
            slice: 0.5,
            interval_ms: 500,
            slippage_max: 0.002,
        },
        order_age_ms_max: 60_000,
        max_cancel_per_min: 300,
        requote_tolerance: 0.9,
        requote_tolerance_exposed: 0.45,
        price_band: 0.03,
        order_qty_max: decimal("1"),
        order_notional_max: decimal("5000"),
        price_stale_ms: 3_000,
    }
}

/// Changes one setting by name; the tapes use only these.
pub(crate) fn set(desk: &mut DeskSettings, symbol: &mut SymbolSettings, key: &str, text: &str) {
    let number = || decimal(text).to_f64();
    let whole = || text.parse().expect("a whole number");
    match key {
        "total_layers" => symbol.total_layers = text.parse().expect("a whole number"),
        "net_max" => symbol.net_max = decimal(text),
        "inventory_skew_coeff" => symbol.inventory_skew_coeff = number(),
        "worst_case_ratio" => symbol.worst_case_ratio = number(),
        "pinning_thresh" => symbol.pinning.thresh = number(),
        "grinding_thresh" => symbol.grinding.thresh = number(),
        "stop_loss_thresh" => symbol.stop_loss_thresh = number(),
        "order_age_ms_max" => symbol.order_age_ms_max = whole(),
        "max_cancel_per_min" => symbol.max_cancel_per_min = whole(),
        "order_qty_max" => symbol.order_qty_max = decimal(text),
        "total_notional_max" => desk.total_notional_max = decimal(text),
        "quote_interval_ms" => desk.quote_interval_ms = whole(),
        _ => panic!("no tape setting {key:?}"),
    }
}

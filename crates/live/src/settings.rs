//! The owner's configuration as the engine's settings.
//!
//! One direction only, and total: the configuration has been checked.

use phoenix_config::{Config, SymbolConfig};
use phoenix_domain::Decimal;
use phoenix_engine::{
    DeskSettings, FlattenSettings, GrindingSettings, PinningSettings, SymbolSettings,
};

/// Orders, positions and balances are compared with the exchange this often.
const RECONCILE_INTERVAL_MS: u32 = 30_000;

/// How long after its window a request may still be under way: the exchange
/// checks the window twice, the second time at the matching engine.
const REQUEST_LIFE_MARGIN_MS: u32 = 1_000;

/// Least time between two slices of a flattening.
const FLATTEN_INTERVAL_MS: u32 = 500;

/// Inventory over `net_max` above which only reducing quotes stand.
const REDUCE_ONLY_THRESH: f64 = 0.8;

/// An order is kept within this share of its layer's gap.
const REQUOTE_TOLERANCE: f64 = 0.9;

/// The same on the side that would be picked off.
const REQUOTE_TOLERANCE_EXPOSED: f64 = 0.45;

/// What holds for the account as a whole.
#[must_use]
pub fn desk_settings(config: &Config) -> DeskSettings {
    DeskSettings {
        quote_interval_ms: clamp(config.quote_interval_ms),
        total_notional_max: config.total_notional_max,
        reconcile_interval_ms: RECONCILE_INTERVAL_MS,
        request_life_ms: clamp(config.recv_window_ms) + REQUEST_LIFE_MARGIN_MS,
    }
}

/// What holds for one symbol. `reference` is its price at start, by which the
/// smallest distance becomes an amount.
#[must_use]
pub fn symbol_settings(
    config: &Config,
    symbol: &SymbolConfig,
    reference: Decimal,
) -> SymbolSettings {
    SymbolSettings {
        total_layers: u16::try_from(symbol.total_layers).unwrap_or(u16::MAX),
        unified_layer_size: symbol.unified_layer_size,
        grid_start_offset: symbol.grid_start_offset,
        grid_first_spacing: symbol.grid_first_spacing,
        grid_spacing_multiplier: symbol.grid_spacing_multiplier.to_f64(),
        grid_max_spacing: symbol.grid_max_spacing,
        net_max: symbol.net_max,
        inventory_skew_coeff: symbol.inventory_skew_coeff.to_f64(),
        min_spread: symbol.min_spread.to_f64(),
        min_distance: share(reference, symbol.min_distance_ratio),
        volatility_window_ms: clamp(symbol.volatility_window_ms),
        pinning: pinning(symbol),
        grinding: grinding(symbol),
        worst_case_ratio: symbol.worst_case_ratio.to_f64(),
        reduce_only_thresh: REDUCE_ONLY_THRESH,
        stop_loss_thresh: symbol.stop_loss_thresh.to_f64(),
        flatten: FlattenSettings {
            slice: symbol.flatten_slice_ratio.to_f64(),
            interval_ms: FLATTEN_INTERVAL_MS,
            slippage_max: basis_points(symbol.flatten_slippage_bp),
        },
        order_age_ms_max: clamp(symbol.order_age_ms_max),
        max_cancel_per_min: symbol.max_cancel_per_min,
        requote_tolerance: REQUOTE_TOLERANCE,
        requote_tolerance_exposed: REQUOTE_TOLERANCE_EXPOSED,
        price_band: symbol.price_band_ratio.to_f64(),
        order_qty_max: symbol.net_max,
        order_notional_max: symbol.order_notional_max,
        price_stale_ms: clamp(config.price_stale_ms),
    }
}

/// Switched off means a threshold that no inventory reaches.
fn pinning(symbol: &SymbolConfig) -> PinningSettings {
    PinningSettings {
        thresh: threshold(symbol.pinning_enabled, symbol.pinning_thresh),
        size_factor: symbol.pinning_size_factor.to_f64(),
        far_distance: symbol.pinning_far_ratio.to_f64(),
    }
}

fn grinding(symbol: &SymbolConfig) -> GrindingSettings {
    GrindingSettings {
        thresh: threshold(symbol.grinding_enabled, symbol.grinding_thresh),
        calm_sigma_max: symbol.grinding_sigma_max.to_f64(),
        slice: symbol.grinding_slice_ratio.to_f64(),
        reentry_distance: basis_points(symbol.grinding_reentry_bp),
        reentry_size_factor: symbol.grinding_reentry_factor.to_f64(),
        cooldown_ms: clamp(symbol.grinding_cooldown_ms),
    }
}

fn threshold(enabled: bool, thresh: Decimal) -> f64 {
    if enabled {
        thresh.to_f64()
    } else {
        f64::INFINITY
    }
}

fn basis_points(bp: Decimal) -> f64 {
    bp.to_f64() / 10_000.0
}

fn clamp(ms: u64) -> u32 {
    u32::try_from(ms).unwrap_or(u32::MAX)
}

/// `price` times `ratio`, cut to 1e-8.
fn share(price: Decimal, ratio: Decimal) -> Decimal {
    let product = i128::from(price.0) * i128::from(ratio.0) / i128::from(Decimal::ONE.0);
    Decimal(i64::try_from(product).unwrap_or(i64::MAX))
}

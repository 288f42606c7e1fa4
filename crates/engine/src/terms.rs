//! The settings of one symbol in the instrument's own ticks and lots, worked
//! out once so that deciding quotes is integer work.

use phoenix_domain::{Cash, Decimal, Instrument, Qty, Rate};

use crate::settings::{LAYERS_MAX, SymbolSettings};

/// Settings in ticks (distances, as floats where they are scaled), lots and
/// cash. Rebuilt when the exchange changes the instrument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Terms {
    /// Layers per side.
    pub(crate) layers: usize,
    /// Size of one layer.
    pub(crate) layer_qty: Qty,
    /// Distance of layer 1 from the reservation price, ticks.
    pub(crate) start_offset: f64,
    /// First gap, ticks.
    pub(crate) first_gap: f64,
    /// Each gap over the one before.
    pub(crate) gap_multiplier: f64,
    /// Widest gap, ticks.
    pub(crate) gap_max: f64,
    /// Inventory of full skew; at least one lot.
    pub(crate) net_max: Qty,
    /// Shift at full inventory, ratio of mid.
    pub(crate) skew_coeff: f64,
    /// Floor of the inner spread, ratio of mid.
    pub(crate) min_spread: f64,
    /// Nearest an order may come to the reservation price, ticks.
    pub(crate) min_distance: f64,
    /// Inventory above which the reducing side joins the best price.
    pub(crate) pinning_qty: Qty,
    /// Size of the pinned quote.
    pub(crate) pinned_qty: Qty,
    /// Nearest adding layer while pinned, ratio of mid.
    pub(crate) far_distance: f64,
    /// Inventory above which a slice may be ground off.
    pub(crate) grinding_qty: Qty,
    /// σ ⁄ mid at or above which the market is not calm.
    pub(crate) calm_sigma_max: f64,
    /// Share of the inventory in one slice.
    pub(crate) grinding_slice: f64,
    /// Re-entry improvement over the slice's price.
    pub(crate) reentry_distance: f64,
    /// Size of the re-entry.
    pub(crate) reentry_qty: Qty,
    /// Least time between slices.
    pub(crate) grinding_cooldown_ms: u64,
    /// Inventory plus what may fill on the adding side stays within this.
    pub(crate) worst_qty: Qty,
    /// Inventory above which only reducing quotes stand.
    pub(crate) reduce_only_qty: Qty,
    /// Unrealised loss over cost that stops the symbol.
    pub(crate) stop_loss: Rate,
    /// Drawdown over the day's peak equity that stops it.
    pub(crate) drawdown: Rate,
    /// Share of the position closed in one slice.
    pub(crate) flatten_slice: f64,
    /// Least time between closing slices.
    pub(crate) flatten_interval_ms: u64,
    /// Farthest a closing slice may trade through the best price.
    pub(crate) slippage_max: f64,
    /// Oldest an order may get.
    pub(crate) order_age_ms_max: u64,
    /// Share of a gap an order may be off, away from the market.
    pub(crate) tolerance: f64,
    /// The same towards the market.
    pub(crate) tolerance_exposed: f64,
    /// Farthest from the mark price, ratio.
    pub(crate) price_band: f64,
    /// Largest order.
    pub(crate) order_qty_max: Qty,
    /// Largest order's notional.
    pub(crate) order_notional_max: Cash,
}

impl Terms {
    /// The settings on this instrument's grid.
    pub(crate) fn of(instrument: &Instrument, settings: &SymbolSettings) -> Self {
        let tick = instrument.tick_f64();
        let ticks = |distance: Decimal| distance.to_f64() / tick;
        let net_max = instrument.qty_floor(settings.net_max).max(Qty(1));
        let layer_qty = instrument.qty_floor(settings.unified_layer_size);
        let share = |ratio: f64| times(net_max, ratio);
        Self {
            layers: usize::from(settings.total_layers).clamp(1, LAYERS_MAX),
            layer_qty,
            start_offset: ticks(settings.grid_start_offset),
            first_gap: ticks(settings.grid_first_spacing),
            gap_multiplier: settings.grid_spacing_multiplier,
            gap_max: ticks(settings.grid_max_spacing),
            net_max,
            skew_coeff: settings.inventory_skew_coeff,
            min_spread: settings.min_spread,
            min_distance: ticks(settings.min_distance),
            pinning_qty: share(settings.pinning.thresh),
            pinned_qty: times(layer_qty, settings.pinning.size_factor),
            far_distance: settings.pinning.far_distance,
            grinding_qty: share(settings.grinding.thresh),
            calm_sigma_max: settings.grinding.calm_sigma_max,
            grinding_slice: settings.grinding.slice,
            reentry_distance: settings.grinding.reentry_distance,
            reentry_qty: times(layer_qty, settings.grinding.reentry_size_factor),
            grinding_cooldown_ms: u64::from(settings.grinding.cooldown_ms),
            worst_qty: share(settings.worst_case_ratio),
            reduce_only_qty: share(settings.reduce_only_thresh),
            stop_loss: rate(settings.stop_loss_thresh),
            drawdown: rate(settings.stop_loss_thresh * 1.5),
            flatten_slice: settings.flatten.slice,
            flatten_interval_ms: u64::from(settings.flatten.interval_ms),
            slippage_max: settings.flatten.slippage_max,
            order_age_ms_max: u64::from(settings.order_age_ms_max),
            tolerance: settings.requote_tolerance,
            tolerance_exposed: settings.requote_tolerance_exposed,
            price_band: settings.price_band,
            order_qty_max: instrument.qty_floor(settings.order_qty_max),
            order_notional_max: Cash(settings.order_notional_max.0),
        }
    }
}

/// `qty` times a ratio, rounded down to whole lots; a last bit short of a
/// whole lot counts as whole.
pub(crate) fn times(qty: Qty, ratio: f64) -> Qty {
    Qty((qty.0 as f64 * ratio + 1e-6) as i64)
}

fn rate(ratio: f64) -> Rate {
    Rate((ratio * 1e8 + 0.5) as i64)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::settings::{FlattenSettings, GrindingSettings, PinningSettings};
    use phoenix_domain::{InstrumentSpec, SymbolId};
    use std::string::ToString;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text.as_bytes()).expect("a decimal")
    }

    /// ETHUSDC as listed: tick 0.01, lot 0.001.
    pub(crate) fn ethusdc() -> Instrument {
        Instrument::new(
            SymbolId(0),
            InstrumentSpec {
                symbol: "ETHUSDC".to_string(),
                base_asset: "ETH".to_string(),
                quote_asset: "USDC".to_string(),
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
            },
        )
        .expect("a valid instrument")
    }

    /// Settings on which the tests' figures are worked out.
    pub(crate) fn settings() -> SymbolSettings {
        SymbolSettings {
            total_layers: 4,
            unified_layer_size: decimal("0.02"),
            grid_start_offset: decimal("1"),
            grid_first_spacing: decimal("1"),
            grid_spacing_multiplier: 1.5,
            grid_max_spacing: decimal("2"),
            net_max: decimal("0.4"),
            inventory_skew_coeff: 0.002,
            min_spread: 0.0004,
            min_distance: decimal("0.5"),
            volatility_window_ms: 60_000,
            pinning: PinningSettings {
                thresh: 0.6,
                size_factor: 2.3,
                far_distance: 0.002,
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
                slice: 0.25,
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

    pub(crate) fn terms(change: impl FnOnce(&mut SymbolSettings)) -> Terms {
        let mut settings = settings();
        change(&mut settings);
        Terms::of(&ethusdc(), &settings)
    }

    #[test]
    fn amounts_become_ticks_and_lots() {
        let terms = terms(|_| {});
        assert_eq!(terms.layer_qty, Qty(20));
        assert_eq!(terms.net_max, Qty(400));
        assert_eq!(terms.worst_qty, Qty(200));
        assert_eq!(terms.pinned_qty, Qty(46));
        assert_eq!(terms.reentry_qty, Qty(42));
        assert_eq!(terms.reduce_only_qty, Qty(320));
        assert!((terms.start_offset - 100.0).abs() < 1e-9);
        assert_eq!(terms.drawdown, Rate(3_000_000));
    }
}

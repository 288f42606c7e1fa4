//! Every number the strategy obeys, already checked and in one unit each.
//!
//! Filled from the owner's file by the shell; nothing here has a default, so
//! that a number that can lose money is always somebody's decision. Amounts
//! are exact decimals, ratios are floats (0.01 is one percent).

use phoenix_domain::Decimal;

/// Most layers one side may have.
pub const LAYERS_MAX: usize = 64;

/// What holds for the account as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct DeskSettings {
    /// The pulse: quotes are decided at most once in this time, but for
    /// protective changes.
    pub quote_interval_ms: u32,
    /// Worst-case notional over all symbols, in the quote asset (USDT and
    /// USDC count alike). Adding quotes are withheld beyond it.
    pub total_notional_max: Decimal,
    /// Orders, positions and balances are compared with the exchange this
    /// often even when nothing is in doubt.
    pub reconcile_interval_ms: u32,
    /// Longest time the exchange may still act on a request after it was
    /// sent (recvWindow plus a margin): only then is "no such order" proof.
    pub request_life_ms: u32,
}

/// What holds for one symbol.
#[derive(Clone, Debug, PartialEq)]
pub struct SymbolSettings {
    /// Layers on each side; at least 1, at most [`LAYERS_MAX`].
    pub total_layers: u16,
    /// Size of every layer, in the base asset.
    pub unified_layer_size: Decimal,
    /// Distance of layer 1 from the reservation price, in the quote asset.
    pub grid_start_offset: Decimal,
    /// Gap between layers 1 and 2, in the quote asset.
    pub grid_first_spacing: Decimal,
    /// Each gap is this many times the one before it.
    pub grid_spacing_multiplier: f64,
    /// No gap is wider, in the quote asset.
    pub grid_max_spacing: Decimal,
    /// Inventory at which skew is complete, in the base asset.
    pub net_max: Decimal,
    /// Shift of the reservation price at full inventory, as a ratio of mid.
    pub inventory_skew_coeff: f64,
    /// Floor of the distance between the two nearest quotes, ratio of mid.
    pub min_spread: f64,
    /// Smallest distance from the reservation price an order may come to
    /// before it is moved at once, in the quote asset.
    pub min_distance: Decimal,
    /// Realised volatility is taken over this span of time.
    pub volatility_window_ms: u32,
    /// Holding the best price to reduce.
    pub pinning: PinningSettings,
    /// Giving up a slice and re-entering lower.
    pub grinding: GrindingSettings,
    /// Share of `net_max` that inventory plus everything that could still
    /// fill on the adding side may reach.
    pub worst_case_ratio: f64,
    /// Share of `net_max` above which only reducing quotes stand.
    pub reduce_only_thresh: f64,
    /// Unrealised loss over notional that stops the symbol; one and a half
    /// times it is the drawdown from the day's peak equity that does.
    pub stop_loss_thresh: f64,
    /// Closing a position in slices.
    pub flatten: FlattenSettings,
    /// No order is kept longer.
    pub order_age_ms_max: u32,
    /// Cancels and amends in a minute beyond which cosmetic requotes wait.
    pub max_cancel_per_min: u32,
    /// Share of the layer's own gap an order may be off its wanted price.
    pub requote_tolerance: f64,
    /// The same on the side that would be picked off: nearer than wanted.
    pub requote_tolerance_exposed: f64,
    /// A quote may not stand farther from the mark price (the mid while there
    /// is none), nor the mid itself, as a ratio.
    pub price_band: f64,
    /// Fat finger: largest single order, in the base asset.
    pub order_qty_max: Decimal,
    /// Fat finger: largest single order, in the quote asset.
    pub order_notional_max: Decimal,
    /// Data older than this is no ground for a quote.
    pub price_stale_ms: u32,
}

/// Above `thresh` of `net_max` the reducing side joins the best price.
#[derive(Clone, Debug, PartialEq)]
pub struct PinningSettings {
    /// Share of `net_max`.
    pub thresh: f64,
    /// Size of the pinned quote in layer sizes.
    pub size_factor: f64,
    /// Adding layers nearer to the reservation price than this ratio of mid
    /// are left out.
    pub far_distance: f64,
}

/// Above `thresh` of `net_max`, in a calm market, inventory is ground down.
#[derive(Clone, Debug, PartialEq)]
pub struct GrindingSettings {
    /// Share of `net_max`.
    pub thresh: f64,
    /// Volatility over mid at or above which the market is not calm.
    pub calm_sigma_max: f64,
    /// Share of the inventory given up at once.
    pub slice: f64,
    /// How much better than the slice's price the re-entry stands, as a ratio.
    pub reentry_distance: f64,
    /// Size of the re-entry in layer sizes.
    pub reentry_size_factor: f64,
    /// Least time between two slices; the re-entry rests as long at most.
    pub cooldown_ms: u32,
}

/// How a position is closed when it must be.
#[derive(Clone, Debug, PartialEq)]
pub struct FlattenSettings {
    /// Share of the position at the start that one slice closes.
    pub slice: f64,
    /// Least time between two slices.
    pub interval_ms: u32,
    /// How far through the best price a slice may trade, ratio of that price.
    pub slippage_max: f64,
}

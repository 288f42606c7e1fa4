//! The checked configuration: any value that can stand here is legal by itself
//! and together with the others. Made by [`crate::check()`] only.

use std::path::PathBuf;

use phoenix_domain::Decimal;

use crate::lang::Lang;

/// Everything an owner decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where to trade; `None` if the file does not spell it, and then nothing
    /// may connect (`testnet: false` alone is not mainnet).
    pub venue: Option<Venue>,
    /// File of mode 0600 with the API key pair; else the environment.
    pub keys_file: Option<PathBuf>,
    /// How orders travel.
    pub order_entry: OrderEntry,
    /// recvWindow sent with signed requests, milliseconds.
    pub recv_window_ms: u64,
    /// An order request without reply for this long has an unknown outcome.
    pub order_timeout_ms: u64,
    /// Sum of |position| and resting adding orders over all symbols, quote
    /// currency.
    pub total_notional_max: Decimal,
    /// The pulse: quotes are reconsidered at most this often, milliseconds.
    pub quote_interval_ms: u64,
    /// Without a fresh book for this long quotes are pulled, milliseconds.
    pub price_stale_ms: u64,
    /// Without a frame for this long the stream reconnects, milliseconds.
    pub ws_stale_ms: u64,
    /// Spin instead of sleeping between frames: lower latency for a whole core.
    pub busy_poll: bool,
    /// CPU core the driver thread is pinned to.
    pub pin_core: Option<usize>,
    /// Instance directory; run/, logs/ and data/ stand below it.
    pub dir: PathBuf,
    /// Language of messages; `None` follows the locale.
    pub lang: Option<Lang>,
    /// Least severity that is logged.
    pub log_level: LogLevel,
    /// Port for metrics; `None` is off.
    pub metrics_port: Option<u16>,
    /// Where snapshots of state go.
    pub snapshot_path: PathBuf,
    /// Seconds between snapshots.
    pub snapshot_interval_s: u64,
    /// What to trade; one entry at least, no symbol twice.
    pub symbols: Vec<SymbolConfig>,
}

/// An exchange to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Venue {
    /// Binance USDⓈ-M futures, real money.
    Mainnet,
    /// Binance's futures testnet.
    Testnet,
    /// Anything that speaks the protocol at addresses of its own.
    Custom {
        /// `http://127.0.0.1:9000`, without path.
        rest_url: String,
        /// `ws://127.0.0.1:9000`; /public, /market and /private come below it.
        ws_url: String,
        /// `ws://127.0.0.1:9000/ws-fapi/v1`.
        ws_api_url: String,
    },
}

/// How orders travel to the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEntry {
    /// The WebSocket API: one connection, lowest latency.
    Ws,
    /// REST, in batches of up to five.
    Rest,
}

/// Least severity that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Only what somebody must act on.
    Error,
    /// And what went wrong but recovered.
    Warn,
    /// And changes of mode, orders, fills.
    Info,
    /// And details for fault finding.
    Debug,
    /// Everything.
    Trace,
}

/// One symbol and its strategy. Distances named in quote currency are prices;
/// ratios are of the mid price, thresholds are of `net_max`.
#[derive(Clone, Debug, PartialEq)]
pub struct SymbolConfig {
    /// Upper case, `ETHUSDC`.
    pub symbol: String,
    /// Largest position either way, base asset.
    pub net_max: Decimal,
    /// The tick the owner reckoned with; must be the exchange's.
    pub tick_size: Option<Decimal>,
    /// Smallest order the owner wants, base asset.
    pub min_qty: Option<Decimal>,
    /// Layers per side.
    pub total_layers: u32,
    /// Size of every layer, base asset.
    pub unified_layer_size: Decimal,
    /// Distance of layer 1 from the reservation price, quote currency.
    pub grid_start_offset: Decimal,
    /// Gap between layers 1 and 2, quote currency.
    pub grid_first_spacing: Decimal,
    /// Each gap is the one before times this.
    pub grid_spacing_multiplier: Decimal,
    /// No gap above this, quote currency.
    pub grid_max_spacing: Decimal,
    /// Least distance between best bid and best ask of ours, ratio.
    pub min_spread: Decimal,
    /// Least distance of a resting order from the reservation price, ratio.
    pub min_distance_ratio: Decimal,
    /// Shift of the reservation price at full inventory, ratio.
    pub inventory_skew_coeff: Decimal,
    /// Whether pinning happens at all.
    pub pinning_enabled: bool,
    /// Inventory over `net_max` that starts pinning.
    pub pinning_thresh: Decimal,
    /// Size of the pinned order in layer sizes.
    pub pinning_size_factor: Decimal,
    /// Adding layers nearer than this are withheld while pinning, ratio.
    pub pinning_far_ratio: Decimal,
    /// Whether grinding happens at all.
    pub grinding_enabled: bool,
    /// Inventory over `net_max` that starts grinding.
    pub grinding_thresh: Decimal,
    /// Grind only while σ/mid is under this.
    pub grinding_sigma_max: Decimal,
    /// Part of the inventory one grind takes off.
    pub grinding_slice_ratio: Decimal,
    /// How much better the re-entry order stands, basis points.
    pub grinding_reentry_bp: Decimal,
    /// Size of the re-entry order in layer sizes.
    pub grinding_reentry_factor: Decimal,
    /// Rest between two grinds, milliseconds.
    pub grinding_cooldown_ms: u64,
    /// Position plus orders that may add to it stay within this × `net_max`.
    pub worst_case_ratio: Decimal,
    /// Loss over notional that cancels, flattens and pauses.
    pub stop_loss_thresh: Decimal,
    /// Part of the position one flattening order takes.
    pub flatten_slice_ratio: Decimal,
    /// Bound of a flattening or grinding order from the best price, basis
    /// points.
    pub flatten_slippage_bp: Decimal,
    /// Window of the realised volatility, milliseconds.
    pub volatility_window_ms: u64,
    /// Orders older than this are renewed, milliseconds.
    pub order_age_ms_max: u64,
    /// Cancels and amendments a minute at which cosmetic ones cease.
    pub max_cancel_per_min: u32,
    /// No order further than this from the mid price, ratio.
    pub price_band_ratio: Decimal,
    /// No single order worth more than this, quote currency.
    pub order_notional_max: Decimal,
}

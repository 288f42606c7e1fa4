//! The maker's own path: the gateway that also runs live, with a virtual
//! exchange that acknowledges what is sent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use phoenix_binance::client::{HttpAnswer, HttpCall};
use phoenix_binance::limits::Ceilings;
use phoenix_binance::sign::Credentials;
use phoenix_binance::wire::reply::Usage;
use phoenix_config::OrderEntry;
use phoenix_domain::{
    At, Decimal, Instrument, InstrumentSpec, MonoNs, RunId, StreamKind, SymbolId, VenueMs,
};
use phoenix_engine::{
    DeskSettings, FlattenSettings, GrindingSettings, PinningSettings, SymbolSettings,
};
use phoenix_live::{Gateway, GatewaySpec, LaneKind, Post};
use secrecy::SecretString;
use serde_json::{Value, json};

/// The maker with everything around it that is not the network.
pub(crate) struct Ours {
    gateway: Gateway,
    post: Capture,
    at: At,
    snapshot: Vec<u8>,
    replies: u64,
}

/// One frame's turn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Turn {
    /// From the frame's bytes until everything it led to was signed.
    pub(crate) took: Duration,
    /// Orders and amendments.
    pub(crate) orders: usize,
}

/// Takes what the gateway sends.
#[derive(Default)]
struct Capture {
    entries: Vec<String>,
    spare: Vec<String>,
    calls: Vec<(u64, HttpCall)>,
}

impl Post for Capture {
    fn entry(&mut self, frame: &str) -> bool {
        let mut text = self.spare.pop().unwrap_or_default();
        text.clear();
        text.push_str(frame);
        self.entries.push(text);
        true
    }

    fn rest(&mut self, id: u64, call: HttpCall) -> bool {
        self.calls.push((id, call));
        true
    }
}

impl Ours {
    /// A maker of 18 layers a side that is about to see its first book.
    pub(crate) fn new(secret: &str, snapshot: &[u8]) -> Self {
        let at = At {
            mono: MonoNs(1_000_000_000),
            venue: VenueMs(1_788_231_600_000),
        };
        let secret = SecretString::from(secret.to_owned());
        let credentials = Credentials::new("bench", &secret).expect("a key");
        let spec = GatewaySpec {
            desk: DeskSettings {
                quote_interval_ms: 100,
                total_notional_max: decimal("100000000"),
                reconcile_interval_ms: 3_600_000,
                request_life_ms: 6_000,
            },
            symbols: vec![(ethusdc(), settings())],
            run: RunId(1),
            credentials: Some(Arc::new(credentials)),
            order_entry: OrderEntry::Ws,
            recv_window_ms: 5_000,
            order_timeout_ms: 3_000,
            rest_timeout: Duration::from_secs(1),
            ceilings: Ceilings {
                weight_1m: 1_000_000_000,
                orders_10s: 1_000_000_000,
                orders_1m: 1_000_000_000,
                reserve_percent: 10,
            },
            dry_run: false,
        };
        let mut ours = Self {
            gateway: Gateway::new(spec, at),
            post: Capture::default(),
            at,
            snapshot: snapshot.to_vec(),
            replies: 0,
        };
        ours.start();
        ours
    }

    /// One frame in, signed orders out; answers are given outside the clock.
    pub(crate) fn frame(&mut self, bytes: &[u8]) -> Turn {
        self.at.mono = self.at.mono.plus_ms(100);
        self.at.venue.0 += 100;
        let begun = Instant::now();
        let _ = self
            .gateway
            .market_frame(self.at, LaneKind::Public, 1, bytes, &mut self.post);
        self.gateway.pulse(self.at, &mut self.post);
        let took = begun.elapsed();
        let orders = self.post.entries.len();
        self.answer();
        Turn { took, orders }
    }

    /// One frame in and nothing decided yet, off the clock.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        let _ = self
            .gateway
            .market_frame(self.at, LaneKind::Public, 1, bytes, &mut self.post);
        self.answer();
    }

    /// Orders resting now.
    pub(crate) fn working(&self) -> usize {
        let view = self.gateway.view(SymbolId(0), self.at).expect("the symbol");
        view.orders.len()
    }

    fn start(&mut self) {
        self.gateway.entry_up(self.at, &mut self.post);
        for stream in [StreamKind::Public, StreamKind::Market, StreamKind::Private] {
            self.gateway.stream_up(self.at, stream, &mut self.post);
        }
        let account = phoenix_domain::AccountSnapshot {
            hedge_mode: false,
            multi_asset: false,
            can_trade: true,
        };
        self.gateway
            .account_reported(self.at, account, &mut self.post);
        self.gateway.timer(self.at, &mut self.post);
        self.answer();
    }

    /// Acknowledges everything until nothing more is asked.
    fn answer(&mut self) {
        while !(self.post.entries.is_empty() && self.post.calls.is_empty()) {
            for frame in std::mem::take(&mut self.post.entries) {
                let reply = self.acknowledge(&frame);
                self.gateway
                    .entry_frame(self.at, reply.as_bytes(), &mut self.post);
                self.post.spare.push(frame);
            }
            for (id, call) in std::mem::take(&mut self.post.calls) {
                let body = match call.path {
                    "/fapi/v1/depth" => self.snapshot.clone(),
                    "/fapi/v1/openOrders"
                    | "/fapi/v1/userTrades"
                    | "/fapi/v3/positionRisk"
                    | "/fapi/v3/balance" => b"[]".to_vec(),
                    path => panic!("the bench does not expect {path}"),
                };
                let answer = HttpAnswer {
                    status: 200,
                    usage: Usage::default(),
                    retry_after_s: None,
                    body,
                };
                self.gateway
                    .rest_answer(self.at, id, Ok(answer), &mut self.post);
            }
            if self.gateway.next_deadline() <= self.at.mono {
                self.gateway.timer(self.at, &mut self.post);
            }
        }
    }

    fn acknowledge(&mut self, frame: &str) -> String {
        let frame: Value = serde_json::from_str(frame).expect("our own frame");
        let params = &frame["params"];
        self.replies += 1;
        let cancelled = frame["method"] == "order.cancel";
        let name = match &params["newClientOrderId"] {
            Value::Null => &params["origClientOrderId"],
            name => name,
        };
        let side = if cancelled {
            json!("BUY")
        } else {
            params["side"].clone()
        };
        let price = if cancelled {
            json!("1.00")
        } else {
            params["price"].clone()
        };
        let qty = if cancelled {
            json!("1.000")
        } else {
            params["quantity"].clone()
        };
        let status = if cancelled { "CANCELED" } else { "NEW" };
        json!({"id": frame["id"], "status": 200, "result": {
            "orderId": self.replies, "symbol": "ETHUSDC", "status": status,
            "clientOrderId": name, "price": price, "origQty": qty,
            "executedQty": "0.000", "cumQty": "0.000", "timeInForce": "GTX", "type": "LIMIT",
            "reduceOnly": false, "closePosition": false, "side": side,
            "positionSide": "BOTH", "stopPrice": "0.00", "workingType": "CONTRACT_PRICE",
            "priceProtect": false, "origType": "LIMIT", "priceMatch": "NONE",
            "selfTradePreventionMode": "EXPIRE_MAKER", "goodTillDate": 0,
            "updateTime": self.at.venue.0 }})
        .to_string()
    }
}

/// The grid both contestants quote.
fn settings() -> SymbolSettings {
    SymbolSettings {
        total_layers: 18,
        unified_layer_size: decimal("0.01"),
        grid_start_offset: decimal("1.2"),
        grid_first_spacing: decimal("0.3"),
        grid_spacing_multiplier: 1.1,
        grid_max_spacing: decimal("3"),
        net_max: decimal("1000"),
        inventory_skew_coeff: 0.002,
        min_spread: 0.0001,
        min_distance: decimal("0.2"),
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
        stop_loss_thresh: 0.05,
        flatten: FlattenSettings {
            slice: 0.2,
            interval_ms: 500,
            slippage_max: 0.002,
        },
        order_age_ms_max: 3_600_000,
        max_cancel_per_min: 1_000_000,
        requote_tolerance: 0.9,
        requote_tolerance_exposed: 0.45,
        price_band: 0.1,
        order_qty_max: decimal("10"),
        order_notional_max: decimal("100000"),
        price_stale_ms: 3_000,
    }
}

fn ethusdc() -> Instrument {
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
    Instrument::new(SymbolId(0), spec).expect("an instrument")
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text.as_bytes()).expect("a decimal")
}

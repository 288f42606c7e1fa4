//! The plain way to do the same work, as most makers do it: serde_json into
//! decimals, a `BTreeMap` book, quotes in decimals, `json!` out. It decides by
//! the same rules as the engine: geometric grid around a skewed reservation
//! price, volatility scaling, kept orders within their own layer's tolerance.

use std::collections::{BTreeMap, VecDeque};

use hmac::{Hmac, KeyInit, Mac};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

/// What the two sides of the comparison are told alike.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// Layers a side.
    pub(crate) layers: u32,
    /// Distance of the first layer from the reservation price.
    pub(crate) start_offset: Decimal,
    /// First gap between layers.
    pub(crate) first_spacing: Decimal,
    /// Growth of the gap.
    pub(crate) multiplier: Decimal,
    /// Largest gap.
    pub(crate) max_spacing: Decimal,
    /// Quantity of every layer.
    pub(crate) size: Decimal,
}

/// The plain maker.
pub(crate) struct Plain {
    terms: Terms,
    secret: Vec<u8>,
    bids: BTreeMap<Decimal, Decimal>,
    asks: BTreeMap<Decimal, Decimal>,
    mids: VecDeque<(i64, f64)>,
    working: [Vec<Option<Working>>; 2],
    last_id: u64,
    sent: u64,
}

#[derive(Clone)]
struct Working {
    client_id: String,
    price: Decimal,
}

#[derive(Deserialize)]
struct Wrapped {
    data: Depth,
}

#[derive(Deserialize)]
struct Depth {
    #[serde(rename = "T")]
    time: i64,
    u: u64,
    pu: u64,
    b: Vec<(String, String)>,
    a: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot {
    last_update_id: u64,
    bids: Vec<(String, String)>,
    asks: Vec<(String, String)>,
}

impl Plain {
    /// Starts from a REST snapshot.
    pub(crate) fn new(terms: Terms, secret: &str, snapshot: &[u8]) -> Self {
        let snapshot: Snapshot = serde_json::from_slice(snapshot).expect("a snapshot");
        let mut plain = Self {
            terms,
            secret: secret.as_bytes().to_vec(),
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
            mids: VecDeque::new(),
            working: [
                vec![None; terms.layers as usize],
                vec![None; terms.layers as usize],
            ],
            last_id: snapshot.last_update_id,
            sent: 0,
        };
        apply(&mut plain.bids, &snapshot.bids);
        apply(&mut plain.asks, &snapshot.asks);
        plain
    }

    /// One frame in, signed order frames out.
    pub(crate) fn frame(&mut self, bytes: &[u8], out: &mut Vec<String>) {
        let frame: Wrapped = serde_json::from_slice(bytes).expect("a depth frame");
        let depth = frame.data;
        assert_eq!(depth.pu, self.last_id, "the feed has no gap");
        self.last_id = depth.u;
        apply(&mut self.bids, &depth.b);
        apply(&mut self.asks, &depth.a);
        let (Some((bid, _)), Some((ask, _))) =
            (self.bids.last_key_value(), self.asks.first_key_value())
        else {
            return;
        };
        self.quote(depth.time, (bid + ask) / Decimal::TWO, out);
    }

    /// One best bid and ask in, signed order frames out.
    pub(crate) fn ticker(&mut self, bytes: &[u8], out: &mut Vec<String>) {
        let frame: Value = serde_json::from_slice(bytes).expect("a book ticker");
        let data = &frame["data"];
        let price = |key: &str| -> Decimal {
            let text = data[key].as_str().expect("a price");
            text.parse().expect("a decimal")
        };
        let time = data["T"].as_i64().expect("a time");
        self.quote(time, (price("b") + price("a")) / Decimal::TWO, out);
    }

    fn quote(&mut self, time: i64, mid: Decimal, out: &mut Vec<String>) {
        let scale = self.volatility_scale(time, mid);
        for (side, label) in ["BUY", "SELL"].iter().enumerate() {
            self.side(side, label, mid, scale, time, out);
        }
    }

    fn volatility_scale(&mut self, time: i64, mid: Decimal) -> Decimal {
        let mid = mid.to_f64().unwrap_or_default();
        if self
            .mids
            .back()
            .is_none_or(|&(last, _)| time - last >= 1_000)
        {
            self.mids.push_back((time, mid));
        }
        while self
            .mids
            .front()
            .is_some_and(|&(first, _)| time - first > 60_000)
        {
            self.mids.pop_front();
        }
        let count = self.mids.len() as f64;
        let mean = self.mids.iter().map(|&(_, mid)| mid).sum::<f64>() / count;
        let variance = self
            .mids
            .iter()
            .map(|&(_, mid)| (mid - mean).powi(2))
            .sum::<f64>()
            / count;
        let scale = (1.0 + 50.0 * variance.sqrt() / mid).clamp(0.8, 2.0);
        Decimal::try_from(scale).unwrap_or(Decimal::ONE)
    }

    fn side(
        &mut self,
        side: usize,
        label: &str,
        mid: Decimal,
        scale: Decimal,
        time: i64,
        out: &mut Vec<String>,
    ) {
        let mut offset = self.terms.start_offset * scale;
        let mut gap = self.terms.first_spacing * scale;
        for layer in 0..self.terms.layers as usize {
            let raw = if side == 0 {
                mid - offset
            } else {
                mid + offset
            };
            let wanted = raw.round_dp(2);
            let kept = self.working[side][layer].as_ref().is_some_and(|order| {
                let nearer = (order.price > wanted) == (side == 0);
                let share = if nearer {
                    Decimal::new(45, 2)
                } else {
                    Decimal::new(9, 1)
                };
                (order.price - wanted).abs() <= share * gap
            });
            if !kept {
                let client_id = match &self.working[side][layer] {
                    Some(order) => order.client_id.clone(),
                    None => {
                        self.sent += 1;
                        format!("phx-bench-{}", self.sent)
                    }
                };
                let known = self.working[side][layer].is_some();
                out.push(self.order(known, label, &client_id, wanted, time));
                self.working[side][layer] = Some(Working {
                    client_id,
                    price: wanted,
                });
            }
            offset += gap;
            gap = (gap * self.terms.multiplier).min(self.terms.max_spacing * scale);
        }
    }

    fn order(&self, known: bool, side: &str, id: &str, price: Decimal, time: i64) -> String {
        let mut params = BTreeMap::from([
            ("apiKey", "bench".to_string()),
            ("price", price.to_string()),
            ("quantity", self.terms.size.to_string()),
            ("recvWindow", "5000".to_string()),
            ("side", side.to_string()),
            ("symbol", "ETHUSDC".to_string()),
            ("timestamp", time.to_string()),
        ]);
        if known {
            params.insert("origClientOrderId", id.to_string());
        } else {
            params.insert("newClientOrderId", id.to_string());
            params.insert("newOrderRespType", "ACK".to_string());
            params.insert("selfTradePreventionMode", "EXPIRE_MAKER".to_string());
            params.insert("timeInForce", "GTX".to_string());
            params.insert("type", "LIMIT".to_string());
        }
        let payload = params
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
            .join("&");
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("any key length");
        mac.update(payload.as_bytes());
        let signature: String = mac
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        params.insert("signature", signature);
        let method = if known { "order.modify" } else { "order.place" };
        json!({ "id": id, "method": method, "params": params }).to_string()
    }
}

fn apply(book: &mut BTreeMap<Decimal, Decimal>, levels: &[(String, String)]) {
    for (price, qty) in levels {
        let price: Decimal = price.parse().expect("a decimal");
        let qty: Decimal = qty.parse().expect("a decimal");
        if qty.is_zero() {
            book.remove(&price);
        } else {
            book.insert(price, qty);
        }
    }
}

//! An exchange nobody but the tests trades on, and clients of it.

use std::net::{IpAddr, Ipv4Addr};

use phoenix_binance::sign::Signer;
use phoenix_domain::{Cash, Decimal, Price, Qty, Side, SymbolId, TimeInForce};
use phoenix_venue::exchange::{
    AccountId, AccountSpec, ExchangeSpec, Liquidity, MarketSpec, OrderRequest, Oversize, VenueNs,
};
use phoenix_venue::flow::FlowSpec;
use phoenix_venue::front::{
    ConnId, Front, FrontSpec, HttpRequest, HttpResponse, KeySecret, Method, Outgoing,
};
use phoenix_venue::serve::{AccountSeat, Secret, build};
use phoenix_venue::spec::SymbolSpec;
use secrecy::SecretString;
use serde_json::Value;

/// 2026-08-31 00:00:00.010 UTC: not on any boundary.
pub(crate) const START_MS: i64 = 1_788_134_400_010;

pub(crate) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub(crate) const KEY: &str = "makerKey";
pub(crate) const SECRET: &str = "makerSecret";
pub(crate) const ETH: SymbolId = SymbolId(0);

/// The front at an instant, with what has come out of it.
pub(crate) struct Rig {
    pub(crate) front: Front,
    pub(crate) now: VenueNs,
    /// Trades by direct calls, to be the other side.
    pub(crate) other: AccountId,
    pub(crate) out: Vec<Outgoing>,
    signer: Signer,
}

impl Rig {
    /// ETHUSDC with an empty book, production limits, no latency.
    pub(crate) fn new() -> Self {
        Self::alone(FrontSpec::default())
    }

    /// ETHUSDC with an empty book.
    pub(crate) fn alone(front: FrontSpec) -> Self {
        let price = Decimal::parse(b"2500").expect("a price");
        Self::with(front, Liquidity::None { price })
    }

    /// ETHUSDC with a seeded crowd.
    pub(crate) fn crowded() -> Self {
        let crowd = FlowSpec::around(2_600.0);
        Self::with(FrontSpec::default(), Liquidity::Synthetic(crowd))
    }

    pub(crate) fn with(front: FrontSpec, liquidity: Liquidity) -> Self {
        let start = VenueNs::from_ms(START_MS);
        let exchange = ExchangeSpec {
            start,
            seed: 5,
            markets: vec![MarketSpec {
                symbol: SymbolSpec::named("ETHUSDC").expect("listed"),
                liquidity,
            }],
            recording: None,
            oversize: Oversize::Shrink,
            history_max: 1_000,
        };
        let account = AccountSpec {
            deposits: vec![("USDC".to_owned(), Cash(1_000_000 * 100_000_000))],
            ..AccountSpec::default()
        };
        let seats = [
            AccountSeat {
                account: account.clone(),
                keys: vec![(KEY.to_owned(), Secret(KeySecret::Hmac(SECRET.to_owned())))],
            },
            AccountSeat {
                account,
                keys: vec![],
            },
        ];
        let (front, accounts) = build(exchange, &seats, front).expect("a front");
        let mut rig = Self {
            front,
            now: start,
            other: accounts[1],
            out: Vec::new(),
            signer: Signer::from_secret(&SecretString::from(SECRET)).expect("a secret"),
        };
        rig.advance(0);
        rig
    }

    /// Lets `ms` pass.
    pub(crate) fn advance(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
        self.front.poll(self.now, &mut self.out);
    }

    /// Lets minutes pass on sockets that answer their PINGs.
    pub(crate) fn minutes(&mut self, count: u64) {
        for _ in 0..count {
            self.advance(60_000);
            let (pings, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.out)
                .into_iter()
                .partition(|outgoing| matches!(outgoing, Outgoing::Ping { .. }));
            self.out = rest;
            for outgoing in pings {
                if let Outgoing::Ping { conn, .. } = outgoing {
                    self.front.ws_pong(self.now, conn);
                }
            }
        }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.now.ms()
    }

    /// The other account places an order.
    pub(crate) fn other_places(&mut self, side: Side, ticks: i64, lots: i64, tif: TimeInForce) {
        let order = OrderRequest::limit(ETH, side, Price(ticks), Qty(lots), tif);
        self.front
            .exchange_mut()
            .place(self.now, self.other, &order)
            .expect("the other account's order");
        self.advance(0);
    }

    /// Sends a request as it stands and returns its reply.
    pub(crate) fn http(&mut self, method: Method, path: &str, query: &str) -> HttpResponse {
        self.send(method, path, query, "", None)
    }

    pub(crate) fn send(
        &mut self,
        method: Method,
        path: &str,
        query: &str,
        body: &str,
        key: Option<&str>,
    ) -> HttpResponse {
        let id = self.front.http(
            self.now,
            HttpRequest {
                method,
                path: path.to_owned(),
                raw_query: query.to_owned(),
                api_key: key.map(str::to_owned),
                raw_body: body.as_bytes().to_vec(),
                peer: PEER,
            },
        );
        self.front.poll(self.now, &mut self.out);
        let found = self.out.iter().position(
            |outgoing| matches!(outgoing, Outgoing::Reply { request, .. } if *request == id),
        );
        match self.out.remove(found.expect("a reply at once")) {
            Outgoing::Reply { response, .. } => response,
            other => panic!("{other:?} is no reply"),
        }
    }

    /// Sends a signed request, timestamp added, everything in the query.
    pub(crate) fn signed(&mut self, method: Method, path: &str, query: &str) -> HttpResponse {
        let query = self.sign(query);
        self.send(method, path, &query, "", Some(KEY))
    }

    /// Query with timestamp and signature.
    pub(crate) fn sign(&self, query: &str) -> String {
        let comma = if query.is_empty() { "" } else { "&" };
        let query = format!("{query}{comma}timestamp={}", self.now_ms());
        let signature = self.signer.sign(query.as_bytes());
        let signature = std::str::from_utf8(signature.as_bytes()).expect("hex");
        format!("{query}&signature={signature}")
    }

    /// A signed request that succeeds.
    pub(crate) fn done(&mut self, method: Method, path: &str, query: &str) -> Value {
        let response = self.signed(method, path, query);
        assert_eq!(response.status, 200, "{path} {query}: {}", response.body);
        json(&response.body)
    }

    /// Status and code of a signed request that fails.
    pub(crate) fn refused(&mut self, method: Method, path: &str, query: &str) -> (u16, i64) {
        let response = self.signed(method, path, query);
        let code = json(&response.body)["code"].as_i64();
        (response.status, code.expect("a code"))
    }

    pub(crate) fn open(&mut self, path: &str, query: &str) -> ConnId {
        self.front
            .ws_open(self.now, path, query, PEER)
            .expect("an open socket")
    }

    pub(crate) fn say(&mut self, conn: ConnId, frame: &str) {
        self.front.ws_text(self.now, conn, frame.as_bytes());
        self.front.poll(self.now, &mut self.out);
    }

    /// Takes the frames that have arrived at a socket.
    pub(crate) fn heard(&mut self, conn: ConnId) -> Vec<Value> {
        let mut frames = Vec::new();
        self.out.retain(|outgoing| match outgoing {
            Outgoing::Text { conn: to, text } if *to == conn => {
                frames.push(json(text));
                false
            }
            _ => true,
        });
        frames
    }

    /// A socket with the account's own events.
    pub(crate) fn user_stream(&mut self) -> ConnId {
        let reply = self.send(Method::Post, "/fapi/v1/listenKey", "", "", Some(KEY));
        let key = json(&reply.body)["listenKey"].as_str().map(str::to_owned);
        let path = format!("/private/ws/{}", key.expect("a listen key"));
        self.open(&path, "")
    }

    /// Sends a signed WebSocket API request and returns its reply.
    pub(crate) fn call(&mut self, conn: ConnId, method: &str, params: &Value) -> Value {
        let mut params = params.as_object().expect("an object").clone();
        params.insert("apiKey".to_owned(), KEY.into());
        params.insert("timestamp".to_owned(), self.now_ms().into());
        let mut pairs: Vec<String> = params
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) => format!("{name}={text}"),
                other => format!("{name}={other}"),
            })
            .collect();
        pairs.sort();
        let signature = self.signer.sign(pairs.join("&").as_bytes());
        let signature = std::str::from_utf8(signature.as_bytes()).expect("hex");
        params.insert("signature".to_owned(), signature.into());
        self.call_as_it_stands(conn, method, &Value::Object(params))
    }

    pub(crate) fn call_as_it_stands(
        &mut self,
        conn: ConnId,
        method: &str,
        params: &Value,
    ) -> Value {
        let frame = serde_json::json!({"id": "q", "method": method, "params": params});
        self.say(conn, &frame.to_string());
        let mut frames = self.heard(conn);
        assert_eq!(frames.len(), 1, "one reply to {method}");
        frames.remove(0)
    }
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Member names in the order sent.
pub(crate) fn names(object: &Value) -> Vec<&str> {
    let object = object.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}

/// One member of each frame.
pub(crate) fn each<'a>(frames: &'a [Value], member: &str) -> Vec<&'a str> {
    frames
        .iter()
        .map(|frame| frame[member].as_str().unwrap_or_default())
        .collect()
}

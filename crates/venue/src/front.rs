//! Binance's USDⓈ-M protocol in front of the exchange, as a pure machine:
//! requests and frames in, replies and frames out, time a parameter.
//!
//! Every entry point first brings the exchange to `now`. What a call causes
//! waits in the outbox until [`Front::poll`] hands out what has arrived by
//! then; latency is how long it waits. No sockets, clock or threads in here:
//! [`crate::serve`] adds them, the virtual-time tests need none.

mod account_data;
mod auth;
mod control;
mod fail;
mod feeds;
mod http;
mod json;
mod limits;
mod listen_keys;
mod listing;
mod listing_json;
mod market_data;
mod market_json;
mod order_entry;
mod order_json;
mod order_terms;
mod params;
mod post;
mod rest;
mod route;
mod settings;
mod sockets;
mod spec;
mod tape;
mod topic;
mod user_json;
mod ws_api;

use std::net::IpAddr;
use std::sync::Arc;

use phoenix_domain::SymbolId;

use crate::exchange::{Exchange, MarketEvent, Outbox, UserEvent, VenueNs};
use crate::front::auth::Keyring;
use crate::front::fail::Fail;
use crate::front::feeds::{Feeds, Made};
use crate::front::limits::Meter;
use crate::front::listen_keys::ListenKeys;
use crate::front::listing::Listing;
use crate::front::post::{Dice, Post};
use crate::front::sockets::{Kind, Session, Sockets, StreamSocket};
use crate::front::user_json::UserPrinter;

pub use http::{HttpRequest, HttpResponse, Method};
pub use limits::RateLimits;
pub use phoenix_binance::sign::KeyError;
pub use sockets::ConnId;
pub use spec::{FrontSpec, KeySecret, KeySpec, Latency, Lifetimes};

/// Most WebSocket connections at one time.
const SOCKETS_MAX: usize = 1_024;

/// Number of an HTTP request; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// What leaves the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// The reply to an HTTP request.
    Reply {
        /// Which request.
        request: RequestId,
        /// The reply.
        response: HttpResponse,
    },
    /// A text frame.
    Text {
        /// To which connection.
        conn: ConnId,
        /// JSON.
        text: Arc<str>,
    },
    /// A PING frame.
    Ping {
        /// To which connection.
        conn: ConnId,
        /// To be echoed.
        payload: String,
    },
    /// The server ends a connection; nothing follows.
    Close {
        /// Which connection.
        conn: ConnId,
        /// WebSocket close code.
        code: u16,
        /// In words.
        reason: &'static str,
    },
}

impl Outgoing {
    fn close(conn: ConnId, code: u16, reason: &'static str) -> Self {
        Self::Close { conn, code, reason }
    }
}

/// What has been sent to the exchange and is on its way.
#[derive(Debug)]
enum Incoming {
    Http(RequestId, HttpRequest),
    Text(ConnId, Vec<u8>),
}

/// The exchange behind its protocol.
#[derive(Debug)]
pub struct Front {
    exchange: Exchange,
    spec: FrontSpec,
    listings: Vec<Listing>,
    keyring: Keyring,
    meter: Meter,
    listen_keys: ListenKeys,
    sockets: Sockets,
    feeds: Feeds,
    now: VenueNs,
    requests: u64,
    dice: Dice,
    inward: Post<Incoming>,
    outward: Post<Outgoing>,
    /// Room reused between calls.
    events: Outbox,
    made: Vec<Made>,
    frames: Vec<(ConnId, Arc<str>)>,
}

impl Front {
    /// Puts the protocol in front of an exchange.
    ///
    /// # Errors
    /// An Ed25519 key that is none.
    pub fn new(spec: FrontSpec, exchange: Exchange) -> Result<Self, KeyError> {
        let listings = Listing::all(&exchange);
        Ok(Self {
            keyring: Keyring::new(&spec.keys)?,
            meter: Meter::new(spec.limits),
            listen_keys: ListenKeys::new(spec.lifetimes.listen_key_ms),
            sockets: Sockets::new(spec.lifetimes),
            feeds: Feeds::new(&listings),
            now: exchange.now(),
            requests: 0,
            dice: Dice::new(spec.seed),
            inward: Post::new(),
            outward: Post::new(),
            events: Outbox::default(),
            made: Vec::new(),
            frames: Vec::new(),
            listings,
            exchange,
            spec,
        })
    }

    /// Takes an HTTP request; its reply comes out of [`Front::poll`].
    pub fn http(&mut self, now: VenueNs, request: HttpRequest) -> RequestId {
        self.catch_up(now);
        self.requests += 1;
        let id = RequestId(self.requests);
        let due = self.request_due(now);
        self.inward.send(due, Incoming::Http(id, request));
        self.catch_up(now);
        id
    }

    /// Opens a WebSocket connection on a path as sent.
    ///
    /// # Errors
    /// The HTTP reply that refuses the handshake.
    pub fn ws_open(
        &mut self,
        now: VenueNs,
        path: &str,
        raw_query: &str,
        peer: IpAddr,
    ) -> Result<ConnId, HttpResponse> {
        self.catch_up(now);
        let now_ms = now.ms();
        if self.sockets.len() >= SOCKETS_MAX {
            tracing::warn!(limit = SOCKETS_MAX, "too many connections");
            let fail = Fail::new(-1003, "Too many connections.");
            return Err(HttpResponse::fail(&fail));
        }
        let kind = if path.trim_end_matches('/') == "/ws-fapi/v1" {
            let charged = self.meter.charge(peer, ws_api::HANDSHAKE_WEIGHT, now_ms);
            charged.map_err(|fail| HttpResponse::fail(&fail))?;
            let hides_limits = url::form_urlencoded::parse(raw_query.as_bytes())
                .any(|(name, text)| name == "returnRateLimits" && text == "false");
            Kind::Api(Session {
                hides_limits,
                ..Session::default()
            })
        } else if let Some(streams) = StreamSocket::from_url(path, raw_query) {
            Kind::Streams(streams)
        } else {
            tracing::warn!(path, "unknown websocket path");
            let fail = Fail::new(-5000, format!("Path {path}, Method GET is invalid"));
            return Err(HttpResponse::fail(&fail));
        };
        let conn = self.sockets.accept(kind, peer, now_ms);
        self.listen_to(conn);
        Ok(conn)
    }

    /// Takes a text frame of a client.
    pub fn ws_text(&mut self, now: VenueNs, conn: ConnId, frame: &[u8]) {
        self.catch_up(now);
        if !self.count_message(now, conn, false) {
            return;
        }
        let due = self.request_due(now);
        let Some(socket) = self.sockets.get_mut(conn) else {
            return;
        };
        // A connection's frames do not overtake each other.
        let due = due.max(VenueNs(socket.taken_until_ns));
        socket.taken_until_ns = due.0;
        self.inward.send(due, Incoming::Text(conn, frame.to_vec()));
        self.catch_up(now);
    }

    /// Takes a PING of a client; the transport has answered it.
    pub fn ws_ping(&mut self, now: VenueNs, conn: ConnId) {
        self.catch_up(now);
        self.count_message(now, conn, false);
    }

    /// Takes a PONG of a client.
    pub fn ws_pong(&mut self, now: VenueNs, conn: ConnId) {
        self.catch_up(now);
        self.count_message(now, conn, true);
    }

    /// Learns that a connection is gone.
    pub fn ws_closed(&mut self, conn: ConnId) {
        if self.sockets.remove(conn) {
            self.feeds.listen(&self.sockets);
        }
    }

    /// Brings everything to `now` and appends what has arrived by then.
    pub fn poll(&mut self, now: VenueNs, out: &mut Vec<Outgoing>) {
        self.catch_up(now);
        // What somebody did to the exchange behind the front's back.
        self.publish();
        while let Some(outgoing) = self.outward.receive(now) {
            out.push(outgoing);
        }
    }

    /// When [`Front::poll`] next has something to do, if nothing comes in.
    #[must_use]
    pub fn next_deadline(&self) -> Option<VenueNs> {
        [self.next_work(), self.outward.next_due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The exchange behind, as it stands.
    #[must_use]
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// The exchange behind: for whoever plays other accounts or sets up a
    /// test. Its events are published with the next call.
    pub fn exchange_mut(&mut self) -> &mut Exchange {
        &mut self.exchange
    }

    /// Open WebSocket connections, oldest first.
    #[must_use]
    pub fn connections(&self) -> Vec<ConnId> {
        self.sockets.ids()
    }

    /// Ends a connection from the server's side.
    pub fn close(&mut self, now: VenueNs, conn: ConnId, code: u16, reason: &'static str) {
        self.outward.send(now, Outgoing::close(conn, code, reason));
        self.ws_closed(conn);
    }

    fn request_due(&mut self, now: VenueNs) -> VenueNs {
        let latency = self.spec.latency;
        VenueNs(now.0 + latency.request_ns + self.dice.up_to(latency.jitter_ns))
    }

    /// The gateway's clock when a request now at the engine passed it.
    fn gateway_ms(&self) -> i64 {
        VenueNs(self.now.0.saturating_sub(self.spec.latency.engine_ns)).ms()
    }

    fn listing(&self, symbol: SymbolId) -> Result<&Listing, Fail> {
        self.listings
            .get(usize::from(symbol.0))
            .ok_or_else(Fail::symbol)
    }

    fn listen_to(&mut self, conn: ConnId) {
        let exchange = &self.exchange;
        self.sockets
            .reindex(conn, |symbol| exchange.symbol_id(symbol));
        self.feeds.listen(&self.sockets);
    }

    fn count_message(&mut self, now: VenueNs, conn: ConnId, answers_ping: bool) -> bool {
        let fine = self.sockets.heard(conn, now.ms(), answers_ping);
        if !fine {
            tracing::warn!(conn = conn.0, "too many messages in a second");
            self.close(now, conn, 1008, "Too many requests");
        }
        fine
    }

    /// Carries out everything due by `now`, in order of time.
    fn catch_up(&mut self, now: VenueNs) {
        while let Some(due) = self.next_work().filter(|due| *due <= now) {
            self.work(due.max(self.now));
        }
        if self.now < now {
            self.now = now;
        }
    }

    fn next_work(&self) -> Option<VenueNs> {
        let ms = |at: Option<i64>| at.map(VenueNs::from_ms);
        [
            self.exchange.next_deadline(),
            self.inward.next_due(),
            ms(self.feeds.next_tick_ms()),
            ms(self.sockets.next_tick_ms()),
            ms(self.listen_keys.next_expiry_ms()),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn work(&mut self, at: VenueNs) {
        self.now = at;
        self.exchange.advance(at);
        self.publish();
        while let Some(incoming) = self.inward.receive(at) {
            match incoming {
                Incoming::Http(id, request) => {
                    let response = self.rest(&request);
                    self.reply(|due| {
                        (
                            due,
                            Outgoing::Reply {
                                request: id,
                                response,
                            },
                        )
                    });
                }
                Incoming::Text(conn, frame) => self.take_text(conn, &frame),
            }
        }
        let now_ms = at.ms();
        let mut made = std::mem::take(&mut self.made);
        self.feeds
            .tick(&self.exchange, &self.sockets, now_ms, &mut made);
        self.send_made(&mut made);
        self.made = made;
        self.tick_sockets();
        for (_, key) in self.listen_keys.expire(now_ms) {
            let payload = user_json::listen_key_expired(&key, now_ms);
            self.send_user(&key, "listenKeyExpired", payload);
        }
    }

    /// Sends a reply and the events of what was asked, in either order: they
    /// travel on different connections and the real ones race too.
    fn reply(&mut self, make: impl FnOnce(VenueNs) -> (VenueNs, Outgoing)) {
        let latency = self.spec.latency;
        let delay = latency.reply_ns + self.dice.up_to(latency.jitter_ns);
        let (due, outgoing) = make(VenueNs(self.now.0 + delay));
        if self.dice.coin() {
            self.publish();
            self.outward.send(due, outgoing);
        } else {
            self.outward.send(due, outgoing);
            self.publish();
        }
    }

    fn take_text(&mut self, conn: ConnId, frame: &[u8]) {
        let Some(socket) = self.sockets.get(conn) else {
            return;
        };
        match socket.kind {
            Kind::Api(_) => {
                if let Some(text) = self.api_call(conn, frame) {
                    let text = text.into();
                    self.reply(|due| (due, Outgoing::Text { conn, text }));
                }
            }
            Kind::Streams(_) => self.control(conn, frame),
        }
    }

    fn control(&mut self, conn: ConnId, frame: &[u8]) {
        let answer = match control::read(frame) {
            Ok((id, control)) => {
                let exchange = &self.exchange;
                let listed = |symbol: &str| exchange.symbol_id(symbol);
                self.sockets.control(conn, &id, &control, listed)
            }
            Err(fail) => {
                self.send_text(conn, fail.to_json().into());
                if fail.disconnects() {
                    self.close(self.now, conn, 1008, "Invalid JSON");
                }
                return;
            }
        };
        if let Some(answer) = answer {
            self.send_text(conn, answer.into());
        }
        self.feeds.listen(&self.sockets);
    }

    fn tick_sockets(&mut self) {
        let mut out = Vec::new();
        self.sockets.tick(self.now.ms(), &mut out);
        for outgoing in out {
            if let Outgoing::Close { conn, .. } = outgoing {
                self.ws_closed(conn);
            }
            self.outward.send(self.now, outgoing);
        }
    }

    /// Turns what happened in the exchange into frames.
    fn publish(&mut self) {
        let mut events = std::mem::take(&mut self.events);
        self.exchange.drain(&mut events);
        if !events.is_empty() {
            for event in &events.user {
                self.publish_user(event);
            }
            self.publish_market(&events.market);
        }
        events.clear();
        self.events = events;
    }

    fn publish_market(&mut self, events: &[MarketEvent]) {
        let now_ms = self.now.ms();
        let mut made = std::mem::take(&mut self.made);
        let mut marked = false;
        for event in events {
            marked |= matches!(event, MarketEvent::Marked { .. });
            self.feeds.take(event, &self.sockets, now_ms, &mut made);
        }
        if marked {
            self.feeds
                .all_marks(&self.exchange, &self.sockets, now_ms, &mut made);
        }
        self.feeds.finish_instant(&self.exchange, now_ms, &mut made);
        self.send_made(&mut made);
        self.made = made;
    }

    fn publish_user(&mut self, event: &UserEvent) {
        let Some(key) = self.listen_keys.key_of(user_json::owner(event)) else {
            return;
        };
        let key = key.to_owned();
        let printer = UserPrinter {
            listings: &self.listings,
            assets: self.exchange.assets(),
            sent_ms: self.now.ms(),
        };
        if let Some((name, payload)) = printer.print(event) {
            self.send_user(&key, name, payload);
        }
    }

    fn send_made(&mut self, made: &mut Vec<Made>) {
        let mut frames = std::mem::take(&mut self.frames);
        for (topic, payload) in made.drain(..) {
            self.sockets.frames(topic, payload, &mut frames);
        }
        for (conn, text) in frames.drain(..) {
            self.send_text(conn, text);
        }
        self.frames = frames;
    }

    fn send_user(&mut self, key: &str, event: &str, payload: String) {
        let mut frames = std::mem::take(&mut self.frames);
        let strict = self.spec.events_required;
        self.sockets
            .user_frames(key, event, payload, strict, &mut frames);
        for (conn, text) in frames.drain(..) {
            self.send_text(conn, text);
        }
        self.frames = frames;
    }

    /// A frame takes its time but never overtakes one sent before it.
    fn send_text(&mut self, conn: ConnId, text: Arc<str>) {
        let latency = self.spec.latency;
        let delay = latency.stream_ns + self.dice.up_to(latency.jitter_ns);
        let mut due = self.now.0 + delay;
        if let Some(socket) = self.sockets.get_mut(conn) {
            due = due.max(socket.sent_until_ns);
            socket.sent_until_ns = due;
        }
        self.outward
            .send(VenueNs(due), Outgoing::Text { conn, text });
    }
}

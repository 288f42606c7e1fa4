//! What the front is built from: keys, limits, life times, latency.

use crate::exchange::AccountId;
use crate::front::limits::RateLimits;

/// How a key proves itself.
#[derive(Clone)]
pub enum KeySecret {
    /// Shared secret; signs REST and each WebSocket API request.
    Hmac(String),
    /// Registered public key (SPKI PEM); may also open sessions.
    Ed25519(String),
}

/// A key and the account it trades for.
#[derive(Clone)]
pub struct KeySpec {
    /// What the client sends as `X-MBX-APIKEY` or `apiKey`.
    pub api_key: String,
    /// How it signs.
    pub secret: KeySecret,
    /// Whose it is.
    pub account: AccountId,
}

impl std::fmt::Debug for KeySpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.secret {
            KeySecret::Hmac(_) => "hmac",
            KeySecret::Ed25519(_) => "ed25519",
        };
        write!(f, "KeySpec({kind} of {:?}, redacted)", self.account)
    }
}

/// Time bytes take, each way, in ns of the exchange's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// From the client's send to the matching engine.
    pub request_ns: u64,
    /// Part of `request_ns` between the gateway, which checks the timestamp
    /// first, and the engine, which checks it again.
    pub engine_ns: u64,
    /// From the engine back to the client.
    pub reply_ns: u64,
    /// From the engine to a stream's client.
    pub stream_ns: u64,
    /// Up to this much is added to each of the three, by the seed.
    pub jitter_ns: u64,
}

/// Life times of sockets and keys, in ms of the exchange's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Time between two PINGs of the server.
    pub ping_every_ms: i64,
    /// A socket that has not answered for so long is closed.
    pub pong_within_ms: i64,
    /// A socket this old is closed.
    pub socket_ms: i64,
    /// A listen key nobody extends dies after this.
    pub listen_key_ms: i64,
}

impl Default for Lifetimes {
    /// The production venue's values.
    fn default() -> Self {
        Self {
            ping_every_ms: 180_000,
            pong_within_ms: 600_000,
            socket_ms: 24 * 3_600_000,
            listen_key_ms: 3_600_000,
        }
    }
}

/// What a front is built from, besides the exchange behind it.
#[derive(Clone, Debug, Default)]
pub struct FrontSpec {
    /// Keys in use.
    pub keys: Vec<KeySpec>,
    /// Request weight and order counts.
    pub limits: RateLimits,
    /// How long sockets and keys live.
    pub lifetimes: Lifetimes,
    /// How long bytes travel.
    pub latency: Latency,
    /// Sends user events only where the URL lists them with `events=`.
    pub events_required: bool,
    /// Seed of jitter and of the order of reply and event.
    pub seed: u64,
}

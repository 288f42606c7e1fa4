//! Keys, signatures and timestamps: who may ask, and when.

use std::collections::BTreeMap;

use phoenix_binance::sign::{KeyError, SignatureKind, Verifier};

use crate::exchange::AccountId;
use crate::front::fail::Fail;
use crate::front::params::Params;
use crate::front::spec::{KeySecret, KeySpec};

/// How long a request stays valid if it does not say.
const RECV_WINDOW_MS: i64 = 5_000;
/// Longest window a request may ask for.
const RECV_WINDOW_MS_MAX: i64 = 60_000;
/// A timestamp this far ahead of the exchange's clock is refused.
const AHEAD_MS_MAX: i64 = 1_000;

/// All keys in use.
#[derive(Debug)]
pub(crate) struct Keyring {
    keys: BTreeMap<String, Key>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// Whose it is.
    pub(crate) account: AccountId,
    verifier: Verifier,
}

/// When a request was made and how long it is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// By the client's idea of the exchange's clock.
    pub(crate) timestamp_ms: i64,
    /// Length of its life.
    pub(crate) recv_window_ms: i64,
}

impl Keyring {
    /// Takes the keys; a public key that is none is an error.
    pub(crate) fn new(specs: &[KeySpec]) -> Result<Self, KeyError> {
        let mut keys = BTreeMap::new();
        for spec in specs {
            let verifier = match &spec.secret {
                KeySecret::Hmac(secret) => Verifier::hmac(secret),
                KeySecret::Ed25519(pem) => Verifier::ed25519(pem)?,
            };
            let account = spec.account;
            keys.insert(spec.api_key.clone(), Key { account, verifier });
        }
        Ok(Self { keys })
    }

    /// Finds the key a caller shows.
    pub(crate) fn find(&self, api_key: Option<&str>) -> Result<&Key, Fail> {
        let api_key = api_key.unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_alphanumeric();
        if api_key.is_empty() || !api_key.bytes().all(plain) {
            return Err(Fail::key_format());
        }
        self.keys.get(api_key).ok_or_else(Fail::key)
    }
}

impl Key {
    /// True if the key may open a session and drop per-request signatures.
    pub(crate) fn opens_sessions(&self) -> bool {
        self.verifier.kind() == SignatureKind::Ed25519
    }

    /// Checks the signature of a REST request: over query and body exactly
    /// as sent, the `signature` parameter itself taken out.
    pub(crate) fn check_rest(&self, raw_query: &str, raw_body: &str) -> Result<(), Fail> {
        let (query, in_query) = take_out_signature(raw_query);
        let (body, in_body) = take_out_signature(raw_body);
        let signature = in_query
            .or(in_body)
            .filter(|signature| !signature.is_empty())
            .ok_or_else(|| Fail::mandatory("signature"))?;
        let parts = [query.as_bytes(), body.as_bytes()];
        self.check(&parts, &percent_decoded(signature))
    }

    /// Checks the signature of a WebSocket API request: over its parameters
    /// sorted by name.
    pub(crate) fn check_sorted(&self, params: &Params) -> Result<(), Fail> {
        let signature = params.need("signature")?;
        let mut pairs: Vec<(&str, &str)> = params
            .iter()
            .filter(|(name, _)| *name != "signature")
            .collect();
        pairs.sort_unstable();
        let payload = pairs
            .iter()
            .map(|(name, text)| format!("{name}={text}"))
            .collect::<Vec<_>>()
            .join("&");
        self.check(&[payload.as_bytes()], signature.as_bytes())
    }

    fn check(&self, parts: &[&[u8]], signature: &[u8]) -> Result<(), Fail> {
        if self.verifier.accepts(parts, signature) {
            Ok(())
        } else {
            Err(Fail::signature())
        }
    }
}

impl Stamp {
    /// Reads and checks `timestamp` and `recvWindow` against the gateway's
    /// clock.
    pub(crate) fn check(params: &Params, now_ms: i64) -> Result<Self, Fail> {
        let timestamp_ms = params.need_integer("timestamp")?;
        let recv_window_ms = params.integer("recvWindow")?.unwrap_or(RECV_WINDOW_MS);
        if !(0..=RECV_WINDOW_MS_MAX).contains(&recv_window_ms) {
            return Err(Fail::invalid("recvWindow"));
        }
        if timestamp_ms >= now_ms.saturating_add(AHEAD_MS_MAX) {
            return Err(Fail::new(
                -1021,
                "Timestamp for this request was 1000ms ahead of the server's time.",
            ));
        }
        if now_ms.saturating_sub(timestamp_ms) > recv_window_ms {
            return Err(Fail::new(
                -1021,
                "Timestamp for this request is outside of the recvWindow.",
            ));
        }
        Ok(Self {
            timestamp_ms,
            recv_window_ms,
        })
    }

    /// The matching engine's own check of orders and amendments.
    pub(crate) fn check_engine(self, engine_ms: i64) -> Result<(), Fail> {
        if self.timestamp_ms.saturating_add(self.recv_window_ms) >= engine_ms {
            return Ok(());
        }
        Err(Fail::new(
            -5028,
            "Timestamp for this request is outside of the ME recvWindow.",
        ))
    }
}

/// Splits `a=1&signature=x&b=2` into `a=1&b=2` and `x`.
fn take_out_signature(raw: &str) -> (String, Option<&str>) {
    let mut signature = None;
    let rest: Vec<&str> = raw
        .split('&')
        .filter(|pair| match pair.strip_prefix("signature=") {
            Some(text) => {
                signature = Some(text);
                false
            }
            None => true,
        })
        .collect();
    (rest.join("&"), signature)
}

/// Base64 travels percent-encoded; hex is left as it is.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let pair = tail
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match pair {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9";

    fn keyring() -> Keyring {
        Keyring::new(&[KeySpec {
            api_key: "key".to_owned(),
            secret: KeySecret::Hmac(SECRET.to_owned()),
            account: AccountId(3),
        }])
        .expect("an hmac key")
    }

    #[test]
    fn the_signature_covers_query_and_body_as_sent() {
        let keyring = keyring();
        let key = keyring.find(Some("key")).expect("known");
        let query = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC";
        let body = "quantity=1&price=9000&recvWindow=5000&timestamp=1591702613943";
        let signature = "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4";
        let signed = format!("{body}&signature={signature}");
        assert_eq!(key.check_rest(query, &signed), Ok(()));
        let in_query = format!("{query}&signature={signature}");
        assert_eq!(key.check_rest(&in_query, body), Ok(()));
        assert_eq!(key.check_rest(&signed, query), Err(Fail::signature()));
        assert_eq!(
            key.check_rest(query, body),
            Err(Fail::mandatory("signature"))
        );
    }

    #[test]
    fn strangers_are_told_apart() {
        let keyring = keyring();
        assert_eq!(keyring.find(None).expect_err("none").code, -2014);
        assert_eq!(keyring.find(Some("a b")).expect_err("bad").code, -2014);
        assert_eq!(
            keyring.find(Some("other")).expect_err("unknown").code,
            -2015
        );
        assert_eq!(
            keyring.find(Some("key")).expect("known").account,
            AccountId(3)
        );
    }

    #[test]
    fn timestamps_have_a_window() {
        let check = |query: &str| {
            let params = Params::from_form(query, "").expect("parameters");
            Stamp::check(&params, 100_000).map_err(|fail| (fail.code, fail.msg.into_owned()))
        };
        assert!(check("timestamp=95000").is_ok());
        assert!(check("timestamp=100999").is_ok());
        let ahead = check("timestamp=101000").expect_err("ahead");
        assert!(ahead.1.contains("ahead of the server's time"));
        let behind = check("timestamp=94999").expect_err("behind");
        assert!(behind.1.contains("outside of the recvWindow"));
        assert_eq!(check("").expect_err("none").0, -1102);
        let stamp = check("timestamp=95000&recvWindow=6000").expect("in time");
        assert_eq!(stamp.check_engine(101_000), Ok(()));
        assert_eq!(stamp.check_engine(101_001).expect_err("late").code, -5028);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(query in any::<String>(), body in any::<String>()) {
            let _ = keyring().find(Some("key")).expect("known").check_rest(&query, &body);
        }
    }
}

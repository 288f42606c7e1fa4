//! Signing and verifying requests: HMAC-SHA256 and Ed25519.
//!
//! The key is absorbed once; no raw secret is kept, nothing secret is ever
//! printed, and what is kept is wiped when dropped. RSA keys are deliberately
//! not here: the exchange itself recommends Ed25519 in their place.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

type HmacSha256 = Hmac<Sha256>;

/// An API key with what is needed to sign for it.
pub struct Credentials {
    /// The public half, sent as `X-MBX-APIKEY` or `apiKey`.
    pub api_key: String,
    /// The secret half.
    pub signer: Signer,
}

impl Credentials {
    /// Takes the secret as the exchange hands it out: a text (HMAC) or a
    /// PKCS#8 PEM (Ed25519), told apart by the PEM header.
    ///
    /// # Errors
    /// An empty or ill-formed key, or a PEM that holds no Ed25519 key.
    pub fn new(api_key: &str, secret: &SecretString) -> Result<Self, KeyError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric();
        if api_key.is_empty() || !api_key.bytes().all(plain) {
            return Err(KeyError::ApiKey);
        }
        Ok(Self {
            api_key: api_key.to_owned(),
            signer: Signer::from_secret(secret)?,
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.signer.kind();
        write!(f, "Credentials({kind:?}, redacted)")
    }
}

/// What is wrong with a key. Never contains the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The public half has characters the exchange never issues.
    #[error("api key must be letters and digits only, and not empty")]
    ApiKey,
    /// Nothing to sign with.
    #[error("api secret is empty")]
    Empty,
    /// Looks like a PEM but holds no Ed25519 key.
    #[error("secret is a pem but not an ed25519 key in pkcs#8")]
    Pem,
}

/// The two ways Phoenix signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureKind {
    /// Hex digest; on every request.
    Hmac,
    /// Base64; also opens WebSocket API sessions.
    Ed25519,
}

/// Signs payloads with one secret.
#[derive(Clone)]
pub struct Signer(Secret);

#[derive(Clone)]
enum Secret {
    Hmac(Box<HmacSha256>),
    Ed25519(Box<SigningKey>),
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({:?}, redacted)", self.kind())
    }
}

impl Signer {
    /// Reads the secret, telling HMAC and Ed25519 apart by the PEM header.
    ///
    /// # Errors
    /// An empty secret, or a PEM that holds no Ed25519 key.
    pub fn from_secret(secret: &SecretString) -> Result<Self, KeyError> {
        let text = secret.expose_secret().trim();
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        if text.starts_with("-----BEGIN") {
            let key = SigningKey::from_pkcs8_pem(text).map_err(|_| KeyError::Pem)?;
            return Ok(Self(Secret::Ed25519(Box::new(key))));
        }
        Ok(Self(Secret::Hmac(Box::new(keyed(text)))))
    }

    /// Which way it signs.
    #[must_use]
    pub fn kind(&self) -> SignatureKind {
        match self.0 {
            Secret::Hmac(_) => SignatureKind::Hmac,
            Secret::Ed25519(_) => SignatureKind::Ed25519,
        }
    }

    /// Signs exactly these bytes.
    #[must_use]
    pub fn sign(&self, payload: &[u8]) -> Signature {
        let mut text = [0; Signature::LEN_MAX];
        let len = match &self.0 {
            Secret::Hmac(keyed) => {
                let mut mac = HmacSha256::clone(keyed);
                mac.update(payload);
                write_hex(&mac.finalize().into_bytes(), &mut text)
            }
            Secret::Ed25519(key) => BASE64
                .encode_slice(key.sign(payload).to_bytes(), &mut text)
                .expect("64 bytes are 88 characters of base64"),
        };
        Signature { text, len }
    }
}

/// A signature as text: 64 hex digits, or 88 characters of base64 (which a
/// query string must percent-encode).
#[derive(Clone, Copy)]
pub struct Signature {
    text: [u8; Self::LEN_MAX],
    len: usize,
}

impl Signature {
    const LEN_MAX: usize = 88;

    /// The text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[..self.len]
    }
}

/// Checks signatures for one account: the exchange's side.
#[derive(Clone)]
pub struct Verifier(Check);

#[derive(Clone)]
enum Check {
    Hmac(Box<HmacSha256>),
    Ed25519(Box<VerifyingKey>),
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(redacted)")
    }
}

impl Verifier {
    /// For an account whose key is an HMAC secret.
    #[must_use]
    pub fn hmac(secret: &str) -> Self {
        Self(Check::Hmac(Box::new(keyed(secret))))
    }

    /// For an account that registered an Ed25519 public key (SPKI PEM).
    ///
    /// # Errors
    /// A PEM that holds no Ed25519 public key.
    pub fn ed25519(public_pem: &str) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_public_key_pem(public_pem).map_err(|_| KeyError::Pem)?;
        Ok(Self(Check::Ed25519(Box::new(key))))
    }

    /// Which signatures it accepts.
    #[must_use]
    pub fn kind(&self) -> SignatureKind {
        match self.0 {
            Check::Hmac(_) => SignatureKind::Hmac,
            Check::Ed25519(_) => SignatureKind::Ed25519,
        }
    }

    /// True if `signature` is right for `parts` joined without a separator
    /// (raw query, then raw body). Hex of either case; base64 already
    /// percent-decoded.
    #[must_use]
    pub fn accepts(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        match &self.0 {
            Check::Hmac(keyed) => {
                let Some(digest) = read_hex(signature) else {
                    return false;
                };
                let mut mac = HmacSha256::clone(keyed);
                for part in parts {
                    mac.update(part);
                }
                mac.verify_slice(&digest).is_ok()
            }
            Check::Ed25519(key) => {
                let Ok(bytes) = BASE64.decode(signature) else {
                    return false;
                };
                let Ok(signature) = ed25519_dalek::Signature::from_slice(&bytes) else {
                    return false;
                };
                key.verify_strict(&parts.concat(), &signature).is_ok()
            }
        }
    }
}

fn keyed(secret: &str) -> HmacSha256 {
    HmacSha256::new_from_slice(secret.as_bytes()).expect("hmac takes keys of any length")
}

fn write_hex(digest: &[u8], out: &mut [u8]) -> usize {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in digest.iter().zip(out.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    digest.len() * 2
}

fn read_hex(text: &[u8]) -> Option<[u8; 32]> {
    if text.len() != 64 {
        return None;
    }
    let nibble = |byte: u8| char::from(byte).to_digit(16);
    let mut digest = [0; 32];
    for (pair, byte) in text.chunks_exact(2).zip(&mut digest) {
        *byte = u8::try_from(nibble(pair[0])? * 16 + nibble(pair[1])?).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9";
    const QUERY: &str = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC";
    const BODY: &str = "quantity=1&price=9000&recvWindow=5000&timestamp=1591702613943";
    const BODY_WITH_BLANK: &str = "quantity=1&price=9000&recvWindow=5000&timestamp= 1591702613943";

    fn hex_of(payload: &str) -> String {
        let signer = Signer::from_secret(&SecretString::from(SECRET)).expect("a secret");
        String::from_utf8(signer.sign(payload.as_bytes()).as_bytes().to_vec()).expect("hex")
    }

    #[test]
    fn the_published_vectors() {
        assert_eq!(
            hex_of(
                "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC\
                 &recvWindow=5000&timestamp=1591702613943"
            ),
            "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"
        );
        assert_eq!(
            hex_of(&[QUERY, BODY].concat()),
            "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4"
        );
        assert_eq!(
            hex_of(&[QUERY, BODY_WITH_BLANK].concat()),
            "f9d0ae5e813ef6ccf15c2b5a434047a0181cb5a342b903b367ca6d27a66e36f2"
        );
    }

    #[test]
    fn a_verifier_accepts_only_its_own() {
        let verifier = Verifier::hmac(SECRET);
        let right = "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4";
        let parts = [QUERY.as_bytes(), BODY.as_bytes()];
        assert!(verifier.accepts(&parts, right.as_bytes()));
        assert!(verifier.accepts(&parts, right.to_uppercase().as_bytes()));
        assert!(!verifier.accepts(&parts[..1], right.as_bytes()));
        assert!(!Verifier::hmac("other").accepts(&parts, right.as_bytes()));
        for bad in ["", "30", "zz", &"z".repeat(64), &right[1..]] {
            assert!(!verifier.accepts(&parts, bad.as_bytes()), "{bad}");
        }
    }

    // Made for this test with `openssl genpkey -algorithm ed25519`; used nowhere else.
    const PRIVATE_PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIE2/Yg85u6hMVSHE7ZzUR0zN9AUGoKOaIp9M4+jYPH4V\n\
        -----END PRIVATE KEY-----";
    const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEA4ZyUOgeStWGpxGWmuVAsdMMeQOssAy1+3YiP9MaBYLg=\n\
        -----END PUBLIC KEY-----";

    #[test]
    fn ed25519_signs_what_its_public_key_accepts() {
        let secret = SecretString::from(PRIVATE_PEM);
        let credentials = Credentials::new("Key1", &secret).expect("a pem");
        assert_eq!(credentials.signer.kind(), SignatureKind::Ed25519);
        let signature = credentials.signer.sign(b"apiKey=Key1&timestamp=1");
        let verifier = Verifier::ed25519(PUBLIC_PEM).expect("a public pem");
        assert_eq!(verifier.kind(), SignatureKind::Ed25519);
        assert!(verifier.accepts(&[b"apiKey=Key1", b"&timestamp=1"], signature.as_bytes()));
        assert!(!verifier.accepts(&[b"apiKey=Key1&timestamp=2"], signature.as_bytes()));
        assert!(!verifier.accepts(&[b""], b"AAAA"));
    }

    #[test]
    fn bad_keys_are_named_without_being_shown() {
        let secret = |text: &str| SecretString::from(text.to_owned());
        let error = |key: &str, text: &str| Credentials::new(key, &secret(text)).err();
        assert_eq!(error("", "s"), Some(KeyError::ApiKey));
        assert_eq!(error("a b", "s"), Some(KeyError::ApiKey));
        assert_eq!(error("a", " \n"), Some(KeyError::Empty));
        assert_eq!(
            error(
                "a",
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
            ),
            Some(KeyError::Pem)
        );
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let credentials = Credentials::new("PUBLICHALF", &SecretString::from("topsecret"));
        let shown = format!("{credentials:?} {:?}", Verifier::hmac("topsecret"));
        assert!(
            !shown.contains("topsecret") && !shown.contains("PUBLICHALF"),
            "{shown}"
        );
    }
}

//! API keys: from the environment, or from a file that only its owner reads.
//!
//! Nothing here prints a key, and no error text contains one. Keys never come
//! from the command line or from the config itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use phoenix_binance::sign::{Credentials, KeyError};
use secrecy::SecretString;

/// Environment variable and file entry of the public half.
pub const API_KEY: &str = "BINANCE_API_KEY";

/// Environment variable and file entry of the secret half: a text (HMAC) or a
/// PKCS#8 PEM (Ed25519).
pub const API_SECRET: &str = "BINANCE_API_SECRET";

/// Longest key file read.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Why there are no keys to trade with.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Only one of the two is set.
    #[error("{present} is set but {missing} is not; set both or neither")]
    Half {
        /// What is there.
        present: &'static str,
        /// What is not.
        missing: &'static str,
    },
    /// Others than the owner may read the file.
    #[error(
        "{path} has mode {mode:04o}, must be 0600; fix it with: chmod 600 {path}",
        path = path.display()
    )]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file cannot be read.
    #[error("{path} cannot be read: {error}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The file lacks an entry.
    #[error("{path} has no line {entry}=…", path = path.display())]
    NoEntry {
        /// The file.
        path: PathBuf,
        /// What is missing.
        entry: &'static str,
    },
    /// The key itself is not one.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Keys of the environment, else of the file, else none.
///
/// # Errors
/// Half a pair, a file that is readable by others, or an ill-formed key.
pub fn find(file: Option<&Path>) -> Result<Option<Credentials>, KeysError> {
    let key = std::env::var(API_KEY).ok().filter(|text| !text.is_empty());
    let secret = std::env::var(API_SECRET)
        .ok()
        .filter(|text| !text.is_empty());
    match (key, secret, file) {
        (Some(key), Some(secret), _) => Ok(Some(credentials(&key, secret)?)),
        (Some(_), None, _) => Err(KeysError::Half {
            present: API_KEY,
            missing: API_SECRET,
        }),
        (None, Some(_), _) => Err(KeysError::Half {
            present: API_SECRET,
            missing: API_KEY,
        }),
        (None, None, Some(path)) => from_file(path).map(Some),
        (None, None, None) => Ok(None),
    }
}

/// Keys from a file of lines `BINANCE_API_KEY=…` and `BINANCE_API_SECRET=…`;
/// the secret may be a PEM that goes on over the following lines.
///
/// # Errors
/// A file whose mode lets others read it, a missing entry, an ill-formed key.
pub fn from_file(path: &Path) -> Result<Credentials, KeysError> {
    let text = read_private(path)?;
    let entry = |entry: &'static str| {
        find_entry(&text, entry).ok_or_else(|| KeysError::NoEntry {
            path: path.to_owned(),
            entry,
        })
    };
    let (key, secret) = (entry(API_KEY)?, entry(API_SECRET)?);
    Ok(credentials(key.trim(), secret.to_owned())?)
}

fn read_private(path: &Path) -> Result<String, KeysError> {
    let unreadable = |error| KeysError::Unreadable {
        path: path.to_owned(),
        error,
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode != 0o600 {
        return Err(KeysError::Mode {
            path: path.to_owned(),
            mode,
        });
    }
    if !metadata.is_file() || metadata.len() > FILE_BYTES_MAX {
        let error =
            std::io::Error::other(format!("no plain file of at most {FILE_BYTES_MAX} bytes"));
        return Err(unreadable(error));
    }
    fs::read_to_string(path).map_err(unreadable)
}

/// The value behind `entry=`, up to the line's end or the end of its PEM.
fn find_entry<'a>(text: &'a str, entry: &str) -> Option<&'a str> {
    let mut rest = text;
    loop {
        let (line, next) = rest.split_once('\n').unwrap_or((rest, ""));
        let stated = line
            .trim_start()
            .strip_prefix("export ")
            .unwrap_or(line.trim_start());
        if let Some(value) = stated.strip_prefix(entry).and_then(|v| v.strip_prefix('=')) {
            let start = text.len() - rest.len() + (line.len() - value.len());
            return Some(cut_value(&text[start..]));
        }
        if next.is_empty() {
            return None;
        }
        rest = next;
    }
}

fn cut_value(text: &str) -> &str {
    let open = text.trim_start_matches(['"', '\'']);
    if open.starts_with("-----BEGIN") {
        let end = open.find("-----END").and_then(|at| {
            let tail = &open[at + 8..];
            tail.find("-----").map(|close| at + 8 + close + 5)
        });
        return &open[..end.unwrap_or(open.len())];
    }
    let line = text.lines().next().unwrap_or_default();
    line.trim().trim_matches(['"', '\''])
}

/// An environment variable may spell a PEM's line breaks as `\n`.
fn credentials(key: &str, secret: String) -> Result<Credentials, KeyError> {
    let secret = if secret.contains("-----BEGIN") {
        secret.replace("\\n", "\n")
    } else {
        secret
    };
    Credentials::new(key.trim(), &SecretString::from(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_binance::sign::SignatureKind;

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----";

    fn file(name: &str, text: &str, mode: u32) -> PathBuf {
        let path = std::env::temp_dir().join(format!("phoenix-{}-{name}", std::process::id()));
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode set");
        path
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_with_the_remedy() {
        let path = file(
            "open",
            "BINANCE_API_KEY=abc\nBINANCE_API_SECRET=hushhush\n",
            0o640,
        );
        let error = from_file(&path).expect_err("refused").to_string();
        fs::remove_file(&path).expect("removed");
        assert!(
            error.contains("0640") && error.contains("chmod 600"),
            "{error}"
        );
        assert!(!error.contains("hushhush"), "{error}");
    }

    #[test]
    fn both_kinds_of_secret_are_read() {
        let hmac = format!("# ours\nexport {API_KEY}=abc\n{API_SECRET}=\"s3cret\"\n");
        let ed25519 = format!("{API_SECRET}={PEM}\n{API_KEY}=abc\n");
        for (name, text, kind) in [
            ("hmac", hmac, SignatureKind::Hmac),
            ("ed25519", ed25519, SignatureKind::Ed25519),
        ] {
            let path = file(name, &text, 0o600);
            let read = from_file(&path);
            fs::remove_file(&path).expect("removed");
            let read = read.expect("readable");
            assert_eq!((read.api_key.as_str(), read.signer.kind()), ("abc", kind));
        }
    }

    #[test]
    fn a_missing_entry_is_named() {
        let path = file("half", "BINANCE_API_KEY=abc\n", 0o600);
        let error = from_file(&path).expect_err("refused").to_string();
        fs::remove_file(&path).expect("removed");
        assert!(error.contains(API_SECRET), "{error}");
    }
}

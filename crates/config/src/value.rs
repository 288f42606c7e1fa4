//! Values as read, each knowing where it came from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use phoenix_domain::{Decimal, DecimalError};
use url::Url;

use crate::keys::Kind;
use crate::tree::{Content, Node, Place};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The table's default.
    Default,
    /// The file, at this line.
    File(usize),
    /// This environment variable.
    Env(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Decimal(Decimal),
    Whole(u64),
    Flag(bool),
    Text(String),
}

/// Why a text is no value of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    WrongType,
    OutOfRange,
}

/// A legal value, its place (that of its section if a default) and origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) value: Value,
    pub(crate) place: Place,
    pub(crate) origin: Origin,
}

/// The legal values of one section.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    /// `global` or `symbols[2]`, for messages.
    pub(crate) path: String,
    pub(crate) place: Place,
    pub(crate) given: BTreeMap<&'static str, Given>,
    /// Present but illegal: named already, so neither missing nor defaulted.
    pub(crate) bad: BTreeSet<&'static str>,
}

impl Values {
    pub(crate) fn put(&mut self, name: &'static str, value: Value, place: Place, origin: Origin) {
        let given = Given {
            value,
            place,
            origin,
        };
        self.given.insert(name, given);
    }

    pub(crate) fn place_of(&self, name: &str) -> Place {
        self.given.get(name).map_or(self.place, |given| given.place)
    }

    pub(crate) fn decimal(&self, name: &str) -> Option<Decimal> {
        match self.given.get(name)?.value {
            Value::Decimal(decimal) => Some(decimal),
            Value::Whole(_) | Value::Flag(_) | Value::Text(_) => None,
        }
    }

    pub(crate) fn whole(&self, name: &str) -> Option<u64> {
        match self.given.get(name)?.value {
            Value::Whole(whole) => Some(whole),
            Value::Decimal(_) | Value::Flag(_) | Value::Text(_) => None,
        }
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.given.get(name)?.value {
            Value::Flag(flag) => Some(flag),
            Value::Decimal(_) | Value::Whole(_) | Value::Text(_) => None,
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match &self.given.get(name)?.value {
            Value::Text(text) => Some(text),
            Value::Decimal(_) | Value::Whole(_) | Value::Flag(_) => None,
        }
    }
}

impl Value {
    /// Reads a node as `kind` demands.
    pub(crate) fn of_node(kind: Kind, node: &Node) -> Result<Self, Misfit> {
        match &node.content {
            Content::Scalar { text, quoted } => {
                let is_text = matches!(
                    kind,
                    Kind::Text | Kind::Symbol | Kind::Choice(_) | Kind::Url(_)
                );
                if *quoted && !is_text {
                    return Err(Misfit::WrongType);
                }
                Self::of_text(kind, text)
            }
            Content::List(_) | Content::Map(_) => Err(Misfit::WrongType),
        }
    }

    /// Reads the text of a scalar, an environment variable or a default.
    pub(crate) fn of_text(kind: Kind, text: &str) -> Result<Self, Misfit> {
        match kind {
            Kind::Decimal {
                min,
                max,
                above_min,
            } => {
                let decimal = Decimal::parse(text.as_bytes()).map_err(Misfit::of_decimal)?;
                let (low, high) = (exact(min), exact(max));
                let legal = decimal <= high && (decimal > low || decimal == low && !above_min);
                legal
                    .then_some(Self::Decimal(decimal))
                    .ok_or(Misfit::OutOfRange)
            }
            Kind::Whole { min, max } => {
                let number: i128 = text.parse().map_err(|_| Misfit::WrongType)?;
                let whole = u64::try_from(number).map_err(|_| Misfit::OutOfRange)?;
                let legal = (min..=max).contains(&whole);
                legal
                    .then_some(Self::Whole(whole))
                    .ok_or(Misfit::OutOfRange)
            }
            Kind::Flag => match text {
                "true" | "True" | "TRUE" => Ok(Self::Flag(true)),
                "false" | "False" | "FALSE" => Ok(Self::Flag(false)),
                _ => Err(Misfit::WrongType),
            },
            Kind::Choice(_) | Kind::Text | Kind::Url(_) | Kind::Symbol => {
                let legal = text_legal(kind, text);
                let trimmed = match kind {
                    Kind::Url(_) => text.trim_end_matches('/'),
                    _ => text,
                };
                legal
                    .then(|| Self::Text(trimmed.into()))
                    .ok_or(Misfit::OutOfRange)
            }
        }
    }
}

impl Misfit {
    fn of_decimal(error: DecimalError) -> Self {
        match error {
            DecimalError::Empty | DecimalError::NotANumber => Self::WrongType,
            DecimalError::TooPrecise | DecimalError::TooLarge => Self::OutOfRange,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal(decimal) => decimal.fmt(f),
            Self::Whole(whole) => whole.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// Messages show values, and a value may be a whole pasted file.
pub(crate) fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 60;
    if text.chars().count() <= SHOWN_MAX {
        return text.into();
    }
    let head: String = text.chars().take(SHOWN_MAX).collect();
    format!("{head}…")
}

/// A bound of the table.
pub(crate) fn exact(text: &str) -> Decimal {
    Decimal::parse(text.as_bytes()).expect("bounds and defaults of the table are decimals")
}

fn text_legal(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Choice(words) => words.contains(&text),
        Kind::Url(schemes) => Url::parse(text).is_ok_and(|url| url_legal(&url, schemes)),
        Kind::Symbol => {
            let letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
            (3..=20).contains(&text.len()) && text.bytes().all(letter)
        }
        Kind::Text => !text.is_empty(),
        Kind::Decimal { .. } | Kind::Whole { .. } | Kind::Flag => false,
    }
}

/// Credentials in an address would end up in logs, so they are no address.
fn url_legal(url: &Url, schemes: &[&str]) -> bool {
    schemes.contains(&url.scheme())
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{GLOBAL, Need, SYMBOL};

    #[test]
    fn every_default_is_legal() {
        for key in GLOBAL.iter().chain(SYMBOL) {
            if let Need::Default(text) = key.need {
                assert!(Value::of_text(key.kind, text).is_ok(), "{}", key.name);
            }
        }
    }

    #[test]
    fn bounds_are_kept_exactly() {
        let kind = Kind::Decimal {
            min: "0",
            max: "1",
            above_min: true,
        };
        assert!(Value::of_text(kind, "1").is_ok());
        assert!(Value::of_text(kind, "0.00000001").is_ok());
        for bad in ["0", "-0.1", "1.00000001", "1e-3", "", "0,5", "NaN"] {
            assert!(Value::of_text(kind, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_with_credentials_is_refused() {
        let kind = Kind::Url(&["http"]);
        assert!(Value::of_text(kind, "http://127.0.0.1:9000/").is_ok());
        assert!(Value::of_text(kind, "http://me:pw@127.0.0.1").is_err());
        assert!(Value::of_text(kind, "ftp://127.0.0.1").is_err());
    }
}

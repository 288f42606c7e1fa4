//! The tolerant reader under every general decoder.
//!
//! A number may come as text and a text as a number; what does not fit is a
//! typed error that says where, what and why.

use std::borrow::Cow;

use phoenix_domain::{Decimal, Price, Qty, Side};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::spelling::side_of;
use crate::symbols::Entry;

/// Longest body or frame that is looked at: exchangeInfo is about 1 MB.
pub const BYTES_MAX: usize = 16 << 20;

/// Longest piece of foreign text that is kept in an error.
const SHOWN_MAX: usize = 48;

/// Why bytes are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Longer than anything the exchange sends.
    #[error("{bytes} bytes, at most {max} are read")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// No JSON, or not the shape that is expected here.
    #[error("unreadable json: {reason}")]
    Json {
        /// The parser's reason with line and column.
        reason: String,
    },
    /// A value that is no number of its kind.
    #[error("{field} is {text:?}, not {expected}")]
    Value {
        /// The exchange's name of the field.
        field: &'static str,
        /// What stood there, cut to a readable length.
        text: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// A price or quantity off the instrument's grid, zero where it cannot
    /// be, or beyond any limit.
    #[error("{field} {text:?} of {symbol} is {problem}")]
    Grid {
        /// The symbol.
        symbol: String,
        /// The exchange's name of the field.
        field: &'static str,
        /// What stood there, cut to a readable length.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A symbol that this run does not trade.
    #[error("symbol {symbol:?} is not one of ours")]
    Symbol {
        /// What stood there, cut to a readable length.
        symbol: String,
    },
    /// More items than any real answer has.
    #[error("{count} {what}, at most {max} are read")]
    TooMany {
        /// Which items.
        what: &'static str,
        /// How many came.
        count: usize,
        /// The limit.
        max: usize,
    },
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json {
            reason: error.to_string(),
        }
    }
}

/// Parses a whole body.
pub(crate) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, DecodeError> {
    check_length(bytes)?;
    Ok(serde_json::from_slice(bytes)?)
}

pub(crate) fn check_length(bytes: &[u8]) -> Result<(), DecodeError> {
    if bytes.len() > BYTES_MAX {
        return Err(DecodeError::TooLong {
            bytes: bytes.len(),
            max: BYTES_MAX,
        });
    }
    Ok(())
}

/// A piece of foreign text, short enough for a log line.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

/// A scalar as it stands in the JSON, with or without quotes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Raw<'a>(#[serde(borrow)] &'a RawValue);

impl<'a> Raw<'a> {
    /// The text without its quotes.
    pub(crate) fn text(self) -> &'a str {
        let text = self.0.get();
        text.strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(text)
    }

    pub(crate) fn error(self, field: &'static str, expected: &'static str) -> DecodeError {
        DecodeError::Value {
            field,
            text: shown(self.0.get()),
            expected,
        }
    }

    pub(crate) fn integer<T: std::str::FromStr>(
        self,
        field: &'static str,
    ) -> Result<T, DecodeError> {
        let parsed = self.text().parse();
        parsed.map_err(|_| self.error(field, "an integer"))
    }

    pub(crate) fn truth(self, field: &'static str) -> Result<bool, DecodeError> {
        match self.text() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.error(field, "true or false")),
        }
    }

    /// A decimal; digits beyond the eighth place are cut off, as the exchange
    /// prints averages with more.
    pub(crate) fn decimal(self, field: &'static str) -> Result<Decimal, DecodeError> {
        let text = self.text();
        let kept = match text.find('.') {
            Some(point) if text.len() > point + 9 => {
                let (kept, rest) = (text.get(..point + 9), text.get(point + 9..));
                let digits = rest.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
                kept.filter(|_| digits).unwrap_or(text)
            }
            _ => text,
        };
        Decimal::parse(kept.as_bytes()).map_err(|_| self.error(field, "a decimal"))
    }

    pub(crate) fn side(self, field: &'static str) -> Result<Side, DecodeError> {
        side_of(self.text()).ok_or_else(|| self.error(field, "BUY or SELL"))
    }

    /// A quantity in lots, signed where the exchange signs it.
    pub(crate) fn qty(self, entry: &Entry, field: &'static str) -> Result<Qty, DecodeError> {
        let text = self.text();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        match entry.instrument.parse_qty(digits.as_bytes()) {
            Some(qty) if qty.0 <= entry.grid.qty.max => Ok(Qty(qty.0 * sign)),
            Some(_) => Err(off_grid(entry, field, text, "beyond any limit")),
            None => Err(off_grid(entry, field, text, "no whole number of lots")),
        }
    }

    /// A price in ticks, rounded down to the grid if a foreign order (or one
    /// older than a change of filters) stands between two ticks.
    pub(crate) fn price(self, entry: &Entry, field: &'static str) -> Result<Price, DecodeError> {
        let instrument = &entry.instrument;
        let price = match instrument.parse_price(self.text().as_bytes()) {
            Some(price) => price,
            None => instrument.price_floor(self.decimal(field)?),
        };
        if (0..=entry.grid.price.max).contains(&price.0) {
            Ok(price)
        } else {
            Err(off_grid(entry, field, self.text(), "beyond any limit"))
        }
    }
}

/// An average price, finer than a tick, and the signed quantity it is for.
pub(crate) fn holding(
    entry: &Entry,
    (average, average_field): (Raw<'_>, &'static str),
    (qty, qty_field): (Raw<'_>, &'static str),
) -> Result<(Decimal, Qty), DecodeError> {
    let price = average.decimal(average_field)?;
    let ticks = entry.instrument.price_floor(price);
    if !(0..=entry.grid.price.max).contains(&ticks.0) {
        let problem = "beyond any limit";
        return Err(off_grid(entry, average_field, average.text(), problem));
    }
    let held = qty.qty(entry, qty_field)?;
    check_worth(entry, ticks, held, qty_field)?;
    Ok((price, held))
}

/// Refuses an order or fill whose worth no account could hold; below it every
/// product of price and quantity is exact.
pub(crate) fn check_worth(
    entry: &Entry,
    price: Price,
    qty: Qty,
    field: &'static str,
) -> Result<(), DecodeError> {
    let lot_cash = i128::from(entry.instrument.tick_lot_cash().0);
    let worth = i128::from(price.0) * i128::from(qty.0) * lot_cash;
    if worth.abs() <= i128::from(i64::MAX / 8) {
        return Ok(());
    }
    let text = format!("{} x {}", price.0, qty.0);
    Err(off_grid(entry, field, &text, "worth more than any limit"))
}

pub(crate) fn off_grid(
    entry: &Entry,
    field: &'static str,
    text: &str,
    problem: &'static str,
) -> DecodeError {
    DecodeError::Grid {
        symbol: entry.instrument.symbol().to_owned(),
        field,
        text: shown(text),
        problem,
    }
}

/// A text that may hold escapes.
pub(crate) type Text<'a> = Cow<'a, str>;

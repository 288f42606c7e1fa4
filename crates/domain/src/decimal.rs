//! Exact decimal text: the only way a number from outside becomes an integer.

use core::fmt;

/// A number with eight decimal places, held as an integer of 1e-8.
///
/// Eight places is what the exchange keeps for wallets and fees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(pub i64);

/// Why a text is not a [`Decimal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    /// No digit at all.
    Empty,
    /// A byte that is neither digit, leading sign nor the one point.
    NotANumber,
    /// A non-zero digit beyond the eighth place.
    TooPrecise,
    /// Beyond ±92,233,720,368.
    TooLarge,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::NotANumber => "is not a decimal number",
            Self::TooPrecise => "has more than 8 decimal places",
            Self::TooLarge => "is beyond ±92233720368",
        })
    }
}

impl core::error::Error for DecimalError {}

impl Decimal {
    /// One, as 1e-8 units.
    pub const ONE: Self = Self(100_000_000);
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// Reads `-?digits[.digits]` exactly; exponents are refused.
    pub fn parse(text: &[u8]) -> Result<Self, DecimalError> {
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let mut units: i64 = 0;
        let mut places: Option<u32> = None;
        let mut seen = false;
        for &byte in digits {
            match byte {
                b'0'..=b'9' => {
                    seen = true;
                    let digit = i64::from(byte - b'0');
                    match &mut places {
                        Some(8) if digit != 0 => return Err(DecimalError::TooPrecise),
                        Some(8) => continue,
                        Some(count) => *count += 1,
                        None => {}
                    }
                    units = units
                        .checked_mul(10)
                        .and_then(|u| u.checked_add(digit))
                        .ok_or(DecimalError::TooLarge)?;
                }
                b'.' if places.is_none() => places = Some(0),
                _ => return Err(DecimalError::NotANumber),
            }
        }
        if !seen {
            return Err(DecimalError::Empty);
        }
        let missing = 8 - places.unwrap_or(0);
        let units = units
            .checked_mul(10_i64.pow(missing))
            .ok_or(DecimalError::TooLarge)?;
        Ok(Self(if negative { -units } else { units }))
    }

    /// The nearest float: for volatility and display, never for money.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e8
    }
}

impl fmt::Display for Decimal {
    /// As short as exact: `2610.58`, `0.0004`, `-3`. A precision pads or
    /// truncates: `{:.2}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let (whole, mut fraction) = (magnitude / 100_000_000, magnitude % 100_000_000);
        if self.0 < 0 {
            f.write_str("-")?;
        }
        write!(f, "{whole}")?;
        let mut places = 8_usize;
        match f.precision() {
            Some(wanted) => {
                while places > wanted.min(8) {
                    fraction /= 10;
                    places -= 1;
                }
            }
            None => {
                while places > 0 && fraction.is_multiple_of(10) {
                    fraction /= 10;
                    places -= 1;
                }
            }
        }
        if places > 0 {
            write!(f, ".{fraction:0places$}")
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    #[test]
    fn reads_and_refuses() {
        assert_eq!(Decimal::parse(b"2610.58"), Ok(Decimal(261_058_000_000)));
        assert_eq!(Decimal::parse(b"-0.00000268"), Ok(Decimal(-268)));
        assert_eq!(Decimal::parse(b"1.000000000"), Ok(Decimal::ONE));
        assert_eq!(Decimal::parse(b""), Err(DecimalError::Empty));
        assert_eq!(Decimal::parse(b"."), Err(DecimalError::Empty));
        assert_eq!(Decimal::parse(b"1e3"), Err(DecimalError::NotANumber));
        assert_eq!(Decimal::parse(b"1.2.3"), Err(DecimalError::NotANumber));
        assert_eq!(
            Decimal::parse(b"0.000000001"),
            Err(DecimalError::TooPrecise)
        );
        assert_eq!(Decimal::parse(b"92233720369"), Err(DecimalError::TooLarge));
    }

    #[test]
    fn prints_with_precision() {
        assert_eq!(Decimal(261_058_000_000).to_string(), "2610.58");
        assert_eq!(std::format!("{:.2}", Decimal(-100_000_000)), "-1.00");
    }

    proptest! {
        #[test]
        fn text_round_trips(units in any::<i64>().prop_map(|u| u / 2)) {
            let decimal = Decimal(units);
            prop_assert_eq!(Decimal::parse(decimal.to_string().as_bytes()), Ok(decimal));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = Decimal::parse(&bytes);
        }
    }
}

//! Numbers and texts eight bytes at a time, within one machine word.
//!
//! A word is read in memory order, lowest byte first. The tests for "some
//! byte is …" may set false marks above the first true one, so only the
//! lowest mark is ever used.

use crate::symbols::Steps;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

const POWERS: [u64; 19] = {
    let mut powers = [1; 19];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

#[inline(always)]
pub(super) fn eat(rest: &mut &[u8], literal: &[u8]) -> Option<()> {
    *rest = rest.strip_prefix(literal)?;
    Some(())
}

/// The rest of a text of plain ASCII whose opening quote is gone; takes the
/// closing one with it.
#[inline(always)]
pub(super) fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut len = 0;
    while let Some(word) = word_at(rest, len) {
        let marks = not_plain(word);
        if marks != 0 {
            len += first_mark(marks);
            break;
        }
        len += 8;
    }
    while let Some(b' ' | b'!' | b'#'..=b'[' | b']'..=b'~') = rest.get(len) {
        len += 1;
    }
    let (text, tail) = rest.split_at_checked(len)?;
    *rest = tail.strip_prefix(b"\"")?;
    Some(text)
}

/// A JSON number of 1 to 18 digits.
#[inline(always)]
pub(super) fn number(rest: &mut &[u8]) -> Option<u64> {
    let (value, len) = digits(rest);
    let leading_zero = len > 1 && rest.first() == Some(&b'0');
    if len == 0 || len > 18 || leading_zero {
        return None;
    }
    *rest = rest.get(len..)?;
    Some(value)
}

/// The rest of a decimal text whose opening quote is gone, as steps of the
/// grid; takes the closing quote with it.
#[inline(always)]
pub(super) fn decimal(rest: &mut &[u8], grid: Steps) -> Option<i64> {
    let places = usize::from(grid.fast_places?);
    let (value, decimals, len) = match short_decimal(rest) {
        Some(read) => read,
        None => long_decimal(rest)?,
    };
    let steps = if decimals == places {
        value
    } else {
        on_grid(value, decimals, places)?
    };
    if steps > grid.max {
        return None;
    }
    *rest = rest.get(len..)?;
    Some(steps)
}

/// A decimal text of at most eight bytes: steps without the point, decimals,
/// and length with the closing quote. Almost every price and quantity is one.
#[inline(always)]
fn short_decimal(bytes: &[u8]) -> Option<(i64, usize, usize)> {
    let word = word_at(bytes, 0)?;
    let quotes = marks_of(word, b'"');
    let len = if quotes != 0 {
        first_mark(quotes)
    } else if bytes.get(8) == Some(&b'"') {
        8
    } else {
        return None;
    };
    if len == 0 {
        return None;
    }
    let text = word & (u64::MAX >> (64 - 8 * len));
    let points = marks_of(text, b'.');
    let (joined, count, decimals) = if points == 0 {
        (text, len, 0)
    } else {
        let point = first_mark(points);
        let before = (1 << (8 * point)) - 1;
        // Closes the gap that the point leaves.
        let joined = (text & before) | ((text >> 8) & !before);
        (joined, len - 1, len - 1 - point)
    };
    if count == decimals {
        return None;
    }
    let spare = 64 - 8 * count;
    let low = (joined << spare).wrapping_sub((ONES * u64::from(b'0')) << spare);
    if not_digits(low) != 0 {
        return None;
    }
    Some((i64::try_from(eight(low)).ok()?, decimals, len + 1))
}

/// Any decimal text of at most 18 digits, as [`short_decimal`].
#[inline(never)]
fn long_decimal(bytes: &[u8]) -> Option<(i64, usize, usize)> {
    let (whole, whole_len) = digits(bytes);
    let (fraction, decimals, len) = match bytes.get(whole_len) {
        Some(b'.') => {
            let (fraction, decimals) = digits(bytes.get(whole_len + 1..)?);
            (fraction, decimals, whole_len + 1 + decimals)
        }
        _ => (0, 0, whole_len),
    };
    if whole_len == 0 || whole_len + decimals > 18 || bytes.get(len) != Some(&b'"') {
        return None;
    }
    let value = whole * POWERS.get(decimals)? + fraction;
    Some((i64::try_from(value).ok()?, decimals, len + 1))
}

/// The value and length of the digits at the front; the value is wrong (but
/// never a panic) for more than 18 of them, which callers refuse.
#[inline(always)]
fn digits(bytes: &[u8]) -> (u64, usize) {
    let mut value: u64 = 0;
    let mut len = 0;
    while let Some(word) = word_at(bytes, len) {
        let low = word.wrapping_sub(ONES * u64::from(b'0'));
        let marks = not_digits(low);
        if marks == 0 {
            value = value.wrapping_mul(100_000_000).wrapping_add(eight(low));
            len += 8;
            continue;
        }
        let count = first_mark(marks);
        if count > 0 {
            let aligned = low << (64 - 8 * count);
            value = value
                .wrapping_mul(POWERS[count])
                .wrapping_add(eight(aligned));
        }
        return (value, len + count);
    }
    while let Some(&byte) = bytes.get(len)
        && byte.is_ascii_digit()
    {
        value = value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        len += 1;
    }
    (value, len)
}

/// Marks bytes above nine: adding 118 sets their high bit, or they had one.
#[inline(always)]
fn not_digits(low: u64) -> u64 {
    (low.wrapping_add(ONES * 118) | low) & HIGH_BITS
}

/// Eight digits, first one in the lowest byte: pairs, then fours, then all.
#[inline(always)]
fn eight(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff
}

/// Marks bytes that end plain text: quote, backslash, control, beyond ASCII.
#[inline(always)]
fn not_plain(word: u64) -> u64 {
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    marks_of(word, b'"') | marks_of(word, b'\\') | (control | word) & HIGH_BITS
}

/// Marks bytes equal to `byte`.
#[inline(always)]
fn marks_of(word: u64, byte: u8) -> u64 {
    let zero_there = word ^ (ONES * u64::from(byte));
    zero_there.wrapping_sub(ONES) & !zero_there & HIGH_BITS
}

#[inline(always)]
fn first_mark(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

#[inline(always)]
fn word_at(bytes: &[u8], at: usize) -> Option<u64> {
    let chunk = bytes.get(at..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*chunk))
}

/// Steps of a text whose decimals are not as many as the grid's: the exchange
/// prints BTCUSDT, which steps by 0.1, with two.
#[inline]
fn on_grid(value: i64, decimals: usize, places: usize) -> Option<i64> {
    let power = |exponent: usize| i64::try_from(*POWERS.get(exponent)?).ok();
    match decimals.checked_sub(places) {
        Some(1) => (value % 10 == 0).then_some(value / 10),
        Some(excess) => {
            let divisor = power(excess)?;
            (value % divisor == 0).then_some(value / divisor)
        }
        None => value.checked_mul(power(places - decimals)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn short_and_long_decimals_agree(
            text in "[0-9]{0,6}[.]?[0-9]{0,5}[x.\"-]?",
            tail in ".{0,9}",
        ) {
            let bytes = format!("{text}\"{tail}");
            if let Some(short) = short_decimal(bytes.as_bytes()) {
                prop_assert_eq!(Some(short), long_decimal(bytes.as_bytes()));
            }
        }

        #[test]
        fn numbers_are_the_library_s(value in any::<u64>(), cut in 1_usize..21, tail in ".{0,12}") {
            let text: String = value.to_string().chars().take(cut).collect();
            let bytes = format!("{text},{tail}");
            let mut rest = bytes.as_bytes();
            let expected = (text.len() <= 18).then(|| text.parse().expect("digits"));
            prop_assert_eq!(number(&mut rest), expected);
            if expected.is_some() {
                prop_assert_eq!(rest, &bytes.as_bytes()[text.len()..]);
            }
        }

        #[test]
        fn texts_end_at_the_first_byte_that_is_not_plain(
            plain in "[ !#-\\[\\]-~]{0,30}",
            end in any::<u8>(),
            tail in proptest::collection::vec(any::<u8>(), 0..12),
        ) {
            let bytes = [plain.as_bytes(), &[end], &tail].concat();
            let mut rest = &bytes[..];
            match end {
                b'"' => {
                    prop_assert_eq!(text(&mut rest), Some(plain.as_bytes()));
                    prop_assert_eq!(rest, &tail[..]);
                }
                b' '..=b'~' if end != b'\\' => {}
                _ => prop_assert_eq!(text(&mut rest), None),
            }
        }
    }
}

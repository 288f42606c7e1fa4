//! Numbers and names to text, without allocation.

use phoenix_domain::{ClientId, Decimal, Instrument, Price, Qty};

/// What was written byte by byte from ASCII and checked names.
pub(crate) fn as_text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("encoders write utf-8 only")
}

/// `00` to `99`: two digits a step halve the divisions.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

#[inline]
pub(crate) fn write_u64(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    while number >= 10 {
        start -= 2;
        digits[start..start + 2].copy_from_slice(&PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    if number > 0 || start == digits.len() {
        start -= 1;
        // What is left is one digit.
        digits[start] = b'0' + number as u8;
    }
    out.extend_from_slice(&digits[start..]);
}

pub(crate) fn write_price(instrument: &Instrument, price: Price, out: &mut Vec<u8>) {
    write_decimal(
        instrument.price_decimal(price),
        instrument.price_places(),
        out,
    );
}

pub(crate) fn write_qty(instrument: &Instrument, qty: Qty, out: &mut Vec<u8>) {
    write_decimal(instrument.qty_decimal(qty), instrument.qty_places(), out);
}

pub(crate) fn write_client_id(id: ClientId, out: &mut Vec<u8>) {
    let mut text = [0; ClientId::TEXT_MAX];
    let len = id.write(&mut text);
    out.extend_from_slice(&text[..len]);
}

/// Everything but `A-Z a-z 0-9 - _ . ~` as `%XX`.
pub(crate) fn percent_encode(text: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte),
            _ => {
                let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
                out.extend_from_slice(&[b'%', DIGITS[high], DIGITS[low]]);
            }
        }
    }
}

/// Writes `decimal` with exactly `places` decimals, which the grid it comes
/// from makes exact.
fn write_decimal(decimal: Decimal, places: u8, out: &mut Vec<u8>) {
    if decimal.0 < 0 {
        out.push(b'-');
    }
    let magnitude = decimal.0.unsigned_abs();
    write_u64(magnitude / 100_000_000, out);
    if places == 0 {
        return;
    }
    out.push(b'.');
    let mut fraction = magnitude % 100_000_000;
    let mut digits = [0; 8];
    for pair in digits.chunks_exact_mut(2).rev() {
        pair.copy_from_slice(&PAIRS[(fraction % 100) as usize]);
        fraction /= 100;
    }
    out.extend_from_slice(&digits[..usize::from(places.min(8))]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        as_text(&out).to_owned()
    }

    #[test]
    fn reserved_characters_are_escaped() {
        assert_eq!(
            written(|out| percent_encode(b"[{\"a\":1}]~", out)),
            "%5B%7B%22a%22%3A1%7D%5D~"
        );
        assert_eq!(
            written(|out| percent_encode("币".as_bytes(), out)),
            "%E5%B8%81"
        );
    }

    proptest! {
        #[test]
        fn decimals_print_like_the_domain_s(units in any::<i64>(), places in 0_u8..=8) {
            let grain = 10_i64.pow(8 - u32::from(places));
            let decimal = Decimal(units / grain * grain);
            let expected = format!("{decimal:.0$}", usize::from(places));
            prop_assert_eq!(written(|out| write_decimal(decimal, places, out)), expected);
        }

        #[test]
        fn integers_print_like_the_library_s(number in any::<u64>()) {
            prop_assert_eq!(written(|out| write_u64(number, out)), number.to_string());
        }
    }
}

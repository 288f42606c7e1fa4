//! Market frames: no panic, and whatever the fast reader answers the general
//! one answers too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_binance::wire::market::MarketDecoder;

fuzz_target!(|bytes: &[u8]| {
    let table = phoenix_fuzz::table();
    let (mut either, mut general) = (MarketDecoder::new(), MarketDecoder::new());
    let answer = either.decode(&table, bytes).map_err(drop);
    let expected = general.decode_general(&table, bytes).map_err(drop);
    assert_eq!(answer, expected);
});

//! User-stream frames.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_binance::wire::account::AccountDecoder;
use phoenix_domain::MonoNs;

fuzz_target!(|bytes: &[u8]| {
    let table = phoenix_fuzz::table();
    let _ = AccountDecoder::new().decode(&table, MonoNs(0), bytes);
});

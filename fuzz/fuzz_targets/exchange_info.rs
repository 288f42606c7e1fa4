//! exchangeInfo: what it yields either becomes an instrument or says why not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_binance::wire::metadata;
use phoenix_domain::{Instrument, SymbolId};

fuzz_target!(|bytes: &[u8]| {
    let _ = metadata::order_limits(bytes);
    if let Ok(info) = metadata::exchange_info(bytes) {
        for spec in info.instruments {
            let _ = Instrument::new(SymbolId(0), spec);
        }
    }
});

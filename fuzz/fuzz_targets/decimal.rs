//! Numbers and client ids: what reads, prints back to what reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_domain::{ClientId, Decimal, SymbolId};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(decimal) = Decimal::parse(bytes) {
        assert_eq!(Decimal::parse(decimal.to_string().as_bytes()), Ok(decimal));
    }
    if let Some(id) = ClientId::parse(bytes) {
        assert_eq!(id.to_string().as_bytes(), bytes);
    }
    let table = phoenix_fuzz::table();
    for id in 0..3 {
        let instrument = table.instrument(SymbolId(id));
        let _ = instrument.parse_price(bytes);
        let _ = instrument.parse_qty(bytes);
    }
});

//! Answers to depth queries.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_binance::wire::market::MarketDecoder;
use phoenix_domain::SymbolId;

fuzz_target!(|bytes: &[u8]| {
    let table = phoenix_fuzz::table();
    let mut decoder = MarketDecoder::new();
    for id in 0..3 {
        if let Ok(snapshot) = decoder.snapshot(&table, SymbolId(id), bytes) {
            let sides = snapshot.bids.iter().chain(snapshot.asks);
            assert!(
                sides
                    .into_iter()
                    .all(|level| level.price.0 > 0 && level.qty.0 >= 0)
            );
        }
    }
});

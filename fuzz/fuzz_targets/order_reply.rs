//! Replies about orders and executions, and what an error in them means.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_binance::outcome::{Answer, banned_until, judge};
use phoenix_binance::wire::reply;
use phoenix_domain::Origin;

fuzz_target!(|bytes: &[u8]| {
    let table = phoenix_fuzz::table();
    let _ = reply::order(bytes, &table, Origin::Reply);
    let _ = reply::orders(bytes, &table, &mut Vec::new());
    let _ = reply::batch(bytes, &table);
    let _ = reply::trades(bytes, &table, &mut Vec::new());
    let _ = reply::websocket(bytes);
    if let Some(error) = reply::error(bytes) {
        let _ = banned_until(&error.message);
        for status in [200, 400, 503] {
            let answer = Answer {
                status,
                code: Some(error.code),
                message: &error.message,
            };
            let outcome = judge(&answer).outcome(Some(error.code), 0);
            assert!(outcome.is_some(), "an error is no success");
        }
    }
});

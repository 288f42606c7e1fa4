//! Replies about the account.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_binance::wire::ledger;
use phoenix_domain::{MonoNs, Origin};

fuzz_target!(|bytes: &[u8]| {
    let table = phoenix_fuzz::table();
    let _ = ledger::positions(bytes, &table, Origin::Query, MonoNs(0));
    let _ = ledger::balances(bytes, &table);
    let _ = ledger::account_config(bytes);
    let _ = ledger::symbol_config(bytes, &table);
    let _ = ledger::commission_rate(bytes);
    let _ = ledger::brackets(bytes, "ETHUSDC");
    let _ = ledger::premiums(bytes, &table);
    let _ = ledger::server_time(bytes);
    let _ = ledger::listen_key(bytes);
});

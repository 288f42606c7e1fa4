//! An owner's file: any text is either a configuration or a list of problems.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = phoenix_config::check(text, &|_| None);
});

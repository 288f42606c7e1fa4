//! The simulated exchange's REST side: lines of requests, correctly signed, to
//! an exchange that lives through all of them. Each gets one reply.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_fuzz::exchange::{START_MS, front, request};
use phoenix_venue::exchange::VenueNs;
use phoenix_venue::front::Outgoing;

fuzz_target!(|text: &str| {
    let mut front = front();
    let start = VenueNs::from_ms(START_MS);
    let mut asked = 0;
    for request in text.lines().filter_map(request).take(20) {
        front.http(start, request);
        asked += 1;
    }
    let mut out = Vec::new();
    front.poll(start.plus_ms(1_000), &mut out);
    let replies = out
        .iter()
        .filter(|sent| matches!(sent, Outgoing::Reply { .. }));
    assert_eq!(replies.count(), asked);
});

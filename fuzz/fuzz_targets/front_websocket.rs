//! The simulated exchange's WebSocket sides: the first line is the URL, each
//! further one a text frame.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_fuzz::exchange::{PEER, START_MS, front};
use phoenix_venue::exchange::VenueNs;

fuzz_target!(|text: &str| {
    let mut front = front();
    let mut now = VenueNs::from_ms(START_MS);
    let mut lines = text.lines();
    let url = lines.next().unwrap_or_default();
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let Ok(conn) = front.ws_open(now, path, query, PEER) else {
        return;
    };
    let mut out = Vec::new();
    for frame in lines.take(20) {
        front.ws_text(now, conn, frame.as_bytes());
        now = now.plus_ms(101);
        front.poll(now, &mut out);
    }
    front.ws_closed(conn);
    front.poll(now.plus_ms(1_000), &mut out);
});

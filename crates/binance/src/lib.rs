//! The only place that knows how Binance spells things.
//!
//! Pure: bytes in, domain values out, and back. No sockets, no clock, no
//! threads; time is always a parameter. What may become of a request is
//! decided by one table ([`outcome`]), continuity of a book by one machine
//! ([`depth_sync`]), the request budget by another ([`limits`]).
//!
//! Deliberately not here: connecting, retrying, deciding what to quote.
#![forbid(unsafe_code)]

pub mod symbols;
pub mod wire;

pub mod sign;

pub mod depth_sync;

pub mod outcome;

pub mod limits;

#[cfg(feature = "client")]
pub mod client;

//! The wire format: bytes to domain values and back.
//!
//! Decoders take arbitrary bytes and answer with a value or a typed error,
//! never a panic; unknown fields and unknown enum values are tolerated.

mod params;
mod spelling;
mod text;

pub mod json;

pub mod account;
pub mod market;

pub mod call;
pub mod request;

pub mod ledger;
pub mod metadata;
pub mod reply;

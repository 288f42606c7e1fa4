//! The simulated exchange: a matching engine with accounts behind Binance's
//! own wire protocol.

pub mod exchange;
pub mod flow;
pub mod front;
pub mod recording;
pub mod serve;
pub mod spec;

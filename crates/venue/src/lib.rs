//! The simulated exchange: a matching engine with accounts behind Binance's
//! own wire protocol.

pub mod exchange;
pub mod matching;
pub mod spec;

mod account;
mod queue;

pub mod flow;
pub mod recording;

pub mod front;
pub mod serve;

//! The live maker against the simulated exchange, over real sockets.
//!
//! Everything is asserted on the exchange's own record or on the maker's
//! books, never on log text.

mod rig;

mod recording;
mod sessions;
mod trading;

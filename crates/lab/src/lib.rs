//! Where the maker meets the simulated exchange: without sockets and in
//! virtual time.
//!
//! Deliberately not here: anything either side would do differently because
//! the other is simulated. Both see bytes.

pub mod link;

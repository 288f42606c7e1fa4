//! The protocol without sockets: requests and frames in, replies and frames
//! out, at chosen instants. Expectations are the exchange's documented and
//! captured behaviour.

mod rig;

mod accounts;
mod bad_input;
mod books;
mod entry;
mod replay;
mod sessions;

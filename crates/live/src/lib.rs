//! The live maker: the engine between real sockets and a real clock.
//!
//! One driver thread owns the desk, reads every stream itself, decides and
//! writes orders without handing anything to another thread. Whatever is slow
//! (REST, connecting, listen keys, logging) runs beside it and comes in
//! through a bounded inbox.
#![forbid(unsafe_code)]

mod clock;
mod endpoints;
pub mod keys;
mod settings;

mod notes;

mod lane;
mod wire;

mod gateway;

pub use clock::Clock;
pub use endpoints::Endpoints;
pub use gateway::{ConnNo, Counts, Gateway, GatewaySpec, Post, Topic, Wants};
pub use lane::{LaneEnd, LaneKind, LaneLimits};
pub use notes::{Line, Renderer, Said, Statement};
pub use settings::{Fees, desk_settings, symbol_settings};

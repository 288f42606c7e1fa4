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

mod driver;
mod errands;

mod recorder;
mod run;
mod start;
mod status;
mod summary;

pub use clock::Clock;
pub use endpoints::Endpoints;
pub use gateway::{ConnNo, Counts, Gateway, GatewaySpec, Post, Topic, Wants};
pub use lane::{LaneEnd, LaneKind, LaneLimits};
pub use notes::{Line, Renderer, Said, Statement};
pub use recorder::{RecordError, RecordSpec, RecordSummary, Rotation, record};
pub use run::{RunError, Setup, Timings, run};
pub use settings::{desk_settings, symbol_settings};
pub use status::{
    BudgetStatus, LaneStatus, MakerStatus, Quantiles, Status, StatusFeed, StatusPublisher,
};
pub use summary::{Summary, WalletCheck, booked};

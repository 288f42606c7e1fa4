//! The market maker as a pure function of its inputs.
//!
//! [`Desk::step`] takes one [`phoenix_domain::Event`] and an instant and fills
//! an [`Output`] with commands and notes. No clock, no IO, no threads, no
//! random numbers: live trading, backtest and replay run these same bytes.
//! Floats exist only in fair price, volatility and skew.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod book;
mod cancel_rate;
mod ledger;
mod markouts;
mod orders;
mod reconcile;

mod desk;
mod digest;
mod fair;
mod flatten;
mod freshness;
mod grinding;
mod maker;
mod mode;
mod output;
mod quoter;
mod requote;
mod risk;
mod settings;
mod terms;
mod turn;
mod view;
mod volatility;
mod wallet;

pub use desk::Desk;
pub use mode::Mode;
pub use output::Output;
pub use settings::{
    DeskSettings, FlattenSettings, GrindingSettings, LAYERS_MAX, PinningSettings, SymbolSettings,
};
pub use view::{MakerView, MarkoutView, OrderView};

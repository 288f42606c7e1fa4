//! What every room of Phoenix talks in: prices, quantities, orders, and the
//! closed sets of things that can happen ([`Event`]), be asked for
//! ([`Command`]) and be said ([`Note`]).
//!
//! Pure: no clock, no IO, no threads, no floats for money. Nothing here knows
//! how a venue spells anything.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod decimal;
mod price;
mod time;

mod instrument;
mod order;
mod position;

mod command;
mod event;
mod note;

pub use command::{Command, NewOrder};
pub use decimal::{Decimal, DecimalError};
pub use event::{
    AccountSnapshot, Balance, BookLoss, Event, Fill, Level, OpenOrders, OperatorOrder, OrderReport,
    Origin, PauseReason, PositionReport, StreamKind,
};
pub use instrument::{FilterBreach, Instrument, InstrumentError, InstrumentSpec, SymbolId};
pub use note::{Note, NoteKind, Severity};
pub use order::{
    ClientId, Doubt, OrderStatus, Outcome, Refusal, RefusalReason, Request, RunId, Side,
    TimeInForce,
};
pub use position::Position;
pub use price::{Cash, Price, Qty, Rate};
pub use time::{At, MonoNs, VenueMs, WallMs};

//! An owner's YAML file, checked: every mistake reported at once, each with its
//! key, value, allowed range and line; then one [`Config`] in which every value
//! is known to be legal.
//!
//! The keys stand in one table ([`keys`]); reading, suggestions, defaults,
//! `phoenix config show` and the reference in `docs/config.md` all come from it.
//! Nothing here opens a socket or reads a key: checks against an exchange take
//! what the exchange said as an argument ([`check_against`]).
#![forbid(unsafe_code)]

mod lang;
mod settings;

mod keys;
mod tree;
mod value;

mod check;
mod exchange;
mod rules;

mod problem;
mod reference;
mod show;

pub use check::{Checked, check};
pub use exchange::{SymbolMarket, check_against};
pub use lang::Lang;
pub use problem::{Fault, Problem, Severity};
pub use reference::reference;
pub use settings::{Config, LogLevel, OrderEntry, SymbolConfig, Venue};
pub use show::show;
pub use value::Origin;

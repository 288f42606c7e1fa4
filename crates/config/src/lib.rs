//! An owner's YAML file, checked: every mistake reported at once, each with its
//! key, value, allowed range and line; then one [`Config`] in which every value
//! is known to be legal.
#![forbid(unsafe_code)]

mod lang;
mod settings;

pub use lang::Lang;
pub use settings::{Config, LogLevel, OrderEntry, SymbolConfig, Venue};

//! The engine's behaviour as tapes: events in, a transcript of commands and
//! notes out. One runner, [`reel::check_tape`], for all of them.

mod desk_settings;
mod reel;

mod limits;
mod quoting;
mod safety;
mod unwinding;

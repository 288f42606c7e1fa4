//! Why the program ends, as a sysexits code and one sentence that says what to
//! do next.

use std::fmt::Display;
use std::process::ExitCode;

/// An end that is no success.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) text: String,
}

/// The codes of sysexits.h that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// The command line is wrong.
    Usage = 64,
    /// A file's content is wrong.
    Data = 65,
    /// A file is missing or unreadable.
    NoInput = 66,
    /// What was promised does not hold: an order rests, an account differs.
    Broken = 70,
    /// The machine did not do it.
    Os = 71,
    /// The exchange cannot be reached; trying again may help.
    Unavailable = 75,
    /// Keys are missing or refused.
    Permission = 77,
    /// The config is wrong.
    Config = 78,
}

pub(crate) type Ended = Result<(), Failure>;

impl Failure {
    pub(crate) fn new(code: Code, text: impl Display) -> Self {
        let text = text.to_string();
        Self { code, text }
    }
}

impl Code {
    pub(crate) fn exit(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

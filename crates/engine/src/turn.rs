//! What one step lends to a maker: the instant, the desk's numbers, and where
//! to put commands and notes.

use phoenix_domain::{At, Cash, ClientId, RunId};

use crate::output::Output;
use crate::settings::DeskSettings;

/// The names of the run's orders: counted up over all symbols, never reused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    pub(crate) run: RunId,
    last: u32,
}

impl Ids {
    pub(crate) fn new(run: RunId) -> Self {
        Self { run, last: 0 }
    }

    pub(crate) fn next(&mut self) -> ClientId {
        // Four billion orders are decades at any rate the exchange allows.
        self.last = self.last.checked_add(1).expect("order names of a run");
        ClientId {
            run: self.run,
            seq: self.last,
        }
    }

    pub(crate) fn last(self) -> u32 {
        self.last
    }
}

/// One maker's share of one step.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub(crate) at: At,
    pub(crate) settings: &'a DeskSettings,
    pub(crate) ids: &'a mut Ids,
    /// Notional the other symbols leave to this one.
    pub(crate) room: Cash,
    /// Equity of the account in the symbol's quote asset.
    pub(crate) equity: Cash,
    pub(crate) out: &'a mut Output,
}

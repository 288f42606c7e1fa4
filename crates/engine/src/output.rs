//! What one step asks for and says.

use alloc::vec::Vec;

use phoenix_domain::{Command, Note, NoteKind, SymbolId};

/// Commands and notes of one step. The caller clears and reuses it, so that
/// a step allocates nothing once the buffers have grown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// To be carried out in this order.
    pub commands: Vec<Command>,
    /// To be logged, counted and, if severe, alerted.
    pub notes: Vec<Note>,
}

impl Output {
    /// Buffers that fit the busiest step of a few symbols.
    #[must_use]
    pub fn new() -> Self {
        Self {
            commands: Vec::with_capacity(1_024),
            notes: Vec::with_capacity(4_096),
        }
    }

    /// Forgets the last step's content and keeps the room.
    pub fn clear(&mut self) {
        self.commands.clear();
        self.notes.clear();
    }

    pub(crate) fn command(&mut self, command: Command) {
        self.commands.push(command);
    }

    pub(crate) fn note(&mut self, symbol: SymbolId, kind: NoteKind) {
        self.notes.push(Note {
            symbol: Some(symbol),
            kind,
        });
    }

    pub(crate) fn desk_note(&mut self, kind: NoteKind) {
        self.notes.push(Note { symbol: None, kind });
    }
}

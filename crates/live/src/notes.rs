//! Statements become log lines: one catalogue, two languages.
//!
//! A line is a constant phrase and fields `key=value`. The keys are English in
//! both languages, so that a search finds them whatever the language is. What
//! the engine says ([`phoenix_domain::Note`]) and what the driver says
//! ([`Said`]) are rendered here and nowhere else.

mod engine;
mod said;

use phoenix_config::Lang;
use phoenix_domain::{Instrument, Note, Severity, SymbolId};

pub use said::Said;

/// A phrase in both languages, with how much attention it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Phrase {
    pub(crate) severity: Severity,
    pub(crate) zh: &'static str,
    pub(crate) en: &'static str,
}

/// One rendered statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, milliseconds since the Unix epoch by the host's clock.
    pub wall_ms: i64,
    /// How much attention it needs.
    pub severity: Severity,
    /// The phrase and its fields.
    pub text: String,
}

/// Anything that is said while trading.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// By the engine.
    Note(Note),
    /// By the driver.
    Said(Said),
}

/// Renders statements in one language.
#[derive(Clone, Debug)]
pub struct Renderer {
    lang: Lang,
    instruments: Vec<Instrument>,
}

impl Renderer {
    /// A renderer that knows the symbols of a run by their ids.
    #[must_use]
    pub fn new(lang: Lang, instruments: Vec<Instrument>) -> Self {
        Self { lang, instruments }
    }

    /// The line of one statement.
    #[must_use]
    pub fn line(&self, statement: &Statement) -> Line {
        let mut fields = Fields::default();
        let phrase = match statement {
            Statement::Note(note) => {
                let instrument = note.symbol.and_then(|id| self.instrument(id));
                if let Some(instrument) = instrument {
                    fields.add("symbol", instrument.symbol());
                }
                engine::fields(&note.kind, instrument, &mut fields);
                engine::phrase(&note.kind)
            }
            Statement::Said(said) => {
                if let Some(instrument) = said.symbol().and_then(|id| self.instrument(id)) {
                    fields.add("symbol", instrument.symbol());
                }
                said.fields(&mut fields);
                said.phrase()
            }
        };
        Line {
            wall_ms: crate::clock::wall_ms(),
            severity: phrase.severity,
            text: format!("{}{}", self.lang.pick(phrase.en, phrase.zh), fields.text),
        }
    }

    fn instrument(&self, id: SymbolId) -> Option<&Instrument> {
        self.instruments.get(usize::from(id.0))
    }
}

/// Writes a line to the log.
pub(crate) fn log(line: &Line) {
    match line.severity {
        Severity::Debug => tracing::debug!("{}", line.text),
        Severity::Info => tracing::info!("{}", line.text),
        Severity::Warn => tracing::warn!("{}", line.text),
        Severity::Error => tracing::error!("{}", line.text),
    }
}

/// Fields of a line, in order.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    text: String,
}

impl Fields {
    pub(crate) fn add(&mut self, key: &str, value: impl std::fmt::Display) -> &mut Self {
        use std::fmt::Write;
        let written = write!(self.text, " {key}={value}");
        debug_assert!(written.is_ok(), "a string takes everything");
        self
    }
}

#[cfg(test)]
mod tests;

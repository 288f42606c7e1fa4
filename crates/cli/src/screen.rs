//! The status screen: what the desk does, refreshed in place; or plain lines
//! where there is no terminal.
//!
//! Drawing never touches the desk: it gets a [`Scene`], a copy of everything
//! that is shown. The terminal is given back on every way out, panics included.

mod draw;
mod scene;
mod watcher;

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
use phoenix_config::Lang;
use phoenix_domain::Severity;
use ratatui::DefaultTerminal;

use scene::{Said, Scene};
pub(crate) use watcher::Watcher;

/// Where the status goes.
pub(crate) enum Screen {
    /// A terminal, redrawn in place.
    Full(DefaultTerminal),
    /// Lines, for files and pipes.
    Plain {
        /// When the last status block was printed.
        printed: Option<Instant>,
        /// Notes printed so far, by their number.
        notes_seen: u64,
    },
}

/// Plain lines come this far apart.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

impl Screen {
    /// Takes the terminal if there is one and `plain` is not wanted.
    pub(crate) fn open(plain: bool) -> Self {
        let terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        if !plain && terminal && !dumb {
            // Restores the terminal from a panic hook as well.
            if let Ok(terminal) = ratatui::try_init() {
                return Self::Full(terminal);
            }
        }
        Self::Plain {
            printed: None,
            notes_seen: 0,
        }
    }

    /// Shows the scene; a failure to write is no reason to stop trading.
    pub(crate) fn show(&mut self, scene: &Scene, lang: Lang) {
        match self {
            Self::Full(terminal) => {
                let _ = terminal.draw(|frame| draw::draw(frame, scene, lang));
            }
            Self::Plain {
                printed,
                notes_seen,
            } => {
                let mut out = std::io::stdout().lock();
                // Every order is a note; the log file has them all.
                let urgent = |said: &&Said| said.severity >= Severity::Warn;
                for said in scene.notes_after(*notes_seen).iter().filter(urgent) {
                    let _ = writeln!(out, "{}", said.line());
                }
                *notes_seen = scene.notes_total;
                let known = !scene.rows.is_empty();
                if known && printed.is_none_or(|at| at.elapsed() >= PLAIN_EVERY) {
                    *printed = Some(Instant::now());
                    for row in &scene.rows {
                        let _ = writeln!(out, "{}", row.line(lang));
                    }
                    let _ = writeln!(out, "{}", scene.footer);
                }
                let _ = out.flush();
            }
        }
    }

    /// Whether a key asked to stop since the last look. In raw mode Ctrl-C is
    /// a key and no signal.
    pub(crate) fn stop_asked(&self) -> bool {
        let Self::Full(_) = self else { return false };
        while crossterm::event::poll(Duration::ZERO).unwrap_or(false) {
            if let Ok(Event::Key(key)) = crossterm::event::read() {
                let control = key.modifiers.contains(KeyModifiers::CONTROL);
                let stop = matches!(
                    (key.code, control),
                    (KeyCode::Char('c'), true) | (KeyCode::Char('q'), false)
                );
                if stop && key.kind == KeyEventKind::Press {
                    return true;
                }
            }
        }
        false
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Self::Full(_) = self {
            ratatui::restore();
        }
    }
}

//! Recorded feeds: `<local ns> <the venue's JSON>` lines, plain, gzip or zstd.
//!
//! Several files are merged by local time, so that parts of one feed follow
//! each other and feeds of several symbols run side by side. Nothing in a file
//! is fatal once it is open: a line that is no frame, a cut last line, a
//! compressed stream that ends early are counted and passed over.

mod frame;
mod lines;
mod replay;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use frame::{Content, Frame};
use lines::{Line, Lines};

pub(crate) use replay::{Due, Replay};

/// Frames looked at ahead of time: for the symbols a file holds, and for the
/// snapshot that starts its book.
const LOOK_AHEAD: usize = 2_000;

/// A set of recording files, read in the order of their local time.
#[derive(Debug)]
pub struct Recording {
    tapes: Vec<Tape>,
    symbols: Vec<String>,
}

/// What was passed over so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Lines that are no `<ns> <json>` frame, or longer than any frame.
    pub broken: u64,
    /// Frames of kinds, streams or symbols that are not replayed.
    pub foreign: u64,
    /// Files that ended in the middle of a line or a compressed block.
    pub truncated: u64,
    /// Depth frames that did not follow the one before.
    pub gaps: u64,
    /// Prices or quantities off the symbol's grid.
    pub off_grid: u64,
}

/// Why a recording cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file system's own words.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        error: std::io::Error,
    },
    /// A file without a single frame that names a symbol.
    #[error("{path}: none of the first {LOOK_AHEAD} lines is a `<ns> <json>` market frame")]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// No file was named.
    #[error("no recording file given")]
    NoFile,
}

impl Recording {
    /// Opens the files and looks for their symbols.
    ///
    /// # Errors
    /// A file that cannot be read at all, or holds no frame.
    pub fn open(files: &[PathBuf]) -> Result<Self, RecordingError> {
        if files.is_empty() {
            return Err(RecordingError::NoFile);
        }
        let mut recording = Self {
            tapes: Vec::new(),
            symbols: Vec::new(),
        };
        for path in files {
            let tape = Tape::open(path)?;
            for symbol in &tape.symbols {
                if !recording.symbols.contains(symbol) {
                    recording.symbols.push(symbol.clone());
                }
            }
            recording.tapes.push(tape);
        }
        Ok(recording)
    }

    /// Upper-case symbols in the order in which they appear.
    #[must_use]
    pub fn symbols(&self) -> &[String] {
        &self.symbols
    }

    /// Local time of the next frame.
    fn next_ns(&self) -> Option<u64> {
        self.tapes.iter().filter_map(Tape::next_ns).min()
    }

    /// The next frame of all files; among equals that of the file named first.
    fn next(&mut self, skipped: &mut Skipped) -> Option<Frame> {
        let times = self.tapes.iter().enumerate();
        let timed = times.filter_map(|(index, tape)| tape.next_ns().map(|ns| (ns, index)));
        let (_, index) = timed.min()?;
        self.tapes[index].next(skipped)
    }
}

/// One file, with its next frames read ahead.
#[derive(Debug)]
struct Tape {
    lines: Lines,
    ahead: VecDeque<Frame>,
    symbols: Vec<String>,
    counted: Skipped,
    newest_ns: u64,
}

impl Tape {
    fn open(path: &Path) -> Result<Self, RecordingError> {
        let lines = Lines::open(path).map_err(|error| RecordingError::Io {
            path: path.to_owned(),
            error,
        })?;
        let mut tape = Self {
            lines,
            ahead: VecDeque::new(),
            symbols: Vec::new(),
            counted: Skipped::default(),
            newest_ns: 0,
        };
        let mut snapshot = None;
        while tape.ahead.len() < LOOK_AHEAD && (snapshot.is_none() || tape.symbols.is_empty()) {
            if !tape.read_one() {
                break;
            }
            let newest = tape.ahead.len().checked_sub(1);
            let is_snapshot = |frame: &Frame| matches!(frame.content, Content::Snapshot(_));
            if snapshot.is_none() && tape.ahead.back().is_some_and(is_snapshot) {
                snapshot = newest;
            }
        }
        if tape.symbols.is_empty() {
            return Err(RecordingError::Empty {
                path: path.to_owned(),
            });
        }
        if let Some(at) = snapshot {
            tape.start_with(at);
        }
        Ok(tape)
    }

    /// Moves the first snapshot to the front, so that the book starts with it.
    /// Its symbol is that of the streams around it: it does not name one.
    fn start_with(&mut self, at: usize) {
        let Some(mut snapshot) = self.ahead.remove(at) else {
            return;
        };
        if snapshot.symbol.is_empty() {
            snapshot.symbol = self.symbols.first().cloned().unwrap_or_default();
        }
        if let Some(first) = self.ahead.front() {
            snapshot.local_ns = first.local_ns.min(snapshot.local_ns);
        }
        self.ahead.push_front(snapshot);
    }

    fn next_ns(&self) -> Option<u64> {
        self.ahead.front().map(|frame| frame.local_ns)
    }

    fn next(&mut self, skipped: &mut Skipped) -> Option<Frame> {
        let frame = self.ahead.pop_front();
        if self.ahead.is_empty() {
            while self.ahead.is_empty() && self.read_one() {}
        }
        skipped.add(std::mem::take(&mut self.counted));
        frame
    }

    /// Reads one line; false at the end of the file.
    fn read_one(&mut self) -> bool {
        match self.lines.next() {
            Line::Whole(line) => match Frame::read(line) {
                Ok(Some(mut frame)) => {
                    // Local time that runs backward within a file is held.
                    self.newest_ns = self.newest_ns.max(frame.local_ns);
                    frame.local_ns = self.newest_ns;
                    self.name(&mut frame);
                    self.ahead.push_back(frame);
                }
                Ok(None) => self.counted.foreign += 1,
                Err(_) => self.counted.broken += 1,
            },
            Line::TooLong => self.counted.broken += 1,
            Line::Cut => self.counted.truncated += 1,
            Line::End => return false,
        }
        true
    }

    fn name(&mut self, frame: &mut Frame) {
        if frame.symbol.is_empty() {
            if let [only] = self.symbols.as_slice() {
                frame.symbol.clone_from(only);
            }
        } else if !self.symbols.contains(&frame.symbol) {
            self.symbols.push(frame.symbol.clone());
        }
    }
}

impl Skipped {
    fn add(&mut self, other: Self) {
        self.broken += other.broken;
        self.foreign += other.foreign;
        self.truncated += other.truncated;
        self.gaps += other.gaps;
        self.off_grid += other.off_grid;
    }
}

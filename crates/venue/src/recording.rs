//! Recorded feeds: `<local ns> <the venue's JSON>` lines, plain, gzip or zstd.

use std::path::PathBuf;

/// A set of recording files, read in the order of their local time.
#[derive(Debug)]
pub struct Recording {}

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
}

#[allow(missing_docs, unused_variables)]
impl Recording {
    pub fn open(files: &[PathBuf]) -> Result<Self, RecordingError> {
        unimplemented!()
    }
    /// Upper-case names in order of appearance.
    pub fn symbols(&self) -> &[String] {
        unimplemented!()
    }
}

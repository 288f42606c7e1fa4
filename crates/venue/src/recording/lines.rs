//! Lines of a file that may be compressed, may be cut short anywhere, and may
//! hold anything.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

/// Longer than any frame: a snapshot of 1000 levels a side has 60 kB.
const LINE_MAX: usize = 4 << 20;

/// The next line of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Without its end.
    Whole(&'a [u8]),
    /// Passed over.
    TooLong,
    /// The file ends in the middle of one; what there was of it is not a line.
    Cut,
    /// Nothing more.
    End,
}

pub(super) struct Lines {
    reader: Box<dyn BufRead + Send>,
    line: Vec<u8>,
    ended: bool,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Lines {
    /// Opens a file; its first bytes tell how it is compressed.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut magic = Vec::new();
        Read::by_ref(&mut file).take(4).read_to_end(&mut magic)?;
        file.rewind()?;
        Ok(Self::over(match magic.as_slice() {
            [0x1f, 0x8b, ..] => {
                let plain = flate2::read::MultiGzDecoder::new(file);
                Box::new(BufReader::with_capacity(1 << 16, plain))
            }
            [0x28, 0xb5, 0x2f, 0xfd] => {
                let plain = zstd::stream::read::Decoder::new(file)?;
                Box::new(BufReader::with_capacity(1 << 16, plain))
            }
            _ => Box::new(BufReader::with_capacity(1 << 16, file)),
        }))
    }

    pub(super) fn over(reader: Box<dyn BufRead + Send>) -> Self {
        Self {
            reader,
            line: Vec::new(),
            ended: false,
        }
    }

    pub(super) fn next(&mut self) -> Line<'_> {
        if self.ended {
            return Line::End;
        }
        self.line.clear();
        let mut too_long = false;
        loop {
            // A broken compressed block ends the file where it breaks.
            let Ok(chunk) = self.reader.fill_buf() else {
                return self.cut();
            };
            if chunk.is_empty() {
                return self.cut();
            }
            let end = chunk.iter().position(|&byte| byte == b'\n');
            let taken = end.unwrap_or(chunk.len());
            too_long |= self.line.len() + taken > LINE_MAX;
            if !too_long {
                self.line.extend_from_slice(&chunk[..taken]);
            }
            self.reader.consume(end.map_or(taken, |end| end + 1));
            if end.is_some() {
                break;
            }
        }
        if too_long {
            Line::TooLong
        } else {
            Line::Whole(&self.line)
        }
    }

    /// The end of the file: clean after a line's end or after a last line
    /// that closes its JSON.
    fn cut(&mut self) -> Line<'_> {
        self.ended = true;
        match self.line.as_slice() {
            [] => Line::End,
            [.., b'}'] => Line::Whole(&self.line),
            _ => Line::Cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn all(bytes: &[u8]) -> Vec<String> {
        let mut lines = Lines::over(Box::new(Cursor::new(bytes.to_vec())));
        let mut seen = Vec::new();
        loop {
            match lines.next() {
                Line::End => return seen,
                line => seen.push(match line {
                    Line::Whole(line) => String::from_utf8_lossy(line).into_owned(),
                    other => format!("{other:?}"),
                }),
            }
        }
    }

    #[test]
    fn the_last_line_counts_only_if_it_is_whole() {
        assert_eq!(all(b"1 {}\n2 {}\n"), ["1 {}", "2 {}"]);
        assert_eq!(all(b"1 {}\n2 {}"), ["1 {}", "2 {}"]);
        assert_eq!(all(b"1 {}\n2 {\"e\":"), ["1 {}", "Cut"]);
        assert_eq!(all(b""), Vec::<String>::new());
    }

    #[test]
    fn a_line_beyond_the_limit_is_passed_over() {
        let mut bytes = vec![b'x'; LINE_MAX + 1];
        bytes.extend_from_slice(b"\n1 {}\n");
        assert_eq!(all(&bytes), ["TooLong", "1 {}"]);
    }
}

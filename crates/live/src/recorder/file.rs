//! Recordings on disk: one file per symbol, zstd, rotated.
//!
//! Lines are compressed about once a second into a frame of their own and
//! appended in one write: a kill costs at most the last second, and what is
//! on disk decompresses without help. A file being written ends in `.part`
//! and gets its name when it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Lines wait for compression this long at most.
const FRAME_EVERY: Duration = Duration::from_secs(1);

/// Or until there are this many bytes of them.
const FRAME_BYTES: usize = 4 << 20;

/// Compression level: fast enough for every symbol of an exchange at once.
const LEVEL: i32 = 6;

/// Something to be written.
#[derive(Debug)]
pub(super) enum Item {
    /// A new file begins with this line, the snapshot.
    Start {
        track: usize,
        wall_ns: i64,
        json: Vec<u8>,
    },
    /// One more line.
    Line {
        track: usize,
        wall_ns: i64,
        json: Vec<u8>,
    },
}

/// When a file is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Compressed bytes.
    pub bytes: u64,
    /// Age.
    pub age: Duration,
}

/// What both ends know of one symbol's file.
#[derive(Debug, Default)]
pub(super) struct Track {
    /// The file is full: the next one is to be started.
    pub(super) full: AtomicBool,
    pub(super) lines: AtomicU64,
    pub(super) bytes: AtomicU64,
}

/// Writes items until their sender is gone, then completes every file.
pub(super) fn write_all(
    items: &Receiver<Item>,
    dir: &Path,
    names: &[String],
    rotation: Rotation,
    tracks: &Arc<Vec<Track>>,
) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(dir)?;
    let mut files: Vec<Option<Recording>> = names.iter().map(|_| None).collect();
    let mut done = Vec::new();
    loop {
        match items.recv_timeout(FRAME_EVERY / 4) {
            Ok(Item::Start {
                track,
                wall_ns,
                json,
            }) => {
                if let (Some(slot), Some(name)) = (files.get_mut(track), names.get(track)) {
                    if let Some(full) = slot.take() {
                        done.push(full.complete()?);
                    }
                    let mut file = Recording::create(dir, name, wall_ns)?;
                    file.line(wall_ns, &json);
                    *slot = Some(file);
                }
            }
            Ok(Item::Line {
                track,
                wall_ns,
                json,
            }) => {
                if let Some(Some(file)) = files.get_mut(track) {
                    file.line(wall_ns, &json);
                    if let Some(track) = tracks.get(track) {
                        track.lines.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        for (file, track) in files.iter_mut().zip(tracks.iter()) {
            let Some(file) = file else { continue };
            file.flush_if_due()?;
            track.bytes.store(file.written, Ordering::Relaxed);
            if file.is_full(rotation) {
                track.full.store(true, Ordering::Relaxed);
            }
        }
    }
    for file in files.into_iter().flatten() {
        done.push(file.complete()?);
    }
    Ok(done)
}

/// One file being written.
struct Recording {
    part: PathBuf,
    name: PathBuf,
    file: File,
    raw: Vec<u8>,
    flushed: Instant,
    opened: Instant,
    written: u64,
    full_said: bool,
}

impl Recording {
    fn create(dir: &Path, symbol: &str, wall_ns: i64) -> io::Result<Self> {
        let opened = Timestamp::from_nanosecond(i128::from(wall_ns)).unwrap_or_default();
        let stamp = opened.strftime("%Y%m%d_%H%M%S");
        let stem = format!("{symbol}_{stamp}");
        // A second file within one second gets a number, never overwrites.
        let free = (0..1_000).map(|number| {
            let number = if number == 0 {
                String::new()
            } else {
                format!("_{number}")
            };
            dir.join(format!("{stem}{number}.zst"))
        });
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for name in free {
            let part = name.with_extension("zst.part");
            if name.exists() {
                continue;
            }
            match OpenOptions::new().append(true).create_new(true).open(&part) {
                Ok(file) => {
                    return Ok(Self {
                        part,
                        name,
                        file,
                        raw: Vec::new(),
                        flushed: Instant::now(),
                        opened: Instant::now(),
                        written: 0,
                        full_said: false,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    fn line(&mut self, wall_ns: i64, json: &[u8]) {
        self.raw.extend_from_slice(wall_ns.to_string().as_bytes());
        self.raw.push(b' ');
        // A line break inside the JSON would end the line; it is only blank.
        self.raw.extend(json.iter().map(|&byte| match byte {
            b'\n' | b'\r' => b' ',
            byte => byte,
        }));
        self.raw.push(b'\n');
    }

    fn flush_if_due(&mut self) -> io::Result<()> {
        let due = self.flushed.elapsed() >= FRAME_EVERY || self.raw.len() >= FRAME_BYTES;
        if due { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed = Instant::now();
        if self.raw.is_empty() {
            return Ok(());
        }
        let frame = zstd::bulk::compress(&self.raw, LEVEL)?;
        self.file.write_all(&frame)?;
        self.written += frame.len() as u64;
        self.raw.clear();
        Ok(())
    }

    /// True once, when the file has become full.
    fn is_full(&mut self, rotation: Rotation) -> bool {
        let full = self.written >= rotation.bytes || self.opened.elapsed() >= rotation.age;
        full && !std::mem::replace(&mut self.full_said, full)
    }

    fn complete(mut self) -> io::Result<PathBuf> {
        self.flush()?;
        self.file.sync_all()?;
        fs::rename(&self.part, &self.name)?;
        Ok(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    fn dir(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("phoenix-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        dir
    }

    #[test]
    fn files_are_rotated_and_each_begins_with_its_snapshot() {
        let dir = dir("rotate");
        let (send, receive) = sync_channel(64);
        let tracks = Arc::new(vec![Track::default()]);
        let item = |wall_ns, json: &str| Item::Line {
            track: 0,
            wall_ns,
            json: json.into(),
        };
        let start = |wall_ns| Item::Start {
            track: 0,
            wall_ns,
            json: b"{\"lastUpdateId\":1,\n\"bids\":[]}".to_vec(),
        };
        let second_ns = 1_000_000_000;
        for item in [
            start(second_ns),
            item(second_ns + 1, "{\"a\":1}"),
            start(second_ns + 2),
        ] {
            send.send(item).expect("room");
        }
        drop(send);
        let rotation = Rotation {
            bytes: 1 << 30,
            age: Duration::from_secs(3_600),
        };
        let done = write_all(&receive, &dir, &["ethusdc".into()], rotation, &tracks);
        let done = done.expect("written");
        let names: Vec<_> = done.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(
            names,
            [
                "ethusdc_19700101_000001.zst",
                "ethusdc_19700101_000001_1.zst"
            ]
        );
        let first = fs::read(&done[0]).expect("readable");
        let text = zstd::decode_all(first.as_slice()).expect("zstd");
        let text = String::from_utf8(text).expect("text");
        assert_eq!(
            text,
            "1000000000 {\"lastUpdateId\":1, \"bids\":[]}\n1000000001 {\"a\":1}\n"
        );
        assert!(
            fs::read_dir(&dir).expect("dir").count() == 2,
            "no part is left"
        );
        fs::remove_dir_all(&dir).expect("removed");
    }

    #[test]
    fn what_is_on_disk_can_be_read_while_it_is_written() {
        let dir = dir("kill");
        fs::create_dir_all(&dir).expect("dir");
        let mut file = Recording::create(&dir, "btcusdt", 0).expect("created");
        for second in 0..3_i64 {
            file.line(second, b"{}");
            file.flush().expect("flushed");
        }
        file.line(9, b"{\"never\":\"flushed\"}");
        let on_disk = fs::read(&file.part).expect("readable");
        let text = zstd::decode_all(on_disk.as_slice()).expect("whole frames");
        assert_eq!(text, b"0 {}\n1 {}\n2 {}\n");
        // Cut in the middle of the last frame: everything before it is there.
        let mut cut =
            zstd::stream::read::Decoder::new(&on_disk[..on_disk.len() - 3]).expect("decoder");
        let mut kept = Vec::new();
        let ended = io::Read::read_to_end(&mut cut, &mut kept);
        assert!(ended.is_err());
        assert!(kept.starts_with(b"0 {}\n1 {}\n"));
        fs::remove_dir_all(&dir).expect("removed");
    }

    #[test]
    fn a_full_file_is_said_once() {
        let dir = dir("full");
        fs::create_dir_all(&dir).expect("dir");
        let mut file = Recording::create(&dir, "btcusdt", 0).expect("created");
        let rotation = Rotation {
            bytes: 1,
            age: Duration::from_secs(3_600),
        };
        assert!(!file.is_full(rotation));
        file.line(1, b"{}");
        file.flush().expect("flushed");
        assert!(file.is_full(rotation));
        assert!(!file.is_full(rotation));
        let path = file.complete().expect("completed");
        assert!(path.ends_with("btcusdt_19700101_000000.zst"));
        fs::remove_dir_all(&dir).expect("removed");
    }
}

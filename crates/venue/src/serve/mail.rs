//! Frames waiting to be written to one socket.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

/// A client that lets this many bytes pile up is cut off.
const BYTES_MAX: usize = 16 << 20;

/// One frame.
#[derive(Clone, Debug)]
pub(crate) enum Mail {
    Text(Arc<str>),
    Ping(String),
    Close { code: u16, reason: &'static str },
}

/// What waits for one socket.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    waiting: VecDeque<Mail>,
    bytes: usize,
    closed: bool,
    arrived: Arc<Notify>,
}

impl Mailbox {
    /// Wakes the socket's task when something has been put in.
    pub(crate) fn arrived(&self) -> Arc<Notify> {
        Arc::clone(&self.arrived)
    }

    /// Puts a frame in; nothing goes in after a close.
    pub(crate) fn put(&mut self, mail: Mail) {
        if self.closed {
            return;
        }
        let mut mail = mail;
        if let Mail::Text(text) = &mail {
            self.bytes += text.len();
            if self.bytes > BYTES_MAX {
                tracing::warn!(limit = BYTES_MAX, "a client reads too slowly");
                self.waiting.clear();
                mail = Mail::Close {
                    code: 1008,
                    reason: "too slow",
                };
            }
        }
        self.closed = matches!(mail, Mail::Close { .. });
        self.waiting.push_back(mail);
        self.arrived.notify_one();
    }

    /// Takes everything out.
    pub(crate) fn take(&mut self, into: &mut VecDeque<Mail>) {
        self.bytes = 0;
        into.append(&mut self.waiting);
    }
}

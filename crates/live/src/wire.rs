//! One WebSocket, non-blocking, read and written by the driver thread itself.
//!
//! Connecting blocks and therefore happens elsewhere; an open wire is handed
//! to the driver. Deliberately not here: when to connect ([`crate::lane`]) and
//! what frames mean.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::HandshakeError;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::stream::{MaybeTlsStream, NoDelay};
use tungstenite::{Message, Utf8Bytes, WebSocket};

/// Largest frame accepted: a depth frame of every level is far below.
const FRAME_BYTES_MAX: usize = 4 << 20;

/// Bytes asked of the socket at once. The library clears this much memory for
/// every read, so that a generous buffer would cost more than the reading.
const READ_BYTES: usize = 8 << 10;

/// Unsent bytes at which the connection is given up.
const UNSENT_BYTES_MAX: usize = 1 << 20;

/// Why a connection ended or never began.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// The address names no host, or the host has no address.
    #[error("no address for {url}")]
    NoAddress {
        /// Where to.
        url: String,
    },
    /// The other end closed it.
    #[error("closed by the exchange: {reason}")]
    Closed {
        /// Close code and text, as sent.
        reason: String,
    },
    /// A frame that is no text.
    #[error("binary frame of {bytes} bytes")]
    Binary {
        /// Its length.
        bytes: usize,
    },
    /// Everything the system or the protocol can say.
    #[error("{0}")]
    Broken(#[from] Box<tungstenite::Error>),
    /// The system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// What one read brought.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A text frame.
    Text(Utf8Bytes),
    /// A ping or pong: the other end lives, though it says nothing.
    Beat,
    /// Nothing more for now.
    Nothing,
}

/// A socket that remembers when it has been read empty.
///
/// A read that brings less than was asked for has emptied the socket; until
/// the poll reports more, asking again would cost a system call to hear so.
#[derive(Debug)]
struct Thrifty {
    tcp: TcpStream,
    empty: bool,
    /// While connecting, reads block and nothing is remembered.
    remembers: bool,
}

impl Read for Thrifty {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.empty {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let read = self.tcp.read(room)?;
        self.empty = self.remembers && read > 0 && read < room.len();
        Ok(read)
    }
}

impl Write for Thrifty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tcp.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

impl NoDelay for Thrifty {
    fn set_nodelay(&mut self, nodelay: bool) -> io::Result<()> {
        self.tcp.set_nodelay(nodelay)
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: WebSocket<MaybeTlsStream<Thrifty>>,
    unflushed: bool,
}

impl Wire {
    /// Connects and shakes hands, blocking for at most about twice `timeout`.
    pub(crate) fn connect(url: &str, timeout: Duration) -> Result<Self, WireError> {
        let request = url.into_client_request().map_err(Box::new)?;
        let stream = tcp(request.uri(), url, timeout)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        let limits = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .max_message_size(Some(FRAME_BYTES_MAX))
            .max_frame_size(Some(FRAME_BYTES_MAX))
            .max_write_buffer_size(UNSENT_BYTES_MAX)
            .write_buffer_size(UNSENT_BYTES_MAX / 2);
        let stream = Thrifty {
            tcp: stream,
            empty: false,
            remembers: false,
        };
        let shaken = tungstenite::client_tls_with_config(request, stream, Some(limits), None);
        let (socket, _) = shaken.map_err(|error| match error {
            HandshakeError::Failure(error) => WireError::from(Box::new(error)),
            HandshakeError::Interrupted(_) => io::Error::from(io::ErrorKind::TimedOut).into(),
        })?;
        let mut wire = Self {
            socket,
            unflushed: false,
        };
        let stream = wire.stream()?;
        stream.remembers = true;
        stream.tcp.set_read_timeout(None)?;
        stream.tcp.set_write_timeout(None)?;
        stream.tcp.set_nonblocking(true)?;
        Ok(wire)
    }

    /// The poll has something new, or nobody polls: the socket is asked again.
    /// Behind the last bytes of a closed one waits its end, which is not told
    /// a second time: nothing is spared then.
    pub(crate) fn stir(&mut self, closed: bool) {
        if let Ok(stream) = self.stream() {
            stream.empty = false;
            stream.remembers &= !closed;
        }
    }

    /// The descriptor to wait for.
    pub(crate) fn fd(&mut self) -> Result<RawFd, WireError> {
        Ok(self.stream()?.tcp.as_raw_fd())
    }

    /// Reads one frame if one is complete. Pings are answered.
    pub(crate) fn read(&mut self) -> Result<Heard, WireError> {
        match self.socket.read() {
            Ok(Message::Text(text)) => Ok(Heard::Text(text)),
            Ok(Message::Ping(_)) => {
                self.unflushed = true;
                self.flush()?;
                Ok(Heard::Beat)
            }
            Ok(Message::Pong(_) | Message::Frame(_)) => Ok(Heard::Beat),
            Ok(Message::Binary(bytes)) => Err(WireError::Binary { bytes: bytes.len() }),
            Ok(Message::Close(frame)) => Err(WireError::Closed {
                reason: frame.map_or_else(|| "no reason".to_owned(), |f| f.to_string()),
            }),
            Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                Ok(Heard::Nothing)
            }
            Err(error) => Err(Box::new(error).into()),
        }
    }

    /// Takes one text frame; [`Self::flush`] writes it, together with others.
    pub(crate) fn send(&mut self, text: &str) -> Result<(), WireError> {
        self.unflushed = true;
        self.socket.write(Message::text(text)).or_else(unless_full)
    }

    /// Writes what is still unsent; what the socket does not take now stays.
    pub(crate) fn flush(&mut self) -> Result<(), WireError> {
        if !self.unflushed {
            return Ok(());
        }
        match self.socket.flush() {
            Ok(()) => {
                self.unflushed = false;
                Ok(())
            }
            Err(error) => unless_full(error),
        }
    }

    /// Says goodbye; whether it arrives does not matter.
    pub(crate) fn close(mut self) {
        // The connection is dropped either way: nothing to do about an error.
        let _ = self.socket.close(None);
        let _ = self.socket.flush();
    }

    fn stream(&mut self) -> Result<&mut Thrifty, WireError> {
        match self.socket.get_mut() {
            MaybeTlsStream::Plain(stream) => Ok(stream),
            MaybeTlsStream::Rustls(tls) => Ok(tls.get_mut()),
            _ => Err(io::Error::from(io::ErrorKind::Unsupported).into()),
        }
    }
}

/// A socket that takes nothing more now is no failure.
fn unless_full(error: tungstenite::Error) -> Result<(), WireError> {
    match error {
        tungstenite::Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        error => Err(Box::new(error).into()),
    }
}

fn tcp(uri: &tungstenite::http::Uri, url: &str, timeout: Duration) -> Result<TcpStream, WireError> {
    let no_address = || WireError::NoAddress {
        url: url.to_owned(),
    };
    let host = uri.host().ok_or_else(no_address)?;
    let tls = uri.scheme_str() == Some("wss");
    let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let mut last = no_address();
    for address in (bare, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error.into(),
        }
    }
    Err(last)
}

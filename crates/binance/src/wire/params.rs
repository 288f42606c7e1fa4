//! Parameters written once, as a query string, as JSON fields, or as both.
//!
//! A signed WebSocket API frame needs both: the query string is what is
//! signed, the JSON what is sent. Names are pieces of text made at compile
//! time, so that a parameter costs two copies and its value.

use phoenix_domain::ClientId;

use super::request::Stamp;
use super::text::{as_text, percent_encode, write_client_id, write_u64};
use crate::sign::Credentials;

/// A parameter's name with all that stands around it.
#[derive(Clone, Copy)]
pub(super) struct Name {
    /// `&name=`
    pub(super) query: &'static str,
    /// `,"name":"`
    pub(super) text: &'static str,
    /// `,"name":`
    pub(super) number: &'static str,
}

macro_rules! name {
    ($name:literal) => {
        const {
            $crate::wire::params::Name {
                query: concat!("&", $name, "="),
                text: concat!(",\"", $name, "\":\""),
                number: concat!(",\"", $name, "\":"),
            }
        }
    };
}
pub(super) use name;

/// How a value stands in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
}

/// What is being written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Output {
    /// REST: a query string, text from outside percent-encoded.
    #[default]
    Query,
    /// A frame that needs no signature.
    Frame,
    /// A frame and the text that is signed for it.
    Both,
}

/// The parameters of one call.
#[derive(Debug, Default)]
pub(super) struct Params {
    output: Output,
    /// `&name=value&…`: the first ampersand is not part of it.
    pub(super) query: Vec<u8>,
    frame: Vec<u8>,
    /// Where the parameters begin in the frame.
    opened: usize,
}

impl Params {
    pub(super) fn start(&mut self, output: Output) {
        self.output = output;
        self.query.clear();
        self.frame.clear();
    }

    /// What is signed, and over REST what is sent.
    pub(super) fn payload(&self) -> &[u8] {
        self.query.get(1..).unwrap_or_default()
    }

    pub(super) fn open_frame(&mut self, id: u64, method: &str) {
        self.frame.extend_from_slice(b"{\"id\":");
        write_u64(id, &mut self.frame);
        self.frame.extend_from_slice(b",\"method\":\"");
        self.frame.extend_from_slice(method.as_bytes());
        self.frame.extend_from_slice(b"\",\"params\":");
        self.opened = self.frame.len();
    }

    pub(super) fn close_frame(&mut self) -> &str {
        match self.frame.get_mut(self.opened) {
            // The comma before the first parameter becomes the brace.
            Some(comma) => *comma = b'{',
            None => self.frame.push(b'{'),
        }
        self.frame.extend_from_slice(b"}}");
        as_text(&self.frame)
    }

    /// Writes one parameter with whatever `value` appends.
    #[inline(always)]
    pub(super) fn with(&mut self, name: Name, kind: Kind, value: impl Fn(&mut Vec<u8>)) {
        if self.output == Output::Frame {
            self.open_field(name, kind);
            value(&mut self.frame);
            self.close_field(kind);
            return;
        }
        self.query.extend_from_slice(name.query.as_bytes());
        let start = self.query.len();
        value(&mut self.query);
        if self.output == Output::Both {
            self.open_field(name, kind);
            self.frame.extend_from_slice(&self.query[start..]);
            self.close_field(kind);
        }
    }

    #[inline(always)]
    fn open_field(&mut self, name: Name, kind: Kind) {
        let opening = match kind {
            Kind::Text => name.text,
            Kind::Number => name.number,
        };
        self.frame.extend_from_slice(opening.as_bytes());
    }

    #[inline(always)]
    fn close_field(&mut self, kind: Kind) {
        if kind == Kind::Text {
            self.frame.push(b'"');
        }
    }

    /// A text of ours, which needs no escape.
    #[inline(always)]
    pub(super) fn text(&mut self, name: Name, text: &str) {
        self.with(name, Kind::Text, |out| {
            out.extend_from_slice(text.as_bytes())
        });
    }

    #[inline(always)]
    pub(super) fn number(&mut self, name: Name, number: u64) {
        self.with(name, Kind::Number, |out| write_u64(number, out));
    }

    #[inline(always)]
    pub(super) fn client_id(&mut self, name: Name, id: ClientId) {
        self.with(name, Kind::Text, |out| write_client_id(id, out));
    }

    /// A symbol, which may be beyond ASCII since 2025-10-09 but holds letters
    /// and digits only ([`super::metadata`] refuses any other).
    #[inline(always)]
    pub(super) fn symbol(&mut self, symbol: &str) {
        let name = name!("symbol");
        match self.output {
            Output::Query => {
                self.with(name, Kind::Text, |out| {
                    percent_encode(symbol.as_bytes(), out)
                });
            }
            Output::Frame | Output::Both => self.text(name, symbol),
        }
    }

    #[inline(always)]
    pub(super) fn recv_window(&mut self, stamp: Option<Stamp>) {
        if let Some(stamp) = stamp {
            self.number(name!("recvWindow"), stamp.recv_window_ms.into());
        }
    }

    #[inline(always)]
    pub(super) fn timestamp(&mut self, stamp: Option<Stamp>) {
        if let Some(stamp) = stamp {
            self.number(name!("timestamp"), stamp.timestamp_ms.unsigned_abs());
        }
    }

    /// Signs what has been written and adds the signature as a parameter.
    pub(super) fn sign(&mut self, credentials: &Credentials) {
        let signature = credentials.signer.sign(self.payload());
        self.open_field(name!("signature"), Kind::Text);
        self.frame.extend_from_slice(signature.as_bytes());
        self.close_field(Kind::Text);
    }
}

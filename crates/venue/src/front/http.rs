//! Requests and replies as bytes the front reads and writes, without sockets.

use std::net::IpAddr;

use crate::front::fail::Fail;

/// The verbs the exchange knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates.
    Post,
    /// Changes.
    Put,
    /// Removes.
    Delete,
}

impl Method {
    /// Reads the verb of a request line; `None` for one the exchange has no
    /// route for.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "GET" => Some(Self::Get),
            "POST" => Some(Self::Post),
            "PUT" => Some(Self::Put),
            "DELETE" => Some(Self::Delete),
            _ => None,
        }
    }

    /// The verb as written in a request line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// One HTTP request as received. Query and body stay raw because the
/// signature covers them exactly as sent.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// Verb.
    pub method: Method,
    /// Path without query.
    pub path: String,
    /// Everything after `?`, percent-encoded as sent; empty if none.
    pub raw_query: String,
    /// `X-MBX-APIKEY`.
    pub api_key: Option<String>,
    /// Body as sent.
    pub raw_body: Vec<u8>,
    /// Who asks: request weight is counted by address.
    pub peer: IpAddr,
}

/// One HTTP reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Lower-case names.
    pub headers: Vec<(&'static str, String)>,
    /// JSON (or, for an injected fault, HTML).
    pub body: String,
}

impl HttpResponse {
    pub(crate) fn ok(body: String) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body,
        }
    }

    pub(crate) fn fail(fail: &Fail) -> Self {
        Self {
            status: fail.status,
            headers: Vec::new(),
            body: fail.to_json(),
        }
    }
}

//! One HTTP exchange: an encoded call out, status, counters and body back.
//!
//! Says apart what certainly never left this machine from what may have been
//! carried out. Deliberately not here: signing, retrying, judging.

use std::time::Duration;

use phoenix_domain::Doubt;
use reqwest::header::HeaderMap;

use crate::wire::call::Method;
use crate::wire::json::BYTES_MAX;
use crate::wire::reply::Usage;

const API_KEY_HEADER: &str = "X-MBX-APIKEY";

/// An encoded call.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpCall {
    /// HTTP method.
    pub method: Method,
    /// Path from the base URL on.
    pub path: &'static str,
    /// Query string, signed where needed; may be empty.
    pub query: String,
    /// Whether the API key header goes with it.
    pub with_key: bool,
    /// Longest wait for the whole answer.
    pub timeout: Duration,
}

impl std::fmt::Debug for HttpCall {
    /// Without the query: it holds the signature.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.method, self.path)
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// HTTP status.
    pub status: u16,
    /// Counters of the headers.
    pub usage: Usage,
    /// `Retry-After`, seconds.
    pub retry_after_s: Option<u32>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpFailure {
    /// No connection: the exchange never saw it.
    #[error("not sent: {reason}")]
    NotSent {
        /// What the system says.
        reason: String,
    },
    /// It may have been carried out.
    #[error("no answer: {reason}")]
    NoAnswer {
        /// How it ended.
        doubt: Doubt,
        /// What the system says.
        reason: String,
    },
}

/// Pooled connections to one base URL.
#[derive(Clone, Debug)]
pub struct Transport {
    http: reqwest::Client,
    base_url: String,
    api_key: Option<String>,
}

impl Transport {
    /// A transport; nothing is connected yet.
    ///
    /// # Errors
    /// A TLS set-up that the system refuses.
    pub fn new(base_url: &str, api_key: Option<&str>) -> Result<Self, HttpFailure> {
        let http = reqwest::Client::builder()
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_secs(3))
            .pool_idle_timeout(Duration::from_secs(55))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| not_sent(&error))?;
        Ok(Self {
            http,
            base_url: base_url.trim_end_matches('/').to_owned(),
            api_key: api_key.map(str::to_owned),
        })
    }

    /// Carries out one call.
    ///
    /// # Errors
    /// No answer, or none that can be read to its end.
    pub async fn exchange(&self, call: &HttpCall) -> Result<HttpAnswer, HttpFailure> {
        let mut response = self.send(call).await?;
        let status = response.status().as_u16();
        let (usage, retry_after_s) = counters(response.headers());
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= BYTES_MAX => {
                    body.extend_from_slice(&chunk);
                }
                Ok(Some(_)) => {
                    return Err(HttpFailure::NoAnswer {
                        doubt: Doubt::Unreadable,
                        reason: format!("a body beyond {BYTES_MAX} bytes"),
                    });
                }
                Ok(None) => break,
                Err(error) => return Err(failure(&error)),
            }
        }
        Ok(HttpAnswer {
            status,
            usage,
            retry_after_s,
            body,
        })
    }

    async fn send(&self, call: &HttpCall) -> Result<reqwest::Response, HttpFailure> {
        let mark = if call.query.is_empty() { "" } else { "?" };
        let url = format!("{}{}{mark}{}", self.base_url, call.path, call.query);
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut request = self.http.request(method, url).timeout(call.timeout);
        if call.with_key
            && let Some(key) = &self.api_key
        {
            request = request.header(API_KEY_HEADER, key);
        }
        request.send().await.map_err(|error| failure(&error))
    }
}

/// Only a failed connect is certain not to have reached the exchange.
fn failure(error: &reqwest::Error) -> HttpFailure {
    if error.is_connect() || error.is_builder() {
        return not_sent(error);
    }
    HttpFailure::NoAnswer {
        doubt: if error.is_timeout() {
            Doubt::Timeout
        } else {
            Doubt::ConnectionLost
        },
        reason: innermost(error),
    }
}

fn not_sent(error: &reqwest::Error) -> HttpFailure {
    HttpFailure::NotSent {
        reason: innermost(error),
    }
}

/// The cause alone: the outer texts repeat the URL, and with it a signature.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if std::ptr::addr_eq(cause, std::ptr::from_ref(error)) {
        let kind = if error.is_timeout() {
            "timed out"
        } else {
            "connection failed"
        };
        return kind.to_owned();
    }
    cause.to_string()
}

fn counters(headers: &HeaderMap) -> (Usage, Option<u32>) {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse().ok();
    let usage = Usage {
        weight_1m: number("x-mbx-used-weight-1m"),
        orders_10s: number("x-mbx-order-count-10s"),
        orders_1m: number("x-mbx-order-count-1m"),
    };
    (usage, number("retry-after"))
}

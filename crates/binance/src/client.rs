//! REST calls with typed results, over pooled connections.
//!
//! Signs by the exchange's clock, keeps within the request budget, measures
//! the clock anew when the exchange says that it is off. Reads are tried
//! again; anything that changes something at the exchange is sent once, or
//! again only after a definite refusal that concerned the clock alone.
//! Blocks nothing. Deliberately not here: streams, and what to do about an
//! order of unknown outcome.

mod transport;

use std::sync::Arc;
use std::time::Duration;

use phoenix_domain::{
    AccountSnapshot, Balance, Doubt, InstrumentSpec, MonoNs, OrderReport, Origin, SymbolId, VenueMs,
};

use crate::outcome::{Answer, Meaning, Reaction, Verdict, judge};
use crate::sign::Credentials;
use crate::symbols::SymbolTable;
use crate::wire::call::{Call, Method, Security};
use crate::wire::json::DecodeError;
use crate::wire::ledger::{self, HeldPosition, SymbolMode};
use crate::wire::reply;
use crate::wire::request::{EncodeError, Encoder, Stamp};

pub use transport::{HttpAnswer, HttpCall, HttpFailure, Transport};

/// How often a read is tried in all.
const READ_ATTEMPTS: u32 = 3;

/// Samples taken to measure the clock.
const CLOCK_SAMPLES: u32 = 5;

/// The exchange's clock as the owner of the client estimates it.
pub type VenueClock = Arc<dyn Fn() -> VenueMs + Send + Sync>;

/// What a client needs to know.
#[derive(Clone)]
pub struct ClientSpec {
    /// `https://fapi.binance.com`, without path.
    pub base_url: String,
    /// Without a key only public calls work.
    pub credentials: Option<Arc<Credentials>>,
    /// Signed calls are refused by the exchange when older; at most 5000.
    pub recv_window_ms: u32,
    /// Longest wait for an answer, host time; below the window.
    pub timeout: Duration,
}

/// Why a call brought no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// It could not be written down.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// It never left.
    #[error("{path} not sent: {reason}")]
    NotSent {
        /// The route.
        path: &'static str,
        /// What the system says.
        reason: String,
    },
    /// The exchange definitely did not do it.
    #[error("{path} refused with status {status}, code {code}: {message}")]
    Refused {
        /// The route.
        path: &'static str,
        /// HTTP status.
        status: u16,
        /// The exchange's code, 0 if none.
        code: i32,
        /// The exchange's text.
        message: String,
        /// What it means and asks for.
        verdict: Verdict,
    },
    /// It may or may not have been done.
    #[error("{path} has an unknown outcome: {reason}")]
    Unknown {
        /// The route.
        path: &'static str,
        /// In which way.
        doubt: Doubt,
        /// What is known.
        reason: String,
    },
    /// Done, but the answer cannot be read.
    #[error("{path} answered unreadably: {error}")]
    Unreadable {
        /// The route.
        path: &'static str,
        /// Where and why.
        error: DecodeError,
    },
}

/// One measurement of the exchange's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSample {
    /// The exchange's clock minus our estimate of it.
    pub offset_ms: i64,
    /// How long the question and its answer took: the sample's doubt.
    pub round_trip_ms: i64,
}

/// A client of one exchange for one account.
#[derive(Clone)]
pub struct Client {
    transport: Transport,
    spec: ClientSpec,
    clock: VenueClock,
    on_clock_off: Arc<dyn Fn(ClockSample) + Send + Sync>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.spec.base_url)
    }
}

impl Client {
    /// A client; nothing is connected yet. `on_clock_off` is given every new
    /// measurement, to correct the clock that `clock` reads.
    ///
    /// # Errors
    /// A TLS set-up that the system refuses.
    pub fn new(
        spec: ClientSpec,
        clock: VenueClock,
        on_clock_off: Arc<dyn Fn(ClockSample) + Send + Sync>,
    ) -> Result<Self, HttpFailure> {
        let key = spec.credentials.as_ref().map(|keys| keys.api_key.as_str());
        Ok(Self {
            transport: Transport::new(&spec.base_url, key)?,
            spec,
            clock,
            on_clock_off,
        })
    }

    /// Carries out a call and returns its body.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn call(&self, call: &Call<'_>) -> Result<Vec<u8>, ClientError> {
        let read = call.route().method == Method::Get;
        let mut clock_measured = false;
        let mut attempt = 1;
        loop {
            let error = match self.once(call).await {
                Ok(body) => return Ok(body),
                Err(error) => error,
            };
            let wait_ms = match &error {
                ClientError::Refused { verdict, .. }
                    if verdict.reaction == Reaction::ResyncClock && !clock_measured =>
                {
                    clock_measured = true;
                    self.measure_clock().await?;
                    0
                }
                ClientError::Refused { verdict, .. }
                    if read && verdict.reaction == Reaction::BackOff && attempt < READ_ATTEMPTS =>
                {
                    400 << attempt
                }
                ClientError::NotSent { .. } | ClientError::Unknown { .. }
                    if read && attempt < READ_ATTEMPTS =>
                {
                    100 << attempt
                }
                _ => return Err(error),
            };
            attempt += 1;
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
    }

    /// Measures the exchange's clock, several times, and trusts the sample
    /// with the shortest round trip.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn measure_clock(&self) -> Result<ClockSample, ClientError> {
        let mut best: Option<ClockSample> = None;
        for _ in 0..CLOCK_SAMPLES {
            let asked = (self.clock)();
            let body = self.once(&Call::Time).await?;
            let answered = (self.clock)();
            let server = ledger::server_time(&body).map_err(unreadable(&Call::Time))?;
            let sample = ClockSample {
                offset_ms: server.0 - i64::midpoint(asked.0, answered.0),
                round_trip_ms: answered.0 - asked.0,
            };
            let closer = |best: ClockSample| sample.round_trip_ms < best.round_trip_ms;
            if best.is_none_or(closer) {
                best = Some(sample);
            }
        }
        let sample = best.expect("at least one sample is taken");
        (self.on_clock_off)(sample);
        Ok(sample)
    }

    /// Every instrument of the exchange that can be read.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn instruments(&self) -> Result<Vec<InstrumentSpec>, ClientError> {
        let call = Call::ExchangeInfo;
        let body = self.call(&call).await?;
        let info = crate::wire::metadata::exchange_info(&body).map_err(unreadable(&call))?;
        Ok(info.instruments)
    }

    /// The account's modes.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn account_config(&self) -> Result<AccountSnapshot, ClientError> {
        let call = Call::AccountConfig;
        let body = self.call(&call).await?;
        ledger::account_config(&body).map_err(unreadable(&call))
    }

    /// Leverage and margin mode of every symbol in the table.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn symbol_modes(&self, table: &SymbolTable) -> Result<Vec<SymbolMode>, ClientError> {
        let call = Call::SymbolConfig { symbol: None };
        let body = self.call(&call).await?;
        ledger::symbol_config(&body, table).map_err(unreadable(&call))
    }

    /// Wallets of the table's assets.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn balances(&self, table: &SymbolTable) -> Result<Vec<Balance>, ClientError> {
        let call = Call::Balance;
        let body = self.call(&call).await?;
        ledger::balances(&body, table).map_err(unreadable(&call))
    }

    /// Positions of the table's symbols; a symbol without one is left out.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn positions(&self, table: &SymbolTable) -> Result<Vec<HeldPosition>, ClientError> {
        let call = Call::PositionRisk { symbol: None };
        let body = self.call(&call).await?;
        ledger::positions(&body, table, Origin::Query, MonoNs(0)).map_err(unreadable(&call))
    }

    /// Open orders on one symbol, ours and foreign.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn open_orders(
        &self,
        table: &SymbolTable,
        symbol: SymbolId,
    ) -> Result<Vec<OrderReport>, ClientError> {
        let name = table.instrument(symbol).symbol();
        let call = Call::OpenOrders { symbol: Some(name) };
        let body = self.call(&call).await?;
        let mut orders = Vec::new();
        reply::orders(&body, table, &mut orders).map_err(unreadable(&call))?;
        Ok(orders.into_iter().map(|(_, report)| report).collect())
    }

    /// Opens or extends the user stream's key.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn create_listen_key(&self) -> Result<String, ClientError> {
        let call = Call::ListenKeyCreate;
        let body = self.call(&call).await?;
        ledger::listen_key(&body).map_err(unreadable(&call))
    }

    /// Extends the user stream's key by an hour.
    ///
    /// # Errors
    /// See [`ClientError`]; a key that is gone asks for
    /// [`Reaction::RenewListenKey`].
    pub async fn renew_listen_key(&self) -> Result<(), ClientError> {
        self.call(&Call::ListenKeyRenew).await.map(|_| ())
    }

    /// The transport, for calls that were encoded elsewhere.
    #[must_use]
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    async fn once(&self, call: &Call<'_>) -> Result<Vec<u8>, ClientError> {
        let route = call.route();
        let path = route.path;
        let stamp = Stamp {
            timestamp_ms: (self.clock)().0,
            recv_window_ms: self.spec.recv_window_ms,
        };
        let keys = self.spec.credentials.as_deref();
        let query = Encoder::new().rest(call, stamp, keys)?.to_owned();
        let encoded = HttpCall {
            method: route.method,
            path,
            query,
            with_key: route.security != Security::Open,
            timeout: self.spec.timeout,
        };
        match self.transport.exchange(&encoded).await {
            Ok(answer) => judged(path, answer),
            Err(HttpFailure::NotSent { reason }) => Err(ClientError::NotSent { path, reason }),
            Err(HttpFailure::NoAnswer { doubt, reason }) => Err(ClientError::Unknown {
                path,
                doubt,
                reason,
            }),
        }
    }
}

fn judged(path: &'static str, answer: HttpAnswer) -> Result<Vec<u8>, ClientError> {
    let error = reply::error(&answer.body);
    let verdict = judge(&Answer {
        status: answer.status,
        code: error.as_ref().map(|error| error.code),
        message: error.as_ref().map_or("", |error| &error.message),
    });
    let (code, message) = error.map_or((0, String::new()), |error| (error.code, error.message));
    match verdict.meaning {
        Meaning::Done | Meaning::AlreadySo => Ok(answer.body),
        Meaning::Refused(_) => Err(ClientError::Refused {
            path,
            status: answer.status,
            code,
            message,
            verdict,
        }),
        Meaning::Unknown(doubt) => Err(ClientError::Unknown {
            path,
            doubt,
            reason: format!("status {}, code {code} {message}", answer.status),
        }),
    }
}

fn unreadable(call: &Call<'_>) -> impl FnOnce(DecodeError) -> ClientError + use<> {
    let path = call.route().path;
    move |error| ClientError::Unreadable { path, error }
}

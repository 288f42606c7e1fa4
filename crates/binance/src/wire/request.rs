//! Calls to bytes: query strings for REST, text frames for the WebSocket API.
//!
//! One encoder owns its buffers and reuses them: after the first few calls
//! nothing is allocated. Parameters are written in alphabetical order, so the
//! text that is sent over REST is also the text that the WebSocket API signs.
//! All REST parameters travel in the query, signature last.

use phoenix_domain::{ClientId, Instrument, NewOrder, Price, Qty};

use super::call::{Amendment, BATCH_MAX, CANCEL_BATCH_MAX, Call, OrderName, Security, TradesFrom};
use super::params::{Kind, Name, Output, Params, name};
use super::spelling::{side_text, time_in_force_text};
use super::text::{as_text, percent_encode, write_client_id, write_price, write_qty};
use crate::sign::{Credentials, SignatureKind};
use crate::symbols::SymbolTable;

/// When a signed call is made and how long it may travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The exchange's time, milliseconds.
    pub timestamp_ms: i64,
    /// After this many milliseconds the exchange refuses it; at most 5000.
    pub recv_window_ms: u32,
}

/// How a WebSocket API frame proves who sends it.
#[derive(Clone, Copy, Debug)]
pub enum WsAuth<'a> {
    /// The connection has logged on; nothing to add.
    LoggedOn,
    /// Key and signature in every frame.
    Signed(&'a Credentials),
}

/// Why a call cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A signed call without a key.
    #[error("{path} needs a key and none is configured")]
    NoKey {
        /// The route.
        path: &'static str,
    },
    /// The WebSocket API has no method for it.
    #[error("{path} does not exist on the websocket api")]
    NotOnWebSocket {
        /// The REST route.
        path: &'static str,
    },
    /// Too many or no items.
    #[error("a batch of {count} items, allowed are 1 to {max}")]
    BatchSize {
        /// Items given.
        count: usize,
        /// Items allowed.
        max: usize,
    },
    /// A time in force that Phoenix does not send.
    #[error("time in force cannot be sent")]
    TimeInForce,
}

/// Writes calls into buffers that it reuses.
#[derive(Debug, Default)]
pub struct Encoder {
    params: Params,
    /// For JSON lists before they are percent-encoded.
    scratch: Vec<u8>,
}

impl Encoder {
    /// An encoder with empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The whole query string of a REST call, signed if the route asks for
    /// it; empty if the call has no parameter.
    ///
    /// # Errors
    /// A signed route without credentials, or a batch of a wrong size.
    pub fn rest(
        &mut self,
        call: &Call<'_>,
        stamp: Stamp,
        credentials: Option<&Credentials>,
    ) -> Result<&str, EncodeError> {
        let route = call.route();
        let signing = match (route.security, credentials) {
            (Security::Open | Security::Key, _) => None,
            (Security::Signed, Some(credentials)) => Some(credentials),
            (Security::Signed, None) => return Err(EncodeError::NoKey { path: route.path }),
        };
        let stamp = signing.map(|_| stamp);
        self.params.start(Output::Query);
        self.params.call(call, stamp, &mut self.scratch)?;
        if let Some(credentials) = signing {
            let signature = credentials.signer.sign(self.params.payload());
            self.params.query.extend_from_slice(b"&signature=");
            percent_encode(signature.as_bytes(), &mut self.params.query);
        }
        Ok(as_text(self.params.payload()))
    }

    /// One WebSocket API frame.
    ///
    /// # Errors
    /// A call that the WebSocket API does not have.
    pub fn websocket(
        &mut self,
        id: u64,
        call: &Call<'_>,
        stamp: Stamp,
        auth: WsAuth<'_>,
    ) -> Result<&str, EncodeError> {
        let route = call.route();
        let method = method_name(call).ok_or(EncodeError::NotOnWebSocket { path: route.path })?;
        let credentials = match (auth, route.security) {
            (WsAuth::LoggedOn, _) | (_, Security::Open) => None,
            (WsAuth::Signed(credentials), _) => Some(credentials),
        };
        let signed = route.security == Security::Signed;
        self.params.start(match credentials {
            Some(_) => Output::Both,
            None => Output::Frame,
        });
        self.params.open_frame(id, method);
        if let Some(credentials) = credentials {
            self.params.text(name!("apiKey"), &credentials.api_key);
        }
        self.params
            .call(call, signed.then_some(stamp), &mut self.scratch)?;
        if let (Some(credentials), true) = (credentials, signed) {
            self.params.sign(credentials);
        }
        Ok(self.params.close_frame())
    }

    /// The frame that logs a connection on, after which frames need no
    /// signature. The exchange accepts it for Ed25519 keys only: `None` for
    /// any other.
    pub fn logon(&mut self, id: u64, stamp: Stamp, credentials: &Credentials) -> Option<&str> {
        if credentials.signer.kind() != SignatureKind::Ed25519 {
            return None;
        }
        self.params.start(Output::Both);
        self.params.open_frame(id, "session.logon");
        self.params.text(name!("apiKey"), &credentials.api_key);
        self.params.recv_window(Some(stamp));
        self.params.timestamp(Some(stamp));
        self.params.sign(credentials);
        Some(self.params.close_frame())
    }
}

/// The WebSocket API's name for a call; `None` where it has none.
fn method_name(call: &Call<'_>) -> Option<&'static str> {
    match call {
        Call::Place { .. } => Some("order.place"),
        Call::Amend(_) => Some("order.modify"),
        Call::Cancel { .. } => Some("order.cancel"),
        Call::QueryOrder { .. } => Some("order.status"),
        Call::PositionRisk { .. } => Some("v2/account.position"),
        Call::Balance => Some("v2/account.balance"),
        Call::Account => Some("v2/account.status"),
        Call::Depth { .. } => Some("depth"),
        Call::BookTicker { .. } => Some("ticker.book"),
        Call::ListenKeyCreate => Some("userDataStream.start"),
        Call::ListenKeyRenew => Some("userDataStream.ping"),
        Call::ListenKeyClose => Some("userDataStream.stop"),
        Call::Ping
        | Call::Time
        | Call::ExchangeInfo
        | Call::PremiumIndex { .. }
        | Call::PlaceBatch { .. }
        | Call::AmendBatch { .. }
        | Call::CancelBatch { .. }
        | Call::CancelAll { .. }
        | Call::CountdownCancelAll { .. }
        | Call::OpenOrders { .. }
        | Call::UserTrades { .. }
        | Call::AccountConfig
        | Call::SymbolConfig { .. }
        | Call::LeverageBracket { .. }
        | Call::CommissionRate { .. }
        | Call::SetLeverage { .. }
        | Call::SetMarginType { .. }
        | Call::SetPositionMode { .. }
        | Call::SetMultiAssets { .. }
        | Call::RateLimitOrder
        | Call::TradingStatus { .. } => None,
    }
}

impl Params {
    /// The parameters of a call in alphabetical order.
    fn call(
        &mut self,
        call: &Call<'_>,
        stamp: Option<Stamp>,
        scratch: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        match *call {
            Call::Place { instrument, order } => return self.place(instrument, order, stamp),
            Call::Amend(ref amendment) => self.amend(amendment, stamp),
            Call::Cancel { symbol, order } | Call::QueryOrder { symbol, order } => {
                self.order_name(symbol, order, stamp);
            }
            Call::PlaceBatch { table, orders } => {
                check_batch(orders.len(), BATCH_MAX)?;
                place_list(table, orders, scratch)?;
                self.list_param(name!("batchOrders"), scratch, stamp);
            }
            Call::AmendBatch { amendments } => {
                check_batch(amendments.len(), BATCH_MAX)?;
                amend_list(amendments, scratch);
                self.list_param(name!("batchOrders"), scratch, stamp);
            }
            Call::CancelBatch { symbol, client_ids } => {
                check_batch(client_ids.len(), CANCEL_BATCH_MAX)?;
                client_id_list(client_ids, scratch);
                self.with(name!("origClientOrderIdList"), Kind::Text, |out| {
                    percent_encode(scratch, out);
                });
                self.recv_window(stamp);
                self.symbol(symbol);
                self.timestamp(stamp);
            }
            _ => self.plain(call, stamp),
        }
        Ok(())
    }

    /// Calls with at most a symbol and one or two values.
    fn plain(&mut self, call: &Call<'_>, stamp: Option<Stamp>) {
        let (mut before, mut after, mut wanted) = (None, None, None);
        match *call {
            Call::Depth { symbol, limit } => {
                before = Some((name!("limit"), u64::from(limit)));
                wanted = Some(symbol);
            }
            Call::CountdownCancelAll {
                symbol,
                countdown_ms,
            } => {
                before = Some((name!("countdownTime"), countdown_ms.into()));
                wanted = Some(symbol);
            }
            Call::SetLeverage { symbol, leverage } => {
                before = Some((name!("leverage"), leverage.into()));
                wanted = Some(symbol);
            }
            Call::UserTrades {
                symbol,
                from,
                limit,
            } => return self.user_trades(symbol, from, limit, stamp),
            Call::SetMarginType { symbol, crossed } => {
                let text = if crossed { "CROSSED" } else { "ISOLATED" };
                after = Some((name!("marginType"), text));
                wanted = Some(symbol);
            }
            Call::SetPositionMode { hedge } => {
                after = Some((name!("dualSidePosition"), truth(hedge)))
            }
            Call::SetMultiAssets { on } => after = Some((name!("multiAssetsMargin"), truth(on))),
            Call::BookTicker { symbol }
            | Call::CancelAll { symbol }
            | Call::CommissionRate { symbol } => wanted = Some(symbol),
            Call::PremiumIndex { symbol }
            | Call::OpenOrders { symbol }
            | Call::PositionRisk { symbol }
            | Call::SymbolConfig { symbol }
            | Call::LeverageBracket { symbol }
            | Call::TradingStatus { symbol } => wanted = symbol,
            _ => {}
        }
        if let Some((name, number)) = before {
            self.number(name, number);
        }
        if let Some((name, text)) = after {
            self.text(name, text);
        }
        self.recv_window(stamp);
        if let Some(symbol) = wanted {
            self.symbol(symbol);
        }
        self.timestamp(stamp);
    }

    fn place(
        &mut self,
        instrument: &Instrument,
        order: &NewOrder,
        stamp: Option<Stamp>,
    ) -> Result<(), EncodeError> {
        let time_in_force =
            time_in_force_text(order.time_in_force).ok_or(EncodeError::TimeInForce)?;
        self.client_id(name!("newClientOrderId"), order.client_id);
        self.text(name!("newOrderRespType"), "ACK");
        self.price_and_qty(instrument, order.price, order.qty);
        self.recv_window(stamp);
        if order.reduce_only {
            self.text(name!("reduceOnly"), "true");
        }
        self.text(name!("selfTradePreventionMode"), "EXPIRE_MAKER");
        self.text(name!("side"), side_text(order.side));
        self.symbol(instrument.symbol());
        self.text(name!("timeInForce"), time_in_force);
        self.timestamp(stamp);
        self.text(name!("type"), "LIMIT");
        Ok(())
    }

    fn amend(&mut self, amendment: &Amendment<'_>, stamp: Option<Stamp>) {
        let instrument = amendment.instrument;
        self.client_id(name!("origClientOrderId"), amendment.client_id);
        self.price_and_qty(instrument, amendment.price, amendment.qty);
        self.recv_window(stamp);
        self.text(name!("side"), side_text(amendment.side));
        self.symbol(instrument.symbol());
        self.timestamp(stamp);
    }

    fn price_and_qty(&mut self, instrument: &Instrument, price: Price, qty: Qty) {
        self.with(name!("price"), Kind::Text, |out| {
            write_price(instrument, price, out)
        });
        self.with(name!("quantity"), Kind::Text, |out| {
            write_qty(instrument, qty, out)
        });
    }

    fn order_name(&mut self, symbol: &str, order: OrderName, stamp: Option<Stamp>) {
        match order {
            OrderName::Ours(id) => self.client_id(name!("origClientOrderId"), id),
            OrderName::Venue(id) => self.number(name!("orderId"), id),
        }
        self.recv_window(stamp);
        self.symbol(symbol);
        self.timestamp(stamp);
    }

    fn user_trades(&mut self, symbol: &str, from: TradesFrom, limit: u16, stamp: Option<Stamp>) {
        if let TradesFrom::Id(id) = from {
            self.number(name!("fromId"), id);
        }
        self.number(name!("limit"), limit.into());
        self.recv_window(stamp);
        if let TradesFrom::TimeMs(ms) = from {
            self.number(name!("startTime"), ms.unsigned_abs());
        }
        self.symbol(symbol);
        self.timestamp(stamp);
    }

    /// A JSON list as one parameter: the percent-encoded form is what is
    /// signed.
    fn list_param(&mut self, name: Name, json: &[u8], stamp: Option<Stamp>) {
        self.with(name, Kind::Text, |out| percent_encode(json, out));
        self.recv_window(stamp);
        self.timestamp(stamp);
    }
}

fn check_batch(count: usize, max: usize) -> Result<(), EncodeError> {
    if (1..=max).contains(&count) {
        Ok(())
    } else {
        Err(EncodeError::BatchSize { count, max })
    }
}

fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn place_list(
    table: &SymbolTable,
    orders: &[NewOrder],
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    json_list(out, orders, |order, out| {
        let instrument = table.instrument(order.symbol);
        let time_in_force =
            time_in_force_text(order.time_in_force).ok_or(EncodeError::TimeInForce)?;
        out.extend_from_slice(b"{\"symbol\":\"");
        out.extend_from_slice(instrument.symbol().as_bytes());
        json_field(out, "side", side_text(order.side).as_bytes());
        json_field(out, "type", b"LIMIT");
        json_field(out, "timeInForce", time_in_force.as_bytes());
        out.extend_from_slice(b"\",\"quantity\":\"");
        write_qty(instrument, order.qty, out);
        out.extend_from_slice(b"\",\"price\":\"");
        write_price(instrument, order.price, out);
        if order.reduce_only {
            json_field(out, "reduceOnly", b"true");
        }
        out.extend_from_slice(b"\",\"newClientOrderId\":\"");
        write_client_id(order.client_id, out);
        json_field(out, "newOrderRespType", b"ACK");
        json_field(out, "selfTradePreventionMode", b"EXPIRE_MAKER");
        out.extend_from_slice(b"\"}");
        Ok(())
    })
}

fn amend_list(amendments: &[Amendment<'_>], out: &mut Vec<u8>) {
    let written: Result<(), EncodeError> = json_list(out, amendments, |amendment, out| {
        let instrument = amendment.instrument;
        out.extend_from_slice(b"{\"symbol\":\"");
        out.extend_from_slice(instrument.symbol().as_bytes());
        json_field(out, "side", side_text(amendment.side).as_bytes());
        out.extend_from_slice(b"\",\"quantity\":\"");
        write_qty(instrument, amendment.qty, out);
        out.extend_from_slice(b"\",\"price\":\"");
        write_price(instrument, amendment.price, out);
        out.extend_from_slice(b"\",\"origClientOrderId\":\"");
        write_client_id(amendment.client_id, out);
        out.extend_from_slice(b"\"}");
        Ok(())
    });
    written.expect("writing an amendment cannot fail");
}

fn client_id_list(client_ids: &[ClientId], out: &mut Vec<u8>) {
    let written: Result<(), EncodeError> = json_list(out, client_ids, |id, out| {
        out.push(b'"');
        write_client_id(*id, out);
        out.push(b'"');
        Ok(())
    });
    written.expect("writing a client id cannot fail");
}

fn json_list<T>(
    out: &mut Vec<u8>,
    items: &[T],
    mut write: impl FnMut(&T, &mut Vec<u8>) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    out.clear();
    out.push(b'[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write(item, out)?;
    }
    out.push(b']');
    Ok(())
}

/// Ends the text value before, and begins and fills the next.
fn json_field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(b"\",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":\"");
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests;

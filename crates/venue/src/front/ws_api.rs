//! The WebSocket API: one JSON request a frame, one reply a request.

use std::net::IpAddr;

use serde_json::Value;

use crate::exchange::AccountId;
use crate::front::Front;
use crate::front::auth::Stamp;
use crate::front::fail::Fail;
use crate::front::json::Json;
use crate::front::listing_json::rate_limit;
use crate::front::params::Params;
use crate::front::route::depth_weight;
use crate::front::sockets::{ConnId, Kind, Session};

/// What opening a connection costs.
pub(crate) const HANDSHAKE_WEIGHT: u32 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Logon,
    Status,
    Logout,
    Place,
    Modify,
    Cancel,
    Query,
    PositionV1,
    PositionV2,
    Balance,
    AccountV1,
    AccountV2,
    Price,
    Book,
    Depth,
    StreamStart,
    StreamPing,
    StreamStop,
    Ping,
    Time,
    AlgoPlace,
    AlgoCancel,
}

impl Call {
    fn parse(method: &str) -> Option<Self> {
        Some(match method {
            "session.logon" => Self::Logon,
            "session.status" => Self::Status,
            "session.logout" => Self::Logout,
            "order.place" => Self::Place,
            "order.modify" => Self::Modify,
            "order.cancel" => Self::Cancel,
            "order.status" => Self::Query,
            "account.position" | "v1/account.position" => Self::PositionV1,
            "v2/account.position" => Self::PositionV2,
            "account.balance" | "v1/account.balance" | "v2/account.balance" => Self::Balance,
            "account.status" | "v1/account.status" => Self::AccountV1,
            "v2/account.status" => Self::AccountV2,
            "ticker.price" => Self::Price,
            "ticker.book" => Self::Book,
            "depth" => Self::Depth,
            "userDataStream.start" => Self::StreamStart,
            "userDataStream.ping" => Self::StreamPing,
            "userDataStream.stop" => Self::StreamStop,
            "ping" => Self::Ping,
            "time" => Self::Time,
            "algoOrder.place" => Self::AlgoPlace,
            "algoOrder.cancel" => Self::AlgoCancel,
            _ => return None,
        })
    }

    fn weight(self, params: &Params) -> u32 {
        match self {
            Self::Place | Self::Modify | Self::AlgoPlace => 0,
            Self::Logon | Self::Status | Self::Logout => 2,
            Self::PositionV1
            | Self::PositionV2
            | Self::Balance
            | Self::AccountV1
            | Self::AccountV2 => 5,
            Self::Price => 1 + u32::from(!params.has("symbol")),
            Self::Book => 2 + 3 * u32::from(!params.has("symbol")),
            Self::Depth => {
                let limit = params.integer("limit").ok().flatten();
                depth_weight(limit.unwrap_or(500))
            }
            Self::Cancel
            | Self::Query
            | Self::StreamStart
            | Self::StreamPing
            | Self::StreamStop
            | Self::Ping
            | Self::Time
            | Self::AlgoCancel => 1,
        }
    }

    fn counts_as_order(self) -> bool {
        matches!(self, Self::Place | Self::Modify | Self::AlgoPlace)
    }
}

/// A request as it goes through the checks.
struct Request {
    id: String,
    shows_limits: bool,
    counted: Option<AccountId>,
}

impl Front {
    /// Answers one frame of a WebSocket API connection.
    pub(crate) fn api_call(&mut self, conn: ConnId, frame: &[u8]) -> Option<String> {
        let socket = self.sockets.get(conn)?;
        let (peer, connected_ms) = (socket.peer, socket.opened_ms);
        let Kind::Api(session) = &socket.kind else {
            return None;
        };
        let mut session = session.clone();
        let mut request = Request {
            id: "null".to_owned(),
            shows_limits: !session.hides_limits,
            counted: None,
        };
        let result = self.api_checked(frame, peer, connected_ms, &mut session, &mut request);
        if let Some(socket) = self.sockets.get_mut(conn) {
            socket.kind = Kind::Api(session);
        }
        Some(self.api_reply(peer, &request, result))
    }

    fn api_checked(
        &mut self,
        frame: &[u8],
        peer: IpAddr,
        connected_ms: i64,
        session: &mut Session,
        request: &mut Request,
    ) -> Result<String, Fail> {
        let now_ms = self.now_ms();
        let frame: Value = serde_json::from_slice(frame)
            .map_err(|_| Fail::new(-1000, "Invalid JSON in request."))?;
        if let Some(id @ (Value::String(_) | Value::Number(_))) = frame.get("id") {
            request.id = id.to_string();
        }
        let empty = serde_json::Map::new();
        let params = match frame.get("params") {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(params)) => params,
            Some(_) => return Err(Fail::new(-1000, "params must be an object.")),
        };
        let params = Params::from_json(params)?;
        if let Some(shows_limits) = params.flag("returnRateLimits")? {
            request.shows_limits = shows_limits;
        }
        let method = frame.get("method").and_then(Value::as_str);
        let call = method.and_then(Call::parse).ok_or_else(|| {
            let method = method.unwrap_or_default();
            tracing::warn!(method, "unknown websocket api method");
            Fail::new(-1000, format!("Unknown method '{method}'."))
        })?;
        self.meter.charge(peer, call.weight(&params), now_ms)?;
        match call {
            Call::Ping => Ok("{}".to_owned()),
            Call::Time => Ok(self.time()),
            Call::Price => self.price_ticker(&params),
            Call::Book => self.book_ticker(&params),
            Call::Depth => self.depth(&params),
            Call::Logon => self.log_on(&params, session, connected_ms),
            Call::Status => Ok(self.session_row(session, connected_ms)),
            Call::Logout => {
                session.logged_on = None;
                Ok(self.session_row(session, connected_ms))
            }
            Call::StreamStart | Call::StreamPing | Call::StreamStop => {
                let account = self.keyring.find(key_shown(&params, session)?)?.account;
                self.api_listen_key(call, account)
            }
            _ => self.api_signed(call, &params, session, request),
        }
    }

    fn api_signed(
        &mut self,
        call: Call,
        params: &Params,
        session: &Session,
        request: &mut Request,
    ) -> Result<String, Fail> {
        let key = self.keyring.find(key_shown(params, session)?)?;
        let account = key.account;
        // A logged-on session needs no signature; one sent is checked still.
        let logged_on = session.logged_on.is_some() && !params.has("apiKey");
        if !logged_on || params.has("signature") {
            key.check_sorted(params)?;
        }
        let stamp = Stamp::check(params, self.gateway_ms())?;
        if call.counts_as_order() {
            request.counted = Some(account);
            let now_ms = self.now_ms();
            self.meter.charge_orders(account.0, 1, 1, now_ms)?;
        }
        match call {
            Call::Place => self.place(account, params, stamp),
            Call::Modify => self.amend(account, params, stamp),
            Call::Cancel => self.cancel(account, params),
            Call::Query => self.query_order(account, params),
            Call::PositionV1 => self.position_risk_v2(account, params),
            Call::PositionV2 => self.position_risk_v3(account, params),
            Call::AlgoPlace => Err(Fail::new(-2010, "Conditional orders are not simulated.")),
            Call::AlgoCancel => Err(crate::exchange::Reject::UNKNOWN_ORDER.into()),
            _ => {
                params.all_read()?;
                match call {
                    Call::Balance => Ok(self.balance(account)),
                    Call::AccountV1 => self.account(account, true),
                    _ => self.account(account, false),
                }
            }
        }
    }

    fn api_listen_key(&mut self, call: Call, account: AccountId) -> Result<String, Fail> {
        match call {
            Call::StreamStart => Ok(self.start_listen_key(account)),
            Call::StreamPing => self.extend_listen_key(account),
            _ => {
                self.stop_listen_key(account);
                Ok("{}".to_owned())
            }
        }
    }

    fn log_on(
        &self,
        params: &Params,
        session: &mut Session,
        connected_ms: i64,
    ) -> Result<String, Fail> {
        let api_key = params.need("apiKey")?;
        let key = self.keyring.find(Some(api_key))?;
        if !key.opens_sessions() {
            return Err(Fail::new(
                -4056,
                "HMAC_SHA256 API key is not supported for session logon.",
            ));
        }
        key.check_sorted(params)?;
        Stamp::check(params, self.gateway_ms())?;
        session.logged_on = Some((api_key.to_owned(), self.now_ms()));
        Ok(self.session_row(session, connected_ms))
    }

    fn session_row(&self, session: &Session, connected_ms: i64) -> String {
        let mut json = Json::new();
        json.open();
        match &session.logged_on {
            Some((api_key, since_ms)) => json
                .text("apiKey", api_key)
                .number("authorizedSince", since_ms),
            None => json.null("apiKey").null("authorizedSince"),
        };
        json.number("connectedSince", connected_ms)
            .flag("returnRateLimits", !session.hides_limits)
            .number("serverTime", self.now_ms())
            .close();
        json.finish()
    }

    fn api_reply(
        &mut self,
        peer: IpAddr,
        request: &Request,
        result: Result<String, Fail>,
    ) -> String {
        let now_ms = self.now_ms();
        let mut json = Json::new();
        json.open();
        json.key("id").raw(&request.id);
        match result {
            Ok(result) => {
                json.number("status", 200);
                json.key("result").raw(&result);
            }
            Err(fail) => {
                json.number("status", fail.status);
                json.key("error");
                fail.write(&mut json);
            }
        }
        if request.shows_limits {
            let limits = *self.meter.limits();
            let used = self.meter.weight_used(peer, now_ms);
            json.key("rateLimits").open_list();
            let weight = limits.weight_per_minute;
            rate_limit(&mut json, "REQUEST_WEIGHT", "MINUTE", 1, weight)
                .number("count", used)
                .close();
            if let Some(account) = request.counted {
                let (in_10s, in_minute) = self.meter.orders_used(account.0, now_ms);
                rate_limit(&mut json, "ORDERS", "SECOND", 10, limits.orders_per_10s)
                    .number("count", in_10s)
                    .close();
                rate_limit(&mut json, "ORDERS", "MINUTE", 1, limits.orders_per_minute)
                    .number("count", in_minute)
                    .close();
            }
            json.close_list();
        }
        json.close();
        json.finish()
    }
}

/// The key a request names, or the one its session was opened with.
fn key_shown<'a>(params: &'a Params, session: &'a Session) -> Result<Option<&'a str>, Fail> {
    let shown = params.text("apiKey")?;
    let logged_on = session.logged_on.as_ref().map(|(key, _)| key.as_str());
    Ok(shown.or(logged_on))
}

//! What the exchange says when it says no: HTTP status, code and text.

use std::borrow::Cow;
use std::fmt::Display;

use crate::front::json::Json;

/// A refusal on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fail {
    /// HTTP status, repeated as `status` on the WebSocket API.
    pub(crate) status: u16,
    /// The exchange's number.
    pub(crate) code: i32,
    /// The exchange's text.
    pub(crate) msg: Cow<'static, str>,
}

impl Fail {
    /// A refusal whose status follows from its code.
    pub(crate) fn new(code: i32, msg: impl Into<Cow<'static, str>>) -> Self {
        let status = match code {
            -1002 | -2014 | -2015 => 401,
            -1003 | -1015 => 429,
            -1007 => 408,
            -1001 | -1008 => 503,
            -5000 => 404,
            _ => 400,
        };
        Self {
            status,
            code,
            msg: msg.into(),
        }
    }

    /// -1102; live texts print the name in lower case.
    pub(crate) fn mandatory(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        Self::new(
            -1102,
            format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed."),
        )
    }

    /// -1105.
    pub(crate) fn empty(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        Self::new(-1105, format!("Parameter '{name}' was empty."))
    }

    /// -1106.
    pub(crate) fn not_required(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        Self::new(-1106, format!("Parameter '{name}' sent when not required."))
    }

    /// -1130.
    pub(crate) fn invalid(name: &str) -> Self {
        Self::new(
            -1130,
            format!("Data sent for parameter '{name}' is not valid."),
        )
    }

    /// -1104.
    pub(crate) fn unread(read: usize, sent: usize) -> Self {
        Self::new(
            -1104,
            format!(
                "Not all sent parameters were read; read '{read}' parameter(s) but was sent \
                 '{sent}'."
            ),
        )
    }

    /// -1121.
    pub(crate) fn symbol() -> Self {
        Self::new(-1121, "Invalid symbol.")
    }

    /// -1022.
    pub(crate) fn signature() -> Self {
        Self::new(-1022, "Signature for this request is not valid.")
    }

    /// -2014: no key, or none that could be one.
    pub(crate) fn key_format() -> Self {
        Self::new(-2014, "API-key format invalid.")
    }

    /// -2015: a key nobody holds.
    pub(crate) fn key() -> Self {
        Self::new(-2015, "Invalid API-key, IP, or permissions for action.")
    }

    /// -1125.
    pub(crate) fn listen_key() -> Self {
        Self::new(
            -1125,
            "This listenKey does not exist. Please use `POST /fapi/v1/listenKey` to recreate \
             `listenKey`",
        )
    }

    /// -1003 with 429.
    pub(crate) fn too_much_weight(limit: u32) -> Self {
        Self::new(
            -1003,
            format!(
                "Too many requests; current limit is {limit} requests per minute. Please use the \
                 websocket for live updates to avoid polling the API."
            ),
        )
    }

    /// -1003 with 418.
    pub(crate) fn banned(peer: impl Display, until_ms: i64) -> Self {
        Self {
            status: 418,
            ..Self::new(
                -1003,
                format!(
                    "Way too many requests; IP({peer}) banned until {until_ms}. Please use the \
                     websocket for live updates to avoid bans."
                ),
            )
        }
    }

    /// -1015.
    pub(crate) fn too_many_orders(limit: u32, interval: &str) -> Self {
        Self::new(
            -1015,
            format!("Too many new orders; current limit is {limit} orders per {interval}."),
        )
    }

    /// Appends `{"code":…,"msg":…}`.
    pub(crate) fn write(&self, json: &mut Json) {
        json.open()
            .number("code", self.code)
            .text("msg", &self.msg)
            .close();
    }

    /// `{"code":…,"msg":…}`.
    pub(crate) fn to_json(&self) -> String {
        let mut json = Json::new();
        self.write(&mut json);
        json.finish()
    }
}

impl From<crate::exchange::Reject> for Fail {
    fn from(reject: crate::exchange::Reject) -> Self {
        Self::new(reject.code, reject.msg)
    }
}

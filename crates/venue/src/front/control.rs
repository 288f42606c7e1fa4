//! The requests a client sends on a stream socket: SUBSCRIBE and its kin.

use serde::Deserialize;
use serde_json::Value;

use crate::front::json::Json;

/// Most streams one socket may carry.
pub(crate) const STREAMS_MAX: usize = 1_024;

/// What a client asked of its stream socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// Add streams.
    Subscribe(Vec<String>),
    /// Remove streams.
    Unsubscribe(Vec<String>),
    /// Name the streams.
    List,
    /// Wrap frames as `{"stream":…,"data":…}` or not.
    SetCombined(bool),
    /// Tell whether frames are wrapped.
    GetCombined,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ControlFail {
    /// 0 unknown property, 1 wrong type, 2 bad request, 3 no JSON at all.
    pub(crate) code: u8,
    /// The exchange's text.
    pub(crate) msg: String,
    /// The request's id as JSON, where it could be read.
    pub(crate) id: Option<String>,
}

impl ControlFail {
    fn bad(msg: impl Into<String>, id: Option<String>) -> Self {
        Self {
            code: 2,
            msg: format!("Invalid request: {}", msg.into()),
            id,
        }
    }

    /// A frame that is no JSON ends the connection.
    pub(crate) fn disconnects(&self) -> bool {
        self.code == 3
    }

    /// `{"error":{…}}`, with the id if there is one.
    pub(crate) fn to_json(&self) -> String {
        let mut json = Json::new();
        json.open().key("error").open();
        json.number("code", self.code)
            .text("msg", &self.msg)
            .close();
        if let Some(id) = &self.id {
            json.number("id", id);
        }
        json.close();
        json.finish()
    }
}

/// Field names and verbs as the exchange's own parser names them in errors.
#[derive(Deserialize)]
struct Envelope {
    method: Verb,
    #[serde(default)]
    params: Value,
    #[serde(default)]
    id: Value,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Verb {
    Subscribe,
    Unsubscribe,
    ListSubscriptions,
    SetProperty,
    GetProperty,
}

/// Longest id echoed.
const ID_BYTES_MAX: usize = 64;

/// The id as it will be echoed. The exchange's own texts ask for an unsigned
/// integer, yet its official Python client names every request by a UUID.
fn echoed(id: &Value) -> Option<String> {
    match id {
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        Value::String(text) if text.len() <= ID_BYTES_MAX => Some(id.to_string()),
        _ => None,
    }
}

/// Reads one client frame into its id, as JSON, and request.
pub(crate) fn read(frame: &[u8]) -> Result<(String, Control), ControlFail> {
    let envelope: Envelope = match serde_json::from_slice(frame) {
        Ok(envelope) => envelope,
        Err(error) if error.is_data() => {
            let id = serde_json::from_slice::<Value>(frame)
                .ok()
                .and_then(|value| echoed(value.get("id")?));
            return Err(ControlFail::bad(error.to_string(), id));
        }
        Err(error) => {
            return Err(ControlFail {
                code: 3,
                msg: format!("Invalid JSON: {error}"),
                id: None,
            });
        }
    };
    let Some(id) = echoed(&envelope.id) else {
        let msg = "request ID must be an unsigned integer";
        return Err(ControlFail::bad(msg, None));
    };
    read_verb(envelope.method, &envelope.params, &id).map(|control| (id, control))
}

fn read_verb(verb: Verb, params: &Value, id: &str) -> Result<Control, ControlFail> {
    match verb {
        Verb::Subscribe => names(params, id).map(Control::Subscribe),
        Verb::Unsubscribe => names(params, id).map(Control::Unsubscribe),
        Verb::ListSubscriptions => Ok(Control::List),
        Verb::SetProperty => {
            property(params, id)?;
            match params.get(1).and_then(Value::as_bool) {
                Some(combined) => Ok(Control::SetCombined(combined)),
                None => Err(ControlFail {
                    code: 1,
                    msg: "Invalid value type: expected Boolean".to_owned(),
                    id: Some(id.to_owned()),
                }),
            }
        }
        Verb::GetProperty => property(params, id).map(|()| Control::GetCombined),
    }
}

fn property(params: &Value, id: &str) -> Result<(), ControlFail> {
    match params.get(0).and_then(Value::as_str) {
        Some("combined") => Ok(()),
        Some(_) => Err(ControlFail {
            code: 0,
            msg: "Unknown property".to_owned(),
            id: Some(id.to_owned()),
        }),
        None => Err(ControlFail::bad(
            "property name must be a string",
            Some(id.to_owned()),
        )),
    }
}

fn names(params: &Value, id: &str) -> Result<Vec<String>, ControlFail> {
    let Some(list) = params.as_array() else {
        let msg = "params must be a list of stream names";
        return Err(ControlFail::bad(msg, Some(id.to_owned())));
    };
    if list.len() > STREAMS_MAX {
        return Err(ControlFail::bad("too many parameters", Some(id.to_owned())));
    }
    list.iter()
        .map(|name| {
            name.as_str().map(str::to_owned).ok_or_else(|| {
                ControlFail::bad("stream name must be a string", Some(id.to_owned()))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(frame: &str) -> String {
        read(frame.as_bytes()).expect_err(frame).to_json()
    }

    #[test]
    fn requests_are_read() {
        assert_eq!(
            read(br#"{"method":"SUBSCRIBE","params":["a@depth","b@trade"],"id":7}"#),
            Ok((
                "7".to_owned(),
                Control::Subscribe(vec!["a@depth".into(), "b@trade".into()])
            ))
        );
        assert_eq!(
            read(br#"{"id":1,"method":"SET_PROPERTY","params":["combined",true]}"#),
            Ok(("1".to_owned(), Control::SetCombined(true)))
        );
        assert_eq!(
            read(br#"{"id":"9f1-a","method":"LIST_SUBSCRIPTIONS"}"#),
            Ok(("\"9f1-a\"".to_owned(), Control::List))
        );
    }

    #[test]
    fn errors_have_the_exchange_s_words() {
        assert_eq!(
            refused(r#"{"id":1,"method":"GET_PROPERTY","params":["x"]}"#),
            r#"{"error":{"code":0,"msg":"Unknown property"},"id":1}"#
        );
        assert_eq!(
            refused(r#"{"id":1,"method":"SET_PROPERTY","params":["combined",1]}"#),
            r#"{"error":{"code":1,"msg":"Invalid value type: expected Boolean"},"id":1}"#
        );
        assert_eq!(
            refused(r#"{"id":-1,"method":"SUBSCRIBE","params":[]}"#),
            concat!(
                r#"{"error":{"code":2,"msg":"Invalid request: "#,
                r#"request ID must be an unsigned integer"}}"#
            )
        );
        assert!(refused(r#"{"id":1}"#).contains("missing field `method` at line 1 column 8"));
        assert!(
            refused(r#"{"id":1,"method":"X"}"#)
                .contains("unknown variant `X`, expected one of `SUBSCRIBE`")
        );
        assert_eq!(
            refused("hello"),
            r#"{"error":{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}}"#
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}

//! Named parameters of a request and the exchange's rules for reading them.
//!
//! A name in both query and body takes the query's value; a name twice in one
//! place, an empty value or a name nobody reads is refused. Upper and lower
//! case of a name are the same to the exchange (its texts print names in lower
//! case, and ccxt sends `orderidlist`).

use std::cell::Cell;

use phoenix_domain::Decimal;
use serde_json::Value;

use crate::front::fail::Fail;

/// Most parameters one request may carry.
const COUNT_MAX: usize = 64;

/// The parameters of one request.
#[derive(Debug, Default)]
pub(crate) struct Params {
    list: Vec<Param>,
}

#[derive(Debug)]
struct Param {
    name: String,
    text: String,
    read: Cell<bool>,
}

impl Params {
    /// Decodes `name=text&…` from query and body.
    pub(crate) fn from_form(query: &str, body: &str) -> Result<Self, Fail> {
        let mut params = Self::default();
        params.extend_from(query)?;
        let from_query = params.list.len();
        params.extend_from(body)?;
        let (query_part, body_part) = params.list.split_at(from_query);
        let keep: Vec<bool> = body_part
            .iter()
            .map(|param| !query_part.iter().any(|other| other.is_named(&param.name)))
            .collect();
        let mut index = 0;
        params.list.retain(|_| {
            index += 1;
            index <= from_query || keep.get(index - 1 - from_query).copied().unwrap_or(true)
        });
        Ok(params)
    }

    /// Takes the members of a JSON object: batch items and the WebSocket API.
    pub(crate) fn from_json(object: &serde_json::Map<String, Value>) -> Result<Self, Fail> {
        if object.len() > COUNT_MAX {
            return Err(Fail::new(
                -1101,
                "Too many parameters sent for this endpoint.",
            ));
        }
        let mut list = Vec::with_capacity(object.len());
        for (name, value) in object {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Bool(flag) => flag.to_string(),
                Value::Null => String::new(),
                Value::Array(_) | Value::Object(_) => value.to_string(),
            };
            list.push(Param::new(name.clone(), text));
        }
        Ok(Self { list })
    }

    /// The text of an optional parameter; an empty one is refused.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Fail> {
        match self.find(name) {
            Some("") => Err(Fail::empty(name)),
            found => Ok(found),
        }
    }

    /// The text of a mandatory parameter.
    pub(crate) fn need(&self, name: &str) -> Result<&str, Fail> {
        match self.find(name) {
            None | Some("") => Err(Fail::mandatory(name)),
            Some(text) => Ok(text),
        }
    }

    /// An optional whole number.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Fail> {
        self.text(name)?
            .map(|text| text.parse().map_err(|_| Fail::mandatory(name)))
            .transpose()
    }

    /// A mandatory whole number.
    pub(crate) fn need_integer(&self, name: &str) -> Result<i64, Fail> {
        self.need(name)?.parse().map_err(|_| Fail::mandatory(name))
    }

    /// An optional `true` or `false`, in either case.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Fail> {
        self.text(name)?
            .map(|text| {
                if text.eq_ignore_ascii_case("true") {
                    Ok(true)
                } else if text.eq_ignore_ascii_case("false") {
                    Ok(false)
                } else {
                    Err(Fail::mandatory(name))
                }
            })
            .transpose()
    }

    /// An optional decimal number.
    pub(crate) fn decimal(&self, name: &str) -> Result<Option<Decimal>, Fail> {
        use phoenix_domain::DecimalError;
        self.text(name)?
            .map(|text| match Decimal::parse(text.as_bytes()) {
                Ok(decimal) => Ok(decimal),
                Err(DecimalError::TooPrecise) => Err(Fail::new(
                    -1111,
                    "Precision is over the maximum defined for this asset.",
                )),
                Err(DecimalError::Empty | DecimalError::NotANumber | DecimalError::TooLarge) => {
                    Err(Fail::mandatory(name))
                }
            })
            .transpose()
    }

    /// A limit on the number of rows: absent means `default`, above `max` or
    /// below 1 is refused.
    pub(crate) fn limit(&self, default: usize, max: usize) -> Result<usize, Fail> {
        let Some(limit) = self.integer("limit")? else {
            return Ok(default);
        };
        match usize::try_from(limit) {
            Ok(limit) if (1..=max).contains(&limit) => Ok(limit),
            _ => Err(Fail::invalid("limit")),
        }
    }

    /// True if the parameter was sent at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Refuses parameters that nobody has read.
    pub(crate) fn all_read(&self) -> Result<(), Fail> {
        let read = self.list.iter().filter(|param| param.read.get()).count();
        if read == self.list.len() {
            Ok(())
        } else {
            Err(Fail::unread(read, self.list.len()))
        }
    }

    /// Name and text of each, in the order sent.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list
            .iter()
            .map(|param| (param.name.as_str(), param.text.as_str()))
    }

    fn find(&self, name: &str) -> Option<&str> {
        let param = self.list.iter().find(|param| param.is_named(name))?;
        param.read.set(true);
        Some(&param.text)
    }

    fn extend_from(&mut self, form: &str) -> Result<(), Fail> {
        let start = self.list.len();
        for (name, text) in url::form_urlencoded::parse(form.as_bytes()) {
            let twice = self
                .list
                .get(start..)
                .unwrap_or_default()
                .iter()
                .any(|param| param.is_named(&name));
            if twice {
                return Err(Fail::new(
                    -1101,
                    format!(
                        "Duplicate values for parameter '{}'.",
                        name.to_ascii_lowercase()
                    ),
                ));
            }
            if self.list.len() >= COUNT_MAX {
                return Err(Fail::new(
                    -1101,
                    "Too many parameters sent for this endpoint.",
                ));
            }
            self.list
                .push(Param::new(name.into_owned(), text.into_owned()));
        }
        Ok(())
    }
}

impl Param {
    fn new(name: String, text: String) -> Self {
        Self {
            name,
            text,
            read: Cell::new(false),
        }
    }

    fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn query_wins_over_body_and_leftovers_are_counted() {
        let params = Params::from_form("symbol=BTCUSDT&a=1", "symbol=ETHUSDC&price=1.5")
            .expect("parameters");
        assert_eq!(params.need("symbol"), Ok("BTCUSDT"));
        assert_eq!(params.decimal("Price"), Ok(Some(Decimal(150_000_000))));
        assert_eq!(params.all_read(), Err(Fail::unread(2, 3)));
    }

    #[test]
    fn texts_name_the_parameter_in_lower_case() {
        let params = Params::from_form("timeInForce=&limit=0", "").expect("parameters");
        let fail = params.need("timeInForce").expect_err("empty");
        assert_eq!(
            fail.msg,
            "Mandatory parameter 'timeinforce' was not sent, was empty/null, or malformed."
        );
        assert_eq!(params.text("timeInForce").expect_err("empty").code, -1105);
        assert_eq!(params.limit(500, 1000).expect_err("zero").code, -1130);
        assert_eq!(
            Params::from_form("a=1&a=2", "").expect_err("twice").code,
            -1101
        );
    }

    proptest! {
        #[test]
        fn arbitrary_forms_never_panic(query in any::<String>(), body in any::<String>()) {
            if let Ok(params) = Params::from_form(&query, &body) {
                let _ = (params.need("symbol"), params.decimal("price"), params.all_read());
            }
        }
    }
}

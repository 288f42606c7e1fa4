//! A small JSON writer: fields in the order they are written.
//!
//! Written for the exchange's side only, on purpose apart from anything the
//! maker reads with, so that a mistake in one cannot hide in the other.

use std::fmt::{Display, Write as _};

/// JSON text under construction.
#[derive(Debug, Default)]
pub(crate) struct Json {
    text: String,
}

impl Json {
    /// An empty text with room for a small object.
    pub(crate) fn new() -> Self {
        Self {
            text: String::with_capacity(512),
        }
    }

    /// Opens an object as the next element.
    pub(crate) fn open(&mut self) -> &mut Self {
        self.separate();
        self.text.push('{');
        self
    }

    /// Closes the innermost object.
    pub(crate) fn close(&mut self) -> &mut Self {
        self.text.push('}');
        self
    }

    /// Opens a list as the next element.
    pub(crate) fn open_list(&mut self) -> &mut Self {
        self.separate();
        self.text.push('[');
        self
    }

    /// Closes the innermost list.
    pub(crate) fn close_list(&mut self) -> &mut Self {
        self.text.push(']');
        self
    }

    /// Writes a key; a value must follow.
    pub(crate) fn key(&mut self, key: &str) -> &mut Self {
        self.separate();
        self.text.push('"');
        self.text.push_str(key);
        self.text.push_str("\":");
        self
    }

    /// A text field, escaped where needed.
    pub(crate) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key).quote(value);
        self
    }

    /// A number sent as text, which is how the exchange sends decimals.
    pub(crate) fn decimal(&mut self, key: &str, value: impl Display) -> &mut Self {
        self.key(key).quoted(value)
    }

    /// A bare number.
    pub(crate) fn number(&mut self, key: &str, value: impl Display) -> &mut Self {
        self.key(key);
        let _ = write!(self.text, "{value}");
        self
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, key: &str, value: bool) -> &mut Self {
        self.number(key, value)
    }

    /// `null`.
    pub(crate) fn null(&mut self, key: &str) -> &mut Self {
        self.key(key);
        self.text.push_str("null");
        self
    }

    /// A list element or value whose printed form needs no escape, quoted.
    pub(crate) fn quoted(&mut self, value: impl Display) -> &mut Self {
        self.separate();
        let _ = write!(self.text, "\"{value}\"");
        self
    }

    /// A text as list element or value, quoted and escaped.
    pub(crate) fn quote(&mut self, value: &str) -> &mut Self {
        self.separate();
        self.text.push('"');
        for character in value.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                control if u32::from(control) < 0x20 => {
                    let _ = write!(self.text, "\\u{:04x}", u32::from(control));
                }
                plain => self.text.push(plain),
            }
        }
        self.text.push('"');
        self
    }

    /// A value that is JSON already.
    pub(crate) fn raw(&mut self, json: &str) -> &mut Self {
        self.separate();
        self.text.push_str(json);
        self
    }

    /// The finished text.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// A comma belongs between two elements and nowhere else: what was
    /// written last tells.
    fn separate(&mut self) {
        match self.text.as_bytes().last() {
            None | Some(b'{' | b'[' | b':') => {}
            Some(_) => self.text.push(','),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nests_and_separates() {
        let mut json = Json::new();
        json.open().text("s", "ETHUSDC").decimal("p", 1.5);
        json.key("b").open_list();
        for level in [("1", "2"), ("3", "4")] {
            json.open_list()
                .quoted(level.0)
                .quoted(level.1)
                .close_list();
        }
        json.close_list().flag("m", true).null("x").close();
        assert_eq!(
            json.finish(),
            r#"{"s":"ETHUSDC","p":"1.5","b":[["1","2"],["3","4"]],"m":true,"x":null}"#
        );
    }

    proptest! {
        #[test]
        fn any_text_reads_back(text in any::<String>()) {
            let mut json = Json::new();
            json.open().text("t", &text).close();
            let read: serde_json::Value = serde_json::from_str(&json.finish()).expect("json");
            prop_assert_eq!(read["t"].as_str(), Some(text.as_str()));
        }
    }
}

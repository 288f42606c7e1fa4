//! YAML text as a tree in which every key and value knows its line.
//!
//! Only what a settings file needs: mappings, sequences, scalars. Aliases,
//! tags and second documents are refused by name rather than half supported.

use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle, StrInput};

/// Where something stands, both counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Scalar { text: String, quoted: bool },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a mapping with its value. Duplicates stay: the check names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) value: Node,
}

/// Why a text is no settings tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) place: Place,
    pub(crate) kind: SyntaxKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SyntaxKind {
    /// The text breaks YAML's grammar; the parser's own words.
    Grammar(String),
    /// A YAML feature that settings do not use.
    Unsupported(&'static str),
    /// Nothing in the file.
    Empty,
}

/// Nesting beyond this is no settings file.
const DEPTH_MAX: usize = 16;

impl Node {
    /// Reads a whole file.
    pub(crate) fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut reader = Reader {
            events: Parser::new_from_str(text),
            place: Place { line: 1, column: 1 },
        };
        let root = loop {
            match reader.next()? {
                Event::StreamStart | Event::DocumentStart(..) => {}
                Event::StreamEnd | Event::DocumentEnd => {
                    return Err(reader.error(SyntaxKind::Empty));
                }
                other => break reader.node(other, 0)?,
            }
        };
        loop {
            match reader.next()? {
                Event::DocumentEnd => {}
                Event::StreamEnd => return Ok(root),
                _ => return Err(reader.error(SyntaxKind::Unsupported("a second document"))),
            }
        }
    }

    /// The scalar's text if it stands for nothing: `key:`, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        match &self.content {
            Content::Scalar { text, quoted } => {
                !quoted && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            Content::List(_) | Content::Map(_) => false,
        }
    }
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    place: Place,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Event<'a>, SyntaxError> {
        loop {
            let Some(result) = self.events.next() else {
                return Ok(Event::StreamEnd);
            };
            match result {
                Ok((Event::Comment(..), _)) => {}
                Ok((event, span)) => {
                    self.place = Place::of(&span.start);
                    return Ok(event);
                }
                Err(error) => {
                    self.place = Place::of(error.marker());
                    return Err(self.error(SyntaxKind::Grammar(error.info())));
                }
            }
        }
    }

    fn error(&self, kind: SyntaxKind) -> SyntaxError {
        let place = self.place;
        SyntaxError { place, kind }
    }

    fn node(&mut self, first: Event<'a>, depth: usize) -> Result<Node, SyntaxError> {
        let place = self.place;
        if depth > DEPTH_MAX {
            return Err(self.error(SyntaxKind::Unsupported("nesting deeper than 16")));
        }
        let content = match first {
            Event::Scalar(text, style, anchor, tag) => {
                if anchor != 0 || tag.is_some() {
                    return Err(self.error(SyntaxKind::Unsupported("an anchor or a tag")));
                }
                let quoted = style != ScalarStyle::Plain;
                let text = text.into_owned();
                Content::Scalar { text, quoted }
            }
            Event::SequenceStart(..) => self.list(depth)?,
            Event::MappingStart(..) => self.map(depth)?,
            _ => return Err(self.error(SyntaxKind::Unsupported("an alias"))),
        };
        Ok(Node { place, content })
    }

    fn list(&mut self, depth: usize) -> Result<Content, SyntaxError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(Content::List(items)),
                event => items.push(self.node(event, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Content, SyntaxError> {
        let mut entries = Vec::new();
        loop {
            let event = self.next()?;
            let place = self.place;
            let key = match event {
                Event::MappingEnd => return Ok(Content::Map(entries)),
                Event::Scalar(text, ..) => text.into_owned(),
                _ => return Err(self.error(SyntaxKind::Unsupported("a key that is no word"))),
            };
            let event = self.next()?;
            let value = self.node(event, depth + 1)?;
            entries.push(Entry { key, place, value });
        }
    }
}

impl Place {
    fn of(marker: &Marker) -> Self {
        // The parser counts columns from 0.
        Self {
            line: marker.line(),
            column: marker.col() + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_key_and_value_knows_its_place() {
        let root =
            Node::parse("# head\nglobal:\n  net: 0.5 # note\n  name: \"x\"\n").expect("valid");
        let Content::Map(entries) = root.content else {
            panic!("a mapping");
        };
        assert_eq!(entries[0].place, Place { line: 2, column: 1 });
        let Content::Map(inner) = &entries[0].value.content else {
            panic!("a mapping");
        };
        assert_eq!(inner[0].value.place, Place { line: 3, column: 8 });
        assert_eq!(
            inner[1].value.content,
            Content::Scalar {
                text: "x".into(),
                quoted: true
            }
        );
    }

    #[test]
    fn duplicates_are_kept_for_the_check() {
        let root = Node::parse("a: 1\na: 2\n").expect("valid");
        let Content::Map(entries) = root.content else {
            panic!("a mapping");
        };
        assert_eq!(entries.len(), 2);
    }

    #[test]
    fn what_settings_do_not_use_is_refused_by_name() {
        for (text, wanted) in [
            ("", "Empty"),
            ("a: &x 1", "an anchor or a tag"),
            ("a: 1\n---\nb: 2", "a second document"),
            ("a: [1, 2", "Grammar"),
        ] {
            let error = Node::parse(text).expect_err(text);
            assert!(format!("{error:?}").contains(wanted), "{text}: {error:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "(?s).{0,200}") {
            let _ = Node::parse(&text);
        }

        #[test]
        fn yaml_like_text_never_panics(text in "[a-c:\\-\\[\\]{}&*!|>'\"# \n\t,0-9]{0,80}") {
            let _ = Node::parse(&text);
        }
    }
}

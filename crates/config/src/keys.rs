//! The table of every key: kind, range, unit, default and what it means.
//!
//! A key that can lose money has no default. Adding a key is adding a row here
//! and a field in `settings`.

mod global;
mod symbol;

use crate::lang::Lang;

pub(crate) use global::GLOBAL;
pub(crate) use symbol::SYMBOL;

/// One key of the file.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) need: Need,
    /// Unit as shown to people, empty if it has none.
    pub(crate) unit: &'static str,
    pub(crate) en: &'static str,
    pub(crate) zh: &'static str,
}

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A decimal number between two bounds, as text to stay exact.
    Decimal {
        min: &'static str,
        max: &'static str,
        /// The lower bound itself is not allowed.
        above_min: bool,
    },
    /// A whole number between two bounds.
    Whole { min: u64, max: u64 },
    /// `true` or `false`.
    Flag,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// Any text.
    Text,
    /// `http://…` or `ws://…`, possibly with s, without trailing slash.
    Url(&'static [&'static str]),
    /// Capital letters and digits.
    Symbol,
}

/// Whether the owner must say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// No default: it can lose money or nobody else can know it.
    Required,
    /// Used when the file is silent.
    Default(&'static str),
    /// May be absent, and then means what the text says.
    Optional,
    /// Of an older version: read, named once, without effect.
    Retired,
    /// Never in this file: a secret.
    Secret,
}

/// The row of a name. The older version's layer keys share three prefixes.
pub(crate) fn find(table: &'static [Key], name: &str) -> Option<&'static Key> {
    let exact = table.iter().find(|key| key.name == name);
    exact.or_else(|| {
        let prefix = RETIRED_PREFIXES
            .iter()
            .find(|prefix| name.starts_with(**prefix))?;
        let same = |key: &&Key| key.need == Need::Retired && key.name.starts_with(*prefix);
        table.iter().find(same)
    })
}

const RETIRED_PREFIXES: [&str; 3] = ["near_layer_", "far_layer_", "vpin_"];

impl Key {
    /// Kind, range and unit as shown to people.
    pub(crate) fn range(&self, lang: Lang) -> String {
        let text = match self.kind {
            Kind::Decimal {
                min,
                max,
                above_min: true,
            } => match lang {
                Lang::En => format!("a number above {min} and at most {max}"),
                Lang::Zh => format!("大于 {min} 且不超过 {max} 的数"),
            },
            Kind::Decimal { min, max, .. } => match lang {
                Lang::En => format!("a number from {min} to {max}"),
                Lang::Zh => format!("{min} 至 {max} 的数"),
            },
            Kind::Whole { min, max } => match lang {
                Lang::En => format!("a whole number from {min} to {max}"),
                Lang::Zh => format!("{min} 至 {max} 的整数"),
            },
            Kind::Flag => lang.pick("true or false", " true 或 false").into(),
            Kind::Choice(words) => words.join(lang.pick(" or ", " 或 ")),
            Kind::Text => lang.pick("some text", "文本").into(),
            Kind::Url(schemes) => {
                let schemes: Vec<String> = schemes.iter().map(|s| format!("{s}://…")).collect();
                let joined = schemes.join(lang.pick(" or ", " 或 "));
                let bare = lang.pick("without name, password or query", "不含用户名、密码、参数");
                format!("{joined}, {bare}")
            }
            Kind::Symbol => lang
                .pick("3 to 20 of A-Z and 0-9", " 3 至 20 个大写字母或数字")
                .into(),
        };
        match self.unit {
            "" => text,
            unit => format!("{text} ({unit})"),
        }
    }
}

/// The name in the table nearest to a mistyped one, if any is near.
pub(crate) fn nearest(table: &'static [Key], name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase().replace('-', "_");
    table
        .iter()
        .filter(|key| !matches!(key.need, Need::Retired | Need::Secret))
        .map(|key| {
            (
                strsim::normalized_damerau_levenshtein(&lower, key.name),
                key,
            )
        })
        .filter(|(near, _)| *near >= 0.6)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, key)| key.name)
}

const fn ratio(min: &'static str, max: &'static str) -> Kind {
    Kind::Decimal {
        min,
        max,
        above_min: false,
    }
}

const fn above(min: &'static str, max: &'static str) -> Kind {
    Kind::Decimal {
        min,
        max,
        above_min: true,
    }
}

const fn whole(min: u64, max: u64) -> Kind {
    Kind::Whole { min, max }
}

const fn retired(name: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Text,
        need: Need::Retired,
        unit: "",
        en: "of an older version; read, without effect",
        zh: "旧版本的键；读取但不起作用",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_near_ones_are_found() {
        for table in [GLOBAL, SYMBOL] {
            for (index, key) in table.iter().enumerate() {
                assert!(table[..index].iter().all(|other| other.name != key.name));
            }
        }
        assert_eq!(nearest(SYMBOL, "net_maximum"), Some("net_max"));
        assert_eq!(
            nearest(SYMBOL, "Grid-Start-Offset"),
            Some("grid_start_offset")
        );
        assert_eq!(nearest(SYMBOL, "zzz"), None);
    }
}

//! The effective configuration as YAML, each value with where it came from.

use std::fmt::Write as _;

use crate::check::Checked;
use crate::keys::{GLOBAL, Key, Need, SYMBOL};
use crate::lang::Lang;
use crate::value::{Origin, Values};

/// Renders what is in force. `keys_from` says where the API key comes from;
/// the key itself is never part of a configuration.
#[must_use]
pub fn show(checked: &Checked, keys_from: &str, lang: Lang) -> String {
    let mut out = String::new();
    out.push_str("global:\n");
    section(&mut out, GLOBAL, &checked.global, ["  ", "  "], lang);
    let label = lang.pick("secret, not shown", "保密，不显示");
    let _ = writeln!(out, "  # api_key, api_secret: {keys_from} ({label})");
    out.push_str("symbols:\n");
    for values in &checked.symbols {
        section(&mut out, SYMBOL, values, ["  - ", "    "], lang);
    }
    out
}

fn section(out: &mut String, table: &[Key], values: &Values, indents: [&str; 2], lang: Lang) {
    let mut indent = indents[0];
    for key in table {
        if matches!(key.need, Need::Retired | Need::Secret) {
            continue;
        }
        let Some(given) = values.given.get(key.name) else {
            continue;
        };
        let line = format!("{indent}{}: {}", key.name, given.value);
        let origin = match &given.origin {
            Origin::Default => lang.pick("default", "默认").to_string(),
            Origin::File(line) => format!("{} {line}", lang.pick("line", "行")),
            Origin::Env(variable) => format!("{} {variable}", lang.pick("env", "环境变量")),
        };
        let unit = if key.unit.is_empty() {
            String::new()
        } else {
            format!("{}, ", key.unit)
        };
        let _ = writeln!(out, "{line:<44} # {unit}{origin}");
        indent = indents[1];
    }
}

//! Words that say nothing, and marks of unfinished work.

use super::Faults;

/// Names of the field say more than these.
const BANNED: &[&str] = &[
    "manager",
    "handler",
    "processor",
    "helper",
    "helpers",
    "util",
    "utils",
    "common",
    "misc",
    "info",
    "service",
    "context",
];

/// The exchange's own names, where its spelling is spoken.
const VENUE_NAMES: &[&str] = &[
    "exchange_info",
    "contract_info",
    "funding_info",
    "ExchangeInfo",
    "ContractInfo",
];

/// Defining keywords whose next word is a name of ours.
const DEFINERS: &[&str] = &[
    "fn", "struct", "enum", "trait", "mod", "type", "const", "static",
];

pub(super) fn check(path: &str, number: usize, line: &str, faults: &mut Faults) {
    // The words stand in parts, or this file would accuse itself.
    for mark in [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("#[ig", "nore"),
    ] {
        if line.contains(mark) {
            faults.add(path, number, &format!("{mark} is unfinished work"));
        }
    }
    for home in [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/wo", "rk/"),
    ] {
        if line.contains(home) {
            faults.add(path, number, &format!("{home} is a path of one machine"));
        }
    }
    let Some(name) = defined_name(line) else {
        return;
    };
    if VENUE_NAMES.iter().any(|venue| name.contains(venue)) {
        return;
    }
    if let Some(word) = words_of(name)
        .iter()
        .find(|word| BANNED.contains(&word.as_str()))
    {
        faults.add(path, number, &format!("{name}: {word:?} says nothing"));
    }
}

/// The name a line defines, if it defines one.
fn defined_name(line: &str) -> Option<&str> {
    let code = line.trim_start();
    if code.starts_with("//") {
        return None;
    }
    let mut words = code.split_whitespace();
    let definer = words.by_ref().take(6).find(|word| DEFINERS.contains(word));
    definer?;
    let name = words.next()?;
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
    name.get(..end.unwrap_or(name.len()))
}

/// `OrderBookInfo` and `order_book_info` are order, book, info.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        let last_is_empty = words.last().is_none_or(String::is_empty);
        if letter == '_' || letter.is_uppercase() && !last_is_empty && !all_caps(name) {
            words.push(String::new());
        }
        if letter != '_'
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

fn all_caps(name: &str) -> bool {
    !name.chars().any(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(words_of("OrderBookInfo"), ["order", "book", "info"]);
        assert_eq!(words_of("order_book"), ["order", "book"]);
        assert_eq!(words_of("ORDER_MAX"), ["order", "max"]);
        assert_eq!(
            defined_name("    pub(crate) fn take_all<T>(x: T) {"),
            Some("take_all")
        );
        assert_eq!(defined_name("// a fn named so"), None);
        assert_eq!(defined_name("let x = 1;"), None);
    }
}

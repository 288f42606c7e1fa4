//! The house rules that a machine can check.
//!
//! Text is looked at line by line, not parsed: each rule is meant to be so
//! plain that this is enough.

mod directions;
mod words;

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::output_of;

/// Longest source file.
const LINES_MAX: usize = 700;

/// Longest line of Rust, in characters. Chinese text counts as it stands.
const COLUMNS_MAX: usize = 100;

/// What the pure crates may not name: clocks, IO, threads, random order.
const IMPURE: &[&str] = &[
    "std::time",
    "std::net",
    "std::fs",
    "std::thread",
    "std::env",
    "tokio::",
    "SystemTime",
    "Instant::now",
    "HashMap",
    "HashSet",
];

/// Pages that must exist.
const PAGES: &[&str] = &[
    "README.md",
    "README.zh-CN.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Makefile",
    ".ci/run",
    "docs/glossary.md",
    "docs/decisions/dependencies.md",
];

pub(crate) fn tidy() -> Result<()> {
    let mut faults = Faults::default();
    let listed = output_of(
        "git",
        &["ls-files", "--cached", "--others", "--exclude-standard"],
    )?;
    for path in listed.lines().filter(|path| path.ends_with(".rs")) {
        // Listed, but removed and not yet committed.
        if let Ok(text) = fs::read_to_string(path) {
            source(path, &text, &mut faults);
        }
    }
    for page in PAGES {
        if !listed.lines().any(|path| path == *page) {
            faults.add(page, 0, "is missing");
        }
    }
    directions::check(&mut faults)?;
    dependencies_are_explained(&mut faults)?;
    faults.end()
}

/// What is wrong, gathered so that one run shows all of it.
#[derive(Default)]
pub(crate) struct Faults {
    found: Vec<String>,
}

impl Faults {
    pub(crate) fn add(&mut self, path: &str, line: usize, text: &str) {
        self.found.push(match line {
            0 => format!("{path}: {text}"),
            line => format!("{path}:{line}: {text}"),
        });
    }

    fn end(self) -> Result<()> {
        for fault in &self.found {
            eprintln!("{fault}");
        }
        match self.found.len() {
            0 => Ok(()),
            count => bail!("{count} rule(s) broken"),
        }
    }
}

fn source(path: &str, text: &str, faults: &mut Faults) {
    let lines = text.lines().count();
    if lines > LINES_MAX {
        let text = format!("{lines} lines, at most {LINES_MAX}: it is two things");
        faults.add(path, 0, &text);
    }
    if path.ends_with("/mod.rs") {
        faults.add(path, 0, "no mod.rs: foo.rs beside foo/");
    }
    let pure = path.starts_with("crates/domain/src") || path.starts_with("crates/engine/src");
    if pure && path.ends_with("/lib.rs") && !text.contains("#![no_std]") {
        faults.add(path, 0, "must be #![no_std]");
    }
    let is_test = path.contains("/tests/");
    // Expected transcripts stand in tests as they are printed.
    let mut is_transcript = is_test || path.ends_with("/tests.rs");
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        is_transcript |= line == "#[cfg(test)]";
        let columns = line.chars().count();
        if columns > COLUMNS_MAX && !is_transcript {
            let text = format!("{columns} columns, at most {COLUMNS_MAX}");
            faults.add(path, number, &text);
        }
        if pure
            && !is_transcript
            && let Some(name) = IMPURE.iter().find(|name| line.contains(**name))
        {
            faults.add(path, number, &format!("{name} in a pure crate"));
        }
        if is_test && path.starts_with("crates/") && line.contains("sleep(") {
            faults.add(path, number, "sleeping is no synchronisation");
        }
        words::check(path, number, line, faults);
    }
}

/// Every dependency has its line of reason.
fn dependencies_are_explained(faults: &mut Faults) -> Result<()> {
    let page = "docs/decisions/dependencies.md";
    let reasons = fs::read_to_string(page).unwrap_or_default();
    let manifest = fs::read_to_string("Cargo.toml").context("Cargo.toml at the root")?;
    let section = manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['));
    for line in section {
        let Some((name, _)) = line.split_once('=') else {
            continue;
        };
        let name = name.trim();
        if !name.starts_with("phoenix-") && !reasons.contains(&format!("`{name}`")) {
            faults.add(page, 0, &format!("has no reason for {name}"));
        }
    }
    Ok(())
}

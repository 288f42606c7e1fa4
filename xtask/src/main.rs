//! Chores of the repository: `cargo xtask ci`, `tidy`, `docs`.
#![forbid(unsafe_code)]

use anyhow::{Context as _, Result, bail};
use phoenix_config::{Lang, reference};

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("docs") => docs(),
        Some(other) => bail!("no chore {other:?}; one of: docs"),
        None => bail!("which chore? one of: docs"),
    }
}

/// Writes the pages that are generated from tables in the code.
fn docs() -> Result<()> {
    for (path, lang) in [
        ("docs/config.md", Lang::En),
        ("docs/config.zh-CN.md", Lang::Zh),
    ] {
        std::fs::write(path, reference(lang)).with_context(|| format!("cannot write {path}"))?;
    }
    Ok(())
}

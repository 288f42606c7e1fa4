//! Chores of the repository, each a word: `cargo xtask ci`.
#![forbid(unsafe_code)]

mod ci;
mod fuzz;
mod tidy;

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use phoenix_config::{Lang, reference};

fn main() -> ExitCode {
    match perform() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask stands below the root")?;
    std::env::set_current_dir(root)?;
    match std::env::args().nth(1).as_deref() {
        Some("ci") => ci::ci(),
        Some("tidy") => tidy::tidy(),
        Some("docs") => docs(),
        Some("fuzz") => fuzz::fuzz(),
        Some(other) => bail!("no chore {other:?}; one of: ci, tidy, docs, fuzz"),
        None => bail!("which chore? one of: ci, tidy, docs, fuzz"),
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

/// The output of a command that must succeed.
fn output_of(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    if !output.status.success() {
        bail!(
            "{program} {} ended with {}",
            arguments.join(" "),
            output.status
        );
    }
    String::from_utf8(output.stdout).with_context(|| format!("{program} printed no UTF-8"))
}

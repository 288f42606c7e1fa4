//! Arbitrary bytes into every decoder, for a while each.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// Time for each target.
const SECONDS_EACH: u32 = 60;

pub(crate) fn fuzz() -> Result<()> {
    let listed = Command::new("cargo")
        .args(["fuzz", "list"])
        .output()
        .context("cannot start cargo")?;
    if !listed.status.success() {
        bail!("cargo-fuzz is missing: cargo install cargo-fuzz");
    }
    let names = String::from_utf8(listed.stdout).context("cargo fuzz list prints names")?;
    let limit = format!("-max_total_time={SECONDS_EACH}");
    for name in names.lines() {
        println!("==> fuzz {name} for {SECONDS_EACH} s");
        let status = Command::new("cargo")
            .args(["fuzz", "run", name, "--", &limit])
            // The sanitizer flags are unstable; the pinned compiler is a stable one.
            .env("RUSTC_BOOTSTRAP", "1")
            .status()
            .context("cannot start cargo")?;
        if !status.success() {
            bail!("{name} found something: see fuzz/artifacts/{name}");
        }
    }
    Ok(())
}

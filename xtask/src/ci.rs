//! Everything that must hold before a change is taken, in order of cost.
//!
//! Stops at the first step that fails. What the machine cannot do is skipped
//! aloud, with the reason; nothing is skipped in silence.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::tidy;

/// The clients of others need an interpreter of this age.
const PYTHON_PROBE: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";

/// The pages are for those who work on the code: private items are on them.
const DOC_FLAGS: &str = "-D warnings -A rustdoc::private-intra-doc-links";

pub(crate) fn ci() -> Result<()> {
    let started = Instant::now();
    run("format", "cargo", &["fmt", "--all", "--check"], &[])?;
    step("tidy", tidy::tidy)?;
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ];
    run("clippy", "cargo", &clippy, &[])?;
    let clients = python();
    if !clients {
        say("SKIPPED: clients of others (crates/venue/tests/clients.rs), for want of Python");
    }
    tests(clients)?;
    run("doc tests", "cargo", &["test", "--workspace", "--doc"], &[])?;
    let doc = [
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ];
    run(
        "documentation",
        "cargo",
        &doc,
        &[("RUSTDOCFLAGS", DOC_FLAGS)],
    )?;
    demo()?;
    say(&format!("all passed in {} s", started.elapsed().as_secs()));
    Ok(())
}

/// cargo-nextest where it is installed, else cargo's own runner.
fn tests(clients: bool) -> Result<()> {
    if succeeds("cargo", &["nextest", "--version"]) {
        let mut arguments = vec!["nextest", "run", "--workspace", "--all-features"];
        if !clients {
            arguments.extend(["--filterset", "not binary(clients)"]);
        }
        return run("tests", "cargo", &arguments, &[]);
    }
    say("cargo-nextest is not installed: using cargo test");
    let mut arguments = vec![
        "test",
        "--workspace",
        "--all-features",
        "--lib",
        "--bins",
        "--tests",
    ];
    if !clients {
        arguments.extend(["--", "--skip", "cannot_tell_it_from_binance"]);
    }
    run("tests", "cargo", &arguments, &[])
}

/// The maker against the simulated exchange for some seconds; the program
/// itself fails unless nothing rests and both accounts agree.
fn demo() -> Result<()> {
    let arguments = [
        "run",
        "--quiet",
        "--package",
        "phoenix-cli",
        "--bin",
        "phoenix",
        "--",
    ];
    let demo = ["--lang", "en", "demo", "--duration", "15s", "--plain"];
    let arguments: Vec<&str> = arguments.iter().chain(&demo).copied().collect();
    run("demo", "cargo", &arguments, &[])
}

/// Some tests run clients written in Python; without an interpreter they would
/// prove nothing, so one is installed where that is possible.
fn python() -> bool {
    let usable = || succeeds("python3", &["-c", PYTHON_PROBE]);
    if usable() {
        return true;
    }
    say("python3 (3.10 or newer, with venv) is missing: trying apt-get");
    let install = [
        "install",
        "-y",
        "--no-install-recommends",
        "python3",
        "python3-venv",
    ];
    succeeds("apt-get", &["update", "-qq"]) && succeeds("apt-get", &install) && usable()
}

fn step(name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    say(name);
    let started = Instant::now();
    work().with_context(|| format!("{name} failed"))?;
    say(&format!("{name}: {} s", started.elapsed().as_secs()));
    Ok(())
}

fn run(name: &str, program: &str, arguments: &[&str], env: &[(&str, &str)]) -> Result<()> {
    step(name, || {
        let status = Command::new(program)
            .args(arguments)
            .envs(env.iter().copied())
            .status()
            .with_context(|| format!("cannot start {program}"))?;
        if !status.success() {
            bail!("{program} {} ended with {status}", arguments.join(" "));
        }
        Ok(())
    })
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn say(text: &str) {
    println!("==> {text}");
}

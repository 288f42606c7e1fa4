//! The demo as a person runs it: the real binary, real sockets, real
//! recordings.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn demo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phoenix"));
    command
        .args(["--lang", "en", "demo", "--plain"])
        .args(arguments);
    command
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Buys and sells of every symbol, from the summary's own line.
fn fills(text: &str) -> Vec<u64> {
    let line = text
        .lines()
        .find(|line| line.contains("fills, buys / sells"));
    let words = line.expect("a summary").split_whitespace();
    words.filter_map(|word| word.parse().ok()).collect()
}

fn proves_its_promises(output: &Output) {
    let text = told(output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", errors(output));
    let wallets: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("wallet"))
        .collect();
    assert!(!wallets.is_empty(), "{text}");
    for wallet in wallets {
        assert!(wallet.ends_with("difference 0"), "{wallet}");
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_seed_gives_the_same_fills_twice() {
    let run = || demo(&["--speed", "max", "--duration", "40s", "--seed", "7"]).output();
    let outputs = [run().expect("runs"), run().expect("runs")];
    let both: Vec<String> = outputs.iter().map(told).collect();
    outputs.iter().for_each(proves_its_promises);
    let counts = fills(&both[0]);
    assert!(
        counts.iter().all(|count| *count > 0),
        "both sides of both: {counts:?}"
    );
    let digest = |text: &str| {
        text.split("digest ")
            .nth(1)
            .map(|rest| rest[..16].to_string())
    };
    assert!(digest(&both[0]).is_some());
    assert_eq!(digest(&both[0]), digest(&both[1]));
    assert_eq!(summary(&both[0]), summary(&both[1]));
}

fn summary(text: &str) -> String {
    text.split("summary").nth(1).expect("a summary").to_string()
}

#[test]
fn over_sockets_a_signal_ends_it_with_nothing_resting() {
    let mut child = demo(&["--speed", "5"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut lines = BufReader::new(child.stdout.take().expect("piped"));
    let quoting = |line: &str| line.contains(" quoting ") && !line.contains("fills 0/0");
    let mut line = String::new();
    while !quoting(&line) {
        line.clear();
        assert!(
            lines.read_line(&mut line).expect("text") > 0,
            "ended without a fill"
        );
    }
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    kill(pid, Signal::SIGINT).expect("sent");
    let mut rest = Vec::new();
    lines.read_to_end(&mut rest).expect("text");
    let mut output = child.wait_with_output().expect("ends");
    output.stdout = rest;
    proves_its_promises(&output);
    let text = told(&output);
    assert!(text.contains("list: ETHUSDC 0, BTCUSDT 0"), "{text}");
}

#[test]
fn real_recordings_run_in_virtual_time() {
    let Some(files) = recordings() else { return };
    let mut arguments = vec!["--speed", "max", "--duration", "60s", "--replay"];
    arguments.extend(
        files
            .iter()
            .map(|file| file.to_str().expect("a plain path")),
    );
    let output = demo(&arguments).output().expect("runs");
    proves_its_promises(&output);
    assert!(told(&output).contains("ETHUSDT"));
}

/// The recordings beside the repository; said aloud where they are absent.
fn recordings() -> Option<Vec<PathBuf>> {
    let dir = std::env::var_os("PHOENIX_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let names = ["ethusdt_20240718.gz", "btcusdt_20240718.gz"];
    let files: Vec<PathBuf> = names.iter().map(|name| dir.join(name)).collect();
    if files.iter().all(|file| file.exists()) {
        return Some(files);
    }
    eprintln!("skipped: no recordings in {}", dir.display());
    None
}

#[test]
fn a_file_that_is_no_recording_is_refused() {
    let absent = demo(&["--replay", "no/such/file.gz"])
        .output()
        .expect("runs");
    assert_eq!(absent.status.code(), Some(66));
    let wrong = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let wrong = demo(&["--replay", wrong]).output().expect("runs");
    assert_eq!(wrong.status.code(), Some(65), "{}", errors(&wrong));
}

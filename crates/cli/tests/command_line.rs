//! The real binary: what it prints, and how it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn phoenix(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_phoenix"))
        .args(arguments)
        .current_dir(root())
        .env_remove("BINANCE_API_KEY")
        .env_remove("BINANCE_API_SECRET")
        .env_remove("PHOENIX_LANG")
        .env("LC_ALL", "C")
        .output()
        .expect("the binary runs")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code, not a signal")
}

fn told(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text
}

/// A file of its own for one test, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("phoenix-{}-{name}", std::process::id()));
        fs::write(&path, text).expect("written");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a plain path")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn help_comes_in_both_languages_and_is_no_failure() {
    let english = phoenix(&["demo", "--help"]);
    let chinese = phoenix(&["--lang", "zh", "demo", "--help"]);
    assert_eq!((code(&english), code(&chinese)), (0, 0));
    assert!(told(&english).contains("simulated exchange"));
    assert!(told(&chinese).contains("模拟交易所"));
}

#[test]
fn a_wrong_command_line_ends_with_usage() {
    for wrong in [
        &["trade"] as &[&str],
        &["demo", "--speed", "fast"],
        &["demo", "--duration", "0s"],
        &["run"],
        &["sim", "--listen", "0.0.0.0:0"],
        &["record", "--symbols", "ETH USDC", "--out", "x"],
    ] {
        assert_eq!(code(&phoenix(wrong)), 64, "{wrong:?}");
    }
}

#[test]
fn config_check_names_every_mistake_and_ends_with_config() {
    let file = Scratch::new(
        "wrong.yaml",
        "global: {total_notional_max: -1}\nsymbols:\n  - symbol: ETHUSDC\n    net_maxx: 1\n",
    );
    let output = phoenix(&["config", "check", "--offline", file.path()]);
    assert_eq!(code(&output), 78);
    let told = told(&output);
    for wanted in [
        "wrong.yaml:1:30: error: global.total_notional_max: value -1",
        "did you mean `net_max`?",
        "symbols[0].stop_loss_thresh: missing",
    ] {
        assert!(told.contains(wanted), "{wanted} is missing in\n{told}");
    }
    let absent = phoenix(&["config", "check", "no/such/file.yaml"]);
    assert_eq!(code(&absent), 66);
}

#[test]
fn config_show_never_shows_a_secret() {
    let output = Command::new(env!("CARGO_BIN_EXE_phoenix"))
        .args(["config", "show", "configs/phoenix_testnet.yaml"])
        .current_dir(root())
        .env("BINANCE_API_KEY", "visiblekey")
        .env("BINANCE_API_SECRET", "hushhush")
        .output()
        .expect("the binary runs");
    let told = told(&output);
    assert_eq!(code(&output), 0);
    assert!(told.contains("venue: \"testnet\""), "{told}");
    assert!(
        !told.contains("visiblekey") && !told.contains("hushhush"),
        "{told}"
    );
}

#[test]
fn nothing_is_traded_without_a_venue_or_without_keys() {
    let no_venue = phoenix(&["run", "--config", "configs/phoenix_live.yaml"]);
    assert_eq!(code(&no_venue), 78);
    assert!(told(&no_venue).contains("venue: mainnet"));
    let dir = std::env::temp_dir();
    let text = fs::read_to_string(root().join("configs/phoenix_demo.yaml")).expect("shipped");
    let text = text.replace("log_level: info", &format!("dir: {}", dir.display()));
    let file = Scratch::new("keyless.yaml", &text);
    let no_keys = phoenix(&["run", "--plain", "--config", file.path()]);
    assert_eq!(code(&no_keys), 77, "{}", told(&no_keys));
}

#[test]
fn completions_are_printed_for_a_shell() {
    let output = phoenix(&["completions", "bash"]);
    assert_eq!(code(&output), 0);
    assert!(told(&output).contains("_phoenix"));
}

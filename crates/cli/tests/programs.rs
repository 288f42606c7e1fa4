//! Several real programs at once: the exchange in one process, its clients in
//! others.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

fn phoenix() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phoenix"));
    command.args(["--lang", "en"]);
    command
        .env_remove("BINANCE_API_KEY")
        .env_remove("BINANCE_API_SECRET");
    command
}

/// A running exchange on a port of its own.
struct Exchange {
    child: Child,
    addr: String,
    key: String,
    secret: String,
}

impl Exchange {
    fn start() -> Self {
        let mut child = phoenix()
            .args(["sim", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("runs");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut after = |mark: &str| {
            let found = lines.find_map(|line| {
                let line = line.expect("text");
                line.split_once(mark).map(|(_, rest)| rest.to_string())
            });
            found.expect("the greeting says it")
        };
        Self {
            addr: after("REST           http://"),
            key: after("BINANCE_API_KEY="),
            secret: after("BINANCE_API_SECRET="),
            child,
        }
    }

    /// The demo's config, pointed here, with its own instance directory.
    fn config(&self, scratch: &Scratch) -> PathBuf {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/phoenix_demo.yaml");
        let text = fs::read_to_string(shipped).expect("shipped");
        let dir = format!("dir: {}", scratch.0.display());
        let text = text
            .replace("127.0.0.1:9000", &self.addr)
            .replace("log_level: info", &dir);
        let path = scratch.0.join("config.yaml");
        fs::write(&path, text).expect("written");
        path
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory of one test's own.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("phoenix-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("made");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn told(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn the_live_maker_trades_where_its_config_says() {
    let exchange = Exchange::start();
    let scratch = Scratch::new("run");
    let output = phoenix()
        .args(["run", "--plain", "--duration", "6s", "--config"])
        .arg(exchange.config(&scratch))
        .env("BINANCE_API_KEY", &exchange.key)
        .env("BINANCE_API_SECRET", &exchange.secret)
        .output()
        .expect("runs");
    let text = told(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("orders will be sent"), "{text}");
    assert!(text.contains("list: ETHUSDC 0, BTCUSDT 0"), "{text}");
    let log = fs::read_to_string(scratch.0.join("logs/phoenix_live.out")).expect("a log");
    assert!(log.lines().count() > 20, "one event a line");
    for secret in [&exchange.key, &exchange.secret] {
        assert!(!log.contains(secret.as_str()) && !text.contains(secret.as_str()));
    }
}

#[test]
fn a_dry_run_needs_no_keys_and_sends_nothing() {
    let exchange = Exchange::start();
    let scratch = Scratch::new("dry");
    let output = phoenix()
        .args([
            "run",
            "--plain",
            "--dry-run",
            "--duration",
            "3s",
            "--config",
        ])
        .arg(exchange.config(&scratch))
        .output()
        .expect("runs");
    let text = told(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("no order will be sent"), "{text}");
    assert!(text.contains(" quoting "), "{text}");
}

#[test]
fn refused_keys_and_an_absent_exchange_end_differently() {
    let exchange = Exchange::start();
    let scratch = Scratch::new("refused");
    let config = exchange.config(&scratch);
    let run = || {
        let mut command = phoenix();
        command.args(["run", "--plain", "--config"]).arg(&config);
        command
            .env("BINANCE_API_KEY", "abc")
            .env("BINANCE_API_SECRET", "def");
        command.output().expect("runs")
    };
    let refused = run();
    assert_eq!(refused.status.code(), Some(77), "{}", told(&refused));
    drop(exchange);
    let absent = run();
    assert_eq!(absent.status.code(), Some(75), "{}", told(&absent));
}

#[test]
fn what_is_recorded_can_be_replayed() {
    let exchange = Exchange::start();
    let scratch = Scratch::new("record");
    let output = phoenix()
        .args(["record", "--symbols", "ETHUSDC,btcusdt", "--duration", "6s"])
        .args(["--rest-url", &format!("http://{}", exchange.addr)])
        .args(["--ws-url", &format!("ws://{}", exchange.addr)])
        .arg("--out")
        .arg(&scratch.0)
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let files = fs::read_dir(&scratch.0).expect("readable");
    let files: Vec<PathBuf> = files.map(|file| file.expect("readable").path()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    let replay = phoenix()
        .args(["demo", "--plain", "--speed", "max", "--replay"])
        .args(&files)
        .output()
        .expect("runs");
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert!(told(&replay).contains("ETHUSDC") && told(&replay).contains("BTCUSDT"));
}

//! Clients that others wrote, unchanged but for their URLs, against the real
//! server over real sockets: ccxt and Binance's own Python SDK.
//!
//! The scripts in `tests/clients` check what the clients see; afterwards the
//! exchange's own record must tell the same story. Python and the pinned
//! clients live under `.cache/clients`, made once for one requirements file.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::pkcs8::spki::EncodePublicKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use phoenix_domain::{Cash, Decimal};
use phoenix_venue::exchange::{
    AccountId, AccountSpec, Exchange, ExchangeSpec, Liquidity, MarketSpec, Oversize, VenueNs,
};
use phoenix_venue::flow::FlowSpec;
use phoenix_venue::front::{FrontSpec, KeySecret};
use phoenix_venue::serve::{AccountSeat, Secret, ServeSpec, Server};
use phoenix_venue::spec::SymbolSpec;
use serde::Deserialize;

const HMAC_KEY: &str = "conformanceHmacKey";
const HMAC_SECRET: &str = "conformanceHmacSecret";
const ED25519_KEY: &str = "conformanceEd25519Key";

/// A script that hangs is a failure, not a hung test run.
const SCRIPT_WITHIN: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ccxt_cannot_tell_it_from_binance() {
    conformance("ccxt_client.py").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_sdk_cannot_tell_it_from_binance() {
    conformance("official_sdk.py").await;
}

/// What a script says it did.
#[derive(Debug, Deserialize)]
struct Report {
    symbol: String,
    wallet: String,
    fills: Vec<ReportedFill>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct ReportedFill {
    id: String,
    price: String,
    qty: String,
    maker: bool,
    commission: String,
}

/// Starts the server, runs one script against it and compares the records.
async fn conformance(script: &str) {
    let python = tokio::task::spawn_blocking(python)
        .await
        .expect("a virtual environment");
    let keys = Keys::make(script);
    let server = Server::start(exchange_for(&keys)).expect("the exchange starts");
    let (passed, output) = run(&python, script, &keys, server.addr()).await;
    println!("{output}");
    assert!(passed, "{script} found differences, see above");
    let report = output
        .lines()
        .find_map(|line| line.strip_prefix("report "))
        .unwrap_or_else(|| panic!("{script} printed no report"));
    let report: Report = serde_json::from_str(report).expect("a report");
    assert!(!report.fills.is_empty(), "{script} never traded");
    let account = *server.accounts().first().expect("the account of the keys");
    server.inspect(|exchange| the_records_agree(exchange, account, &report));
    server.stop();
}

/// Two lively symbols, one rich account, the world's own time.
fn exchange_for(keys: &Keys) -> ServeSpec {
    let market = |name: &str, price: f64| MarketSpec {
        symbol: SymbolSpec::named(name).expect("a listed symbol"),
        liquidity: Liquidity::Synthetic(FlowSpec::around(price)),
    };
    let since_1970 = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    ServeSpec {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        exchange: ExchangeSpec {
            start: VenueNs(u64::try_from(since_1970.as_nanos()).expect("a date before 2554")),
            seed: 11,
            markets: vec![market("ETHUSDC", 2_600.0), market("BTCUSDT", 84_000.0)],
            recording: None,
            oversize: Oversize::Shrink,
            history_max: 10_000,
        },
        seats: vec![AccountSeat {
            account: AccountSpec {
                deposits: ["USDC", "USDT"]
                    .map(|asset| (asset.to_owned(), Cash(100_000 * 100_000_000)))
                    .to_vec(),
                ..AccountSpec::default()
            },
            keys: vec![
                (
                    HMAC_KEY.to_owned(),
                    Secret(KeySecret::Hmac(HMAC_SECRET.to_owned())),
                ),
                (
                    ED25519_KEY.to_owned(),
                    Secret(KeySecret::Ed25519(keys.public_pem.clone())),
                ),
            ],
        }],
        front: FrontSpec::default(),
        speed: 1.0,
        core: None,
    }
}

/// The client's story and the exchange's own are the same to the last digit.
fn the_records_agree(exchange: &Exchange, account: AccountId, report: &Report) {
    assert_eq!(
        exchange.open_orders(account, None),
        [],
        "orders were left open"
    );
    let symbol = exchange
        .symbol_id(&report.symbol)
        .expect("the symbol traded");
    for position in exchange.positions(account, symbol) {
        assert_eq!(position.qty.0, 0, "a position was left open");
    }
    let asset = exchange.margin_asset(symbol);
    let wallet = exchange
        .balances(account)
        .into_iter()
        .find(|balance| balance.asset == asset)
        .expect("a balance")
        .wallet;
    assert_eq!(decimal(&report.wallet), wallet.0, "wallets differ");
    let instrument = exchange.instrument(symbol);
    let recorded: Vec<(u64, i64, i64, bool, i64)> = exchange
        .user_trades(account)
        .filter(|trade| trade.symbol == symbol)
        .map(|trade| {
            let fill = &trade.fill;
            (
                fill.trade_id,
                instrument.price_decimal(fill.price).0,
                instrument.qty_decimal(fill.qty).0,
                fill.maker,
                fill.commission.0,
            )
        })
        .collect();
    let reported: Vec<(u64, i64, i64, bool, i64)> = report
        .fills
        .iter()
        .map(|fill| {
            (
                fill.id.parse().expect("a trade id"),
                decimal(&fill.price),
                decimal(&fill.qty),
                fill.maker,
                decimal(&fill.commission),
            )
        })
        .collect();
    assert_eq!(reported, recorded, "fills differ");
}

fn decimal(text: &str) -> i64 {
    Decimal::parse(text.as_bytes())
        .unwrap_or_else(|error| panic!("{text:?} {error}"))
        .0
}

/// The account's two keys: one with a shared secret, one of Ed25519.
struct Keys {
    public_pem: String,
    private_file: PathBuf,
}

impl Keys {
    fn make(script: &str) -> Self {
        let pair = SigningKey::from_bytes(&[7; 32]);
        let private_pem = pair.to_pkcs8_pem(LineEnding::LF).expect("a private key");
        let private_file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{script}.pem"));
        fs::write(&private_file, private_pem.as_bytes()).expect("the key file");
        Self {
            public_pem: pair
                .verifying_key()
                .to_public_key_pem(LineEnding::LF)
                .expect("a public key"),
            private_file,
        }
    }
}

/// Runs a script to its end; what it printed, and whether it was content.
async fn run(python: &Path, script: &str, keys: &Keys, addr: SocketAddr) -> (bool, String) {
    let child = tokio::process::Command::new(python)
        .arg("-B")
        .arg(clients_dir().join(script))
        .env("PHOENIX_REST_URL", format!("http://{addr}"))
        .env("PHOENIX_WS_URL", format!("ws://{addr}"))
        .env("PHOENIX_WS_API_URL", format!("ws://{addr}/ws-fapi/v1"))
        .env("BINANCE_API_KEY", HMAC_KEY)
        .env("BINANCE_API_SECRET", HMAC_SECRET)
        .env("BINANCE_ED25519_API_KEY", ED25519_KEY)
        .env("BINANCE_ED25519_KEY_FILE", &keys.private_file)
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the script starts");
    let output = tokio::time::timeout(SCRIPT_WITHIN, child.wait_with_output())
        .await
        .unwrap_or_else(|_| panic!("{script} was not done within {SCRIPT_WITHIN:?}"))
        .expect("the script's output");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.success(), text)
}

/// The Python of a virtual environment with the pinned clients, made if it is
/// not there yet. Two test processes may ask at once.
fn python() -> PathBuf {
    let wanted = fs::read_to_string(clients_dir().join("requirements.txt")).expect("requirements");
    let home = repository().join(".cache/clients");
    fs::create_dir_all(&home).expect("the cache directory");
    let lock = File::create(home.join("lock")).expect("the lock file");
    lock.lock().expect("the lock");
    let python = home.join("venv/bin/python");
    let marker = home.join("installed.txt");
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return python;
    }
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear"]).arg(home.join("venv"));
    done(
        &mut venv,
        "Python 3.10 or newer with venv is needed to run other people's clients: `make test` \
         installs it where apt-get does, or install python3 and python3-venv",
    );
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
    ])
    .arg(clients_dir().join("requirements.txt"));
    done(
        &mut pip,
        "the pinned clients could not be installed from the package index",
    );
    fs::write(&marker, wanted).expect("the marker");
    python
}

/// Runs a command to its end or says what is missing.
fn done(command: &mut Command, otherwise: &str) {
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("{otherwise}\n{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("{otherwise} ({error})"),
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn clients_dir() -> PathBuf {
    repository().join("tests/clients")
}

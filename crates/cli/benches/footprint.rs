//! What the maker takes of the machine: two symbols at the feed's full speed,
//! exchange and maker as processes of their own, memory and processor time
//! read from the system.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// After the start, before anything is counted.
const WARM_UP: Duration = Duration::from_secs(5);
/// How long processor time is counted.
const COUNTED: Duration = Duration::from_secs(20);
/// Resident memory promised, MB of 10^6 bytes.
const RESIDENT_MB: f64 = 60.0;
/// Share of one core promised, percent.
const CORE_PERCENT: f64 = 5.0;

/// USER_HZ, which Linux fixes at 100 for what it shows to programs.
const TICKS_PER_S: f64 = 100.0;

fn main() {
    let exchange = Exchange::start();
    let dir = std::env::temp_dir().join(format!("phoenix-footprint-{}", std::process::id()));
    fs::create_dir_all(&dir).expect("a scratch directory");
    let maker = exchange.maker(&dir);
    thread::sleep(WARM_UP);
    let (began, before) = (Instant::now(), ticks(maker.0.id()));
    thread::sleep(COUNTED);
    let used_s = (ticks(maker.0.id()) - before) / TICKS_PER_S;
    let core = used_s / began.elapsed().as_secs_f64() * 100.0;
    let memory = resident_mb(maker.0.id());
    println!("the maker on two symbols at full feed speed");
    println!("  resident {memory:.1} MB, wanted under {RESIDENT_MB:.0}");
    println!("  {core:.1} % of a core, wanted under {CORE_PERCENT:.0}");
    drop(maker);
    // The instance's own files; nothing else is in there.
    let _ = fs::remove_dir_all(&dir);
}

/// A process that ends with its owner.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Exchange {
    _process: Process,
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
            .expect("the exchange starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut after = |mark: &str| {
            let found = lines.find_map(|line| {
                let line = line.ok()?;
                line.split_once(mark).map(|(_, rest)| rest.to_owned())
            });
            found.expect("the greeting says it")
        };
        Self {
            addr: after("REST           http://"),
            key: after("BINANCE_API_KEY="),
            secret: after("BINANCE_API_SECRET="),
            _process: Process(child),
        }
    }

    fn maker(&self, dir: &Path) -> Process {
        let child = phoenix()
            .args(["run", "--plain", "--config"])
            .arg(self.config(dir))
            .env("BINANCE_API_KEY", &self.key)
            .env("BINANCE_API_SECRET", &self.secret)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Process(child.expect("the maker starts"))
    }

    /// The demo's configuration, pointed here.
    fn config(&self, dir: &Path) -> PathBuf {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/phoenix_demo.yaml");
        let text = fs::read_to_string(shipped).expect("shipped");
        let own = format!("dir: {}", dir.display());
        let text = text.replace("127.0.0.1:9000", &self.addr);
        let path = dir.join("config.yaml");
        fs::write(&path, text.replace("log_level: info", &own)).expect("written");
        path
    }
}

fn phoenix() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phoenix"));
    command.args(["--lang", "en"]);
    command
}

/// Processor time of a process, user and system, in clock ticks.
fn ticks(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the maker runs");
    // The name, in brackets, may hold blanks; fields 14 and 15 count from 1.
    let (_, fields) = stat.rsplit_once(") ").expect("a stat line");
    let time = |place: usize| -> f64 {
        let field = fields.split(' ').nth(place - 3);
        field.and_then(|text| text.parse().ok()).expect("a number")
    };
    time(14) + time(15)
}

fn resident_mb(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the maker runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|line| {
        line.trim()
            .trim_end_matches(" kB")
            .trim()
            .parse::<f64>()
            .ok()
    });
    kb.expect("a size") * 1_024.0 / 1e6
}

//! What can be typed: one `phoenix` with subcommands. No secret is ever an
//! argument, because arguments are visible to every process of the machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Market maker for Binance USDⓈ-M perpetual futures.
#[derive(Debug, Parser)]
#[command(
    name = "phoenix",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub(crate) struct Phoenix {
    /// Language of messages
    #[arg(long, global = true, value_name = "zh|en")]
    pub(crate) lang: Option<LangArg>,
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LangArg {
    En,
    Zh,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Watch the maker quote on a simulated exchange
    Demo(DemoArgs),
    /// Trade as the config says
    Run(RunArgs),
    /// Serve the simulated exchange to any client of Binance's
    Sim(SimArgs),
    /// Record an exchange's streams to files
    Record(RecordArgs),
    /// Check or show a config file
    #[command(subcommand)]
    Config(ConfigTask),
    /// Print the completion script of a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the version
    Version,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Stop after this long (60s, 5m); without it, Ctrl-C stops
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub(crate) duration: Option<Duration>,
    /// Seed of the simulated market: the same seed, the same market
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Trade on recordings instead: `<ns> <json>` lines, plain, gzip or zstd
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) replay: Vec<PathBuf>,
    /// Speed of time: 1, 10, ... or max (as fast as it goes)
    #[arg(long, default_value = "1", value_parser = speed, value_name = "1|10|max")]
    pub(crate) speed: Speed,
    /// Strategy to demonstrate; its addresses are replaced by the demo's own
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Latency of the simulated exchange each way, milliseconds
    #[arg(long, default_value_t = 2, value_name = "MS", value_parser = latency())]
    pub(crate) latency_ms: u64,
    /// Plain lines even on a terminal
    #[arg(long)]
    pub(crate) plain: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The owner's YAML file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Do everything but send orders
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Stop after this long (60s, 5m); without it, Ctrl-C stops
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub(crate) duration: Option<Duration>,
    /// Plain lines even on a terminal
    #[arg(long)]
    pub(crate) plain: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SimArgs {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:9000", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// Seed of the simulated market
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Take the market from recordings instead
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) replay: Vec<PathBuf>,
    /// Speed of time
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) speed: u32,
    /// Latency each way, milliseconds
    #[arg(long, default_value_t = 0, value_name = "MS", value_parser = latency())]
    pub(crate) latency_ms: u64,
    /// Listen on another address than this machine's own
    #[arg(long)]
    pub(crate) allow_remote: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// Symbols, with commas: ETHUSDC,BTCUSDT
    #[arg(long, required = true, value_delimiter = ',', value_parser = symbol)]
    pub(crate) symbols: Vec<String>,
    /// Directory for the files
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Venue: mainnet or testnet (public market data, needs no key)
    #[arg(long, default_value = "mainnet", conflicts_with_all = ["rest_url", "ws_url"])]
    pub(crate) venue: VenueArg,
    /// REST address of another exchange
    #[arg(long, requires = "ws_url", value_name = "URL")]
    pub(crate) rest_url: Option<String>,
    /// WebSocket address of another exchange
    #[arg(long, requires = "rest_url", value_name = "URL")]
    pub(crate) ws_url: Option<String>,
    /// Stop after this long (60s, 24h); without it, Ctrl-C stops
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub(crate) duration: Option<Duration>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum VenueArg {
    Mainnet,
    Testnet,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigTask {
    /// Report every mistake in a file at once
    Check {
        /// The file
        file: PathBuf,
        /// Do not ask the exchange for its filters
        #[arg(long)]
        offline: bool,
    },
    /// Print the effective config, secrets left out
    Show {
        /// The file
        file: PathBuf,
    },
}

/// How fast time goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speed {
    /// This many times real time, over real sockets.
    Times(u32),
    /// As fast as it goes, in virtual time.
    Max,
}

fn latency() -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(0..=10_000)
}

fn speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    match text.parse::<u32>() {
        Ok(times @ 1..=100) => Ok(Speed::Times(times)),
        Ok(_) | Err(_) => Err(format!("{text} is neither 1 to 100 nor max")),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "s" | "" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(format!("{text}: the unit must be s, m, h or d")),
    };
    match number
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(seconds))
    {
        Some(total @ 1..=31_536_000) => Ok(Duration::from_secs(total)),
        Some(_) | None => Err(format!("{text} is not between 1s and 365d")),
    }
}

fn symbol(text: &str) -> Result<String, String> {
    let legal = (3..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if legal {
        Ok(text.to_ascii_uppercase())
    } else {
        Err(format!("{text:?} is no symbol such as ETHUSDC"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Phoenix::command().debug_assert();
    }

    #[test]
    fn times_and_speeds_are_read_or_refused() {
        assert_eq!(duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert!(duration("0s").is_err() && duration("5 parsecs").is_err());
        assert_eq!(speed("max"), Ok(Speed::Max));
        assert_eq!(speed("10"), Ok(Speed::Times(10)));
        assert!(speed("0").is_err() && speed("fast").is_err());
    }
}

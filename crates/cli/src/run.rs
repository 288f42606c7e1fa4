//! `phoenix run`: the maker where the config says.

use std::fs::{File, OpenOptions, create_dir_all};
use std::path::Path;
use std::sync::Mutex;

use phoenix_config::{Config, Lang, LogLevel, Venue};
use phoenix_live::keys::{self, KeysError};
use phoenix_live::{Clock, Endpoints, Setup, StatusPublisher, Timings};
use tracing::level_filters::LevelFilter;

use crate::args::RunArgs;
use crate::exit::{Code, Ended, Failure};
use crate::trade::{Viewing, runtime, trade};
use crate::{owner_file, summary};

pub(crate) fn run(args: &RunArgs, lang: Lang) -> Ended {
    let config = owner_file::config(&args.config, lang)?;
    let lang = config.lang.unwrap_or(lang);
    let Some(venue) = config.venue.clone() else {
        let text = lang.pick(
            "no venue is spelled in the config, so nothing is traded: write `venue: testnet` or \
             `venue: mainnet` below global",
            "配置未写明交易场所，不会交易：请在 global 下写 `venue: testnet` 或 `venue: mainnet`",
        );
        return Err(Failure::new(Code::Config, text));
    };
    let credentials = keys::find(config.keys_file.as_deref()).map_err(|error| {
        let code = match error {
            KeysError::Unreadable { .. } => Code::NoInput,
            _ => Code::Permission,
        };
        Failure::new(code, error)
    })?;
    let endpoints = Endpoints::of(&venue);
    announce(&config, &venue, &endpoints, args.dry_run, lang);
    log_to_file(&config.dir, config.log_level)?;
    let (status, feed) = StatusPublisher::new();
    let words = in_words(&venue, lang);
    let viewing = Viewing {
        title: format!("{words} · {}", endpoints.rest_url),
        duration: args.duration,
        plain: args.plain,
        lang,
        over: &|| false,
    };
    let setup = Setup {
        config,
        endpoints,
        venue: words.to_string(),
        credentials,
        clock: Clock::at_speed(1.0),
        lang,
        dry_run: args.dry_run,
        timings: Timings::usual(),
        status,
    };
    let ended = trade(&runtime()?, setup, feed, viewing)?;
    summary::conclude(&ended, lang)
}

/// First of all: could this trade, where, what, and how much.
fn announce(config: &Config, venue: &Venue, endpoints: &Endpoints, dry_run: bool, lang: Lang) {
    let sends = match (dry_run, venue) {
        (true, _) => lang.pick("dry run: no order will be sent", "演练：不会发送订单"),
        (false, Venue::Mainnet) => lang.pick(
            "ORDERS WILL BE SENT, WITH REAL MONEY",
            "将使用真实资金发送订单",
        ),
        (false, Venue::Testnet | Venue::Custom { .. }) => {
            lang.pick("orders will be sent", "将发送订单")
        }
    };
    println!(
        "{}: {} - {sends}",
        in_words(venue, lang),
        endpoints.rest_url
    );
    for symbol in &config.symbols {
        println!(
            "  {}: net_max {}, {} x {} {}, stop_loss_thresh {}",
            symbol.symbol,
            symbol.net_max,
            symbol.total_layers,
            symbol.unified_layer_size,
            lang.pick("per side", "每侧"),
            symbol.stop_loss_thresh,
        );
    }
    println!("  total_notional_max {}", config.total_notional_max);
}

fn in_words(venue: &Venue, lang: Lang) -> &'static str {
    match venue {
        Venue::Mainnet => lang.pick("mainnet", "主网"),
        Venue::Testnet => lang.pick("testnet", "测试网"),
        Venue::Custom { .. } => lang.pick("own exchange", "自建交易所"),
    }
}

/// `logs/phoenix_live.out` below the instance directory, one event a line.
fn log_to_file(dir: &Path, level: LogLevel) -> Result<(), Failure> {
    let path = dir.join("logs/phoenix_live.out");
    let open = || -> std::io::Result<File> {
        create_dir_all(dir.join("logs"))?;
        OpenOptions::new().create(true).append(true).open(&path)
    };
    let file = open().map_err(|error| {
        Failure::new(
            Code::Os,
            format!("{} cannot be written: {error}", path.display()),
        )
    })?;
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_target(false)
        .with_max_level(level)
        .with_writer(Mutex::new(file))
        .init();
    Ok(())
}

//! `phoenix record`: an exchange's own frames into files.

use std::io::IsTerminal as _;
use std::time::Duration;

use phoenix_config::{Lang, Venue};
use phoenix_live::{Endpoints, RecordError, RecordSpec, Rotation};
use tokio::sync::watch;
use tracing::level_filters::LevelFilter;

use crate::args::{RecordArgs, VenueArg};
use crate::exit::{Code, Ended, Failure};
use crate::trade::{Signals, runtime};

/// A file is full at this size or age, whichever comes first.
const ROTATION: Rotation = Rotation {
    bytes: 256 * 1024 * 1024,
    age: Duration::from_secs(3_600),
};

/// Books change many times a second; a stream silent for so long is broken.
const STALE_MS: u64 = 5_000;

/// The exchange ends a connection at 24 hours.
const ROLLOVER_MS: u64 = (23 * 60 + 30) * 60_000;

pub(crate) fn record(args: &RecordArgs, lang: Lang) -> Ended {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .with_max_level(LevelFilter::INFO)
        .init();
    let endpoints = Endpoints::of(&venue(args));
    let symbols = args.symbols.join(", ");
    let (into, stop) = (
        lang.pick("into", "写入"),
        lang.pick("Ctrl-C stops", "按 Ctrl-C 停止"),
    );
    let (from, out) = (&endpoints.rest_url, args.out.display());
    println!("{symbols}: {from} {into} {out}; {stop}");
    let spec = RecordSpec {
        endpoints,
        symbols: args.symbols.clone(),
        dir: args.out.clone(),
        rotation: ROTATION,
        stale_ms: STALE_MS,
        rollover_ms: ROLLOVER_MS,
        lang,
    };
    let (ask, asked) = watch::channel(false);
    let summary = runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        let mut recording = tokio::spawn(phoenix_live::record(spec, asked));
        let over = async {
            match args.duration {
                Some(span) => tokio::time::sleep(span).await,
                None => std::future::pending().await,
            }
        };
        let ended = tokio::select! {
            () = signals.any() => None,
            () = over => None,
            ended = &mut recording => Some(ended),
        };
        ask.send_replace(true);
        let ended = match ended {
            Some(ended) => ended,
            None => recording.await,
        };
        let broken = |error| Failure::new(Code::Broken, error);
        ended.map_err(broken)?.map_err(|error| failure(&error))
    })?;
    for file in &summary.files {
        println!("{}", file.display());
    }
    let (lines, dropped) = (lang.pick("lines", "行"), lang.pick("dropped", "丢弃"));
    println!("{} {lines}, {} {dropped}", summary.lines, summary.dropped);
    Ok(())
}

fn venue(args: &RecordArgs) -> Venue {
    match (&args.rest_url, &args.ws_url, args.venue) {
        (Some(rest_url), Some(ws_url), _) => Venue::Custom {
            rest_url: rest_url.clone(),
            ws_url: ws_url.clone(),
            ws_api_url: format!("{ws_url}/ws-fapi/v1"),
        },
        (_, _, VenueArg::Mainnet) => Venue::Mainnet,
        (_, _, VenueArg::Testnet) => Venue::Testnet,
    }
}

fn failure(error: &RecordError) -> Failure {
    let code = match error {
        RecordError::Exchange(_) => Code::Unavailable,
        RecordError::Unlisted { .. } => Code::Data,
        RecordError::Http(_) | RecordError::System(_) => Code::Os,
        RecordError::Broken { .. } => Code::Broken,
    };
    Failure::new(code, error)
}

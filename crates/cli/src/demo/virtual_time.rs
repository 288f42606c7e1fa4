//! `--speed max`: both sides in virtual time, as fast as the machine goes.
//! The bytes between them are the same; the same seed gives the same fills.

use std::time::{Duration, Instant};

use phoenix_config::{Config, Lang};
use phoenix_domain::{Instrument, Severity, SymbolId};
use phoenix_lab::link::{Link, LinkSpec, StartError};
use phoenix_live::Renderer;
use phoenix_venue::exchange::VenueNs;
use phoenix_venue::serve::{AccountSeat, build};

use super::tell_skipped;
use crate::args::DemoArgs;
use crate::exit::{Code, Ended, Failure};
use crate::market::{Source, front, no_books, serve_failure};
use crate::summary;

/// Without `--duration` this much market time, or all of a recording.
const USUAL: Duration = Duration::from_secs(600);
const WHOLE: Duration = Duration::from_secs(31 * 86_400);

/// The exchange's clock starts here, so that a run is the same on any day:
/// 2026-01-01 00:00 UTC.
const START_MS: i64 = 1_767_225_600_000;

pub(super) fn demo(args: &DemoArgs, config: Config, source: Source, lang: Lang) -> Ended {
    let recorded = matches!(source, Source::Files(_));
    let exchange = source.exchange(args.seed, VenueNs::from_ms(START_MS), lang)?;
    let instruments = instruments(&config, &exchange.markets)?;
    let seats = [AccountSeat::demo()];
    let (front, accounts) = build(exchange, &seats, front(args.latency_ms, args.seed))
        .map_err(|error| serve_failure(&error))?;
    let account = accounts.first().copied().unwrap_or_default();
    let link = Link::start(LinkSpec {
        config,
        front,
        account,
        api_key: AccountSeat::DEMO_KEY.to_string(),
        secret: AccountSeat::DEMO_SECRET.to_string().into(),
    })
    .map_err(|error| match error {
        StartError::NoBook { .. } => no_books(lang),
        other => Failure::new(Code::Broken, other),
    })?;
    let renderer = Renderer::new(lang, instruments.clone());
    let span = args
        .duration
        .unwrap_or(if recorded { WHOLE } else { USUAL });
    let started = Instant::now();
    let end = link.run(
        u64::try_from(span.as_millis()).unwrap_or(u64::MAX),
        |_, statement| {
            let line = renderer.line(statement);
            if line.severity >= Severity::Warn {
                println!("{}", line.text);
            }
        },
    );
    let (market_s, real_s) = (
        end.summary.status.uptime_ms as f64 / 1e3,
        started.elapsed().as_secs_f64(),
    );
    let frames = lang.pick("frames", "帧");
    println!(
        "{market_s:.1} s / {real_s:.1} s = {:.0}x, {} {frames}, digest {:016x}",
        market_s / real_s.max(1e-9),
        end.summary.status.counts.frames,
        end.digest,
    );
    tell_skipped(end.skipped, lang);
    summary::conclude(&end.summary, lang)
}

fn instruments(
    config: &Config,
    markets: &[phoenix_venue::exchange::MarketSpec],
) -> Result<Vec<Instrument>, Failure> {
    let of = |name: &str| {
        markets
            .iter()
            .find(|market| market.symbol.instrument.symbol == name)
    };
    let numbered = config.symbols.iter().zip(0_u16..);
    numbered
        .filter_map(|(symbol, id)| of(&symbol.symbol).map(|market| (market, id)))
        .map(|(market, id)| {
            Instrument::new(SymbolId(id), market.symbol.instrument.clone())
                .map_err(|error| Failure::new(Code::Broken, error))
        })
        .collect()
}

//! `phoenix demo`: maker and simulated exchange in one terminal.

mod virtual_time;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use phoenix_binance::sign::Credentials;
use phoenix_config::{Config, Lang, Problem, Severity, Venue, check};
use phoenix_lab::link::without_book;
use phoenix_live::{Clock, Endpoints, Setup, StatusPublisher, Timings};
use phoenix_venue::exchange::Exchange;
use phoenix_venue::recording::Skipped;
use phoenix_venue::serve::{AccountSeat, ServeSpec, Server};

use crate::args::{DemoArgs, Speed};
use crate::exit::{Code, Ended, Failure};
use crate::market::{Source, front, no_books, present, serve_failure};
use crate::trade::{Viewing, runtime, trade};
use crate::{owner_file, summary};

/// The strategies that ship with the program.
const SYNTHETIC: &str = include_str!("../../../configs/phoenix_demo.yaml");
const REPLAY: &str = include_str!("../../../configs/phoenix_replay.yaml");

/// Longest wait until every symbol has a book.
const OPENING_MAX: Duration = Duration::from_secs(20);

pub(crate) fn demo(args: &DemoArgs, lang: Lang) -> Ended {
    let mut config = strategy(args, lang)?;
    let configured = config
        .symbols
        .iter()
        .map(|symbol| symbol.symbol.clone())
        .collect();
    let source = Source::open(&args.replay, configured, lang)?;
    keep_symbols(&mut config, &source.symbols(), lang)?;
    match args.speed {
        Speed::Times(times) => over_sockets(args, config, source, times, lang),
        Speed::Max => virtual_time::demo(args, config, source, lang),
    }
}

/// The owner's strategy, or one of those that ship.
fn strategy(args: &DemoArgs, lang: Lang) -> Result<Config, Failure> {
    if let Some(file) = &args.config {
        return owner_file::config(file, lang);
    }
    let text = if args.replay.is_empty() {
        SYNTHETIC
    } else {
        REPLAY
    };
    let checked = check(text, &|_| None);
    let error = |problem: &&Problem| problem.severity == Severity::Error;
    let said = checked.problems.iter().find(error);
    let said = said.map_or_else(String::new, |problem| problem.render("built in", lang));
    checked
        .config
        .ok_or_else(|| Failure::new(Code::Config, said))
}

/// Trades what the market has; a market without strategy is refused rather
/// than left out in silence.
fn keep_symbols(config: &mut Config, listed: &[String], lang: Lang) -> Result<(), Failure> {
    let known = |name: &String| config.symbols.iter().any(|symbol| symbol.symbol == *name);
    if let Some(name) = listed.iter().find(|name| !known(name)) {
        let text = lang.pick(
            "has no strategy here; give one with --config",
            "没有策略；请用 --config 指定",
        );
        return Err(Failure::new(Code::Config, format!("{name} {text}")));
    }
    config
        .symbols
        .retain(|symbol| listed.contains(&symbol.symbol));
    Ok(())
}

fn over_sockets(
    args: &DemoArgs,
    mut config: Config,
    source: Source,
    times: u32,
    lang: Lang,
) -> Ended {
    let speed = f64::from(times);
    let recorded = matches!(source, Source::Files(_));
    let server = Server::start(ServeSpec {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        exchange: source.exchange(args.seed, present(), lang)?,
        seats: vec![AccountSeat::demo()],
        front: front(args.latency_ms, args.seed),
        speed,
        core: None,
    })
    .map_err(|error| serve_failure(&error))?;
    open_books(&server, lang)?;
    let addr = server.addr();
    let venue = Venue::Custom {
        rest_url: format!("http://{addr}"),
        ws_url: format!("ws://{addr}"),
        ws_api_url: format!("ws://{addr}/ws-fapi/v1"),
    };
    let endpoints = Endpoints::of(&venue);
    config.venue = Some(venue);
    let words = match recorded {
        true => lang.pick("demo on recordings", "录制行情演示"),
        false => lang.pick("demo", "演示"),
    };
    let (status, feed) = StatusPublisher::new();
    let setup = Setup {
        config,
        endpoints,
        venue: words.to_string(),
        credentials: Some(demo_credentials()?),
        clock: Clock::at_speed(speed),
        lang,
        dry_run: false,
        timings: Timings::usual(),
        status,
    };
    let viewing = Viewing {
        title: format!("{words} · {addr}"),
        // Market time: at speed 10 a minute of it is over in six seconds.
        duration: args
            .duration
            .map(|span| span.div_f64(speed).max(Duration::from_millis(1))),
        plain: args.plain,
        lang,
        over: &|| server.inspect(Exchange::recording_over),
    };
    let ended = trade(&runtime()?, setup, feed, viewing)?;
    tell_skipped(server.inspect(Exchange::skipped), lang);
    server.stop();
    summary::conclude(&ended, lang)
}

/// What was in the files and is not in the market, if anything.
fn tell_skipped(skipped: Skipped, lang: Lang) {
    let counts = [
        (skipped.broken, lang.pick("broken lines", "损坏的行")),
        (
            skipped.foreign,
            lang.pick("frames of other kinds", "其他类型的帧"),
        ),
        (
            skipped.truncated,
            lang.pick("files cut short", "被截断的文件"),
        ),
        (skipped.gaps, lang.pick("gaps", "断档")),
        (
            skipped.off_grid,
            lang.pick("values off the grid", "不在步长上的值"),
        ),
    ];
    let said: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if !said.is_empty() {
        let label = lang.pick("recordings, passed over", "录制文件中跳过");
        println!("{label}: {}", said.join(", "));
    }
}

/// Waits until every symbol has a book.
fn open_books(server: &Server, lang: Lang) -> Result<(), Failure> {
    let started = Instant::now();
    while server.inspect(without_book).is_some() {
        if started.elapsed() > OPENING_MAX {
            return Err(no_books(lang));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// The simulator's own key pair; it opens nothing else.
fn demo_credentials() -> Result<Credentials, Failure> {
    let secret = AccountSeat::DEMO_SECRET.to_string().into();
    Credentials::new(AccountSeat::DEMO_KEY, &secret)
        .map_err(|error| Failure::new(Code::Broken, error))
}

//! `phoenix sim`: the exchange alone.

use std::io::IsTerminal as _;

use phoenix_config::Lang;
use phoenix_venue::serve::{AccountSeat, ServeSpec, Server};
use phoenix_venue::spec::SymbolSpec;
use tracing::level_filters::LevelFilter;

use crate::args::SimArgs;
use crate::exit::{Code, Ended, Failure};
use crate::market::{Source, front, present, serve_failure};
use crate::trade::{Signals, runtime};

pub(crate) fn sim(args: &SimArgs, lang: Lang) -> Ended {
    if !args.listen.ip().is_loopback() && !args.allow_remote {
        let text = lang.pick(
            "is not this machine's own address (127.0.0.1); the demo key is public, so anybody \
             who reaches it can trade there: add --allow-remote if that is wanted",
            "不是本机地址（127.0.0.1）；演示密钥是公开的，任何能连上的人都可交易：确需如此请加 \
             --allow-remote",
        );
        return Err(Failure::new(Code::Usage, format!("{} {text}", args.listen)));
    }
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .with_max_level(LevelFilter::INFO)
        .init();
    let symbols = SymbolSpec::NAMES.map(String::from).to_vec();
    let source = Source::open(&args.replay, symbols, lang)?;
    let listed = source.symbols().join(", ");
    let server = Server::start(ServeSpec {
        listen: args.listen,
        exchange: source.exchange(args.seed, present(), lang)?,
        seats: vec![AccountSeat::demo()],
        front: front(args.latency_ms, args.seed),
        speed: f64::from(args.speed),
        core: None,
    })
    .map_err(|error| serve_failure(&error))?;
    print!("{}", greeting(&server, &listed, lang));
    runtime()?.block_on(async {
        Signals::listen()?.any().await;
        Ok::<(), Failure>(())
    })?;
    server.stop();
    Ok(())
}

/// Everything a client needs. The key pair is the simulator's own and opens
/// nothing but a simulated account, which is why it may be shown.
fn greeting(server: &Server, listed: &str, lang: Lang) -> String {
    let addr = server.addr();
    let (key, secret) = (AccountSeat::DEMO_KEY, AccountSeat::DEMO_SECRET);
    let listens = lang.pick("simulated exchange", "模拟交易所");
    let simulated = lang.pick("of the simulated account only", "仅用于模拟账户");
    let stop = lang.pick("Ctrl-C stops", "按 Ctrl-C 停止");
    format!(
        "{listens}: {listed}\n\
         REST           http://{addr}\n\
         streams        ws://{addr}/public  ws://{addr}/market  ws://{addr}/private\n\
         WebSocket API  ws://{addr}/ws-fapi/v1\n\
         {simulated}:\n\
         BINANCE_API_KEY={key}\n\
         BINANCE_API_SECRET={secret}\n\
         {stop}\n"
    )
}

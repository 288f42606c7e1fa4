use phoenix_live::RunError;
use phoenix_venue::front::KeySecret;
use phoenix_venue::serve::{AccountSeat, Secret};

use crate::rig::{Rig, SYMBOLS, Variant, keys};

/// The key pair of RFC 8410's examples.
const PRIVATE_PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";
const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
    -----END PUBLIC KEY-----\n";

async fn quotes_fills_and_stops(variant: Variant) {
    let rig = Rig::start(variant);
    rig.until_quoting().await;
    rig.until_filled(0).await;
    let summary = rig.stop().await;
    let fills: u64 = summary
        .status
        .makers
        .iter()
        .flat_map(|m| m.view.fills)
        .sum();
    assert!(fills >= 2, "{fills}");
    assert_eq!(summary.wallets.len(), SYMBOLS.len());
    assert_eq!(summary.status.counts.unreadable, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn quotes_both_sides_over_the_websocket_api() {
    quotes_fills_and_stops(Variant::usual("ws")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quotes_both_sides_over_rest() {
    quotes_fills_and_stops(Variant::usual("rest")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ed25519_key_logs_on_and_trades() {
    let mut variant = Variant::usual("ws");
    let secret = Secret(KeySecret::Ed25519(PUBLIC_PEM.into()));
    variant.seat.keys = vec![(AccountSeat::DEMO_KEY.into(), secret)];
    variant.credentials = Some(keys(AccountSeat::DEMO_KEY, PRIVATE_PEM));
    quotes_fills_and_stops(variant).await;
}

/// The stream tells of fills long after they happened, and after the stop.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_stream_tells_late_is_in_the_books() {
    let mut variant = Variant::usual("ws");
    variant.latency.stream_ns = 800_000_000;
    variant.latency.request_ns = 10_000_000;
    variant.latency.reply_ns = 10_000_000;
    quotes_fills_and_stops(variant).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_sends_nothing() {
    let mut variant = Variant::usual("ws");
    variant.dry_run = true;
    let rig = Rig::start(variant);
    rig.until("it would quote both sides", |rig| {
        let status = rig.status();
        let open = |maker: &phoenix_live::MakerStatus| {
            maker.view.open_orders.iter().all(|&count| count > 0)
        };
        status.makers.len() == SYMBOLS.len() && status.makers.iter().all(open)
    })
    .await;
    let account = rig.server.accounts()[0];
    for symbol in SYMBOLS {
        let orders = rig.server.inspect(|exchange| {
            let id = exchange.symbol_id(symbol).expect("listed");
            exchange.all_orders(account, id).len()
        });
        assert_eq!(orders, 0, "{symbol}");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_it_does_not_start() {
    let mut variant = Variant::usual("ws");
    variant.credentials = None;
    let error = Rig::start(variant).failure().await;
    assert!(matches!(error, RunError::NoKeys), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_refused_before_anything_is_sent() {
    let mut variant = Variant::usual("ws");
    variant.credentials = Some(keys(AccountSeat::DEMO_KEY, "notTheSecret"));
    let rig = Rig::start(variant);
    let server = std::sync::Arc::clone(&rig.server);
    let error = rig.failure().await.to_string();
    assert!(error.contains("-1022"), "{error}");
    assert!(
        !error.contains("notTheSecret") && !error.contains("signature="),
        "{error}"
    );
    let account = server.accounts()[0];
    assert!(server.inspect(|exchange| exchange.open_orders(account, None).is_empty()));
}

//! Whole files: the shipped ones, an owner's older one, and broken ones.

use expect_test::{Expect, expect};
use phoenix_config::{
    Checked, Config, Lang, Severity, SymbolMarket, Venue, check, check_against, reference, show,
};
use phoenix_domain::{Decimal, InstrumentSpec};
use proptest::prelude::*;

fn plain(text: &str) -> Checked {
    check(text, &|_| None)
}

fn shipped(name: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    std::fs::read_to_string(format!("{root}/../../configs/{name}")).expect("shipped file")
}

fn said(checked: &Checked) -> String {
    let line = |problem: &phoenix_config::Problem| problem.render("f.yaml", Lang::En) + "\n";
    checked.problems.iter().map(line).collect()
}

fn expect_said(text: &str, expected: Expect) {
    expected.assert_eq(&said(&plain(text)));
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text.as_bytes()).expect("a decimal")
}

const GOOD: &str = "\
global: {venue: testnet, total_notional_max: 1000}
symbols:
  - symbol: ETHUSDC
    net_max: 0.5
    total_layers: 7
    unified_layer_size: 0.035
    grid_start_offset: 1.2
    grid_first_spacing: 1.2
    grid_max_spacing: 25
    min_spread: 0.0007
    stop_loss_thresh: 0.05
";

fn good() -> Config {
    plain(GOOD).config.expect("legal")
}

#[test]
fn shipped_files_are_legal() {
    let testnet = plain(&shipped("phoenix_testnet.yaml"));
    assert_eq!(said(&testnet), "");
    assert_eq!(testnet.config.expect("legal").venue, Some(Venue::Testnet));
    let demo = plain(&shipped("phoenix_demo.yaml"));
    assert_eq!(said(&demo), "");
    assert_eq!(demo.config.expect("legal").symbols.len(), 2);
}

#[test]
fn the_shipped_live_file_names_no_venue() {
    let live = plain(&shipped("phoenix_live.yaml"));
    assert_eq!(live.config.as_ref().expect("legal").venue, None);
    assert_eq!(live.problems.len(), 1);
    assert_eq!(live.problems[0].severity, Severity::Warning);
}

#[test]
fn an_older_file_loads_and_names_retired_keys_once() {
    let text = "\
global:
  testnet: false
  total_notional_max: 1000.0
  quote_interval_ms: 1000
  metrics_port: 9090
  snapshot_path: \"./data/snapshot_mainnet.json\"
  snapshot_interval: 60
  log_level: \"info\"
symbols:
  - symbol: \"ETHUSDC\"
    net_max: 0.50
    min_spread: 0.0007
    tick_size: 0.01
    min_qty: 0.005
    total_layers: 7
    unified_layer_size: 0.035
    grid_start_offset: 1.2
    grid_first_spacing: 1.2
    grid_spacing_multiplier: 1.15
    grid_max_spacing: 25.0
    base_layer_size: 0.01
    near_layers: 8
    far_layers: 16
    far_layer_size: 0.01
    near_layer_start_offset: 0.0004
    near_layer_spacing_ratio: 1.35
    far_layer_some_other: 0.0015
    layer_spacing_mode: geometric
    spacing_ratio: 1.1
    pinning_enabled: true
    pinning_thresh: 0.50
    grinding_enabled: true
    grinding_thresh: 0.60
    stop_loss_thresh: 0.05
    max_cancel_per_min: 200
    inventory_skew_coeff: 0.002
";
    let checked = plain(text);
    let config = checked.config.as_ref().expect("loads");
    assert_eq!(config.venue, None, "testnet: false alone is not mainnet");
    assert_eq!(config.metrics_port, Some(9090));
    assert_eq!(config.symbols[0].net_max, decimal("0.5"));
    expect![[r#"
        f.yaml:1:1: warning: global.venue: no venue is spelled; `testnet: false` alone does not mean mainnet. Nothing will be traded until `venue: mainnet` or `venue: testnet` stands below global
        f.yaml:21:5: warning: without effect, from an older version: base_layer_size, near_layers, far_layers, far_layer_size, near_layer_start_offset, near_layer_spacing_ratio, far_layer_some_other, layer_spacing_mode, spacing_ratio
    "#]].assert_eq(&said(&checked));
}

#[test]
fn every_error_at_once_with_key_value_range_and_line() {
    let text = "\
global:
  venu: mainnet
  quote_interval_ms: fast
  price_stale_ms: 10000
  api_secret: hunter2
  total_notional_max: 0
symbols:
  - symbol: ethusdc
    net_max: -1
    net_max: 2
    total_layers: 7.5
    unified_layer_sise: 0.1
    grid_start_offset: \"1.2\"
    grid_first_spacing: [1]
    stop_loss_thresh: 5
";
    let checked = plain(text);
    assert!(checked.config.is_none());
    let told = said(&checked);
    assert!(!told.contains("hunter2"), "a secret is never shown");
    expect![[r#"
        f.yaml:1:1: warning: global.venue: no venue is spelled. Nothing will be traded until `venue: mainnet`, `venue: testnet`, or rest_url and ws_url stand below global
        f.yaml:2:3: error: global.venu: unknown key (value mainnet); did you mean `venue`?
        f.yaml:3:22: error: global.quote_interval_ms: value fast: must be a whole number from 1 to 60000 (ms)
        f.yaml:4:19: error: global.price_stale_ms: value 10000 is not allowed: must be a whole number from 100 to 3000 (ms)
        f.yaml:5:3: error: global.api_secret: a secret may not stand in this file; use BINANCE_API_KEY and BINANCE_API_SECRET, or keys_file with mode 0600. Treat this one as leaked
        f.yaml:6:23: error: global.total_notional_max: value 0 is not allowed: must be a number above 0 and at most 1000000000 (quote)
        f.yaml:8:5: error: symbols[0].unified_layer_size: missing, and it has no default: size of every layer; must be a number above 0 and at most 1000000000 (base)
        f.yaml:8:5: error: symbols[0].grid_max_spacing: missing, and it has no default: no gap is wider than this; must be a number above 0 and at most 1000000 (quote)
        f.yaml:8:5: error: symbols[0].min_spread: missing, and it has no default: least distance between the two nearest quotes; must be a number above 0 and at most 0.1 (ratio of mid)
        f.yaml:8:13: error: symbols[0].symbol: value ethusdc is not allowed: must be 3 to 20 of A-Z and 0-9
        f.yaml:9:14: error: symbols[0].net_max: value -1 is not allowed: must be a number above 0 and at most 1000000000 (base)
        f.yaml:10:5: error: symbols[0].net_max: stands a second time (value 2), first in line 9
        f.yaml:11:19: error: symbols[0].total_layers: value 7.5: must be a whole number from 1 to 64
        f.yaml:12:5: error: symbols[0].unified_layer_sise: unknown key (value 0.1); did you mean `unified_layer_size`?
        f.yaml:13:24: error: symbols[0].grid_start_offset: value "1.2": must be a number above 0 and at most 1000000 (quote)
        f.yaml:14:25: error: symbols[0].grid_first_spacing: value […]: must be a number above 0 and at most 1000000 (quote)
        f.yaml:15:23: error: symbols[0].stop_loss_thresh: value 5 is not allowed: must be a number above 0 and at most 0.5 (of notional)
    "#]].assert_eq(&told);
}

#[test]
fn values_must_fit_together() {
    let text = GOOD
        .replace("total_layers: 7", "total_layers: 9")
        .replace("grid_max_spacing: 25", "grid_max_spacing: 1")
        .replace(
            "stop_loss",
            "min_qty: 0.04\n    order_notional_max: 5000\n    stop_loss",
        );
    expect_said(
        &text,
        expect![[r#"
        f.yaml:5:19: warning: symbols[0].total_layers: value 9: only 7 fit into worst_case_ratio × net_max = 0.25; the farthest will be left out
        f.yaml:6:25: error: symbols[0].unified_layer_size: value 0.035 is under min_qty 0.04
        f.yaml:9:23: error: symbols[0].grid_max_spacing: value 1 is under grid_first_spacing 1.2
        f.yaml:12:25: error: symbols[0].order_notional_max: value 5000 is above total_notional_max 1000
    "#]],
    );
}

#[test]
fn mainnet_only_where_the_word_stands() {
    let venue = |global: &str| {
        let text = GOOD.replace("venue: testnet", global);
        (
            plain(&text).config.map(|config| config.venue),
            said(&plain(&text)),
        )
    };
    assert_eq!(venue("venue: mainnet").0, Some(Some(Venue::Mainnet)));
    assert_eq!(
        venue("venue: mainnet, testnet: false").0,
        Some(Some(Venue::Mainnet))
    );
    assert_eq!(venue("testnet: true").0, Some(Some(Venue::Testnet)));
    assert_eq!(venue("testnet: false").0, Some(None));
    assert_eq!(venue("venue: mainnet, testnet: true").0, None);
    assert_eq!(venue("venue: Mainnet").0, None);
    let own = venue("rest_url: \"http://127.0.0.1:9\", ws_url: \"ws://localhost:9/\"").0;
    let ws_api_url = "ws://localhost:9/ws-fapi/v1".to_string();
    let (rest_url, ws_url) = ("http://127.0.0.1:9".into(), "ws://localhost:9".into());
    let custom = Venue::Custom {
        rest_url,
        ws_url,
        ws_api_url,
    };
    assert_eq!(own, Some(Some(custom)));
}

#[test]
fn addresses_stay_on_this_machine_and_never_name_binance() {
    let told = |global: &str| said(&plain(&GOOD.replace("venue: testnet", global)));
    let text = [
        told("rest_url: \"http://10.0.0.7:9\", ws_url: \"ws://10.0.0.7:9\""),
        told("rest_url: \"https://fapi.binance.com\", ws_url: \"wss://fstream.binance.com\""),
        told("rest_url: \"http://127.0.0.1:9\""),
        told("venue: mainnet, rest_url: \"http://127.0.0.1:9\", ws_url: \"ws://127.0.0.1:9\""),
    ];
    expect![[r#"
        f.yaml:1:20: error: global.rest_url: value http://10.0.0.7:9 is not this machine; allowed: 127.0.0.0/8, ::1, localhost, or any with `allow_remote_venue: true`
        f.yaml:1:49: error: global.ws_url: value ws://10.0.0.7:9 is not this machine; allowed: 127.0.0.0/8, ::1, localhost, or any with `allow_remote_venue: true`
        --
        f.yaml:1:20: error: global.rest_url: value https://fapi.binance.com is Binance's; spell `venue: mainnet` or `venue: testnet`
        f.yaml:1:56: error: global.ws_url: value wss://fstream.binance.com is Binance's; spell `venue: mainnet` or `venue: testnet`
        --
        f.yaml:1:1: error: global.ws_url: missing; give both rest_url and ws_url (ws_url)
        --
        f.yaml:1:36: error: global.rest_url: an address beside `venue: mainnet`; remove one
    "#]].assert_eq(&text.join("--\n"));
}

#[test]
fn the_exchange_has_the_last_word() {
    let spec = InstrumentSpec {
        symbol: "ETHUSDC".into(),
        base_asset: "ETH".into(),
        quote_asset: "USDC".into(),
        tick: decimal("0.01"),
        price_min: decimal("1"),
        price_max: decimal("300000"),
        lot: decimal("0.001"),
        qty_min: decimal("0.001"),
        qty_max: decimal("10000"),
        notional_min: decimal("20"),
        percent_up: decimal("1.05"),
        percent_down: decimal("0.95"),
        orders_max: 200,
        trading: true,
    };
    let price = Some(decimal("2600"));
    let listed = [SymbolMarket { spec, price }];
    let fits = GOOD.replace("max: 1000}", "max: 2000}");
    assert_eq!(check_against(&plain(&fits), &listed), vec![]);
    let text = GOOD.replace("size: 0.035", "size: 0.0067").replace(
        "min_spread: 0.0007",
        "min_spread: 0.002\n    tick_size: 0.1",
    );
    let wrong = plain(&text);
    let typo = plain(&GOOD.replace("ETHUSDC", "ETHUSCD"));
    let mut told = String::new();
    for problem in check_against(&wrong, &listed)
        .iter()
        .chain(&check_against(&typo, &listed))
    {
        told += &problem.render("f.yaml", Lang::En);
        told.push('\n');
    }
    expect![[r#"
        f.yaml:11:16: error: symbols[0].tick_size: value 0.1: the exchange's is 0.01
        f.yaml:6:25: error: symbols[0].unified_layer_size: value 0.0067 is no multiple of the exchange's step 0.001
        f.yaml:6:25: error: symbols[0].unified_layer_size: a layer is worth 17.42 at 2600, the exchange takes 20 at least; use 0.009 or more
        f.yaml:10:17: warning: symbols[0].min_spread: is 5.20 at the present price, more than twice grid_start_offset 1.2: the spread will decide where layer 1 stands
        f.yaml:4:14: warning: symbols[0].net_max: is worth 1300.00 at the present price, above total_notional_max 1000, which will bind first
        f.yaml:3:13: error: symbols[0].symbol: the exchange does not list it; did you mean ETHUSDC?
    "#]].assert_eq(&told);
}

#[test]
fn the_effective_file_says_where_each_value_came_from() {
    let checked = check(GOOD, &|name| {
        (name == "PHOENIX_LOG_LEVEL").then(|| "debug".into())
    });
    let shown = show(&checked, "BINANCE_API_KEY", Lang::En);
    assert!(shown.contains("log_level: \"debug\"") && shown.contains("env PHOENIX_LOG_LEVEL"));
    assert!(shown.contains("grid_spacing_multiplier: 1.15"));
    let again = plain(&shown);
    assert_eq!(said(&again), "", "what is shown is a legal file");
    assert_eq!(again.config.expect("legal").symbols, good().symbols);
}

#[test]
fn messages_come_in_chinese_too() {
    let checked = plain(&GOOD.replace("net_max: 0.5", "net_max: 0"));
    let told = checked.problems[0].render("f.yaml", Lang::Zh);
    expect!["f.yaml:4:14: 错误: symbols[0].net_max: 值 0 不允许：应为大于 0 且不超过 1000000000 的数 (base)"].assert_eq(&told);
}

#[test]
fn the_reference_in_docs_is_current() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    for (name, lang) in [("config.md", Lang::En), ("config.zh-CN.md", Lang::Zh)] {
        let page = std::fs::read_to_string(format!("{root}/{name}")).unwrap_or_default();
        assert!(
            page == reference(lang),
            "docs/{name} is stale: run `cargo xtask docs`"
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "(?s).{0,300}") {
        let _ = plain(&text);
    }

    #[test]
    fn one_wrong_line_never_panics_and_never_passes_unsaid(
        line in 2_usize..11,
        value in "[-a-z0-9.\\[\\]{}:'\"# ]{0,12}",
    ) {
        let mut lines: Vec<String> = GOOD.lines().map(String::from).collect();
        let key = lines[line].split(':').next().expect("a key").to_string();
        lines[line] = format!("{key}: {value}");
        let checked = plain(&lines.join("\n"));
        let refused = checked.problems.iter().any(|p| p.severity == Severity::Error);
        prop_assert_eq!(checked.config.is_none(), refused);
        let _ = show(&checked, "", Lang::Zh);
    }
}

use super::*;
use crate::settings::{desk_settings, symbol_settings};
use phoenix_binance::client::{HttpAnswer, HttpFailure};
use phoenix_binance::wire::reply::Usage;
use phoenix_domain::{
    Command, Decimal, Doubt, InstrumentSpec, NewOrder, Price, Qty, RefusalReason, Side,
    TimeInForce, VenueMs,
};
use proptest::prelude::*;

const ETH: SymbolId = SymbolId(0);

/// Where requests of a test go.
#[derive(Default)]
struct Tray {
    frames: Vec<String>,
    calls: Vec<(u64, HttpCall)>,
}

impl Post for Tray {
    fn entry(&mut self, frame: &str) -> bool {
        self.frames.push(frame.to_owned());
        true
    }

    fn rest(&mut self, id: u64, call: HttpCall) -> bool {
        self.calls.push((id, call));
        true
    }
}

fn at(ms: u64) -> At {
    At {
        mono: MonoNs(1_000_000_000).plus_ms(ms),
        venue: VenueMs(1_790_000_000_000 + i64::try_from(ms).expect("small")),
    }
}

fn instrument() -> Instrument {
    let decimal = |text: &str| Decimal::parse(text.as_bytes()).expect("a decimal");
    let spec = InstrumentSpec {
        symbol: "ETHUSDC".into(),
        base_asset: "ETH".into(),
        quote_asset: "USDC".into(),
        tick: decimal("0.01"),
        price_min: decimal("0.01"),
        price_max: decimal("100000"),
        lot: decimal("0.001"),
        qty_min: decimal("0.001"),
        qty_max: decimal("8000"),
        notional_min: decimal("20"),
        percent_up: decimal("1.05"),
        percent_down: decimal("0.95"),
        orders_max: 200,
        trading: true,
    };
    Instrument::new(ETH, spec).expect("valid")
}

fn gateway(order_entry: OrderEntry, dry_run: bool) -> Gateway {
    let text = "
global: {rest_url: 'http://127.0.0.1:1', ws_url: 'ws://127.0.0.1:1', total_notional_max: 60000}
symbols:
  - {symbol: ETHUSDC, net_max: 4, total_layers: 4, unified_layer_size: 0.1,
     grid_start_offset: 0.2, grid_first_spacing: 0.2, grid_spacing_multiplier: 1.3,
     grid_max_spacing: 5, min_spread: 0.0001, inventory_skew_coeff: 0.0008,
     pinning_thresh: 0.5, grinding_thresh: 0.6, stop_loss_thresh: 0.05,
     max_cancel_per_min: 1200}";
    let checked = phoenix_config::check(text, &|_| None);
    let problems = checked.problems;
    let config = checked.config.unwrap_or_else(|| panic!("{problems:?}"));
    let instrument = instrument();
    let reference = Decimal(2_610 * 100_000_000);
    let symbol = symbol_settings(&config, &config.symbols[0], reference);
    let keys = Credentials::new("key", &"secret".to_owned().into()).expect("well-formed");
    let spec = GatewaySpec {
        desk: desk_settings(&config),
        symbols: vec![(instrument, symbol)],
        run: RunId(35),
        credentials: Some(Arc::new(keys)),
        order_entry,
        recv_window_ms: 5_000,
        order_timeout_ms: 4_000,
        rest_timeout: Duration::from_secs(4),
        ceilings: Ceilings::default(),
        dry_run,
    };
    Gateway::new(spec, at(0))
}

fn id(seq: u32) -> ClientId {
    ClientId {
        run: RunId(35),
        seq,
    }
}

fn place(seq: u32) -> Command {
    Command::Place(NewOrder {
        symbol: ETH,
        client_id: id(seq),
        side: Side::Buy,
        price: Price(260_000),
        qty: Qty(100),
        time_in_force: TimeInForce::PostOnly,
        reduce_only: false,
    })
}

fn cancel(seq: u32) -> Command {
    Command::Cancel {
        symbol: ETH,
        client_id: id(seq),
        protective: true,
    }
}

/// Outcomes waiting for the engine, in order.
fn outcomes(gateway: &mut Gateway) -> Vec<(u32, Outcome)> {
    let taken = std::mem::take(&mut gateway.local);
    let replies = taken.into_iter().filter_map(|local| match local {
        Local::Reply {
            client_id, outcome, ..
        } => Some((client_id.seq, outcome)),
        _ => None,
    });
    replies.collect()
}

fn reason(outcome: &Outcome) -> Option<RefusalReason> {
    match outcome {
        Outcome::Refused(refusal) => Some(refusal.reason),
        Outcome::Confirmed(_) | Outcome::Unknown(_) => None,
    }
}

fn answer(status: u16, body: &str) -> Result<HttpAnswer, HttpFailure> {
    Ok(HttpAnswer {
        status,
        usage: Usage::default(),
        retry_after_s: None,
        body: body.into(),
    })
}

#[test]
fn without_order_entry_placements_wait_and_cancels_find_another_way() {
    let (mut gateway, mut tray) = (gateway(OrderEntry::Ws, false), Tray::default());
    gateway.dispatch(at(1), &[place(1), cancel(2)], &mut tray);
    let told = outcomes(&mut gateway);
    assert_eq!(told.len(), 1);
    assert_eq!(reason(&told[0].1), Some(RefusalReason::NotSent));
    assert!(tray.frames.is_empty());
    let paths: Vec<_> = tray.calls.iter().map(|(_, call)| call.path).collect();
    assert_eq!(paths, ["/fapi/v1/order"]);
}

#[test]
fn runs_of_placements_travel_in_batches_of_five() {
    let (mut gateway, mut tray) = (gateway(OrderEntry::Rest, false), Tray::default());
    let mut commands: Vec<Command> = (1..=7).map(place).collect();
    commands.insert(6, cancel(9));
    gateway.dispatch(at(1), &commands, &mut tray);
    let paths: Vec<_> = tray.calls.iter().map(|(_, call)| call.path).collect();
    let (batch, single) = ("/fapi/v1/batchOrders", "/fapi/v1/order");
    assert_eq!(paths, [batch, single, single, single]);
    // One answer for five orders: each gets its own outcome.
    let refused = r#"{"code":-5022,"msg":"would cross"}"#;
    let body = format!("[{refused},{refused},{{\"odd\":1}},{refused}]");
    let call = tray.calls[0].0;
    gateway.take_rest_answer(at(2), call, answer(200, &body), &mut Tray::default());
    let told = outcomes(&mut gateway);
    let crossing = Some(RefusalReason::WouldCross);
    assert_eq!(told.len(), 5);
    assert_eq!(
        told.iter().filter(|(_, o)| reason(o) == crossing).count(),
        3
    );
    let unreadable = Outcome::Unknown(Doubt::Unreadable);
    assert_eq!((told[2].1, told[4].1), (unreadable, unreadable));
}

#[test]
fn what_is_not_a_clear_answer_is_a_doubt() {
    let not_sent = HttpFailure::NotSent {
        reason: "refused".into(),
    };
    let lost = HttpFailure::NoAnswer {
        doubt: Doubt::ConnectionLost,
        reason: "reset".into(),
    };
    let unsure = Outcome::Unknown(Doubt::VenueUnsure);
    let unreadable = Outcome::Unknown(Doubt::Unreadable);
    let other = r#"{"orderId":1,"symbol":"ETHUSDC","status":"NEW","clientOrderId":"phx-z-2",
        "price":"2600","origQty":"0.1","executedQty":"0","timeInForce":"GTX","side":"BUY"}"#;
    for (result, expected) in [
        (answer(503, "Unknown error, please check"), Some(unsure)),
        (answer(502, "<html>"), Some(unsure)),
        (answer(200, "{\"half\":"), Some(unreadable)),
        (answer(200, other), Some(unreadable)),
        (Err(lost), Some(Outcome::Unknown(Doubt::ConnectionLost))),
        (Err(not_sent), None),
    ] {
        let (mut gateway, mut tray) = (gateway(OrderEntry::Rest, false), Tray::default());
        gateway.dispatch(at(1), &[place(1)], &mut tray);
        let call = tray.calls[0].0;
        gateway.take_rest_answer(at(2), call, result, &mut tray);
        let told = outcomes(&mut gateway);
        assert_eq!(told.len(), 1);
        match expected {
            Some(expected) => assert_eq!(told[0].1, expected),
            None => assert_eq!(reason(&told[0].1), Some(RefusalReason::NotSent)),
        }
    }
}

#[test]
fn an_answer_after_the_timeout_changes_nothing() {
    let (mut gateway, mut tray) = (gateway(OrderEntry::Rest, false), Tray::default());
    gateway.dispatch(at(0), &[place(1)], &mut tray);
    gateway.give_up_overdue(at(3_999));
    assert!(outcomes(&mut gateway).is_empty());
    gateway.give_up_overdue(at(4_000));
    let told = outcomes(&mut gateway);
    assert_eq!(told, [(1, Outcome::Unknown(Doubt::Timeout))]);
    let late = answer(400, r#"{"code":-5022,"msg":""}"#);
    gateway.take_rest_answer(at(4_001), tray.calls[0].0, late, &mut tray);
    assert!(outcomes(&mut gateway).is_empty());
}

#[test]
fn a_lost_connection_puts_everything_on_it_in_doubt() {
    let (mut gateway, mut tray) = (gateway(OrderEntry::Ws, false), Tray::default());
    gateway.entry_up(at(0), &mut tray);
    gateway.dispatch(at(1), &[place(1), place(2), cancel(3)], &mut tray);
    assert_eq!(tray.frames.len(), 3);
    gateway.give_up_entry(at(2));
    let lost = Outcome::Unknown(Doubt::ConnectionLost);
    let told = outcomes(&mut gateway);
    assert_eq!(told, [(1, lost), (2, lost), (3, lost)]);
}

#[test]
fn a_throttled_account_places_nothing_and_still_cancels() {
    let (mut gateway, mut tray) = (gateway(OrderEntry::Rest, false), Tray::default());
    gateway.dispatch(at(0), &[place(1)], &mut tray);
    let throttled = Ok(HttpAnswer {
        status: 429,
        usage: Usage::default(),
        retry_after_s: Some(20),
        body: br#"{"code":-1015,"msg":"Too many new orders"}"#.to_vec(),
    });
    gateway.take_rest_answer(at(1), tray.calls[0].0, throttled, &mut tray);
    gateway.dispatch(at(2), &[place(2), cancel(3)], &mut tray);
    let told = outcomes(&mut gateway);
    assert!(
        told.iter()
            .all(|(_, o)| reason(o) == Some(RefusalReason::RateLimited))
    );
    assert_eq!(told.len(), 2);
    assert_eq!(tray.calls.len(), 2, "the first placement and the cancel");
}

#[test]
fn a_ban_silences_everything_until_it_ends() {
    let (mut gateway, mut tray) = (gateway(OrderEntry::Rest, false), Tray::default());
    gateway.dispatch(at(0), &[place(1)], &mut tray);
    let until = at(60_000).venue.0;
    let body = format!(r#"{{"code":-1003,"msg":"Way too many; banned until {until}."}}"#);
    gateway.take_rest_answer(at(1), tray.calls[0].0, answer(418, &body), &mut tray);
    gateway.dispatch(at(59_999), &[place(2), cancel(3)], &mut tray);
    assert_eq!(tray.calls.len(), 1);
    gateway.dispatch(at(60_000), &[cancel(4)], &mut tray);
    assert_eq!(tray.calls.len(), 2);
    let banned = |statement: &Statement| matches!(statement, Statement::Said(Said::Banned { .. }));
    assert!(gateway.statements.iter().any(banned));
}

#[test]
fn a_dry_run_answers_for_the_exchange() {
    let (mut gateway, mut tray) = (gateway(OrderEntry::Rest, true), Tray::default());
    gateway.dispatch(
        at(0),
        &[place(1), place(2), cancel(1), cancel(7)],
        &mut tray,
    );
    assert!(tray.calls.is_empty() && tray.frames.is_empty());
    let told = outcomes(&mut gateway);
    let confirmed = |outcome: &Outcome| matches!(outcome, Outcome::Confirmed(_));
    let kinds: Vec<_> = told.iter().map(|(seq, o)| (*seq, confirmed(o))).collect();
    assert_eq!(kinds, [(1, true), (2, true), (1, true), (7, false)]);
}

proptest! {
    /// Whatever arrives, nothing breaks and nothing is ordered because of it.
    #[test]
    fn arbitrary_frames_never_panic_and_never_trade(
        frames in proptest::collection::vec(
            (0_usize..4, proptest::collection::vec(any::<u8>(), 0..200)), 1..20),
        prefix in prop::sample::select(vec![
            "", "{", "{\"stream\":\"ethusdc@depth\",\"data\":{\"e\":\"depthUpdate\",",
            "{\"e\":\"ORDER_TRADE_UPDATE\",\"o\":{\"s\":\"ETHUSDC\",", "{\"id\":1,\"status\":",
        ]),
    ) {
        let (mut gateway, mut tray) = (gateway(OrderEntry::Ws, false), Tray::default());
        gateway.entry_up(at(0), &mut tray);
        for (ms, (lane, bytes)) in (1..).zip(frames) {
            let mut frame = prefix.as_bytes().to_vec();
            frame.extend(bytes);
            match LaneKind::ALL[lane] {
                kind @ (LaneKind::Public | LaneKind::Market) => {
                    gateway.market_frame(at(ms), kind, 1, &frame, &mut tray);
                }
                LaneKind::Private => gateway.private_frame(at(ms), &frame, &mut tray),
                LaneKind::Entry => gateway.entry_frame(at(ms), &frame, &mut tray),
            }
            gateway.pulse(at(ms), &mut tray);
        }
        prop_assert!(tray.frames.is_empty());
        let orders = tray.calls.iter().filter(|(_, call)| call.path.contains("rder"));
        let asks = orders.filter(|(_, call)| call.path != "/fapi/v1/openOrders");
        prop_assert_eq!(asks.count(), 0);
    }
}

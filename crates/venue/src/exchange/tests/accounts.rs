//! Money, margin and what happens by itself.

use super::*;
use crate::exchange::{AssetId, IncomeKind, MarketEvent};
use phoenix_domain::Rate;

const USDC: AssetId = AssetId(0);

#[test]
fn wallets_take_profit_and_fees_to_the_last_unit() {
    // The taker close captured live on 2024-11-18, with its own fee rate.
    let mut scene = Scene::with(Oversize::Shrink, |spec| spec.taker_fee = Rate(50_000));
    let (ann, bob) = (scene.ann, scene.bob);
    scene.must(bob, sell(260_100, 20));
    scene.must(ann, buy(260_100, 20));
    // 52.02 × 0.05 % = 0.02601
    assert_eq!(scene.wallet(ann), usdc("99999.97399"));
    scene.must(bob, buy(259_900, 20));
    scene.must(ann, sell(259_900, 20));
    // −0.04 − 51.98 × 0.05 %
    assert_eq!(scene.wallet(ann), usdc("99999.908"));
    assert_eq!(scene.wallet(bob), usdc("100000.04"));
    assert_eq!(scene.position(ann), Qty::ZERO);
    let last = *scene
        .exchange
        .user_trades(ann)
        .next_back()
        .expect("a trade");
    assert_eq!(
        (last.fill.realised, last.fill.commission),
        (usdc("-0.04"), usdc("0.02599"))
    );
    let kinds: Vec<_> = scene
        .exchange
        .incomes(ann)
        .map(|income| income.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            IncomeKind::Transfer,
            IncomeKind::Commission,
            IncomeKind::RealisedPnl,
            IncomeKind::Commission
        ]
    );
    assert_eq!(scene.exchange.surplus(USDC), Cash::ZERO);
}

#[test]
fn break_even_contains_the_opening_fee() {
    let mut scene = Scene::with(Oversize::Shrink, |spec| spec.taker_fee = Rate(50_000));
    scene.must(scene.bob, sell(260_000, 1_000));
    scene.must(scene.ann, buy(260_000, 1_000));
    let position = scene.exchange.positions(scene.ann, ETH)[0];
    assert_eq!(position.entry, Decimal(260_000_000_000));
    assert_eq!(position.break_even, Decimal(260_130_000_000));
}

#[test]
fn margin_stops_what_cannot_be_paid() {
    let mut scene = Scene::new();
    let ann = scene.ann;
    // 100,000 at 20 × carries 2,000,000: 769.23 ETH at 2600.
    assert_eq!(code(scene.place(ann, buy(260_000, 769_231))), -2019);
    scene.must(ann, buy(260_000, 769_230));
    assert_eq!(code(scene.place(ann, buy(260_000, 10))), -2019);
    // The other side shares the margin: only the larger one counts.
    scene.must(ann, sell(260_000 + 10, 700_000));
    assert!(scene.exchange.balances(ann)[0].available < usdc("10"));
    scene.exchange.cancel_all(scene.now, ann, ETH);
    assert_eq!(scene.exchange.balances(ann)[0].available, usdc("100000"));
}

#[test]
fn brackets_bound_the_position() {
    let mut scene = Scene::new();
    let ann = scene.ann;
    scene
        .exchange
        .set_leverage(scene.now, ann, ETH, 125)
        .expect("allowed");
    assert_eq!(code(scene.place(ann, buy(260_000, 19_231))), -2027);
    scene.must(ann, buy(260_000, 19_230));
    assert_eq!(
        code(scene.exchange.set_leverage(scene.now, ann, ETH, 126)),
        -4028
    );
    assert_eq!(
        code(scene.exchange.set_leverage(scene.now, ann, ETH, 0)),
        -4028
    );
}

#[test]
fn reduce_only_shrinks_or_is_refused() {
    let mut scene = Scene::new();
    let (ann, bob) = (scene.ann, scene.bob);
    assert_eq!(code(scene.place(ann, reducing(sell(260_000, 100)))), -2022);
    scene.must(bob, sell(260_000, 500));
    scene.must(ann, buy(260_000, 500));
    assert_eq!(code(scene.place(ann, reducing(buy(260_000, 100)))), -2022);
    let order = scene.must(ann, reducing(sell(260_500, 800)));
    assert_eq!(order.qty, Qty(500));
    assert_eq!(code(scene.place(ann, reducing(sell(260_600, 100)))), -4118);
    let mut strict = Scene::with(Oversize::Reject, |_| {});
    strict.must(strict.bob, sell(260_000, 500));
    strict.must(strict.ann, buy(260_000, 500));
    assert_eq!(
        code(strict.place(strict.ann, reducing(sell(260_500, 800)))),
        -2022
    );
    // Below MIN_NOTIONAL is fine when it only reduces.
    strict.must(strict.ann, reducing(sell(260_500, 1)));
}

#[test]
fn reduce_only_orders_that_would_open_are_knocked_out_at_once() {
    let mut scene = Scene::new();
    let (ann, bob) = (scene.ann, scene.bob);
    scene.must(bob, sell(260_000, 500));
    scene.must(ann, buy(260_000, 500));
    scene.must(ann, sell(260_100, 500));
    let guarded = scene.must(ann, reducing(sell(260_200, 500)));
    // One sweep over both prices: the first fill makes the second order one
    // that would open a short.
    let taker = scene.must(bob, limit(Side::Buy, 260_200, 1_000, TimeInForce::Ioc));
    assert_eq!(taker.executed, Qty(500));
    assert_eq!(scene.state(ann, &guarded), OrderState::Expired);
    assert_eq!(scene.position(ann), Qty::ZERO);
    assert!(scene.heard(ann).contains(&"Expired Expired er4".to_owned()));
}

#[test]
fn an_unarmed_fuse_cancels_its_symbol() {
    let mut scene = Scene::new();
    let ann = scene.ann;
    let order = scene.must(ann, buy(260_000, 1_000));
    scene.exchange.countdown(scene.now, ann, ETH, 5_000);
    scene.wait_ms(4_000);
    scene.exchange.countdown(scene.now, ann, ETH, 5_000);
    scene.wait_ms(4_999);
    assert_eq!(scene.state(ann, &order), OrderState::New);
    scene.wait_ms(1);
    assert_eq!(scene.state(ann, &order), OrderState::Canceled);
    // It blows once; a later order is safe, and zero disarms.
    let order = scene.must(ann, buy(260_000, 1_000));
    scene.exchange.countdown(scene.now, ann, ETH, 1_000);
    scene.exchange.countdown(scene.now, ann, ETH, 0);
    scene.wait_ms(60_000);
    assert_eq!(scene.state(ann, &order), OrderState::New);
}

#[test]
fn funding_moves_money_from_longs_to_shorts() {
    let mut scene = Scene::with(Oversize::Shrink, |spec| spec.funding_interval_ms = 60_000);
    let (ann, bob) = (scene.ann, scene.bob);
    scene.must(bob, sell(260_000, 1_000));
    scene.must(ann, buy(260_000, 1_000));
    scene.heard(ann);
    scene.wait_ms(60_000);
    let mut out = Outbox::default();
    scene.exchange.drain(&mut out);
    let settled = out.market.iter().find_map(|event| match event {
        MarketEvent::FundingSettled { rate, mark, .. } => Some((*rate, *mark)),
        _ => None,
    });
    let (rate, mark) = settled.expect("a funding");
    let paid = Cash(mark.0).times(rate);
    assert!(paid > Cash::ZERO, "interest is positive");
    assert_eq!(scene.wallet(ann), usdc("100000") - paid - usdc("1.04"));
    assert_eq!(scene.wallet(bob), usdc("100000") + paid);
    assert!(
        out.user
            .iter()
            .any(|event| word(event, ann).as_deref() == Some("FundingFee"))
    );
    assert_eq!(scene.exchange.surplus(USDC), Cash::ZERO);
}

#[test]
fn an_account_without_margin_is_liquidated() {
    let mut scene = Scene::new();
    let (bob, ann) = (scene.bob, scene.ann);
    let poor = AccountSpec {
        deposits: vec![("USDC".to_owned(), usdc("150"))],
        ..AccountSpec::default()
    };
    let cal = scene.exchange.open_account(scene.now, &poor);
    scene.must(ann, sell(260_000, 1_000));
    scene.must(cal, buy(260_000, 1_000));
    let pending = scene.must(cal, buy(240_000, 50));
    let before = scene.exchange.positions(cal, ETH)[0];
    assert!(before.liquidation > Decimal(245_000_000_000));
    assert!(before.liquidation < Decimal(247_000_000_000));
    // The market falls in two steps: others trade there, mark follows.
    scene.heard(cal);
    for bid in [250_000, 242_000] {
        scene.exchange.cancel_all(scene.now, bob, ETH);
        scene.exchange.cancel_all(scene.now, ann, ETH);
        scene.must(bob, buy(bid, 50_000));
        scene.must(ann, sell(bid, 10));
        scene.must(ann, sell(bid + 10, 50_000));
        scene.wait_ms(40_000);
    }
    let heard = scene.heard(cal);
    assert_eq!(scene.position(cal), Qty::ZERO, "{heard:?}");
    assert_eq!(scene.state(cal, &pending), OrderState::Expired);
    assert!(
        heard.contains(&"Expired Expired er5".to_owned()),
        "{heard:?}"
    );
    assert!(
        heard.contains(&"Calculated Filled er0".to_owned()),
        "{heard:?}"
    );
    let forced: Vec<_> = scene.exchange.force_orders(cal).collect();
    assert!(forced[0].client_id.as_str().starts_with("autoclose-"));
    assert!(scene.wallet(cal) >= Cash::ZERO);
    assert_eq!(scene.exchange.surplus(USDC), Cash::ZERO);
}

#[test]
fn a_margin_call_comes_once_before_liquidation() {
    let mut scene = Scene::new();
    let (bob, ann) = (scene.bob, scene.ann);
    let poor = AccountSpec {
        deposits: vec![("USDC".to_owned(), usdc("132"))],
        ..AccountSpec::default()
    };
    let cal = scene.exchange.open_account(scene.now, &poor);
    scene.must(ann, sell(260_000, 1_000));
    scene.must(cal, buy(260_000, 1_000));
    scene.heard(cal);
    // Maintenance is 0.4 % of 2480, 9.92; what is left of 132 is 10.96.
    scene.must(bob, buy(248_000, 50_000));
    scene.must(ann, sell(248_000, 10));
    scene.must(ann, sell(248_001, 50_000));
    scene.wait_ms(90_000);
    assert_eq!(scene.heard(cal), ["call"]);
    assert_eq!(scene.position(cal), Qty(1_000));
}

#[test]
fn hedge_mode_keeps_two_positions() {
    let mut scene = Scene::new();
    let (ann, bob) = (scene.ann, scene.bob);
    scene
        .exchange
        .set_dual_side(scene.now, ann, true)
        .expect("changed");
    assert_eq!(
        code(scene.exchange.set_dual_side(scene.now, ann, true)),
        -4059
    );
    assert_eq!(code(scene.place(ann, buy(260_000, 100))), -4061);
    let on = |order: OrderRequest, side| OrderRequest {
        position_side: side,
        ..order
    };
    let (long, short) = (
        crate::exchange::PositionSide::Long,
        crate::exchange::PositionSide::Short,
    );
    scene.must(bob, sell(260_000, 300));
    scene.must(ann, on(buy(260_000, 300), long));
    scene.must(bob, buy(260_000, 200));
    scene.must(ann, on(sell(260_000, 200), short));
    let held: Vec<_> = scene
        .exchange
        .positions(ann, ETH)
        .iter()
        .map(|held| held.qty)
        .collect();
    assert_eq!(held, [Qty(300), Qty(-200)]);
    assert_eq!(code(scene.place(ann, on(sell(260_000, 301), long))), -2022);
    assert_eq!(
        code(scene.exchange.set_dual_side(scene.now, ann, false)),
        -4068
    );
}

#[test]
fn old_orders_are_forgotten() {
    let mut scene = Scene::new();
    let ann = scene.ann;
    let order = scene.must(ann, buy(260_000, 100));
    scene.exchange.cancel_all(scene.now, ann, ETH);
    scene.wait_ms(3 * 86_400_000 - 1);
    assert_eq!(scene.state(ann, &order), OrderState::Canceled);
    scene.wait_ms(1);
    let gone = scene.exchange.order(ann, ETH, OrderRef::Id(order.order_id));
    assert_eq!(code(gone), -2013);
    assert!(scene.exchange.all_orders(ann, ETH).is_empty());
}

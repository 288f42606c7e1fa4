//! Orders meeting orders.

use super::*;
use crate::exchange::StpMode;
use phoenix_domain::Level;

#[test]
fn a_resting_order_is_announced_and_shown() {
    let mut scene = Scene::new();
    let order = scene.must(scene.ann, buy(260_000, 1_000));
    assert_eq!(order.state, OrderState::New);
    assert_eq!(scene.heard(scene.ann), ["New New er0"]);
    let depth = scene.exchange.depth(ETH, 5);
    assert_eq!(
        depth.bids,
        [Level {
            price: Price(260_000),
            qty: Qty(1_000)
        }]
    );
    assert_eq!(depth.last_update_id, scene.exchange.top(ETH).id);
}

#[test]
fn events_of_a_trade_come_in_the_exchange_s_order() {
    let mut scene = Scene::new();
    let (ann, bob) = (scene.ann, scene.bob);
    scene.must(ann, buy(260_000, 1_000));
    scene.heard(ann);
    let taker = scene.must(bob, sell(259_000, 1_500));
    let mut out = Outbox::default();
    scene.exchange.drain(&mut out);
    let heard = |who| {
        out.user
            .iter()
            .filter_map(|e| word(e, who))
            .collect::<Vec<_>>()
    };
    assert_eq!(heard(ann), ["lite", "Order", "Trade Filled er0"]);
    assert_eq!(
        heard(bob),
        ["lite", "New New er0", "Order", "Trade PartiallyFilled er0"]
    );
    // The rest stays at its own price, the trade was at the maker's.
    assert_eq!(taker.executed_cash, usdc("2600"));
    let asks = scene.exchange.depth(ETH, 5).asks;
    assert_eq!(
        asks,
        [Level {
            price: Price(259_000),
            qty: Qty(500)
        }]
    );
}

#[test]
fn older_orders_trade_first_and_an_amended_one_queues_again() {
    let mut scene = Scene::new();
    let (ann, bob) = (scene.ann, scene.bob);
    let first = scene.must(ann, buy(260_000, 1_000));
    let second = scene.must(ann, buy(260_000, 1_000));
    // Even a mere decrease loses the place.
    scene.amend(ann, &first, 260_000, 900).expect("amended");
    assert_eq!(
        scene.heard(ann).last().map(String::as_str),
        Some("Amendment New er0")
    );
    scene.must(bob, sell(260_000, 1_000));
    assert_eq!(scene.state(ann, &second), OrderState::Filled);
    assert_eq!(scene.state(ann, &first), OrderState::New);
}

#[test]
fn post_only_never_takes() {
    let mut scene = Scene::new();
    scene.must(scene.ann, sell(260_100, 1_000));
    let mut order = limit(Side::Buy, 260_100, 1_000, TimeInForce::PostOnly);
    scene.heard(scene.bob);
    assert_eq!(code(scene.place(scene.bob, order)), -5022);
    assert_eq!(scene.heard(scene.bob), Vec::<String>::new());
    assert!(scene.exchange.all_orders(scene.bob, ETH).is_empty());
    order.price = Price(260_099);
    assert_eq!(scene.must(scene.bob, order).state, OrderState::New);
}

#[test]
fn immediate_or_cancel_expires_what_it_cannot_get() {
    let mut scene = Scene::new();
    let ioc = limit(Side::Buy, 260_100, 1_000, TimeInForce::Ioc);
    assert_eq!(scene.must(scene.bob, ioc).state, OrderState::Expired);
    assert_eq!(
        scene.heard(scene.bob),
        ["New New er0", "Expired Expired er2"]
    );
    scene.must(scene.ann, sell(260_100, 400));
    let order = scene.must(scene.bob, ioc);
    assert_eq!(
        (order.state, order.executed),
        (OrderState::Expired, Qty(400))
    );
}

#[test]
fn fill_or_kill_is_all_or_nothing() {
    let mut scene = Scene::new();
    scene.must(scene.ann, sell(260_100, 400));
    scene.must(scene.ann, sell(260_200, 400));
    let fok = |price, qty| limit(Side::Buy, price, qty, TimeInForce::Fok);
    assert_eq!(code(scene.place(scene.bob, fok(260_100, 401))), -5021);
    assert_eq!(code(scene.place(scene.bob, fok(260_200, 801))), -5021);
    assert_eq!(
        scene.must(scene.bob, fok(260_200, 800)).state,
        OrderState::Filled
    );
}

#[test]
fn good_till_date_expires_at_its_second() {
    let mut scene = Scene::new();
    let mut order = limit(Side::Buy, 260_000, 1_000, TimeInForce::Gtd);
    order.good_till_ms = START.ms() + 600_000;
    assert_eq!(code(scene.place(scene.ann, order)), -5040);
    order.good_till_ms = START.ms() + 601_000;
    let order = scene.must(scene.ann, order);
    scene.wait_ms(600_999);
    assert_eq!(scene.state(scene.ann, &order), OrderState::New);
    scene.wait_ms(1);
    assert_eq!(scene.state(scene.ann, &order), OrderState::Expired);
}

#[test]
fn market_orders_walk_the_book_within_the_bound() {
    let mut scene = Scene::new();
    scene.must(scene.ann, sell(260_100, 400));
    scene.must(scene.ann, sell(275_000, 400));
    let order = scene.must(scene.bob, OrderRequest::market(ETH, Side::Buy, Qty(700)));
    // 2750.00 is more than 5 % from the mark price of 2600.
    assert_eq!(
        (order.state, order.executed),
        (OrderState::Expired, Qty(400))
    );
    assert_eq!(
        scene.heard(scene.bob).last().map(String::as_str),
        Some("Expired Expired er9")
    );
    let refused = scene.place(scene.bob, OrderRequest::market(ETH, Side::Buy, Qty(700)));
    assert_eq!(code(refused), -4131);
}

#[test]
fn self_trades_are_prevented_by_the_taker_s_mode() {
    for (mode, maker, taker, left) in [
        (
            StpMode::ExpireMaker,
            OrderState::ExpiredInMatch,
            OrderState::New,
            0,
        ),
        (
            StpMode::ExpireTaker,
            OrderState::New,
            OrderState::ExpiredInMatch,
            1_000,
        ),
        (
            StpMode::ExpireBoth,
            OrderState::ExpiredInMatch,
            OrderState::ExpiredInMatch,
            0,
        ),
    ] {
        let mut scene = Scene::new();
        let ann = scene.ann;
        let resting = scene.must(ann, sell(260_000, 1_000));
        let order = scene.must(
            ann,
            OrderRequest {
                stp: mode,
                ..buy(260_000, 500)
            },
        );
        assert_eq!(scene.state(ann, &resting), maker, "{mode:?}");
        assert_eq!(order.state, taker, "{mode:?}");
        let asks: i64 = scene
            .exchange
            .depth(ETH, 5)
            .asks
            .iter()
            .map(|level| level.qty.0)
            .sum();
        assert_eq!(asks, left, "{mode:?}");
        assert_eq!(scene.position(ann), Qty::ZERO);
    }
}

#[test]
fn an_own_order_in_the_way_does_not_hide_others_behind_it() {
    let mut scene = Scene::new();
    let (ann, bob) = (scene.ann, scene.bob);
    let own = scene.must(ann, sell(260_000, 1_000));
    scene.must(bob, sell(260_000, 1_000));
    let order = scene.must(ann, buy(260_000, 600));
    assert_eq!(order.state, OrderState::Filled);
    assert_eq!(scene.state(ann, &own), OrderState::ExpiredInMatch);
    assert_eq!(scene.position(bob), Qty(-600));
}

#[test]
fn amendments_that_change_nothing_or_too_much_are_refused() {
    let mut scene = Scene::with(Oversize::Shrink, |spec| spec.amendments_max = 2);
    let ann = scene.ann;
    let order = scene.must(ann, buy(260_000, 1_000));
    assert_eq!(code(scene.amend(ann, &order, 260_000, 1_000)), -5027);
    assert_eq!(code(scene.amend(ann, &order, 260_000, 1)), -4164);
    assert_eq!(code(scene.amend(ann, &order, 280_000, 1_000)), -4016);
    assert_eq!(scene.view(ann, &order).price, Price(260_000));
    scene.amend(ann, &order, 260_001, 1_000).expect("amended");
    scene.amend(ann, &order, 260_002, 1_000).expect("amended");
    assert_eq!(code(scene.amend(ann, &order, 260_003, 1_000)), -5026);
    let history: Vec<_> = scene.exchange.amendments(ann).collect();
    assert_eq!(
        (history.len(), history[1].count, history[1].modify_id),
        (2, 2, Some(7))
    );
    assert_eq!(history[1].price, (Price(260_001), Price(260_002)));
}

#[test]
fn two_kinds_of_amendment_destroy_the_order() {
    let mut scene = Scene::new();
    let (ann, bob) = (scene.ann, scene.bob);
    let order = scene.must(ann, buy(260_000, 1_000));
    scene.must(bob, sell(260_000, 600));
    let gone = scene.amend(ann, &order, 260_000, 600).expect("done");
    assert_eq!(
        (gone.state, gone.executed),
        (OrderState::Canceled, Qty(600))
    );
    scene.must(bob, sell(260_100, 600));
    let order = scene.must(ann, limit(Side::Buy, 260_000, 1_000, TimeInForce::PostOnly));
    let gone = scene.amend(ann, &order, 260_100, 1_000).expect("done");
    assert_eq!(gone.state, OrderState::Canceled);
}

#[test]
fn an_amended_order_may_take() {
    let mut scene = Scene::new();
    let (ann, bob) = (scene.ann, scene.bob);
    scene.must(bob, sell(260_100, 600));
    let order = scene.must(ann, buy(260_000, 1_000));
    scene.heard(ann);
    let order = scene.amend(ann, &order, 260_100, 1_000).expect("amended");
    assert_eq!(
        (order.state, order.executed),
        (OrderState::PartiallyFilled, Qty(600))
    );
    let heard = scene.heard(ann);
    assert_eq!(
        heard,
        [
            "Amendment New er0",
            "lite",
            "Order",
            "Trade PartiallyFilled er0"
        ]
    );
}

#[test]
fn prices_are_taken_from_the_book() {
    let mut scene = Scene::new();
    let (ann, bob) = (scene.ann, scene.bob);
    for at in 0..5 {
        scene.must(bob, sell(260_100 + at, 100));
        scene.must(bob, buy(259_900 - at, 100));
    }
    for (price_match, price) in [
        (PriceMatch::Queue, 259_900),
        (PriceMatch::Queue5, 259_896),
        (PriceMatch::Opponent5, 260_104),
        (PriceMatch::Opponent, 260_101),
    ] {
        let order = OrderRequest {
            price_match,
            ..buy(0, 100)
        };
        assert_eq!(
            scene.must(ann, order).price,
            Price(price),
            "{price_match:?}"
        );
        scene.exchange.cancel_all(scene.now, ann, ETH);
    }
    let deep = OrderRequest {
        price_match: PriceMatch::Queue20,
        ..buy(0, 100)
    };
    assert_eq!(code(scene.place(ann, deep)), -5041);
}

#[test]
fn names_are_unique_among_open_orders_only() {
    let mut scene = Scene::new();
    let ann = scene.ann;
    let order = scene.must(ann, named(buy(260_000, 1_000), "phx-1-1"));
    assert_eq!(
        code(scene.place(ann, named(buy(260_000, 1_000), "phx-1-1"))),
        -4116
    );
    let by_name = OrderRef::Client(order.client_id);
    scene
        .exchange
        .cancel(scene.now, ann, ETH, by_name)
        .expect("cancelled");
    assert_eq!(
        code(scene.exchange.cancel(scene.now, ann, ETH, by_name)),
        -2011
    );
    let again = scene.must(ann, named(buy(260_000, 1_000), "phx-1-1"));
    assert!(again.order_id > order.order_id);
    let found = scene.exchange.order(ann, ETH, by_name).expect("known");
    assert_eq!(found.order_id, again.order_id);
    let unknown = scene.exchange.order(scene.bob, ETH, by_name);
    assert_eq!(code(unknown), -2013);
}

#[test]
fn filters_answer_with_their_own_codes() {
    let mut scene = Scene::new();
    let ann = scene.ann;
    for (order, expected) in [
        (buy(260_000, 0), -4003),
        (buy(260_000, 9_000_000), -4005),
        (buy(0, 1_000), -4013),
        (sell(10_000_001, 1_000), -4002),
        (buy(260_000, 7), -4164),
        (buy(273_001, 1_000), -4016),
        (sell(246_999, 1_000), -4024),
        (OrderRequest::market(ETH, Side::Buy, Qty(700_001)), -4005),
        (OrderRequest::market(ETH, Side::Buy, Qty(7)), -4164),
    ] {
        assert_eq!(code(scene.place(ann, order)), expected, "{order:?}");
    }
    let extreme = limit(Side::Sell, i64::MAX, i64::MAX, TimeInForce::Gtc);
    assert_eq!(code(scene.place(ann, extreme)), -4002);
}

#[test]
fn a_halted_symbol_takes_cancels_only() {
    let mut scene = Scene::new();
    let ann = scene.ann;
    let order = scene.must(ann, buy(260_000, 1_000));
    scene.exchange.set_trading(scene.now, ETH, false);
    assert_eq!(code(scene.place(ann, buy(260_000, 1_000))), -4141);
    assert_eq!(code(scene.amend(ann, &order, 260_001, 1_000)), -5024);
    assert_eq!(scene.exchange.cancel_all(scene.now, ann, ETH), 1);
}

#[test]
fn too_many_open_orders_are_refused() {
    let mut scene = Scene::with(Oversize::Shrink, |spec| spec.instrument.orders_max = 3);
    let ann = scene.ann;
    for at in 0..3 {
        scene.must(ann, buy(260_000 - at, 100));
    }
    assert_eq!(code(scene.place(ann, buy(259_000, 100))), -2025);
}

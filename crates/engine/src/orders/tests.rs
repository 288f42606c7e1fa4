//! Single stories of the lifecycle, told one by one; every ordering of them is
//! walked in [`orderings`].

mod orderings;

use phoenix_domain::{
    Cash, Doubt, OrderStatus, Origin, Refusal, RefusalReason, SymbolId, TimeInForce,
};
use proptest::prelude::*;

use super::*;

const PROOF_MS: u64 = 6_000;
const RUN: RunId = RunId(7);

fn at(ms: u64) -> At {
    At {
        mono: MonoNs(0).plus_ms(ms),
        venue: VenueMs(ms as i64),
    }
}

fn id(seq: u32) -> ClientId {
    ClientId { run: RUN, seq }
}

fn new_order(seq: u32, side: Side, price: i64, qty: i64) -> NewOrder {
    NewOrder {
        symbol: SymbolId(0),
        client_id: id(seq),
        side,
        price: Price(price),
        qty: Qty(qty),
        time_in_force: TimeInForce::PostOnly,
        reduce_only: false,
    }
}

fn report(seq: u32, side: Side, status: OrderStatus) -> OrderReport {
    OrderReport {
        client_id: Some(id(seq)),
        venue_id: 1_000 + u64::from(seq),
        side,
        price: Price(100),
        qty: Qty(10),
        filled: Qty::ZERO,
        status,
        time_in_force: TimeInForce::PostOnly,
        reduce_only: false,
        venue_ms: VenueMs(50),
        origin: Origin::Stream,
    }
}

fn fill(trade_id: u64, side: Side, price: i64, qty: i64, venue_ms: i64) -> Fill {
    Fill {
        trade_id,
        client_id: None,
        venue_id: 1,
        side,
        price: Price(price),
        qty: Qty(qty),
        maker: true,
        charged: None,
        venue_ms: VenueMs(venue_ms),
    }
}

fn refused(reason: RefusalReason) -> Outcome {
    Outcome::Refused(Refusal {
        reason,
        code: 0,
        retry_after_ms: 0,
    })
}

fn live(orders: &mut Orders, seq: u32, side: Side, price: i64) {
    assert!(orders.place(at(10), &new_order(seq, side, price, 10)));
    let told = OrderReport {
        price: Price(price),
        ..report(seq, side, OrderStatus::New)
    };
    orders.replied(at(11), id(seq), Request::Place, &Outcome::Confirmed(told));
}

#[test]
fn sides_stand_in_price_order_by_where_orders_are_to_be() {
    let mut orders = Orders::new(PROOF_MS);
    for (seq, price) in [(1, 98), (2, 100), (3, 99)] {
        live(&mut orders, seq, Side::Buy, price);
        live(&mut orders, seq + 10, Side::Sell, price + 10);
    }
    let prices = |orders: &Orders, side| -> Vec<i64> {
        orders
            .working(side)
            .map(|order| order.target_price().0)
            .collect()
    };
    assert_eq!(prices(&orders, Side::Buy), [100, 99, 98]);
    assert_eq!(prices(&orders, Side::Sell), [108, 109, 110]);
    assert!(orders.amend(at(20), id(2), Price(97), Qty(10)));
    assert_eq!(prices(&orders, Side::Buy), [99, 98, 97]);
    assert_eq!(
        orders.get(id(2)).map(Order::boldest_price),
        Some(Price(100))
    );
    assert_eq!(orders.exposure(Side::Buy), Qty(30));
    assert_eq!(orders.round_trip_ns(), Some(1_000_000));
}

#[test]
fn a_cancel_that_finds_nothing_keeps_its_exposure_until_the_fill_is_told() {
    let mut orders = Orders::new(PROOF_MS);
    live(&mut orders, 1, Side::Sell, 100);
    assert!(orders.cancel(at(20), id(1)));
    assert!(!orders.cancel(at(20), id(1)), "one cancel at a time");
    let outcome = refused(RefusalReason::NoSuchOrder);
    let change = orders
        .replied(at(30), id(1), Request::Cancel, &outcome)
        .expect("known");
    assert_eq!(change.order.state, State::Missing);
    assert_eq!(orders.exposure(Side::Sell), Qty(10));
    assert_eq!(orders.due_query(at(279)), None);
    assert_eq!(orders.due_query(at(280)), Some(id(1)));
    let late = Fill {
        client_id: Some(id(1)),
        ..fill(1, Side::Sell, 100, 10, 60)
    };
    let (news, change) = orders.filled(at(40), &late, None);
    assert_eq!(news, FillNews::New);
    assert!(change.expect("known").ended());
    assert_eq!(orders.exposure(Side::Sell), Qty(0));
}

#[test]
fn an_unanswered_placement_ends_only_by_a_no_asked_late_enough() {
    let mut orders = Orders::new(PROOF_MS);
    assert!(orders.place(at(0), &new_order(1, Side::Buy, 100, 10)));
    let lost = Outcome::Unknown(Doubt::Timeout);
    orders.replied(at(1_000), id(1), Request::Place, &lost);
    let nothing = refused(RefusalReason::NoSuchOrder);
    for asked in [1_250, 2_250, 4_250, 5_999] {
        orders.ask(at(asked), id(1));
        orders.replied(at(asked + 5), id(1), Request::Query, &nothing);
        assert_eq!(orders.exposure(Side::Buy), Qty(10));
    }
    orders.ask(at(6_000), id(1));
    let change = orders
        .replied(at(6_005), id(1), Request::Query, &nothing)
        .expect("known");
    assert!(change.ended() && change.resolved());
    assert_eq!(orders.exposure(Side::Buy), Qty(0));
}

#[test]
fn questions_about_a_doubt_come_ever_more_slowly_but_never_stop() {
    let mut orders = Orders::new(PROOF_MS);
    assert!(orders.place(at(0), &new_order(1, Side::Buy, 100, 10)));
    assert_eq!(
        orders.next_deadline(),
        Some(at(10_000).mono),
        "no outcome at all"
    );
    let lost = Outcome::Unknown(Doubt::ConnectionLost);
    orders.replied(at(0), id(1), Request::Place, &lost);
    let mut now = 0;
    for wait in [250, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000] {
        now += wait;
        assert_eq!(orders.next_deadline(), Some(at(now).mono));
        orders.ask(at(now), id(1));
        assert_eq!(
            orders.due_query(at(now + 9_999)),
            None,
            "one question at a time"
        );
        orders.replied(at(now), id(1), Request::Query, &lost);
    }
}

/// Shown open in answer to a question asked at `asked`.
fn seen_open(orders: &mut Orders, asked: u64, venue_ms: i64) -> State {
    let open = OrderReport {
        venue_ms: VenueMs(venue_ms),
        origin: Origin::Query,
        ..report(1, Side::Buy, OrderStatus::New)
    };
    orders.ask(at(asked), id(1));
    let outcome = Outcome::Confirmed(open);
    let change = orders.replied(at(asked + 5), id(1), Request::Query, &outcome);
    change.expect("remembered").order.state
}

#[test]
fn a_cancel_without_any_outcome_is_given_up_when_the_order_is_seen_open() {
    let mut orders = Orders::new(PROOF_MS);
    live(&mut orders, 1, Side::Buy, 100);
    assert!(orders.cancel(at(100), id(1)));
    assert_eq!(seen_open(&mut orders, 6_099, 50), State::PendingCancel);
    assert_eq!(seen_open(&mut orders, 6_100, 50), State::Live);
    assert!(orders.cancel(at(7_000), id(1)), "to be asked for again");
}

#[test]
fn an_ended_order_comes_back_only_by_a_later_question() {
    let mut orders = Orders::new(PROOF_MS);
    live(&mut orders, 1, Side::Buy, 100);
    orders.reported(at(9_000), &report(1, Side::Buy, OrderStatus::Cancelled));
    assert_eq!(orders.exposure(Side::Buy), Qty(0));
    orders.reported(at(9_001), &report(1, Side::Buy, OrderStatus::New));
    assert_eq!(seen_open(&mut orders, 9_000, 60), State::Ended);
    assert_eq!(
        seen_open(&mut orders, 9_010, 40),
        State::Ended,
        "older than the end"
    );
    assert_eq!(seen_open(&mut orders, 9_020, 60), State::Live);
    assert_eq!(orders.exposure(Side::Buy), Qty(10));
    assert_eq!(orders.working_count(Side::Buy), 1);
}

#[test]
fn a_statement_from_before_does_not_settle_an_amend_back_to_the_same_price() {
    let mut orders = Orders::new(PROOF_MS);
    live(&mut orders, 1, Side::Buy, 100);
    assert!(orders.amend(at(20), id(1), Price(101), Qty(10)));
    let moved = OrderReport {
        price: Price(101),
        venue_ms: VenueMs(60),
        ..report(1, Side::Buy, OrderStatus::New)
    };
    orders.replied(at(30), id(1), Request::Amend, &Outcome::Confirmed(moved));
    assert!(orders.amend(at(40), id(1), Price(100), Qty(10)));
    orders.reported(at(41), &report(1, Side::Buy, OrderStatus::New));
    assert_eq!(
        orders.get(id(1)).map(|order| order.state),
        Some(State::PendingAmend)
    );
}

#[test]
fn an_amend_that_would_cross_may_have_ended_the_order() {
    let mut orders = Orders::new(PROOF_MS);
    live(&mut orders, 1, Side::Buy, 100);
    assert!(orders.amend(at(20), id(1), Price(109), Qty(10)));
    let outcome = refused(RefusalReason::WouldCross);
    orders.replied(at(30), id(1), Request::Amend, &outcome);
    assert_eq!(
        orders.get(id(1)).map(|order| order.state),
        Some(State::UnknownAmend)
    );
    assert_eq!(orders.due_query(at(280)), Some(id(1)));
}

#[test]
fn a_list_finds_orphans_strangers_and_what_is_missing() {
    let mut orders = Orders::new(PROOF_MS);
    live(&mut orders, 1, Side::Buy, 100);
    live(&mut orders, 2, Side::Buy, 99);
    let of = |run: u32, seq: u32| OrderReport {
        client_id: Some(ClientId {
            run: RunId(run),
            seq,
        }),
        ..report(seq, Side::Buy, OrderStatus::New)
    };
    let foreign = OrderReport {
        client_id: None,
        ..report(9, Side::Sell, OrderStatus::New)
    };
    let listed = [of(7, 1), of(6, 2), of(8, 3), foreign];
    let list = OpenOrders {
        symbol: SymbolId(0),
        orders: &listed,
        asked_at: at(2_000).mono,
    };
    let findings = orders.listed(at(2_010), &list, RUN);
    let newer = ClientId {
        run: RunId(8),
        seq: 3,
    };
    let expected = Findings {
        foreign: 1,
        orphans: 1,
        second_writer: Some(newer),
        missing: 1,
        unkept: 0,
    };
    assert_eq!(findings, expected);
    assert_eq!(
        orders.get(id(2)).map(|order| order.state),
        Some(State::Missing)
    );
    let orphan = ClientId {
        run: RunId(6),
        seq: 2,
    };
    assert!(orders.get(orphan).is_some_and(|order| order.orphan));
    assert_eq!(orders.exposure(Side::Buy), Qty(30), "orphans can fill too");
    assert!(orders.cancel(at(2_020), orphan));
}

#[test]
fn a_list_says_nothing_about_orders_younger_than_its_question() {
    let mut orders = Orders::new(PROOF_MS);
    live(&mut orders, 1, Side::Buy, 100);
    let list = OpenOrders {
        symbol: SymbolId(0),
        orders: &[],
        asked_at: at(900).mono,
    };
    assert_eq!(orders.listed(at(2_000), &list, RUN).missing, 0);
}

#[test]
fn a_cancel_of_everything_leaves_placements_on_their_way_in_doubt() {
    let mut orders = Orders::new(PROOF_MS);
    live(&mut orders, 1, Side::Buy, 100);
    assert!(orders.place(at(20), &new_order(2, Side::Sell, 105, 10)));
    orders.cancel_all(at(21));
    orders.all_cancelled(at(30), true);
    assert_eq!(
        orders.get(id(1)).map(|order| order.state),
        Some(State::PendingCancel)
    );
    assert_eq!(
        orders.get(id(2)).map(|order| order.state),
        Some(State::UnknownNew)
    );
    orders.all_cancelled(at(31), false);
    assert_eq!(
        orders.get(id(1)).map(|order| order.state),
        Some(State::UnknownCancel)
    );
    assert!(
        orders.cancel(at(40), id(1)),
        "a cancel in doubt may be repeated"
    );
    assert_eq!(orders.unknown_count(), 1);
}

#[test]
fn executions_in_a_position_taken_over_are_not_waited_for() {
    let mut orders = Orders::new(PROOF_MS);
    live(&mut orders, 1, Side::Buy, 100);
    let gone = OrderReport {
        filled: Qty(4),
        venue_ms: VenueMs(70),
        ..report(1, Side::Buy, OrderStatus::Cancelled)
    };
    orders.reported(at(80), &gone);
    assert_eq!(orders.exposure(Side::Buy), Qty(4), "filled, not told yet");
    orders.position_taken(at(79).mono, VenueMs(65));
    assert_eq!(
        orders.exposure(Side::Buy),
        Qty(4),
        "asked before it was known"
    );
    orders.position_taken(at(90).mono, VenueMs(65));
    assert_eq!(orders.exposure(Side::Buy), Qty(0));
    let late = Fill {
        client_id: Some(id(1)),
        ..fill(1, Side::Buy, 100, 4, 65)
    };
    orders.filled(at(95), &late, None);
    assert_eq!(orders.get(id(1)).map(|order| order.booked), Some(Qty(4)));
}

#[test]
fn a_full_arena_refuses_and_forgets_the_oldest_ended_first() {
    let mut orders = Orders::with_room(PROOF_MS, 2, 2);
    live(&mut orders, 1, Side::Buy, 100);
    live(&mut orders, 3, Side::Buy, 99);
    assert!(!orders.place(at(20), &new_order(5, Side::Buy, 98, 10)));
    orders.reported(at(21), &report(1, Side::Buy, OrderStatus::Cancelled));
    assert!(orders.place(at(22), &new_order(5, Side::Buy, 98, 10)));
    assert_eq!(orders.get(id(1)), None);
    assert!(
        orders.get(id(3)).is_some(),
        "all three share one place of the index"
    );
    let owing = OrderReport {
        filled: Qty(3),
        venue_ms: VenueMs(60),
        ..report(3, Side::Buy, OrderStatus::Cancelled)
    };
    orders.reported(at(23), &owing);
    assert!(
        !orders.place(at(24), &new_order(7, Side::Buy, 97, 10)),
        "3 still to be told"
    );
    assert_eq!(orders.exposure(Side::Buy), Qty(13));
}

#[test]
fn a_statement_that_cannot_be_true_is_not_believed() {
    let mut orders = Orders::new(PROOF_MS);
    live(&mut orders, 1, Side::Buy, 100);
    let before = *orders.get(id(1)).expect("remembered");
    for odd in [
        report(1, Side::Sell, OrderStatus::Cancelled),
        OrderReport {
            qty: Qty(-1),
            ..report(1, Side::Buy, OrderStatus::New)
        },
        OrderReport {
            filled: Qty(i64::MAX),
            ..report(1, Side::Buy, OrderStatus::Filled)
        },
    ] {
        assert_eq!(orders.reported(at(20), &odd), None);
    }
    assert_eq!(orders.get(id(1)), Some(&before));
}

/// What the sums and lists must be, counted anew.
fn assert_consistent(orders: &Orders) {
    for side in Side::BOTH {
        let on_side = orders.arena.iter().filter(|order| order.side == side);
        let exposure: Qty = on_side.clone().map(Order::exposure).sum();
        assert_eq!(orders.exposure(side), exposure);
        let working = on_side.filter(|order| order.is_working()).count();
        assert_eq!(orders.working_count(side), working);
        let signed = |order: &Order| order.target_price().0 * side.sign();
        let prices: Vec<i64> = orders.working(side).map(signed).collect();
        assert!(
            prices.is_sorted_by(|better, worse| better >= worse),
            "{prices:?}"
        );
    }
    let unsettled = orders
        .arena
        .iter()
        .filter(|order| order.state.is_unsettled());
    assert_eq!(orders.unsettled, unsettled.count());
    let ended = orders.arena.iter().filter(|order| !order.is_working());
    assert_eq!(orders.ended.len(), ended.count());
}

/// One thing that may happen to any of a few orders; nothing need make sense.
fn happen(orders: &mut Orders, now: u64, (what, seq, price, qty): (u8, u32, i64, i64)) {
    use OrderStatus::{Cancelled, Expired, Filled, New, Other, PartiallyFilled};
    use RefusalReason::{DuplicateClientId, Filter, NoSuchOrder, WouldCross};
    let side = Side::BOTH[seq as usize % 2];
    let status = [New, PartiallyFilled, Filled, Cancelled, Expired, Other];
    let status = status[qty.rem_euclid(6) as usize];
    let told = OrderReport {
        price: Price(price),
        qty: Qty(qty),
        filled: Qty(qty / 3),
        venue_ms: VenueMs(price),
        ..report(seq, side, status)
    };
    let request = [
        Request::Place,
        Request::Amend,
        Request::Cancel,
        Request::Query,
    ];
    let reason = [NoSuchOrder, WouldCross, DuplicateClientId, Filter];
    let reason = reason[price as usize % 4];
    let outcome = match qty.rem_euclid(3) {
        0 => Outcome::Confirmed(told),
        1 => refused(reason),
        _ => Outcome::Unknown(Doubt::Timeout),
    };
    let traded = Fill {
        client_id: Some(id(seq)),
        ..fill(price as u64, side, price, qty, price)
    };
    let size = qty.clamp(1, 50);
    match what {
        0 if orders.get(id(seq)).is_none() => {
            let _ = orders.place(at(now), &new_order(seq, side, price, size));
        }
        1 => drop(orders.amend(at(now), id(seq), Price(price), Qty(size))),
        2 => drop(orders.cancel(at(now), id(seq))),
        3 => orders.cancel_all(at(now)),
        4 => orders.all_cancelled(at(now), qty % 2 == 0),
        5 => orders.ask(at(now), id(seq)),
        6 => drop(orders.reported(at(now), &told)),
        7 => drop(orders.filled(at(now), &traded, (qty % 2 == 0).then_some(&told))),
        8 => orders.position_taken(at(now / 2).mono, VenueMs(price)),
        9 => {
            let list = OpenOrders {
                symbol: SymbolId(0),
                orders: &[told],
                asked_at: at(now - now.min(price as u64 * 40)).mono,
            };
            orders.listed(at(now), &list, RUN);
        }
        _ => drop(orders.replied(at(now), id(seq), request[what as usize % 4], &outcome)),
    }
}

proptest! {
    #[test]
    fn sums_and_lists_stay_true(
        story in proptest::collection::vec(
            (0_u8..16, 1_u32..7, 90_i64..110, prop_oneof![9 => 0_i64..40, 1 => any::<i64>()]),
            1..120,
        ),
        step_ms in 1_u64..2_000,
    ) {
        let mut orders = Orders::with_room(PROOF_MS, 4, 4);
        for (place, happening) in story.into_iter().enumerate() {
            happen(&mut orders, (place as u64 + 1) * step_ms, happening);
            assert_consistent(&orders);
        }
    }

    /// Each execution is new once, however often and in whatever order told.
    #[test]
    fn an_execution_is_new_once(
        trades in proptest::collection::vec((1_u64..400, any::<bool>()), 1..600),
    ) {
        let mut log = FillLog::new();
        let (mut seen, mut charged) = (Vec::new(), Vec::new());
        for (trade, full) in trades {
            let mut told = fill(trade, Side::Buy, 100, 1, 1);
            told.charged = full.then_some((Cash(1), Cash(1)));
            let expected = match (seen.contains(&trade), full && !charged.contains(&trade)) {
                (false, _) => FillNews::New,
                (true, true) => FillNews::Charges,
                (true, false) => FillNews::Known,
            };
            prop_assert_eq!(log.hear(&told), expected);
            seen.push(trade);
            if full {
                charged.push(trade);
            }
        }
    }
}

#[test]
fn executions_too_old_to_remember_count_as_known() {
    let mut log = FillLog::new();
    for trade in 1_000..3_000 {
        assert_eq!(log.hear(&fill(trade, Side::Buy, 100, 1, 1)), FillNews::New);
    }
    assert_eq!(log.hear(&fill(999, Side::Buy, 100, 1, 1)), FillNews::Known);
    assert_eq!(
        log.hear(&fill(1_975, Side::Buy, 100, 1, 1)),
        FillNews::Known
    );
}

//! Stale data, lost streams, doubts, pauses, stop.

use expect_test::expect;

use crate::reel::check_tape;

#[test]
fn c1_stale_data_pulls_at_once_and_fresh_data_resumes() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 2.999s timer
        at 3.000s timer
        ack
        at 4.000s top 2499.99 / 2500.01
        pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 2.999s timer
            at 3.000s timer
                > cancel all
                ! PriceStale { stale_ms: 3000 }
            ack
            at 4.000s top 2499.99 / 2500.01
                ! PriceFresh { stale_ms: 0 }
            pulse
                > place #3 buy 2499.00 x0.020 post_only
                > place #4 sell 2501.00 x0.020 post_only
        "#]],
    );
}

#[test]
fn c1_a_frozen_venue_clock_is_stale_too() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 3.000s timer
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 3.000s timer
                > cancel all
                ! PriceStale { stale_ms: 3000 }
        "#]],
    );
}

#[test]
fn a_gap_stops_quoting_and_pulls_only_after_the_stale_time() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 1.000s lost gap
        pulse
        at 2.000s top 2499.69 / 2499.71
        pulse
        at 4.000s timer
        ack
        at 5.000s book 2489.99 / 2490.01
        pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 1.000s lost gap
                ! BookLost { loss: Gap }
            pulse
            at 2.000s top 2499.69 / 2499.71
            pulse
            at 4.000s timer
                > cancel all
                ! PriceStale { stale_ms: 2000 }
            ack
            at 5.000s book 2489.99 / 2490.01
                ! PriceFresh { stale_ms: 0 }
            pulse
                > place #3 buy 2489.00 x0.020 post_only
                > place #4 sell 2491.00 x0.020 post_only
        "#]],
    );
}

#[test]
fn best_prices_that_come_near_during_a_gap_pull_at_once() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 1.000s lost gap
        at 2.000s top 2499.39 / 2499.41
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 1.000s lost gap
                ! BookLost { loss: Gap }
            at 2.000s top 2499.39 / 2499.41
                > cancel all
        "#]],
    );
}

#[test]
fn a_lost_connection_pulls_at_once() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 1.000s lost disconnected
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 1.000s lost disconnected
                > cancel all
                ! BookLost { loss: Disconnected }
                ! PriceStale { stale_ms: 1000 }
        "#]],
    );
}

#[test]
fn a_crossed_book_quotes_nothing_and_is_fetched_anew() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 1.000s top 2500.02 / 2500.01
        pulse
        at 4.000s timer
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 1.000s top 2500.02 / 2500.01
                ! BookCrossed { bid: Price(250002), ask: Price(250001) }
            pulse
            at 4.000s timer
                > resync book
                > cancel all
                ! BookLost { loss: Gap }
                ! PriceStale { stale_ms: 3000 }
        "#]],
    );
}

#[test]
fn without_the_private_stream_nothing_rests_and_all_is_learnt_again() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 1.000s down
        ack
        top 2499.98 / 2500.00
        pulse
        at 2.000s up
        ack
        top 2499.99 / 2500.01
        pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 1.000s down
                > list open orders
                > fetch position
                > cancel all
            ack
            top 2499.98 / 2500.00
            pulse
            at 2.000s up
                > list open orders
                > fetch position
            ack
            top 2499.99 / 2500.01
            pulse
                > place #3 buy 2499.00 x0.020 post_only
                > place #4 sell 2501.00 x0.020 post_only
        "#]],
    );
}

#[test]
fn an_order_that_lands_after_the_pull_is_pulled_again() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack 1
        at 1.000s pause
        ack 2
        at 1.200s timer
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack 1
            at 1.000s pause
                > cancel all
                ! Paused { reason: Operator }
            ack 2
            at 1.200s timer
        "#]],
    );
}

#[test]
fn pauses_stack_and_only_the_last_one_lifted_resumes() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack 1
        refuse 2 halted
        at 1.000s pause
        ack
        at 1.500s top 2499.98 / 2500.00
        pulse
        at 2.000s resume venue
        pulse
        at 2.500s resume operator
        pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack 1
            refuse 2 halted
                > cancel all
                ! RequestRefused { client_id: ClientId { run: RunId(7), seq: 2 }, request: Place, reason: SymbolHalted, code: -1 }
                ! Paused { reason: Venue }
            at 1.000s pause
                ! Paused { reason: Operator }
            ack
            at 1.500s top 2499.98 / 2500.00
            pulse
            at 2.000s resume venue
                ! Resumed { reason: Venue }
            pulse
            at 2.500s resume operator
                ! Resumed { reason: Operator }
            pulse
                > place #3 buy 2498.99 x0.020 post_only
                > place #4 sell 2500.99 x0.020 post_only
        "#]],
    );
}

#[test]
fn cancel_all_is_not_a_pause() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 1.000s cancel_all
        ack
        pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 1.000s cancel_all
                > cancel all
            ack
            pulse
                > place #3 buy 2499.00 x0.020 post_only
                > place #4 sell 2501.00 x0.020 post_only
        "#]],
    );
}

#[test]
fn orphans_are_cancelled_and_foreign_orders_left_alone() {
    check_tape(
        "
        set total_layers 1
        foreign buy 2400 1
        found 901 sell 2600 0.5
        at 0.000s start 2499.99 / 2500.01
        pulse
        at 1.000s pause
        ",
        expect![[r#"
            foreign buy 2400 1
            found 901 sell 2600 0.5
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
                > cancel #901 protective
                ! ForeignOrders { count: 1 }
                ! OrphanFound { client_id: ClientId { run: RunId(3), seq: 901 } }
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                ! LayersCut { side: Sell, cut: 1 }
            at 1.000s pause
                > cancel all of ours
                ! Paused { reason: Operator }
        "#]],
    );
}

#[test]
fn a_stop_cancels_proves_and_ends() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 1.000s stop
        ack
        ack
        at 2.000s top 2499.98 / 2500.00
        pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 1.000s stop
                > cancel all
                ! Paused { reason: Stopping }
            ack
                > list open orders
            ack
            at 2.000s top 2499.98 / 2500.00
            pulse
        "#]],
    );
}

#[test]
fn an_unknown_order_is_asked_about_and_resolved_by_evidence() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        timeout 1
        ack
        at 0.500s top 2499.99x2 / 2500.01x2
        pulse
        at 1.000s timer
        ack
        at 7.500s top 2499.99x2 / 2500.01x2
        timer
        ack
        pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            timeout 1
                ! OutcomeUnknown { client_id: ClientId { run: RunId(7), seq: 1 }, request: Place, doubt: Timeout }
            ack
            at 0.500s top 2499.99x2 / 2500.01x2
                > query #1
            pulse
            at 1.000s timer
            ack
                ! OutcomeResolved { client_id: ClientId { run: RunId(7), seq: 1 }, origin: Query }
            at 7.500s top 2499.99x2 / 2500.01x2
            timer
            ack
            pulse
        "#]],
    );
}

#[test]
fn an_account_in_hedge_mode_is_not_traded() {
    check_tape(
        "
        set total_layers 1
        at 0.000s unfit
        start 2499.99 / 2500.01
        pulse
        at 1.000s fit
        pulse
        ",
        expect![[r#"
            at 0.000s unfit
                ! AccountUnfit { hedge_mode: true, multi_asset: false }
                ! Paused { reason: Venue }
            start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
            at 1.000s fit
                ! Resumed { reason: Venue }
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
        "#]],
    );
}

#[test]
fn a_halt_pulls_and_trading_again_resumes() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 1.000s filters 0.01 halted
        ack
        pulse
        at 2.000s filters 0.01 trading
        pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 1.000s filters 0.01 halted
                > cancel all
                ! InstrumentChanged
                ! Paused { reason: Venue }
            ack
            pulse
            at 2.000s filters 0.01 trading
                ! InstrumentChanged
                ! Resumed { reason: Venue }
            pulse
                > place #3 buy 2499.00 x0.020 post_only
                > place #4 sell 2501.00 x0.020 post_only
        "#]],
    );
}

#[test]
fn a_new_tick_size_parks_the_symbol() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 1.000s filters 0.1 trading
        ack
        pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 1.000s filters 0.1 trading
                > cancel all
                ! InstrumentChanged
                ! Paused { reason: Venue }
            ack
            pulse
        "#]],
    );
}

#[test]
fn a_newer_maker_on_the_account_makes_this_one_stand_back() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        found 950 buy 2400 0.02
        at 1.000s list
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            found 950 buy 2400 0.02
            at 1.000s list
                > cancel all of ours
                ! SecondWriter { client_id: ClientId { run: RunId(8), seq: 950 } }
                ! Paused { reason: Venue }
        "#]],
    );
}

#[test]
fn c3_a_position_in_doubt_is_asked_for_before_quoting_goes_on() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        held 0.05 2500
        at 1.000s stream_position 0.05
        at 2.500s top 2499.98 / 2500.00
        pulse
        at 3.000s timer
        ack
        top 2499.99 / 2500.01
        pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            held 0.05 2500
            at 1.000s stream_position 0.05
            at 2.500s top 2499.98 / 2500.00
            pulse
            at 3.000s timer
                > fetch position
                > cancel all
            ack
                ! PositionCorrected { ours: Qty(0), venue: Qty(50) }
            top 2499.99 / 2500.01
            pulse
                > place #3 buy 2499.00 x0.020 post_only
                > place #4 sell 2501.00 x0.020 post_only
        "#]],
    );
}

//! Worst case, notional, filters, budget.

use expect_test::expect;

use crate::reel::check_tape;

#[test]
fn far_layers_are_cut_and_reducing_ones_are_not() {
    check_tape(
        "
        set total_layers 4
        held 0.16 2500
        at 0.000s start 2499.99 / 2500.01
        pulse
        ",
        expect![[r#"
            held 0.16 2500
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 buy 2498.00 x0.020 post_only
                > place #3 sell 2501.00 x0.020 post_only
                > place #4 sell 2502.00 x0.020 post_only
                > place #5 sell 2503.50 x0.020 post_only
                > place #6 sell 2505.50 x0.020 post_only
                ! LayersCut { side: Buy, cut: 1 }
        "#]],
    );
}

#[test]
fn an_unknown_order_counts_in_full() {
    check_tape(
        "
        set net_max 0.08
        at 0.000s start 2499.99 / 2500.01
        pulse
        timeout 1
        ack
        at 0.200s top 2502.99 / 2503.01
        pulse
        ack
        at 0.400s pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 buy 2498.00 x0.020 post_only
                > place #3 sell 2501.00 x0.020 post_only
                > place #4 sell 2502.00 x0.020 post_only
            timeout 1
                ! OutcomeUnknown { client_id: ClientId { run: RunId(7), seq: 1 }, request: Place, doubt: Timeout }
            ack
            at 0.200s top 2502.99 / 2503.01
            pulse
                > amend #3 to 2504.00 x0.020
                > amend #4 to 2505.00 x0.020
            ack
            at 0.400s pulse
                > query #1
                > amend #2 to 2502.00 x0.020
        "#]],
    );
}

#[test]
fn the_total_notional_withholds_adding_quotes() {
    check_tape(
        "
        set total_notional_max 80
        at 0.000s start 2499.99 / 2500.01
        pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
                ! NotionalCapped { notional: Cash(0), limit: Cash(8000000000) }
                ! LayersCut { side: Buy, cut: 1 }
                ! LayersCut { side: Sell, cut: 1 }
        "#]],
    );
}

#[test]
fn a_fat_finger_is_refused() {
    check_tape(
        "
        set total_layers 1
        set order_qty_max 0.01
        at 0.000s start 2499.99 / 2500.01
        pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                ! QuoteFiltered { side: Buy, price: Price(249900), qty: Qty(20), breach: QtyAboveMax }
        "#]],
    );
}

#[test]
fn a_mid_far_from_the_mark_quotes_nothing_and_pulls_what_rests() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        mark 2500 0
        pulse
        ack
        at 0.200s mark 2400 0
        pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            mark 2500 0
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 0.200s mark 2400 0
            pulse
                > cancel #1 protective
                > cancel #2 protective
        "#]],
    );
}

#[test]
fn cosmetic_requotes_slow_down_and_protective_ones_never_do() {
    check_tape(
        "
        set max_cancel_per_min 4
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 0.200s top 2500.94 / 2500.96
        pulse
        ack
        at 0.400s top 2499.99 / 2500.01
        pulse
        ack
        at 0.600s top 2500.94 / 2500.96
        pulse
        ack
        at 0.800s top 2501.94 / 2501.96
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
            at 0.200s top 2500.94 / 2500.96
            pulse
                > amend #1 to 2499.95 x0.020
                > amend #2 to 2501.95 x0.020
            ack
            at 0.400s top 2499.99 / 2500.01
            pulse
                > amend #1 to 2499.00 x0.020
                ! RequotesSlowed { cancels_per_min: 3 }
            ack
            at 0.600s top 2500.94 / 2500.96
            pulse
            ack
            at 0.800s top 2501.94 / 2501.96
            pulse
                > amend #2 to 2502.95 x0.020
        "#]],
    );
}

#[test]
fn a_rate_limit_holds_back_orders_but_not_cancels() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack 1
        refuse 2 rate_limited
        at 0.200s top 2497.99 / 2498.01
        pulse
        ack
        at 5.100s top 2497.98 / 2498.00
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
            refuse 2 rate_limited
                ! RequestRefused { client_id: ClientId { run: RunId(7), seq: 2 }, request: Place, reason: RateLimited, code: -1 }
            at 0.200s top 2497.99 / 2498.01
            pulse
                > cancel #1 protective
            ack
            at 5.100s top 2497.98 / 2498.00
            pulse
                > place #3 buy 2496.99 x0.020 post_only
                > place #4 sell 2498.99 x0.020 post_only
        "#]],
    );
}

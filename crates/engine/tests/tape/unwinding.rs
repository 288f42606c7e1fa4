//! Pinning, grinding, reduce-only, stop loss, flatten.

use expect_test::expect;

use crate::reel::check_tape;

#[test]
fn pinning_joins_the_best_price_and_keeps_far_adding_layers() {
    check_tape(
        "
        set total_layers 3
        set worst_case_ratio 1
        held 0.25 2500
        at 0.000s start 2499.99 / 2500.01
        pulse
        ",
        expect![[r#"
            held 0.25 2500
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2498.00 x0.020 post_only
                > place #2 sell 2500.01 x0.046 post_only
                > place #3 sell 2501.01 x0.020 post_only
                > place #4 sell 2502.51 x0.020 post_only
                ! Pinning { on: true }
        "#]],
    );
}

#[test]
fn above_four_fifths_only_reducing_quotes_stand() {
    check_tape(
        "
        set worst_case_ratio 1
        set pinning_thresh 1
        set grinding_thresh 1
        held -0.33 2500
        at 0.000s start 2499.99 / 2500.01
        pulse
        ",
        expect![[r#"
            held -0.33 2500
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 buy 2498.00 x0.020 post_only
                ! ReduceOnly { on: true }
        "#]],
    );
}

#[test]
fn grinding_gives_up_a_slice_and_re_enters_better() {
    check_tape(
        "
        set total_layers 1
        set worst_case_ratio 1
        set pinning_thresh 1
        held 0.3 2500
        at 0.000s start 2499.99 / 2500.01
        pulse
        fill 1 0.022
        ack
        at 0.200s pulse
        ack
        at 30.000s top 2499.99x2 / 2500.01x2
        pulse
        ",
        expect![[r#"
            held 0.3 2500
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 sell 2499.99 x0.022 ioc reduce_only
                > place #2 buy 2499.00 x0.020 post_only
                > place #3 sell 2501.00 x0.020 post_only
                ! Grinding { side: Sell, qty: Qty(22) }
            fill 1 0.022
            ack
            at 0.200s pulse
                > place #4 buy 2498.95 x0.042 post_only
            ack
            at 30.000s top 2499.99x2 / 2500.01x2
                > list open orders
                > fetch position
            pulse
        "#]],
    );
}

#[test]
fn a_loss_beyond_the_limit_cancels_flattens_and_waits_for_a_person() {
    check_tape(
        "
        set total_layers 1
        held 0.1 2500
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 1.000s top 2449.99 / 2450.01
        pulse
        at 2.000s top 2448.99 / 2449.01
        pulse
        ack
        timer
        fill 3 0.050
        ack
        at 2.500s timer
        fill 4 0.050
        ack
        at 3.000s top 2448.98 / 2449.00
        pulse
        at 4.000s resume stop_loss
        pulse
        ",
        expect![[r#"
            held 0.1 2500
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 1.000s top 2449.99 / 2450.01
            pulse
                > amend #1 to 2449.00 x0.020
            at 2.000s top 2448.99 / 2449.01
            pulse
                > cancel all
                ! StopLoss { loss: Cash(510000000), limit: Cash(500000000) }
                ! Paused { reason: StopLoss }
            ack
                > place #3 sell 2444.10 x0.050 ioc reduce_only
            timer
            fill 3 0.050
            ack
            at 2.500s timer
                > place #4 sell 2444.10 x0.050 ioc reduce_only
            fill 4 0.050
                ! Flattened
            ack
            at 3.000s top 2448.98 / 2449.00
            pulse
            at 4.000s resume stop_loss
                ! Resumed { reason: StopLoss }
            pulse
                > place #5 buy 2447.99 x0.020 post_only
                > place #6 sell 2449.99 x0.020 post_only
        "#]],
    );
}

#[test]
fn a_person_can_flatten_a_short() {
    check_tape(
        "
        set total_layers 1
        held -0.02 2500
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 1.000s flatten
        ack
        at 1.100s timer
        at 1.600s pulse
        ",
        expect![[r#"
            held -0.02 2500
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 1.000s flatten
                > cancel all
                ! Paused { reason: Operator }
            ack
                > place #3 buy 2505.01 x0.010 ioc reduce_only
            at 1.100s timer
            at 1.600s pulse
        "#]],
    );
}

#[test]
fn a_drawdown_from_the_day_s_peak_stops_even_without_a_position_at_a_loss() {
    check_tape(
        "
        set total_layers 1
        set inventory_skew_coeff 0.1
        set net_max 20
        set order_qty_max 10
        set stop_loss_thresh 0.02
        held 2 2000
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 1.000s top 2509.99 / 2510.01
        pulse
        ack
        at 2.000s top 2475.99 / 2476.01
        pulse
        ",
        expect![[r#"
            held 2 2000
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2474.00 x0.020 post_only
                > place #2 sell 2500.00 x0.020 post_only
            ack
            at 1.000s top 2509.99 / 2510.01
            pulse
                > amend #1 to 2483.90 x0.020
                > amend #2 to 2510.00 x0.020
            ack
            at 2.000s top 2475.99 / 2476.01
            pulse
                > cancel all
                ! StopLoss { loss: Cash(6800000000), limit: Cash(6060000000) }
                ! Paused { reason: StopLoss }
        "#]],
    );
}

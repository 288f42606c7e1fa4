//! The grid, anti-flicker, amends, ages.

use expect_test::expect;

use crate::reel::check_tape;

#[test]
fn both_sides_are_quoted_once_everything_is_known() {
    check_tape(
        "
        at 0.000s book 2499.99 / 2500.01
        pulse
        at 0.100s up
        ack
        pulse
        ",
        expect![[r#"
            at 0.000s book 2499.99 / 2500.01
            pulse
            at 0.100s up
                > list open orders
                > fetch position
            ack
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 buy 2498.00 x0.020 post_only
                > place #3 sell 2501.00 x0.020 post_only
                > place #4 sell 2502.00 x0.020 post_only
        "#]],
    );
}

#[test]
fn a_small_move_keeps_the_orders_and_a_large_one_amends_what_is_needed() {
    check_tape(
        "
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 0.200s top 2499.59 / 2499.61
        pulse
        at 0.400s top 2499.09 / 2499.11
        pulse
        ack
        at 0.600s top 2499.09 / 2499.11
        pulse
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
            ack
            at 0.200s top 2499.59 / 2499.61
            pulse
            at 0.400s top 2499.09 / 2499.11
            pulse
                > amend #1 to 2497.10 x0.020
            ack
            at 0.600s top 2499.09 / 2499.11
            pulse
        "#]],
    );
}

#[test]
fn an_order_in_danger_does_not_wait_for_the_interval() {
    check_tape(
        "
        set quote_interval_ms 1000
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 0.100s top 2499.69 / 2499.71
        pulse
        at 0.200s top 2499.39 / 2499.41
        pulse
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
            ack
            at 0.100s top 2499.69 / 2499.71
            pulse
            at 0.200s top 2499.39 / 2499.41
            pulse
                > amend #1 to 2497.40 x0.020
        "#]],
    );
}

#[test]
fn an_old_order_is_renewed_even_where_it_is() {
    check_tape(
        "
        set total_layers 1
        set order_age_ms_max 2000
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 1.900s top 2499.99x6 / 2500.01x6
        pulse
        at 2.950s top 2499.99x7 / 2500.01x7
        pulse
        ack
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            ack
            at 1.900s top 2499.99x6 / 2500.01x6
            pulse
            at 2.950s top 2499.99x7 / 2500.01x7
            pulse
                > cancel #1
                > cancel #2
                > place #3 buy 2499.00 x0.020 post_only
                > place #4 sell 2501.00 x0.020 post_only
            ack
        "#]],
    );
}

#[test]
fn a_partial_fill_keeps_its_place_until_too_little_is_left() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        ack
        at 0.200s fill 1 0.008
        pulse
        at 0.400s fill 1 0.008
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
            at 0.200s fill 1 0.008
            pulse
            at 0.400s fill 1 0.008
            pulse
                > amend #1 to 2499.00 x0.036
        "#]],
    );
}

#[test]
fn skew_and_funding_move_the_grid() {
    check_tape(
        "
        set total_layers 1
        set inventory_skew_coeff 0.002
        held 0.1 2500
        at 0.000s start 2499.99 / 2500.01
        mark 2500 0.0001
        pulse
        ",
        expect![[r#"
            held 0.1 2500
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            mark 2500 0.0001
            pulse
                > place #1 buy 2497.62 x0.020 post_only
                > place #2 sell 2500.00 x0.020 post_only
        "#]],
    );
}

#[test]
fn a_refused_post_only_order_is_tried_again_on_a_later_pulse() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        refuse 1 would_cross
        ack
        pulse
        at 0.100s pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            refuse 1 would_cross
                ! RequestRefused { client_id: ClientId { run: RunId(7), seq: 1 }, request: Place, reason: WouldCross, code: -1 }
            ack
            pulse
            at 0.100s pulse
                > place #3 buy 2499.00 x0.020 post_only
        "#]],
    );
}

#[test]
fn no_second_order_is_sent_for_one_in_flight() {
    check_tape(
        "
        set total_layers 1
        at 0.000s start 2499.99 / 2500.01
        pulse
        at 0.200s top 2497.99 / 2498.01
        pulse
        at 0.400s ack
        pulse
        ",
        expect![[r#"
            at 0.000s start 2499.99 / 2500.01
                > list open orders
                > fetch position
            pulse
                > place #1 buy 2499.00 x0.020 post_only
                > place #2 sell 2501.00 x0.020 post_only
            at 0.200s top 2497.99 / 2498.01
            pulse
            at 0.400s ack
            pulse
                > amend #1 to 2497.00 x0.020
        "#]],
    );
}

use std::time::Duration;

use phoenix_domain::Side;
use phoenix_live::LaneKind;

use crate::rig::{Rig, SYMBOLS, Variant};

fn attempts(rig: &Rig, kind: LaneKind) -> u64 {
    let status = rig.status();
    let lane = status.lanes.iter().find(|lane| lane.kind == kind);
    lane.map_or(0, |lane| lane.attempts)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_listen_key_is_replaced_and_no_fill_is_missed() {
    let mut variant = Variant::usual("ws");
    variant.lifetimes.listen_key_ms = 3_000;
    let rig = Rig::start(variant);
    rig.until_quoting().await;
    rig.until("the key has been replaced", |rig| {
        attempts(rig, LaneKind::Private) >= 3
    })
    .await;
    let known = rig.fill_sides().len();
    rig.until_filled(known).await;
    // What was filled while nobody listened is in the books as well.
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_extended_never_expires() {
    let mut variant = Variant::usual("ws");
    variant.lifetimes.listen_key_ms = 2_000;
    variant.timings.listen_key_ms = 500;
    let rig = Rig::start(variant);
    rig.until_quoting().await;
    let started = rig.status().uptime_ms;
    rig.until("two lifetimes are over", |rig| {
        rig.status().uptime_ms > started + 5_000
    })
    .await;
    assert_eq!(attempts(&rig, LaneKind::Private), 1);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_renewed_without_a_blind_moment() {
    let mut variant = Variant::usual("ws");
    variant.timings.rollover_ms = 1_000;
    let rig = Rig::start(variant);
    rig.until_quoting().await;
    rig.until("every connection was renewed three times", |rig| {
        for symbol in SYMBOLS {
            let resting = Side::BOTH.map(|side| rig.resting(symbol, side));
            assert!(resting.iter().sum::<usize>() > 0, "{symbol} went dark");
        }
        LaneKind::ALL
            .into_iter()
            .all(|kind| attempts(rig, kind) >= 4)
    })
    .await;
    assert!(rig.status().lanes.iter().all(|lane| lane.up));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_connections_are_opened_anew_and_quoting_goes_on() {
    let rig = Rig::start(Variant::usual("ws"));
    rig.until_quoting().await;
    for round in 2..4 {
        rig.server.act(|front, now| {
            for conn in front.connections() {
                front.close(now, conn, 1_001, "maintenance");
            }
        });
        rig.until("all streams are back", |rig| {
            let back = LaneKind::ALL
                .into_iter()
                .all(|kind| attempts(rig, kind) >= round);
            back && rig.status().lanes.iter().all(|lane| lane.up)
        })
        .await;
        rig.until_quoting().await;
    }
    let known = rig.fill_sides().len();
    rig.until_filled(known).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_the_middle_of_a_reconnect_leaves_nothing_behind() {
    let rig = Rig::start(Variant::usual("ws"));
    rig.until_quoting().await;
    rig.server.act(|front, now| {
        for conn in front.connections() {
            front.close(now, conn, 1_001, "maintenance");
        }
    });
    let summary = tokio::time::timeout(Duration::from_secs(30), rig.stop()).await;
    assert!(summary.is_ok(), "the stop is bounded");
}

/// The sockets stay open and even answer pings; nothing else ever comes.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_open_but_dead_are_found_out() {
    let rig = Rig::start(Variant::usual("ws"));
    rig.until_quoting().await;
    let known = rig.fill_sides().len();
    rig.server.act(|front, _| {
        for conn in front.connections() {
            front.ws_closed(conn);
        }
    });
    rig.until("every connection was opened anew", |rig| {
        LaneKind::ALL
            .into_iter()
            .all(|kind| attempts(rig, kind) >= 2)
    })
    .await;
    rig.until_quoting().await;
    rig.until_filled(known).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn maker_and_exchange_run_ten_times_as_fast() {
    let mut variant = Variant::usual("ws");
    variant.speed = 10.0;
    let rig = Rig::start(variant);
    rig.until_quoting().await;
    rig.until_filled(0).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_without_sleep_trades_the_same() {
    let mut variant = Variant::usual("ws");
    variant.busy_poll = true;
    let rig = Rig::start(variant);
    rig.until_quoting().await;
    rig.until_filled(0).await;
    rig.stop().await;
}

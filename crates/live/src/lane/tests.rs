use super::*;

const LIMITS: LaneLimits = LaneLimits {
    first_data_ms: 10_000,
    stale_ms: 5_000,
    beat_ms: 600_000,
    rollover_ms: 60_000,
    backoff_ms: 200,
    backoff_ms_max: 5_000,
};
const A: SymbolId = SymbolId(0);
const B: SymbolId = SymbolId(1);

fn at(ms: u64) -> MonoNs {
    MonoNs(1_000_000_000).plus_ms(ms)
}

/// A lane of two topics that is up since `at(0)`.
fn up() -> Lane {
    let mut lane = Lane::new(LIMITS, 2);
    lane.want();
    assert_eq!(lane.wish(at(0)), LaneWish::Open { attempt: 1 });
    assert!(lane.opened(at(0), 1, true));
    lane.heard_on(Seat::Next, at(0), Some(A));
    assert_eq!(lane.settle(at(0)), LaneChange::None);
    lane.heard_on(Seat::Next, at(0), Some(B));
    assert_eq!(lane.settle(at(0)), LaneChange::Up);
    lane
}

#[test]
fn a_connection_that_is_silent_on_one_topic_is_given_up() {
    let mut lane = Lane::new(LIMITS, 2);
    assert_eq!(lane.wish(at(0)), LaneWish::Nothing);
    lane.want();
    assert_eq!(lane.wish(at(0)), LaneWish::Open { attempt: 1 });
    assert_eq!(lane.wish(at(0)), LaneWish::Nothing, "one attempt at a time");
    assert!(lane.opened(at(1), 1, true));
    for ms in (0..10_000).step_by(100) {
        lane.heard_on(Seat::Next, at(ms), Some(A));
    }
    assert_eq!(lane.settle(at(9_999)), LaneChange::None);
    assert_eq!(lane.next_deadline(), Some(at(10_001)));
    let why = LaneEnd::Silent { symbol: B };
    let seat = Seat::Next;
    assert_eq!(lane.wish(at(10_001)), LaneWish::Drop { seat, why });
    assert_eq!(lane.lost(seat, at(10_001)), LaneChange::None);
    assert!(!lane.is_up());
}

#[test]
fn a_stale_topic_forces_a_new_connection() {
    let mut lane = up();
    for ms in (0..5_000).step_by(100) {
        lane.heard_on(Seat::Current, at(ms), Some(A));
    }
    assert_eq!(lane.wish(at(4_999)), LaneWish::Nothing);
    let why = LaneEnd::Stale {
        symbol: B,
        age_ms: 5_000,
    };
    let seat = Seat::Current;
    assert_eq!(lane.wish(at(5_000)), LaneWish::Drop { seat, why });
    assert_eq!(lane.lost(seat, at(5_000)), LaneChange::Down);
    assert_eq!(lane.wish(at(5_300)), LaneWish::Open { attempt: 2 });
}

#[test]
fn the_successor_takes_over_only_when_it_delivers() {
    let mut lane = up();
    let feed = |lane: &mut Lane, seat, now| {
        lane.heard_on(seat, now, Some(A));
        lane.heard_on(seat, now, Some(B));
    };
    feed(&mut lane, Seat::Current, at(59_999));
    assert_eq!(lane.wish(at(59_999)), LaneWish::Nothing);
    assert_eq!(lane.wish(at(60_000)), LaneWish::Open { attempt: 2 });
    assert!(lane.opened(at(60_010), 2, true));
    feed(&mut lane, Seat::Current, at(60_100));
    assert_eq!(lane.settle(at(60_100)), LaneChange::None);
    assert!(lane.is_up());
    feed(&mut lane, Seat::Next, at(60_200));
    assert_eq!(lane.settle(at(60_200)), LaneChange::RolledOver);
    assert!(lane.is_up());
    assert_eq!(lane.wish(at(60_300)), LaneWish::Nothing);
}

#[test]
fn a_failing_successor_never_harms_the_one_in_use() {
    let mut lane = up();
    for round in 0..200_u64 {
        let now = at(60_000 + round * 1_000);
        lane.heard_on(Seat::Current, now, Some(A));
        lane.heard_on(Seat::Current, now, Some(B));
        if let LaneWish::Open { attempt } = lane.wish(now) {
            assert!(!lane.opened(now, attempt, false));
        }
        assert!(lane.is_up());
    }
    let tries = lane.attempts() - 1;
    assert!(
        (30..=120).contains(&tries),
        "paced, and without end: {tries}"
    );
}

#[test]
fn a_late_result_of_a_former_attempt_is_dropped() {
    let mut lane = up();
    assert_eq!(lane.lost(Seat::Current, at(10)), LaneChange::Down);
    let LaneWish::Open { attempt } = lane.wish(at(500)) else {
        panic!("wants to reconnect");
    };
    assert_eq!(lane.reset(at(501)), LaneChange::None);
    assert!(!lane.opened(at(502), attempt, true));
    assert_eq!(lane.wish(at(502)), LaneWish::Open { attempt: 3 });
}

#[test]
fn a_lane_without_topics_is_up_once_connected() {
    let mut lane = Lane::new(LIMITS, 0);
    lane.want();
    assert_eq!(lane.wish(at(0)), LaneWish::Open { attempt: 1 });
    assert!(lane.opened(at(5), 1, true));
    assert_eq!(lane.settle(at(5)), LaneChange::Up);
    let beat = LaneEnd::NoBeat { age_ms: 600_000 };
    let mut idle = lane.clone();
    idle.limits.rollover_ms = u64::MAX;
    let seat = Seat::Current;
    assert_eq!(idle.wish(at(600_005)), LaneWish::Drop { seat, why: beat });
}

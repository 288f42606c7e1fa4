//! Anything in any order: random events against a desk of two symbols, with an
//! exchange that answers, keeps silent, refuses or fills at random.
//!
//! What must hold whatever happens: no panic; position plus everything that
//! could still fill on a side, by the test's own count of what was sent, never
//! beyond the worst case; own quotes never meet; nothing is placed unless the
//! maker is quoting or closing; the same events lead to the same digest.

mod world;

use phoenix_domain::{Event, OperatorOrder, Side, StreamKind, SymbolId};
use proptest::prelude::*;

use world::{Happening, World, happening};

fn live(happenings: &[Happening]) -> World {
    let mut world = World::new("100000");
    for happening in happenings {
        world.happen(happening);
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_happens_the_limits_hold(
        happenings in proptest::collection::vec(happening(), 1..400),
    ) {
        let digest = live(&happenings).desk.digest();
        prop_assert_eq!(digest, live(&happenings).desk.digest());
    }

    /// Once the world heals, the maker stops and proves that nothing rests.
    #[test]
    fn a_stop_ends_with_nothing_resting(
        happenings in proptest::collection::vec(happening(), 1..200),
    ) {
        let mut world = live(&happenings);
        world.step(&Event::StreamUp(StreamKind::Private));
        world.step(&Event::Operator(OperatorOrder::Stop));
        for _ in 0..400 {
            world.now_ms += 100;
            while !world.outstanding.is_empty() {
                world.answer(0, 0);
            }
            world.step(&Event::Timer);
        }
        prop_assert!(world.desk.is_stopped());
        let open = world.orders.values().filter(|order| !order.status.is_final());
        prop_assert_eq!(open.count(), 0);
    }
}

/// The property would hold of a maker that never quotes; this one does.
#[test]
fn in_a_quiet_world_it_quotes_both_sides_of_both_symbols() {
    let mut world = World::new("100000");
    world.step(&Event::Pulse);
    for symbol in 0..2 {
        for side in Side::BOTH {
            let ours = world.orders.values();
            let count = ours
                .filter(|o| o.symbol == SymbolId(symbol) && o.side == side)
                .count();
            assert_eq!(count, 6, "{side} of symbol {symbol}");
        }
    }
}

/// One symbol's orders leave less to the other: together they stay within.
#[test]
fn the_total_notional_is_shared_by_all_symbols() {
    // 0.02 at 2500 is 50; six layers of one side are 300.
    let mut world = World::new("400");
    world.step(&Event::Pulse);
    let count = |symbol: u16, side: Side| {
        let ours = world.orders.values();
        ours.filter(|o| o.symbol == SymbolId(symbol) && o.side == side)
            .count()
    };
    assert_eq!((count(0, Side::Buy), count(0, Side::Sell)), (6, 6));
    assert_eq!((count(1, Side::Buy), count(1, Side::Sell)), (2, 2));
}

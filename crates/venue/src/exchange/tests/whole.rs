//! The whole exchange with its crowd: money is conserved, the same seed gives
//! the same run, and a maker near the middle is filled on both sides.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use proptest::prelude::*;

use super::*;
use crate::exchange::{AssetId, MarketEvent};
use crate::flow::FlowSpec;

fn crowded(seed: u64) -> Exchange {
    let market = |name: &str| MarketSpec {
        symbol: SymbolSpec::named(name).expect("listed"),
        liquidity: Liquidity::Synthetic(FlowSpec::named(name).expect("a crowd")),
    };
    Exchange::new(ExchangeSpec {
        start: START,
        seed,
        markets: vec![market("ETHUSDC"), market("BTCUSDT")],
        recording: None,
        oversize: Oversize::Shrink,
        history_max: 10_000,
    })
    .expect("an exchange")
}

fn maker(exchange: &mut Exchange) -> AccountId {
    let deposits = ["USDC", "USDT"].map(|asset| (asset.to_owned(), usdc("100000")));
    let spec = AccountSpec {
        deposits: deposits.to_vec(),
        ..AccountSpec::default()
    };
    exchange.open_account(START, &spec)
}

/// Quotes 1, 2 and 4 bp either side of mid, anew every half second.
fn quote(exchange: &mut Exchange, who: AccountId, now: VenueNs) {
    for symbol in [SymbolId(0), SymbolId(1)] {
        exchange.cancel_all(now, who, symbol);
        let top = exchange.top(symbol);
        let mid = (top.bid.price.0 + top.ask.price.0) / 2;
        let lots = if symbol == ETH { 100 } else { 3 };
        for (side, bp) in Side::BOTH
            .into_iter()
            .flat_map(|side| [(side, 1), (side, 2), (side, 4)])
        {
            let price = Price(mid - side.sign() * bp * mid / 10_000);
            let order = OrderRequest::limit(symbol, side, price, Qty(lots), TimeInForce::PostOnly);
            let _ = exchange.place(now, who, &order);
        }
    }
}

#[test]
fn a_minute_of_the_crowd_fills_a_maker_on_both_sides() {
    let mut exchange = crowded(3);
    let who = maker(&mut exchange);
    let mut out = Outbox::default();
    let (mut changes, mut tops) = (0, 0);
    for half_second in 0..120 {
        let now = START.plus_ms(500 * half_second);
        quote(&mut exchange, who, now);
        exchange.drain(&mut out);
        for event in &out.market {
            match event {
                MarketEvent::BookChanged { .. } => changes += 1,
                MarketEvent::TopChanged { top, .. } => {
                    tops += 1;
                    assert!(top.bid.price < top.ask.price, "a crossed book");
                }
                _ => {}
            }
        }
    }
    for symbol in [SymbolId(0), SymbolId(1)] {
        let fills = |side| {
            let of =
                |trade: &&crate::exchange::UserTrade| trade.symbol == symbol && trade.side == side;
            exchange.user_trades(who).filter(of).count()
        };
        let (buys, sells) = (fills(Side::Buy), fills(Side::Sell));
        assert!(
            buys >= 24 && sells >= 24,
            "{symbol:?}: {buys} buys, {sells} sells"
        );
        let depth = exchange.depth(symbol, 1_000);
        assert!(
            depth.bids.len() > 200 && depth.asks.len() > 200,
            "{}",
            depth.bids.len()
        );
    }
    assert!(changes > 10_000, "{changes} level changes");
    assert!(tops > 500, "{tops} changes of the top");
    for asset in [AssetId(0), AssetId(1)] {
        assert_eq!(exchange.surplus(asset), Cash::ZERO);
    }
}

fn fingerprint(seed: u64) -> u64 {
    let mut exchange = crowded(seed);
    let who = maker(&mut exchange);
    let mut hasher = DefaultHasher::new();
    let mut out = Outbox::default();
    for half_second in 0..20 {
        quote(&mut exchange, who, START.plus_ms(500 * half_second));
        exchange.drain(&mut out);
        format!("{out:?}").hash(&mut hasher);
    }
    hasher.finish()
}

#[test]
fn the_same_seed_gives_the_same_run() {
    assert_eq!(fingerprint(11), fingerprint(11));
    assert_ne!(fingerprint(11), fingerprint(12));
}

#[derive(Clone, Debug)]
enum Deed {
    Place {
        who: bool,
        order: OrderRequest,
    },
    Amend {
        who: bool,
        pick: usize,
        price: i64,
        qty: i64,
    },
    Cancel {
        who: bool,
        pick: usize,
    },
    Wait {
        ms: u64,
    },
}

fn deed() -> impl Strategy<Value = Deed> {
    let tif = prop::sample::select(vec![
        TimeInForce::Gtc,
        TimeInForce::Ioc,
        TimeInForce::Fok,
        TimeInForce::PostOnly,
    ]);
    let order = (
        any::<bool>(),
        259_980_i64..260_020,
        8_i64..3_000,
        tif,
        any::<bool>(),
        0..12,
    );
    let order = order.prop_map(|(buys, price, qty, tif, reduce_only, kind)| {
        let side = if buys { Side::Buy } else { Side::Sell };
        let base = if kind == 0 {
            OrderRequest::market(ETH, side, Qty(qty))
        } else {
            limit(side, price, qty, tif)
        };
        OrderRequest {
            reduce_only,
            ..base
        }
    });
    prop_oneof![
        6 => (any::<bool>(), order).prop_map(|(who, order)| Deed::Place { who, order }),
        2 => (any::<bool>(), any::<usize>(), 259_980_i64..260_020, 8_i64..3_000)
            .prop_map(|(who, pick, price, qty)| Deed::Amend { who, pick, price, qty }),
        2 => (any::<bool>(), any::<usize>()).prop_map(|(who, pick)| Deed::Cancel { who, pick }),
        1 => (0_u64..5_000).prop_map(|ms| Deed::Wait { ms }),
    ]
}

fn check(scene: &Scene) -> Result<(), TestCaseError> {
    prop_assert_eq!(scene.exchange.surplus(AssetId(0)), Cash::ZERO);
    prop_assert_eq!(
        scene.position(scene.ann) + scene.position(scene.bob),
        Qty::ZERO
    );
    let mut resting = [0, 0];
    for who in [scene.ann, scene.bob] {
        let position = scene.position(who);
        let mut reducing = 0;
        for order in scene.exchange.open_orders(who, None) {
            prop_assert!(order.remaining() > Qty::ZERO && order.state.is_open());
            resting[order.side.index()] += order.remaining().0;
            if order.reduce_only {
                prop_assert!(position.0 * order.side.sign() < 0, "would open a position");
                reducing += order.remaining().0;
            }
        }
        prop_assert!(
            reducing <= position.0.abs(),
            "{reducing} reduce {position:?}"
        );
    }
    let depth = scene.exchange.depth(ETH, usize::MAX);
    let shown: [i64; 2] =
        [&depth.bids, &depth.asks].map(|side| side.iter().map(|level| level.qty.0).sum());
    prop_assert_eq!(shown, resting);
    if let (Some(bid), Some(ask)) = (depth.bids.first(), depth.asks.first()) {
        prop_assert!(bid.price < ask.price);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever two accounts do: no money appears or vanishes, the book shows
    /// exactly the open orders, and reduce-only orders only reduce.
    #[test]
    fn whatever_is_done_the_books_agree(deeds in prop::collection::vec(deed(), 1..120)) {
        let mut scene = Scene::new();
        for deed in deeds {
            match deed {
                Deed::Place { who, order } => {
                    let who = if who { scene.ann } else { scene.bob };
                    let _ = scene.place(who, order);
                }
                Deed::Amend { who, pick, price, qty } => {
                    let who = if who { scene.ann } else { scene.bob };
                    let open = scene.exchange.open_orders(who, None);
                    if !open.is_empty() {
                        let _ = scene.amend(who, &open[pick % open.len()], price, qty);
                    }
                }
                Deed::Cancel { who, pick } => {
                    let who = if who { scene.ann } else { scene.bob };
                    let open = scene.exchange.open_orders(who, None);
                    if !open.is_empty() {
                        let order = OrderRef::Id(open[pick % open.len()].order_id);
                        scene.exchange.cancel(scene.now, who, ETH, order).expect("open");
                    }
                }
                Deed::Wait { ms } => scene.wait_ms(ms),
            }
            check(&scene)?;
        }
    }
}

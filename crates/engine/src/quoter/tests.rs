//! The grid against figures worked out by hand, and its invariants under
//! anything.

use super::*;
use crate::settings::SymbolSettings;
use crate::terms::tests::terms;
use proptest::prelude::*;
use std::vec::Vec;

fn flat_at(mid: i64) -> Situation {
    Situation {
        best_bid: Price(mid - 1),
        best_ask: Price(mid + 1),
        mid: mid as f64,
        reservation: mid as f64,
        ratio: 0.0,
        position: Qty(0),
        pinned: false,
        reduce_only: false,
        reentry: None,
    }
}

fn prices(
    change: impl FnOnce(&mut SymbolSettings),
    sigma_ratio: f64,
    situation: &Situation,
) -> [Vec<i64>; 2] {
    let terms = terms(change);
    let mut grid = Grid::new(&terms);
    grid.rescale(sigma_ratio, &terms);
    let mut quotes = Quotes::new();
    grid.quote(&terms, situation, &mut quotes);
    Side::BOTH.map(|side| {
        quotes
            .side(side)
            .iter()
            .map(|quote| quote.price.0)
            .collect()
    })
}

#[test]
fn gaps_grow_geometrically_up_to_the_widest() {
    // Offset 1.00, gaps 1.00, 1.50, then 2.00 instead of 2.25.
    let [bids, asks] = prices(|_| {}, 0.0, &flat_at(250_000));
    assert_eq!(bids, [249_900, 249_800, 249_650, 249_450]);
    assert_eq!(asks, [250_100, 250_200, 250_350, 250_550]);
}

#[test]
fn volatility_widens_the_gaps_and_never_beyond_double_or_the_cap() {
    let [bids, _] = prices(|_| {}, 0.004, &flat_at(250_000));
    assert_eq!(bids, [249_900, 249_780, 249_600, 249_400]);
    let wide = |settings: &mut SymbolSettings| settings.grid_max_spacing.0 *= 100;
    let [bids, _] = prices(wide, 9.0, &flat_at(250_000));
    assert_eq!(bids, [249_900, 249_700, 249_400, 248_950]);
}

#[test]
fn the_two_nearest_quotes_keep_the_spread_floor() {
    let settings = |settings: &mut SymbolSettings| settings.min_spread = 0.002;
    let [bids, asks] = prices(settings, 0.0, &flat_at(250_000));
    assert_eq!((bids[0], asks[0]), (249_750, 250_250));
}

#[test]
fn the_adding_side_is_thinned_and_one_layer_stays() {
    let ten = |settings: &mut SymbolSettings| settings.total_layers = 10;
    let mut situation = flat_at(250_000);
    situation.position = Qty(100);
    situation.ratio = 0.25;
    let [bids, asks] = prices(ten, 0.0, &situation);
    // 10 × (1 − 0.15) = 8.5, to the nearest whole one
    assert_eq!((bids.len(), asks.len()), (9, 10));
    situation.ratio = 1.0;
    assert_eq!(prices(ten, 0.0, &situation)[0].len(), 4);
    let one = |settings: &mut SymbolSettings| settings.total_layers = 1;
    assert_eq!(prices(one, 0.0, &situation)[0].len(), 1);
}

#[test]
fn pinning_joins_the_best_price_with_its_own_size() {
    let mut situation = flat_at(250_000);
    (situation.position, situation.ratio, situation.pinned) = (Qty(280), 0.7, true);
    let terms = terms(|_| {});
    let mut quotes = Quotes::new();
    Grid::new(&terms).quote(&terms, &situation, &mut quotes);
    let asks = quotes.side(Side::Sell);
    assert_eq!((asks[0].price, asks[0].qty), (Price(250_001), Qty(46)));
    assert_eq!((asks[1].price, asks[1].qty), (Price(250_101), Qty(20)));
    // 0.2 % of 2500 is 5.00: none of the four layers is that far out.
    assert!(quotes.side(Side::Buy).is_empty());
}

#[test]
fn a_pinned_quote_is_never_farther_than_the_normal_one() {
    let mut situation = flat_at(250_000);
    (situation.position, situation.ratio) = (Qty(-280), -0.7);
    (situation.best_bid, situation.best_ask) = (Price(249_000), Price(251_000));
    let normal = prices(|_| {}, 0.0, &situation)[0][0];
    situation.pinned = true;
    assert_eq!(prices(|_| {}, 0.0, &situation)[0][0], normal);
}

#[test]
fn reduce_only_leaves_the_adding_side_empty() {
    let mut situation = flat_at(250_000);
    (situation.position, situation.ratio, situation.reduce_only) = (Qty(330), 0.8, true);
    let [bids, asks] = prices(|_| {}, 0.0, &situation);
    assert_eq!((bids.len(), asks.len()), (0, 4));
}

#[test]
fn the_re_entry_stands_at_its_own_price() {
    let mut situation = flat_at(250_000);
    situation.reentry = Some((Side::Buy, Price(249_895), Qty(42)));
    let [bids, _] = prices(|_| {}, 0.0, &situation);
    assert_eq!(bids, [249_900, 249_895, 249_800, 249_650, 249_450]);
}

#[test]
fn skew_beyond_the_best_price_steps_back_behind_it() {
    let mut situation = flat_at(250_000);
    (situation.position, situation.reservation) = (Qty(100), 249_500.0);
    let [bids, asks] = prices(|_| {}, 0.0, &situation);
    assert_eq!(asks, [250_000, 250_001, 250_002, 250_050]);
    assert_eq!(bids[0], 249_400);
}

proptest! {
    /// Ordered, distinct, never taking, never crossing itself, floor kept.
    #[test]
    fn quotes_are_always_sound(
        bid in 100_i64..500_000,
        spread in 1_i64..400,
        shift in -3_000.0..3_000.0_f64,
        position in -450_i64..450,
        sigma in 0.0..0.05_f64,
        pinned in any::<bool>(),
        layers in 1_u16..64,
    ) {
        let terms = terms(|settings| settings.total_layers = layers);
        let mid = bid as f64 + spread as f64 / 2.0;
        let situation = Situation {
            best_bid: Price(bid),
            best_ask: Price(bid + spread),
            mid,
            reservation: mid + shift,
            ratio: (position as f64 / 400.0).clamp(-1.0, 1.0),
            position: Qty(position),
            pinned: pinned && position != 0,
            reduce_only: position.abs() > 320,
            reentry: None,
        };
        let mut grid = Grid::new(&terms);
        grid.rescale(sigma, &terms);
        let mut quotes = Quotes::new();
        grid.quote(&terms, &situation, &mut quotes);
        let (bids, asks) = (quotes.side(Side::Buy), quotes.side(Side::Sell));
        for pair in bids.windows(2) {
            prop_assert!(pair[0].price > pair[1].price);
        }
        for pair in asks.windows(2) {
            prop_assert!(pair[0].price < pair[1].price);
        }
        if let Some(first) = bids.first() {
            prop_assert!(first.price < situation.best_ask);
        }
        if let Some(first) = asks.first() {
            prop_assert!(first.price > situation.best_bid);
        }
        if let (Some(bid), Some(ask)) = (bids.first(), asks.first()) {
            prop_assert!((ask.price - bid.price).0 as f64 >= terms.min_spread * mid);
        }
    }
}

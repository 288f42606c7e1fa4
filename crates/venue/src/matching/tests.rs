use std::collections::BTreeMap;

use phoenix_domain::{Level, Price, Qty, Side};
use proptest::prelude::*;

use super::{Book, Handle};

/// The same book the plain way: ordered maps of lists.
#[derive(Default)]
struct Naive {
    sides: [BTreeMap<i64, Vec<(u32, i64)>>; 2],
}

impl Naive {
    fn best(&self, side: Side) -> Option<i64> {
        match side {
            Side::Buy => self.sides[0].keys().next_back().copied(),
            Side::Sell => self.sides[1].keys().next().copied(),
        }
    }

    fn levels(&self, side: Side) -> Vec<Level> {
        let level = |(&price, orders): (&i64, &Vec<(u32, i64)>)| Level {
            price: Price(price),
            qty: Qty(orders.iter().map(|order| order.1).sum()),
        };
        match side {
            Side::Buy => self.sides[0].iter().rev().map(level).collect(),
            Side::Sell => self.sides[1].iter().map(level).collect(),
        }
    }

    fn add(&mut self, side: Side, price: i64, qty: i64, owner: u32) {
        let level = self.sides[side.index()].entry(price).or_default();
        level.push((owner, qty));
    }

    fn remove(&mut self, owner: u32) {
        for side in &mut self.sides {
            for orders in side.values_mut() {
                orders.retain(|order| order.0 != owner);
            }
            side.retain(|_, orders| !orders.is_empty());
        }
    }

    fn fill(&mut self, side: Side, qty: i64) {
        let Some(price) = self.best(side) else { return };
        let orders = self.sides[side.index()].get_mut(&price).expect("a level");
        orders[0].1 -= qty;
        if orders[0].1 == 0 {
            orders.remove(0);
        }
        if orders.is_empty() {
            self.sides[side.index()].remove(&price);
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Add { buy: bool, price: i64, qty: i64 },
    Remove { pick: usize },
    Fill { buy: bool, qty: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    // Near prices most of the time, far ones to make the window slide.
    let price = prop_oneof![6 => -40_i64..40, 2 => -30_000_i64..30_000, 1 => -4_000_i64..4_000];
    prop_oneof![
        4 => (any::<bool>(), price, 1_i64..50)
            .prop_map(|(buy, price, qty)| Step::Add { buy, price, qty }),
        2 => any::<usize>().prop_map(|pick| Step::Remove { pick }),
        3 => (any::<bool>(), 1_i64..60).prop_map(|(buy, qty)| Step::Fill { buy, qty }),
    ]
}

fn side_of(buy: bool) -> Side {
    if buy { Side::Buy } else { Side::Sell }
}

fn crosses(book: &Book, side: Side, price: i64) -> bool {
    book.best(side.opposite()).is_some_and(|best| match side {
        Side::Buy => price >= best.price.0,
        Side::Sell => price <= best.price.0,
    })
}

proptest! {
    #[test]
    fn does_what_the_plain_book_does(steps in prop::collection::vec(step(), 1..400)) {
        let mut book = Book::new(Price(0));
        let mut naive = Naive::default();
        let mut live: Vec<(Handle, u32)> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            let owner = number as u32;
            match step {
                Step::Add { buy, price, qty } => {
                    let side = side_of(buy);
                    if crosses(&book, side, price) {
                        continue;
                    }
                    live.push((book.add(side, Price(price), Qty(qty), owner), owner));
                    naive.add(side, price, qty, owner);
                }
                Step::Remove { pick } if !live.is_empty() => {
                    let (handle, owner) = live.swap_remove(pick % live.len());
                    prop_assert_eq!(book.remove(handle).owner, owner);
                    naive.remove(owner);
                }
                Step::Remove { .. } => {}
                Step::Fill { buy, qty } => {
                    let side = side_of(buy);
                    let Some(first) = book.first(side) else { continue };
                    let qty = qty.min(first.qty.0);
                    if book.fill(first.handle, Qty(qty)) {
                        live.retain(|order| order.0 != first.handle);
                    }
                    naive.fill(side, qty);
                }
            }
            for side in Side::BOTH {
                prop_assert_eq!(book.best(side).map(|level| level.price.0), naive.best(side));
            }
        }
        for side in Side::BOTH {
            prop_assert_eq!(book.levels(side).collect::<Vec<_>>(), naive.levels(side));
            for level in naive.levels(side) {
                prop_assert_eq!(book.qty_at(side, level.price), level.qty);
                prop_assert_eq!(book.qty_at(side.opposite(), level.price), Qty::ZERO);
            }
        }
        prop_assert_eq!(book.resting(), live.len());
    }
}

#[test]
fn the_older_of_two_at_one_price_trades_first() {
    let mut book = Book::new(Price(100));
    let first = book.add(Side::Buy, Price(100), Qty(5), 1);
    let second = book.add(Side::Buy, Price(100), Qty(5), 2);
    assert_eq!(book.first(Side::Buy).map(|order| order.owner), Some(1));
    assert_eq!(book.behind(first).map(|order| order.handle), Some(second));
    assert!(!book.fill(first, Qty(2)));
    assert_eq!(book.first(Side::Buy).map(|order| order.qty), Some(Qty(3)));
    assert!(book.fill(first, Qty(3)));
    assert_eq!(book.first(Side::Buy).map(|order| order.owner), Some(2));
}

#[test]
fn slots_of_dead_orders_live_again() {
    let mut book = Book::new(Price(0));
    for round in 0..1_000 {
        let side = side_of(round % 2 == 0);
        let handle = book.add(side, Price(round), Qty(1), 0);
        book.remove(handle);
    }
    assert_eq!(book.slots(), 1);
}

#[test]
#[should_panic(expected = "never crosses")]
fn a_crossing_order_is_a_broken_promise() {
    let mut book = Book::new(Price(0));
    book.add(Side::Sell, Price(10), Qty(1), 0);
    book.add(Side::Buy, Price(10), Qty(1), 0);
}

//! The ledger by the exchange's own figures, and under lost, late and
//! reordered messages.

use std::string::ToString;

use phoenix_domain::{Decimal, InstrumentSpec, SymbolId};
use proptest::prelude::*;

use super::*;

/// ETHUSDC as the exchange lists it.
pub(crate) fn ethusdc() -> Instrument {
    let decimal = |text: &str| Decimal::parse(text.as_bytes()).expect("a decimal");
    let spec = InstrumentSpec {
        symbol: "ETHUSDC".to_string(),
        base_asset: "ETH".to_string(),
        quote_asset: "USDC".to_string(),
        tick: decimal("0.01"),
        price_min: decimal("0.01"),
        price_max: decimal("100000"),
        lot: decimal("0.001"),
        qty_min: decimal("0.001"),
        qty_max: decimal("8000"),
        notional_min: decimal("20"),
        percent_up: decimal("1.05"),
        percent_down: decimal("0.95"),
        orders_max: 200,
        trading: true,
    };
    Instrument::new(SymbolId(0), spec).expect("a valid instrument")
}

fn at(ms: u64) -> At {
    At {
        mono: MonoNs(0).plus_ms(ms),
        venue: VenueMs(ms as i64),
    }
}

fn fill(trade_id: u64, side: Side, price: i64, qty: i64, venue_ms: i64) -> Fill {
    Fill {
        trade_id,
        client_id: None,
        venue_id: 1,
        side,
        price: Price(price),
        qty: Qty(qty),
        maker: true,
        charged: None,
        venue_ms: VenueMs(venue_ms),
    }
}

fn statement(origin: Origin, qty: i64, entry: &str, venue_ms: i64, asked: u64) -> PositionReport {
    PositionReport {
        symbol: SymbolId(0),
        qty: Qty(qty),
        entry: Decimal::parse(entry.as_bytes()).expect("a decimal"),
        venue_ms: VenueMs(venue_ms),
        origin,
        asked_at: MonoNs(0).plus_ms(asked),
    }
}

/// A ledger that the exchange has told to be flat at time 1.
fn flat() -> Ledger {
    let mut ledger = Ledger::new();
    let told = statement(Origin::Query, 0, "0", 1, 1);
    assert_eq!(
        ledger.position_reported(at(1), &ethusdc(), &told),
        PositionCheck::Agrees
    );
    ledger
}

#[test]
fn a_trade_told_shortly_and_then_in_full_counts_once() {
    let eth = ethusdc();
    let mut ledger = flat();
    let mut buy = fill(1, Side::Buy, 200_000, 1_000, 10);
    ledger.filled(at(10), &eth, &buy, FillNews::New);
    buy.charged = Some((Cash(40_000_000), Cash::ZERO));
    let booked = ledger.filled(at(11), &eth, &buy, FillNews::Charges);
    assert_eq!(booked.fee, Cash(40_000_000));
    assert_eq!(
        ledger.filled(at(12), &eth, &buy, FillNews::Known),
        Booked::default()
    );
    let mut sell = fill(2, Side::Sell, 200_100, 400, 20);
    sell.charged = Some((Cash::ZERO, Cash(40_000_000)));
    let booked = ledger.filled(at(20), &eth, &sell, FillNews::New);
    assert_eq!((booked.realised, booked.dispute), (Cash(40_000_000), None));
    let totals = ledger.totals();
    assert_eq!(totals.fills, [1, 1]);
    assert_eq!(totals.fees, Cash(40_000_000));
    assert_eq!(totals.realised, Cash(40_000_000));
    assert_eq!(
        (totals.inventory_min, totals.inventory_max),
        (Qty(0), Qty(1_000))
    );
    assert_eq!(ledger.position().qty, Qty(600));
    assert_eq!(ledger.unrealised(&eth, 400_001), Cash(300_000));
}

#[test]
fn the_exchange_s_profit_counts_and_a_difference_is_told() {
    let eth = ethusdc();
    let mut ledger = flat();
    ledger.filled(
        at(10),
        &eth,
        &fill(1, Side::Buy, 200_000, 100, 10),
        FillNews::New,
    );
    let mut sell = fill(2, Side::Sell, 200_100, 100, 20);
    sell.charged = Some((Cash(5), Cash(9_000_000)));
    let booked = ledger.filled(at(20), &eth, &sell, FillNews::New);
    assert_eq!(booked.dispute, Some(Cash(-1_000_000)));
    assert_eq!(ledger.totals().realised, Cash(9_000_000));
}

#[test]
fn statements_and_fills_may_come_in_either_order() {
    let eth = ethusdc();
    let mut ledger = flat();
    // The position after the fill comes first: a doubt until the fill comes.
    let told = statement(Origin::Stream, 100, "2000", 10, 10);
    assert_eq!(
        ledger.position_reported(at(10), &eth, &told),
        PositionCheck::Differs
    );
    assert!(ledger.doubt_due().is_some());
    ledger.filled(
        at(11),
        &eth,
        &fill(1, Side::Buy, 200_000, 100, 10),
        FillNews::New,
    );
    assert!(ledger.doubt_due().is_none());
    // A younger fill does not disturb an older statement.
    ledger.filled(
        at(12),
        &eth,
        &fill(2, Side::Buy, 200_000, 50, 20),
        FillNews::New,
    );
    assert_eq!(
        ledger.position_reported(at(13), &eth, &told),
        PositionCheck::Agrees
    );
}

#[test]
fn a_lost_fill_is_corrected_once_confirmed_and_not_counted_twice() {
    let eth = ethusdc();
    let mut ledger = flat();
    let told = |asked| statement(Origin::Query, 100, "2000", 10, asked);
    assert_eq!(
        ledger.position_reported(at(20), &eth, &told(15)),
        PositionCheck::Differs
    );
    assert_eq!(ledger.doubt_due(), Some(at(2_020).mono));
    assert!(!ledger.take_due_doubt(at(2_019).mono));
    assert_eq!(
        ledger.position_reported(at(900), &eth, &told(800)),
        PositionCheck::Differs
    );
    assert!(ledger.take_due_doubt(at(2_030).mono));
    assert!(!ledger.take_due_doubt(at(2_031).mono), "asked once");
    // A younger fill, heard before the correction, is laid on top of it.
    ledger.filled(
        at(950),
        &eth,
        &fill(8, Side::Sell, 200_200, 30, 900),
        FillNews::New,
    );
    let corrected = PositionCheck::Corrected {
        ours: Qty(0),
        venue: Qty(100),
    };
    assert_eq!(
        ledger.position_reported(at(2_100), &eth, &told(2_050)),
        corrected
    );
    assert_eq!(ledger.position().qty, Qty(70));
    assert_eq!(ledger.position().cost, Cash(14_000_000_000));
    // The lost fill turns up after all: in the sums, not in the position.
    ledger.filled(
        at(2_200),
        &eth,
        &fill(7, Side::Buy, 200_000, 100, 10),
        FillNews::New,
    );
    assert_eq!(ledger.position().qty, Qty(70));
    assert_eq!(ledger.totals().fills, [1, 1]);
}

#[test]
fn a_symbol_never_held_is_compared_only_in_silence() {
    let eth = ethusdc();
    let mut ledger = Ledger::new();
    let nothing = |asked| statement(Origin::Query, 0, "0", 0, asked);
    assert_eq!(
        ledger.position_reported(at(5), &eth, &nothing(4)),
        PositionCheck::Agrees
    );
    ledger.filled(
        at(10),
        &eth,
        &fill(1, Side::Buy, 200_000, 100, 10),
        FillNews::New,
    );
    let crossed = ledger.position_reported(at(12), &eth, &nothing(9));
    assert_eq!(crossed, PositionCheck::Inconclusive);
    assert_eq!(ledger.position().qty, Qty(100));
}

#[test]
fn a_fill_in_a_flat_position_taken_over_does_not_move_it_later() {
    let eth = ethusdc();
    let mut ledger = flat();
    ledger.filled(
        at(10),
        &eth,
        &fill(1, Side::Buy, 200_000, 100, 10),
        FillNews::New,
    );
    // The sale is lost; the exchange lists no position any more, without time.
    let nothing = |asked| statement(Origin::Query, 0, "0", 0, asked);
    let differs = ledger.position_reported(at(5_010), &eth, &nothing(5_000));
    assert_eq!(differs, PositionCheck::Differs);
    let corrected = PositionCheck::Corrected {
        ours: Qty(100),
        venue: Qty(0),
    };
    let check = ledger.position_reported(at(7_020), &eth, &nothing(7_015));
    assert_eq!(check, corrected);
    ledger.filled(
        at(7_030),
        &eth,
        &fill(2, Side::Sell, 200_000, 100, 900),
        FillNews::New,
    );
    assert_eq!(ledger.position().qty, Qty(0));
    ledger.filled(
        at(7_040),
        &eth,
        &fill(3, Side::Sell, 200_000, 30, 7_035),
        FillNews::New,
    );
    assert_eq!(ledger.position().qty, Qty(-30));
}

#[test]
fn the_day_s_peak_starts_anew_at_midnight_utc() {
    let mut ledger = Ledger::new();
    let late = At {
        mono: MonoNs(1),
        venue: VenueMs(DAY_MS - 1),
    };
    assert_eq!(ledger.drawdown(late, Cash(100)), Cash::ZERO);
    assert_eq!(ledger.drawdown(late, Cash(30)), Cash(70));
    let next = At {
        mono: MonoNs(2),
        venue: VenueMs(DAY_MS),
    };
    assert_eq!(ledger.drawdown(next, Cash(30)), Cash::ZERO);
}

proptest! {
    /// Whatever comes, nothing panics, and what can be true is counted.
    #[test]
    fn absurd_fills_and_statements_never_panic(
        fills in proptest::collection::vec(
            (any::<bool>(), any::<i64>(), any::<i64>(), any::<i64>(), any::<(i64, i64)>()), 1..40),
        qty in prop_oneof![-(1_i64 << 51)..1 << 51, any::<i64>()],
        entry in any::<i64>(), when in any::<i64>(),
    ) {
        let eth = ethusdc();
        let mut ledger = flat();
        for (id, (buy, price, qty, venue_ms, charged)) in fills.into_iter().enumerate() {
            let side = if buy { Side::Buy } else { Side::Sell };
            let mut fill = fill(id as u64, side, price, qty, venue_ms);
            fill.charged = Some((Cash(charged.0), Cash(charged.1)));
            ledger.filled(at(2), &eth, &fill, FillNews::New);
        }
        let mut told = statement(Origin::Query, qty, "0", when, 9_000);
        told.entry = Decimal(entry);
        ledger.position_reported(at(9_000), &eth, &told);
        told.asked_at = at(20_000).mono;
        ledger.position_reported(at(20_000), &eth, &told);
        let _ = ledger.equity(&eth, 1 << 52);
        prop_assert!(ledger.totals().inventory_min <= ledger.position().qty);
        prop_assert!(ledger.totals().inventory_max >= ledger.position().qty);
    }

    /// However fills and true statements interleave, no correction is made and
    /// nothing stays in doubt once all is told.
    #[test]
    fn true_statements_never_cause_a_correction(
        trades in proptest::collection::vec((any::<bool>(), 1_i64..100), 1..40),
        lags in proptest::collection::vec(0_usize..5, 40),
    ) {
        let eth = ethusdc();
        let mut ledger = flat();
        let mut held = 0;
        let mut told = std::vec::Vec::new();
        for (index, (buy, qty)) in trades.into_iter().enumerate() {
            let side = if buy { Side::Buy } else { Side::Sell };
            held += qty * side.sign();
            let time = 10 + index as i64;
            told.push((index * 8, Some(fill(index as u64, side, 200_000, qty, time)), None));
            let origin = if buy { Origin::Stream } else { Origin::Query };
            let entry = if held == 0 { "0" } else { "2000" };
            let lag = index * 8 + lags[index] * 8 - 9_usize.min(index * 8);
            told.push((lag, None, Some(statement(origin, held, entry, time, index as u64))));
        }
        told.sort_by_key(|entry| entry.0);
        for (place, (_, filled, said)) in told.into_iter().enumerate() {
            let now = at(100 + place as u64);
            if let Some(fill) = filled {
                ledger.filled(now, &eth, &fill, FillNews::New);
            }
            if let Some(said) = said {
                let check = ledger.position_reported(now, &eth, &said);
                let corrected = matches!(check, PositionCheck::Corrected { .. });
                prop_assert!(!corrected);
            }
        }
        prop_assert_eq!(ledger.position().qty, Qty(held));
        prop_assert!(ledger.doubt_due().is_none());
    }
}

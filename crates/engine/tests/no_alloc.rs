//! After warm-up a step allocates nothing: counted by the allocator itself,
//! over market data, fills, requotes, amends and cancels of 36 orders.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use phoenix_domain::{
    At, Balance, Cash, Command, Decimal, Event, Fill, Instrument, InstrumentSpec, Level, MonoNs,
    OpenOrders, OrderReport, OrderStatus, Origin, Outcome, PositionReport, Price, Qty, Request,
    RunId, Side, StreamKind, SymbolId, TimeInForce, VenueMs,
};
use phoenix_engine::{
    Desk, DeskSettings, FlattenSettings, GrindingSettings, Output, PinningSettings, SymbolSettings,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system allocator unchanged; only a counter of
// this thread is touched besides.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's contract is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's contract is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SYMBOL: SymbolId = SymbolId(0);
const DEPTH: i64 = 40;
const WARM_UP: u64 = 2_000;
const STEPS: u64 = 6_000;

struct Bench {
    desk: Desk,
    out: Output,
    now_ms: u64,
    book_id: u64,
    trade_id: u64,
    placed: Vec<Command>,
    allocations: u64,
    commands: u64,
}

impl Bench {
    fn at(&self) -> At {
        At {
            mono: MonoNs(1_000_000_000).plus_ms(self.now_ms),
            venue: VenueMs(1_700_000_000_000 + self.now_ms as i64),
        }
    }

    /// One counted step; commands are answered at once, and the answers are
    /// counted steps as well.
    fn step(&mut self, event: &Event<'_>) {
        self.out.clear();
        let before = ALLOCATIONS.with(Cell::get);
        self.desk.step(self.at(), event, &mut self.out);
        let deadline = self.desk.next_deadline();
        self.allocations += ALLOCATIONS.with(Cell::get) - before;
        assert!(deadline.is_some());
        self.commands += self.out.commands.len() as u64;
        self.placed.extend(self.out.commands.iter().copied());
    }

    fn answer_all(&mut self) {
        while let Some(command) = self.placed.pop() {
            self.answer(&command);
        }
    }

    fn answer(&mut self, command: &Command) {
        let asked_at = self.at().mono;
        let (client_id, request, side, price, qty, status) = match *command {
            Command::Place(new) => {
                let (id, side) = (new.client_id, new.side);
                (
                    id,
                    Request::Place,
                    side,
                    new.price,
                    new.qty,
                    OrderStatus::New,
                )
            }
            Command::Amend {
                client_id,
                side,
                price,
                qty,
                ..
            } => (
                client_id,
                Request::Amend,
                side,
                price,
                qty,
                OrderStatus::New,
            ),
            Command::Cancel { client_id, .. } => {
                let view = self.desk.view(SYMBOL, self.at()).expect("a maker");
                let order = view
                    .orders
                    .iter()
                    .find(|order| order.client_id == client_id);
                let (side, price) = order.map(|order| (order.side, order.price)).expect("known");
                let cancelled = OrderStatus::Cancelled;
                (client_id, Request::Cancel, side, price, Qty(20), cancelled)
            }
            Command::ListOpenOrders { symbol } => {
                let list = OpenOrders {
                    symbol,
                    orders: &[],
                    asked_at,
                };
                return self.step(&Event::OpenOrdersListed(list));
            }
            Command::FetchPosition { symbol } => {
                let report = PositionReport {
                    symbol,
                    qty: Qty(0),
                    entry: Decimal::ZERO,
                    venue_ms: VenueMs(0),
                    origin: Origin::Query,
                    asked_at,
                };
                return self.step(&Event::PositionReported(report));
            }
            Command::Query { .. } | Command::CancelAll { .. } | Command::ResyncBook { .. } => {
                return;
            }
        };
        let report = OrderReport {
            client_id: Some(client_id),
            venue_id: u64::from(client_id.seq),
            side,
            price,
            qty,
            filled: Qty(0),
            status,
            time_in_force: TimeInForce::PostOnly,
            reduce_only: false,
            venue_ms: self.at().venue,
            origin: Origin::Reply,
        };
        let outcome = Outcome::Confirmed(report);
        self.step(&Event::Replied {
            symbol: SYMBOL,
            client_id,
            request,
            outcome,
        });
    }

    fn depth(&mut self, mid: i64, whole: bool) {
        self.book_id += 1;
        let ladder = |side: Side| -> [Level; DEPTH as usize] {
            std::array::from_fn(|index| Level {
                price: Price(mid - side.sign() * (index as i64 + 1)),
                qty: Qty(500 + index as i64),
            })
        };
        let (mut bids, mut asks) = (ladder(Side::Buy), ladder(Side::Sell));
        if !whole {
            // The last ten name what the mid has moved over: gone.
            for index in 30..DEPTH as usize {
                let passed = index as i64 - 30;
                (bids[index].price, bids[index].qty) = (Price(mid + passed), Qty(0));
                (asks[index].price, asks[index].qty) = (Price(mid - passed), Qty(0));
            }
        }
        let (symbol, book_id, venue_ms) = (SYMBOL, self.book_id, self.at().venue);
        let (bids, asks) = (&bids[..], &asks[..]);
        if whole {
            self.step(&Event::BookReplaced {
                symbol,
                book_id,
                venue_ms,
                bids,
                asks,
            });
        } else {
            self.step(&Event::BookChanged {
                symbol,
                book_id,
                venue_ms,
                bids,
                asks,
            });
        }
    }

    /// A stranger's fill: moves the position and the ledger.
    fn fill(&mut self, side: Side, mid: i64) {
        self.trade_id += 1;
        let fill = Fill {
            trade_id: self.trade_id,
            client_id: None,
            venue_id: 1,
            side,
            price: Price(mid),
            qty: Qty(20),
            maker: true,
            charged: Some((Cash(1_000), Cash::ZERO)),
            venue_ms: self.at().venue,
        };
        self.step(&Event::Filled {
            symbol: SYMBOL,
            fill,
            report: None,
        });
    }
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text.as_bytes()).expect("a decimal")
}

fn desk() -> Desk {
    let spec = InstrumentSpec {
        symbol: "ETHUSDC".to_owned(),
        base_asset: "ETH".to_owned(),
        quote_asset: "USDC".to_owned(),
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
    let symbol = SymbolSettings {
        total_layers: 18,
        unified_layer_size: decimal("0.02"),
        grid_start_offset: decimal("0.03"),
        grid_first_spacing: decimal("0.02"),
        grid_spacing_multiplier: 1.1,
        grid_max_spacing: decimal("0.2"),
        net_max: decimal("4"),
        inventory_skew_coeff: 0.0005,
        min_spread: 0.00001,
        min_distance: decimal("0.01"),
        volatility_window_ms: 60_000,
        pinning: PinningSettings {
            thresh: 0.6,
            size_factor: 2.3,
            far_distance: 0.002,
        },
        grinding: GrindingSettings {
            thresh: 0.7,
            calm_sigma_max: 0.01,
            slice: 0.075,
            reentry_distance: 0.00042,
            reentry_size_factor: 2.1,
            cooldown_ms: 60_000,
        },
        worst_case_ratio: 0.5,
        reduce_only_thresh: 0.8,
        stop_loss_thresh: 0.2,
        flatten: FlattenSettings {
            slice: 0.5,
            interval_ms: 500,
            slippage_max: 0.002,
        },
        order_age_ms_max: 3_000,
        max_cancel_per_min: 1_000_000,
        requote_tolerance: 0.9,
        requote_tolerance_exposed: 0.45,
        price_band: 0.03,
        order_qty_max: decimal("1"),
        order_notional_max: decimal("5000"),
        price_stale_ms: 3_000,
    };
    let settings = DeskSettings {
        quote_interval_ms: 1,
        total_notional_max: decimal("1000000"),
        reconcile_interval_ms: 3_600_000,
        request_life_ms: 6_000,
    };
    let instrument = Instrument::new(SYMBOL, spec).expect("a valid instrument");
    let at = At {
        mono: MonoNs(1_000_000_000),
        venue: VenueMs(1_700_000_000_000),
    };
    Desk::new(settings, vec![(instrument, symbol)], RunId(7), at)
}

#[test]
fn a_step_allocates_nothing_after_warm_up() {
    let mut bench = Bench {
        desk: desk(),
        out: Output::new(),
        now_ms: 0,
        book_id: 0,
        trade_id: 0,
        placed: Vec::with_capacity(1_024),
        allocations: 0,
        commands: 0,
    };
    let venue_ms = bench.at().venue;
    let wallet = Cash(1_000_000_000_000);
    bench.step_free(&Event::BalanceReported(Balance {
        asset: 0,
        wallet,
        venue_ms,
    }));
    bench.step_free(&Event::StreamUp(StreamKind::Private));
    bench.answer_all();
    bench.depth(250_000, true);
    let mut mid = 250_000;
    for step in 0..WARM_UP + STEPS {
        if step == WARM_UP {
            (bench.allocations, bench.commands) = (0, 0);
        }
        bench.now_ms += 10;
        // A walk that comes back, in steps of one tick and now and then five.
        let direction = if (step / 25) % 2 == 0 { 1 } else { -1 };
        mid += direction * if step % 9 == 0 { 5 } else { 1 };
        bench.depth(mid, false);
        bench.step(&Event::Pulse);
        bench.answer_all();
        if step % 50 == 0 {
            let side = if step % 100 == 0 {
                Side::Buy
            } else {
                Side::Sell
            };
            bench.fill(side, mid);
        }
    }
    let view = bench.desk.view(SYMBOL, bench.at()).expect("a maker");
    assert_eq!(view.open_orders, [18, 18], "36 orders were working");
    assert!(bench.commands > STEPS, "{} commands", bench.commands);
    assert_eq!(bench.allocations, 0);
}

impl Bench {
    /// Before anything is due there is no deadline to ask for.
    fn step_free(&mut self, event: &Event<'_>) {
        self.out.clear();
        self.desk.step(self.at(), event, &mut self.out);
        self.placed.extend(self.out.commands.iter().copied());
    }
}

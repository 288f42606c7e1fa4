//! Two symbols, a desk, and an exchange that remembers orders only as far as
//! its answers and the test's own counting need.

use std::collections::BTreeMap;

use phoenix_domain::{
    At, Balance, BookLoss, Cash, ClientId, Command, Decimal, Doubt, Event, Fill, Instrument,
    InstrumentSpec, Level, MonoNs, OpenOrders, OperatorOrder, OrderReport, OrderStatus, Origin,
    Outcome, PauseReason, PositionReport, Price, Qty, Rate, Refusal, RefusalReason, Request, RunId,
    Side, StreamKind, SymbolId, TimeInForce, VenueMs,
};
use phoenix_engine::{
    Desk, DeskSettings, FlattenSettings, GrindingSettings, Mode, Output, PinningSettings,
    SymbolSettings,
};
use proptest::prelude::*;

const EPOCH_MS: i64 = 1_700_000_000_000;
const RUN: RunId = RunId(9);
/// `worst_case_ratio` × `net_max` in lots.
const WORST: i64 = 200;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    Wait(u16),
    Pulse,
    Timer,
    Top {
        symbol: u16,
        mid: i64,
        spread: i64,
    },
    Book {
        symbol: u16,
        mid: i64,
        spread: i64,
    },
    Absurd {
        symbol: u16,
        bid: i64,
        ask: i64,
        qty: i64,
    },
    Lost {
        symbol: u16,
        disconnected: bool,
    },
    Mark {
        symbol: u16,
        mark: i64,
        funding: i64,
    },
    Answer {
        pick: usize,
        how: u8,
    },
    Fill {
        pick: usize,
        part: i64,
    },
    Private(bool),
    Operator(u8),
}

pub(crate) fn happening() -> impl Strategy<Value = Happening> {
    let symbol = 0_u16..2;
    let mid = 248_000_i64..252_000;
    prop_oneof![
        4 => (1_u16..900).prop_map(Happening::Wait),
        8 => Just(Happening::Pulse),
        2 => Just(Happening::Timer),
        8 => (symbol.clone(), mid.clone(), 1_i64..60)
            .prop_map(|(symbol, mid, spread)| Happening::Top { symbol, mid, spread }),
        2 => (symbol.clone(), mid, 1_i64..60)
            .prop_map(|(symbol, mid, spread)| Happening::Book { symbol, mid, spread }),
        1 => (symbol.clone(), any::<i64>(), any::<i64>(), any::<i64>())
            .prop_map(|(symbol, bid, ask, qty)| Happening::Absurd { symbol, bid, ask, qty }),
        1 => (symbol.clone(), any::<bool>())
            .prop_map(|(symbol, disconnected)| Happening::Lost { symbol, disconnected }),
        1 => (symbol, any::<i64>(), any::<i64>())
            .prop_map(|(symbol, mark, funding)| Happening::Mark { symbol, mark, funding }),
        16 => (any::<usize>(), any::<u8>())
            .prop_map(|(pick, how)| Happening::Answer { pick, how }),
        6 => (any::<usize>(), 1_i64..4).prop_map(|(pick, part)| Happening::Fill { pick, part }),
        1 => any::<bool>().prop_map(Happening::Private),
        1 => any::<u8>().prop_map(Happening::Operator),
    ]
}

/// An order as the exchange of this test holds it.
#[derive(Clone, Debug)]
pub(crate) struct Resting {
    pub(crate) symbol: SymbolId,
    pub(crate) side: Side,
    price: Price,
    qty: Qty,
    filled: Qty,
    time_in_force: TimeInForce,
    reduce_only: bool,
    pub(crate) status: OrderStatus,
}

pub(crate) struct World {
    pub(crate) desk: Desk,
    out: Output,
    pub(crate) now_ms: u64,
    book_id: u64,
    trade_id: u64,
    pub(crate) orders: BTreeMap<u32, Resting>,
    pub(crate) outstanding: Vec<Command>,
    positions: [i64; 2],
    /// When each position last changed.
    changed_ms: [VenueMs; 2],
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text.as_bytes()).expect("a decimal")
}

fn instrument(id: u16) -> Instrument {
    let spec = InstrumentSpec {
        symbol: format!("SYM{id}"),
        base_asset: "SYM".to_owned(),
        quote_asset: if id == 0 { "USDC" } else { "USDT" }.to_owned(),
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
    Instrument::new(SymbolId(id), spec).expect("a valid instrument")
}

fn settings() -> SymbolSettings {
    SymbolSettings {
        total_layers: 6,
        unified_layer_size: decimal("0.02"),
        grid_start_offset: decimal("0.2"),
        grid_first_spacing: decimal("0.3"),
        grid_spacing_multiplier: 1.3,
        grid_max_spacing: decimal("2"),
        net_max: decimal("0.4"),
        inventory_skew_coeff: 0.001,
        min_spread: 0.0001,
        min_distance: decimal("0.1"),
        volatility_window_ms: 10_000,
        pinning: PinningSettings {
            thresh: 0.2,
            size_factor: 2.3,
            far_distance: 0.0003,
        },
        grinding: GrindingSettings {
            thresh: 0.3,
            calm_sigma_max: 0.01,
            slice: 0.075,
            reentry_distance: 0.00042,
            reentry_size_factor: 2.1,
            cooldown_ms: 2_000,
        },
        worst_case_ratio: 0.5,
        reduce_only_thresh: 0.8,
        stop_loss_thresh: 0.005,
        flatten: FlattenSettings {
            slice: 0.3,
            interval_ms: 300,
            slippage_max: 0.002,
        },
        order_age_ms_max: 5_000,
        max_cancel_per_min: 200,
        requote_tolerance: 0.9,
        requote_tolerance_exposed: 0.45,
        price_band: 0.05,
        order_qty_max: decimal("1"),
        order_notional_max: decimal("5000"),
        price_stale_ms: 3_000,
    }
}

impl World {
    pub(crate) fn new(total_notional_max: &str) -> Self {
        let desk = DeskSettings {
            quote_interval_ms: 50,
            total_notional_max: decimal(total_notional_max),
            reconcile_interval_ms: 30_000,
            request_life_ms: 6_000,
        };
        let symbols = vec![(instrument(0), settings()), (instrument(1), settings())];
        let at = At {
            mono: MonoNs(1_000_000_000),
            venue: VenueMs(EPOCH_MS),
        };
        let mut world = Self {
            desk: Desk::new(desk, symbols, RUN, at),
            out: Output::new(),
            now_ms: 0,
            book_id: 0,
            trade_id: 0,
            orders: BTreeMap::new(),
            outstanding: Vec::new(),
            positions: [0; 2],
            changed_ms: [VenueMs(0); 2],
        };
        let wallet = Cash(100_000_000_000);
        for asset in 0..2 {
            let venue_ms = world.at().venue;
            world.step(&Event::BalanceReported(Balance {
                asset,
                wallet,
                venue_ms,
            }));
        }
        world.step(&Event::StreamUp(StreamKind::Private));
        while !world.outstanding.is_empty() {
            world.answer(0, 0);
        }
        for symbol in 0..2 {
            world.book(symbol, 250_000, 2);
        }
        world
    }

    fn at(&self) -> At {
        At {
            mono: MonoNs(1_000_000_000).plus_ms(self.now_ms),
            venue: VenueMs(EPOCH_MS + self.now_ms as i64),
        }
    }

    pub(crate) fn step(&mut self, event: &Event<'_>) {
        self.out.clear();
        self.desk.step(self.at(), event, &mut self.out);
        for command in std::mem::take(&mut self.out.commands) {
            self.check(&command);
            if let Command::Place(new) = command {
                let resting = Resting {
                    symbol: new.symbol,
                    side: new.side,
                    price: new.price,
                    qty: new.qty,
                    filled: Qty::ZERO,
                    time_in_force: new.time_in_force,
                    reduce_only: new.reduce_only,
                    status: OrderStatus::New,
                };
                let former = self.orders.insert(new.client_id.seq, resting);
                assert!(former.is_none(), "an order name was used twice");
            }
            self.outstanding.push(command);
            self.check_worst_case(&command);
        }
    }

    /// What must hold of each command before it is carried out.
    fn check(&self, command: &Command) {
        let (symbol, client_id, side, price) = match *command {
            Command::Place(new) if new.time_in_force == TimeInForce::PostOnly => {
                (new.symbol, new.client_id, new.side, new.price)
            }
            Command::Amend {
                symbol,
                client_id,
                side,
                price,
                ..
            } => (symbol, client_id, side, price),
            _ => return,
        };
        let mode = self.desk.view(symbol, self.at()).expect("a maker").mode;
        assert_eq!(mode, Mode::Quoting, "{command:?}");
        assert!(price.0 > 0, "{command:?}");
        for (seq, other) in &self.orders {
            let open = other.symbol == symbol && !other.status.is_final();
            if open && other.side != side && *seq != client_id.seq {
                let apart = (other.price.0 - price.0) * side.sign();
                assert!(apart > 0, "{command:?} meets our own {other:?}");
            }
        }
    }

    /// By the test's own count: everything not known ended, at the larger of
    /// the sizes it may have.
    fn check_worst_case(&self, command: &Command) {
        let (symbol, side) = match *command {
            Command::Place(new) if !new.reduce_only => (new.symbol, new.side),
            Command::Amend { symbol, side, .. } => (symbol, side),
            _ => return,
        };
        let mut could_fill = self.positions[usize::from(symbol.0)] * side.sign();
        for (seq, order) in &self.orders {
            if order.symbol != symbol || order.side != side || order.status.is_final() {
                continue;
            }
            let asked = self.outstanding.iter().filter_map(|command| match command {
                Command::Amend { client_id, qty, .. } if client_id.seq == *seq => Some(qty.0),
                _ => None,
            });
            let size = asked.fold(order.qty.0, i64::max);
            if !order.reduce_only {
                could_fill += size - order.filled.0;
            }
        }
        assert!(could_fill <= WORST, "{could_fill} lots after {command:?}");
    }

    pub(crate) fn happen(&mut self, happening: &Happening) {
        match *happening {
            Happening::Wait(ms) => self.now_ms += u64::from(ms),
            Happening::Pulse => self.step(&Event::Pulse),
            Happening::Timer => self.step(&Event::Timer),
            Happening::Top {
                symbol,
                mid,
                spread,
            } => self.top(symbol, mid, spread, 500),
            Happening::Book {
                symbol,
                mid,
                spread,
            } => self.book(symbol, mid, spread),
            Happening::Absurd {
                symbol,
                bid,
                ask,
                qty,
            } => self.raw_top(symbol, bid, ask, qty),
            Happening::Lost {
                symbol,
                disconnected,
            } => {
                let loss = if disconnected {
                    BookLoss::Disconnected
                } else {
                    BookLoss::Gap
                };
                self.step(&Event::BookLost {
                    symbol: SymbolId(symbol),
                    loss,
                });
            }
            Happening::Mark {
                symbol,
                mark,
                funding,
            } => {
                let event = Event::MarkChanged {
                    symbol: SymbolId(symbol),
                    venue_ms: self.at().venue,
                    mark: Decimal(mark),
                    funding: Rate(funding),
                    next_funding_ms: self.at().venue,
                };
                self.step(&event);
            }
            Happening::Answer { pick, how } => {
                if !self.outstanding.is_empty() {
                    self.answer(pick % self.outstanding.len(), how);
                }
            }
            Happening::Fill { pick, part } => self.fill(pick, part),
            Happening::Private(true) => self.step(&Event::StreamUp(StreamKind::Private)),
            Happening::Private(false) => self.step(&Event::StreamDown(StreamKind::Private)),
            Happening::Operator(pick) => self.operate(pick),
        }
    }

    fn operate(&mut self, pick: u8) {
        let symbol = Some(SymbolId(u16::from(pick % 2)));
        let order = match pick % 8 {
            0 => OperatorOrder::Pause(symbol, PauseReason::Operator),
            1 | 2 => OperatorOrder::Resume(None, PauseReason::Operator),
            3 | 4 => OperatorOrder::Resume(None, PauseReason::Venue),
            5 => OperatorOrder::Resume(None, PauseReason::StopLoss),
            6 => OperatorOrder::CancelAll(symbol),
            _ => OperatorOrder::Flatten(symbol),
        };
        self.step(&Event::Operator(order));
    }

    fn top(&mut self, symbol: u16, mid: i64, spread: i64, qty: i64) {
        self.raw_top(symbol, mid - spread, mid + spread, qty);
    }

    fn raw_top(&mut self, symbol: u16, bid: i64, ask: i64, qty: i64) {
        self.book_id += 1;
        let event = Event::TopChanged {
            symbol: SymbolId(symbol),
            book_id: self.book_id,
            venue_ms: self.at().venue,
            bid: level(bid, qty),
            ask: level(ask, qty),
        };
        self.step(&event);
    }

    fn book(&mut self, symbol: u16, mid: i64, spread: i64) {
        self.book_id += 1;
        let event = Event::BookReplaced {
            symbol: SymbolId(symbol),
            book_id: self.book_id,
            venue_ms: self.at().venue,
            bids: &[level(mid - spread, 500), level(mid - spread - 7, 900)],
            asks: &[level(mid + spread, 500), level(mid + spread + 7, 900)],
        };
        self.step(&event);
    }

    /// Answers one outstanding request: mostly as asked, at times refusing,
    /// at times leaving the outcome open (then the request may be done or not).
    pub(crate) fn answer(&mut self, place: usize, how: u8) {
        let command = self.outstanding.remove(place);
        let (symbol, client_id, request) = match command {
            Command::Place(new) => (new.symbol, new.client_id, Request::Place),
            Command::Amend {
                symbol, client_id, ..
            } => (symbol, client_id, Request::Amend),
            Command::Cancel {
                symbol, client_id, ..
            } => (symbol, client_id, Request::Cancel),
            Command::Query { symbol, client_id } => (symbol, client_id, Request::Query),
            Command::CancelAll { symbol, .. } => return self.cancel_all(symbol),
            Command::ListOpenOrders { symbol } => return self.list(symbol),
            Command::FetchPosition { symbol } => return self.position(symbol),
            Command::ResyncBook { symbol } => return self.book(symbol.0, 250_000, 2),
        };
        let outcome = match how {
            0..=179 => self.carry_out(&command, client_id),
            180..=219 => self.refuse(request, client_id, how),
            // Left open, and done all the same.
            220..=237 => {
                let _ = self.carry_out(&command, client_id);
                Outcome::Unknown(Doubt::Timeout)
            }
            // Left open, and never done.
            238..=255 => {
                if request == Request::Place {
                    self.held(client_id).status = OrderStatus::Expired;
                }
                Outcome::Unknown(Doubt::ConnectionLost)
            }
        };
        self.step(&Event::Replied {
            symbol,
            client_id,
            request,
            outcome,
        });
    }

    fn carry_out(&mut self, command: &Command, client_id: ClientId) -> Outcome {
        let held = self.held(client_id);
        let open = !held.status.is_final();
        match *command {
            Command::Place(new) if new.time_in_force == TimeInForce::Ioc && open => {
                held.status = OrderStatus::Expired;
            }
            Command::Amend { price, qty, .. } if open => {
                (held.price, held.qty) = (price, qty);
                if held.filled >= held.qty {
                    held.status = OrderStatus::Cancelled;
                }
            }
            Command::Cancel { .. } if open => held.status = OrderStatus::Cancelled,
            Command::Amend { .. } | Command::Cancel { .. } => {
                return refused(RefusalReason::NoSuchOrder);
            }
            _ => {}
        }
        Outcome::Confirmed(self.report(client_id, Origin::Reply))
    }

    fn refuse(&mut self, request: Request, client_id: ClientId, how: u8) -> Outcome {
        let held = self.held(client_id);
        match request {
            Request::Place if held.filled.is_zero() => {
                held.status = OrderStatus::Expired;
                let reasons = [
                    RefusalReason::WouldCross,
                    RefusalReason::RateLimited,
                    RefusalReason::Margin,
                    RefusalReason::NotAllowed,
                ];
                refused(reasons[usize::from(how) % reasons.len()])
            }
            Request::Place | Request::Query => {
                Outcome::Confirmed(self.report(client_id, Origin::Query))
            }
            Request::Amend | Request::Cancel => refused(RefusalReason::RateLimited),
        }
    }

    fn cancel_all(&mut self, symbol: SymbolId) {
        self.step(&Event::AllCancelled { symbol, done: true });
        let seqs: Vec<u32> = self.orders.keys().copied().collect();
        for seq in seqs {
            let client_id = ClientId { run: RUN, seq };
            let held = self.held(client_id);
            if held.symbol == symbol && !held.status.is_final() {
                held.status = OrderStatus::Cancelled;
                let report = self.report(client_id, Origin::Stream);
                self.step(&Event::OrderReported { symbol, report });
            }
        }
    }

    fn list(&mut self, symbol: SymbolId) {
        let open = self
            .orders
            .iter()
            .filter(|(_, held)| held.symbol == symbol && !held.status.is_final());
        let orders: Vec<OrderReport> = open
            .map(|(&seq, _)| self.report(ClientId { run: RUN, seq }, Origin::List))
            .collect();
        let asked_at = self.at().mono;
        self.step(&Event::OpenOrdersListed(OpenOrders {
            symbol,
            orders: &orders,
            asked_at,
        }));
    }

    fn position(&mut self, symbol: SymbolId) {
        let report = PositionReport {
            symbol,
            qty: Qty(self.positions[usize::from(symbol.0)]),
            entry: decimal("2500"),
            venue_ms: self.changed_ms[usize::from(symbol.0)],
            origin: Origin::Query,
            asked_at: self.at().mono,
        };
        self.step(&Event::PositionReported(report));
    }

    fn fill(&mut self, pick: usize, part: i64) {
        let open: Vec<u32> = self
            .orders
            .iter()
            .filter(|(_, held)| !held.status.is_final())
            .map(|(&seq, _)| seq)
            .collect();
        if open.is_empty() {
            return;
        }
        let client_id = ClientId {
            run: RUN,
            seq: open[pick % open.len()],
        };
        let held = self.orders.get_mut(&client_id.seq).expect("open");
        let left = held.qty - held.filled;
        let mut qty = Qty((left.0 / part).max(1));
        let place = usize::from(held.symbol.0);
        if held.reduce_only {
            let reducible = (-self.positions[place] * held.side.sign()).max(0);
            qty = qty.min(Qty(reducible));
            if qty.is_zero() {
                return;
            }
        }
        held.filled += qty;
        if held.filled == held.qty {
            held.status = OrderStatus::Filled;
        }
        // No two executions in one millisecond: the exchange's time of a
        // position tells which of them it contains.
        self.now_ms += 1;
        self.changed_ms[place] = VenueMs(EPOCH_MS + self.now_ms as i64);
        self.trade_id += 1;
        let (symbol, side, price) = (held.symbol, held.side, held.price);
        self.positions[place] += qty.0 * side.sign();
        let report = Some(self.report(client_id, Origin::Stream));
        let fill = Fill {
            trade_id: self.trade_id,
            client_id: Some(client_id),
            venue_id: u64::from(client_id.seq),
            side,
            price,
            qty,
            maker: true,
            charged: None,
            venue_ms: self.at().venue,
        };
        self.step(&Event::Filled {
            symbol,
            fill,
            report,
        });
    }

    fn held(&mut self, client_id: ClientId) -> &mut Resting {
        self.orders
            .get_mut(&client_id.seq)
            .expect("an order that was placed")
    }

    fn report(&self, client_id: ClientId, origin: Origin) -> OrderReport {
        let held = &self.orders[&client_id.seq];
        OrderReport {
            client_id: Some(client_id),
            venue_id: u64::from(client_id.seq),
            side: held.side,
            price: held.price,
            qty: held.qty,
            filled: held.filled,
            status: held.status,
            time_in_force: held.time_in_force,
            reduce_only: held.reduce_only,
            venue_ms: self.at().venue,
            origin,
        }
    }
}

fn refused(reason: RefusalReason) -> Outcome {
    Outcome::Refused(Refusal {
        reason,
        code: -1,
        retry_after_ms: 0,
    })
}

fn level(price: i64, qty: i64) -> Level {
    Level {
        price: Price(price),
        qty: Qty(qty),
    }
}

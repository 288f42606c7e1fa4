//! Every ordering of what one order can go through.
//!
//! A small exchange that knows the truth, a pool of the messages it has
//! emitted, and our own requests. From several beginnings all sequences of
//! moves are walked: the exchange acts, a message arrives (at once, late,
//! twice, never), an answer is lost, time passes, we ask. After each move what
//! we believe must cover what the exchange could still do; and from every end
//! evidence must lead to the truth.

use super::*;

const QTY: i64 = 10;
const FILL: i64 = 4;

/// What the exchange knows.
#[derive(Clone)]
struct Truth {
    exists: bool,
    open: bool,
    price: i64,
    qty: i64,
    executed: i64,
    trades: i64,
    clock: i64,
    place_travels: bool,
    amend_travels: Option<(i64, i64)>,
    cancel_travels: bool,
}

/// Something on its way to us.
#[derive(Clone, Copy, PartialEq)]
enum Message {
    Reply(Request, Outcome),
    Report(OrderReport),
    Fill(Fill, Option<OrderReport>),
    List(MonoNs, Option<OrderReport>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Move {
    PlaceArrives,
    PlaceRefused,
    AmendArrives,
    AmendCrosses,
    CancelArrives,
    Executes,
    Expires,
    SendAmend(i64),
    SendCancel,
    Ask,
    AskList,
    Wait,
    Lose(Request),
    Deliver(usize),
}

#[derive(Clone)]
struct World {
    truth: Truth,
    orders: Orders,
    pool: Vec<Message>,
    /// Trades that arrived.
    heard: Vec<u64>,
    now_ms: u64,
    /// Requests whose one outcome has not been given: place, amend, cancel.
    unanswered: [bool; 3],
}

fn index(request: Request) -> usize {
    match request {
        Request::Place => 0,
        Request::Amend => 1,
        Request::Cancel | Request::Query => 2,
    }
}

impl World {
    fn new() -> Self {
        let mut orders = Orders::with_room(PROOF_MS, 4, 8);
        assert!(orders.place(at(1), &new_order(1, Side::Buy, 100, QTY)));
        Self {
            truth: Truth {
                exists: false,
                open: false,
                price: 100,
                qty: QTY,
                executed: 0,
                trades: 0,
                clock: 10,
                place_travels: true,
                amend_travels: None,
                cancel_travels: false,
            },
            orders,
            pool: Vec::new(),
            heard: Vec::new(),
            now_ms: 1,
            unanswered: [true, false, false],
        }
    }

    fn order(&self) -> &Order {
        self.orders.get(id(1)).expect("remembered")
    }

    fn report(&self, origin: Origin) -> OrderReport {
        let truth = &self.truth;
        let status = match (truth.open, truth.executed) {
            (true, 0) => OrderStatus::New,
            (true, _) => OrderStatus::PartiallyFilled,
            (false, executed) if executed >= truth.qty => OrderStatus::Filled,
            (false, _) => OrderStatus::Cancelled,
        };
        OrderReport {
            price: Price(truth.price),
            qty: Qty(truth.qty),
            filled: Qty(truth.executed),
            venue_ms: VenueMs(truth.clock),
            origin,
            ..report(1, Side::Buy, status)
        }
    }

    /// The exchange did something: both reply and stream tell of it.
    fn tell(&mut self, request: Option<Request>) {
        self.truth.clock += 1;
        if let Some(request) = request {
            let outcome = Outcome::Confirmed(self.report(Origin::Reply));
            self.pool.push(Message::Reply(request, outcome));
        }
        self.pool.push(Message::Report(self.report(Origin::Stream)));
    }

    fn refuse(&mut self, request: Request, reason: RefusalReason) {
        self.pool.push(Message::Reply(request, refused(reason)));
    }

    /// Makes the move; false if it is not possible here.
    fn make(&mut self, step: Move) -> bool {
        self.now_ms += 1;
        match step {
            Move::PlaceArrives | Move::PlaceRefused => {
                if !core::mem::take(&mut self.truth.place_travels) {
                    return false;
                }
                if step == Move::PlaceArrives {
                    (self.truth.exists, self.truth.open) = (true, true);
                    self.tell(Some(Request::Place));
                } else {
                    self.refuse(Request::Place, RefusalReason::WouldCross);
                }
                true
            }
            Move::AmendArrives | Move::AmendCrosses => self.amend_arrives(step),
            Move::CancelArrives => self.cancel_arrives(),
            Move::Executes => self.executes(),
            Move::Expires => {
                let was_open = core::mem::take(&mut self.truth.open);
                if was_open {
                    self.tell(None);
                }
                was_open
            }
            Move::SendAmend(qty) => {
                let sent = self
                    .orders
                    .amend(at(self.now_ms), id(1), Price(101), Qty(qty));
                if sent {
                    self.truth.amend_travels = Some((101, qty));
                    self.unanswered[1] = true;
                    let answered =
                        |message: &Message| !matches!(message, Message::Reply(Request::Amend, _));
                    self.pool.retain(answered);
                }
                sent
            }
            Move::SendCancel => {
                let sent = self.orders.cancel(at(self.now_ms), id(1));
                if sent {
                    self.truth.cancel_travels = true;
                    self.unanswered[2] = true;
                }
                sent
            }
            Move::Ask | Move::AskList => self.ask(step == Move::AskList),
            Move::Wait => {
                // Past the receive window nothing of ours can land any more.
                self.now_ms += PROOF_MS + 1;
                self.truth.place_travels = false;
                self.truth.amend_travels = None;
                self.truth.cancel_travels = false;
                true
            }
            Move::Lose(request) => {
                let lost = self.unanswered[index(request)];
                let outcome = Outcome::Unknown(Doubt::Timeout);
                lost && self.hear(Message::Reply(request, outcome))
            }
            Move::Deliver(place) => {
                let message = self.pool.get(place).copied();
                message.is_some_and(|message| self.hear(message))
            }
        }
    }

    fn amend_arrives(&mut self, step: Move) -> bool {
        let Some((price, qty)) = self.truth.amend_travels.take() else {
            return false;
        };
        if !self.truth.open {
            self.refuse(Request::Amend, RefusalReason::NoSuchOrder);
            return true;
        }
        if step == Move::AmendCrosses {
            self.truth.open = false;
            self.refuse(Request::Amend, RefusalReason::WouldCross);
            self.tell(None);
            return true;
        }
        (self.truth.price, self.truth.qty) = (price, qty);
        // An amend to what is filled already ends the order.
        self.truth.open = qty > self.truth.executed;
        self.tell(Some(Request::Amend));
        true
    }

    fn cancel_arrives(&mut self) -> bool {
        if !core::mem::take(&mut self.truth.cancel_travels) {
            return false;
        }
        if self.truth.open {
            self.truth.open = false;
            self.tell(Some(Request::Cancel));
        } else {
            self.refuse(Request::Cancel, RefusalReason::NoSuchOrder);
        }
        true
    }

    fn executes(&mut self) -> bool {
        if !self.truth.open {
            return false;
        }
        let truth = &mut self.truth;
        let qty = FILL.min(truth.qty - truth.executed);
        truth.executed += qty;
        truth.trades += 1;
        truth.clock += 1;
        truth.open = truth.executed < truth.qty;
        let short = Fill {
            client_id: Some(id(1)),
            ..fill(
                truth.trades as u64,
                Side::Buy,
                truth.price,
                qty,
                truth.clock,
            )
        };
        let full = Fill {
            charged: Some((Cash(1), Cash::ZERO)),
            ..short
        };
        let report = self.report(Origin::Stream);
        self.pool.push(Message::Fill(short, None));
        self.pool.push(Message::Fill(full, Some(report)));
        true
    }

    /// Asks; the exchange answers with what is true now.
    fn ask(&mut self, list: bool) -> bool {
        let asked = MonoNs(0).plus_ms(self.now_ms);
        if list {
            let told = self.truth.open.then(|| self.report(Origin::List));
            self.pool.push(Message::List(asked, told));
            return true;
        }
        let running = |message: &Message| matches!(message, Message::Reply(Request::Query, _));
        if self.pool.iter().any(running) {
            return false;
        }
        self.orders.ask(at(self.now_ms), id(1));
        let outcome = if self.truth.exists {
            Outcome::Confirmed(self.report(Origin::Query))
        } else {
            refused(RefusalReason::NoSuchOrder)
        };
        self.pool.push(Message::Reply(Request::Query, outcome));
        true
    }

    /// A message arrives; false for the second outcome of one request, which
    /// the gateway never gives.
    fn hear(&mut self, message: Message) -> bool {
        let now = at(self.now_ms);
        match message {
            Message::Reply(Request::Query, outcome) => {
                self.orders.replied(now, id(1), Request::Query, &outcome);
                self.pool.retain(|other| *other != message);
            }
            Message::Reply(request, outcome) => {
                if !core::mem::take(&mut self.unanswered[index(request)]) {
                    return false;
                }
                self.orders.replied(now, id(1), request, &outcome);
            }
            Message::Report(report) => {
                self.orders.reported(now, &report);
            }
            Message::Fill(fill, report) => {
                let (news, _) = self.orders.filled(now, &fill, report.as_ref());
                let first = !self.heard.contains(&fill.trade_id);
                assert_eq!(news == FillNews::New, first);
                if first {
                    self.heard.push(fill.trade_id);
                }
            }
            Message::List(asked_at, told) => {
                let orders: Vec<OrderReport> = told.into_iter().collect();
                let list = OpenOrders {
                    symbol: SymbolId(0),
                    orders: &orders,
                    asked_at,
                };
                self.orders.listed(now, &list, RUN);
            }
        }
        true
    }

    /// The most that this order may in the end have bought.
    fn could_buy(&self) -> i64 {
        let truth = &self.truth;
        let asked = truth.amend_travels.map_or(0, |(_, qty)| qty);
        if truth.open || truth.place_travels {
            truth.qty.max(asked)
        } else {
            truth.executed
        }
    }

    fn check(&self, path: &[Move]) {
        let order = self.order();
        let told: i64 = self.heard.iter().map(|&trade| self.size_of(trade)).sum();
        assert_eq!(order.booked, Qty(told), "fills counted wrongly: {path:?}");
        let covered = order.booked + self.orders.exposure(Side::Buy);
        let could = self.could_buy();
        assert!(
            covered >= Qty(could),
            "{covered:?} < {could}: {order:?} by {path:?}"
        );
        assert_eq!(order.exposure(), self.orders.exposure(Side::Buy));
        assert_eq!(
            usize::from(order.is_working()),
            self.orders.working_count(Side::Buy)
        );
        if order.state == State::Ended {
            assert!(
                !self.truth.open && !self.truth.place_travels,
                "ended by {path:?}"
            );
        }
        if order.state.is_unsettled() {
            assert!(
                self.orders.next_deadline().is_some(),
                "never asked: {path:?}"
            );
        }
    }

    fn size_of(&self, trade: u64) -> i64 {
        let told = self.pool.iter().find_map(|message| match message {
            Message::Fill(fill, _) if fill.trade_id == trade => Some(fill.qty.0),
            _ => None,
        });
        told.expect("messages stay in the pool")
    }

    /// All is told late, the exchange is asked: belief becomes truth.
    fn settle(mut self, path: &[Move]) {
        self.make(Move::Wait);
        for message in self.pool.clone() {
            if !matches!(message, Message::Reply(Request::Query, _)) {
                self.hear(message);
            }
        }
        for request in [Request::Place, Request::Amend, Request::Cancel] {
            self.make(Move::Lose(request));
        }
        self.check(path);
        self.make(Move::Wait);
        self.pool
            .retain(|message| !matches!(message, Message::Reply(Request::Query, _)));
        self.make(Move::Ask);
        assert!(self.make(Move::Deliver(self.pool.len() - 1)));
        self.check(path);
        let order = *self.order();
        let wanted = if self.truth.open {
            State::Live
        } else {
            State::Ended
        };
        assert_eq!(order.state, wanted, "{order:?} after {path:?}");
        let left = self.truth.qty - self.truth.executed;
        let left = if self.truth.open { left } else { 0 };
        assert_eq!(order.exposure(), Qty(left), "{order:?} after {path:?}");
        if self.truth.open {
            assert_eq!(order.price, Price(self.truth.price), "after {path:?}");
        }
    }
}

const MOVES: [Move; 16] = [
    Move::PlaceArrives,
    Move::PlaceRefused,
    Move::AmendArrives,
    Move::AmendCrosses,
    Move::CancelArrives,
    Move::Executes,
    Move::Expires,
    Move::SendAmend(14),
    Move::SendAmend(3),
    Move::SendCancel,
    Move::Ask,
    Move::AskList,
    Move::Wait,
    Move::Lose(Request::Place),
    Move::Lose(Request::Amend),
    Move::Lose(Request::Cancel),
];

/// Walks every sequence of up to `left` more moves; returns how many ends.
fn walk(world: &World, path: &mut Vec<Move>, left: usize) -> u64 {
    if left == 0 {
        world.clone().settle(path);
        return 1;
    }
    let mut ends = 0;
    let deliveries = (0..world.pool.len()).map(Move::Deliver);
    for step in MOVES.into_iter().chain(deliveries) {
        let mut next = world.clone();
        if next.make(step) {
            path.push(step);
            next.check(path);
            ends += walk(&next, path, left - 1);
            path.pop();
        }
    }
    ends
}

fn explore(beginning: &[Move], depth: usize) -> u64 {
    let mut world = World::new();
    for &step in beginning {
        assert!(world.make(step), "{step:?} of {beginning:?}");
        world.check(beginning);
    }
    walk(&world, &mut beginning.to_vec(), depth)
}

#[test]
fn from_the_placement_on() {
    assert!(explore(&[], 6) > 100_000);
}

#[test]
fn with_an_amend_under_way() {
    let live = [Move::PlaceArrives, Move::Deliver(0)];
    for qty in [14, 3] {
        let beginning = [live[0], live[1], Move::SendAmend(qty)];
        assert!(explore(&beginning, 5) > 10_000);
    }
}

#[test]
fn with_an_amend_racing_fills_and_a_cancel() {
    let beginning = [
        Move::PlaceArrives,
        Move::Deliver(0),
        Move::Executes,
        Move::SendAmend(14),
        Move::SendCancel,
    ];
    assert!(explore(&beginning, 4) > 10_000);
}

#[test]
fn with_a_cancel_that_overtakes_the_placement() {
    let beginning = [Move::SendCancel, Move::CancelArrives, Move::Deliver(0)];
    assert!(explore(&beginning, 5) > 10_000);
}

#[test]
fn after_the_end() {
    let beginning = [
        Move::PlaceArrives,
        Move::Deliver(0),
        Move::Executes,
        Move::SendCancel,
        Move::CancelArrives,
        Move::Deliver(4),
    ];
    assert!(explore(&beginning, 5) > 10_000);
}

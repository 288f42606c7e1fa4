//! From the orders that stand to the quotes that should: as few changes as
//! safety allows.
//!
//! An order stays while it is within its layer's slack of the wanted price,
//! tighter in front of it, where it would be picked off. It never stays
//! nearer to the reservation price than the smallest allowed distance, beyond
//! its age, larger than wanted, or where risk wants none.
//!
//! A live order that must move is amended rather than cancelled and replaced:
//! the old price is gone after one trip either way, but an amend leaves no
//! gap, no moment with two live orders, and costs one request. The exchange
//! gives the amended order a new place in the queue, as it would a new one.
//! An order that has no place left is cancelled, and so is one of full age
//! whose wanted price is its own, because an amend to what already is would
//! be refused.
//!
//! Orders with a request in flight are left alone and keep their place:
//! no second order is sent for it.

use alloc::vec::Vec;

use phoenix_domain::{ClientId, MonoNs, Price, Qty, Side, TimeInForce};

use crate::orders::{Order, Orders, State};
use crate::quoter::Quote;
use crate::settings::LAYERS_MAX;
use crate::terms::Terms;

/// One change to the orders of a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Cancel {
        client_id: ClientId,
        protective: bool,
    },
    Amend {
        client_id: ClientId,
        price: Price,
        /// Total, filled part included.
        qty: Qty,
        /// What of it could still fill.
        open: Qty,
        protective: bool,
    },
    Place {
        price: Price,
        qty: Qty,
    },
}

/// What the plan of one side is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) side: Side,
    pub(crate) now: MonoNs,
    /// Ticks.
    pub(crate) reservation: f64,
    pub(crate) wanted: &'a [Quote],
}

/// Plans one side at a time into buffers that are reused.
#[derive(Clone, Debug)]
pub(crate) struct Requote {
    surplus: Vec<(Order, bool)>,
    missing: Vec<Quote>,
    /// Orders in flight that match no wanted quote: each keeps one place.
    in_flight: usize,
    pub(crate) moves: Vec<Move>,
}

impl Requote {
    pub(crate) fn new() -> Self {
        Self {
            surplus: Vec::with_capacity(512),
            missing: Vec::with_capacity(LAYERS_MAX + 1),
            in_flight: 0,
            moves: Vec::with_capacity(1_024),
        }
    }

    /// Fills `moves` with what brings the side's orders to the wanted quotes.
    pub(crate) fn plan(&mut self, view: &View<'_>, terms: &Terms, orders: &Orders) {
        self.moves.clear();
        self.surplus.clear();
        self.missing.clear();
        self.in_flight = 0;
        self.pair_up(view, terms, orders);
        self.resettle();
    }

    /// Walks wanted quotes and orders from the market outward together.
    fn pair_up(&mut self, view: &View<'_>, terms: &Terms, orders: &Orders) {
        let mut wanted = view.wanted.iter().peekable();
        for order in orders.working(view.side).filter(|order| is_quote(order)) {
            loop {
                let Some(quote) = wanted.peek() else {
                    self.unwanted(view, terms, order);
                    break;
                };
                let ahead = (order.target_price().0 - quote.price.0) * view.side.sign();
                if ahead > quote.slack_exposed {
                    self.unwanted(view, terms, order);
                    break;
                }
                let quote = **quote;
                wanted.next();
                if ahead >= -quote.slack {
                    self.check(view, terms, order, quote);
                    break;
                }
                self.missing.push(quote);
            }
        }
        self.missing.extend(wanted);
    }

    /// An order near enough to `quote`: keep it unless a rule forbids.
    fn check(&mut self, view: &View<'_>, terms: &Terms, order: &Order, quote: Quote) {
        if is_stuck(order) {
            self.pull_if_near(view, terms, order, Some(quote.price));
            return;
        }
        let open = open_qty(order);
        let exact = order.price == quote.price;
        let near = !exact && is_near(view.side, view.reservation, terms, order.price);
        let aged = view.now.ms_since(order.priced_at) >= terms.order_age_ms_max;
        let too_large = open > quote.qty;
        let too_small = open.0 * 2 < quote.qty.0;
        let protective = near || too_large;
        match (protective || too_small || aged, exact && open == quote.qty) {
            (false, _) => {}
            (true, true) => {
                self.moves.push(Move::Cancel {
                    client_id: order.client_id,
                    protective,
                });
                self.missing.push(quote);
            }
            (true, false) => self.moves.push(amend(order, quote, protective)),
        }
    }

    /// An order that matches no wanted quote.
    fn unwanted(&mut self, view: &View<'_>, terms: &Terms, order: &Order) {
        if is_stuck(order) {
            self.in_flight += 1;
            self.pull_if_near(view, terms, order, None);
        } else {
            self.surplus.push((
                *order,
                is_near(view.side, view.reservation, terms, order.price),
            ));
        }
    }

    /// An order of unknown fate too near to the market is cancelled on the
    /// chance that it rests; one on its way is dealt with when it arrives.
    fn pull_if_near(
        &mut self,
        view: &View<'_>,
        terms: &Terms,
        order: &Order,
        wanted: Option<Price>,
    ) {
        let price = order.boldest_price();
        let near = Some(price) != wanted && is_near(view.side, view.reservation, terms, price);
        if near && order.state.is_unknown() && may_cancel(order) {
            self.moves.push(Move::Cancel {
                client_id: order.client_id,
                protective: true,
            });
        }
    }

    /// Gives surplus orders the missing places, cancels the rest of them, and
    /// places what is still missing.
    fn resettle(&mut self) {
        let pairs = self.surplus.len().min(self.missing.len());
        for ((order, near), quote) in self.surplus.iter().zip(&self.missing) {
            self.moves.push(amend(order, *quote, *near));
        }
        for (order, _) in &self.surplus[pairs..] {
            self.moves.push(Move::Cancel {
                client_id: order.client_id,
                protective: true,
            });
        }
        let places = (self.missing.len() - pairs).saturating_sub(self.in_flight);
        for quote in &self.missing[pairs..pairs + places] {
            self.moves.push(Move::Place {
                price: quote.price,
                qty: quote.qty,
            });
        }
    }
}

/// Resting by our will, so that it is a quote: neither a slice that trades at
/// once, nor an orphan, nor on its way out.
pub(crate) fn is_quote(order: &Order) -> bool {
    if order.orphan || order.time_in_force != TimeInForce::PostOnly {
        return false;
    }
    match order.state {
        State::PendingNew | State::UnknownNew | State::Live => true,
        State::PendingAmend | State::UnknownAmend => true,
        State::PendingCancel | State::UnknownCancel | State::CancelOverNew => false,
        State::CancelOverAmend | State::Missing | State::Ended => false,
    }
}

/// A cancel makes sense. A placement of unknown fate is cancelled once, on the
/// chance that it rests; every further request about it would put off the
/// moment from which its absence is proof.
pub(crate) fn may_cancel(order: &Order) -> bool {
    let untouched = order.requested_at() == Some(order.placed_at);
    order.state.may_cancel() && (order.state != State::UnknownNew || untouched)
}

/// What of a live order could still fill.
fn open_qty(order: &Order) -> Qty {
    order.qty - order.booked.max(order.reported)
}

fn is_stuck(order: &Order) -> bool {
    order.state != State::Live
}

/// Nearer to the reservation price than the smallest allowed distance.
pub(crate) fn is_near(side: Side, reservation: f64, terms: &Terms, price: Price) -> bool {
    let distance = match side {
        Side::Buy => reservation - price.0 as f64,
        Side::Sell => price.0 as f64 - reservation,
    };
    distance < terms.min_distance
}

fn amend(order: &Order, quote: Quote, protective: bool) -> Move {
    Move::Amend {
        client_id: order.client_id,
        price: quote.price,
        qty: order.booked.max(order.reported) + quote.qty,
        open: quote.qty,
        protective,
    }
}

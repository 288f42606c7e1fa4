//! Orders of a dry run: they are accepted, rest, are amended and cancelled,
//! and never fill. Nothing of them leaves this process.

use std::collections::BTreeMap;

use phoenix_domain::{
    At, ClientId, Command, NewOrder, OrderReport, OrderStatus, Origin, Outcome, Qty, Refusal,
    RefusalReason, SymbolId,
};

/// The orders that a dry run would have resting.
#[derive(Debug, Default)]
pub(crate) struct Paper {
    orders: BTreeMap<(SymbolId, ClientId), OrderReport>,
    last_venue_id: u64,
}

impl Paper {
    /// What the exchange would say to a new order.
    pub(crate) fn place(&mut self, at: At, order: &NewOrder) -> Outcome {
        self.last_venue_id += 1;
        let report = OrderReport {
            client_id: Some(order.client_id),
            venue_id: self.last_venue_id,
            side: order.side,
            price: order.price,
            qty: order.qty,
            filled: Qty::ZERO,
            status: OrderStatus::New,
            time_in_force: order.time_in_force,
            reduce_only: order.reduce_only,
            venue_ms: at.venue,
            origin: Origin::Reply,
        };
        let rests = match order.time_in_force {
            phoenix_domain::TimeInForce::Ioc | phoenix_domain::TimeInForce::Fok => false,
            phoenix_domain::TimeInForce::Gtc
            | phoenix_domain::TimeInForce::Gtd
            | phoenix_domain::TimeInForce::PostOnly
            | phoenix_domain::TimeInForce::Other => true,
        };
        if !rests {
            return Outcome::Confirmed(OrderReport {
                status: OrderStatus::Expired,
                ..report
            });
        }
        self.orders.insert((order.symbol, order.client_id), report);
        Outcome::Confirmed(report)
    }

    /// What the exchange would say to a command about a resting order; `None`
    /// for commands that are about none.
    pub(crate) fn about(&mut self, at: At, command: &Command) -> Option<Outcome> {
        let outcome = match *command {
            Command::Amend {
                symbol,
                client_id,
                price,
                qty,
                ..
            } => match self.orders.get_mut(&(symbol, client_id)) {
                Some(report) => {
                    report.price = price;
                    report.qty = qty;
                    report.venue_ms = at.venue;
                    Outcome::Confirmed(*report)
                }
                None => gone(),
            },
            Command::Cancel {
                symbol, client_id, ..
            } => match self.orders.remove(&(symbol, client_id)) {
                Some(report) => Outcome::Confirmed(OrderReport {
                    status: OrderStatus::Cancelled,
                    venue_ms: at.venue,
                    ..report
                }),
                None => gone(),
            },
            Command::Query { symbol, client_id } => match self.orders.get(&(symbol, client_id)) {
                Some(report) => Outcome::Confirmed(OrderReport {
                    origin: Origin::Query,
                    ..*report
                }),
                None => gone(),
            },
            Command::Place(_)
            | Command::CancelAll { .. }
            | Command::ListOpenOrders { .. }
            | Command::FetchPosition { .. }
            | Command::ResyncBook { .. } => return None,
        };
        Some(outcome)
    }

    /// Takes every order of a symbol off; the reports are what the user stream
    /// would say.
    pub(crate) fn cancel_all(&mut self, at: At, symbol: SymbolId) -> Vec<OrderReport> {
        let of_symbol = self.orders.extract_if(.., |(of, _), _| *of == symbol);
        let reports = of_symbol.map(|(_, report)| OrderReport {
            status: OrderStatus::Cancelled,
            venue_ms: at.venue,
            origin: Origin::Stream,
            ..report
        });
        reports.collect()
    }

    /// What rests on a symbol.
    pub(crate) fn list(&self, symbol: SymbolId, out: &mut Vec<OrderReport>) {
        out.clear();
        let of_symbol = self.orders.iter().filter(|((of, _), _)| *of == symbol);
        out.extend(of_symbol.map(|(_, report)| OrderReport {
            origin: Origin::List,
            ..*report
        }));
    }
}

fn gone() -> Outcome {
    Outcome::Refused(Refusal {
        reason: RefusalReason::NoSuchOrder,
        code: -2011,
        retry_after_ms: 0,
    })
}

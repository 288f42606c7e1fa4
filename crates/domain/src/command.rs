//! Everything the engine can ask of the world.

use crate::instrument::SymbolId;
use crate::order::{ClientId, Side, TimeInForce};
use crate::price::{Price, Qty};

/// A limit order to be placed. Phoenix sends no market orders: what must
/// trade is a reduce-only IOC with a price bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// The symbol.
    pub symbol: SymbolId,
    /// Our name for it.
    pub client_id: ClientId,
    /// Buy or sell.
    pub side: Side,
    /// Limit price.
    pub price: Price,
    /// Quantity.
    pub qty: Qty,
    /// How long it may rest.
    pub time_in_force: TimeInForce,
    /// May only reduce the position.
    pub reduce_only: bool,
}

/// One effect the engine asks for. Every command ends in an [`crate::Event`]
/// that tells what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send a new order. Runs of placements may travel as one batch.
    Place(NewOrder),
    /// Give a resting order a new price and total quantity.
    Amend {
        /// The symbol.
        symbol: SymbolId,
        /// Which order.
        client_id: ClientId,
        /// The exchange requires it.
        side: Side,
        /// New limit price.
        price: Price,
        /// New total quantity, filled part included.
        qty: Qty,
    },
    /// Cancel one order.
    Cancel {
        /// The symbol.
        symbol: SymbolId,
        /// Which order.
        client_id: ClientId,
        /// Protective: may use the reserved share of the request budget.
        protective: bool,
    },
    /// Cancel every order of ours on the symbol. Always protective. Carried
    /// out by the exchange's own cancel-all only while no foreign order is
    /// open there.
    CancelAll {
        /// The symbol.
        symbol: SymbolId,
        /// Foreign orders are open: cancel ours one by one by list instead.
        spare_foreign: bool,
    },
    /// Ask where one order stands.
    Query {
        /// The symbol.
        symbol: SymbolId,
        /// Which order.
        client_id: ClientId,
    },
    /// Ask for all open orders of a symbol.
    ListOpenOrders {
        /// The symbol.
        symbol: SymbolId,
    },
    /// Ask for the position of a symbol.
    FetchPosition {
        /// The symbol.
        symbol: SymbolId,
    },
    /// Fetch a fresh snapshot and start the book anew.
    ResyncBook {
        /// The symbol.
        symbol: SymbolId,
    },
}

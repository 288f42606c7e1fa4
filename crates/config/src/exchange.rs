//! What an exchange's own filters say about a file.

use phoenix_domain::{Decimal, InstrumentSpec};

use crate::check::Checked;
use crate::problem::{Fault, Problem};
use crate::rules::product;
use crate::value::Values;

/// One symbol as the exchange describes it.
#[derive(Clone, Debug)]
pub struct SymbolMarket {
    /// The filters.
    pub spec: InstrumentSpec,
    /// A present price, quote currency; without it notional rules are skipped.
    pub price: Option<Decimal>,
}

/// Checks a file against every symbol that the exchange lists.
#[must_use]
pub fn check_against(checked: &Checked, listed: &[SymbolMarket]) -> Vec<Problem> {
    let mut against = Against {
        problems: Vec::new(),
        total: checked.global.decimal("total_notional_max"),
    };
    for values in &checked.symbols {
        let Some(symbol) = values.text("symbol") else {
            continue;
        };
        match listed.iter().find(|market| market.spec.symbol == symbol) {
            Some(market) => against.symbol(values, market),
            None => against.not_listed(values, symbol, listed),
        }
    }
    against.problems
}

struct Against {
    problems: Vec<Problem>,
    total: Option<Decimal>,
}

impl Against {
    fn error(&mut self, values: &Values, key: &str, fault: Fault) {
        let path = format!("{}.{key}", values.path);
        let problem = Problem::error(&path, values.place_of(key), fault);
        self.problems.push(problem);
    }

    fn warn(&mut self, values: &Values, key: &str, fault: Fault) {
        let path = format!("{}.{key}", values.path);
        let problem = Problem::warning(&path, values.place_of(key), fault);
        self.problems.push(problem);
    }

    fn not_listed(&mut self, values: &Values, symbol: &str, listed: &[SymbolMarket]) {
        let nearest = listed
            .iter()
            .map(|market| market.spec.symbol.as_str())
            .map(|name| (strsim::normalized_damerau_levenshtein(symbol, name), name))
            .filter(|(near, _)| *near >= 0.6)
            .max_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, name)| name.to_string());
        self.error(values, "symbol", Fault::NotListed { nearest });
    }

    fn symbol(&mut self, values: &Values, market: &SymbolMarket) {
        let spec = &market.spec;
        if !spec.trading {
            self.error(values, "symbol", Fault::NotTrading);
        }
        if let Some(tick) = values
            .decimal("tick_size")
            .filter(|tick| *tick != spec.tick)
        {
            let venue = spec.tick;
            self.error(values, "tick_size", Fault::TickDiffers { tick, venue });
        }
        for key in ["min_qty", "unified_layer_size"] {
            if let Some(qty) = values.decimal(key) {
                self.quantity(values, key, qty, spec);
            }
        }
        if let Some(layers) = values.whole("total_layers") {
            let (orders, max) = (layers * 2, u64::from(spec.orders_max));
            if max > 0 && orders > max {
                let fault = Fault::TooManyOrders { orders, max };
                self.error(values, "total_layers", fault);
            }
        }
        let offset = values.decimal("grid_start_offset");
        if let Some(offset) = offset.filter(|offset| *offset < spec.tick) {
            let tick = spec.tick;
            let fault = Fault::OffsetBelowTick { offset, tick };
            self.error(values, "grid_start_offset", fault);
        }
        if let Some(price) = market.price.filter(|price| *price > Decimal::ZERO) {
            self.at_price(values, spec, price);
        }
    }

    fn quantity(&mut self, values: &Values, key: &str, qty: Decimal, spec: &InstrumentSpec) {
        if qty < spec.qty_min {
            let venue = spec.qty_min;
            self.error(values, key, Fault::QtyBelowVenue { qty, venue });
        }
        if spec.lot > Decimal::ZERO && qty.0 % spec.lot.0 != 0 {
            let lot = spec.lot;
            self.error(values, key, Fault::QtyOffLot { qty, lot });
        }
    }

    fn at_price(&mut self, values: &Values, spec: &InstrumentSpec, price: Decimal) {
        if let Some(size) = values.decimal("unified_layer_size") {
            let notional = product(size, price);
            if notional < spec.notional_min {
                let fault = Fault::NotionalBelowVenue {
                    notional,
                    venue: spec.notional_min,
                    price,
                    qty_needed: quantity_worth(spec.notional_min, price, spec.lot),
                };
                self.error(values, "unified_layer_size", fault);
            }
            let order_max = values.decimal("order_notional_max");
            if let Some(max) = order_max.filter(|max| notional > *max) {
                let fault = Fault::LayerAboveOrderMax {
                    layer: notional,
                    max,
                };
                self.error(values, "order_notional_max", fault);
            }
        }
        let spread = values.decimal("min_spread");
        if let (Some(ratio), Some(offset)) = (spread, values.decimal("grid_start_offset")) {
            let spread = product(ratio, price);
            if spread.0 / 2 > offset.0 {
                let fault = Fault::SpreadBeyondOffset { spread, offset };
                self.warn(values, "min_spread", fault);
            }
        }
        if let (Some(net_max), Some(total)) = (values.decimal("net_max"), self.total) {
            let net = product(net_max, price);
            if net > total {
                self.warn(values, "net_max", Fault::NetAboveTotal { net, total });
            }
        }
    }
}

/// The fewest whole lots worth `notional`, with one lot to spare for a falling
/// price.
fn quantity_worth(notional: Decimal, price: Decimal, lot: Decimal) -> Decimal {
    let lot = lot.0.max(1);
    let exact = i128::from(notional.0) * i128::from(Decimal::ONE.0) / i128::from(price.0);
    let lots = exact / i128::from(lot) + 2;
    Decimal(i64::try_from(lots * i128::from(lot)).unwrap_or(i64::MAX))
}

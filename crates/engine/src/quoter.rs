//! The quotes that should stand: a geometric grid around the reservation
//! price, thinned and shifted by inventory.
//!
//! Invariants: each side is strictly ordered, nearest first; no quote would
//! take; the two nearest keep the spread floor; at most one layer beyond
//! [`LAYERS_MAX`] a side (the re-entry). What risk allows of it, and which
//! orders it takes, is not decided here.

use alloc::vec::Vec;

use phoenix_domain::{Price, Qty, Side};

use crate::settings::LAYERS_MAX;
use crate::terms::Terms;

/// One wanted order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) price: Price,
    pub(crate) qty: Qty,
    /// How far behind the wanted price an order may stand, ticks.
    pub(crate) slack: i64,
    /// How far in front of it, where it would be picked off, ticks.
    pub(crate) slack_exposed: i64,
}

/// What the quotes of one moment are made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Situation {
    pub(crate) best_bid: Price,
    pub(crate) best_ask: Price,
    /// Ticks.
    pub(crate) mid: f64,
    /// Ticks.
    pub(crate) reservation: f64,
    /// Inventory over `net_max` as the skew holds it, −1 to 1.
    pub(crate) ratio: f64,
    pub(crate) position: Qty,
    /// The reducing side joins the best price.
    pub(crate) pinned: bool,
    /// The adding side is empty.
    pub(crate) reduce_only: bool,
    /// An order to buy or sell back what was ground off.
    pub(crate) reentry: Option<(Side, Price, Qty)>,
}

/// The wanted quotes of both sides, nearest first.
#[derive(Clone, Debug)]
pub(crate) struct Quotes {
    sides: [Vec<Quote>; 2],
}

impl Quotes {
    pub(crate) fn new() -> Self {
        let side = || Vec::with_capacity(LAYERS_MAX + 1);
        Self {
            sides: [side(), side()],
        }
    }

    pub(crate) fn side(&self, side: Side) -> &[Quote] {
        &self.sides[side.index()]
    }

    pub(crate) fn clear(&mut self) {
        self.sides.iter_mut().for_each(Vec::clear);
    }

    /// Keeps the `count` nearest of a side.
    pub(crate) fn cut(&mut self, side: Side, count: usize) {
        self.sides[side.index()].truncate(count);
    }
}

/// Offsets and tolerances of the layers at one scale of volatility.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    scale: f64,
    layers: Vec<Layer>,
}

#[derive(Clone, Copy, Debug)]
struct Layer {
    /// Beyond layer 1, ticks.
    beyond_first: f64,
    slack: i64,
    slack_exposed: i64,
}

impl Grid {
    pub(crate) fn new(terms: &Terms) -> Self {
        let mut grid = Self {
            scale: 1.0,
            layers: Vec::with_capacity(LAYERS_MAX),
        };
        grid.lay(terms);
        grid
    }

    /// Scales the gaps with volatility: 1 + 50 σ ⁄ mid, within 0.8 to 2.
    pub(crate) fn rescale(&mut self, sigma_ratio: f64, terms: &Terms) {
        let scale = (1.0 + 50.0 * sigma_ratio).clamp(0.8, 2.0);
        if scale.to_bits() != self.scale.to_bits() {
            self.scale = scale;
            self.lay(terms);
        }
    }

    /// Builds anew after the instrument changed.
    pub(crate) fn lay(&mut self, terms: &Terms) {
        self.layers.clear();
        let mut beyond_first = 0.0;
        let mut gap = terms.first_gap * self.scale;
        for _ in 0..terms.layers {
            // Layers must not share a tick.
            let own_gap = gap.min(terms.gap_max).max(1.0);
            self.layers.push(Layer {
                beyond_first,
                slack: (own_gap * terms.tolerance) as i64,
                slack_exposed: (own_gap * terms.tolerance_exposed) as i64,
            });
            beyond_first += own_gap;
            gap = own_gap * terms.gap_multiplier;
        }
    }

    /// Fills `out` with the quotes of this moment.
    pub(crate) fn quote(&self, terms: &Terms, situation: &Situation, out: &mut Quotes) {
        out.clear();
        let floor = terms.min_spread * situation.mid;
        let first_offset = terms.start_offset.max(0.5 * floor);
        for side in Side::BOTH {
            self.quote_side(terms, situation, first_offset, side, out);
        }
        hold_spread(floor, situation, out);
        if let Some((side, price, qty)) = situation.reentry {
            insert_reentry(situation, side, price, qty, &mut out.sides[side.index()]);
        }
    }

    fn quote_side(
        &self,
        terms: &Terms,
        situation: &Situation,
        first_offset: f64,
        side: Side,
        out: &mut Quotes,
    ) {
        let role = Role::of(side, situation.position);
        if situation.reduce_only && role == Role::Adds {
            return;
        }
        let nearest_allowed = match (situation.pinned, role) {
            (true, Role::Adds) => terms.far_distance.max(terms.min_spread) * situation.mid,
            (true, Role::Reduces | Role::Neither) | (false, _) => 0.0,
        };
        let first = Self::first_price(situation, first_offset, role, side);
        let quotes = &mut out.sides[side.index()];
        for (index, layer) in self.layers[..kept_layers(terms, situation, role)]
            .iter()
            .enumerate()
        {
            let Anchor { price, pinned } = first;
            if pinned || first_offset + layer.beyond_first >= nearest_allowed {
                let wanted = outward(side, price, layer.beyond_first);
                let front = quotes.last().map(|quote: &Quote| quote.price);
                quotes.push(Quote {
                    price: clear_of(side, wanted, front, situation),
                    qty: if pinned && index == 0 {
                        terms.pinned_qty
                    } else {
                        terms.layer_qty
                    },
                    slack: layer.slack,
                    slack_exposed: layer.slack_exposed,
                });
            }
        }
    }

    /// Where layer 1 stands before rounding. The pinned quote joins the best
    /// price of its side, and never stands farther out than it normally would.
    fn first_price(situation: &Situation, first_offset: f64, role: Role, side: Side) -> Anchor {
        let normal = match side {
            Side::Buy => situation.reservation - first_offset,
            Side::Sell => situation.reservation + first_offset,
        };
        match (situation.pinned, role, side) {
            (true, Role::Reduces, Side::Buy) => Anchor {
                price: normal.max(situation.best_bid.0 as f64),
                pinned: true,
            },
            (true, Role::Reduces, Side::Sell) => Anchor {
                price: normal.min(situation.best_ask.0 as f64),
                pinned: true,
            },
            (true, Role::Adds | Role::Neither, _) | (false, _, _) => Anchor {
                price: normal,
                pinned: false,
            },
        }
    }
}

#[derive(Clone, Copy)]
struct Anchor {
    price: f64,
    pinned: bool,
}

/// What a side does to the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Adds,
    Reduces,
    Neither,
}

impl Role {
    pub(crate) fn of(side: Side, position: Qty) -> Self {
        match (position.0 * side.sign()).signum() {
            1 => Self::Adds,
            -1 => Self::Reduces,
            _ => Self::Neither,
        }
    }
}

/// The adding side keeps 1 − 0.6 × |inventory| ⁄ net_max of its layers, to the
/// nearest whole one and one at least.
fn kept_layers(terms: &Terms, situation: &Situation, role: Role) -> usize {
    match role {
        Role::Reduces | Role::Neither => terms.layers,
        Role::Adds => {
            let kept = 1.0 - 0.6 * libm::fabs(situation.ratio);
            ((terms.layers as f64 * kept + 0.5) as usize).clamp(1, terms.layers)
        }
    }
}

/// The tick at or behind `distance` from `price`: rounding never brings a
/// quote nearer to the market.
fn outward(side: Side, price: f64, distance: f64) -> i64 {
    match side {
        Side::Buy => (price - distance) as i64,
        Side::Sell => {
            let exact = price + distance;
            let floor = exact as i64;
            floor.saturating_add(i64::from((floor as f64) < exact))
        }
    }
}

/// Steps back behind the opposite best price and behind the layer in front.
fn clear_of(side: Side, price: i64, front: Option<Price>, situation: &Situation) -> Price {
    match side {
        Side::Buy => {
            let limit = front.unwrap_or(situation.best_ask).0 - 1;
            Price(price.min(limit))
        }
        Side::Sell => {
            let limit = front.unwrap_or(situation.best_bid).0 + 1;
            Price(price.max(limit))
        }
    }
}

/// Where both sides stand, the one that adds (the bids when flat) steps back
/// until the two nearest quotes keep the floor. Skew and the best prices can
/// bring them together although each was laid far enough from the middle.
fn hold_spread(floor: f64, situation: &Situation, out: &mut Quotes) {
    let yielding = if situation.position.0 < 0 {
        Side::Sell
    } else {
        Side::Buy
    };
    let Some(fixed) = out
        .side(yielding.opposite())
        .first()
        .map(|quote| quote.price)
    else {
        return;
    };
    let floor_ticks = outward(Side::Sell, floor, 0.0).max(1);
    for quote in &mut out.sides[yielding.index()] {
        let limit = fixed.0 - yielding.sign() * floor_ticks;
        let excess = (quote.price.0 - limit) * yielding.sign();
        if excess <= 0 {
            break;
        }
        quote.price = Price(limit);
    }
    spread_out(yielding, &mut out.sides[yielding.index()]);
}

/// Layers pushed onto one tick are spread over the next free ones.
fn spread_out(side: Side, quotes: &mut [Quote]) {
    for index in 1..quotes.len() {
        let limit = quotes[index - 1].price.0 - side.sign();
        if (quotes[index].price.0 - limit) * side.sign() > 0 {
            quotes[index].price = Price(limit);
        }
    }
}

/// The re-entry takes its own exact price among the layers; a layer that
/// stands there already is enlarged instead.
fn insert_reentry(
    situation: &Situation,
    side: Side,
    price: Price,
    qty: Qty,
    quotes: &mut Vec<Quote>,
) {
    let price = clear_of(side, price.0, None, situation);
    let in_front = |quote: &Quote| (quote.price.0 - price.0) * side.sign() > 0;
    let place = quotes.partition_point(in_front);
    match quotes.get_mut(place) {
        Some(quote) if quote.price == price => quote.qty = quote.qty.max(qty),
        Some(_) | None => quotes.insert(
            place,
            Quote {
                price,
                qty,
                slack: 0,
                slack_exposed: 0,
            },
        ),
    }
}

#[cfg(test)]
mod tests;

//! One trading account: wallets, what it holds on each symbol, the names of
//! its open orders, and its bounded histories.
//!
//! Pure book-keeping: nothing here decides whether an order is allowed.

mod history;
mod margin;
mod names;

use phoenix_domain::{Cash, Instrument, Position, Price, Qty, Rate, Side, SymbolId};

use crate::exchange::{AccountId, PositionChange, PositionSide, VenueNs};
use crate::spec::SymbolSpec;

pub(crate) use history::{History, is_kept};
pub(crate) use margin::{Marked, bracket_cap, maint_margin};
pub(crate) use names::{OpenNames, hash_of};

/// Money of one asset.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wallet {
    pub(crate) balance: Cash,
    pub(crate) updated: VenueNs,
}

/// One position and its own history of money.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Held {
    pub(crate) position: Position,
    pub(crate) realised: Cash,
    pub(crate) outlay: Cash,
    pub(crate) updated: VenueNs,
}

impl Held {
    /// Applies a fill; returns the profit it realised, fees excluded.
    pub(crate) fn fill(
        &mut self,
        instrument: &Instrument,
        side: Side,
        price: Price,
        qty: Qty,
        fee: Cash,
    ) -> Cash {
        let before = self.position.qty;
        let realised = self.position.fill(instrument, side, price, qty);
        let after = self.position.qty;
        self.realised += realised;
        self.outlay = if after.is_zero() {
            Cash::ZERO
        } else if before.0.signum() * after.0.signum() < 0 {
            // A flip: the new position starts with its own cost and its share
            // of the fee.
            let share = i128::from(fee.0) * i128::from(after.0.abs()) / i128::from(qty.0);
            Cash(self.position.cost.0 * side.sign() + share as i64)
        } else {
            self.outlay + Cash(instrument.notional(price, qty).0 * side.sign()) + fee
        };
        realised
    }
}

/// Open orders of one side of one symbol, summed up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OpenSide {
    /// At the prices margin assumes.
    pub(crate) reserved: Cash,
    /// Of the reduce-only ones.
    pub(crate) reducing: Qty,
}

/// What an account has on one symbol.
#[derive(Clone, Debug)]
pub(crate) struct Holding {
    pub(crate) held: [Held; 3],
    pub(crate) leverage: u32,
    pub(crate) isolated: bool,
    pub(crate) open_sides: [OpenSide; 2],
    /// Slots of the open orders, in no particular order.
    pub(crate) open: Vec<u32>,
    /// When the cancel-all fuse blows, and the countdown it was armed with.
    pub(crate) fuse: Option<(VenueNs, u64)>,
}

impl Holding {
    pub(crate) fn is_flat(&self) -> bool {
        self.held.iter().all(|held| held.position.qty.is_zero())
    }

    /// What margin assumes open bids and asks are worth.
    #[inline]
    pub(crate) fn reserved(&self) -> [Cash; 2] {
        [self.open_sides[0].reserved, self.open_sides[1].reserved]
    }

    /// Holds a position of hedge mode.
    pub(crate) fn is_hedged(&self) -> bool {
        self.held[1].position.qty.0 | self.held[2].position.qty.0 != 0
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.open.is_empty() && self.is_flat()
    }

    /// The position after a fill, for ACCOUNT_UPDATE.
    pub(crate) fn change(
        &self,
        symbol: SymbolId,
        position_side: PositionSide,
        marked: Marked,
    ) -> PositionChange {
        let held = &self.held[position_side.index()];
        PositionChange {
            symbol,
            position_side,
            qty: held.position.qty,
            cost: held.position.cost,
            outlay: held.outlay,
            realised: held.realised,
            unrealised: marked.unrealised(&held.position),
            isolated: self.isolated,
        }
    }
}

/// An account.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) dual_side: bool,
    pub(crate) multi_assets: bool,
    pub(crate) fee_burn: bool,
    pub(crate) trade_group: Option<u32>,
    pub(crate) fees: Option<(Rate, Rate)>,
    /// By asset.
    pub(crate) wallets: Vec<Wallet>,
    /// By symbol.
    pub(crate) holdings: Vec<Holding>,
    pub(crate) names: OpenNames,
    pub(crate) history: History,
    /// A margin call is out, per asset; ends when the ratio has recovered.
    pub(crate) called: Vec<bool>,
}

impl Account {
    pub(crate) fn new(
        id: AccountId,
        symbols: &[SymbolSpec],
        assets: usize,
        history_max: usize,
    ) -> Self {
        let holding = |spec: &SymbolSpec| Holding {
            held: [Held::default(); 3],
            leverage: spec.leverage_default,
            isolated: false,
            open_sides: [OpenSide::default(); 2],
            open: Vec::new(),
            fuse: None,
        };
        Self {
            id,
            dual_side: false,
            multi_assets: false,
            fee_burn: false,
            trade_group: None,
            fees: None,
            wallets: vec![Wallet::default(); assets],
            holdings: symbols.iter().map(holding).collect(),
            names: OpenNames::default(),
            history: History::new(history_max),
            called: vec![false; assets],
        }
    }

    pub(crate) fn rate(&self, spec: &SymbolSpec, maker: bool) -> Rate {
        let (own_maker, own_taker) = self.fees.unwrap_or((spec.maker_fee, spec.taker_fee));
        if maker { own_maker } else { own_taker }
    }

    pub(crate) fn holding(&mut self, symbol: SymbolId) -> &mut Holding {
        &mut self.holdings[usize::from(symbol.0)]
    }

    /// True when orders of the two must not trade with each other.
    pub(crate) fn is_one_with(&self, other: &Self) -> bool {
        self.id == other.id || (self.trade_group.is_some() && self.trade_group == other.trade_group)
    }
}

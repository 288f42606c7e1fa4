//! The account: one maker per symbol, and what holds for all of them.
//!
//! An event of one symbol goes to its maker, an event of the account to all.
//! The desk itself adds up what the makers must share: the total notional,
//! the equity per quote asset, and the names of orders.

use alloc::vec::Vec;

use phoenix_domain::{
    AccountSnapshot, At, Balance, Cash, Event, Instrument, MonoNs, NoteKind, OperatorOrder,
    PauseReason, RunId, SymbolId,
};

use crate::digest::Digest;
use crate::maker::Maker;
use crate::mode::Mode;
use crate::output::Output;
use crate::settings::{DeskSettings, SymbolSettings};
use crate::turn::{Ids, Turn};
use crate::view::MakerView;
use crate::wallet::Wallet;

/// The whole engine: a function of its inputs.
#[derive(Debug)]
pub struct Desk {
    settings: DeskSettings,
    ids: Ids,
    makers: Vec<Maker>,
    /// Worst-case notional of each maker when last looked at.
    notionals: Vec<Cash>,
    assets: Vec<Asset>,
    account_unfit: bool,
}

/// One quote asset and the makers that earn in it.
#[derive(Debug)]
struct Asset {
    wallet: Wallet,
    makers: Vec<usize>,
}

/// Whom an event concerns.
enum Concern {
    One(SymbolId),
    /// The first maker that holds a position, so that it is counted once.
    Holder,
    All,
}

impl Desk {
    /// A desk that knows nothing yet. `symbols[i]` must have id `i`.
    ///
    /// # Panics
    /// If an instrument's id is not its place in the list.
    #[must_use]
    pub fn new(
        settings: DeskSettings,
        symbols: Vec<(Instrument, SymbolSettings)>,
        run: RunId,
        at: At,
    ) -> Self {
        let mut makers: Vec<Maker> = Vec::with_capacity(symbols.len());
        let mut assets: Vec<Asset> = Vec::new();
        for (index, (instrument, symbol_settings)) in symbols.into_iter().enumerate() {
            assert_eq!(
                usize::from(instrument.id.0),
                index,
                "symbols in order of id"
            );
            let asset = instrument.spec().quote_asset.as_str();
            let known = assets.iter().position(|known| {
                known
                    .makers
                    .iter()
                    .any(|&maker| makers[maker].quote_asset() == asset)
            });
            match known {
                Some(known) => assets[known].makers.push(index),
                None => assets.push(Asset {
                    wallet: Wallet::default(),
                    makers: alloc::vec![index],
                }),
            }
            makers.push(Maker::new(instrument, symbol_settings, &settings, at));
        }
        Self {
            ids: Ids::new(run),
            notionals: alloc::vec![Cash::ZERO; makers.len()],
            makers,
            assets,
            account_unfit: false,
            settings,
        }
    }

    /// Takes one event in; what follows from it is pushed into `out`. Events of
    /// a symbol the desk does not trade are ignored.
    pub fn step(&mut self, at: At, event: &Event<'_>, out: &mut Output) {
        match *event {
            Event::BalanceReported(ref balance) => self.balance_reported(at, balance),
            Event::Timer | Event::Pulse => self.check_wallets(at, out),
            Event::AccountReported(ref account) => self.account_reported(at, account, out),
            Event::StreamUp(stream) => out.desk_note(NoteKind::StreamUp { stream }),
            Event::StreamDown(stream) => out.desk_note(NoteKind::StreamDown { stream }),
            _ => {}
        }
        match concern(event) {
            Concern::One(symbol) => self.turn(at, usize::from(symbol.0), event, out),
            Concern::Holder => {
                let holder = self.makers.iter().position(Maker::holds);
                self.turn(at, holder.unwrap_or(0), event, out);
            }
            Concern::All => {
                for index in 0..self.makers.len() {
                    self.turn(at, index, event, out);
                }
            }
        }
    }

    /// When [`Event::Timer`] is owed, if ever.
    #[must_use]
    pub fn next_deadline(&self) -> Option<MonoNs> {
        let interval_ms = self.settings.quote_interval_ms;
        let deadlines = self.makers.iter();
        deadlines
            .filter_map(|maker| maker.deadline(interval_ms))
            .min()
    }

    /// A hash of the state that decides what happens next: equal after equal
    /// inputs, and with near certainty different after different ones.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        digest.add(u64::from(self.ids.last()));
        for maker in &self.makers {
            maker.digest(&mut digest);
        }
        digest.value()
    }

    /// Everything a screen needs to know of one symbol.
    #[must_use]
    pub fn view(&self, symbol: SymbolId, at: At) -> Option<MakerView> {
        let maker = self.makers.get(usize::from(symbol.0))?;
        Some(maker.view(at))
    }

    /// The desk's list of assets, which [`phoenix_domain::Balance`] indexes:
    /// quote assets in the order in which the symbols first name them.
    #[must_use]
    pub fn assets(&self) -> Vec<&str> {
        let first = |asset: &Asset| asset.makers.first().map(|&maker| &self.makers[maker]);
        let named = self.assets.iter().filter_map(first);
        named.map(Maker::quote_asset).collect()
    }

    /// Every maker has stopped and the exchange's own lists were empty.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.makers
            .iter()
            .all(|maker| maker.mode() == Mode::Stopped)
    }

    /// Lets one maker take the event with its share of what is common.
    fn turn(&mut self, at: At, index: usize, event: &Event<'_>, out: &mut Output) {
        if index >= self.makers.len() {
            return;
        }
        // Only a pulse looks at the account's sums.
        let pulse = matches!(event, Event::Pulse);
        let (room, equity) = if pulse {
            (self.room_beside(index), self.equity_of(index))
        } else {
            (Cash::ZERO, Cash::ZERO)
        };
        let mut turn = Turn {
            at,
            settings: &self.settings,
            ids: &mut self.ids,
            room,
            equity,
            out,
        };
        let maker = &mut self.makers[index];
        maker.take(&mut turn, event);
        if pulse {
            self.notionals[index] = maker.worst_notional();
        }
    }

    /// What the total notional leaves to one maker beside all others.
    fn room_beside(&self, index: usize) -> Cash {
        let others = self
            .notionals
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index);
        let taken: Cash = others.map(|(_, notional)| *notional).sum();
        Cash(self.settings.total_notional_max.0) - taken
    }

    /// Stake plus profit in the maker's quote asset. Deposits and withdrawals
    /// during the run do not count as profit or loss. Until the exchange told
    /// the wallet, the notional limit stands in for the stake.
    fn equity_of(&self, index: usize) -> Cash {
        let asset = self
            .assets
            .iter()
            .find(|asset| asset.makers.contains(&index));
        let Some(asset) = asset else {
            return Cash::ZERO;
        };
        let stake = asset
            .wallet
            .stake()
            .unwrap_or(Cash(self.settings.total_notional_max.0));
        stake + self.profit_in(asset)
    }

    fn profit_in(&self, asset: &Asset) -> Cash {
        asset
            .makers
            .iter()
            .map(|&maker| self.makers[maker].profit())
            .sum()
    }

    fn closed_in(&self, asset: &Asset) -> Cash {
        let makers = asset.makers.iter();
        makers.map(|&maker| self.makers[maker].closed()).sum()
    }

    fn balance_reported(&mut self, at: At, balance: &Balance) {
        let place = usize::from(balance.asset);
        if let Some(asset) = self.assets.get(place) {
            let books = self.closed_in(asset);
            self.assets[place].wallet.reported(at.mono, balance, books);
        }
    }

    fn check_wallets(&mut self, at: At, out: &mut Output) {
        for place in 0..self.assets.len() {
            let books = self.closed_in(&self.assets[place]);
            let differs = self.assets[place].wallet.check(at.mono, books);
            if let (Some(difference), Ok(asset)) = (differs, u8::try_from(place)) {
                out.desk_note(NoteKind::WalletDiffers { asset, difference });
            }
        }
    }

    /// Phoenix trades one-way and single-asset only, and not without leave.
    fn account_reported(&mut self, at: At, account: &AccountSnapshot, out: &mut Output) {
        let AccountSnapshot {
            hedge_mode,
            multi_asset,
            can_trade,
        } = *account;
        let unfit = hedge_mode || multi_asset || !can_trade;
        if unfit == self.account_unfit {
            return;
        }
        self.account_unfit = unfit;
        let order = if unfit {
            out.desk_note(NoteKind::AccountUnfit {
                hedge_mode,
                multi_asset,
            });
            OperatorOrder::Pause(None, PauseReason::Venue)
        } else {
            OperatorOrder::Resume(None, PauseReason::Venue)
        };
        for index in 0..self.makers.len() {
            self.turn(at, index, &Event::Operator(order), out);
        }
    }
}

/// Whom the event is about.
fn concern(event: &Event<'_>) -> Concern {
    match *event {
        Event::BookReplaced { symbol, .. }
        | Event::BookChanged { symbol, .. }
        | Event::BookLost { symbol, .. }
        | Event::TopChanged { symbol, .. }
        | Event::TradePrinted { symbol, .. }
        | Event::MarkChanged { symbol, .. }
        | Event::OrderReported { symbol, .. }
        | Event::Filled { symbol, .. }
        | Event::Replied { symbol, .. }
        | Event::AllCancelled { symbol, .. }
        | Event::LookupFailed { symbol } => Concern::One(symbol),
        Event::OpenOrdersListed(ref list) => Concern::One(list.symbol),
        Event::PositionReported(ref report) => Concern::One(report.symbol),
        Event::InstrumentChanged(instrument) => Concern::One(instrument.id),
        // The exchange names no symbol for a cross position: see `step`.
        Event::FundingPaid { symbol, .. } => symbol.map_or(Concern::Holder, Concern::One),
        Event::Operator(order) => match order {
            OperatorOrder::Pause(symbol, _)
            | OperatorOrder::Resume(symbol, _)
            | OperatorOrder::CancelAll(symbol)
            | OperatorOrder::Flatten(symbol) => symbol.map_or(Concern::All, Concern::One),
            OperatorOrder::Stop => Concern::All,
        },
        Event::BalanceReported(_)
        | Event::AccountReported(_)
        | Event::StreamUp(_)
        | Event::StreamDown(_)
        | Event::Timer
        | Event::Pulse => Concern::All,
    }
}

//! What a run came to, by our own books and by the exchange's.

use phoenix_domain::Cash;

use crate::status::{MakerStatus, Status};

/// One wallet, both ways of counting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletCheck {
    /// The asset.
    pub asset: String,
    /// By the exchange before the run.
    pub before: Cash,
    /// By the exchange after it.
    pub after: Cash,
    /// What our own books say has changed: realised − fees + funding.
    pub booked: Cash,
}

impl WalletCheck {
    /// Exchange minus ours; zero if every unit is accounted for.
    #[must_use]
    pub fn difference(&self) -> Cash {
        self.after - self.before - self.booked
    }
}

/// The end of a run.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The last state of everything.
    pub status: Status,
    /// Per quote asset; empty without an account.
    pub wallets: Vec<WalletCheck>,
    /// Orders of ours that the exchange still lists, by symbol; `None` if it
    /// could not be asked.
    pub resting: Option<Vec<(String, usize)>>,
}

impl Summary {
    /// Nothing of ours rests, by the exchange's own list.
    #[must_use]
    pub fn nothing_rests(&self) -> bool {
        self.resting
            .as_ref()
            .is_some_and(|resting| resting.iter().all(|(_, count)| *count == 0))
    }

    /// Every wallet moved by exactly what our books say.
    #[must_use]
    pub fn books_agree(&self) -> bool {
        self.wallets
            .iter()
            .all(|wallet| wallet.difference().is_zero())
    }
}

/// What our books say has moved the wallet of an asset.
#[must_use]
pub fn booked(makers: &[MakerStatus], asset: &str) -> Cash {
    let of_asset = |maker: &&MakerStatus| maker.instrument.spec().quote_asset == asset;
    let makers = makers.iter().filter(of_asset);
    makers
        .map(|maker| maker.view.realised - maker.view.fees + maker.view.funding)
        .sum()
}

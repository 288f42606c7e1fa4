//! One wallet of the account against what our books say has moved it.
//!
//! The exchange tells the wallet with each fill and payment, our books move
//! when the fill itself is told: for a moment the two differ, and a lost
//! message heals with the next one. A difference that stays the same for five
//! seconds is said once. It is a transfer, somebody else's trade, a fill never
//! told, or our mistake; nothing is corrected here.

use phoenix_domain::{Balance, Cash, MonoNs};

/// The wallet of one quote asset.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wallet {
    /// Wallet less books when first told.
    base: Option<Cash>,
    latest: Cash,
    /// The difference now, and since when it has been that.
    difference: Cash,
    since: MonoNs,
    said: Cash,
}

const STAYS_MS: u64 = 5_000;
/// No wallet is larger, a billion: sums stay far from overflow.
const WALLET_MAX: Cash = Cash(100_000_000_000_000_000);

impl Wallet {
    /// Takes the exchange's figure; `books` is realised less fees plus
    /// funding of all symbols in this asset.
    pub(crate) fn reported(&mut self, now: MonoNs, balance: &Balance, books: Cash) {
        self.latest = balance.wallet.clamp(-WALLET_MAX, WALLET_MAX);
        if self.base.is_none() {
            self.base = Some(less(self.latest, books));
        }
        self.compare(now, books);
    }

    /// A difference that has stayed and was not said yet: the wallet less what
    /// our books explain. Zero after one means that it is gone.
    pub(crate) fn check(&mut self, now: MonoNs, books: Cash) -> Option<Cash> {
        self.compare(now, books);
        let stayed = now >= self.since.plus_ms(STAYS_MS);
        if !stayed || self.difference == self.said {
            return None;
        }
        self.said = self.difference;
        Some(self.difference)
    }

    /// The wallet without this run's profit; `None` until first told.
    #[must_use]
    pub(crate) fn stake(&self) -> Option<Cash> {
        self.base
    }

    fn compare(&mut self, now: MonoNs, books: Cash) {
        let Some(base) = self.base else { return };
        let difference = less(less(self.latest, base), books);
        if difference != self.difference {
            self.difference = difference;
            self.since = now;
        }
    }
}

/// Saturating: no account is near the ends, and a broken message must not
/// end the program.
fn less(cash: Cash, other: Cash) -> Cash {
    Cash(cash.0.saturating_sub(other.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_domain::VenueMs;

    fn at(ms: u64) -> MonoNs {
        MonoNs(0).plus_ms(ms)
    }

    fn told(wallet: &mut Wallet, ms: u64, cash: i64, books: i64) {
        let balance = Balance {
            asset: 0,
            wallet: Cash(cash),
            venue_ms: VenueMs(0),
        };
        wallet.reported(at(ms), &balance, Cash(books));
    }

    #[test]
    fn a_message_on_its_way_is_no_difference() {
        let mut wallet = Wallet::default();
        told(&mut wallet, 0, 1_000, 0);
        told(&mut wallet, 10, 1_007, 0);
        assert_eq!(wallet.check(at(11), Cash(7)), None);
        assert_eq!(wallet.check(at(9_000), Cash(7)), None);
    }

    #[test]
    fn what_stays_is_said_once_and_its_end_too() {
        let mut wallet = Wallet::default();
        told(&mut wallet, 0, 1_000, 50);
        told(&mut wallet, 10, 1_300, 50);
        assert_eq!(wallet.check(at(5_009), Cash(50)), None);
        assert_eq!(wallet.check(at(5_010), Cash(50)), Some(Cash(300)));
        assert_eq!(wallet.check(at(6_000), Cash(50)), None);
        told(&mut wallet, 7_000, 1_000, 50);
        assert_eq!(wallet.check(at(12_000), Cash(50)), Some(Cash(0)));
    }
}

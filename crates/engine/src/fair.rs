//! Where the grid is centred: the reservation price.
//!
//! mid − (inventory ⁄ net_max) × skew × mid − ½ × predicted funding × mid.
//! Long inventory lowers it, so that selling comes nearer; positive funding,
//! which longs pay, lowers it too. Beyond `net_max` the skew stays complete.

use phoenix_domain::Qty;

use crate::terms::Terms;

/// A smaller change of the inventory ratio keeps the former skew. The last
/// bit of a binary fraction must not decide whether 5 % is 5 %.
const RATIO_STEP: f64 = 0.05 - 1e-9;

/// Remembers the inventory ratio that the skew was last made from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Skew {
    held: f64,
}

impl Skew {
    /// The inventory ratio to use now, −1 to 1: the former one while the
    /// change is small and the sign is the same.
    pub(crate) fn ratio(&mut self, position: Qty, terms: &Terms) -> f64 {
        let ratio = (position.0 as f64 / terms.net_max.0 as f64).clamp(-1.0, 1.0);
        let flipped = sign(ratio) != sign(self.held);
        let change = libm::fabs(ratio - self.held);
        if flipped || change >= RATIO_STEP {
            self.held = ratio;
        }
        self.held
    }

    /// The ratio in use.
    pub(crate) fn held(self) -> f64 {
        self.held
    }
}

/// The reservation price in ticks.
pub(crate) fn reservation(mid: f64, ratio: f64, funding: f64, terms: &Terms) -> f64 {
    mid - ratio * terms.skew_coeff * mid - 0.5 * funding * mid
}

fn sign(ratio: f64) -> i8 {
    i8::from(ratio > 0.0) - i8::from(ratio < 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::tests::terms;

    #[test]
    fn inventory_and_funding_move_it_as_stated() {
        let terms = terms(|settings| settings.inventory_skew_coeff = 0.002);
        let mid = 250_000.0;
        assert!((reservation(mid, 0.5, 0.0, &terms) - 249_750.0).abs() < 1e-6);
        assert!((reservation(mid, -0.5, 0.0, &terms) - 250_250.0).abs() < 1e-6);
        assert!((reservation(mid, 0.0, 0.0001, &terms) - 249_987.5).abs() < 1e-6);
    }

    #[test]
    fn small_changes_keep_the_skew_unless_the_sign_flips() {
        let terms = terms(|_| {});
        let net_max = terms.net_max.0;
        let mut skew = Skew::default();
        let mut at = |percent: i64| skew.ratio(Qty(net_max * percent / 100), &terms);
        assert_eq!(at(40), 0.4);
        assert_eq!(at(44), 0.4);
        assert_eq!(at(36), 0.4);
        assert_eq!(at(45), 0.45);
        assert_eq!(at(2), 0.02);
        assert_eq!(at(-1), -0.01);
        assert_eq!(at(0), 0.0);
        assert_eq!(at(-300), -1.0);
    }
}

//! Grinding inventory down in a calm market: give up a slice at once, then
//! stand a little better to take some of it back.
//!
//! A cycle: a reduce-only IOC for a share of the inventory; if it fills, a
//! post-only re-entry at its price improved by a fixed ratio, which stands at
//! most as long as the cool-down, in which no other slice goes out.

use phoenix_domain::{ClientId, MonoNs, Price, Qty, Side};

use crate::flatten::{Slice, bounded, closing_side};
use crate::terms::{Terms, times};

/// The running cycle, if any.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Grinding {
    slice: Option<ClientId>,
    quiet_until: Option<MonoNs>,
    reentry: Option<Reentry>,
}

/// What was given up and is wanted back.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reentry {
    side: Side,
    price: Price,
    /// Still wanted.
    qty: Qty,
    until: MonoNs,
}

impl Grinding {
    /// The slice to give up now, if one is due: inventory above the threshold,
    /// a calm market, and the cool-down over.
    pub(crate) fn due(
        &self,
        terms: &Terms,
        now: MonoNs,
        position: Qty,
        sigma_ratio: f64,
        best: (Price, Price),
    ) -> Option<Slice> {
        let quiet = self.quiet_until.is_some_and(|until| now < until);
        let calm = sigma_ratio < terms.calm_sigma_max;
        if quiet || !calm || self.slice.is_some() || position.abs() <= terms.grinding_qty {
            return None;
        }
        let qty = times(position.abs(), terms.grinding_slice).min(terms.order_qty_max);
        let side = closing_side(position);
        (qty.0 > 0).then(|| Slice {
            side,
            price: bounded(side, best, 0.0),
            qty,
        })
    }

    /// A slice was sent under this name.
    pub(crate) fn sent(&mut self, id: ClientId, now: MonoNs, terms: &Terms) {
        self.slice = Some(id);
        self.quiet_until = Some(now.plus_ms(terms.grinding_cooldown_ms));
    }

    /// The slice of this name can fill no more.
    pub(crate) fn ended(&mut self, id: ClientId) {
        if self.slice == Some(id) {
            self.slice = None;
        }
    }

    /// Something of ours filled: the slice starts the re-entry, and anything
    /// on the re-entry's side takes from what is still wanted.
    pub(crate) fn filled(
        &mut self,
        terms: &Terms,
        now: MonoNs,
        id: Option<ClientId>,
        side: Side,
        price: Price,
        qty: Qty,
    ) {
        if id.is_some() && id == self.slice {
            let better = (price.0 as f64 * terms.reentry_distance) as i64;
            self.reentry = Some(Reentry {
                side: side.opposite(),
                price: Price(price.0 + side.sign() * better.max(1)),
                qty: terms.reentry_qty,
                until: now.plus_ms(terms.grinding_cooldown_ms),
            });
        } else if let Some(reentry) = &mut self.reentry
            && reentry.side == side
        {
            reentry.qty = Qty((reentry.qty - qty).0.max(0));
        }
    }

    /// The re-entry that should stand now.
    pub(crate) fn reentry(&self, now: MonoNs) -> Option<(Side, Price, Qty)> {
        let reentry = self.reentry.filter(|reentry| now < reentry.until)?;
        (reentry.qty.0 > 0).then_some((reentry.side, reentry.price, reentry.qty))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::tests::terms;
    use phoenix_domain::RunId;

    const BEST: (Price, Price) = (Price(250_000), Price(250_010));
    const ID: ClientId = ClientId {
        run: RunId(7),
        seq: 1,
    };

    #[test]
    fn only_above_the_threshold_and_in_calm() {
        let terms = terms(|_| {});
        let grinding = Grinding::default();
        let due = |position, sigma| grinding.due(&terms, MonoNs(0), Qty(position), sigma, BEST);
        assert_eq!(due(280, 0.0), None);
        assert_eq!(due(300, 0.01), None);
        assert_eq!(
            due(300, 0.0099),
            Some(Slice {
                side: Side::Sell,
                price: Price(250_000),
                qty: Qty(22)
            })
        );
        assert_eq!(
            due(-300, 0.0),
            Some(Slice {
                side: Side::Buy,
                price: Price(250_010),
                qty: Qty(22)
            })
        );
    }

    #[test]
    fn a_filled_slice_re_enters_better_and_larger_then_rests() {
        let terms = terms(|_| {});
        let mut grinding = Grinding::default();
        grinding.sent(ID, MonoNs(0), &terms);
        assert_eq!(grinding.reentry(MonoNs(1)), None);
        let now = MonoNs(2);
        grinding.filled(&terms, now, Some(ID), Side::Sell, Price(250_000), Qty(22));
        grinding.ended(ID);
        // 4.2 bp below 2500.00 is 2498.95; 2.1 × 0.02
        let reentry = grinding.reentry(now);
        assert_eq!(reentry, Some((Side::Buy, Price(249_895), Qty(42))));
        assert_eq!(
            grinding.due(&terms, MonoNs(60_000_000_000 - 1), Qty(300), 0.0, BEST),
            None
        );
        assert!(
            grinding
                .due(&terms, MonoNs(60_000_000_000), Qty(300), 0.0, BEST)
                .is_some()
        );
        grinding.filled(&terms, now, None, Side::Buy, Price(249_895), Qty(42));
        assert_eq!(grinding.reentry(now), None);
    }
}

//! Closing a position that must not be held: the loss limits that order it,
//! and the slices that do it.
//!
//! A slice is a reduce-only IOC with a price bound, one at a time, sent only
//! once nothing else of ours can fill. If the book has no price within the
//! bound the remainder expires and the next slice tries anew. Who may order a
//! flatten, and that the maker stays paused afterwards, is not decided here.

use phoenix_domain::{Cash, ClientId, MonoNs, PauseReason, Position, Price, Qty, Side};

use crate::terms::{Terms, times};

/// Unrealised loss beyond the limit: how much, and the limit.
pub(crate) fn loss_beyond(
    terms: &Terms,
    position: &Position,
    unrealised: Cash,
) -> Option<(Cash, Cash)> {
    let limit = position.cost.times(terms.stop_loss);
    let loss = -unrealised;
    (!position.qty.is_zero() && loss > limit).then_some((loss, limit))
}

/// Fall from the day's peak equity beyond the limit: how much, and the limit.
pub(crate) fn drawdown_beyond(terms: &Terms, peak: Cash, equity: Cash) -> Option<(Cash, Cash)> {
    let limit = Cash(peak.0.max(0)).times(terms.drawdown);
    let fall = peak - equity;
    (fall.0 > 0 && fall > limit).then_some((fall, limit))
}

/// The closing of one position, if one is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Flatten {
    #[default]
    Idle,
    /// Ordered; slices follow once nothing else can fill.
    Closing {
        reason: PauseReason,
        /// Lots of one slice, fixed when the first is sent.
        slice: Option<Qty>,
        in_flight: Option<ClientId>,
        next_at: MonoNs,
    },
}

/// One slice to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) side: Side,
    pub(crate) price: Price,
    pub(crate) qty: Qty,
}

impl Flatten {
    /// Starts closing; an order already under way goes on.
    pub(crate) fn order(&mut self, reason: PauseReason, now: MonoNs) {
        if *self == Self::Idle {
            *self = Self::Closing {
                reason,
                slice: None,
                in_flight: None,
                next_at: now,
            };
        }
    }

    /// The next slice, if one is due. The caller has seen to it that nothing
    /// else can fill and that the prices are fresh.
    pub(crate) fn due(
        &mut self,
        terms: &Terms,
        now: MonoNs,
        position: Qty,
        best: (Price, Price),
    ) -> Option<Slice> {
        let Self::Closing {
            slice,
            in_flight: None,
            next_at,
            ..
        } = self
        else {
            return None;
        };
        if now < *next_at || position.is_zero() {
            return None;
        }
        let size = *slice.get_or_insert(times(position.abs(), terms.flatten_slice).max(Qty(1)));
        let side = closing_side(position);
        Some(Slice {
            side,
            price: bounded(side, best, terms.slippage_max),
            qty: size
                .min(position.abs())
                .min(terms.order_qty_max.max(Qty(1))),
        })
    }

    /// A slice was sent under this name.
    pub(crate) fn sent(&mut self, id: ClientId, now: MonoNs, terms: &Terms) {
        match self {
            Self::Idle => {}
            Self::Closing {
                in_flight, next_at, ..
            } => {
                *in_flight = Some(id);
                *next_at = now.plus_ms(terms.flatten_interval_ms);
            }
        }
    }

    /// The slice of this name can fill no more.
    pub(crate) fn ended(&mut self, id: ClientId) {
        match self {
            Self::Closing { in_flight, .. } if *in_flight == Some(id) => *in_flight = None,
            Self::Idle | Self::Closing { .. } => {}
        }
    }

    /// Ends once nothing is held. True if that was now.
    pub(crate) fn finish_if_flat(&mut self, position: Qty) -> bool {
        let done = match self {
            Self::Idle => false,
            Self::Closing { in_flight, .. } => in_flight.is_none() && position.is_zero(),
        };
        if done {
            *self = Self::Idle;
        }
        done
    }

    /// A person called it off.
    pub(crate) fn call_off(&mut self, lifted: PauseReason) {
        match self {
            Self::Closing { reason, .. } if *reason == lifted => *self = Self::Idle,
            Self::Idle | Self::Closing { .. } => {}
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        *self != Self::Idle
    }

    /// The slice that is on its way.
    pub(crate) fn in_flight(&self) -> Option<ClientId> {
        match self {
            Self::Idle => None,
            Self::Closing { in_flight, .. } => *in_flight,
        }
    }

    /// When the next slice may be due.
    pub(crate) fn deadline(&self) -> Option<MonoNs> {
        match self {
            Self::Closing {
                in_flight: None,
                next_at,
                ..
            } => Some(*next_at),
            Self::Idle | Self::Closing { .. } => None,
        }
    }
}

/// The side that brings a position to zero.
pub(crate) fn closing_side(position: Qty) -> Side {
    if position.0 > 0 {
        Side::Sell
    } else {
        Side::Buy
    }
}

/// Through the best opposite price by at most the ratio.
pub(crate) fn bounded(side: Side, best: (Price, Price), slippage_max: f64) -> Price {
    let (bid, ask) = best;
    match side {
        Side::Buy => Price(ask.0 + (ask.0 as f64 * slippage_max) as i64),
        Side::Sell => Price((bid.0 - (bid.0 as f64 * slippage_max) as i64).max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::tests::terms;
    use phoenix_domain::RunId;

    const BEST: (Price, Price) = (Price(250_000), Price(250_010));

    fn id(seq: u32) -> ClientId {
        ClientId { run: RunId(7), seq }
    }

    #[test]
    fn loss_and_drawdown_have_their_limits() {
        let terms = terms(|_| {});
        let position = Position {
            qty: Qty(100),
            cost: Cash(25_000_000_000),
        };
        // 2 % of 250 is 5
        assert_eq!(loss_beyond(&terms, &position, Cash(-500_000_000)), None);
        assert_eq!(
            loss_beyond(&terms, &position, Cash(-500_000_001)),
            Some((Cash(500_000_001), Cash(500_000_000)))
        );
        assert_eq!(loss_beyond(&terms, &Position::default(), Cash(-9)), None);
        // 3 % of 1000 is 30
        let peak = Cash(100_000_000_000);
        assert_eq!(drawdown_beyond(&terms, peak, Cash(97_000_000_000)), None);
        assert!(drawdown_beyond(&terms, peak, Cash(96_999_999_999)).is_some());
    }

    #[test]
    fn slices_go_one_at_a_time_until_flat() {
        let terms = terms(|_| {});
        let mut flatten = Flatten::default();
        flatten.order(PauseReason::StopLoss, MonoNs(0));
        let slice = flatten.due(&terms, MonoNs(0), Qty(103), BEST);
        assert_eq!(
            slice,
            Some(Slice {
                side: Side::Sell,
                price: Price(249_500),
                qty: Qty(25)
            })
        );
        flatten.sent(id(1), MonoNs(0), &terms);
        let later = MonoNs(0).plus_ms(600);
        assert_eq!(flatten.due(&terms, later, Qty(78), BEST), None);
        flatten.ended(id(1));
        let slice = flatten.due(&terms, later, Qty(10), BEST).expect("due");
        assert_eq!(slice.qty, Qty(10));
        assert!(!flatten.finish_if_flat(Qty(10)));
        assert!(flatten.finish_if_flat(Qty(0)));
        assert!(!flatten.is_closing());
    }

    #[test]
    fn a_short_is_bought_back_within_the_bound() {
        let mut flatten = Flatten::default();
        let terms = terms(|_| {});
        flatten.order(PauseReason::Operator, MonoNs(0));
        let slice = flatten.due(&terms, MonoNs(0), Qty(-40), BEST).expect("due");
        assert_eq!((slice.side, slice.price), (Side::Buy, Price(250_510)));
        flatten.call_off(PauseReason::StopLoss);
        assert!(flatten.is_closing());
        flatten.call_off(PauseReason::Operator);
        assert!(!flatten.is_closing());
    }
}

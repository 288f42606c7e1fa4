//! What the end of a request means for the order: reply → [`Step`].
//!
//! Refusals are matched without a wildcard, so that a new meaning has to be
//! thought through once per request.

use phoenix_domain::{At, Outcome, RefusalReason};

use super::lifecycle::Step;
use super::order::{Order, is_plausible};

/// The end of a placement.
pub(super) fn placed(order: &mut Order, at: At, outcome: &Outcome) {
    use RefusalReason::*;
    match outcome {
        Outcome::Confirmed(report) if is_plausible(report, order.side) => {
            order.report(at, report, None, 0);
        }
        Outcome::Confirmed(_) | Outcome::Unknown(_) => order.take(at, Step::PlaceUnknown),
        Outcome::Refused(refusal) => match refusal.reason {
            // The id is open: an earlier attempt of it landed. And "no such
            // order" is no answer to a placement at all.
            DuplicateClientId | NoSuchOrder => order.take(at, Step::PlaceUnknown),
            WouldCross | NothingToAmend | AmendInFlight | ReduceOnly | Margin | OpenOrderLimit
            | Filter | RateLimited | Overloaded | Clock | ReduceOnlyMode | NotAllowed
            | SymbolHalted | NotSent | Rejected => order.take(at, Step::PlaceRefused),
        },
    }
}

/// The end of an amend.
pub(super) fn amended(order: &mut Order, at: At, outcome: &Outcome) {
    use RefusalReason::*;
    match outcome {
        Outcome::Confirmed(report) if is_plausible(report, order.side) => {
            let step = if report.status.is_final() {
                Step::Final
            } else {
                Step::OpenAmended
            };
            order.take_report(at, report, step);
        }
        Outcome::Confirmed(_) | Outcome::Unknown(_) => order.take(at, Step::AmendUnknown),
        Outcome::Refused(refusal) => match refusal.reason {
            NoSuchOrder => order.take(at, Step::NotOpen),
            // A post-only order amended across the spread is cancelled, and
            // which reply comes with that is not documented; an amend in
            // flight is one that we have lost sight of.
            WouldCross | AmendInFlight | DuplicateClientId => order.take(at, Step::AmendUnknown),
            NothingToAmend => order.take_as_asked(at),
            ReduceOnly | Margin | OpenOrderLimit | Filter | RateLimited | Overloaded | Clock
            | ReduceOnlyMode | NotAllowed | SymbolHalted | NotSent | Rejected => {
                order.take(at, Step::AmendRefused);
            }
        },
    }
}

/// The end of a cancel.
pub(super) fn cancelled(order: &mut Order, at: At, outcome: &Outcome) {
    use RefusalReason::*;
    match outcome {
        Outcome::Confirmed(report) if is_plausible(report, order.side) => {
            let step = if report.status.is_final() {
                Step::Final
            } else {
                Step::CancelUnknown
            };
            order.take_report(at, report, step);
        }
        Outcome::Confirmed(_) | Outcome::Unknown(_) => order.take(at, Step::CancelUnknown),
        Outcome::Refused(refusal) => match refusal.reason {
            NoSuchOrder => order.take(at, Step::NotOpen),
            WouldCross | DuplicateClientId | NothingToAmend | AmendInFlight | ReduceOnly
            | Margin | OpenOrderLimit | Filter | RateLimited | Overloaded | Clock
            | ReduceOnlyMode | NotAllowed | SymbolHalted | NotSent | Rejected => {
                order.take(at, Step::CancelRefused);
            }
        },
    }
}

/// The answer to a question about the order.
pub(super) fn queried(order: &mut Order, at: At, outcome: &Outcome, proof_ms: u64) {
    use RefusalReason::*;
    let asked = order.answered(at);
    match outcome {
        Outcome::Confirmed(report) if is_plausible(report, order.side) => {
            order.report(at, report, asked, proof_ms);
        }
        Outcome::Confirmed(_) | Outcome::Unknown(_) => {}
        Outcome::Refused(refusal) => match refusal.reason {
            NoSuchOrder if order.proves(asked, proof_ms) => order.take(at, Step::Absent),
            NoSuchOrder | WouldCross | DuplicateClientId | NothingToAmend | AmendInFlight
            | ReduceOnly | Margin | OpenOrderLimit | Filter | RateLimited | Overloaded | Clock
            | ReduceOnlyMode | NotAllowed | SymbolHalted | NotSent | Rejected => {}
        },
    }
}

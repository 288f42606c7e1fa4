//! The life of one order as a table: what we believe, what we learn, what we
//! then believe.
//!
//! Two rules hold the table together. A state that leaves open whether the
//! order can still fill is left on evidence only, never because time passed.
//! And an ended order comes back only if the exchange shows it open in answer
//! to a question asked after its end.
//!
//! Quantities, timestamps and the reading of replies are not here; they are in
//! [`super::order`].

/// What we believe about one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// Sent; no answer yet.
    PendingNew,
    /// Sent; nobody knows whether it arrived.
    UnknownNew,
    /// Rests, and nothing is asked of it.
    Live,
    /// Rests; a new price or quantity was asked for.
    PendingAmend,
    /// Rests; nobody knows at which of two prices.
    UnknownAmend,
    /// Its end was asked for.
    PendingCancel,
    /// Its end was asked for and nobody knows whether it came.
    UnknownCancel,
    /// Its end was asked for before its placement was answered.
    CancelOverNew,
    /// Its end was asked for while an amend was open.
    CancelOverAmend,
    /// Not open any more, by the exchange; how much of it filled is unknown.
    Missing,
    /// Filled, cancelled, expired, or proven never to have existed.
    Ended,
}

/// What we do or learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// We send an amend.
    AmendSent,
    /// We send a cancel.
    CancelSent,
    /// The placement was definitely not done.
    PlaceRefused,
    /// The placement may or may not have been done.
    PlaceUnknown,
    /// The amend was definitely not done.
    AmendRefused,
    /// The amend may or may not have been done.
    AmendUnknown,
    /// The cancel was definitely not done, and the order was there.
    CancelRefused,
    /// The cancel may or may not have been done.
    CancelUnknown,
    /// A cancel or amend found no open order, or a list lacks it.
    NotOpen,
    /// Shown open by a statement that may be older than our last request.
    Open,
    /// Shown open with what the amend asked for.
    OpenAmended,
    /// Shown open in answer to a question asked when nothing of ours could
    /// still be on its way.
    OpenSettled,
    /// Shown filled, cancelled or expired.
    Final,
    /// Not known to the exchange, asked when nothing of ours could still be on
    /// its way.
    Absent,
}

impl State {
    /// The table.
    #[must_use]
    pub(crate) fn after(self, step: Step) -> Self {
        use State::*;
        use Step::*;
        match (self, step) {
            (PendingNew, AmendSent | AmendRefused | AmendUnknown) => PendingNew,
            (PendingNew, CancelRefused | CancelUnknown | NotOpen) => PendingNew,
            (PendingNew, PlaceUnknown) => UnknownNew,
            (PendingNew, CancelSent) => CancelOverNew,
            (PendingNew, Open | OpenAmended | OpenSettled) => Live,
            (PendingNew, PlaceRefused | Final | Absent) => Ended,

            (UnknownNew, AmendSent | AmendRefused | AmendUnknown) => UnknownNew,
            (UnknownNew, CancelRefused | CancelUnknown | NotOpen) => UnknownNew,
            (UnknownNew, PlaceUnknown) => UnknownNew,
            (UnknownNew, CancelSent) => CancelOverNew,
            (UnknownNew, Open | OpenAmended | OpenSettled) => Live,
            (UnknownNew, PlaceRefused | Final | Absent) => Ended,

            (Live, PlaceRefused | PlaceUnknown | AmendRefused | AmendUnknown) => Live,
            (Live, CancelRefused | CancelUnknown) => Live,
            (Live, Open | OpenAmended | OpenSettled) => Live,
            (Live, AmendSent) => PendingAmend,
            (Live, CancelSent) => PendingCancel,
            (Live, NotOpen) => Missing,
            (Live, Final | Absent) => Ended,

            (PendingAmend, AmendSent | PlaceRefused | PlaceUnknown) => PendingAmend,
            (PendingAmend, CancelRefused | CancelUnknown | Open) => PendingAmend,
            (PendingAmend, AmendUnknown) => UnknownAmend,
            (PendingAmend, AmendRefused | OpenAmended | OpenSettled) => Live,
            (PendingAmend, CancelSent) => CancelOverAmend,
            (PendingAmend, NotOpen) => Missing,
            (PendingAmend, Final | Absent) => Ended,

            (UnknownAmend, AmendSent | PlaceRefused | PlaceUnknown) => UnknownAmend,
            (UnknownAmend, CancelRefused | CancelUnknown | Open) => UnknownAmend,
            (UnknownAmend, AmendUnknown) => UnknownAmend,
            (UnknownAmend, AmendRefused | OpenAmended | OpenSettled) => Live,
            (UnknownAmend, CancelSent) => CancelOverAmend,
            (UnknownAmend, NotOpen) => Missing,
            (UnknownAmend, Final | Absent) => Ended,

            (PendingCancel, AmendSent | CancelSent | PlaceRefused) => PendingCancel,
            (PendingCancel, PlaceUnknown | AmendRefused | AmendUnknown) => PendingCancel,
            (PendingCancel, Open | OpenAmended) => PendingCancel,
            (PendingCancel, CancelUnknown) => UnknownCancel,
            (PendingCancel, CancelRefused | OpenSettled) => Live,
            (PendingCancel, NotOpen) => Missing,
            (PendingCancel, Final | Absent) => Ended,

            (UnknownCancel, AmendSent | PlaceRefused | PlaceUnknown) => UnknownCancel,
            (UnknownCancel, AmendRefused | AmendUnknown) => UnknownCancel,
            (UnknownCancel, CancelUnknown | Open | OpenAmended) => UnknownCancel,
            (UnknownCancel, CancelSent) => PendingCancel,
            (UnknownCancel, CancelRefused | OpenSettled) => Live,
            (UnknownCancel, NotOpen) => Missing,
            (UnknownCancel, Final | Absent) => Ended,

            // A cancel that found nothing proves nothing here: it may have
            // overtaken the placement.
            (CancelOverNew, AmendSent | CancelSent | PlaceUnknown) => CancelOverNew,
            (CancelOverNew, AmendRefused | AmendUnknown) => CancelOverNew,
            (CancelOverNew, CancelRefused | CancelUnknown | NotOpen) => UnknownNew,
            (CancelOverNew, Open | OpenAmended) => PendingCancel,
            (CancelOverNew, OpenSettled) => Live,
            (CancelOverNew, PlaceRefused | Final | Absent) => Ended,

            (CancelOverAmend, AmendSent | CancelSent | PlaceRefused) => CancelOverAmend,
            (CancelOverAmend, PlaceUnknown | AmendUnknown | Open) => CancelOverAmend,
            (CancelOverAmend, AmendRefused | OpenAmended) => PendingCancel,
            (CancelOverAmend, CancelRefused | CancelUnknown) => UnknownAmend,
            (CancelOverAmend, OpenSettled) => Live,
            (CancelOverAmend, NotOpen) => Missing,
            (CancelOverAmend, Final | Absent) => Ended,

            // An open report now may be one from before; only an answer to a
            // later question counts.
            (Missing, AmendSent | CancelSent | PlaceRefused | PlaceUnknown) => Missing,
            (Missing, AmendRefused | AmendUnknown | CancelRefused) => Missing,
            (Missing, CancelUnknown | NotOpen | Open | OpenAmended) => Missing,
            (Missing, OpenSettled) => Live,
            (Missing, Final | Absent) => Ended,

            (Ended, AmendSent | CancelSent | PlaceRefused | PlaceUnknown) => Ended,
            (Ended, AmendRefused | AmendUnknown | CancelRefused) => Ended,
            (Ended, CancelUnknown | NotOpen | Open | OpenAmended) => Ended,
            (Ended, OpenSettled) => Live,
            (Ended, Final | Absent) => Ended,
        }
    }

    /// Nobody knows: only the exchange can tell, so it is asked.
    #[must_use]
    pub(crate) fn is_unknown(self) -> bool {
        use State::*;
        match self {
            UnknownNew | UnknownAmend | UnknownCancel | Missing => true,
            PendingNew | Live | PendingAmend | PendingCancel => false,
            CancelOverNew | CancelOverAmend | Ended => false,
        }
    }

    /// A request of ours is on its way or unresolved.
    #[must_use]
    pub(crate) fn is_unsettled(self) -> bool {
        self != Self::Live && self != Self::Ended
    }

    /// A cancel would make sense now: one is not already on its way.
    #[must_use]
    pub(crate) fn may_cancel(self) -> bool {
        use State::*;
        match self {
            PendingNew | UnknownNew | Live | PendingAmend | UnknownAmend | UnknownCancel => true,
            PendingCancel | CancelOverNew | CancelOverAmend | Missing | Ended => false,
        }
    }
}

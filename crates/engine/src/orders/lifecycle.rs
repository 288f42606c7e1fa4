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
    /// The table. A cancel that found nothing proves nothing of an order whose
    /// placement is unanswered: it may have overtaken the placement. And an
    /// open report of a missing order may be one from before.
    #[must_use]
    pub(crate) fn after(self, step: Step) -> Self {
        use State::*;
        use Step::*;
        match (self, step) {
            (PendingNew | UnknownNew, AmendSent | AmendRefused | AmendUnknown) => self,
            (PendingNew | UnknownNew, CancelRefused | CancelUnknown | NotOpen) => self,
            (PendingNew | UnknownNew, PlaceUnknown) => UnknownNew,
            (PendingNew | UnknownNew, CancelSent) => CancelOverNew,
            (PendingNew | UnknownNew, Open | OpenAmended | OpenSettled) => Live,
            (PendingNew | UnknownNew, PlaceRefused | Final | Absent) => Ended,

            (CancelOverNew, AmendSent | CancelSent | PlaceUnknown) => CancelOverNew,
            (CancelOverNew, AmendRefused | AmendUnknown) => CancelOverNew,
            (CancelOverNew, CancelRefused | CancelUnknown | NotOpen) => UnknownNew,
            (CancelOverNew, Open | OpenAmended) => PendingCancel,
            (CancelOverNew, OpenSettled) => Live,
            (CancelOverNew, PlaceRefused | Final | Absent) => Ended,

            (Live, PlaceRefused | PlaceUnknown | AmendRefused | AmendUnknown) => Live,
            (Live, CancelRefused | CancelUnknown | Open | OpenAmended | OpenSettled) => Live,
            (Live, AmendSent) => PendingAmend,
            (Live, CancelSent) => PendingCancel,
            (Live, NotOpen) => Missing,
            (Live, Final | Absent) => Ended,

            (PendingAmend | UnknownAmend, AmendSent | PlaceRefused | PlaceUnknown) => self,
            (PendingAmend | UnknownAmend, CancelRefused | CancelUnknown | Open) => self,
            (PendingAmend | UnknownAmend, AmendUnknown) => UnknownAmend,
            (PendingAmend | UnknownAmend, AmendRefused | OpenAmended | OpenSettled) => Live,
            (PendingAmend | UnknownAmend, CancelSent) => CancelOverAmend,
            (PendingAmend | UnknownAmend, NotOpen) => Missing,
            (PendingAmend | UnknownAmend, Final | Absent) => Ended,

            (CancelOverAmend, AmendSent | CancelSent | PlaceRefused) => CancelOverAmend,
            (CancelOverAmend, PlaceUnknown | AmendUnknown | Open) => CancelOverAmend,
            (CancelOverAmend, AmendRefused | OpenAmended) => PendingCancel,
            (CancelOverAmend, CancelRefused | CancelUnknown) => UnknownAmend,
            (CancelOverAmend, OpenSettled) => Live,
            (CancelOverAmend, NotOpen) => Missing,
            (CancelOverAmend, Final | Absent) => Ended,

            (PendingCancel | UnknownCancel, AmendSent | AmendRefused | AmendUnknown) => self,
            (PendingCancel | UnknownCancel, PlaceRefused | PlaceUnknown) => self,
            (PendingCancel | UnknownCancel, Open | OpenAmended) => self,
            (PendingCancel | UnknownCancel, CancelSent) => PendingCancel,
            (PendingCancel | UnknownCancel, CancelUnknown) => UnknownCancel,
            (PendingCancel | UnknownCancel, CancelRefused | OpenSettled) => Live,
            (PendingCancel | UnknownCancel, NotOpen) => Missing,
            (PendingCancel | UnknownCancel, Final | Absent) => Ended,

            (Missing | Ended, AmendSent | CancelSent | PlaceRefused | PlaceUnknown) => self,
            (Missing | Ended, AmendRefused | AmendUnknown | CancelRefused) => self,
            (Missing | Ended, CancelUnknown | NotOpen | Open | OpenAmended) => self,
            (Missing | Ended, OpenSettled) => Live,
            (Missing | Ended, Final | Absent) => Ended,
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

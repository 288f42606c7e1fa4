//! What a maker is doing, as one table, and why it holds still.

use phoenix_domain::PauseReason;

/// What a maker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Nothing is known yet; nothing rests by our doing.
    Starting,
    /// Orders, position and book are being learnt; what rests is pulled.
    Syncing,
    /// Quotes stand as wanted.
    Quoting,
    /// Held still by at least one reason; nothing may rest.
    Paused,
    /// Stopping: cancelling, and proving that nothing rests.
    Draining,
    /// Nothing rests, by the exchange's own list. The end.
    Stopped,
}

/// What can move a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ModeEvent {
    /// The private stream delivers: the account can be learnt.
    AccountHeard,
    /// Orders, position and book are all known and whole.
    Synced,
    /// One of them is in doubt again.
    Doubted,
    /// The first reason to hold still came.
    Held,
    /// The last reason is gone.
    Released,
    /// The process is about to end.
    StopOrdered,
    /// The exchange lists no order of ours and none is unresolved.
    ProvenEmpty,
}

impl Mode {
    /// Where `event` leads. A maker that is held while in doubt goes on
    /// learning first: a pause never hides an unreconciled account.
    #[must_use]
    pub(crate) fn next(self, event: ModeEvent, held: bool) -> Self {
        use Mode::{Draining, Paused, Quoting, Starting, Stopped, Syncing};
        use ModeEvent as E;
        match (self, event) {
            (Starting, E::AccountHeard) => Syncing,
            (Starting, E::StopOrdered) => Draining,
            (Starting, E::Synced | E::Doubted | E::Held | E::Released | E::ProvenEmpty) => Starting,
            (Syncing, E::Synced) if held => Paused,
            (Syncing, E::Synced) => Quoting,
            (Syncing, E::StopOrdered) => Draining,
            (Syncing, E::AccountHeard | E::Doubted | E::Held | E::Released | E::ProvenEmpty) => {
                Syncing
            }
            (Quoting, E::Held) => Paused,
            (Quoting, E::Doubted) => Syncing,
            (Quoting, E::StopOrdered) => Draining,
            (Quoting, E::AccountHeard | E::Synced | E::Released | E::ProvenEmpty) => Quoting,
            (Paused, E::Released) => Quoting,
            (Paused, E::Doubted) => Syncing,
            (Paused, E::StopOrdered) => Draining,
            (Paused, E::AccountHeard | E::Synced | E::Held | E::ProvenEmpty) => Paused,
            (Draining, E::ProvenEmpty) => Stopped,
            (
                Draining,
                E::AccountHeard | E::Synced | E::Doubted | E::Held | E::Released | E::StopOrdered,
            ) => Draining,
            (
                Stopped,
                E::AccountHeard
                | E::Synced
                | E::Doubted
                | E::Held
                | E::Released
                | E::StopOrdered
                | E::ProvenEmpty,
            ) => Stopped,
        }
    }
}

/// The reasons that hold a maker still; they stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pauses(u8);

impl Pauses {
    const ALL: [PauseReason; 5] = [
        PauseReason::Operator,
        PauseReason::StopLoss,
        PauseReason::Schedule,
        PauseReason::Venue,
        PauseReason::Stopping,
    ];

    /// True if the reason is new.
    pub(crate) fn add(&mut self, reason: PauseReason) -> bool {
        let before = self.0;
        self.0 |= bit(reason);
        self.0 != before
    }

    /// True if the reason was there.
    pub(crate) fn lift(&mut self, reason: PauseReason) -> bool {
        let before = self.0;
        self.0 &= !bit(reason);
        self.0 != before
    }

    pub(crate) fn any(self) -> bool {
        self.0 != 0
    }

    pub(crate) fn has(self, reason: PauseReason) -> bool {
        self.0 & bit(reason) != 0
    }

    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = PauseReason> {
        Self::ALL
            .into_iter()
            .filter(move |&reason| self.has(reason))
    }
}

fn bit(reason: PauseReason) -> u8 {
    match reason {
        PauseReason::Operator => 1,
        PauseReason::StopLoss => 2,
        PauseReason::Schedule => 4,
        PauseReason::Venue => 8,
        PauseReason::Stopping => 16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODES: [Mode; 6] = [
        Mode::Starting,
        Mode::Syncing,
        Mode::Quoting,
        Mode::Paused,
        Mode::Draining,
        Mode::Stopped,
    ];
    const EVENTS: [ModeEvent; 7] = [
        ModeEvent::AccountHeard,
        ModeEvent::Synced,
        ModeEvent::Doubted,
        ModeEvent::Held,
        ModeEvent::Released,
        ModeEvent::StopOrdered,
        ModeEvent::ProvenEmpty,
    ];

    #[test]
    fn quoting_is_entered_only_in_sync_and_unheld() {
        for mode in MODES {
            for event in EVENTS {
                for held in [false, true] {
                    let entered = mode != Mode::Quoting && mode.next(event, held) == Mode::Quoting;
                    let allowed = (mode == Mode::Syncing && event == ModeEvent::Synced && !held)
                        || (mode == Mode::Paused && event == ModeEvent::Released);
                    assert_eq!(entered, allowed, "{mode:?} {event:?} {held}");
                }
            }
        }
    }

    #[test]
    fn a_stop_is_never_undone() {
        for event in EVENTS {
            for held in [false, true] {
                let draining = Mode::Draining.next(event, held);
                assert!(matches!(draining, Mode::Draining | Mode::Stopped));
                assert_eq!(Mode::Stopped.next(event, held), Mode::Stopped);
            }
        }
        for mode in [Mode::Starting, Mode::Syncing, Mode::Quoting, Mode::Paused] {
            assert_eq!(mode.next(ModeEvent::StopOrdered, false), Mode::Draining);
        }
    }

    #[test]
    fn reasons_stack_and_lift_by_name() {
        let mut pauses = Pauses::default();
        assert!(pauses.add(PauseReason::Operator));
        assert!(!pauses.add(PauseReason::Operator));
        assert!(pauses.add(PauseReason::Venue));
        assert!(pauses.lift(PauseReason::Operator));
        assert!(!pauses.lift(PauseReason::Operator));
        assert!(pauses.any() && pauses.has(PauseReason::Venue));
        assert_eq!(pauses.iter().count(), 1);
    }
}

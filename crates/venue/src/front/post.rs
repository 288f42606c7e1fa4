//! Things on their way: each arrives at its time, equal times in the order
//! sent. And the dice that make travel times uneven.

use std::collections::{BTreeMap, VecDeque};

use crate::exchange::VenueNs;

/// Things on their way.
#[derive(Debug)]
pub(crate) struct Post<T> {
    sent: u64,
    /// Due no earlier than anything before it: without jitter, everything.
    queue: VecDeque<(VenueNs, u64, T)>,
    /// What has to overtake something in the queue.
    early: BTreeMap<(VenueNs, u64), T>,
}

impl<T> Post<T> {
    pub(crate) fn new() -> Self {
        Self {
            sent: 0,
            queue: VecDeque::new(),
            early: BTreeMap::new(),
        }
    }

    /// Sends a thing to arrive at `due`.
    pub(crate) fn send(&mut self, due: VenueNs, thing: T) {
        self.sent += 1;
        match self.queue.back() {
            Some((last, ..)) if *last > due => {
                self.early.insert((due, self.sent), thing);
            }
            _ => self.queue.push_back((due, self.sent, thing)),
        }
    }

    /// The next thing that has arrived by `now`.
    pub(crate) fn receive(&mut self, now: VenueNs) -> Option<T> {
        let queued = self.queue.front().map(|(due, sent, _)| (*due, *sent));
        let early = self.early.keys().next().copied();
        let first = match (queued, early) {
            (Some(queued), Some(early)) => queued.min(early),
            (queued, early) => queued.or(early)?,
        };
        if first.0 > now {
            return None;
        }
        if Some(first) == queued {
            self.queue.pop_front().map(|(_, _, thing)| thing)
        } else {
            self.early.remove(&first)
        }
    }

    /// When the next thing arrives.
    pub(crate) fn next_due(&self) -> Option<VenueNs> {
        let queued = self.queue.front().map(|(due, ..)| *due);
        let early = self.early.keys().next().map(|(due, _)| *due);
        [queued, early].into_iter().flatten().min()
    }
}

/// A small seeded generator (xorshift64*): nothing here needs more.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15 | 1)
    }

    /// Evenly from 0 to `limit`.
    pub(crate) fn up_to(&mut self, limit: u64) -> u64 {
        if limit == 0 {
            return 0;
        }
        self.next() % limit.saturating_add(1)
    }

    /// Heads or tails.
    pub(crate) fn coin(&mut self) -> bool {
        self.next() >> 63 == 1
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn things_arrive_by_time_then_by_order(
            dues in proptest::collection::vec(0_u64..20, 0..60),
        ) {
            let mut post = Post::new();
            for (index, due) in dues.iter().enumerate() {
                post.send(VenueNs(*due), index);
            }
            let mut expected: Vec<usize> = (0..dues.len()).collect();
            expected.sort_by_key(|index| dues[*index]);
            let mut arrived = Vec::new();
            while let Some(due) = post.next_due() {
                arrived.extend(std::iter::from_fn(|| post.receive(due)));
            }
            prop_assert_eq!(arrived, expected);
        }
    }
}

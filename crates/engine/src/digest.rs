//! A running hash of state: FNV-1a over 64-bit words. It tells two runs apart;
//! it is no protection against anybody.

/// The hash so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn add(&mut self, word: u64) {
        // Rotation carries high bits down, which a word-wise FNV would lose.
        self.0 = (self.0 ^ word)
            .wrapping_mul(0x0000_0100_0000_01b3)
            .rotate_left(29);
    }

    pub(crate) fn add_signed(&mut self, number: i64) {
        self.add(number.cast_unsigned());
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }
}

//! Prices, quantities and money as integers.

use core::fmt;
use core::iter::Sum;
use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use crate::decimal::Decimal;

macro_rules! integer_quantity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// Magnitude without sign.
            #[must_use]
            pub fn abs(self) -> Self {
                Self(self.0.abs())
            }

            /// True for exactly zero.
            #[must_use]
            pub fn is_zero(self) -> bool {
                self.0 == 0
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }

        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self::ZERO, Add::add)
            }
        }
    };
}

integer_quantity! {
    /// A price in whole ticks of its instrument.
    Price
}

integer_quantity! {
    /// A quantity in whole lots of its instrument; signed where it is a
    /// position (long > 0, short < 0), never negative in an order.
    Qty
}

integer_quantity! {
    /// Money in 1e-8 of the quote asset. USDT and USDC both count as one
    /// dollar where amounts of several symbols are added.
    Cash
}

/// A ratio in 1e-8: fee rates, funding rates. 0.02 % is `Rate(20_000)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub i64);

impl Cash {
    /// This amount times a rate, to the nearest 1e-8 (half away from zero).
    #[must_use]
    pub fn times(self, rate: Rate) -> Self {
        let product = i128::from(self.0) * i128::from(rate.0);
        let half = if product < 0 { -50_000_000 } else { 50_000_000 };
        let cash = (product + half) / 100_000_000;
        Self(i64::try_from(cash).expect("a rate of at most one keeps cash in range"))
    }

    /// The nearest float, in whole units of the quote asset: for ratios and
    /// display only.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        Decimal(self.0).to_f64()
    }
}

impl Rate {
    /// The nearest float.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        Decimal(self.0).to_f64()
    }
}

impl fmt::Display for Cash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal(self.0).fmt(f)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal(self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_rounds_to_the_nearest_unit() {
        // 181.7064 at 0.05 % is 0.0908532 (a live taker fill of 2024-11-18)
        assert_eq!(Cash(18_170_640_000).times(Rate(50_000)), Cash(9_085_320));
        assert_eq!(Cash(1).times(Rate(50_000_000)), Cash(1));
        assert_eq!(Cash(-1).times(Rate(50_000_000)), Cash(-1));
    }
}

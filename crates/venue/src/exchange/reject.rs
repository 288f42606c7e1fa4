//! Refusals with the exchange's own numbers and texts (Binance's error code page).

use std::borrow::Cow;
use std::fmt;

/// A request the exchange refuses: nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Binance's error code.
    pub code: i32,
    /// Binance's text.
    pub msg: Cow<'static, str>,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.msg)
    }
}

impl std::error::Error for Reject {}

impl Reject {
    /// A code with a text made at run time.
    #[must_use]
    pub fn new(code: i32, msg: String) -> Self {
        Self {
            code,
            msg: Cow::Owned(msg),
        }
    }

    const fn fixed(code: i32, msg: &'static str) -> Self {
        Self {
            code,
            msg: Cow::Borrowed(msg),
        }
    }

    /// A cancel whose order is not open.
    pub const UNKNOWN_ORDER: Self = Self::fixed(-2011, "Unknown order sent.");
    /// A query or amendment whose order is not there.
    pub const NO_SUCH_ORDER: Self = Self::fixed(-2013, "Order does not exist.");
    /// Symbol index out of range.
    pub const BAD_SYMBOL: Self = Self::fixed(-1121, "Invalid symbol.");
    /// Available margin below the need.
    pub const MARGIN: Self = Self::fixed(-2019, "Margin is insufficient.");
    /// Nothing to reduce.
    pub const REDUCE_ONLY: Self = Self::fixed(-2022, "ReduceOnly Order is rejected.");
    /// More open orders than MAX_NUM_ORDERS.
    pub const OPEN_ORDERS: Self = Self::fixed(-2025, "Reach max open order limit.");
    /// Position and orders beyond the bracket.
    pub const BRACKET: Self = Self::fixed(
        -2027,
        "Exceeded the maximum allowable position at current leverage.",
    );
    /// New leverage needs more margin than there is.
    pub const LEVERAGE_MARGIN: Self = Self::fixed(
        -2028,
        "Leverage is smaller than permitted: insufficient margin balance.",
    );
    /// Price below PRICE_FILTER.
    pub const PRICE_LOW: Self = Self::fixed(-4013, "Price less than min price.");
    /// Price above PRICE_FILTER.
    pub const PRICE_HIGH: Self = Self::fixed(-4002, "Price greater than max price.");
    /// Quantity of nothing.
    pub const QTY_ZERO: Self = Self::fixed(-4003, "Quantity less than or equal to zero.");
    /// Quantity below LOT_SIZE.
    pub const QTY_LOW: Self = Self::fixed(-4004, "Quantity less than min quantity.");
    /// Quantity above LOT_SIZE.
    pub const QTY_HIGH: Self = Self::fixed(-4005, "Quantity greater than max quantity.");
    /// Leverage out of range.
    pub const LEVERAGE: Self = Self::fixed(-4028, "Leverage is not valid.");
    /// Margin type is already so.
    pub const MARGIN_TYPE_SAME: Self = Self::fixed(-4046, "No need to change margin type.");
    /// Margin type cannot change with open orders.
    pub const MARGIN_TYPE_ORDERS: Self = Self::fixed(
        -4047,
        "Margin type cannot be changed if there exists open orders.",
    );
    /// Margin type cannot change with a position.
    pub const MARGIN_TYPE_POSITION: Self = Self::fixed(
        -4048,
        "Margin type cannot be changed if there exists position.",
    );
    /// Position mode is already so.
    pub const POSITION_MODE_SAME: Self = Self::fixed(-4059, "No need to change position side.");
    /// Position side does not fit the mode.
    pub const POSITION_SIDE: Self = Self::fixed(
        -4061,
        "Order's position side does not match user's setting.",
    );
    /// Reduce-only has no place in hedge mode.
    pub const HEDGE_REDUCE_ONLY: Self =
        Self::fixed(-1106, "Parameter 'reduceonly' sent when not required.");
    /// Position mode cannot change with open orders.
    pub const POSITION_MODE_ORDERS: Self = Self::fixed(
        -4067,
        "Position side cannot be changed if there exists open orders.",
    );
    /// Position mode cannot change with a position.
    pub const POSITION_MODE_POSITION: Self = Self::fixed(
        -4068,
        "Position side cannot be changed if there exists position.",
    );
    /// Asset mode is already so.
    pub const MULTI_ASSETS_SAME: Self = Self::fixed(-4171, "No need to change asset mode.");
    /// Client id already open.
    pub const DUPLICATE_CLIENT_ID: Self = Self::fixed(-4116, "clientOrderId is duplicated");
    /// Reduce-only orders already cover the position.
    pub const REDUCE_ONLY_COVERED: Self = Self::fixed(
        -4118,
        "ReduceOnly Order Failed. Please \
         check your existing position and open orders",
    );
    /// Best opposite price outside the band.
    pub const MARKET_BAND: Self = Self::fixed(
        -4131,
        "The counterparty's best price does not meet the PERCENT_PRICE filter limit.",
    );
    /// Symbol is closed.
    pub const SYMBOL_CLOSED: Self = Self::fixed(-4141, "Symbol is closed.");
    /// Fill-or-kill killed.
    pub const FOK: Self = Self::fixed(
        -5021,
        "Due to the order could not be filled immediately, the FOK order has been rejected. \
         The order will not be recorded in the order history",
    );
    /// Post-only would take.
    pub const POST_ONLY: Self = Self::fixed(
        -5022,
        "Due to the order could not be executed as maker, the Post Only order will be rejected. \
         The order will not be recorded in the order history",
    );
    /// Symbol not trading, no amendments.
    pub const AMEND_HALTED: Self = Self::fixed(
        -5024,
        "Symbol is not in trading status. Order amendment is not permitted.",
    );
    /// Only limit orders can be amended.
    pub const AMEND_KIND: Self = Self::fixed(-5025, "Only limit order is supported.");
    /// Amended too often.
    pub const AMEND_COUNT: Self = Self::fixed(-5026, "Exceed maximum modify order limit.");
    /// Amend names the other side.
    pub const AMEND_SIDE: Self = Self::fixed(-1117, "Invalid side.");
    /// Nothing would change.
    pub const AMEND_SAME: Self = Self::fixed(-5027, "No need to modify the order.");
    /// GTD date out of range.
    pub const GOOD_TILL: Self = Self::fixed(
        -5040,
        "The goodTillDate timestamp must be greater than the current time plus 600 seconds \
         and smaller than 253402300799000",
    );
    /// priceMatch finds no such level.
    pub const NO_DEPTH: Self = Self::fixed(-5041, "No depth matches this BBO order");
    /// Amend says reduce-only, the order is not.
    pub const AMEND_REDUCE_ONLY: Self =
        Self::fixed(-5047, "The original order is not a reduce-only order.");
}

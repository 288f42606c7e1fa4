//! The synthetic crowd.

/// How one symbol's crowd behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowSpec {
    /// Price at the start, quote units.
    pub price: f64,
}

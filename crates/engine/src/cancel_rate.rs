//! cancel_rate

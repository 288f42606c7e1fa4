//! How the exchange spells the closed sets of the domain.

use phoenix_domain::{OrderStatus, Side, TimeInForce};

pub(crate) fn side_text(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

pub(crate) fn side_of(text: &str) -> Option<Side> {
    match text {
        "BUY" => Some(Side::Buy),
        "SELL" => Some(Side::Sell),
        _ => None,
    }
}

/// `None` for what Phoenix never sends: a value read from a newer exchange.
pub(crate) fn time_in_force_text(time_in_force: TimeInForce) -> Option<&'static str> {
    match time_in_force {
        TimeInForce::Gtc => Some("GTC"),
        TimeInForce::Ioc => Some("IOC"),
        TimeInForce::Fok => Some("FOK"),
        TimeInForce::PostOnly => Some("GTX"),
        TimeInForce::Gtd | TimeInForce::Other => None,
    }
}

pub(crate) fn time_in_force_of(text: &str) -> TimeInForce {
    match text {
        "GTC" => TimeInForce::Gtc,
        "IOC" => TimeInForce::Ioc,
        "FOK" => TimeInForce::Fok,
        "GTX" => TimeInForce::PostOnly,
        "GTD" => TimeInForce::Gtd,
        _ => TimeInForce::Other,
    }
}

pub(crate) fn status_of(text: &str) -> OrderStatus {
    match text {
        "NEW" => OrderStatus::New,
        "PARTIALLY_FILLED" => OrderStatus::PartiallyFilled,
        "FILLED" => OrderStatus::Filled,
        "CANCELED" => OrderStatus::Cancelled,
        // A rejected order never rested; like an expired one it cannot fill.
        "EXPIRED" | "EXPIRED_IN_MATCH" | "REJECTED" => OrderStatus::Expired,
        _ => OrderStatus::Other,
    }
}

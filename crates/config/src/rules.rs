//! What values must be together.

use phoenix_domain::Decimal;
use url::{Host, Url};

use crate::problem::{Fault, Problem};
use crate::settings::Venue;
use crate::value::Values;

/// Checks every rule whose keys are all legal by themselves.
pub(crate) fn check(global: &Values, symbols: &[Values], problems: &mut Vec<Problem>) {
    let mut rules = Rules { problems };
    rules.venue(global);
    rules.addresses(global);
    for (index, values) in symbols.iter().enumerate() {
        rules.unique(values, &symbols[..index]);
        rules.sizes(values);
        rules.exposure(values);
        rules.thresholds(values);
        rules.single_order(values, global);
    }
}

/// The venue that the legal keys name.
pub(crate) fn venue(global: &Values) -> Option<Venue> {
    if let (Some(rest_url), Some(ws_url)) = (global.text("rest_url"), global.text("ws_url")) {
        let ws_api_url = global.text("ws_api_url").map(String::from);
        return Some(Venue::Custom {
            rest_url: rest_url.into(),
            ws_url: ws_url.into(),
            ws_api_url: ws_api_url.unwrap_or_else(|| format!("{ws_url}/ws-fapi/v1")),
        });
    }
    match (global.text("venue"), global.flag("testnet")) {
        (Some("mainnet"), _) => Some(Venue::Mainnet),
        (Some(_), _) | (None, Some(true)) => Some(Venue::Testnet),
        (None, Some(false) | None) => None,
    }
}

struct Rules<'a> {
    problems: &'a mut Vec<Problem>,
}

impl Rules<'_> {
    fn error(&mut self, values: &Values, key: &str, fault: Fault) {
        let path = format!("{}.{key}", values.path);
        let place = values.place_of(key);
        self.problems.push(Problem::error(&path, place, fault));
    }

    fn warn(&mut self, values: &Values, key: &str, fault: Fault) {
        let path = format!("{}.{key}", values.path);
        let place = values.place_of(key);
        self.problems.push(Problem::warning(&path, place, fault));
    }

    /// Real money only where the word stands; one way of naming a venue.
    fn venue(&mut self, global: &Values) {
        let spelled = global.text("venue");
        let testnet = global.flag("testnet");
        let address = ["rest_url", "ws_url", "ws_api_url"]
            .into_iter()
            .find(|key| global.given.contains_key(key));
        if let (Some(venue), Some(key)) = (spelled, address) {
            let venue = venue.to_string();
            self.error(global, key, Fault::VenueTwice { venue });
        }
        match (spelled, testnet) {
            (Some("mainnet"), Some(true)) | (Some("testnet"), Some(false)) => {
                self.error(global, "testnet", Fault::VenueContradicted);
            }
            (None, Some(true)) if address.is_some() => {
                self.error(global, "testnet", Fault::VenueContradicted);
            }
            (None, Some(false) | None) => {
                let bad = ["venue", "rest_url", "ws_url"];
                if address.is_none() && !bad.iter().any(|key| global.bad.contains(key)) {
                    let testnet_false = testnet.is_some();
                    self.warn(global, "venue", Fault::VenueNotSpelled { testnet_false });
                }
            }
            (Some(_) | None, Some(_)) | (Some(_), None) => {}
        }
    }

    fn addresses(&mut self, global: &Values) {
        let has = |key| global.given.contains_key(key) || global.bad.contains(key);
        let any = has("rest_url") || has("ws_url") || has("ws_api_url");
        for key in ["rest_url", "ws_url"] {
            if any && !has(key) {
                self.error(global, key, Fault::AddressMissing { key });
            }
        }
        let remote_allowed = global.flag("allow_remote_venue") == Some(true);
        for key in ["rest_url", "ws_url", "ws_api_url"] {
            let Some(text) = global.text(key) else {
                continue;
            };
            let found = text.to_string();
            match reach(text) {
                Reach::Loopback => {}
                Reach::Binance => self.error(global, key, Fault::AddressOfBinance { found }),
                Reach::Remote if remote_allowed => {}
                Reach::Remote => self.error(global, key, Fault::AddressRemote { found }),
            }
        }
    }

    fn unique(&mut self, values: &Values, earlier: &[Values]) {
        let Some(symbol) = values.text("symbol") else {
            return;
        };
        let twin = earlier
            .iter()
            .find(|other| other.text("symbol") == Some(symbol));
        if let Some(twin) = twin {
            let first_line = twin.place_of("symbol").line;
            let found = symbol.to_string();
            self.error(
                values,
                "symbol",
                Fault::DuplicateSymbol { found, first_line },
            );
        }
    }

    fn sizes(&mut self, values: &Values) {
        let size = values.decimal("unified_layer_size");
        let (first, widest) = (
            values.decimal("grid_first_spacing"),
            values.decimal("grid_max_spacing"),
        );
        if let (Some(size), Some(min_qty)) = (size, values.decimal("min_qty"))
            && size < min_qty
        {
            let fault = Fault::SizeBelowMinQty { size, min_qty };
            self.error(values, "unified_layer_size", fault);
        }
        if let (Some(first), Some(widest)) = (first, widest)
            && first > widest
        {
            let fault = Fault::SpacingInverted { first, widest };
            self.error(values, "grid_max_spacing", fault);
        }
        let (tick, offset) = (
            values.decimal("tick_size"),
            values.decimal("grid_start_offset"),
        );
        if let (Some(tick), Some(offset)) = (tick, offset)
            && offset < tick
        {
            let fault = Fault::OffsetBelowTick { offset, tick };
            self.error(values, "grid_start_offset", fault);
        }
    }

    /// The batch check cuts layers from the far end; better to be told now.
    fn exposure(&mut self, values: &Values) {
        let (Some(size), Some(net_max), Some(ratio), Some(layers)) = (
            values.decimal("unified_layer_size"),
            values.decimal("net_max"),
            values.decimal("worst_case_ratio"),
            values.whole("total_layers"),
        ) else {
            return;
        };
        let room = product(net_max, ratio);
        let fitting = u64::try_from(room.0 / size.0.max(1)).unwrap_or(0);
        if fitting == 0 {
            let fault = Fault::LayerBeyondRoom { size, room };
            self.error(values, "unified_layer_size", fault);
        } else if fitting < layers {
            let fault = Fault::LayersCut {
                layers,
                fitting,
                room,
            };
            self.warn(values, "total_layers", fault);
        }
    }

    fn thresholds(&mut self, values: &Values) {
        let on = |key| values.flag(key) == Some(true);
        if !on("pinning_enabled") || !on("grinding_enabled") {
            return;
        }
        let pinning = values.decimal("pinning_thresh");
        let grinding = values.decimal("grinding_thresh");
        if let (Some(pinning), Some(grinding)) = (pinning, grinding)
            && grinding < pinning
        {
            let fault = Fault::GrindingBeforePinning { grinding, pinning };
            self.warn(values, "grinding_thresh", fault);
        }
    }

    fn single_order(&mut self, values: &Values, global: &Values) {
        let order = values.decimal("order_notional_max");
        if let (Some(order), Some(total)) = (order, global.decimal("total_notional_max"))
            && order > total
        {
            let fault = Fault::OrderAboveTotal { order, total };
            self.error(values, "order_notional_max", fault);
        }
    }
}

/// Rounded down; both are non-negative and within the table's bounds.
pub(crate) fn product(a: Decimal, b: Decimal) -> Decimal {
    let units = i128::from(a.0) * i128::from(b.0) / i128::from(Decimal::ONE.0);
    Decimal(i64::try_from(units).unwrap_or(i64::MAX))
}

enum Reach {
    Loopback,
    Binance,
    Remote,
}

fn reach(address: &str) -> Reach {
    let Ok(url) = Url::parse(address) else {
        return Reach::Remote;
    };
    match url.host() {
        Some(Host::Ipv4(ip)) if ip.is_loopback() => Reach::Loopback,
        Some(Host::Ipv6(ip)) if ip.is_loopback() => Reach::Loopback,
        Some(Host::Domain("localhost")) => Reach::Loopback,
        Some(Host::Domain(domain)) if domain.contains("binance") => Reach::Binance,
        _ => Reach::Remote,
    }
}

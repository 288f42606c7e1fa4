//! From text to a checked configuration, gathering every problem on the way.

use std::path::PathBuf;

use phoenix_domain::Decimal;

use crate::keys::{self, GLOBAL, Key, Need, SYMBOL};
use crate::lang::Lang;
use crate::problem::{Fault, Problem, Severity};
use crate::rules;
use crate::settings::{Config, LogLevel, OrderEntry, SymbolConfig, Venue};
use crate::tree::{Content, Entry, Node, Place};
use crate::value::{Origin, Value, Values, shortened};

/// What a check found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The configuration; `None` if any problem is an error.
    pub config: Option<Config>,
    /// Everything wrong or remarkable, in the order of the file.
    pub problems: Vec<Problem>,
    pub(crate) global: Values,
    pub(crate) symbols: Vec<Values>,
}

impl Checked {
    /// The venue that the legal keys name, even if others are wrong.
    #[must_use]
    pub fn venue(&self) -> Option<Venue> {
        rules::venue(&self.global)
    }

    /// The symbols that the legal keys name.
    #[must_use]
    pub fn symbol_names(&self) -> Vec<String> {
        let named = self
            .symbols
            .iter()
            .filter_map(|values| values.text("symbol"));
        named.map(String::from).collect()
    }
}

/// More symbols than one desk is meant for.
const SYMBOLS_MAX: usize = 32;

/// Keys that may come from `PHOENIX_<KEY>`: nothing that decides what is
/// traded, where, or how much.
const FROM_ENV: &[&str] = &[
    "keys_file",
    "busy_poll",
    "pin_core",
    "dir",
    "lang",
    "log_level",
    "metrics_port",
    "snapshot_path",
    "snapshot_interval",
];

/// Checks the text of a file. `env` looks up an environment variable.
#[must_use]
pub fn check(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Checked {
    let mut reading = Reading::default();
    let mut global = Values::default();
    let mut symbols = Vec::new();
    match Node::parse(text) {
        Err(error) => {
            let fault = Fault::syntax(error.kind);
            reading.error("", error.place, fault);
        }
        Ok(root) => {
            global = reading.global(&root, env);
            symbols = reading.symbols(&root);
            rules::check(&global, &symbols, &mut reading.problems);
        }
    }
    reading.name_retired();
    let mut problems = reading.problems;
    problems.sort_by_key(|problem| (problem.line, problem.column));
    let refused = problems
        .iter()
        .any(|problem| problem.severity == Severity::Error);
    Checked {
        config: (!refused).then(|| build(&global, &symbols)),
        problems,
        global,
        symbols,
    }
}

#[derive(Default)]
struct Reading {
    problems: Vec<Problem>,
    retired: Vec<(String, Place)>,
}

impl Reading {
    fn error(&mut self, path: &str, place: Place, fault: Fault) {
        self.problems.push(Problem::error(path, place, fault));
    }

    fn global(&mut self, root: &Node, env: &dyn Fn(&str) -> Option<String>) -> Values {
        let mut values = Values {
            path: "global".into(),
            place: root.place,
            ..Values::default()
        };
        let entries = self.entries("", root);
        for entry in &entries {
            if !matches!(entry.key.as_str(), "global" | "symbols") {
                let nearest = ["global", "symbols"]
                    .into_iter()
                    .find(|name| strsim::normalized_levenshtein(&entry.key, name) >= 0.6);
                let found = shown(&entry.value);
                self.error(
                    &entry.key,
                    entry.place,
                    Fault::UnknownKey { nearest, found },
                );
            }
        }
        if let Some(entry) = entries.iter().find(|entry| entry.key == "global") {
            values.place = entry.place;
            self.section(GLOBAL, &entry.value, &mut values);
        }
        self.environment(&mut values, env);
        self.complete(GLOBAL, &mut values);
        values
    }

    fn symbols(&mut self, root: &Node) -> Vec<Values> {
        let Content::Map(entries) = &root.content else {
            return Vec::new();
        };
        let Some(entry) = entries.iter().find(|entry| entry.key == "symbols") else {
            self.error("symbols", root.place, Fault::NoSymbols);
            return Vec::new();
        };
        let Content::List(items) = &entry.value.content else {
            let found = shown(&entry.value);
            self.error("symbols", entry.value.place, Fault::NotAList { found });
            return Vec::new();
        };
        if items.is_empty() {
            self.error("symbols", entry.place, Fault::NoSymbols);
        }
        if items.len() > SYMBOLS_MAX {
            let (found, max) = (items.len(), SYMBOLS_MAX);
            self.error("symbols", entry.place, Fault::TooManySymbols { found, max });
        }
        items
            .iter()
            .take(SYMBOLS_MAX)
            .enumerate()
            .map(|(index, item)| {
                let mut values = Values {
                    path: format!("symbols[{index}]"),
                    place: item.place,
                    ..Values::default()
                };
                self.section(SYMBOL, item, &mut values);
                if matches!(item.content, Content::Map(_)) {
                    self.complete(SYMBOL, &mut values);
                }
                values
            })
            .collect()
    }

    /// The entries of a mapping, the first of each key; others are problems.
    fn entries(&mut self, path: &str, node: &Node) -> Vec<Entry> {
        let Content::Map(entries) = &node.content else {
            let found = shown(node);
            self.error(path, node.place, Fault::NotAMapping { found });
            return Vec::new();
        };
        let mut kept: Vec<Entry> = Vec::new();
        for entry in entries {
            match kept.iter().find(|first| first.key == entry.key) {
                Some(first) => {
                    let first_line = first.place.line;
                    let found = shown(&entry.value);
                    let fault = Fault::DuplicateKey { first_line, found };
                    self.error(&joined(path, &entry.key), entry.place, fault);
                }
                None => kept.push(entry.clone()),
            }
        }
        kept
    }

    fn section(&mut self, table: &'static [Key], node: &Node, values: &mut Values) {
        let path = values.path.clone();
        for entry in self.entries(&path, node) {
            let name = joined(&path, &entry.key);
            let Some(key) = keys::find(table, &entry.key) else {
                let nearest = keys::nearest(table, &entry.key);
                let found = shown(&entry.value);
                self.error(&name, entry.place, Fault::UnknownKey { nearest, found });
                continue;
            };
            match key.need {
                Need::Retired => self.retired.push((entry.key.clone(), entry.place)),
                Need::Secret => self.error(&name, entry.place, Fault::SecretInFile),
                Need::Required | Need::Default(_) | Need::Optional => {
                    if entry.value.is_null() {
                        continue;
                    }
                    let place = entry.value.place;
                    let origin = Origin::File(place.line);
                    match Value::of_node(key.kind, &entry.value) {
                        Ok(value) => values.put(key.name, value, place, origin),
                        Err(misfit) => {
                            let fault = Fault::misfit(misfit, key, shown(&entry.value));
                            self.error(&name, place, fault);
                            values.bad.insert(key.name);
                        }
                    }
                }
            }
        }
    }

    fn environment(&mut self, values: &mut Values, env: &dyn Fn(&str) -> Option<String>) {
        for name in FROM_ENV {
            let variable = format!("PHOENIX_{}", name.to_ascii_uppercase());
            let Some(text) = env(&variable) else { continue };
            let key = keys::find(GLOBAL, name).expect("FROM_ENV names keys of the table");
            let place = Place::default();
            match Value::of_text(key.kind, &text) {
                Ok(value) => values.put(key.name, value, place, Origin::Env(variable)),
                Err(misfit) => {
                    let fault = Fault::misfit(misfit, key, shortened(&text));
                    self.error(&variable, place, fault);
                }
            }
        }
    }

    /// Fills defaults in and names what is missing.
    fn complete(&mut self, table: &'static [Key], values: &mut Values) {
        for key in table {
            if values.given.contains_key(key.name) || values.bad.contains(key.name) {
                continue;
            }
            match key.need {
                Need::Default(text) => {
                    let value = Value::of_text(key.kind, text);
                    let value = value.expect("defaults of the table are legal");
                    values.put(key.name, value, values.place, Origin::Default);
                }
                Need::Required => {
                    let path = joined(&values.path, key.name);
                    self.error(&path, values.place, Fault::missing(key));
                }
                Need::Optional | Need::Retired | Need::Secret => {}
            }
        }
    }

    /// One warning for all retired keys together, at the first of them.
    fn name_retired(&mut self) {
        let Some((_, place)) = self.retired.first() else {
            return;
        };
        let place = *place;
        let mut keys: Vec<String> = Vec::new();
        for (key, _) in &self.retired {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        let fault = Fault::Retired { keys };
        self.problems.push(Problem::warning("", place, fault));
    }
}

fn joined(path: &str, key: &str) -> String {
    let key = shortened(key);
    if path.is_empty() {
        key
    } else {
        format!("{path}.{key}")
    }
}

fn shown(node: &Node) -> String {
    match &node.content {
        Content::Scalar { text, quoted } if *quoted => format!("\"{}\"", shortened(text)),
        Content::Scalar { text, .. } => shortened(text),
        Content::List(_) => "[…]".into(),
        Content::Map(_) => "{…}".into(),
    }
}

/// Every lookup below is backed by a row of the table that is required or has
/// a default, and no problem was an error.
const CHECKED: &str = "a checked section has every key of the table";

fn build(global: &Values, symbols: &[Values]) -> Config {
    let whole = |name| global.whole(name).expect(CHECKED);
    let total_notional_max = global.decimal("total_notional_max").expect(CHECKED);
    Config {
        venue: rules::venue(global),
        keys_file: global.text("keys_file").map(PathBuf::from),
        order_entry: match global.text("order_entry") {
            Some("rest") => OrderEntry::Rest,
            _ => OrderEntry::Ws,
        },
        recv_window_ms: whole("recv_window_ms"),
        order_timeout_ms: whole("order_timeout_ms"),
        total_notional_max,
        quote_interval_ms: whole("quote_interval_ms"),
        price_stale_ms: whole("price_stale_ms"),
        ws_stale_ms: whole("ws_stale_ms"),
        busy_poll: global.flag("busy_poll").expect(CHECKED),
        pin_core: global.whole("pin_core").map(|core| core as usize),
        dir: PathBuf::from(global.text("dir").expect(CHECKED)),
        lang: global.text("lang").and_then(Lang::parse),
        log_level: match global.text("log_level") {
            Some("error") => LogLevel::Error,
            Some("warn") => LogLevel::Warn,
            Some("debug") => LogLevel::Debug,
            Some("trace") => LogLevel::Trace,
            _ => LogLevel::Info,
        },
        metrics_port: u16::try_from(whole("metrics_port"))
            .ok()
            .filter(|&port| port != 0),
        snapshot_path: PathBuf::from(global.text("snapshot_path").expect(CHECKED)),
        snapshot_interval_s: whole("snapshot_interval"),
        symbols: symbols
            .iter()
            .map(|values| symbol(values, total_notional_max))
            .collect(),
    }
}

fn symbol(values: &Values, total_notional_max: Decimal) -> SymbolConfig {
    let decimal = |name| values.decimal(name).expect(CHECKED);
    let whole = |name| values.whole(name).expect(CHECKED);
    let small = |name| u32::try_from(whole(name)).expect("the table's ranges fit");
    let flag = |name| values.flag(name).expect(CHECKED);
    let min_spread = decimal("min_spread");
    SymbolConfig {
        symbol: values.text("symbol").expect(CHECKED).into(),
        net_max: decimal("net_max"),
        tick_size: values.decimal("tick_size"),
        min_qty: values.decimal("min_qty"),
        total_layers: small("total_layers"),
        unified_layer_size: decimal("unified_layer_size"),
        grid_start_offset: decimal("grid_start_offset"),
        grid_first_spacing: decimal("grid_first_spacing"),
        grid_spacing_multiplier: decimal("grid_spacing_multiplier"),
        grid_max_spacing: decimal("grid_max_spacing"),
        min_spread,
        min_distance_ratio: values
            .decimal("min_distance_ratio")
            .unwrap_or(Decimal(min_spread.0 / 2)),
        inventory_skew_coeff: decimal("inventory_skew_coeff"),
        pinning_enabled: flag("pinning_enabled"),
        pinning_thresh: decimal("pinning_thresh"),
        pinning_size_factor: decimal("pinning_size_factor"),
        pinning_far_ratio: decimal("pinning_far_ratio"),
        grinding_enabled: flag("grinding_enabled"),
        grinding_thresh: decimal("grinding_thresh"),
        grinding_sigma_max: decimal("grinding_sigma_max"),
        grinding_slice_ratio: decimal("grinding_slice_ratio"),
        grinding_reentry_bp: decimal("grinding_reentry_bp"),
        grinding_reentry_factor: decimal("grinding_reentry_factor"),
        grinding_cooldown_ms: whole("grinding_cooldown_ms"),
        worst_case_ratio: decimal("worst_case_ratio"),
        stop_loss_thresh: decimal("stop_loss_thresh"),
        flatten_slice_ratio: decimal("flatten_slice_ratio"),
        flatten_slippage_bp: decimal("flatten_slippage_bp"),
        volatility_window_ms: whole("volatility_window_ms"),
        order_age_ms_max: whole("order_age_ms_max"),
        max_cancel_per_min: small("max_cancel_per_min"),
        price_band_ratio: decimal("price_band_ratio"),
        order_notional_max: values
            .decimal("order_notional_max")
            .unwrap_or(total_notional_max),
    }
}

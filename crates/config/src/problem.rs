//! What can be wrong with a file, and how it is said in both languages.

mod said;

use std::fmt;

use phoenix_domain::Decimal;

use crate::keys::Key;
use crate::lang::Lang;
use crate::tree::{Place, SyntaxKind};
use crate::value::Misfit;

/// One thing to tell the owner.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Whether the file can be used all the same.
    pub severity: Severity,
    /// `symbols[0].net_max`; empty for the file as a whole.
    pub key: String,
    /// Line from 1; 0 if it is not in the file (environment).
    pub line: usize,
    /// Column from 1.
    pub column: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// Whether a file with this problem can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but the owner should know.
    Warning,
}

/// What a key wants: kind, range and unit, as shown to people.
#[derive(Clone, Copy)]
pub struct Expected(&'static Key);

/// What is wrong. Values are as in the file, shortened.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Fault {
    /// No YAML.
    Grammar { detail: String },
    /// A YAML feature that settings do not use.
    Unsupported { feature: &'static str },
    /// Nothing in the file.
    Empty,
    /// A section that is no list of keys.
    NotAMapping { found: String },
    /// `symbols` is no list.
    NotAList { found: String },
    /// `symbols` is absent or empty.
    NoSymbols,
    /// More symbols than a desk takes.
    TooManySymbols { found: usize, max: usize },
    /// No such key.
    UnknownKey {
        nearest: Option<&'static str>,
        found: String,
    },
    /// A key twice; the first counts nothing, the file is refused.
    DuplicateKey { first_line: usize, found: String },
    /// Text where a number should be, and the like.
    WrongType { expected: Expected, found: String },
    /// The right type, an illegal value.
    OutOfRange { expected: Expected, found: String },
    /// A key without default is absent.
    Missing { expected: Expected },
    /// Keys of an older version, all of the file in one.
    Retired { keys: Vec<String> },
    /// An API key or secret in the file. Its value is never shown.
    SecretInFile,
    /// Neither venue nor addresses.
    VenueNotSpelled { testnet_false: bool },
    /// `venue` and `testnet` disagree.
    VenueContradicted,
    /// `venue` and addresses at once.
    VenueTwice { venue: String },
    /// Only some of the addresses.
    AddressMissing { key: &'static str },
    /// Binance's own address: venue must be spelled instead.
    AddressOfBinance { found: String },
    /// Not this machine, and that was not allowed.
    AddressRemote { found: String },
    /// The same symbol twice.
    DuplicateSymbol { found: String, first_line: usize },
    /// Layers smaller than the smallest order wanted.
    SizeBelowMinQty { size: Decimal, min_qty: Decimal },
    /// The first gap is wider than the widest.
    SpacingInverted { first: Decimal, widest: Decimal },
    /// Layer 1 nearer than one tick.
    OffsetBelowTick { offset: Decimal, tick: Decimal },
    /// Not even one layer fits.
    LayerBeyondRoom { size: Decimal, room: Decimal },
    /// Fewer layers fit than wanted.
    LayersCut {
        layers: u64,
        fitting: u64,
        room: Decimal,
    },
    /// Unusual order of thresholds.
    GrindingBeforePinning { grinding: Decimal, pinning: Decimal },
    /// One order may be worth more than everything.
    OrderAboveTotal { order: Decimal, total: Decimal },
    /// The exchange does not list it.
    NotListed { nearest: Option<String> },
    /// Listed but not open for trading.
    NotTrading,
    /// The exchange has another tick.
    TickDiffers { tick: Decimal, venue: Decimal },
    /// Under the exchange's smallest order.
    QtyBelowVenue { qty: Decimal, venue: Decimal },
    /// Not a whole number of lots.
    QtyOffLot { qty: Decimal, lot: Decimal },
    /// The exchange would refuse every layer.
    NotionalBelowVenue {
        notional: Decimal,
        venue: Decimal,
        price: Decimal,
        qty_needed: Decimal,
    },
    /// More layers than the exchange lets rest.
    TooManyOrders { orders: u64, max: u64 },
    /// The floor stands further out than layer 1.
    SpreadBeyondOffset { spread: Decimal, offset: Decimal },
    /// The position limit is worth more than the total limit.
    NetAboveTotal { net: Decimal, total: Decimal },
    /// A layer is worth more than one order may be.
    LayerAboveOrderMax { layer: Decimal, max: Decimal },
}

impl Problem {
    pub(crate) fn error(key: &str, place: Place, fault: Fault) -> Self {
        Self::new(Severity::Error, key, place, fault)
    }

    pub(crate) fn warning(key: &str, place: Place, fault: Fault) -> Self {
        Self::new(Severity::Warning, key, place, fault)
    }

    fn new(severity: Severity, key: &str, place: Place, fault: Fault) -> Self {
        Self {
            severity,
            key: key.into(),
            line: place.line,
            column: place.column,
            fault,
        }
    }

    /// One line for people: place, severity, key, what is wrong, what to do.
    #[must_use]
    pub fn render(&self, file: &str, lang: Lang) -> String {
        let severity = match self.severity {
            Severity::Error => lang.pick("error", "错误"),
            Severity::Warning => lang.pick("warning", "警告"),
        };
        let place = match self.line {
            0 => lang.pick("environment", "环境变量").to_string(),
            line => format!("{file}:{line}:{}", self.column),
        };
        let said = match lang {
            Lang::En => said::english(&self.fault),
            Lang::Zh => said::chinese(&self.fault),
        };
        if self.key.is_empty() {
            return format!("{place}: {severity}: {said}");
        }
        format!("{place}: {severity}: {}: {said}", self.key)
    }
}

impl Fault {
    pub(crate) fn syntax(kind: SyntaxKind) -> Self {
        match kind {
            SyntaxKind::Grammar(detail) => Self::Grammar { detail },
            SyntaxKind::Unsupported(feature) => Self::Unsupported { feature },
            SyntaxKind::Empty => Self::Empty,
        }
    }

    pub(crate) fn misfit(misfit: Misfit, key: &'static Key, found: String) -> Self {
        let expected = Expected(key);
        match misfit {
            Misfit::WrongType => Self::WrongType { expected, found },
            Misfit::OutOfRange => Self::OutOfRange { expected, found },
        }
    }

    pub(crate) fn missing(key: &'static Key) -> Self {
        Self::Missing {
            expected: Expected(key),
        }
    }
}

impl Expected {
    /// Kind, range and unit: `above 0 and at most 1 (of net_max)`.
    #[must_use]
    pub fn range(self, lang: Lang) -> String {
        self.0.range(lang)
    }

    /// What the key means.
    #[must_use]
    pub fn meaning(self, lang: Lang) -> &'static str {
        lang.pick(self.0.en, self.0.zh)
    }
}

impl PartialEq for Expected {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

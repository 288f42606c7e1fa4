//! The simulated market of `demo` and `sim`: a seeded crowd or recordings.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use phoenix_config::Lang;
use phoenix_venue::exchange::{ExchangeSpec, Liquidity, MarketSpec, Oversize, VenueNs};
use phoenix_venue::flow::FlowSpec;
use phoenix_venue::front::{FrontSpec, Latency};
use phoenix_venue::recording::{Recording, RecordingError};
use phoenix_venue::serve::ServeError;
use phoenix_venue::spec::SymbolSpec;

use crate::exit::{Code, Failure};

/// Closed orders and trades kept per account, for the account's own queries.
const HISTORY_MAX: usize = 200_000;

/// Where the market comes from.
pub(crate) enum Source {
    /// A seeded crowd on each symbol.
    Crowd(Vec<String>),
    /// Files, opened and looked at.
    Files(Recording),
}

impl Source {
    /// Recordings if there are any, else a crowd on `symbols`.
    pub(crate) fn open(
        files: &[PathBuf],
        symbols: Vec<String>,
        lang: Lang,
    ) -> Result<Self, Failure> {
        if files.is_empty() {
            return Ok(Self::Crowd(symbols));
        }
        let recording = Recording::open(files).map_err(|error| {
            let code = match error {
                RecordingError::Io { .. } => Code::NoInput,
                _ => Code::Data,
            };
            let expected = lang.pick(
                "expected lines `<ns> <json>`, plain, gzip or zstd",
                "应为 `<纳秒> <json>` 行，明文、gzip 或 zstd",
            );
            Failure::new(code, format!("{error}; {expected}"))
        })?;
        Ok(Self::Files(recording))
    }

    pub(crate) fn symbols(&self) -> Vec<String> {
        match self {
            Self::Crowd(symbols) => symbols.clone(),
            Self::Files(recording) => recording.symbols().to_vec(),
        }
    }

    /// The exchange with this market on it, its clock at `start`.
    pub(crate) fn exchange(
        self,
        seed: u64,
        start: VenueNs,
        lang: Lang,
    ) -> Result<ExchangeSpec, Failure> {
        let mut markets = Vec::new();
        for name in self.symbols() {
            let symbol = SymbolSpec::named(&name).ok_or_else(|| unlisted(&name, lang))?;
            let liquidity = match &self {
                Self::Crowd(_) => {
                    let crowd = FlowSpec::named(&name).ok_or_else(|| unlisted(&name, lang))?;
                    Liquidity::Synthetic(crowd)
                }
                Self::Files(_) => Liquidity::Recorded,
            };
            markets.push(MarketSpec { symbol, liquidity });
        }
        Ok(ExchangeSpec {
            start,
            seed,
            markets,
            recording: match self {
                Self::Crowd(_) => None,
                Self::Files(recording) => Some(recording),
            },
            oversize: Oversize::default(),
            history_max: HISTORY_MAX,
        })
    }
}

/// The protocol in front of it, this far away.
pub(crate) fn front(latency_ms: u64, seed: u64) -> FrontSpec {
    let ns = latency_ms * 1_000_000;
    FrontSpec {
        latency: Latency {
            request_ns: ns,
            engine_ns: ns / 4,
            reply_ns: ns,
            stream_ns: ns,
            jitter_ns: ns / 4,
        },
        seed,
        ..FrontSpec::default()
    }
}

pub(crate) fn no_books(lang: Lang) -> Failure {
    let text = lang.pick(
        "the recordings hold no whole book of every symbol in their first minutes: they need a \
         snapshot line",
        "录制文件开头几分钟内没有全部交易对的完整盘口：需要有快照行",
    );
    Failure::new(Code::Data, text)
}

/// The present, for an exchange whose clients have real clocks.
pub(crate) fn present() -> VenueNs {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    VenueNs(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

pub(crate) fn serve_failure(error: &ServeError) -> Failure {
    let code = match error {
        ServeError::Listen { .. } => Code::Os,
        ServeError::Exchange(_) | ServeError::Key(_) => Code::Broken,
        ServeError::Speed(_) => Code::Usage,
    };
    Failure::new(code, error)
}

fn unlisted(name: &str, lang: Lang) -> Failure {
    let text = lang.pick(
        "is not listed on the simulated exchange; it has",
        "不在模拟交易所的列表中；可用的有",
    );
    let names = SymbolSpec::NAMES.join(", ");
    Failure::new(Code::Data, format!("{name} {text} {names}"))
}

//! Everything a screen shows, as text that is ready to be put anywhere.

use phoenix_config::Lang;
use phoenix_domain::{Cash, Instrument, PauseReason, Price, Severity, Side};
use phoenix_engine::{MakerView, Mode};

/// One moment of the whole desk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scene {
    /// What runs and where: `demo · http://127.0.0.1:41233`.
    pub(crate) title: String,
    /// Running time, and what is left of it.
    pub(crate) clock: String,
    /// One row per symbol.
    pub(crate) rows: Vec<Row>,
    /// Totals, streams, request budget.
    pub(crate) footer: String,
    /// The latest notes, oldest first.
    pub(crate) notes: Vec<Said>,
    /// Notes so far, those no longer kept included.
    pub(crate) notes_total: u64,
}

/// A rendered note.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// `hh:mm:ss` of the host's clock, UTC.
    pub(crate) time: String,
    /// How much attention it needs.
    pub(crate) severity: Severity,
    /// Phrase and fields.
    pub(crate) text: String,
}

/// How a cell stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Good,
    Bad,
    Warn,
}

/// One symbol.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) symbol: String,
    pub(crate) mode: String,
    pub(crate) mode_tone: Tone,
    pub(crate) mid: String,
    pub(crate) position: String,
    pub(crate) entry: String,
    /// Count and nearest price.
    pub(crate) bids: String,
    /// Count and nearest price.
    pub(crate) asks: String,
    /// Buys and sells.
    pub(crate) fills: String,
    pub(crate) realised: String,
    pub(crate) unrealised: String,
    pub(crate) fees: String,
    /// Realised + unrealised + funding − fees.
    pub(crate) net: String,
    pub(crate) net_tone: Tone,
    pub(crate) cancels_per_min: String,
    pub(crate) data_age: String,
    pub(crate) round_trip: String,
}

impl Scene {
    /// The notes that came after the first `seen` ones and are still kept.
    pub(crate) fn notes_after(&self, seen: u64) -> &[Said] {
        let fresh = usize::try_from(self.notes_total.saturating_sub(seen)).unwrap_or(usize::MAX);
        let start = self.notes.len().saturating_sub(fresh);
        self.notes.get(start..).unwrap_or_default()
    }
}

impl Said {
    pub(crate) fn line(&self) -> String {
        let severity = match self.severity {
            Severity::Debug => "DEBUG",
            Severity::Info => "INFO",
            Severity::Warn => "WARN",
            Severity::Error => "ERROR",
        };
        format!("{} {severity:<5} {}", self.time, self.text)
    }
}

impl Row {
    /// What one maker shows.
    pub(crate) fn of(view: &MakerView, instrument: &Instrument, lang: Lang) -> Self {
        let places = usize::from(instrument.price_places());
        let price = |value: f64| match value {
            0.0 => "-".to_string(),
            value => format!("{value:.places$}"),
        };
        let quotes = |count: u32, nearest: Option<Price>| match nearest {
            Some(nearest) => {
                let nearest = instrument.price_decimal(nearest);
                format!("{count} @ {nearest:.places$}")
            }
            None => count.to_string(),
        };
        let nearest = |side: Side| {
            let orders = view.orders.iter().filter(move |order| order.side == side);
            let prices = orders.map(|order| order.price);
            match side {
                Side::Buy => prices.max(),
                Side::Sell => prices.min(),
            }
        };
        let net = view.realised + view.unrealised + view.funding - view.fees;
        let (mode, mode_tone) = mode(view, lang);
        Self {
            symbol: instrument.symbol().to_string(),
            mode,
            mode_tone,
            mid: price(view.mid),
            position: instrument.qty_decimal(view.position).to_string(),
            entry: price(view.entry),
            bids: quotes(view.open_orders[0], nearest(Side::Buy)),
            asks: quotes(view.open_orders[1], nearest(Side::Sell)),
            fills: format!("{}/{}", view.fills[0], view.fills[1]),
            realised: money(view.realised),
            unrealised: money(view.unrealised),
            fees: money(view.fees),
            net: money(net),
            net_tone: match net.0 {
                0 => Tone::Plain,
                1.. => Tone::Good,
                _ => Tone::Bad,
            },
            cancels_per_min: view.cancels_per_min.to_string(),
            data_age: view
                .book_age_ms
                .map_or_else(|| "-".into(), |ms| format!("{ms} ms")),
            round_trip: view.round_trip_ns.map_or_else(|| "-".into(), round_trip),
        }
    }

    /// The row as one plain line.
    pub(crate) fn line(&self, lang: Lang) -> String {
        let word = |en, zh| lang.pick(en, zh);
        format!(
            "{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}",
            self.symbol,
            self.mode,
            word("mid", "中间价"),
            self.mid,
            word("position", "持仓"),
            self.position,
            word("bids", "买单"),
            self.bids,
            word("asks", "卖单"),
            self.asks,
            word("fills", "成交"),
            self.fills,
            word("pnl", "盈亏"),
            self.net,
            word("cancels/min", "撤单/分"),
            self.cancels_per_min,
            word("age", "数据龄"),
            self.data_age,
            format_args!("{} {}", word("rtt", "往返"), self.round_trip),
        )
    }
}

/// To 1e-4 for people; the summary at the end has every digit.
pub(crate) fn money(cash: Cash) -> String {
    format!("{cash:+.4}")
}

fn round_trip(ns: u64) -> String {
    match ns {
        0..1_000_000 => format!("{} µs", ns / 1_000),
        _ => format!("{:.1} ms", ns as f64 / 1e6),
    }
}

fn mode(view: &MakerView, lang: Lang) -> (String, Tone) {
    let (word, tone) = match view.mode {
        Mode::Starting => (lang.pick("starting", "启动中"), Tone::Warn),
        Mode::Syncing => (lang.pick("syncing", "同步中"), Tone::Warn),
        Mode::Quoting if view.pinned => (lang.pick("pinning", "钉子"), Tone::Warn),
        Mode::Quoting if view.reduce_only => (lang.pick("reducing", "只减仓"), Tone::Warn),
        Mode::Quoting => (lang.pick("quoting", "报价中"), Tone::Good),
        Mode::Paused => (lang.pick("paused", "已暂停"), Tone::Bad),
        Mode::Draining => (lang.pick("draining", "撤单中"), Tone::Warn),
        Mode::Stopped => (lang.pick("stopped", "已停止"), Tone::Plain),
    };
    let reasons: Vec<&str> = view
        .pauses
        .iter()
        .map(|reason| match reason {
            PauseReason::Operator => lang.pick("operator", "人工"),
            PauseReason::StopLoss => lang.pick("stop loss", "止损"),
            PauseReason::Schedule => lang.pick("schedule", "计划"),
            PauseReason::Venue => lang.pick("venue", "交易所"),
            PauseReason::Stopping => lang.pick("stopping", "停止"),
        })
        .collect();
    match reasons.is_empty() {
        true => (word.to_string(), tone),
        false => (format!("{word} ({})", reasons.join(", ")), tone),
    }
}

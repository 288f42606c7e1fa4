//! The engine's notes: their phrases and fields.

use phoenix_domain::{
    BookLoss, Instrument, NoteKind, PauseReason, Price, Qty, RefusalReason, Severity,
};

use super::{Fields, Phrase};

/// The phrase of a note.
pub(super) fn phrase(kind: &NoteKind) -> Phrase {
    use Severity::{Debug, Error, Info, Warn};
    let (severity, zh, en) = match kind {
        NoteKind::QuotesMade { .. } => (Info, "报价已生成", "quotes made"),
        NoteKind::OrderSent { .. } => (Info, "订单已下达", "order sent"),
        NoteKind::OrderAmended { .. } => (Info, "订单已改价", "order amended"),
        NoteKind::OrderEnded { .. } => (Info, "订单已撤销", "order cancelled"),
        NoteKind::RequestRefused { reason, .. } => {
            (refusal(*reason), "请求被交易所拒绝", "request refused")
        }
        NoteKind::OutcomeUnknown { .. } => (Warn, "请求结果未知，等待证据", "outcome unknown"),
        NoteKind::OutcomeResolved { .. } => (Info, "未知结果已查明", "outcome resolved"),
        NoteKind::Filled { .. } => (Info, "订单已成交", "order filled"),
        NoteKind::FillRefused { .. } => (Warn, "成交回报不可信，未采纳", "fill refused"),
        NoteKind::ProfitDisputed { .. } => (Warn, "已实现盈亏与交易所不一致", "profit disputed"),
        NoteKind::QuoteFiltered { .. } => (Debug, "报价不符合交易规则，未下单", "quote filtered"),
        NoteKind::LayersCut { .. } => (Info, "为控制最坏敞口削减层数", "layers cut"),
        NoteKind::PriceStale { .. } => (Error, "价格数据过期，停止报价并撤单", "price data stale"),
        NoteKind::PriceFresh { .. } => (Info, "价格数据恢复", "price data fresh"),
        NoteKind::BookLost { loss } => match loss {
            BookLoss::Gap => (Warn, "深度数据不连续，重新同步", "book lost: gap"),
            BookLoss::Disconnected => (Warn, "深度数据停止更新", "book lost: disconnected"),
            BookLoss::Unreadable => (Warn, "深度数据无法解析", "book lost: unreadable"),
        },
        NoteKind::BookRestored { .. } => (Info, "深度数据已同步", "book restored"),
        NoteKind::LevelsDropped { .. } => (Warn, "丢弃无效或过远的档位", "book levels dropped"),
        NoteKind::BookCrossed { .. } => (Warn, "盘口交叉，暂不报价", "book crossed"),
        NoteKind::StreamUp { .. } => (Info, "WebSocket数据流已就绪", "stream up"),
        NoteKind::StreamDown { .. } => (Warn, "WebSocket断流", "stream down"),
        NoteKind::Paused {
            reason: PauseReason::Stopping,
        } => (Info, "停止报价", "stopping"),
        NoteKind::Paused { .. } => (Warn, "暂停报价", "paused"),
        NoteKind::Resumed { .. } => (Info, "恢复报价", "resumed"),
        NoteKind::Pinning { on: true } => (Info, "进入钉价减仓", "pinning on"),
        NoteKind::Pinning { on: false } => (Info, "退出钉价减仓", "pinning off"),
        NoteKind::Grinding { .. } => (Info, "磨仓减持", "grinding"),
        NoteKind::ReduceOnly { on: true } => (Warn, "仓位接近上限，只减仓", "reduce-only on"),
        NoteKind::ReduceOnly { on: false } => (Info, "恢复双边报价", "reduce-only off"),
        NoteKind::StopLoss { .. } => (Error, "触发止损，撤单并平仓", "stop loss"),
        NoteKind::Flattened => (Warn, "仓位已平", "flattened"),
        NoteKind::RequotesSlowed { .. } => (Warn, "撤单频率接近上限，放缓调价", "requotes slowed"),
        NoteKind::PositionCorrected { .. } => (Warn, "仓位以交易所为准更正", "position corrected"),
        NoteKind::WalletDiffers { .. } => (Warn, "钱包余额与账本不符", "wallet differs"),
        NoteKind::ForeignOrders { .. } => (Warn, "账户上有非本程序的订单", "foreign orders"),
        NoteKind::OrphanFound { .. } => (Warn, "发现先前运行遗留的订单", "orphan order found"),
        NoteKind::SecondWriter { .. } => (Error, "同一账户有另一个实例在交易", "second writer"),
        NoteKind::AccountUnfit { .. } => (Error, "账户模式不适合交易", "account unfit"),
        NoteKind::InstrumentChanged => (Warn, "交易规则已变更", "instrument changed"),
        NoteKind::NotionalCapped { .. } => (Warn, "总名义价值达到上限", "notional capped"),
    };
    Phrase { severity, zh, en }
}

/// Losing a race against a fill or a moving price is everyday work.
fn refusal(reason: RefusalReason) -> Severity {
    use RefusalReason::*;
    match reason {
        WouldCross | NoSuchOrder | NothingToAmend | AmendInFlight | ReduceOnly => Severity::Debug,
        DuplicateClientId | Margin | OpenOrderLimit | Filter | RateLimited | Overloaded | Clock
        | ReduceOnlyMode | NotAllowed | SymbolHalted | NotSent | Rejected => Severity::Warn,
    }
}

/// The fields of a note. Without its instrument prices and quantities are
/// given in ticks and lots.
pub(super) fn fields(kind: &NoteKind, instrument: Option<&Instrument>, out: &mut Fields) {
    let of = Units(instrument);
    match *kind {
        NoteKind::QuotesMade {
            mid,
            reservation,
            bids,
            asks,
        } => {
            out.add("mid", mid).add("reservation", reservation);
            out.add("bids", bids).add("asks", asks);
        }
        NoteKind::OrderSent {
            client_id,
            side,
            price,
            qty,
        } => {
            out.add("client_id", client_id).add("side", side);
            out.add("price", of.price(price)).add("qty", of.qty(qty));
        }
        NoteKind::OrderAmended {
            client_id,
            price,
            qty,
        } => {
            out.add("client_id", client_id);
            out.add("price", of.price(price)).add("qty", of.qty(qty));
        }
        NoteKind::OrderEnded { client_id, filled } => {
            out.add("client_id", client_id);
            out.add("filled", of.qty(filled));
        }
        NoteKind::RequestRefused {
            client_id,
            request,
            reason,
            code,
        } => {
            out.add("client_id", client_id)
                .add("request", Word(request));
            out.add("reason", Word(reason)).add("code", code);
        }
        NoteKind::OutcomeUnknown {
            client_id,
            request,
            doubt,
        } => {
            out.add("client_id", client_id)
                .add("request", Word(request));
            out.add("doubt", Word(doubt));
        }
        NoteKind::OutcomeResolved { client_id, origin } => {
            out.add("client_id", client_id).add("origin", Word(origin));
        }
        NoteKind::Filled {
            client_id,
            side,
            price,
            qty,
            maker,
            fee,
            realised,
        } => {
            if let Some(client_id) = client_id {
                out.add("client_id", client_id);
            }
            out.add("side", side).add("price", of.price(price));
            out.add("qty", of.qty(qty)).add("maker", maker);
            out.add("fee", fee).add("realised", realised);
        }
        NoteKind::QuoteFiltered {
            side,
            price,
            qty,
            breach,
        } => {
            out.add("side", side).add("price", of.price(price));
            out.add("qty", of.qty(qty)).add("breach", Word(breach));
        }
        NoteKind::OrphanFound { client_id } | NoteKind::SecondWriter { client_id } => {
            out.add("client_id", client_id);
        }
        _ => state_fields(kind, of, out),
    }
}

/// Fields of notes that are about no single order.
fn state_fields(kind: &NoteKind, of: Units<'_>, out: &mut Fields) {
    match *kind {
        NoteKind::LayersCut { side, cut } => {
            out.add("side", side).add("cut", cut);
        }
        NoteKind::PriceStale { stale_ms } | NoteKind::PriceFresh { stale_ms } => {
            out.add("stale_duration_ms", stale_ms);
        }
        NoteKind::BookRestored { book_id } => {
            out.add("book_id", book_id);
        }
        NoteKind::BookCrossed { bid, ask } => {
            out.add("bid", of.price(bid)).add("ask", of.price(ask));
        }
        NoteKind::StreamUp { stream } | NoteKind::StreamDown { stream } => {
            out.add("stream", Word(stream));
        }
        NoteKind::Paused { reason } | NoteKind::Resumed { reason } => {
            out.add("reason", pause_word(reason));
        }
        NoteKind::Grinding { side, qty } => {
            out.add("side", side).add("qty", of.qty(qty));
        }
        NoteKind::StopLoss { loss, limit } => {
            out.add("loss", loss).add("limit", limit);
        }
        NoteKind::RequotesSlowed { cancels_per_min } => {
            out.add("cancels_per_min", cancels_per_min);
        }
        NoteKind::PositionCorrected { ours, venue } => {
            out.add("ours", of.qty(ours)).add("venue", of.qty(venue));
        }
        NoteKind::FillRefused { trade_id } => {
            out.add("trade_id", trade_id);
        }
        NoteKind::ProfitDisputed {
            trade_id,
            difference,
        } => {
            out.add("trade_id", trade_id).add("difference", difference);
        }
        NoteKind::LevelsDropped { dropped } => {
            out.add("dropped", dropped);
        }
        NoteKind::WalletDiffers { asset, difference } => {
            out.add("asset", asset).add("difference", difference);
        }
        NoteKind::ForeignOrders { count } => {
            out.add("count", count);
        }
        NoteKind::AccountUnfit {
            hedge_mode,
            multi_asset,
        } => {
            out.add("hedge_mode", hedge_mode);
            out.add("multi_asset", multi_asset);
        }
        NoteKind::NotionalCapped { notional, limit } => {
            out.add("notional", notional).add("limit", limit);
        }
        _ => {}
    }
}

fn pause_word(reason: PauseReason) -> &'static str {
    match reason {
        PauseReason::Operator => "operator",
        PauseReason::StopLoss => "stop_loss",
        PauseReason::Schedule => "schedule",
        PauseReason::Venue => "venue",
        PauseReason::Stopping => "stopping",
    }
}

/// Ticks and lots as the decimals that people read.
#[derive(Clone, Copy)]
struct Units<'a>(Option<&'a Instrument>);

impl Units<'_> {
    fn price(self, price: Price) -> String {
        match self.0 {
            Some(instrument) => instrument.price_decimal(price).to_string(),
            None => format!("{}ticks", price.0),
        }
    }

    fn qty(self, qty: Qty) -> String {
        match self.0 {
            Some(instrument) => instrument.qty_decimal(qty).to_string(),
            None => format!("{}lots", qty.0),
        }
    }
}

/// An enum's name in the spelling of fields: `NoSuchOrder` → `no_such_order`.
pub(super) struct Word<T>(pub(super) T);

impl<T: std::fmt::Debug> std::fmt::Display for Word<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use std::fmt::Write;
        for (place, letter) in format!("{:?}", self.0).chars().enumerate() {
            if letter.is_ascii_uppercase() && place > 0 {
                f.write_char('_')?;
            }
            f.write_char(letter.to_ascii_lowercase())?;
        }
        Ok(())
    }
}

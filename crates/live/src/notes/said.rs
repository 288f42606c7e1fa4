//! What the driver says of connections, requests and start and end.

use phoenix_domain::{Severity, SymbolId, VenueMs};

use super::engine::Word;
use super::{Fields, Phrase};
use crate::lane::{LaneEnd, LaneKind};

/// One statement of the driver.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "field names repeat the variant's sentence")]
pub enum Said {
    /// A connection carries data.
    LaneUp { lane: LaneKind, attempt: u64 },
    /// A connection is gone.
    LaneDown { lane: LaneKind, reason: String },
    /// A connection is given up by our side.
    LaneGivenUp { lane: LaneKind, end: LaneEnd },
    /// Connecting failed; tried again.
    OpenFailed {
        lane: LaneKind,
        attempt: u64,
        reason: String,
    },
    /// A fresh connection took over before the old one had to end.
    RolledOver { lane: LaneKind },
    /// The user stream's key was extended.
    ListenKeyRenewed,
    /// The user stream's key is gone; a new one is being made.
    ListenKeyLost,
    /// The user stream's key could not be made or extended.
    ListenKeyFailed { reason: String },
    /// The private stream does not show our own orders.
    PrivateDeaf,
    /// What is open, by the exchange.
    ActiveOrders {
        symbol: SymbolId,
        active: usize,
        foreign: usize,
    },
    /// A frame that cannot be read was dropped.
    FrameUnreadable { lane: LaneKind, reason: String },
    /// A reply that cannot be read.
    ReplyUnreadable { path: &'static str, reason: String },
    /// A request other than an order failed.
    CallFailed { path: &'static str, reason: String },
    /// A call waits for the request budget.
    BudgetSpent { path: &'static str, wait_ms: u64 },
    /// The exchange banned this address.
    Banned { until: VenueMs },
    /// The exchange refuses whatever we ask; a person must look.
    AccessDenied { path: &'static str, code: i32 },
    /// The exchange's clock was measured.
    ClockMeasured { offset_ms: i64, round_trip_ms: i64 },
    /// Dry run: what would have been sent.
    WouldSend { what: String },
    /// A queue was full; this many items were lost.
    QueueFull { queue: &'static str, lost: u64 },
    /// The account may soon be liquidated.
    MarginCall,
    /// Leverage or an account mode was changed by somebody else.
    AccountChanged { what: String },
    /// Start-up has finished.
    Started { symbols: usize, dry_run: bool },
    /// The stop was asked for.
    Stopping,
    /// Nothing rests, by the exchange's own list.
    Stopped,
    /// Orders may still rest.
    StopUnproven { resting: usize },
}

impl Said {
    /// The symbol it is about, if any.
    pub(super) fn symbol(&self) -> Option<SymbolId> {
        match self {
            Self::ActiveOrders { symbol, .. } => Some(*symbol),
            Self::LaneGivenUp { end, .. } => match end {
                LaneEnd::Silent { symbol } | LaneEnd::Stale { symbol, .. } => Some(*symbol),
                LaneEnd::NoBeat { .. } | LaneEnd::Succeeded => None,
            },
            _ => None,
        }
    }

    pub(super) fn phrase(&self) -> Phrase {
        use Severity::{Debug, Error, Info, Warn};
        let (severity, zh, en) = match self {
            Self::LaneUp { .. } => (Info, "WebSocket已连接并有数据", "websocket delivers"),
            Self::LaneDown { .. } => (Warn, "WebSocket连接断开", "websocket lost"),
            Self::LaneGivenUp { end, .. } => match end {
                LaneEnd::Stale { .. } => (Error, "深度数据停止更新，重新连接", "stream stopped"),
                LaneEnd::Silent { .. } => (Error, "数据流从未推送，重新连接", "stream silent"),
                LaneEnd::NoBeat { .. } => (Warn, "WebSocket无心跳，重新连接", "no heartbeat"),
                LaneEnd::Succeeded => (Debug, "旧连接已退役", "connection succeeded"),
            },
            Self::OpenFailed { .. } => (Warn, "WebSocket连接失败，稍后重试", "connect failed"),
            Self::RolledOver { .. } => (Info, "WebSocket连接已提前轮换", "connection renewed"),
            Self::ListenKeyRenewed => (Info, "listenKey已续期", "listen key renewed"),
            Self::ListenKeyLost => (Warn, "listenKey已失效，重新申请", "listen key lost"),
            Self::ListenKeyFailed { .. } => (Error, "listenKey申请失败", "listen key failed"),
            Self::PrivateDeaf => (Error, "用户数据流无回报，重新连接", "private stream deaf"),
            Self::ActiveOrders { .. } => (Info, "同步活跃订单", "active orders"),
            Self::FrameUnreadable { .. } => (Warn, "数据帧无法解析", "unreadable frame"),
            Self::ReplyUnreadable { .. } => (Warn, "应答无法解析", "unreadable reply"),
            Self::CallFailed { .. } => (Warn, "请求失败", "request failed"),
            Self::BudgetSpent { .. } => (Warn, "请求额度用尽，等待", "request budget spent"),
            Self::Banned { .. } => (Error, "IP被交易所封禁", "banned by the exchange"),
            Self::AccessDenied { .. } => (Error, "API密钥或权限被拒绝", "access denied"),
            Self::ClockMeasured { .. } => (Debug, "时钟已校准", "clock measured"),
            Self::WouldSend { .. } => (Info, "模拟运行，未发送", "dry run, not sent"),
            Self::QueueFull { .. } => (Warn, "队列已满，有丢弃", "queue full"),
            Self::MarginCall => (Error, "保证金不足警告", "margin call"),
            Self::AccountChanged { .. } => (Warn, "账户设置被改动", "account changed"),
            Self::Started { .. } => (Info, "Phoenix做市商已启动", "phoenix started"),
            Self::Stopping => (Info, "正在停止：撤销全部订单", "stopping: cancelling all"),
            Self::Stopped => (Info, "已停止：交易所确认无挂单", "stopped: nothing rests"),
            Self::StopUnproven { .. } => (Error, "停止时无法证明已无挂单", "stop unproven"),
        };
        Phrase { severity, zh, en }
    }

    pub(super) fn fields(&self, out: &mut Fields) {
        match self {
            Self::LaneUp { lane, attempt } => {
                out.add("stream", Word(lane)).add("attempt", attempt);
            }
            Self::LaneDown { lane, reason } | Self::FrameUnreadable { lane, reason } => {
                out.add("stream", Word(lane)).add("reason", reason);
            }
            Self::LaneGivenUp { lane, end } => {
                out.add("stream", Word(lane));
                match end {
                    LaneEnd::Stale { age_ms, .. } | LaneEnd::NoBeat { age_ms } => {
                        out.add("age_ms", age_ms);
                    }
                    LaneEnd::Silent { .. } | LaneEnd::Succeeded => {}
                }
            }
            Self::OpenFailed {
                lane,
                attempt,
                reason,
            } => {
                out.add("stream", Word(lane)).add("attempt", attempt);
                out.add("reason", reason);
            }
            Self::RolledOver { lane } => {
                out.add("stream", Word(lane));
            }
            Self::ListenKeyFailed { reason } => {
                out.add("reason", reason);
            }
            Self::ActiveOrders {
                active, foreign, ..
            } => {
                out.add("active_orders", active).add("foreign", foreign);
            }
            Self::ReplyUnreadable { path, reason } | Self::CallFailed { path, reason } => {
                out.add("path", path).add("reason", reason);
            }
            Self::BudgetSpent { path, wait_ms } => {
                out.add("path", path).add("wait_ms", wait_ms);
            }
            Self::Banned { until } => {
                out.add("until_ms", until.0);
            }
            Self::AccessDenied { path, code } => {
                out.add("path", path).add("code", code);
            }
            Self::ClockMeasured {
                offset_ms,
                round_trip_ms,
            } => {
                out.add("offset_ms", offset_ms);
                out.add("round_trip_ms", round_trip_ms);
            }
            Self::WouldSend { what } | Self::AccountChanged { what } => {
                out.add("what", what);
            }
            Self::QueueFull { queue, lost } => {
                out.add("queue", queue).add("lost", lost);
            }
            Self::Started { symbols, dry_run } => {
                out.add("symbols", symbols).add("dry_run", dry_run);
            }
            Self::StopUnproven { resting } => {
                out.add("resting", resting);
            }
            Self::ListenKeyRenewed
            | Self::ListenKeyLost
            | Self::PrivateDeaf
            | Self::MarginCall
            | Self::Stopping
            | Self::Stopped => {}
        }
    }
}

//! The sentences, one per fault and language. Same facts in both.

use crate::lang::Lang;
use crate::problem::Fault;

#[rustfmt::skip]
pub(super) fn english(fault: &Fault) -> String {
    use Fault as F;
    match fault {
        F::Grammar { detail } => format!("is no YAML: {detail}"),
        F::Unsupported { feature } => format!("has {feature}, which settings do not use"),
        F::Empty => "the file is empty; start from configs/phoenix_testnet.yaml".into(),
        F::NotAMapping { found } => format!("found {found}, expected keys with values"),
        F::NotAList { found } => {
            format!("found {found}, expected a list, one `- symbol: …` each")
        }
        F::NoSymbols => "no symbols; add `symbols:` with at least one `- symbol: …`".into(),
        F::TooManySymbols { found, max } => format!("{found} symbols, at most {max}"),
        F::UnknownKey { nearest: Some(near), found } => {
            format!("unknown key (value {found}); did you mean `{near}`?")
        }
        F::UnknownKey { nearest: None, found } => {
            format!("unknown key (value {found}); docs/config.md lists all keys")
        }
        F::DuplicateKey { first_line, found } => {
            format!("stands a second time (value {found}), first in line {first_line}")
        }
        F::WrongType { expected, found } => {
            format!("value {found}: must be {}", expected.range(Lang::En))
        }
        F::OutOfRange { expected, found } => {
            format!("value {found} is not allowed: must be {}", expected.range(Lang::En))
        }
        F::Missing { expected } => format!(
            "missing, and it has no default: {}; must be {}",
            expected.meaning(Lang::En), expected.range(Lang::En),
        ),
        F::Retired { keys } => {
            format!("without effect, from an older version: {}", keys.join(", "))
        }
        F::SecretInFile => "a secret may not stand in this file; use BINANCE_API_KEY and \
            BINANCE_API_SECRET, or keys_file with mode 0600. Treat this one as leaked".into(),
        F::VenueNotSpelled { testnet_false: true } => "no venue is spelled; `testnet: false` \
            alone does not mean mainnet. Nothing will be traded until `venue: mainnet` or \
            `venue: testnet` stands below global".into(),
        F::VenueNotSpelled { testnet_false: false } => "no venue is spelled. Nothing will be \
            traded until `venue: mainnet`, `venue: testnet`, or rest_url and ws_url stand \
            below global".into(),
        F::VenueContradicted => "contradicts the venue named beside it; remove one of them".into(),
        F::VenueTwice { venue } => format!("an address beside `venue: {venue}`; remove one"),
        F::AddressMissing { key } => format!("missing; give both rest_url and ws_url ({key})"),
        F::AddressOfBinance { found } => {
            format!("value {found} is Binance's; spell `venue: mainnet` or `venue: testnet`")
        }
        F::AddressRemote { found } => format!(
            "value {found} is not this machine; allowed: 127.0.0.0/8, ::1, localhost, \
            or any with `allow_remote_venue: true`"
        ),
        F::DuplicateSymbol { found, first_line } => {
            format!("value {found} stands a second time, first in line {first_line}")
        }
        F::SizeBelowMinQty { size, min_qty } => {
            format!("value {size} is under min_qty {min_qty}")
        }
        F::SpacingInverted { first, widest } => {
            format!("value {widest} is under grid_first_spacing {first}")
        }
        F::OffsetBelowTick { offset, tick } => {
            format!("value {offset} is under tick_size {tick}")
        }
        F::LayerBeyondRoom { size, room } => format!(
            "value {size}: not one layer fits into worst_case_ratio × net_max = {room}"
        ),
        F::LayersCut { layers, fitting, room } => format!(
            "value {layers}: only {fitting} fit into worst_case_ratio × net_max = {room}; \
            the farthest will be left out"
        ),
        F::GrindingBeforePinning { grinding, pinning } => {
            format!("value {grinding} is under pinning_thresh {pinning}: grinding starts first")
        }
        F::OrderAboveTotal { order, total } => {
            format!("value {order} is above total_notional_max {total}")
        }
        F::NotListed { nearest: Some(near) } => {
            format!("the exchange does not list it; did you mean {near}?")
        }
        F::NotListed { nearest: None } => "the exchange does not list it".into(),
        F::NotTrading => "the exchange lists it but it is not open for trading now".into(),
        F::TickDiffers { tick, venue } => format!("value {tick}: the exchange's is {venue}"),
        F::QtyBelowVenue { qty, venue } => {
            format!("value {qty} is under the exchange's smallest order {venue}")
        }
        F::QtyOffLot { qty, lot } => {
            format!("value {qty} is no multiple of the exchange's step {lot}")
        }
        F::NotionalBelowVenue { notional, venue, price, qty_needed } => format!(
            "a layer is worth {notional:.2} at {price}, the exchange takes {venue} at least; \
            use {qty_needed} or more"
        ),
        F::TooManyOrders { orders, max } => {
            format!("{orders} orders on both sides, the exchange lets {max} rest")
        }
        F::SpreadBeyondOffset { spread, offset } => format!(
            "is {spread:.2} at the present price, more than twice grid_start_offset {offset}: \
            the spread will decide where layer 1 stands"
        ),
        F::NetAboveTotal { net, total } => format!(
            "is worth {net:.2} at the present price, above total_notional_max {total}, \
            which will bind first"
        ),
        F::LayerAboveOrderMax { layer, max } => {
            format!("a layer is worth {layer:.2} at the present price, one order may be {max}")
        }
    }
}

#[rustfmt::skip]
pub(super) fn chinese(fault: &Fault) -> String {
    use Fault as F;
    match fault {
        F::Grammar { detail } => format!("不是有效的 YAML：{detail}"),
        F::Unsupported { feature } => format!("含有配置文件不支持的 YAML 写法：{feature}"),
        F::Empty => "文件为空；可从 configs/phoenix_testnet.yaml 开始".into(),
        F::NotAMapping { found } => format!("此处是 {found}，应为“键: 值”"),
        F::NotAList { found } => format!("此处是 {found}，应为列表，每项 `- symbol: …`"),
        F::NoSymbols => "没有交易对；请添加 `symbols:`，至少一项 `- symbol: …`".into(),
        F::TooManySymbols { found, max } => format!("{found} 个交易对，最多 {max} 个"),
        F::UnknownKey { nearest: Some(near), found } => {
            format!("未知的键（值 {found}）；是否想写 `{near}`？")
        }
        F::UnknownKey { nearest: None, found } => {
            format!("未知的键（值 {found}）；全部键见 docs/config.zh-CN.md")
        }
        F::DuplicateKey { first_line, found } => {
            format!("重复出现（值 {found}），首次在第 {first_line} 行")
        }
        F::WrongType { expected, found } => {
            format!("值 {found}：应为{}", expected.range(Lang::Zh))
        }
        F::OutOfRange { expected, found } => {
            format!("值 {found} 不允许：应为{}", expected.range(Lang::Zh))
        }
        F::Missing { expected } => format!(
            "缺失，且没有默认值：{}；应为{}",
            expected.meaning(Lang::Zh), expected.range(Lang::Zh),
        ),
        F::Retired { keys } => format!("旧版本的键，不起作用：{}", keys.join("、")),
        F::SecretInFile => "密钥不得写在配置文件中；请用环境变量 BINANCE_API_KEY 与 \
            BINANCE_API_SECRET，或权限 0600 的 keys_file。此密钥应视为已泄露".into(),
        F::VenueNotSpelled { testnet_false: true } => "未写明交易场所；仅 `testnet: false` \
            不代表主网。在 global 下写明 `venue: mainnet` 或 `venue: testnet` 之前不会交易".into(),
        F::VenueNotSpelled { testnet_false: false } => "未写明交易场所。在 global 下写明 \
            `venue: mainnet`、`venue: testnet`，或 rest_url 与 ws_url 之前不会交易".into(),
        F::VenueContradicted => "与同处写明的交易场所矛盾；请删去其一".into(),
        F::VenueTwice { venue } => format!("已写 `venue: {venue}`，又写了地址；请删去其一"),
        F::AddressMissing { key } => format!("缺失；rest_url 与 ws_url 须同时给出（{key}）"),
        F::AddressOfBinance { found } => {
            format!("值 {found} 是币安的地址；请写 `venue: mainnet` 或 `venue: testnet`")
        }
        F::AddressRemote { found } => format!(
            "值 {found} 不是本机；允许 127.0.0.0/8、::1、localhost，\
            或写 `allow_remote_venue: true`"
        ),
        F::DuplicateSymbol { found, first_line } => {
            format!("值 {found} 重复，首次在第 {first_line} 行")
        }
        F::SizeBelowMinQty { size, min_qty } => format!("值 {size} 小于 min_qty {min_qty}"),
        F::SpacingInverted { first, widest } => {
            format!("值 {widest} 小于 grid_first_spacing {first}")
        }
        F::OffsetBelowTick { offset, tick } => format!("值 {offset} 小于 tick_size {tick}"),
        F::LayerBeyondRoom { size, room } => {
            format!("值 {size}：worst_case_ratio × net_max = {room}，一层也放不下")
        }
        F::LayersCut { layers, fitting, room } => format!(
            "值 {layers}：worst_case_ratio × net_max = {room}，只放得下 {fitting} 层，远端层将不挂"
        ),
        F::GrindingBeforePinning { grinding, pinning } => {
            format!("值 {grinding} 小于 pinning_thresh {pinning}：磨仓会先于钉子模式触发")
        }
        F::OrderAboveTotal { order, total } => {
            format!("值 {order} 大于 total_notional_max {total}")
        }
        F::NotListed { nearest: Some(near) } => format!("交易所没有该交易对；是否想写 {near}？"),
        F::NotListed { nearest: None } => "交易所没有该交易对".into(),
        F::NotTrading => "交易所目前未开放该交易对".into(),
        F::TickDiffers { tick, venue } => format!("值 {tick}：交易所为 {venue}"),
        F::QtyBelowVenue { qty, venue } => format!("值 {qty} 小于交易所最小下单量 {venue}"),
        F::QtyOffLot { qty, lot } => format!("值 {qty} 不是交易所步长 {lot} 的整数倍"),
        F::NotionalBelowVenue { notional, venue, price, qty_needed } => format!(
            "按价格 {price} 每层价值 {notional:.2}，交易所至少 {venue}；请用 {qty_needed} 或更大"
        ),
        F::TooManyOrders { orders, max } => format!("双边共 {orders} 单，交易所最多挂 {max} 单"),
        F::SpreadBeyondOffset { spread, offset } => format!(
            "按现价为 {spread:.2}，超过 grid_start_offset {offset} 的两倍：第 1 层位置将由价差决定"
        ),
        F::NetAboveTotal { net, total } => format!(
            "按现价价值 {net:.2}，超过 total_notional_max {total}，后者会先起作用"
        ),
        F::LayerAboveOrderMax { layer, max } => {
            format!("按现价每层价值 {layer:.2}，单笔上限为 {max}")
        }
    }
}

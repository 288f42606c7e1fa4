//! The help texts in Chinese, by command and argument.

use clap::Command;

/// About texts by command path.
const ABOUT: &[(&str, &str)] = &[
    ("", "币安 USDⓈ-M 永续合约做市商"),
    ("demo", "在模拟交易所上观看做市"),
    ("run", "按配置文件实际交易"),
    ("sim", "启动模拟交易所，供任何币安客户端连接"),
    ("record", "把交易所行情录制到文件"),
    ("config", "检查或显示配置文件"),
    ("config check", "一次报告配置文件的全部错误"),
    ("config show", "显示实际生效的配置（不含密钥）"),
    ("completions", "输出 shell 补全脚本"),
    ("version", "显示版本"),
];

/// Argument texts; the same name means the same thing everywhere.
const ARGUMENTS: &[(&str, &str)] = &[
    ("lang", "消息语言"),
    ("duration", "运行多久后停止（60s、5m）；缺省按 Ctrl-C 停止"),
    ("seed", "模拟行情的随机种子：种子相同，行情相同"),
    (
        "replay",
        "改用录制的行情：每行 `<纳秒> <json>`，可为明文、gzip 或 zstd",
    ),
    ("speed", "时间速度"),
    ("config", "配置文件"),
    ("latency_ms", "模拟交易所单向延迟（毫秒）"),
    ("plain", "即使在终端上也输出纯文本行"),
    ("dry_run", "除下单外一切照常"),
    ("listen", "监听地址；端口 0 表示任选空闲端口"),
    ("allow_remote", "允许监听本机以外的地址"),
    ("symbols", "交易对，用逗号分隔：ETHUSDC,BTCUSDT"),
    ("out", "输出目录"),
    (
        "venue",
        "交易场所：mainnet 或 testnet（公共行情，无需密钥）",
    ),
    ("rest_url", "其他交易所的 REST 地址"),
    ("ws_url", "其他交易所的 WebSocket 地址"),
    ("file", "文件"),
    ("offline", "不向交易所查询过滤规则"),
    ("shell", "哪种 shell"),
];

/// The command with Chinese texts wherever there is one.
pub(crate) fn translated(command: Command) -> Command {
    texts(command, "")
}

fn texts(mut command: Command, path: &str) -> Command {
    if let Some((_, about)) = ABOUT.iter().find(|(known, _)| *known == path) {
        command = command.about(*about);
    }
    let arguments: Vec<String> = command
        .get_arguments()
        .map(|argument| argument.get_id().to_string())
        .collect();
    for id in arguments {
        if let Some((_, help)) = ARGUMENTS.iter().find(|(known, _)| *known == id) {
            command = command.mut_arg(id, |argument| argument.help(*help));
        }
    }
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_string())
        .collect();
    for name in names {
        let below = if path.is_empty() {
            name.clone()
        } else {
            format!("{path} {name}")
        };
        command = command.mut_subcommand(name, |sub| texts(sub, &below));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Phoenix;
    use clap::CommandFactory as _;

    fn untranslated(command: &Command, found: &mut Vec<String>) {
        let chinese = |text: String| !text.is_ascii();
        if !chinese(
            command
                .get_about()
                .map(ToString::to_string)
                .unwrap_or_default(),
        ) {
            found.push(command.get_name().to_string());
        }
        for argument in command.get_arguments() {
            if !chinese(
                argument
                    .get_help()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ) {
                found.push(format!("{} {}", command.get_name(), argument.get_id()));
            }
        }
        command
            .get_subcommands()
            .for_each(|sub| untranslated(sub, found));
    }

    #[test]
    fn every_text_has_a_chinese_one() {
        let mut found = Vec::new();
        untranslated(&translated(Phoenix::command()), &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}

//! The reference of all keys, as Markdown: `docs/config.md` is this text.

use std::fmt::Write as _;

use crate::keys::{GLOBAL, Key, Need, SYMBOL};
use crate::lang::Lang;

/// The whole page in one language.
#[must_use]
pub fn reference(lang: Lang) -> String {
    let mut out = String::from(lang.pick(HEAD_EN, HEAD_ZH));
    out.push_str("\n## `global:`\n\n");
    table(&mut out, GLOBAL, lang);
    out.push_str("\n## `symbols:`\n\n");
    table(&mut out, SYMBOL, lang);
    let retired: Vec<&str> = SYMBOL
        .iter()
        .filter(|key| key.need == Need::Retired)
        .map(|key| key.name)
        .collect();
    let label = lang.pick(
        "Keys of an older version, read and named once as without effect",
        "旧版本的键，读取并提示一次，不起作用",
    );
    let _ = write!(out, "\n{label}: `{}`.\n", retired.join("`, `"));
    out
}

const HEAD_EN: &str = "# Configuration

Generated from the table in `crates/config/src/keys/` by `cargo xtask docs`; do not edit.

A file has `global:` and a list `symbols:`. `phoenix config check FILE` reports every mistake at
once. What can lose money has no default. *quote* is the quote asset (USDC, USDT), *base* the base
asset (ETH, BTC); a ratio of 0.001 is 0.1 %.
";

const HEAD_ZH: &str = "# 配置

由 `cargo xtask docs` 从 `crates/config/src/keys/` 的表生成，请勿手改。

文件由 `global:` 与列表 `symbols:` 组成。`phoenix config check FILE` 一次报告全部错误。可能造成亏损的键
没有默认值。*quote* 指计价资产（USDC、USDT），*base* 指基础资产（ETH、BTC）；比例 0.001 即 0.1 %。
";

fn table(out: &mut String, keys: &[Key], lang: Lang) {
    out.push_str(lang.pick(
        "| key | meaning | must be | default |\n|---|---|---|---|\n",
        "| 键 | 含义 | 取值 | 默认 |\n|---|---|---|---|\n",
    ));
    for key in keys {
        let default = match key.need {
            Need::Required => lang.pick("**required**", "**必填**").to_string(),
            Need::Default(text) => format!("`{text}`"),
            Need::Optional => lang.pick("absent", "缺省").to_string(),
            Need::Secret => lang.pick("refused", "拒绝").to_string(),
            Need::Retired => continue,
        };
        let meaning = lang.pick(key.en, key.zh);
        let _ = writeln!(
            out,
            "| `{}` | {meaning} | {} | {default} |",
            key.name,
            key.range(lang).trim_start(),
        );
    }
}

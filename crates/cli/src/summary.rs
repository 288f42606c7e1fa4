//! What a run came to, as a table, and whether it kept its promises.

use std::fmt::Write as _;

use phoenix_config::Lang;
use phoenix_domain::Cash;
use phoenix_engine::MarkoutView;
use phoenix_live::{MakerStatus, Summary};

use crate::exit::{Code, Ended, Failure};

/// Prints the table, then fails unless nothing rests and the accounts agree.
pub(crate) fn conclude(summary: &Summary, lang: Lang) -> Ended {
    print!("{}", table(summary, lang));
    verdict(summary, lang)
}

fn verdict(summary: &Summary, lang: Lang) -> Ended {
    let mut broken = Vec::new();
    if !summary.nothing_rests() && !summary.wallets.is_empty() {
        broken.push(match &summary.resting {
            Some(_) => lang.pick("orders still rest", "仍有挂单"),
            None => lang.pick(
                "the list of open orders could not be had",
                "无法取得挂单列表",
            ),
        });
    }
    if !summary.books_agree() {
        broken.push(lang.pick("the accounts differ", "账目不一致"));
    }
    match broken.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(Code::Broken, broken.join("; "))),
    }
}

/// One line of the table: what it is, and its value for a symbol.
type Entry = (&'static str, &'static str, fn(&MakerStatus) -> String);

const ENTRIES: [Entry; 14] = [
    ("fills, buys / sells", "成交 买/卖", |maker| {
        format!("{} / {}", maker.view.fills[0], maker.view.fills[1])
    }),
    ("volume", "成交额", |maker| {
        format!("{:.2}", maker.view.volume)
    }),
    ("realised pnl", "已实现盈亏", |maker| {
        signed(maker.view.realised)
    }),
    ("unrealised pnl", "未实现盈亏", |maker| {
        signed(maker.view.unrealised)
    }),
    ("fees paid", "手续费", |maker| signed(maker.view.fees)),
    ("funding received", "资金费", |maker| {
        signed(maker.view.funding)
    }),
    ("net pnl", "净盈亏", |maker| signed(net(maker))),
    ("position", "持仓", |maker| {
        qty(maker, maker.view.position)
    }),
    ("inventory lowest", "库存最低", |maker| {
        qty(maker, maker.view.inventory_min)
    }),
    ("inventory highest", "库存最高", |maker| {
        qty(maker, maker.view.inventory_max)
    }),
    ("markout 1 s", "1 秒 markout", |maker| {
        markout(maker.view.markout_1s)
    }),
    ("markout 10 s", "10 秒 markout", |maker| {
        markout(maker.view.markout_10s)
    }),
    (
        "cancels in the last minute",
        "最近一分钟撤单",
        |maker| maker.view.cancels_per_min.to_string(),
    ),
    (
        "orders of others, untouched",
        "外部订单（未动）",
        |maker| maker.view.foreign_orders.to_string(),
    ),
];

fn table(summary: &Summary, lang: Lang) -> String {
    let mut out = String::new();
    let mut rows = vec![vec![lang.pick("summary", "总结").to_string()]];
    let makers = &summary.status.makers;
    rows[0].extend(
        makers
            .iter()
            .map(|maker| maker.instrument.symbol().to_string()),
    );
    for (en, zh, value) in ENTRIES {
        let mut row = vec![lang.pick(en, zh).to_string()];
        row.extend(makers.iter().map(value));
        rows.push(row);
    }
    out.push('\n');
    aligned(&mut out, &rows);
    out.push('\n');
    for wallet in &summary.wallets {
        let said = lang.pick("exchange's wallet", "交易所钱包");
        let ours = lang.pick("our books", "本方账目");
        let difference = lang.pick("difference", "差额");
        let _ = writeln!(
            out,
            "{said} {}: {} -> {} ({:+}), {ours} {:+}, {difference} {}",
            wallet.asset,
            wallet.before,
            wallet.after,
            wallet.after - wallet.before,
            wallet.booked,
            wallet.difference(),
        );
    }
    let _ = writeln!(out, "{}", resting(summary, lang));
    out
}

fn resting(summary: &Summary, lang: Lang) -> String {
    let label = lang.pick("open orders by the exchange's own list", "交易所列出的挂单");
    match &summary.resting {
        _ if summary.wallets.is_empty() => lang
            .pick("no account, so no orders", "没有账户，因此没有挂单")
            .to_string(),
        None => format!("{label}: {}", lang.pick("not known", "未知")),
        Some(counts) => {
            let counts: Vec<String> = counts
                .iter()
                .map(|(symbol, count)| format!("{symbol} {count}"))
                .collect();
            format!("{label}: {}", counts.join(", "))
        }
    }
}

fn net(maker: &MakerStatus) -> Cash {
    let view = &maker.view;
    view.realised + view.unrealised + view.funding - view.fees
}

/// Every digit: these are compared with the exchange's.
fn signed(cash: Cash) -> String {
    let sign = if cash.0 > 0 { "+" } else { "" };
    format!("{sign}{cash}")
}

fn qty(maker: &MakerStatus, qty: phoenix_domain::Qty) -> String {
    maker.instrument.qty_decimal(qty).to_string()
}

fn markout(markout: MarkoutView) -> String {
    let MarkoutView { count, cash, bp } = markout;
    match count {
        0 => "-".to_string(),
        _ => format!("{bp:+.2} bp, {cash:.4} ({count})"),
    }
}

fn aligned(out: &mut String, rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| columns_of(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let pad = " ".repeat(width - columns_of(cell));
            // Words to the left, figures to the right.
            let _ = match index {
                0 => write!(out, "  {cell}{pad}"),
                _ => write!(out, "   {pad}{cell}"),
            };
        }
        out.push('\n');
    }
}

/// Chinese characters take two columns of a terminal.
fn columns_of(text: &str) -> usize {
    text.chars()
        .map(|letter| {
            if ('\u{2e80}'..='\u{ffef}').contains(&letter) {
                2
            } else {
                1
            }
        })
        .sum()
}

//! Where things stand on the terminal.

use phoenix_config::Lang;
use phoenix_domain::Severity;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Cell, Paragraph, Row as TableRow, Table, Wrap};

use super::scene::{Row, Scene, Tone};

pub(super) fn draw(frame: &mut Frame<'_>, scene: &Scene, lang: Lang) {
    let symbols = u16::try_from(scene.rows.len()).unwrap_or(u16::MAX);
    let [head, quotes, money, foot, notes] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(symbols.saturating_add(3)),
        Constraint::Length(symbols.saturating_add(3)),
        Constraint::Length(2),
        Constraint::Min(3),
    ])
    .areas(frame.area());
    header(frame, head, scene, lang);
    table(frame, quotes, scene, &quote_columns(), lang);
    table(frame, money, scene, &money_columns(), lang);
    let footer = Paragraph::new(scene.footer.as_str()).wrap(Wrap { trim: true });
    frame.render_widget(footer, foot);
    notes_panel(frame, notes, scene, lang);
}

fn header(frame: &mut Frame<'_>, area: Rect, scene: &Scene, lang: Lang) {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let stop = lang.pick(
        "Ctrl-C or q: cancel all and stop",
        "Ctrl-C 或 q：撤单并停止",
    );
    let line = Line::from(vec![
        Span::styled(" Phoenix ", bold.bg(Color::Blue).fg(Color::White)),
        Span::raw(format!(" {}  {}   ", scene.title, scene.clock)),
        Span::styled(stop, Style::new().fg(Color::DarkGray)),
    ]);
    frame.render_widget(Paragraph::new(line), area);
}

/// One column: titles, width, and what it shows of a row.
struct Column {
    en: &'static str,
    zh: &'static str,
    width: u16,
    cell: fn(&Row) -> (String, Tone),
}

const fn column(
    en: &'static str,
    zh: &'static str,
    width: u16,
    cell: fn(&Row) -> (String, Tone),
) -> Column {
    Column {
        en,
        zh,
        width,
        cell,
    }
}

fn quote_columns() -> [Column; 8] {
    [
        column("symbol", "交易对", 9, |row| {
            (row.symbol.clone(), Tone::Plain)
        }),
        column("mode", "状态", 12, |row| {
            (row.mode.clone(), row.mode_tone)
        }),
        column("mid", "中间价", 11, |row| (row.mid.clone(), Tone::Plain)),
        column("bids", "买单", 15, |row| (row.bids.clone(), Tone::Plain)),
        column("asks", "卖单", 15, |row| (row.asks.clone(), Tone::Plain)),
        column("cxl/min", "撤单/分", 8, |row| {
            (row.cancels_per_min.clone(), Tone::Plain)
        }),
        column("data age", "数据龄", 9, |row| {
            (row.data_age.clone(), Tone::Plain)
        }),
        column("round trip", "往返", 10, |row| {
            (row.round_trip.clone(), Tone::Plain)
        }),
    ]
}

fn money_columns() -> [Column; 8] {
    [
        column("symbol", "交易对", 9, |row| {
            (row.symbol.clone(), Tone::Plain)
        }),
        column("position", "持仓", 12, |row| {
            (row.position.clone(), Tone::Plain)
        }),
        column("entry", "均价", 11, |row| {
            (row.entry.clone(), Tone::Plain)
        }),
        column("fills b/s", "成交 买/卖", 10, |row| {
            (row.fills.clone(), Tone::Plain)
        }),
        column("realised", "已实现", 12, |row| {
            (row.realised.clone(), Tone::Plain)
        }),
        column("unrealised", "未实现", 12, |row| {
            (row.unrealised.clone(), Tone::Plain)
        }),
        column("fees", "手续费", 10, |row| {
            (row.fees.clone(), Tone::Plain)
        }),
        column("net pnl", "净盈亏", 12, |row| {
            (row.net.clone(), row.net_tone)
        }),
    ]
}

fn table(frame: &mut Frame<'_>, area: Rect, scene: &Scene, columns: &[Column], lang: Lang) {
    let titles = columns.iter().map(|column| lang.pick(column.en, column.zh));
    let head = TableRow::new(titles).style(Style::new().fg(Color::DarkGray));
    let rows = scene.rows.iter().map(|row| {
        TableRow::new(columns.iter().map(|column| {
            let (text, tone) = (column.cell)(row);
            Cell::new(text).style(style(tone))
        }))
    });
    let widths = columns.iter().map(|column| Constraint::Min(column.width));
    let table = Table::new(rows, widths)
        .header(head)
        .block(Block::bordered());
    frame.render_widget(table, area);
}

fn notes_panel(frame: &mut Frame<'_>, area: Rect, scene: &Scene, lang: Lang) {
    let room = usize::from(area.height.saturating_sub(2));
    let start = scene.notes.len().saturating_sub(room);
    let lines: Vec<Line<'_>> = scene.notes[start..]
        .iter()
        .map(|said| {
            let color = match said.severity {
                Severity::Debug => Color::DarkGray,
                Severity::Info => Color::Reset,
                Severity::Warn => Color::Yellow,
                Severity::Error => Color::Red,
            };
            Line::styled(
                format!("{} {}", said.time, said.text),
                Style::new().fg(color),
            )
        })
        .collect();
    let title = lang.pick(" events ", " 事件 ");
    let panel = Paragraph::new(lines).block(Block::bordered().title(title));
    frame.render_widget(panel, area);
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Good => Style::new().fg(Color::Green),
        Tone::Bad => Style::new().fg(Color::Red),
        Tone::Warn => Style::new().fg(Color::Yellow),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Said;
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn row(symbol: &str) -> Row {
        Row {
            symbol: symbol.into(),
            mode: "quoting".into(),
            mode_tone: Tone::Good,
            mid: "2610.585".into(),
            position: "-0.105".into(),
            entry: "2611.20".into(),
            bids: "7 @ 2609.38".into(),
            asks: "6 @ 2611.79".into(),
            fills: "12/15".into(),
            realised: "+1.2500".into(),
            unrealised: "-0.1000".into(),
            fees: "+0.0000".into(),
            net: "+1.1500".into(),
            net_tone: Tone::Good,
            cancels_per_min: "31".into(),
            data_age: "12 ms".into(),
            round_trip: "210 µs".into(),
        }
    }

    fn drawn(scene: &Scene, width: u16, height: u16, lang: Lang) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("in memory");
        terminal
            .draw(|frame| draw(frame, scene, lang))
            .expect("in memory");
        terminal.backend().to_string()
    }

    fn scene() -> Scene {
        let said = |text: &str| Said {
            time: "12:00:01".into(),
            severity: Severity::Info,
            text: text.into(),
        };
        Scene {
            title: "demo".into(),
            clock: "00:12".into(),
            rows: vec![row("ETHUSDC"), row("BTCUSDT")],
            footer: "weight 40/2400".into(),
            notes: (0..40).map(|n| said(&format!("note {n}"))).collect(),
            notes_total: 40,
        }
    }

    #[test]
    fn everything_asked_for_is_on_an_ordinary_terminal() {
        let text = drawn(&scene(), 100, 24, Lang::En);
        for wanted in [
            "ETHUSDC",
            "BTCUSDT",
            "2610.585",
            "-0.105",
            "7 @ 2609.38",
            "6 @ 2611.79",
            "12/15",
            "+1.1500",
            "31",
            "12 ms",
            "210 µs",
            "weight 40/2400",
            "note 39",
            "Ctrl-C",
        ] {
            assert!(text.contains(wanted), "{wanted} is missing in\n{text}");
        }
    }

    #[test]
    fn any_size_and_language_draws_without_a_panic() {
        for (width, height) in [(1, 1), (20, 5), (80, 24), (300, 100)] {
            for lang in [Lang::En, Lang::Zh] {
                let _ = drawn(&scene(), width, height, lang);
                let _ = drawn(&Scene::default(), width, height, lang);
            }
        }
    }

    #[test]
    fn plain_output_prints_every_kept_note_once() {
        let scene = scene();
        assert_eq!(scene.notes_after(38).len(), 2);
        assert_eq!(scene.notes_after(0).len(), 40);
        assert_eq!(scene.notes_after(40).len(), 0);
    }
}

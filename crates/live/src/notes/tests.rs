use super::*;
use phoenix_domain::{ClientId, Decimal, InstrumentSpec, NoteKind, Price, Qty, RunId, Side};

fn ethusdc() -> Instrument {
    let decimal = |text: &str| Decimal::parse(text.as_bytes()).expect("a decimal");
    let spec = InstrumentSpec {
        symbol: "ETHUSDC".into(),
        base_asset: "ETH".into(),
        quote_asset: "USDC".into(),
        tick: decimal("0.01"),
        price_min: decimal("0.01"),
        price_max: decimal("100000"),
        lot: decimal("0.001"),
        qty_min: decimal("0.001"),
        qty_max: decimal("8000"),
        notional_min: decimal("20"),
        percent_up: decimal("1.05"),
        percent_down: decimal("0.95"),
        orders_max: 200,
        trading: true,
    };
    Instrument::new(SymbolId(0), spec).expect("valid")
}

fn text(lang: Lang, statement: &Statement) -> String {
    Renderer::new(lang, vec![ethusdc()]).line(statement).text
}

#[test]
fn the_words_that_owners_search_for() {
    let note = |kind| {
        Statement::Note(Note {
            symbol: Some(SymbolId(0)),
            kind,
        })
    };
    let client_id = ClientId {
        run: RunId(35),
        seq: 1,
    };
    let sent = note(NoteKind::OrderSent {
        client_id,
        side: Side::Buy,
        price: Price(261_058),
        qty: Qty(20),
    });
    assert_eq!(
        text(Lang::Zh, &sent),
        "订单已下达 symbol=ETHUSDC client_id=phx-z-1 side=buy price=2610.58 qty=0.02"
    );
    let active = Statement::Said(Said::ActiveOrders {
        symbol: SymbolId(0),
        active: 14,
        foreign: 0,
    });
    assert_eq!(
        text(Lang::Zh, &active),
        "同步活跃订单 symbol=ETHUSDC active_orders=14 foreign=0"
    );
    let stale = note(NoteKind::PriceStale { stale_ms: 3_001 });
    let line = Renderer::new(Lang::Zh, vec![ethusdc()]).line(&stale);
    assert!(line.text.starts_with("价格数据过期"), "{}", line.text);
    assert_eq!(line.severity, Severity::Error);
    let gone = note(NoteKind::BookLost {
        loss: phoenix_domain::BookLoss::Disconnected,
    });
    assert!(text(Lang::Zh, &gone).starts_with("深度数据停止更新"));
}

#[test]
fn fields_are_the_same_in_both_languages() {
    let statement = Statement::Said(Said::OpenFailed {
        lane: crate::lane::LaneKind::Public,
        attempt: 3,
        reason: "refused".into(),
    });
    let fields = " stream=public attempt=3 reason=refused";
    for lang in [Lang::En, Lang::Zh] {
        assert!(text(lang, &statement).ends_with(fields));
    }
    assert_ne!(text(Lang::En, &statement), text(Lang::Zh, &statement));
}

#[test]
fn an_unknown_symbol_still_makes_a_line() {
    let note = Note {
        symbol: Some(SymbolId(9)),
        kind: NoteKind::BookCrossed {
            bid: Price(2),
            ask: Price(1),
        },
    };
    let line = text(Lang::En, &Statement::Note(note));
    assert_eq!(line, "book crossed bid=2ticks ask=1ticks");
}

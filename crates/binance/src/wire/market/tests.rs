use super::*;
use crate::symbols::tests::table;
use phoenix_domain::{Decimal, Price, Qty, Rate, Side};
use proptest::prelude::*;

/// Both readers on one frame: what the fast one says, what the general one says.
fn both(frame: &[u8]) -> (Option<Decoded>, Result<Decoded, DecodeError>) {
    let table = table();
    let (mut fast_levels, mut general_levels) = (Levels::default(), Levels::default());
    let fast = fast::frame(&table, frame, &mut fast_levels);
    let general = general::frame(&table, frame, &mut general_levels);
    let fast = fast.map(|quick| match quick.into_frame(&fast_levels) {
        MarketFrame::Depth(frame) => {
            assert_eq!(frame.bids, general_levels.bids);
            assert_eq!(frame.asks, general_levels.asks);
            Decoded::Depth(frame.head)
        }
        MarketFrame::Event { event, sent_ms } => {
            Decoded::Frame(MarketFrame::Event { event, sent_ms })
        }
        other => panic!("{other:?}"),
    });
    (fast, general)
}

fn decoded(frame: &str) -> Decoded {
    let (fast, general) = both(frame.as_bytes());
    let general = general.expect("readable");
    if let Some(fast) = fast {
        assert_eq!(fast, general);
    }
    general
}

fn event(frame: &str) -> Event<'static> {
    match decoded(frame) {
        Decoded::Frame(MarketFrame::Event { event, .. }) => event,
        other => panic!("{other:?}"),
    }
}

const TOP: &str = concat!(
    r#"{"e":"bookTicker","u":11139947831981,"s":"ETHUSDT","ps":"ETHUSDT","b":"1943.64","#,
    r#""B":"113.445","a":"1943.65","A":"182.433","T":1785121247583,"E":1785121247584,"st":1}"#
);

const DEPTH: &str = concat!(
    r#"{"e":"depthUpdate","E":1785121247601,"T":1785121247599,"s":"ETHUSDC","ps":"ETHUSDC","#,
    r#""U":157,"u":160,"pu":149,"b":[["2610.58","21.101"]],"a":[["2610.60","0.000"]],"st":1}"#
);

const TRADE: &str = concat!(
    r#"{"e":"aggTrade","E":1771263510195,"a":3141966230,"s":"BTCUSDT","p":"68005.00","#,
    r#""q":"2.695","nq":"2.695","f":7297376181,"l":7297376207,"T":1771263510041,"m":true,"st":1}"#
);

const MARK: &str = concat!(
    r#"{"e":"markPriceUpdate","E":1562305380000,"s":"BTCUSDT","p":"11794.15000000","#,
    r#""ap":"11794.15000000","i":"11784.62659091","P":"11784.25641265","r":"0.00038167","#,
    r#""T":1562306400000,"st":1}"#
);

#[test]
fn live_frames_read_to_exact_values() {
    assert_eq!(
        event(TOP),
        Event::TopChanged {
            symbol: SymbolId(2),
            book_id: 11_139_947_831_981,
            venue_ms: VenueMs(1_785_121_247_583),
            bid: Level {
                price: Price(194_364),
                qty: Qty(113_445)
            },
            ask: Level {
                price: Price(194_365),
                qty: Qty(182_433)
            },
        }
    );
    assert_eq!(
        event(MARK),
        Event::MarkChanged {
            symbol: SymbolId(1),
            venue_ms: VenueMs(1_562_305_380_000),
            mark: Decimal(1_179_415_000_000),
            funding: Rate(38_167),
            next_funding_ms: VenueMs(1_562_306_400_000),
        }
    );
    let mut decoder = MarketDecoder::new();
    let table = table();
    let wrapped = format!(r#"{{"stream":"ethusdc@depth@100ms","data":{DEPTH}}}"#);
    let frame = decoder
        .decode(&table, wrapped.as_bytes())
        .expect("readable");
    assert_eq!(
        frame,
        MarketFrame::Depth(DepthFrame {
            head: DepthHead {
                symbol: SymbolId(0),
                first_id: 157,
                last_id: 160,
                prev_id: 149,
                venue_ms: VenueMs(1_785_121_247_599),
                sent_ms: VenueMs(1_785_121_247_601),
            },
            bids: &[Level {
                price: Price(261_058),
                qty: Qty(21_101)
            }],
            asks: &[Level {
                price: Price(261_060),
                qty: Qty(0)
            }],
        })
    );
    assert_eq!(decoder.counts().fast, 1);
}

/// BTCUSDT steps by 0.10 but prints two decimals.
#[test]
fn prices_with_more_decimals_than_the_tick_are_exact() {
    let print = Event::TradePrinted {
        symbol: SymbolId(1),
        venue_ms: VenueMs(1_771_263_510_041),
        price: Price(680_050),
        qty: Qty(2_695),
        aggressor: Side::Sell,
    };
    assert_eq!(event(TRADE), print);
    let (fast, _) = both(TRADE.as_bytes());
    assert!(
        fast.is_some(),
        "the commonest frame of all takes the fast way"
    );
    let recorded = r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1771263510064,"#.to_owned()
        + r#""T":1771263510041,"s":"BTCUSDT","t":7297376207,"p":"68005.00","q":"2.695","#
        + r#""X":"MARKET","m":true}}"#;
    assert_eq!(event(&recorded), print);
}

#[test]
fn the_other_family_and_strangers_are_ignored() {
    let coin = TOP.replace(r#""st":1"#, r#""st":2"#);
    let foreign = TOP.replace("ETHUSDT", "DOGEUSDT");
    let unknown = r#"{"e":"contractInfo","E":1,"s":"IOTAUSDT","new":{"a":[1,null]}}"#;
    let all_market = r#"{"stream":"!markPrice@arr","data":[{"e":"markPriceUpdate"}]}"#;
    for (frame, why) in [
        (coin.as_str(), Ignored::CoinMargined),
        (foreign.as_str(), Ignored::Symbol),
        (&TOP.replace("1943.64", "0.00"), Ignored::OneSided),
        (&TOP.replace("1943.65", "0"), Ignored::OneSided),
        (unknown, Ignored::Kind),
        (all_market, Ignored::Kind),
        ("{}", Ignored::Kind),
    ] {
        assert_eq!(
            decoded(frame),
            Decoded::Frame(MarketFrame::Ignored(why)),
            "{frame}"
        );
    }
}

#[test]
fn answers_to_control_frames() {
    let frame = |text: &str| match decoded(text) {
        Decoded::Frame(frame) => frame,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        frame(r#"{"result":null,"id":312}"#),
        MarketFrame::Acknowledged { id: 312 }
    );
    let refused = |id| MarketFrame::Refused {
        id,
        code: 3,
        message: "Invalid JSON".to_owned(),
    };
    assert_eq!(
        frame(r#"{"error":{"code":3,"msg":"Invalid JSON"}}"#),
        refused(None)
    );
    assert_eq!(
        frame(r#"{"code":3,"msg":"Invalid JSON","id":7}"#),
        refused(Some(7))
    );
}

#[test]
fn numbers_that_cannot_be_are_errors_with_their_place() {
    let cases = [
        (
            DEPTH.replace("2610.58", "2610.585"),
            "no whole number of ticks",
        ),
        (DEPTH.replace("2610.58", "0.00"), "not above zero"),
        (
            DEPTH.replace("2610.58", "99999999999.00"),
            "beyond any limit",
        ),
        (DEPTH.replace("2610.58", "-1"), "no whole number of ticks"),
        (
            DEPTH.replace("21.101", "21.1015"),
            "no whole number of lots",
        ),
        (
            DEPTH.replace("21.101", "-21.101"),
            "priced for less than nothing",
        ),
        (DEPTH.replace("21.101", "9999999999999"), "beyond any limit"),
        (TOP.replace("1943.64", ""), "no whole number of ticks"),
        (
            MARK.replace("11794.15000000", "0"),
            "no price a mark can have",
        ),
        (DEPTH.replace(r#""u":160"#, r#""u":"x""#), "not an integer"),
        (DEPTH.replace(r#","pu":149"#, ""), "missing field `pu`"),
        (DEPTH.replace("]]", "]"), "unreadable json"),
        (DEPTH.replace(r#""E":"#, r#""E":1,"E":"#), "duplicate field"),
        (String::new(), "unreadable json"),
        ("[1]".to_owned(), "unreadable json"),
    ];
    for (frame, reason) in cases {
        let (fast, general) = both(frame.as_bytes());
        assert_eq!(fast, None, "{frame}");
        let error = general.expect_err(&frame).to_string();
        assert!(error.contains(reason), "{error} for {frame}");
    }
    let levels = vec![r#"["1.00","1.000"]"#; LEVELS_MAX + 1].join(",");
    let (fast, general) = both(DEPTH.replace(r#"["2610.58","21.101"]"#, &levels).as_bytes());
    assert_eq!(fast, None);
    assert!(matches!(general, Err(DecodeError::TooMany { .. })));
}

#[test]
fn only_a_broken_depth_frame_puts_the_book_in_doubt() {
    for harmless in [
        TOP,
        TRADE,
        MARK,
        r#"{"stream":"a@trade","data":{"e":"trade","E""#,
    ] {
        assert!(!may_change_book(harmless.as_bytes()), "{harmless}");
    }
    let buried = format!(r#"{{"x":"{}","e":"trade"}}"#, "y".repeat(200));
    for doubtful in [DEPTH, "", "{", r#"{"stream":"a@depth","#, &buried] {
        assert!(may_change_book(doubtful.as_bytes()), "{doubtful}");
    }
}

#[test]
fn odd_but_legal_frames_go_the_general_way() {
    let spaced = DEPTH.replace(':', ": ");
    let quoted = DEPTH.replace("157", "\"157\"");
    let newer = DEPTH.replace(r#""st":1"#, r#""st":1,"zz":{"deep":[1,2]}"#);
    let reordered = DEPTH
        .replace(r#""e":"depthUpdate","#, "")
        .replace('}', r#","e":"depthUpdate"}"#);
    let expected = decoded(DEPTH);
    for frame in [spaced, quoted, newer, reordered] {
        assert_eq!(both(frame.as_bytes()).0, None, "{frame}");
        assert_eq!(decoded(&frame), expected, "{frame}");
    }
}

#[test]
fn a_snapshot_reads_alike_both_ways() {
    let (table, mut decoder) = (table(), MarketDecoder::new());
    let body = concat!(
        r#"{"lastUpdateId":11753110753006,"E":1788231600012,"T":1788231600008,"#,
        r#""bids":[["2610.58","21.101"],["2610.57","3.000"]],"asks":[["2610.59","5.964"]]}"#
    );
    let spaced = body.replace(',', ", ");
    for body in [body, &spaced] {
        let snapshot = decoder
            .snapshot(&table, SymbolId(0), body.as_bytes())
            .expect("readable");
        assert_eq!(
            (snapshot.book_id, snapshot.venue_ms.0),
            (11_753_110_753_006, 1_788_231_600_008)
        );
        assert_eq!(snapshot.bids.len(), 2);
        assert_eq!(
            snapshot.asks,
            [Level {
                price: Price(261_059),
                qty: Qty(5_964)
            }]
        );
    }
    assert!(decoder.snapshot(&table, SymbolId(0), b"{}").is_err());
}

/// A frame as the exchange could send it, in either dress.
fn frames() -> impl Strategy<Value = String> {
    let level =
        (1_u64..9_000_000, 0_u64..1_000_000, any::<bool>()).prop_map(|(price, qty, pad)| {
            let zero = if pad { "0" } else { "" };
            format!(
                "[\"{}.{:02}{zero}\",\"{}.{:03}\"]",
                price / 100,
                price % 100,
                qty / 1000,
                qty % 1000
            )
        });
    let side = proptest::collection::vec(level, 0..12).prop_map(|levels| levels.join(","));
    let depth = (
        side.clone(),
        side,
        any::<u64>(),
        0_u64..1 << 60,
        any::<bool>(),
    )
        .prop_map(|(bids, asks, id, time, new)| {
            let (pair, family) = if new {
                (r#","ps":"ETHUSDC""#, r#","st":1"#)
            } else {
                ("", "")
            };
            format!(r#"{{"e":"depthUpdate","E":{time},"T":{time},"s":"ETHUSDC"{pair},"U":{id},"#,)
                + &format!(r#""u":{id},"pu":{id},"b":[{bids}],"a":[{asks}]{family}}}"#)
        });
    let other = prop_oneof![
        Just(TOP.to_owned()),
        Just(TRADE.to_owned()),
        Just(MARK.to_owned()),
        Just(TRADE.replace("aggTrade", "trade")),
    ];
    (prop_oneof![depth, other], any::<bool>()).prop_map(|(frame, wrapped)| match wrapped {
        true => format!(r#"{{"stream":"x@y","data":{frame}}}"#),
        false => frame,
    })
}

/// Small damages that keep a frame nearly legal.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        any::<u8>(),
        proptest::sample::select(br#"0123456789.,:"[]{}\ -etTEsSuUpabABm"#.to_vec()),
    ];
    let edit = (any::<proptest::sample::Index>(), byte, 0_u8..3);
    (frames(), proptest::collection::vec(edit, 0..4)).prop_map(|(frame, edits)| {
        let mut bytes = frame.into_bytes();
        for (place, byte, kind) in edits {
            let at = place.index(bytes.len().max(1));
            match kind {
                0 if at < bytes.len() => bytes[at] = byte,
                1 => bytes.insert(at.min(bytes.len()), byte),
                _ if at < bytes.len() => drop(bytes.remove(at)),
                _ => {}
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_fast_reader_never_disagrees(frame in mutated()) {
        if let (Some(fast), general) = both(&frame) {
            prop_assert_eq!(Ok(fast), general, "{}", String::from_utf8_lossy(&frame));
        }
    }

    #[test]
    fn undamaged_frames_are_read(frame in frames()) {
        let (fast, general) = both(frame.as_bytes());
        prop_assert!(general.is_ok() , "{:?}", general);
        if let Some(fast) = fast {
            prop_assert_eq!(Ok(fast), general);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (table, mut decoder) = (table(), MarketDecoder::new());
        let _ = decoder.decode(&table, &bytes);
        let _ = decoder.snapshot(&table, SymbolId(1), &bytes);
    }
}

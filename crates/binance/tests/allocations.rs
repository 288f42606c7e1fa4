//! After the first few frames, reading the market and writing orders takes
//! nothing from the heap.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use phoenix_binance::depth_sync::{DepthSync, Progress};
use phoenix_binance::sign::Credentials;
use phoenix_binance::symbols::SymbolTable;
use phoenix_binance::wire::call::Call;
use phoenix_binance::wire::market::{DepthSnapshot, MarketDecoder, MarketFrame};
use phoenix_binance::wire::request::{Encoder, Stamp, WsAuth};
use phoenix_domain::{
    ClientId, Decimal, Instrument, InstrumentSpec, MonoNs, NewOrder, Price, Qty, RunId, Side,
    SymbolId, TimeInForce, VenueMs,
};

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting what each thread takes.
struct Counting;

// SAFETY: every call is handed on unchanged to the system's allocator; the
// counter is a plain cell of the thread and allocates nothing itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = TAKEN.try_with(|taken| taken.set(taken.get() + 1));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const SYMBOL: SymbolId = SymbolId(0);

fn table() -> SymbolTable {
    let decimal = |text: &str| Decimal::parse(text.as_bytes()).expect("a decimal");
    let spec = InstrumentSpec {
        symbol: "ETHUSDC".to_owned(),
        base_asset: "ETH".to_owned(),
        quote_asset: "USDC".to_owned(),
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
    SymbolTable::new(&[Instrument::new(SYMBOL, spec).expect("valid")])
}

fn depth_frame(id: u64) -> String {
    let levels = vec![r#"["2610.58","21.101"]"#; 40].join(",");
    let prev_id = id - 1;
    let wrapped = r#"{"stream":"ethusdc@depth@100ms","data":{"e":"depthUpdate","E":1785121247601,"#;
    let head = format!(r#""T":1785121247599,"s":"ETHUSDC","U":{id},"u":{id},"pu":{prev_id},"#);
    format!(r#"{wrapped}{head}"b":[{levels}],"a":[{levels}]}}}}"#)
}

#[test]
fn frame_to_order_takes_nothing_from_the_heap() {
    let table = table();
    let frames: Vec<String> = (1_000..1_100).map(depth_frame).collect();
    let secret = "a made-up secret".to_owned().into();
    let credentials = Credentials::new("Key1", &secret).expect("a key");
    let (mut decoder, mut encoder) = (MarketDecoder::new(), Encoder::new());
    let mut sync = DepthSync::new(SYMBOL);
    let mut taken_warm = 0;
    for (step, frame) in frames.iter().enumerate() {
        if step == 10 {
            taken_warm = TAKEN.with(Cell::get);
        }
        let MarketFrame::Depth(depth) = decoder.decode(&table, frame.as_bytes()).expect("a frame")
        else {
            panic!("not a depth frame");
        };
        let progress = sync.frame(&depth, |_| ());
        assert_eq!(progress == Progress::Applied, step > 0);
        if step == 0 {
            let snapshot = DepthSnapshot {
                symbol: SYMBOL,
                book_id: depth.head.last_id,
                venue_ms: VenueMs(0),
                bids: &[],
                asks: &[],
            };
            sync.snapshot(&snapshot, MonoNs(0), |_| ());
        }
        write_order(&mut encoder, &table, &credentials, step);
    }
    assert_eq!(TAKEN.with(Cell::get) - taken_warm, 0);
}

fn write_order(encoder: &mut Encoder, table: &SymbolTable, credentials: &Credentials, step: usize) {
    let seq = u32::try_from(step).expect("small");
    let order = NewOrder {
        symbol: SYMBOL,
        client_id: ClientId { run: RunId(1), seq },
        side: Side::Buy,
        price: Price(261_058),
        qty: Qty(21_101),
        time_in_force: TimeInForce::PostOnly,
        reduce_only: false,
    };
    let call = Call::Place {
        instrument: table.instrument(SYMBOL),
        order: &order,
    };
    let stamp = Stamp {
        timestamp_ms: 1_785_121_247_601,
        recv_window_ms: 5_000,
    };
    let signed = WsAuth::Signed(credentials);
    let frame = encoder.websocket(1, &call, stamp, signed).expect("a frame");
    assert!(frame.contains("\"signature\":\""));
    let query = encoder
        .rest(&call, stamp, Some(credentials))
        .expect("a query");
    assert!(query.contains("&signature="));
}

//! A generated feed in Binance's own shape: deterministic, dense, and moving
//! enough that quotes have to follow it.

/// Levels on each side of the opening snapshot.
const DEPTH: i64 = 1000;

/// Frames as bytes, and the snapshot they continue.
pub(crate) struct Feed {
    /// REST depth body.
    pub(crate) snapshot: Vec<u8>,
    /// `depthUpdate` frames in order.
    pub(crate) frames: Vec<Vec<u8>>,
    /// The best prices after each of them, as `bookTicker` frames.
    pub(crate) tickers: Vec<Vec<u8>>,
}

/// xorshift64*: enough randomness for a feed, the same on every host.
pub(crate) struct Dice(u64);

impl Dice {
    /// `seed` must not be zero.
    pub(crate) fn new(seed: u64) -> Self {
        assert!(seed != 0, "xorshift needs a seed other than 0");
        Self(seed)
    }

    /// Uniform below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }
}

impl Feed {
    /// `count` frames of about 49 changed levels each, tick 0.01, lot 0.001,
    /// the mid walking a few ticks a frame.
    pub(crate) fn generate(count: usize, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut mid = 261_000_i64;
        let mut last_id = 10_000_u64;
        let snapshot = snapshot(mid, last_id);
        let mut shown = (mid - 1, mid + 1);
        let mut frames = Vec::with_capacity(count);
        let mut tickers = Vec::with_capacity(count);
        for index in 0..count {
            let step = dice.below(13) as i64 - 6;
            let target = mid + step;
            let (bid, ask) = (target - 1, target + 1);
            let mut bids = Vec::new();
            let mut asks = Vec::new();
            clear_between(&mut bids, bid + 1, shown.0, &mut dice, false);
            clear_between(&mut bids, shown.0 + 1, bid, &mut dice, true);
            clear_between(&mut asks, shown.1, ask - 1, &mut dice, false);
            clear_between(&mut asks, ask, shown.1 - 1, &mut dice, true);
            for _ in 0..20 {
                bids.push((bid - dice.below(60) as i64, 1 + dice.below(9_000) as i64));
                asks.push((ask + dice.below(60) as i64, 1 + dice.below(9_000) as i64));
            }
            let (first, former) = (last_id + 5, last_id);
            last_id += 5 + dice.below(400);
            let time = 1_788_231_600_000 + index as i64 * 100;
            frames.push(frame(time, first, last_id.max(first), former, &bids, &asks));
            last_id = last_id.max(first);
            tickers.push(ticker(time, last_id, bid, ask));
            shown = (bid, ask);
            mid = target;
        }
        Self {
            snapshot,
            frames,
            tickers,
        }
    }
}

/// Removes (`fill` false) or fills every tick from `from` to `to` inclusive.
fn clear_between(levels: &mut Vec<(i64, i64)>, from: i64, to: i64, dice: &mut Dice, fill: bool) {
    for price in from..=to {
        let qty = if fill {
            1 + dice.below(9_000) as i64
        } else {
            0
        };
        levels.push((price, qty));
    }
}

fn snapshot(mid: i64, id: u64) -> Vec<u8> {
    let side = |step: i64| {
        let levels: Vec<_> = (1..=DEPTH).map(|n| (mid + step * n, 1_500)).collect();
        text_of(&levels)
    };
    format!(
        r#"{{"lastUpdateId":{id},"E":1788231600000,"T":1788231600000,"bids":{},"asks":{}}}"#,
        side(-1),
        side(1),
    )
    .into_bytes()
}

fn frame(
    time: i64,
    first: u64,
    last: u64,
    former: u64,
    bids: &[(i64, i64)],
    asks: &[(i64, i64)],
) -> Vec<u8> {
    format!(
        concat!(
            r#"{{"stream":"ethusdc@depth@100ms","data":{{"e":"depthUpdate","E":{},"T":{},"#,
            r#""s":"ETHUSDC","ps":"ETHUSDC","U":{},"u":{},"pu":{},"b":{},"a":{},"st":1}}}}"#
        ),
        time + 2,
        time,
        first,
        last,
        former,
        text_of(bids),
        text_of(asks),
    )
    .into_bytes()
}

fn ticker(time: i64, id: u64, bid: i64, ask: i64) -> Vec<u8> {
    let price = |ticks: i64| format!("{}.{:02}", ticks / 100, ticks % 100);
    format!(
        concat!(
            r#"{{"stream":"ethusdc@bookTicker","data":{{"e":"bookTicker","u":{},"s":"ETHUSDC","#,
            r#""ps":"ETHUSDC","b":"{}","B":"3.500","a":"{}","A":"2.250","T":{},"E":{},"st":1}}}}"#
        ),
        id,
        price(bid),
        price(ask),
        time,
        time + 1,
    )
    .into_bytes()
}

fn text_of(levels: &[(i64, i64)]) -> String {
    let levels: Vec<_> = levels
        .iter()
        .map(|(price, qty)| {
            format!(
                r#"["{}.{:02}","{}.{:03}"]"#,
                price / 100,
                price % 100,
                qty / 1000,
                qty % 1000
            )
        })
        .collect();
    format!("[{}]", levels.join(","))
}

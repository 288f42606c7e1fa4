//! One line of a recording as a frame. Prices stay text until the symbol's
//! grid is known.

use serde::Deserialize;

/// A market frame and when it was received.
#[derive(Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) local_ns: u64,
    /// Upper case; empty where the frame does not name one (snapshots).
    pub(super) symbol: String,
    pub(super) content: Content,
}

#[derive(Debug, PartialEq)]
pub(super) enum Content {
    Snapshot(Depth),
    Depth(Depth),
    Top {
        id: u64,
        engine_ms: i64,
        bid: TextLevel,
        ask: TextLevel,
    },
    Trade {
        id: u64,
        first_id: u64,
        engine_ms: i64,
        level: TextLevel,
        buyer_maker: bool,
        whole: bool,
    },
    Mark {
        mark: String,
        index: String,
        funding: String,
    },
}

/// Price and quantity as written.
pub(super) type TextLevel = (String, String);

#[derive(Debug, Default, PartialEq)]
pub(super) struct Depth {
    pub(super) event_ms: i64,
    pub(super) engine_ms: i64,
    pub(super) first_id: u64,
    pub(super) last_id: u64,
    pub(super) previous_id: u64,
    pub(super) bids: Vec<TextLevel>,
    pub(super) asks: Vec<TextLevel>,
}

/// A line that is not `<ns> <json>`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    data: Option<&'a serde_json::value::RawValue>,
}

/// All fields of all events; which ones are there depends on `e`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    e: String,
    s: String,
    #[serde(rename = "E")]
    event_ms: i64,
    #[serde(rename = "T")]
    engine_ms: i64,
    #[serde(rename = "U")]
    first_id: u64,
    #[serde(rename = "u")]
    last_id: u64,
    #[serde(rename = "pu")]
    previous_id: u64,
    #[serde(rename = "lastUpdateId")]
    snapshot_id: u64,
    bids: Vec<TextLevel>,
    asks: Vec<TextLevel>,
}

#[derive(Deserialize)]
struct DepthFields {
    b: Vec<TextLevel>,
    a: Vec<TextLevel>,
}

#[derive(Deserialize)]
struct TopFields {
    b: String,
    #[serde(rename = "B")]
    bid_qty: String,
    a: String,
    #[serde(rename = "A")]
    ask_qty: String,
}

#[derive(Deserialize)]
struct TradeFields {
    p: String,
    q: String,
    m: bool,
    #[serde(default)]
    t: u64,
    #[serde(default)]
    f: u64,
    #[serde(default)]
    l: u64,
    /// `MARKET`, or how a fill came about that never touched the book.
    #[serde(rename = "X", default)]
    origin: Option<String>,
}

#[derive(Deserialize)]
struct MarkFields {
    p: String,
    i: String,
    r: String,
}

impl Frame {
    /// Reads a line; `None` for a frame of a kind that is not replayed.
    pub(super) fn read(line: &[u8]) -> Result<Option<Self>, Broken> {
        let space = line.iter().position(|&byte| byte == b' ').ok_or(Broken)?;
        let time = std::str::from_utf8(&line[..space]).map_err(|_| Broken)?;
        let local_ns: u64 = time.parse().map_err(|_| Broken)?;
        let json = &line[space + 1..];
        let wrapped: Wrapped<'_> = serde_json::from_slice(json).map_err(|_| Broken)?;
        let body = wrapped.data.map_or(json, |data| data.get().as_bytes());
        let fields: Fields = serde_json::from_slice(body).map_err(|_| Broken)?;
        let symbol = fields.s.to_uppercase();
        let content = fields.into_content(body).map_err(|_| Broken)?;
        Ok(content.map(|content| Self {
            local_ns,
            symbol,
            content,
        }))
    }
}

impl Fields {
    fn into_content(self, body: &[u8]) -> serde_json::Result<Option<Content>> {
        let depth = Depth {
            event_ms: self.event_ms,
            engine_ms: self.engine_ms,
            first_id: self.first_id,
            last_id: self.last_id.max(self.snapshot_id),
            previous_id: self.previous_id,
            bids: self.bids,
            asks: self.asks,
        };
        Ok(Some(match self.e.as_str() {
            "" if self.snapshot_id != 0 => Content::Snapshot(depth),
            "depthUpdate" => {
                let DepthFields { b, a } = serde_json::from_slice(body)?;
                Content::Depth(Depth {
                    bids: b,
                    asks: a,
                    ..depth
                })
            }
            "bookTicker" => {
                let top: TopFields = serde_json::from_slice(body)?;
                Content::Top {
                    id: self.last_id,
                    engine_ms: self.engine_ms,
                    bid: (top.b, top.bid_qty),
                    ask: (top.a, top.ask_qty),
                }
            }
            kind @ ("trade" | "aggTrade") => {
                let trade: TradeFields = serde_json::from_slice(body)?;
                if trade.origin.is_some_and(|origin| origin != "MARKET") {
                    return Ok(None);
                }
                let whole = kind == "aggTrade";
                Content::Trade {
                    id: if whole { trade.l } else { trade.t },
                    first_id: if whole { trade.f } else { trade.t },
                    engine_ms: self.engine_ms,
                    level: (trade.p, trade.q),
                    buyer_maker: trade.m,
                    whole,
                }
            }
            "markPriceUpdate" => {
                let MarkFields { p, i, r } = serde_json::from_slice(body)?;
                Content::Mark {
                    mark: p,
                    index: i,
                    funding: r,
                }
            }
            _ => return Ok(None),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_collectors_write() {
        let line = concat!(
            r#"7 {"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":3,"T":2,"#,
            r#""s":"BTCUSDT","U":5,"u":9,"pu":4,"b":[["1.0","2.5"]],"a":[]}}"#
        );
        let line = line.as_bytes();
        let frame = Frame::read(line)
            .expect("a frame")
            .expect("a kind we replay");
        assert_eq!((frame.local_ns, frame.symbol.as_str()), (7, "BTCUSDT"));
        let Content::Depth(depth) = frame.content else {
            panic!("not depth")
        };
        assert_eq!(
            (depth.first_id, depth.last_id, depth.previous_id),
            (5, 9, 4)
        );
        assert_eq!(depth.bids, [("1.0".to_owned(), "2.5".to_owned())]);

        let line = br#"8 {"lastUpdateId":77,"E":3,"T":2,"bids":[["1.0","2.5"]],"asks":[]}"#;
        let frame = Frame::read(line).expect("a frame").expect("a snapshot");
        assert!(matches!(frame.content, Content::Snapshot(book) if book.last_id == 77));

        let line =
            br#"9 {"e":"trade","E":3,"T":2,"s":"X","t":1,"p":"1","q":"2","X":"ADL","m":true}"#;
        assert_eq!(Frame::read(line), Ok(None));
        assert_eq!(Frame::read(b"10 {\"e\":\"depthUpdate\"}"), Err(Broken));
        assert_eq!(Frame::read(b"{}"), Err(Broken));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Frame::read(&bytes);
        }

        #[test]
        fn a_damaged_frame_never_panics(at in 0_usize..120, byte in any::<u8>()) {
            let line = concat!(
                r#"7 {"data":{"e":"bookTicker","u":5,"s":"BTCUSDT","b":"1","B":"2","#,
                r#""a":"3","A":"4","T":2,"E":3}}"#
            );
            let mut line = line.as_bytes().to_vec();
            let at = at % line.len();
            line[at] = byte;
            let _ = Frame::read(&line);
        }
    }
}

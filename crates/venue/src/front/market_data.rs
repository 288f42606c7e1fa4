//! The open REST routes: time, book, tickers, trades, candles, funding.

use phoenix_domain::{Price, Qty, SymbolId};

use crate::exchange::{PublicTrade, Top};
use crate::front::Front;
use crate::front::fail::Fail;
use crate::front::json::Json;
use crate::front::listing::{Listing, Padded};
use crate::front::listing_json;
use crate::front::market_json as shape;
use crate::front::params::Params;
use crate::front::tape::Day;
use crate::front::topic::Interval;

/// How far back `aggTrades` may be asked by time in one call.
const SPAN_MS_MAX: i64 = 3_600_000;

impl Front {
    pub(crate) fn time(&self) -> String {
        let mut json = Json::new();
        json.open().number("serverTime", self.now_ms()).close();
        json.finish()
    }

    /// The symbol parameter as an id.
    pub(crate) fn symbol_of(&self, params: &Params) -> Result<SymbolId, Fail> {
        let name = params.need("symbol")?;
        self.exchange.symbol_id(name).ok_or_else(Fail::symbol)
    }

    /// The same where it may be left out.
    pub(crate) fn maybe_symbol(&self, params: &Params) -> Result<Option<SymbolId>, Fail> {
        let name = params.text("symbol")?;
        name.map(|name| self.exchange.symbol_id(name).ok_or_else(Fail::symbol))
            .transpose()
    }

    pub(crate) fn exchange_info(&self) -> String {
        let limits = self.meter.limits();
        listing_json::exchange_info(&self.exchange, &self.listings, limits, self.now_ms())
    }

    pub(crate) fn depth(&self, params: &Params) -> Result<String, Fail> {
        let symbol = self.symbol_of(params)?;
        let limit = params.integer("limit")?.unwrap_or(500);
        if ![5, 10, 20, 50, 100, 500, 1_000].contains(&limit) {
            let msg = format!("'{limit}' is not valid depth limit.");
            return Err(Fail::new(-4021, msg));
        }
        let listing = self.listing(symbol)?;
        let count = usize::try_from(limit).unwrap_or_default();
        let view = self.exchange.depth(symbol, count);
        let mut json = Json::new();
        json.open()
            .number("lastUpdateId", view.last_update_id)
            .number("E", self.now_ms())
            .number("T", view.at.ms());
        json.key("bids");
        shape::levels(&mut json, listing, shape::pairs(&view.bids));
        json.key("asks");
        shape::levels(&mut json, listing, shape::pairs(&view.asks));
        json.close();
        Ok(json.finish())
    }

    pub(crate) fn book_ticker(&self, params: &Params) -> Result<String, Fail> {
        self.one_or_all(params, |json, listing| {
            let top: Top = self.exchange.top(listing.id());
            json.open()
                .number("lastUpdateId", top.id)
                .text("symbol", listing.symbol())
                .decimal("bidPrice", listing.price(top.bid.price))
                .decimal("bidQty", listing.qty(top.bid.qty))
                .decimal("askPrice", listing.price(top.ask.price))
                .decimal("askQty", listing.qty(top.ask.qty))
                .number("time", top.at.ms())
                .close();
        })
    }

    pub(crate) fn price_ticker(&self, params: &Params) -> Result<String, Fail> {
        self.one_or_all(params, |json, listing| {
            let (price, at_ms) = self.last_price(listing);
            json.open()
                .text("symbol", listing.symbol())
                .decimal("price", listing.price(price))
                .number("time", at_ms)
                .close();
        })
    }

    pub(crate) fn day_ticker(&self, params: &Params) -> Result<String, Fail> {
        let now_ms = self.now_ms();
        self.one_or_all(params, |json, listing| {
            let day = self
                .feeds
                .tape(listing.id())
                .and_then(|tape| tape.day(now_ms));
            let day = day.unwrap_or_else(|| {
                let (price, _) = self.last_price(listing);
                Day::without_trades(price, now_ms)
            });
            day_row(json, listing, &day);
        })
    }

    pub(crate) fn premium_index(&self, params: &Params) -> Result<String, Fail> {
        self.one_or_all(params, |json, listing| {
            let mark = self.exchange.mark(listing.id());
            json.open()
                .text("symbol", listing.symbol())
                .decimal("markPrice", Padded(mark.mark, 8))
                .decimal("indexPrice", Padded(mark.index, 8))
                .decimal("estimatedSettlePrice", Padded(mark.settle, 8))
                .decimal("lastFundingRate", listing_json::rate(mark.funding, 8))
                .decimal("interestRate", listing_json::rate(mark.interest, 8))
                .number("nextFundingTime", mark.next_funding.ms())
                .number("time", mark.at.ms())
                .close();
        })
    }

    pub(crate) fn funding_rate(&self, params: &Params) -> Result<String, Fail> {
        let only = self.maybe_symbol(params)?;
        let (from_ms, to_ms) = self.span(params)?;
        let limit = params.limit(100, 1_000)?;
        let mut rows: Vec<(i64, SymbolId, String)> = Vec::new();
        for listing in &self.listings {
            let symbol = listing.id();
            if only.is_some_and(|only| only != symbol) {
                continue;
            }
            for row in self.exchange.funding_history(symbol) {
                let at_ms = row.at.ms();
                if !(from_ms..=to_ms).contains(&at_ms) {
                    continue;
                }
                let mut json = Json::new();
                json.open()
                    .text("symbol", listing.symbol())
                    .decimal("fundingRate", listing_json::rate(row.rate, 8))
                    .number("fundingTime", at_ms)
                    .decimal("markPrice", Padded(row.mark, 8))
                    .text("rateType", "Regular")
                    .close();
                rows.push((at_ms, symbol, json.finish()));
            }
        }
        rows.sort();
        let texts = rows.into_iter().map(|(_, _, text)| text);
        // Without a start the newest are meant, with one the oldest.
        Ok(if params.has("startTime") {
            list(texts.take(limit))
        } else {
            let all: Vec<String> = texts.collect();
            let skip = all.len().saturating_sub(limit);
            list(all.into_iter().skip(skip))
        })
    }

    pub(crate) fn klines(&self, params: &Params) -> Result<String, Fail> {
        let symbol = self.symbol_of(params)?;
        self.candles(symbol, params)
    }

    pub(crate) fn continuous_klines(&self, params: &Params) -> Result<String, Fail> {
        let pair = params.need("pair")?;
        match params.need("contractType")? {
            "PERPETUAL" => {}
            // Nothing else is listed here.
            _ => return Err(Fail::new(-4104, "Invalid contract type")),
        }
        let symbol = self.exchange.symbol_id(pair).ok_or_else(Fail::symbol)?;
        self.candles(symbol, params)
    }

    fn candles(&self, symbol: SymbolId, params: &Params) -> Result<String, Fail> {
        let interval = Interval::parse(params.need("interval")?)
            .ok_or_else(|| Fail::new(-1120, "Invalid interval."))?;
        let (from_ms, to_ms) = self.span(params)?;
        let limit = params.limit(500, 1_500)?;
        let listing = self.listing(symbol)?;
        let tape = self.feeds.tape(symbol).ok_or_else(Fail::symbol)?;
        let rows = tape
            .candles(interval)
            .filter(|candle| (from_ms..=to_ms).contains(&candle.open_ms));
        let rows: Vec<_> = if params.has("startTime") {
            rows.take(limit).collect()
        } else {
            let mut newest: Vec<_> = rows.rev().take(limit).collect();
            newest.reverse();
            newest
        };
        let mut json = Json::new();
        json.open_list();
        for candle in rows {
            json.open_list()
                .raw(&candle.open_ms.to_string())
                .quoted(listing.price(candle.open))
                .quoted(listing.price(candle.high))
                .quoted(listing.price(candle.low))
                .quoted(listing.price(candle.close))
                .quoted(listing.qty(candle.base))
                .raw(&(candle.open_ms + interval.ms - 1).to_string())
                .quoted(listing.notional(candle.quote))
                .raw(&candle.trades.to_string())
                .quoted(listing.qty(candle.taker_base))
                .quoted(listing.notional(candle.taker_quote))
                .quoted(0)
                .close_list();
        }
        json.close_list();
        Ok(json.finish())
    }

    pub(crate) fn agg_trades(&self, params: &Params) -> Result<String, Fail> {
        let symbol = self.symbol_of(params)?;
        let limit = params.limit(500, 1_000)?;
        let from_id = params.integer("fromId")?;
        let (from_ms, to_ms) = self.span(params)?;
        let spans = params.has("startTime") && params.has("endTime");
        if spans && to_ms.saturating_sub(from_ms) > SPAN_MS_MAX {
            let msg = "More than 1 hours between startTime and endTime.";
            return Err(Fail::new(-1127, msg));
        }
        let listing = self.listing(symbol)?;
        let tape = self.feeds.tape(symbol).ok_or_else(Fail::symbol)?;
        let from_id = u64::try_from(from_id.unwrap_or(0)).unwrap_or(0);
        let rows = tape
            .merged()
            .filter(|row| row.id >= from_id && (from_ms..=to_ms).contains(&row.at_ms));
        let rows: Vec<_> = if params.has("fromId") || params.has("startTime") {
            rows.take(limit).collect()
        } else {
            let mut newest: Vec<_> = rows.rev().take(limit).collect();
            newest.reverse();
            newest
        };
        let mut json = Json::new();
        json.open_list();
        for row in rows {
            json.open()
                .number("a", row.id)
                .decimal("p", listing.price(row.price))
                .decimal("q", listing.qty(row.qty))
                .decimal("nq", listing.qty(row.qty))
                .number("f", row.first_id)
                .number("l", row.last_id)
                .number("T", row.at_ms)
                .flag("m", row.buyer_maker)
                .close();
        }
        json.close_list();
        Ok(json.finish())
    }

    pub(crate) fn trades(&self, params: &Params) -> Result<String, Fail> {
        let symbol = self.symbol_of(params)?;
        let limit = params.limit(500, 1_000)?;
        let from_id = params.integer("fromId")?;
        let listing = self.listing(symbol)?;
        let rows = self.exchange.recent_trades(symbol);
        let rows: Vec<PublicTrade> = match from_id.and_then(|id| u64::try_from(id).ok()) {
            Some(from_id) => rows
                .filter(|row| row.trade_id >= from_id)
                .take(limit)
                .copied()
                .collect(),
            None => {
                let mut newest: Vec<_> = rows.rev().take(limit).copied().collect();
                newest.reverse();
                newest
            }
        };
        let mut json = Json::new();
        json.open_list();
        for row in rows {
            let quote = listing.instrument.notional(row.price, row.qty);
            json.open()
                .number("id", row.trade_id)
                .decimal("price", listing.price(row.price))
                .decimal("qty", listing.qty(row.qty))
                .decimal("quoteQty", listing.notional(quote))
                .number("time", row.at.ms())
                .flag("isBuyerMaker", row.buyer_maker)
                .flag("isRPITrade", false)
                .close();
        }
        json.close_list();
        Ok(json.finish())
    }

    pub(crate) fn open_interest(&self, params: &Params) -> Result<String, Fail> {
        let symbol = self.symbol_of(params)?;
        let listing = self.listing(symbol)?;
        let mut json = Json::new();
        json.open()
            .text("symbol", listing.symbol())
            .decimal(
                "openInterest",
                listing.qty(self.exchange.open_interest(symbol)),
            )
            .number("time", self.now_ms())
            .close();
        Ok(json.finish())
    }

    pub(crate) fn insurance_balance(&self) -> String {
        let mut json = Json::new();
        json.open();
        json.key("symbols").open_list();
        for listing in &self.listings {
            json.quote(listing.symbol());
        }
        json.close_list();
        json.key("assets").open_list();
        for asset in self.exchange.assets() {
            json.open()
                .text("asset", asset)
                .decimal("marginBalance", "0.00000000")
                .number("updateTime", self.now_ms())
                .close();
        }
        json.close_list().close();
        json.finish()
    }

    pub(crate) fn adl_risk(&self, params: &Params) -> Result<String, Fail> {
        self.one_or_all(params, |json, listing| {
            json.open()
                .text("symbol", listing.symbol())
                .text("adlRisk", "low")
                .number("updateTime", self.now_ms())
                .close();
        })
    }

    /// An object with `symbol`, a list without.
    pub(crate) fn one_or_all(
        &self,
        params: &Params,
        write: impl Fn(&mut Json, &Listing),
    ) -> Result<String, Fail> {
        let mut json = Json::new();
        match self.maybe_symbol(params)? {
            Some(symbol) => write(&mut json, self.listing(symbol)?),
            None => {
                json.open_list();
                for listing in &self.listings {
                    write(&mut json, listing);
                }
                json.close_list();
            }
        }
        Ok(json.finish())
    }

    /// `startTime` and `endTime`, both inclusive and both optional.
    pub(crate) fn span(&self, params: &Params) -> Result<(i64, i64), Fail> {
        let from_ms = params.integer("startTime")?.unwrap_or(0);
        let to_ms = params.integer("endTime")?.unwrap_or(i64::MAX);
        if from_ms > to_ms {
            let msg = "Start time is greater than end time.";
            return Err(Fail::new(-1023, msg));
        }
        Ok((from_ms, to_ms))
    }

    /// The last trade, or the best bid before the first trade.
    fn last_price(&self, listing: &Listing) -> (Price, i64) {
        let trade = self.feeds.tape(listing.id()).and_then(|tape| tape.last());
        match trade {
            Some(trade) => (trade.price, trade.at.ms()),
            None => (self.exchange.top(listing.id()).bid.price, self.now_ms()),
        }
    }
}

fn day_row(json: &mut Json, listing: &Listing, day: &Day) {
    let candle = &day.candle;
    let change = Price(candle.close.0 - candle.open.0);
    let average = shape::weighted_average(listing, candle);
    json.open()
        .text("symbol", listing.symbol())
        .decimal("priceChange", listing.price(change))
        .decimal("priceChangePercent", shape::change_percent(candle))
        .decimal("weightedAvgPrice", listing.price(average))
        .decimal("lastPrice", listing.price(candle.close))
        .decimal("lastQty", listing.qty(day.last_qty))
        .decimal("openPrice", listing.price(candle.open))
        .decimal("highPrice", listing.price(candle.high))
        .decimal("lowPrice", listing.price(candle.low))
        .decimal("volume", listing.qty(candle.base))
        .decimal("quoteVolume", listing.notional(candle.quote))
        .number("openTime", candle.open_ms)
        .number("closeTime", day.close_ms)
        .number("firstId", candle.first_id)
        .number("lastId", candle.last_id)
        .number("count", candle.trades)
        .close();
}

impl Day {
    /// Of a symbol nobody has traded yet.
    fn without_trades(price: Price, now_ms: i64) -> Self {
        Self {
            candle: crate::front::tape::Candle::at(now_ms, price, 0),
            last_qty: Qty::ZERO,
            close_ms: now_ms,
        }
    }
}

/// `[…]` of JSON texts.
pub(crate) fn list(rows: impl Iterator<Item = String>) -> String {
    let mut json = Json::new();
    json.open_list();
    for row in rows {
        json.raw(&row);
    }
    json.close_list();
    json.finish()
}

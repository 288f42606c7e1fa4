//! Orders in: place, amend, cancel, alone and in batches. REST and the
//! WebSocket API share these.

use phoenix_domain::{Cash, Qty, TimeInForce};
use serde_json::Value;

use crate::exchange::{
    AccountId, AmendRequest, OrderKind, OrderRef, OrderState, OrderView, VenueNs,
};
use crate::front::Front;
use crate::front::auth::Stamp;
use crate::front::fail::Fail;
use crate::front::json::Json;
use crate::front::listing::Listing;
use crate::front::order_json as shape;
use crate::front::order_terms::{NewTerms, order_ref};
use crate::front::params::Params;

/// Most orders in one placing or amending batch.
const BATCH_MAX: usize = 5;
/// Most orders in one cancelling batch.
const CANCEL_BATCH_MAX: usize = 10;

/// The reply that every cancel-all gives.
pub(crate) const ALL_CANCELLED: &str =
    r#"{"code":200,"msg":"The operation of cancel all open order is done."}"#;

impl Front {
    /// POST order and order.place.
    pub(crate) fn place(
        &mut self,
        account: AccountId,
        params: &Params,
        stamp: Stamp,
    ) -> Result<String, Fail> {
        let terms = self.new_terms(params)?;
        params.all_read()?;
        stamp.check_engine(self.now_ms())?;
        self.place_terms(account, &terms)
    }

    fn place_terms(&mut self, account: AccountId, terms: &NewTerms) -> Result<String, Fail> {
        let now = self.now();
        let order = self.exchange.place(now, account, &terms.request)?;
        let mut json = Json::new();
        let listing = self.listing(order.symbol)?;
        shape::ack(
            &mut json,
            listing,
            &acknowledged(&order, terms.shows_result),
        );
        json.close();
        Ok(json.finish())
    }

    /// POST order/test: every check, nothing done.
    pub(crate) fn place_test(
        &mut self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let terms = self.new_terms(params)?;
        params.all_read()?;
        let now = self.now();
        self.exchange.place_test(now, account, &terms.request)?;
        Ok("{}".to_owned())
    }

    /// PUT order and order.modify.
    pub(crate) fn amend(
        &mut self,
        account: AccountId,
        params: &Params,
        stamp: Stamp,
    ) -> Result<String, Fail> {
        let terms = self.amend_terms(params)?;
        params.all_read()?;
        stamp.check_engine(self.now_ms())?;
        self.amend_order(account, &terms)
    }

    fn amend_order(&mut self, account: AccountId, terms: &AmendRequest) -> Result<String, Fail> {
        let now = self.now();
        let order = self.exchange.amend(now, account, terms)?;
        let listing = self.listing(order.symbol)?;
        let mut json = Json::new();
        shape::ack(&mut json, listing, &order);
        json.text("pair", listing.symbol());
        if let Some(modify_id) = terms.modify_id {
            json.number("modifyId", modify_id);
        }
        json.close();
        Ok(json.finish())
    }

    /// DELETE order and order.cancel.
    pub(crate) fn cancel(&mut self, account: AccountId, params: &Params) -> Result<String, Fail> {
        let (symbol, order) = self.order_named(params)?;
        params.all_read()?;
        let now = self.now();
        let order = self.exchange.cancel(now, account, symbol, order)?;
        let mut json = Json::new();
        shape::ack(&mut json, self.listing(symbol)?, &order);
        json.close();
        Ok(json.finish())
    }

    /// POST batchOrders: one answer per item, in the order sent.
    pub(crate) fn place_batch(
        &mut self,
        account: AccountId,
        params: &Params,
        stamp: Stamp,
    ) -> Result<String, Fail> {
        self.batch(params, stamp, |front, item| {
            let terms = front.new_terms(item)?;
            item.all_read()?;
            front.place_terms(account, &terms)
        })
    }

    /// PUT batchOrders.
    pub(crate) fn amend_batch(
        &mut self,
        account: AccountId,
        params: &Params,
        stamp: Stamp,
    ) -> Result<String, Fail> {
        self.batch(params, stamp, |front, item| {
            let terms = front.amend_terms(item)?;
            item.all_read()?;
            front.amend_order(account, &terms)
        })
    }

    fn batch(
        &mut self,
        params: &Params,
        stamp: Stamp,
        mut one: impl FnMut(&mut Self, &Params) -> Result<String, Fail>,
    ) -> Result<String, Fail> {
        let items: Vec<serde_json::Map<String, Value>> =
            serde_json::from_str(params.need("batchOrders")?)
                .map_err(|_| Fail::invalid("batchOrders"))?;
        params.all_read()?;
        if items.is_empty() || items.len() > BATCH_MAX {
            return Err(Fail::new(-4082, "Invalid batch place order size."));
        }
        stamp.check_engine(self.now_ms())?;
        let mut json = Json::new();
        json.open_list();
        for item in &items {
            match Params::from_json(item).and_then(|item| one(self, &item)) {
                Ok(order) => {
                    json.raw(&order);
                }
                Err(fail) => fail.write(&mut json),
            }
        }
        json.close_list();
        Ok(json.finish())
    }

    /// DELETE batchOrders.
    pub(crate) fn cancel_batch(
        &mut self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let symbol = self.symbol_of(params)?;
        let orders = cancel_list(params)?;
        params.all_read()?;
        if orders.is_empty() || orders.len() > CANCEL_BATCH_MAX {
            return Err(Fail::new(-4032, "Exceed max cancel order size."));
        }
        let now = self.now();
        let mut json = Json::new();
        json.open_list();
        for order in orders {
            match self.exchange.cancel(now, account, symbol, order) {
                Ok(order) => {
                    shape::ack(&mut json, self.listing(symbol)?, &order);
                    json.close();
                }
                Err(reject) => Fail::from(reject).write(&mut json),
            }
        }
        json.close_list();
        Ok(json.finish())
    }

    /// DELETE allOpenOrders.
    pub(crate) fn cancel_all(
        &mut self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let symbol = self.symbol_of(params)?;
        params.all_read()?;
        let now = self.now();
        self.exchange.cancel_all(now, account, symbol);
        Ok(ALL_CANCELLED.to_owned())
    }

    /// POST countdownCancelAll.
    pub(crate) fn countdown(
        &mut self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let symbol = self.symbol_of(params)?;
        let time_ms = params.need_integer("countdownTime")?;
        params.all_read()?;
        let ms = u64::try_from(time_ms).map_err(|_| Fail::invalid("countdownTime"))?;
        let now = self.now();
        self.exchange.countdown(now, account, symbol, ms);
        let mut json = Json::new();
        json.open()
            .text("symbol", self.listing(symbol)?.symbol())
            .decimal("countdownTime", ms)
            .close();
        Ok(json.finish())
    }

    /// GET order and order.status.
    pub(crate) fn query_order(
        &mut self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let (symbol, order) = self.order_named(params)?;
        params.all_read()?;
        let order = self.exchange.order(account, symbol, order)?;
        self.one_row(&order)
    }

    /// GET openOrder.
    pub(crate) fn open_order(
        &mut self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let (symbol, order) = self.order_named(params)?;
        params.all_read()?;
        let order = self.exchange.order(account, symbol, order)?;
        if order.state.is_open() {
            self.one_row(&order)
        } else {
            Err(crate::exchange::Reject::NO_SUCH_ORDER.into())
        }
    }

    /// GET openOrders.
    pub(crate) fn open_orders(
        &mut self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let symbol = self.maybe_symbol(params)?;
        params.all_read()?;
        let orders = self.exchange.open_orders(account, symbol);
        self.rows(&orders, false)
    }

    /// GET allOrders: from an id upward, or the newest in a span of time. The
    /// symbol may be left out since 2026-08-25.
    pub(crate) fn all_orders(
        &mut self,
        account: AccountId,
        params: &Params,
    ) -> Result<String, Fail> {
        let only = self.maybe_symbol(params)?;
        let from_id = params.integer("orderId")?;
        let (from_ms, to_ms) = self.span(params)?;
        let limit = params.limit(500, 1_000)?;
        params.all_read()?;
        let symbols = self.listings.iter().map(Listing::id);
        let mut orders: Vec<OrderView> = symbols
            .filter(|symbol| only.is_none_or(|only| only == *symbol))
            .flat_map(|symbol| self.exchange.all_orders(account, symbol))
            .collect();
        orders.retain(|order| {
            let in_time = (from_ms..=to_ms).contains(&order.created.ms());
            in_time
                && from_id.is_none_or(|id| i64::try_from(order.order_id).is_ok_and(|own| own >= id))
        });
        if from_id.is_some() || from_ms > 0 {
            orders.truncate(limit);
        } else {
            orders.drain(..orders.len().saturating_sub(limit));
        }
        self.rows(&orders, true)
    }

    fn one_row(&self, order: &OrderView) -> Result<String, Fail> {
        let mut json = Json::new();
        shape::row(&mut json, self.listing(order.symbol)?, order);
        json.close();
        Ok(json.finish())
    }

    fn rows(&self, orders: &[OrderView], with_pair: bool) -> Result<String, Fail> {
        let mut json = Json::new();
        json.open_list();
        for order in orders {
            let listing = self.listing(order.symbol)?;
            shape::row(&mut json, listing, order);
            if with_pair {
                json.text("pair", listing.symbol()).decimal("cumBase", 0);
            }
            json.close();
        }
        json.close_list();
        Ok(json.finish())
    }
}

/// What the reply to a placement shows. An ACK leaves the gateway before the
/// engine has matched: NEW with nothing filled, whatever followed.
fn acknowledged(order: &OrderView, shows_result: bool) -> OrderView {
    let takes = matches!(order.time_in_force, TimeInForce::Ioc | TimeInForce::Fok);
    if shows_result && (takes || order.kind == OrderKind::Market) {
        return *order;
    }
    OrderView {
        state: OrderState::New,
        executed: Qty::ZERO,
        executed_cash: Cash::ZERO,
        ..*order
    }
}

fn cancel_list(params: &Params) -> Result<Vec<OrderRef>, Fail> {
    if let Some(text) = params.text("orderIdList")? {
        let invalid = || Fail::invalid("orderIdList");
        let ids: Vec<Value> = serde_json::from_str(text).map_err(|_| invalid())?;
        // The documents ask for numbers; the official Node client quotes them.
        let number = |id: &Value| id.as_u64().or_else(|| id.as_str()?.parse().ok());
        return ids
            .iter()
            .map(|id| number(id).map(OrderRef::Id).ok_or_else(invalid))
            .collect();
    }
    let Some(text) = params.text("origClientOrderIdList")? else {
        return order_ref(params).map(|order| vec![order]);
    };
    let names: Vec<String> =
        serde_json::from_str(text).map_err(|_| Fail::invalid("origClientOrderIdList"))?;
    names
        .iter()
        .map(|name| {
            crate::exchange::ClientOrderId::new(name)
                .map(OrderRef::Client)
                .ok_or_else(|| Fail::new(-4015, "Client order id is not valid."))
        })
        .collect()
}

impl Front {
    /// The instant requests are being carried out at.
    pub(crate) fn now(&self) -> VenueNs {
        self.now
    }

    /// The same in ms.
    pub(crate) fn now_ms(&self) -> i64 {
        self.now.ms()
    }
}

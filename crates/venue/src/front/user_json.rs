//! User stream payloads. Orders trim trailing zeros here, TRADE_LITE pads,
//! as captured live.

use phoenix_domain::Decimal;

use crate::exchange::{
    AccountId, AccountReason, Execution, ExpiryReason, FillView, OrderKind, OrderView,
    PositionChange, PositionView, UserEvent,
};
use crate::front::json::Json;
use crate::front::listing::{Listing, cash};
use crate::front::order_json as words;

/// Prints events for one front: symbols and assets by their ids.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserPrinter<'a> {
    pub(crate) listings: &'a [Listing],
    pub(crate) assets: &'a [String],
    pub(crate) sent_ms: i64,
}

impl UserPrinter<'_> {
    /// Name and payload of an event; `None` only for an event about a symbol
    /// or asset that is not listed.
    pub(crate) fn print(&self, event: &UserEvent) -> Option<(&'static str, String)> {
        match event {
            UserEvent::TradeLite {
                at, order, fill, ..
            } => Some(("TRADE_LITE", self.trade_lite(at.ms(), order, fill)?)),
            UserEvent::AccountUpdate { .. } => Some(("ACCOUNT_UPDATE", self.account(event)?)),
            UserEvent::OrderUpdate { .. } => Some(("ORDER_TRADE_UPDATE", self.order(event)?)),
            UserEvent::MarginCall {
                wallet, positions, ..
            } => {
                let mut json = Json::new();
                json.open()
                    .text("e", "MARGIN_CALL")
                    .number("E", self.sent_ms)
                    .decimal("cw", cash(*wallet));
                json.key("p").open_list();
                for position in positions {
                    self.margin_call_row(&mut json, position)?;
                }
                json.close_list().close();
                Some(("MARGIN_CALL", json.finish()))
            }
            UserEvent::LeverageChanged {
                at,
                symbol,
                leverage,
                ..
            } => {
                let mut json = self.config_head(at.ms());
                json.key("ac").open();
                json.text("s", self.listing(*symbol)?.symbol())
                    .number("l", leverage)
                    .close();
                json.close();
                Some(("ACCOUNT_CONFIG_UPDATE", json.finish()))
            }
            UserEvent::MultiAssetsChanged { at, on, .. } => {
                let mut json = self.config_head(at.ms());
                json.key("ai").open();
                json.flag("j", *on).close();
                json.close();
                Some(("ACCOUNT_CONFIG_UPDATE", json.finish()))
            }
        }
    }

    fn config_head(&self, engine_ms: i64) -> Json {
        let mut json = Json::new();
        json.open()
            .text("e", "ACCOUNT_CONFIG_UPDATE")
            .number("E", self.sent_ms)
            .number("T", engine_ms);
        json
    }

    fn trade_lite(&self, engine_ms: i64, order: &OrderView, fill: &FillView) -> Option<String> {
        let listing = self.listing(order.symbol)?;
        let mut json = Json::new();
        json.open()
            .text("e", "TRADE_LITE")
            .number("E", self.sent_ms)
            .number("T", engine_ms)
            .text("s", listing.symbol())
            .decimal("q", listing.qty(order.qty))
            .decimal("p", listing.price(order.price))
            .flag("m", fill.maker)
            .text("c", order.client_id.as_str())
            .text("S", words::side(order.side))
            .decimal("L", listing.price(fill.price))
            .decimal("l", listing.qty(fill.qty))
            .number("t", fill.trade_id)
            .number("i", order.order_id)
            .close();
        Some(json.finish())
    }

    fn account(&self, event: &UserEvent) -> Option<String> {
        let UserEvent::AccountUpdate {
            at,
            reason,
            asset,
            wallet,
            change,
            position,
            symbol,
            ..
        } = event
        else {
            return None;
        };
        let mut json = Json::new();
        json.open()
            .text("e", "ACCOUNT_UPDATE")
            .number("T", at.ms())
            .number("E", self.sent_ms);
        json.key("a").open();
        json.key("B").open_list().open();
        json.text("a", self.assets.get(usize::from(asset.0))?)
            .decimal("wb", cash(*wallet))
            .decimal("cw", cash(*wallet))
            .decimal("bc", Decimal(change.0));
        json.close().close_list();
        json.key("P").open_list();
        if let Some(position) = position {
            self.position_row(&mut json, position)?;
        }
        json.close_list().text("m", account_reason(*reason));
        if let Some(symbol) = symbol {
            json.text("S", self.listing(*symbol)?.symbol());
        }
        json.close().close();
        Some(json.finish())
    }

    fn position_row(&self, json: &mut Json, position: &PositionChange) -> Option<()> {
        let listing = self.listing(position.symbol)?;
        json.open()
            .text("s", listing.symbol())
            .decimal("pa", listing.short_qty(position.qty))
            .decimal("ep", position.entry(&listing.instrument))
            .decimal("cr", Decimal(position.realised.0))
            .decimal("up", Decimal(position.unrealised.0))
            .text(
                "mt",
                if position.isolated {
                    "isolated"
                } else {
                    "cross"
                },
            )
            .decimal("iw", 0)
            .text("ps", words::position_side(position.position_side))
            .text("ma", &listing.asset)
            .decimal("bep", position.break_even(&listing.instrument))
            .close();
        Some(())
    }

    fn margin_call_row(&self, json: &mut Json, position: &PositionView) -> Option<()> {
        let listing = self.listing(position.symbol)?;
        json.open()
            .text("s", listing.symbol())
            .text("ps", words::position_side(position.position_side))
            .decimal("pa", listing.short_qty(position.qty))
            .text(
                "mt",
                if position.isolated {
                    "ISOLATED"
                } else {
                    "CROSSED"
                },
            )
            .decimal("iw", 0)
            .decimal("mp", position.mark)
            .decimal("up", Decimal(position.unrealised.0))
            .decimal("mm", Decimal(position.maint_margin.0))
            .close();
        Some(())
    }

    fn order(&self, event: &UserEvent) -> Option<String> {
        let UserEvent::OrderUpdate {
            at,
            order,
            execution,
            fill,
            reason,
            modify_id,
            bids_notional,
            asks_notional,
            ..
        } = event
        else {
            return None;
        };
        let listing = self.listing(order.symbol)?;
        let mut json = Json::new();
        json.open()
            .text("e", "ORDER_TRADE_UPDATE")
            .number("T", at.ms())
            .number("E", self.sent_ms);
        json.key("o").open();
        order_terms(&mut json, listing, order);
        json.text("x", execution_word(*execution))
            .text("X", words::state(order.state))
            .number("i", order.order_id);
        if let Some(modify_id) = modify_id {
            json.decimal("M", modify_id);
        }
        fill_terms(&mut json, listing, order, fill.as_ref());
        json.number("T", at.ms())
            .number("t", fill.map_or(0, |fill| fill.trade_id))
            .decimal("b", Decimal(bids_notional.0))
            .decimal("a", Decimal(asks_notional.0))
            .flag("m", fill.is_some_and(|fill| fill.maker));
        order_tail(&mut json, order, fill.as_ref(), *reason);
        json.close().close();
        Some(json.finish())
    }

    fn listing(&self, symbol: phoenix_domain::SymbolId) -> Option<&Listing> {
        self.listings.get(usize::from(symbol.0))
    }
}

/// listenKeyExpired: after it nothing more comes with that key.
pub(crate) fn listen_key_expired(key: &str, sent_ms: i64) -> String {
    let mut json = Json::new();
    json.open()
        .text("e", "listenKeyExpired")
        .number("E", sent_ms)
        .text("listenKey", key)
        .close();
    json.finish()
}

fn order_terms(json: &mut Json, listing: &Listing, order: &OrderView) {
    let average = order.average_price(&listing.instrument);
    json.text("s", listing.symbol())
        .text("c", order.client_id.as_str())
        .text("S", words::side(order.side))
        .text("o", words::kind(order.kind))
        .text("f", words::time_in_force(order.time_in_force))
        .decimal("q", listing.short_qty(order.qty))
        .decimal("p", listing.short_price(order.price))
        .decimal("ap", average)
        .decimal("sp", 0);
}

fn fill_terms(json: &mut Json, listing: &Listing, order: &OrderView, fill: Option<&FillView>) {
    match fill {
        Some(fill) => json
            .decimal("l", listing.short_qty(fill.qty))
            .decimal("z", listing.short_qty(order.executed))
            .decimal("L", listing.short_price(fill.price))
            .decimal("n", Decimal(fill.commission.0)),
        None => json
            .decimal("l", 0)
            .decimal("z", listing.short_qty(order.executed))
            .decimal("L", 0)
            .decimal("n", 0),
    };
    json.text("N", &listing.asset);
}

fn order_tail(json: &mut Json, order: &OrderView, fill: Option<&FillView>, reason: ExpiryReason) {
    let original = match order.kind {
        OrderKind::Limit | OrderKind::Liquidation => "LIMIT",
        OrderKind::Market => "MARKET",
    };
    let realised = fill.map_or(Decimal::ZERO, |fill| Decimal(fill.realised.0));
    json.flag("R", order.reduce_only)
        .text("wt", "CONTRACT_PRICE")
        .text("ot", original)
        .text("ps", words::position_side(order.position_side))
        .flag("cp", false)
        .decimal("rp", realised)
        .flag("pP", false)
        .number("si", 0)
        .number("ss", 0)
        .text("V", words::stp(order.stp))
        .text("pm", words::price_match(order.price_match))
        .number("gtd", order.good_till_ms)
        .decimal("er", reason.digit());
}

fn execution_word(execution: Execution) -> &'static str {
    match execution {
        Execution::New => "NEW",
        Execution::Canceled => "CANCELED",
        Execution::Calculated => "CALCULATED",
        Execution::Expired => "EXPIRED",
        Execution::Trade => "TRADE",
        Execution::Amendment => "AMENDMENT",
    }
}

fn account_reason(reason: AccountReason) -> &'static str {
    match reason {
        AccountReason::Order => "ORDER",
        AccountReason::FundingFee => "FUNDING_FEE",
        AccountReason::Deposit => "DEPOSIT",
        AccountReason::Withdraw => "WITHDRAW",
        AccountReason::InsuranceClear => "INSURANCE_CLEAR",
    }
}

/// Whose event it is.
pub(crate) fn owner(event: &UserEvent) -> AccountId {
    match event {
        UserEvent::TradeLite { account, .. }
        | UserEvent::AccountUpdate { account, .. }
        | UserEvent::OrderUpdate { account, .. }
        | UserEvent::MarginCall { account, .. }
        | UserEvent::LeverageChanged { account, .. }
        | UserEvent::MultiAssetsChanged { account, .. } => *account,
    }
}

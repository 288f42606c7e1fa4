//! Reads order parameters: the wire's words and decimals become a request in
//! ticks and lots, or the exchange's own complaint.

use phoenix_domain::{Decimal, Price, Qty, Side, SymbolId, TimeInForce};

use crate::exchange::{
    AmendRequest, ClientOrderId, OrderKind, OrderRef, OrderRequest, PositionSide, PriceMatch,
    StpMode,
};
use crate::front::Front;
use crate::front::fail::Fail;
use crate::front::listing::Listing;
use crate::front::params::Params;

/// A new order with what its reply shall show.
#[derive(Debug)]
pub(crate) struct NewTerms {
    pub(crate) request: OrderRequest,
    /// RESULT was asked for: the reply of a taking order shows how it ended.
    pub(crate) shows_result: bool,
}

impl Front {
    /// Parameters of POST order, order.place and a batch item.
    pub(crate) fn new_terms(&self, params: &Params) -> Result<NewTerms, Fail> {
        let symbol = self.symbol_of(params)?;
        let listing = self.listing(symbol)?;
        let side = side(params)?;
        let kind = kind(params)?;
        refuse_leftovers_of_conditional_orders(params)?;
        let position_side = position_side(params)?;
        let reduce_only = params.flag("reduceOnly")?.unwrap_or(false);
        let client_id = client_id(params)?;
        let stp = stp(params)?;
        let shows_result = response_type(params)?;
        let qty = qty(params, listing)?;
        let mut request = OrderRequest {
            reduce_only,
            position_side,
            client_id,
            stp,
            ..OrderRequest::market(symbol, side, qty)
        };
        match kind {
            OrderKind::Limit => limit_terms(params, listing, &mut request)?,
            OrderKind::Market | OrderKind::Liquidation => {
                for name in ["price", "timeInForce", "priceMatch"] {
                    if params.has(name) {
                        return Err(Fail::not_required(name));
                    }
                }
            }
        }
        // Sent by some clients with every order; meaningful for GTD only.
        params.integer("goodTillDate")?;
        Ok(NewTerms {
            request,
            shows_result,
        })
    }

    /// Parameters of PUT order, order.modify and a batch item.
    pub(crate) fn amend_terms(&self, params: &Params) -> Result<AmendRequest, Fail> {
        let symbol = self.symbol_of(params)?;
        let listing = self.listing(symbol)?;
        let order = order_ref(params)?;
        let side = side(params)?;
        let price_match = price_match(params)?;
        let qty = qty(params, listing)?;
        let price = if price_match == PriceMatch::None {
            price(params, listing)?
        } else {
            Price::ZERO
        };
        Ok(AmendRequest {
            symbol,
            order,
            side,
            price,
            qty,
            price_match,
            modify_id: params.integer("modifyId")?,
            reduce_only: params.flag("reduceOnly")?,
        })
    }

    /// Symbol and order of a query or a cancel.
    pub(crate) fn order_named(&self, params: &Params) -> Result<(SymbolId, OrderRef), Fail> {
        Ok((self.symbol_of(params)?, order_ref(params)?))
    }
}

fn limit_terms(params: &Params, listing: &Listing, request: &mut OrderRequest) -> Result<(), Fail> {
    request.kind = OrderKind::Limit;
    request.time_in_force = match params.need("timeInForce")? {
        "GTC" => TimeInForce::Gtc,
        "IOC" => TimeInForce::Ioc,
        "FOK" => TimeInForce::Fok,
        "GTX" => TimeInForce::PostOnly,
        "GTD" => TimeInForce::Gtd,
        _ => return Err(Fail::new(-1115, "Invalid timeInForce.")),
    };
    if request.time_in_force == TimeInForce::Gtd {
        request.good_till_ms = params.need_integer("goodTillDate")?;
    }
    request.price_match = price_match(params)?;
    if request.price_match == PriceMatch::None {
        request.price = price(params, listing)?;
    } else if params.has("price") {
        return Err(Fail::not_required("price"));
    }
    Ok(())
}

/// Conditional orders live at the algo routes; their parameters have no
/// meaning here, except where a client sends the neutral value.
fn refuse_leftovers_of_conditional_orders(params: &Params) -> Result<(), Fail> {
    for name in ["stopPrice", "activationPrice", "callbackRate"] {
        if params.has(name) {
            return Err(Fail::not_required(name));
        }
    }
    params.text("workingType")?;
    params.text("priceProtect")?;
    if params.flag("closePosition")? == Some(true) {
        return Err(Fail::new(
            -4136,
            "Target strategy invalid for orderType, closePosition true",
        ));
    }
    Ok(())
}

fn side(params: &Params) -> Result<Side, Fail> {
    match params.need("side")? {
        "BUY" => Ok(Side::Buy),
        "SELL" => Ok(Side::Sell),
        _ => Err(Fail::new(-1117, "Invalid side.")),
    }
}

fn kind(params: &Params) -> Result<OrderKind, Fail> {
    match params.need("type")? {
        "LIMIT" => Ok(OrderKind::Limit),
        "MARKET" => Ok(OrderKind::Market),
        "STOP" | "STOP_MARKET" | "TAKE_PROFIT" | "TAKE_PROFIT_MARKET" | "TRAILING_STOP_MARKET" => {
            Err(Fail::new(
                -4120,
                "Order type not supported for this endpoint. Please use the Algo Order API \
                 endpoints instead.",
            ))
        }
        _ => Err(Fail::new(-1116, "Invalid orderType.")),
    }
}

fn position_side(params: &Params) -> Result<PositionSide, Fail> {
    match params.text("positionSide")? {
        None | Some("BOTH") => Ok(PositionSide::Both),
        Some("LONG") => Ok(PositionSide::Long),
        Some("SHORT") => Ok(PositionSide::Short),
        Some(_) => Err(Fail::new(-4060, "Invalid position side.")),
    }
}

fn stp(params: &Params) -> Result<StpMode, Fail> {
    match params.text("selfTradePreventionMode")? {
        // NONE is no longer taken at its word since 2024-12-10.
        None | Some("EXPIRE_MAKER" | "NONE") => Ok(StpMode::ExpireMaker),
        Some("EXPIRE_TAKER") => Ok(StpMode::ExpireTaker),
        Some("EXPIRE_BOTH") => Ok(StpMode::ExpireBoth),
        Some(_) => Err(Fail::new(-5039, "Invalid self trade prevention mode.")),
    }
}

fn price_match(params: &Params) -> Result<PriceMatch, Fail> {
    match params.text("priceMatch")? {
        None | Some("NONE") => Ok(PriceMatch::None),
        Some("OPPONENT") => Ok(PriceMatch::Opponent),
        Some("OPPONENT_5") => Ok(PriceMatch::Opponent5),
        Some("QUEUE") => Ok(PriceMatch::Queue),
        Some("QUEUE_5") => Ok(PriceMatch::Queue5),
        Some("QUEUE_10") => Ok(PriceMatch::Queue10),
        Some("QUEUE_20") => Ok(PriceMatch::Queue20),
        Some(_) => Err(Fail::new(-5037, "Invalid price match")),
    }
}

fn response_type(params: &Params) -> Result<bool, Fail> {
    match params.text("newOrderRespType")? {
        None | Some("ACK") => Ok(false),
        Some("RESULT") => Ok(true),
        Some(_) => Err(Fail::new(-1136, "Invalid newOrderRespType.")),
    }
}

fn client_id(params: &Params) -> Result<Option<ClientOrderId>, Fail> {
    params
        .text("newClientOrderId")?
        .map(|text| {
            ClientOrderId::new(text)
                .ok_or_else(|| Fail::new(-4015, "Client order id is not valid."))
        })
        .transpose()
}

/// `orderId` wins over `origClientOrderId`.
pub(crate) fn order_ref(params: &Params) -> Result<OrderRef, Fail> {
    let by_client = params.text("origClientOrderId")?;
    if let Some(id) = params.integer("orderId")? {
        let id = u64::try_from(id).map_err(|_| Fail::mandatory("orderId"))?;
        return Ok(OrderRef::Id(id));
    }
    let Some(text) = by_client else {
        return Err(Fail::new(
            -1102,
            "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
        ));
    };
    // A name that breaks the rule cannot be any order's.
    ClientOrderId::new(text)
        .map(OrderRef::Client)
        .ok_or_else(|| Fail::new(-4015, "Client order id is not valid."))
}

fn price(params: &Params, listing: &Listing) -> Result<Price, Fail> {
    let decimal = params
        .decimal("price")?
        .ok_or_else(|| Fail::mandatory("price"))?;
    if decimal.0 < 0 {
        return Err(Fail::new(-4001, "Price less than 0."));
    }
    check_places(decimal, listing.price_places())?;
    let price = listing.instrument.price_floor(decimal);
    if listing.instrument.price_decimal(price) == decimal {
        Ok(price)
    } else {
        Err(Fail::new(-4014, "Price not increased by tick size."))
    }
}

fn qty(params: &Params, listing: &Listing) -> Result<Qty, Fail> {
    let decimal = params
        .decimal("quantity")?
        .ok_or_else(|| Fail::mandatory("quantity"))?;
    if decimal.0 <= 0 {
        return Err(Fail::new(-4003, "Quantity less than or equal to zero."));
    }
    check_places(decimal, listing.qty_places())?;
    let qty = listing.instrument.qty_floor(decimal);
    if listing.instrument.qty_decimal(qty) == decimal {
        Ok(qty)
    } else {
        Err(Fail::new(-4023, "Qty not increased by step size."))
    }
}

fn check_places(decimal: Decimal, places: u8) -> Result<(), Fail> {
    let unit = 10_i64.pow(u32::from(8 - places.min(8)));
    if decimal.0 % unit == 0 {
        return Ok(());
    }
    Err(Fail::new(
        -1111,
        "Precision is over the maximum defined for this asset.",
    ))
}

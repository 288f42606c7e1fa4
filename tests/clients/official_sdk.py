"""Binance's own Python SDK, unchanged but for its URLs, against the simulated exchange.

The SDK parses every reply and frame into strictly typed models; where one does not
fit it only logs a warning and hands over the raw payload. Here each such warning is
a failure.
"""

import asyncio
import logging
import os
from decimal import Decimal

from binance_common.configuration import (
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import (
    DerivativesTradingUsdsFutures,
)
from binance_sdk_derivatives_trading_usds_futures.rest_api.models import (
    ModifyMultipleOrdersBatchOrdersParameterInner as BatchModify,
    PlaceMultipleOrdersBatchOrdersParameterInner as BatchPlace,
)

from checks import Checks, Complaints, Failed, Seen, dec, env, on_grid
from local_book import LocalBook

ID = "BTCUSDT"
ASSET = "USDT"
TICK, LOT = Decimal("0.1"), Decimal("0.001")


def client(key=None, secret=None, private_key=None):
    """The SDK's three faces, pointed at the exchange under test."""
    keys = {"api_key": key or env("BINANCE_API_KEY")}
    if private_key:
        keys["private_key"] = private_key
    else:
        keys["api_secret"] = secret or env("BINANCE_API_SECRET")
    return DerivativesTradingUsdsFutures(
        ConfigurationRestAPI(**keys, base_path=env("PHOENIX_REST_URL"), timeout=5000),
        ConfigurationWebSocketAPI(**keys, stream_url=env("PHOENIX_WS_API_URL")),
        ConfigurationWebSocketStreams(stream_url=env("PHOENIX_WS_URL")),
    )


def plain(model):
    """A model, or a list of them, in the exchange's own names."""
    if isinstance(model, list):
        return [plain(one) for one in model]
    inner = getattr(model, "actual_instance", None)
    if inner is not None:
        return plain(inner)
    return model.to_dict() if hasattr(model, "to_dict") else model


def named(event):
    """A user event with its name, which the SDK turns into the model's class."""
    names = {"OrderTradeUpdate": "ORDER_TRADE_UPDATE", "TradeLite": "TRADE_LITE",
             "AccountUpdate": "ACCOUNT_UPDATE", "AccountConfigUpdate": "ACCOUNT_CONFIG_UPDATE"}
    kind = type(event).__name__
    return {"e": names.get(kind, kind), **(plain(event) if kind in names else {"raw": event})}


# Fields of the SDK's models that the exchange sends in some cases only: trailing stops,
# an amendment that was named, the other kind of batch item, multi-assets margin, funding,
# hedge mode.
SOMETIMES = {"activate_price", "price_rate", "AP", "cr", "modify_id", "M", "code", "msg",
             "margin_available", "S", "hedge"}


def absent(model, path=""):
    """Names of the fields that a model declares and the exchange left out."""
    if isinstance(model, list):
        return [name for one in model for name in absent(one, path)]
    model = getattr(model, "actual_instance", None) or model
    if not hasattr(model, "model_fields_set") or getattr(model, "code", None) is not None:
        return []
    declared = set(type(model).model_fields) - {"additional_properties"} - SOMETIMES
    return [f"{path}{name}" for name in sorted(declared - model.model_fields_set)] + [
        name for field in type(model).model_fields
        for name in absent(getattr(model, field), f"{path}{field}.")]


class Session:
    """One run: the clients, the checks, and what the user stream brought."""

    def __init__(self):
        self.sdk = client()
        self.rest = self.sdk.rest_api
        self.checks = Checks()
        self.complaints = Complaints()
        logging.getLogger().addHandler(self.complaints)
        self.events = Seen()
        self.lacking = []

    def fits(self, what, model):
        """The SDK had nothing to grumble about and every field of its model is there."""
        texts = self.complaints.drain()
        if texts:
            raise Failed(f"{what}: the SDK complains: {texts}")
        names = absent(model)
        if names:
            raise Failed(f"{what}: the reply lacks {names}")

    async def call(self, method, *args, **params):
        """One REST call off the event loop; its reply must fit the SDK's model."""
        answer = await asyncio.to_thread(getattr(self.rest, method), *args, **params)
        self.fits(method, answer.data())
        self.limits = {(limit.rateLimitType, limit.interval): limit.count
                       for limit in answer.rate_limits}
        return plain(answer.data())

    async def refused(self, name, code, method, *args, **params):
        """A REST call the exchange refuses with this code."""
        try:
            answer = await self.call(method, *args, **params)
        except Failed:
            raise
        except Exception as error:  # noqa: BLE001: the SDK has a class per HTTP status
            self.checks.equal(name, getattr(error, "status_code", error), code)
        else:
            raise Failed(f"{name}: was accepted with {answer}")

    async def place(self, side, amount, price, **params):
        params = {"time_in_force": "GTC", **params}
        return await self.call("new_order", symbol=ID, side=side, type="LIMIT",
                               quantity=float(amount), price=float(price), **params)

    async def best(self):
        row = await self.call("symbol_order_book_ticker", symbol=ID)
        return dec(row["bidPrice"]), dec(row["askPrice"])

    async def passive(self, side):
        bid, ask = await self.best()
        if side == "BUY":
            return on_grid(bid * 98 / 100, TICK, -1)
        return on_grid(ask * 102 / 100, TICK, 1)

    async def wallet(self):
        rows = await self.call("futures_account_balance_v3")
        return next(dec(row["balance"]) for row in rows if row["asset"] == ASSET)

    async def open_ids(self):
        return {order["orderId"] for order in await self.call("current_all_open_orders", symbol=ID)}

    async def position(self):
        rows = await self.call("position_information_v3", symbol=ID)
        return next((row for row in rows if dec(row["positionAmt"]) != 0), None)

    async def event(self, order_id, execution, since=0):
        return await self.events.first(
            f"{execution} of order {order_id}",
            lambda e: e["e"] == "ORDER_TRADE_UPDATE"
            and (e["o"]["i"], e["o"]["x"]) == (order_id, execution), since)


async def market_data(s):
    ok = s.checks
    info = await s.call("exchange_information")
    symbols = {row["symbol"]: row for row in info["symbols"]}
    ok.that("exchangeInfo lists both symbols", {ID, "ETHUSDC"} <= set(symbols), set(symbols))
    filters = {row["filterType"]: row for row in symbols[ID]["filters"]}
    ok.equal("grid and filters", (dec(filters["PRICE_FILTER"]["tickSize"]),
                                  dec(filters["LOT_SIZE"]["stepSize"]),
                                  dec(filters["MIN_NOTIONAL"]["notional"]),
                                  filters["MAX_NUM_ORDERS"]["limit"]),
             (TICK, LOT, Decimal(50), 200))
    ok.that("rate limits are told", {"REQUEST_WEIGHT", "ORDERS"} ==
            {row["rateLimitType"] for row in info["rateLimits"]}, info["rateLimits"])
    s.started_ms = (await s.call("check_server_time"))["serverTime"]
    used = s.limits[("REQUEST_WEIGHT", "MINUTE")]
    depth = await s.call("order_book", symbol=ID, limit=1000)
    ok.equal("depth of 1000 costs 20", s.limits[("REQUEST_WEIGHT", "MINUTE")] - used, 20)
    ok.that("depth in order", dec(depth["bids"][0][0]) < dec(depth["asks"][0][0])
            and depth["T"] <= depth["E"], depth["lastUpdateId"])
    bid, _ = await s.best()
    s.amount = on_grid(Decimal(120) / bid, LOT, 1)
    for method, params in (
            ("test_connectivity", {}), ("mark_price", {"symbol": ID}), ("mark_price", {}),
            ("symbol_price_ticker_v2", {"symbol": ID}), ("symbol_price_ticker", {"symbol": ID}),
            ("ticker24hr_price_change_statistics", {"symbol": ID}),
            ("get_funding_rate_info", {}), ("get_funding_rate_history", {"symbol": ID}),
            ("open_interest", {"symbol": ID}), ("symbol_order_book_ticker", {})):
        await s.call(method, **params)
        ok.that(f"{method} fits the model", True)
    await s.refused("unknown symbol is -1121", -1121, "order_book", symbol="NOPEUSDT")


async def market_streams(s):
    """Every public stream in the SDK's model, and a book kept by the documented rules."""
    ok = s.checks
    s.streams = s.sdk.websocket_streams
    await s.streams.create_connection()
    seen = {}
    symbol = ID.lower()
    for name, subscription in (
            ("depthUpdate", s.streams.diff_book_depth_streams(symbol, update_speed="100ms")),
            ("bookTicker", s.streams.individual_symbol_book_ticker_streams(symbol)),
            ("aggTrade", s.streams.aggregate_trade_streams(symbol)),
            ("markPriceUpdate", s.streams.mark_price_stream(symbol, update_speed="1s")),
            ("kline", s.streams.kline_candlestick_streams(symbol, "1m")),
            ("continuous_kline", s.streams.continuous_contract_kline_candlestick_streams(
                symbol, "perpetual", "1m")),
            ("24hrTicker", s.streams.individual_symbol_ticker_streams(symbol)),
            ("24hrMiniTicker", s.streams.individual_symbol_mini_ticker_stream(symbol)),
            ("partial", s.streams.partial_book_depth_streams(symbol, levels="20",
                                                             update_speed="100ms"))):
        seen[name] = Seen()
        stream = await subscription
        stream.on("message", seen[name].put)
    for name, frames in seen.items():
        frame = await frames.first(name, lambda f: True)
        s.fits(name, frame)
        ok.equal(f"{name} fits the model", getattr(frame, "s", None) or frame.ps, ID)
    # After the streams, because a fresh exchange has no trades to list.
    for method in ("recent_trades_list", "compressed_aggregate_trades_list"):
        ok.that(f"{method} fits the model", await s.call(method, symbol=ID, limit=20))
    ok.that("kline_candlestick_data",
            await s.call("kline_candlestick_data", symbol=ID, interval="1m", limit=3))
    ok.that("continuous_contract_kline_candlestick_data",
            await s.call("continuous_contract_kline_candlestick_data", pair=ID,
                         contract_type="PERPETUAL", interval="1m", limit=3))
    await own_book(s, seen["depthUpdate"])


async def own_book(s, diffs):
    """A book kept by the documented rules is level for level the exchange's."""
    book, fed, met = LocalBook(), 0, 0
    while (met < 3 or fed < 40) and fed < 400:
        # Asked right after a diff: a snapshot may fall inside the next diff, and only
        # one that carries the same id shows the same book.
        snapshot = await s.call("order_book", symbol=ID, limit=100 if book.started else 1000)
        if not book.started:
            book.start(snapshot)
        await diffs.first("a diff at or after the snapshot",
                          lambda diff: diff.u >= snapshot["lastUpdateId"])
        for diff in diffs.items[fed:]:
            book.feed(plain(diff))
            fed += 1
            if book.last == snapshot["lastUpdateId"]:
                s.checks.equal("own book equals the snapshot of the same id",
                               book.top(100), LocalBook.of(snapshot).top(100))
                met += 1
        await diffs.first("the next diff", lambda diff: True, fed)
    s.checks.that("own book met a snapshot of its own id three times", met >= 3, (met, fed))


async def account(s):
    ok = s.checks
    s.wallet_at_start = await s.wallet()
    ok.equal("balance v2 equals v3", next(
        dec(row["balance"]) for row in await s.call("futures_account_balance_v2")
        if row["asset"] == ASSET), s.wallet_at_start)
    for method in ("account_information_v2", "account_information_v3"):
        assets = {row["asset"]: row for row in (await s.call(method))["assets"]}
        ok.equal(f"{method} agrees", dec(assets[ASSET]["walletBalance"]), s.wallet_at_start)
    config = await s.call("futures_account_configuration")
    ok.equal("one-way, single asset", (config["dualSidePosition"], config["multiAssetsMargin"],
                                       config["canTrade"]), (False, False, True))
    ok.equal("position mode", await s.call("get_current_position_mode"),
             {"dualSidePosition": False})
    ok.equal("asset mode", await s.call("get_current_multi_assets_mode"),
             {"multiAssetsMargin": False})
    changed = await s.call("change_initial_leverage", symbol=ID, leverage=15)
    ok.equal("leverage set", (changed["leverage"], changed["symbol"]), (15, ID))
    row = (await s.call("symbol_configuration", symbol=ID))[0]
    ok.equal("symbolConfig agrees", (row["leverage"], row["marginType"]), (15, "CROSSED"))
    await s.call("change_initial_leverage", symbol=ID, leverage=20)
    await s.refused("margin type is crossed already (-4046)", -4046, "change_margin_type",
                    symbol=ID, margin_type="CROSSED")
    await s.refused("one-way already (-4059)", -4059, "change_position_mode",
                    dual_side_position="false")
    fees = await s.call("user_commission_rate", symbol=ID)
    ok.equal("fees", (dec(fees["makerCommissionRate"]), dec(fees["takerCommissionRate"])),
             (Decimal("0.0002"), Decimal("0.0005")))
    brackets = await s.call("notional_and_leverage_brackets", symbol=ID)
    first = (brackets[0] if isinstance(brackets, list) else brackets)["brackets"][0]
    ok.equal("first bracket", (first["bracket"], first["initialLeverage"]), (1, 150))
    limits = await s.call("query_user_rate_limit")
    ok.that("order limits", {(r["interval"], r["intervalNum"]) for r in limits}
            == {("SECOND", 10), ("MINUTE", 1)}, limits)
    ok.equal("flat at the start", await s.position(), None)
    ok.equal("no orders at the start", await s.open_ids(), set())
    for method, params in (
            ("position_information_v2", {"symbol": ID}), ("users_force_orders", {"symbol": ID}),
            ("position_adl_quantile_estimation", {"symbol": ID}), ("get_bnb_burn_status", {}),
            ("futures_trading_quantitative_rules_indicators", {}), ("adl_risk", {"symbol": ID}),
            ("get_position_margin_change_history", {"symbol": ID}),
            ("query_insurance_fund_balance_snapshot", {"symbol": ID}),
            ("current_all_algo_open_orders", {}), ("query_all_algo_orders", {"symbol": ID})):
        await s.call(method, **params)
        ok.that(f"{method} fits the model", True)


async def user_stream(s):
    key = (await s.call("start_user_data_stream"))["listenKey"]
    s.checks.equal("the same key again", (await s.call("start_user_data_stream"))["listenKey"], key)
    s.checks.equal("extended", (await s.call("keepalive_user_data_stream"))["listenKey"], key)
    stream = await s.streams.user_data(key)

    def heard(model):
        s.lacking += absent(model.actual_instance)
        s.events.put(named(model.actual_instance))

    stream.on("message", heard)


async def single_orders(s):
    ok = s.checks
    price = await s.passive("BUY")
    gtc = await s.place("BUY", s.amount, price, new_client_order_id="sdk-gtc-1")
    ok.equal("GTC rests", (gtc["status"], gtc["clientOrderId"], dec(gtc["price"])),
             ("NEW", "sdk-gtc-1", price))
    ok.that("acknowledgement without average price", "avgPrice" not in gtc, gtc)
    counted = s.limits[("ORDERS", "SECOND")], s.limits[("ORDERS", "MINUTE")]
    ok.that("order counts in the headers", counted[0] >= 1 and counted[1] >= 1, counted)
    new = await s.event(gtc["orderId"], "NEW")
    ok.equal("stream says NEW", (new["o"]["c"], dec(new["o"]["q"]), new["o"]["X"]),
             ("sdk-gtc-1", s.amount, "NEW"))
    gtx = await s.place("SELL", s.amount, await s.passive("SELL"), time_in_force="GTX",
                        self_trade_prevention_mode="EXPIRE_MAKER")
    ok.equal("GTX rests", (gtx["status"], gtx["timeInForce"], gtx["selfTradePreventionMode"]),
             ("NEW", "GTX", "EXPIRE_MAKER"))
    ok.equal("both are open", await s.open_ids(), {gtc["orderId"], gtx["orderId"]})
    _, ask = await s.best()
    over = on_grid(ask * 101 / 100, TICK, 1)
    await s.refused("GTX that crosses is -5022", -5022, "new_order", symbol=ID, side="BUY",
                    type="LIMIT", time_in_force="GTX", quantity=float(s.amount),
                    price=float(over), new_client_order_id="sdk-x")
    await s.refused("and leaves no record", -2013, "query_order", symbol=ID,
                    orig_client_order_id="sdk-x")
    higher = price + TICK * 10
    amended = await s.call("modify_order", symbol=ID, side="BUY", quantity=float(s.amount * 2),
                           price=float(higher), order_id=gtc["orderId"], modify_id=77)
    ok.equal("amend keeps the ids", (amended["orderId"], amended["clientOrderId"],
                                     dec(amended["price"]), dec(amended["origQty"])),
             (gtc["orderId"], "sdk-gtc-1", higher, s.amount * 2))
    event = await s.event(gtc["orderId"], "AMENDMENT")
    ok.equal("stream says AMENDMENT", (dec(event["o"]["p"]), event["o"]["X"], event["o"]["M"]),
             (higher, "NEW", "77"))
    history = await s.call("get_order_modify_history", symbol=ID, order_id=gtc["orderId"])
    ok.equal("amendment history", dec(history[0]["amendment"]["price"]["after"]), higher)
    await s.refused("amend that changes nothing is -5027", -5027, "modify_order", symbol=ID,
                    side="BUY", quantity=float(s.amount * 2), price=float(higher),
                    order_id=gtc["orderId"])
    found = await s.call("query_order", symbol=ID, order_id=gtc["orderId"])
    ok.equal("query agrees", (found["status"], dec(found["price"]), dec(found["avgPrice"])),
             ("NEW", higher, 0))
    found = await s.call("query_current_open_order", symbol=ID, order_id=gtc["orderId"])
    ok.equal("open order agrees", found["clientOrderId"], "sdk-gtc-1")
    gone = await s.call("cancel_order", symbol=ID, order_id=gtc["orderId"])
    ok.equal("cancel", (gone["orderId"], gone["status"]), (gtc["orderId"], "CANCELED"))
    await s.event(gtc["orderId"], "CANCELED")
    await s.refused("cancelling again is -2011", -2011, "cancel_order", symbol=ID,
                    order_id=gtc["orderId"])
    await s.refused("no longer open", -2013, "query_current_open_order", symbol=ID,
                    order_id=gtc["orderId"])
    await s.call("cancel_all_open_orders", symbol=ID)
    await s.event(gtx["orderId"], "CANCELED")
    ok.equal("nothing is open", await s.open_ids(), set())
    listed = {row["orderId"] for row in await s.call("all_orders", symbol=ID)}
    ok.that("all orders lists both", {gtc["orderId"], gtx["orderId"]} <= listed, listed)


async def batches(s):
    ok = s.checks
    price = await s.passive("BUY")
    _, ask = await s.best()

    def wanted(index, at):
        return BatchPlace(symbol=ID, side="BUY", type="LIMIT", time_in_force="GTX",
                          quantity=float(s.amount), price=float(at),
                          new_client_order_id=f"sdk-batch-{index}")

    batch = [wanted(index, price - index * TICK) for index in range(4)]
    batch.append(wanted(4, on_grid(ask * 101 / 100, TICK, 1)))
    placed = await s.call("place_multiple_orders", batch_orders=batch)
    ok.equal("batch answers in order", [row.get("clientOrderId") for row in placed[:4]],
             [f"sdk-batch-{index}" for index in range(4)])
    ok.equal("the crossing one alone is refused", placed[4]["code"], -5022)
    ids = [row["orderId"] for row in placed[:4]]
    ok.equal("four are open", await s.open_ids(), set(ids))
    edits = [BatchModify(symbol=ID, side="BUY", order_id=ids[index], quantity=float(s.amount),
                         price=float(price - (index + 20) * TICK)) for index in range(2)]
    edited = await s.call("modify_multiple_orders", batch_orders=edits)
    ok.equal("batch amend", [(row["orderId"], dec(row["price"])) for row in edited],
             [(ids[index], price - (index + 20) * TICK) for index in range(2)])
    gone = await s.call("cancel_multiple_orders", symbol=ID, order_id_list=ids[:2])
    ok.equal("batch cancel by id", [(row["orderId"], row["status"]) for row in gone],
             [(order_id, "CANCELED") for order_id in ids[:2]])
    gone = await s.call("cancel_multiple_orders", symbol=ID,
                        orig_client_order_id_list=["sdk-batch-2", "sdk-nobody"])
    ok.equal("batch cancel by client id", (gone[0]["orderId"], gone[1]["code"]), (ids[2], -2011))
    answer = await s.call("cancel_all_open_orders", symbol=ID)
    ok.equal("cancel all", answer["code"], 200)
    for order_id in ids:
        await s.event(order_id, "CANCELED")
    ok.equal("nothing is open", await s.open_ids(), set())


async def countdown(s):
    order = await s.place("BUY", s.amount, await s.passive("BUY"))
    armed = await s.call("auto_cancel_all_open_orders", symbol=ID, countdown_time=800)
    s.checks.equal("countdown armed", armed, {"symbol": ID, "countdownTime": "800"})
    await s.event(order["orderId"], "CANCELED")
    s.checks.equal("countdown cancelled it", await s.open_ids(), set())


async def fills(s):
    ok = s.checks
    before, since = await s.wallet(), len(s.events.items)
    bought = await s.call("new_order", symbol=ID, side="BUY", type="MARKET",
                          quantity=float(s.amount), new_order_resp_type="RESULT")
    ok.equal("market order fills", (bought["status"], dec(bought["executedQty"])),
             ("FILLED", s.amount))
    order_id = bought["orderId"]
    await s.events.first("FILLED", lambda e: e["e"] == "ORDER_TRADE_UPDATE"
                         and (e["o"]["i"], e["o"]["X"]) == (order_id, "FILLED"), since)
    mine = s.events.items[since:]
    kinds = [e["o"]["x"] if e["e"] == "ORDER_TRADE_UPDATE" else e["e"] for e in mine]
    ok.equal("first events of a taker", kinds[:4], ["TRADE_LITE", "NEW", "ACCOUNT_UPDATE", "TRADE"])
    trades = [e["o"] for e in mine if e["e"] == "ORDER_TRADE_UPDATE" and e["o"]["x"] == "TRADE"]
    lites = [e for e in mine if e["e"] == "TRADE_LITE"]
    ok.equal("TRADE_LITE and ORDER_TRADE_UPDATE tell the same trades",
             [(e["t"], dec(e["l"]), dec(e["L"]), e["m"]) for e in lites],
             [(o["t"], dec(o["l"]), dec(o["L"]), o["m"]) for o in trades])
    rows = await s.call("account_trade_list", symbol=ID, order_id=order_id)
    ok.equal("userTrades tells the same", [(row["id"], dec(row["qty"]), dec(row["commission"]))
                                           for row in rows],
             [(o["t"], dec(o["l"]), dec(o["n"])) for o in trades])
    update = next(e for e in reversed(mine) if e["e"] == "ACCOUNT_UPDATE")
    ok.equal("ACCOUNT_UPDATE tells the wallet", dec(update["a"]["B"][0]["wb"]), await s.wallet())
    position = await s.position()
    ok.equal("position appears", (dec(position["positionAmt"]), dec(update["a"]["P"][0]["pa"])),
             (s.amount, s.amount))
    ok.equal("entry price agrees", dec(update["a"]["P"][0]["ep"]), dec(position["entryPrice"]))
    await s.refused("reduce-only on the wrong side is -2022", -2022, "new_order", symbol=ID,
                    side="BUY", type="MARKET", quantity=float(s.amount), reduce_only="true")
    sold = await s.call("new_order", symbol=ID, side="SELL", type="MARKET", reduce_only="true",
                        quantity=float(s.amount), new_order_resp_type="RESULT")
    ok.equal("reduce-only close fills", sold["status"], "FILLED")
    ok.equal("flat again", await s.position(), None)
    rows += await s.call("account_trade_list", symbol=ID, order_id=sold["orderId"])
    change = sum(dec(row["realizedPnl"]) - dec(row["commission"]) for row in rows)
    ok.equal("the wallet moved by PnL less fees, to the last digit",
             await s.wallet() - before, change)
    ioc = await s.place("BUY", s.amount, await s.passive("BUY"), time_in_force="IOC")
    expired = await s.event(ioc["orderId"], "EXPIRED")
    ok.equal("IOC without a counterpart expires", (expired["o"]["X"], expired["o"]["er"]),
             ("EXPIRED", "2"))
    await s.refused("FOK without a counterpart is -5021", -5021, "new_order", symbol=ID,
                    side="BUY", type="LIMIT", time_in_force="FOK", quantity=float(s.amount),
                    price=float(await s.passive("BUY")))


class WsApi:
    """The SDK's WebSocket API with its answers unwrapped."""

    def __init__(self, session, sdk):
        self.s = session
        self.api = sdk.websocket_api

    async def call(self, method, **params):
        answer = await getattr(self.api, method)(**params)
        data = answer.data()
        self.limits = {row.rateLimitType for row in answer.rate_limits}
        if isinstance(data, dict):
            self.s.complaints.drain()
            return data
        self.s.fits(method, data)
        return plain(data)


async def order_by_websocket(s, ws, tag):
    """Place, amend, query, cancel."""
    ok = s.checks
    price = await s.passive("BUY")
    placed = await ws.call("new_order", symbol=ID, side="BUY", type="LIMIT", time_in_force="GTX",
                           quantity=float(s.amount), price=float(price), new_client_order_id=tag)
    order = placed["result"]
    ok.equal(f"{tag}: order.place", (placed["status"], order["status"], order["clientOrderId"]),
             (200, "NEW", tag))
    ok.equal(f"{tag}: limits in the answer", ws.limits, {"REQUEST_WEIGHT", "ORDERS"})
    await s.event(order["orderId"], "NEW")
    higher = price + TICK * 5
    amended = await ws.call("modify_order", symbol=ID, side="BUY", quantity=float(s.amount),
                            price=float(higher), order_id=order["orderId"])
    ok.equal(f"{tag}: order.modify", dec(amended["result"]["price"]), higher)
    found = await ws.call("query_order", symbol=ID, orig_client_order_id=tag)
    ok.equal(f"{tag}: order.status", (found["result"]["orderId"], dec(found["result"]["price"])),
             (order["orderId"], higher))
    gone = await ws.call("cancel_order", symbol=ID, order_id=order["orderId"])
    ok.equal(f"{tag}: order.cancel", gone["result"]["status"], "CANCELED")
    await s.event(order["orderId"], "CANCELED")
    again = await ws.call("cancel_order", symbol=ID, order_id=order["orderId"])
    ok.equal(f"{tag}: cancelling again is -2011", again["error"]["code"], -2011)


async def websocket_api(s):
    ok = s.checks
    ws = WsApi(s, s.sdk)
    await ws.api.create_connection()
    await order_by_websocket(s, ws, "sdk-ws-hmac")
    wallet = await s.wallet()
    for method in ("futures_account_balance", "futures_account_balance_v2"):
        rows = (await ws.call(method))["result"]
        ok.equal(method, next(dec(r["balance"]) for r in rows if r["asset"] == ASSET), wallet)
    for method in ("account_information", "account_information_v2"):
        assets = (await ws.call(method))["result"]["assets"]
        ok.equal(method, next(dec(r["walletBalance"]) for r in assets if r["asset"] == ASSET),
                 wallet)
    for method in ("position_information", "position_information_v2"):
        rows = (await ws.call(method, symbol=ID))["result"]
        ok.that(method, all(dec(row["positionAmt"]) == 0 for row in rows), rows)
    for method, params in (("symbol_order_book_ticker", {"symbol": ID}),
                           ("symbol_price_ticker", {"symbol": ID}),
                           ("order_book", {"symbol": ID, "limit": 5})):
        answer = await ws.call(method, **params)
        ok.equal(f"{method} fits the model", answer["status"], 200)
    key = (await ws.call("start_user_data_stream"))["result"]["listenKey"]
    ok.equal("userDataStream.start gives the account's one key", key,
             (await s.call("start_user_data_stream"))["listenKey"])
    kept = await ws.call("keepalive_user_data_stream")
    ok.equal("userDataStream.ping", kept["status"], 200)
    stranger = WsApi(s, client(secret="0" * 64))
    await stranger.api.create_connection()
    refused = await stranger.call("futures_account_balance")
    ok.equal("wrong secret is -1022", refused["error"]["code"], -1022)
    await stranger.api.close_connection()
    await ws.api.close_connection()


async def session_logon(s):
    """With an Ed25519 key one logon replaces the signature of every request."""
    ok = s.checks
    if "BINANCE_ED25519_API_KEY" not in os.environ:
        print("left out: BINANCE_ED25519_API_KEY is not set", flush=True)
        return
    sdk = client(key=env("BINANCE_ED25519_API_KEY"), private_key=env("BINANCE_ED25519_KEY_FILE"))
    ws = WsApi(s, sdk)
    await ws.api.create_connection()
    logon = await ws.api.send_signed_message(
        {"method": "session.logon", "params": {}}, signer=ws.api.signer, session_logon=True)
    ok.equal("session.logon", (logon.data().get("status"),
                               logon.data().get("result", {}).get("apiKey")),
             (200, env("BINANCE_ED25519_API_KEY")))
    status = await ws.api.send_message({"method": "session.status", "params": {}})
    ok.that("session.status", status.data()["result"]["authorizedSince"] > 0, status.data())
    await order_by_websocket(s, ws, "sdk-ws-ed25519")
    out = await ws.api.send_message({"method": "session.logout", "params": {}},
                                    session_logout=True)
    ok.equal("session.logout", out.data()["result"]["apiKey"], None)
    rows = (await ws.call("futures_account_balance_v2"))["result"]
    ok.that("signed one by one again", bool(rows), rows)
    await ws.api.close_connection()


async def errors(s):
    async def stranger(name, code, key, secret):
        theirs = client(key, secret)
        try:
            await asyncio.to_thread(theirs.rest_api.futures_account_balance_v3)
        except Exception as error:  # noqa: BLE001: the SDK has a class per HTTP status
            s.checks.equal(name, getattr(error, "status_code", error), code)
        else:
            raise Failed(f"{name}: was accepted")

    await stranger("wrong secret is -1022", -1022, None, "0" * 64)
    await stranger("unknown key is -2015", -2015, "k" * 64, "0" * 64)
    await stranger("malformed key is -2014", -2014, "not a key", "0" * 64)
    price = await s.passive("BUY")
    order = {"symbol": ID, "side": "BUY", "type": "LIMIT", "time_in_force": "GTC",
             "quantity": float(s.amount), "price": float(price)}
    for name, code, change in (
            ("no such symbol", -1121, {"symbol": "NOPEUSDT"}),
            ("no time in force", -1102, {"time_in_force": None}),
            ("no such side", -1117, {"side": "UP"}),
            ("off the price grid", -4014, {"price": float(price + TICK / 2)}),
            ("too many decimals", -1111, {"quantity": 0.0010001}),
            ("below the smallest notional", -4164, {"quantity": float(LOT), "price": 10_000.0}),
            ("client id too long", -4015, {"new_client_order_id": "x" * 40}),
            ("far above mark", -4016, {"price": float(price * 2)}),
            ("more than the margin", -2019, {"quantity": 900.0}),
            ("stop order on the plain route", -4120, {"type": "STOP_MARKET"})):
        await s.refused(f"{name} is {code}", code, "new_order", **{**order, **change})


async def books_balance(s):
    ok = s.checks
    await s.call("cancel_all_open_orders", symbol=ID)
    held = await s.position()
    if held:
        side = "SELL" if dec(held["positionAmt"]) > 0 else "BUY"
        await s.call("new_order", symbol=ID, side=side, type="MARKET", reduce_only="true",
                     quantity=float(abs(dec(held["positionAmt"]))))
    ok.equal("nothing open", await s.open_ids(), set())
    ok.equal("flat", await s.position(), None)
    income = await s.call("get_income_history", start_time=s.started_ms, limit=1000)
    total = sum(dec(row["income"]) for row in income if row["asset"] == ASSET)
    s.wallet_at_end = await s.wallet()
    ok.equal("income adds up to the wallet's change", total, s.wallet_at_end - s.wallet_at_start)
    s.fills = await s.call("account_trade_list", symbol=ID, limit=1000)
    s.fits("user stream", None)
    ok.equal("user events have every field", s.lacking, [])
    await s.call("close_user_data_stream")
    await s.refused("a closed key cannot be extended", -1125, "keepalive_user_data_stream")
    await s.streams.close_connection()


async def main():
    s = Session()
    run = s.checks.group
    for title, steps in (
            ("market data", market_data), ("market streams and own book", market_streams),
            ("account", account), ("user stream", user_stream), ("single orders", single_orders),
            ("batches", batches), ("countdown", countdown), ("fills", fills),
            ("WebSocket API", websocket_api), ("session logon", session_logon),
            ("errors", errors), ("books", books_balance)):
        await run(title, steps(s))
        s.complaints.drain()
    s.checks.finish({
        "symbol": ID,
        "wallet": str(getattr(s, "wallet_at_end", "")),
        "fills": [{"id": str(row["id"]), "price": row["price"], "qty": row["qty"],
                   "maker": row["maker"], "commission": row["commission"]}
                  for row in getattr(s, "fills", [])],
    })


asyncio.run(main())

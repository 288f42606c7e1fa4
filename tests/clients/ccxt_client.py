"""ccxt, unchanged but for its URLs, against the simulated exchange.

ccxt keeps its own order book from the depth stream and its own caches of orders,
trades, balance and positions from the user stream; what they hold is compared
with what the exchange answers over REST.
"""

import asyncio
import time

import ccxt.pro as ccxt

from checks import Checks, Failed, Seen, dec, env, on_grid

MARKET = "ETH/USDC:USDC"
ID = "ETHUSDC"


def client(key=None, secret=None):
    """A ccxt instance that talks to the exchange under test."""
    rest, ws = env("PHOENIX_REST_URL"), env("PHOENIX_WS_URL")
    api = {"ws": {"linear": ws + "/ws", "ws-api": {"linear": env("PHOENIX_WS_API_URL")}}}
    for version in ("", "V2", "V3"):
        path = f"{rest}/fapi/{version.lower() or 'v1'}"
        api[f"fapiPublic{version}"] = path
        api[f"fapiPrivate{version}"] = path
    return ccxt.binanceusdm({
        "apiKey": key or env("BINANCE_API_KEY"),
        "secret": secret or env("BINANCE_API_SECRET"),
        "enableRateLimit": False,
        "urls": {"api": api},
        # fetchCurrencies would ask the spot host, which is not part of futures.
        "options": {"fetchCurrencies": False, "adjustForTimeDifference": True},
    })


class Session:
    """One run: the client, the checks, and what the user stream brought."""

    def __init__(self):
        self.ex = client()
        self.checks = Checks()
        # ccxt wakes a watcher only for news that comes while it waits; what comes
        # in between is in its caches.
        self.orders = Seen(lambda: self.ex.orders or ())
        self.trades = Seen(lambda: self.ex.myTrades or ())
        self.positions = Seen(lambda: (self.ex.positions or {}).get("linear") or ())
        self.balances = Seen(lambda: [self.ex.balance.get("linear", {}).get("USDC", {})])
        self.tasks = []
        self.started_ms = 0

    async def wallet(self):
        rows = await self.ex.fapiPrivateV3GetBalance()
        return next(dec(row["balance"]) for row in rows if row["asset"] == "USDC")

    async def best(self):
        row = await self.ex.fapiPublicGetTickerBookTicker({"symbol": ID})
        return dec(row["bidPrice"]), dec(row["askPrice"])

    async def passive(self, side, percent=2):
        """A price far enough from the market to rest."""
        bid, ask = await self.best()
        if side == "buy":
            return on_grid(bid * (100 - percent) / 100, self.tick, -1)
        return on_grid(ask * (100 + percent) / 100, self.tick, 1)

    async def event(self, order_id, execution, since=0):
        """The stream's report of one execution of one order."""
        return await self.orders.first(
            f"{execution} of order {order_id}",
            lambda o: o["id"] == order_id and o["info"]["x"] == execution, since)

    async def open_ids(self):
        return {order["id"] for order in await self.ex.fetch_open_orders(MARKET)}

    async def place(self, side, amount, price, **params):
        return await self.ex.create_order(
            MARKET, "limit", side, float(amount), float(price), params)


async def market_data(s):
    ex, ok = s.ex, s.checks
    markets = await ex.load_markets()
    ok.that("load_markets lists both symbols", {MARKET, "BTC/USDT:USDT"} <= set(markets))
    market = ex.market(MARKET)
    s.tick, s.lot = dec(market["precision"]["price"]), dec(market["precision"]["amount"])
    ok.equal("tick size", s.tick, dec("0.01"))
    ok.equal("step size", s.lot, dec("0.001"))
    ok.equal("settled in USDC", (market["settle"], market["linear"], market["active"]),
             ("USDC", True, True))
    ok.equal("smallest notional", market["limits"]["cost"]["min"], 20.0)
    s.started_ms = await ex.fetch_time()
    ok.that("server time", s.started_ms > 1_600_000_000_000, s.started_ms)
    book = await ex.fetch_order_book(MARKET, 100)
    ok.equal("depth of 100 levels", (len(book["bids"]), len(book["asks"])), (100, 100))
    ok.that("bids fall, asks rise, bid below ask",
            book["bids"] == sorted(book["bids"], reverse=True)
            and book["asks"] == sorted(book["asks"]) and book["bids"][0][0] < book["asks"][0][0])
    bid, ask = await s.best()
    s.amount = on_grid(dec(50) / bid, s.lot, 1)
    ok.that("best prices near the book's", abs(bid - dec(book["bids"][0][0])) < bid / 100)
    ok.equal("ping", await ex.fapiPublicGetPing(), {})
    rate = await ex.fetch_funding_rate(MARKET)
    ok.that("mark and index price, funding", rate["markPrice"] > 0 and rate["indexPrice"] > 0
            and abs(rate["fundingRate"]) <= 0.003 and rate["fundingTimestamp"] > s.started_ms, rate)
    ticker = await ex.fetch_ticker(MARKET)
    ok.that("24 h ticker", ticker["low"] <= ticker["last"] <= ticker["high"], ticker)
    price = await ex.fetch_last_prices([MARKET])
    ok.that("last price", price[MARKET]["price"] > 0, price)
    await ok.raises("unknown symbol is -1121", ex.fapiPublicGetDepth({"symbol": "NOPEUSDT"}),
                    "-1121", "Invalid symbol.")
    await ok.raises("odd depth limit is -4021",
                    ex.fapiPublicGetDepth({"symbol": ID, "limit": 7}), "-4021")


async def own_book(s):
    """ccxt's book from snapshot and diffs is level for level the exchange's."""
    ex, ok = s.ex, s.checks
    seen, equal, nonce = 0, 0, 0
    until = time.monotonic() + 30
    while (seen < 40 or equal < 3) and time.monotonic() < until:
        book = await asyncio.wait_for(ex.watch_order_book(MARKET), 10)
        top = [[list(level) for level in book[side][:20]] for side in ("bids", "asks")]
        mine = book["nonce"]
        if mine < nonce or top[0][0][0] >= top[1][0][0]:
            raise Failed(f"book went back or is crossed: {nonce} {mine} {top[0][0]} {top[1][0]}")
        seen += mine > nonce
        nonce = mine
        # A snapshot may fall inside the next event; only the same id is the same book.
        snapshot = await ex.fetch_order_book(MARKET, 20)
        if snapshot["nonce"] == mine:
            theirs = [[list(level) for level in snapshot[side]] for side in ("bids", "asks")]
            ok.equal("own book equals the snapshot of the same id", top, theirs)
            equal += 1
    ok.that("book followed over 40 updates", seen >= 40, seen)
    ok.that("book met a snapshot of its own id three times", equal >= 3, equal)
    await ex.un_watch_order_book(MARKET)


async def market_streams(s):
    ex, ok = s.ex, s.checks
    quote = await asyncio.wait_for(ex.watch_bids_asks([MARKET]), 10)
    ok.that("bookTicker stream", quote[MARKET]["bid"] < quote[MARKET]["ask"], quote)
    mark = await asyncio.wait_for(ex.watch_mark_price(MARKET), 10)
    ok.that("mark price stream", mark["markPrice"] > 0, mark)
    ticker = await asyncio.wait_for(ex.watch_ticker(MARKET), 10)
    ok.that("ticker stream", ticker["last"] > 0, ticker)
    # ccxt subscribes to @trade on /public and to @aggTrade on /market.
    for name in ("trade", "aggTrade"):
        trades = await asyncio.wait_for(ex.watch_trades(MARKET, params={"name": name}), 30)
        ok.that(f"{name} stream", trades and trades[-1]["price"] > 0, trades)
    candle = await asyncio.wait_for(ex.watch_ohlcv(MARKET, "1m"), 10)
    ok.that("kline stream", candle and candle[-1][2] >= candle[-1][3], candle)
    # After the streams, because a fresh exchange has no trades to list.
    trades = await ex.fetch_trades(MARKET, limit=50)
    ok.that("public trades in order",
            trades and trades == sorted(trades, key=lambda t: int(t["id"])))
    candles = await ex.fetch_ohlcv(MARKET, "1m", limit=5)
    ok.that("candles", candles and all(low <= close <= high
                                       for _, _, high, low, close, _ in candles), candles)


async def account(s):
    ex, ok = s.ex, s.checks
    s.wallet_at_start = await s.wallet()
    balance = await ex.fetch_balance()
    ok.equal("balance equals the wallet", dec(balance["USDC"]["total"]),
             dec(float(s.wallet_at_start)))
    ok.equal("flat at the start", await ex.fetch_positions([MARKET]), [])
    ok.equal("no orders at the start", await ex.fetch_open_orders(MARKET), [])
    ok.equal("one-way mode", (await ex.fetch_position_mode())["hedged"], False)
    await ex.set_leverage(17, MARKET)
    leverage = await ex.fetch_leverage(MARKET)
    ok.equal("leverage as set", (leverage["longLeverage"], leverage["marginMode"]), (17, "cross"))
    await ex.set_leverage(20, MARKET)
    await ok.raises("margin mode is cross already", ex.set_margin_mode("cross", MARKET), "-4046")
    tiers = (await ex.fetch_leverage_tiers([MARKET]))[MARKET]
    ok.that("leverage tiers", len(tiers) > 5 and tiers[0]["maxLeverage"] >= 75, tiers[0])
    fee = await ex.fetch_trading_fee(MARKET)
    ok.equal("fee rates", (fee["maker"], fee["taker"]), (0.0, 0.0004))
    await ok.raises("leverage above the table is refused",
                    ex.fapiPrivatePostLeverage({"symbol": ID, "leverage": 500}), "-4028")


async def watch(s):
    """Starts the four private watchers and leaves them running."""

    async def forever(seen, watcher):
        while True:
            for item in await watcher():
                await seen.add(dict(item))

    async def balances():
        while True:
            await s.balances.add((await s.ex.watch_balance())["USDC"])

    for seen, watcher in ((s.orders, lambda: s.ex.watch_orders(MARKET)),
                          (s.trades, lambda: s.ex.watch_my_trades(MARKET)),
                          (s.positions, lambda: s.ex.watch_positions([MARKET]))):
        s.tasks.append(asyncio.ensure_future(forever(seen, watcher)))
    s.tasks.append(asyncio.ensure_future(balances()))

    await s.ex.authenticate({"type": "swap", "subType": "linear"})
    url = s.ex.get_private_ws_url("linear", s.ex.options["linear"]["listenKey"])
    await asyncio.wait_for(s.ex.client(url).connected, 10)
    s.checks.that("user stream connected", True)


async def single_orders(s):
    ex, ok = s.ex, s.checks
    price = await s.passive("buy")
    gtc = await s.place("buy", s.amount, price, clientOrderId="cx-gtc-1")
    ok.equal("GTC rests", (gtc["status"], gtc["timeInForce"], dec(gtc["price"])),
             ("open", "GTC", dec(float(price))))
    ok.equal("under its client id", gtc["clientOrderId"], "cx-gtc-1")
    new = await s.event(gtc["id"], "NEW")
    ok.equal("stream says NEW", (new["status"], new["side"], dec(new["amount"])),
             ("open", "buy", s.amount))
    gtx = await s.place("sell", s.amount, await s.passive("sell"), postOnly=True)
    ok.equal("GTX rests", (gtx["status"], gtx["postOnly"]), ("open", True))
    await s.event(gtx["id"], "NEW")
    ok.equal("both are open", await s.open_ids(), {gtc["id"], gtx["id"]})
    _, ask = await s.best()
    await ok.raises("GTX that crosses is -5022",
                    s.place("buy", s.amount, ask * 101 / 100, postOnly=True, clientOrderId="cx-x"),
                    "-5022", "Post Only order will be rejected")
    await ok.raises("and leaves no record (-2013)",
                    ex.fapiPrivateGetOrder({"symbol": ID, "origClientOrderId": "cx-x"}), "-2013")
    await ok.raises("the same client id while open is -4116",
                    s.place("buy", s.amount, price, clientOrderId="cx-gtc-1"), "-4116")
    higher = price + s.tick * 10
    amended = await ex.edit_order(gtc["id"], MARKET, "limit", "buy",
                                  float(s.amount * 2), float(higher))
    ok.equal("amend keeps the id", (amended["id"], dec(amended["price"]), dec(amended["amount"])),
             (gtc["id"], dec(float(higher)), s.amount * 2))
    amendment = await s.event(gtc["id"], "AMENDMENT")
    ok.equal("stream says AMENDMENT", (dec(amendment["price"]), amendment["status"]),
             (dec(float(higher)), "open"))
    await ok.raises("an amend that changes nothing is -5027",
                    ex.edit_order(gtc["id"], MARKET, "limit", "buy",
                                  float(s.amount * 2), float(higher)), "-5027")
    found = await ex.fetch_order(gtc["id"], MARKET)
    ok.equal("query agrees", (found["status"], dec(found["price"]), dec(found["filled"])),
             ("open", dec(float(higher)), 0))
    cancelled = await ex.cancel_order(gtc["id"], MARKET)
    ok.equal("cancel", (cancelled["id"], cancelled["status"]), (gtc["id"], "canceled"))
    await s.event(gtc["id"], "CANCELED")
    await ok.raises("cancelling again is -2011", ex.cancel_order(gtc["id"], MARKET),
                    "-2011", "Unknown order sent.")
    ok.equal("query says canceled", (await ex.fetch_order(gtc["id"], MARKET))["status"], "canceled")
    await ex.cancel_order(None, MARKET, {"clientOrderId": gtx["clientOrderId"]})
    await s.event(gtx["id"], "CANCELED")
    ok.equal("nothing is open", await s.open_ids(), set())


async def batches(s):
    ex, ok = s.ex, s.checks
    price = await s.passive("buy")

    def wanted(index, tif="GTX"):
        return {"symbol": MARKET, "type": "limit", "side": "buy", "amount": float(s.amount),
                "price": float(price - index * s.tick),
                "params": {"clientOrderId": f"cx-batch-{index}", "timeInForce": tif}}

    _, ask = await s.best()
    crossing = {**wanted(5), "price": float(on_grid(ask * 101 / 100, s.tick, 1))}
    # ccxt sorts what it returns by time; a refused order has none.
    placed = await ex.create_orders([wanted(0), wanted(1), wanted(2), wanted(3), crossing])
    by_client = {order["clientOrderId"]: order for order in placed}
    ok.equal("the crossing one alone is refused", int(by_client[None]["info"]["code"]), -5022)
    ids = [by_client[f"cx-batch-{index}"]["id"] for index in range(4)]
    ok.equal("four are open", await s.open_ids(), set(ids))
    edits = [{**wanted(index), "id": ids[index], "price": float(price - (index + 10) * s.tick),
              "params": {}} for index in range(2)]
    edited = await ex.edit_orders(edits)
    ok.equal("batch amend", {o["id"]: dec(o["price"]) for o in edited},
             {ids[index]: dec(float(price - (index + 10) * s.tick)) for index in range(2)})
    gone = await ex.cancel_orders(ids[:2], MARKET)
    ok.equal("batch cancel by id", {o["id"]: o["status"] for o in gone},
             {order_id: "canceled" for order_id in ids[:2]})
    gone = await ex.cancel_orders([], MARKET, {"clientOrderIds": ["cx-batch-2", "cx-nobody"]})
    # ccxt leaves out the answer for the unknown one, which names no symbol.
    ok.equal("batch cancel by client id", {o["id"]: o["status"] for o in gone},
             {ids[2]: "canceled"})
    ok.equal("one is left", await s.open_ids(), {ids[3]})
    await ex.cancel_all_orders(MARKET)
    for order_id in ids:
        await s.event(order_id, "CANCELED")
    ok.equal("cancel all leaves nothing", await s.open_ids(), set())


async def countdown(s):
    ex, ok = s.ex, s.checks
    order = await s.place("buy", s.amount, await s.passive("buy"))
    armed = await ex.fapiPrivatePostCountdownCancelAll({"symbol": ID, "countdownTime": 800})
    ok.equal("countdown armed", (armed["symbol"], armed["countdownTime"]), (ID, "800"))
    await s.event(order["id"], "CANCELED")
    ok.equal("countdown cancelled it", await s.open_ids(), set())
    off = await ex.fapiPrivatePostCountdownCancelAll({"symbol": ID, "countdownTime": 0})
    ok.equal("countdown off", off["countdownTime"], "0")


async def fills(s):
    ex, ok = s.ex, s.checks
    before = await s.wallet()
    bought = await ex.create_order(MARKET, "market", "buy", float(s.amount),
                                   params={"clientOrderId": "cx-taker"})
    ok.equal("market order fills", (bought["status"], dec(bought["filled"])), ("closed", s.amount))
    filled = await s.orders.first(
        "FILLED", lambda o: o["id"] == bought["id"] and o["status"] == "closed")
    ok.equal("stream says filled", dec(filled["filled"]), s.amount)
    held = await s.positions.first("the position", lambda p: dec(p["contracts"]) == s.amount)
    ok.equal("stream says long", held["side"], "long")
    rows = [row for row in await ex.fetch_my_trades(MARKET) if row["order"] == bought["id"]]
    ok.equal("my trades add up", sum(dec(row["amount"]) for row in rows), s.amount)
    for row in rows:
        await s.trades.first(f"trade {row['id']}", lambda t, row=row: t["id"] == row["id"])
    ok.that("every trade came over the stream, as taker",
            all(row["takerOrMaker"] == "taker" for row in rows))
    position = (await ex.fetch_positions([MARKET]))[0]
    average = sum(dec(r["price"]) * dec(r["amount"]) for r in rows) / s.amount
    ok.that("position at the average price", position["side"] == "long"
            and abs(dec(position["entryPrice"]) - average) < dec("0.0001"), position["entryPrice"])
    await ok.raises("reduce-only on the wrong side is -2022",
                    ex.create_order(MARKET, "market", "buy", float(s.amount),
                                    params={"reduceOnly": True}), "-2022")
    bid, _ = await s.best()
    closing = await s.place("sell", s.amount, on_grid(bid * 99 / 100, s.tick, -1),
                            timeInForce="IOC", reduceOnly=True)
    await s.orders.first("the close",
                         lambda o: o["id"] == closing["id"] and o["status"] == "closed")
    ok.equal("flat again", await ex.fetch_positions([MARKET]), [])
    await ok.raises("reduce-only without a position is -2022",
                    ex.create_order(MARKET, "market", "sell", float(s.amount),
                                    params={"reduceOnly": True}), "-2022")
    raw = await ex.fapiPrivateGetUserTrades({"symbol": ID, "limit": 1000})
    mine = [row for row in raw if str(row["orderId"]) in (bought["id"], closing["id"])]
    change = sum(dec(row["realizedPnl"]) - dec(row["commission"]) for row in mine)
    ok.equal("the wallet moved by PnL less fees, to the last digit",
             await s.wallet() - before, change)
    taker_fee = sum(dec(row["commission"]) for row in mine)
    notional = sum(dec(row["price"]) * dec(row["qty"]) for row in mine)
    ok.equal("taker fee is 4 bp", taker_fee.quantize(dec("0.0001")),
             (notional * dec("0.0004")).quantize(dec("0.0001")))
    wallet = dec(float(await s.wallet()))
    await s.balances.first("the new balance", lambda row: dec(row.get("total") or 0) == wallet)
    ok.that("stream says the new balance", True)


async def maker_fill(s):
    """Joins the best price until the market trades with us."""
    ex, ok = s.ex, s.checks
    order, trade = None, None
    until = time.monotonic() + 45
    while trade is None and time.monotonic() < until:
        bid, _ = await s.best()
        try:
            if order is None:
                order = await s.place("buy", s.amount, bid, postOnly=True)
            elif dec(order["price"]) != bid:
                order = await ex.edit_order(order["id"], MARKET, "limit", "buy",
                                            float(s.amount), float(bid))
        except ccxt.BaseError as error:
            # An amend that would cross destroys the order and a fill beats it.
            if not any(code in str(error) for code in ("-5022", "-5027", "-2013", "-2011")):
                raise
        trade = await s.trades.within(0.5, lambda t: t["takerOrMaker"] == "maker")
        if order and (await ex.fetch_order(order["id"], MARKET))["status"] == "canceled":
            order = None
    ok.that("a resting order was hit within 45 s", trade is not None)
    ok.equal("free of fee", (trade["side"], dec((trade["fee"] or {}).get("cost") or 0)),
             ("buy", 0))
    await ex.cancel_all_orders(MARKET)
    for position in await ex.fetch_positions([MARKET]):
        await ex.create_order(MARKET, "market", "sell", position["contracts"],
                              params={"reduceOnly": True})
    ok.equal("flat again", await ex.fetch_positions([MARKET]), [])


async def websocket_api(s):
    ex, ok = s.ex, s.checks
    book = await ex.fetch_order_book_ws(MARKET, 5)
    ok.that("depth", len(book["bids"]) == 5 and book["bids"][0][0] < book["asks"][0][0], book)
    price = await s.passive("buy")
    placed = await ex.create_order_ws(MARKET, "limit", "buy", float(s.amount), float(price),
                                      {"newClientOrderId": "cx-ws-1", "timeInForce": "GTX"})
    ok.equal("order.place", (placed["status"], placed["clientOrderId"]), ("open", "cx-ws-1"))
    await s.event(placed["id"], "NEW")
    higher = price + s.tick * 7
    edited = await ex.edit_order_ws(placed["id"], MARKET, "limit", "buy",
                                    float(s.amount), float(higher))
    ok.equal("order.modify", (edited["id"], dec(edited["price"])),
             (placed["id"], dec(float(higher))))
    found = await ex.fetch_order_ws(placed["id"], MARKET)
    ok.equal("order.status", (found["status"], dec(found["price"])), ("open", dec(float(higher))))
    gone = await ex.cancel_order_ws(placed["id"], MARKET)
    ok.equal("order.cancel", (gone["id"], gone["status"]), (placed["id"], "canceled"))
    await s.event(placed["id"], "CANCELED")
    await ok.raises("cancelling again is -2011", ex.cancel_order_ws(placed["id"], MARKET), "-2011")
    _, ask = await s.best()
    await ok.raises("GTX that crosses is -5022", ex.create_order_ws(
        MARKET, "limit", "buy", float(s.amount), float(on_grid(ask * 101 / 100, s.tick, 1)),
        {"timeInForce": "GTX"}), "-5022")
    for method in ("account.status", "v2/account.status", "account.balance", "v2/account.balance"):
        balance = await ex.fetch_balance_ws({"method": method})
        ok.equal(method, dec(balance["USDC"]["total"]), dec(float(await s.wallet())))
    for method in ("account.position", "v2/account.position"):
        ok.equal(method, await ex.fetch_positions_ws([MARKET], {"method": method}), [])


async def errors(s):
    ex, ok = s.ex, s.checks

    async def stranger(name, key, secret, *texts):
        other = client(key, secret)
        try:
            await ok.raises(name, other.fapiPrivateV3GetBalance(), *texts)
        finally:
            await other.close()

    await stranger("wrong secret is -1022", None, "0" * 64, "-1022",
                   "Signature for this request is not valid.")
    await stranger("unknown key is -2015", "k" * 64, "0" * 64, "-2015")
    await stranger("malformed key is -2014", "not a key", "0" * 64, "-2014")
    order = {"symbol": ID, "side": "BUY", "type": "LIMIT", "quantity": str(s.amount),
             "price": str(await s.passive("buy")), "timeInForce": "GTC"}
    post = ex.fapiPrivatePostOrder
    missing = {name: text for name, text in order.items() if name != "timeInForce"}
    await ok.raises("missing parameter is -1102", post(missing), "-1102", "'timeinforce'")
    await ok.raises("unknown symbol is -1121", post({**order, "symbol": "NOPEUSDT"}), "-1121")
    await ok.raises("too many decimals is -1111",
                    post({**order, "price": "2000.005"}), "-1111")
    await ok.raises("below the smallest notional is -4164",
                    post({**order, "quantity": "0.001"}), "-4164")
    await ok.raises("a stop order on the plain route is -4120",
                    post({"symbol": ID, "side": "SELL", "type": "STOP_MARKET", "stopPrice": "2000",
                          "quantity": str(s.amount)}), "-4120")
    await ok.raises("old timestamp is -1021", post({**order, "timestamp": 1_600_000_000_000}),
                    "-1021")
    await ok.raises("unknown order is -2013",
                    ex.fapiPrivateGetOrder({"symbol": ID, "orderId": 1}), "-2013",
                    "Order does not exist.")


async def books_balance(s):
    """At the end: nothing open, flat, and income explains the wallet."""
    ex, ok = s.ex, s.checks
    await ex.cancel_all_orders(MARKET)
    for position in await ex.fetch_positions([MARKET]):
        side = "sell" if position["side"] == "long" else "buy"
        await ex.create_order(MARKET, "market", side, position["contracts"],
                              params={"reduceOnly": True})
    ok.equal("nothing open", await s.open_ids(), set())
    ok.equal("flat", await ex.fetch_positions([MARKET]), [])
    income = await ex.fapiPrivateGetIncome({"startTime": s.started_ms, "limit": 1000})
    ok.that("income tells commission and PnL",
            {"COMMISSION", "REALIZED_PNL"} <= {row["incomeType"] for row in income}, income[:3])
    total = sum(dec(row["income"]) for row in income if row["asset"] == "USDC")
    s.wallet_at_end = await s.wallet()
    ok.equal("income adds up to the wallet's change", total, s.wallet_at_end - s.wallet_at_start)
    closed = await ex.fetch_closed_orders(MARKET)
    ok.that("closed orders are listed", any(o["clientOrderId"] == "cx-taker" for o in closed))
    s.fills = await ex.fapiPrivateGetUserTrades({"symbol": ID, "limit": 1000})


async def main():
    s = Session()
    run = s.checks.group
    for title, steps in (
            ("market data", market_data), ("own order book", own_book),
            ("market streams", market_streams), ("account", account),
            ("user stream", watch), ("single orders", single_orders), ("batches", batches),
            ("countdown", countdown), ("fills", fills), ("maker fill", maker_fill),
            ("WebSocket API", websocket_api), ("errors", errors), ("books", books_balance)):
        await run(title, steps(s))
    for task in s.tasks:
        if task.done() and task.exception():
            s.checks.failures.append(f"a watcher died: {task.exception()!r}")
        task.cancel()
    try:
        await s.ex.close()
    finally:
        s.checks.finish({
            "symbol": ID,
            "wallet": str(getattr(s, "wallet_at_end", "")),
            "fills": [{"id": str(row["id"]), "price": row["price"], "qty": row["qty"],
                       "maker": row["maker"], "commission": row["commission"]}
                      for row in getattr(s, "fills", [])],
        })


asyncio.run(main())

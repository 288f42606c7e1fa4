"""A book kept from snapshot and diffs by the documented rules, for a client without one."""

from decimal import Decimal

from checks import Failed


class LocalBook:
    """Prices to quantities on both sides, and the id of the last update."""

    def __init__(self):
        self.started = False
        self.met = False
        self.last = None
        self.bids, self.asks = {}, {}

    @classmethod
    def of(cls, snapshot):
        book = cls()
        book.start(snapshot)
        return book

    def start(self, snapshot):
        self.started = True
        self.last = snapshot["lastUpdateId"]
        self._apply(snapshot["bids"], snapshot["asks"])

    def feed(self, event):
        """Takes the next diff; refuses one that leaves a gap."""
        if not self.met:
            if event["u"] < self.last:
                return
            if event["U"] > self.last:
                raise Failed(f"no event holds the snapshot's id {self.last}: {event['U']} is next")
            self.met = True
        elif event["pu"] != self.last:
            raise Failed(f"gap in depth: pu {event['pu']} after u {self.last}")
        self._apply(event["b"], event["a"])
        self.last = event["u"]

    def top(self, levels):
        return (sorted(self.bids.items(), reverse=True)[:levels],
                sorted(self.asks.items())[:levels])

    def _apply(self, bids, asks):
        for side, rows in ((self.bids, bids), (self.asks, asks)):
            for price, quantity in rows:
                if Decimal(quantity) == 0:
                    side.pop(Decimal(price), None)
                else:
                    side[Decimal(price)] = Decimal(quantity)

"""One line a check, the environment, and waiting for what a stream brings.

A group of checks is a coroutine. A check that fails ends its group and is
printed; the next groups still run, so that one run names every difference.
Nothing here knows a client.
"""

import asyncio
import itertools
import json
import logging
import os
import sys
import time
import traceback
from decimal import Decimal

WAIT_S = 15
LOOK_AGAIN_S = 0.2


class Failed(Exception):
    """A check that did not hold."""


class Checks:
    """Counts and prints checks."""

    def __init__(self):
        self.passed = 0
        self.failures = []

    def that(self, name, holds, seen=None):
        """Prints `name` if it holds; otherwise fails with what was seen."""
        if not holds:
            raise Failed(name if seen is None else f"{name}: saw {seen!r}")
        self.passed += 1
        print(f"ok    {name}", flush=True)

    def equal(self, name, seen, wanted):
        """Holds if both are the same."""
        self.that(name, seen == wanted, f"{seen!r} instead of {wanted!r}")

    async def raises(self, name, attempt, *texts):
        """Holds if the attempt raises something that says all the texts."""
        try:
            answer = await attempt
        except Exception as error:  # noqa: BLE001: the clients' classes differ
            words = f"{type(error).__name__} {error} {vars(error)}"
            self.that(name, all(text in words for text in texts), words)
        else:
            raise Failed(f"{name}: was accepted with {answer!r}")

    async def group(self, title, steps):
        """Runs one group; its failure is noted, not fatal."""
        print(f"--    {title}", flush=True)
        try:
            await steps
        except Exception as error:  # noqa: BLE001: whatever a client raises is a finding
            self.failures.append(f"{title}: {type(error).__name__}: {error}")
            print(f"FAIL  {self.failures[-1]}", flush=True)
            if not isinstance(error, Failed):
                traceback.print_exc(file=sys.stdout)

    def finish(self, report):
        """Prints the report for whoever started the script, and the verdict."""
        print("report " + json.dumps(report, default=str), flush=True)
        print(f"{self.passed} checks passed, {len(self.failures)} groups failed", flush=True)
        sys.stdout.flush()
        os._exit(1 if self.failures or not self.passed else 0)


class Seen:
    """What a stream has brought so far, and waiting for more.

    A client may file news away without waking whoever watches; `filed` looks
    there.
    """

    def __init__(self, filed=lambda: ()):
        self.items = []
        self._filed = filed
        self._more = asyncio.Condition()

    async def add(self, item):
        async with self._more:
            self.items.append(item)
            self._more.notify_all()

    def put(self, item):
        """For callbacks that are no coroutines."""
        asyncio.ensure_future(self.add(item))

    async def first(self, what, wanted, since=0):
        """The first item from `since` on that is wanted; fails if none comes."""
        item = await self.within(WAIT_S, wanted, since)
        if item is None:
            tail = self.items[since:][-5:]
            raise Failed(f"no {what} within {WAIT_S} s; last seen {tail!r}")
        return item

    async def within(self, seconds, wanted, since=0):
        """The first item from `since` on that is wanted, or None after a while."""

        def found():
            news = itertools.chain(self.items[since:], self._filed())
            return next((item for item in news if wanted(item)), None)

        until = time.monotonic() + seconds
        while found() is None and time.monotonic() < until:
            try:
                async with self._more:
                    await asyncio.wait_for(self._more.wait(), LOOK_AGAIN_S)
            except asyncio.TimeoutError:
                pass
        return found()


class Complaints(logging.Handler):
    """Collects what a client grumbles about while it carries on."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())

    def drain(self):
        texts, self.texts = self.texts, []
        return texts


def env(name):
    """A setting that must be there."""
    value = os.environ.get(name)
    if not value:
        sys.exit(f"{name} is not set; see tests/clients/README.md")
    return value


def dec(text):
    """A decimal from the wire; never through a float."""
    return Decimal(str(text))


def on_grid(price, tick, away):
    """A price on the grid, rounded away from the market: -1 down, 1 up."""
    steps = price / tick
    whole = steps.to_integral_value(rounding="ROUND_FLOOR" if away < 0 else "ROUND_CEILING")
    return whole * tick

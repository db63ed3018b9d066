"""Measures live push: a thousand open tabs on the market while bids arrive, and tabs that come and go.

`LIVE_TABS`, `LIVE_SECONDS` and `LIVE_CHURN_SECONDS=600` make it smaller or longer.
"""

import asyncio
import itertools
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median

from sqlmodel import Session

from benchmarks.live_wire import Tab, handler_name
from benchmarks.measuring import Limit
from p2p_reflex import database
from p2p_reflex.settings import settings
from tests.builders import a_lender, a_listing
from tests.state.sessions import enter_as

TABS = int(os.environ.get("LIVE_TABS", "1000"))
BIDS_PER_SECOND = 5
SECONDS = float(os.environ.get("LIVE_SECONDS", "20"))
CHURN_SECONDS = float(os.environ.get("LIVE_CHURN_SECONDS", "90"))
CHURN_WARM_UP = 75.0
LISTINGS, LENDERS, BIDDERS, PROBES = 40, 50, 10, 4
ROOT = Path(__file__).resolve().parents[1]

EMPTY = ("reflex___state____state.benchmarks___live_server____empty_state.beat", b"beats")
SORT = (handler_name("p2p_reflex.state.market", "market_state", "sort_by"), b"replaceState")
BID = handler_name("p2p_reflex.state.listing", "listing_state", "place_bid")
LOADED = b'"is_hydrated_rx_state_":true'
FORM_KEY = re.compile(rb'"form_key_rx_state_": ?"([0-9a-f]{32})"')


def compare() -> Iterator[Limit]:
    """Measure on SQLite, in one run, everything held against an empty handler of the same server."""
    with tempfile.TemporaryDirectory() as folder:
        today = datetime.now(UTC).date()
        cookies, listing_ids = _a_market(folder, today)
        port = _free_port()
        server = _start(folder, port)
        try:
            yield from asyncio.run(_measure(port, server.pid, cookies, listing_ids))
        finally:
            server.terminate()
            server.wait(20)


async def _measure(port: int, pid: int, cookies: list[str], listing_ids: list[int]) -> list[Limit]:
    before = _memory_kb(_worker_of(pid))
    async with _open_tabs(port, cookies) as (tabs, probes):
        per_tab = (_memory_kb(_worker_of(pid)) - before) / (len(tabs) + len(probes))
        quiet = await _probe(probes, seconds=SECONDS / 2)
        for tab in tabs:
            tab.message_count = tab.byte_count = 0
        bidding = asyncio.create_task(_bid(port, cookies, listing_ids))
        await asyncio.sleep(2)
        started = time.perf_counter()
        busy = await _probe(probes, seconds=SECONDS)
        elapsed = time.perf_counter() - started
        bidding.cancel()
        told = [tab.message_count for tab in tabs]
        print(
            f"  quiet: empty {_p95(quiet[0]):.1f} ms, interaction {_p95(quiet[1]):.1f} ms; "
            f"with bids: empty {_p95(busy[0]):.1f} ms, interaction {_p95(busy[1]):.1f} ms (p95); "
            f"each tab heard {median(told) / elapsed:.2f} times a second, "
            f"{sum(tab.byte_count for tab in tabs) / 1e6 / elapsed:.1f} MB/s in all",
            file=sys.stderr,
        )
    growth = await _come_and_go(port, pid, cookies)
    return [
        Limit(f"interaction beside {TABS} tabs and {BIDS_PER_SECOND} bids/s, p95 ms", _p95(busy[1]), 50),
        Limit("the same, in times an empty handler's p95", _p95(busy[1]) / _p95(busy[0]), 10),
        Limit("memory of one open tab, KB", per_tab, 300),
        Limit(f"growth over {CHURN_SECONDS:g} s of coming and going, KB a minute", growth, 2_048),
    ]


@asynccontextmanager
async def _open_tabs(port: int, cookies: list[str]) -> AsyncIterator[tuple[list[Tab], list[Tab]]]:
    """Open the tabs that watch, every second one signed in, and a few that act."""
    gate = asyncio.Semaphore(16)

    async def one(number: int) -> Tab:
        cookie = cookies[number % len(cookies)] if number % 2 else ""
        async with gate:
            return await Tab.open(port=port, path="/market", cookie=cookie, sign=LOADED)

    tabs = list(await asyncio.gather(*(one(number) for number in range(TABS))))
    probes = [await one(number) for number in range(PROBES)]
    await asyncio.sleep(2)
    try:
        yield tabs, probes
    finally:
        await asyncio.gather(*(tab.close() for tab in [*tabs, *probes]))


async def _probe(probes: list[Tab], *, seconds: float) -> tuple[list[float], list[float]]:
    """Take turns between an empty handler and sorting the market, and time the answers, in ms."""
    times: tuple[list[float], list[float]] = ([], [])
    ends = time.perf_counter() + seconds

    async def press(tab: Tab, number: int) -> None:
        while time.perf_counter() < ends:
            for place, (name, sign) in enumerate((EMPTY, SORT)):
                payload = {"key": random.choice(["amount", "rate", "title", "grade"])} if place else {}
                started = time.perf_counter()
                await tab.send(name, payload, sign=sign)
                times[place].append((time.perf_counter() - started) * 1000)
                await asyncio.sleep(random.uniform(0.05, 0.25))

    await asyncio.gather(*(press(tab, number) for number, tab in enumerate(probes)))
    return times


async def _bid(port: int, cookies: list[str], listing_ids: list[int]) -> None:
    """Bid as people do, from open pages of listings, each time a little lower, until cancelled."""
    bidders = [
        await _Bidder.sit_down(port, cookie, listing_id)
        for cookie, listing_id in zip(cookies, listing_ids[:BIDDERS], strict=False)
    ]
    next_at = time.perf_counter()
    for bidder in itertools.cycle(bidders):
        next_at += 1 / BIDS_PER_SECOND
        await asyncio.gather(bidder.bid(), asyncio.sleep(max(next_at - time.perf_counter(), 0)))


class _Bidder:
    """One lender at one listing's page."""

    tab: Tab

    def __init__(self) -> None:
        self.form_key, self.rate = "", Decimal(random.randrange(1200, 1500)) / 100

    @classmethod
    async def sit_down(cls, port: int, cookie: str, listing_id: int) -> "_Bidder":
        bidder = cls()
        bidder.tab = await Tab.open(
            port=port,
            path=f"/listings/{listing_id}",
            cookie=cookie,
            sign=LOADED,
            on_message=bidder.look,
        )
        return bidder

    def look(self, message: bytes) -> None:
        """Keep the key that the form has now."""
        place = message.find(b"____listing_state")
        found = FORM_KEY.search(message, place) if place >= 0 else None
        if found:
            self.form_key = found[1].decode()

    async def bid(self) -> None:
        """Bid a hundredth lower."""
        self.rate -= Decimal("0.01")
        form = {"amount": "2,000", "rate": str(self.rate), "message": "", "form_key": self.form_key}
        await self.tab.send(BID, {"form": form}, sign=b"Bid placed")


async def _come_and_go(port: int, pid: int, cookies: list[str]) -> float:
    """Open and close tabs all the time, and give what the memory grows by after a while, in KB a minute."""
    started = time.perf_counter()
    points: list[tuple[float, float]] = []

    async def visit(number: int) -> None:
        while time.perf_counter() - started < CHURN_SECONDS + CHURN_WARM_UP:
            tab = await Tab.open(port=port, path="/market", cookie=cookies[number % LENDERS], sign=LOADED)
            await asyncio.sleep(0.5)
            await tab.close()

    async def weigh() -> None:
        while (elapsed := time.perf_counter() - started) < CHURN_SECONDS + CHURN_WARM_UP:
            if elapsed > CHURN_WARM_UP:
                points.append((elapsed / 60, _memory_kb(_worker_of(pid))))
            await asyncio.sleep(3)

    await asyncio.gather(weigh(), *(visit(number) for number in range(6)))
    return _slope(points)


def _slope(points: list[tuple[float, float]]) -> float:
    """Fit a line."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def _a_market(folder: str, today: date) -> tuple[list[str], list[int]]:
    """Make open listings and lenders with money, and give the lenders' cookies and the listings' ids."""
    database.use(database.connect(f"sqlite:///{Path(folder) / 'p2p.sqlite3'}"))
    database.migrate()

    def fill(session: Session) -> tuple[list[str], list[int]]:
        lenders = [a_lender(session, cash_cents=10_000_000_00) for _ in range(LENDERS)]
        cookies = [f"{settings().cookie_name}={enter_as(session, member_id=each)}" for each in lenders]
        listing_ids = [
            a_listing(session, amount_cents=60_000_00, title=f"Plan number {number}", opens_on=today)
            for number in range(LISTINGS)
        ]
        return cookies, listing_ids

    made = database.run(fill)
    database.current_engine().dispose()
    return made


def _start(folder: str, port: int) -> "subprocess.Popen[bytes]":
    """Serve the benchmark's application from a process of its own, without pages."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("P2P_")},
        "P2P_DATA_DIR": folder,
        "P2P_DEMO": "false",
        "P2P_SOCKETS_PER_ADDRESS": "100000",
        "P2P_SOCKET_EVENTS_PER_SECOND": "1000",
        "REFLEX_SKIP_COMPILE": "true",
        "REFLEX_ENV_MODE": "prod",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--port", str(port)]
    command += ["--workers", "1", "--log-level", "warning", "benchmarks.live_server:serve"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                if json.load(answer):
                    return server
        except OSError:
            time.sleep(0.2)
    server.kill()
    raise RuntimeError("The server did not start.")


def _worker_of(pid: int) -> int:
    """Find the process that serves; the first one only looks after it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[-1]) if children else pid


def _memory_kb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return float(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def _free_port() -> int:
    wanted = os.environ.get("LIVE_PORT")
    if wanted:
        return int(wanted)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    for limit in compare():
        print("  ".join(limit.cells()))

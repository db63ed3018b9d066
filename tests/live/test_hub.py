"""What the hub promises: told together, only to those who watch, nobody waits for another, nothing stays."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from p2p_reflex.live import hub as live
from p2p_reflex.live.hub import Hub, Tab

WINDOW = 0.02


class Market:
    """A screen."""


class Wallet:
    """Another screen."""


class Told:
    """Keep who was told what."""

    def __init__(self, before: Callable[[Tab], Awaitable[None]] | None = None) -> None:
        self.calls: list[tuple[str, dict[type, frozenset[str]]]] = []
        self._before = before

    async def __call__(self, tab: Tab, told: Mapping[type, frozenset[str]]) -> None:
        if self._before is not None:
            await self._before(tab)
        self.calls.append((tab.sid, dict(told)))


@asynccontextmanager
async def served(hub: Hub, told: Told) -> Any:
    serving = asyncio.create_task(hub.serve(told))
    await asyncio.sleep(0)
    try:
        yield
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def watch(hub: Hub, sid: str, *topics: str, screen: type = Market, path: str = "/market") -> None:
    if sid not in hub._tabs:
        hub.connect(sid)
    hub.watch(sid=sid, token=f"token of {sid}", path=path, screen=screen, topics=topics)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.005)


async def a_few_windows() -> None:
    await asyncio.sleep(WINDOW * 4)


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())


def test_what_happens_within_a_window_is_told_at_once() -> None:
    hub, told = Hub(window=WINDOW), Told()

    async def story() -> None:
        async with served(hub, told):
            watch(hub, "a", "market", "day")
            for _ in range(20):
                hub.publish(frozenset({"market"}))
            hub.publish(frozenset({"day"}))
            await until(lambda: told.calls)
            await a_few_windows()

    run(story)

    assert told.calls == [("a", {Market: frozenset({"market", "day"})})]


def test_only_those_who_watch_a_topic_hear_of_it() -> None:
    hub, told = Hub(window=WINDOW), Told()

    async def story() -> None:
        async with served(hub, told):
            watch(hub, "a", "member:7")
            watch(hub, "b", "member:8")
            hub.publish(frozenset({"member:7", "listing:3"}))
            await until(lambda: told.calls)
            await a_few_windows()

    run(story)

    assert told.calls == [("a", {Market: frozenset({"member:7"})})]


def test_publishing_from_another_thread_reaches_the_tab() -> None:
    hub, told = Hub(window=WINDOW), Told()

    async def story() -> None:
        async with served(hub, told):
            watch(hub, "a", "market")
            await asyncio.to_thread(hub.publish, frozenset({"market"}))
            await until(lambda: told.calls)

    run(story)

    assert [sid for sid, _ in told.calls] == ["a"]


def test_a_closed_tab_leaves_nothing_behind() -> None:
    hub, told = Hub(window=WINDOW), Told()

    async def story() -> None:
        async with served(hub, told):
            for number in range(200):
                watch(hub, str(number), "market", f"member:{number}")
                watch(hub, str(number), "day", screen=Wallet)
            hub.publish(frozenset({"market"}))
            for number in range(200):
                hub.disconnect(str(number))
            await until(lambda: hub.counts()["waiting"] == 0)

    run(story)

    assert told.calls == []
    assert hub.counts() == {"tabs": 0, "topics": 0, "waiting": 0, "running": 0, "answers": 0}


def test_a_screen_that_fills_after_its_tab_closed_watches_nothing() -> None:
    hub = Hub(window=WINDOW)
    watch(hub, "a", "market")
    hub.disconnect("a")

    hub.watch(sid="a", token="token of a", path="/market", screen=Market, topics=["market"])

    assert hub.counts()["tabs"] == hub.counts()["topics"] == 0


def test_on_another_page_the_tab_no_longer_hears_of_the_one_before() -> None:
    hub, told = Hub(window=WINDOW), Told()

    async def story() -> None:
        async with served(hub, told):
            watch(hub, "a", "market", path="/market")
            watch(hub, "a", "member:7", screen=Wallet, path="/wallet")
            hub.publish(frozenset({"market"}))
            hub.publish(frozenset({"member:7"}))
            await until(lambda: told.calls)
            await a_few_windows()

    run(story)

    assert told.calls == [("a", {Wallet: frozenset({"member:7"})})]


def test_a_slow_tab_does_not_delay_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SLOW_SECONDS", 0.05)
    gate = asyncio.Event()

    async def wait(tab: Tab) -> None:
        if tab.sid.startswith("slow"):
            await gate.wait()

    hub, told = Hub(window=WINDOW, at_once=2), Told(wait)

    async def story() -> None:
        async with served(hub, told):
            for sid in ("slow 1", "slow 2", "slow 3", "quick"):
                watch(hub, sid, "market")
            hub.publish(frozenset({"market"}))
            await until(lambda: told.calls)
            first = list(told.calls)
            gate.set()
            await until(lambda: len(told.calls) == 4)
            assert [sid for sid, _ in first] == ["quick"]

    run(story)


def test_what_could_not_be_told_is_told_once_the_database_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "FIRST_RETRY_SECONDS", 0.01)
    down = [True]
    tries: list[str] = []

    async def ask_the_database(tab: Tab) -> None:
        tries.append(tab.sid)
        if down[0]:
            raise OSError("the database is down")

    hub, told = Hub(window=WINDOW), Told(ask_the_database)

    async def story() -> None:
        async with served(hub, told):
            watch(hub, "a", "market", "day")
            for _ in range(50):
                hub.publish(frozenset({"market"}))
                await asyncio.sleep(0.002)
            hub.publish(frozenset({"day"}))
            assert hub.counts()["running"] <= 1
            down[0] = False
            await until(lambda: told.calls)
            await a_few_windows()

    run(story)

    assert 1 < len(tries) < 12
    assert told.calls == [("a", {Market: frozenset({"market", "day"})})]


def test_a_screen_may_ask_for_a_pause_between_two_looks() -> None:
    hub, told = Hub(window=WINDOW), Told()

    async def story() -> None:
        async with served(hub, told):
            hub.connect("a")
            hub.watch(sid="a", token="t", path="/admin", screen=Market, topics=["books"], gap=0.4)
            hub.publish(frozenset({"books"}))
            await until(lambda: told.calls)
            for _ in range(5):
                hub.publish(frozenset({"books"}))
                await asyncio.sleep(WINDOW)
            assert len(told.calls) == 1
            await until(lambda: len(told.calls) == 2)

    run(story)


def test_publishing_while_nobody_serves_is_harmless() -> None:
    hub = Hub(window=WINDOW)
    watch(hub, "a", "market")

    hub.publish(frozenset({"market"}))

    assert hub.counts()["waiting"] == 0

"""Open tabs and bots while the database is really away: they wait, catch up, and everything is told once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import pytest
import reflex as rx
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from p2p_reflex import database as house
from p2p_reflex.live import reacting
from p2p_reflex.live.hub import Hub
from p2p_reflex.live.hub import Tab as Socket
from p2p_reflex.live.reacting import Reaction, let_bots_answer
from p2p_reflex.models import Bid, Bot, BotDecision
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.bots import bot_runs
from p2p_reflex.services.days import opening
from p2p_reflex.services.listings import listings
from p2p_reflex.state import base, frame, visitors
from p2p_reflex.state.listing import ListingState
from p2p_reflex.state.wallet import WalletState
from tests.builders import (
    NOW,
    TODAY,
    a_borrower,
    a_form_key,
    a_lender,
    a_listing,
    a_listing_form,
    broken_laws,
)
from tests.outages import OUTAGE_SECONDS, PATIENCE, LockedFile, Maker, Outage, Server, lasting
from tests.state.sessions import enter_as
from tests.state.wire import Tab

SOCKET = "socket"
LONGEST_SECONDS = OUTAGE_SECONDS + 30


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a PostgreSQL for this file alone."""
    started = Server(tmp_path_factory.mktemp("outages") / "postgresql")
    yield started
    started.remove()


@pytest.fixture(params=["locked", "stopped"])
def outage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    """Use a fresh database that a foreigner will lock, or whose server will crash."""
    monkeypatch.setattr(house, "_engine", None)
    monkeypatch.setattr(house, "LOCK_WAIT_SECONDS", PATIENCE * OUTAGE_SECONDS)
    stopped: Server | None = None
    if request.param == "stopped":
        stopped = request.getfixturevalue("server")
    make: Maker = stopped.make if stopped else request.getfixturevalue("_sqlite_maker")
    house.use(house.connect(make()))
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()
    monkeypatch.setattr(visitors, "REMEMBERED_SECONDS", 0)
    away = stopped or LockedFile(house.current_engine())
    yield away
    away.end()
    house.current_engine().dispose()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Let the screens watch a hub of this test's own, which hears every commit."""
    own = Hub()
    for room in (base, frame):
        monkeypatch.setattr(room, "hub", own)
    own.connect(SOCKET)
    stop = house.on_commit(own.publish)
    yield own
    stop()


class Shown:
    """Deliver to the states of a tab as the server does, and keep what went to its browser."""

    def __init__(self, tab: Tab) -> None:
        self.tab, self.failures = tab, 0
        self.sent: list[tuple[str, dict[str, Any]]] = []

    async def __call__(self, _socket: Socket, told: Mapping[type, frozenset[str]]) -> None:
        try:
            async with self.tab.states.modify_state(rx.BaseStateToken(ident="tab", cls=rx.State)) as root:
                for screen, topics in told.items():
                    await (await root.get_state(screen))._hear(topics)
                delta = await root._get_resolved_delta()
                root._clean()
        except Exception:
            self.failures += 1
            raise
        for state, changed in delta.items():
            self.sent.append((state, {name.removesuffix("_rx_state_"): new for name, new in changed.items()}))

    def values(self, screen: type[rx.State], var: str) -> list[Any]:
        """List every value that a var was shown with."""
        name = screen.get_full_name()
        return [changed[var] for state, changed in self.sent if state == name and var in changed]


def live_through(hub: Hub, shown: Shown, story: Callable[[], Awaitable[None]]) -> None:
    """Serve the hub while a story goes on."""

    async def serve() -> None:
        serving = asyncio.create_task(hub.serve(shown))
        await asyncio.sleep(0)
        try:
            await story()
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await shown.tab.states.close()

    asyncio.run(serve())


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(LONGEST_SECONDS):
        while not holds():
            await asyncio.sleep(0.02)


def bid(lender_id: int, listing_id: int, rate: str) -> None:
    how = {"lender_id": lender_id, "listing_id": listing_id, "amount": "400", "rate": rate}
    house.run(bidding.place_bid, **how, form_key=a_form_key(), business_on=TODAY, now=NOW)


def a_wallet_and_a_listing(session: Session) -> tuple[int, int, str]:
    """Give a lender with money, a listing, and the lender's cookie."""
    lender_id = a_lender(session, cash_cents=5_000_00)
    return lender_id, a_listing(session), enter_as(session, member_id=lender_id)


def begin_after_commit(outage: Outage) -> None:
    """Let an outage begin right after the next commit, before anybody has heard of it."""

    def strike(_topics: frozenset[str]) -> None:
        house._listeners.remove(strike)
        outage.begin()

    house._listeners.insert(0, strike)


def test_an_open_tab_shows_what_was_committed_just_before_the_database_went_away(
    hub: Hub, outage: Outage
) -> None:
    lender_id, listing_id, cookie = house.run(a_wallet_and_a_listing)
    tab = Tab(cookie=cookie, path="/wallet")
    tab.send(WalletState.load)
    shown = Shown(tab)

    async def story() -> None:
        begin_after_commit(outage)
        await asyncio.to_thread(bid, lender_id, listing_id, "10")
        await asyncio.sleep(OUTAGE_SECONDS)
        if isinstance(outage, Server):
            assert shown.failures > 0
            assert shown.sent == []
        outage.end()
        await until(lambda: shown.values(WalletState, "available"))
        await asyncio.sleep(0.3)

    live_through(hub, shown, story)

    assert shown.values(WalletState, "available") == ["$4,600.00"]
    assert shown.values(WalletState, "held") == ["$400.00"]
    assert hub.counts()["waiting"] == 0
    assert house.read(broken_laws) == []


def test_what_waited_for_the_database_is_told_once(hub: Hub, outage: Outage) -> None:
    _, listing_id, cookie = house.run(a_wallet_and_a_listing)
    tab = Tab(cookie=cookie, path=f"/listings/{listing_id}")
    tab.send(ListingState.load)
    tab.send(ListingState.type_amount, text="100")
    shown = Shown(tab)
    rivals = [house.run(a_lender, cash_cents=1_000_00) for _ in range(3)]

    async def story() -> None:
        with lasting(outage, OUTAGE_SECONDS):
            tries = [_insist(rival, listing_id, f"{11 + place}") for place, rival in enumerate(rivals)]
            await asyncio.gather(*tries)
        await until(lambda: any(len(lines) == 3 for lines in shown.values(ListingState, "leading")))
        await asyncio.sleep(0.3)

    live_through(hub, shown, story)

    final = shown.values(ListingState, "leading")[-1]
    assert [line.rate for line in final] == ["11.00 %", "12.00 %", "13.00 %"]
    assert shown.values(ListingState, "bid_amount") == []
    assert len(house.run(lambda session: session.exec(select(Bid)).all())) == 3
    assert house.read(broken_laws) == []


async def _insist(lender_id: int, listing_id: int, rate: str) -> None:
    """Press again with the same form until the bid stands, as a person does."""
    form_key = a_form_key()
    how = {"lender_id": lender_id, "listing_id": listing_id, "amount": "300", "rate": rate}
    async with asyncio.timeout(LONGEST_SECONDS):
        while True:
            try:
                await asyncio.to_thread(
                    house.run, bidding.place_bid, **how, form_key=form_key, business_on=TODAY, now=NOW
                )
            except house.OperationalError:
                await asyncio.sleep(0.2)
            else:
                return


def test_bots_answer_a_listing_whose_database_went_away_before_they_could(
    outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reacting, "FIRST_RETRY_SECONDS", 0.1)
    house.run(bot_runs.enroll_bots, business_on=TODAY, now=NOW)
    borrower_id = house.run(a_borrower)
    reaction = Reaction(let_bots_answer, wait=0.02)
    stop = house.on_commit(reaction.hear)

    async def story() -> None:
        serving = asyncio.create_task(reaction.serve())
        await asyncio.sleep(0)
        begin_after_commit(outage)
        how = {"borrower_id": borrower_id, "form": a_listing_form(), "form_key": a_form_key()}
        await asyncio.to_thread(house.run, listings.publish, **how, business_on=TODAY, now=NOW)
        await asyncio.sleep(OUTAGE_SECONDS)
        outage.end()
        await until(lambda: house.read(_decision_count))
        await asyncio.sleep(0.3)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(story())
    stop()

    answered = house.read(_answers)
    assert len(answered) == len(set(answered)) > 0
    assert house.read(_decision_count) == len(house.run(lambda session: session.exec(select(Bot)).all()))
    assert house.run(lambda session: session.exec(select(Bot).where(~col(Bot.is_running))).all()) == []
    assert house.read(broken_laws) == []


def _decision_count(session: Session) -> int:
    return len(session.exec(select(BotDecision.id)).all())


def _answers(session: Session) -> list[int]:
    return list(session.exec(select(Bid.lender_id).where(col(Bid.is_bot))).all())


def test_an_engine_that_lost_its_server_is_well_again_without_a_restart(outage: Outage) -> None:
    engine: Engine = house.current_engine()
    assert house.is_reachable()

    outage.begin()
    reachable = house.is_reachable()
    outage.end()

    assert reachable is not isinstance(outage, Server)
    assert house.is_reachable()
    assert house.current_engine() is engine

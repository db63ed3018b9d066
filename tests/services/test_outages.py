"""A database that is really away: locked by others, stopped, without room; nothing is lost or doubled."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from p2p_reflex import database as house
from p2p_reflex.database import read, run
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Bot, BotDecision, BusinessStep, StepState, Verdict
from p2p_reflex.services.bots import bot_runs
from p2p_reflex.services.days import business_date, business_day, business_runs
from p2p_reflex.services.days.business_day import DayStoppedError
from p2p_reflex.state import visitors
from p2p_reflex.state.admin_jobs import AdminJobsState
from tests.books_hash import books_hash
from tests.builders import NOW, TODAY, a_listing, broken_laws
from tests.markets import a_market
from tests.outages import (
    OUTAGE_SECONDS,
    PATIENCE,
    FullDisk,
    LockedFile,
    Maker,
    Server,
    counted,
    lasting,
    page_count,
    striking,
    striking_after_commit,
)
from tests.state.sessions import a_session_of
from tests.state.wire import Tab

DAYS = 3
UNTIL, LONG_UNTIL = TODAY + timedelta(days=DAYS), TODAY + timedelta(days=30)
LATER = NOW + timedelta(hours=2)
NEXT_BELL = timedelta(minutes=5)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a PostgreSQL for this file alone."""
    started = Server(tmp_path_factory.mktemp("outages") / "postgresql")
    yield started
    started.remove()


@pytest.fixture(autouse=True)
def _server_back(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let no test that failed leave the server stopped for the next."""
    yield
    if "server" in request.fixturenames:
        request.getfixturevalue("server").end()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch, _sqlite_maker: Maker) -> Iterator[Maker]:
    """Give SQLite files whose writers wait longer for a lock than the outage takes."""
    monkeypatch.setattr(house, "LOCK_WAIT_SECONDS", PATIENCE * OUTAGE_SECONDS)
    monkeypatch.setattr(house, "_engine", None)
    yield _sqlite_maker
    house.current_engine().dispose()


def opened(make: Maker, fill: Callable[[Session], object]) -> Engine:
    """Use a fresh database, filled."""
    house.use(house.connect(make()))
    run(fill)
    return house.current_engine()


def a_market_for_bots(session: Session) -> None:
    """Six bots and three open listings."""
    business_date.open_day(session, business_on=TODAY)
    bot_runs.enroll_bots(session, business_on=TODAY, now=NOW)
    for amount_cents in (4_000_00, 9_000_00, 2_500_00):
        a_listing(session, floor_rate="0.094", highest_rate="0.15", amount_cents=amount_cents)


def a_large_market_for_bots(session: Session) -> None:
    """Six bots and so many listings that what they do needs room."""
    a_market_for_bots(session)
    for _ in range(40):
        a_listing(session, floor_rate="0.094", highest_rate="0.15", amount_cents=2_000_00)


def sweep(later: timedelta = timedelta(0)) -> int:
    """Let the bots look at the whole market, and count their bids."""
    rounds = bot_runs.sweep(run, holder="one", now=LATER + later, seed=7)
    return sum(outcome.bid_count for outcome in rounds)


def close_days(later: timedelta = timedelta(0)) -> tuple[Any, ...]:
    """Close the days that are due."""
    return business_day.close_until(run, until=UNTIL, now=NOW + later)


def decisions(session: Session) -> list[tuple[int, int | None, Verdict, int | None]]:
    """Read what the bots decided."""
    rows = session.exec(select(BotDecision)).all()
    return sorted((row.bot_id, row.listing_id, row.verdict, row.amount_cents) for row in rows)


def stopped_bots(session: Session) -> list[str]:
    """Name the bots that do not run."""
    return [bot.stopped_reason for bot in session.exec(select(Bot)) if not bot.is_running]


def failed_steps(session: Session) -> list[tuple[str, int, str]]:
    """Read what is written down of steps that failed or were tried again."""
    rows = session.exec(select(BusinessStep).order_by(sa.text("id"))).all()
    return [
        (row.step, row.attempt_count, row.error)
        for row in rows
        if row.state is StepState.FAILED or row.attempt_count > 1
    ]


def test_bots_wait_for_a_file_that_somebody_else_has_locked(patient: Maker) -> None:
    opened(patient, a_market_for_bots)
    expected = sweep(), read(decisions), read(books_hash)

    engine = opened(patient, a_market_for_bots)
    with lasting(LockedFile(engine), OUTAGE_SECONDS):
        bid_count = sweep()

    assert (bid_count, read(decisions), read(books_hash)) == expected
    assert sweep(NEXT_BELL) == 0
    assert read(stopped_bots) == []
    assert read(broken_laws) == []


@pytest.mark.parametrize("commit", [1, 5, 20])
def test_a_business_day_waits_for_a_file_that_is_locked_between_two_steps(
    patient: Maker, monkeypatch: pytest.MonkeyPatch, commit: int
) -> None:
    monkeypatch.setattr(business_runs, "ENOUGH_ITEMS", 0)
    opened(patient, a_market)
    close_days()
    expected = read(books_hash)

    engine = opened(patient, a_market)
    with striking_after_commit(LockedFile(engine), commit=commit, seconds=OUTAGE_SECONDS):
        closed = close_days()

    assert len(closed) == DAYS
    assert read(books_hash) == expected
    assert read(failed_steps) == []
    assert read(broken_laws) == []


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_round_of_bots_that_breaks_in_its_middle_is_made_up_for(
    server: Server, monkeypatch: pytest.MonkeyPatch, part: float
) -> None:
    monkeypatch.setattr(house, "_engine", None)
    engine = opened(server.make, a_market_for_bots)
    with counted(engine) as statements:
        bid_count = sweep()
    expected = read(decisions), read(books_hash)

    engine = opened(server.make, a_market_for_bots)
    untouched = read(books_hash)
    strike = striking(engine, server, before=round(len(statements) * part))
    with strike, pytest.raises(OperationalError):
        sweep()
    server.end()

    assert (read(books_hash), read(decisions), read(stopped_bots)) == (untouched, [], [])
    assert sweep(NEXT_BELL) == bid_count > 0
    assert (read(decisions), read(books_hash)) == expected
    assert sweep(2 * NEXT_BELL) == 0
    assert read(broken_laws) == []
    engine.dispose()


@pytest.mark.parametrize("part", [0.0, 0.5, 0.9])
def test_a_round_of_bots_without_room_on_the_disk_leaves_nothing_half_done(
    patient: Maker, part: float
) -> None:
    engine = opened(patient, a_large_market_for_bots)
    before = page_count(engine)
    bid_count = sweep()
    grown, expected = page_count(engine) - before, (read(decisions), read(books_hash))

    engine = opened(patient, a_large_market_for_bots)
    untouched = read(books_hash)
    disk = FullDisk(engine, spare_pages=int(grown * part))
    disk.begin()
    with pytest.raises(OperationalError, match="full"):
        sweep()
    disk.end()

    assert (read(books_hash), read(decisions), read(stopped_bots)) == (untouched, [], [])
    assert sweep(NEXT_BELL) == bid_count > 0
    assert (read(decisions), read(books_hash)) == expected
    assert read(broken_laws) == []


@pytest.mark.parametrize("part", [0.0, 0.4, 0.8])
def test_a_business_day_without_room_on_the_disk_goes_on_once_there_is_some(
    patient: Maker, part: float
) -> None:
    engine = opened(patient, a_market)
    before = page_count(engine)
    business_day.close_until(run, until=LONG_UNTIL, now=NOW)
    grown, expected = page_count(engine) - before, read(books_hash)

    engine = opened(patient, a_market)
    disk = FullDisk(engine, spare_pages=int(grown * part))
    disk.begin()
    with pytest.raises((DayStoppedError, OperationalError)):
        business_day.close_until(run, until=LONG_UNTIL, now=NOW)
    disk.end()

    assert read(broken_laws) == []
    business_day.close_until(run, until=LONG_UNTIL, now=NOW + NEXT_BELL)
    assert read(books_hash) == expected
    assert read(broken_laws) == []


@pytest.mark.parametrize("part", [0.1, 0.4, 0.7, 0.95])
def test_a_business_day_that_breaks_in_its_middle_is_finished_by_the_next_run(
    server: Server, monkeypatch: pytest.MonkeyPatch, part: float
) -> None:
    monkeypatch.setattr(house, "_engine", None)
    engine = opened(server.make, a_market)
    with counted(engine) as statements:
        close_days()
    expected = read(books_hash)

    engine = opened(server.make, a_market)
    with (
        striking(engine, server, before=round(len(statements) * part)),
        pytest.raises((DayStoppedError, OperationalError)),
    ):
        close_days()
    server.end()
    assert read(broken_laws) == []
    close_days(NEXT_BELL)

    assert read(business_date.today) == UNTIL
    assert read(books_hash) == expected
    assert read(broken_laws) == []
    engine.dispose()


def test_the_jobs_tell_of_a_day_that_broke_because_the_database_was_away(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house, "_engine", None)
    engine = opened(server.make, a_market)
    visitors._remembered.clear()
    tab = Tab(cookie=a_session_of(Role.ADMIN), path="/admin/jobs")
    with striking(engine, server, before=25), pytest.raises(DayStoppedError) as stopped:
        close_days()
    server.end()

    seen = tab.send(AdminJobsState.load)
    close_days(NEXT_BELL)
    after = tab.send(AdminJobsState.show, on=TODAY.isoformat())

    assert seen.shown(AdminJobsState, "is_stopped") is True
    (failed,) = [step for step in seen.shown(AdminJobsState, "steps") if step.errors]
    assert (failed.title, failed.word) == (stopped.value.step, "Stopped")
    assert "OperationalError" in failed.errors[0]
    (again,) = [step for step in after.shown(AdminJobsState, "steps") if step.tries]
    assert (again.title, again.word, again.errors) == (failed.title, "Done", [])
    engine.dispose()

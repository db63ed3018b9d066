"""The business day: run once, often, interrupted or by many at once, it leaves the same books."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col

from p2p_reflex import database as house
from p2p_reflex.database import read, run
from p2p_reflex.models import BusinessStep
from p2p_reflex.services.days import business_date, business_day, business_runs
from p2p_reflex.services.days.business_steps import STEPS, Ask, Did, Step
from tests.books_hash import books_hash
from tests.builders import NOW, TODAY, a_loan, broken_laws, in_threads
from tests.markets import a_market

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
DAYS = 4
UNTIL = TODAY + timedelta(days=DAYS)

Fresh = Callable[[], None]


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def fresh(database: Engine, request: pytest.FixtureRequest) -> Fresh:
    """Open the same market in an empty database of its own, as often as asked."""
    make = request.getfixturevalue(f"_{database.dialect.name}_maker")

    def open_market() -> None:
        house.use(house.connect(make()))
        run(a_market)

    return open_market


@pytest.fixture
def expected(fresh: Fresh) -> str:
    """Give the hash of the books after undisturbed days."""
    fresh()
    business_day.close_until(run, until=UNTIL, now=NOW)
    assert read(broken_laws) == []
    return read(books_hash)


def test_a_day_in_one_transaction_leaves_the_same_books_as_one_in_many(
    fresh: Fresh, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh()
    for day in range(DAYS):
        run(business_day.close_day, business_on=TODAY + timedelta(days=day), now=NOW)
    in_one = read(books_hash)

    monkeypatch.setattr(business_runs, "ENOUGH_ITEMS", 0)
    fresh()
    business_day.close_until(run, until=UNTIL, now=NOW)

    assert in_one == expected
    assert read(books_hash) == expected


def test_small_chunks_leave_the_same_books_as_one_large(
    fresh: Fresh, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh()
    monkeypatch.setattr(business_runs, "ENOUGH_ITEMS", 1)
    monkeypatch.setattr(business_runs, "Ask", lambda *args, **wishes: Ask(*args, **wishes, limit=2))

    business_day.close_until(run, until=UNTIL, now=NOW)

    assert read(books_hash) == expected
    chunks = read(lambda session: session.scalar(sa.select(sa.func.max(BusinessStep.chunk))))
    assert chunks > 1


@ON_SQLITE
def test_the_ladder_in_chunks_leaves_the_same_books_as_in_one(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = TODAY + timedelta(days=200)

    def late_loans(session: Session) -> None:
        for number in range(7):
            a_loan(session, disbursed_on=TODAY - timedelta(days=number % 2))

    fresh()
    run(late_loans)
    business_day.close_until(run, until=until, now=NOW)
    in_one = read(books_hash)

    monkeypatch.setattr(business_runs, "ENOUGH_ITEMS", 1)
    monkeypatch.setattr(business_runs, "Ask", lambda *args, **wishes: Ask(*args, **wishes, limit=2))
    fresh()
    run(late_loans)
    business_day.close_until(run, until=until, now=NOW)

    assert read(books_hash) == in_one
    assert read(broken_laws) == []
    counted = sa.select(BusinessStep.step).where(col(BusinessStep.chunk) > 1).distinct()
    assert {"late_fees", "age_loans", "default", "charge_off"} <= set(run(lambda s: s.scalars(counted).all()))


def test_a_day_that_was_closed_is_not_closed_again(fresh: Fresh, expected: str) -> None:
    assert business_day.close_until(run, until=UNTIL, now=NOW) == ()
    assert run(business_day.close_day, business_on=TODAY, now=NOW) is None
    assert read(books_hash) == expected


@ON_SQLITE
@pytest.mark.parametrize("enough", [0, 2_000], ids=["a step each", "together"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_interrupted_at_any_step_it_goes_on_with_the_same_result(
    fresh: Fresh, expected: str, monkeypatch: pytest.MonkeyPatch, enough: int, after: bool
) -> None:
    monkeypatch.setattr(business_runs, "ENOUGH_ITEMS", enough)
    fresh()

    for place in range(len(STEPS)):
        with monkeypatch.context() as patch:
            patch.setattr(business_runs, "STEPS", killed_at(place, after=after))
            with pytest.raises(Killed):
                business_day.close_until(run, until=UNTIL, now=NOW)
        assert read(business_date.today) == TODAY
    business_day.close_until(run, until=UNTIL, now=NOW)

    assert read(books_hash) == expected
    assert read(broken_laws) == []


@pytest.mark.parametrize("runners", [2, 8])
def test_of_several_runners_one_acts(fresh: Fresh, expected: str, runners: int) -> None:
    fresh()

    outcomes = in_threads([lambda: business_day.close_until(run, until=UNTIL, now=NOW)] * runners)

    closed = [day.closed_on for outcome in outcomes for day in outcome]
    assert sorted(closed) == [TODAY + timedelta(days=day) for day in range(DAYS)]
    assert read(books_hash) == expected


@ON_SQLITE
def test_a_runner_that_was_overtaken_commits_nothing_more(fresh: Fresh) -> None:
    fresh()
    attempt = business_runs.Attempt(TODAY, business_runs.Clock(NOW), holder="slow", enough=0)
    run(business_runs.work, attempt)
    late = business_runs.Clock(NOW + timedelta(minutes=5))
    run(business_runs.work, business_runs.Attempt(TODAY, late, holder="quick", enough=0))
    before = read(books_hash)

    with pytest.raises(business_runs.OvertakenError):
        run(business_runs.work, attempt)

    assert read(books_hash) == before


@ON_SQLITE
def test_killed_at_any_moment_it_goes_on_with_the_same_result(
    fresh: Fresh, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh()
    url = house.current_engine().url.render_as_string(hide_password=False)
    luck = random.Random(4)

    for _ in range(4):
        runner = subprocess.Popen([sys.executable, "-c", RUNNER, url, str(UNTIL)], stdout=subprocess.PIPE)
        assert runner.stdout is not None
        runner.stdout.readline()
        time.sleep(luck.uniform(0.0, 0.12))
        runner.kill()
        runner.wait()
        runner.stdout.close()
        assert read(broken_laws) == []
    monkeypatch.setattr(business_runs, "LEASE_SECONDS", 1)
    business_day.close_until(run, until=UNTIL, now=NOW + timedelta(minutes=5))

    assert read(books_hash) == expected


RUNNER = """
import sys
from datetime import date
from p2p_reflex import database
from p2p_reflex.services import business_day, business_runs
from tests.builders import NOW
business_runs.LEASE_SECONDS, business_runs.ENOUGH_ITEMS = 0, 0
database.use(database.connect(sys.argv[1]))
database.current_engine().connect().close()
print("ready", flush=True)
business_day.close_until(database.run, until=date.fromisoformat(sys.argv[2]), now=NOW)
"""


def test_an_outage_of_45_days_is_caught_up_as_if_it_had_not_been(fresh: Fresh) -> None:
    until = TODAY + timedelta(days=45)
    fresh()
    for _ in range(45):
        business_day.advance(run, days=1, now=NOW)
    day_by_day = read(books_hash)

    fresh()
    outcomes = business_day.close_until(run, until=until, now=NOW)

    assert [day.closed_on for day in outcomes] == [TODAY + timedelta(days=n) for n in range(45)]
    assert read(books_hash) == day_by_day
    assert read(broken_laws) == []


def killed_at(place: int, *, after: bool) -> tuple[Step, ...]:
    """Give the steps with one that kills its process, before or after it has done its work."""

    def break_off(session: Any, ask: Ask) -> Did:
        if after:
            STEPS[place].work(session, ask)
        raise Killed

    return tuple(
        Step(step.key, step.title, break_off, step.peek, step.seals) if step is STEPS[place] else step
        for step in STEPS
    )


@pytest.fixture(autouse=True)
def _quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(business_day, "LOOK_AGAIN_SECONDS", 0.005)

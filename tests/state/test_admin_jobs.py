"""The screen of jobs: the days with their steps, why one stopped, and trying it again; for admins only."""

from datetime import timedelta

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.days import business_date, business_day, business_runs
from p2p_reflex.services.days.business_steps import STEPS
from p2p_reflex.state import visitors
from p2p_reflex.state.admin_jobs import AdminJobsState, write_counts, write_duration
from tests.builders import NOW, TODAY
from tests.markets import a_market
from tests.services.days.test_business_day_faults import breaking
from tests.state.sessions import a_session_of
from tests.state.wire import Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _market(database: Engine) -> None:
    house.run(a_market)
    visitors._remembered.clear()


@pytest.fixture
def tab(database: Engine) -> Tab:
    return Tab(cookie=a_session_of(Role.ADMIN, "Sam Whitfield"), path="/admin/jobs")


def test_an_admin_sees_the_days_and_the_steps_of_the_newest(tab: Tab) -> None:
    business_day.advance(house.run, days=2, now=NOW)

    answer = tab.send(AdminJobsState.load)

    days, steps = answer.shown(AdminJobsState, "days"), answer.shown(AdminJobsState, "steps")
    assert [(day.name, day.word) for day in days] == [("21 Nov 2026", "Closed"), ("20 Nov 2026", "Closed")]
    assert [step.title for step in steps] == [step.title for step in STEPS]
    assert {step.word for step in steps} == {"Done"}


def test_the_steps_of_another_day_are_a_press_away(tab: Tab) -> None:
    business_day.advance(house.run, days=2, now=NOW)
    tab.send(AdminJobsState.load)

    answer = tab.send(AdminJobsState.show, on=TODAY.isoformat())

    assert answer.shown(AdminJobsState, "shown_day") == "20 Nov 2026"
    assert "payment" in answer.shown(AdminJobsState, "steps")[1].did


def test_a_day_that_stopped_says_why_and_goes_on_when_tried_again(
    tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(business_runs, "STEPS", breaking("default", RuntimeError("No such bucket")))
        with pytest.raises(business_day.DayStoppedError):
            business_day.advance(house.run, days=1, now=NOW)

    stopped = tab.send(AdminJobsState.load)
    retried = tab.send(AdminJobsState.retry)

    assert stopped.shown(AdminJobsState, "is_stopped") is True
    (failed,) = [step for step in stopped.shown(AdminJobsState, "steps") if step.errors]
    assert (failed.word, failed.errors) == ("Stopped", ["RuntimeError: No such bucket"])
    assert "The day is closed" in retried.toasts
    assert retried.shown(AdminJobsState, "is_stopped") is False
    assert house.read(business_date.today) == TODAY + timedelta(days=1)


@pytest.mark.parametrize("role", [None, Role.BORROWER, Role.LENDER])
def test_nobody_else_sees_or_retries_it(database: Engine, role: Role | None) -> None:
    business_day.advance(house.run, days=1, now=NOW)
    stranger = Tab(cookie=a_session_of(role) if role else "", path="/admin/jobs")

    answer = stranger.send(AdminJobsState.load)
    stranger.send(AdminJobsState.retry)

    assert not answer.shown(AdminJobsState, "days")
    assert house.read(business_date.today) == TODAY + timedelta(days=1)


def test_counts_and_durations_are_words(database: Engine) -> None:
    assert write_counts("autopay", {"paid": 212, "short": 1, "cents": 114_200_00}) == (
        "212 payments, 1 short wallet, $114,200.00"
    )
    assert write_counts("close_listings", {"loans": 2, "left_out": 1}) == "2 new loans, 1 loan left out"
    assert write_counts("charge_off", {"loans": 1, "cents": 50_00}) == "1 charge-off, $50.00"
    assert write_counts("reminders", {"reminders": 1, "told_through": 739_000}) == "1 reminder"
    assert [write_duration(each) for each in (12, 1_400, 125_000)] == ["12 ms", "1.4 s", "2 min 5 s"]

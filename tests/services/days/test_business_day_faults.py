"""The business day when something breaks: nothing half done, said why, and finished by the next run."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from p2p_reflex.database import read, run, transaction
from p2p_reflex.models import BusinessStep, Installment, Loan, StepState
from p2p_reflex.services.days import business_date, business_day, business_runs
from p2p_reflex.services.days.business_day import DayStoppedError
from p2p_reflex.services.days.business_steps import STEPS, Ask, Did, Step
from p2p_reflex.services.paying import autopay
from p2p_reflex.services.servicing import charge_offs, defaults, delinquency_days, late_fees
from tests.books_hash import books_hash
from tests.builders import NOW, TODAY, a_loan, broken_laws
from tests.markets import a_market

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _market(database: Engine) -> None:
    run(a_market)


def rows(session: Session) -> list[BusinessStep]:
    """Read what is written down of the day."""
    return list(session.exec(select(BusinessStep).order_by(col(BusinessStep.id))))


def breaking(step_key: str, error: Exception) -> tuple[Step, ...]:
    """Give the steps, one of which breaks."""

    def break_down(_session: Session, _ask: Ask) -> Did:
        raise error

    return tuple(
        Step(step.key, step.title, break_down, step.peek, step.seals) if step.key == step_key else step
        for step in STEPS
    )


def test_a_step_that_breaks_stops_the_day_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(business_runs, "STEPS", breaking("default", RuntimeError("No such bucket")))

    with pytest.raises(DayStoppedError, match="stopped at “Declare defaults”"):
        business_day.advance(run, days=1, now=NOW)
    with pytest.raises(DayStoppedError):
        business_day.advance(run, days=1, now=NOW)

    written = run(rows)
    assert [row.step for row in written if row.state is StepState.DONE] == [
        "close_listings",
        "autopay",
        "late_fees",
        "age_loans",
    ]
    (failed,) = [row for row in written if row.state is StepState.FAILED]
    assert (failed.step, failed.error) == ("default", "RuntimeError: No such bucket")
    assert failed.attempt_count == 2
    assert read(business_date.today) == TODAY
    assert read(broken_laws) == []


def test_the_next_run_finishes_what_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(business_runs, "STEPS", breaking("seal", RuntimeError("Out of wax")))
        with pytest.raises(DayStoppedError):
            business_day.advance(run, days=1, now=NOW)

    business_day.close_until(run, until=TOMORROW, now=NOW)

    (sealed,) = [row for row in run(rows) if row.step == "seal"]
    assert (sealed.state, sealed.attempt_count, sealed.error) == (StepState.DONE, 2, "")
    assert read(business_date.today) == TOMORROW


def test_one_bad_loan_is_left_out_and_the_others_are_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    bad_id = read(lambda session: session.scalar(sa.select(Loan.id).offset(3).limit(1)))
    due_before = read(due_loans)
    decide = autopay._decide

    def decide_unless_bad(loans: Any, emptied: set[int]) -> Any:
        if any(loan.id == bad_id for loan in loans):
            raise ValueError("This loan makes no sense")
        return decide(loans, emptied)

    with monkeypatch.context() as patch:
        patch.setattr(autopay, "_decide", decide_unless_bad)
        (day,) = business_day.advance(run, days=1, now=NOW)

    left_out = [row for row in run(rows) if row.state is StepState.FAILED]
    assert [row.error for row in left_out] == [
        f"Loan {bad_id} was left out: ValueError: This loan makes no sense"
    ]
    assert day.counts["autopay"]["left_out"] == 1
    assert bad_id in due_before
    assert read(business_date.today) == TOMORROW
    assert read(broken_laws) == []


@pytest.mark.parametrize(
    ("step", "module", "inner", "days"),
    [
        ("late_fees", late_fees, "_charge", 16),
        ("age_loans", delinquency_days, "_move", 16),
        ("default", defaults, "_without_paused", 121),
        ("charge_off", charge_offs, "_end", 150),
    ],
)
def test_one_bad_loan_is_left_out_of_each_rung_of_the_ladder_until_it_is_mended(
    monkeypatch: pytest.MonkeyPatch, step: str, module: Any, inner: str, days: int
) -> None:
    bad_id, *good_ids = run(lambda session: [a_loan(session) for _ in range(3)])
    late_on = date(2026, 12, 20) + timedelta(days=days)
    business_day.close_until(run, until=late_on, now=NOW)
    work = getattr(module, inner)

    def work_unless_bad(*given: Any, **wishes: Any) -> Any:
        if bad_id in ids_in(given):
            raise ValueError("This loan makes no sense")
        return work(*given, **wishes)

    with monkeypatch.context() as patch:
        patch.setattr(module, inner, work_unless_bad)
        (day,) = business_day.advance(run, days=1, now=NOW)
    left_out = [row for row in run(rows) if row.state is StepState.FAILED]
    before = read(figures_of, loan_ids=[bad_id, *good_ids])
    business_day.advance(run, days=2, now=NOW)
    after = read(figures_of, loan_ids=[bad_id, *good_ids])

    assert {row.step for row in left_out} == {step}
    assert f"Loan {bad_id} was left out: ValueError: This loan makes no sense" in [
        row.error for row in left_out
    ]
    assert day.counts[step]["left_out"] == len(left_out)
    assert before[0] != before[1] == before[2]
    assert after[0] == after[1] == after[2]
    assert read(broken_laws) == []


def ids_in(given: tuple[Any, ...]) -> set[int]:
    """Find the loans a service was given in a sequence: rows, positions, or rows with their stages."""
    found = [each for sequence in given if isinstance(sequence, list) for each in sequence]
    return {each.id if hasattr(each, "id") else each[0].id for each in found}


def figures_of(session: Session, *, loan_ids: list[int]) -> list[tuple[Any, ...]]:
    """Give how loans stand, and how many late fees each was charged."""
    fees = sa.select(sa.func.count(col(Installment.late_fee_on))).where(
        col(Installment.loan_id) == col(Loan.id)
    )
    query = sa.select(col(Loan.state), col(Loan.stage), fees.scalar_subquery())
    found = [session.execute(query.where(col(Loan.id) == loan_id)).one() for loan_id in loan_ids]
    return [tuple(each) for each in found]


def test_a_database_that_fails_stops_the_day_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    full = sa.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))
    monkeypatch.setattr(business_runs, "STEPS", breaking("late_fees", full))
    before = read(books_hash)

    with pytest.raises(DayStoppedError):
        business_day.advance(run, days=1, now=NOW)

    assert read(books_hash) == before
    assert [row.step for row in run(rows) if row.state is StepState.FAILED] == ["late_fees"]


def test_a_full_disk_leaves_nothing_half_done(database: Engine) -> None:
    with transaction() as session:
        pages = session.execute(sa.text("PRAGMA page_count")).scalar_one()
    limited = [f"PRAGMA max_page_count = {pages}", "PRAGMA max_page_count = 1073741823"]
    before = read(books_hash)
    listener = limit_pages(database, limited[0])

    with pytest.raises(DayStoppedError):
        business_day.close_until(run, until=TODAY + timedelta(days=30), now=NOW)
    stopped_on = read(business_date.today)

    sa.event.remove(database, "begin", listener)
    limit_pages(database, limited[1])
    business_day.close_until(run, until=TODAY + timedelta(days=30), now=NOW)
    assert stopped_on < TODAY + timedelta(days=30)
    assert read(books_hash) != before
    assert read(broken_laws) == []


def limit_pages(engine: Engine, pragma: str) -> Callable[..., None]:
    """Let the database grow no further, or again."""

    def limit(connection: Any) -> None:
        connection.exec_driver_sql(pragma)

    sa.event.listen(engine, "begin", limit)
    return limit


def due_loans(session: Session) -> list[int]:
    """Name the loans that autopay looks at."""
    return [loan.id for loan in session.exec(select(Loan)) if loan.next_due_on and loan.next_due_on <= TODAY]

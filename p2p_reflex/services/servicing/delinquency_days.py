"""Owns how late the book is: the stage of each loan, what moves between stages, the figures of a day."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.delinquency import DEFAULT_DAYS, GRACE_DAYS, LATE_30_DAYS
from p2p_reflex.domain.loan_standing import Pause, days_late
from p2p_reflex.domain.vocabulary import LoanStage, LoanState
from p2p_reflex.models import DelinquencyRoll, Loan, table_of
from p2p_reflex.services.loans.loan_positions import CHUNK, LARGEST_ID
from p2p_reflex.services.people.authority import check_admin
from p2p_reflex.services.servicing import late_days, loan_chunks, loan_totals
from p2p_reflex.services.servicing.loan_totals import StageFigures, stage_of
from p2p_reflex.services.touched import loan_topic, touch

_loans = table_of(Loan)
_rolls = table_of(DelinquencyRoll)


@dataclass(frozen=True, slots=True)
class Roll:
    """How many loans moved from one stage to another over some days, and what they owed then."""

    from_stage: LoanStage
    to_stage: LoanStage
    loan_count: int
    outstanding_cents: int


@dataclass(frozen=True, slots=True)
class AgedOutcome:
    """How many loans moved to another stage; with a `through_id` there may be more loans after it."""

    moved_count: int
    through_id: int | None = None


def age_loans(
    session: Session, *, business_on: date, now: datetime, after_id: int = 0, limit: int | None = None
) -> AgedOutcome:
    """Bring the stage of so many loans after an id, or of all, to the close of a day, and count the moves.

    Law: run again for the same day, nothing moves.
    """
    rows, pauses = _candidates(session, business_on, after_id, limit)
    staged = [(row, _stage(row.state, row.next_due_on, pauses.get(row.id, ()), business_on)) for row in rows]
    moved = [(row, stage) for row, stage in staged if row.stage is not stage]
    _move(session, moved, business_on)
    return AgedOutcome(len(moved), loan_chunks.through(rows, limit))


def next_to_age(session: Session, *, business_on: date, after_id: int) -> int | None:
    """Find the next loan that may be in another stage than it was."""
    rows, _ = _candidates(session, business_on, after_id, 1)
    return rows[0].id if rows else None


def _move(session: Session, moved: Sequence[tuple[Any, LoanStage]], business_on: date) -> None:
    """Write the stages that loans are in now, and count the moves."""
    connection = session.connection()
    by_stage: dict[LoanStage, list[int]] = defaultdict(list)
    sums: dict[tuple[LoanStage, LoanStage], list[int]] = defaultdict(lambda: [0, 0])
    for row, stage in moved:
        by_stage[stage].append(row.id)
        roll = sums[row.stage, stage]
        roll[0] += 1
        roll[1] += row.outstanding_cents
    for stage, ids in by_stage.items():
        for start in range(0, len(ids), CHUNK):
            of_these = _loans.c.id.in_(ids[start : start + CHUNK])
            connection.execute(sa.update(_loans).where(of_these).values(stage=stage))
    _add_rolls(session, business_on, sums)
    touch(session, *(loan_topic(row.id) for row, _ in moved))


def figures(session: Session, *, business_on: date) -> tuple[StageFigures, ...]:
    """Add up the loans that run by how late they are on a day, and those charged off; every stage is there.

    Paused days do not count. Loans paid off are left out.
    """
    return loan_totals.read(session, business_on=business_on).stages


def rolls(session: Session, *, admin_id: int, since: date, until: date) -> tuple[Roll, ...]:
    """Add up what moved between stages over some days, both ends included. Raises UnknownError."""
    check_admin(session, admin_id=admin_id)
    rows = session.connection().execute(
        sa.select(
            _rolls.c.from_stage,
            _rolls.c.to_stage,
            sa.cast(sa.func.sum(_rolls.c.loan_count), sa.BigInteger),
            sa.cast(sa.func.sum(_rolls.c.outstanding_cents), sa.BigInteger),
        )
        .where(_rolls.c.business_on.between(since, until))
        .group_by(_rolls.c.from_stage, _rolls.c.to_stage)
    )
    order = list(LoanStage)
    found = [Roll(LoanStage(before), LoanStage(after), count, cents) for before, after, count, cents in rows]
    return tuple(sorted(found, key=lambda roll: (order.index(roll.from_stage), order.index(roll.to_stage))))


def _candidates(
    session: Session, business_on: date, after_id: int, limit: int | None
) -> tuple[list[Any], dict[int, tuple[Pause, ...]]]:
    """Find the next loans in another stage by their dates than they were, and those ever paused."""
    days = {stage.value: business_on - timedelta(days=late) for stage, late in _LAST_DAYS.items()}
    values = {**days, "after_id": after_id, "most": LARGEST_ID if limit is None else limit}
    found = {row.id: row for row in session.connection().execute(_ELSEWHERE, values)}
    paused = [(row, of_loan) for row, of_loan in _paused(session) if row.id > after_id]
    found |= {row.id: row for row, _ in paused}
    rows = [row for _, row in sorted(found.items())]
    return rows[:limit], {row.id: of_loan for row, of_loan in paused}


_LAST_DAYS = {
    LoanStage.CURRENT: 0,
    LoanStage.GRACE: GRACE_DAYS,
    LoanStage.LATE_16_30: LATE_30_DAYS,
    LoanStage.LATE_31_120: DEFAULT_DAYS - 1,
}
"""The most days past due of each stage."""

_EXPECTED = sa.case(
    (_loans.c.state == LoanState.PAID_OFF, LoanStage.PAID_OFF.value),
    (_loans.c.state == LoanState.CHARGED_OFF, LoanStage.CHARGED_OFF.value),
    (_loans.c.state == LoanState.DEFAULTED, LoanStage.DEFAULT.value),
    *((_loans.c.next_due_on >= sa.bindparam(stage.value), stage.value) for stage in _LAST_DAYS),
    else_=LoanStage.DEFAULT.value,
)
_ELSEWHERE = (
    sa.select(_loans.c.id, _loans.c.state, _loans.c.stage, _loans.c.next_due_on, _loans.c.outstanding_cents)
    .where(sa.cast(_loans.c.stage, sa.String) != _EXPECTED, _loans.c.id > sa.bindparam("after_id"))
    .order_by(_loans.c.id)
    .limit(sa.bindparam("most"))
)
"""The next loans in another stage than their dates say."""


def _paused(session: Session) -> list[tuple[Any, tuple[Pause, ...]]]:
    """Read the running loans that were ever paused, as they are aged."""
    return late_days.ever_paused(session, _loans.c.stage, _loans.c.outstanding_cents)


def _stage(
    state: LoanState, next_due_on: date | None, pauses: Sequence[Pause], business_on: date
) -> LoanStage:
    return stage_of(state, days_late(due_on=next_due_on, on=business_on, pauses=pauses))


def _add_rolls(
    session: Session, business_on: date, sums: dict[tuple[LoanStage, LoanStage], list[int]]
) -> None:
    """Add moves to those that the day already has."""
    connection = session.connection()
    known = {
        (LoanStage(row.from_stage), LoanStage(row.to_stage)): row
        for row in connection.execute(sa.select(_rolls).where(_rolls.c.business_on == business_on))
    }
    for (before, after), (count, cents) in sums.items():
        row = known.get((before, after))
        values = {
            "loan_count": count + (row.loan_count if row else 0),
            "outstanding_cents": cents + (row.outstanding_cents if row else 0),
        }
        mine = {"business_on": business_on, "from_stage": before.value, "to_stage": after.value}
        if row is None:
            connection.execute(sa.insert(_rolls).values(**mine, **values))
        else:
            same = sa.and_(*(_rolls.c[name] == value for name, value in mine.items()))
            connection.execute(sa.update(_rolls).where(same).values(**values))

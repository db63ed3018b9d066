"""Owns defaults: a loan more than 120 days late is in default from the close of that day on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.delinquency import DEFAULT_DAYS
from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.loan_standing import days_late, is_paused
from p2p_reflex.domain.vocabulary import LadderStep, LoanEventKind, LoanState
from p2p_reflex.models import Loan, table_of
from p2p_reflex.services.loans import loan_log
from p2p_reflex.services.loans.loan_positions import CHUNK, pauses_of, positions, touch_people
from p2p_reflex.services.servicing import loan_chunks

_loans = table_of(Loan)


@dataclass(frozen=True, slots=True)
class DefaultsOutcome:
    """The loans that a day found in default; with a `through_id` there may be more loans after it."""

    loan_ids: tuple[int, ...]
    through_id: int | None = None


def declare(
    session: Session, *, business_on: date, now: datetime, after_id: int = 0, limit: int | None = None
) -> DefaultsOutcome:
    """Declare the defaults of a day, of so many loans after an id or of all; run again, it finds none.

    The reserve fund buys afterwards, in `reserve_fund.buy_defaulted`.
    """
    loan_log.note_step(session, step=LadderStep.DEFAULT, business_on=business_on)
    rows = late_loans(session, business_on=business_on, after_id=after_id, limit=limit)
    loan_ids = _without_paused(session, rows, business_on)
    connection = session.connection()
    for start in range(0, len(loan_ids), CHUNK):
        of_these = _loans.c.id.in_(loan_ids[start : start + CHUNK])
        connection.execute(
            sa.update(_loans)
            .where(of_these)
            .values(state=LoanState.DEFAULTED, defaulted_on=business_on, version=_loans.c.version + 1)
        )
        touch_people(session, positions(session, loan_ids=loan_ids[start : start + CHUNK]))
    event = LoanEvent(kind=LoanEventKind.DEFAULTED, effective_on=business_on)
    loan_log.record(session, [(loan_id, event) for loan_id in loan_ids], business_on=business_on, now=now)
    return DefaultsOutcome(tuple(loan_ids), loan_chunks.through(rows, limit))


def late_loans(session: Session, *, business_on: date, after_id: int, limit: int | None) -> Sequence[Any]:
    """Find and lock the next active loans that are so late by their dates."""
    latest_on = business_on - timedelta(days=DEFAULT_DAYS)
    where = (_loans.c.state == LoanState.ACTIVE, _loans.c.next_due_on <= latest_on)
    return loan_chunks.next_loans(session, _loans.c.next_due_on, where=where, after_id=after_id, limit=limit)


def _without_paused(session: Session, late: Sequence[Any], business_on: date) -> list[int]:
    """Keep the loans that are so late without their paused days."""
    pauses = pauses_of(session, loan_ids=[row.id for row in late])
    return [
        row.id
        for row in late
        if not is_paused(business_on, pauses.get(row.id, ()))
        and days_late(due_on=row.next_due_on, on=business_on, pauses=pauses.get(row.id, ())) >= DEFAULT_DAYS
    ]

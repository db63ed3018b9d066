"""Owns defaults: a loan more than 120 days late is in default from the close of that day on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.delinquency import DEFAULT_DAYS
from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.loan_standing import days_late, is_paused
from p2p_reflex.domain.vocabulary import LadderStep, LoanEventKind, LoanState
from p2p_reflex.models import Loan
from p2p_reflex.services import loan_log
from p2p_reflex.services.loan_positions import CHUNK, pauses_of, positions, touch_people

_loans = cast(sa.Table, Loan.__table__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class DefaultsOutcome:
    """The loans that a day found in default."""

    loan_ids: tuple[int, ...]


def declare(session: Session, *, business_on: date, now: datetime) -> DefaultsOutcome:
    """Declare the defaults of a day; run again, it finds none.

    The reserve fund buys afterwards, in `reserve_fund.buy_defaulted`.
    """
    loan_log.note_step(session, step=LadderStep.DEFAULT, business_on=business_on)
    loan_ids = _defaulted_ids(session, business_on)
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
    return DefaultsOutcome(tuple(loan_ids))


def _defaulted_ids(session: Session, business_on: date) -> Sequence[int]:
    """Find and lock the active loans that are so late, paused days left out."""
    query = (
        sa.select(_loans.c.id, _loans.c.next_due_on)
        .where(
            _loans.c.state == LoanState.ACTIVE,
            _loans.c.next_due_on <= business_on - timedelta(days=DEFAULT_DAYS),
        )
        .order_by(_loans.c.id)
        .with_for_update()
    )
    late = session.connection().execute(query).all()
    pauses = pauses_of(session, loan_ids=[row.id for row in late])
    return [
        row.id
        for row in late
        if not is_paused(business_on, pauses.get(row.id, ()))
        and days_late(due_on=row.next_due_on, on=business_on, pauses=pauses.get(row.id, ())) >= DEFAULT_DAYS
    ]

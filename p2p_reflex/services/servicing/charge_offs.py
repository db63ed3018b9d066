"""Owns charge-offs: at 150 days late interest stops, and what comes later is a recovery."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import ladder
from p2p_reflex.domain.delinquency import CHARGE_OFF_DAYS
from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.vocabulary import LadderStep, LoanEventKind, LoanState
from p2p_reflex.models import Installment, Loan, table_of
from p2p_reflex.services.loans import loan_log
from p2p_reflex.services.loans.loan_positions import (
    CHUNK,
    PAYABLE_STATES,
    LoanPosition,
    positions,
    touch_people,
)
from p2p_reflex.services.servicing import loan_chunks

_loans = table_of(Loan)
_installments = table_of(Installment)


@dataclass(frozen=True, slots=True)
class ChargeOffsOutcome:
    """The loans that a day charged off, and the principal still owed on them.

    With a `through_id` there may be more loans after it.
    """

    loan_ids: tuple[int, ...]
    principal_cents: int
    through_id: int | None = None


def charge_off(
    session: Session, *, business_on: date, now: datetime, after_id: int = 0, limit: int | None = None
) -> ChargeOffsOutcome:
    """Charge off what is 150 days late at the close of a day, of so many loans after an id or of all.

    Law: run again for the same day, it finds none.
    """
    loan_log.note_step(session, step=LadderStep.CHARGE_OFF, business_on=business_on)
    rows = late_loans(session, business_on=business_on, after_id=after_id, limit=limit)
    ended: list[int] = []
    principal_cents = 0
    for start in range(0, len(rows), CHUNK):
        late = positions(session, loan_ids=[row.id for row in rows[start : start + CHUNK]])
        due = [loan for loan in late if ladder.is_charge_off_due(loan, on=business_on)]
        _end(session, due, business_on=business_on, now=now)
        ended += [loan.id for loan in due]
        principal_cents += sum(loan.outstanding_cents for loan in due)
    return ChargeOffsOutcome(tuple(ended), principal_cents, loan_chunks.through(rows, limit))


def late_loans(session: Session, *, business_on: date, after_id: int, limit: int | None) -> Sequence[Any]:
    """Find and lock the next running loans that are so late by their dates."""
    latest_on = business_on - timedelta(days=CHARGE_OFF_DAYS)
    where = (_loans.c.state.in_(PAYABLE_STATES), _loans.c.next_due_on <= latest_on)
    return loan_chunks.next_loans(session, where=where, after_id=after_id, limit=limit)


def _end(session: Session, loans: Sequence[LoanPosition], *, business_on: date, now: datetime) -> None:
    if not loans:
        return
    stopped: list[dict[str, Any]] = []
    for loan in loans:
        after = ladder.charged_off(loan, on=business_on)
        stopped += [
            {"p_id": row.id, "p_cents": row.interest_cents}
            for row, before in zip(after.rows, loan.rows, strict=True)
            if row != before
        ]
    connection = session.connection()
    if stopped:
        connection.execute(
            sa.update(_installments)
            .where(_installments.c.id == sa.bindparam("p_id"))
            .values(interest_cents=sa.bindparam("p_cents")),
            stopped,
        )
    ids = [loan.id for loan in loans]
    connection.execute(
        sa.update(_loans)
        .where(_loans.c.id.in_(ids))
        .values(
            state=LoanState.CHARGED_OFF,
            charged_off_on=business_on,
            charged_off_cents=_loans.c.outstanding_cents,
            ended_on=business_on,
            next_due_on=None,
            version=_loans.c.version + 1,
        )
    )
    event = LoanEvent(kind=LoanEventKind.CHARGED_OFF, effective_on=business_on)
    loan_log.record(session, [(loan_id, event) for loan_id in ids], business_on=business_on, now=now)
    touch_people(session, loans)

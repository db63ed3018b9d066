"""Owns late fees: charged at the close of a day, once for each installment that is past its grace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import ladder
from p2p_reflex.domain.delinquency import GRACE_DAYS
from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.vocabulary import LadderStep, LoanEventKind
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
class LateFeesOutcome:
    """How many late fees were charged; with a `through_id` there may be more loans after it."""

    fee_count: int
    through_id: int | None = None


def charge(
    session: Session, *, business_on: date, now: datetime, after_id: int = 0, limit: int | None = None
) -> LateFeesOutcome:
    """Charge the late fees that are due at the close of a day, of so many loans after an id or of all.

    Law: an installment is charged once in its life, and never while its loan is paused; run again for the
    same day, it charges nothing more.
    """
    loan_log.note_step(session, step=LadderStep.LATE_FEES, business_on=business_on)
    count = 0
    rows = late_loans(session, business_on=business_on, after_id=after_id, limit=limit)
    for start in range(0, len(rows), CHUNK):
        loans = positions(session, loan_ids=[row.id for row in rows[start : start + CHUNK]])
        count += _charge(session, loans, business_on=business_on, now=now)
    return LateFeesOutcome(count, loan_chunks.through(rows, limit))


def late_loans(session: Session, *, business_on: date, after_id: int, limit: int | None) -> Sequence[Any]:
    """Find and lock the next loans with an installment past its grace that was not charged yet."""
    latest_on = business_on - timedelta(days=GRACE_DAYS + 1)
    uncharged = (
        sa.exists()
        .where(
            _installments.c.loan_id == _loans.c.id,
            _installments.c.due_on <= latest_on,
            _installments.c.paid_on.is_(None),
            _installments.c.late_fee_on.is_(None),
        )
        .correlate(_loans)
    )
    where = (_loans.c.state.in_(PAYABLE_STATES), _loans.c.next_due_on <= latest_on, uncharged)
    return loan_chunks.next_loans(session, where=where, after_id=after_id, limit=limit)


def _charge(session: Session, loans: Sequence[LoanPosition], *, business_on: date, now: datetime) -> int:
    charges, events = [], []
    changed: list[LoanPosition] = []
    for loan in loans:
        fees = ladder.late_fees_due(loan, on=business_on)
        row_ids = {row.number: row.id for row in loan.rows}
        for number, cents in fees.items():
            charges.append({"p_id": row_ids[number], "p_cents": cents, "p_on": business_on})
            event = LoanEvent(
                kind=LoanEventKind.LATE_FEE, effective_on=business_on, number=number, amount_cents=cents
            )
            events.append((loan.id, event))
        if fees:
            changed.append(loan)
    if not charges:
        return 0
    connection = session.connection()
    fee = _installments.c.late_fee_cents + sa.bindparam("p_cents", type_=sa.BigInteger)
    connection.execute(
        sa.update(_installments)
        .where(_installments.c.id == sa.bindparam("p_id"))
        .values(late_fee_cents=fee, late_fee_on=sa.bindparam("p_on", type_=sa.Date)),
        charges,
    )
    connection.execute(
        sa.update(_loans)
        .where(_loans.c.id.in_([loan.id for loan in changed]))
        .values(version=_loans.c.version + 1)
    )
    loan_log.record(session, events, business_on=business_on, now=now)
    touch_people(session, changed)
    return len(charges)

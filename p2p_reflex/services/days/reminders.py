"""Owns the reminders of installments: before, on and after the due date; after an outage the last one."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.models import Installment, Loan, table_of
from p2p_reflex.services.days import step_rows
from p2p_reflex.services.loans.loan_positions import PAYABLE_STATES
from p2p_reflex.services.notices.notices import Fact, is_hushed, tell

DAYS = (-7, -1, 0, 1, 7, 15)
"""Days from the due date on which a borrower is reminded."""
LONGEST_LOOK_BACK_DAYS = 60
STEP = "reminders"
CHUNK = 5_000

_installments = table_of(Installment)
_loans = table_of(Loan)


def remind(session: Session, *, today: date, now: datetime) -> int:
    """Remind borrowers on the morning of a business day; return how many reminders there were.

    What should have been said on days on which nobody was reminded is made up for by the last of it: one
    reminder for a loan at most. Law: run again for the same day it reminds nobody twice.
    """
    if is_hushed(session):
        return 0
    back_to = today - timedelta(days=LONGEST_LOOK_BACK_DAYS)
    since = step_rows.told_through(session, step=STEP, since=back_to) or back_to
    latest: dict[int, tuple[date, Any]] = {}
    for row in _unpaid(session, since=since, today=today):
        told_on = max(on for on in _days_of(row.due_on) if since < on <= today)
        known = latest.get(row.loan_id)
        if known is None or (known[0], known[1].due_on) < (told_on, row.due_on):
            latest[row.loan_id] = (told_on, row)
    facts = [_fact(row, today) for _, (_, row) in sorted(latest.items())]
    for start in range(0, len(facts), CHUNK):
        tell(session, facts[start : start + CHUNK], business_on=today, now=now)
    return len(facts)


def _days_of(due_on: date) -> list[date]:
    return [due_on + timedelta(days=days) for days in DAYS]


def _unpaid(session: Session, *, since: date, today: date) -> Sequence[Any]:
    """Read the unpaid installments of running loans that somebody is reminded of between two days."""
    columns = _installments.c
    left = (
        columns.principal_cents
        + columns.interest_cents
        + columns.late_fee_cents
        - columns.principal_paid_cents
        - columns.interest_paid_cents
        - columns.late_fee_paid_cents
    )
    told_on = [since + timedelta(days=passed) for passed in range(1, (today - since).days + 1)]
    due_on = sorted({on - timedelta(days=days) for on in told_on for days in DAYS})
    query = (
        sa.select(
            columns.id,
            columns.loan_id,
            columns.due_on,
            left.label("cents"),
            _loans.c.borrower_id,
            _loans.c.title,
            _loans.c.autopay,
            _loans.c.state,
        )
        .join(_loans, _loans.c.id == columns.loan_id)
        .where(
            columns.due_on.in_(due_on),
            columns.paid_on.is_(None),
            left > 0,
        )
        .order_by(columns.due_on, columns.loan_id)
    )
    # Asked for in the query, the state would lead an engine to look at every loan.
    return [row for row in session.connection().execute(query) if row.state in PAYABLE_STATES]


def _fact(row: Any, today: date) -> Fact:
    return Fact(
        row.borrower_id,
        NoticeEvent.PAYMENT_REMINDER,
        {
            "loan_id": row.loan_id,
            "title": row.title,
            "cents": row.cents,
            "due_on": row.due_on.isoformat(),
            "days_left": (row.due_on - today).days,
            "by_autopay": int(row.autopay),
        },
        subject=f"reminder {row.id} {today}",
    )

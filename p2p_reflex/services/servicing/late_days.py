"""Owns how late loans are on a day, paused days left out: of a row that was read, or as a choice in a query.

Most loans were never paused, so the day their oldest unpaid installment was due says it all. The few others
are read beforehand and go by their own days.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.delinquency import DEFAULT_DAYS, GRACE_DAYS, LATE_30_DAYS, bucket_of
from p2p_reflex.domain.loan_standing import Pause, days_late, paused_until
from p2p_reflex.domain.vocabulary import DelinquencyBucket, LoanEventKind, LoanState
from p2p_reflex.models import Loan, LoanLogEntry, table_of
from p2p_reflex.services.loans.loan_positions import PAYABLE_STATES, pauses_of

_events = table_of(LoanLogEntry)
_loans = table_of(Loan)

_DAYS_OF: dict[DelinquencyBucket, tuple[int | None, int | None]] = {
    DelinquencyBucket.CURRENT: (None, 0),
    DelinquencyBucket.GRACE: (0, GRACE_DAYS),
    DelinquencyBucket.LATE_16_30: (GRACE_DAYS, LATE_30_DAYS),
    DelinquencyBucket.LATE_31_120: (LATE_30_DAYS, DEFAULT_DAYS - 1),
    DelinquencyBucket.DEFAULT: (DEFAULT_DAYS - 1, None),
}
"""More than so many days past due, and at most so many."""


@dataclass(frozen=True, slots=True)
class PausedLoan:
    """A running loan that was ever paused, with its days late as they count."""

    state: LoanState
    days: int
    pauses: tuple[Pause, ...]


@dataclass(frozen=True, slots=True)
class LateDays:
    """How late loans are on a day."""

    on: date
    paused: Mapping[int, PausedLoan]

    def days(self, loan_id: int, next_due_on: date | None) -> int:
        """Count the days past due of one loan."""
        if (known := self.paused.get(loan_id)) is not None:
            return known.days
        return days_late(due_on=next_due_on, on=self.on, pauses=())

    def pauses(self, loan_id: int) -> tuple[Pause, ...]:
        """Give the pauses of one loan."""
        known = self.paused.get(loan_id)
        return known.pauses if known else ()

    def paused_until(self, loan_id: int) -> date | None:
        """Give the last day of the pause that one loan is in."""
        return paused_until(self.on, self.pauses(loan_id))

    def more_than(self, days: int) -> sa.ColumnElement[bool]:
        """Choose the loans that are later than so many days."""
        own = [loan_id for loan_id, each in self.paused.items() if each.days > days]
        return self._or_own(_loans.c.next_due_on < self.on - timedelta(days=days), own)

    def in_bucket(self, wanted: DelinquencyBucket) -> sa.ColumnElement[bool]:
        """Choose the running loans of a bucket; one in default stays there until it has paid up."""
        more_than, at_most = _DAYS_OF[wanted]
        due_on = _loans.c.next_due_on
        bounds = [_loans.c.state == LoanState.ACTIVE]
        if more_than is not None:
            bounds.append(due_on < self.on - timedelta(days=more_than))
        if at_most is not None:
            bounds.append(due_on >= self.on - timedelta(days=at_most))
        chosen = sa.and_(*bounds)
        if wanted is DelinquencyBucket.DEFAULT:
            chosen = sa.or_(_loans.c.state == LoanState.DEFAULTED, chosen)
        own = [loan_id for loan_id, each in self.paused.items() if bucket_of(each.state, each.days) is wanted]
        return self._or_own(chosen, own)

    def _or_own(self, by_date: sa.ColumnElement[bool], own: list[int]) -> sa.ColumnElement[bool]:
        if not self.paused:
            return by_date
        return sa.or_(sa.and_(by_date, _loans.c.id.not_in(list(self.paused))), _loans.c.id.in_(own))


def read(session: Session, *, business_on: date, of: sa.ColumnElement[bool] | None = None) -> LateDays:
    """Read what it takes to tell how late loans are on a day; `of` names the loans that matter."""
    return LateDays(
        business_on,
        {
            row.id: PausedLoan(
                row.state, days_late(due_on=row.next_due_on, on=business_on, pauses=pauses), pauses
            )
            for row, pauses in ever_paused(session, of=of)
        },
    )


def ever_paused(
    session: Session, *columns: sa.ColumnElement[Any], of: sa.ColumnElement[bool] | None = None
) -> list[tuple[Any, tuple[Pause, ...]]]:
    """Read the running loans with pauses that stand, and those."""
    query = sa.select(_loans.c.id, _loans.c.state, _loans.c.next_due_on, *columns).where(
        _loans.c.id.in_(sa.select(_events.c.loan_id).where(_events.c.kind == LoanEventKind.PAUSED))
    )
    found = session.execute(query if of is None else query.where(of)).all()
    # Asked for in the query, the state would lead an engine to look at every loan.
    rows = [row for row in found if row.state in PAYABLE_STATES]
    pauses = pauses_of(session, loan_ids=[row.id for row in rows])
    return [(row, pauses[row.id]) for row in rows if row.id in pauses]

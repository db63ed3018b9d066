"""Owns the loans added up by their dates, once for all who ask how late the book is and what it may lose."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.delinquency import bucket_of
from p2p_reflex.domain.loan_standing import days_late
from p2p_reflex.domain.vocabulary import Grade, LoanStage, LoanState
from p2p_reflex.models import Loan, table_of
from p2p_reflex.services.servicing import late_days

_loans = table_of(Loan)

_DATES = (_loans.c.state, _loans.c.next_due_on, _loans.c.grade, _loans.c.term_months, _loans.c.final_due_on)
_GROUPED = (
    sa.select(*_DATES, sa.func.count(), sa.cast(sa.func.sum(_loans.c.outstanding_cents), sa.BigInteger))
    .where(_loans.c.state != LoanState.PAID_OFF)
    .group_by(*_DATES)
)
_EACH = sa.select(_loans.c.id, *_DATES, _loans.c.outstanding_cents)

Dates = tuple[LoanState, date | None, Grade, int, date]
Kind = tuple[Grade, int, int]
"""The grade of a loan, its term, and the months from its next installment to its last."""


@dataclass(frozen=True, slots=True)
class StageFigures:
    """How many loans are in a stage, and the principal still owed on them."""

    stage: LoanStage
    loan_count: int
    outstanding_cents: int


@dataclass(frozen=True, slots=True)
class LoanTotals:
    """The loans not paid off by stage, every stage there; of the current ones what each kind owes."""

    stages: tuple[StageFigures, ...]
    current_cents: Mapping[Kind, int]

    def owed_cents(self, stage: LoanStage) -> int:
        """Give the principal still owed in a stage."""
        return next(each.outstanding_cents for each in self.stages if each.stage is stage)


def read(session: Session, *, business_on: date) -> LoanTotals:
    """Add the loans up as they stand on a day; paused days do not count."""
    totals: dict[LoanStage, list[int]] = {
        stage: [0, 0] for stage in LoanStage if stage is not LoanStage.PAID_OFF
    }
    current: dict[Kind, int] = defaultdict(int)

    def add(
        dates: tuple[LoanState, date | None, Grade, int, date], days: int, count: int, cents: int
    ) -> None:
        state, next_due_on, grade, term_months, final_due_on = dates
        stage = stage_of(state, days)
        totals[stage][0] += count
        totals[stage][1] += cents
        if stage is LoanStage.CURRENT and next_due_on is not None:
            months = (final_due_on.year - next_due_on.year) * 12 + final_due_on.month - next_due_on.month
            current[grade, term_months, months] += cents

    connection = session.connection()
    for *dates, count, cents in connection.execute(_GROUPED):
        add(tuple(dates), _days(dates[1], business_on), count, cents)
    paused = late_days.read(session, business_on=business_on).paused
    if paused:
        for loan_id, *dates, cents in connection.execute(_EACH.where(_loans.c.id.in_(list(paused)))):
            add(tuple(dates), _days(dates[1], business_on), -1, -cents)
            add(tuple(dates), paused[loan_id].days, 1, cents)
    stages = tuple(StageFigures(stage, count, cents) for stage, (count, cents) in totals.items())
    return LoanTotals(stages, current)


def stage_of(state: LoanState, days: int) -> LoanStage:
    """Say in which stage a loan that is so late is; one in default stays there until it has paid up."""
    match state:
        case LoanState.PAID_OFF:
            return LoanStage.PAID_OFF
        case LoanState.CHARGED_OFF:
            return LoanStage.CHARGED_OFF
        case LoanState.DEFAULTED | LoanState.ACTIVE:
            return LoanStage(bucket_of(state, days).value)


def _days(next_due_on: date | None, business_on: date) -> int:
    return days_late(due_on=next_due_on, on=business_on, pauses=())

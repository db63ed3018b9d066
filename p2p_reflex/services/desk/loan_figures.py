"""Owns the figures that an admin compares before a change of a loan: where it stands, who gets what."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats
from p2p_reflex.domain.loan_standing import LoanStanding
from p2p_reflex.domain.vocabulary import LoanState
from p2p_reflex.models import Member, table_of

FUND_NAME = "Reserve fund"

_members = table_of(Member)


@dataclass(frozen=True, slots=True)
class LoanFigures:
    """Where a loan stands, before or after; its interest is that of its whole life, as planned and paid."""

    state: LoanState
    outstanding_cents: int
    owed_cents: int
    installment_cents: int
    installment_count: int
    interest_cents: int
    days_past_due: int
    next_due_on: date | None
    final_due_on: date | None


def figures_of(loan: LoanStanding, *, on: date) -> LoanFigures:
    """Give a loan's figures; installments are those still to be paid."""
    return LoanFigures(
        state=loan.state,
        outstanding_cents=loan.outstanding_cents,
        owed_cents=loan.owed_cents,
        installment_cents=loan.installment_cents,
        installment_count=len(loan.unpaid),
        interest_cents=sum(row.interest_cents for row in loan.rows),
        days_past_due=loan.days_past_due(on),
        next_due_on=loan.next_due_on,
        final_due_on=max((row.due_on for row in loan.unpaid), default=None),
    )


def money_figures(figures: LoanFigures) -> list[object]:
    """Give what of it is agreed to when a change is approved; days late grow by themselves."""
    return [
        figures.state,
        figures.outstanding_cents,
        figures.owed_cents,
        figures.installment_cents,
        figures.installment_count,
        figures.interest_cents,
        figures.final_due_on,
    ]


def holder_names(session: Session, holders: Iterable[int | None]) -> dict[int | None, str]:
    """Name who holds notes as screens do, people short and bots in full; nobody is the reserve fund."""
    columns = (_members.c.id, _members.c.full_name, _members.c.is_bot)
    query = sa.select(*columns).where(_members.c.id.in_([each for each in holders if each is not None]))
    names: dict[int | None, str] = {None: FUND_NAME}
    for member_id, full_name, is_bot in session.connection().execute(query):
        names[member_id] = full_name if is_bot else formats.person(full_name)
    return names

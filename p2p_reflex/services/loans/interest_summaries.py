"""Owns a lender's yearly interest summary: what each loan brought in a calendar year, and what it cost."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import Grade, LoanState, Role
from p2p_reflex.models import LenderPayment, Loan, Member, Note, Payment, table_of
from p2p_reflex.services.days import business_date
from p2p_reflex.services.loans import loan_history

_lender_payments = table_of(LenderPayment)
_loans = table_of(Loan)
_members = table_of(Member)
_notes = table_of(Note)
_payments = table_of(Payment)


@dataclass(frozen=True, slots=True)
class Brought:
    """What came in and what was lost in a year, in cents.

    Principal that was recovered after a charge-off, or bought by the reserve fund, stands for itself. What
    was charged off is principal the lender was owed on that day.
    """

    interest_cents: int = 0
    late_fee_cents: int = 0
    servicing_fee_cents: int = 0
    collection_fee_cents: int = 0
    principal_cents: int = 0
    recovered_cents: int = 0
    fund_cents: int = 0
    charged_off_cents: int = 0

    @property
    def earned_cents(self) -> int:
        """Give interest and late fees, less the platform's fees."""
        return (
            self.interest_cents + self.late_fee_cents - self.servicing_fee_cents - self.collection_fee_cents
        )


@dataclass(frozen=True, slots=True)
class LoanYear:
    """What a lender's notes of one loan brought in a year."""

    loan_id: int
    title: str
    borrower_name: str
    grade: Grade
    annual_rate: Decimal
    brought: Brought


@dataclass(frozen=True, slots=True)
class InterestSummary:
    """A lender's calendar year; a year that is not over reaches up to the business date."""

    year: int
    until_on: date
    is_complete: bool
    lender_name: str
    loans: tuple[LoanYear, ...]
    total: Brought


def years(session: Session, *, lender_id: int) -> tuple[int, ...]:
    """List the years in which a lender lent or received anything, the newest first; none yet gives none.

    Raises UnknownError for anybody who does not lend.
    """
    _check_lender(session, lender_id)
    first_on = session.execute(
        sa.select(sa.func.min(_notes.c.bought_on)).where(_notes.c.lender_id == lender_id)
    ).scalar_one()
    if first_on is None:
        return ()
    return tuple(range(business_date.today(session).year, first_on.year - 1, -1))


def interest_summary(session: Session, *, lender_id: int, year: int) -> InterestSummary:
    """Return what a lender's notes brought in a calendar year, loan by loan.

    Corrections count in the year in which they were made. Raises UnknownError for anybody who does not lend,
    and for a year in which they had not lent yet.
    """
    if year not in years(session, lender_id=lender_id):
        raise UnknownError("summary")
    since, until = date(year, 1, 1), date(year, 12, 31)
    notes = _own_notes(session, lender_id)
    brought: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in _received(session, lender_id, since, until):
        of_loan = brought[row.loan_id]
        of_loan["recovered_cents" if row.is_recovery else "principal_cents"] += int(row.principal_cents)
        for name in ("interest_cents", "late_fee_cents", "servicing_fee_cents", "collection_fee_cents"):
            of_loan[name] += int(row._mapping[name])
    for bought in loan_history.fund_purchases(session, lender_id=lender_id, since=since, until=until):
        brought[bought.loan_id]["fund_cents"] += bought.cents
    for loan_id, cents in _charged_off(session, lender_id, since, until):
        brought[loan_id]["charged_off_cents"] += cents
    loans = tuple(_loan_years(notes, brought))
    today = business_date.today(session)
    return InterestSummary(
        year=year,
        until_on=min(until, today),
        is_complete=until < today,
        lender_name=session.get_one(Member, lender_id).full_name,
        loans=loans,
        total=_sum(each.brought for each in loans),
    )


def _check_lender(session: Session, lender_id: int) -> None:
    member = session.get(Member, lender_id)
    if member is None or member.role is not Role.LENDER:
        raise UnknownError("summary")


def _own_notes(session: Session, lender_id: int) -> Sequence[Any]:
    return session.execute(
        sa.select(
            _notes.c.loan_id,
            _notes.c.annual_rate,
            _loans.c.title,
            _loans.c.grade,
            _members.c.full_name,
        )
        .join(_loans, _loans.c.id == _notes.c.loan_id)
        .join(_members, _members.c.id == _loans.c.borrower_id)
        .where(_notes.c.lender_id == lender_id)
        .order_by(sa.func.lower(_loans.c.title), _notes.c.loan_id, _notes.c.id)
    ).all()


def _received(session: Session, lender_id: int, since: date, until: date) -> Sequence[Any]:
    """Add up what reached a lender's notes between two days, by loan; recoveries for themselves."""
    names = (
        "principal_cents",
        "interest_cents",
        "late_fee_cents",
        "servicing_fee_cents",
        "collection_fee_cents",
    )
    return session.execute(
        sa.select(
            _notes.c.loan_id,
            _payments.c.is_recovery,
            *(sa.cast(sa.func.sum(_lender_payments.c[name]), sa.BigInteger).label(name) for name in names),
        )
        .join(_notes, _notes.c.id == _lender_payments.c.note_id)
        .join(_payments, _payments.c.id == _lender_payments.c.payment_id)
        .where(_notes.c.lender_id == lender_id, _lender_payments.c.paid_on.between(since, until))
        .group_by(_notes.c.loan_id, _payments.c.is_recovery)
    ).all()


def _charged_off(session: Session, lender_id: int, since: date, until: date) -> Iterable[tuple[int, int]]:
    """Give the principal that was still owed to a lender when a loan was charged off, by loan."""
    recovered = (
        sa.select(sa.func.coalesce(sa.func.sum(_lender_payments.c.principal_cents), 0))
        .join(_payments, _payments.c.id == _lender_payments.c.payment_id)
        .where(_lender_payments.c.note_id == _notes.c.id, _payments.c.is_recovery)
        .correlate(_notes)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(_notes.c.loan_id, sa.cast(_notes.c.outstanding_cents + recovered, sa.BigInteger))
        .join(_loans, _loans.c.id == _notes.c.loan_id)
        .where(
            _notes.c.lender_id == lender_id,
            _loans.c.charged_off_on.between(since, until),
            _loans.c.state.in_((LoanState.CHARGED_OFF, LoanState.PAID_OFF)),
        )
    )
    return [(loan_id, int(cents)) for loan_id, cents in rows]


def _loan_years(notes: Sequence[Any], brought: dict[int, dict[str, int]]) -> Iterable[LoanYear]:
    """Give the loans that brought or lost anything, in the order of their titles."""
    told = set()
    for note in notes:
        amounts = brought.get(note.loan_id)
        if note.loan_id in told or not amounts or not any(amounts.values()):
            continue
        told.add(note.loan_id)
        yield LoanYear(
            loan_id=note.loan_id,
            title=note.title,
            borrower_name=formats.person(note.full_name),
            grade=note.grade,
            annual_rate=note.annual_rate,
            brought=Brought(**amounts),
        )


def _sum(parts: Iterable[Brought]) -> Brought:
    every = list(parts)
    return Brought(**{each.name: sum(getattr(part, each.name) for part in every) for each in fields(Brought)})

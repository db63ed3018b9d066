"""Owns the statement of one loan: for its borrower the whole ledger, for a lender their own part of it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats
from p2p_reflex.domain.delinquency import describe
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.loan_standing import days_late
from p2p_reflex.domain.vocabulary import Grade, LoanState, Role
from p2p_reflex.models import Loan, Member, Note, table_of
from p2p_reflex.services.days import business_date
from p2p_reflex.services.loans import loan_entries, loan_history
from p2p_reflex.services.loans.loan_entries import StatementEntry
from p2p_reflex.services.loans.loan_history import PastPayment
from p2p_reflex.services.loans.loan_positions import pauses_of

LARGEST_ID = 2**63 - 1

_notes = table_of(Note)


@dataclass(frozen=True, slots=True)
class YearFigures:
    """What a borrower paid on a loan in a calendar year."""

    year: int
    principal_cents: int = 0
    interest_cents: int = 0
    late_fee_cents: int = 0

    @property
    def paid_cents(self) -> int:
        """Give all of it."""
        return self.principal_cents + self.interest_cents + self.late_fee_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanStatement:
    """A loan's ledger up to a business date, as its reader may see it; the oldest entry comes first."""

    business_on: date
    reader: Role
    reader_name: str
    title: str
    borrower_name: str
    grade: Grade
    standing: str
    principal_cents: int
    annual_rate: Decimal
    apr: Decimal
    term_months: int
    disbursed_on: date
    owed_cents: int
    entries: tuple[StatementEntry, ...]
    years: tuple[YearFigures, ...] = ()

    @property
    def is_lenders(self) -> bool:
        """Tell whether it is a lender's part."""
        return self.reader is Role.LENDER


def loan_statement(session: Session, *, loan_id: int, reader_id: int) -> LoanStatement:
    """Return the statement of a loan for its borrower, a lender with a note in it, or an admin.

    Law: the last entry leaves what the loan, or the lender's notes, are still owed.
    Raises UnknownError for anybody else.
    """
    reader = session.get(Member, reader_id)
    loan = session.get(Loan, loan_id) if 0 < loan_id <= LARGEST_ID else None
    if reader is None or loan is None:
        raise UnknownError("loan")
    today = business_date.today(session)
    events = loan_history.events(session, loan_id=loan.id)
    payments = loan_history.payments(session, loan_id=loan.id)
    years: tuple[YearFigures, ...] = ()
    if reader.role is Role.LENDER:
        entries = loan_entries.of_lender(
            session, loan=loan, lender_id=reader_id, payments=payments, events=events
        )
        if not entries:
            raise UnknownError("loan")
        owed_cents = _owed_to(session, loan_id=loan.id, lender_id=reader_id)
    elif reader.role is Role.ADMIN or loan.borrower_id == reader_id:
        entries = loan_entries.of_borrower(loan, payments=payments, events=events)
        years, owed_cents = years_of(payments, until=today), loan.outstanding_cents
    else:
        raise UnknownError("loan")
    borrower = session.get_one(Member, loan.borrower_id)
    is_lenders = reader.role is Role.LENDER
    return LoanStatement(
        business_on=today,
        reader=reader.role,
        reader_name=reader.full_name if is_lenders else borrower.full_name,
        title=loan.title,
        borrower_name=formats.person(borrower.full_name) if is_lenders else borrower.full_name,
        grade=loan.grade,
        standing=_standing(session, loan, today),
        principal_cents=loan.principal_cents,
        annual_rate=loan.annual_rate,
        apr=loan.apr,
        term_months=loan.term_months,
        disbursed_on=loan.disbursed_on,
        owed_cents=owed_cents,
        entries=tuple(entries),
        years=years,
    )


def years_of(payments: Iterable[PastPayment], *, until: date) -> tuple[YearFigures, ...]:
    """Add up what was paid and stands by calendar year; the running year comes first, paid in or not."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    sums[until.year] = [0, 0, 0]
    for payment in payments:
        if payment.reversed_on is None:
            of_year = sums[payment.paid_on.year]
            of_year[0] += payment.principal_cents
            of_year[1] += payment.interest_cents
            of_year[2] += payment.late_fee_cents
    return tuple(YearFigures(year, *sums[year]) for year in sorted(sums, reverse=True))


def _standing(session: Session, loan: Loan, today: date) -> str:
    """Say how the loan stands; paused days do not count as late."""
    match loan.state:
        case LoanState.PAID_OFF:
            return "Paid off"
        case LoanState.CHARGED_OFF:
            return "Charged off"
        case LoanState.DEFAULTED:
            return "In default"
    if loan.next_due_on is None:
        return describe(0)
    pauses = pauses_of(session, loan_ids=[loan.id]).get(loan.id, ())
    return describe(days_late(due_on=loan.next_due_on, on=today, pauses=pauses))


def _owed_to(session: Session, *, loan_id: int, lender_id: int) -> int:
    """Add up what a lender's notes of a loan are still owed."""
    owed = sa.select(sa.func.coalesce(sa.func.sum(_notes.c.outstanding_cents), 0)).where(
        _notes.c.loan_id == loan_id, _notes.c.lender_id == lender_id
    )
    return int(session.execute(owed).scalar_one())

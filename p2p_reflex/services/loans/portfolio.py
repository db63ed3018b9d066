"""Owns a lender's home: what the account is worth, what it earned and why, its spread and its cash flow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import returns
from p2p_reflex.domain.dates import add_months
from p2p_reflex.domain.delinquency import bucket_of
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.interest import accrued_interest_cents
from p2p_reflex.domain.money import divide_half_even
from p2p_reflex.domain.rates import MILLION
from p2p_reflex.domain.vocabulary import DelinquencyBucket, Grade, LoanState, Role
from p2p_reflex.models import Installment, Loan, Member, Note, Receivable, table_of
from p2p_reflex.services.loans import notes, portfolio_history
from p2p_reflex.services.loans.notes import IS_RUNNING, TabCounts
from p2p_reflex.services.loans.portfolio_history import History, HistoryPoint, Received, total_of
from p2p_reflex.services.money import ledger
from p2p_reflex.services.servicing import late_days
from p2p_reflex.services.servicing.late_days import LateDays

FLOW_MONTHS = 6

_installments = table_of(Installment)
_loans = table_of(Loan)
_notes = table_of(Note)


@dataclass(frozen=True, slots=True)
class YearlyReturn:
    """A return a year; while it is not known yet, `known_from_on` says from when on it will be."""

    rate: Decimal | float | None
    known_from_on: date | None = None


@dataclass(frozen=True, slots=True)
class GradeSpread:
    """What stands in notes of one grade."""

    grade: Grade
    outstanding_cents: int
    share: Decimal


@dataclass(frozen=True, slots=True)
class CashMonth:
    """What came back in a calendar month, or is expected to."""

    month: date
    principal_cents: int
    interest_cents: int
    is_expected: bool


@dataclass(frozen=True, slots=True)
class PortfolioHome:
    """Everything on a lender's home but the table of notes."""

    in_notes_cents: int
    held_cents: int
    available_cents: int
    accrued_cents: int
    put_in_cents: int
    received: Received
    owed_back_cents: int
    """What the platform advanced after corrections and takes from what comes next."""
    given_up_cents: int
    """What it advanced and wrote off."""
    net_annualized_return: YearlyReturn
    adjusted_return: YearlyReturn
    money_return: YearlyReturn
    spread: tuple[GradeSpread, ...]
    note_count: int
    borrower_count: int
    largest_borrower_share: Decimal | None
    cash_flow: tuple[CashMonth, ...]
    value: tuple[HistoryPoint, ...]
    tabs: TabCounts

    @property
    def value_cents(self) -> int:
        """Give what the account is worth."""
        has_cents = self.in_notes_cents + self.held_cents + self.available_cents + self.accrued_cents
        return has_cents - self.owed_back_cents

    @property
    def earned_cents(self) -> int:
        """Give what the account is worth beyond what was put in."""
        return self.value_cents - self.put_in_cents


@dataclass(frozen=True, slots=True)
class _RunningNote:
    """A note of a running loan, as its value and its risk see it; plain values, for there may be many."""

    loan_id: int
    outstanding_cents: int
    rate_millionths: int
    grade: str
    borrower_id: int
    loan_state: str
    next_due_on: date | None
    disbursed_on: date
    number: int | None
    interest_cents: int | None
    interest_paid_cents: int | None


def home(session: Session, *, lender_id: int, business_on: date) -> PortfolioHome:
    """Return a lender's home on a business date. Raises UnknownError for anybody who does not lend."""
    check_lender(session, lender_id=lender_id)
    accounts = ledger.member_accounts(session, member_ids=[lender_id])[lender_id]
    available_cents, held_cents = ledger.balances(session, member_id=lender_id)
    past = portfolio_history.history(session, lender_id=lender_id, wallet_id=accounts.wallet_id)
    running = _running_notes(session, lender_id)
    in_notes_cents = sum(note.outstanding_cents for note in running)
    accrued_cents = sum(_accrued(note, business_on) for note in running)
    owed_back_cents, given_up_cents = _advances(session, lender_id)
    value_cents = in_notes_cents + held_cents + available_cents + accrued_cents - owed_back_cents
    by_borrower = _sums((note.borrower_id, note.outstanding_cents) for note in running)
    return PortfolioHome(
        in_notes_cents=in_notes_cents,
        held_cents=held_cents,
        available_cents=available_cents,
        accrued_cents=accrued_cents,
        put_in_cents=past.put_in_cents,
        received=past.total,
        owed_back_cents=owed_back_cents,
        given_up_cents=given_up_cents,
        net_annualized_return=_net_annualized(past, business_on),
        adjusted_return=_adjusted(past, running, late_days.read(session, business_on=business_on)),
        money_return=_money_return(past, value_cents, business_on),
        spread=_spread(running, in_notes_cents),
        note_count=len(running),
        borrower_count=len(by_borrower),
        largest_borrower_share=(
            Decimal(max(by_borrower.values())) / in_notes_cents if in_notes_cents else None
        ),
        cash_flow=_cash_flow(session, lender_id, past, business_on),
        value=past.points(until=business_on),
        tabs=notes.counts(session, lender_id=lender_id, business_on=business_on),
    )


def _advances(session: Session, lender_id: int) -> tuple[int, int]:
    """Add up what the platform advanced: what it is still owed, and what it gave up."""
    advances = table_of(Receivable).c
    left = advances.amount_cents - advances.collected_cents - advances.written_off_cents
    query = sa.select(total_of(left), total_of(advances.written_off_cents))
    owed_back, given_up = session.execute(query.where(advances.member_id == lender_id)).one()
    return int(owed_back), int(given_up)


def check_lender(session: Session, *, lender_id: int) -> None:
    """Refuse anybody who is not a lender. Raises UnknownError."""
    member = session.get(Member, lender_id)
    if member is None or member.role is not Role.LENDER:
        raise UnknownError("portfolio")


def _running_notes(session: Session, lender_id: int) -> list[_RunningNote]:
    """Read the notes of running loans, each with the installment that runs, in one question."""
    running = sa.and_(_installments.c.loan_id == _loans.c.id, _installments.c.due_on == _loans.c.next_due_on)
    rows = session.execute(
        sa.select(
            _notes.c.loan_id,
            _notes.c.outstanding_cents,
            sa.type_coerce(_notes.c.annual_rate, sa.BigInteger),
            sa.type_coerce(_loans.c.grade, sa.String),
            _loans.c.borrower_id,
            sa.type_coerce(_loans.c.state, sa.String),
            _loans.c.next_due_on,
            _loans.c.disbursed_on,
            _installments.c.number,
            _installments.c.interest_cents,
            _installments.c.interest_paid_cents,
        )
        .select_from(_notes.join(_loans, _loans.c.id == _notes.c.loan_id).outerjoin(_installments, running))
        .where(_notes.c.lender_id == lender_id, IS_RUNNING)
    )
    return [_RunningNote(*row) for row in rows]


def _accrued(note: _RunningNote, business_on: date) -> int:
    """Work out what a note has earned since its period began and has not been paid."""
    if note.loan_state != LoanState.ACTIVE or note.number is None or note.next_due_on is None:
        return 0
    owed = (note.interest_cents or 0) - (note.interest_paid_cents or 0)
    if owed <= 0 or not note.interest_cents:
        return 0
    month_cents = divide_half_even(
        note.outstanding_cents * note.rate_millionths * owed, 12 * MILLION * note.interest_cents
    )
    return accrued_interest_cents(
        period_interest_cents=month_cents,
        start_on=add_months(note.disbursed_on, note.number - 1),
        end_on=note.next_due_on,
        on=business_on,
    )


def _net_annualized(past: History, business_on: date) -> YearlyReturn:
    return _yearly(
        min(past.bought, default=None),
        business_on,
        lambda: returns.net_annualized_return(past.months(until=business_on)),
    )


def _adjusted(past: History, running: Sequence[_RunningNote], late: LateDays) -> YearlyReturn:
    outstanding_by_bucket: dict[DelinquencyBucket, int] = _sums(
        (
            bucket_of(LoanState(note.loan_state), late.days(note.loan_id, note.next_due_on)),
            note.outstanding_cents,
        )
        for note in running
    )
    return _yearly(
        min(past.bought, default=None),
        late.on,
        lambda: returns.adjusted_net_annualized_return(
            past.months(until=late.on), outstanding_by_bucket=outstanding_by_bucket
        ),
    )


def _money_return(past: History, value_cents: int, business_on: date) -> YearlyReturn:
    flows = [(on, -cents) for on, cents in sorted(past.put_in.items())]
    return _yearly(
        min(past.put_in, default=None),
        business_on,
        lambda: returns.xirr([*flows, (business_on, value_cents)]),
    )


def _yearly(first_on: date | None, business_on: date, work_out: Any) -> YearlyReturn:
    """Keep a return back until there is enough behind it to mean something."""
    if first_on is None:
        return YearlyReturn(None)
    known_from_on = first_on + timedelta(days=returns.XIRR_KNOWN_AFTER_DAYS)
    if business_on < known_from_on:
        return YearlyReturn(None, known_from_on)
    return YearlyReturn(work_out())


def _spread(running: Sequence[_RunningNote], in_notes_cents: int) -> tuple[GradeSpread, ...]:
    by_grade = _sums((note.grade, note.outstanding_cents) for note in running)
    return tuple(
        GradeSpread(grade, by_grade[grade], Decimal(by_grade[grade]) / in_notes_cents)
        for grade in Grade
        if grade in by_grade
    )


def _cash_flow(session: Session, lender_id: int, past: History, business_on: date) -> tuple[CashMonth, ...]:
    """Give the last months as they were, and the next as the schedules of running loans promise them."""
    this_month = business_on.replace(day=1)
    received = past.received_by_month()
    if not received and not past.bought:
        return ()
    first = max(add_months(this_month, 1 - FLOW_MONTHS), min([*received, this_month]))
    months = []
    month = first
    while month <= this_month:
        got = received.get(month, Received())
        months.append(
            CashMonth(month, got.principal_cents, got.interest_cents + got.late_fee_cents, is_expected=False)
        )
        month = add_months(month, 1)
    return (*months, *_expected(session, lender_id, business_on))


def _expected(session: Session, lender_id: int, business_on: date) -> list[CashMonth]:
    """Add up a lender's shares of the installments ahead, by calendar month, in whole numbers.

    Each share is taken to a hundredth of a cent; the sum of a month is then a figure to expect, to the cent.
    """
    last_on = add_months(business_on.replace(day=1), FLOW_MONTHS + 1) - timedelta(days=1)
    columns = _installments.c
    principal = (columns.principal_cents - columns.principal_paid_cents) * _notes.c.outstanding_cents * 100
    # Interest goes by outstanding principal times the note's own rate; both rates lie in whole millionths.
    weight = (
        sa.type_coerce(_notes.c.annual_rate, sa.BigInteger) * _notes.c.outstanding_cents * 1000
    ) // _loans.c.outstanding_cents
    loan_rate = sa.func.nullif(sa.type_coerce(_loans.c.annual_rate, sa.BigInteger), 0)
    interest = (columns.interest_cents - columns.interest_paid_cents) * weight // (loan_rate * 10)
    year, month = sa.extract("year", columns.due_on), sa.extract("month", columns.due_on)
    rows = session.execute(
        sa.select(year, month, total_of(principal // _loans.c.outstanding_cents), total_of(interest))
        .select_from(_notes.join(_loans, _loans.c.id == _notes.c.loan_id))
        .join(_installments, columns.loan_id == _loans.c.id)
        .where(
            _notes.c.lender_id == lender_id,
            IS_RUNNING,
            columns.due_on > business_on,
            columns.due_on <= last_on,
            columns.paid_on.is_(None),
        )
        .group_by(year, month)
        .order_by(year, month)
    )
    return [
        CashMonth(
            date(int(in_year), int(in_month), 1),
            divide_half_even(principal_hundredths, 100),
            divide_half_even(interest_hundredths, 100),
            is_expected=True,
        )
        for in_year, in_month, principal_hundredths, interest_hundredths in rows
    ]


def _sums(pairs: Any) -> dict[Any, int]:
    """Add up amounts by their key."""
    total: dict[Any, int] = {}
    for key, cents in pairs:
        total[key] = total.get(key, 0) + cents
    return total

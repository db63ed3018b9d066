"""Owns the admin's list of all loans, searched, sorted and paged by the database, and what to act on."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats
from p2p_reflex.domain.delinquency import CHARGE_OFF_DAYS, DEFAULT_DAYS, LATE_30_DAYS
from p2p_reflex.domain.loan_standing import first_day_late, is_paused
from p2p_reflex.domain.vocabulary import DelinquencyBucket, Grade, LoanState
from p2p_reflex.models import Loan, Member, table_of
from p2p_reflex.services.loans.loan_positions import PAYABLE_STATES
from p2p_reflex.services.loans.portfolio_history import total_of
from p2p_reflex.services.people.authority import check_admin
from p2p_reflex.services.servicing import late_days
from p2p_reflex.services.servicing.late_days import LateDays

PAGE_SIZE = 12
MOST_A_PAGE = 100
MOST_TO_ACT_ON = 100
LONGEST_SEARCH = 80

_loans = table_of(Loan)
_members = table_of(Member)


class LoanSort(StrEnum):
    """What loans are sorted by; late puts those longest past due last, and first when turned around."""

    TITLE = "title"
    RATE = "rate"
    PRINCIPAL = "principal"
    OWED = "owed"
    MADE = "made"
    LATE = "late"


class Reason(StrEnum):
    """Why a loan needs an admin, the most urgent first."""

    DEFAULT_TOMORROW = "default_tomorrow"
    CHARGE_OFF_TOMORROW = "charge_off_tomorrow"
    LATE = "late"
    CHARGED_OFF = "charged_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanQuery:
    """What an admin looks for; nothing chosen means all."""

    search: str = ""
    state: LoanState | None = None
    bucket: DelinquencyBucket | None = None
    sort: LoanSort = LoanSort.LATE
    is_descending: bool = True
    page: int = 1
    page_size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class LoanRow:
    """One loan as an admin's list tells it."""

    loan_id: int
    title: str
    borrower_name: str
    grade: Grade
    state: LoanState
    annual_rate: Decimal
    principal_cents: int
    outstanding_cents: int
    disbursed_on: date
    next_due_on: date | None
    days_past_due: int
    paused_until_on: date | None


@dataclass(frozen=True, slots=True)
class LoanPage:
    """A page of loans; pages count from 1."""

    rows: tuple[LoanRow, ...]
    row_count: int
    outstanding_cents: int
    page: int
    page_count: int
    first_number: int


@dataclass(frozen=True, slots=True)
class LoanToActOn:
    """A loan that needs an admin, and why; `happens_on` is when the ladder takes its next step."""

    loan: LoanRow
    reason: Reason
    happens_on: date | None


def loans_to_act_on(session: Session, *, admin_id: int, business_on: date) -> tuple[LoanToActOn, ...]:
    """List loans that default or are charged off tomorrow, are over 30 days late, or were charged off lately.

    Charged off counts within the calendar month. Raises UnknownError for anybody but an admin.
    """
    check_admin(session, admin_id=admin_id)
    since = business_on.replace(day=1)
    late = late_days.read(session, business_on=business_on)
    rows = session.execute(
        _shown()
        .where(
            sa.or_(
                sa.and_(
                    _loans.c.state.in_(PAYABLE_STATES),
                    late.more_than(LATE_30_DAYS),
                ),
                _loans.c.state == LoanState.DEFAULTED,
                sa.and_(
                    _loans.c.state == LoanState.CHARGED_OFF,
                    _loans.c.charged_off_on.between(since, business_on),
                ),
            )
        )
        .order_by(_loans.c.next_due_on.asc().nulls_last(), _loans.c.charged_off_on.desc(), _loans.c.id)
        .limit(MOST_TO_ACT_ON)
    ).all()
    found = [_to_act_on(row, late) for row in rows]
    order = list(Reason)
    return tuple(sorted((each for each in found if each), key=lambda each: order.index(each.reason)))


def page_of(session: Session, *, admin_id: int, query: LoanQuery, business_on: date) -> LoanPage:
    """Return one page of all loans; a page beyond the end is the last one. Raises UnknownError."""
    check_admin(session, admin_id=admin_id)
    late = late_days.read(session, business_on=business_on)
    chosen = _chosen(query, late)
    size = min(max(query.page_size, 1), MOST_A_PAGE)
    row_count, owed_cents = session.execute(
        sa.select(sa.func.count(), total_of(_loans.c.outstanding_cents))
        .select_from(_loans.join(_members, _members.c.id == _loans.c.borrower_id))
        .where(*chosen)
    ).one()
    page_count = max(1, -(-row_count // size))
    page = min(max(query.page, 1), page_count)
    column, is_descending = _order(query)
    rows = session.execute(
        _shown()
        .where(*chosen)
        .order_by((column.desc() if is_descending else column.asc()).nulls_last(), _loans.c.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    return LoanPage(
        rows=tuple(_row(row, late) for row in rows),
        row_count=row_count,
        outstanding_cents=owed_cents,
        page=page,
        page_count=page_count,
        first_number=(page - 1) * size + 1 if row_count else 0,
    )


def _shown() -> sa.Select[Any]:
    return sa.select(
        _loans.c.id.label("loan_id"),
        _loans.c.title,
        _members.c.full_name,
        _loans.c.grade,
        _loans.c.state,
        _loans.c.annual_rate,
        _loans.c.principal_cents,
        _loans.c.outstanding_cents,
        _loans.c.disbursed_on,
        _loans.c.next_due_on,
        _loans.c.charged_off_on,
    ).join(_members, _members.c.id == _loans.c.borrower_id)


def _order(query: LoanQuery) -> tuple[sa.ColumnElement[Any], bool]:
    """Give the column, and whether its largest comes first; who is longest late was due first."""
    if query.sort is LoanSort.LATE:
        return _loans.c.next_due_on, not query.is_descending
    columns: dict[LoanSort, sa.ColumnElement[Any]] = {
        LoanSort.TITLE: sa.func.lower(_loans.c.title),
        LoanSort.RATE: _loans.c.annual_rate,
        LoanSort.PRINCIPAL: _loans.c.principal_cents,
        LoanSort.OWED: _loans.c.outstanding_cents,
        LoanSort.MADE: _loans.c.disbursed_on,
    }
    return columns[query.sort], query.is_descending


def _chosen(query: LoanQuery, late: LateDays) -> list[sa.ColumnElement[bool]]:
    chosen: list[sa.ColumnElement[bool]] = []
    if search := query.search.strip()[:LONGEST_SEARCH]:
        chosen.append(
            sa.or_(
                _loans.c.title.icontains(search, autoescape=True),
                _members.c.full_name.icontains(search, autoescape=True),
            )
        )
    if query.state is not None:
        chosen.append(_loans.c.state == query.state)
    if query.bucket is not None:
        chosen.append(late.in_bucket(query.bucket))
    return chosen


def _row(row: Any, late: LateDays) -> LoanRow:
    runs = row.state in PAYABLE_STATES and row.next_due_on is not None
    return LoanRow(
        loan_id=row.loan_id,
        title=row.title,
        borrower_name=formats.person(row.full_name),
        grade=row.grade,
        state=row.state,
        annual_rate=row.annual_rate,
        principal_cents=row.principal_cents,
        outstanding_cents=row.outstanding_cents,
        disbursed_on=row.disbursed_on,
        next_due_on=row.next_due_on if runs else None,
        days_past_due=late.days(row.loan_id, row.next_due_on) if runs else 0,
        paused_until_on=late.paused_until(row.loan_id),
    )


def _to_act_on(row: Any, late: LateDays) -> LoanToActOn | None:
    """Say why a loan needs an admin; one whose days do not count now is left in peace."""
    loan = _row(row, late)
    if loan.state is LoanState.CHARGED_OFF:
        return LoanToActOn(loan, Reason.CHARGED_OFF, row.charged_off_on)
    pauses = late.pauses(loan.loan_id)
    if loan.next_due_on is None or is_paused(late.on, pauses):
        return None
    last_days = CHARGE_OFF_DAYS if loan.state is LoanState.DEFAULTED else DEFAULT_DAYS
    happens_on = first_day_late(due_on=loan.next_due_on, days=last_days, pauses=pauses)
    if (happens_on - late.on).days <= 1:
        is_default = loan.state is LoanState.ACTIVE
        reason = Reason.DEFAULT_TOMORROW if is_default else Reason.CHARGE_OFF_TOMORROW
        return LoanToActOn(loan, reason, happens_on)
    if loan.days_past_due <= LATE_30_DAYS and loan.state is LoanState.ACTIVE:
        return None
    return LoanToActOn(loan, Reason.LATE, happens_on)

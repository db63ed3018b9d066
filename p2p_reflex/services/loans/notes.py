"""Owns a lender's notes and bids as tables: filtered, sorted and paged by the database."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.vocabulary import BidState, Grade, LoanState
from p2p_reflex.models import Bid, Installment, Listing, Loan, Note, table_of
from p2p_reflex.services.servicing import late_days
from p2p_reflex.services.servicing.late_days import LateDays

PAGE_SIZE = 10
MOST_A_PAGE = 100
RUNNING_STATES = (LoanState.ACTIVE, LoanState.DEFAULTED)

_bids = table_of(Bid)
_installments = table_of(Installment)
_listings = table_of(Listing)
_loans = table_of(Loan)
_notes = table_of(Note)

IS_RUNNING = sa.and_(_notes.c.outstanding_cents > 0, _loans.c.state.in_(RUNNING_STATES))


class NoteTab(StrEnum):
    """Which notes are shown."""

    NOTES = "notes"
    LATE = "late"
    PAID_OFF = "paid_off"


class NoteSort(StrEnum):
    """What notes are sorted by."""

    LOAN = "loan"
    RATE = "rate"
    BOUGHT = "bought"
    OWED = "owed"
    DUE = "due"


_SORT_COLUMNS: dict[NoteSort, sa.ColumnElement[Any]] = {
    NoteSort.LOAN: sa.func.lower(_loans.c.title),
    NoteSort.RATE: _notes.c.annual_rate,
    NoteSort.BOUGHT: _notes.c.principal_cents,
    NoteSort.OWED: _notes.c.outstanding_cents,
    NoteSort.DUE: _loans.c.next_due_on,
}


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A lender's share of one loan, and how the loan stands."""

    note_id: int
    loan_id: int
    title: str
    grade: Grade
    loan_state: LoanState
    annual_rate: Decimal
    principal_cents: int
    outstanding_cents: int
    interest_received_cents: int
    late_fees_received_cents: int
    servicing_fees_cents: int
    installments_left: int
    installment_count: int
    bought_on: date
    next_due_on: date | None
    days_past_due: int
    paused_until_on: date | None


@dataclass(frozen=True, slots=True)
class NotePage:
    """A page of notes; pages count from 1."""

    rows: tuple[NoteRow, ...]
    row_count: int
    page: int
    page_count: int
    first_number: int


@dataclass(frozen=True, slots=True)
class ActiveBid:
    """A bid that stands in an open book."""

    listing_id: int
    title: str
    grade: Grade
    amount_cents: int
    leading_cents: int
    rate: Decimal
    closes_on: date


@dataclass(frozen=True, slots=True)
class TabCounts:
    """How much is behind each tab."""

    notes: int
    bids: int
    late: int
    paid_off: int


def page_of(
    session: Session,
    *,
    lender_id: int,
    business_on: date,
    tab: NoteTab = NoteTab.NOTES,
    sort: NoteSort = NoteSort.OWED,
    is_descending: bool = True,
    grade: Grade | None = None,
    search: str = "",
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> NotePage:
    """Return one page of a lender's notes; a page beyond the end is the last one."""
    size = min(max(page_size, 1), MOST_A_PAGE)
    late = late_days.read(session, business_on=business_on, of=_lent_to_by(lender_id))
    chosen = [_notes.c.lender_id == lender_id, _in_tab(tab, late)]
    if grade is not None:
        chosen.append(_loans.c.grade == grade)
    if search.strip():
        chosen.append(_loans.c.title.icontains(search.strip()[:80], autoescape=True))
    joined = _notes.join(_loans, _loans.c.id == _notes.c.loan_id)
    row_count = session.execute(sa.select(sa.func.count()).select_from(joined).where(*chosen)).scalar_one()
    page_count = max(1, -(-row_count // size))
    page = min(max(page, 1), page_count)
    column = _SORT_COLUMNS[sort]
    found = session.execute(
        _shown()
        .where(*chosen)
        .order_by((column.desc() if is_descending else column.asc()).nulls_last(), _notes.c.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    return NotePage(
        rows=tuple(_row(row, late) for row in found),
        row_count=row_count,
        page=page,
        page_count=page_count,
        first_number=(page - 1) * size + 1 if row_count else 0,
    )


def whole(session: Session, *, lender_id: int, business_on: date) -> tuple[NoteRow, ...]:
    """Return all notes a lender ever bought, the oldest first, for a file."""
    found = session.execute(_shown().where(_notes.c.lender_id == lender_id).order_by(_notes.c.id))
    late = late_days.read(session, business_on=business_on, of=_lent_to_by(lender_id))
    return tuple(_row(row, late) for row in found)


def active_bids(session: Session, *, lender_id: int, limit: int = MOST_A_PAGE) -> tuple[ActiveBid, ...]:
    """Return a lender's bids in open books, the first to close first."""
    rows = session.execute(
        sa.select(
            _bids.c.listing_id,
            _listings.c.title,
            _listings.c.grade,
            _bids.c.amount_cents,
            _bids.c.leading_cents,
            _bids.c.rate,
            _listings.c.closes_on,
        )
        .join(_listings, _listings.c.id == _bids.c.listing_id)
        .where(_bids.c.lender_id == lender_id, _bids.c.state == BidState.LIVE)
        .order_by(_listings.c.closes_on, _bids.c.id)
        .limit(limit)
    )
    return tuple(ActiveBid(**row._mapping) for row in rows)


def counts(session: Session, *, lender_id: int, business_on: date) -> TabCounts:
    """Count what is behind each tab."""
    late_on = late_days.read(session, business_on=business_on, of=_lent_to_by(lender_id))

    def tally(tab: NoteTab) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((_in_tab(tab, late_on), 1), else_=0)), 0)

    notes, late, paid_off = session.execute(
        sa.select(tally(NoteTab.NOTES), tally(NoteTab.LATE), tally(NoteTab.PAID_OFF))
        .select_from(_notes.join(_loans, _loans.c.id == _notes.c.loan_id))
        .where(_notes.c.lender_id == lender_id)
    ).one()
    bids = session.execute(
        sa.select(sa.func.count())
        .select_from(_bids)
        .where(_bids.c.lender_id == lender_id, _bids.c.state == BidState.LIVE)
    ).scalar_one()
    return TabCounts(notes=int(notes), bids=bids, late=int(late), paid_off=int(paid_off))


def _lent_to_by(lender_id: int) -> sa.ColumnElement[bool]:
    """Choose the loans of which a lender has notes."""
    return _loans.c.id.in_(sa.select(_notes.c.loan_id).where(_notes.c.lender_id == lender_id))


def _in_tab(tab: NoteTab, late: LateDays) -> sa.ColumnElement[bool]:
    match tab:
        case NoteTab.NOTES:
            return IS_RUNNING
        case NoteTab.LATE:
            return sa.and_(IS_RUNNING, late.more_than(0))
        case NoteTab.PAID_OFF:
            return _loans.c.state == LoanState.PAID_OFF


def _shown() -> sa.Select[Any]:
    """Ask for notes with their loans; installments are counted for the rows of the page only."""
    of_loan = _installments.c.loan_id == _loans.c.id
    every = sa.select(sa.func.count()).select_from(_installments).where(of_loan).correlate(_loans)
    return sa.select(
        _notes.c.id.label("note_id"),
        _notes.c.loan_id,
        _loans.c.title,
        _loans.c.grade,
        _loans.c.state.label("loan_state"),
        _notes.c.annual_rate,
        _notes.c.principal_cents,
        _notes.c.outstanding_cents,
        _notes.c.interest_received_cents,
        _notes.c.late_fees_received_cents,
        _notes.c.servicing_fees_cents,
        every.where(_installments.c.paid_on.is_(None)).scalar_subquery().label("installments_left"),
        every.scalar_subquery().label("installment_count"),
        _notes.c.bought_on,
        _loans.c.next_due_on,
    ).join(_loans, _loans.c.id == _notes.c.loan_id)


def _row(row: sa.Row[Any], late: LateDays) -> NoteRow:
    return NoteRow(
        **row._mapping,
        days_past_due=late.days(row.loan_id, row.next_due_on),
        paused_until_on=late.paused_until(row.loan_id),
    )

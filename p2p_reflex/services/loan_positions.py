"""Owns how loans are read for a decision: plain values, a few queries for any number."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.allocation import Due, NoteShare
from p2p_reflex.domain.vocabulary import LoanState
from p2p_reflex.models import Installment, Loan, Note

CHUNK = 500
LARGEST_ID = 2**63 - 1
PAYABLE_STATES = (LoanState.ACTIVE, LoanState.DEFAULTED)

_loans = cast(sa.Table, Loan.__table__)  # type: ignore[attr-defined]
_installments = cast(sa.Table, Installment.__table__)  # type: ignore[attr-defined]
_notes = cast(sa.Table, Note.__table__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class ScheduledRow:
    """One installment as planned, and what of it is paid."""

    id: int
    number: int
    due_on: date
    principal_cents: int
    interest_cents: int
    balance_cents: int
    late_fee_cents: int
    principal_paid_cents: int
    interest_paid_cents: int
    late_fee_paid_cents: int
    paid_on: date | None

    @property
    def total_cents(self) -> int:
        """Give all that this installment asks for."""
        return self.principal_cents + self.interest_cents + self.late_fee_cents

    @property
    def paid_cents(self) -> int:
        """Give what of it is paid."""
        return self.principal_paid_cents + self.interest_paid_cents + self.late_fee_paid_cents

    @property
    def unpaid_cents(self) -> int:
        """Give what is left of it."""
        return self.total_cents - self.paid_cents

    @property
    def due(self) -> Due:
        """Give what is left of it, part by part."""
        return Due(
            number=self.number,
            due_on=self.due_on,
            late_fee_cents=self.late_fee_cents - self.late_fee_paid_cents,
            interest_cents=self.interest_cents - self.interest_paid_cents,
            principal_cents=self.principal_cents - self.principal_paid_cents,
        )


@dataclass(frozen=True, slots=True)
class HeldNote:
    """One lender's share of the loan."""

    id: int
    lender_id: int
    principal_cents: int
    annual_rate: Decimal
    outstanding_cents: int

    @property
    def share(self) -> NoteShare:
        """Give the note as the split of a payment sees it."""
        return NoteShare(self.id, self.outstanding_cents, self.annual_rate)


@dataclass(frozen=True, slots=True)
class LoanPosition:
    """Where a loan stands; `rows` are in the order of their numbers and hold at least all that is unpaid."""

    id: int
    listing_id: int
    borrower_id: int
    title: str
    state: LoanState
    annual_rate: Decimal
    installment_cents: int
    outstanding_cents: int
    autopay: bool
    disbursed_on: date
    version: int
    rows: tuple[ScheduledRow, ...]
    notes: tuple[HeldNote, ...]

    @property
    def unpaid(self) -> tuple[ScheduledRow, ...]:
        """Give the installments that are not fully paid, oldest first."""
        return tuple(row for row in self.rows if row.unpaid_cents)

    def due_by(self, business_on: date) -> tuple[ScheduledRow, ...]:
        """Give the unpaid installments due on or before a day."""
        return tuple(row for row in self.unpaid if row.due_on <= business_on)


def position(session: Session, *, loan_id: int, for_update: bool = False) -> LoanPosition | None:
    """Read one loan with its whole schedule; `for_update` keeps others from changing it meanwhile."""
    if not isinstance(loan_id, int) or not 0 < loan_id <= LARGEST_ID:
        return None
    query = sa.select(_loans).where(_loans.c.id == loan_id)
    rows = session.connection().execute(query.with_for_update() if for_update else query).all()
    found = _with_parts(session, rows, unpaid_only=False)
    return found[0] if found else None


def autopay_positions(session: Session, *, business_on: date) -> list[LoanPosition]:
    """Read and lock the loans that autopay collects on a day, each with what is unpaid of it."""
    query = (
        sa.select(_loans)
        .where(
            _loans.c.autopay,
            _loans.c.state.in_(PAYABLE_STATES),
            _loans.c.next_due_on <= business_on,
        )
        .order_by(_loans.c.id)
        .with_for_update()
    )
    return _with_parts(session, session.connection().execute(query).all(), unpaid_only=True)


def _with_parts(session: Session, loans: Sequence[Any], *, unpaid_only: bool) -> list[LoanPosition]:
    """Read the installments and notes of loans, a few hundred loans at a time."""
    rows: dict[int, list[ScheduledRow]] = defaultdict(list)
    notes: dict[int, list[HeldNote]] = defaultdict(list)
    for start in range(0, len(loans), CHUNK):
        ids = [loan.id for loan in loans[start : start + CHUNK]]
        for row in _installment_rows(session, ids, unpaid_only=unpaid_only):
            rows[row.loan_id].append(ScheduledRow(*row[1:]))
        for note in _note_rows(session, ids):
            notes[note.loan_id].append(HeldNote(*note[1:]))
    return [
        LoanPosition(
            id=loan.id,
            listing_id=loan.listing_id,
            borrower_id=loan.borrower_id,
            title=loan.title,
            state=loan.state,
            annual_rate=loan.annual_rate,
            installment_cents=loan.installment_cents,
            outstanding_cents=loan.outstanding_cents,
            autopay=loan.autopay,
            disbursed_on=loan.disbursed_on,
            version=loan.version,
            rows=tuple(rows[loan.id]),
            notes=tuple(notes[loan.id]),
        )
        for loan in loans
    ]


def _installment_rows(session: Session, loan_ids: list[int], *, unpaid_only: bool) -> Sequence[Any]:
    columns = _installments.c
    query = (
        sa.select(
            columns.loan_id,
            columns.id,
            columns.number,
            columns.due_on,
            columns.principal_cents,
            columns.interest_cents,
            columns.balance_cents,
            columns.late_fee_cents,
            columns.principal_paid_cents,
            columns.interest_paid_cents,
            columns.late_fee_paid_cents,
            columns.paid_on,
        )
        .where(columns.loan_id.in_(loan_ids))
        .order_by(columns.loan_id, columns.number)
    )
    if unpaid_only:
        query = query.where(columns.paid_on.is_(None))
    return session.connection().execute(query).all()


def _note_rows(session: Session, loan_ids: list[int]) -> Sequence[Any]:
    columns = _notes.c
    return (
        session.connection()
        .execute(
            sa.select(
                columns.loan_id,
                columns.id,
                columns.lender_id,
                columns.principal_cents,
                columns.annual_rate,
                columns.outstanding_cents,
            )
            .where(columns.loan_id.in_(loan_ids))
            .order_by(columns.loan_id, columns.id)
        )
        .all()
    )

"""Owns how loans are read for a decision: plain values, a few queries for any number."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.loan_standing import HeldNote, LoanStanding, Pause, ScheduledRow, ended_early
from p2p_reflex.domain.vocabulary import LoanEventKind, LoanState
from p2p_reflex.models import Installment, Loan, Note, table_of
from p2p_reflex.services.loans.standing_events import EVENTS, in_order, standing
from p2p_reflex.services.touched import loan_topic, member_topic, touch

__all__ = [
    "HeldNote",
    "LoanPosition",
    "ScheduledRow",
    "pauses_of",
    "position",
    "positions",
    "touch_people",
]

CHUNK = 500
LARGEST_ID = 2**63 - 1
PAYABLE_STATES = (LoanState.ACTIVE, LoanState.DEFAULTED)

_loans = table_of(Loan)
_installments = table_of(Installment)
_notes = table_of(Note)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanPosition(LoanStanding):
    """Where a stored loan stands, whose it is, and how often it was changed."""

    id: int
    listing_id: int
    borrower_id: int
    title: str
    autopay: bool
    version: int


def position(session: Session, *, loan_id: int, for_update: bool = False) -> LoanPosition | None:
    """Read one loan with its whole schedule; `for_update` keeps others from changing it meanwhile."""
    if not isinstance(loan_id, int) or not 0 < loan_id <= LARGEST_ID:
        return None
    query = sa.select(_loans).where(_loans.c.id == loan_id)
    rows = session.connection().execute(query.with_for_update() if for_update else query).all()
    found = _with_parts(session, rows, unpaid_only=False)
    return found[0] if found else None


def positions(session: Session, *, loan_ids: Sequence[int]) -> list[LoanPosition]:
    """Read several loans, each with what is unpaid of it; whoever changes them has locked them."""
    rows: list[Any] = []
    for start in range(0, len(loan_ids), CHUNK):
        query = sa.select(_loans).where(_loans.c.id.in_(loan_ids[start : start + CHUNK]))
        rows += session.connection().execute(query.order_by(_loans.c.id)).all()
    return _with_parts(session, rows, unpaid_only=True)


def pauses_of(session: Session, *, loan_ids: Sequence[int]) -> dict[int, tuple[Pause, ...]]:
    """Read the pauses of several loans that stand, each as long as it was or is to be."""
    found: dict[int, tuple[Pause, ...]] = {}
    for start in range(0, len(loan_ids), CHUNK):
        query = (
            standing(EVENTS.c.loan_id, EVENTS.c.kind, EVENTS.c.effective_on, EVENTS.c.until_on)
            .where(
                EVENTS.c.kind.in_((LoanEventKind.PAUSED, LoanEventKind.PAUSE_ENDED)),
                EVENTS.c.loan_id.in_(loan_ids[start : start + CHUNK]),
            )
            .order_by(*in_order())
        )
        for loan_id, kind, on, until_on in session.connection().execute(query):
            pauses = found.get(loan_id, ())
            is_end = kind is LoanEventKind.PAUSE_ENDED
            found[loan_id] = ended_early(pauses, on=on) if is_end else (*pauses, Pause(on, until_on))
    return {loan_id: pauses for loan_id, pauses in found.items() if pauses}


def touch_people(session: Session, loans: Sequence[LoanPosition]) -> None:
    """Let everybody hear who sees these loans: the borrowers, and the lenders who hold notes of them."""
    for loan in loans:
        holders = {note.lender_id for note in loan.notes if note.lender_id is not None}
        touch(session, loan_topic(loan.id), *map(member_topic, {loan.borrower_id, *holders}))


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
    pauses = pauses_of(session, loan_ids=[loan.id for loan in loans])
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
            pauses=pauses.get(loan.id, ()),
            defaulted_on=loan.defaulted_on,
            charged_off_on=loan.charged_off_on,
            charged_off_cents=loan.charged_off_cents,
            forgiven_cents=loan.forgiven_cents,
            ended_on=loan.ended_on,
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
            columns.late_fee_on,
            columns.carried_interest_cents,
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

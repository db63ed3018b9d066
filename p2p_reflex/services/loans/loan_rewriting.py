"""Owns the writing of a loan as a replay or a decision leaves it: installments, notes, totals, no journal."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.allocation import LenderPart
from p2p_reflex.domain.loan_life import LoanLife
from p2p_reflex.domain.loan_standing import LoanStanding, ScheduledRow
from p2p_reflex.models import Installment, Loan, Note, PaymentPart, table_of
from p2p_reflex.services.loans.loan_positions import LoanPosition
from p2p_reflex.services.paying.payment_posting import LoanChangedError
from p2p_reflex.services.touched import loan_topic, member_topic, touch

_installments = table_of(Installment)
_loans = table_of(Loan)
_notes = table_of(Note)
_parts = table_of(PaymentPart)


def rewrite(session: Session, *, before: LoanPosition, after: LoanStanding) -> None:
    """Write where a loan stands after a decision that paid nothing. Raises LoanChangedError.

    Forgiven principal is what its notes lost; nothing else changes what they are owed.
    """
    _write_rows(session, before, after.rows)
    _write_loan(session, before, after, totals={})
    changes = [
        {
            "p_id": note.id,
            "p_outstanding": note.outstanding_cents,
            "p_rate": note.annual_rate,
            "p_forgiven": old.outstanding_cents - note.outstanding_cents,
        }
        for old, note in zip(before.notes, after.notes, strict=True)
        if note != old
    ]
    if changes:
        session.connection().execute(
            sa.update(_notes)
            .where(_notes.c.id == sa.bindparam("p_id"))
            .values(
                outstanding_cents=sa.bindparam("p_outstanding"),
                annual_rate=sa.bindparam("p_rate"),
                forgiven_cents=_notes.c.forgiven_cents + sa.bindparam("p_forgiven", type_=sa.BigInteger),
            ),
            changes,
        )


def rewrite_life(session: Session, *, before: LoanPosition, life: LoanLife) -> None:
    """Write a loan as a replay gives it, with the parts of its payments. Raises LoanChangedError."""
    connection = session.connection()
    row_ids = [row.id for row in before.rows]
    connection.execute(sa.delete(_parts).where(_parts.c.installment_id.in_(row_ids)))
    numbered = _write_rows(session, before, life.loan.rows)
    parts = [
        {
            "payment_id": payment_id,
            "installment_id": numbered[part.number],
            "principal_cents": part.principal_cents,
            "interest_cents": part.interest_cents,
            "late_fee_cents": part.late_fee_cents,
        }
        for payment_id, applied in life.payments.items()
        if applied.repayment is not None
        for part in applied.repayment.parts
    ]
    if parts:
        connection.execute(sa.insert(_parts), parts)
    received = life.received()
    _write_notes(session, life, received)
    totals = {
        "interest_paid_cents": sum(part.interest_cents for part in received.values()),
        "late_fees_paid_cents": sum(part.late_fee_cents for part in received.values()),
    }
    _write_loan(session, before, life.loan, totals=totals)


def _write_rows(session: Session, before: LoanPosition, rows: Sequence[ScheduledRow]) -> dict[int, int]:
    """Write the schedule, and return the ids of its installments by number."""
    connection = session.connection()
    known = {row.number: row for row in before.rows}
    kept = {row.number for row in rows}
    dropped = [row.id for row in before.rows if row.number not in kept]
    if dropped:
        connection.execute(sa.delete(_installments).where(_installments.c.id.in_(dropped)))
    changed = [
        {"p_id": known[row.number].id} | {f"p_{name}": value for name, value in _columns(row).items()}
        for row in rows
        if row.number in known and replace(row, id=known[row.number].id) != known[row.number]
    ]
    if changed:
        names = _columns(rows[0])
        connection.execute(
            sa.update(_installments)
            .where(_installments.c.id == sa.bindparam("p_id"))
            .values({name: sa.bindparam(f"p_{name}") for name in names}),
            changed,
        )
    added = [{"loan_id": before.id, **_columns(row)} for row in rows if row.number not in known]
    if added:
        connection.execute(sa.insert(_installments), added)
    query = sa.select(_installments.c.number, _installments.c.id).where(_installments.c.loan_id == before.id)
    return {row.number: row.id for row in connection.execute(query)}


def _columns(row: ScheduledRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "due_on": row.due_on,
        "principal_cents": row.principal_cents,
        "interest_cents": row.interest_cents,
        "balance_cents": row.balance_cents,
        "late_fee_cents": row.late_fee_cents,
        "principal_paid_cents": row.principal_paid_cents,
        "interest_paid_cents": row.interest_paid_cents,
        "late_fee_paid_cents": row.late_fee_paid_cents,
        "paid_on": row.paid_on,
        "late_fee_on": row.late_fee_on,
        "carried_interest_cents": row.carried_interest_cents,
    }


def _write_notes(session: Session, life: LoanLife, received: Mapping[int, LenderPart]) -> None:
    """Write the notes' totals as the replay gives them; what a note lost otherwise was sold or forgiven."""
    sold = life.sold()
    changes = []
    for note in life.loan.notes:
        got = received.get(note.id, LenderPart(note.id, 0, 0, 0, 0, 0))
        gone_cents = note.principal_cents - note.outstanding_cents
        changes.append(
            {
                "p_id": note.id,
                "p_principal": note.principal_cents,
                "p_rate": note.annual_rate,
                "p_outstanding": note.outstanding_cents,
                "p_interest": got.interest_cents,
                "p_late_fee": got.late_fee_cents,
                "p_fee": got.servicing_fee_cents,
                "p_collection_fee": got.collection_fee_cents,
                "p_forgiven": gone_cents - got.principal_cents - sold.get(note.id, 0),
            }
        )
    session.connection().execute(
        sa.update(_notes)
        .where(_notes.c.id == sa.bindparam("p_id"))
        .values(
            principal_cents=sa.bindparam("p_principal"),
            annual_rate=sa.bindparam("p_rate"),
            outstanding_cents=sa.bindparam("p_outstanding"),
            interest_received_cents=sa.bindparam("p_interest"),
            late_fees_received_cents=sa.bindparam("p_late_fee"),
            servicing_fees_cents=sa.bindparam("p_fee"),
            collection_fees_cents=sa.bindparam("p_collection_fee"),
            forgiven_cents=sa.bindparam("p_forgiven"),
        ),
        changes,
    )


def _write_loan(
    session: Session, before: LoanPosition, after: LoanStanding, *, totals: Mapping[str, int]
) -> None:
    """Write the loan's own row; of two changes worked out from the same state only one is written."""
    statement = (
        sa.update(_loans)
        .where(_loans.c.id == before.id, _loans.c.version == before.version)
        .values(
            state=after.state,
            annual_rate=after.annual_rate,
            installment_cents=after.installment_cents,
            outstanding_cents=after.outstanding_cents,
            next_due_on=after.next_due_on,
            final_due_on=max((row.due_on for row in after.rows), default=before.disbursed_on),
            ended_on=after.ended_on,
            defaulted_on=after.defaulted_on,
            charged_off_on=after.charged_off_on,
            charged_off_cents=after.charged_off_cents,
            forgiven_cents=after.forgiven_cents,
            version=_loans.c.version + 1,
            **totals,
        )
    )
    if session.connection().execute(statement).rowcount != 1:
        raise LoanChangedError
    holders = {note.lender_id for note in after.notes} - {None}
    touch(
        session,
        loan_topic(before.id),
        member_topic(before.borrower_id),
        *(member_topic(member_id) for member_id in holders if member_id is not None),
    )

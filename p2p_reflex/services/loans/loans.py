"""Owns the look at one loan: for its borrower, for the lenders who hold a part of it, for admins."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.loan_standing import Pause, days_late, paused_until
from p2p_reflex.domain.repayment import expected_cents
from p2p_reflex.domain.vocabulary import LoanState, Role
from p2p_reflex.models import (
    Installment,
    JournalTransaction,
    LenderPayment,
    Loan,
    Member,
    Note,
    Payment,
    PaymentPart,
    table_of,
)
from p2p_reflex.services.conversations import letters
from p2p_reflex.services.loans.loan_positions import PAYABLE_STATES, LoanPosition, ScheduledRow, position
from p2p_reflex.services.loans.loan_records import (
    Coverage,
    InstallmentState,
    LoanView,
    NoteLine,
    NoteReceipts,
    PaidPart,
    PaymentLine,
    ScheduleLine,
)
from p2p_reflex.services.money import ledger
from p2p_reflex.services.paying.payment_quotes import payoff_offer

_installments = table_of(Installment)
_lender_payments = table_of(LenderPayment)
_members = table_of(Member)
_notes = table_of(Note)
_parts = table_of(PaymentPart)
_payments = table_of(Payment)
_transactions = table_of(JournalTransaction)


def view(session: Session, *, loan_id: int, viewer_id: int, role: Role, business_on: date) -> LoanView:
    """Show a loan to its borrower, to a lender with a note in it, or to an admin.

    A lender sees only their own notes and what these received; the borrower sees who lent, not what it
    brought them. Raises UnknownError for anybody else.
    """
    found = position(session, loan_id=loan_id)
    if found is None or not _may_see(found, viewer_id, role):
        raise UnknownError("loan")
    loan = session.get_one(Loan, found.id)
    borrower = session.get_one(Member, loan.borrower_id)
    is_running = loan.state in PAYABLE_STATES
    # What is owed after a charge-off can still be paid.
    is_payer = role is not Role.LENDER and loan.state is not LoanState.PAID_OFF and found.owed_cents > 0
    return LoanView(
        loan_id=loan.id,
        listing_id=loan.listing_id,
        viewer=role,
        borrower_name=formats.person(borrower.full_name),
        title=loan.title,
        purpose=loan.purpose,
        grade=loan.grade,
        state=loan.state,
        principal_cents=loan.principal_cents,
        annual_rate=loan.annual_rate,
        apr=loan.apr,
        term_months=loan.term_months,
        installment_cents=loan.installment_cents,
        outstanding_cents=loan.outstanding_cents,
        interest_paid_cents=loan.interest_paid_cents,
        late_fees_paid_cents=loan.late_fees_paid_cents,
        disbursed_on=loan.disbursed_on,
        final_due_on=loan.final_due_on,
        ended_on=loan.ended_on,
        autopay=loan.autopay,
        autopay_partial=loan.autopay_partial,
        days_past_due=found.days_past_due(business_on) if is_running else 0,
        paused_until_on=paused_until(business_on, found.pauses) if is_running else None,
        pauses=found.pauses,
        charged_off_cents=loan.charged_off_cents,
        forgiven_cents=loan.forgiven_cents,
        schedule=_schedule(found, business_on),
        payments=_own_receipts(session, found.id, viewer_id)
        if role is Role.LENDER
        else _all_payments(session, found.id),
        notes=_note_lines(session, found, viewer_id, role),
        payoff=payoff_offer(found, business_on=business_on) if is_payer else None,
        coverage=_coverage(session, found) if is_payer and is_running else None,
    )


def _may_see(loan: LoanPosition, viewer_id: int, role: Role) -> bool:
    match role:
        case Role.ADMIN:
            return True
        case Role.BORROWER:
            return loan.borrower_id == viewer_id
        case Role.LENDER:
            return any(note.lender_id == viewer_id for note in loan.notes)


def _schedule(loan: LoanPosition, business_on: date) -> tuple[ScheduleLine, ...]:
    upcoming = next((row.number for row in loan.unpaid if row.due_on >= business_on), None)
    return tuple(
        _schedule_line(row, loan.pauses, business_on, is_next=row.number == upcoming) for row in loan.rows
    )


def _schedule_line(
    row: ScheduledRow, pauses: Sequence[Pause], business_on: date, *, is_next: bool
) -> ScheduleLine:
    """Say where an installment stands; paused days do not count as late."""
    if not row.unpaid_cents:
        days = days_late(due_on=row.due_on, on=row.paid_on, pauses=pauses) if row.paid_on else 0
        state = InstallmentState.PAID_LATE if days else InstallmentState.PAID
    elif row.due_on < business_on:
        days = days_late(due_on=row.due_on, on=business_on, pauses=pauses)
        state = InstallmentState.LATE
    else:
        days = (row.due_on - business_on).days
        state = InstallmentState.NEXT if is_next else InstallmentState.PLANNED
    return ScheduleLine(
        number=row.number,
        due_on=row.due_on,
        principal_cents=row.principal_cents,
        interest_cents=row.interest_cents,
        late_fee_cents=row.late_fee_cents,
        balance_cents=row.balance_cents,
        paid_cents=row.paid_cents,
        unpaid_cents=row.unpaid_cents,
        paid_on=row.paid_on,
        state=state,
        days=days,
    )


def _standing_payments(loan_id: int, *columns: Any) -> sa.Select[Any]:
    """Ask for a loan's payments that were not reversed, newest first."""
    reversed_ids = sa.select(_transactions.c.reverses_id).where(_transactions.c.reverses_id.is_not(None))
    return (
        sa.select(*columns)
        .where(_payments.c.loan_id == loan_id, _payments.c.transaction_id.not_in(reversed_ids))
        .order_by(_payments.c.paid_on.desc(), _payments.c.id.desc())
    )


def _all_payments(session: Session, loan_id: int) -> tuple[PaymentLine, ...]:
    """List the payments with what each paid of which installment."""
    connection = session.connection()
    parts: dict[int, list[PaidPart]] = defaultdict(list)
    allocated = (
        sa.select(_parts, _installments.c.number)
        .join(_installments, _installments.c.id == _parts.c.installment_id)
        .where(_installments.c.loan_id == loan_id)
        .order_by(_installments.c.number)
    )
    for part in connection.execute(allocated):
        parts[part.payment_id].append(
            PaidPart(part.number, part.principal_cents, part.interest_cents, part.late_fee_cents)
        )
    rows = connection.execute(_standing_payments(loan_id, _payments))
    return tuple(_payment_line(row, row, tuple(parts[row.id])) for row in rows)


def _own_receipts(session: Session, loan_id: int, lender_id: int) -> tuple[PaymentLine, ...]:
    """List what a lender's notes received of each payment."""
    own = sa.select(
        _lender_payments.c.payment_id,
        *(
            sa.func.sum(_lender_payments.c[name], type_=sa.BigInteger).label(name)
            for name in (
                "principal_cents",
                "interest_cents",
                "late_fee_cents",
                "servicing_fee_cents",
                "collection_fee_cents",
            )
        ),
    )
    own = own.join(_notes, _notes.c.id == _lender_payments.c.note_id)
    own = own.where(_notes.c.loan_id == loan_id, _notes.c.lender_id == lender_id)
    received = {row.payment_id: row for row in session.connection().execute(own.group_by("payment_id"))}
    rows = session.connection().execute(_standing_payments(loan_id, _payments))
    return tuple(_payment_line(row, received[row.id], ()) for row in rows if row.id in received)


def _payment_line(payment: Any, amounts: Any, parts: tuple[PaidPart, ...]) -> PaymentLine:
    """Write down a payment; `amounts` is the payment itself, or one lender's part of it."""
    principal_cents, interest_cents, late_fee_cents, fee_cents = (
        int(amounts.principal_cents),
        int(amounts.interest_cents),
        int(amounts.late_fee_cents),
        int(amounts.servicing_fee_cents),
    )
    return PaymentLine(
        payment_id=payment.id,
        paid_on=payment.paid_on,
        amount_cents=principal_cents + interest_cents + late_fee_cents,
        principal_cents=principal_cents,
        interest_cents=interest_cents,
        late_fee_cents=late_fee_cents,
        servicing_fee_cents=fee_cents,
        prepaid_principal_cents=payment.prepaid_principal_cents,
        outstanding_after_cents=payment.outstanding_after_cents,
        choice=payment.choice,
        is_payoff=payment.is_payoff,
        is_autopay=payment.is_autopay,
        is_recovery=payment.is_recovery,
        collection_fee_cents=int(amounts.collection_fee_cents),
        parts=parts,
    )


def _note_lines(session: Session, loan: LoanPosition, viewer_id: int, role: Role) -> tuple[NoteLine, ...]:
    """List the notes, the largest first; a lender's are only their own."""
    query = (
        sa.select(_notes, _members.c.full_name, _members.c.is_bot)
        .outerjoin(_members, _members.c.id == _notes.c.lender_id)
        .where(_notes.c.loan_id == loan.id)
        .order_by(_notes.c.lender_id.is_(None), _notes.c.principal_cents.desc(), _notes.c.id)
    )
    if role is Role.LENDER:
        query = query.where(_notes.c.lender_id == viewer_id)
    if role is Role.BORROWER:
        query = query.where(_notes.c.lender_id.is_not(None))
    expected = expected_cents(loan) if role is not Role.BORROWER and loan.state in PAYABLE_STATES else {}
    lines = tuple(
        NoteLine(
            lender_name=_holder_name(note),
            is_bot=bool(note.is_bot),
            is_fund=note.lender_id is None,
            is_own=note.lender_id == viewer_id,
            principal_cents=note.principal_cents,
            annual_rate=note.annual_rate,
            outstanding_cents=note.outstanding_cents,
            receipts=None if role is Role.BORROWER else _receipts(note, expected.get(note.id, 0)),
            letter_key=_letter_key(loan, note) if role is not Role.ADMIN else "",
        )
        for note in session.connection().execute(query)
    )
    return (*(line for line in lines if not line.is_fund), *_together(loan, lines))


def _together(loan: LoanPosition, lines: Sequence[NoteLine]) -> list[NoteLine]:
    """Put all that the reserve fund holds into one line, at the loan's own rate."""
    bought = [(line, line.receipts) for line in lines if line.is_fund and line.principal_cents]
    receipts = [each for _, each in bought if each is not None]
    if not bought:
        return []
    return [
        replace(
            bought[0][0],
            annual_rate=loan.annual_rate,
            principal_cents=sum(line.principal_cents for line, _ in bought),
            outstanding_cents=sum(line.outstanding_cents for line, _ in bought),
            receipts=NoteReceipts(
                **{
                    name.name: sum(getattr(each, name.name) for each in receipts)
                    for name in fields(NoteReceipts)
                }
            ),
        )
    ]


def _holder_name(note: Any) -> str:
    """Name who holds a note; what belongs to no lender is the reserve fund's."""
    if note.lender_id is None:
        return "Reserve fund"
    return str(note.full_name) if note.is_bot else formats.person(note.full_name)


def _letter_key(loan: LoanPosition, note: Any) -> str:
    """Name the thread between the borrower and a lender; letters go between people."""
    if note.lender_id is None or note.is_bot or note.lender_id == loan.borrower_id:
        return ""
    return letters.thread_key(loan.id, note.lender_id)


def _receipts(note: Any, expected_cents: int) -> NoteReceipts:
    return NoteReceipts(
        interest_cents=note.interest_received_cents,
        late_fee_cents=note.late_fees_received_cents,
        principal_cents=note.principal_cents - note.outstanding_cents - note.forgiven_cents,
        fee_cents=note.servicing_fees_cents + note.collection_fees_cents,
        expected_cents=expected_cents,
    )


def _coverage(session: Session, loan: LoanPosition) -> Coverage:
    """Count the installments that the borrower's wallet covers, one after the other."""
    wallet_cents, _ = ledger.balances(session, member_id=loan.borrower_id)
    left_cents, covered_count = wallet_cents, 0
    for row in loan.unpaid:
        left_cents -= row.unpaid_cents
        if left_cents < 0:
            break
        covered_count += 1
    return Coverage(wallet_cents, covered_count, len(loan.unpaid))

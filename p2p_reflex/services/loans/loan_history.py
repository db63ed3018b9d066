"""Owns what happened in the life of a loan, read back in order: payments with what they paid, and the log."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.vocabulary import LoanEventKind, PrepaymentChoice
from p2p_reflex.models import (
    Installment,
    JournalTransaction,
    Note,
    Payment,
    PaymentPart,
    table_of,
)
from p2p_reflex.services.loans.loan_records import PaidPart
from p2p_reflex.services.loans.standing_events import EVENTS, in_order, standing

_installments = table_of(Installment)
_notes = table_of(Note)
_parts = table_of(PaymentPart)
_payments = table_of(Payment)
_transactions = table_of(JournalTransaction)

TOLD_ELSEWHERE = (LoanEventKind.DISBURSED, LoanEventKind.PAID)
_OF_A_DAY = {
    kind: place
    for place, kind in enumerate(
        (
            LoanEventKind.DISBURSED,
            LoanEventKind.RATE_CUT,
            LoanEventKind.RESCHEDULED,
            LoanEventKind.PAUSED,
            LoanEventKind.PAUSE_ENDED,
            LoanEventKind.FORGIVEN,
            LoanEventKind.PAID,
            LoanEventKind.LATE_FEE,
            LoanEventKind.DEFAULTED,
            LoanEventKind.FUND_BOUGHT,
            LoanEventKind.CHARGED_OFF,
            LoanEventKind.CORRECTED,
        )
    )
}


@dataclass(frozen=True, slots=True)
class PastPayment:
    """A payment and what it paid; one that was reversed counts for nothing since that day."""

    payment_id: int
    paid_on: date
    amount_cents: int
    principal_cents: int
    interest_cents: int
    late_fee_cents: int
    prepaid_principal_cents: int
    outstanding_after_cents: int
    collection_fee_cents: int
    choice: PrepaymentChoice
    is_payoff: bool
    is_autopay: bool
    is_recovery: bool
    reversed_on: date | None
    parts: tuple[PaidPart, ...]


@dataclass(frozen=True, slots=True)
class PastEvent:
    """One event of the log that stands; `reason` is what an admin wrote for it."""

    event_id: int
    kind: LoanEventKind
    on: date
    recorded_on: date
    payment_id: int | None
    amount_cents: int
    number: int | None
    rate: Decimal | None
    months: int | None
    until_on: date | None
    details: dict[str, Any]
    reason: str

    @property
    def bought_cents(self) -> dict[int, int]:
        """Give what the reserve fund bought, by the note it bought it of."""
        bought: dict[int, int] = defaultdict(int)
        for note_id, _, cents in self.details.get("bought", ()):
            bought[int(note_id)] += int(cents)
        return dict(bought)

    @property
    def forgiven_principal_cents(self) -> int:
        """Give the principal that was forgiven."""
        return int(self.details.get("principal_cents", 0))


@dataclass(frozen=True, slots=True)
class FundPurchase:
    """What the reserve fund bought of one note on a day."""

    loan_id: int
    on: date
    cents: int


Happening = PastPayment | PastEvent


def payments(session: Session, *, loan_id: int) -> tuple[PastPayment, ...]:
    """Return all payments on a loan, the oldest first, those that were reversed among them."""
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
    taken_back = _transactions.alias("taken_back")
    rows = connection.execute(
        sa.select(_payments, taken_back.c.business_on.label("reversed_on"))
        .outerjoin(taken_back, taken_back.c.reverses_id == _payments.c.transaction_id)
        .where(_payments.c.loan_id == loan_id)
        .order_by(_payments.c.paid_on, _payments.c.id)
    )
    return tuple(_past_payment(row, tuple(parts[row.id])) for row in rows)


def events(session: Session, *, loan_id: int) -> tuple[PastEvent, ...]:
    """Return what the log says of a loan and stands, besides its making and its payments, in order."""
    return _read_events(session, [EVENTS.c.loan_id == loan_id, EVENTS.c.kind.not_in(TOLD_ELSEWHERE)])


def fund_purchases(session: Session, *, lender_id: int, since: date, until: date) -> tuple[FundPurchase, ...]:
    """Return what the reserve fund bought of a lender's notes between two days, both included."""
    own = {
        note.id: note.loan_id
        for note in session.execute(
            sa.select(_notes.c.id, _notes.c.loan_id)
            .join(EVENTS, EVENTS.c.loan_id == _notes.c.loan_id)
            .where(_notes.c.lender_id == lender_id, EVENTS.c.kind == LoanEventKind.FUND_BOUGHT)
            .where(EVENTS.c.effective_on.between(since, until))
        )
    }
    if not own:
        return ()
    bought = _read_events(
        session,
        [
            EVENTS.c.kind == LoanEventKind.FUND_BOUGHT,
            EVENTS.c.effective_on.between(since, until),
            EVENTS.c.loan_id.in_(sa.select(_notes.c.loan_id).where(_notes.c.lender_id == lender_id)),
        ],
    )
    return tuple(
        FundPurchase(own[note_id], event.on, cents)
        for event in bought
        for note_id, cents in event.bought_cents.items()
        if note_id in own
    )


def sorted_by_day(happenings: Sequence[Happening]) -> list[Happening]:
    """Sort by day; within a day what the borrower did comes before what the close of the day did."""

    def place(each: Happening) -> tuple[date, int, int]:
        if isinstance(each, PastPayment):
            return each.paid_on, _OF_A_DAY[LoanEventKind.PAID], each.payment_id
        return each.on, _OF_A_DAY[each.kind], each.event_id

    return sorted(happenings, key=place)


def _read_events(session: Session, chosen: Sequence[sa.ColumnElement[bool]]) -> tuple[PastEvent, ...]:
    rows = session.connection().execute(standing(EVENTS).where(*chosen).order_by(*in_order()))
    return tuple(
        PastEvent(
            event_id=row.id,
            kind=row.kind,
            # A correction is told on the day it was made, whatever day it reaches back to.
            on=row.recorded_on if row.kind is LoanEventKind.CORRECTED else row.effective_on,
            recorded_on=row.recorded_on,
            payment_id=row.payment_id,
            amount_cents=row.amount_cents,
            number=row.number,
            rate=row.rate,
            months=row.months,
            until_on=row.until_on,
            details=row.details or {},
            reason=row.reason,
        )
        for row in rows
    )


def _past_payment(row: Any, parts: tuple[PaidPart, ...]) -> PastPayment:
    return PastPayment(
        payment_id=row.id,
        paid_on=row.paid_on,
        amount_cents=row.amount_cents,
        principal_cents=row.principal_cents,
        interest_cents=row.interest_cents,
        late_fee_cents=row.late_fee_cents,
        prepaid_principal_cents=row.prepaid_principal_cents,
        outstanding_after_cents=row.outstanding_after_cents,
        collection_fee_cents=row.collection_fee_cents,
        choice=row.choice,
        is_payoff=row.is_payoff,
        is_autopay=row.is_autopay,
        is_recovery=row.is_recovery,
        reversed_on=row.reversed_on,
        parts=parts,
    )

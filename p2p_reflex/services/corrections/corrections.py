"""Owns mistakes put right: a payment reversed or dated back, also on a closed loan, all after it replayed.

Above a limit one admin asks and another approves. What a correction takes from lenders whose money has moved
on, the platform advances (see `receivables`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import FieldError, UnknownError
from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.vocabulary import ApprovalKind, LoanEventKind
from p2p_reflex.models import Payment, table_of
from p2p_reflex.services.corrections import correction_posting
from p2p_reflex.services.corrections.correction_plans import CorrectionPlan, plan_change
from p2p_reflex.services.corrections.correction_previews import CorrectionPreview, preview_of
from p2p_reflex.services.desk import desk_work
from p2p_reflex.services.desk.approval_requests import needs_second_admin
from p2p_reflex.services.desk.desk_work import DeskOutcome, Hand, Work
from p2p_reflex.services.loans.loan_positions import LARGEST_ID, LoanPosition, position
from p2p_reflex.services.loans.standing_events import EVENTS, standing
from p2p_reflex.services.money.ledger import AlreadyReversedError
from p2p_reflex.services.notices import change_notices
from p2p_reflex.services.people.authority import check_admin

_payments = table_of(Payment)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One correction as it was asked for; without a new date the payment is reversed."""

    payment_id: int
    paid_on: date | None = None

    @property
    def kind(self) -> ApprovalKind:
        return ApprovalKind.BACKDATING if self.paid_on else ApprovalKind.REVERSAL

    @property
    def facts(self) -> dict[str, Any]:
        return {"payment_id": self.payment_id, "paid_on": self.paid_on and self.paid_on.isoformat()}


def preview_reversal(
    session: Session, *, admin_id: int, payment_id: int, business_on: date
) -> CorrectionPreview:
    """Show what reversing a payment would change. Raises UnknownError, AlreadyReversedError."""
    check_admin(session, admin_id=admin_id)
    return _work(session, _Asked(payment_id), business_on).preview


def preview_backdating(
    session: Session, *, admin_id: int, payment_id: int, paid_on: date, business_on: date
) -> CorrectionPreview:
    """Show what dating a payment back would change. Raises FieldError, UnknownError, AlreadyReversedError."""
    check_admin(session, admin_id=admin_id)
    return _work(session, _Asked(payment_id, paid_on), business_on).preview


def reverse_payment(
    session: Session,
    *,
    admin_id: int,
    payment_id: int,
    reason: object,
    seen: str = "",
    form_key: str,
    business_on: date,
    now: datetime,
) -> DeskOutcome:
    """Reverse a payment: its money goes back to the borrower's wallet, and what came after it is replayed.

    `seen` is the fingerprint of the preview that the admin saw. Above the limit it asks a second admin.
    Raises FieldError, UnknownError, AlreadyReversedError, AlreadyAskedError, ChangedSinceError.
    """
    hand = Hand(admin_id, business_on, now)
    return _do_or_ask(session, hand, _Asked(payment_id), reason=reason, seen=seen, form_key=form_key)


def backdate_payment(
    session: Session,
    *,
    admin_id: int,
    payment_id: int,
    paid_on: date,
    reason: object,
    seen: str = "",
    form_key: str,
    business_on: date,
    now: datetime,
) -> DeskOutcome:
    """Let a payment count from the earlier day on which it arrived, and replay what came after.

    `seen` is the fingerprint of the preview that the admin saw. Above the limit it asks a second admin.
    Raises FieldError, UnknownError, AlreadyReversedError, AlreadyAskedError, ChangedSinceError.
    """
    hand = Hand(admin_id, business_on, now)
    asked = _Asked(payment_id, paid_on)
    return _do_or_ask(session, hand, asked, reason=reason, seen=seen, form_key=form_key)


def asked_work(
    session: Session, *, request: Any, business_on: date, for_update: bool = False
) -> Work[CorrectionPreview]:
    """Work out what a request asks for. Raises UnknownError, FieldError, AlreadyReversedError."""
    paid_on = request.asked["paid_on"]
    asked = _Asked(request.asked["payment_id"], date.fromisoformat(paid_on) if paid_on else None)
    return _work(session, asked, business_on, for_update=for_update)


def _do_or_ask(
    session: Session, hand: Hand, asked: _Asked, *, reason: object, seen: str, form_key: str
) -> DeskOutcome:
    return desk_work.do_or_ask(
        session,
        hand,
        lambda: _work(session, asked, hand.business_on, for_update=True),
        action=asked.kind.value,
        body=asked.facts,
        reason=reason,
        seen=seen,
        form_key=form_key,
    )


def _work(
    session: Session, asked: _Asked, business_on: date, *, for_update: bool = False
) -> Work[CorrectionPreview]:
    """Work out what a correction does now; to write it the loan is locked."""
    payment, loan = _payment_and_loan(session, asked.payment_id, for_update=for_update)
    plan = _plan(session, asked, payment, loan)
    preview = preview_of(
        session,
        plan,
        payment_id=asked.payment_id,
        moved_to_on=asked.paid_on,
        needs_second_admin=needs_second_admin(payment.amount_cents),
        business_on=business_on,
    )
    return Work(
        kind=asked.kind,
        loan_id=loan.id,
        subject=f"payment {asked.payment_id}",
        asked=asked.facts,
        amount_cents=payment.amount_cents,
        preview=preview,
        write=lambda reason, hand: _write(session, asked, payment, plan, preview, reason, hand),
    )


def _write(
    session: Session,
    asked: _Asked,
    payment: Any,
    plan: CorrectionPlan,
    preview: CorrectionPreview,
    reason: str,
    hand: Hand,
) -> dict[str, Any]:
    """Write the correction on the loan, which is locked, and tell everybody concerned."""
    amount, paid_on = formats.money(payment.amount_cents), formats.long_date(payment.paid_on)
    to = f"dated back to {formats.long_date(asked.paid_on)}" if asked.paid_on else "reversed"
    posted = correction_posting.post(
        session,
        plan,
        cause=LoanEvent(
            kind=LoanEventKind.CORRECTED,
            effective_on=hand.business_on,
            payment_id=asked.payment_id,
            amount_cents=payment.amount_cents,
        ),
        memo=f"Payment of {amount} of {paid_on} {to}",
        reason=reason,
        details={
            "kind": asked.kind.value,
            "paid_on": payment.paid_on.isoformat(),
            "moved_to_on": asked.paid_on.isoformat() if asked.paid_on else None,
            "state_before": plan.old.loan.state.value,
            "state_after": plan.new.loan.state.value,
        },
        admin_id=hand.admin_id,
        business_on=hand.business_on,
        now=hand.now,
    )
    change_notices.tell_corrected(
        session, loan=plan.loan, preview=preview, reason=reason, business_on=hand.business_on, now=hand.now
    )
    return {
        "loan_id": plan.loan.id,
        "event_id": posted.event_id,
        "outstanding_cents": plan.new.loan.outstanding_cents,
        "installment_cents": plan.new.loan.installment_cents,
        "advanced_cents": posted.advanced_cents,
    }


def _plan(session: Session, asked: _Asked, payment: Any, loan: LoanPosition) -> CorrectionPlan:
    """Find the payment in the log and work out the loan's life without it, or with it on another day."""
    query = standing(EVENTS.c.id, EVENTS.c.effective_on, EVENTS.c.amount_cents).where(
        EVENTS.c.payment_id == asked.payment_id, EVENTS.c.kind == LoanEventKind.PAID
    )
    paid = session.connection().execute(query).first()
    if paid is None:
        raise AlreadyReversedError
    if asked.paid_on is None:
        return plan_change(session, loan, without={paid.id}, since=paid.effective_on)
    if not isinstance(asked.paid_on, date) or not loan.disbursed_on <= asked.paid_on < paid.effective_on:
        raise FieldError(
            "paid_on",
            f"Choose a day from {formats.long_date(loan.disbursed_on)} on, before"
            f" {formats.long_date(paid.effective_on)}.",
        )
    moved = LoanEvent(
        kind=LoanEventKind.PAID,
        effective_on=asked.paid_on,
        payment_id=asked.payment_id,
        amount_cents=paid.amount_cents,
        choice=payment.choice,
    )
    return plan_change(session, loan, without={paid.id}, adding=[moved], since=asked.paid_on)


def _payment_and_loan(session: Session, payment_id: int, *, for_update: bool) -> tuple[Any, LoanPosition]:
    if not isinstance(payment_id, int) or not 0 < payment_id <= LARGEST_ID:
        raise UnknownError("payment")
    found = session.connection().execute(sa.select(_payments).where(_payments.c.id == payment_id)).first()
    if found is None:
        raise UnknownError("payment")
    loan = position(session, loan_id=found.loan_id, for_update=for_update)
    if loan is None:
        raise UnknownError("loan")
    if for_update:
        found = session.connection().execute(sa.select(_payments).where(_payments.c.id == payment_id)).one()
    return found, loan

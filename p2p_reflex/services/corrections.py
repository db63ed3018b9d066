"""Owns mistakes put right: a payment reversed or dated back, also on a closed loan, all after it replayed.

Above a limit one admin asks and another approves. What a correction takes from lenders whose money has moved
on, the platform advances (see `receivables`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats, parsing
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.vocabulary import CorrectionKind, LoanEventKind, RequestState
from p2p_reflex.models import CorrectionRequest, LoanLogEntry, LoanLogVoid, Payment
from p2p_reflex.services import correction_posting, idempotency
from p2p_reflex.services.authority import check_admin
from p2p_reflex.services.correction_plans import CorrectionPlan, plan_change
from p2p_reflex.services.correction_previews import CorrectionPreview, preview_of
from p2p_reflex.services.correction_requests import PendingCorrection, pending
from p2p_reflex.services.ledger import AlreadyReversedError
from p2p_reflex.services.loan_positions import LARGEST_ID, LoanPosition, position
from p2p_reflex.settings import settings

__all__ = [
    "AlreadyAskedError",
    "AlreadyDecidedError",
    "CorrectionOutcome",
    "CorrectionPreview",
    "PendingCorrection",
    "SecondAdminError",
    "approve",
    "backdate_payment",
    "limit_cents",
    "pending",
    "preview_backdating",
    "preview_reversal",
    "reject",
    "reverse_payment",
]

_events = cast(sa.Table, LoanLogEntry.__table__)  # type: ignore[attr-defined]
_voids = cast(sa.Table, LoanLogVoid.__table__)  # type: ignore[attr-defined]
_payments = cast(sa.Table, Payment.__table__)  # type: ignore[attr-defined]
_requests = cast(sa.Table, CorrectionRequest.__table__)  # type: ignore[attr-defined]


class SecondAdminError(LendingError):
    """The admin who asked cannot approve."""

    def __init__(self) -> None:
        super().__init__("You asked for this correction, so another admin has to approve it.")


class AlreadyAskedError(LendingError):
    """The same payment waits for a second admin already."""

    def __init__(self) -> None:
        super().__init__("A correction of this payment already waits for a second admin.")


class AlreadyDecidedError(LendingError):
    """Somebody approved or rejected a request before."""

    def __init__(self) -> None:
        super().__init__("This request was already decided.")


@dataclass(frozen=True, slots=True)
class CorrectionOutcome:
    """What became of a correction: done, with its event, or waiting for a second admin, with its request."""

    loan_id: int
    event_id: int | None
    request_id: int | None
    advanced_cents: int

    @property
    def is_done(self) -> bool:
        """Tell whether it was carried out."""
        return self.event_id is not None

    @property
    def sentence(self) -> str:
        """Tell the admin what happened."""
        if not self.is_done:
            return "A second admin has to approve this. Nothing has changed yet."
        if self.advanced_cents:
            return f"Put right. The platform advanced {formats.money(self.advanced_cents)}."
        return "Put right."


@dataclass(frozen=True, slots=True)
class _Asked:
    """One correction as it was asked for; without a new date the payment is reversed."""

    payment_id: int
    paid_on: date | None
    reason: str

    @property
    def kind(self) -> CorrectionKind:
        return CorrectionKind.BACKDATING if self.paid_on else CorrectionKind.REVERSAL


def preview_reversal(
    session: Session, *, admin_id: int, payment_id: int, business_on: date
) -> CorrectionPreview:
    """Show what reversing a payment would change. Raises UnknownError, AlreadyReversedError."""
    return _preview(session, admin_id, _Asked(payment_id, None, ""), business_on)


def preview_backdating(
    session: Session, *, admin_id: int, payment_id: int, paid_on: date, business_on: date
) -> CorrectionPreview:
    """Show what dating a payment back would change. Raises FieldError, UnknownError, AlreadyReversedError."""
    return _preview(session, admin_id, _Asked(payment_id, paid_on, ""), business_on)


def reverse_payment(
    session: Session,
    *,
    admin_id: int,
    payment_id: int,
    reason: object,
    form_key: str,
    business_on: date,
    now: datetime,
) -> CorrectionOutcome:
    """Reverse a payment: its money goes back to the borrower's wallet, and what came after it is replayed.

    Above the limit this only asks a second admin.
    Raises FieldError, UnknownError, AlreadyReversedError, AlreadyAskedError.
    """
    asked = _Asked(payment_id, None, _reason(reason))
    return _ask_or_do(session, admin_id, asked, form_key=form_key, business_on=business_on, now=now)


def backdate_payment(
    session: Session,
    *,
    admin_id: int,
    payment_id: int,
    paid_on: date,
    reason: object,
    form_key: str,
    business_on: date,
    now: datetime,
) -> CorrectionOutcome:
    """Let a payment count from the earlier day on which it arrived, and replay what came after.

    Above the limit this only asks a second admin.
    Raises FieldError, UnknownError, AlreadyReversedError, AlreadyAskedError.
    """
    asked = _Asked(payment_id, paid_on, _reason(reason))
    return _ask_or_do(session, admin_id, asked, form_key=form_key, business_on=business_on, now=now)


def approve(
    session: Session, *, admin_id: int, request_id: int, form_key: str, business_on: date, now: datetime
) -> CorrectionOutcome:
    """Carry out what another admin asked for, on the books as they are now.

    Raises UnknownError, SecondAdminError, AlreadyDecidedError, AlreadyReversedError.
    """
    check_admin(session, admin_id=admin_id)

    def act() -> dict[str, Any]:
        request = _open_request(session, request_id)
        if request.requested_by_id == admin_id:
            raise SecondAdminError
        _decide(session, request_id, RequestState.APPROVED, admin_id, now)
        asked = _Asked(request.payment_id, request.paid_on, request.reason)
        return _carry_out(session, admin_id, asked, business_on=business_on, now=now)

    return _once(session, admin_id, form_key, "approve_correction", {"request_id": request_id}, now, act)


def reject(session: Session, *, admin_id: int, request_id: int, now: datetime) -> None:
    """Turn a request down; whoever asked may take it back. Raises UnknownError, AlreadyDecidedError."""
    check_admin(session, admin_id=admin_id)
    request = _open_request(session, request_id)
    if request.requested_by_id == admin_id:
        session.connection().execute(sa.delete(_requests).where(_requests.c.id == request_id))
    else:
        _decide(session, request_id, RequestState.REJECTED, admin_id, now)


def limit_cents() -> int:
    """Give the amount above which a correction needs a second admin."""
    return int(settings().second_admin_above * 100)


def _preview(session: Session, admin_id: int, asked: _Asked, business_on: date) -> CorrectionPreview:
    check_admin(session, admin_id=admin_id)
    payment, loan = _payment_and_loan(session, asked.payment_id, for_update=False)
    plan = _plan(session, asked, payment, loan, business_on)
    return preview_of(
        session,
        plan,
        payment_id=asked.payment_id,
        moved_to_on=asked.paid_on,
        needs_second_admin=payment.amount_cents > limit_cents(),
        business_on=business_on,
    )


def _ask_or_do(
    session: Session, admin_id: int, asked: _Asked, *, form_key: str, business_on: date, now: datetime
) -> CorrectionOutcome:
    check_admin(session, admin_id=admin_id)

    def act() -> dict[str, Any]:
        payment, loan = _payment_and_loan(session, asked.payment_id, for_update=True)
        if payment.amount_cents <= limit_cents():
            return _carry_out(session, admin_id, asked, business_on=business_on, now=now)
        _plan(session, asked, payment, loan, business_on)
        waiting = sa.and_(
            _requests.c.payment_id == asked.payment_id, _requests.c.state == RequestState.PENDING
        )
        connection = session.connection()
        if connection.execute(sa.select(_requests.c.id).where(waiting)).first() is not None:
            raise AlreadyAskedError
        request = CorrectionRequest(
            kind=asked.kind,
            loan_id=loan.id,
            payment_id=asked.payment_id,
            paid_on=asked.paid_on,
            amount_cents=payment.amount_cents,
            reason=asked.reason,
            requested_by_id=admin_id,
            requested_on=business_on,
            requested_at=now,
        )
        session.add(request)
        session.flush()
        return {"loan_id": loan.id, "event_id": None, "request_id": request.id, "advanced_cents": 0}

    body = {"payment_id": asked.payment_id, "paid_on": asked.paid_on, "reason": asked.reason}
    return _once(session, admin_id, form_key, asked.kind.value, body, now, act)


def _carry_out(
    session: Session, admin_id: int, asked: _Asked, *, business_on: date, now: datetime
) -> dict[str, Any]:
    """Write the correction on the loan, locked."""
    payment, loan = _payment_and_loan(session, asked.payment_id, for_update=True)
    plan = _plan(session, asked, payment, loan, business_on)
    amount, paid_on = formats.money(payment.amount_cents), formats.long_date(payment.paid_on)
    if asked.paid_on is None:
        memo = f"Payment of {amount} of {paid_on} reversed"
    else:
        memo = f"Payment of {amount} of {paid_on} dated back to {formats.long_date(asked.paid_on)}"
    posted = correction_posting.post(
        session,
        plan,
        cause=LoanEvent(
            kind=LoanEventKind.CORRECTED,
            effective_on=business_on,
            payment_id=asked.payment_id,
            amount_cents=payment.amount_cents,
        ),
        memo=memo,
        reason=asked.reason,
        details={
            "kind": asked.kind.value,
            "paid_on": payment.paid_on.isoformat(),
            "moved_to_on": asked.paid_on.isoformat() if asked.paid_on else None,
            "state_before": plan.old.loan.state.value,
            "state_after": plan.new.loan.state.value,
        },
        admin_id=admin_id,
        business_on=business_on,
        now=now,
    )
    return {
        "loan_id": loan.id,
        "event_id": posted.event_id,
        "request_id": None,
        "advanced_cents": posted.advanced_cents,
    }


def _plan(
    session: Session, asked: _Asked, payment: Any, loan: LoanPosition, business_on: date
) -> CorrectionPlan:
    """Find the payment in the log and work out the loan's life without it, or with it on another day."""
    query = (
        sa.select(_events.c.id, _events.c.effective_on, _events.c.amount_cents, _events.c.choice)
        .outerjoin(_voids, _voids.c.event_id == _events.c.id)
        .where(
            _events.c.payment_id == asked.payment_id,
            _events.c.kind == LoanEventKind.PAID,
            _voids.c.event_id.is_(None),
        )
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


def _open_request(session: Session, request_id: int) -> Any:
    query = sa.select(_requests).where(_requests.c.id == request_id).with_for_update()
    request = session.connection().execute(query).first()
    if request is None:
        raise UnknownError("request")
    if request.state is not RequestState.PENDING:
        raise AlreadyDecidedError
    return request


def _decide(session: Session, request_id: int, state: RequestState, admin_id: int, now: datetime) -> None:
    session.connection().execute(
        sa.update(_requests)
        .where(_requests.c.id == request_id)
        .values(state=state, decided_by_id=admin_id, decided_at=now)
    )


def _reason(text: object) -> str:
    return parsing.clean_line(text, field="reason", minimum_length=3, maximum_length=300, name="The reason")


def _once(
    session: Session,
    admin_id: int,
    form_key: str,
    action: str,
    body: dict[str, Any],
    now: datetime,
    act: Callable[[], dict[str, Any]],
) -> CorrectionOutcome:
    return CorrectionOutcome(
        **idempotency.once(
            session, member_id=admin_id, key=form_key, action=action, body=body, now=now, act=act
        )
    )

"""Owns what waits for a second admin: asked for by one, listed for all, settled once; `approvals` acts on it.

Above the limit nothing is done that gives money back or writes it off until another admin approves it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.vocabulary import ApprovalKind, RequestState
from p2p_reflex.models import ApprovalRequest, Loan, Member, table_of
from p2p_reflex.services.loans.loan_positions import LARGEST_ID
from p2p_reflex.services.notices import approval_notices
from p2p_reflex.services.people.authority import check_admin
from p2p_reflex.services.touched import REQUESTS, loan_topic, touch
from p2p_reflex.settings import settings

DAYS_TO_DECIDE = 14

_loans = table_of(Loan)
_members = table_of(Member)
_requests = table_of(ApprovalRequest)


class SecondAdminError(LendingError):
    """The admin who asked cannot approve."""

    def __init__(self) -> None:
        super().__init__("You asked for this yourself, so another admin has to approve it.")


class AlreadyAskedError(LendingError):
    """The same thing waits for a second admin already."""

    def __init__(self) -> None:
        super().__init__("This already waits for a second admin.")


class AlreadyDecidedError(LendingError):
    """A request was approved, rejected or withdrawn before."""

    def __init__(self) -> None:
        super().__init__("This request was already decided.")


class RequestExpiredError(LendingError):
    """Nobody decided on a request in time."""

    def __init__(self) -> None:
        super().__init__(f"This request is over {DAYS_TO_DECIDE} days old. It has to be asked for anew.")


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """Something that waits for a second admin."""

    request_id: int
    kind: ApprovalKind
    loan_id: int
    loan_title: str
    asked: Mapping[str, Any]
    amount_cents: int
    reason: str
    requested_by: str
    requested_on: date
    decide_until_on: date
    may_approve: bool


def limit_cents() -> int:
    """Give the amount above which a second admin is needed."""
    return int(settings().second_admin_above * 100)


def needs_second_admin(amount_cents: int) -> bool:
    """Tell whether one admin alone may not do it."""
    return amount_cents > limit_cents()


def ask(
    session: Session,
    *,
    kind: ApprovalKind,
    loan_id: int,
    subject: str,
    asked: Mapping[str, Any],
    amount_cents: int,
    shown: str,
    reason: str,
    admin_id: int,
    business_on: date,
    now: datetime,
) -> int:
    """Let something wait for a second admin, its loan locked, and tell the others. Raises AlreadyAskedError.

    `shown` is the fingerprint of the figures that the admin saw. Of each subject one request waits at a time.
    """
    connection = session.connection()
    waiting = sa.and_(_requests.c.subject == subject, _requests.c.state == RequestState.PENDING)
    connection.execute(
        sa.update(_requests)
        .where(waiting, _requests.c.requested_on < _oldest_on(business_on))
        .values(state=RequestState.EXPIRED)
    )
    if connection.execute(sa.select(_requests.c.id).where(waiting)).first() is not None:
        raise AlreadyAskedError
    request = ApprovalRequest(
        kind=kind,
        loan_id=loan_id,
        subject=subject,
        asked=dict(asked),
        amount_cents=amount_cents,
        shown=shown,
        reason=reason,
        requested_by_id=admin_id,
        requested_on=business_on,
        requested_at=now,
    )
    session.add(request)
    session.flush()
    approval_notices.tell_waiting(session, request=request, business_on=business_on, now=now)
    touch(session, loan_topic(loan_id), REQUESTS)
    return request.id


def pending(
    session: Session, *, admin_id: int, business_on: date, loan_id: int | None = None
) -> tuple[PendingRequest, ...]:
    """List what waits for a second admin, the oldest first, of one loan or of all. Raises UnknownError."""
    check_admin(session, admin_id=admin_id)
    query = (
        sa.select(_requests, _loans.c.title, _members.c.full_name)
        .join(_loans, _loans.c.id == _requests.c.loan_id)
        .join(_members, _members.c.id == _requests.c.requested_by_id)
        .where(_requests.c.state == RequestState.PENDING)
        .where(_requests.c.requested_on >= _oldest_on(business_on))
        .order_by(_requests.c.id)
    )
    if loan_id is not None:
        query = query.where(_requests.c.loan_id == loan_id)
    return tuple(
        PendingRequest(
            request_id=row.id,
            kind=row.kind,
            loan_id=row.loan_id,
            loan_title=row.title,
            asked=row.asked,
            amount_cents=row.amount_cents,
            reason=row.reason,
            requested_by=row.full_name,
            requested_on=row.requested_on,
            decide_until_on=row.requested_on + timedelta(days=DAYS_TO_DECIDE),
            may_approve=row.requested_by_id != admin_id,
        )
        for row in session.connection().execute(query)
    )


def claim(session: Session, *, request_id: int, business_on: date, for_update: bool = True) -> Any:
    """Give a request that waits; to act on it, its loan is locked first, then the request itself.

    Raises UnknownError, AlreadyDecidedError, RequestExpiredError.
    """
    if not isinstance(request_id, int) or not 0 < request_id <= LARGEST_ID:
        raise UnknownError("request")
    connection = session.connection()
    query = sa.select(_requests).where(_requests.c.id == request_id)
    request = connection.execute(query).first()
    if request is None:
        raise UnknownError("request")
    if for_update:
        mine = sa.select(_loans.c.id).where(_loans.c.id == request.loan_id)
        connection.execute(mine.with_for_update())
        request = connection.execute(query.with_for_update()).one()
    if request.state is not RequestState.PENDING:
        raise AlreadyDecidedError
    if request.requested_on < _oldest_on(business_on):
        raise RequestExpiredError
    return request


def settle(
    session: Session, *, request: Any, state: RequestState, admin_id: int, business_on: date, now: datetime
) -> None:
    """Write down how a request ended, and tell whoever asked; nobody decides on what they withdraw."""
    is_own = state is RequestState.WITHDRAWN
    session.connection().execute(
        sa.update(_requests)
        .where(_requests.c.id == request.id)
        .values(state=state, decided_by_id=None if is_own else admin_id, decided_at=now)
    )
    if not is_own:
        approval_notices.tell_decided(
            session, request=request, admin_id=admin_id, state=state, business_on=business_on, now=now
        )
    touch(session, loan_topic(request.loan_id), REQUESTS)


def reject(session: Session, *, admin_id: int, request_id: int, business_on: date, now: datetime) -> None:
    """Turn a request down; whoever asked withdraws it.

    Raises UnknownError, AlreadyDecidedError, RequestExpiredError.
    """
    check_admin(session, admin_id=admin_id)
    request = claim(session, request_id=request_id, business_on=business_on)
    is_own = request.requested_by_id == admin_id
    state = RequestState.WITHDRAWN if is_own else RequestState.REJECTED
    settle(session, request=request, state=state, admin_id=admin_id, business_on=business_on, now=now)


def _oldest_on(business_on: date) -> date:
    return business_on - timedelta(days=DAYS_TO_DECIDE)

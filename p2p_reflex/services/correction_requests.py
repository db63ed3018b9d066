"""Owns the list of corrections that wait for a second admin."""

from dataclasses import dataclass
from datetime import date
from typing import cast

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.vocabulary import CorrectionKind, RequestState
from p2p_reflex.models import CorrectionRequest, Loan, Member
from p2p_reflex.services.authority import check_admin

_loans = cast(sa.Table, Loan.__table__)  # type: ignore[attr-defined]
_members = cast(sa.Table, Member.__table__)  # type: ignore[attr-defined]
_requests = cast(sa.Table, CorrectionRequest.__table__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class PendingCorrection:
    """A correction that waits for a second admin."""

    request_id: int
    kind: CorrectionKind
    loan_id: int
    loan_title: str
    payment_id: int
    paid_on: date | None
    amount_cents: int
    reason: str
    requested_by_id: int
    requested_by: str
    requested_on: date
    may_approve: bool


def pending(session: Session, *, admin_id: int) -> tuple[PendingCorrection, ...]:
    """List what waits for a second admin, the oldest first. Raises UnknownError."""
    check_admin(session, admin_id=admin_id)
    rows = session.connection().execute(
        sa.select(_requests, _loans.c.title, _members.c.full_name)
        .join(_loans, _loans.c.id == _requests.c.loan_id)
        .join(_members, _members.c.id == _requests.c.requested_by_id)
        .where(_requests.c.state == RequestState.PENDING)
        .order_by(_requests.c.id)
    )
    return tuple(
        PendingCorrection(
            request_id=row.id,
            kind=row.kind,
            loan_id=row.loan_id,
            loan_title=row.title,
            payment_id=row.payment_id,
            paid_on=row.paid_on,
            amount_cents=row.amount_cents,
            reason=row.reason,
            requested_by_id=row.requested_by_id,
            requested_by=row.full_name,
            requested_on=row.requested_on,
            may_approve=row.requested_by_id != admin_id,
        )
        for row in rows
    )

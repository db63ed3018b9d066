"""Owns which admins are told that something waits for a second one, and what became of it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.domain.vocabulary import ApprovalKind, RequestState, Role
from p2p_reflex.models import ApprovalRequest, Loan, Member, table_of
from p2p_reflex.services.notices import notices
from p2p_reflex.services.notices.notices import Fact

_loans = table_of(Loan)
_members = table_of(Member)


def tell_waiting(session: Session, *, request: ApprovalRequest, business_on: date, now: datetime) -> None:
    """Tell the other admins that something waits for one of them."""
    facts = {**_about(session, request), "by": _name(session, request.requested_by_id)}
    admins = session.execute(sa.select(_members.c.id).where(_members.c.role == Role.ADMIN)).scalars()
    told = [
        Fact(each, NoticeEvent.APPROVAL_WAITS, facts) for each in admins if each != request.requested_by_id
    ]
    notices.tell(session, told, business_on=business_on, now=now)


def tell_decided(
    session: Session, *, request: Any, admin_id: int, state: RequestState, business_on: date, now: datetime
) -> None:
    """Tell the admin who asked how another decided."""
    facts = {
        **_about(session, request),
        "by": _name(session, admin_id),
        "is_approved": int(state is RequestState.APPROVED),
    }
    told = [Fact(request.requested_by_id, NoticeEvent.APPROVAL_DECIDED, facts)]
    notices.tell(session, told, business_on=business_on, now=now)


def _about(session: Session, request: Any) -> dict[str, str | int]:
    """Name what was asked for; help by its own kind."""
    loan_id, asked = request.loan_id, cast(Mapping[str, Any], request.asked)
    title = session.execute(sa.select(_loans.c.title).where(_loans.c.id == loan_id)).scalar_one()
    what = str(asked["kind"]) if request.kind is ApprovalKind.HELP else request.kind.value
    return {"loan_id": loan_id, "title": title, "what": what, "cents": request.amount_cents}


def _name(session: Session, member_id: int) -> str:
    return str(session.get_one(Member, member_id).full_name)

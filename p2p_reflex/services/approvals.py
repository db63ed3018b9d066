"""Owns the second admin's decision: sees what was asked for as it would be now, and lets it be done.

Nobody approves what they asked for themselves. What would do something else than was shown to the admin who
asked is refused with a sentence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from p2p_reflex.domain.vocabulary import ApprovalKind, RequestState
from p2p_reflex.services import approval_requests, corrections, hardship, idempotency, receivables
from p2p_reflex.services.approval_requests import DeskOutcome, SecondAdminError
from p2p_reflex.services.authority import check_admin
from p2p_reflex.services.correction_previews import CorrectionPreview
from p2p_reflex.services.help_previews import HelpPreview
from p2p_reflex.services.receivables import WriteOffPreview

Preview = CorrectionPreview | HelpPreview | WriteOffPreview

_PREVIEWS: dict[ApprovalKind, Callable[..., Preview]] = {
    ApprovalKind.REVERSAL: corrections.preview_request,
    ApprovalKind.BACKDATING: corrections.preview_request,
    ApprovalKind.HELP: hardship.preview_request,
    ApprovalKind.WRITE_OFF: receivables.preview_request,
}
_ACTS: dict[ApprovalKind, Callable[..., dict[str, Any]]] = {
    ApprovalKind.REVERSAL: corrections.carry_out_request,
    ApprovalKind.BACKDATING: corrections.carry_out_request,
    ApprovalKind.HELP: hardship.carry_out_request,
    ApprovalKind.WRITE_OFF: receivables.carry_out_request,
}


@dataclass(frozen=True, slots=True)
class RequestPreview:
    """What a request would change now; outdated where that is not what was shown to the admin who asked."""

    preview: Preview
    reason: str
    is_outdated: bool


def preview(session: Session, *, admin_id: int, request_id: int, business_on: date) -> RequestPreview:
    """Show a second admin what a request would change.

    Raises UnknownError, AlreadyDecidedError, RequestExpiredError, or what its own service refuses it with.
    """
    check_admin(session, admin_id=admin_id)
    request = approval_requests.claim(
        session, request_id=request_id, business_on=business_on, for_update=False
    )
    told = _PREVIEWS[request.kind](session, request=request, business_on=business_on)
    return RequestPreview(told, request.reason, request.shown != told.shown)


def approve(
    session: Session, *, admin_id: int, request_id: int, form_key: str, business_on: date, now: datetime
) -> DeskOutcome:
    """Carry out what another admin asked for, as it was shown to them.

    Raises UnknownError, SecondAdminError, AlreadyDecidedError, RequestExpiredError, OutdatedRequestError, or
    what its own service refuses it with.
    """
    check_admin(session, admin_id=admin_id)

    def act() -> dict[str, Any]:
        request = approval_requests.claim(session, request_id=request_id, business_on=business_on)
        if request.requested_by_id == admin_id:
            raise SecondAdminError
        moment: dict[str, Any] = {"admin_id": admin_id, "business_on": business_on, "now": now}
        approval_requests.settle(session, request=request, state=RequestState.APPROVED, **moment)
        return _ACTS[request.kind](session, request=request, **moment)

    body = {"request_id": request_id}
    return DeskOutcome(
        **idempotency.once(
            session, member_id=admin_id, key=form_key, action="approve", body=body, now=now, act=act
        )
    )

"""Owns the second admin's decision: sees what was asked for as it would be now, and lets it be done.

Nobody approves what they asked for themselves. What would do something else than was shown to the admin who
asked is refused with a sentence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import ApprovalKind, RequestState
from p2p_reflex.services.corrections import corrections, write_offs
from p2p_reflex.services.corrections.correction_previews import CorrectionPreview
from p2p_reflex.services.corrections.write_offs import WriteOffPreview
from p2p_reflex.services.desk import approval_requests, desk_work
from p2p_reflex.services.desk.approval_requests import SecondAdminError
from p2p_reflex.services.desk.desk_work import DeskOutcome, Hand, Work
from p2p_reflex.services.hardship import hardship
from p2p_reflex.services.hardship.help_previews import HelpPreview
from p2p_reflex.services.people.authority import check_admin

Preview = CorrectionPreview | HelpPreview | WriteOffPreview

_WORKS: dict[ApprovalKind, Callable[..., Work[Preview]]] = {
    ApprovalKind.REVERSAL: corrections.asked_work,
    ApprovalKind.BACKDATING: corrections.asked_work,
    ApprovalKind.HELP: hardship.asked_work,
    ApprovalKind.WRITE_OFF: write_offs.asked_work,
}
"""How what a request asks for is worked out anew; under a lock where it is written."""


class OutdatedRequestError(LendingError):
    """What would be done now is not what the first admin saw."""

    def __init__(self) -> None:
        super().__init__(
            "The loan has changed since this was asked for, so it would do something else than was shown."
            " Reject it and ask anew; nothing was changed."
        )


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
    told = _WORKS[request.kind](session, request=request, business_on=business_on).preview
    return RequestPreview(told, request.reason, request.shown != told.fingerprint)


def approve(
    session: Session, *, admin_id: int, request_id: int, form_key: str, business_on: date, now: datetime
) -> DeskOutcome:
    """Carry out what another admin asked for, as it was shown to them, and nothing else.

    Raises UnknownError, SecondAdminError, AlreadyDecidedError, RequestExpiredError, OutdatedRequestError, or
    what its own service refuses it with.
    """
    check_admin(session, admin_id=admin_id)
    moment: dict[str, Any] = {"business_on": business_on, "now": now}
    hand = Hand(admin_id, **moment)

    def act() -> dict[str, Any]:
        request = approval_requests.claim(session, request_id=request_id, business_on=business_on)
        if request.requested_by_id == admin_id:
            raise SecondAdminError
        work = _WORKS[request.kind](session, request=request, business_on=business_on, for_update=True)
        if work.preview.fingerprint != request.shown:
            raise OutdatedRequestError
        approval_requests.settle(
            session, request=request, state=RequestState.APPROVED, admin_id=admin_id, **moment
        )
        return work.write(request.reason, hand)

    body = {"request_id": request_id}
    return desk_work.once(session, hand, act, action="approve", body=body, form_key=form_key)

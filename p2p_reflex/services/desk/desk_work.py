"""Owns how an admin's act on a loan is done: worked out under a lock, compared with what was seen, written.

Above the limit it is asked for instead, and `approvals` writes it once another admin approves. What works so
(payments put right, help in hardship, advances written off) describes itself as a `Work`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlmodel import Session

from p2p_reflex.domain import formats, parsing
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import ApprovalKind
from p2p_reflex.services import idempotency
from p2p_reflex.services.desk import approval_requests
from p2p_reflex.services.people.authority import check_admin


class ChangedSinceError(LendingError):
    """What would be done now is not what the admin saw."""

    def __init__(self) -> None:
        super().__init__(
            "This would do something else than you saw, because the loan has changed since. Look again;"
            " nothing was changed."
        )


class Shown(Protocol):
    """What an admin sees before an act."""

    @property
    def fingerprint(self) -> str:
        """Name the figures."""


V_co = TypeVar("V_co", bound=Shown, covariant=True)


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose hand acts, on which business date, at which moment."""

    admin_id: int
    business_on: date
    now: datetime


@dataclass(frozen=True, slots=True)
class Work(Generic[V_co]):
    """An act worked out on the books as they are now: what is asked, what is at stake, how it is written.

    `subject` names what it changes, of which one request waits at a time. `write` gets the reason and the
    hand that acts, and returns the fields of a `DeskOutcome`.
    """

    kind: ApprovalKind
    loan_id: int
    subject: str
    asked: Mapping[str, Any]
    amount_cents: int
    preview: V_co
    write: Callable[[str, Hand], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class DeskOutcome:
    """What became of something an admin did: done, or waiting for a second admin, with its request."""

    loan_id: int
    event_id: int | None = None
    request_id: int | None = None
    outstanding_cents: int = 0
    installment_cents: int = 0
    advanced_cents: int = 0
    written_off_cents: int = 0

    @property
    def is_done(self) -> bool:
        """Tell whether it was carried out."""
        return self.request_id is None

    @property
    def sentence(self) -> str:
        """Tell the admin what happened."""
        if not self.is_done:
            return "A second admin has to approve this. Nothing has changed yet."
        if self.event_id is None:
            return f"{formats.money(self.written_off_cents)} was written off as the platform's cost."
        owed, installment = formats.money(self.outstanding_cents), formats.money(self.installment_cents)
        said = f"{owed} of principal is owed, the installment is {installment}."
        if self.advanced_cents:
            said += f" The platform advanced {formats.money(self.advanced_cents)}."
        return said


def do_or_ask(
    session: Session,
    hand: Hand,
    work_out: Callable[[], Work[Shown]],
    *,
    action: str,
    body: Mapping[str, Any],
    reason: object,
    seen: str,
    form_key: str,
) -> DeskOutcome:
    """Do what is worked out, or above the limit ask a second admin for it; a form sent twice acts once.

    `seen` is the fingerprint of the preview that the admin saw, if they saw one.
    Raises FieldError, UnknownError, AlreadyAskedError, ChangedSinceError, or what `work_out` refuses it with.
    """
    check_admin(session, admin_id=hand.admin_id)
    words = parsing.clean_line(
        reason, field="reason", minimum_length=3, maximum_length=300, name="The reason"
    )

    def act() -> dict[str, Any]:
        work = work_out()
        if seen and seen != work.preview.fingerprint:
            raise ChangedSinceError
        if not approval_requests.needs_second_admin(work.amount_cents):
            return work.write(words, hand)
        request_id = approval_requests.ask(
            session,
            kind=work.kind,
            loan_id=work.loan_id,
            subject=work.subject,
            asked=work.asked,
            amount_cents=work.amount_cents,
            shown=work.preview.fingerprint,
            reason=words,
            admin_id=hand.admin_id,
            business_on=hand.business_on,
            now=hand.now,
        )
        return {"loan_id": work.loan_id, "request_id": request_id}

    return once(session, hand, act, action=action, body={**body, "reason": words}, form_key=form_key)


def once(
    session: Session,
    hand: Hand,
    act: Callable[[], dict[str, Any]],
    *,
    action: str,
    body: Mapping[str, Any],
    form_key: str,
) -> DeskOutcome:
    """Act once for a form's key, and tell what became of it."""
    return DeskOutcome(
        **idempotency.once(
            session, member_id=hand.admin_id, key=form_key, action=action, body=body, now=hand.now, act=act
        )
    )

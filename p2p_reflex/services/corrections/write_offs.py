"""Owns giving up what the platform advanced: an admin writes it off, and it becomes the platform's cost."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import AccountKind, ApprovalKind, TransactionKind
from p2p_reflex.models import Loan, table_of
from p2p_reflex.services.corrections import receivables
from p2p_reflex.services.desk import desk_work
from p2p_reflex.services.desk.approval_requests import needs_second_admin
from p2p_reflex.services.desk.desk_work import DeskOutcome, Hand, Work
from p2p_reflex.services.desk.fingerprints import fingerprint_of
from p2p_reflex.services.desk.loan_figures import holder_names
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.ledger import InsufficientFundsError, Leg, Movement
from p2p_reflex.services.people.authority import check_admin
from p2p_reflex.services.touched import loan_topic, touch

MOST_OF_A_REASON = 150

_loans = table_of(Loan)


class IncomeTooLowError(LendingError):
    """The platform has not earned what writing off would cost."""

    def __init__(self, cents: int) -> None:
        super().__init__(
            f"What the platform has earned does not cover {formats.money(cents)}. Nothing was written off."
        )


@dataclass(frozen=True, slots=True)
class WriteOffPreview:
    """What giving up a receivable costs the platform; nothing is changed yet."""

    receivable_id: int
    loan_id: int
    owed_by: str
    left_cents: int
    needs_second_admin: bool

    @property
    def fingerprint(self) -> str:
        """Name the figures."""
        return fingerprint_of([self.receivable_id, self.left_cents])


def preview(session: Session, *, admin_id: int, receivable_id: int) -> WriteOffPreview:
    """Show what giving up a receivable costs. Raises UnknownError, AlreadyClosedError."""
    check_admin(session, admin_id=admin_id)
    return _work(session, receivable_id).preview


def write_off(
    session: Session,
    *,
    admin_id: int,
    receivable_id: int,
    reason: object,
    seen: str = "",
    form_key: str,
    business_on: date,
    now: datetime,
) -> DeskOutcome:
    """Give up collecting a receivable: the rest becomes the platform's cost.

    `seen` is the fingerprint of the preview that the admin saw. Above the limit it asks a second admin.
    Raises FieldError, UnknownError, AlreadyClosedError, AlreadyAskedError, ChangedSinceError,
    IncomeTooLowError.
    """
    return desk_work.do_or_ask(
        session,
        Hand(admin_id, business_on, now),
        lambda: _work(session, receivable_id, for_update=True),
        action="write_off",
        body={"receivable_id": receivable_id},
        reason=reason,
        seen=seen,
        form_key=form_key,
    )


def asked_work(
    session: Session, *, request: Any, business_on: date, for_update: bool = False
) -> Work[WriteOffPreview]:
    """Work out what a request asks for. Raises AlreadyClosedError."""
    return _work(session, request.asked["receivable_id"], for_update=for_update)


def _work(session: Session, receivable_id: int, *, for_update: bool = False) -> Work[WriteOffPreview]:
    """Work out what giving up costs now; to write it the loan is locked first, as everywhere."""
    row = receivables.open_row(session, receivable_id=receivable_id)
    if for_update:
        mine = sa.select(_loans.c.id).where(_loans.c.id == row.loan_id)
        session.connection().execute(mine.with_for_update())
        row = receivables.open_row(session, receivable_id=receivable_id, for_update=True)
    told = WriteOffPreview(
        receivable_id=row.id,
        loan_id=row.loan_id,
        owed_by=holder_names(session, [row.member_id])[row.member_id],
        left_cents=row.left_cents,
        needs_second_admin=needs_second_admin(row.left_cents),
    )
    return Work(
        kind=ApprovalKind.WRITE_OFF,
        loan_id=row.loan_id,
        subject=f"receivable {row.id}",
        asked={"receivable_id": row.id},
        amount_cents=row.left_cents,
        preview=told,
        write=lambda reason, hand: _write(session, row, reason, hand),
    )


def _write(session: Session, row: Any, reason: str, hand: Hand) -> dict[str, Any]:
    """Close a receivable, which is locked, at the platform's cost."""
    house = ledger.house_accounts(session)
    movement = Movement(
        kind=TransactionKind.WRITE_OFF,
        memo=f"Written off: {reason[:MOST_OF_A_REASON]}",
        legs=(
            Leg(house[AccountKind.FEE_INCOME], -row.left_cents),
            Leg(house[AccountKind.RECEIVABLE], row.left_cents),
        ),
        loan_id=row.loan_id,
        actor_id=hand.admin_id,
    )
    try:
        ledger.post(session, [movement], business_on=hand.business_on, recorded_at=hand.now)
    except InsufficientFundsError as short:
        raise IncomeTooLowError(row.left_cents) from short
    receivables.note_written_off(session, row, business_on=hand.business_on)
    touch(session, loan_topic(row.loan_id))
    return {"loan_id": row.loan_id, "written_off_cents": row.left_cents}

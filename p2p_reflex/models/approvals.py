"""Owns the table of what one admin asked for and a second one has to approve."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from p2p_reflex.domain.vocabulary import ApprovalKind, RequestState
from p2p_reflex.models.columns import cents, key, link, moment, word


class ApprovalRequest(SQLModel, table=True):
    """Something above the limit that an admin asked for on a loan.

    `subject` names what it would change, so that only one request of it waits at a time; `asked` is what was
    asked for; `shown` is the digest of the figures that were shown, and nothing else is ever carried out.
    """

    __tablename__ = "approval_request"
    __table_args__ = (
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> requested_by_id", name="two_admins"),
        CheckConstraint(
            "(state IN ('approved', 'rejected')) = (decided_by_id IS NOT NULL)", name="decided_by_somebody"
        ),
        sa.Index(
            "uq_approval_request_pending_subject",
            "subject",
            unique=True,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        ),
    )

    id: int = key()
    kind: ApprovalKind = word(ApprovalKind)
    loan_id: int = link("loan.id")
    subject: str = Field(max_length=60)
    asked: dict[str, Any] = Field(sa_column=sa.Column(sa.JSON(), nullable=False))
    amount_cents: int = cents()
    shown: str = Field(max_length=64)
    reason: str = Field(max_length=300)
    state: RequestState = word(RequestState, default=RequestState.PENDING)
    requested_by_id: int = link("member.id", index=False)
    requested_on: date
    requested_at: datetime = moment()
    decided_by_id: int | None = link("member.id", nullable=True, index=False)
    decided_at: datetime | None = moment(nullable=True)

"""Owns the table of money in and out that waits for an admin."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from p2p_reflex.domain.vocabulary import MoneyRequestKind, MoneyRequestState
from p2p_reflex.models.columns import cents, key, link, moment, word

_WAITING = sa.text("state = 'waiting'")


class MoneyRequest(SQLModel, table=True):
    """A deposit or withdrawal that an admin confirms; a withdrawal that waits is held in the ledger.

    A large withdrawal is confirmed first by one admin, then by another.
    """

    __tablename__ = "money_request"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided_once"),
        CheckConstraint("(state = 'waiting') = (decided_by_id IS NULL)", name="decided_by_somebody"),
        CheckConstraint("(state = 'confirmed') = (transaction_id IS NOT NULL)", name="confirmed_is_posted"),
        CheckConstraint("(state = 'refused') = (reason <> '')", name="refused_for_a_reason"),
        CheckConstraint(
            "(state = 'cancelled') = (decided_by_id = member_id)", name="cancelled_by_its_member"
        ),
        CheckConstraint(
            "state <> 'confirmed' OR first_confirmed_by_id IS NULL OR first_confirmed_by_id <> decided_by_id",
            name="two_admins",
        ),
        CheckConstraint(
            "(first_confirmed_by_id IS NULL) = (first_confirmed_at IS NULL)", name="first_confirmed_at_a_time"
        ),
        Index("ix_money_request_member_id_id", "member_id", "id"),
        Index("ix_money_request_waiting", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    id: int = key()
    member_id: int = link("member.id", index=False)
    kind: MoneyRequestKind = word(MoneyRequestKind)
    amount_cents: int = cents()
    state: MoneyRequestState = word(MoneyRequestState, default=MoneyRequestState.WAITING)
    requested_on: date
    requested_at: datetime = moment()
    first_confirmed_by_id: int | None = link("member.id", nullable=True, index=False)
    first_confirmed_at: datetime | None = moment(nullable=True)
    decided_by_id: int | None = link("member.id", nullable=True, index=False)
    decided_at: datetime | None = moment(nullable=True)
    reason: str = Field(default="", max_length=200)
    transaction_id: int | None = link("journal_transaction.id", nullable=True, unique=True)

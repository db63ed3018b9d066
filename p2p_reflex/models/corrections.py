"""Owns the tables of mistakes put right: what waits for a second admin, what was advanced; and the fund."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from p2p_reflex.domain.vocabulary import CorrectionKind, RequestState
from p2p_reflex.models.columns import cents, key, link, moment, word


class CorrectionRequest(SQLModel, table=True):
    """A correction above the limit, which waits for a second admin."""

    __tablename__ = "correction_request"
    __table_args__ = (
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> requested_by_id", name="two_admins"),
        CheckConstraint("(state = 'pending') = (decided_by_id IS NULL)", name="decided_by_somebody"),
        sa.Index(
            "uq_correction_request_pending_payment",
            "payment_id",
            unique=True,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        ),
    )

    id: int = key()
    kind: CorrectionKind = word(CorrectionKind)
    loan_id: int = link("loan.id")
    payment_id: int = link("payment.id", index=False)
    paid_on: date | None = None
    amount_cents: int = cents()
    reason: str = Field(max_length=300)
    state: RequestState = word(RequestState, default=RequestState.PENDING)
    requested_by_id: int = link("member.id", index=False)
    requested_on: date
    requested_at: datetime = moment()
    decided_by_id: int | None = link("member.id", nullable=True, index=False)
    decided_at: datetime | None = moment(nullable=True)


class Receivable(SQLModel, table=True):
    """What the platform advanced for somebody whose money had moved on; without a member, for the fund."""

    __tablename__ = "receivable"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        CheckConstraint(
            "collected_cents >= 0 AND written_off_cents >= 0"
            " AND collected_cents + written_off_cents <= amount_cents",
            name="closed_within_amount",
        ),
        CheckConstraint(
            "(closed_on IS NULL) = (collected_cents + written_off_cents < amount_cents)",
            name="closed_when_nothing_is_left",
        ),
        sa.Index(
            "ix_receivable_open",
            "member_id",
            sqlite_where=sa.text("closed_on IS NULL"),
            postgresql_where=sa.text("closed_on IS NULL"),
        ),
    )

    id: int = key()
    member_id: int | None = link("member.id", nullable=True, index=False)
    loan_id: int = link("loan.id")
    event_id: int = link("loan_event.id", index=False)
    amount_cents: int = cents()
    collected_cents: int = cents(default=0)
    written_off_cents: int = cents(default=0)
    opened_on: date
    closed_on: date | None = None


class ReserveFundDay(SQLModel, table=True):
    """The reserve fund at the close of a day, and what moved it on that day."""

    __tablename__ = "reserve_fund_day"

    business_on: date = Field(sa_column=sa.Column(sa.Date(), primary_key=True))
    balance_cents: int = cents()
    contributed_cents: int = cents()
    bought_cents: int = cents()
    returned_cents: int = cents()
    held_cents: int = cents()
    expected_loss_cents: int = cents()
    future_income_cents: int = cents()

"""Owns the tables of what the platform advanced after corrections, and of the reserve fund."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from p2p_reflex.models.columns import cents, key, link


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

"""Owns the tables of a loan's life: what happened to it, in an append-only log, and what no longer stands."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from p2p_reflex.domain.vocabulary import LadderStep, LoanEventKind, LoanStage
from p2p_reflex.models.columns import cents, key, link, moment, rate, word


class LoanLogEntry(SQLModel, table=True):
    """One event in the life of a loan; never changed, never removed, left out where a void names it.

    Events count in the order of `effective_on`, then of `place` where it is given, else of `id`.
    """

    __tablename__ = "loan_event"
    __table_args__ = (Index("ix_loan_event_kind_effective_on", "kind", "effective_on"),)

    id: int = key()
    loan_id: int = link("loan.id")
    kind: LoanEventKind = word(LoanEventKind)
    effective_on: date
    place: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger()))
    payment_id: int | None = link("payment.id", nullable=True)
    amount_cents: int = cents(default=0)
    choice: str | None = Field(default=None, max_length=32)
    number: int | None = None
    rate: Decimal | None = rate(nullable=True)
    months: int | None = None
    until_on: date | None = None
    details: dict[str, Any] | None = Field(default=None, sa_column=sa.Column(sa.JSON(none_as_null=True)))
    reason: str = Field(default="", max_length=300)
    actor_id: int | None = link("member.id", nullable=True, index=False)
    recorded_on: date
    recorded_at: datetime = moment()


class LoanLogVoid(SQLModel, table=True):
    """Says that an event no longer stands, since a correction; never changed, never removed."""

    __tablename__ = "loan_event_void"

    event_id: int = Field(
        sa_column=sa.Column(
            sa.BigInteger(), sa.ForeignKey("loan_event.id"), primary_key=True, autoincrement=False
        )
    )
    by_event_id: int = link("loan_event.id")


class LadderWindow(SQLModel, table=True):
    """The first and the last day on which a step of the ladder was taken."""

    __tablename__ = "ladder_window"

    step: LadderStep = Field(sa_column=sa.Column(sa.String(32), primary_key=True))
    first_on: date
    last_on: date


class DelinquencyRoll(SQLModel, table=True):
    """How many loans moved from one stage to another at the close of a day, and what they owed."""

    __tablename__ = "delinquency_roll"

    business_on: date = Field(sa_column=sa.Column(sa.Date(), primary_key=True))
    from_stage: LoanStage = Field(sa_column=sa.Column(sa.String(32), primary_key=True))
    to_stage: LoanStage = Field(sa_column=sa.Column(sa.String(32), primary_key=True))
    loan_count: int
    outstanding_cents: int = cents()

"""Owns the tables of business days: which steps ran, what was sealed, and what the day looked like."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from p2p_reflex.models.columns import cents, key, moment, word


class StepState(StrEnum):
    """What came of a step, or of a chunk of it: it was done, or it broke."""

    DONE = "done"
    FAILED = "failed"


class BusinessStep(SQLModel, table=True):
    """A step of a business day (chunk 0), or one chunk of its loans (from 1); who writes it did the work.

    `through_id` is the last loan of the chunk: whoever resumes goes on after it.
    """

    __tablename__ = "business_step"
    __table_args__ = (
        CheckConstraint("state <> 'failed' OR error <> ''", name="failed_for_a_reason"),
        Index("uq_business_step_business_on_step_chunk", "business_on", "step", "chunk", unique=True),
    )

    id: int = key()
    business_on: date
    step: str = Field(max_length=32)
    chunk: int = 0
    state: StepState = word(StepState)
    through_id: int = Field(default=0, sa_column=sa.Column(sa.BigInteger(), nullable=False))
    item_count: int = 0
    counts: dict[str, int] = Field(default_factory=dict, sa_column=sa.Column(sa.JSON, nullable=False))
    duration_ms: int = 0
    attempt_count: int = 1
    error: str = Field(default="", max_length=500)
    started_at: datetime = moment()
    ended_at: datetime = moment()


class SealedDay(SQLModel, table=True):
    """A business day whose journal is closed: the digest of its rows, chained to the day before.

    `fingerprints` has the id and the first bytes of the digest of every transaction, so that what was
    changed later can be named.
    """

    __tablename__ = "sealed_day"

    business_on: date = Field(primary_key=True)
    previous_digest: str = Field(max_length=64)
    digest: str = Field(max_length=64)
    transaction_count: int
    entry_count: int
    fingerprints: bytes = Field(sa_column=sa.Column(sa.LargeBinary(), nullable=False))
    sealed_at: datetime = moment()


class DailyFigures(SQLModel, table=True):
    """How the market stood when a business day closed, and what had moved on it."""

    __tablename__ = "daily_figures"

    business_on: date = Field(primary_key=True)
    open_listing_count: int
    asked_cents: int = cents()
    covered_cents: int = cents()
    person_bid_count: int
    bot_bid_count: int
    lent_count: int
    lent_cents: int = cents()
    payment_count: int
    principal_paid_cents: int = cents()
    interest_paid_cents: int = cents()
    late_fees_paid_cents: int = cents()
    servicing_fees_cents: int = cents()
    deposited_cents: int = cents()
    withdrawn_cents: int = cents()
    current_count: int
    current_cents: int = cents()
    grace_count: int
    grace_cents: int = cents()
    late_16_30_count: int
    late_16_30_cents: int = cents()
    late_31_120_count: int
    late_31_120_cents: int = cents()
    default_count: int
    default_cents: int = cents()
    charged_off_count: int
    charged_off_cents: int = cents()
    wallets_cents: int = cents()
    held_cents: int = cents()
    reserve_fund_cents: int = cents()
    income_cents: int = cents()

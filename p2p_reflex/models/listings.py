"""Owns the tables of listings, their drafts and the bids in their books."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from p2p_reflex.domain.vocabulary import BidState, Grade, ListingState, Purpose
from p2p_reflex.models.columns import cents, key, link, moment, rate, word


class ListingDraft(SQLModel, table=True):
    """What a borrower has typed into the new-listing form so far; one draft each, as text."""

    __tablename__ = "listing_draft"

    borrower_id: int = Field(
        sa_column=sa.Column(
            sa.BigInteger(), sa.ForeignKey("member.id"), primary_key=True, autoincrement=False
        )
    )
    form: dict[str, Any] = Field(default_factory=dict, sa_column=sa.Column(sa.JSON, nullable=False))
    saved_at: datetime = moment()


class Listing(SQLModel, table=True):
    """A request for money; the book's totals stand on it, guarded, so that the market is one query."""

    __tablename__ = "listing"
    __table_args__ = (
        CheckConstraint("amount_cents BETWEEN 100000 AND 10000000", name="amount_range"),
        CheckConstraint("amount_cents % 100 = 0", name="amount_whole_dollars"),
        CheckConstraint("term_months BETWEEN 12 AND 60", name="term_range"),
        CheckConstraint("covered_cents BETWEEN 0 AND amount_cents", name="never_overfunded"),
        CheckConstraint("offered_cents >= covered_cents", name="offered_covers"),
        CheckConstraint("highest_rate >= floor_rate", name="highest_over_floor"),
        CheckConstraint("smallest_share_percent BETWEEN 70 AND 100", name="smallest_share_range"),
        CheckConstraint("closes_on >= opens_on AND decide_until_on >= closes_on", name="window_order"),
        Index("ix_listing_state_closes_on", "state", "closes_on"),
        Index("ix_listing_state_grade", "state", "grade"),
    )

    id: int = key()
    borrower_id: int = link("member.id")
    assessment_id: int = link("assessment.id")
    state: ListingState = word(ListingState, default=ListingState.OPEN)
    title: str = Field(max_length=80)
    story: str = Field(max_length=2000)
    purpose: Purpose = word(Purpose)
    grade: Grade = word(Grade)
    amount_cents: int = cents()
    term_months: int
    highest_rate: Decimal = rate()
    floor_rate: Decimal = rate()
    expected_loss_rate: Decimal = rate()
    smallest_share_percent: int = 100
    accepts_automatically: bool = False
    opens_on: date
    closes_on: date
    decide_until_on: date
    covered_cents: int = cents(default=0)
    offered_cents: int = cents(default=0)
    average_rate: Decimal | None = rate(nullable=True)
    bid_count: int = 0
    version: int = 0
    published_at: datetime = moment()
    ended_on: date | None = None


class Bid(SQLModel, table=True):
    """An offer in a listing's book; `leading_cents` is what of it leads now, and what is held for it."""

    __tablename__ = "bid"
    __table_args__ = (
        CheckConstraint("amount_cents >= 2500 AND amount_cents % 100 = 0", name="amount_whole_dollars"),
        CheckConstraint("leading_cents BETWEEN 0 AND amount_cents", name="leads_at_most_its_amount"),
        CheckConstraint("rate BETWEEN 0 AND 1000000", name="rate_range"),
        CheckConstraint("accepted_cents BETWEEN 0 AND amount_cents", name="accepted_at_most_its_amount"),
        Index(
            "uq_bid_one_live_per_lender",
            "listing_id",
            "lender_id",
            unique=True,
            sqlite_where=sa.text("state = 'live'"),
            postgresql_where=sa.text("state = 'live'"),
        ),
        Index("ix_bid_placed_on", "placed_on"),
        Index("ix_bid_lender_id_state", "lender_id", "state"),
        Index("ix_bid_listing_id_state", "listing_id", "state"),
    )

    id: int = key()
    listing_id: int = link("listing.id", index=False)
    lender_id: int = link("member.id", index=False)
    is_bot: bool = False
    amount_cents: int = cents()
    rate: Decimal = rate()
    leading_cents: int = cents(default=0)
    accepted_cents: int = cents(default=0)
    state: BidState = word(BidState, default=BidState.LIVE)
    hold_id: int | None = link("hold.id", nullable=True, index=False)
    message: str = Field(default="", max_length=280)
    placed_on: date
    placed_at: datetime = moment()
    ended_on: date | None = None

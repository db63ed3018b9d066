"""Owns the tables of the bot lenders: how each is set, and what it decided and why."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from p2p_reflex.models.columns import cents, key, link, moment, rate, word


class Verdict(StrEnum):
    """What came of a bot's look at a listing: it bid, passed, was refused by a rule, or broke."""

    BID = "bid"
    PASS = "pass"  # noqa: S105 - no password
    REFUSED = "refused"
    ERROR = "error"


class Bot(SQLModel, table=True):
    """A bot lender: the member it is, whether it runs, its capital, and the parameters an admin changed."""

    __tablename__ = "bot"
    __table_args__ = (
        CheckConstraint("capital_cents >= 0", name="capital_not_negative"),
        CheckConstraint("is_running OR stopped_reason <> ''", name="stopped_for_a_reason"),
    )

    id: int = key()
    member_id: int = link("member.id", unique=True)
    key: str = Field(max_length=40, unique=True)
    name: str = Field(max_length=80)
    is_running: bool = True
    stopped_reason: str = Field(default="", max_length=300)
    capital_cents: int = cents()
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=sa.Column(sa.JSON, nullable=False))
    enrolled_on: date
    changed_at: datetime = moment()


class BotDecision(SQLModel, table=True):
    """What a bot decided about a listing, and why; a new row only where that is not what it said last."""

    __tablename__ = "bot_decision"
    __table_args__ = (
        CheckConstraint("verdict <> 'bid' OR bid_id IS NOT NULL", name="a_bid_is_a_bid"),
        Index("ix_bot_decision_bot_id_id", "bot_id", "id"),
        Index("ix_bot_decision_listing_id_bot_id_id", "listing_id", "bot_id", "id"),
    )

    id: int = key()
    bot_id: int = link("bot.id", index=False)
    listing_id: int | None = link("listing.id", nullable=True, index=False)
    bid_id: int | None = link("bid.id", nullable=True, index=False)
    business_on: date
    decided_at: datetime = moment()
    verdict: Verdict = word(Verdict)
    reason: str = Field(max_length=300)
    amount_cents: int | None = cents(nullable=True)
    rate: Decimal | None = rate(nullable=True)

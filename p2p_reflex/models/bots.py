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


class BotEventKind(StrEnum):
    """What happened to a bot; a fault stops it without anybody's doing."""

    ENROLLED = "enrolled"
    STARTED = "started"
    STOPPED = "stopped"
    FAULT = "fault"
    CAPITAL = "capital"
    PARAMETER = "parameter"
    RESET = "reset"


class Bot(SQLModel, table=True):
    """A bot lender: the member it is, whether it runs, its capital, and the parameters an admin changed.

    `forgotten_count` says how many refusals and errors there were among the decisions that are kept no more.
    """

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
    forgotten_count: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    enrolled_on: date
    changed_at: datetime = moment()


class BotDecision(SQLModel, table=True):
    """What a bot decided about a listing, and why; a new row only where that is not what it said last.

    Listings and bids are never removed, and a row is written under their locks, so that the database need
    not look both up for each of the thousands of rows of a round.
    """

    __tablename__ = "bot_decision"
    __table_args__ = (
        CheckConstraint("verdict <> 'bid' OR bid_id IS NOT NULL", name="a_bid_is_a_bid"),
        Index("ix_bot_decision_bot_id_id", "bot_id", "id"),
        Index("ix_bot_decision_listing_id_bot_id_id", "listing_id", "bot_id", "id"),
    )

    id: int = key()
    bot_id: int = link("bot.id", index=False)
    listing_id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger()))
    bid_id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger()))
    business_on: date
    decided_at: datetime = moment()
    verdict: Verdict = word(Verdict)
    reason: str = Field(max_length=300)
    amount_cents: int | None = cents(nullable=True)
    rate: Decimal | None = rate(nullable=True)


class BotEvent(SQLModel, table=True):
    """One thing that happened to a bot, from what to what, and by whom; never changed, never removed."""

    __tablename__ = "bot_event"
    __table_args__ = (Index("ix_bot_event_bot_id_id", "bot_id", "id"),)

    id: int = key()
    bot_id: int = link("bot.id", index=False)
    kind: BotEventKind = word(BotEventKind)
    field: str = Field(default="", max_length=40)
    before: str = Field(default="", max_length=40)
    after: str = Field(default="", max_length=40)
    reason: str = Field(default="", max_length=300)
    actor_id: int | None = link("member.id", nullable=True, index=False)
    business_on: date
    happened_at: datetime = moment()

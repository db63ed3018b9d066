"""Owns the tables of what people write to each other: in public on a listing, in private about a loan."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from p2p_reflex.models.columns import key, link, moment

_UNREAD = sa.text("read_at IS NULL")
_HIDDEN_FOR_A_REASON = "hidden_at IS NULL OR (hidden_reason <> '' AND hidden_by_id IS NOT NULL)"


class ListingMessage(SQLModel, table=True):
    """A lender's question on a listing, or the borrower's answer to one; everybody sees both."""

    __tablename__ = "listing_message"
    __table_args__ = (
        CheckConstraint(_HIDDEN_FOR_A_REASON, name="hidden_for_a_reason"),
        Index("ix_listing_message_listing_id_id", "listing_id", "id"),
        Index("ix_listing_message_author_id_listing_id_posted_on", "author_id", "listing_id", "posted_on"),
    )

    id: int = key()
    listing_id: int = link("listing.id", index=False)
    author_id: int = link("member.id", index=False)
    answers_id: int | None = link("listing_message.id", nullable=True, index=False)
    text: str = Field(max_length=1000)
    posted_on: date
    posted_at: datetime = moment()
    hidden_reason: str = Field(default="", max_length=200)
    hidden_at: datetime | None = moment(nullable=True)
    hidden_by_id: int | None = link("member.id", nullable=True, index=False)


class Letter(SQLModel, table=True):
    """A private letter between a loan's borrower and one of its lenders; these two make a thread."""

    __tablename__ = "letter"
    __table_args__ = (
        CheckConstraint("author_id <> recipient_id", name="not_to_oneself"),
        CheckConstraint(_HIDDEN_FOR_A_REASON, name="hidden_for_a_reason"),
        Index("ix_letter_loan_id_lender_id_id", "loan_id", "lender_id", "id"),
        Index("ix_letter_author_id_sent_on", "author_id", "sent_on"),
        Index("ix_letter_lender_id", "lender_id"),
        Index("ix_letter_unread", "recipient_id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
    )

    id: int = key()
    loan_id: int = link("loan.id", index=False)
    lender_id: int = link("member.id", index=False)
    author_id: int = link("member.id", index=False)
    recipient_id: int = link("member.id", index=False)
    text: str = Field(max_length=2000)
    sent_on: date
    sent_at: datetime = moment()
    read_at: datetime | None = moment(nullable=True)
    hidden_reason: str = Field(default="", max_length=200)
    hidden_at: datetime | None = moment(nullable=True)
    hidden_by_id: int | None = link("member.id", nullable=True, index=False)


class ModerationEntry(SQLModel, table=True):
    """An admin hid something that was written, or showed it again; never changed, never removed."""

    __tablename__ = "moderation_entry"
    __table_args__ = (
        CheckConstraint("(message_id IS NULL) <> (letter_id IS NULL)", name="about_one_thing"),
        CheckConstraint("reason <> ''", name="for_a_reason"),
    )

    id: int = key()
    message_id: int | None = link("listing_message.id", nullable=True)
    letter_id: int | None = link("letter.id", nullable=True)
    is_hidden: bool
    reason: str = Field(max_length=200)
    admin_id: int = link("member.id", index=False)
    done_on: date
    done_at: datetime = moment()

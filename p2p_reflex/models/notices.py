"""Owns the tables of notices: what people were told, how they want to hear of it, and the e-mails to send."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from p2p_reflex.domain.notice_kinds import MailState, NoticeEvent, NoticeKind
from p2p_reflex.models.columns import Word, key, link, moment, word

_UNREAD = sa.text("read_at IS NULL AND is_shown")
_WAITING = sa.text("state = 'waiting'")


def _owner() -> Any:
    """Declare the member as the first part of a primary key."""
    return Field(
        sa_column=sa.Column(
            sa.BigInteger(), sa.ForeignKey("member.id"), primary_key=True, autoincrement=False
        )
    )


class Notice(SQLModel, table=True):
    """One thing a member was told, as plain facts; the words are made when it is shown.

    One that is not shown was wanted by e-mail only.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_member_id_id", "member_id", "id"),
        Index("ix_notice_unread", "member_id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
    )

    id: int = key()
    member_id: int = link("member.id", index=False)
    kind: NoticeKind = word(NoticeKind)
    event: NoticeEvent = word(NoticeEvent)
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=sa.Column(sa.JSON, nullable=False))
    is_shown: bool = True
    business_on: date
    told_at: datetime = moment()
    read_at: datetime | None = moment(nullable=True)


class NoticeMark(SQLModel, table=True):
    """When a member was last told of something that must not be told again, or not soon."""

    __tablename__ = "notice_mark"

    member_id: int = _owner()
    subject: str = Field(sa_column=sa.Column(sa.String(80), primary_key=True))
    told_at: datetime = moment()


class NoticePreference(SQLModel, table=True):
    """How a member wants to hear of a kind; without a row the default holds."""

    __tablename__ = "notice_preference"

    member_id: int = _owner()
    kind: NoticeKind = Field(sa_column=sa.Column(Word(NoticeKind), primary_key=True))
    in_app: bool = True
    by_email: bool = True


class NoticeMail(SQLModel, table=True):
    """The e-mail of a notice; one row each, so it goes out at most once."""

    __tablename__ = "notice_mail"
    __table_args__ = (
        CheckConstraint("attempt_count >= 0", name="attempts_not_negative"),
        Index("ix_notice_mail_waiting", "next_try_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    notice_id: int = Field(
        sa_column=sa.Column(
            sa.BigInteger(), sa.ForeignKey("notice.id"), primary_key=True, autoincrement=False
        )
    )
    state: MailState = word(MailState, default=MailState.WAITING)
    attempt_count: int = 0
    next_try_at: datetime = moment()
    sent_at: datetime | None = moment(nullable=True)
    last_refusal: str = Field(default="", max_length=300)

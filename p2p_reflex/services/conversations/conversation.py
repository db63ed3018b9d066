"""Owns what questions and letters share: who may write and how much, and what admins say of it."""

from typing import cast

import sqlalchemy as sa
from sqlmodel import Session, select

from p2p_reflex.domain import parsing
from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Member

LONGEST_REASON = 200

WRITTEN = "written"
"""Something was written, hidden or shown again; what it was stands in no topic."""


class WroteEnoughError(LendingError):
    """Somebody has written as much as one may in a day."""


def writer(session: Session, *, member_id: int) -> Member:
    """Return a person who wants to write, one message at a time, so that the daily limits hold.

    Raises UnknownError for bots and strangers.
    """
    own = select(Member).where(Member.id == member_id).with_for_update(key_share=True)
    member = session.exec(own).first()
    if member is None or member.is_bot:
        raise UnknownError("member")
    return member


def check_admin(session: Session, *, admin_id: int) -> None:
    """Let only admins read and hide what others wrote. Raises UnknownError."""
    member = session.get(Member, admin_id)
    if member is None or member.role is not Role.ADMIN:
        raise UnknownError("message")


def check_count(written: int, limit: int, sentence: str) -> None:
    """Refuse more than a day's share. Raises WroteEnoughError."""
    if written >= limit:
        raise WroteEnoughError(sentence)


def count_of(session: Session, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
    """Count the rows of a table."""
    return cast(
        int, session.execute(sa.select(sa.func.count()).select_from(table).where(*conditions)).scalar()
    )


def read_reason(reason: object) -> str:
    """Read why something is hidden or shown again; people will see it. Raises FieldError on "reason"."""
    return parsing.clean_line(
        reason, field="reason", minimum_length=3, maximum_length=LONGEST_REASON, name="The reason"
    )

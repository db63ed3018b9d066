"""Owns what was written as admins read it: questions, answers and letters, with what was done to each."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats
from p2p_reflex.models import Letter, Listing, ListingMessage, Loan, Member, ModerationEntry, table_of

_letters = table_of(Letter)
_messages = table_of(ListingMessage)
_listings = table_of(Listing)
_loans = table_of(Loan)
_members = table_of(Member)
_entries = table_of(ModerationEntry)


class Written(StrEnum):
    """What somebody wrote."""

    QUESTION = "question"
    ANSWER = "answer"
    LETTER = "letter"


class Shows(StrEnum):
    """Which part of what was written an admin looks at."""

    QUESTIONS = "questions"
    LETTERS = "letters"
    HIDDEN = "hidden"
    SHOWN_AGAIN = "shown_again"


@dataclass(frozen=True, slots=True)
class ModerationRow:
    """What an admin once did to something written, and why."""

    is_hidden: bool
    admin_name: str
    reason: str
    done_at: datetime


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """One thing somebody wrote; `place_id` is the listing of a question, the loan of a letter."""

    what: Written
    id: int
    place_id: int
    title: str
    author_name: str
    author_initials: str
    text: str
    written_at: datetime
    hidden_reason: str
    acts: tuple[ModerationRow, ...]


def chosen(shows: Shows) -> sa.Select[Any]:
    """Choose what is shown, in its order."""
    if shows is Shows.LETTERS:
        return _written_letters().order_by(_letters.c.id.desc())
    if shows is Shows.QUESTIONS:
        return _written_messages().order_by(_messages.c.id.desc())
    is_hidden = shows is Shows.HIDDEN
    both = sa.union_all(
        _touched(_written_messages(), _messages, _entries.c.message_id, is_hidden),
        _touched(_written_letters(), _letters, _entries.c.letter_id, is_hidden),
    ).subquery("both")
    return sa.select(both).order_by(both.c.last_act_id.desc())


def read(session: Session, question: sa.Select[Any]) -> tuple[WrittenRow, ...]:
    """Read what was chosen, with all that admins did to it, the oldest first."""
    rows = session.execute(question).all()
    acts = _acts(session, rows)
    return tuple(
        WrittenRow(
            what=Written(row.what),
            id=row.id,
            place_id=row.place_id,
            title=row.title,
            author_name=formats.person(row.full_name),
            author_initials=formats.initials(row.full_name),
            text=row.text,
            written_at=row.written_at,
            hidden_reason=row.hidden_reason,
            acts=tuple(acts[row.what == Written.LETTER, row.id]),
        )
        for row in rows
    )


def _touched(
    written: sa.Select[Any], table: sa.Table, named: sa.Column[Any], is_hidden: bool
) -> sa.Select[Any]:
    """Keep what admins acted on, and is hidden now or is not, with their last act."""
    last = (
        sa.select(named.label("written_id"), sa.func.max(_entries.c.id).label("last_act_id"))
        .where(named.is_not(None))
        .group_by(named)
        .subquery()
    )
    state = table.c.hidden_at.is_not(None) if is_hidden else table.c.hidden_at.is_(None)
    return written.add_columns(last.c.last_act_id).join(last, last.c.written_id == table.c.id).where(state)


def _acts(session: Session, rows: Any) -> dict[tuple[bool, int], list[ModerationRow]]:
    """Read what admins did to some rows, by whether it is a letter and its id."""
    letter_ids = [row.id for row in rows if row.what == Written.LETTER]
    message_ids = [row.id for row in rows if row.what != Written.LETTER]
    found = session.execute(
        sa.select(_entries, _members.c.full_name)
        .join(_members, _members.c.id == _entries.c.admin_id)
        .where(sa.or_(_entries.c.letter_id.in_(letter_ids), _entries.c.message_id.in_(message_ids)))
        .order_by(_entries.c.id)
    )
    acts: dict[tuple[bool, int], list[ModerationRow]] = defaultdict(list)
    for row in found:
        act = ModerationRow(row.is_hidden, formats.person(row.full_name), row.reason, row.done_at)
        acts[row.letter_id is not None, row.letter_id or row.message_id].append(act)
    return acts


def _written_letters() -> sa.Select[Any]:
    return (
        sa.select(
            _letters.c.id,
            _letters.c.text,
            _letters.c.hidden_reason,
            sa.literal(Written.LETTER.value).label("what"),
            _letters.c.loan_id.label("place_id"),
            _letters.c.sent_at.label("written_at"),
            _loans.c.title,
            _members.c.full_name,
        )
        .join(_loans, _loans.c.id == _letters.c.loan_id)
        .join(_members, _members.c.id == _letters.c.author_id)
    )


def _written_messages() -> sa.Select[Any]:
    is_question = _messages.c.answers_id.is_(None)
    return (
        sa.select(
            _messages.c.id,
            _messages.c.text,
            _messages.c.hidden_reason,
            sa.case((is_question, Written.QUESTION.value), else_=Written.ANSWER.value).label("what"),
            _messages.c.listing_id.label("place_id"),
            _messages.c.posted_at.label("written_at"),
            _listings.c.title,
            _members.c.full_name,
        )
        .join(_listings, _listings.c.id == _messages.c.listing_id)
        .join(_members, _members.c.id == _messages.c.author_id)
    )

"""Owns what an admin reads to keep the conversation decent: everything written, the newest first."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats
from p2p_reflex.models import Letter, Listing, ListingMessage, Loan, Member
from p2p_reflex.services import conversation

PAGE_SIZE = 20

_letters = cast(sa.Table, Letter.__table__)  # type: ignore[attr-defined]
_messages = cast(sa.Table, ListingMessage.__table__)  # type: ignore[attr-defined]
_listings = cast(sa.Table, Listing.__table__)  # type: ignore[attr-defined]
_loans = cast(sa.Table, Loan.__table__)  # type: ignore[attr-defined]
_members = cast(sa.Table, Member.__table__)  # type: ignore[attr-defined]


class Written(StrEnum):
    """What somebody wrote."""

    QUESTION = "question"
    ANSWER = "answer"
    LETTER = "letter"


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


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """A page of what was written; numbers count from 1."""

    rows: tuple[WrittenRow, ...]
    page: int
    page_count: int
    row_count: int
    first_number: int


def page_of(
    session: Session, *, admin_id: int, letters: bool, page: int = 1, page_size: int = PAGE_SIZE
) -> WrittenPage:
    """Return a page of the questions and answers, or of the letters, to an admin. Raises UnknownError."""
    conversation.check_admin(session, admin_id=admin_id)
    table = _letters if letters else _messages
    row_count = conversation.count_of(session, table)
    page_count = max(1, -(-row_count // page_size))
    page = min(max(1, page), page_count)
    chosen = _letters_written() if letters else _messages_written()
    rows = session.execute(chosen.order_by(table.c.id.desc()).limit(page_size).offset((page - 1) * page_size))
    return WrittenPage(
        rows=tuple(
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
            )
            for row in rows
        ),
        page=page,
        page_count=page_count,
        row_count=row_count,
        first_number=(page - 1) * page_size + 1 if row_count else 0,
    )


def _letters_written() -> sa.Select[tuple[object, ...]]:
    columns = (_letters.c.id, _letters.c.text, _letters.c.hidden_reason)
    return (
        sa.select(
            *columns,
            sa.literal(Written.LETTER.value).label("what"),
            _letters.c.loan_id.label("place_id"),
            _letters.c.sent_at.label("written_at"),
            _loans.c.title,
            _members.c.full_name,
        )
        .join(_loans, _loans.c.id == _letters.c.loan_id)
        .join(_members, _members.c.id == _letters.c.author_id)
    )


def _messages_written() -> sa.Select[tuple[object, ...]]:
    columns = (_messages.c.id, _messages.c.text, _messages.c.hidden_reason)
    is_question = _messages.c.answers_id.is_(None)
    return (
        sa.select(
            *columns,
            sa.case((is_question, Written.QUESTION.value), else_=Written.ANSWER.value).label("what"),
            _messages.c.listing_id.label("place_id"),
            _messages.c.posted_at.label("written_at"),
            _listings.c.title,
            _members.c.full_name,
        )
        .join(_listings, _listings.c.id == _messages.c.listing_id)
        .join(_members, _members.c.id == _messages.c.author_id)
    )

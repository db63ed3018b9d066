"""Owns what admins do to keep the conversation decent: reading it, hiding with a reason, showing again."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.models import Letter, Listing, ListingMessage, Loan, ModerationEntry
from p2p_reflex.services.bidding.book_rows import is_id
from p2p_reflex.services.conversations import conversation, moderation_rows
from p2p_reflex.services.conversations.letters import thread_key
from p2p_reflex.services.conversations.moderation_rows import Shows, Written, WrittenRow
from p2p_reflex.services.conversations.questions import questions_topic
from p2p_reflex.services.notices import notices
from p2p_reflex.services.notices.notices import Fact
from p2p_reflex.services.touched import member_topic, touch

PAGE_SIZE = 20


class HiddenAlreadyError(LendingError):
    """What is hidden cannot be hidden once more."""

    def __init__(self) -> None:
        super().__init__("This is hidden already. Another admin may have been faster.")


class NotHiddenError(LendingError):
    """What everybody sees cannot be shown again."""

    def __init__(self) -> None:
        super().__init__("This is not hidden. Another admin may have been faster.")


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """A page of what was written; numbers count from 1."""

    rows: tuple[WrittenRow, ...]
    page: int
    page_count: int
    row_count: int
    first_number: int


def page_of(
    session: Session, *, admin_id: int, shows: Shows, page: int = 1, page_size: int = PAGE_SIZE
) -> WrittenPage:
    """Return a page of what was written, with all that admins did to it. Raises UnknownError.

    Questions with answers, or letters, the newest first; what is hidden now, or was shown again, by when
    that was done.
    """
    conversation.check_admin(session, admin_id=admin_id)
    chosen = moderation_rows.chosen(shows)
    row_count = session.execute(sa.select(sa.func.count()).select_from(chosen.subquery())).scalar_one()
    page_count = max(1, -(-row_count // page_size))
    page = min(max(1, page), page_count)
    return WrittenPage(
        rows=moderation_rows.read(session, chosen.limit(page_size).offset((page - 1) * page_size)),
        page=page,
        page_count=page_count,
        row_count=row_count,
        first_number=(page - 1) * page_size + 1 if row_count else 0,
    )


def hide(
    session: Session,
    *,
    admin_id: int,
    what: Written,
    written_id: int,
    reason: str,
    business_on: date,
    now: datetime,
) -> None:
    """Hide what somebody wrote, with the reason in its place; its author still reads it, and is told.

    Raises FieldError on "reason", UnknownError, HiddenAlreadyError.
    """
    written = _locked(session, admin_id, what, written_id)
    if written.hidden_at is not None:
        raise HiddenAlreadyError
    written.hidden_reason = conversation.read_reason(reason)
    written.hidden_at, written.hidden_by_id = now, admin_id
    _record(session, written, admin_id, written.hidden_reason, business_on, now)


def show_again(
    session: Session,
    *,
    admin_id: int,
    what: Written,
    written_id: int,
    reason: str,
    business_on: date,
    now: datetime,
) -> None:
    """Undo the hiding of what somebody wrote; its author is told why.

    Raises FieldError on "reason", UnknownError, NotHiddenError.
    """
    written = _locked(session, admin_id, what, written_id)
    if written.hidden_at is None:
        raise NotHiddenError
    given = conversation.read_reason(reason)
    written.hidden_reason, written.hidden_at, written.hidden_by_id = "", None, None
    _record(session, written, admin_id, given, business_on, now)


def _locked(session: Session, admin_id: int, what: Written, written_id: int) -> ListingMessage | Letter:
    """Read for an admin what was written, as it stands now. Raises UnknownError."""
    conversation.check_admin(session, admin_id=admin_id)
    written: ListingMessage | Letter | None = None
    if is_id(written_id) and what is Written.LETTER:
        written = session.get(Letter, written_id, with_for_update=True, populate_existing=True)
    elif is_id(written_id):
        written = session.get(ListingMessage, written_id, with_for_update=True, populate_existing=True)
    if written is None:
        raise UnknownError("message")
    return written


def _record(
    session: Session,
    written: ListingMessage | Letter,
    admin_id: int,
    reason: str,
    business_on: date,
    now: datetime,
) -> None:
    """Append what was done, tell the author, and let everybody who looks at it hear."""
    is_letter = isinstance(written, Letter)
    is_hidden = written.hidden_at is not None
    session.add(written)
    session.add(
        ModerationEntry(
            message_id=None if is_letter else written.id,
            letter_id=written.id if is_letter else None,
            is_hidden=is_hidden,
            reason=reason,
            admin_id=admin_id,
            done_on=business_on,
            done_at=now,
        )
    )
    session.flush()
    title, path, topics = _place(session, written)
    touch(session, *topics, conversation.WRITTEN)
    event = NoticeEvent.TEXT_HIDDEN if is_hidden else NoticeEvent.TEXT_SHOWN
    fact = Fact(written.author_id, event, {"title": title, "path": path, "reason": reason})
    notices.tell(session, [fact], business_on=business_on, now=now)


def _place(session: Session, written: ListingMessage | Letter) -> tuple[str, str, tuple[str, ...]]:
    """Say what it is about, where it stands, and which screens show it."""
    if isinstance(written, Letter):
        path = f"/messages?thread={thread_key(written.loan_id, written.lender_id)}"
        topics = (member_topic(written.author_id), member_topic(written.recipient_id))
        return session.get_one(Loan, written.loan_id).title, path, topics
    path = f"/listings/{written.listing_id}#questions"
    title = session.get_one(Listing, written.listing_id).title
    return title, path, (questions_topic(written.listing_id),)

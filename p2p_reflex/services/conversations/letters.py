"""Owns private letters: a thread between a loan's borrower and each person who holds a note in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats, parsing
from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.models import Letter, Loan, Member, Note, table_of
from p2p_reflex.services import idempotency
from p2p_reflex.services.bidding.book_rows import is_id
from p2p_reflex.services.conversations import conversation
from p2p_reflex.services.notices import notices
from p2p_reflex.services.notices.notices import Fact
from p2p_reflex.services.touched import member_topic, touch

LONGEST_LETTER = 2000
LETTERS_A_DAY = 30
MOST_THREADS = 200
MOST_LETTERS = 200

_letters = table_of(Letter)
_loans = table_of(Loan)
_notes = table_of(Note)
_members = table_of(Member)


class NoLongerALenderError(LendingError):
    """Letters go between the borrower and whoever holds a note now."""

    def __init__(self) -> None:
        super().__init__("This lender holds no note in the loan any more, so the thread can only be read.")


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """One thread as its reader's list shows it; without letters it is one that could be begun."""

    loan_id: int
    lender_id: int
    other_name: str
    other_initials: str
    title: str
    newest_text: str = ""
    newest_at: datetime | None = None
    is_newest_own: bool = False
    unread_count: int = 0

    @property
    def key(self) -> str:
        """Name the thread in an address."""
        return thread_key(self.loan_id, self.lender_id)


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One letter; the text of a hidden one is there for its author only."""

    letter_id: int
    author_name: str
    author_initials: str
    is_own: bool
    text: str
    sent_at: datetime
    hidden_reason: str


@dataclass(frozen=True, slots=True)
class ThreadView:
    """An open thread, oldest letter first."""

    loan_id: int
    lender_id: int
    other_name: str
    other_initials: str
    other_is_borrower: bool
    title: str
    letters: tuple[LetterRow, ...]
    can_write: bool


def threads(session: Session, *, member_id: int) -> tuple[ThreadRow, ...]:
    """List a member's threads, the one with the newest letter first."""
    mine = sa.or_(_letters.c.lender_id == member_id, _loans.c.borrower_id == member_id)
    unread = sa.and_(_letters.c.recipient_id == member_id, _letters.c.read_at.is_(None))
    each = (
        sa.select(
            sa.func.max(_letters.c.id).label("newest_id"),
            sa.func.sum(sa.case((unread, 1), else_=0)).label("unread_count"),
        )
        .join(_loans, _loans.c.id == _letters.c.loan_id)
        .where(mine)
        .group_by(_letters.c.loan_id, _letters.c.lender_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(_letters, _loans.c.title, _members.c.full_name, each.c.unread_count)
        .join(each, each.c.newest_id == _letters.c.id)
        .join(_loans, _loans.c.id == _letters.c.loan_id)
        .join(_members, _members.c.id == _other(member_id, _letters.c.lender_id))
        .order_by(_letters.c.id.desc())
        .limit(MOST_THREADS)
    )
    return tuple(
        ThreadRow(
            loan_id=row.loan_id,
            lender_id=row.lender_id,
            other_name=formats.person(row.full_name),
            other_initials=formats.initials(row.full_name),
            title=row.title,
            newest_text="" if row.hidden_at is not None else row.text,
            newest_at=row.sent_at,
            is_newest_own=row.author_id == member_id,
            unread_count=int(row.unread_count),
        )
        for row in rows
    )


def correspondents(session: Session, *, member_id: int) -> tuple[ThreadRow, ...]:
    """List whom a member may write to and has no thread with, by name."""
    has_letters = sa.exists().where(
        _letters.c.loan_id == _notes.c.loan_id, _letters.c.lender_id == _notes.c.lender_id
    )
    lenders = _members.alias()
    rows = session.execute(
        sa.select(_notes.c.loan_id, _notes.c.lender_id, _loans.c.title, _members.c.full_name)
        .distinct()
        .select_from(_notes.join(_loans, _loans.c.id == _notes.c.loan_id))
        .join(lenders, lenders.c.id == _notes.c.lender_id)
        .join(_members, _members.c.id == _other(member_id, _notes.c.lender_id))
        .where(
            sa.or_(_notes.c.lender_id == member_id, _loans.c.borrower_id == member_id),
            sa.not_(lenders.c.is_bot),
            sa.not_(has_letters),
        )
        .order_by(_members.c.full_name, _loans.c.title, _notes.c.loan_id)
        .limit(MOST_THREADS)
    )
    return tuple(
        ThreadRow(
            row.loan_id,
            row.lender_id,
            formats.person(row.full_name),
            formats.initials(row.full_name),
            row.title,
        )
        for row in rows
    )


def thread(session: Session, *, member_id: int, loan_id: int, lender_id: int) -> ThreadView:
    """Open a thread for one of its two. Raises UnknownError for everybody else."""
    loan = _own_loan(session, member_id, loan_id, lender_id)
    found = session.execute(
        sa.select(_letters)
        .where(_letters.c.loan_id == loan_id, _letters.c.lender_id == lender_id)
        .order_by(_letters.c.id.desc())
        .limit(MOST_LETTERS)
    ).all()
    may_write = _may_write(session, loan, lender_id)
    if not found and not may_write:
        raise UnknownError("thread")
    other_id = lender_id if member_id == loan.borrower_id else loan.borrower_id
    names = {who: session.get_one(Member, who).full_name for who in (loan.borrower_id, lender_id)}
    return ThreadView(
        loan_id=loan_id,
        lender_id=lender_id,
        other_name=formats.person(names[other_id]),
        other_initials=formats.initials(names[other_id]),
        other_is_borrower=other_id == loan.borrower_id,
        title=loan.title,
        letters=tuple(
            LetterRow(
                letter_id=row.id,
                author_name=formats.person(names[row.author_id]),
                author_initials=formats.initials(names[row.author_id]),
                is_own=row.author_id == member_id,
                text=row.text if row.hidden_at is None or row.author_id == member_id else "",
                sent_at=row.sent_at,
                hidden_reason=row.hidden_reason if row.hidden_at is not None else "",
            )
            for row in reversed(found)
        ),
        can_write=may_write,
    )


def send(
    session: Session,
    *,
    author_id: int,
    loan_id: int,
    lender_id: int,
    text: str,
    form_key: str,
    business_on: date,
    now: datetime,
) -> int:
    """Send a letter in a thread of one's own, and return its id; a form sent twice sends it once.

    Raises FieldError on "letter", UnknownError, NoLongerALenderError, WroteEnoughError.
    """

    def act() -> dict[str, Any]:
        author = conversation.writer(session, member_id=author_id)
        loan = _own_loan(session, author_id, loan_id, lender_id)
        if not _may_write(session, loan, lender_id):
            if _letter_count(session, loan_id, lender_id):
                raise NoLongerALenderError
            raise UnknownError("thread")
        said = parsing.clean_text(
            text, field="letter", minimum_length=1, maximum_length=LONGEST_LETTER, name="The letter"
        )
        sent = _letter_count(
            session, loan_id, lender_id, _letters.c.author_id == author_id, _letters.c.sent_on == business_on
        )
        conversation.check_count(
            sent, LETTERS_A_DAY, f"You have sent {LETTERS_A_DAY} letters here today. You can write tomorrow."
        )
        letter = _post(session, loan, lender_id, author, said, business_on, now)
        return {"letter_id": letter.id}

    answer = idempotency.once(
        session,
        member_id=author_id,
        key=form_key,
        action="send_letter",
        body={"loan_id": loan_id, "lender_id": lender_id, "text": text},
        now=now,
        act=act,
    )
    return int(answer["letter_id"])


def mark_read(session: Session, *, member_id: int, loan_id: int, lender_id: int, now: datetime) -> int:
    """Note that a member has read a thread of theirs, and return how many letters were new.

    Raises UnknownError.
    """
    _own_loan(session, member_id, loan_id, lender_id)
    new = sa.and_(
        _letters.c.loan_id == loan_id,
        _letters.c.lender_id == lender_id,
        _letters.c.recipient_id == member_id,
        _letters.c.read_at.is_(None),
    )
    count = session.connection().execute(sa.update(_letters).where(new).values(read_at=now)).rowcount
    if count:
        touch(session, member_topic(member_id))
    return int(count)


def unread_count(session: Session, *, member_id: int) -> int:
    """Count the letters a member has not read, up to a hundred."""
    some = (
        sa.select(_letters.c.id)
        .where(_letters.c.recipient_id == member_id, _letters.c.read_at.is_(None))
        .limit(notices.MOST_COUNTED)
        .subquery()
    )
    return int(session.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def thread_key(loan_id: int, lender_id: int) -> str:
    """Name a thread in an address."""
    return f"{loan_id}-{lender_id}"


def _other(member_id: int, lender_id: sa.Column[int]) -> sa.ColumnElement[int]:
    """Name the member on the other side of a thread."""
    return sa.case((lender_id == member_id, _loans.c.borrower_id), else_=lender_id)


def _own_loan(session: Session, member_id: int, loan_id: int, lender_id: int) -> Loan:
    """Return the loan of a thread that is this member's to see. Raises UnknownError."""
    if not is_id(loan_id) or not is_id(lender_id):
        raise UnknownError("thread")
    loan = session.get(Loan, loan_id)
    if loan is None or member_id not in (loan.borrower_id, lender_id):
        raise UnknownError("thread")
    return loan


def _may_write(session: Session, loan: Loan, lender_id: int) -> bool:
    """Tell whether somebody holds a note in a loan now, and is a person."""
    holds = (
        sa.select(_notes.c.id)
        .join(_members, _members.c.id == _notes.c.lender_id)
        .where(_notes.c.loan_id == loan.id, _notes.c.lender_id == lender_id, sa.not_(_members.c.is_bot))
        .limit(1)
    )
    return lender_id != loan.borrower_id and session.execute(holds).first() is not None


def _post(
    session: Session, loan: Loan, lender_id: int, author: Member, text: str, business_on: date, now: datetime
) -> Letter:
    """Write a letter down and tell who it is for."""
    recipient_id = lender_id if author.id == loan.borrower_id else loan.borrower_id
    letter = Letter(
        loan_id=loan.id,
        lender_id=lender_id,
        author_id=author.id,
        recipient_id=recipient_id,
        text=text,
        sent_on=business_on,
        sent_at=now,
    )
    session.add(letter)
    session.flush()
    touch(session, member_topic(author.id), member_topic(recipient_id), conversation.WRITTEN)
    about = {"title": loan.title, "thread": thread_key(loan.id, lender_id)}
    by = {"by": formats.person(author.full_name)}
    fact = Fact(recipient_id, NoticeEvent.LETTER_CAME, about | by)
    notices.tell(session, [fact], business_on=business_on, now=now)
    return letter


def _letter_count(session: Session, loan_id: int, lender_id: int, *conditions: sa.ColumnElement[bool]) -> int:
    here: Sequence[sa.ColumnElement[bool]] = (
        _letters.c.loan_id == loan_id,
        _letters.c.lender_id == lender_id,
    )
    return conversation.count_of(session, _letters, *here, *conditions)

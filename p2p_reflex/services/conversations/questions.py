"""Owns questions on a listing: lenders ask, the borrower answers, everybody reads."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from p2p_reflex.domain import formats, parsing
from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.domain.vocabulary import ListingState, Role
from p2p_reflex.models import Listing, ListingMessage, Member, table_of
from p2p_reflex.services import idempotency
from p2p_reflex.services.bidding.book import BOOK_STATES
from p2p_reflex.services.bidding.book_rows import is_id
from p2p_reflex.services.conversations import conversation
from p2p_reflex.services.notices import notices
from p2p_reflex.services.notices.notices import Fact
from p2p_reflex.services.touched import touch

LONGEST_QUESTION = 500
LONGEST_ANSWER = 1000
QUESTIONS_A_DAY = 10
ANSWERS_A_DAY = 50
MOST_SHOWN = 200

_messages = table_of(ListingMessage)


class QuestionsClosedError(LendingError):
    """A listing that takes no bids takes no questions."""


class OwnQuestionError(LendingError):
    """Nobody asks about their own listing."""

    def __init__(self) -> None:
        super().__init__("This is your own listing. You answer what lenders ask.")


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A question or an answer; the text of a hidden one is there for its author and for admins only."""

    message_id: int
    author_name: str
    author_initials: str
    is_borrower: bool
    is_own: bool
    text: str
    posted_on: date
    hidden_reason: str

    @property
    def is_hidden(self) -> bool:
        """Tell whether an admin has hidden it."""
        return bool(self.hidden_reason)


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question with its answers, in the order of time."""

    question: MessageRow
    answers: tuple[MessageRow, ...]


@dataclass(frozen=True, slots=True)
class QuestionsView:
    """The questions on a listing, what the viewer may do, and why nobody may ask where it is closed."""

    rows: tuple[QuestionRow, ...]
    borrower_first_name: str
    closed_because: str
    can_ask: bool
    can_answer: bool
    can_hide: bool


def questions_topic(listing_id: int) -> str:
    """Name the questions on one listing."""
    return f"questions:{listing_id}"


def view(
    session: Session, *, listing_id: int, viewer_id: int | None, role: Role | None, business_on: date
) -> QuestionsView:
    """Show the questions on a listing to anybody. Raises UnknownError."""
    listing = session.get(Listing, listing_id) if is_id(listing_id) else None
    if listing is None or listing.state is ListingState.DRAFT:
        raise UnknownError("listing")
    borrower_name = session.exec(select(Member.full_name).where(Member.id == listing.borrower_id)).one()
    newest = (
        select(ListingMessage, Member.full_name)
        .join(Member, col(Member.id) == ListingMessage.author_id)
        .where(ListingMessage.listing_id == listing_id)
        .order_by(col(ListingMessage.id).desc())
        .limit(MOST_SHOWN)
    )
    is_admin = role is Role.ADMIN
    questions: list[MessageRow] = []
    answers: dict[int, list[MessageRow]] = defaultdict(list)
    for message, name in reversed(session.exec(newest).all()):
        row = _row(message, name, viewer_id=viewer_id, borrower_id=listing.borrower_id, is_admin=is_admin)
        if message.answers_id is None:
            questions.append(row)
        else:
            answers[message.answers_id].append(row)
    is_own = viewer_id is not None and viewer_id == listing.borrower_id
    closed_because = _closed_because(listing, business_on)
    return QuestionsView(
        rows=tuple(QuestionRow(each, tuple(answers[each.message_id])) for each in questions),
        borrower_first_name=(borrower_name.split() or [""])[0],
        closed_because=closed_because,
        can_ask=role is Role.LENDER and not is_own and not closed_because,
        can_answer=is_own and listing.state in BOOK_STATES,
        can_hide=is_admin,
    )


def ask(
    session: Session,
    *,
    lender_id: int,
    listing_id: int,
    text: str,
    form_key: str,
    business_on: date,
    now: datetime,
) -> int:
    """Ask the borrower of an open listing in public, and return the question's id.

    Raises FieldError on "question", UnknownError, OwnQuestionError, QuestionsClosedError, WroteEnoughError.
    """

    def act() -> dict[str, Any]:
        lender = conversation.writer(session, member_id=lender_id)
        listing = _listing(session, listing_id)
        if listing.borrower_id == lender_id:
            raise OwnQuestionError
        if lender.role is not Role.LENDER:
            raise QuestionsClosedError("Only lenders ask questions here.")
        closed_because = _closed_because(listing, business_on)
        if closed_because:
            raise QuestionsClosedError(closed_because)
        question = parsing.clean_text(
            text, field="question", minimum_length=3, maximum_length=LONGEST_QUESTION, name="The question"
        )
        _check_share(
            session,
            listing_id,
            lender_id,
            business_on,
            QUESTIONS_A_DAY,
            f"You have asked {QUESTIONS_A_DAY} questions on this listing today. You can ask more tomorrow.",
        )
        message_id = _post(session, listing, lender_id, question, None, business_on, now)
        fact = Fact(listing.borrower_id, NoticeEvent.QUESTION_ASKED, _about(listing) | _by(lender.full_name))
        notices.tell(session, [fact], business_on=business_on, now=now)
        return {"message_id": message_id}

    return _once(session, lender_id, form_key, "ask", {"listing_id": listing_id, "text": text}, now, act)


def answer(
    session: Session,
    *,
    borrower_id: int,
    question_id: int,
    text: str,
    form_key: str,
    business_on: date,
    now: datetime,
) -> int:
    """Answer a question on the borrower's own listing, or add to the answer, and return the answer's id.

    Raises FieldError on "answer", UnknownError, QuestionsClosedError, WroteEnoughError.
    """

    def act() -> dict[str, Any]:
        borrower = conversation.writer(session, member_id=borrower_id)
        question = session.get(ListingMessage, question_id) if is_id(question_id) else None
        if question is None or question.answers_id is not None:
            raise UnknownError("question")
        listing = _listing(session, question.listing_id)
        if listing.borrower_id != borrower_id:
            raise UnknownError("question")
        if listing.state not in BOOK_STATES:
            raise QuestionsClosedError("This listing has ended, so its questions can only be read.")
        if question.hidden_at is not None:
            raise QuestionsClosedError("The market hid this question, so there is nothing to answer.")
        said = parsing.clean_text(
            text, field="answer", minimum_length=1, maximum_length=LONGEST_ANSWER, name="The answer"
        )
        _check_share(
            session,
            listing.id,
            borrower_id,
            business_on,
            ANSWERS_A_DAY,
            f"You have written {ANSWERS_A_DAY} answers on this listing today. You can go on tomorrow.",
        )
        message_id = _post(session, listing, borrower_id, said, question_id, business_on, now)
        fact = Fact(
            question.author_id, NoticeEvent.QUESTION_ANSWERED, _about(listing) | _by(borrower.full_name)
        )
        notices.tell(session, [fact], business_on=business_on, now=now)
        return {"message_id": message_id}

    body = {"question_id": question_id, "text": text}
    return _once(session, borrower_id, form_key, "answer", body, now, act)


def _row(
    message: ListingMessage, name: str, *, viewer_id: int | None, borrower_id: int, is_admin: bool
) -> MessageRow:
    is_hidden = message.hidden_at is not None
    return MessageRow(
        message_id=message.id,
        author_name=formats.person(name),
        author_initials=formats.initials(name),
        is_borrower=message.author_id == borrower_id,
        is_own=message.author_id == viewer_id,
        text=message.text if not is_hidden or is_admin or message.author_id == viewer_id else "",
        posted_on=message.posted_on,
        hidden_reason=message.hidden_reason if is_hidden else "",
    )


def _listing(session: Session, listing_id: int) -> Listing:
    """Read a published listing as it stands now. Raises UnknownError."""
    if not is_id(listing_id):
        raise UnknownError("listing")
    fresh = select(Listing).where(Listing.id == listing_id).execution_options(populate_existing=True)
    listing = session.exec(fresh).first()
    if listing is None or listing.state is ListingState.DRAFT:
        raise UnknownError("listing")
    return listing


def _closed_because(listing: Listing, business_on: date) -> str:
    """Say in a sentence why a listing takes no more questions; nothing while bidding is open."""
    if listing.state is ListingState.OPEN and listing.closes_on >= business_on:
        return ""
    happened = {
        ListingState.ACCEPTED: "This listing has become a loan",
        ListingState.WITHDRAWN: "The borrower withdrew this listing",
        ListingState.EXPIRED: "This listing ended without a loan",
    }.get(listing.state, "Bidding on this listing has ended")
    return f"{happened}, so it takes no more questions."


def _check_share(
    session: Session, listing_id: int, author_id: int, business_on: date, limit: int, sentence: str
) -> None:
    written = conversation.count_of(
        session,
        _messages,
        _messages.c.author_id == author_id,
        _messages.c.listing_id == listing_id,
        _messages.c.posted_on == business_on,
    )
    conversation.check_count(written, limit, sentence)


def _post(
    session: Session,
    listing: Listing,
    author_id: int,
    text: str,
    answers_id: int | None,
    business_on: date,
    now: datetime,
) -> int:
    message = ListingMessage(
        listing_id=listing.id,
        author_id=author_id,
        answers_id=answers_id,
        text=text,
        posted_on=business_on,
        posted_at=now,
    )
    session.add(message)
    session.flush()
    touch(session, questions_topic(listing.id), conversation.WRITTEN)
    return message.id


def _about(listing: Listing) -> dict[str, str | int]:
    return {"title": listing.title, "listing_id": listing.id}


def _by(full_name: str) -> dict[str, str | int]:
    return {"by": formats.person(full_name)}


def _once(
    session: Session,
    member_id: int,
    form_key: str,
    action: str,
    body: dict[str, Any],
    now: datetime,
    act: Callable[[], dict[str, Any]],
) -> int:
    found = idempotency.once(
        session, member_id=member_id, key=form_key, action=action, body=body, now=now, act=act
    )
    return int(found["message_id"])

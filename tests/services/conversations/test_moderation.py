"""Moderation: hidden and shown again by admins only, every time on record, seen at once by all who look."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from p2p_reflex import database as house
from p2p_reflex.domain.errors import FieldError, UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import ModerationEntry, Note
from p2p_reflex.services.conversations import letters, moderation, questions
from p2p_reflex.services.conversations.conversation import WRITTEN
from p2p_reflex.services.conversations.moderation import HiddenAlreadyError, NotHiddenError
from p2p_reflex.services.conversations.moderation_rows import Shows, Written, WrittenRow
from p2p_reflex.services.days import opening
from p2p_reflex.services.notices import notices
from p2p_reflex.services.touched import topics_of
from tests.builders import (
    NOW,
    TODAY,
    a_borrower,
    a_form_key,
    a_lender,
    a_listing,
    a_loan,
    a_member,
    in_threads,
)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)


@pytest.fixture
def admin_id() -> int:
    return house.run(a_member, role=Role.ADMIN, full_name="Sam Whitfield")


@pytest.fixture
def lender_id() -> int:
    return house.run(a_lender, full_name="Ingrid Sund")


@pytest.fixture
def question_id(lender_id: int) -> int:
    return house.run(
        questions.ask,
        lender_id=lender_id,
        listing_id=house.run(a_listing),
        text="Call me at 555 0100",
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def act(service: Any, admin_id: int, written_id: int, reason: str, what: Written = Written.QUESTION) -> Any:
    return house.run(
        service,
        admin_id=admin_id,
        what=what,
        written_id=written_id,
        reason=reason,
        business_on=TODAY,
        now=NOW,
    )


def listed(admin_id: int, shows: Shows) -> tuple[WrittenRow, ...]:
    return house.read(moderation.page_of, admin_id=admin_id, shows=shows).rows


def record() -> list[tuple[bool, str, int]]:
    with house.reading() as session:
        rows = session.exec(select(ModerationEntry).order_by(ModerationEntry.id)).all()  # type: ignore[arg-type]
        return [(row.is_hidden, row.reason, row.admin_id) for row in rows]


def test_what_was_hidden_is_found_and_shown_again_and_both_stand_on_record(
    admin_id: int, question_id: int, lender_id: int
) -> None:
    other_id = house.run(a_member, role=Role.ADMIN, full_name="Ada Byron")
    act(moderation.hide, admin_id, question_id, "A telephone number")
    hidden = listed(admin_id, Shows.HIDDEN)

    act(moderation.show_again, other_id, question_id, "It is the number of the shop")

    assert [(row.id, row.hidden_reason) for row in hidden] == [(question_id, "A telephone number")]
    assert listed(admin_id, Shows.HIDDEN) == ()
    (again,) = listed(admin_id, Shows.SHOWN_AGAIN)
    assert (again.text, again.hidden_reason) == ("Call me at 555 0100", "")
    assert [(each.is_hidden, each.admin_name, each.reason) for each in again.acts] == [
        (True, "Sam W.", "A telephone number"),
        (False, "Ada B.", "It is the number of the shop"),
    ]
    titles = [row.text.title for row in house.read(notices.page_of, member_id=lender_id).rows]
    assert titles == [
        "The market shows again what you wrote about “Used van for a flower route”",
        "The market hid what you wrote about “Used van for a flower route”",
    ]


def test_nothing_is_shown_again_that_is_not_hidden_or_without_a_reason_or_by_others(
    admin_id: int, question_id: int, lender_id: int
) -> None:
    with pytest.raises(NotHiddenError):
        act(moderation.show_again, admin_id, question_id, "Because")
    act(moderation.hide, admin_id, question_id, "A telephone number")

    with pytest.raises(FieldError):
        act(moderation.show_again, admin_id, question_id, " ")
    with pytest.raises(UnknownError):
        act(moderation.show_again, lender_id, question_id, "I want it back")
    for number in (0, -1, 2**70, 999_999):
        for what in Written:
            with pytest.raises(UnknownError):
                act(moderation.show_again, admin_id, number, "Because", what)

    assert record() == [(True, "A telephone number", admin_id)]


def test_of_many_admins_who_hide_at_the_same_instant_one_is_on_record(
    admin_id: int, question_id: int
) -> None:
    results = in_threads([lambda: act(moderation.hide, admin_id, question_id, "Twice")] * 5)

    assert sum(isinstance(each, HiddenAlreadyError) for each in results) == 4
    assert record() == [(True, "Twice", admin_id)]


def test_the_record_cannot_be_changed_or_shortened(database: Engine, admin_id: int, question_id: int) -> None:
    act(moderation.hide, admin_id, question_id, "A telephone number")

    for statement in ("UPDATE moderation_entry SET reason = 'x'", "DELETE FROM moderation_entry"):
        with pytest.raises(sa.exc.DBAPIError, match="only grows"), database.begin() as connection:
            connection.execute(sa.text(statement))

    assert record() == [(True, "A telephone number", admin_id)]


def test_a_letter_shown_again_reaches_both_of_its_thread_and_the_admins(admin_id: int) -> None:
    borrower_id = house.run(a_borrower)
    loan_id = house.run(a_loan, borrower_id=borrower_id, principal_cents=1_000_00)

    def holder(session: Session) -> int | None:
        return session.exec(select(Note.lender_id).where(Note.loan_id == loan_id)).one()

    lender_id = house.run(holder) or 0
    letter_id = house.run(
        letters.send,
        author_id=borrower_id,
        loan_id=loan_id,
        lender_id=lender_id,
        text="Send me your card number",
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )
    act(moderation.hide, admin_id, letter_id, "It asks for card numbers", Written.LETTER)

    def shown(session: Session) -> frozenset[str]:
        moderation.show_again(
            session,
            admin_id=admin_id,
            what=Written.LETTER,
            written_id=letter_id,
            reason="A joke between friends",
            business_on=TODAY,
            now=NOW,
        )
        return topics_of(session)

    topics = house.run(shown)

    assert {f"member:{borrower_id}", f"member:{lender_id}", WRITTEN} <= topics
    thread = house.read(letters.thread, member_id=lender_id, loan_id=loan_id, lender_id=lender_id)
    assert [(each.text, each.hidden_reason) for each in thread.letters] == [("Send me your card number", "")]
    assert [row.what for row in listed(admin_id, Shows.SHOWN_AGAIN)] == [Written.LETTER]

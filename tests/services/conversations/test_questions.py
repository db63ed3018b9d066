"""Questions on a listing: who may ask, answer and hide, what everybody sees, and who is told."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from p2p_reflex import database as house
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.conversations import moderation, questions
from p2p_reflex.services.conversations.conversation import WRITTEN, WroteEnoughError
from p2p_reflex.services.conversations.moderation import HiddenAlreadyError
from p2p_reflex.services.conversations.moderation_rows import Written
from p2p_reflex.services.conversations.questions import OwnQuestionError, QuestionsClosedError, QuestionsView
from p2p_reflex.services.days import opening
from p2p_reflex.services.listings import closing, listings
from p2p_reflex.services.notices import notices
from p2p_reflex.services.touched import topics_of
from tests.builders import (
    NOW,
    TODAY,
    a_borrower,
    a_form_key,
    a_lender,
    a_listing,
    a_member,
    in_threads,
)

pytestmark = pytest.mark.usefixtures("database")

HOSTILE = "<img src=x onerror=alert(1)> **bold** [link](javascript:alert(1)) '; DROP TABLE listing; --"


@pytest.fixture(autouse=True)
def _open_market(database: Any) -> None:
    house.run(opening.open_market, business_on=TODAY)


@pytest.fixture
def borrower_id() -> int:
    return house.run(a_borrower, full_name="Rosa Marchetti")


@pytest.fixture
def listing_id(borrower_id: int) -> int:
    return house.run(a_listing, borrower_id=borrower_id)


@pytest.fixture
def lender_id() -> int:
    return house.run(a_lender, full_name="Ingrid Sund")


@pytest.fixture
def admin_id() -> int:
    return house.run(a_member, role=Role.ADMIN)


def ask(lender_id: int, listing_id: int, text: str = "Are the orders signed?", **more: Any) -> int:
    arguments = {"form_key": a_form_key(), "business_on": TODAY, "now": NOW} | more
    return house.run(questions.ask, lender_id=lender_id, listing_id=listing_id, text=text, **arguments)


def answer(borrower_id: int, question_id: int, text: str = "One of them is.", **more: Any) -> int:
    arguments = {"form_key": a_form_key(), "business_on": TODAY, "now": NOW} | more
    return house.run(
        questions.answer, borrower_id=borrower_id, question_id=question_id, text=text, **arguments
    )


def hide(admin_id: int, message_id: int, reason: str = "It names a third person") -> None:
    house.run(
        moderation.hide,
        admin_id=admin_id,
        what=Written.QUESTION,
        written_id=message_id,
        reason=reason,
        business_on=TODAY,
        now=NOW,
    )


def seen(listing_id: int, viewer_id: int | None = None, role: Role | None = None) -> QuestionsView:
    return house.read(
        questions.view, listing_id=listing_id, viewer_id=viewer_id, role=role, business_on=TODAY
    )


def told(member_id: int) -> list[str]:
    return [row.text.title for row in house.read(notices.page_of, member_id=member_id).rows]


def test_everybody_reads_questions_and_answers_in_the_order_of_time(
    listing_id: int, borrower_id: int, lender_id: int
) -> None:
    first = ask(lender_id, listing_id, "Are the orders signed?")
    ask(house.run(a_lender, full_name="Daniel Okafor"), listing_id, "What becomes of the old oven?")
    answer(borrower_id, first, "One is.")
    answer(borrower_id, first, "The other one too, since today.")

    shown = seen(listing_id)

    assert [row.question.text for row in shown.rows] == [
        "Are the orders signed?",
        "What becomes of the old oven?",
    ]
    assert [each.text for each in shown.rows[0].answers] == ["One is.", "The other one too, since today."]
    assert (shown.rows[0].question.author_name, shown.rows[0].answers[0].author_name) == (
        "Ingrid S.",
        "Rosa M.",
    )
    assert shown.rows[0].answers[0].is_borrower
    assert (shown.can_ask, shown.can_answer, shown.can_hide) == (False, False, False)


def test_the_borrower_hears_of_a_question_and_the_asker_of_the_answer(
    listing_id: int, borrower_id: int, lender_id: int
) -> None:
    question_id = ask(lender_id, listing_id)

    answer(borrower_id, question_id)

    assert told(borrower_id) == ["Ingrid S. asked about “Used van for a flower route”"]
    assert told(lender_id) == ["Rosa M. answered your question"]


def test_each_viewer_is_offered_what_they_may_do(
    listing_id: int, borrower_id: int, lender_id: int, admin_id: int
) -> None:
    def offered(shown: QuestionsView) -> tuple[bool, bool, bool]:
        return shown.can_ask, shown.can_answer, shown.can_hide

    assert offered(seen(listing_id, lender_id, Role.LENDER)) == (True, False, False)
    assert offered(seen(listing_id, borrower_id, Role.BORROWER)) == (False, True, False)
    assert offered(seen(listing_id, house.run(a_borrower), Role.BORROWER)) == (False, False, False)
    assert offered(seen(listing_id, admin_id, Role.ADMIN)) == (False, False, True)


def test_a_form_sent_twice_asks_once(listing_id: int, borrower_id: int, lender_id: int) -> None:
    form_key = a_form_key()

    numbers = in_threads([lambda: ask(lender_id, listing_id, form_key=form_key)] * 4)

    assert len(set(numbers)) == 1
    assert len(seen(listing_id).rows) == 1
    assert len(told(borrower_id)) == 1


def test_only_lenders_ask_and_nobody_about_their_own_listing(listing_id: int, borrower_id: int) -> None:
    with pytest.raises(OwnQuestionError):
        ask(borrower_id, listing_id)
    with pytest.raises(QuestionsClosedError):
        ask(house.run(a_borrower), listing_id)
    with pytest.raises(UnknownError):
        ask(house.run(a_lender, is_bot=True), listing_id)

    assert seen(listing_id).rows == ()


def test_only_the_borrower_of_the_listing_answers(listing_id: int, borrower_id: int, lender_id: int) -> None:
    question_id = ask(lender_id, listing_id)
    answer_id = answer(borrower_id, question_id)

    for member_id in (lender_id, house.run(a_borrower)):
        with pytest.raises(UnknownError):
            answer(member_id, question_id)
    for number in (answer_id, 0, -5, 2**70, 999_999):
        with pytest.raises(UnknownError):
            answer(borrower_id, number)


def test_a_listing_that_has_ended_takes_neither(listing_id: int, borrower_id: int, lender_id: int) -> None:
    question_id = ask(lender_id, listing_id)
    house.run(
        listings.withdraw,
        borrower_id=borrower_id,
        listing_id=listing_id,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )

    with pytest.raises(QuestionsClosedError):
        ask(lender_id, listing_id)
    with pytest.raises(QuestionsClosedError):
        answer(borrower_id, question_id)
    assert len(seen(listing_id).rows) == 1


def test_a_listing_that_takes_no_questions_says_in_a_sentence_why_not(
    listing_id: int, borrower_id: int, lender_id: int
) -> None:
    own = {"borrower_id": borrower_id, "listing_id": listing_id, "form_key": a_form_key()}
    late_id = house.run(a_listing, borrower_id=borrower_id, window_days=1)
    assert seen(listing_id, lender_id, Role.LENDER).closed_because == ""

    house.run(listings.withdraw, **own, business_on=TODAY, now=NOW)
    house.run(closing.close_listings, business_on=TODAY + timedelta(days=1), now=NOW)

    for number, sentence in (
        (listing_id, "The borrower withdrew this listing, so it takes no more questions."),
        (late_id, "This listing ended without a loan, so it takes no more questions."),
    ):
        shown = seen(number, lender_id, Role.LENDER)
        assert (shown.closed_because, shown.can_ask) == (sentence, False)
        with pytest.raises(QuestionsClosedError) as refused:
            ask(lender_id, number)
        assert refused.value.message == sentence


def test_after_the_last_day_a_listing_takes_no_questions_even_before_the_day_has_closed(
    listing_id: int, lender_id: int
) -> None:
    after = TODAY + timedelta(days=8)

    with pytest.raises(QuestionsClosedError, match="Bidding on this listing has ended"):
        ask(lender_id, listing_id, business_on=after)


def test_a_listing_nobody_knows_has_no_questions(lender_id: int) -> None:
    for number in (999_999, 0, -1, 2**70):
        with pytest.raises(UnknownError):
            seen(number)
        with pytest.raises(UnknownError):
            ask(lender_id, number)


@pytest.mark.parametrize("text", ["", "  \n ", "hm", "x" * 501, "a\x00b", "spoofed \u202e txt", "\ud800"])
def test_a_question_that_cannot_be_shown_is_refused(text: str, listing_id: int, lender_id: int) -> None:
    with pytest.raises(FieldError) as refused:
        ask(lender_id, listing_id, text)

    assert refused.value.field == "question"
    assert seen(listing_id).rows == ()


def test_hostile_words_are_kept_as_words(listing_id: int, lender_id: int) -> None:
    ask(lender_id, listing_id, HOSTILE)

    assert seen(listing_id).rows[0].question.text == HOSTILE


def test_ten_questions_a_day_are_enough_even_at_the_same_instant(listing_id: int, lender_id: int) -> None:
    results = in_threads(
        [lambda number=number: ask(lender_id, listing_id, f"Question {number}") for number in range(14)]  # type: ignore[misc]
    )

    refused = [each for each in results if isinstance(each, LendingError)]
    assert len(refused) == 4
    assert all(isinstance(each, WroteEnoughError) for each in refused)
    assert len(seen(listing_id).rows) == 10
    ask(lender_id, listing_id, "Tomorrow then", business_on=TODAY + timedelta(days=1))


def test_an_admin_hides_with_a_reason_that_everybody_sees(
    listing_id: int, borrower_id: int, lender_id: int, admin_id: int
) -> None:
    question_id = ask(lender_id, listing_id, "Call me at 555 0100")

    hide(admin_id, question_id)

    other_id = house.run(a_lender)
    for viewer_id, role in ((None, None), (other_id, Role.LENDER), (borrower_id, Role.BORROWER)):
        row = seen(listing_id, viewer_id, role).rows[0].question
        assert (row.text, row.hidden_reason) == ("", "It names a third person")
    for viewer_id, role in ((lender_id, Role.LENDER), (admin_id, Role.ADMIN)):
        assert seen(listing_id, viewer_id, role).rows[0].question.text == "Call me at 555 0100"
    assert told(lender_id)[0] == "The market hid what you wrote about “Used van for a flower route”"
    with pytest.raises(QuestionsClosedError):
        answer(borrower_id, question_id)
    with pytest.raises(HiddenAlreadyError):
        hide(admin_id, question_id)


def test_only_admins_hide_and_never_without_a_reason(
    listing_id: int, borrower_id: int, lender_id: int, admin_id: int
) -> None:
    question_id = ask(lender_id, listing_id)

    for member_id in (borrower_id, lender_id, 999_999):
        with pytest.raises(UnknownError):
            hide(member_id, question_id)
    with pytest.raises(FieldError):
        hide(admin_id, question_id, reason=" ")
    with pytest.raises(UnknownError):
        hide(admin_id, 999_999)

    assert not seen(listing_id).rows[0].question.is_hidden


def test_a_question_reaches_the_open_screens_of_its_listing_only(listing_id: int, lender_id: int) -> None:
    def asked(session: Session) -> frozenset[str]:
        questions.ask(
            session,
            lender_id=lender_id,
            listing_id=listing_id,
            text="Live?",
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )
        return topics_of(session)

    topics = house.run(asked)

    assert {questions.questions_topic(listing_id), WRITTEN} <= topics
    assert f"listing:{listing_id}" not in topics

"""Letters: between a loan's borrower and one of its lenders, and nobody else's to see."""

from typing import Any

import pytest
from sqlmodel import Session, col, select

from p2p_reflex import database as house
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Loan, Member, Note
from p2p_reflex.services.conversations import letters, moderation, questions
from p2p_reflex.services.conversations.conversation import WroteEnoughError
from p2p_reflex.services.conversations.letters import ThreadView
from p2p_reflex.services.conversations.moderation import HiddenAlreadyError
from p2p_reflex.services.conversations.moderation_rows import Shows, Written
from p2p_reflex.services.days import opening
from p2p_reflex.services.notices import notices
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
def _open_market(database: Any) -> None:
    house.run(opening.open_market, business_on=TODAY)


@pytest.fixture
def borrower_id() -> int:
    return house.run(a_borrower, full_name="Rosa Marchetti")


@pytest.fixture
def loan_id(borrower_id: int) -> int:
    return house.run(
        a_loan,
        borrower_id=borrower_id,
        principal_cents=1_000_00,
        notes=[(600_00, "0.10"), (400_00, "0.11")],
    )


@pytest.fixture
def lender_ids(loan_id: int) -> tuple[int, int]:
    with house.reading() as session:
        first, second = session.exec(
            select(Note.lender_id).where(Note.loan_id == loan_id).order_by(col(Note.id))
        ).all()
    return first, second


def send(author_id: int, loan_id: int, lender_id: int, text: str = "How is it going?", **more: Any) -> int:
    arguments = {"form_key": a_form_key(), "business_on": TODAY, "now": NOW} | more
    return house.run(
        letters.send, author_id=author_id, loan_id=loan_id, lender_id=lender_id, text=text, **arguments
    )


def opened(member_id: int, loan_id: int, lender_id: int) -> ThreadView:
    return house.read(letters.thread, member_id=member_id, loan_id=loan_id, lender_id=lender_id)


def unread(member_id: int) -> int:
    return house.read(letters.unread_count, member_id=member_id)


def test_both_of_a_thread_write_and_read_in_the_order_of_time(
    loan_id: int, borrower_id: int, lender_ids: tuple[int, int]
) -> None:
    lender_id = lender_ids[0]
    send(lender_id, loan_id, lender_id, "How is the roof?")
    send(borrower_id, loan_id, lender_id, "Done, and dry.")

    mine = opened(lender_id, loan_id, lender_id)
    theirs = opened(borrower_id, loan_id, lender_id)

    assert [row.text for row in mine.letters] == ["How is the roof?", "Done, and dry."]
    assert [row.is_own for row in mine.letters] == [True, False]
    assert [row.is_own for row in theirs.letters] == [False, True]
    assert mine.other_name == "Rosa M."
    assert mine.title == "Roof repair after the storm"


def test_a_letter_is_unread_until_its_reader_opens_the_thread(
    loan_id: int, borrower_id: int, lender_ids: tuple[int, int]
) -> None:
    lender_id = lender_ids[0]
    send(lender_id, loan_id, lender_id)
    before = unread(borrower_id), house.read(letters.threads, member_id=borrower_id)[0].unread_count

    house.run(letters.mark_read, member_id=lender_id, loan_id=loan_id, lender_id=lender_id, now=NOW)
    untouched = unread(borrower_id)
    house.run(letters.mark_read, member_id=borrower_id, loan_id=loan_id, lender_id=lender_id, now=NOW)

    assert before == (1, 1)
    assert (untouched, unread(borrower_id), unread(lender_id)) == (1, 0, 0)


def test_the_other_side_is_told_of_a_letter_but_not_of_its_words(
    loan_id: int, borrower_id: int, lender_ids: tuple[int, int]
) -> None:
    send(borrower_id, loan_id, lender_ids[0], "A secret thing")

    row = house.read(notices.page_of, member_id=lender_ids[0]).rows[0]
    assert row.text.title == "Rosa M. wrote to you"
    assert row.text.path == f"/messages?thread={loan_id}-{lender_ids[0]}"
    assert "secret" not in row.text.title + row.text.meaning


def test_a_thread_is_unknown_to_everybody_else(
    loan_id: int, borrower_id: int, lender_ids: tuple[int, int]
) -> None:
    mine, neighbour = lender_ids
    send(mine, loan_id, mine)
    strangers = [
        neighbour,
        house.run(a_lender),
        house.run(a_borrower),
        house.run(a_member, role=Role.ADMIN),
    ]

    for stranger_id in strangers:
        with pytest.raises(UnknownError):
            opened(stranger_id, loan_id, mine)
        with pytest.raises(UnknownError):
            send(stranger_id, loan_id, mine)
        with pytest.raises(UnknownError):
            house.run(letters.mark_read, member_id=stranger_id, loan_id=loan_id, lender_id=mine, now=NOW)

    assert house.read(letters.threads, member_id=neighbour) == ()
    assert len(opened(borrower_id, loan_id, mine).letters) == 1


def test_without_a_note_in_the_loan_there_is_no_thread(loan_id: int, borrower_id: int) -> None:
    outsider = house.run(a_lender)
    bot = house.run(a_lender, is_bot=True)

    for lender_id in (outsider, bot, borrower_id, 999_999, 0, -1, 2**70):
        with pytest.raises(UnknownError):
            send(borrower_id, loan_id, lender_id)
    with pytest.raises(UnknownError):
        send(outsider, loan_id, outsider)
    with pytest.raises(UnknownError):
        send(borrower_id, 999_999, outsider)


def test_nobody_writes_to_a_bot(loan_id: int, borrower_id: int, lender_ids: tuple[int, int]) -> None:
    def turn_into_a_bot(session: Session) -> None:
        session.get_one(Member, lender_ids[0]).is_bot = True

    house.run(turn_into_a_bot)

    with pytest.raises(UnknownError):
        send(borrower_id, loan_id, lender_ids[0])
    others = house.read(letters.correspondents, member_id=borrower_id)
    assert [row.lender_id for row in others] == [lender_ids[1]]


def test_a_borrower_may_begin_with_each_lender_and_a_lender_with_the_borrower(
    loan_id: int, borrower_id: int, lender_ids: tuple[int, int]
) -> None:
    before = house.read(letters.correspondents, member_id=borrower_id)

    send(borrower_id, loan_id, lender_ids[0])

    after = house.read(letters.correspondents, member_id=borrower_id)
    assert {row.lender_id for row in before} == set(lender_ids)
    assert [row.lender_id for row in after] == [lender_ids[1]]
    (other,) = house.read(letters.correspondents, member_id=lender_ids[1])
    assert (other.other_name, other.key) == ("Rosa M.", f"{loan_id}-{lender_ids[1]}")


def test_a_form_sent_twice_sends_once(loan_id: int, borrower_id: int, lender_ids: tuple[int, int]) -> None:
    form_key = a_form_key()

    numbers = in_threads([lambda: send(borrower_id, loan_id, lender_ids[0], form_key=form_key)] * 4)

    assert len(set(numbers)) == 1
    assert len(opened(borrower_id, loan_id, lender_ids[0]).letters) == 1
    assert len(house.read(notices.page_of, member_id=lender_ids[0]).rows) == 1


@pytest.mark.parametrize("text", ["", " \n ", "x" * 2001, "a\x00b", "\u202e", "\ud800"])
def test_a_letter_that_cannot_be_shown_is_refused(
    text: str, loan_id: int, borrower_id: int, lender_ids: tuple[int, int]
) -> None:
    with pytest.raises(FieldError) as refused:
        send(borrower_id, loan_id, lender_ids[0], text)

    assert refused.value.field == "letter"
    assert opened(borrower_id, loan_id, lender_ids[0]).letters == ()


def test_thirty_letters_a_day_are_enough(loan_id: int, borrower_id: int, lender_ids: tuple[int, int]) -> None:
    def write_many(session: Session) -> None:
        for number in range(30):
            letters.send(
                session,
                author_id=borrower_id,
                loan_id=loan_id,
                lender_id=lender_ids[0],
                text=f"Letter {number}",
                form_key=a_form_key(),
                business_on=TODAY,
                now=NOW,
            )

    house.run(write_many)

    with pytest.raises(WroteEnoughError) as refused:
        send(borrower_id, loan_id, lender_ids[0])
    assert refused.value.message == "You have sent 30 letters here today. You can write tomorrow."
    send(borrower_id, loan_id, lender_ids[1])
    send(lender_ids[0], loan_id, lender_ids[0])


def test_who_sold_the_note_reads_on_and_writes_no_more(
    loan_id: int, borrower_id: int, lender_ids: tuple[int, int]
) -> None:
    seller = lender_ids[0]
    send(seller, loan_id, seller)

    def sell(session: Session) -> None:
        note = session.exec(select(Note).where(Note.loan_id == loan_id, Note.lender_id == seller)).one()
        note.lender_id = a_lender(session)

    house.run(sell)

    shown = opened(seller, loan_id, seller)
    assert (len(shown.letters), shown.can_write) == (1, False)
    for author_id in (seller, borrower_id):
        with pytest.raises(LendingError, match="holds no note"):
            send(author_id, loan_id, seller)


def test_an_admin_hides_a_letter_with_a_reason_and_only_its_author_reads_on(
    loan_id: int, borrower_id: int, lender_ids: tuple[int, int]
) -> None:
    admin_id = house.run(a_member, role=Role.ADMIN)
    letter_id = send(borrower_id, loan_id, lender_ids[0], "Send me your card number")
    hiding = {"what": Written.LETTER, "written_id": letter_id, "business_on": TODAY, "now": NOW}

    for member_id in (borrower_id, lender_ids[0]):
        with pytest.raises(UnknownError):
            house.run(moderation.hide, admin_id=member_id, reason="Because", **hiding)
    with pytest.raises(FieldError):
        house.run(moderation.hide, admin_id=admin_id, reason="", **hiding)
    house.run(moderation.hide, admin_id=admin_id, reason="It asks for card numbers", **hiding)

    for member_id, text in ((borrower_id, "Send me your card number"), (lender_ids[0], "")):
        row = opened(member_id, loan_id, lender_ids[0]).letters[0]
        assert (row.text, row.hidden_reason) == (text, "It asks for card numbers")
    assert house.read(letters.threads, member_id=lender_ids[0])[0].newest_text == ""
    with pytest.raises(HiddenAlreadyError):
        house.run(moderation.hide, admin_id=admin_id, reason="Once more", **hiding)


def test_admins_read_what_was_written_and_nobody_else_does(
    loan_id: int, borrower_id: int, lender_ids: tuple[int, int]
) -> None:
    admin_id = house.run(a_member, role=Role.ADMIN)
    send(borrower_id, loan_id, lender_ids[0], "A letter")
    listing_id = house.run(a_listing, borrower_id=borrower_id)
    asked = {"listing_id": listing_id, "form_key": a_form_key(), "business_on": TODAY, "now": NOW}
    house.run(questions.ask, lender_id=lender_ids[0], text="A question", **asked)

    private = house.read(moderation.page_of, admin_id=admin_id, shows=Shows.LETTERS)
    public = house.read(moderation.page_of, admin_id=admin_id, shows=Shows.QUESTIONS)

    assert [(row.what.value, row.text, row.place_id) for row in private.rows] == [
        ("letter", "A letter", loan_id)
    ]
    assert [(row.what.value, row.text, row.place_id) for row in public.rows] == [
        ("question", "A question", listing_id)
    ]
    for member_id in (borrower_id, lender_ids[0], 999_999):
        with pytest.raises(UnknownError):
            house.read(moderation.page_of, admin_id=member_id, shows=Shows.LETTERS)


def test_a_letter_that_fails_leaves_nothing(
    loan_id: int, borrower_id: int, lender_ids: tuple[int, int]
) -> None:
    def write_and_break(session: Session) -> None:
        letters.send(
            session,
            author_id=borrower_id,
            loan_id=loan_id,
            lender_id=lender_ids[0],
            text="Gone",
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )
        session.get_one(Loan, loan_id)
        raise LendingError("The rule says no.")

    with pytest.raises(LendingError):
        house.run(write_and_break)

    assert unread(lender_ids[0]) == 0
    assert house.read(notices.unread_count, member_id=lender_ids[0]) == 0

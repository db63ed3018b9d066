"""The messages screen: threads of one's own, one letter for one press, and what admins may hide."""

from dataclasses import dataclass

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Letter, Note
from p2p_reflex.services.conversations import letters
from p2p_reflex.services.days import opening
from p2p_reflex.state import visitors
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.messages import MessagesState
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_loan, a_member
from tests.state.sessions import enter_as
from tests.state.wire import Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

HOSTILE = "<script>alert(1)</script> **bold** {{7*7}}"


@dataclass(frozen=True)
class Scene:
    """One loan, its borrower and its lender, and the name of their thread."""

    borrower_id: int
    lender_id: int
    loan_id: int

    @property
    def key(self) -> str:
        return f"{self.loan_id}-{self.lender_id}"

    def tab(self, member_id: int, key: str = "") -> Tab:
        path = f"/messages?thread={key}" if key else "/messages"
        return Tab(cookie=house.run(enter_as, member_id=member_id), path=path)


@pytest.fixture
def scene(database: Engine) -> Scene:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()
    return house.run(_scene)


def _scene(session: Session) -> Scene:
    borrower_id = a_borrower(session, full_name="Rosa Marchetti")
    loan_id = a_loan(session, borrower_id=borrower_id, principal_cents=1_000_00)
    lender_id = session.exec(select(Note.lender_id).where(Note.loan_id == loan_id)).one()
    return Scene(borrower_id, lender_id, loan_id)


def write(scene: Scene, author_id: int, text: str) -> int:
    return house.run(
        letters.send,
        author_id=author_id,
        loan_id=scene.loan_id,
        lender_id=scene.lender_id,
        text=text,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def texts() -> list[str]:
    with house.reading() as session:
        return list(session.exec(select(Letter.text).order_by(Letter.id)).all())  # type: ignore[arg-type]


def test_opening_a_thread_shows_its_letters_and_reads_them(scene: Scene) -> None:
    write(scene, scene.lender_id, HOSTILE)
    tab = scene.tab(scene.borrower_id, scene.key)
    before = tab.send(FrameState.load).shown(FrameState, "letter_count")

    answer = tab.send(MessagesState.load)

    assert before == "1"
    assert [line["text"] for line in answer.shown(MessagesState, "lines")] == [HOSTILE]
    assert answer.shown(MessagesState, "threads")[0]["unread"] == ""
    assert house.read(letters.unread_count, member_id=scene.borrower_id) == 0


def test_the_list_alone_reads_nothing(scene: Scene) -> None:
    write(scene, scene.lender_id, "How is the roof?")

    answer = scene.tab(scene.borrower_id).send(MessagesState.load)

    assert answer.shown(MessagesState, "threads")[0]["unread"] == "1"
    assert house.read(letters.unread_count, member_id=scene.borrower_id) == 1


def test_a_button_pressed_twice_sends_one_letter_and_empties_the_field(scene: Scene) -> None:
    tab = scene.tab(scene.borrower_id, scene.key)
    key = tab.send(MessagesState.load).shown(MessagesState, "form_key")
    tab.send(MessagesState.type_letter, text="All is well")
    form = {"letter": "All is well", "form_key": key}

    first = tab.send(MessagesState.send, form=form)
    tab.send(MessagesState.send, form=form)

    assert texts() == ["All is well"]
    assert first.shown(MessagesState, "letter") == ""
    assert len(first.shown(MessagesState, "lines")) == 1


def test_a_refused_letter_stays_in_the_field_with_a_sentence_beside_it(scene: Scene) -> None:
    tab = scene.tab(scene.borrower_id, scene.key)
    key = tab.send(MessagesState.load).shown(MessagesState, "form_key")

    answer = tab.send(MessagesState.send, form={"letter": "x" * 2001, "form_key": key})

    assert answer.shown(MessagesState, "errors") == {
        "letter": "The letter can have at most 2,000 characters."
    }
    assert answer.shown(MessagesState, "letter") == "x" * 2001
    assert texts() == []


@pytest.mark.parametrize("key", ["1-2-3", "a-b", "-", "9" * 40 + "-1", "١-٢", "999999-999999"])
def test_an_address_of_no_thread_shows_none(scene: Scene, key: str) -> None:
    answer = scene.tab(scene.borrower_id, key).send(MessagesState.load)

    assert "does not exist" in answer.shown(MessagesState, "missing")
    assert answer.shown(MessagesState, "lines") in (None, [])


def test_a_strangers_thread_shows_nothing(scene: Scene) -> None:
    write(scene, scene.lender_id, "Between the two of us")
    stranger_id = house.run(a_lender)

    answer = scene.tab(stranger_id, scene.key).send(MessagesState.load)

    assert "does not exist" in answer.shown(MessagesState, "missing")
    assert "Between" not in str(answer.changed)


def test_an_admin_sees_what_was_written_and_hides_with_a_reason(scene: Scene) -> None:
    letter_id = write(scene, scene.lender_id, "Send me your card number")
    admin_id = house.run(a_member, role=Role.ADMIN)
    tab = scene.tab(admin_id)
    tab.send(MessagesState.load)
    shown = tab.send(MessagesState.show_written, shows="letters").shown(MessagesState, "written")

    tab.send(MessagesState.open_hide, key=shown[0]["key"])
    refused = tab.send(MessagesState.hide)
    tab.send(MessagesState.type_reason, text="It asks for card numbers")
    answer = tab.send(MessagesState.hide)

    assert shown[0]["key"] == f"letter-{letter_id}"
    assert refused.shown(MessagesState, "errors") == {"reason": "The reason is missing."}
    line = answer.shown(MessagesState, "written")[0]
    assert line["hidden"] == "Hidden by the market: It asks for card numbers"
    assert len(line["acts"]) == 1
    thread = scene.tab(scene.borrower_id, scene.key).send(MessagesState.load)
    assert "card number" not in str(thread.shown(MessagesState, "threads"))
    assert thread.shown(MessagesState, "lines")[0]["text"] == ""


def test_an_admin_finds_what_was_hidden_and_shows_it_again(scene: Scene) -> None:
    write(scene, scene.lender_id, "How is the roof?")
    tab = scene.tab(house.run(a_member, role=Role.ADMIN))
    tab.send(MessagesState.load)
    (line,) = tab.send(MessagesState.show_written, shows="letters").shown(MessagesState, "written")
    tab.send(MessagesState.open_hide, key=line["key"])
    tab.send(MessagesState.type_reason, text="Taken for another")
    tab.send(MessagesState.hide)

    found = tab.send(MessagesState.show_written, shows="hidden").shown(MessagesState, "written")
    tab.send(MessagesState.open_show, key=found[0]["key"])
    refused = tab.send(MessagesState.show_again)
    tab.send(MessagesState.type_reason, text="It was a mistake of ours")
    after = tab.send(MessagesState.show_again)

    assert [each["text"] for each in found] == ["How is the roof?"]
    assert refused.shown(MessagesState, "errors") == {"reason": "The reason is missing."}
    assert after.shown(MessagesState, "written") == []
    (again,) = tab.send(MessagesState.show_written, shows="shown_again").shown(MessagesState, "written")
    assert [act.rpartition(": ")[2] for act in again["acts"]] == [
        "Taken for another",
        "It was a mistake of ours",
    ]
    thread = scene.tab(scene.borrower_id, scene.key).send(MessagesState.load)
    assert thread.shown(MessagesState, "lines")[0]["text"] == "How is the roof?"


def test_nobody_but_an_admin_reaches_the_hiding(scene: Scene) -> None:
    letter_id = write(scene, scene.lender_id, "Harmless")

    for member_id in (scene.borrower_id, scene.lender_id):
        tab = scene.tab(member_id)
        tab.send(MessagesState.open_hide, key=f"letter-{letter_id}")
        for handler in (MessagesState.hide, MessagesState.show_again):
            assert "not open to your kind of account" in tab.send(handler).toasts

    assert texts() == ["Harmless"]

"""The questions on the listing screen: asked once, answered in public, hidden by admins only."""

from dataclasses import dataclass

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.conversations import questions
from p2p_reflex.services.days import opening
from p2p_reflex.state import visitors
from p2p_reflex.state.listing_questions import ListingQuestionsState as Screen
from tests.builders import TODAY, a_borrower, a_lender, a_listing, a_member
from tests.state.sessions import enter_as
from tests.state.wire import Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class Scene:
    """One open listing, its borrower, a lender and an admin."""

    listing_id: int
    borrower_id: int
    lender_id: int
    admin_id: int

    def tab(self, member_id: int | None = None) -> Tab:
        """Open the listing's page, signed in or as a visitor."""
        cookie = house.run(enter_as, member_id=member_id) if member_id else ""
        return Tab(cookie=cookie, path=f"/listings/{self.listing_id}")


@pytest.fixture
def scene(database: Engine) -> Scene:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()
    return house.run(_scene)


def _scene(session: Session) -> Scene:
    borrower_id = a_borrower(session, full_name="Rosa Marchetti")
    return Scene(
        a_listing(session, borrower_id=borrower_id),
        borrower_id,
        a_lender(session, full_name="Ingrid Sund"),
        a_member(session, role=Role.ADMIN),
    )


def asked(scene: Scene, text: str = "Are the orders signed?") -> int:
    """Ask by the screen, and return the question's id."""
    tab = scene.tab(scene.lender_id)
    key = tab.send(Screen.load).shown(Screen, "form_key")
    answer = tab.send(Screen.ask_question, form={"question": text, "form_key": key})
    return int(answer.shown(Screen, "lines")[-1].question.id)


def count(scene: Scene) -> int:
    found = house.read(
        questions.view, listing_id=scene.listing_id, viewer_id=None, role=None, business_on=TODAY
    )
    return sum(1 + len(row.answers) for row in found.rows)


def test_a_button_pressed_twice_asks_once_and_empties_the_field(scene: Scene) -> None:
    tab = scene.tab(scene.lender_id)
    key = tab.send(Screen.load).shown(Screen, "form_key")
    form = {"question": "Are the orders signed?", "form_key": key}

    first = tab.send(Screen.ask_question, form=form)
    second = tab.send(Screen.ask_question, form=form)

    assert count(scene) == 1
    assert first.shown(Screen, "question") == ""
    assert second.shown(Screen, "question") is None
    assert first.shown(Screen, "lines")[0].question.name == "You"


def test_a_refused_question_stays_in_the_field_with_a_sentence_beside_it(scene: Scene) -> None:
    tab = scene.tab(scene.lender_id)
    key = tab.send(Screen.load).shown(Screen, "form_key")

    answer = tab.send(Screen.ask_question, form={"question": "?", "form_key": key})

    assert answer.shown(Screen, "errors")["question"].startswith("The question")
    assert answer.shown(Screen, "question") == "?"
    assert count(scene) == 0


def test_the_borrower_answers_and_a_visitor_reads_it(scene: Scene) -> None:
    question_id = asked(scene, "<b>Are</b> the orders signed?")
    tab = scene.tab(scene.borrower_id)
    key = tab.send(Screen.load).shown(Screen, "form_key")
    tab.send(Screen.open_answer, question_id=question_id)

    tab.send(Screen.send_answer, form={"answer": "One is.\n\nThe other soon.", "form_key": key})

    answer = scene.tab().send(Screen.load)
    line = answer.shown(Screen, "lines")[0]
    assert (line.question.name, line.question.text) == ("Ingrid S.", "<b>Are</b> the orders signed?")
    assert (line.answers[0].name, line.answers[0].text) == ("Rosa M.", "One is.\n\nThe other soon.")
    assert not answer.shown(Screen, "can_ask")


def test_a_borrower_cannot_answer_on_a_strangers_listing(scene: Scene) -> None:
    question_id = asked(scene)
    tab = scene.tab(house.run(a_borrower))
    key = tab.send(Screen.load).shown(Screen, "form_key")
    tab.send(Screen.open_answer, question_id=question_id)

    answer = tab.send(Screen.send_answer, form={"answer": "Mine now", "form_key": key})

    assert "does not exist, or it is not yours" in answer.toasts
    assert count(scene) == 1


def test_only_an_admin_hides_and_everybody_sees_the_reason(scene: Scene) -> None:
    question_id = asked(scene, "Call me at 555 0100")
    for member_id in (scene.borrower_id, scene.lender_id):
        tab = scene.tab(member_id)
        tab.send(Screen.open_hide, message_id=question_id)
        assert "not open to your kind of account" in tab.send(Screen.hide).toasts
        assert "not open to your kind of account" in tab.send(Screen.show_again).toasts

    tab = scene.tab(scene.admin_id)
    tab.send(Screen.load)
    tab.send(Screen.open_hide, message_id=question_id)
    tab.send(Screen.type_reason, text="A telephone number")
    tab.send(Screen.hide)

    answer = scene.tab().send(Screen.load)
    assert answer.shown(Screen, "lines")[0].question.hidden == "Hidden by the market: A telephone number"
    assert "555 0100" not in str(answer.changed)
    own = scene.tab(scene.lender_id).send(Screen.load).shown(Screen, "lines")[0].question
    assert own.hidden == "The market hid this from everybody else. The reason: A telephone number"
    assert own.text == "Call me at 555 0100"
    tab.send(Screen.open_show, message_id=question_id)
    tab.send(Screen.type_reason, text="It is the number of the shop")
    tab.send(Screen.show_again)
    assert scene.tab().send(Screen.load).shown(Screen, "lines")[0].question.text == "Call me at 555 0100"


def test_a_listing_that_does_not_exist_has_no_questions(scene: Scene) -> None:
    for path in ("/listings/999999", "/listings/x", "/listings/" + "9" * 30):
        answer = Tab(path=path).send(Screen.load)
        assert "does not exist" in answer.shown(Screen, "missing")

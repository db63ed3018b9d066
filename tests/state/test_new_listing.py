"""The new-listing screen: it follows what is typed, keeps drafts, and publishes once."""

from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Listing
from p2p_reflex.services.days import opening
from p2p_reflex.state import visitors
from p2p_reflex.state.new_listing import NewListingState
from tests.builders import TODAY, a_borrower, a_listing_form
from tests.state.sessions import a_session_of, enter_as
from tests.state.wire import Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()


def a_tab() -> Tab:
    """Open the screen as a borrower with a profile."""

    def enter(session: Session) -> str:
        return enter_as(session, member_id=a_borrower(session))

    return Tab(cookie=house.run(enter), path="/borrow/new")


def typed(form_key: str, **changes: str) -> dict[str, Any]:
    """Fill the form as the browser would send it."""
    filled = a_listing_form(**changes)
    return {
        "amount": filled.amount,
        "term_months": filled.term_months,
        "purpose": filled.purpose,
        "highest_rate": filled.highest_rate,
        "title": filled.title,
        "story": filled.story,
        "window_days": filled.window_days,
        "smallest_share": filled.smallest_share,
        "form_key": form_key,
    }


def published() -> list[Listing]:
    """Read every listing."""
    with house.transaction() as session:
        return list(session.exec(select(Listing)))


def test_a_new_form_proposes_figures_and_refuses_nothing_yet() -> None:
    tab = a_tab()

    answer = tab.send(NewListingState.load)

    meant = answer.shown(NewListingState, "meant")
    assert meant.grade in "ABCDEFG"
    assert meant.apr.endswith(" %")
    assert answer.shown(NewListingState, "highest_rate") != ""
    assert not answer.shown(NewListingState, "errors")


def test_the_consequences_follow_what_is_typed() -> None:
    tab = a_tab()
    before = tab.send(NewListingState.load).shown(NewListingState, "meant")

    answer = tab.send(NewListingState.change, field="amount", text="20,000")

    assert answer.shown(NewListingState, "meant").installment != before.installment


def test_an_error_stands_beside_the_field_that_was_touched_and_the_figures_stay() -> None:
    tab = a_tab()
    tab.send(NewListingState.load)

    answer = tab.send(NewListingState.change, field="amount", text="NaN")

    assert set(answer.shown(NewListingState, "errors")) == {"amount"}
    assert answer.shown(NewListingState, "is_current") is False
    assert answer.shown(NewListingState, "meant") is None


def test_the_proposed_rate_follows_until_somebody_types_one() -> None:
    tab = a_tab()
    proposed = tab.send(NewListingState.load).shown(NewListingState, "highest_rate")
    followed = tab.send(NewListingState.change, field="amount", text="90,000")
    tab.send(NewListingState.change, field="highest_rate", text="30")

    kept = tab.send(NewListingState.change, field="amount", text="2,000")

    assert followed.shown(NewListingState, "highest_rate") not in (None, proposed)
    assert kept.shown(NewListingState, "highest_rate") is None


def test_a_field_that_is_not_on_the_form_changes_nothing() -> None:
    tab = a_tab()
    tab.send(NewListingState.load)

    answer = tab.send(NewListingState.change, field="_borrower_id", text="1")

    assert NewListingState.get_full_name() not in answer.changed


def test_publishing_leads_to_the_listing() -> None:
    tab = a_tab()
    form_key = tab.send(NewListingState.load).shown(NewListingState, "form_key")

    answer = tab.send(NewListingState.publish, form=typed(form_key, highest_rate="30"))

    (listing,) = published()
    assert f"/listings/{listing.id}" in answer.toasts


def test_the_same_form_sent_twice_publishes_once() -> None:
    tab = a_tab()
    form_key = tab.send(NewListingState.load).shown(NewListingState, "form_key")
    form = typed(form_key, highest_rate="30")

    tab.send(NewListingState.publish, form=form)
    again = tab.send(NewListingState.publish, form=form)

    (listing,) = published()
    assert f"/listings/{listing.id}" in again.toasts


def test_publishing_an_unfinished_form_points_at_every_field_and_publishes_nothing() -> None:
    tab = a_tab()
    form_key = tab.send(NewListingState.load).shown(NewListingState, "form_key")

    answer = tab.send(NewListingState.publish, form=typed(form_key, title="", story="", purpose=""))

    assert {"title", "story", "purpose"} <= set(answer.shown(NewListingState, "errors"))
    assert answer.shown(NewListingState, "is_publishing") is False
    assert published() == []


def test_a_saved_draft_comes_back_in_another_tab() -> None:
    tab = a_tab()
    tab.send(NewListingState.load)
    tab.send(NewListingState.change, field="title", text="A second oven")
    tab.send(NewListingState.save_draft)
    other = Tab(cookie=tab.cookie, path="/borrow/new")

    answer = other.send(NewListingState.load)

    assert answer.shown(NewListingState, "title") == "A second oven"
    assert answer.shown(NewListingState, "draft_note") == "Draft saved just now"


def test_what_was_typed_but_not_saved_is_still_there_after_a_reload() -> None:
    tab = a_tab()
    tab.send(NewListingState.load)
    tab.send(NewListingState.change, field="title", text="Not saved yet")

    answer = tab.send(NewListingState.load)

    assert answer.shown(NewListingState, "title") is None


def test_starting_over_forgets_the_draft() -> None:
    tab = a_tab()
    tab.send(NewListingState.load)
    tab.send(NewListingState.change, field="title", text="A second oven")
    tab.send(NewListingState.save_draft)

    answer = tab.send(NewListingState.start_over)

    assert answer.shown(NewListingState, "title") == ""
    assert answer.shown(NewListingState, "draft_note") == ""


def test_a_lender_is_led_to_their_own_home() -> None:
    tab = Tab(cookie=a_session_of(Role.LENDER), path="/borrow/new")

    answer = tab.send(NewListingState.load)

    assert "/portfolio" in answer.toasts

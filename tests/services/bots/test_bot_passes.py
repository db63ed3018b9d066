"""What a listing's page says of the bots that passed, and to whom."""

from datetime import timedelta
from typing import Any

import pytest

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import ListingState, Role
from p2p_reflex.models import Listing
from p2p_reflex.services import touched
from p2p_reflex.services.bots import bot_passes, bot_runs
from p2p_reflex.services.bots.bot_passes import BotPass
from tests.builders import NOW, TODAY, a_borrower, a_lender, a_listing, a_member

pytestmark = pytest.mark.usefixtures("database")
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def listing_id(database: Any) -> int:
    house.run(bot_runs.enroll_bots, business_on=TODAY, now=NOW)
    return house.run(a_listing, amount_cents=4_000_00, floor_rate="0.094", highest_rate="0.15")


def _round() -> None:
    house.run(bot_runs.run_round, listing_ids=None, business_on=TODAY, now=LATER, seed=7)


def _passes(listing_id: Any, viewer_id: int | None) -> tuple[BotPass, ...]:
    return house.read(bot_passes.passes, listing_id=listing_id, viewer_id=viewer_id)


def test_a_lender_reads_which_bots_passed_and_why(listing_id: int) -> None:
    lender_id = house.run(a_lender)

    _round()

    passed = {each.bot_name: each.reason for each in _passes(listing_id, lender_id)}
    assert passed["PremiumRate Investors"] == "Credit score 731 is under our 780."
    assert "QuickCash Solutions" not in passed


def test_only_lenders_admins_and_the_borrower_of_the_listing_see_them(listing_id: int) -> None:
    _round()
    borrower_id = house.read(lambda session: session.get_one(Listing, listing_id).borrower_id)
    admin_id = house.run(a_member, role=Role.ADMIN)
    other_id = house.run(a_borrower)

    seen = [bool(_passes(listing_id, viewer)) for viewer in (borrower_id, admin_id, other_id, None)]

    assert seen == [True, True, False, False]


def test_an_ended_or_unknown_listing_has_none(listing_id: int) -> None:
    lender_id = house.run(a_lender)
    _round()

    def end(session: Any) -> None:
        session.get_one(Listing, listing_id).state = ListingState.WITHDRAWN

    house.run(end)

    assert _passes(listing_id, lender_id) == _passes(-1, lender_id) == _passes("1", lender_id) == ()


def test_a_round_in_which_bots_only_pass_reaches_the_page_of_the_listing(listing_id: int) -> None:
    with house.transaction() as session:
        bot_runs.run_round(session, listing_ids=None, business_on=TODAY, now=LATER, seed=7)
        told = touched.topics_of(session)

    assert {touched.BOTS, touched.listing_topic(listing_id)} <= told

"""Outbid, and one click later leading again: what the button says, what it does, and when it is not there."""

import pytest

from p2p_reflex.domain.vocabulary import BidState
from p2p_reflex.models import Bid
from p2p_reflex.state.listing import ListingState as Screen
from tests.builders import broken_laws
from tests.state.test_listing import Scene, every, house, key_of, opened, place, scene

__all__ = ["scene"]

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_an_outbid_lender_leads_again_with_one_click(scene: Scene) -> None:
    place(scene, 0, "1000", "11", message="Good luck with the van.")
    place(scene, 1, "1000", "10")
    tab, answer = opened(scene, scene.lenders[0])
    standing = answer.shown(Screen, "standing")

    placed = tab.send(Screen.place_bid, form={**standing.again, "form_key": key_of(answer)})

    assert standing.lower == "Bid lower: 9.95 %"
    assert standing.lower_words == "At 9.95 % all of it leads again, and $1,000 is held."
    assert placed.shown(Screen, "standing").badge == "Leading"
    assert placed.shown(Screen, "standing").lower == ""
    mine = (scene.lender_ids[0], BidState.LIVE)
    (own,) = [bid for bid in every(Bid) if (bid.lender_id, bid.state) == mine]
    assert (own.leading_cents, own.message) == (1_000_00, "Good luck with the van.")
    assert house.read(broken_laws) == []


def test_a_bid_that_leads_is_offered_nothing_lower(scene: Scene) -> None:
    place(scene, 0, "1000", "11")

    _, answer = opened(scene, scene.lenders[0])

    assert answer.shown(Screen, "standing").lower == ""


def test_where_the_book_is_full_at_the_floor_nothing_lower_is_offered(scene: Scene) -> None:
    place(scene, 0, "1000", "11")
    place(scene, 1, "1000", "6")

    _, answer = opened(scene, scene.lenders[0])

    assert (answer.shown(Screen, "standing").badge, answer.shown(Screen, "standing").lower) == ("Outbid", "")


def test_what_is_typed_meanwhile_does_not_change_what_the_button_offers(scene: Scene) -> None:
    place(scene, 0, "1000", "11")
    place(scene, 1, "1000", "10")
    tab, answer = opened(scene, scene.lenders[0])

    tab.send(Screen.type_amount, text="300")
    later = tab.send(Screen.load)

    assert (later.shown(Screen, "standing") or answer.shown(Screen, "standing")).again["amount"] == "1,000"

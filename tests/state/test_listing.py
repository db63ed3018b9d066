"""The listing screen: what each viewer sees and may do, and what a stale page is told."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import BidState, ListingState
from p2p_reflex.models import Bid, Listing, Loan
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.days import opening
from p2p_reflex.services.listings import listings
from p2p_reflex.state import visitors
from p2p_reflex.state.listing import ListingState as Screen
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing, broken_laws
from tests.state.sessions import enter_as
from tests.state.wire import Answer, Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class Scene:
    """One listing of $1,000 between 6 and 20 %, its borrower and two lenders, each signed in."""

    listing_id: int
    borrower_id: int
    lender_ids: tuple[int, int]
    borrower: str
    lenders: tuple[str, str]

    def tab(self, cookie: str = "") -> Tab:
        """Open a tab on the listing's address."""
        return Tab(cookie=cookie, path=f"/listings/{self.listing_id}")


@pytest.fixture
def scene(database: Engine) -> Scene:
    """Set the scene in an open market."""
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()
    return house.run(_scene)


def _scene(session: Session) -> Scene:
    borrower_id = a_borrower(session, full_name="Rosa Marchetti")
    maya_id = a_lender(session, full_name="Maya Rosen", cash_cents=2_000_00)
    tomas_id = a_lender(session, full_name="Tomas Kral", cash_cents=2_000_00)
    return Scene(
        listing_id=a_listing(session, borrower_id=borrower_id),
        borrower_id=borrower_id,
        lender_ids=(maya_id, tomas_id),
        borrower=enter_as(session, member_id=borrower_id),
        lenders=(enter_as(session, member_id=maya_id), enter_as(session, member_id=tomas_id)),
    )


def place(scene: Scene, lender: int, amount: str, rate: str, message: str = "") -> int:
    """Place a bid past the screen, as somebody else would."""
    placed = house.run(
        bidding.place_bid,
        lender_id=scene.lender_ids[lender],
        listing_id=scene.listing_id,
        amount=amount,
        rate=rate,
        message=message,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )
    return placed.bid_id


def withdraw(scene: Scene) -> None:
    """Withdraw the listing past the screen, as in another tab."""
    house.run(
        listings.withdraw,
        borrower_id=scene.borrower_id,
        listing_id=scene.listing_id,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def opened(scene: Scene, cookie: str = "") -> tuple[Tab, Answer]:
    """Open the screen and load it."""
    tab = scene.tab(cookie)
    return tab, tab.send(Screen.load)


def key_of(answer: Answer) -> str:
    """Take the key of the form that the screen opened with."""
    return str(answer.shown(Screen, "form_key"))


def every(table: Any) -> list[Any]:
    """Read every row of a table."""
    with house.transaction() as session:
        return list(session.exec(select(table)))


def test_a_visitor_sees_the_listing_and_is_asked_to_sign_in(scene: Scene) -> None:
    place(scene, 0, "400", "11.5", message="Good luck with the van.")

    _, answer = opened(scene)

    (line,) = answer.shown(Screen, "leading")
    assert (line.name, line.amount, line.rate, line.words) == ("Maya R.", "$400", "11.50 %", "Leading")
    assert (line.bid_id, line.message) == (0, "")
    assert answer.shown(Screen, "panel") == "visitor"
    assert answer.shown(Screen, "sign_in_href") == f"/login?next=/listings/{scene.listing_id}"


@pytest.mark.parametrize("path", ["/listings/999999", "/listings/abc", "/listings/-1", "/listings/1e3"])
def test_a_listing_that_is_not_there_is_said_to_be_missing(scene: Scene, path: str) -> None:
    tab = Tab(cookie=scene.lenders[0], path=path)

    answer = tab.send(Screen.load)

    assert answer.shown(Screen, "missing") == "This listing does not exist, or it is not yours to see."


def test_a_lender_sees_what_a_bid_would_do_while_typing(scene: Scene) -> None:
    place(scene, 1, "1,000", "12")
    tab, _ = opened(scene, scene.lenders[0])
    tab.send(Screen.type_amount, text="400")

    answer = tab.send(Screen.type_rate, text="11.55")

    quote = answer.shown(Screen, "quote")
    assert (quote.kind, quote.fact) == ("good", "All $400 would lead.")
    assert quote.then == "1st of 2. Tomas K. would lead in part."
    assert (quote.rate, quote.loss) == ("11.55 %", "−3.31 %")
    assert quote.hold == (
        "Holds $400 of your $2,000.00 available. A leading bid is binding until it is outbid."
    )
    assert not answer.shown(Screen, "errors")


def test_an_empty_form_refuses_nothing_and_shows_what_the_rate_now_would_earn(scene: Scene) -> None:
    place(scene, 1, "400", "12")

    _, answer = opened(scene, scene.lenders[0])

    quote = answer.shown(Screen, "quote")
    assert (quote.rate_label, quote.rate) == ("At the average rate now", "12.00 %")
    assert quote.fact == "Enter an amount and a rate"
    assert answer.shown(Screen, "errors") == {}


def test_what_cannot_be_used_is_said_beside_its_field_while_typing(scene: Scene) -> None:
    tab, _ = opened(scene, scene.lenders[0])

    answer = tab.send(Screen.type_amount, text="ten")

    assert answer.shown(Screen, "errors") == {"amount": "The amount must be a number like 1,250."}
    assert answer.shown(Screen, "bid_amount") == "ten"


def test_one_click_takes_the_highest_rate_that_leads_in_full(scene: Scene) -> None:
    place(scene, 1, "1,000", "12")
    tab, _ = opened(scene, scene.lenders[0])
    tab.send(Screen.type_amount, text="400")

    answer = tab.send(Screen.lead_in_full)

    assert answer.shown(Screen, "bid_rate") == "11.95"
    assert answer.shown(Screen, "quote").fact == "All $400 would lead."


def test_a_placed_bid_stands_in_the_book_and_is_held(scene: Scene) -> None:
    tab, loaded = opened(scene, scene.lenders[0])
    form = {"amount": "400", "rate": "11.5", "message": "Good luck.", "form_key": key_of(loaded)}

    answer = tab.send(Screen.place_bid, form=form)

    (bid,) = every(Bid)
    assert (bid.amount_cents, bid.leading_cents, bid.message) == (400_00, 400_00, "Good luck.")
    assert "Bid placed" in answer.toasts
    assert answer.shown(Screen, "standing").words == "All $400 of your bid leads at 11.50 %."
    assert answer.shown(Screen, "leading")[0].name == "You"
    assert answer.shown(Screen, "is_busy") is False


def test_a_bid_button_pressed_twice_places_one_bid(scene: Scene) -> None:
    tab, loaded = opened(scene, scene.lenders[0])
    form = {"amount": "400", "rate": "11.5", "message": "", "form_key": key_of(loaded)}

    tab.send(Screen.place_bid, form=form)
    tab.send(Screen.place_bid, form=form)

    assert len(every(Bid)) == 1
    assert house.run(broken_laws) == []


def test_a_bid_the_wallet_cannot_carry_is_refused_beside_the_amount(scene: Scene) -> None:
    def spend(session: Session) -> int:
        return a_listing(session, amount_cents=1_800_00, title="Another plan")

    other_id = house.run(spend)
    tab, loaded = opened(scene, scene.lenders[0])
    house.run(
        bidding.place_bid,
        lender_id=scene.lender_ids[0],
        listing_id=other_id,
        amount="1,800",
        rate="10",
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )

    answer = tab.send(
        Screen.place_bid,
        form={"amount": "900", "rate": "11.5", "message": "", "form_key": key_of(loaded)},
    )

    assert answer.shown(Screen, "errors") == {"amount": "You have $200.00 available."}
    assert answer.shown(Screen, "is_busy") is False


def test_a_bid_on_a_listing_that_closed_a_moment_ago_gets_one_sentence_and_the_end(scene: Scene) -> None:
    tab, loaded = opened(scene, scene.lenders[0])
    withdraw(scene)

    answer = tab.send(
        Screen.place_bid,
        form={"amount": "400", "rate": "11.5", "message": "", "form_key": key_of(loaded)},
    )

    assert "Bidding on this listing has ended." in answer.toasts
    assert answer.shown(Screen, "panel") == "ended"
    assert answer.shown(Screen, "ending") == "This listing was withdrawn"
    assert every(Bid) == []


def test_an_outbid_lender_reads_so_and_may_withdraw(scene: Scene) -> None:
    place(scene, 0, "1,000", "12")
    place(scene, 1, "1,000", "11")
    tab, loaded = opened(scene, scene.lenders[0])
    standing = loaded.shown(Screen, "standing")
    assert (standing.badge, standing.can_withdraw) == ("Outbid", True)

    answer = tab.send(Screen.withdraw_bid, form_key=key_of(loaded))

    assert answer.shown(Screen, "standing").words == "You withdrew your bid. You may bid again."
    assert [line.name for line in answer.shown(Screen, "leading")] == ["Tomas K."]
    assert {bid.state for bid in every(Bid)} == {BidState.LIVE, BidState.WITHDRAWN}


def test_the_bid_that_stands_fills_the_form_and_a_reload_keeps_what_is_typed(scene: Scene) -> None:
    place(scene, 0, "1,000", "12.25")
    tab, loaded = opened(scene, scene.lenders[0])
    assert loaded.shown(Screen, "bid_amount") == "1,000"
    assert loaded.shown(Screen, "bid_rate") == "12.25"
    tab.send(Screen.type_rate, text="11.")

    place(scene, 1, "500", "11")
    answer = tab.send(Screen.load)

    assert answer.shown(Screen, "bid_rate") is None  # not sent again: the person is still typing
    assert answer.shown(Screen, "standing").badge == "Leads in part"


def test_the_borrower_reads_the_messages_and_declines_a_bid(scene: Scene) -> None:
    place(scene, 0, "600", "11", message="Send a picture of the van.")
    place(scene, 1, "600", "12")
    tab, loaded = opened(scene, scene.borrower)
    first, second = loaded.shown(Screen, "leading")
    assert [line.message for line in loaded.shown(Screen, "messages")] == ["Send a picture of the van."]
    assert (first.decline_label, second.of_amount) == ("Decline bid of Maya R.", "of $600")

    answer = tab.send(Screen.decline_bid, bid_id=first.bid_id, form_key=key_of(loaded))

    assert [line.name for line in answer.shown(Screen, "leading")] == ["Tomas K."]
    assert "Declined the bid of Maya R." in answer.toasts
    assert house.run(broken_laws) == []


def test_a_stranger_cannot_decline_a_bid(scene: Scene) -> None:
    bid_id = place(scene, 0, "600", "11")
    stranger = house.run(lambda session: enter_as(session, member_id=a_borrower(session)))
    tab, loaded = opened(scene, stranger)

    answer = tab.send(Screen.decline_bid, bid_id=bid_id, form_key=key_of(loaded))

    assert "This bid does not exist, or it is not yours to see." in answer.toasts
    assert every(Bid)[0].state is BidState.LIVE


def test_the_borrower_accepts_what_the_dialog_showed_and_is_led_to_the_loan(scene: Scene) -> None:
    place(scene, 0, "1,000", "11")
    tab, loaded = opened(scene, scene.borrower)
    tab.send(Screen.show_accept, is_open=True)
    offer = loaded.shown(Screen, "offer")
    assert offer.confirm == "Accept and take $980.00"

    answer = tab.send(Screen.accept, seen=offer.seen, form_key=key_of(loaded))

    (loan,) = every(Loan)
    assert f"/loans/{loan.id}" in answer.toasts
    assert house.run(broken_laws) == []


def test_offers_that_got_worse_are_shown_and_asked_about_again(scene: Scene) -> None:
    place(scene, 1, "1,000", "12")
    bid_id = place(scene, 0, "1,000", "11")
    tab, loaded = opened(scene, scene.borrower)
    seen, key = loaded.shown(Screen, "offer").seen, key_of(loaded)
    tab.send(Screen.show_accept, is_open=True)
    house.run(
        bidding.decline_bid,
        borrower_id=scene.borrower_id,
        bid_id=bid_id,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )

    answer = tab.send(Screen.accept, seen=seen, form_key=key)

    assert answer.shown(Screen, "dialog_error") == (
        "The offers changed a moment ago and now average 12.00 %. Look at them again before you accept."
    )
    assert answer.shown(Screen, "offer").average == "12.00 %"
    assert answer.shown(Screen, "dialog") is None  # the question stays open
    assert every(Loan) == []


def test_accepting_a_listing_that_ended_meanwhile_closes_the_question_with_one_sentence(
    scene: Scene,
) -> None:
    place(scene, 0, "1,000", "11")
    tab, loaded = opened(scene, scene.borrower)
    seen, key = loaded.shown(Screen, "offer").seen, key_of(loaded)
    tab.send(Screen.show_accept, is_open=True)
    withdraw(scene)

    answer = tab.send(Screen.accept, seen=seen, form_key=key)

    assert "You withdrew this listing, so there is nothing left to accept." in answer.toasts
    assert answer.shown(Screen, "dialog") == ""
    assert answer.shown(Screen, "panel") == "ended"


@pytest.mark.parametrize("seen", ["", "NaN 1", "0.1", "0.1 -5", "1e5 100", "0.1 ١٢", "x" * 5_000])
def test_figures_the_dialog_never_showed_are_out_of_date(scene: Scene, seen: str) -> None:
    place(scene, 0, "1,000", "11")
    tab, loaded = opened(scene, scene.borrower)

    answer = tab.send(Screen.accept, seen=seen, form_key=key_of(loaded))

    assert "This page is out of date." in answer.toasts
    assert every(Loan) == []


def test_the_borrower_withdraws_the_listing(scene: Scene) -> None:
    place(scene, 0, "1,000", "11")
    tab, loaded = opened(scene, scene.borrower)

    answer = tab.send(Screen.withdraw_listing, form_key=key_of(loaded))

    assert answer.shown(Screen, "facts").badge == "Withdrawn"
    assert [line.words for line in answer.shown(Screen, "leading")] == ["Released"]
    assert every(Listing)[0].state is ListingState.WITHDRAWN
    assert house.run(broken_laws) == []


def test_only_those_in_the_loan_are_led_to_it(scene: Scene) -> None:
    place(scene, 0, "1,000", "11")
    tab, loaded = opened(scene, scene.borrower)
    tab.send(Screen.accept, seen=loaded.shown(Screen, "offer").seen, form_key=key_of(loaded))

    (loan,) = every(Loan)
    _, winner = opened(scene, scene.lenders[0])
    _, other = opened(scene, scene.lenders[1])

    assert winner.shown(Screen, "loan_href") == f"/loans/{loan.id}"
    assert winner.shown(Screen, "leading")[0].words == "Won"
    assert other.shown(Screen, "loan_href") == ""
    assert other.shown(Screen, "panel") == "ended"

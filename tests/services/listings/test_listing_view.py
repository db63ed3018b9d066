"""A listing's page: the book by rank, what each viewer may see and do, and how it ended."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from p2p_reflex import database as house
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import BidState, ListingState, Role
from p2p_reflex.models import Listing
from p2p_reflex.services.bidding import acceptance, bidding
from p2p_reflex.services.bidding.bidding import BidOutcome
from p2p_reflex.services.listings import closing, listing_view, listings
from p2p_reflex.services.listings.listing_view import ListingView, Place
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing

pytestmark = pytest.mark.usefixtures("database")


def _bid(
    lender_id: int, listing_id: int, amount: str, rate: str, message: str = "", on: date = TODAY
) -> BidOutcome:
    return house.run(
        bidding.place_bid,
        lender_id=lender_id,
        listing_id=listing_id,
        amount=amount,
        rate=rate,
        message=message,
        form_key=a_form_key(),
        business_on=on,
        now=NOW + (on - TODAY),
    )


def _view(
    listing_id: int, viewer_id: int | None = None, role: Role | None = None, on: date = TODAY
) -> ListingView:
    return house.read(
        listing_view.view, listing_id=listing_id, viewer_id=viewer_id, role=role, business_on=on
    )


def _a_book() -> tuple[int, int, dict[str, int]]:
    """Let Maya lead, a bot lead in part, and Joel be outbid."""
    borrower_id = house.run(a_borrower, full_name="Rosa Marchetti")
    listing_id = house.run(a_listing, borrower_id=borrower_id, amount_cents=1_000_00)
    who = {
        "maya": house.run(a_lender, cash_cents=1_000_00, full_name="Maya Ruiz"),
        "bot": house.run(a_lender, cash_cents=1_000_00, full_name="GrowthMax Lending", is_bot=True),
        "joel": house.run(a_lender, cash_cents=1_000_00, full_name="Joel Park"),
    }
    _bid(who["joel"], listing_id, "500", "12", message="A fine van")
    _bid(who["bot"], listing_id, "700", "11.5")
    _bid(who["maya"], listing_id, "400", "10.4", message="All the best")
    return borrower_id, listing_id, who


def _accept(borrower_id: int, listing_id: int) -> int:
    return house.run(
        acceptance.accept,
        borrower_id=borrower_id,
        listing_id=listing_id,
        seen_average_rate=Decimal(1),
        seen_covered_cents=0,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def test_the_book_stands_in_rank_order_with_short_names() -> None:
    _, listing_id, _ = _a_book()

    page = _view(listing_id)

    assert [(row.name, row.initials, row.is_bot) for row in page.rows] == [
        ("Maya R.", "MR", False),
        ("GrowthMax Lending", "GL", True),
        ("Joel P.", "JP", False),
    ]
    assert [(row.place, row.leading_cents, row.amount_cents) for row in page.rows] == [
        (Place.LEADING, 400_00, 400_00),
        (Place.LEADING_IN_PART, 600_00, 700_00),
        (Place.OUTBID, 0, 500_00),
    ]
    assert (page.covered_cents, page.offered_cents, page.is_covered) == (1_000_00, 1_600_00, True)
    assert (page.leading_count, page.marginal_rate) == (2, Decimal("0.115"))
    assert page.average_rate == Decimal("0.1106")
    assert page.borrower_name == "Rosa M."


def test_a_visitor_sees_the_market_but_nobodys_secrets() -> None:
    _, listing_id, who = _a_book()

    page = _view(listing_id)

    assert {row.bid_id for row in page.rows} == {None}
    assert {row.message for row in page.rows} == {""}
    assert not any(row.is_you for row in page.rows)
    assert (page.can_bid, page.can_decline, page.can_withdraw_listing) == (False, False, False)
    assert page.own_bid is None
    for secret in ("Ruiz", "Park", "Marchetti", "A fine van", "@example.org"):
        assert secret not in repr(page)
    assert who["maya"]


def test_a_lender_sees_their_own_bid_and_message_and_nobody_elses() -> None:
    _, listing_id, who = _a_book()

    page = _view(listing_id, who["joel"], Role.LENDER)

    assert page.can_bid
    assert page.own_bid is not None
    assert (page.own_bid.place, page.own_bid.position) == (Place.OUTBID, 3)
    assert (page.own_bid.can_withdraw, page.own_bid.message) == (True, "A fine van")
    assert [row.is_you for row in page.rows] == [False, False, True]
    assert [row.bid_id is None for row in page.rows] == [True, True, False]
    assert "All the best" not in repr(page)
    leader = _view(listing_id, who["maya"], Role.LENDER).own_bid
    assert leader is not None
    assert not leader.can_withdraw


def test_the_borrower_sees_every_message_and_may_decline_each_bid() -> None:
    borrower_id, listing_id, _ = _a_book()

    page = _view(listing_id, borrower_id, Role.BORROWER)

    assert page.is_own_listing
    assert (page.can_decline, page.can_withdraw_listing, page.can_bid) == (True, True, False)
    assert [row.message for row in page.rows] == ["All the best", "", "A fine van"]
    assert all(row.bid_id for row in page.rows)
    assert page.offer.can_accept
    assert page.offer.lender_count == 2
    assert page.offer.apr is not None
    assert page.offer.apr > Decimal("0.1106")


def test_the_assessment_and_its_factors_are_shown() -> None:
    listing_id = house.run(a_listing)

    page = _view(listing_id)

    assert (page.assessment.points, page.assessment.max_points) == (84, 120)
    assert page.assessment.factors[0].label == "Credit score 731"
    assert (page.average_rate, page.offer.apr, page.rows, page.rate_history) == (None, None, (), ())


def test_why_somebody_cannot_bid_is_one_sentence() -> None:
    borrower_id, listing_id, who = _a_book()

    later = _view(listing_id, who["maya"], Role.LENDER, on=TODAY + timedelta(days=8))

    assert later.bid_refusal == "Bidding on this listing has ended."
    assert _view(listing_id, borrower_id, Role.BORROWER).bid_refusal == (
        "This is your own listing, so you cannot bid on it."
    )
    assert "Only lenders can bid" in str(_view(listing_id).bid_refusal)
    assert "Only lenders can bid" in str(_view(listing_id, house.run(a_borrower), Role.BORROWER).bid_refusal)


def test_an_accepted_listing_keeps_its_final_book_and_leads_those_concerned_to_the_loan() -> None:
    borrower_id, listing_id, who = _a_book()
    before = _view(listing_id)
    loan_id = _accept(borrower_id, listing_id)

    page = _view(listing_id, who["maya"], Role.LENDER)

    assert page.state is ListingState.ACCEPTED
    assert [(row.name, row.leading_cents) for row in page.rows] == [
        (row.name, row.leading_cents) for row in before.rows
    ]
    assert page.average_rate == before.average_rate
    assert (page.loan_id, page.own_bid, page.ended_bid_state) == (loan_id, None, BidState.ACCEPTED)
    assert _view(listing_id, who["joel"], Role.LENDER).ended_bid_state is BidState.REJECTED
    assert _view(listing_id, who["joel"], Role.LENDER).loan_id is None
    assert _view(listing_id).loan_id is None
    assert _view(listing_id, borrower_id, Role.BORROWER).loan_id == loan_id
    assert _view(listing_id, house.run(a_lender), Role.ADMIN).loan_id == loan_id


@pytest.mark.parametrize("ending", ["expired", "withdrawn"])
def test_a_listing_that_came_to_nothing_shows_the_book_it_ended_with(ending: str) -> None:
    borrower_id, listing_id, who = _a_book()
    if ending == "expired":
        house.run(closing.close_listings, business_on=TODAY + timedelta(days=9), now=NOW)
    else:
        house.run(
            listings.withdraw,
            borrower_id=borrower_id,
            listing_id=listing_id,
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )

    page = _view(listing_id, who["maya"], Role.LENDER, on=TODAY + timedelta(days=9))

    assert page.state == ending
    assert [row.leading_cents for row in page.rows] == [400_00, 600_00, 0]
    assert (page.can_bid, page.can_decline) == (False, False)
    assert page.offer.can_accept is False


def test_the_average_so_far_follows_the_bids_as_they_came() -> None:
    borrower_id = house.run(a_borrower)
    listing_id = house.run(a_listing, borrower_id=borrower_id, amount_cents=1_000_00)
    first, second = (house.run(a_lender, cash_cents=5_000_00) for _ in range(2))
    _bid(first, listing_id, "1000", "12")
    _bid(second, listing_id, "500", "11", on=TODAY + timedelta(days=1))
    best = _bid(second, listing_id, "500", "10", on=TODAY + timedelta(days=2))
    house.run(
        bidding.decline_bid,
        borrower_id=borrower_id,
        bid_id=best.bid_id,
        form_key=a_form_key(),
        business_on=TODAY + timedelta(days=3),
        now=NOW + timedelta(days=3),
    )

    page = _view(listing_id, on=TODAY + timedelta(days=3))

    assert [point.average_rate for point in page.rate_history] == [
        Decimal("0.12"),
        Decimal("0.115"),
        Decimal("0.11"),
        Decimal("0.12"),
    ]
    assert [point.at.date() for point in page.rate_history] == [TODAY + timedelta(days=n) for n in range(4)]
    assert page.rate_history[-1].average_rate == page.average_rate


def test_drafts_and_ids_that_do_not_exist_are_unknown() -> None:
    listing_id = house.run(a_listing)

    def draft(session: Any) -> None:
        session.get_one(Listing, listing_id).state = ListingState.DRAFT

    house.run(draft)

    for unknown in (listing_id, 0, -1, 10**6, 2**63, 2**80):
        with pytest.raises(UnknownError):
            _view(unknown)
